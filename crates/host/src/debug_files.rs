//! Debug information that lies in a file of its own.

use std::{path::Path, sync::Arc};

/// Finds the files that the modules of a guest name as the place of their debug information, relative to the guest.
/// Nothing is fetched from elsewhere.
pub fn debug_files(guest: &Path) -> impl FnMut(&str) -> Option<Arc<[u8]>> + Send + 'static {
    let folder = guest.parent().unwrap_or(Path::new("")).to_owned();
    move |name| {
        if name.contains("://") {
            return None;
        }
        std::fs::read(folder.join(name)).ok().map(Arc::from)
    }
}

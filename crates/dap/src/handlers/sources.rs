//! Source files.

use crate::{
    protocol::types as dap,
    sources::{Sources, file_name},
};

/// A compiler's path, as a client is told of it.
pub fn source(path: &str, sources: &Sources) -> dap::Source {
    let name = Some(file_name(path).to_owned());
    match sources.local(path) {
        Some(local) => dap::Source { name, path: Some(local.to_string_lossy().into_owned()), ..dap::Source::default() },
        None => dap::Source {
            name,
            path: Some(path.to_owned()),
            presentation_hint: Some(dap::SourcePresentationHint::Deemphasize),
            ..dap::Source::default()
        },
    }
}

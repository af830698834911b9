//! Files that a person or a module names: anything may be behind a name, devices that never end included.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

/// Larger files are no guests, and nobody's debug information of one, in bytes. WebAssembly's own limit for a module is 1 GiB.
pub const LARGEST: u64 = 4 << 30;
/// So much of a file shows what it is.
const BEGINNING: u64 = 64 << 10;

/// Reads a file whole.
///
/// # Errors
/// It can't be read, or it's larger than `largest` bytes; more than that is never held.
pub fn read_whole(path: &Path, largest: u64) -> io::Result<Vec<u8>> {
    read_on(File::open(path)?, Vec::new(), largest)
}

fn read_on(file: File, mut bytes: Vec<u8>, largest: u64) -> io::Result<Vec<u8>> {
    // Of what is no plain file the system doesn't know the length.
    let length = file.metadata().map_or(0, |about| about.len()).min(largest);
    bytes.reserve_exact(usize::try_from(length).unwrap_or(0).saturating_sub(bytes.len()));
    let room = largest.saturating_add(1).saturating_sub(bytes.len() as u64);
    file.take(room).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > largest {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it's larger than {} MB", largest >> 20)));
    }
    Ok(bytes)
}

/// Reads a file that is a guest, by its beginning: a module, a component, or their text. Of any other only the beginning.
///
/// # Errors
/// As for [`read_whole`].
pub fn read_guest(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let mut bytes = Vec::new();
    file.by_ref().take(BEGINNING).read_to_end(&mut bytes)?;
    let is_text = || std::str::from_utf8(&bytes[..bytes.len().min(4)]).is_ok() && !bytes.contains(&0);
    if bytes.starts_with(b"\0asm") || is_text() { read_on(file, bytes, LARGEST) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn what_never_ends_is_not_read_to_its_end() {
        assert_eq!(read_guest(Path::new("/dev/zero")).unwrap().len() as u64, BEGINNING);
        let error = read_whole(Path::new("/dev/zero"), 3 << 20).unwrap_err();
        assert_eq!(error.to_string(), "it's larger than 3 MB");
    }

    #[test]
    fn files_are_read_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let module = [&b"\0asm"[..], &[7; 200_000]].concat();
        std::fs::write(&path, &module).unwrap();
        assert_eq!(read_guest(&path).unwrap(), module);
        assert_eq!(read_whole(&path, 200_004).unwrap(), module);
        assert!(read_whole(&path, 200_003).is_err());
        let text = "(module)".repeat(20_000);
        std::fs::write(&path, &text).unwrap();
        assert_eq!(read_guest(&path).unwrap(), text.as_bytes());
    }
}

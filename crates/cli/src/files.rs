//! Files that a person names, for commands and what they save.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Read as _},
    path::Path,
    process,
};

/// The text of a file of at most `largest` bytes, whatever is behind its name: a device may never end.
///
/// # Errors
/// Why there's none.
pub fn read_text(path: &Path, largest: u64) -> Result<String, String> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(largest.saturating_add(1)).read_to_string(&mut text));
    read.map_err(|error| match error.kind() {
        ErrorKind::InvalidData => "it isn't text".to_owned(),
        _ => error.to_string(),
    })?;
    if text.len() as u64 > largest {
        return Err(format!("it's larger than {} MB", largest >> 20));
    }
    Ok(text)
}

/// Writes a file that is whole from the moment it has its name: what was saved there before isn't lost to a full disk.
///
/// # Errors
/// It can't be written; then what was there is as it was.
pub fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    // What a link leads to is written, not the link; and a device or a pipe isn't replaced by a file.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let about = fs::metadata(&path);
    if about.as_ref().is_ok_and(|about| !about.is_file()) {
        return fs::write(path, text);
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", process::id()));
    let unfinished = path.with_file_name(name);
    let keep_mode = |about: fs::Metadata| fs::set_permissions(&unfinished, about.permissions());
    let written = fs::write(&unfinished, text).and_then(|()| about.map_or(Ok(()), keep_mode));
    let written = written.and_then(|()| fs::rename(&unfinished, &path));
    if written.is_err() {
        _ = fs::remove_file(&unfinished);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn what_never_ends_is_not_read() {
        assert_eq!(read_text(Path::new("/dev/zero"), 1 << 20).unwrap_err(), "it's larger than 1 MB");
    }

    #[test]
    fn what_was_there_is_replaced_or_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("breakpoints");
        write_whole(&path, "old").unwrap();
        write_whole(&path, "new").unwrap();
        assert_eq!(read_text(&path, 3).unwrap(), "new");
        assert!(write_whole(folder.path(), "x").is_err());
        assert!(write_whole(&folder.path().join("no/such"), "x").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        fs::write(&path, b"\xff").unwrap();
        assert_eq!(read_text(&path, 3).unwrap_err(), "it isn't text");
    }

    #[cfg(unix)]
    #[test]
    fn links_stay_links() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        write_whole(&link, "new").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }
}

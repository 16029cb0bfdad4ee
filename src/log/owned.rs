//! Files and directories that only their owner can read, and files that are there whole or not at all.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io,
    path::Path,
};

/// Makes a directory, and those above it, readable for the owner only; one that exists is narrowed.
pub(crate) fn create_dir(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|error| match error.kind() {
        // "File exists" of a directory that is to be made helps nobody.
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => {
            io::Error::new(error.kind(), "a file is there, and a directory is needed: name another")
        }
        _ => error,
    })?;
    narrow(path, 0o700)
}

/// What a file of ours is opened with: readable for the owner only if it is made now.
pub(crate) fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Sets the permissions of what another library made.
#[cfg(unix)]
pub(crate) fn narrow(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = fs::metadata(path)?;
    if metadata.permissions().mode() & 0o777 != mode {
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    }
    Ok(())
}

#[cfg(not(unix))]
pub(crate) fn narrow(_path: &Path, _mode: u32) -> io::Result<()> {
    Ok(())
}

/// Narrows everything below a directory: 0700 and 0600.
pub(crate) fn narrow_all(dir: &Path) -> io::Result<()> {
    narrow(dir, 0o700)?;
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let outcome =
            if entry.file_type()?.is_dir() { narrow_all(&entry.path()) } else { narrow(&entry.path(), 0o600) };
        // sled renames its snapshots in the background: what is gone needs no permissions.
        if let Err(error) = outcome
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error);
        }
    }
    Ok(())
}

/// Makes the names in a directory durable.
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(dir)?.sync_all() } else { Ok(()) }
}

/// Makes durable that a path is there, or is not.
pub(crate) fn sync_name(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => sync_dir(dir),
        _ => sync_dir(Path::new(".")),
    }
}

/// Bytes on disk below a directory; 0 for one that is not there.
pub(crate) fn disk_bytes(dir: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(dir) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => disk_bytes(&entry.path()),
            Ok(metadata) => allocated(&metadata),
            Err(_) => 0,
        })
        .sum()
}

#[cfg(unix)]
fn allocated(metadata: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::blocks(metadata) * 512
}

#[cfg(not(unix))]
fn allocated(metadata: &fs::Metadata) -> u64 {
    metadata.len()
}

/// Copies a directory and what is below it.
pub(crate) fn copy_dir(from: &Path, to: &Path) -> io::Result<()> {
    create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_dir(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}

/// What a file is called while it is written beside its place.
pub(crate) const BESIDE: &str = "new";

/// Writes a file whole or not at all, durably: beside its place first.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension(BESIDE);
    // Left by a process that died here; it may be open to others.
    remove(&beside)?;
    let mut file = options().write(true).create_new(true).open(&beside)?;
    io::Write::write_all(&mut file, bytes)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    sync_name(path)
}

/// Removes a file that may be gone already.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path).or_else(unless_gone)
}

/// Removes a directory and what is in it; it may be gone already.
pub(crate) fn remove_dir(path: &Path) -> io::Result<()> {
    fs::remove_dir_all(path).or_else(unless_gone)
}

fn unless_gone(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_where_a_directory_is_to_be_is_told_as_that() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "x").unwrap();
        for path in [file.clone(), file.join("below")] {
            let error = create_dir(&path).unwrap_err().to_string();
            assert!(error.contains("a directory is needed"), "{}: {error}", path.display());
        }
    }

    #[test]
    fn a_file_is_replaced_whatever_was_left_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file.json");
        for text in ["first", "second"] {
            fs::write(dir.path().join("file.new"), "half of what was once to be written there").unwrap();
            replace(&file, text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&file).unwrap(), text);
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }
        remove(&file).unwrap();
        remove(&file).unwrap();
        remove_dir(&file).unwrap();
        assert!(!file.exists());
    }
}

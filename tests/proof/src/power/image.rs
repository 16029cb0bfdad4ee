//! A file system of its own on a loop device: the power is cut by stopping the process where it is and copying the image while
//! nothing writes to it. What the kernel had not written there is not in the copy. Mounting the copy replays its journal, as
//! the machine would; yoman starts on that.
//!
//! Needs root, loop devices and mkfs.ext4; the writes between two syncs are lost in the kernel's order, not in the seed's.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, SystemTime},
};

use rand::{RngExt as _, rngs::StdRng};
use tempfile::TempDir;

use super::PAGE;
use crate::program::{Data, Yoman};

/// Room for the floors yoman keeps free; next to nothing of it is ever written.
const BYTES: u64 = 768 << 20;
/// How often a copy is begun anew because the kernel wrote meanwhile.
const COPIES_MAX: usize = 200;

/// A file system in a file, mounted as the data directory.
#[derive(Debug)]
pub(super) struct Image {
    home: TempDir,
    number: usize,
    mounted: Option<Mounted>,
    pub(super) cuts: usize,
    pub(super) pages_lost: u64,
    pub(super) names_lost: u64,
    /// Copies during which the kernel wrote, so that they were made again.
    pub(super) again: usize,
}

/// Unmounts when it is dropped.
#[derive(Debug)]
struct Mounted(PathBuf);

impl Mounted {
    fn new(image: &Path, at: &Path, options: &str) -> Result<Self, String> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "ext4", "-o", &format!("loop,{options}")]).arg(image).arg(at);
        did(&mut mount)?;
        Ok(Self(at.to_owned()))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let quiet = |args: &[&str]| {
            let mut umount = Command::new("umount");
            umount.args(args).arg(&self.0).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
        };
        // Somebody who was killed may not be quite gone; then it goes when they are.
        let _ = quiet(&[]) || quiet(&["-l"]);
    }
}

fn did(command: &mut Command) -> Result<(), String> {
    match command.stdin(Stdio::null()).output() {
        Ok(done) if done.status.success() => Ok(()),
        Ok(done) => Err(format!("{command:?}: {}", String::from_utf8_lossy(&done.stderr).trim())),
        Err(error) => Err(format!("{command:?}: {error}")),
    }
}

impl Image {
    /// Makes one, and tries whether it can be mounted here.
    pub(super) fn new(scratch: &Path) -> Result<Self, String> {
        let home = tempfile::Builder::new().prefix("disk").tempdir_in(scratch).map_err(|error| error.to_string())?;
        let image = Self { home, number: 0, mounted: None, cuts: 0, pages_lost: 0, names_lost: 0, again: 0 };
        let file = fs::File::create(image.file()).map_err(|error| error.to_string())?;
        file.set_len(BYTES).map_err(|error| error.to_string())?;
        // Nothing is left for the kernel to do in the background: a copy is whole only while nothing writes.
        did(Command::new("mkfs.ext4")
            .args(["-q", "-F", "-J", "size=8", "-m", "0", "-E", "lazy_itable_init=0,lazy_journal_init=0", "-N", "4096"])
            .arg(image.file()))?;
        let at = image.home.path().join("try");
        fs::create_dir(&at).map_err(|error| error.to_string())?;
        let mounted = Mounted::new(&image.file(), &at, "data=ordered")?;
        let _ = fs::remove_dir(at.join("lost+found"));
        drop(mounted);
        Ok(image)
    }

    fn file(&self) -> PathBuf {
        self.home.path().join(format!("{}.img", self.number))
    }

    /// Makes it the data directory.
    pub(super) fn under(&mut self, data: &Data) -> Result<(), String> {
        if self.mounted.is_none() {
            fs::create_dir_all(data.dir()).map_err(|error| error.to_string())?;
            self.mounted = Some(Mounted::new(&self.file(), &data.dir(), "data=ordered")?);
        }
        Ok(())
    }

    /// The power fails: everything stops where it is, and what is on the disk is copied.
    pub(super) fn fails(&mut self, yoman: &Yoman) -> Result<(), String> {
        yoman.halt();
        let from = self.file();
        self.number += 1;
        let to = self.file();
        let touched = || fs::metadata(&from).and_then(|file| file.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
        for _ in 0..COPIES_MAX {
            let before = touched();
            did(Command::new("cp").arg("--sparse=always").arg(&from).arg(&to))?;
            if touched() == before {
                return Ok(());
            }
            self.again += 1;
            std::thread::sleep(Duration::from_millis(10));
        }
        Err("the disk is never quiet enough to be copied".into())
    }

    /// The data directory becomes what the disk has. To be called once the process is gone.
    pub(super) fn comes_back(&mut self, data: &Data, random: &mut StdRng) -> Result<(), String> {
        self.cuts += 1;
        let live = pages(&data.dir());
        self.mounted = None;
        if let Some(before) = self.number.checked_sub(1) {
            let _ = fs::remove_file(self.home.path().join(format!("{before}.img")));
        }
        // How soon the kernel writes what nobody asked to be synced, and in which order, is the file system's to choose.
        let options = ["data=ordered", "data=ordered,commit=1", "data=writeback,commit=1"][random.random_range(0..3)];
        self.mounted = Some(Mounted::new(&self.file(), &data.dir(), options)?);
        let kept = pages(&data.dir());
        for (name, was) in &live {
            match kept.get(name) {
                None => self.names_lost += 1,
                Some(is) => {
                    let lost = was.iter().enumerate().filter(|(at, page)| is.get(*at) != Some(*page)).count();
                    self.pages_lost += lost as u64;
                }
            }
        }
        self.names_lost += kept.keys().filter(|name| !live.contains_key(*name)).count() as u64;
        Ok(())
    }

    /// Leaves what is on it in the data directory, where it can be looked at afterwards.
    pub(super) fn hand_over(&mut self, data: &Data) -> Result<(), String> {
        if self.mounted.is_none() {
            return Ok(());
        }
        let copy = data.path("copied");
        did(Command::new("cp").arg("-a").arg(data.dir()).arg(&copy))?;
        self.mounted = None;
        fs::remove_dir(data.dir()).map_err(|error| error.to_string())?;
        fs::rename(copy, data.dir()).map_err(|error| error.to_string())
    }
}

/// The pages of every file, as hashes.
fn pages(root: &Path) -> BTreeMap<PathBuf, Vec<u64>> {
    use std::hash::{DefaultHasher, Hasher as _};
    let mut found = BTreeMap::new();
    let mut dirs = vec![root.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                dirs.push(path);
            } else if path.is_file()
                && let (Ok(bytes), Ok(name)) = (fs::read(&path), path.strip_prefix(root))
            {
                let hash = |page: &[u8]| {
                    let mut hasher = DefaultHasher::new();
                    hasher.write(page);
                    hasher.finish()
                };
                found.insert(name.to_owned(), bytes.chunks(PAGE).map(hash).collect());
            }
        }
    }
    found
}

//! Power cuts: what reached the file but not a sync is gone, or some of it, in any mixture a disk may leave.
//!
//! A layer under the process (`power/forgetful.c`, compiled when it is needed) keeps beside each file what would be on the
//! disk. Then kill -9, and the data directory is put together as a machine would find it after its power came back: of
//! what was not synced each page survives or not; names come and go in the order in which they did, as journaling file
//! systems keep it, up to some point behind the last that was synced. No root, no device. After each cut yoman starts on
//! what is left and the talk goes on; in the end everything is accounted for as after kills.
//!
//! Where root may mount loop devices the same can be had of a real file system: `power/image.rs`.

mod image;

use std::{
    collections::HashMap,
    fmt,
    fs::{self, File},
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    os::unix::fs::{FileExt as _, MetadataExt as _},
    path::{Path, PathBuf},
    process::Command,
};

use rand::{RngExt as _, rngs::StdRng};

use self::image::Image;
use crate::{
    kills::{self, Length},
    program::{Data, Yoman},
    run::{Found, Setting},
    wire::Platform,
};

const SOURCE: &str = include_str!("power/forgetful.c");
const PAGE: usize = 4096;
/// What the planted disk says it has synced and has not.
const LIES_ABOUT: &str = "log/sled";

/// Cuts the power so often.
///
/// # Errors
/// What was acknowledged and is gone, what came twice, a start that was refused.
pub async fn power(setting: &Setting, count: usize, on: On) -> Found {
    let mut why_not = None;
    let image = match on {
        On::Layer => None,
        On::Loop => Image::new(setting.program.scratch()).map_err(|why| why_not = Some(why)).ok(),
    };
    let disk = Disk::new(setting, image)?;
    let mut outcome = kills::blows(setting, Platform::Telegram, count, Length::Short, Some(disk)).await?;
    if let Some(why) = why_not {
        outcome.seen.push(format!("on the layer, because no loop device can be used here: {why}"));
    }
    Ok(outcome)
}

/// What forgets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// A layer under the process: anywhere.
    Layer,
    /// A file system on a loop device, where root may mount one; else the layer, and it says so.
    Loop,
}

/// Compiles a layer that is put under a process, unless it is there already.
pub(crate) fn compiled(scratch: &Path, name: &str, source: &str) -> Result<PathBuf, String> {
    let (from, to) = (scratch.join(format!("{name}.c")), scratch.join(format!("{name}.so")));
    if fs::read_to_string(&from).is_ok_and(|there| there == source) && to.exists() {
        return Ok(to);
    }
    fs::write(&from, source).map_err(|error| format!("{}: {error}", from.display()))?;
    let mut cc = Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()));
    // Beside its place first: runs may be started at the same time.
    let beside = scratch.join(format!("{name}.{}", std::process::id()));
    let done = cc.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&beside).arg(&from).args(["-ldl", "-lpthread"]).output();
    match done {
        Ok(done) if done.status.success() => {
            fs::rename(&beside, &to).map_err(|error| error.to_string())?;
            Ok(to)
        }
        Ok(done) => Err(format!("{name}.c cannot be compiled: {}", String::from_utf8_lossy(&done.stderr))),
        Err(error) => Err(format!("no C compiler (cc): {error}")),
    }
}

/// The disk that forgets.
#[derive(Debug)]
pub(crate) struct Disk {
    layer: PathBuf,
    lies: bool,
    /// A real one.
    image: Option<Image>,
    cuts: usize,
    synced: u64,
    pages_lost: u64,
    pages_left: u64,
    names_lost: u64,
}

impl fmt::Display for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Image { cuts, pages_lost, names_lost, again, .. }) = &self.image {
            return write!(
                f,
                "{cuts} cuts of an ext4 on a loop device took {pages_lost} pages that were written and not on the disk, and took \
                 back {names_lost} names that had come, gone or changed; {again} copies were made again because the kernel wrote \
                 meanwhile"
            );
        }
        let Self { cuts, synced, pages_lost, pages_left, names_lost, .. } = self;
        write!(
            f,
            "{cuts} cuts after {synced} syncs took {pages_lost} pages that were written and not synced, left {pages_left} \
             others of them, and took back {names_lost} names that had come, gone or changed"
        )
    }
}

impl Disk {
    fn new(setting: &Setting, image: Option<Image>) -> Result<Self, String> {
        let layer = compiled(setting.program.scratch(), "forgetful", SOURCE)?;
        let lies = setting.plant;
        Ok(Self { layer, lies, image, cuts: 0, synced: 0, pages_lost: 0, pages_left: 0, names_lost: 0 })
    }

    /// The power fails under a process that is about to be killed.
    pub(crate) fn fails(&mut self, yoman: &Yoman) -> Result<(), String> {
        self.image.as_mut().map_or(Ok(()), |image| image.fails(yoman))
    }

    /// Leaves the data where they can be looked at when this is gone.
    pub(crate) fn hand_over(&mut self, data: &Data) -> Result<(), String> {
        self.image.as_mut().map_or(Ok(()), |image| image.hand_over(data))
    }

    /// Puts it under a process that is about to be started on these data.
    pub(crate) fn under(&mut self, data: &Data, command: &mut Command) {
        let (root, shadow, base) = (data.dir(), data.path("shadow"), data.path("base"));
        if let Some(image) = &mut self.image {
            image.under(data).expect("it could be mounted before");
            if !self.lies {
                return;
            }
        }
        for dir in [&shadow, &base] {
            let _ = fs::remove_dir_all(dir);
        }
        fs::create_dir_all(&shadow).expect("a directory");
        // What is there at the start is on the disk: hard links keep what is removed later.
        link_all(&root, &base);
        command.env("LD_PRELOAD", &self.layer).env("FORGET_ROOT", &root).env("FORGET_SHADOW", &shadow);
        // On a real one the layer itself is the lie: with it nothing is synced in truth.
        if self.lies && self.image.is_none() {
            command.env("FORGET_LIE", LIES_ABOUT);
        }
    }

    /// The power is gone: the data directory becomes what the disk has.
    pub(crate) fn cut(&mut self, data: &Data, random: &mut StdRng) -> Result<(), String> {
        if let Some(image) = &mut self.image {
            return image.comes_back(data, random);
        }
        let (root, shadow, base, after) = (data.dir(), data.path("shadow"), data.path("base"), data.path("after"));
        // One that was killed before it was loaded has kept nothing yet.
        let names = fs::read_to_string(shadow.join("names")).unwrap_or_default();
        let mut tree = Tree::begin(&base, &root);
        for line in names.lines() {
            tree.happened(line);
        }
        self.cuts += 1;
        self.synced += tree.syncs;
        if self.cuts > 2 && self.synced == 0 {
            return Err("nothing was ever synced: the layer is not under the process".into());
        }
        // A disk that keeps nothing, one that keeps all, and everything between.
        let mut keeps: f64 = [0.0, 0.0, random.random(), 1.0][random.random_range(0..4)];
        if self.lies {
            // A lie that the cut happens not to tell is none.
            keeps = 0.0;
        }
        let pending = tree.pending.len();
        let done = match keeps {
            0.0 => 0,
            1.0 => pending,
            _ => random.random_range(0..=pending),
        };
        self.names_lost += (pending - done) as u64;
        let durable = tree.durable_up_to(done);
        let _ = fs::remove_dir_all(&after);
        fs::create_dir_all(&after).expect("a directory");
        let mut paths: Vec<_> = durable.into_iter().collect();
        // The same dice for the same run.
        paths.sort();
        for (path, what) in paths {
            let to = after.join(path.strip_prefix(&root).map_err(|error| error.to_string())?);
            fs::create_dir_all(to.parent().unwrap_or(&after)).expect("a directory");
            match what {
                Content::Before(name) => {
                    fs::copy(base.join(&name), &to).map_err(|error| format!("{}: {error}", name.display()))?;
                }
                Content::Touched(id) => {
                    let now = tree.live_path(id).and_then(|path| fs::read(path).ok());
                    self.mix(&shadow.join(id.to_string()), now, keeps, random, &to);
                }
            }
        }
        // Empty directories were made by somebody; modes are theirs.
        copy_dirs(&root, &after);
        fs::remove_dir_all(&root).map_err(|error| error.to_string())?;
        fs::rename(&after, &root).map_err(|error| error.to_string())
    }

    /// What was synced, with some pages of what was not.
    fn mix(&mut self, synced: &Path, now: Option<Vec<u8>>, keeps: f64, random: &mut StdRng, to: &Path) {
        let mut bytes = fs::read(synced).unwrap_or_default();
        if let Some(now) = now {
            let was = bytes.len();
            let pages = now.len().max(was).div_ceil(PAGE);
            for page in 0..pages {
                let range = |of: &[u8]| (page * PAGE).min(of.len())..((page + 1) * PAGE).min(of.len());
                if bytes[range(&bytes)] == now[range(&now)] {
                    continue;
                }
                if !random.random_bool(keeps) {
                    self.pages_lost += 1;
                    continue;
                }
                self.pages_left += 1;
                let new = &now[range(&now)];
                let end = page * PAGE + new.len();
                if bytes.len() < end {
                    bytes.resize(end, 0);
                }
                bytes[page * PAGE..end].copy_from_slice(new);
            }
        }
        write_sparse(to, &bytes);
    }
}

/// Databases leave holes: they stay holes.
fn write_sparse(to: &Path, bytes: &[u8]) {
    let file = File::create(to).expect("a file");
    file.set_len(bytes.len() as u64).expect("it can be as long");
    for (number, page) in bytes.chunks(PAGE).enumerate() {
        if page.iter().any(|byte| *byte != 0) {
            file.write_all_at(page, (number * PAGE) as u64).expect("it can be written");
        }
    }
}

/// Files of their own: what is written to later must not change them.
fn link_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).into_iter().flatten().flatten() {
        let (path, into) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            link_all(&path, &into);
        } else if path.is_file() {
            copy_sparse(&path, &into);
        }
    }
}

fn copy_sparse(from: &Path, to: &Path) {
    let mut bytes = Vec::new();
    let mut file = File::open(from).expect("it is there");
    file.seek(SeekFrom::Start(0)).expect("a file");
    file.read_to_end(&mut bytes).expect("it can be read");
    write_sparse(to, &bytes);
    let _ = File::options().append(true).open(to).and_then(|mut file| file.flush());
}

fn copy_dirs(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).into_iter().flatten().flatten() {
        let (path, into) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() && !into.exists() {
            fs::create_dir_all(&into).expect("a directory");
        }
        if path.is_dir() {
            copy_dirs(&path, &into);
        }
        if let (Ok(was), true) = (fs::metadata(&path), into.exists()) {
            fs::set_permissions(&into, was.permissions()).expect("a mode");
            debug_assert!(was.mode() > 0);
        }
    }
    if let Ok(was) = fs::metadata(from) {
        fs::set_permissions(to, was.permissions()).expect("a mode");
    }
}

/// What a name leads to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Content {
    /// A file nobody wrote to, by its path from the root.
    Before(PathBuf),
    /// One that was written to, by its number.
    Touched(u32),
}

/// Something that happened to names and is on the disk only once a later sync says so.
#[derive(Clone, Debug)]
enum Change {
    Comes(PathBuf, Content),
    Moves(PathBuf, PathBuf),
    Goes(PathBuf),
}

/// The names, as they are and as they are on the disk.
struct Tree {
    live: HashMap<PathBuf, Content>,
    durable: HashMap<PathBuf, Content>,
    pending: Vec<Change>,
    syncs: u64,
}

impl Tree {
    fn begin(base: &Path, root: &Path) -> Self {
        let mut live = HashMap::new();
        let mut dirs = vec![base.to_owned()];
        while let Some(dir) = dirs.pop() {
            for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    dirs.push(path);
                } else if let Ok(name) = path.strip_prefix(base) {
                    live.insert(root.join(name), Content::Before(name.to_owned()));
                }
            }
        }
        Self { durable: live.clone(), live, pending: Vec::new(), syncs: 0 }
    }

    fn happened(&mut self, line: &str) {
        let Some((what, rest)) = line.split_once(' ') else { return };
        let numbered = || {
            let (id, path) = rest.split_once(' ')?;
            Some((id.parse::<u32>().ok()?, PathBuf::from(path)))
        };
        match what {
            "F" => {
                let Some((id, path)) = numbered() else { return };
                // It is the same file under the same name, on the disk too, if it ever was there.
                let was = self.live.insert(path, Content::Touched(id));
                if let Some(was) = was {
                    for content in self.durable.values_mut().filter(|content| **content == was) {
                        *content = Content::Touched(id);
                    }
                    for change in &mut self.pending {
                        if let Change::Comes(_, content) = change
                            && *content == was
                        {
                            *content = Content::Touched(id);
                        }
                    }
                }
            }
            "N" => {
                let Some((id, path)) = numbered() else { return };
                self.change(Change::Comes(path, Content::Touched(id)));
            }
            "R" => {
                let Some((from, to)) = rest.split_once('\t') else { return };
                self.change(Change::Moves(from.into(), to.into()));
            }
            "U" => self.change(Change::Goes(rest.into())),
            "S" => {
                self.syncs += 1;
                let Ok(id) = rest.parse::<u32>() else { return };
                let Some(path) = self.path(id) else { return };
                self.settle(&path);
            }
            "D" => {
                self.syncs += 1;
                self.settle_dir(Path::new(rest));
            }
            _ => {}
        }
    }

    fn change(&mut self, change: Change) {
        apply(&mut self.live, &change);
        self.pending.push(change);
    }

    fn path(&self, id: u32) -> Option<PathBuf> {
        self.live.iter().find(|(_, content)| **content == Content::Touched(id)).map(|(path, _)| path.clone())
    }

    fn live_path(&self, id: u32) -> Option<PathBuf> {
        self.path(id)
    }

    /// A synced file can be found: whatever gave it its name is on the disk, and all that came before that.
    fn settle(&mut self, path: &Path) {
        let names = |change: &Change| match change {
            Change::Comes(name, _) => name == path,
            Change::Moves(_, name) => name == path || path.starts_with(name),
            Change::Goes(_) => false,
        };
        if let Some(at) = self.pending.iter().rposition(names) {
            self.commit(at + 1);
        }
    }

    fn settle_dir(&mut self, dir: &Path) {
        let inside = |path: &Path| path.parent() == Some(dir);
        let names = |change: &Change| match change {
            Change::Comes(name, _) | Change::Goes(name) => inside(name),
            Change::Moves(from, to) => inside(from) || inside(to),
        };
        if let Some(at) = self.pending.iter().rposition(names) {
            self.commit(at + 1);
        }
    }

    fn commit(&mut self, count: usize) {
        for change in self.pending.drain(..count) {
            apply(&mut self.durable, &change);
        }
    }

    /// The names on the disk when so many changes more have reached it than had to.
    fn durable_up_to(&mut self, count: usize) -> HashMap<PathBuf, Content> {
        let mut names = self.durable.clone();
        for change in &self.pending[..count] {
            apply(&mut names, change);
        }
        names
    }
}

fn apply(names: &mut HashMap<PathBuf, Content>, change: &Change) {
    match change {
        Change::Comes(path, content) => drop(names.insert(path.clone(), content.clone())),
        Change::Goes(path) => names.retain(|name, _| !name.starts_with(path)),
        Change::Moves(from, to) => {
            let moved: Vec<_> = names.keys().filter(|name| name.starts_with(from)).cloned().collect();
            for name in moved {
                if let (Some(content), Ok(rest)) = (names.remove(&name), name.strip_prefix(from)) {
                    let into = if rest.as_os_str().is_empty() { to.clone() } else { to.join(rest) };
                    names.insert(into, content);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(tree: &mut Tree, more: usize) -> Vec<String> {
        let mut names: Vec<_> = tree.durable_up_to(more).into_keys().map(|path| path.display().to_string()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_name_is_on_the_disk_once_it_or_its_directory_was_synced() {
        let mut tree = Tree { live: HashMap::new(), durable: HashMap::new(), pending: Vec::new(), syncs: 0 };
        tree.happened("N 0 /d/a");
        tree.happened("N 1 /d/b.new");
        assert_eq!(names(&mut tree, 0), [""; 0]);
        assert_eq!(names(&mut tree, 1), ["/d/a"]);
        // The second, and with it whatever came before.
        tree.happened("S 1");
        assert_eq!(names(&mut tree, 0), ["/d/a", "/d/b.new"]);
        tree.happened("R /d/b.new\t/d/b");
        assert_eq!(names(&mut tree, 0), ["/d/a", "/d/b.new"]);
        tree.happened("D /other");
        assert_eq!(names(&mut tree, 0), ["/d/a", "/d/b.new"]);
        tree.happened("D /d");
        assert_eq!(names(&mut tree, 0), ["/d/a", "/d/b"]);
        tree.happened("U /d/a");
        assert_eq!((names(&mut tree, 0).len(), names(&mut tree, 1).len()), (2, 1));
        tree.happened("R /d\t/e");
        assert_eq!(names(&mut tree, 2), ["/e/b"]);
    }
}

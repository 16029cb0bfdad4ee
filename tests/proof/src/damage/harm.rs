//! The kinds of damage, each to some file of a data directory.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};

use super::files;

/// What happens to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Some bits are others.
    Flip,
    /// A stretch is zeroes.
    Zero,
    /// A stretch is noise.
    Noise,
    /// The end is gone.
    Cut,
    /// It is there and empty.
    Empty,
    /// Something else follows.
    Longer,
    /// A stretch stands where another should.
    Moved,
    /// It is gone.
    Missing,
    /// It and another have each other's contents.
    Swapped,
    /// A directory stands in its place.
    Directory,
}

/// Which file it happens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    Database,
    Watermark,
    Journal,
    Archive,
    Keys,
    State,
    Any,
}

/// One damage.
#[derive(Clone, Copy, Debug)]
pub(super) struct Harm {
    what: What,
    which: Which,
}

/// A few of them.
pub(super) fn some(random: &mut StdRng) -> Vec<Harm> {
    const WHAT: [What; 12] = [
        What::Flip,
        What::Flip,
        What::Flip,
        What::Zero,
        What::Noise,
        What::Cut,
        What::Empty,
        What::Longer,
        What::Moved,
        What::Missing,
        What::Swapped,
        What::Directory,
    ];
    const WHICH: [Which; 10] = [
        Which::Database,
        Which::Database,
        Which::Database,
        Which::Watermark,
        Which::Journal,
        Which::Journal,
        Which::Archive,
        Which::Keys,
        Which::State,
        Which::Any,
    ];
    let count = random.random_range(1..=4);
    (0..count).map(|_| Harm { what: *WHAT.choose(random).unwrap(), which: *WHICH.choose(random).unwrap() }).collect()
}

/// Damages the directory.
pub(super) fn inflict(dir: &Path, harms: &[Harm], dice: u64) {
    let mut random = StdRng::seed_from_u64(dice);
    for harm in harms {
        let Some(path) = pick(dir, harm.which, &mut random) else { continue };
        match harm.what {
            What::Missing => fs::remove_file(&path).expect("it is there"),
            What::Directory => {
                fs::remove_file(&path).expect("it is there");
                fs::create_dir(&path).expect("it is gone");
            }
            What::Swapped => {
                if let Some(other) = pick(dir, Which::Any, &mut random).filter(|other| *other != path) {
                    let [a, b] = [&path, &other].map(|it| fs::read(it).expect("it is there"));
                    fs::write(&path, b).expect("it can be written");
                    fs::write(&other, a).expect("it can be written");
                }
            }
            what => {
                let mut bytes = fs::read(&path).expect("it is there");
                change(&mut bytes, what, &mut random);
                fs::write(&path, bytes).expect("it can be written");
            }
        }
    }
}

fn pick(dir: &Path, which: Which, random: &mut StdRng) -> Option<PathBuf> {
    let under = match which {
        Which::Database => {
            // Its own file; its snapshots sometimes.
            let own = dir.join("log/sled/db");
            if own.is_file() && random.random_bool(0.8) {
                return Some(own);
            }
            "log/sled"
        }
        Which::Watermark => "log",
        Which::Journal => "journal",
        Which::Archive => "archive",
        Which::Keys => "keys",
        Which::State => "state",
        Which::Any => "",
    };
    let mut found = files(&dir.join(under));
    if which == Which::Watermark {
        found.retain(|path| path.parent().is_some_and(|parent| parent.ends_with("log")));
    }
    found.choose(random).cloned()
}

fn change(bytes: &mut Vec<u8>, what: What, random: &mut StdRng) {
    // Where something is written: most of a segment is empty.
    let used = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |at| at + 1);
    if used == 0 {
        bytes.push(0xff);
        return;
    }
    let at = random.random_range(0..used);
    let end = (at + random.random_range(1..=4096)).min(bytes.len());
    match what {
        What::Flip => {
            for _ in 0..=random.random_range(0..8) {
                bytes[random.random_range(0..used)] ^= 1 << random.random_range(0..8);
            }
        }
        What::Zero => bytes[at..end].fill(0),
        What::Noise => bytes[at..end].iter_mut().for_each(|byte| *byte = random.random()),
        What::Cut => bytes.truncate(at),
        What::Empty => bytes.clear(),
        What::Longer => bytes.extend((0..random.random_range(1..9_000)).map(|_| random.random::<u8>())),
        What::Moved => {
            let from = random.random_range(0..used);
            let length = (end - at).min(used - from);
            let to = at.min(bytes.len() - length);
            bytes.copy_within(from..from + length, to);
        }
        What::Missing | What::Swapped | What::Directory => {}
    }
}

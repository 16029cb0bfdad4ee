//! Positions that are known to be lost: a person looked, brought out what could be read, and went on without them. They are
//! told to whoever reads over them, and are no new damage. `log/lost.json` names them.

use std::{fs, io, path::Path};

use serde::{Deserialize, Serialize};

use crate::log::{Position, owned};

const NAME: &str = "lost.json";
const FORMAT: u32 = 1;

/// The positions, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Lost(Vec<LostRange>);

/// A range of positions that could not be read any more when the log was salvaged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LostRange {
    /// The first.
    pub from: Position,
    /// The last.
    pub to: Position,
    /// Why.
    pub why: String,
}

#[derive(Serialize, Deserialize)]
struct File {
    format: u32,
    lost: Vec<LostRange>,
}

impl Lost {
    /// What was given up; nothing when the file is not there or cannot be read.
    pub(super) fn read(log_dir: &Path) -> Self {
        let Ok(bytes) = fs::read(log_dir.join(NAME)) else { return Self::default() };
        match serde_json::from_slice::<File>(&bytes) {
            Ok(file) if file.format == FORMAT => Self(file.lost),
            // It only keeps known losses from being told as new ones.
            _ => {
                tracing::warn!("log/{NAME} cannot be read: what was given up is told as damage");
                Self::default()
            }
        }
    }

    /// Writes what is given up.
    pub(super) fn write(log_dir: &Path, lost: Vec<LostRange>) -> io::Result<Self> {
        let file = File { format: FORMAT, lost };
        owned::replace(&log_dir.join(NAME), &serde_json::to_vec_pretty(&file)?)?;
        Ok(Self(file.lost))
    }

    /// Why a range was given up, when all of it was.
    pub(super) fn why(&self, from: u64, through: u64) -> Option<&str> {
        let Self(ranges) = self;
        let first = ranges.iter().find(|range| range.from.0 <= from && from <= range.to.0)?;
        let mut next = from;
        for range in ranges {
            if range.from.0 <= next && next <= range.to.0 {
                next = range.to.0 + 1;
            }
        }
        (next > through).then_some(&first.why)
    }

    /// All of it.
    pub(super) fn ranges(&self) -> &[LostRange] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_known_when_all_of_it_is() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Lost::read(dir.path()), Lost::default());
        let range = |from, to| LostRange { from: Position(from), to: Position(to), why: format!("from {from}") };
        Lost::write(dir.path(), vec![range(3, 5), range(6, 6), range(9, 9)]).unwrap();
        let lost = Lost::read(dir.path());
        for (from, through, why) in [
            (3, 5, Some("from 3")),
            (4, 6, Some("from 3")),
            (6, 6, Some("from 6")),
            (3, 7, None),
            (2, 3, None),
            (9, 9, Some("from 9")),
            (7, 8, None),
        ] {
            assert_eq!(lost.why(from, through), why, "{from} to {through}");
        }
        fs::write(dir.path().join(NAME), b"{}").unwrap();
        assert_eq!(Lost::read(dir.path()), Lost::default());
    }
}

//! Empty values ahead of the newest position, so that sled's leaves are split while there is nothing in them.
//!
//! sled splits a leaf in the middle when it has 17 keys, and writes a leaf anew after ten changes: a log that only grows at
//! its end is written four to seven times over, and half of its file is garbage. A leaf that is made of nine fences and
//! then filled with nine groups or less is written once. A fence has a key like a group (a position) and no value; readers
//! skip it, and a group may take its place.

/// Fences that stand ahead of the next position after a refill.
const AHEAD: u64 = 80;
/// So many must always stand ahead: a leaf that is still growing has 16 of them.
const AHEAD_MIN: u64 = 24;

/// Where fences stand and how far apart the next ones will be.
#[derive(Debug)]
pub(super) struct Fences {
    /// The position of the last one.
    last: u64,
    /// Between those ahead.
    spacing: u64,
    /// Commits in a value of late, times 16.
    usual: u64,
}

impl Fences {
    pub(super) fn new() -> Self {
        Self { last: 0, spacing: 1, usual: 16 }
    }

    /// The positions of new fences, after `values` values with `commits` commits were written and `next` is the next position.
    pub(super) fn wanted(&mut self, commits: u64, values: u64, next: u64) -> Vec<u64> {
        self.usual = (self.usual * 7 + commits * 16 / values.max(1)) / 8;
        // Somewhat closer than the values are: nine fences then hold less than nine of them.
        let spacing = (self.usual * 3 / 64).max(1);
        if spacing * 2 < self.spacing {
            // Values became small: those ahead stand too far apart.
            self.last = next;
        } else if self.last >= next + AHEAD_MIN * spacing {
            return Vec::new();
        }
        self.spacing = spacing;
        let first = self.last.max(next) + spacing;
        let until = next + AHEAD * spacing;
        let wanted: Vec<_> = (first..=until).step_by(spacing as usize).collect();
        self.last = wanted.last().copied().unwrap_or(self.last);
        wanted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enough_stand_ahead_and_not_too_many() {
        let mut fences = Fences::new();
        let mut all = std::collections::BTreeSet::new();
        let mut next = 1;
        for group in [1u64; 500].into_iter().chain([60; 500]).chain([1; 500]) {
            next += group;
            let wanted = fences.wanted(group, 1, next);
            assert!(wanted.iter().all(|&at| at > next));
            assert!(wanted.len() as u64 <= AHEAD);
            all.extend(wanted);
            assert!(all.range(next..).count() as u64 >= AHEAD_MIN);
        }
        assert!(all.len() < 2200, "{}", all.len());
    }
}

//! The newest part of the index, in memory.

use std::collections::HashMap;

use super::{Place, run::Entry};
use crate::log::{CommandId, Commit, StreamId, Version, record::Hash};

/// The index of some commits that follow each other.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) commands: HashMap<CommandId, Place>,
    /// Last version and place of each commit.
    streams: HashMap<StreamId, Vec<(Version, Place)>>,
    pub(super) commits: usize,
    /// The position of the last commit.
    pub(super) through: u64,
    /// The hash of its record.
    pub(super) hash: Hash,
}

impl Part {
    /// Takes the next commit.
    pub(super) fn add(&mut self, commit: &Commit, group: u64) {
        let place = Place { position: commit.position.0, group };
        self.commands.insert(commit.meta.command.clone(), place);
        let line = (commit.last_version(), place);
        match self.streams.get_mut(&commit.stream) {
            Some(lines) => lines.push(line),
            None => drop(self.streams.insert(commit.stream.clone(), vec![line])),
        }
        self.commits += 1;
        self.through = commit.position.0;
    }

    /// The newest version of a stream and its place, if it is in here.
    pub(super) fn newest(&self, stream: &StreamId) -> Option<(Version, Place)> {
        self.streams.get(stream)?.last().copied()
    }

    /// Where the commits of a stream are that end with `from` or later.
    pub(super) fn places(&self, stream: &StreamId, from: Version) -> impl Iterator<Item = Place> {
        let lines = self.streams.get(stream).map_or(&[][..], Vec::as_slice);
        lines[lines.partition_point(|&(version, _)| version < from)..].iter().map(|&(_, place)| place)
    }

    /// All of it in the order of a run.
    pub(super) fn entries(
        &self,
        stream_hash: impl Fn(&StreamId) -> u64,
        command_hash: impl Fn(&CommandId) -> u64,
    ) -> Vec<Entry> {
        let entry = |hash, version, place: Place| Entry {
            hash,
            version,
            position: place.position,
            // A group is 60 KB at most, and a commit takes more than a byte of it.
            offset: (place.position - place.group) as u16,
        };
        let mut entries: Vec<_> =
            self.commands.iter().map(|(command, &place)| entry(command_hash(command), 0, place)).collect();
        for (stream, lines) in &self.streams {
            let hash = stream_hash(stream);
            entries.extend(lines.iter().map(|&(version, place)| entry(hash, version, place)));
        }
        entries.sort_unstable();
        entries
    }
}

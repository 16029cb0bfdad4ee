//! Reads commits at the places the index tells.

use std::sync::Arc;

use super::{index::Place, shared::Shared};
use crate::log::{Commit, Position, record};

/// Reads commits at places, and keeps the last group: neighbours are often in one.
pub(super) struct Reader<'a> {
    shared: &'a Shared,
    group: Option<(u64, sled::IVec)>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(shared: &'a Shared) -> Self {
        Self { shared, group: None }
    }

    /// The commit at a place, or how it is damaged.
    pub(super) fn commit(&mut self, place: Place) -> Result<Result<Arc<Commit>, String>, String> {
        let position = Position(place.position);
        if position.0 <= self.shared.archive.through() {
            return Ok(archived(self.shared, position));
        }
        let shared = self.shared;
        let why = match self.group(place.group) {
            Err(error) => error,
            // It may have been archived at this very moment.
            Ok(None) if position.0 <= shared.archive.through() => return Ok(archived(shared, position)),
            Ok(None) => "its group is missing".to_owned(),
            Ok(Some(group)) => match record::find(group, position).map(|record| record.commit()) {
                Some(Ok(commit)) => return Ok(Ok(Arc::new(commit))),
                Some(Err(error)) => error.to_string(),
                None => {
                    let fault = record::walk(group).find_map(Result::err);
                    fault.map_or_else(|| "the record is missing".to_owned(), |fault| fault.to_string())
                }
            },
        };
        self.shared.note_damaged(position, &why);
        Ok(Err(why))
    }

    fn group(&mut self, key: u64) -> Result<Option<&[u8]>, String> {
        if self.group.as_ref().is_none_or(|(held, _)| *held != key) {
            self.group = self.shared.store.get(&key.to_be_bytes())?.map(|group| (key, group));
        }
        Ok(self.group.as_ref().map(|(_, group)| &**group))
    }
}

fn archived(shared: &Shared, position: Position) -> Result<Arc<Commit>, String> {
    let commit = shared.archive.commit(position.0).map(Arc::new);
    commit.inspect_err(|why| shared.note_damaged(position, why))
}

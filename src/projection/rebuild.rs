//! Which cards belong into a room that has none: the open items it is concerned with.

use super::{Viewer, World};
use crate::domain::{Bucket, Filter, Handle, ItemRef, PersonId};

impl World {
    /// The open items that pass one of these filters or are in `also`, each once, what changed last at the end.
    pub fn open_items(&self, filters: &[Filter], also: &[ItemRef], viewer: &Viewer) -> Vec<ItemRef> {
        let mut found = also.to_vec();
        found.extend(filters.iter().flat_map(|filter| self.passing(filter, viewer)));
        let mut open: Vec<_> = found
            .into_iter()
            .filter_map(|item| Some((self.item(item)?, item)))
            .filter(|(seen, _)| !seen.item.is_closed() && seen.item.withdrawn.is_none())
            .map(|(seen, item)| (seen.position, item))
            .collect();
        open.sort_unstable();
        open.dedup();
        open.into_iter().map(|(_, item)| item).collect()
    }

    /// The open items that somebody has been given.
    pub fn open_and_given(&self, person: PersonId) -> Vec<ItemRef> {
        let items = Bucket::ALL.into_iter().flat_map(|bucket| self.items.of(bucket)).map(|entry| &entry.seen.item);
        let given = items.filter(|item| !item.is_closed() && item.people.contains(&person));
        given.map(|item| item.reference).collect()
    }

    /// A filter with people as they are written; those who are not known are left out.
    pub fn with_handles(&self, filter: &Filter) -> Filter<Handle> {
        self.handles(filter)
    }

    /// All open items that nobody has been given, what changed last first.
    pub fn open_and_free(&self) -> Vec<ItemRef> {
        let items = Bucket::ALL.into_iter().flat_map(|bucket| self.items.of(bucket)).map(|entry| &entry.seen);
        let mut free: Vec<_> = items
            .filter(|seen| !seen.item.is_closed() && seen.item.withdrawn.is_none() && seen.item.people.is_empty())
            .map(|seen| (seen.position, seen.item.reference))
            .collect();
        free.sort_unstable_by(|a, b| b.cmp(a));
        free.into_iter().map(|(_, item)| item).collect()
    }
}

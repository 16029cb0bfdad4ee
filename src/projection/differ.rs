//! Two worlds compared: the one everybody looks at must be what the log folds to.

use super::World;
use crate::domain::Bucket;

/// So many differences are told one by one.
const TOLD_MAX: usize = 50;

impl World {
    /// Where another world of the same position is not this one, as sentences. What either dropped from memory is not compared.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let mut told = Vec::new();
        if self.position != other.position {
            told.push(format!("one has seen everything up to {}, the other up to {}", self.position, other.position));
            return told;
        }
        for bucket in Bucket::ALL {
            if self.newest(bucket) != other.newest(bucket) {
                told.push(format!(
                    "the newest {bucket} is {} in one and {} in the other",
                    self.newest(bucket),
                    other.newest(bucket)
                ));
            }
            for entry in self.items.of(bucket) {
                let item = entry.seen.item.reference;
                match other.item(item) {
                    Some(seen) if *seen == entry.seen => {}
                    Some(_) => told.push(format!("{item} is not the same")),
                    None if other.dropped() > 0 && entry.seen.item.is_closed() => {}
                    None => told.push(format!("{item} is in one only")),
                }
            }
            for entry in other.items.of(bucket) {
                let item = entry.seen.item.reference;
                let dropped = self.dropped() > 0 && entry.seen.item.is_closed();
                if self.item(item).is_none() && !dropped {
                    told.push(format!("{item} is in one only"));
                }
            }
        }
        if !self.people().eq(other.people()) {
            told.push("the people are not the same".to_owned());
        }
        if !self.rooms().eq(other.rooms()) {
            told.push("the rooms are not the same".to_owned());
        }
        if self.unread != other.unread {
            told.push("what could not be read is not the same".to_owned());
        }
        if told.len() > TOLD_MAX {
            let more = told.len() - TOLD_MAX;
            told.truncate(TOLD_MAX);
            told.push(format!("and {more} more"));
        }
        told
    }
}

//! Who did what last, in which room: what `/undo` alone takes back. The newest few of each person in each room are kept,
//! bounded in number; what is older is named by item.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::log::{Commit, Position, StreamId};

/// So many acts of a person in a room are kept.
const ACTS_MAX: usize = 32;
/// Of so many people, each room counted.
const PEOPLE_MAX: usize = 4096;

/// The newest acts, by room and actor.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Acts {
    rooms: BTreeMap<String, BTreeMap<String, Done>>,
    people: usize,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Done {
    newest: Position,
    acts: VecDeque<(StreamId, u64)>,
}

impl Acts {
    pub(super) fn apply(&mut self, commit: &Commit) {
        let (room, actor) = (commit.meta.origin.room.as_str(), commit.meta.actor.as_str());
        // What changes nothing is no act either.
        let reversal =
            |name: &str| matches!(name, "reversed" | "room_reversed" | "person_reversed" | "room_digest_asked");
        if room.is_empty() || !actor.starts_with("person/") || commit.events.iter().all(|event| reversal(&event.name)) {
            return;
        }
        if let Some(done) = self.rooms.get_mut(room).and_then(|people| people.get_mut(actor)) {
            done.add(commit);
            return;
        }
        if self.people >= PEOPLE_MAX {
            self.forget_half();
        }
        let people = self.rooms.entry(room.to_owned()).or_default();
        people.entry(actor.to_owned()).or_default().add(commit);
        self.people += 1;
    }

    /// The newest first.
    pub(super) fn newest(&self, room: &str, actor: &str) -> Vec<(StreamId, u64)> {
        let done = self.rooms.get(room).and_then(|people| people.get(actor));
        done.map_or_else(Vec::new, |done| done.acts.iter().rev().cloned().collect())
    }

    /// Drops the half that was heard longest ago.
    fn forget_half(&mut self) {
        let mut newest: Vec<_> = self.rooms.values().flat_map(BTreeMap::values).map(|done| done.newest).collect();
        let middle = newest.len() / 2;
        let &mut middle = newest.select_nth_unstable(middle).1;
        for people in self.rooms.values_mut() {
            people.retain(|_, done| done.newest > middle);
        }
        self.rooms.retain(|_, people| !people.is_empty());
        self.people = self.rooms.values().map(BTreeMap::len).sum();
    }
}

impl Done {
    fn add(&mut self, commit: &Commit) {
        self.newest = commit.position;
        if self.acts.len() == ACTS_MAX {
            self.acts.pop_front();
        }
        self.acts.push_back((commit.stream.clone(), commit.first_version));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{CommandId, Meta, Origin, StoredEvent};

    fn commit(position: u64, room: &str, actor: &str, name: &str) -> Commit {
        let data = serde_json::value::RawValue::from_string("{}".to_owned()).unwrap();
        Commit {
            position: Position(position),
            stream: StreamId::new(format!("todo/{position}")),
            first_version: position,
            events: vec![StoredEvent { name: name.into(), schema: 1, data }],
            meta: Meta {
                command: CommandId::new(format!("test/{position}")),
                text: String::new(),
                actor: actor.into(),
                origin: Origin { bot: "test".into(), room: room.into(), message: String::new() },
                correlation: CommandId::new("test"),
                causation: None,
                recorded_at: chrono::DateTime::UNIX_EPOCH,
            },
        }
    }

    #[test]
    fn the_newest_of_each_person_in_each_room_are_kept() {
        let mut acts = Acts::default();
        for n in 1..=50 {
            acts.apply(&commit(n, "r/1", "person/1", "noted"));
        }
        acts.apply(&commit(51, "r/1", "person/1", "reversed"));
        acts.apply(&commit(52, "r/1", "workflow/promotion", "noted"));
        acts.apply(&commit(53, "", "person/1", "noted"));
        acts.apply(&commit(54, "r/2", "person/1", "noted"));
        let newest: Vec<_> = acts.newest("r/1", "person/1").into_iter().map(|(_, first)| first).collect();
        assert_eq!((newest.len(), newest[0], newest[1]), (ACTS_MAX, 50, 49));
        assert_eq!(acts.newest("r/2", "person/1").len(), 1);
        assert!(acts.newest("r/1", "person/2").is_empty());
    }

    #[test]
    fn those_heard_longest_ago_are_forgotten_first() {
        let mut acts = Acts::default();
        for n in 1..=PEOPLE_MAX as u64 + 1 {
            acts.apply(&commit(n, &format!("r/{n}"), "person/1", "noted"));
        }
        assert!(acts.people <= PEOPLE_MAX / 2 + 1, "{}", acts.people);
        assert!(acts.newest("r/1", "person/1").is_empty());
        assert_eq!(acts.newest(&format!("r/{}", PEOPLE_MAX + 1), "person/1").len(), 1);
    }
}

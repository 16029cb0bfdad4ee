//! What somebody may mean who has typed a part of it: items, tags, projects, people. Looked for at every key, so each search
//! reads a bounded part of what is in memory: the newest of it.

use std::collections::HashMap;

use super::{World, entry::Entry, words};
use crate::{
    domain::{Bucket, Handle, ItemRef, PersonId, filter::StateWord, item::Item},
    lang::Lang,
};

/// The most items that are read for one search by words, the newest first: older ones are found by their reference.
const READ_MAX: usize = 10_000;
/// The newest items whose tags, projects and people are counted.
const COUNTED_MAX: usize = 4_000;

/// Which items come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// Those still to be finished.
    Open,
    /// Those that are.
    Closed,
}

/// Takes what is preferred until there is enough of it, and some of the rest to fill up with.
struct Found<'w> {
    first: First,
    most: usize,
    liked: Vec<&'w Item>,
    others: Vec<&'w Item>,
}

impl<'w> Found<'w> {
    fn new(first: First, most: usize) -> Self {
        Self { first, most, liked: Vec::new(), others: Vec::new() }
    }

    fn is_full(&self) -> bool {
        self.liked.len() >= self.most
    }

    fn is_empty(&self) -> bool {
        self.liked.is_empty() && self.others.is_empty()
    }

    fn take(&mut self, item: &'w Item) {
        let list = if item.is_closed() == (self.first == First::Closed) { &mut self.liked } else { &mut self.others };
        if list.len() < self.most && !list.iter().any(|known| known.reference == item.reference) {
            list.push(item);
        }
    }

    fn done(mut self) -> Vec<&'w Item> {
        self.liked.append(&mut self.others);
        self.liked.truncate(self.most);
        self.liked
    }
}

/// How often something occurs, and how its name begins.
type Counted<'w> = HashMap<&'w str, usize>;

impl World {
    /// Items somebody may mean, best first, at most `most`: by the beginning of their reference (`T1`, `12`), or by words of
    /// the title; with nothing typed, the newest.
    pub fn items_like(&self, typed: &str, of: &[Bucket], first: First, most: usize) -> Vec<&Item> {
        let typed = words::folded(typed.trim());
        let typed = typed.trim_start_matches('/');
        let mut found = Found::new(first, most);
        let mut by_reference = Vec::new();
        let mut sure = false;
        if let Some((bucket, number)) = reference(typed) {
            let buckets = of.iter().copied().filter(|it| bucket.is_none_or(|bucket| bucket == *it));
            for bucket in buckets {
                self.numbered_like(bucket, number, &mut found);
            }
            // The very one that is typed comes before everything that only begins like it.
            let exact = of.iter().filter(|it| bucket.is_none_or(|bucket| bucket == **it));
            let exact = exact.filter_map(|bucket| self.item(ItemRef::new(*bucket, number.parse().ok()?)));
            by_reference = exact.map(|seen| &seen.item).collect();
            // `T77` is nothing else, while `77` may be a word.
            sure = bucket.is_some() && !found.is_empty();
        }
        if !found.is_full() && !sure {
            let wanted: Vec<&str> = typed.split_whitespace().collect();
            let mut title = String::new();
            for entry in self.newest_first(of).take(READ_MAX) {
                title.clear();
                words::fold_into(&mut title, &entry.seen.item.title);
                if wanted.iter().all(|word| title.contains(word)) {
                    found.take(&entry.seen.item);
                    if found.is_full() {
                        break;
                    }
                }
            }
        }
        for item in found.done() {
            if !by_reference.iter().any(|known: &&Item| known.reference == item.reference) {
                by_reference.push(item);
            }
        }
        by_reference.truncate(most);
        by_reference
    }

    /// Items of a bucket whose number begins with these digits, the newest first.
    fn numbered_like<'w>(&'w self, bucket: Bucket, digits: &str, found: &mut Found<'w>) {
        let Ok(begin) = digits.parse::<u64>() else {
            // The letter alone: any of them.
            for entry in self.items.of(bucket).rev().take(READ_MAX) {
                if found.is_full() {
                    return;
                }
                found.take(&entry.seen.item);
            }
            return;
        };
        let newest = u64::from(self.newest(bucket));
        let mut ranges = Vec::new();
        let (mut from, mut count) = (begin, 1);
        while from <= newest && from > 0 {
            ranges.push(from..(from + count).min(newest + 1));
            (from, count) = (from * 10, count * 10);
        }
        let numbers = ranges.into_iter().rev().flat_map(Iterator::rev).take(READ_MAX);
        for number in numbers.filter_map(|number| u32::try_from(number).ok()) {
            if found.is_full() {
                return;
            }
            if let Some(seen) = self.item(ItemRef::new(bucket, number)) {
                found.take(&seen.item);
            }
        }
    }

    /// Items of these buckets, those created last first.
    fn newest_first(&self, of: &[Bucket]) -> impl Iterator<Item = &Entry> {
        let mut left: Vec<_> = of.iter().map(|bucket| self.items.of(*bucket).rev().peekable()).collect();
        std::iter::from_fn(move || {
            let newest = left.iter_mut().enumerate();
            let newest = newest.filter_map(|(n, left)| left.peek().map(|entry| (entry.seen.created_at, n)));
            let (_, at) = newest.max()?;
            left.get_mut(at)?.next()
        })
    }

    /// Where an item stands, when that is not simply open.
    pub fn standing(&self, item: &Item, lang: Lang) -> Option<String> {
        let state = self.state(item);
        (state != StateWord::Open).then(|| super::line::state_name(state, lang))
    }

    /// Tags somebody may mean, those used most first.
    pub fn tags_like(&self, typed: &str, most: usize) -> Vec<String> {
        let mut counted = Counted::new();
        for entry in self.newest_first(&Bucket::ALL).take(COUNTED_MAX) {
            entry.seen.item.tags.iter().for_each(|tag| *counted.entry(tag.as_str()).or_default() += 1);
        }
        most_used(counted, typed.trim_start_matches('#'), most)
    }

    /// Projects somebody may mean, those used most first.
    pub fn projects_like(&self, typed: &str, most: usize) -> Vec<String> {
        let mut counted = Counted::new();
        for entry in self.newest_first(&Bucket::ALL).take(COUNTED_MAX) {
            entry.seen.item.project.iter().for_each(|project| *counted.entry(project.as_str()).or_default() += 1);
        }
        most_used(counted, typed.strip_prefix("in:").unwrap_or(typed), most)
    }

    /// People somebody may mean who may do anything here, those with most to do first: how they are written, and their name.
    pub fn people_like(&self, typed: &str, most: usize) -> Vec<(Handle, String)> {
        let mut busy: HashMap<PersonId, usize> = HashMap::new();
        for entry in self.newest_first(&Bucket::ALL).take(COUNTED_MAX) {
            entry.seen.item.people.iter().for_each(|person| *busy.entry(*person).or_default() += 1);
        }
        let typed = words::folded(typed.trim().trim_start_matches('@'));
        let mut people: Vec<_> = self
            .people()
            .filter(|person| person.role.is_some())
            .filter_map(|person| {
                let handle = words::folded(person.handle.as_str());
                let place = match (handle.starts_with(&typed), words::folded(&person.name).contains(&typed)) {
                    (true, _) => 0,
                    (false, true) => 1,
                    (false, false) if handle.contains(&typed) => 2,
                    (false, false) => return None,
                };
                Some((place, std::cmp::Reverse(busy.get(&person.id).copied().unwrap_or_default()), person))
            })
            .collect();
        people.sort_by_key(|(place, busy, person)| (*place, *busy, person.id));
        people.into_iter().take(most).map(|(_, _, person)| (person.handle.clone(), person.name.clone())).collect()
    }
}

/// The bucket and the digits of what may be the beginning of a reference: `t`, `t1`, `12`, `#12`.
fn reference(typed: &str) -> Option<(Option<Bucket>, &str)> {
    let letter = Bucket::ALL.into_iter().find(|bucket| typed.starts_with(bucket.letter().to_ascii_lowercase()));
    let digits = if letter.is_some() { typed.get(1..)? } else { typed.trim_start_matches('#') };
    let number = digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.len() <= 10 && !digits.starts_with('0');
    (number && (letter.is_some() || !digits.is_empty())).then_some((letter, digits))
}

/// Names that begin like this, then those that have it inside; each by how often they are used.
fn most_used(counted: Counted<'_>, typed: &str, most: usize) -> Vec<String> {
    let typed = words::folded(typed.trim());
    let mut names: Vec<_> = counted
        .into_iter()
        .filter_map(|(name, count)| {
            let folded = words::folded(name);
            folded.contains(&typed).then(|| (!folded.starts_with(&typed), std::cmp::Reverse(count), name))
        })
        .collect();
    names.sort_unstable();
    names.into_iter().take(most).map(|(_, _, name)| name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Instant};

    use super::*;
    use crate::{
        domain::{Event, Identity, Role, item::Fact, person, stored, todo},
        log::{CommandId, Commit, Meta, Origin, Position, StreamId},
    };

    fn commit(position: u64, stream: String, events: &[Event]) -> Commit {
        Commit {
            position: Position(position),
            stream: StreamId::new(stream),
            first_version: 1,
            events: events.iter().map(stored::encode).collect(),
            meta: Meta {
                command: CommandId::new(format!("test/{position}")),
                text: String::new(),
                actor: "person/1".into(),
                origin: Origin::default(),
                correlation: CommandId::new(format!("test/{position}")),
                causation: None,
                recorded_at: chrono::DateTime::UNIX_EPOCH + chrono::TimeDelta::seconds(position.cast_signed()),
            },
        }
    }

    /// So many todos; every tenth one is open.
    fn world(items: u64) -> World {
        let mut world = World::default();
        let paired = person::Event::Paired {
            name: "Kim".into(),
            handle: Handle::new("kim").unwrap(),
            identity: Identity("console/1".into()),
            role: Role::Owner,
        };
        world.apply(&commit(1, "person/1".into(), &[Event::Person(paired)]));
        for n in 1..=items {
            let title = format!("Number {n}: 로그인 고치기 and some more words as people write them");
            let mut events = vec![Event::Item(todo::Event::Created { title, body: String::new(), from: None }.into())];
            let tag = crate::domain::Tag::new(&format!("tag{}", n % 50)).unwrap();
            events.push(Event::Item(Fact::Tagged { tag }.into()));
            if n % 10 != 0 {
                events.push(Event::Item(todo::Event::Completed { despite: Vec::new() }.into()));
            }
            world.apply(&commit(n + 1, format!("todo/{n}"), &events));
        }
        world
    }

    #[test]
    fn every_search_reads_a_bounded_part_of_many_items() {
        let world = Arc::new(world(100_000));
        let found = |typed: &str| -> Vec<String> {
            let began = Instant::now();
            let found = world.items_like(typed, &Bucket::ALL, First::Open, 25);
            println!("{typed:?}: {} in {:?}", found.len(), began.elapsed());
            found.iter().map(|item| item.reference.to_string()).collect()
        };
        assert_eq!(found("")[..2], ["T100000", "T99990"]);
        assert_eq!(found("고치기").len(), 25);
        assert_eq!(found("nothing has these words"), [""; 0]);
        assert_eq!(found("T1")[..3], ["T1", "T100000", "T19990"], "the very one, then the newest that are open");
        assert_eq!(found("T777")[..3], ["T777", "T77790", "T77780"]);
        assert_eq!(found("T99999")[0], "T99999", "a closed one too");
        assert_eq!(found("number 99995")[0], "T99995");
        assert_eq!(found("number 12: fix"), [""; 0]);
        assert_eq!(found("T100")[0], "T100", "an old one is found by its reference");
        assert_eq!(found("12")[0], "T12");
        let began = Instant::now();
        assert_eq!(world.tags_like("tag4", 25).len(), 11);
        assert_eq!(world.people_like("ki", 25).len(), 1);
        println!("names in {:?}", began.elapsed());
    }

    #[test]
    fn what_may_be_a_reference() {
        for (typed, wanted) in [
            ("t", Some((Some(Bucket::Todo), ""))),
            ("t1", Some((Some(Bucket::Todo), "1"))),
            ("12", Some((None, "12"))),
            ("#12", Some((None, "12"))),
            ("", None),
            ("t0", None),
            ("todo", None),
            ("가", None),
            ("t99999999999", None),
        ] {
            assert_eq!(reference(typed), wanted, "{typed}");
        }
    }
}

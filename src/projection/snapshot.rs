//! A world as bytes and back. What is not closed comes first and is enough for a board; the closed, which are most of it,
//! follow in pieces that can be left where they are.
//!
//! # Schema
//!
//! Postcard of the rows below. [`SCHEMA`] is raised with every change of them, or of a state they hold
//! (`domain::item::Item`, `domain::person::Person`, `domain::room::Room`): a snapshot of another schema is dropped and
//! folded anew, so there is nothing to migrate. A test compares the bytes of a known world, so that it is not forgotten.
//!
//! * 1 the first
//! * 2 a room knows more: what reactions mean there, its board
//! * 3 what is to be reminded of; what a room says about that; people with the bot they prefer

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    Seen, World,
    acts::Acts,
    entry::{Doer, Entry},
    items::Items,
    people::People,
    reminders::Reminders,
    reports::Reports,
    rooms::Rooms,
    unread::Unread,
};
use crate::{
    domain::{Handle, Identity, ItemRef, PersonId, item::Item, person::Person},
    log::Position,
};

/// The version of what [`World::to_sections`] writes.
pub const SCHEMA: u32 = 3;

/// How many closed items stand in one section.
const SECTION_ITEMS: usize = 8_192;

/// Why bytes are no world.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SnapshotError(String);

fn unreadable(error: impl std::fmt::Display) -> SnapshotError {
    SnapshotError(error.to_string())
}

/// A world in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sections {
    /// Everything but the closed items.
    pub core: Vec<u8>,
    /// The closed items.
    pub closed: Vec<Vec<u8>>,
}

/// Closed items out of one section, to be given to [`World::add_closed`].
#[derive(Debug)]
pub struct Closed(Vec<Entry>);

/// The names that a world's rows point at.
#[derive(Clone, Debug)]
pub struct Names(Arc<[Arc<str>]>);

impl Names {
    fn get(&self, at: u32) -> Result<Arc<str>, SnapshotError> {
        self.0.get(at as usize).map(Arc::clone).ok_or_else(|| SnapshotError("a name is missing".into()))
    }

    /// The closed items of a section. Sections may be read by several threads at once.
    ///
    /// # Errors
    /// [`SnapshotError`] when the bytes are not what they should be.
    pub fn closed(&self, section: &[u8]) -> Result<Closed, SnapshotError> {
        let rows: Vec<Row<'_>> = postcard::from_bytes(section).map_err(unreadable)?;
        rows.into_iter().map(|row| row.entry(self)).collect::<Result<_, _>>().map(Closed)
    }
}

#[derive(Serialize, Deserialize)]
struct Core<'a> {
    position: Position,
    began_at: Option<i64>,
    recorded_at: Option<i64>,
    unread: Cow<'a, Unread>,
    acts: Cow<'a, Acts>,
    reports: Cow<'a, Reports>,
    reminders: Cow<'a, Reminders>,
    merges: Cow<'a, [(Position, PersonId, PersonId)]>,
    names: Cow<'a, [Arc<str>]>,
    newest: [u32; 4],
    dropped: u64,
    missed: Vec<(ItemRef, Position)>,
    waiting: Vec<(ItemRef, Vec<ItemRef>)>,
    children: Vec<(ItemRef, ItemRef)>,
    recent: Vec<(Position, u32, u32)>,
    causes: Vec<(Position, Position)>,
    people: Vec<Person>,
    identities: Vec<(Identity, PersonId)>,
    handles: Vec<(Handle, PersonId)>,
    /// As JSON: their filters leave out what is empty, and there are few.
    rooms: String,
    closed: u64,
    open: Vec<Row<'a>>,
}

/// An item.
#[derive(Serialize, Deserialize)]
struct Row<'a> {
    item: Cow<'a, Item>,
    created_at: i64,
    changed_at: i64,
    changed_by: u32,
    changed_on: u32,
    changed_how: u32,
    position: Position,
    said: Cow<'a, str>,
    how: u32,
    behalf: Option<(u32, u32)>,
    closed_at: Position,
    begun_at: Option<i64>,
}

fn time(micros: i64) -> Result<DateTime<Utc>, SnapshotError> {
    DateTime::from_timestamp_micros(micros).ok_or_else(|| SnapshotError("a time is none".into()))
}

impl Row<'_> {
    fn entry(self, names: &Names) -> Result<Entry, SnapshotError> {
        let behalf = match self.behalf {
            None => None,
            Some((actor, bot)) => Some(Box::new(Doer { actor: names.get(actor)?, bot: names.get(bot)? })),
        };
        Ok(Entry {
            seen: Seen {
                item: self.item.into_owned(),
                created_at: time(self.created_at)?,
                changed_at: time(self.changed_at)?,
                changed_by: names.get(self.changed_by)?,
                changed_on: names.get(self.changed_on)?,
                changed_how: names.get(self.changed_how)?,
                position: self.position,
            },
            said: self.said.into_owned().into_boxed_str(),
            how: names.get(self.how)?,
            behalf,
            closed_at: self.closed_at,
            begun_at: self.begun_at.map(time).transpose()?,
        })
    }
}

/// Where each name stands.
struct Index<'a>(HashMap<&'a str, u32>);

impl Index<'_> {
    fn of(&self, name: &str) -> Result<u32, SnapshotError> {
        self.0.get(name).copied().ok_or_else(|| SnapshotError(format!("the name {name:?} is not known")))
    }

    fn rows<'a>(&self, entries: &[&'a Entry]) -> Result<Vec<Row<'a>>, SnapshotError> {
        entries.iter().map(|entry| self.row(entry)).collect()
    }

    fn row<'a>(&self, entry: &'a Entry) -> Result<Row<'a>, SnapshotError> {
        let seen = &entry.seen;
        Ok(Row {
            item: Cow::Borrowed(&seen.item),
            created_at: seen.created_at.timestamp_micros(),
            changed_at: seen.changed_at.timestamp_micros(),
            changed_by: self.of(&seen.changed_by)?,
            changed_on: self.of(&seen.changed_on)?,
            changed_how: self.of(&seen.changed_how)?,
            position: seen.position,
            said: Cow::Borrowed(&entry.said),
            how: self.of(&entry.how)?,
            behalf: match &entry.behalf {
                None => None,
                Some(doer) => Some((self.of(&doer.actor)?, self.of(&doer.bot)?)),
            },
            closed_at: entry.closed_at,
            begun_at: entry.begun_at.map(|at| at.timestamp_micros()),
        })
    }
}

impl World {
    /// This world in bytes; the same world gives the same bytes. The closed items that were left out of it are left out
    /// again.
    ///
    /// # Errors
    /// [`SnapshotError`] for a world that cannot be written.
    pub fn to_sections(&self) -> Result<Sections, SnapshotError> {
        let mut sections = Vec::new();
        self.write_sections(true, &mut |section| sections.push(section))?;
        let core = sections.remove(0);
        Ok(Sections { core, closed: sections })
    }

    /// Hands out the sections of this world one after the other, the core first, so that never more than one of them is in
    /// memory; those of the closed items only when wanted.
    ///
    /// # Errors
    /// [`SnapshotError`] for a world that cannot be written.
    pub fn write_sections(&self, closed_too: bool, take: &mut dyn FnMut(Vec<u8>)) -> Result<(), SnapshotError> {
        let items = &self.items;
        let mut names: Vec<Arc<str>> = items.names.iter().cloned().collect();
        names.sort_unstable();
        let index = Index(names.iter().zip(0..).map(|(name, at)| (&**name, at)).collect());
        let (closed, open): (Vec<_>, Vec<_>) = items.all().partition(|entry| entry.closed_at != Position::START);
        let recent = items.recent.iter().map(|(at, by)| Ok((*at, index.of(&by.actor)?, index.of(&by.bot)?)));
        let mut waiting: Vec<_> = items.waiting.iter().map(|(&item, those)| (item, those.clone())).collect();
        waiting.sort_unstable();
        let (people, identities, handles) = self.people.to_parts();
        let core = Core {
            position: self.position,
            began_at: self.began_at.map(|at| at.timestamp_micros()),
            recorded_at: self.recorded_at.map(|at| at.timestamp_micros()),
            unread: Cow::Borrowed(&self.unread),
            acts: Cow::Borrowed(&self.acts),
            reports: Cow::Borrowed(&self.reports),
            reminders: Cow::Borrowed(&self.reminders),
            merges: Cow::Borrowed(&self.merges),
            names: Cow::Borrowed(&names),
            newest: items.newest,
            dropped: items.dropped as u64,
            missed: items.missed.iter().map(|(&item, &at)| (item, at)).collect(),
            waiting,
            children: items.children.iter().copied().collect(),
            recent: recent.collect::<Result<_, _>>()?,
            causes: self.causes.iter().copied().collect(),
            people,
            identities,
            handles,
            rooms: serde_json::to_string(&self.rooms).map_err(unreadable)?,
            closed: (closed.len() + self.left_out) as u64,
            open: index.rows(&open)?,
        };
        take(postcard::to_stdvec(&core).map_err(unreadable)?);
        drop(core);
        if closed_too {
            for entries in closed.chunks(SECTION_ITEMS) {
                take(postcard::to_stdvec(&index.rows(entries)?).map_err(unreadable)?);
            }
        }
        Ok(())
    }

    /// A world without its closed items, and the names with which those can be read; see [`World::add_closed`].
    ///
    /// # Errors
    /// [`SnapshotError`] when the bytes are not what they should be.
    pub fn from_core(core: &[u8], items_max: usize) -> Result<(Self, Names), SnapshotError> {
        let core: Core<'_> = postcard::from_bytes(core).map_err(unreadable)?;
        let names = Names(core.names.into());
        let mut items = Items::new(items_max);
        items.newest = core.newest;
        items.dropped = usize::try_from(core.dropped).map_err(unreadable)?;
        items.missed = core.missed.into_iter().collect();
        items.waiting = core.waiting.into_iter().collect();
        items.children = core.children.into_iter().collect();
        items.names = names.0.iter().cloned().collect();
        for (at, actor, bot) in core.recent {
            items.recent.push_back((at, Doer { actor: names.get(actor)?, bot: names.get(bot)? }));
        }
        for row in core.open {
            items.add(row.entry(&names)?);
        }
        let world = Self {
            position: core.position,
            items,
            people: People::from_parts((core.people, core.identities, core.handles)),
            rooms: serde_json::from_str::<Rooms>(&core.rooms).map_err(unreadable)?,
            causes: core.causes.into_iter().collect(),
            unread: core.unread.into_owned(),
            acts: core.acts.into_owned(),
            reports: core.reports.into_owned(),
            reminders: core.reminders.into_owned(),
            merges: core.merges.into_owned(),
            began_at: core.began_at.map(time).transpose()?,
            recorded_at: core.recorded_at.map(time).transpose()?,
            left_out: usize::try_from(core.closed).map_err(unreadable)?,
            as_of: None,
        };
        Ok((world, names))
    }

    /// Puts closed items where they belong; when all have come, the world is whole.
    pub fn add_closed(&mut self, closed: Closed) {
        for entry in closed.0 {
            self.items.add(entry);
            self.left_out = self.left_out.saturating_sub(1);
        }
    }

    /// Lets go of the closed items, as if they had been left out: what is open is all there.
    pub fn leave_closed_out(&mut self) {
        self.left_out += self.items.leave_closed_out();
    }

    /// How many closed items were left out: the world does not hold them, and what happened to them since is in
    /// [`World::missed`].
    pub fn left_out(&self) -> usize {
        self.left_out
    }
}

//! Given these events, this is what people see: a log made by hand for the tests of the views.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use yoman_chat::{Capabilities, LengthUnit, Outbound};

use super::{Commits, Permalinks, Viewer, World};
use crate::{
    command::{self, Command, Said},
    domain::{Event, Handle, Identity, ItemRef, PersonId, Role, item, person, stored},
    log::{CommandId, Commit, Meta, Origin, Position, StreamId},
};

/// 15:00 in Seoul on a Wednesday.
pub(super) fn noon() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 25, 5, 0, 0).unwrap()
}

pub(super) fn viewer(person: Option<u32>) -> Viewer {
    let titles = [("telegram", "Telegram"), ("discord", "Discord"), ("console", "console")];
    Viewer {
        room: "telegram/1".into(),
        person: person.map(PersonId),
        lang: crate::lang::Lang::English,
        time_zone: chrono_tz::Asia::Seoul,
        now: noon(),
        capabilities: Capabilities {
            title: "Telegram",
            edits: true,
            buttons: true,
            button_data_bytes_max: 64,
            buttons_per_row_max: 4,
            text_length_max: 4096,
            length_unit: LengthUnit::Utf16,
            bare_verbs: false,
            local: false,
            forms: false,
            private_answers: false,
            pictures: false,
            pins: false,
            reactions: true,
        },
        titles: Arc::new(titles.into_iter().map(|(bot, title)| (bot.into(), title.into())).collect()),
        permalinks: Permalinks::default(),
    }
}

pub(super) const KIM: &str = "person/1";
pub(super) const DANA: &str = "person/2";

/// A log and the world it makes.
pub(super) struct Story {
    pub(super) world: World,
    pub(super) commits: Vec<Arc<Commit>>,
    versions: HashMap<String, u64>,
    pub(super) now: DateTime<Utc>,
    by: (String, String),
}

impl Story {
    /// Kim (telegram) and Dana (discord) are there; it begins ten minutes before noon.
    pub(super) fn new() -> Self {
        let mut story = Self {
            world: World::default(),
            commits: Vec::new(),
            versions: HashMap::new(),
            now: noon() - TimeDelta::minutes(10),
            by: (KIM.into(), "telegram".into()),
        };
        story.pair(1, "Kim", "kim", "telegram/4711", Role::Owner);
        story.pair(2, "Dana Müller", "dana", "discord/42", Role::Member);
        story
    }

    fn pair(&mut self, id: u32, name: &str, handle: &str, identity: &str, role: Role) {
        let event = person::Event::Paired {
            name: name.into(),
            handle: Handle::new(handle).unwrap(),
            identity: Identity(identity.into()),
            role,
        };
        self.commit(&PersonId(id).stream(), "", None, vec![Event::Person(event)]);
    }

    /// Somebody else is there, too.
    pub(super) fn let_in(&mut self, id: u32, name: &str, role: Role) {
        self.pair(id, name, name, &format!("discord/{id}"), role);
    }

    /// Whoever acts from now on.
    pub(super) fn by(&mut self, actor: &str, bot: &str) -> &mut Self {
        self.by = (actor.into(), bot.into());
        self
    }

    pub(super) fn wait(&mut self, seconds: i64) -> &mut Self {
        self.now += TimeDelta::seconds(seconds);
        self
    }

    pub(super) fn commit(
        &mut self,
        stream: &str,
        text: &str,
        causation: Option<Position>,
        events: Vec<Event>,
    ) -> Arc<Commit> {
        let commit = Arc::new(self.make(stream, text, causation, &events));
        self.world.apply(&commit);
        self.commits.push(Arc::clone(&commit));
        commit
    }

    fn make(&mut self, stream: &str, text: &str, causation: Option<Position>, events: &[Event]) -> Commit {
        let position = Position(self.commits.len() as u64 + 1);
        let version = self.versions.entry(stream.to_owned()).or_default();
        let first_version = *version + 1;
        *version += events.len() as u64;
        Commit {
            position,
            stream: StreamId::new(stream),
            first_version,
            events: events.iter().map(stored::encode).collect(),
            meta: Meta {
                command: CommandId::new(format!("test/{position}")),
                text: text.into(),
                actor: self.by.0.clone(),
                origin: Origin {
                    bot: self.by.1.clone(),
                    room: format!("{}/1", self.by.1),
                    message: position.to_string(),
                },
                correlation: CommandId::new(format!("test/{position}")),
                causation,
                recorded_at: self.now,
            },
        }
    }

    /// Parses and carries out what somebody says, promotions included; gives the command and its commits.
    pub(super) fn say(&mut self, text: &str) -> (Command, Vec<Arc<Commit>>) {
        let context = command::Context { now: self.now, time_zone: chrono_tz::Asia::Seoul, bare_verbs: true };
        let said = command::parse(text, &context).unwrap_or_else(|fault| panic!("{text}: {fault:?}"));
        let Said::Command(command) = said else { panic!("{text} is no command") };
        let commits = self.carry_out(&command, text);
        (command, commits)
    }

    /// What is said is answered with.
    pub(super) fn answer(&mut self, text: &str) -> String {
        let (command, commits) = self.say(text);
        let viewer = Viewer { now: self.now, ..viewer(PersonId::of_stream(&self.by.0).map(|person| person.0)) };
        shown(&self.world.answer(&command, &commits, false, &viewer))
    }

    pub(super) fn carry_out(&mut self, command: &Command, text: &str) -> Vec<Arc<Commit>> {
        let actor = PersonId::of_stream(&self.by.0).unwrap_or(PersonId(0));
        let world = &self.world;
        let who = |handle: Handle| match handle.as_str() {
            "me" => Ok(actor),
            _ => world.by_handle(&handle).map(|person| person.id).ok_or(handle),
        };
        match command.clone() {
            Command::Create { bucket, draft } => {
                let item = ItemRef::new(bucket, world.newest(bucket) + 1);
                let draft = draft.try_map_people(who).unwrap();
                let given = item::Given { now: self.now, actor, waits_for: Vec::new(), circular: Vec::new() };
                let events = item::create(item, &draft, &given).unwrap();
                vec![self.commit(&item.stream(), text, None, events.into_iter().map(Event::Item).collect())]
            }
            Command::Item { target, act } => {
                let item = target.unwrap().item;
                let before = world.item(item).unwrap_or_else(|| panic!("no {item}")).item.clone();
                let act = act.try_map_people(who).unwrap();
                let given =
                    item::Given { now: self.now, actor, waits_for: world.waits_for(item), circular: Vec::new() };
                let events = item::decide(&before, &act, &given).unwrap_or_else(|error| panic!("{text}: {error}"));
                let promoted = events.iter().find_map(|event| item::promoted(&before, event));
                let first = self.commit(&item.stream(), text, None, events.into_iter().map(Event::Item).collect());
                let mut commits = vec![Arc::clone(&first)];
                if let Some((bucket, draft)) = promoted {
                    let new = ItemRef::new(bucket, self.world.newest(bucket) + 1);
                    let events = item::create(new, &draft, &given).unwrap();
                    let by = std::mem::replace(&mut self.by.0, "workflow/promotion".into());
                    let events = events.into_iter().map(Event::Item).collect();
                    commits.push(self.commit(&new.stream(), "", Some(first.position), events));
                    self.by.0 = by;
                }
                commits
            }
            Command::Room(command) => {
                let command = command.try_map_people(who).unwrap();
                let stream = crate::domain::room::stream("telegram/1");
                let room = self.world.room("telegram/1").clone();
                let events = crate::domain::room::decide(&room, &command, self.now).unwrap();
                vec![self.commit(&stream, text, None, events.into_iter().map(Event::Room).collect())]
            }
            other => panic!("{other:?}"),
        }
    }

    /// What is said and what it is answered with, as a transcript shows it.
    pub(super) fn talk(&mut self, text: &str) -> String {
        format!("> {text}\n{}\n", self.answer(text))
    }

    pub(super) fn card(&self, item: &str, viewer: &Viewer) -> String {
        let viewer = Viewer { now: self.now, ..viewer.clone() };
        shown(&self.world.card(item.parse().unwrap(), &viewer).unwrap())
    }
}

impl Commits for Story {
    fn stream(&self, item: ItemRef) -> Vec<Arc<Commit>> {
        let stream = item.stream();
        self.commits.iter().filter(|commit| commit.stream.as_str() == stream).cloned().collect()
    }

    fn at(&self, position: Position) -> Option<Arc<Commit>> {
        self.commits.iter().find(|commit| commit.position == position).cloned()
    }
}

/// A message as text: its buttons are rows of `[label: data]`. Every button must carry a command that parses, or one that asks for words.
pub(super) fn shown(message: &Outbound) -> String {
    let mut out = message.text.to_plain();
    for row in &message.buttons {
        out.push_str("\n  ");
        for button in row {
            assert!(button.data.len() <= 64, "{}", button.data);
            let context = command::Context { now: noon(), time_zone: chrono_tz::Asia::Seoul, bare_verbs: false };
            let asks = ["/refine ", "/finding "].iter().any(|verb| button.data.starts_with(verb));
            match command::parse(&button.data, &context) {
                Ok(Said::Command(command)) => {
                    // What tells that a button turns a page stands behind the command.
                    let data = button.data.trim_end_matches(" at now").trim_end_matches(" page:1");
                    assert_eq!(command.to_text(chrono_tz::Asia::Seoul), data, "not canonical");
                }
                other => assert!(asks, "{} is no command: {other:?}", button.data),
            }
            out.push_str(&format!(" [{}: {}]", button.label, button.data));
        }
    }
    out
}

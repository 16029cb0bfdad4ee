//! Whatever happens to items, rooms and the clock, and however often the process dies: every moment is reminded of exactly
//! once, never early, and never for what is finished or put off.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use proptest::{collection::vec, option, prelude::*, sample::select};

use super::*;
use crate::{
    domain::{
        Bucket, Due, ItemRef, PersonId,
        item::{self, Fact},
        reminder::{Rules, Subject, stream},
        room::{self, RemindChange, Setting},
        stored, todo,
    },
    log::{Commit, Meta, Origin, Position, StreamId},
    projection::World,
};

const ROOM: &str = "telegram/1";

fn begin() -> DateTime<Utc> {
    "2026-11-20T09:00:00Z".parse().unwrap()
}

/// Something that happens.
#[derive(Clone, Debug)]
enum Step {
    Note(u32),
    /// In so many hours; on the day of that when there is no time of day.
    Due(u32, Option<(i64, bool)>),
    Start(u32),
    Done(u32),
    Reopen(u32),
    Need(u32, u32),
    Ask(u32, i64),
    Drop(u32),
    Set(RemindChange),
    Zone(Tz),
    /// So many minutes pass, or the clock is set back.
    Pass(i64),
    /// The timer looks; it dies after so many of the reminders that are due.
    Look(usize),
    /// The process is started again.
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let item = || 1..=3_u32;
    prop_oneof![
        1 => item().prop_map(Step::Note),
        4 => (item(), option::weighted(0.8, (-30..80_i64, any::<bool>()))).prop_map(|(item, due)| Step::Due(item, due)),
        2 => item().prop_map(Step::Start),
        1 => item().prop_map(Step::Done),
        1 => item().prop_map(Step::Reopen),
        1 => (item(), item()).prop_map(|(item, needs)| Step::Need(item, needs)),
        2 => (item(), 1..4_000_i64).prop_map(|(item, minutes)| Step::Ask(item, minutes)),
        1 => item().prop_map(Step::Drop),
        1 => select(vec![
            RemindChange::Off,
            RemindChange::On,
            RemindChange::DueMin(vec![2 * 1440, 60]),
            RemindChange::DueOff,
            RemindChange::StaleDays(1),
            RemindChange::BlockedDays(1),
        ]).prop_map(Step::Set),
        1 => select(vec![Tz::Asia__Seoul, Tz::America__New_York]).prop_map(Step::Zone),
        6 => (-120..3_000_i64).prop_map(Step::Pass),
        6 => prop_oneof![3 => Just(usize::MAX), 1 => 0..2_usize].prop_map(Step::Look),
        1 => Just(Step::Restart),
    ]
}

/// What an item was like after a commit: enough to say since when it is due then.
#[derive(Clone, Debug, PartialEq)]
struct Was {
    at: DateTime<Utc>,
    open: bool,
    due: Option<Due>,
    blocked: bool,
}

struct Run {
    world: World,
    commits: Vec<Commit>,
    versions: HashMap<String, u64>,
    was: HashMap<ItemRef, Vec<Was>>,
    /// The clock, and the newest time anything was recorded at: that never goes back.
    now: DateTime<Utc>,
    recorded: DateTime<Utc>,
    given: Vec<Reminder>,
    ids: HashSet<String>,
}

fn todo(number: u32) -> ItemRef {
    ItemRef::new(Bucket::Todo, number)
}

fn defaults() -> Defaults {
    Defaults { due_min: vec![1440], stale_days: 3, blocked_days: 2, day_hour: 9 }
}

impl Run {
    fn new() -> Self {
        let mut run = Self {
            world: World::default(),
            commits: Vec::new(),
            versions: HashMap::new(),
            was: HashMap::new(),
            now: begin(),
            recorded: begin(),
            given: Vec::new(),
            ids: HashSet::new(),
        };
        for number in 1..=3 {
            let created = todo::Event::Created { title: "Fix login".into(), body: String::new(), from: None };
            run.commit(&todo(number).stream(), crate::domain::Event::Item(created.into()));
        }
        run
    }

    fn commit(&mut self, stream: &str, event: crate::domain::Event) {
        self.recorded = self.recorded.max(self.now);
        let version = self.versions.entry(stream.to_owned()).or_default();
        *version += 1;
        let position = Position(self.commits.len() as u64 + 1);
        let id = CommandId::new(format!("test/{position}"));
        let commit = Commit {
            position,
            stream: StreamId::new(stream),
            first_version: *version,
            events: vec![stored::encode(&event)],
            meta: Meta {
                command: id.clone(),
                text: String::new(),
                actor: "person/1".into(),
                origin: Origin::default(),
                correlation: id,
                causation: None,
                recorded_at: self.recorded,
            },
        };
        self.world.apply(&commit);
        self.commits.push(commit);
        for number in 1..=3 {
            let Some(seen) = self.world.item(todo(number)) else { continue };
            let was = Was {
                at: self.recorded,
                open: !seen.item.is_closed(),
                due: seen.item.due,
                blocked: !seen.item.is_closed() && !self.world.waits_for(todo(number)).is_empty(),
            };
            self.was.entry(todo(number)).or_default().push(was);
        }
    }

    fn item(&mut self, number: u32, event: impl Into<item::Event>) {
        self.commit(&todo(number).stream(), crate::domain::Event::Item(event.into()));
    }

    fn is_open(&self, number: u32) -> bool {
        self.world.item(todo(number)).is_some_and(|seen| !seen.item.is_closed())
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Note(number) => self.item(number, Fact::Noted { text: "x".into(), corrects: None }),
            Step::Due(number, due) => {
                let due = due.map(|(hours, day)| {
                    let at = self.now + TimeDelta::hours(hours);
                    if day { Due::Day(at.date_naive()) } else { Due::At(at) }
                });
                self.item(number, Fact::DueSet { due });
            }
            Step::Start(number) => self.item(number, todo::Event::Started),
            Step::Done(number) if self.is_open(number) => {
                self.item(number, todo::Event::Completed { despite: Vec::new() })
            }
            Step::Reopen(number) if !self.is_open(number) => {
                self.item(number, todo::Event::Reopened { reason: String::new() })
            }
            Step::Need(number, needs) if number != needs => {
                self.item(number, todo::Event::PrerequisiteAdded { needs: todo(needs) })
            }
            Step::Ask(number, minutes) if self.is_open(number) => {
                let at = self.now.max(self.recorded) + TimeDelta::minutes(minutes);
                let asked = Event::Asked { person: PersonId(1), at, words: String::new() };
                self.commit(&stream(todo(number)), crate::domain::Event::Reminder(asked));
            }
            Step::Drop(number) if self.is_open(number) => {
                let dropped = Event::Dropped { person: PersonId(1) };
                self.commit(&stream(todo(number)), crate::domain::Event::Reminder(dropped));
            }
            Step::Set(change) => self.room(Setting::Remind(change)),
            Step::Zone(zone) => self.room(Setting::TimeZone(zone)),
            Step::Pass(minutes) => self.now += TimeDelta::minutes(minutes),
            Step::Look(most) => self.look(most),
            Step::Restart => self.restart(),
            Step::Done(_) | Step::Reopen(_) | Step::Need(..) | Step::Ask(..) | Step::Drop(_) => {}
        }
    }

    fn room(&mut self, setting: Setting) {
        let event = room::Event::SettingChanged(setting);
        self.commit(&room::stream(ROOM), crate::domain::Event::Room(event));
    }

    /// As the timer does it: one after the other, each looked at once more before it is appended.
    fn look(&mut self, most: usize) {
        let agenda = self.world.agenda(&defaults(), Tz::UTC, self.now);
        assert!(agenda.next.is_none_or(|next| next > self.now), "what is due is not still to come");
        let all = agenda.due.len();
        for reminder in agenda.due.into_iter().take(most) {
            assert!(self.world.is_to_be_given(&reminder));
            assert!(reminder.at <= self.now, "never before its time");
            assert!(reminder.after < reminder.at);
            assert!(self.is_open(reminder.item.number), "never of what is finished");
            assert!(self.world.holds(reminder.item, reminder.subject));
            if let Subject::Due(due) = reminder.subject {
                assert_eq!(self.world.item(reminder.item).unwrap().item.due, Some(due), "never of what was put off");
            }
            assert!(self.ids.insert(command(&reminder).as_str().to_owned()), "{reminder:?} twice");
            self.commit(&stream(reminder.item), crate::domain::Event::Reminder(event(&reminder)));
            assert!(!self.world.is_to_be_given(&reminder));
            self.given.push(reminder);
        }
        if most >= all {
            self.nothing_is_missing();
        }
    }

    /// Everybody's rules.
    fn rules(&self) -> Vec<Rules> {
        let room = self.world.room(ROOM);
        let own = defaults().rules(&room.remind, room.time_zone.unwrap_or(Tz::UTC));
        own.into_iter().chain(defaults().rules(&room::Remind::default(), Tz::UTC)).collect()
    }

    /// Since when something holds of an item, by what it was like after each commit.
    fn since(&self, item: ItemRef, holds: impl Fn(&Was) -> bool) -> Option<DateTime<Utc>> {
        let history = &self.was[&item];
        let held = history.iter().rev().take_while(|was| holds(was)).last();
        held.map(|was| was.at)
    }

    /// Every moment that has come, since what it is about is so, lies in exactly one reminder; and no two overlap.
    fn nothing_is_missing(&self) {
        for number in 1..=3 {
            let item = todo(number);
            let seen = self.world.item(item).unwrap();
            let due = seen.item.due;
            let due_since = self.since(item, |was| was.open && was.due == due).filter(|_| due.is_some());
            let blocked_since = self.since(item, |was| was.open && was.blocked);
            let subjects = due_since.zip(due).map(|(since, due)| (Subject::Due(due), since)).into_iter();
            let subjects = subjects.chain(blocked_since.map(|since| (Subject::Blocked(since), since)));
            for (subject, since) in subjects {
                for rules in self.rules() {
                    let come = rules.moments(subject).into_iter().filter(|it| since < *it && *it <= self.now);
                    for moment in come {
                        let covers = |it: &&Reminder| it.item == item && it.subject == subject;
                        let within = |it: &&Reminder| it.after < moment && moment <= it.at;
                        let times = self.given.iter().filter(covers).filter(within).count();
                        assert_eq!(times, 1, "{subject:?} at {moment} in {:?}", self.given);
                    }
                }
            }
        }
        for (n, one) in self.given.iter().enumerate() {
            let same = |it: &&Reminder| (it.item, it.subject) == (one.item, one.subject);
            for other in self.given[n + 1..].iter().filter(same) {
                assert!(one.at <= other.after, "{one:?} and {other:?} overlap");
            }
        }
    }

    /// Out of the log alone, and out of a snapshot.
    fn restart(&mut self) {
        let agenda = |world: &World| world.agenda(&defaults(), Tz::UTC, self.now);
        let mut anew = World::default();
        self.commits.iter().for_each(|commit| anew.apply(commit));
        assert_eq!(agenda(&anew), agenda(&self.world));
        let sections = self.world.to_sections().unwrap();
        let (recalled, _) = World::from_core(&sections.core, 100).unwrap();
        assert_eq!(agenda(&recalled), agenda(&self.world));
        self.world = anew;
    }
}

proptest! {
    #[test]
    fn each_moment_is_reminded_of_once(steps in vec(step(), 1..80)) {
        let mut run = Run::new();
        for step in steps {
            run.step(step);
        }
        run.look(usize::MAX);
    }
}

#[test]
fn what_was_missed_meanwhile_is_one_reminder() {
    let mut run = Run::new();
    run.step(Step::Due(1, Some((30, false))));
    run.step(Step::Set(RemindChange::DueMin(vec![1440, 60])));
    run.step(Step::Pass(72 * 60));
    let agenda = run.world.agenda(&defaults(), Tz::UTC, run.now);
    let due = begin() + TimeDelta::hours(30);
    assert_eq!(agenda.due.iter().map(|it| (it.after, it.at)).collect::<Vec<_>>(), [(begin(), due)]);
    run.look(usize::MAX);
    assert_eq!(run.world.agenda(&defaults(), Tz::UTC, run.now).due, []);
}

#[test]
fn what_is_due_sooner_than_the_first_reminder_is_not_reminded_of_at_once() {
    let mut run = Run::new();
    run.step(Step::Due(1, Some((5, false))));
    let agenda = run.world.agenda(&defaults(), Tz::UTC, run.now);
    assert_eq!((agenda.due, agenda.next), (vec![], Some(begin() + TimeDelta::hours(5))));
}

//! Taking back what was set in a room: what a reversal takes back, and what is different after it.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::{Event, Reactions, Remind, Room, Setting, evolve};
use crate::domain::{
    Bucket, Filter,
    hours::{Digest, Quiet},
    undo::{Act, Happening, Irreversible, ListChange, Value, changed, take_back},
};

/// An act about the room was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reversed {
    /// The first version of the act.
    pub version: u64,
    /// The versions that do not count any more.
    pub takes: Vec<u64>,
    /// The stored names of what does not count any more.
    pub what: Vec<String>,
    /// What is different after it.
    pub after: Box<After>,
}

/// What is different after a reversal, and nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct After {
    /// Whether the bot speaks here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The platform's title of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it is told about.
    #[serde(skip_serializing_if = "ListChange::is_empty")]
    pub follows: ListChange<Filter>,
    /// Until when it is told nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub muted_until: Option<Value<DateTime<Utc>>>,
    /// The language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<Value<String>>,
    /// The time zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<Value<Tz>>,
    /// Where a bare sentence goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_bucket: Option<Value<Bucket>>,
    /// What it says about reminders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remind: Option<Remind>,
    /// When its digest comes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<Value<Digest>>,
    /// Its quiet hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quiet: Option<Value<Quiet>>,
    /// Whether what is urgent comes at once all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urgent: Option<bool>,
    /// Of which items its board is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub board: Option<Value<Filter>>,
    /// What reactions mean, all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reactions: Option<Reactions>,
}

impl After {
    fn between(was: &Room, now: &Room) -> Self {
        Self {
            enabled: changed(&was.enabled, &now.enabled),
            title: changed(&was.title, &now.title),
            follows: ListChange::of(&was.follows, &now.follows),
            muted_until: Value::changed(&was.muted_until, &now.muted_until),
            language: Value::changed(&was.language, &now.language),
            time_zone: Value::changed(&was.time_zone, &now.time_zone),
            default_bucket: Value::changed(&was.default_bucket, &now.default_bucket),
            remind: changed(&was.remind, &now.remind),
            digest: Value::changed(&was.digest, &now.digest),
            quiet: Value::changed(&was.quiet, &now.quiet),
            urgent: changed(&was.urgent, &now.urgent),
            board: Value::changed(&was.board, &now.board),
            reactions: changed(&was.reactions, &now.reactions),
        }
    }

    /// Makes it so.
    pub(super) fn apply(&self, room: &mut Room) {
        if let Some(enabled) = self.enabled {
            room.enabled = enabled;
        }
        if let Some(title) = &self.title {
            room.title.clone_from(title);
        }
        self.follows.apply(&mut room.follows);
        if let Some(until) = &self.muted_until {
            room.muted_until = until.get();
        }
        if let Some(language) = &self.language {
            room.language = language.get();
        }
        if let Some(time_zone) = &self.time_zone {
            room.time_zone = time_zone.get();
        }
        if let Some(bucket) = &self.default_bucket {
            room.default_bucket = bucket.get();
        }
        if let Some(remind) = &self.remind {
            room.remind.clone_from(remind);
        }
        if let Some(digest) = &self.digest {
            room.digest = digest.get();
        }
        if let Some(quiet) = &self.quiet {
            room.quiet = quiet.get();
        }
        if let Some(urgent) = self.urgent {
            room.urgent = urgent;
        }
        if let Some(board) = &self.board {
            room.board = board.get();
        }
        if let Some(reactions) = &self.reactions {
            room.reactions.clone_from(reactions);
        }
    }

    /// Whether it is about what only a maintainer sets: whether the bot speaks here.
    pub fn is_about_speaking(&self) -> bool {
        self.enabled.is_some()
    }

    /// Whether it is about when the room is told.
    pub fn is_about_hours(&self) -> bool {
        self.digest.is_some() || self.quiet.is_some() || self.urgent.is_some()
    }

    /// Whether it is about a setting.
    pub fn is_about_settings(&self) -> bool {
        self.language.is_some()
            || self.time_zone.is_some()
            || self.default_bucket.is_some()
            || self.board.is_some()
            || self.reactions.is_some()
            || self.remind.is_some()
            || self.is_about_hours()
    }
}

impl Happening for Event {
    fn takes(&self) -> Option<&[u64]> {
        match self {
            Self::Reversed(reversed) => Some(&reversed.takes),
            // It changed nothing, so that there is nothing to take back.
            Self::DigestAsked => Some(&[]),
            _ => None,
        }
    }

    fn is_about_the_same(&self, other: &Self) -> bool {
        use Setting::{DefaultBucket, Digest, Language, Quiet, Remind, TimeZone, Urgent};
        match (self, other) {
            (Self::Enabled { .. } | Self::Disabled, Self::Enabled { .. } | Self::Disabled)
            | (Self::Muted { .. }, Self::Muted { .. })
            | (Self::BoardPinned { .. } | Self::BoardUnpinned, Self::BoardPinned { .. } | Self::BoardUnpinned)
            | (Self::SettingChanged(Language(_)), Self::SettingChanged(Language(_)))
            | (Self::SettingChanged(TimeZone(_)), Self::SettingChanged(TimeZone(_)))
            | (Self::SettingChanged(DefaultBucket(_)), Self::SettingChanged(DefaultBucket(_)))
            | (Self::SettingChanged(Remind(_)), Self::SettingChanged(Remind(_)))
            | (Self::SettingChanged(Digest(_)), Self::SettingChanged(Digest(_)))
            | (Self::SettingChanged(Quiet(_)), Self::SettingChanged(Quiet(_)))
            | (Self::SettingChanged(Urgent(_)), Self::SettingChanged(Urgent(_))) => true,
            (
                Self::Followed { filter: one } | Self::Unfollowed { filter: Some(one) },
                Self::Followed { filter: other } | Self::Unfollowed { filter: Some(other) },
            ) => one == other,
            (Self::Unfollowed { filter: None }, Self::Followed { .. } | Self::Unfollowed { .. })
            | (Self::Followed { .. } | Self::Unfollowed { .. }, Self::Unfollowed { filter: None }) => true,
            (Self::ReactionMapped { emoji: one, .. }, Self::ReactionMapped { emoji: other, .. }) => one == other,
            (Self::ReactionsCleared, Self::ReactionMapped { .. } | Self::ReactionsCleared)
            | (Self::ReactionMapped { .. }, Self::ReactionsCleared) => true,
            _ => false,
        }
    }
}

/// The reversal of an act about a room: the one a version belongs to, or the newest. `name` is what an event is stored as.
///
/// # Errors
/// [`Irreversible`].
pub fn reverse(
    acts: &[Act<Event>],
    version: Option<u64>,
    name: impl Fn(&Event) -> String,
) -> Result<Reversed, Irreversible> {
    let taken = take_back(acts, version)?;
    let events = || acts.iter().flat_map(|(_, _, events)| events);
    let was = events().fold(Room::default(), |room, (version, event)| evolve(room, *version, event));
    let counts = events().filter(|(version, event)| !taken.gone.contains(version) && event.takes().is_none());
    let now = counts.fold(Room::default(), |room, (version, event)| evolve(room, *version, event));
    let mut what: Vec<String> =
        events().filter(|(version, _)| taken.takes.contains(version)).map(|(_, event)| name(event)).collect();
    what.dedup();
    let after = Box::new(After::between(&was, &now));
    Ok(Reversed { version: taken.version, takes: taken.takes, what, after })
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, option, prelude::*, sample::select};

    use super::*;
    use crate::domain::{
        ItemRef,
        hours::Hour,
        room::{Emoji, ReactionVerb, RemindChange},
        spec::now,
        undo::taken_back,
    };

    fn filter() -> impl Strategy<Value = Filter> {
        (1..4_u32).prop_map(|n| Filter { items: vec![ItemRef::new(Bucket::Todo, n)], ..Filter::default() })
    }

    fn hour(at: u16) -> Hour {
        Hour::new(at, 0).unwrap()
    }

    fn digest(at: u16) -> Digest {
        Digest { day: None, at: hour(at) }
    }

    fn quiet(from: u16) -> Quiet {
        Quiet { from: hour(from), to: hour(7) }
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            select(vec!["", "Team"]).prop_map(|title| Event::Enabled { title: title.into() }),
            Just(Event::Disabled),
            filter().prop_map(|filter| Event::Followed { filter }),
            option::of(filter()).prop_map(|filter| Event::Unfollowed { filter }),
            filter().prop_map(|filter| Event::BoardPinned { filter }),
            Just(Event::BoardUnpinned),
            any::<bool>().prop_map(|muted| Event::Muted { until: muted.then(now) }),
            select(vec!["en", "ko"]).prop_map(|it| Event::SettingChanged(Setting::Language(it.into()))),
            select(Bucket::ALL.to_vec()).prop_map(|it| Event::SettingChanged(Setting::DefaultBucket(it))),
            select(vec![
                RemindChange::Off,
                RemindChange::On,
                RemindChange::StaleDays(7),
                RemindChange::DueMin(vec![60])
            ])
            .prop_map(|it| Event::SettingChanged(Setting::Remind(it))),
            option::of(select(vec![8, 9])).prop_map(|at| Event::SettingChanged(Setting::Digest(at.map(digest)))),
            option::of(select(vec![21, 22])).prop_map(|at| Event::SettingChanged(Setting::Quiet(at.map(quiet)))),
            any::<bool>().prop_map(|passes| Event::SettingChanged(Setting::Urgent(passes))),
            Just(Event::DigestAsked),
            (select(vec!["✅", "👀"]), option::of(select(ReactionVerb::ALL.to_vec()))).prop_filter_map(
                "an emoji",
                |(emoji, verb)| Some(Event::ReactionMapped { emoji: Emoji::read(emoji)?, verb })
            ),
            Just(Event::ReactionsCleared),
        ]
    }

    proptest! {
        #[test]
        fn what_is_taken_back_counts_as_if_it_had_never_been(
            steps in vec(prop_oneof![3 => event().prop_map(Ok), 2 => option::of(1..20_u64).prop_map(Err)], 1..25),
        ) {
            let mut acts: Vec<Act<Event>> = Vec::new();
            let mut room = Room::default();
            for step in steps {
                let event = match step {
                    Ok(event) => event,
                    Err(version) => match reverse(&acts, version, |_| String::new()) {
                        Ok(reversed) => Event::Reversed(reversed),
                        Err(_) => continue,
                    },
                };
                let version = acts.len() as u64 + 1;
                room = evolve(room, version, &event);
                acts.push((version, version, vec![(version, event)]));
                let events = || acts.iter().flat_map(|(_, _, events)| events);
                let gone = taken_back(events().map(|(version, event)| (*version, event.takes())));
                let counts = events().filter(|(version, event)| !gone.contains(version) && event.takes().is_none());
                let expected = counts.fold(Room::default(), |room, (version, event)| evolve(room, *version, event));
                prop_assert_eq!(&room, &Room { version, ..expected });
            }
        }
    }

    #[test]
    fn a_setting_goes_back_to_what_it_was_and_not_past_a_later_one() {
        let set = |bucket| Event::SettingChanged(Setting::DefaultBucket(bucket));
        let mut acts = vec![(1, 1, vec![(1, set(Bucket::Todo))]), (2, 2, vec![(2, set(Bucket::Pr))])];
        assert_eq!(reverse(&acts, Some(1), |_| String::new()), Err(Irreversible::Resting { by: 2 }));
        let reversed = reverse(&acts, None, |_| "room_setting_changed".into()).unwrap();
        assert_eq!((reversed.version, reversed.takes.as_slice()), (2, [2].as_slice()));
        assert_eq!(reversed.after.default_bucket, Some(Value::Is(Bucket::Todo)));
        acts.push((3, 3, vec![(3, Event::Reversed(reversed))]));
        assert_eq!(reverse(&acts, Some(2), |_| String::new()), Err(Irreversible::TakenBack { by: 3 }));
        let first = reverse(&acts, None, |_| String::new()).unwrap();
        assert_eq!((first.version, first.after.default_bucket), (1, Some(Value::Nothing)));
        let again = reverse(&acts, Some(3), |_| String::new()).unwrap();
        assert_eq!(again.after.default_bucket, Some(Value::Is(Bucket::Pr)));
    }
}

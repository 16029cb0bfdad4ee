//! A room: enabled or silent, what it follows, its settings.

mod reverse;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

pub use self::reverse::{After, Reversed, reverse};
use super::{
    Bucket, Filter, PersonId,
    hours::{Digest, Hour, Quiet},
};

/// A setting of a room with its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "setting", content = "value")]
pub enum Setting {
    /// The language (BCP 47) it is spoken to in.
    Language(String),
    /// The time zone its dates are in.
    TimeZone(Tz),
    /// Where a bare sentence goes.
    DefaultBucket(Bucket),
    /// When it gets what it follows as one message; `None`: each at once.
    Digest(Option<Digest>),
    /// When it gets nothing; what it misses comes as one message afterwards.
    Quiet(Option<Quiet>),
    /// Whether what is urgent comes at once all the same.
    Urgent(bool),
}

/// What happens to a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The bot speaks here.
    Enabled {
        /// The platform's title of it; may be empty.
        title: String,
    },
    /// The bot is silent here.
    Disabled,
    /// It is told about these items.
    Followed {
        /// Which.
        filter: Filter,
    },
    /// It is not told about them any more.
    Unfollowed {
        /// Which of the filters it followed; `None`: all of them.
        filter: Option<Filter>,
    },
    /// It is told nothing until then.
    Muted {
        /// Until when; `None`: from now on it is told again.
        until: Option<DateTime<Utc>>,
    },
    /// A setting has another value.
    SettingChanged(Setting),
    /// What was held for it was asked for.
    DigestAsked,
    /// Something that happened to it was taken back.
    Reversed(Reversed),
}

/// What can be done about a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command<P = PersonId> {
    /// Speak here.
    Enable {
        /// The platform's title of it; may be empty. Not typed.
        title: String,
    },
    /// Be silent here.
    Disable,
    /// Tell about these.
    Follow {
        /// Which; an empty filter is everything.
        filter: Filter<P>,
    },
    /// Do not tell about these.
    Unfollow {
        /// Which of the filters; `None`: all.
        filter: Option<Filter<P>>,
    },
    /// Tell nothing for a while.
    Mute {
        /// Until when; `None`: tell again.
        until: Option<DateTime<Utc>>,
    },
    /// Change a setting.
    Set(Setting),
    /// Quiet hours, and whether what is urgent passes through them.
    Quiet {
        /// When.
        hours: Quiet,
        /// Whether what is urgent passes.
        urgent: bool,
    },
    /// Send what is held.
    DigestNow,
}

/// The most filters a room can follow.
pub const FOLLOWS_MAX: usize = 50;

/// The state of a room.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    /// The version of the newest event.
    pub version: u64,
    /// The bot speaks here.
    pub enabled: bool,
    /// The platform's title of it; may be empty.
    pub title: String,
    /// What it is told about.
    pub follows: Vec<Filter>,
    /// It is told nothing until then.
    pub muted_until: Option<DateTime<Utc>>,
    /// The language, if one was set.
    pub language: Option<String>,
    /// The time zone, if one was set.
    pub time_zone: Option<Tz>,
    /// Where a bare sentence goes, if that was set.
    pub default_bucket: Option<Bucket>,
    /// When it gets what it follows as one message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// When it gets nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet: Option<Quiet>,
    /// What is urgent comes at once all the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub urgent: bool,
}

/// The longest title of a room, in characters. A longer one, which its platform chose, is cut.
pub const TITLE_CHARS_MAX: usize = 200;
/// The most entries of one kind in a filter.
pub const FILTER_ENTRIES_MAX: usize = 50;
/// The longest name of a language (BCP 47), in characters.
pub const LANGUAGE_CHARS_MAX: usize = 35;

/// The room a thread is part of: a thread or topic is `<bot>/<chat>/<thread>`. What it follows and is set to is its own.
pub fn around(room: &str) -> Option<&str> {
    room.rsplit_once('/').map(|(around, _)| around).filter(|around| around.contains('/'))
}

/// The stream of a room: `room/<room id>`.
pub fn stream(room: &str) -> String {
    format!("room/{room}")
}

/// The id of the room whose stream this is.
pub fn of_stream(stream: &str) -> Option<&str> {
    stream.strip_prefix("room/")
}

impl<P> Command<P> {
    /// The same with every person looked up.
    ///
    /// # Errors
    /// The first error of `look_up`.
    pub fn try_map_people<Q, E>(self, look_up: impl FnMut(P) -> Result<Q, E>) -> Result<Command<Q>, E> {
        Ok(match self {
            Self::Follow { filter } => Command::Follow { filter: filter.try_map_people(look_up)? },
            Self::Unfollow { filter: Some(filter) } => {
                Command::Unfollow { filter: Some(filter.try_map_people(look_up)?) }
            }
            Self::Unfollow { filter: None } => Command::Unfollow { filter: None },
            Self::Enable { title } => Command::Enable { title },
            Self::Disable => Command::Disable,
            Self::Mute { until } => Command::Mute { until },
            Self::Set(setting) => Command::Set(setting),
            Self::Quiet { hours, urgent } => Command::Quiet { hours, urgent },
            Self::DigestNow => Command::DigestNow,
        })
    }
}

/// Why something cannot be done about a room.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The bot speaks here.
    #[error("this room is enabled already")]
    Enabled,
    /// The bot is silent here.
    #[error("this room is not enabled")]
    NotEnabled,
    /// It is told about these.
    #[error("this room follows that already")]
    Followed,
    /// It follows nothing.
    #[error("this room follows nothing")]
    FollowsNothing,
    /// It follows other filters.
    #[error("that is not one of the {follows} filters this room follows")]
    UnknownFilter {
        /// How many it follows.
        follows: usize,
    },
    /// It follows as much as it can.
    #[error("this room follows {FOLLOWS_MAX} filters, and more do not fit: unfollow one first")]
    TooManyFollows,
    /// A filter that names too much.
    #[error("that filter names {actual} things of one kind, and at most {FILTER_ENTRIES_MAX} fit")]
    FilterTooLong {
        /// How many there are.
        actual: usize,
    },
    /// A time that is over.
    #[error("{} UTC is over", until.format("%F %R"))]
    MuteInThePast {
        /// Which.
        until: DateTime<Utc>,
    },
    /// It is told nothing until then.
    #[error("this room is muted until {} UTC already", until.format("%F %R"))]
    Muted {
        /// Until when.
        until: DateTime<Utc>,
    },
    /// It is told everything.
    #[error("this room is not muted")]
    NotMuted,
    /// The setting has that value.
    #[error("this room has that setting already")]
    Set,
    /// No name of a language.
    #[error("{0:?} is no language: languages are written en, de, pt-BR")]
    NoLanguage(String),
    /// Quiet hours that never end.
    #[error("from {at} to {at} is the whole day: /mute is for that, or a digest", at = .0)]
    AlwaysQuiet(Hour),
}

impl Error {
    /// Whole commands that would help, most likely first.
    pub fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::NotEnabled => "/enable",
            Self::UnknownFilter { .. } | Self::TooManyFollows | Self::Followed | Self::FollowsNothing => "/follow",
            Self::Muted { .. } => "/mute off",
            Self::Enabled
            | Self::FilterTooLong { .. }
            | Self::MuteInThePast { .. }
            | Self::NotMuted
            | Self::Set
            | Self::AlwaysQuiet(_)
            | Self::NoLanguage(_) => return Vec::new(),
        };
        vec![hint.to_owned()]
    }
}

/// What follows from a command, or why nothing does.
///
/// # Errors
/// [`Error`], when nothing would change, something does not fit, or a time is over.
pub fn decide(room: &Room, command: &Command, now: DateTime<Utc>) -> Result<Vec<Event>, Error> {
    let event = match command {
        Command::Enable { .. } if room.enabled => return Err(Error::Enabled),
        Command::Enable { title } => Event::Enabled { title: title.chars().take(TITLE_CHARS_MAX).collect() },
        Command::Disable if !room.enabled => return Err(Error::NotEnabled),
        Command::Disable => Event::Disabled,
        Command::Follow { filter } => follow(room, filter)?,
        Command::Unfollow { .. } if room.follows.is_empty() => return Err(Error::FollowsNothing),
        Command::Unfollow { filter: None } => Event::Unfollowed { filter: None },
        Command::Unfollow { filter: Some(filter) } => {
            // The event names the filter as it was followed, in whatever order its words are said now.
            let followed = room.follows.iter().find(|it| same(it, filter));
            let Some(followed) = followed else {
                return Err(Error::UnknownFilter { follows: room.follows.len() });
            };
            Event::Unfollowed { filter: Some(followed.clone()) }
        }
        Command::Mute { until } => mute(room, *until, now)?,
        Command::Set(setting) => set(room, setting)?,
        Command::Quiet { hours, urgent } => return quiet(room, *hours, *urgent),
        Command::DigestNow => Event::DigestAsked,
    };
    Ok(vec![event])
}

fn follow(room: &Room, filter: &Filter) -> Result<Event, Error> {
    let lengths = [
        filter.buckets.len(),
        filter.states.len(),
        filter.tags.len(),
        filter.people.len(),
        filter.projects.len(),
        filter.priorities.len(),
        filter.items.len(),
        filter.words.len(),
        filter.on.len(),
    ];
    if let Some(actual) = lengths.into_iter().find(|&length| length > FILTER_ENTRIES_MAX) {
        return Err(Error::FilterTooLong { actual });
    }
    if room.follows.iter().any(|it| same(it, filter)) {
        return Err(Error::Followed);
    }
    if room.follows.len() >= FOLLOWS_MAX {
        return Err(Error::TooManyFollows);
    }
    Ok(Event::Followed { filter: filter.clone() })
}

fn mute(room: &Room, until: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Result<Event, Error> {
    let muted = room.muted_until.filter(|&until| until > now);
    match until {
        Some(until) if until <= now => Err(Error::MuteInThePast { until }),
        Some(until) if muted == Some(until) => Err(Error::Muted { until }),
        None if muted.is_none() => Err(Error::NotMuted),
        Some(_) | None => Ok(Event::Muted { until }),
    }
}

fn set(room: &Room, setting: &Setting) -> Result<Event, Error> {
    let held = match setting {
        Setting::Language(language) => {
            let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
            if language.is_empty() || language.len() > LANGUAGE_CHARS_MAX || !language.chars().all(fits) {
                return Err(Error::NoLanguage(language.chars().take(LANGUAGE_CHARS_MAX).collect()));
            }
            room.language.as_ref() == Some(language)
        }
        Setting::TimeZone(time_zone) => room.time_zone == Some(*time_zone),
        Setting::DefaultBucket(bucket) => room.default_bucket == Some(*bucket),
        Setting::Digest(digest) => room.digest == *digest,
        Setting::Quiet(Some(hours)) if hours.from == hours.to => return Err(Error::AlwaysQuiet(hours.from)),
        Setting::Quiet(hours) => room.quiet == *hours,
        Setting::Urgent(passes) => room.urgent == *passes,
    };
    if held { Err(Error::Set) } else { Ok(Event::SettingChanged(setting.clone())) }
}

fn quiet(room: &Room, hours: Quiet, urgent: bool) -> Result<Vec<Event>, Error> {
    let settings = [Setting::Quiet(Some(hours)), Setting::Urgent(urgent)];
    let mut events = Vec::new();
    for setting in &settings {
        match set(room, setting) {
            Ok(event) => events.push(event),
            Err(Error::Set) => {}
            Err(error) => return Err(error),
        }
    }
    if events.is_empty() { Err(Error::Set) } else { Ok(events) }
}

/// Whether two filters let the same through: the order in which their words were said means nothing.
fn same(one: &Filter, other: &Filter) -> bool {
    fn sorted<T: Ord + Clone>(things: &[T]) -> Vec<T> {
        let mut things = things.to_vec();
        things.sort();
        things.dedup();
        things
    }
    sorted(&one.buckets) == sorted(&other.buckets)
        && sorted(&one.states) == sorted(&other.states)
        && sorted(&one.tags) == sorted(&other.tags)
        && sorted(&one.people) == sorted(&other.people)
        && sorted(&one.projects) == sorted(&other.projects)
        && sorted(&one.priorities) == sorted(&other.priorities)
        && sorted(&one.items) == sorted(&other.items)
        && one.due == other.due
        && sorted(&one.words) == sorted(&other.words)
        && sorted(&one.on) == sorted(&other.on)
}

/// The state after one more event, which has this version. Total: what makes no sense where it stands changes nothing but
/// the version.
pub fn evolve(mut room: Room, version: u64, event: &Event) -> Room {
    room.version = version;
    match event {
        Event::Enabled { title } => {
            room.enabled = true;
            room.title.clone_from(title);
        }
        Event::Disabled => room.enabled = false,
        Event::Followed { filter } => {
            if !room.follows.contains(filter) {
                room.follows.push(filter.clone());
            }
        }
        Event::Unfollowed { filter: Some(filter) } => room.follows.retain(|it| it != filter),
        Event::Unfollowed { filter: None } => room.follows.clear(),
        Event::Muted { until } => room.muted_until = *until,
        Event::SettingChanged(Setting::Language(language)) => room.language = Some(language.clone()),
        Event::SettingChanged(Setting::TimeZone(time_zone)) => room.time_zone = Some(*time_zone),
        Event::SettingChanged(Setting::DefaultBucket(bucket)) => room.default_bucket = Some(*bucket),
        Event::SettingChanged(Setting::Digest(digest)) => room.digest = *digest,
        Event::SettingChanged(Setting::Quiet(hours)) => room.quiet = *hours,
        Event::SettingChanged(Setting::Urgent(passes)) => room.urgent = *passes,
        Event::DigestAsked => {}
        Event::Reversed(reversed) => reversed.after.apply(&mut room),
    }
    room
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::domain::{
        Handle,
        spec::{now, tag},
    };

    /// The room after these events.
    fn room(events: &[Event]) -> Room {
        (1..).zip(events).fold(Room::default(), |room, (version, event)| evolve(room, version, event))
    }

    #[track_caller]
    fn accepted(room: &Room, command: Command, event: Event) {
        assert_eq!(decide(room, &command, now()), Ok(vec![event]));
    }

    #[track_caller]
    fn refused(room: &Room, command: Command, said: &str, offered: &[&str]) {
        let Err(error) = decide(room, &command, now()) else { panic!("not refused") };
        assert_eq!(
            (error.to_string().as_str(), error.hints()),
            (said, offered.iter().map(ToString::to_string).collect())
        );
    }

    fn tagged(tags: &[&str]) -> Filter {
        Filter { tags: tags.iter().map(|it| tag(it)).collect(), ..Filter::default() }
    }

    fn follow(tags: &[&str]) -> Command {
        Command::Follow { filter: tagged(tags) }
    }

    fn followed(tags: &[&str]) -> Event {
        Event::Followed { filter: tagged(tags) }
    }

    #[test]
    fn it_is_enabled_once_and_disabled_once() {
        let title = || "Team".to_owned();
        accepted(&room(&[]), Command::Enable { title: title() }, Event::Enabled { title: title() });
        let enabled = room(&[Event::Enabled { title: title() }]);
        assert_eq!((enabled.enabled, enabled.title.as_str(), enabled.version), (true, "Team", 1));
        refused(&enabled, Command::Enable { title: title() }, "this room is enabled already", &[]);
        accepted(&enabled, Command::Disable, Event::Disabled);
        refused(&room(&[]), Command::Disable, "this room is not enabled", &["/enable"]);
    }

    #[test]
    fn it_follows_a_filter_once_whatever_the_order_of_its_words() {
        accepted(&room(&[]), follow(&["app", "web"]), followed(&["app", "web"]));
        let following = room(&[followed(&["app", "web"])]);
        refused(&following, follow(&["web", "app"]), "this room follows that already", &["/follow"]);
        accepted(&following, follow(&["app"]), followed(&["app"]));
        accepted(&following, follow(&[]), followed(&[]));
    }

    #[test]
    fn it_unfollows_what_it_follows() {
        let unfollow = |tags: &[&str]| Command::Unfollow { filter: Some(tagged(tags)) };
        let all = Command::Unfollow { filter: None };
        let following = room(&[followed(&["app", "web"]), followed(&["docs"])]);
        let event = Event::Unfollowed { filter: Some(tagged(&["app", "web"])) };
        accepted(&following, unfollow(&["web", "app"]), event.clone());
        assert_eq!(evolve(following.clone(), 3, &event).follows, [tagged(&["docs"])]);
        let said = "that is not one of the 2 filters this room follows";
        refused(&following, unfollow(&["app"]), said, &["/follow"]);
        accepted(&following, all.clone(), Event::Unfollowed { filter: None });
        refused(
            &room(&[followed(&["app"]), Event::Unfollowed { filter: None }]),
            all,
            "this room follows nothing",
            &["/follow"],
        );
    }

    #[test]
    fn it_follows_so_many_filters_of_such_a_length() {
        let events: Vec<_> = (0..FOLLOWS_MAX).map(|n| followed(&[&format!("t{n}")])).collect();
        let said = "this room follows 50 filters, and more do not fit: unfollow one first";
        refused(&room(&events), follow(&["more"]), said, &["/follow"]);
        refused(&room(&events), follow(&["t1"]), "this room follows that already", &["/follow"]);
        let filter = Filter { words: vec!["a".into(); 51], ..Filter::default() };
        let said = "that filter names 51 things of one kind, and at most 50 fit";
        refused(&room(&[]), Command::Follow { filter }, said, &[]);
    }

    #[test]
    fn it_is_muted_until_a_time_to_come() {
        let soon = Some(now() + TimeDelta::hours(1));
        let over = Some(now());
        accepted(&room(&[]), Command::Mute { until: soon }, Event::Muted { until: soon });
        refused(&room(&[]), Command::Mute { until: over }, "2026-11-20 09:00 UTC is over", &[]);
        let muted = room(&[Event::Muted { until: soon }]);
        let said = "this room is muted until 2026-11-20 10:00 UTC already";
        refused(&muted, Command::Mute { until: soon }, said, &["/mute off"]);
        accepted(&muted, Command::Mute { until: None }, Event::Muted { until: None });
        // A mute that has run out is none.
        refused(&room(&[Event::Muted { until: over }]), Command::Mute { until: None }, "this room is not muted", &[]);
    }

    #[test]
    fn settings_change_when_they_have_another_value() {
        let settings = [
            Setting::Language("pt-BR".into()),
            Setting::TimeZone(Tz::Asia__Seoul),
            Setting::DefaultBucket(Bucket::Todo),
        ];
        let set = room(&settings.clone().map(Event::SettingChanged));
        assert_eq!(set.language.as_deref(), Some("pt-BR"));
        assert_eq!((set.time_zone, set.default_bucket), (Some(Tz::Asia__Seoul), Some(Bucket::Todo)));
        for setting in settings {
            accepted(&room(&[]), Command::Set(setting.clone()), Event::SettingChanged(setting.clone()));
            refused(&set, Command::Set(setting), "this room has that setting already", &[]);
        }
        let said = "\"de_DE!\" is no language: languages are written en, de, pt-BR";
        refused(&set, Command::Set(Setting::Language("de_DE!".into())), said, &[]);
    }

    #[test]
    fn people_in_filters_are_looked_up() {
        let filter = Filter { people: Handle::new("kim").into_iter().collect(), ..Filter::default() };
        let command = Command::Unfollow { filter: Some(filter) };
        let found = Filter { people: vec![PersonId(1)], ..Filter::default() };
        assert_eq!(
            command.clone().try_map_people(|_| Ok::<_, Handle>(PersonId(1))),
            Ok(Command::Unfollow { filter: Some(found) })
        );
        assert!(command.try_map_people(Err::<PersonId, _>).is_err());
    }
}

//! A room: enabled or silent, what it follows, its settings.

mod reactions;
mod remind;
mod reverse;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

pub use self::{
    reactions::{Emoji, Mapped, REACTIONS_MAX, ReactionVerb, Reactions, USUAL},
    remind::{Remind, RemindChange},
    reverse::{After, Reversed, reverse},
};
use super::{
    Bucket, Due, Filter, PersonId,
    hours::{Digest, Hour, Quiet},
};
use crate::lang::{Wording, worded, wording};

/// A setting of a room with its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "setting", content = "value")]
pub enum Setting {
    /// The language (BCP 47) it is spoken to in; empty: none is set any more.
    Language(String),
    /// The time zone its dates are in.
    TimeZone(Tz),
    /// Where a bare sentence goes.
    DefaultBucket(Bucket),
    /// What it is reminded of, and when.
    Remind(RemindChange),
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
    /// A message of it shows a board from now on, and is kept up to date.
    BoardPinned {
        /// Of which items; an empty filter is everything.
        filter: Filter,
    },
    /// That message is not kept up to date any more.
    BoardUnpinned,
    /// A reaction means something else here.
    ReactionMapped {
        /// Which.
        emoji: Emoji,
        /// What; `None`: nothing.
        verb: Option<ReactionVerb>,
    },
    /// No reaction means anything here any more.
    ReactionsCleared,
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
    /// Show a board here and keep it up to date; another one takes its place.
    PinBoard {
        /// Of which items; an empty filter is everything.
        filter: Filter<P>,
    },
    /// Do not keep the board up to date any more.
    UnpinBoard,
    /// Let a reaction mean something.
    React {
        /// Which.
        emoji: Emoji,
        /// What; `None`: nothing.
        verb: Option<ReactionVerb>,
    },
    /// Let no reaction mean anything.
    ReactOff,
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
    /// What it said about reminders.
    #[serde(default)]
    pub remind: Remind,
    /// When it gets what it follows as one message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// When it gets nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet: Option<Quiet>,
    /// What is urgent comes at once all the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub urgent: bool,
    /// Of which items its board is, if it has one that is kept up to date.
    pub board: Option<Filter>,
    /// What reactions mean.
    pub reactions: Reactions,
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
            Self::PinBoard { filter } => Command::PinBoard { filter: filter.try_map_people(look_up)? },
            Self::UnpinBoard => Command::UnpinBoard,
            Self::React { emoji, verb } => Command::React { emoji, verb },
            Self::ReactOff => Command::ReactOff,
        })
    }
}

/// Why something cannot be done about a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The bot speaks here.
    Enabled,
    /// The bot is silent here.
    NotEnabled,
    /// It is told about these.
    Followed,
    /// It follows nothing.
    FollowsNothing,
    /// It follows other filters.
    UnknownFilter {
        /// How many it follows.
        follows: usize,
    },
    /// It follows as much as it can.
    TooManyFollows,
    /// A filter that names too much.
    FilterTooLong {
        /// How many there are.
        actual: usize,
    },
    /// A time that is over.
    MuteInThePast {
        /// Which.
        until: DateTime<Utc>,
    },
    /// It is told nothing until then.
    Muted {
        /// Until when.
        until: DateTime<Utc>,
    },
    /// It is told everything.
    NotMuted,
    /// The setting has that value.
    Set,
    /// It has no board.
    NoBoard,
    /// What another room is set to is what this one is set to.
    NothingToTake,
    /// So many reactions mean something.
    TooManyReactions,
    /// It means nothing.
    NotMapped(Emoji),
    /// None does.
    NothingMapped,
    /// No name of a language.
    NoLanguage(String),
    /// Reminders so often, or so late.
    NoReminders,
    /// Quiet hours that never end.
    AlwaysQuiet(Hour),
}

worded!(Error);

impl Error {
    /// Why not.
    pub fn wording(&self) -> Wording {
        match self {
            Self::Enabled => wording!("reason-room-enabled"),
            Self::NotEnabled => wording!("reason-room-not-enabled"),
            Self::Followed => wording!("reason-room-followed"),
            Self::FollowsNothing => wording!("reason-room-follows-nothing"),
            Self::UnknownFilter { follows } => wording!("reason-room-unknown-filter", n = follows.to_string()),
            Self::TooManyFollows => wording!("reason-room-too-many-follows", most = FOLLOWS_MAX),
            Self::FilterTooLong { actual } => {
                wording!("reason-room-filter-too-long", n = actual.to_string(), most = FILTER_ENTRIES_MAX)
            }
            Self::MuteInThePast { until } => wording!("reason-room-mute-over", until = Due::At(*until)),
            Self::Muted { until } => wording!("reason-room-muted", until = Due::At(*until)),
            Self::NotMuted => wording!("reason-room-not-muted"),
            Self::Set => wording!("reason-room-set"),
            Self::NoBoard => wording!("reason-room-no-board"),
            Self::NothingToTake => wording!("reason-room-nothing-to-take"),
            Self::TooManyReactions => wording!("reason-room-too-many-reactions", most = REACTIONS_MAX),
            Self::NoReminders => wording!("reason-room-no-reminders", most = super::reminder::LEADS_MAX),
            Self::NotMapped(emoji) => wording!("reason-room-not-mapped", emoji = emoji.to_string()),
            Self::AlwaysQuiet(at) => wording!("reason-room-always-quiet", at = at.to_string()),
            Self::NothingMapped => wording!("reason-room-nothing-mapped"),
            Self::NoLanguage(language) => wording!("reason-room-no-language", language = format!("{language:?}")),
        }
    }

    /// Whole commands that would help, most likely first.
    pub fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::NotEnabled => "/enable",
            Self::UnknownFilter { .. } | Self::TooManyFollows | Self::Followed | Self::FollowsNothing => "/follow",
            Self::Muted { .. } => "/mute off",
            Self::NoBoard => "/board pin",
            Self::TooManyReactions | Self::NotMapped(_) | Self::NothingMapped => "/react",
            Self::Enabled
            | Self::FilterTooLong { .. }
            | Self::MuteInThePast { .. }
            | Self::NotMuted
            | Self::Set
            | Self::NoReminders
            | Self::AlwaysQuiet(_)
            | Self::NothingToTake
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
        Command::PinBoard { filter } => {
            fits(filter)?;
            // Said again it is pinned again: whoever says so does not see it.
            Event::BoardPinned { filter: filter.clone() }
        }
        Command::UnpinBoard if room.board.is_none() => return Err(Error::NoBoard),
        Command::UnpinBoard => Event::BoardUnpinned,
        Command::React { emoji, verb } => react(&room.reactions, emoji, *verb)?,
        Command::ReactOff if room.reactions.cleared && room.reactions.mapped.is_empty() => {
            return Err(Error::NothingMapped);
        }
        Command::ReactOff => Event::ReactionsCleared,
    };
    Ok(vec![event])
}

/// What makes a room like another one: what that follows, its settings and its board. Who speaks where, and for how long
/// nothing is told, is each room's own. What this room follows besides is kept.
///
/// # Errors
/// [`Error::NothingToTake`], or [`Error::TooManyFollows`] when they do not all fit.
pub fn take_after(room: &Room, other: &Room) -> Result<Vec<Event>, Error> {
    // Every field is named, so that a new one cannot be forgotten here.
    let Room {
        version: _,
        enabled: _,
        title: _,
        follows,
        muted_until: _,
        language,
        time_zone,
        default_bucket,
        remind,
        board,
        reactions,
        digest,
        quiet,
        urgent,
    } = other;
    let mut events = Vec::new();
    let new = follows.iter().filter(|filter| !room.follows.iter().any(|it| same(it, filter)));
    events.extend(new.map(|filter| Event::Followed { filter: filter.clone() }));
    if room.follows.len() + events.len() > FOLLOWS_MAX {
        return Err(Error::TooManyFollows);
    }
    let settings = [
        language.clone().filter(|it| room.language.as_ref() != Some(it)).map(Setting::Language),
        time_zone.filter(|it| room.time_zone != Some(*it)).map(Setting::TimeZone),
        default_bucket.filter(|it| room.default_bucket != Some(*it)).map(Setting::DefaultBucket),
        digest.filter(|it| room.digest != Some(*it)).map(|it| Setting::Digest(Some(it))),
        quiet.filter(|it| room.quiet != Some(*it)).map(|it| Setting::Quiet(Some(it))),
        urgent.then_some(Setting::Urgent(true)).filter(|_| !room.urgent),
    ];
    events.extend(settings.into_iter().flatten().map(Event::SettingChanged));
    events.extend(room.remind.after(remind).into_iter().map(|change| Event::SettingChanged(Setting::Remind(change))));
    events.extend(reactions_after(&room.reactions, reactions)?);
    let board = board.clone().filter(|it| room.board.as_ref() != Some(it));
    events.extend(board.map(|filter| Event::BoardPinned { filter }));
    if events.is_empty() { Err(Error::NothingToTake) } else { Ok(events) }
}

/// What makes reactions mean what they mean in another room; those that only mean something here stay.
fn reactions_after(here: &Reactions, there: &Reactions) -> Result<Vec<Event>, Error> {
    let mut after = here.clone();
    let mut events = Vec::new();
    if there.cleared && !here.cleared {
        after.clear();
        events.push(Event::ReactionsCleared);
    }
    for Mapped { emoji, verb } in &there.mapped {
        if !after.mapped.iter().any(|it| it.emoji == *emoji && it.verb == *verb) {
            after.map(emoji, *verb);
            events.push(Event::ReactionMapped { emoji: emoji.clone(), verb: *verb });
        }
    }
    if after.mapped.len() > REACTIONS_MAX { Err(Error::TooManyReactions) } else { Ok(events) }
}

/// Whether a filter is short enough to be kept.
fn fits(filter: &Filter) -> Result<(), Error> {
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
    Ok(())
}

fn follow(room: &Room, filter: &Filter) -> Result<Event, Error> {
    fits(filter)?;
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
            if language.len() > LANGUAGE_CHARS_MAX || !language.chars().all(fits) {
                return Err(Error::NoLanguage(language.chars().take(LANGUAGE_CHARS_MAX).collect()));
            }
            room.language.as_deref().unwrap_or_default() == language
        }
        Setting::TimeZone(time_zone) => room.time_zone == Some(*time_zone),
        Setting::DefaultBucket(bucket) => room.default_bucket == Some(*bucket),
        Setting::Remind(change) if !change.fits() => return Err(Error::NoReminders),
        Setting::Remind(change) => room.remind.clone().changed(change) == room.remind,
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

fn react(reactions: &Reactions, emoji: &Emoji, verb: Option<ReactionVerb>) -> Result<Event, Error> {
    let said = reactions.said(emoji);
    match verb {
        Some(_) if said.is_some_and(|it| it.verb == verb) => return Err(Error::Set),
        // Whether it is one of the usual ones depends on the room being somebody's own.
        None if reactions.verb(emoji, true).is_none() => return Err(Error::NotMapped(emoji.clone())),
        _ if said.is_none() && reactions.mapped.len() >= REACTIONS_MAX => return Err(Error::TooManyReactions),
        _ => {}
    }
    Ok(Event::ReactionMapped { emoji: emoji.clone(), verb })
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
        Event::SettingChanged(Setting::Language(language)) => {
            room.language = Some(language.clone()).filter(|language| !language.is_empty());
        }
        Event::SettingChanged(Setting::TimeZone(time_zone)) => room.time_zone = Some(*time_zone),
        Event::SettingChanged(Setting::DefaultBucket(bucket)) => room.default_bucket = Some(*bucket),
        Event::SettingChanged(Setting::Remind(change)) => {
            room.remind = std::mem::take(&mut room.remind).changed(change)
        }
        Event::SettingChanged(Setting::Digest(digest)) => room.digest = *digest,
        Event::SettingChanged(Setting::Quiet(hours)) => room.quiet = *hours,
        Event::SettingChanged(Setting::Urgent(passes)) => room.urgent = *passes,
        Event::DigestAsked => {}
        Event::BoardPinned { filter } => room.board = Some(filter.clone()),
        Event::BoardUnpinned => room.board = None,
        Event::ReactionMapped { emoji, verb } => room.reactions.map(emoji, *verb),
        Event::ReactionsCleared => room.reactions.clear(),
        Event::Reversed(reversed) => reversed.after.apply(&mut room),
    }
    room
}

#[cfg(test)]
mod tests;

//! A room: enabled or silent, what it follows, its settings.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::{Bucket, Filter, PersonId};

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
}

/// The most filters a room can follow.
pub const FOLLOWS_MAX: usize = 50;

/// The state of a room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
}

/// The stream of a room: `room/<room id>`.
pub fn stream(room: &str) -> String {
    format!("room/{room}")
}

/// The id of the room whose stream this is.
pub fn of_stream(stream: &str) -> Option<&str> {
    stream.strip_prefix("room/")
}

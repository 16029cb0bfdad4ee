//! Rooms that are told nothing for now: from where in the log they missed something, and when they get it as one message.
//!
//! Holding is not queueing. A position is all that is kept of a room, however much it misses: what happened since is read
//! from the log when its time has come. So nothing of it can be lost, and nothing of it grows.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::{domain::room::Room, log::Position};

/// What a room misses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// It has been told everything up to here.
    pub since: Position,
    /// When the first thing it misses happened.
    pub at: DateTime<Utc>,
    /// When it gets it; `None`: as soon as what waits for the room has been shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<DateTime<Utc>>,
    /// What is urgent is among it: the whole bot was too far behind to tell anything at once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub all: bool,
}

/// Until when a room is told nothing that happens at this instant: its digest's next hour, the end of its quiet hours.
/// `None`: it is told at once.
pub(super) fn holds_until(room: &Room, zone: Tz, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let holds = room.digest.is_some() || room.quiet.is_some_and(|quiet| quiet.ends(at, zone).is_some());
    holds.then(|| comes(room, zone, at))
}

/// When what a room misses comes, seen from this instant: with its digest, and never while it is quiet or muted.
pub(super) fn comes(room: &Room, zone: Tz, now: DateTime<Utc>) -> DateTime<Utc> {
    silent_until(room, zone, room.digest.map_or(now, |digest| digest.after(now, zone)))
}

/// The first instant from this one on at which a room is neither quiet nor muted.
pub(super) fn silent_until(room: &Room, zone: Tz, now: DateTime<Utc>) -> DateTime<Utc> {
    let mut at = now;
    // The end of a mute can be in quiet hours, but the end of quiet hours is in no others.
    for _ in 0..2 {
        at = room.muted_until.map_or(at, |until| until.max(at));
        at = room.quiet.and_then(|quiet| quiet.ends(at, zone)).unwrap_or(at);
    }
    at
}

#[cfg(test)]
mod tests {
    use chrono_tz::Europe::Berlin;

    use super::*;
    use crate::domain::hours::{Digest, Quiet};

    fn utc(text: &str) -> DateTime<Utc> {
        format!("{text}:00Z").parse().unwrap()
    }

    fn room(digest: Option<&str>, quiet: Option<(&str, &str)>, muted: Option<&str>) -> Room {
        let hour = |text: &str| text.parse().unwrap();
        Room {
            digest: digest.map(|at| Digest { day: None, at: hour(at) }),
            quiet: quiet.map(|(from, to)| Quiet { from: hour(from), to: hour(to) }),
            muted_until: muted.map(utc),
            ..Room::default()
        }
    }

    #[test]
    fn a_room_without_hours_is_told_at_once() {
        let now = utc("2026-11-20T12:00");
        assert_eq!(holds_until(&room(None, None, None), Berlin, now), None);
        assert_eq!(holds_until(&room(None, Some(("22:00", "7:00")), None), Berlin, now), None);
        assert_eq!(comes(&room(None, None, Some("2026-11-20T14:00")), Berlin, now), utc("2026-11-20T14:00"));
    }

    #[test]
    fn a_digest_does_not_come_in_quiet_hours_nor_while_the_room_is_muted() {
        let night = Some(("22:00", "7:00"));
        let at = |digest, quiet, muted, now| holds_until(&room(digest, quiet, muted), Berlin, utc(now));
        assert_eq!(at(Some("9:00"), None, None, "2026-11-20T12:00"), Some(utc("2026-11-21T08:00")));
        assert_eq!(at(None, night, None, "2026-11-20T22:00"), Some(utc("2026-11-21T06:00")));
        assert_eq!(at(Some("6:00"), night, None, "2026-11-20T12:00"), Some(utc("2026-11-21T06:00")));
        assert_eq!(at(Some("9:00"), night, None, "2026-11-20T23:00"), Some(utc("2026-11-21T08:00")));
        let muted = Some("2026-11-21T22:00");
        assert_eq!(at(Some("9:00"), night, muted, "2026-11-20T12:00"), Some(utc("2026-11-22T06:00")));
    }
}

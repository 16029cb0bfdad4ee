//! What a person can SAY: text to [`Command`] and back. Pure and synchronous. What it means is in `domain`, under the same basename.
//!
//! # Layout
//!
//! * `mod.rs`      [`Command`], [`Said`], [`Fault`] and what else it is made of
//! * `parse.rs`    text to [`Said`]: a message, an answer to a card, several commands in one message
//! * `verb.rs`     the table of verbs: words, arguments, help, who may; the only list of verbs there is
//! * `args.rs`     what stands behind a verb: the item, words, free text
//! * `word.rs`     words and quotes
//! * `token.rs`    what stands among the words: `#tag @person !high in:project due:fri needs:T3 for:T7`
//! * `draft.rs`    the text of a new item: title, body, criteria
//! * `filter.rs`   the words of a list, a board, a follow
//! * `when.rs`     dates in the room's time zone; `when_korean.rs` Korean ones
//! * `korean.rs`   the Korean words of all this, each with the English one it stands for
//! * `print.rs`    [`Command`] to its canonical text
//! * `fault.rs`    a [`Fault`] as people see it; the nearest word
//! * `idea.rs`, `research.rs`, `todo.rs`, `pr.rs`, `item.rs`   the verbs of each bucket and of any item
//! * `look.rs`, `room.rs`, `person.rs`   looks, rooms, people
//! * `confirm.rs`  the answer to a question
//! * `hours.rs`    when a room is told: digests and quiet hours
//! * `report.rs`   reports: run one, send one
//! * `remind.rs`   reminders
//! * `undo.rs`     what is taken back
//! * `help.rs`     /help from the table
//! * `menu.rs`     what stands behind each verb, with its type, for platforms that declare commands

mod args;
mod confirm;
mod draft;
mod fault;
mod filter;
mod help;
mod hours;
mod idea;
mod item;
mod korean;
mod look;
pub mod menu;
mod moment;
mod parse;
mod person;
mod pr;
mod print;
mod remind;
mod report;
mod research;
mod room;
#[cfg(test)]
mod tests;
mod todo;
mod token;
mod undo;
mod verb;
pub mod when;
mod when_korean;
mod word;

pub use draft::draft;
pub use help::{Help, Line, Section, help};
pub use korean::{as_said, begins, choice_in};
pub use parse::{parse, parse_reply, split};
pub use person::LINK_CODE_CHARS;
pub(crate) use remind::leads;
pub use verb::{Group, Verb, verbs};

use std::{ops::Range, sync::Arc};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::{
    domain::{
        Bucket, Filter, Handle, ItemRef, Role,
        item::{Act, Draft},
        report::ReportName,
        room as room_domain,
        undo::Back,
    },
    lang::Wording,
};

/// What parsing may know.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// The wall clock.
    pub now: DateTime<Utc>,
    /// The room's time zone.
    pub time_zone: Tz,
    /// A line that begins with a verb is a command even without `/`.
    pub bare_verbs: bool,
}

/// An item, with the version it was seen at when the command comes from a button: `T7`, `T7@5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// Which.
    pub item: ItemRef,
    /// At which version it must still be.
    pub version: Option<u64>,
}

/// A moment of the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// An instant: whatever was recorded until then had happened.
    At(DateTime<Utc>),
    /// A position in the log: so many commits had happened.
    Position(u64),
}

impl Moment {
    /// Its canonical text, one word: `2026-11-13`, `2026-11-13T09:00`, `#4812`.
    pub fn to_text(self, time_zone: Tz) -> String {
        moment::print(self, time_zone)
    }
}

/// A look: it changes nothing. `at` is the moment it looks at; now when nothing is said. An item that is not said comes from the card that is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// `/show T7`, or `T7` alone.
    Show {
        /// Which.
        target: Option<Target>,
        /// When.
        at: Option<Moment>,
    },
    /// `/list [filter] [page:2]`
    List {
        /// Which.
        filter: Filter<Handle>,
        /// From 1.
        page: u32,
        /// When.
        at: Option<Moment>,
    },
    /// `/board [filter]`
    Board {
        /// Which.
        filter: Filter<Handle>,
        /// When.
        at: Option<Moment>,
    },
    /// `/mine [filter]`
    Mine {
        /// Which.
        filter: Filter<Handle>,
        /// When.
        at: Option<Moment>,
    },
    /// `/next [filter]`: what can be done now.
    Next {
        /// Which.
        filter: Filter<Handle>,
        /// When.
        at: Option<Moment>,
    },
    /// `/find words [filter] [page:2]`
    Find {
        /// With at least one word.
        filter: Filter<Handle>,
        /// From 1.
        page: u32,
        /// When.
        at: Option<Moment>,
    },
    /// `/history T7 [page:2]`
    History {
        /// Which.
        target: Option<Target>,
        /// From 1; the newest first page.
        page: u32,
        /// When.
        at: Option<Moment>,
    },
    /// `/why T7 [picture]`
    Why {
        /// Which.
        target: Option<Target>,
        /// When.
        at: Option<Moment>,
        /// As a picture too.
        picture: bool,
    },
    /// `/diff from..[to] [filter]`: what changed between two moments.
    Diff {
        /// The earlier moment.
        from: Moment,
        /// The later one; now when nothing is said.
        to: Option<Moment>,
        /// Of which items.
        filter: Filter<Handle>,
    },
    /// `/stats [picture] [from..to] [filter]`: throughput, lead and cycle time, work in progress, burn-up.
    Stats {
        /// Of which items.
        filter: Filter<Handle>,
        /// From when; some weeks back when nothing is said.
        from: Option<Moment>,
        /// Until when; now when nothing is said.
        to: Option<Moment>,
        /// As a picture too.
        picture: bool,
    },
    /// `/report` with nothing behind it: which there are.
    Reports,
    /// `/report name [words] [at when]`
    Report {
        /// Which.
        name: ReportName,
        /// What the script is given.
        words: Vec<String>,
        /// Only what had happened by then.
        at: Option<DateTime<Utc>>,
    },
    /// `/people`
    People,
    /// `/rooms`
    Rooms,
    /// `/follow` with nothing behind it: what this room follows, and its settings.
    Follows,
    /// `/digest` or `/quiet` with nothing behind it: when this room is told, and what is held for it.
    Hours,
    /// `/prefer` with nothing behind it: where whoever asks is told of what is theirs.
    Prefers,
    /// `/lang` with nothing behind it: the language of this room.
    Language,
    /// `/react` with nothing behind it: what reactions mean in this room.
    Reactions,
    /// `/remind` with nothing behind it: what this room is reminded of, and what somebody asked to be reminded of.
    Reminders,
    /// `/status [all]`
    Status {
        /// Not only what matters now.
        all: bool,
    },
    /// `/help [verb]`
    Help {
        /// The verb asked about, as typed.
        verb: Option<String>,
    },
    /// `/start [payload]`: welcome; a payload `T7` shows T7 and never acts.
    Start {
        /// What a deep link carried.
        payload: Option<String>,
    },
    /// `/pair` with nothing behind it: who waits to be let in.
    Pending,
}

impl Look {
    /// The moment it looks at; `None`: now.
    pub fn at(&self) -> Option<Moment> {
        match self {
            Self::Show { at, .. }
            | Self::List { at, .. }
            | Self::Board { at, .. }
            | Self::Mine { at, .. }
            | Self::Next { at, .. }
            | Self::Find { at, .. }
            | Self::History { at, .. }
            | Self::Why { at, .. } => *at,
            _ => None,
        }
    }
}

/// What can be done about people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PersonCommand {
    /// `/claim CODE`: become owner.
    Claim {
        /// As typed, upper case.
        code: String,
    },
    /// `/pair CODE [role] [as @kim]`: let somebody in, or know somebody on another platform too.
    Pair {
        /// As typed, upper case.
        code: String,
        /// What they may do; member when not said.
        role: Option<Role>,
        /// The person this is, if we know them already.
        known_as: Option<Handle>,
    },
    /// `/grant @dana maintainer`
    Grant {
        /// Who.
        person: Handle,
        /// What.
        role: Role,
    },
    /// `/revoke @dana`
    Revoke {
        /// Who.
        person: Handle,
    },
    /// `/forget @dana`
    Forget {
        /// Who.
        person: Handle,
    },
    /// `/link` with nothing behind it: a code to be known on another platform with.
    LinkOffer,
    /// `/link CODE`: the code, from the other platform.
    LinkTake {
        /// As typed, upper case.
        code: String,
    },
    /// `/prefer console`: told there of what is theirs; `/prefer off`.
    Prefer {
        /// The platform, as typed, lower case; `None`: where they were heard last.
        bot: Option<String>,
    },
    /// `/unlink console`: not known there any more.
    Unlink {
        /// The platform, or the account as /people shows it; lower case.
        account: String,
    },
}

/// What can be made anew in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rebuild {
    /// `/rebuild here [filter]`: its board and the open cards it is concerned with, or those that are named.
    Here {
        /// Which cards; an empty filter is those the room is concerned with.
        filter: Filter<Handle>,
    },
    /// `/rebuild here from room`: the same, after it follows and is set to what another room is.
    From {
        /// The other room, as it is called or as /rooms shows it.
        room: String,
    },
    /// `/rebuild yes CODE`: all the messages that were warned of; the code came with the question.
    Yes {
        /// As typed, upper case.
        code: String,
    },
}

/// What can be done about reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReportCommand {
    /// `/report save name` with the script on the lines below.
    Save {
        /// Under which name.
        name: ReportName,
        /// What.
        script: Arc<str>,
    },
    /// `/report remove name`
    Remove {
        /// Which.
        name: ReportName,
    },
}

/// What a person can do about reminders of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RemindCommand {
    /// `/remind T7 when [words]`. An item that is not said comes from the card that is answered.
    Ask {
        /// Which item.
        target: Option<Target>,
        /// When.
        at: DateTime<Utc>,
        /// Of what; may be empty.
        words: String,
    },
    /// `/remind T7 off`: none of those they asked for.
    Drop {
        /// Which item.
        target: Target,
    },
}

/// What a person said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// `/idea /research /todo /pr text`
    Create {
        /// Where.
        bucket: Bucket,
        /// What.
        draft: Draft<Handle>,
    },
    /// Something done to an item. An item that is not said comes from the card that is answered.
    Item {
        /// Which.
        target: Option<Target>,
        /// What.
        act: Act<Handle>,
    },
    /// A look.
    Look(Look),
    /// About this room.
    Room(room_domain::Command<Handle>),
    /// Boards and cards made anew in this room.
    Rebuild(Rebuild),
    /// About people.
    Person(PersonCommand),
    /// About reports.
    Report(ReportCommand),
    /// `/confirm CODE [command]`, `/confirm no CODE`: the answer to a question. The button of one.
    Confirm {
        /// Which question; upper case.
        code: String,
        /// Whether it is meant.
        yes: bool,
        /// The command that asks for it again, should nothing be known of the question; may be empty.
        again: String,
    },
    /// About reminders.
    Remind(RemindCommand),
    /// `/undo [T7[@version] [parts]]…`: taken back, all of them or none.
    Undo {
        /// What; at least one.
        acts: Vec<Back<Handle>>,
    },
}

/// What a piece of text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// A command.
    Command(Command),
    /// No command: a bare sentence, to be captured in a direct room or noted when it answers a card.
    Words(String),
}

/// Why a text is no command: what is wrong, where, what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The text that was parsed.
    pub input: String,
    /// The bytes of `input` that are at fault (on character boundaries; may be empty at the end when something is missing).
    pub at: Range<usize>,
    /// What is wrong and what to do, one sentence or two.
    pub what: Wording,
    /// Whole commands that may have been meant, best first, at most three; each parses.
    pub meant: Vec<String>,
}

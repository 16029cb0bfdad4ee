//! Stable stored names, schema versions and bytes of every event: the one place that knows how an event looks on disk.
//!
//! # Rules
//!
//! * A stored name is never changed and never used for anything else, whatever its variant is called in the code.
//! * A field may be added to the optional ones of a row under the same schema, when a reader that does not know it is
//!   still right. Anything else raises the row's schema, and `STEPS` gets a row that brings the older one up to it.
//! * `stored_golden.jsonl` holds the bytes of every name and schema ever released, with and without the optional fields.
//!   A released line is never edited or removed: lines are only added, and every line must decode for ever.
//!
//! A row of the table reads: name, schema, required fields, optional fields (left out when empty), variant.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, value::to_raw_value};

use super::{
    Bucket, Due, Event, Filter, Handle, Identity, ItemRef, PersonId, Priority, Project, Role, Tag,
    hours::{Digest, Quiet},
    idea,
    item::{self, After, Also, Attachment, Carry, Fact, LinkTarget, Relation, Reversed},
    person, pr, reminder, report, research, room, todo,
    undo::Part,
};
use crate::{
    lang::{Wording, worded, wording},
    log::StoredEvent,
};

/// Why stored bytes are no event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// A name that this version does not have.
    UnknownName {
        /// Which.
        name: String,
    },
    /// A schema that this version does not have.
    NewerSchema {
        /// Which event.
        name: &'static str,
        /// Its schema.
        found: u16,
        /// The newest schema this version knows.
        known: u16,
    },
    /// Bytes that are not what the name and schema say.
    Malformed {
        /// Which event.
        name: &'static str,
        /// Its schema.
        schema: u16,
        /// What is wrong with it.
        why: String,
    },
}

worded!(DecodeError);

impl DecodeError {
    /// Why not.
    pub fn wording(&self) -> Wording {
        match self {
            Self::UnknownName { name } => wording!("reason-unknown-event", name = format!("{name:?}")),
            Self::NewerSchema { name, found, known } => {
                wording!("reason-newer-event", name = *name, found = found.to_string(), known = known.to_string())
            }
            Self::Malformed { name, schema, why } => {
                wording!("reason-malformed-event", name = *name, schema = schema.to_string(), why)
            }
        }
    }

    /// Whether a newer version wrote it: it is well, and this version is too old for it.
    pub fn is_newer(&self) -> bool {
        matches!(self, Self::UnknownName { .. } | Self::NewerSchema { .. })
    }
}

/// What is left out of a payload when there is nothing in it.
trait Optional {
    fn is_absent(&self) -> bool;
}

impl Optional for String {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl<T> Optional for Vec<T> {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl<T> Optional for Option<T> {
    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl Optional for Carry {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl Optional for Filter {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl<T: Default + PartialEq> Optional for Box<T> {
    fn is_absent(&self) -> bool {
        **self == T::default()
    }
}

impl<T: Optional> Optional for &T {
    fn is_absent(&self) -> bool {
        (**self).is_absent()
    }
}

macro_rules! stored {
    ($(
        $name:literal $schema:literal
        { $($field:ident: $type:ty),* }
        [ $($optional:ident: $optional_type:ty),* ]
        ($($variant:tt)*)
    )*) => {
        /// Every stored name with its newest schema.
        pub const NAMES: &[(&str, u16)] = &[$(($name, $schema)),*];

        /// The event as it is stored.
        pub fn encode(event: &Event) -> StoredEvent {
            match event {$(
                $($variant)* => {
                    #[derive(Serialize)]
                    struct Payload<'a> {
                        $($field: &'a $type,)*
                        $(#[serde(skip_serializing_if = "Optional::is_absent")] $optional: &'a $optional_type,)*
                        #[serde(skip)]
                        lifetime: std::marker::PhantomData<&'a ()>,
                    }
                    let lifetime = std::marker::PhantomData;
                    stored($name, $schema, &Payload { $($field,)* $($optional,)* lifetime })
                }
            )*}
        }

        /// The event that is stored there.
        ///
        /// # Errors
        /// [`DecodeError`], when it was written by a newer version or is damaged.
        pub fn decode(event: &StoredEvent) -> Result<Event, DecodeError> {
            match &*event.name {
                $($name => {
                    #[derive(Deserialize)]
                    struct Payload {
                        $($field: $type,)*
                        $(#[serde(default)] $optional: $optional_type,)*
                    }
                    let Payload { $($field,)* $($optional,)* } = payload($name, $schema, event)?;
                    Ok($($variant)*)
                })*
                name => Err(DecodeError::UnknownName { name: name.to_owned() }),
            }
        }
    };
}

stored! {
    "idea_created" 1 { title: String } [ body: String, from: Option<ItemRef> ]
        (Event::Item(item::Event::Idea(idea::Event::Created { title, body, from })))
    "idea_refined" 1 { text: String } []
        (Event::Item(item::Event::Idea(idea::Event::Refined { text })))
    "idea_rejected" 1 {} [ reason: String ]
        (Event::Item(item::Event::Idea(idea::Event::Rejected { reason })))
    "idea_promoted" 1 { to: Bucket } [ carry: Carry ]
        (Event::Item(item::Event::Idea(idea::Event::Promoted { to, carry })))
    "idea_reopened" 1 {} [ reason: String ]
        (Event::Item(item::Event::Idea(idea::Event::Reopened { reason })))

    "research_started" 1 { title: String } [ body: String, from: Option<ItemRef> ]
        (Event::Item(item::Event::Research(research::Event::Started { title, body, from })))
    "finding_added" 1 { text: String } [ corrects: Option<u64> ]
        (Event::Item(item::Event::Research(research::Event::FindingAdded { text, corrects })))
    "research_done" 1 {} [ conclusion: String, to: Option<Bucket>, carry: Carry ]
        (Event::Item(item::Event::Research(research::Event::Done { conclusion, to, carry })))
    "research_reopened" 1 {} [ reason: String ]
        (Event::Item(item::Event::Research(research::Event::Reopened { reason })))

    "todo_created" 1 { title: String } [ body: String, from: Option<ItemRef> ]
        (Event::Item(item::Event::Todo(todo::Event::Created { title, body, from })))
    "criterion_added" 1 { text: String } []
        (Event::Item(item::Event::Todo(todo::Event::CriterionAdded { text })))
    "todo_assigned" 1 { person: PersonId } []
        (Event::Item(item::Event::Todo(todo::Event::Assigned { person })))
    "prerequisite_added" 1 { needs: ItemRef } []
        (Event::Item(item::Event::Todo(todo::Event::PrerequisiteAdded { needs })))
    "prerequisite_removed" 1 { needs: ItemRef } []
        (Event::Item(item::Event::Todo(todo::Event::PrerequisiteRemoved { needs })))
    "todo_started" 1 {} []
        (Event::Item(item::Event::Todo(todo::Event::Started)))
    "todo_completed" 1 {} [ despite: Vec<ItemRef> ]
        (Event::Item(item::Event::Todo(todo::Event::Completed { despite })))
    "todo_promoted" 1 {} [ carry: Carry ]
        (Event::Item(item::Event::Todo(todo::Event::Promoted { carry })))
    "todo_reopened" 1 {} [ reason: String ]
        (Event::Item(item::Event::Todo(todo::Event::Reopened { reason })))

    "pr_created" 1 { title: String } [ body: String, from: Option<ItemRef> ]
        (Event::Item(item::Event::Pr(pr::Event::Created { title, body, from })))
    "pr_reviewed" 1 { verdict: pr::Verdict } [ text: String ]
        (Event::Item(item::Event::Pr(pr::Event::Reviewed { verdict, text })))
    "pr_merged" 1 {} []
        (Event::Item(item::Event::Pr(pr::Event::Merged)))
    "pr_closed" 1 {} [ reason: String ]
        (Event::Item(item::Event::Pr(pr::Event::Closed { reason })))
    "pr_reopened" 1 {} [ reason: String ]
        (Event::Item(item::Event::Pr(pr::Event::Reopened { reason })))

    "retitled" 1 { title: String } []
        (Event::Item(item::Event::Fact(Fact::Retitled { title })))
    "described" 1 {} [ body: String ]
        (Event::Item(item::Event::Fact(Fact::Described { body })))
    "noted" 1 { text: String } [ corrects: Option<u64> ]
        (Event::Item(item::Event::Fact(Fact::Noted { text, corrects })))
    "tagged" 1 { tag: Tag } []
        (Event::Item(item::Event::Fact(Fact::Tagged { tag })))
    "untagged" 1 { tag: Tag } []
        (Event::Item(item::Event::Fact(Fact::Untagged { tag })))
    "prioritised" 1 { priority: Priority } []
        (Event::Item(item::Event::Fact(Fact::Prioritised { priority })))
    "due_set" 1 {} [ due: Option<Due> ]
        (Event::Item(item::Event::Fact(Fact::DueSet { due })))
    "assigned" 1 { person: PersonId } []
        (Event::Item(item::Event::Fact(Fact::Assigned { person })))
    "unassigned" 1 { person: PersonId } []
        (Event::Item(item::Event::Fact(Fact::Unassigned { person })))
    "moved_to_project" 1 {} [ project: Option<Project> ]
        (Event::Item(item::Event::Fact(Fact::MovedToProject { project })))
    "linked" 1 { relation: Relation, to: LinkTarget } []
        (Event::Item(item::Event::Fact(Fact::Linked { relation, to })))
    "attached" 1 { attachment: Attachment } []
        (Event::Item(item::Event::Fact(Fact::Attached { attachment })))
    "reversed" 1
        { version: u64, takes: Vec<u64> }
        [ back: Vec<u64>, parts: Vec<Part>, what: Vec<String>, after: Box<After>, also: Vec<Also> ]
        (Event::Item(item::Event::Reversed(Reversed { version, takes, back, parts, what, after, also })))

    "person_paired" 1 { name: String, handle: Handle, identity: Identity, role: Role } []
        (Event::Person(person::Event::Paired { name, handle, identity, role }))
    "identity_linked" 1 { identity: Identity } []
        (Event::Person(person::Event::IdentityLinked { identity }))
    "role_granted" 1 { role: Role } []
        (Event::Person(person::Event::RoleGranted { role }))
    "role_revoked" 1 {} []
        (Event::Person(person::Event::RoleRevoked))
    "person_forgotten" 1 {} []
        (Event::Person(person::Event::Forgotten))
    "person_reversed" 1 { version: u64, takes: Vec<u64> } [ what: Vec<String>, after: Box<person::After> ]
        (Event::Person(person::Event::Reversed(person::Reversed { version, takes, what, after })))

    "identity_unlinked" 1 { identity: Identity } []
        (Event::Person(person::Event::IdentityUnlinked { identity }))
    "person_merged" 1 { into: PersonId } []
        (Event::Person(person::Event::Merged { into }))
    "person_preferred" 1 {} [ bot: Option<String> ]
        (Event::Person(person::Event::Preferred { bot }))

    "room_enabled" 1 {} [ title: String ]
        (Event::Room(room::Event::Enabled { title }))
    "room_disabled" 1 {} []
        (Event::Room(room::Event::Disabled))
    "room_followed" 1 { filter: Filter } []
        (Event::Room(room::Event::Followed { filter }))
    "room_unfollowed" 1 {} [ filter: Option<Filter> ]
        (Event::Room(room::Event::Unfollowed { filter }))
    "room_muted" 1 {} [ until: Option<DateTime<Utc>> ]
        (Event::Room(room::Event::Muted { until }))
    "room_digest_set" 1 {} [ digest: Option<Digest> ]
        (Event::Room(room::Event::SettingChanged(room::Setting::Digest(digest))))
    "room_quiet_set" 1 {} [ hours: Option<Quiet> ]
        (Event::Room(room::Event::SettingChanged(room::Setting::Quiet(hours))))
    "room_urgent_set" 1 { passes: bool } []
        (Event::Room(room::Event::SettingChanged(room::Setting::Urgent(passes))))
    "room_digest_asked" 1 {} []
        (Event::Room(room::Event::DigestAsked))
    // Every other setting: an older version reads those above as what a newer one wrote.
    "room_setting_changed" 1 { change: room::Setting } []
        (Event::Room(room::Event::SettingChanged(change)))

    "report_saved" 1 { script: Arc<str> } []
        (Event::Report(report::Event::Saved { script }))
    "report_removed" 1 {} []
        (Event::Report(report::Event::Removed))
    "reminder_asked" 1 { person: PersonId, at: DateTime<Utc> } [ words: String ]
        (Event::Reminder(reminder::Event::Asked { person, at, words }))
    "reminder_dropped" 1 { person: PersonId } []
        (Event::Reminder(reminder::Event::Dropped { person }))
    "reminded" 1 { subject: reminder::Subject, after: DateTime<Utc>, at: DateTime<Utc> } []
        (Event::Reminder(reminder::Event::Reminded { subject, after, at }))
    "room_reaction_mapped" 1 { emoji: room::Emoji } [ verb: Option<room::ReactionVerb> ]
        (Event::Room(room::Event::ReactionMapped { emoji, verb }))
    "room_reactions_cleared" 1 {} []
        (Event::Room(room::Event::ReactionsCleared))
    "room_reversed" 1 { version: u64, takes: Vec<u64> } [ what: Vec<String>, after: Box<room::After> ]
        (Event::Room(room::Event::Reversed(room::Reversed { version, takes, what, after })))
    "board_pinned" 1 {} [ filter: Filter ]
        (Event::Room(room::Event::BoardPinned { filter }))
    "board_unpinned" 1 {} []
        (Event::Room(room::Event::BoardUnpinned))
}

#[expect(clippy::expect_used, reason = "a payload is a struct of strings, numbers, lists and enums: all of it is JSON")]
fn stored(name: &'static str, schema: u16, payload: &impl Serialize) -> StoredEvent {
    StoredEvent { name: name.into(), schema, data: to_raw_value(payload).expect("an event can be written as JSON") }
}

fn payload<T: DeserializeOwned>(name: &'static str, known: u16, event: &StoredEvent) -> Result<T, DecodeError> {
    let malformed =
        |error: serde_json::Error| DecodeError::Malformed { name, schema: event.schema, why: error.to_string() };
    let found = event.schema;
    if found == known {
        return serde_json::from_str(event.data.get()).map_err(malformed);
    }
    if found > known {
        return Err(DecodeError::NewerSchema { name, found, known });
    }
    let value = serde_json::from_str(event.data.get()).map_err(malformed)?;
    let value = (found..known).try_fold(value, |value, schema| upcast(name, schema, value))?;
    serde_json::from_value(value).map_err(malformed)
}

/// Brings a payload of one schema up to the next one; an error says what is wrong with it.
type Step = fn(Value) -> Result<Value, String>;

/// Every step from an older schema to the next one: stored name, the schema it reads, the step.
///
/// No released name has an older schema yet. One that gets one has a row here for each step, and its lines in
/// `stored_golden.jsonl` stay: a test holds both. The rows for tests are the history a name could have.
const STEPS: &[(&str, u16, Step)] = &[
    #[cfg(test)]
    ("test_measured", 1, tests::hours_become_minutes),
    #[cfg(test)]
    ("test_measured", 2, tests::minutes_get_a_reason),
];

/// Brings a payload of an older schema up to the next one.
fn upcast(name: &'static str, schema: u16, value: Value) -> Result<Value, DecodeError> {
    let malformed = |why| DecodeError::Malformed { name, schema, why };
    match STEPS.iter().find(|(of, from, _)| (*of, *from) == (name, schema)) {
        Some((.., step)) => step(value).map_err(malformed),
        None => Err(malformed("there never was such a schema".to_owned())),
    }
}

#[cfg(test)]
#[path = "tests/reversals.rs"]
mod reversals;
#[cfg(test)]
#[path = "tests/stored.rs"]
mod tests;

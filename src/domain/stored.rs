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
    Bucket, Due, Event, Filter, Handle, Identity, ItemRef, PersonId, Priority, Project, Role, Tag, idea,
    item::{self, After, Also, Attachment, Carry, Fact, LinkTarget, Relation, Reversed},
    person, pr, report, research, room, todo,
    undo::Part,
};
use crate::log::StoredEvent;

/// Why stored bytes are no event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// A name that this version does not have.
    #[error("there is no event named {name:?} in this version: it was written by a newer yoman, so update")]
    UnknownName {
        /// Which.
        name: String,
    },
    /// A schema that this version does not have.
    #[error(
        "{name} has schema {found}, and this version knows up to {known}: it was written by a newer yoman, so update"
    )]
    NewerSchema {
        /// Which event.
        name: &'static str,
        /// Its schema.
        found: u16,
        /// The newest schema this version knows.
        known: u16,
    },
    /// Bytes that are not what the name and schema say.
    #[error("the payload of {name} (schema {schema}) cannot be read: {why}")]
    Malformed {
        /// Which event.
        name: &'static str,
        /// Its schema.
        schema: u16,
        /// What is wrong with it.
        why: String,
    },
}

impl DecodeError {
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
    "room_setting_changed" 1 { change: room::Setting } []
        (Event::Room(room::Event::SettingChanged(change)))

    "report_saved" 1 { script: Arc<str> } []
        (Event::Report(report::Event::Saved { script }))
    "report_removed" 1 {} []
        (Event::Report(report::Event::Removed))
    "room_reversed" 1 { version: u64, takes: Vec<u64> } [ what: Vec<String>, after: Box<room::After> ]
        (Event::Room(room::Event::Reversed(room::Reversed { version, takes, what, after })))
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
mod tests {
    use std::collections::HashSet;

    use super::{reversals::reversals, *};
    use crate::domain::spec::{now, r, tag};

    const GOLDEN: &str = include_str!("stored_golden.jsonl");

    fn parsed<T, E: std::fmt::Display>(parsed: Result<T, E>) -> T {
        parsed.unwrap_or_else(|error| panic!("{error}"))
    }

    fn whole_carry() -> Carry {
        Carry {
            tags: vec![tag("auth"), tag("größe")],
            people: vec![PersonId(2)],
            priority: Some(Priority::Urgent),
            project: Some(parsed(Project::new("app"))),
            due: Some(Due::Day(now().date_naive())),
            needs: vec![r("T1")],
            serves: vec![r("T3")],
        }
    }

    fn whole_filter() -> Filter {
        use crate::domain::filter::StateWord;
        Filter {
            buckets: Bucket::ALL.to_vec(),
            states: vec![
                StateWord::Open,
                StateWord::Running,
                StateWord::Doing,
                StateWord::Blocked,
                StateWord::Reviewed,
                StateWord::Done,
                StateWord::Promoted,
                StateWord::Rejected,
                StateWord::Merged,
                StateWord::Closed,
            ],
            tags: vec![tag("auth")],
            people: vec![PersonId(2)],
            projects: vec![parsed(Project::new("app"))],
            priorities: Priority::ALL.to_vec(),
            items: vec![r("P4")],
            due: Some(Due::At(now())),
            words: vec!["login".into()],
        }
    }

    /// The events of the golden lines, in their order: each with all of its fields, then with as few as it can have. New
    /// ones are added at the end.
    fn samples() -> Vec<Event> {
        let title = || "Fix \"login\" – schnell".to_owned();
        let body = || "It loops.\nAlways.".to_owned();
        let text = || "because".to_owned();
        let (no, from) = (String::new, Some(r("I3")));
        let attachment = |name, bytes| Attachment {
            bot: "console".into(),
            kind: "document".into(),
            file_id: "f1".into(),
            name,
            bytes,
        };
        let mut events: Vec<Event> = Vec::new();
        let mut item = |event: item::Event| events.push(Event::Item(event));

        item(idea::Event::Created { title: title(), body: body(), from }.into());
        item(idea::Event::Created { title: title(), body: no(), from: None }.into());
        item(idea::Event::Refined { text: text() }.into());
        item(idea::Event::Rejected { reason: text() }.into());
        item(idea::Event::Rejected { reason: no() }.into());
        item(idea::Event::Promoted { to: Bucket::Research, carry: whole_carry() }.into());
        item(idea::Event::Promoted { to: Bucket::Todo, carry: Carry::default() }.into());
        item(idea::Event::Reopened { reason: text() }.into());
        item(idea::Event::Reopened { reason: no() }.into());

        item(research::Event::Started { title: title(), body: body(), from }.into());
        item(research::Event::Started { title: title(), body: no(), from: None }.into());
        item(research::Event::FindingAdded { text: text(), corrects: Some(3) }.into());
        item(research::Event::FindingAdded { text: text(), corrects: None }.into());
        item(research::Event::Done { conclusion: text(), to: Some(Bucket::Pr), carry: whole_carry() }.into());
        item(research::Event::Done { conclusion: no(), to: None, carry: Carry::default() }.into());
        item(research::Event::Reopened { reason: text() }.into());
        item(research::Event::Reopened { reason: no() }.into());

        item(todo::Event::Created { title: title(), body: body(), from }.into());
        item(todo::Event::Created { title: title(), body: no(), from: None }.into());
        item(todo::Event::CriterionAdded { text: text() }.into());
        item(todo::Event::Assigned { person: PersonId(2) }.into());
        item(todo::Event::PrerequisiteAdded { needs: r("T1") }.into());
        item(todo::Event::PrerequisiteRemoved { needs: r("R2") }.into());
        item(todo::Event::Started.into());
        item(todo::Event::Completed { despite: vec![r("T1"), r("P4")] }.into());
        item(todo::Event::Completed { despite: vec![] }.into());
        item(todo::Event::Promoted { carry: whole_carry() }.into());
        item(todo::Event::Promoted { carry: Carry::default() }.into());
        item(todo::Event::Reopened { reason: text() }.into());
        item(todo::Event::Reopened { reason: no() }.into());

        item(pr::Event::Created { title: title(), body: body(), from }.into());
        item(pr::Event::Created { title: title(), body: no(), from: None }.into());
        item(pr::Event::Reviewed { verdict: pr::Verdict::Approve, text: text() }.into());
        item(pr::Event::Reviewed { verdict: pr::Verdict::Changes, text: no() }.into());
        item(pr::Event::Reviewed { verdict: pr::Verdict::Comment, text: text() }.into());
        item(pr::Event::Merged.into());
        item(pr::Event::Closed { reason: text() }.into());
        item(pr::Event::Closed { reason: no() }.into());
        item(pr::Event::Reopened { reason: text() }.into());
        item(pr::Event::Reopened { reason: no() }.into());

        item(Fact::Retitled { title: title() }.into());
        item(Fact::Described { body: body() }.into());
        item(Fact::Described { body: no() }.into());
        item(Fact::Noted { text: text(), corrects: Some(3) }.into());
        item(Fact::Noted { text: text(), corrects: None }.into());
        item(Fact::Tagged { tag: tag("größe") }.into());
        item(Fact::Untagged { tag: tag("auth") }.into());
        for &priority in Priority::ALL {
            item(Fact::Prioritised { priority }.into());
        }
        item(Fact::DueSet { due: Some(Due::Day(now().date_naive())) }.into());
        item(Fact::DueSet { due: Some(Due::At(now())) }.into());
        item(Fact::DueSet { due: None }.into());
        item(Fact::Assigned { person: PersonId(2) }.into());
        item(Fact::Unassigned { person: PersonId(2) }.into());
        item(Fact::MovedToProject { project: Some(parsed(Project::new("app"))) }.into());
        item(Fact::MovedToProject { project: None }.into());
        item(Fact::Linked { relation: Relation::For, to: LinkTarget::Item(r("T7")) }.into());
        item(
            Fact::Linked { relation: Relation::Related, to: LinkTarget::Url("https://example.org/?a=b".into()) }.into(),
        );
        item(Fact::Attached { attachment: attachment(Some("log.txt".into()), Some(4096)) }.into());
        item(Fact::Attached { attachment: attachment(None, None) }.into());

        let identity = || Identity("console/4711".to_owned());
        for &role in Role::ALL {
            let (name, handle) = ("Dana Doe".to_owned(), parsed(Handle::new("dana")));
            events.push(Event::Person(person::Event::Paired { name, handle, identity: identity(), role }));
        }
        events.push(Event::Person(person::Event::IdentityLinked { identity: identity() }));
        events.push(Event::Person(person::Event::RoleGranted { role: Role::Maintainer }));
        events.push(Event::Person(person::Event::RoleRevoked));

        events.extend(
            [
                room::Event::Enabled { title: "Team".to_owned() },
                room::Event::Enabled { title: no() },
                room::Event::Disabled,
                room::Event::Followed { filter: whole_filter() },
                room::Event::Followed { filter: Filter::default() },
                room::Event::Unfollowed { filter: Some(whole_filter()) },
                room::Event::Unfollowed { filter: Some(Filter::default()) },
                room::Event::Unfollowed { filter: None },
                room::Event::Muted { until: Some(now()) },
                room::Event::Muted { until: None },
                room::Event::SettingChanged(room::Setting::Language("pt-BR".to_owned())),
                room::Event::SettingChanged(room::Setting::TimeZone(chrono_tz::Asia::Seoul)),
                room::Event::SettingChanged(room::Setting::DefaultBucket(Bucket::Todo)),
            ]
            .map(Event::Room),
        );
        events.push(Event::Person(person::Event::Forgotten));

        let script = "fn init() { 0 }\nfn apply(state, event) { state + 1 }\nfn show(state) { state }";
        events.push(Event::Report(report::Event::Saved { script: script.into() }));
        events.push(Event::Report(report::Event::Removed));
        events.extend(reversals(whole_filter()));
        events.push(Event::Person(person::Event::IdentityUnlinked { identity: identity() }));
        events.push(Event::Person(person::Event::Merged { into: PersonId(1) }));
        events
    }

    #[test]
    fn golden_lines_are_what_is_written_and_read() {
        let samples = samples();
        let lines: Vec<&str> = GOLDEN.lines().collect();
        let missing: Vec<_> =
            samples.iter().skip(lines.len()).map(|it| parsed(serde_json::to_string(&encode(it)))).collect();
        assert!(missing.is_empty(), "to be added at the end of stored_golden.jsonl:\n{}", missing.join("\n"));
        assert_eq!(samples.len(), lines.len(), "every golden line has its event among the samples");
        for (line, event) in lines.into_iter().zip(&samples) {
            let stored: StoredEvent = parsed(serde_json::from_str(line));
            assert_eq!(&parsed(decode(&stored)), event, "{line}");
            // A line of an older schema is read for ever, and not written any more.
            if NAMES.contains(&(&*stored.name, stored.schema)) {
                assert_eq!(parsed(serde_json::to_string(&encode(event))), line);
            }
        }
    }

    #[test]
    fn every_name_has_a_golden_line() {
        let lines: Vec<StoredEvent> = GOLDEN.lines().map(|line| parsed(serde_json::from_str(line))).collect();
        let golden: HashSet<_> = lines.iter().map(|it| (&*it.name, it.schema)).collect();
        for name in NAMES {
            assert!(golden.contains(name), "{name:?} has no golden line: add an event of it to the samples");
        }
        let unique: HashSet<_> = NAMES.iter().map(|(name, _)| name).collect();
        assert_eq!(unique.len(), NAMES.len(), "a stored name stands for one variant");
    }

    fn at(name: &str, schema: u16, data: &str) -> StoredEvent {
        let data = parsed(serde_json::value::RawValue::from_string(data.to_owned()));
        StoredEvent { name: name.into(), schema, data }
    }

    #[track_caller]
    fn refused(stored: &StoredEvent, said: &str) {
        let Err(error) = decode(stored) else { panic!("not refused") };
        assert_eq!(error.to_string(), said);
    }

    #[test]
    fn what_a_newer_version_wrote_says_so() {
        refused(
            &at("todo_levitated", 1, "{}"),
            "there is no event named \"todo_levitated\" in this version: it was written by a newer yoman, so update",
        );
        refused(
            &at("todo_started", 2, "{}"),
            "todo_started has schema 2, and this version knows up to 1: it was written by a newer yoman, so update",
        );
    }

    #[test]
    fn damaged_payloads_say_what_is_wrong() {
        refused(
            &at("todo_created", 1, "{\"body\":\"x\"}"),
            "the payload of todo_created (schema 1) cannot be read: missing field `title` at line 1 column 12",
        );
        refused(
            &at("tagged", 1, "{\"tag\":7}"),
            "the payload of tagged (schema 1) cannot be read: invalid type: integer `7`, expected a string at line 1 column 8",
        );
        refused(
            &at("todo_started", 0, "{}"),
            "the payload of todo_started (schema 0) cannot be read: there never was such a schema",
        );
        assert!(decode(&at("todo_started", 1, "null")).is_err());
    }

    /// What `test_measured` was in its three schemas: hours; minutes; minutes with a reason.
    pub(super) fn hours_become_minutes(mut value: Value) -> Result<Value, String> {
        let hours = value["hours"].as_u64().ok_or("hours is no number")?;
        value["minutes"] = (hours * 60).into();
        value.as_object_mut().ok_or("no object")?.remove("hours");
        Ok(value)
    }

    pub(super) fn minutes_get_a_reason(mut value: Value) -> Result<Value, String> {
        value["reason"] = "unknown".into();
        Ok(value)
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Measured {
        minutes: u64,
        reason: String,
    }

    #[test]
    fn a_payload_of_any_older_schema_is_brought_up_step_by_step() {
        let read = |schema, data| payload::<Measured>("test_measured", 3, &at("test_measured", schema, data));
        let measured = |minutes, reason: &str| Ok(Measured { minutes, reason: reason.to_owned() });
        assert_eq!(read(1, "{\"hours\":2}"), measured(120, "unknown"));
        assert_eq!(read(2, "{\"minutes\":7}"), measured(7, "unknown"));
        assert_eq!(read(3, "{\"minutes\":7,\"reason\":\"walk\"}"), measured(7, "walk"));
        // A step that cannot be made says at which schema; a newer one is never guessed.
        let said = |schema, data| read(schema, data).unwrap_err().to_string();
        assert_eq!(
            said(1, "{\"hours\":\"two\"}"),
            "the payload of test_measured (schema 1) cannot be read: hours is no number"
        );
        assert_eq!(
            said(4, "{\"minutes\":7}"),
            "test_measured has schema 4, and this version knows up to 3: it was written by a newer yoman, so update"
        );
        assert!(said(0, "{}").contains("there never was such a schema"));
    }

    #[test]
    fn every_schema_ever_released_has_a_step_to_the_next_and_a_golden_line() {
        let lines: Vec<StoredEvent> = GOLDEN.lines().map(|line| parsed(serde_json::from_str(line))).collect();
        for &(name, newest) in NAMES {
            for schema in 1..=newest {
                let step = STEPS.iter().any(|(of, from, _)| (*of, *from) == (name, schema));
                assert_eq!(step, schema < newest, "the step of {name} from schema {schema}");
                let golden = lines.iter().any(|it| (&*it.name, it.schema) == (name, schema));
                assert!(golden, "{name} of schema {schema} has no golden line");
            }
        }
        for (name, ..) in STEPS {
            assert!(name.starts_with("test_") || NAMES.iter().any(|(of, _)| of == name), "{name} is no stored name");
        }
    }

    #[test]
    fn an_optional_field_of_a_later_version_is_passed_over() {
        let stored = at("todo_started", 1, "{\"mood\":\"good\"}");
        assert_eq!(decode(&stored), Ok(Event::Item(todo::Event::Started.into())));
    }
}

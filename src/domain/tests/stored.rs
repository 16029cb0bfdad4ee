//! Every stored name, written and read as it always was.

use std::collections::HashSet;

use super::{reversals::reversals, *};
use crate::domain::{
    reminder::Subject,
    room::RemindChange,
    spec::{now, r, tag},
};

const GOLDEN: &str = include_str!("../stored_golden.jsonl");

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
        on: vec![],
    }
}

/// The events of the golden lines, in their order: each with all of its fields, then with as few as it can have. New
/// ones are added at the end.
fn samples() -> Vec<Event> {
    let title = || "Fix \"login\" – schnell".to_owned();
    let body = || "It loops.\nAlways.".to_owned();
    let text = || "because".to_owned();
    let (no, from) = (String::new, Some(r("I3")));
    let attachment =
        |name, bytes| Attachment { bot: "console".into(), kind: "document".into(), file_id: "f1".into(), name, bytes };
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
    item(Fact::Linked { relation: Relation::Related, to: LinkTarget::Url("https://example.org/?a=b".into()) }.into());
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
    for filter in [whole_filter(), Filter::default()] {
        events.push(Event::Room(room::Event::BoardPinned { filter }));
    }
    events.push(Event::Room(room::Event::BoardUnpinned));
    let board = Some(crate::domain::undo::Value::Is(whole_filter()));
    events.push(Event::Room(room::Event::Reversed(room::Reversed {
        version: 2,
        takes: vec![2],
        what: vec!["board_unpinned".to_owned()],
        after: Box::new(room::After { board, ..room::After::default() }),
    })));
    let emoji = |text| room::Emoji::read(text).unwrap_or_else(|| panic!("{text}"));
    let reactions = room::Reactions {
        mapped: vec![room::Mapped { emoji: emoji("✅"), verb: Some(room::ReactionVerb::Done) }],
        cleared: true,
    };
    events.extend(
        [
            room::Event::ReactionMapped { emoji: emoji("✅"), verb: Some(room::ReactionVerb::Done) },
            room::Event::ReactionMapped { emoji: emoji(":shipit2:"), verb: None },
            room::Event::ReactionsCleared,
            room::Event::Reversed(room::Reversed {
                version: 2,
                takes: vec![2],
                what: vec!["room_reactions_cleared".to_owned()],
                after: Box::new(room::After { reactions: Some(reactions), ..room::After::default() }),
            }),
        ]
        .map(Event::Room),
    );
    for verb in room::ReactionVerb::ALL {
        events.push(Event::Room(room::Event::ReactionMapped { emoji: emoji("👀"), verb: Some(verb) }));
    }
    let changes = [
        RemindChange::On,
        RemindChange::Off,
        RemindChange::DueMin(vec![1440, 60]),
        RemindChange::DueOff,
        RemindChange::StaleDays(14),
        RemindChange::BlockedDays(0),
    ];
    events.extend(changes.map(|it| Event::Room(room::Event::SettingChanged(room::Setting::Remind(it)))));
    let subjects = [
        Subject::Due(Due::Day(now().date_naive())),
        Subject::Due(Due::At(now())),
        Subject::Stale(now()),
        Subject::Blocked(now()),
        Subject::Asked(3),
    ];
    events.extend(
        subjects.map(|subject| Event::Reminder(reminder::Event::Reminded { subject, after: now(), at: now() })),
    );
    for words in ["call them".to_owned(), no()] {
        events.push(Event::Reminder(reminder::Event::Asked { person: PersonId(2), at: now(), words }));
    }
    events.push(Event::Reminder(reminder::Event::Dropped { person: PersonId(2) }));
    for bot in [Some("telegram".to_owned()), None] {
        events.push(Event::Person(person::Event::Preferred { bot }));
    }
    let hour = |text: &str| text.parse().unwrap_or_else(|()| panic!("{text} is a time of day"));
    let night = Quiet { from: hour("22:00"), to: hour("7:00") };
    let monday = Digest { day: Some(chrono::Weekday::Mon), at: hour("9:05") };
    for digest in [Some(monday), Some(Digest { day: None, at: hour("18:00") }), None] {
        events.push(Event::Room(room::Event::SettingChanged(room::Setting::Digest(digest))));
    }
    for hours in [Some(night), None] {
        events.push(Event::Room(room::Event::SettingChanged(room::Setting::Quiet(hours))));
    }
    events.push(Event::Room(room::Event::SettingChanged(room::Setting::Urgent(true))));
    events.push(Event::Room(room::Event::DigestAsked));
    let on = crate::domain::Kind::ALL.to_vec();
    events.push(Event::Room(room::Event::Followed { filter: Filter { on, ..Filter::default() } }));
    let hours = room::After {
        digest: Some(crate::domain::undo::Value::Is(monday)),
        quiet: Some(crate::domain::undo::Value::Nothing),
        urgent: Some(false),
        ..room::After::default()
    };
    let what = vec!["room_digest_set".to_owned()];
    let reversed = room::Reversed { version: 3, takes: vec![3], what, after: Box::new(hours) };
    events.push(Event::Room(room::Event::Reversed(reversed)));
    let prefers = Some(crate::domain::undo::Value::Is("telegram".to_owned()));
    let after = Box::new(person::After { prefers, ..person::After::default() });
    let what = vec!["person_preferred".to_owned()];
    events.push(Event::Person(person::Event::Reversed(person::Reversed { version: 5, takes: vec![5], what, after })));
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

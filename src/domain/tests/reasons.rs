//! Every reason there is, in Korean: nothing of it is left in English, and what goes in stands in it.

use chrono::{NaiveDate, TimeZone, Utc};

use crate::{
    domain::{
        Bucket, Due, Handle, Identity, ItemRef, PersonId, Priority, Project, Role, Tag, idea,
        item::{self, Irreversible, LinkTarget, Many, Text, Unchanged},
        person, pr, report, research, room, stored, todo,
        undo::{self, Part},
    },
    lang::{Lang, Wording},
};

fn t(number: u32) -> ItemRef {
    ItemRef::new(Bucket::Todo, number)
}

/// Words in Latin letters that are the same in Korean, or were typed.
const LATIN: &[&str] = &[
    "PR",
    "UTC",
    "yoman",
    "http",
    "https",
    "save",
    "remove",
    "ko",
    "en",
    "pt",
    "BR",
    "kim",
    "dana",
    "auth",
    "app",
    "en_US",
    "example",
    "org",
    "x",
    "person",
    "fake",
    "todo_created",
    "bad",
    "json",
];

#[track_caller]
fn in_korean(wording: &Wording) {
    let (english, korean) = (wording.say(Lang::English), wording.say(Lang::Korean));
    assert!(korean.chars().any(|c| matches!(c, '가'..='힣')), "{korean}");
    let words = korean.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(|word| !word.is_empty());
    for word in words.filter(|word| word.starts_with(|c: char| c.is_ascii_alphabetic())) {
        let known = LATIN.contains(&word) || word.parse::<ItemRef>().is_ok();
        assert!(known, "{word:?} is left in {korean:?} ({english:?})");
    }
    assert!(!korean.contains('{') && !korean.contains("()"), "{korean}");
}

fn item_errors() -> Vec<item::Error> {
    use item::Error::{
        Circular, Empty, LinkedToItself, NoAddress, NoSuchVersion, NoneNamed, NotOnwards, NothingChanges,
        OnlyTodosWait, TitleOfLines, TooLong, TooMany, WaitsForItself, Withdrawn, WrongBucket,
    };
    let item = t(7);
    let mut all = vec![
        Withdrawn { item, by: 3 },
        idea::Error::Rejected { item, reason: "x".into() }.into(),
        idea::Error::Rejected { item, reason: String::new() }.into(),
        idea::Error::Promoted { item }.into(),
        idea::Error::Open { item }.into(),
        research::Error::Done { item }.into(),
        research::Error::Running { item }.into(),
        todo::Error::Done { item }.into(),
        todo::Error::Doing { item }.into(),
        todo::Error::NotDone { item }.into(),
        todo::Error::Waiting { item, on: vec![(t(1), "로그인".into()), (t(2), "배포".into())] }.into(),
        pr::Error::Merged { item }.into(),
        pr::Error::Closed { item, reason: "x".into() }.into(),
        pr::Error::Open { item }.into(),
        pr::Error::Wordless { item }.into(),
        WaitsForItself { item },
        Circular { item, on: vec![t(1), t(2)] },
        LinkedToItself { item },
        TitleOfLines,
        NoAddress { url: "x".into() },
        NoSuchVersion { item, version: 3 },
    ];
    let whats = [
        "refine",
        "reject",
        "promote",
        "finding",
        "doing",
        "done",
        "need",
        "criterion",
        "review",
        "merge",
        "close",
        "that",
    ];
    let only: [&'static [Bucket]; 3] = [&[Bucket::Idea], &[Bucket::Research, Bucket::Todo], &Bucket::ALL];
    for (n, what) in whats.into_iter().enumerate() {
        all.push(WrongBucket { item, what, only: only[n % 3], instead: vec![] });
    }
    for bucket in Bucket::ALL {
        all.push(OnlyTodosWait { bucket });
        for to in Bucket::ALL {
            all.push(NotOnwards { item: ItemRef::new(bucket, 3), to });
        }
    }
    for what in [Text::Title, Text::Body, Text::Criterion, Text::Address, Text::Words] {
        all.extend([Empty { what }, TooLong { what, limit: 200, actual: 300 }]);
    }
    for what in [Many::Tags, Many::People, Many::Prerequisites, Many::Links, Many::Criteria, Many::Attachments] {
        all.extend([NoneNamed { what }, TooMany { what, actual: 101 }]);
    }
    let day = NaiveDate::from_ymd_opt(2026, 11, 27).unwrap();
    let tags = vec![Tag::new("auth").unwrap(), Tag::new("app").unwrap()];
    for what in [
        Unchanged::Title,
        Unchanged::Tagged(tags.clone()),
        Unchanged::NotTagged(tags),
        Unchanged::Priority(Priority::High),
        Unchanged::Due(Some(Due::Day(day))),
        Unchanged::Due(Some(Due::At(Utc.with_ymd_and_hms(2026, 11, 27, 9, 0, 0).unwrap()))),
        Unchanged::Due(None),
        Unchanged::Project(Some(Project::new("앱").unwrap())),
        Unchanged::Project(None),
        Unchanged::Assigned,
        Unchanged::NotAssigned,
        Unchanged::Needs(vec![t(1)]),
        Unchanged::DoesNotNeed(vec![t(1)]),
        Unchanged::Criterion,
        Unchanged::Linked(LinkTarget::Item(t(1))),
        Unchanged::Linked(LinkTarget::Url("https://example.org/x".into())),
        Unchanged::Edited,
    ] {
        all.push(NothingChanges { item, what });
    }
    all
}

fn person_errors() -> Vec<person::Error> {
    use person::{Deed, Error, Unchanged};
    let (handle, other) = (Handle::new("kim").unwrap(), Handle::new("dana").unwrap());
    let identity = Identity("fake/kim".into());
    let mut all = vec![
        Error::Paired { handle: handle.clone() },
        Error::NotPaired { id: PersonId(3) },
        Error::Revoked { handle: handle.clone() },
        Error::LastOwner { handle: handle.clone() },
        Error::Forgotten { handle: handle.clone() },
        Error::Merged { handle: handle.clone() },
        Error::NotKnownThere { handle: handle.clone(), identity: identity.clone() },
        Error::LastIdentity { handle: handle.clone() },
        Error::TooManyIdentities { handle: handle.clone() },
        Error::NothingChanges { handle: handle.clone(), what: Unchanged::NoRole },
        Error::NothingChanges { handle: handle.clone(), what: Unchanged::Identity(identity) },
    ];
    for role in Role::ALL.iter().copied() {
        all.push(Error::NothingChanges { handle: handle.clone(), what: Unchanged::Role(role) });
        all.push(Error::Outranks { handle: handle.clone(), role, other: other.clone(), less: Role::Guest });
        for what in
            [Deed::Admit(role), Deed::Change(Role::Guest, role), Deed::Take(role), Deed::Link(role), Deed::Forget]
        {
            all.push(Error::NotAllowed { what, actor: Role::Member, needed: role });
        }
    }
    all
}

#[test]
fn every_reason_is_said_in_korean() {
    for error in item_errors() {
        in_korean(&error.wording());
    }
    for error in person_errors() {
        in_korean(&error.wording());
    }
    let until = Utc.with_ymd_and_hms(2026, 11, 27, 9, 0, 0).unwrap();
    for error in [
        room::Error::Enabled,
        room::Error::NotEnabled,
        room::Error::Followed,
        room::Error::FollowsNothing,
        room::Error::UnknownFilter { follows: 3 },
        room::Error::TooManyFollows,
        room::Error::FilterTooLong { actual: 51 },
        room::Error::MuteInThePast { until },
        room::Error::Muted { until },
        room::Error::NotMuted,
        room::Error::Set,
        room::Error::NoLanguage("en_US".into()),
    ] {
        in_korean(&error.wording());
    }
    for error in [
        report::Error::BadName,
        report::Error::Empty,
        report::Error::TooLong(30_000),
        report::Error::TooMany,
        report::Error::Same,
        report::Error::Unknown,
    ] {
        in_korean(&error.wording());
    }
    for error in [
        undo::Irreversible::NoSuchVersion { version: 9 },
        undo::Irreversible::TakenBack { by: 9 },
        undo::Irreversible::Nothing,
        undo::Irreversible::Resting { by: 9 },
    ] {
        in_korean(&error.wording());
    }
    let parts = [
        Part::State,
        Part::Title,
        Part::Body,
        Part::Tags,
        Part::Prio,
        Part::Due,
        Part::People,
        Part::Project,
        Part::Links,
        Part::Needs,
        Part::Criteria,
        Part::Notes,
        Part::Findings,
        Part::Refinements,
        Part::Files,
        Part::Need(t(3)),
        Part::Link(t(3)),
        Part::Person(PersonId(1)),
    ];
    for part in parts {
        in_korean(&Irreversible::NoSuchPart { item: t(7), part: part.clone() }.wording());
        in_korean(&Irreversible::Nothing { item: t(7), part: Some(part) }.wording());
    }
    for error in [
        Irreversible::NoSuchVersion { item: t(7), version: 9 },
        Irreversible::TakenBack { item: t(7), by: 9 },
        Irreversible::Nothing { item: t(7), part: None },
        Irreversible::Whole,
        Irreversible::Withdrawn { item: t(7), by: 9 },
    ] {
        in_korean(&error.wording());
    }
    for error in [
        stored::DecodeError::UnknownName { name: "todo_created".into() },
        stored::DecodeError::NewerSchema { name: "todo_created", found: 3, known: 2 },
        stored::DecodeError::Malformed { name: "todo_created", schema: 1, why: "bad json".into() },
    ] {
        in_korean(&error.wording());
    }
}

//! Lists, the board, what is next, what was found; and that selecting agrees with the obvious way to do it.

use proptest::prelude::*;

use super::super::{select::Order, spec::*, *};
use crate::{
    command::{Command, Look, Said},
    domain::{Bucket, Due, Filter, Priority, Tag, filter::StateWord, item::Item},
};

fn filter(story: &Story, text: &str) -> Filter {
    let context = crate::command::Context { now: noon(), time_zone: chrono_tz::Asia::Seoul, bare_verbs: true };
    match crate::command::parse(&format!("/list {text}"), &context) {
        Ok(Said::Command(Command::Look(Look::List { filter, .. }))) => {
            filter.try_map_people(|handle| story.world.by_handle(&handle).map(|person| person.id).ok_or(())).unwrap()
        }
        other => panic!("{other:?}"),
    }
}

fn busy() -> Story {
    let mut story = Story::new();
    for text in [
        "todo Fix login #auth !high due:fri @dana",
        "todo Ship 2.0 needs:T1",
        "todo Old thing due:2026-11-20",
        "idea Dark mode #ui",
        "research Which store?",
        "pr Retry the upload @kim",
        "todo Done thing",
        "done T4",
        "todo Write the manual !urgent",
        "doing T3",
    ] {
        story.wait(10).say(text);
    }
    story
}

#[test]
fn lists_and_boards() {
    let story = busy();
    let me = viewer(Some(1));
    let list = |text: &str| shown(&story.world.list(&filter(&story, text), 1, &me));
    insta::assert_snapshot!(list(""), @r"
    7 open items
    T5   Write the manual   urgent
    T1   Fix login   high  due Fri 27 Nov   @dana
    T3 doing   Old thing   was due Fri 20 Nov
    P1   Retry the upload   @kim
    R1   Which store?
    I1   Dark mode
    T2 blocked   Ship 2.0
    ");
    insta::assert_snapshot!(list("todo open"), @r"
    3 todos: open
    T5   Write the manual   urgent
    T1   Fix login   high  due Fri 27 Nov   @dana
    T2 blocked   Ship 2.0
    ");
    insta::assert_snapshot!(list("closed"), @r"
    1 item: closed
    T4 done   Done thing
    ");
    insta::assert_snapshot!(list("due:2026-11-27"), @r"
    2 open items: due:2026-11-27
    T1   Fix login   high  due Fri 27 Nov   @dana
    T3 doing   Old thing   was due Fri 20 Nov
    ");
    insta::assert_snapshot!(shown(&story.world.board(&Filter::default(), &me)), @r"
    Board

    PRS 1
    P1   Retry the upload   @kim

    TODOS 4   1 doing, 1 blocked
    T5   Write the manual   urgent
    T1   Fix login   high  due Fri 27 Nov   @dana
    T3 doing   Old thing   was due Fri 20 Nov
    T2 blocked   Ship 2.0

    RESEARCH 1
    R1   Which store?

    IDEAS 1
    I1   Dark mode
       [Mine: /board @me at now] [!urgent: /board !urgent at now] [#auth: /board #auth at now]
    ");
    insta::assert_snapshot!(shown(&story.world.board(&filter(&story, "#auth"), &me)), @r"
    Board   #auth

    TODOS 1
    T1   Fix login   high  due Fri 27 Nov   @dana
       [Everything: /board at now] [Mine: /board #auth @me at now] [!high: /board #auth !high at now]
    ");
    insta::assert_snapshot!(shown(&story.world.next(&Filter::default(), PersonId(1), &me)), @r"
    Next, what presses most first
    T5   Write the manual   urgent
    T3 doing   Old thing   was due Fri 20 Nov
    R1   Which store?
    P1   Retry the upload   @kim
       [Start T5: /doing T5@2] [Show T5: /show T5]
    ");
    insta::assert_snapshot!(shown(&story.world.mine(&Filter::default(), PersonId(2), &me)), @r"
    1 item for dana
    T1   Fix login   high  due Fri 27 Nov   @dana
    ");
    insta::assert_snapshot!(shown(&story.world.mine(&Filter::default(), PersonId(1), &me)), @r"
    1 item for you
    P1   Retry the upload   @kim
    ");
}

#[test]
fn nothing_there_says_what_to_do() {
    let me = viewer(Some(1));
    let mut story = Story::new();
    insta::assert_snapshot!(shown(&story.world.list(&Filter::default(), 1, &me)), @"Nothing here yet. /todo Buy milk  puts something on the list, /help says what else there is.");
    insta::assert_snapshot!(shown(&story.world.board(&Filter::default(), &me)), @"Nothing here yet. /todo Buy milk  puts something on the list, /help says what else there is.");
    insta::assert_snapshot!(shown(&story.world.next(&Filter::default(), PersonId(1), &me)), @"Nothing to do. /todo and what it is puts something on the list.");
    insta::assert_snapshot!(shown(&story.world.mine(&Filter::default(), PersonId(1), &me)), @r"
    Nothing is yours to do. /next says what could be begun.
       [Next: /next]
    ");
    insta::assert_snapshot!(shown(&story.world.find(&filter(&story, "logout"), 1, &me)), @"Nothing has logout in its title, text, tags or notes.");
    story.say("todo Fix login #auth");
    story.say("done T1");
    insta::assert_snapshot!(shown(&story.world.list(&filter(&story, "#auth"), 1, &me)), @r"
    Nothing open with #auth; 1 closed.
       [Closed ones: /list closed #auth]
    ");
    insta::assert_snapshot!(shown(&story.world.list(&filter(&story, "#web"), 1, &me)), @r"
    Nothing open with #web. /list shows everything that is open, /find looks for words.
       [All open: /list]
    ");
    story.say("idea Waiting for this");
    story.say("todo Blocked needs:I1");
    insta::assert_snapshot!(shown(&story.world.next(&Filter::default(), PersonId(1), &me)), @r"
    Nothing can be done now: 1 item waits for something else. /list blocked says for what.
       [Blocked: /list blocked]
    ");
}

#[test]
fn pages() {
    let mut story = Story::new();
    for n in 1..=25 {
        story.wait(1).say(&format!("todo Number {n} #auth"));
    }
    let me = viewer(Some(1));
    insta::assert_snapshot!(shown(&story.world.list(&filter(&story, "#auth"), 2, &me)), @r"
    25 open items: #auth   page 2 of 3
    T15   Number 15
    T14   Number 14
    T13   Number 13
    T12   Number 12
    T11   Number 11
    T10   Number 10
    T9   Number 9
    T8   Number 8
    T7   Number 7
    T6   Number 6
       [◀ page 1: /list #auth page:1] [page 3 ▶: /list #auth page:3]
    ");
    assert_eq!(story.world.list(&filter(&story, "#auth"), 99, &me), story.world.list(&filter(&story, "#auth"), 3, &me));
    // A filter too long for a button is told instead.
    let long = format!("#auth todo open \"{}\"", "number ".repeat(9).trim());
    let long = filter(&story, &long);
    assert!(shown(&story.world.list(&long, 1, &me)).starts_with("Nothing with"));
    let long = Filter {
        priorities: Priority::ALL.to_vec(),
        states: vec![StateWord::Open, StateWord::Running, StateWord::Doing, StateWord::Blocked],
        ..Filter::default()
    };
    let page = shown(&story.world.list(&long, 1, &me));
    assert!(page.ends_with("More: /list open running doing blocked !low !normal !high !urgent page:2"), "{page}");
}

#[test]
fn words_are_found_in_any_script_and_anywhere() {
    let mut story = Story::new();
    story.say("todo 로그인 오류를 고치기 #auth");
    story.say("todo ログイン修正");
    story.say("todo Ｆｕｌｌ　Ｗｉｄｔｈ straße\nin the body: Café");
    story.say("note T1 Wird auf Android GRÖSSER");
    story.say("research Stores");
    story.say("finding R1 SLED survives");
    let found = |words: &[&str]| {
        let filter = Filter { words: words.iter().map(|word| (*word).to_owned()).collect(), ..Filter::default() };
        let found = story.world.selected(&filter, |_| true, (Order::Pressing, 0, 10), &viewer(None)).0;
        let mut found: Vec<_> = found.iter().map(ToString::to_string).collect();
        found.sort();
        found.join(" ")
    };
    assert_eq!(found(&["오류"]), "T1");
    assert_eq!(found(&["로그인", "고치"]), "T1");
    assert_eq!(found(&["グイ"]), "T2");
    assert_eq!(found(&["ﾛｸﾞｲﾝ"]), "T2", "half width");
    assert_eq!(found(&["full width"]), "T3");
    assert_eq!(found(&["STRASSE"]), "T3");
    assert_eq!(found(&["cafe\u{301}"]), "T3", "decomposed");
    assert_eq!(found(&["grösser"]), "T1");
    assert_eq!(found(&["auth"]), "T1", "tags are searched");
    assert_eq!(found(&["sled"]), "R1");
    assert_eq!(found(&["로그인", "sled"]), "");
}

#[test]
fn states() {
    let story = busy();
    let passing = |text: &str| {
        let filter = filter(&story, text);
        let mut all: Vec<_> =
            Bucket::ALL.into_iter().flat_map(|bucket| (1..=9).map(move |n| ItemRef::new(bucket, n))).collect();
        all.retain(|&item| story.world.passes(item, &filter, &viewer(None)));
        all.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    for (text, expected) in [
        ("open", "I1 T1 T2 T5 P1"),
        ("blocked", "T2"),
        ("doing", "T3"),
        ("running", "R1"),
        ("done", "T4"),
        ("closed", "T4"),
        ("todo !high !urgent", "T1 T5"),
        ("@dana", "T1"),
        ("due:2026-11-26", "T3"),
        ("T1 T9 I1", "I1 T1"),
        ("T1 I1 idea", "I1"),
    ] {
        assert_eq!(passing(text), expected, "{text}");
    }
}

fn filters() -> impl Strategy<Value = Filter> {
    let states = [StateWord::Open, StateWord::Doing, StateWord::Blocked, StateWord::Closed, StateWord::Running];
    (
        prop::collection::vec(prop::sample::select(Bucket::ALL.to_vec()), 0..2),
        prop::collection::vec(prop::sample::select(states.to_vec()), 0..2),
        prop::collection::vec(prop::sample::select(vec!["a", "b"]), 0..2),
        prop::collection::vec(1u32..3, 0..2),
        prop::collection::vec(prop::sample::select(Priority::ALL.to_vec()), 0..3),
        prop::option::of(1u32..28),
        prop::collection::vec(prop::sample::select(vec!["One", "two", "3", "x"]), 0..2),
    )
        .prop_map(|(buckets, states, tags, people, priorities, due, words)| Filter {
            buckets,
            states,
            tags: tags.into_iter().map(|tag| Tag::new(tag).unwrap()).collect(),
            people: people.into_iter().map(PersonId).collect(),
            priorities,
            due: due.map(|day| Due::Day(chrono::NaiveDate::from_ymd_opt(2026, 12, day).unwrap())),
            words: words.into_iter().map(str::to_owned).collect(),
            ..Filter::default()
        })
}

/// The obvious way to do it, for ASCII.
fn naive(world: &World, filter: &Filter, item: &Item) -> bool {
    let blocked = !world.waits_for(item.reference).is_empty() && !item.is_closed();
    let state = |state: &StateWord| match state {
        StateWord::Blocked => blocked,
        StateWord::Closed => item.is_closed(),
        StateWord::Open => matches!(item.state_word(), StateWord::Open | StateWord::Reviewed),
        other => *other == item.state_word(),
    };
    let text = format!("{} {:?}", item.title, item.tags).to_lowercase();
    let day = |due: Due| if let Due::Day(day) = due { day } else { panic!() };
    (filter.buckets.is_empty() || filter.buckets.contains(&item.reference.bucket))
        && (filter.states.is_empty() || filter.states.iter().any(state))
        && (filter.tags.is_empty() || filter.tags.iter().any(|tag| item.tags.contains(tag)))
        && (filter.people.is_empty() || filter.people.iter().any(|person| item.people.contains(person)))
        && (filter.priorities.is_empty() || filter.priorities.contains(&item.priority))
        && filter.due.is_none_or(|until| item.due.is_some_and(|due| day(due) <= day(until)))
        && filter.words.iter().all(|word| text.contains(&word.to_lowercase()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn selecting_agrees_with_the_obvious_way(
        filter in filters(),
        items in prop::collection::vec((0usize..4, 0usize..12, 1u32..28, any::<bool>()), 1..25),
        skipped in 0usize..8,
        shown in 0usize..8,
    ) {
        let mut story = Story::new();
        for (n, (bucket, kind, day, close)) in items.iter().enumerate() {
            let bucket = Bucket::ALL[*bucket];
            let number = story.world.newest(bucket) + 1;
            let extra = ["#a", "#b", "@kim", "@dana", "!high", "!low", "!urgent", "#a #b @kim", "", "", "", ""][*kind];
            let due = if day % 3 == 0 { format!("due:2026-12-{day:02}") } else { String::new() };
            let needs = if bucket == Bucket::Todo && n % 3 == 1 && number > 1 { "needs:T1" } else { "" };
            story.wait(1).say(&format!("{bucket} one Two {n} {extra} {due} {needs}"));
            if *close {
                let item = ItemRef::new(bucket, number);
                let verb = match bucket {
                    Bucket::Idea => "reject",
                    Bucket::Research => "done",
                    Bucket::Todo if n % 2 == 0 => "doing",
                    Bucket::Todo => "done",
                    Bucket::Pr => "merge",
                };
                if !(verb == "done" && story.world.state(&story.world.item(item).unwrap().item) == StateWord::Blocked) {
                    story.say(&format!("{verb} {item}"));
                }
            }
        }
        let viewer = viewer(None);
        let (selected, all) = story.world.selected(&filter, |_| true, (Order::Pressing, skipped, shown), &viewer);
        let mut expected: Vec<_> = Bucket::ALL
            .into_iter()
            .flat_map(|bucket| (1..30).map(move |number| ItemRef::new(bucket, number)))
            .filter_map(|item| story.world.item(item))
            .filter(|seen| naive(&story.world, &filter, &seen.item))
            .collect();
        expected.sort_by(|a, b| {
            let due = |seen: &Seen| seen.item.due.map_or("~".to_owned(), |due| format!("{due:?}"));
            b.item.priority.cmp(&a.item.priority).then(due(a).cmp(&due(b))).then(b.position.cmp(&a.position))
        });
        prop_assert_eq!(all, expected.len());
        let expected: Vec<_> = expected.iter().map(|seen| seen.item.reference).skip(skipped).take(shown).collect();
        prop_assert_eq!(selected, expected);
        for bucket in Bucket::ALL {
            for number in 1..30 {
                let item = ItemRef::new(bucket, number);
                let passes = story.world.item(item).is_some_and(|seen| naive(&story.world, &filter, &seen.item));
                prop_assert_eq!(story.world.passes(item, &filter, &viewer), passes);
            }
        }
    }
}

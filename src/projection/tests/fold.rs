//! The fold: what it keeps, what it lets go of, and that it does not matter in how many pieces a log arrives.

use proptest::prelude::*;

use super::super::{spec::*, *};
use crate::{
    domain::{
        Priority, Tag, idea,
        item::{self, Fact},
        todo,
    },
    log::StoredEvent,
};

fn item(text: &str) -> ItemRef {
    text.parse().unwrap()
}

#[test]
fn who_waits_for_whom() {
    let mut story = Story::new();
    for text in ["todo One", "todo Two needs:T1", "todo Three needs:T2", "idea Maybe", "need T1 I1"] {
        story.say(text);
    }
    let world = &story.world;
    assert_eq!(world.waits_for(item("T2")), [(item("T1"), "One".to_owned())]);
    assert_eq!(world.waits_for(item("T1")), [(item("I1"), "Maybe".to_owned())]);
    assert_eq!(world.waited_for_by(item("T1")), [item("T2")]);
    assert_eq!(
        world.circular(item("T1"), &[item("T3"), item("T2"), item("I1"), item("T1")]),
        [item("T3"), item("T2"), item("T1")]
    );
    assert_eq!(world.circular(item("T3"), &[item("T1")]), []);
    story.say("promote I1");
    assert_eq!(story.world.waits_for(item("T1")), [], "a promoted idea is not waited for");
    story.say("unneed T2 T1");
    assert_eq!(story.world.waited_for_by(item("T1")), []);
    assert_eq!(story.world.circular(item("T1"), &[item("T3")]), []);
    assert_eq!(story.world.promoted_to(item("I1")), [item("R1")]);
    assert_eq!(story.world.newest(Bucket::Todo), 3);
    assert_eq!(story.world.newest(Bucket::Pr), 0);
}

#[test]
fn research_is_waited_for_as_long_as_it_runs_and_a_pr_until_it_is_over() {
    let mut story = Story::new();
    for text in ["research What?", "pr Change", "todo Act needs:R1,P1"] {
        story.say(text);
    }
    let waits = |story: &Story| story.world.waits_for(item("T1")).iter().map(|it| it.0.to_string()).collect::<String>();
    assert_eq!(waits(&story), "R1P1");
    story.say("review P1 approve");
    story.say("done R1");
    assert_eq!(waits(&story), "P1");
    story.say("close P1");
    assert_eq!(waits(&story), "");
}

#[test]
fn what_cannot_be_read_is_counted_and_passed_over() {
    let mut story = Story::new();
    story.say("todo One");
    let mut commit = (*story.commits[2]).clone();
    let unknown =
        StoredEvent { name: "todo_exploded".into(), schema: 1, data: serde_json::value::to_raw_value(&1).unwrap() };
    commit.events = vec![unknown];
    (commit.position, commit.first_version) = (Position(4), 2);
    story.world.apply(&commit);
    assert_eq!(story.world.unreadable(), 1);
    let seen = story.world.item(item("T1")).unwrap();
    assert_eq!((seen.item.version, seen.position), (2, Position(4)), "its version counts all the same");
    assert_eq!(&*seen.changed_how, "todo_created");
    // An event where it does not belong, a stream nobody knows, a beginning that is missing.
    let mut misplaced = (*story.commits[0]).clone();
    (misplaced.position, misplaced.stream) = (Position(5), crate::log::StreamId::new("room/telegram/1"));
    story.world.apply(&misplaced);
    (misplaced.position, misplaced.stream) = (Position(6), crate::log::StreamId::new("moon/1"));
    story.world.apply(&misplaced);
    assert_eq!(story.world.unreadable(), 3);
    (commit.position, commit.stream) = (Position(7), crate::log::StreamId::new("todo/8"));
    story.world.apply(&commit);
    assert_eq!(story.world.unreadable(), 4);
    assert_eq!(story.world.newest(Bucket::Todo), 8, "its number is taken");
    assert!(story.world.item(item("T8")).is_none());
    assert_eq!(story.world.missed(), [item("T8")]);
    assert!(!story.world.restore(&[Arc::new(commit)]));
}

#[test]
fn those_closed_longest_ago_go_first_and_can_come_back() {
    let mut story = Story::new();
    story.world = World::with_limits(3);
    for text in ["todo One", "todo Two", "done T2", "todo Three", "done T1", "todo Four", "todo Five"] {
        story.say(text);
    }
    let there =
        |world: &World| (1..=5).filter(|&n| world.item(ItemRef::new(Bucket::Todo, n)).is_some()).collect::<Vec<_>>();
    assert_eq!((there(&story.world), story.world.dropped()), (vec![3, 4, 5], 2));
    let one = story.stream(item("T1"));
    let replayed = World::replay_item(&one).unwrap();
    assert_eq!((replayed.item.title.as_str(), &*replayed.changed_by), ("One", KIM));
    assert!(World::replay_item(&[]).is_none());
    // Open ones are never dropped, even beyond the limit.
    story.say("todo Six");
    assert_eq!((there(&story.world), story.world.items()), (vec![3, 4, 5], 4));
    // Something happens to a dropped one.
    let reopened = Event::Item(item::Event::Todo(todo::Event::Reopened { reason: String::new() }));
    story.commit("todo/1", "reopen T1", None, vec![reopened]);
    assert_eq!(story.world.missed(), [item("T1")]);
    assert!(story.world.restore(&story.stream(item("T1"))));
    assert_eq!((there(&story.world), story.world.dropped()), (vec![1, 3, 4, 5], 1));
    assert!(story.world.missed().is_empty());
    assert!(!story.world.item(item("T1")).unwrap().item.is_closed());
    // One that is closed stays as well: somebody asked for it.
    assert!(story.world.restore(&story.stream(item("T2"))));
    assert!(story.world.item(item("T2")).is_some());
}

#[test]
fn what_is_restored_is_neither_behind_nor_counted_twice() {
    let mut story = Story::new();
    for text in ["todo One", "done T1"] {
        story.say(text);
    }
    let note = |text: &str| vec![Event::Item(item::Event::Fact(Fact::Noted { text: text.into(), corrects: None }))];
    let before = story.stream(item("T1"));
    story.commit("todo/1", "", None, note("a"));
    story.commit("todo/1", "", None, note("b"));
    let commits = story.commits.clone();
    // A world that dropped it before the notes, and has folded the first of them in.
    let mut world = World::with_limits(0);
    commits[..5].iter().for_each(|commit| world.apply(commit));
    assert_eq!((world.items(), world.missed()), (0, vec![item("T1")]));
    assert!(!world.restore(&before), "the first note is missing");
    assert!(world.restore(&story.stream(item("T1"))), "ahead of what was folded in");
    assert_eq!(world.item(item("T1")).unwrap().item.notes, 2);
    commits.iter().for_each(|commit| world.apply(commit));
    assert_eq!(world.item(item("T1")).unwrap().item.notes, 2);
}

#[test]
fn causes_and_whoever_is_behind_them() {
    let mut story = Story::new();
    story.by(DANA, "discord").say("idea Maybe");
    let commits = story.say("promote I1").1;
    assert_eq!(story.world.caused_by(commits[0].position), [commits[1].position]);
    assert_eq!(story.world.caused_by(commits[1].position), []);
    assert_eq!(story.world.behind(&commits[1]), (DANA, "discord"));
    let seen = story.world.item(item("R1")).unwrap();
    assert_eq!(&*seen.changed_by, "workflow/promotion");
    assert!(story.card("R1", &viewer(None)).contains("started by dana (Discord)"));
}

#[test]
fn a_commit_counts_once() {
    let mut story = Story::new();
    story.say("todo One");
    story.say("note T1 again");
    let again = Arc::clone(story.commits.last().unwrap());
    story.world.apply(&again);
    assert_eq!(story.world.item(item("T1")).unwrap().item.notes, 1);
}

#[test]
fn what_was_said_is_bounded() {
    let mut story = Story::new();
    story.say("todo One");
    for n in 0..200 {
        story.say(&format!("note T1 가나다라마바사아자차카타파하 {n}"));
    }
    let kept = &story.world.items.get(item("T1")).unwrap().said;
    assert!(kept.len() <= 2_048 && kept.contains("199") && !kept.contains("하 1\n"), "{}", kept.len());
}

fn events(kind: u8, number: u32) -> (String, Vec<Event>) {
    let fact = |fact| vec![Event::Item(item::Event::Fact(fact))];
    let todo = |event| vec![Event::Item(item::Event::Todo(event))];
    let needs = ItemRef::new(Bucket::Todo, number % 4 + 1);
    let stream = ItemRef::new(Bucket::Todo, number).stream();
    let events = match kind {
        0 => todo(todo::Event::Created { title: format!("title {number}"), body: String::new(), from: None }),
        1 => todo(todo::Event::Started),
        2 => todo(todo::Event::Completed { despite: Vec::new() }),
        3 => todo(todo::Event::Reopened { reason: "why".into() }),
        4 => todo(todo::Event::PrerequisiteAdded { needs }),
        5 => todo(todo::Event::PrerequisiteRemoved { needs }),
        6 => todo(todo::Event::Assigned { person: PersonId(2) }),
        7 => fact(Fact::Tagged { tag: Tag::new("a").unwrap() }),
        8 => fact(Fact::Noted { text: "note".into(), corrects: None }),
        9 => fact(Fact::Prioritised { priority: Priority::High }),
        10 => {
            let event = idea::Event::Created { title: "idea".into(), body: String::new(), from: None };
            return (ItemRef::new(Bucket::Idea, number).stream(), vec![Event::Item(item::Event::Idea(event))]);
        }
        _ => {
            let event = todo::Event::Created {
                title: "t".into(),
                body: String::new(),
                from: Some(ItemRef::new(Bucket::Idea, number)),
            };
            return (ItemRef::new(Bucket::Todo, number + 10).stream(), vec![Event::Item(item::Event::Todo(event))]);
        }
    };
    (stream, events)
}

/// All that can be seen of a world.
fn all(world: &World) -> impl PartialEq + std::fmt::Debug + use<> {
    let items: Vec<_> =
        Bucket::ALL.into_iter().flat_map(|bucket| (1..25).map(move |number| ItemRef::new(bucket, number))).collect();
    let seen: Vec<_> = items.iter().map(|&item| world.item(item).cloned()).collect();
    let graph: Vec<_> = items
        .iter()
        .map(|&item| {
            let mut by = world.waited_for_by(item);
            by.sort();
            (world.waits_for(item), by, world.circular(item, &items), world.promoted_to(item))
        })
        .collect();
    (
        seen,
        graph,
        world.position,
        world.unreadable(),
        world.dropped(),
        world.missed(),
        Bucket::ALL.map(|bucket| world.newest(bucket)),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn in_one_go_or_in_pieces(
        script in prop::collection::vec((0u8..12, 1u32..6), 1..60),
        pieces in prop::collection::vec(0usize..60, 0..6),
        limit in prop::sample::select(vec![2usize, 4, 1_000]),
    ) {
        let mut story = Story::new();
        story.world = World::with_limits(limit);
        for commit in &story.commits {
            story.world.apply(commit);
        }
        for (kind, number) in script {
            let (stream, events) = events(kind, number);
            story.wait(1).commit(&stream, "", None, events);
        }
        let mut whole = World::with_limits(limit);
        story.commits.iter().for_each(|commit| whole.apply(commit));
        // In pieces: each begins somewhere before where the last one ended, as a reader does that repeats itself.
        let mut pieced = World::with_limits(limit);
        let mut end = 0;
        for piece in pieces {
            let begin = piece.min(end);
            end = end.max(piece.min(story.commits.len()));
            pieced = pieced.clone();
            story.commits[begin..end].iter().for_each(|commit| pieced.apply(commit));
        }
        story.commits.iter().for_each(|commit| pieced.apply(commit));
        prop_assert_eq!(all(&pieced), all(&whole));
        prop_assert_eq!(all(&story.world), all(&whole));
        // What is in memory is what the log says, and what was dropped can be read from it.
        for bucket in Bucket::ALL {
            for number in 1..20 {
                let item = ItemRef::new(bucket, number);
                let replayed = World::replay_item(&story.stream(item));
                if let Some(seen) = whole.item(item) {
                    prop_assert_eq!(Some(seen), replayed.as_ref());
                }
                if let Some(dropped) = replayed.filter(|_| limit == 2 && whole.item(item).is_none()) {
                    prop_assert!(dropped.item.is_closed() || whole.missed().contains(&item));
                }
            }
        }
    }
}

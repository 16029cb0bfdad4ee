//! The verbs of every state: none is missing, and none would be refused.

use yoman_chat::Button;

use super::super::{spec::*, *};
use crate::{
    command::{self, Command, Said},
    domain::{Role, item},
};

/// What it is, what is said, which item; what is offered then: on its card, and in a notice where that differs.
type Row = (&'static str, &'static [&'static str], &'static str, &'static str, Option<&'static str>);

/// How an item comes to a state, and what is offered then.
const TABLE: &[Row] = &[
    ("an open idea", &["idea Dark mode"], "I1", "Refine, Research, To do, Reject", None),
    ("a refined idea", &["idea Dark mode", "refine I1 Only at night"], "I1", "Refine, Research, To do, Reject", None),
    ("a rejected idea", &["idea Dark mode", "reject I1 too early"], "I1", "Reopen", None),
    ("a reopened idea", &["idea Dark mode", "reject I1", "reopen I1"], "I1", "Refine, Research, To do, Reject", None),
    ("a promoted idea", &["idea Dark mode", "promote I1 todo"], "I1", "Why?, Show T1", None),
    ("a running research", &["research Which store?"], "R1", "Finding, To do, Done", None),
    ("a research with findings", &["research Which?", "finding R1 sled"], "R1", "Finding, To do, Done", None),
    ("a research that is done", &["research Which?", "done R1 sled"], "R1", "Reopen", None),
    ("a promoted research", &["research Which?", "promote R1 todo"], "R1", "Reopen, Show T1", None),
    ("an open todo of nobody", &["todo Fix"], "T1", "Start, Done, Assign me, Why?", Some("Start, Assign me, Why?")),
    ("an open todo of somebody", &["todo Fix @dana"], "T1", "Start, Done, Why?", Some("Start, Why?")),
    ("a blocked todo", &["todo One", "todo Two needs:T1"], "T2", "Why?, Start, Done anyway, Show T1", None),
    ("a todo under way", &["todo Fix", "doing T1"], "T1", "Done, Open PR, Why?", None),
    (
        "one under way that waits",
        &["todo One", "todo Two", "doing T2", "need T2 T1"],
        "T2",
        "Done anyway, Open PR, Why?",
        None,
    ),
    ("one under way with a pr", &["todo Fix", "doing T1", "promote T1 pr"], "T1", "Done, Why?", None),
    ("a todo that is done", &["todo Fix", "done T1"], "T1", "Reopen", None),
    ("a reopened todo", &["todo Fix @dana", "done T1", "reopen T1"], "T1", "Start, Done, Why?", Some("Start, Why?")),
    ("an open pr", &["pr Retry"], "P1", "Approve, Merge, Close", None),
    ("a reviewed pr", &["pr Retry", "review P1 changes not yet"], "P1", "Approve, Merge, Close", None),
    ("a merged pr", &["pr Retry", "merge P1"], "P1", "Reopen", None),
    ("a closed pr", &["pr Retry", "close P1"], "P1", "Reopen", None),
    ("a reopened pr", &["pr Retry", "close P1", "reopen P1"], "P1", "Approve, Merge, Close", None),
];

fn labels<'a>(buttons: impl IntoIterator<Item = &'a Button>) -> String {
    buttons.into_iter().map(|button| button.label.as_str()).collect::<Vec<_>>().join(", ")
}

/// Whether what a button carries, with some words where it asks for them, would be accepted right now.
fn accepted(story: &Story, button: &Button) -> Result<(), String> {
    let context = command::Context { now: noon(), time_zone: chrono_tz::Asia::Seoul, bare_verbs: false };
    let asked = button.ask.as_ref().map(|_| format!("{} some words", button.data));
    let text = asked.as_deref().unwrap_or(&button.data);
    let Ok(Said::Command(command)) = command::parse(text, &context) else {
        return Err(format!("{text} is no command"));
    };
    let Command::Item { target: Some(target), act } = command else { return Ok(()) };
    let item = &story.world.item(target.item).ok_or("no such item")?.item;
    if target.version.is_some_and(|version| version != item.version) {
        return Err(format!("{text} is of another version than {}", item.version));
    }
    let me = PersonId(2);
    let act = act.try_map_people(|handle| if handle.as_str() == "me" { Ok(me) } else { Err(format!("{handle}?")) })?;
    let waits_for = story.world.waits_for(target.item);
    let given = item::Given { now: noon(), actor: me, waits_for, circular: Vec::new() };
    item::decide(item, &act, &given).map(drop).map_err(|error| format!("{text}: {error}"))
}

#[test]
fn every_state_offers_what_makes_sense_and_nothing_that_would_be_refused() {
    let mut wrong = Vec::new();
    for (what, said, item, on_card, in_notice) in TABLE {
        let mut story = Story::new();
        for text in *said {
            story.say(text);
        }
        let item: ItemRef = item.parse().unwrap();
        for forms in [false, true] {
            let mut viewer = viewer(None);
            viewer.capabilities.forms = forms;
            let card = story.world.card(item, &viewer).unwrap();
            let of_item = |commit: &&std::sync::Arc<Commit>| ItemRef::of_stream(commit.stream.as_str()) == Some(item);
            let newest = story.commits.iter().rev().find(of_item).unwrap();
            let notice = story.world.notice(newest, &viewer).unwrap();
            for (message, expected) in [(&card, *on_card), (&notice, in_notice.unwrap_or(on_card))] {
                let buttons: Vec<_> = message.buttons.iter().flatten().collect();
                // Where words are written into a form, more is offered that needs some.
                let own =
                    buttons.iter().filter(|button| !forms || !matches!(button.label.as_str(), "Note" | "Changes"));
                let found = labels(own.copied());
                if found != expected {
                    wrong.push(format!("{what}: {found}, not {expected}"));
                }
                for button in buttons {
                    if let Err(why) = accepted(&story, button) {
                        wrong.push(format!("{what}: [{}] {why}", button.label));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn whoever_may_only_look_is_offered_looks() {
    let mut story = Story::new();
    story.let_in(3, "gus", Role::Guest);
    for text in ["todo One", "todo Two needs:T1", "idea Dark mode", "pr Retry", "done T1"] {
        story.say(text);
    }
    for (item, offered) in [("T1", ""), ("T2", "Why?"), ("I1", ""), ("P1", "")] {
        let card = story.world.card(item.parse().unwrap(), &viewer(Some(3))).unwrap();
        assert_eq!(labels(card.buttons.iter().flatten()), offered, "{item}");
    }
    let card = story.world.card("T2".parse().unwrap(), &viewer(None)).unwrap();
    assert_eq!(labels(for_looks_alone(card).buttons.iter().flatten()), "Why?");
}

#[test]
fn what_ends_an_item_offers_to_take_that_back_where_it_can_be_pressed() {
    let mut story = Story::new();
    let mut offered = |text: &str, bare_verbs: bool| {
        let (command, commits) = story.say(text);
        let mut viewer = viewer(Some(1));
        viewer.capabilities.bare_verbs = bare_verbs;
        let answer = story.world.answer(&command, &commits, false, &viewer);
        answer.buttons.iter().flatten().map(|button| button.data.clone()).collect::<Vec<_>>()
    };
    assert!(offered("todo Fix", false).is_empty());
    assert_eq!(offered("done T1", false), ["/undo T1@2"]);
    assert!(offered("reopen T1", false).is_empty());
    // At a keyboard `undo` is as short.
    assert!(offered("done T1", true).is_empty());
    offered("idea Dark mode", false);
    assert_eq!(offered("reject I1 no", false), ["/undo I1@2"]);
    offered("idea Light mode", false);
    assert_eq!(offered("promote I2 todo", false), ["/undo I2@2"]);
    offered("pr Retry", false);
    assert_eq!(offered("merge P1", false), ["/undo P1@2"]);
}

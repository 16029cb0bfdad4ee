//! Whatever people say: it is kept, nothing panics, and the world is what a fresh replay of the log gives.

use std::{collections::HashMap, ops::ControlFlow, sync::Arc};

use proptest::{collection::vec, prelude::*, sample::select};
use yoman::{
    domain::{Bucket, Event, Filter, ItemRef, filter::StateWord, item, stored},
    log::{Entry, Position, StreamId},
    projection::{Viewer, World},
};
use yoman_chat::{Bot as _, Inbound, MessageRef, Said};

use crate::stage::{Ground, Seat, Stage};

/// What somebody does.
#[derive(Clone, Debug)]
enum Step {
    Say(String),
    Reply(usize, String),
    Edit(usize, String),
    Press(usize),
    Again(usize),
    Delete(usize),
}

fn item() -> impl Strategy<Value = String> {
    (select(vec!["I", "R", "T", "P"]), 1..5_u32).prop_map(|(bucket, number)| format!("{bucket}{number}"))
}

fn command() -> impl Strategy<Value = String> {
    let create = (select(vec!["idea", "research", "todo", "pr"]), "[a-z가-힣 ]{0,12}", tokens())
        .prop_map(|(verb, words, tokens)| format!("/{verb} {words}x {tokens}"));
    let verbs = select(vec![
        "doing",
        "done",
        "done anyway",
        "reopen",
        "promote",
        "promote to todo",
        "reject",
        "merge",
        "close",
        "review approve",
        "refine it is smaller",
        "finding it works",
        "note seen",
        "title Another",
        "tag #a",
        "untag #a",
        "prio high",
        "due 2031-05-02",
        "due none",
        "project app",
        "assign @me",
        "unassign @me",
        "assign @dana",
        "criterion works",
        "undo",
        "undo due",
        "undo state",
        "why",
        "history",
        "show",
    ]);
    let act = (item(), verbs).prop_map(|(item, verb)| match verb.split_once(' ') {
        Some((verb, rest)) => format!("/{verb} {item} {rest}"),
        None => format!("/{verb} {item}"),
    });
    let need =
        (select(vec!["need", "unneed", "link"]), item(), item()).prop_map(|(verb, a, b)| format!("/{verb} {a} {b}"));
    let other = select(vec![
        "/list",
        "/board",
        "/mine",
        "/next",
        "/find x",
        "/follow #a",
        "/follow all",
        "/unfollow",
        "/tz Europe/Berlin",
        "/default todo",
        "/default idea",
        "/people",
        "/rooms",
        "/status",
        "/help",
        "/start",
        "/grant @dana maintainer",
        "/grant @dana member",
        "/mute 2h",
        "/unmute",
        "/undo",
        "/undo room",
        "/undo T1@1",
        "/undo T1@1 T2@1",
        "/undo I1@2 T1@2 due",
        "A bare sentence",
        "",
        "/",
        "/todo",
        "T1",
        "/T1 done",
        "\u{202e}x",
    ])
    .prop_map(str::to_owned);
    prop_oneof![4 => create, 8 => act, 3 => need, 3 => other, 1 => "\\PC{0,30}"]
}

fn tokens() -> impl Strategy<Value = String> {
    let token =
        select(vec!["#a", "#b", "!high", "@me", "@dana", "in:app", "due:2031-05-02", "needs:T1", "needs:T2", "for:T1"]);
    vec(token, 0..3).prop_map(|tokens| tokens.join(" "))
}

fn step() -> impl Strategy<Value = (bool, Step)> {
    let several = vec(command(), 1..4).prop_map(|lines| lines.join("\n"));
    let step = prop_oneof![
        6 => command().prop_map(Step::Say),
        1 => several.prop_map(Step::Say),
        2 => (any::<usize>(), command()).prop_map(|(at, text)| Step::Reply(at, text)),
        2 => (any::<usize>(), command()).prop_map(|(at, text)| Step::Edit(at, text)),
        3 => any::<usize>().prop_map(Step::Press),
        1 => any::<usize>().prop_map(Step::Again),
        1 => any::<usize>().prop_map(Step::Delete),
    ];
    (any::<bool>(), step)
}

async fn run(steps: Vec<(bool, Step)>) {
    let (mut stage, kim, dana) = Stage::with_kim_and_dana(Ground::Memory).await;
    let mut said: Vec<(Seat, Inbound)> = Vec::new();
    for (first, step) in steps {
        let seat = if first { &kim } else { &dana };
        let Some(inbound) = inbound(&mut stage, seat, step, &said) else { continue };
        let receipt = stage.submit(inbound.clone()).await;
        assert!(receipt.is_kept(), "{:?} gave {receipt:?}", inbound.said);
        said.push((seat.clone(), inbound));
    }
    assert_same(&stage).await;
}

fn inbound(stage: &mut Stage, seat: &Seat, step: Step, said: &[(Seat, Inbound)]) -> Option<Inbound> {
    let at = |n: usize, len: usize| (len > 0).then(|| n % len.max(1));
    let own = said.iter().filter(|(by, _)| by.room == seat.room);
    let own: Vec<&MessageRef> = own
        .filter_map(|(_, inbound)| if let Said::Message { message, .. } = &inbound.said { Some(message) } else { None })
        .collect();
    match step {
        Step::Say(text) => Some(stage.message(seat, &text)),
        Step::Reply(n, text) => {
            let shown = seat.bot.shown(&seat.room);
            let card = shown.get(at(n, shown.len())?)?.clone();
            Some(stage.replying(seat, &card, &text))
        }
        Step::Edit(n, text) => {
            let message = own.get(at(n, own.len())?).copied()?.clone();
            let id = format!("{}/{}/e{}", message.room, message.id, stage.number());
            Some(seat.inbound(id, Said::Edited { text, message, mentions: Vec::new(), addressed: true }))
        }
        Step::Press(n) => {
            let shown = seat.bot.shown(&seat.room);
            let buttons: Vec<_> = shown
                .iter()
                .flat_map(|card| card.now.buttons.iter().flatten().map(|button| (card.at.clone(), button.data.clone())))
                .collect();
            let (card, data) = buttons.get(at(n, buttons.len())?)?.clone();
            let id = format!("{}/{}/p{}", card.room, card.id, stage.number());
            Some(seat.inbound(id, Said::Pressed { data, card, words: None }))
        }
        Step::Delete(n) => {
            let message = own.get(at(n, own.len())?).copied()?.clone();
            let id = format!("{}/{}/d{}", message.room, message.id, stage.number());
            Some(seat.inbound(id, Said::Deleted { message }))
        }
        Step::Again(n) => said.get(at(n, said.len())?).map(|(_, inbound)| inbound.clone()),
    }
}

/// The house's world looks like one that was folded from the log just now.
async fn assert_same(stage: &Stage) {
    let head = stage.house().caught_up().await;
    let mut fresh = World::default();
    stage
        .log()
        .read_all(Position::START, &mut |entry| {
            if let Entry::Commit(commit) = entry {
                fresh.apply(&commit);
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(fresh.position, head);
    let viewer = Viewer {
        room: "telegram/kim".into(),
        person: None,
        lang: yoman::lang::Lang::English,
        time_zone: chrono_tz::Asia::Seoul,
        now: chrono::Utc::now(),
        capabilities: stage.direct("telegram", "kim").bot.capabilities(),
        titles: Arc::new(HashMap::new()),
        permalinks: Default::default(),
    };
    let looks = |world: &World| {
        let mut all = vec![world.board(&Filter::default(), &viewer), world.list(&Filter::default(), 1, &viewer)];
        let closed =
            vec![StateWord::Done, StateWord::Promoted, StateWord::Rejected, StateWord::Merged, StateWord::Closed];
        all.push(world.list(&Filter { states: closed, ..Filter::default() }, 1, &viewer));
        for bucket in Bucket::ALL {
            all.extend(
                (1..=world.newest(bucket)).filter_map(|number| world.card(ItemRef::new(bucket, number), &viewer)),
            );
        }
        all.push(yoman_chat::Outbound::text(world.people_list(&viewer)));
        all.push(yoman_chat::Outbound::text(world.room_list(&viewer)));
        all
    };
    assert_eq!(stage.house().world.read(looks), looks(&fresh));
    for item in
        Bucket::ALL.into_iter().flat_map(|bucket| (1..=fresh.newest(bucket)).map(move |n| ItemRef::new(bucket, n)))
    {
        assert_eq!(fresh.item(item).map(|seen| seen.item.clone()), what_counts(stage, item), "{item}");
    }
}

/// An item as the fold of what was not taken back.
fn what_counts(stage: &Stage, item: ItemRef) -> Option<item::Item> {
    let mut steps = Vec::new();
    stage
        .log()
        .read_stream(&StreamId::new(item.stream()), 1, &mut |entry| {
            if let Entry::Commit(commit) = entry {
                let events = commit.versioned().map(|(version, event)| match stored::decode(event).unwrap() {
                    Event::Item(event) => (version, event),
                    other => panic!("{other:?} on the stream of {item}"),
                });
                let (first, last) = (commit.first_version, commit.last_version());
                steps.push(item::Step { first, last, events: events.collect() });
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    item::History::new(item, steps).item()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, max_shrink_iters: 64, ..ProptestConfig::default() })]

    #[test]
    fn whatever_people_say_is_kept_and_the_world_is_what_the_log_says(steps in vec(step(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(run(steps));
    }
}

//! Again: what a platform delivers twice, and what a crash cut short, happens once and is answered as the first time.

use std::collections::BTreeSet;

use insta::assert_snapshot;
use yoman::{
    domain::{self, Bucket, ItemRef, idea, item, stored},
    log::{Append, CommandId, EventLog, Expected, Meta, Origin, StreamId},
};
use yoman_chat::{Accept as _, Aside, Bot as _, Receipt, Said};

use crate::stage::{Ground, Stage};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_delivery_changes_nothing_and_is_answered_once() {
    let (mut stage, kim) = Stage::with_kim(Ground::Disk).await;
    let message = stage.message(&kim, "/todo Fix login\n/done T1\n/list");
    stage.send(&kim, message.clone(), "/todo …").await;
    let (head, shown) = (stage.head(), kim.bot.shown(&kim.room).len());
    // At once, several at a time, and after a restart.
    let again = (0..4).map(|_| stage.submit(message.clone()));
    for receipt in futures(again).await {
        assert_eq!(receipt, Receipt::KEPT);
    }
    stage.restart().await;
    assert_eq!(stage.submit(message).await, Receipt::KEPT);
    stage.quiet(&kim.bot).await;
    assert_eq!((stage.head(), kim.bot.shown(&kim.room).len()), (head, shown));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_that_comes_twice_at_the_same_moment_is_carried_out_once() {
    let (mut stage, kim) = Stage::with_kim(Ground::Memory).await;
    let (head, shown) = (stage.head(), kim.bot.shown(&kim.room).len());
    let message = stage.message(&kim, "/todo Fix login");
    for receipt in futures((0..8).map(|_| stage.submit(message.clone()))).await {
        assert_eq!(receipt, Receipt::KEPT);
    }
    stage.quiet(&kim.bot).await;
    assert_eq!((stage.head(), kim.bot.shown(&kim.room).len()), (head + 1, shown + 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_done_but_not_answered_is_answered_as_the_first_time() {
    let (mut stage, kim) = Stage::with_kim(Ground::Disk).await;
    let todo = stage.message(&kim, "/todo Fix lgoin #auth");
    let first = stage.send(&kim, todo.clone(), "/todo Fix lgoin").await;
    let Said::Message { message, .. } = todo.said.clone() else { panic!() };
    let edit = Said::Edited { text: "/todo Fix login".into(), message, mentions: vec![], addressed: true };
    let edit = kim.inbound(format!("{}/e1", todo.id), edit);
    let second = stage.send(&kim, edit.clone(), "/todo Fix login").await;
    let idea = stage.message(&kim, "/idea Offline\n/promote I1 @me");
    let third = stage.send(&kim, idea.clone(), "/promote").await;
    let head = stage.head();
    // Everything is in the log; of what was answered nothing is known any more.
    stage.stop().await;
    std::fs::remove_dir_all(stage.state()).unwrap();
    stage.start().await;
    assert_eq!(stage.send(&kim, idea, "/promote").await, third);
    assert_eq!(stage.send(&kim, edit, "/todo Fix login").await, second);
    // As it is now: it was corrected since.
    assert_eq!(first, ["T1 created   Fix lgoin\n   #auth"]);
    assert_eq!(stage.send(&kim, todo, "/todo Fix login").await, ["T1 created   Fix login"]);
    assert_eq!(stage.head(), head);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_promotion_that_was_cut_in_two_is_finished_once_at_the_next_start() {
    let (mut stage, kim) = Stage::with_kim(Ground::Disk).await;
    stage.say(&kim, "Offline mode for the app #app").await;
    stage.stop().await;
    {
        let log = stage.open_log();
        let promoted = domain::Event::Item(item::Event::Idea(idea::Event::Promoted {
            to: Bucket::Research,
            carry: item::Carry::default(),
        }));
        append(&*log, &promoted, "telegram/kim/m99#0").await;
        log.close().await.unwrap();
    }
    for _ in 0..2 {
        stage.start().await;
        // What reacts comes a moment after the start.
        kim.bot.wait(crate::stage::PATIENCE, |_| (stage.head() >= 4).then_some(())).await;
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        assert_eq!(stage.head(), 4);
        stage.stop().await;
    }
    // Also when nothing is known of how far it was.
    std::fs::remove_dir_all(stage.state()).unwrap();
    stage.start().await;
    stage.forget();
    stage.say(&kim, "R1").await;
    stage.say(&kim, "/why R1").await;
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert_eq!(stage.head(), 4);
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_state_directory_may_be_deleted() {
    let (mut stage, kim) = Stage::with_kim(Ground::Disk).await;
    stage.say(&kim, "/todo Fix login\n/todo Ship 2.0 needs:T1").await;
    let card = stage.card(&kim, "T1 created");
    stage.say(&kim, "/tz Europe/Berlin").await;
    stage.say(&kim, "/idea Offline mode").await;
    stage.say(&kim, "/promote I1").await;
    let promoted = stage.card(&kim, "I1 -> R1");
    let board = stage.say(&kim, "/board").await;
    stage.stop().await;
    std::fs::remove_dir_all(stage.state()).unwrap();
    stage.start().await;
    stage.forget();
    // The text that the platform repeats says which item it was.
    stage.reply(&kim, &card, "doing").await;
    stage.reply(&kim, &card, "It is the cookie").await;
    stage.reply(&kim, &card, "/reopen T2").await;
    stage.reply(&kim, &promoted, "It survives a kill").await;
    let now = stage.say(&kim, "/board").await;
    assert_ne!(now, board);
    stage.say(&kim, "/follow").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_sent_while_the_house_was_off_is_handled_in_order_once() {
    let (mut stage, kim) = Stage::with_kim(Ground::Disk).await;
    stage.say(&kim, "/todo Fix login").await;
    let before = kim.bot.shown(&kim.room).len();
    stage.stop().await;
    let missed: Vec<_> =
        ["/doing T1", "/note T1 Nearly", "/done T1", "/done T1"].map(|it| stage.message(&kim, it)).into();
    for message in missed {
        kim.bot.push(message);
    }
    stage.start().await;
    kim.bot.wait_shown(&kim.room, before + 4, crate::stage::PATIENCE).await;
    stage.quiet(&kim.bot).await;
    let texts = stage.came(&kim)[before..].join("\n");
    assert_snapshot!(texts);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pairing_that_was_done_but_not_answered_is_answered_though_its_code_is_forgotten() {
    let (mut stage, kim) = Stage::with_kim(Ground::Disk).await;
    let dana = stage.direct("discord", "dana");
    let code = stage.code_for(&dana).await;
    let pair = stage.message(&kim, &format!("/pair {code}"));
    let first = stage.send(&kim, pair.clone(), "/pair").await;
    stage.stop().await;
    std::fs::remove_dir_all(stage.state()).unwrap();
    stage.start().await;
    assert_eq!(stage.send(&kim, pair, "/pair").await, first);
    assert_eq!(stage.house().world.read(|world| world.people().count()), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tomorrow_is_the_day_after_it_was_said_however_late_it_is_heard() {
    let (mut stage, kim) = Stage::with_kim(Ground::Memory).await;
    stage.say(&kim, "/tz UTC").await;
    let mut message = stage.message(&kim, "/todo Call due:tomorrow");
    message.sent_at = chrono::Utc::now() - chrono::TimeDelta::days(30);
    let answer = stage.send(&kim, message.clone(), "/todo Call due:tomorrow   (30 days ago)").await.concat();
    let day = (message.sent_at + chrono::TimeDelta::days(1)).date_naive();
    assert!(answer.contains(&format!("was due {}", day.format("%a %-d %b"))), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_create_at_once_get_two_numbers() {
    let (mut stage, kim, dana) = Stage::with_kim_and_dana(Ground::Disk).await;
    let mut all = Vec::new();
    for n in 0..30 {
        all.push(stage.message(if n % 2 == 0 { &kim } else { &dana }, &format!("/todo Thing {n}")));
    }
    for receipt in futures(all.into_iter().map(|inbound| stage.submit(inbound))).await {
        assert!(receipt.is_kept());
    }
    stage.quiet(&kim.bot).await;
    stage.quiet(&dana.bot).await;
    let created: BTreeSet<String> = [&kim, &dana]
        .iter()
        .flat_map(|seat| stage.came(seat))
        .filter_map(|text| text.split_once(" created").map(|(item, _)| item.to_owned()))
        .collect();
    assert_eq!(created.len(), 30);
    assert!(created.contains("T1") && created.contains("T30"), "{created:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_understood_is_kept_aside() {
    let (mut stage, kim) = Stage::with_kim(Ground::Disk).await;
    let aside = Aside { id: "telegram/99".into(), raw: "{\"gift\":1}".into(), why: "an update of a new kind".into() };
    assert_eq!(stage.house().intake.keep_aside(kim.bot.name(), aside.clone()).await, Receipt::KEPT);
    stage.restart().await;
    let kept = stage.house().outbox.asides(kim.bot.name(), 10);
    assert_eq!(kept.into_iter().map(|(_, aside)| aside).collect::<Vec<_>>(), [aside]);
}

async fn append(log: &dyn EventLog, event: &domain::Event, command: &str) {
    let stream = StreamId::new(ItemRef::new(Bucket::Idea, 1).stream());
    let meta = Meta {
        command: CommandId::new(command),
        text: "/promote I1".into(),
        actor: "person/1".into(),
        origin: Origin { bot: "telegram".into(), room: "telegram/kim".into(), message: "m99".into() },
        correlation: CommandId::new(command.split('#').next().unwrap()),
        causation: None,
        recorded_at: chrono::DateTime::UNIX_EPOCH,
    };
    let expected = Expected::of(log.version(&stream).unwrap());
    log.append(Append { stream, expected, events: vec![stored::encode(event)], meta }).await.unwrap();
}

/// All of them at once.
async fn futures<T>(all: impl IntoIterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut waiting: Vec<_> = all.into_iter().map(|it| (Box::pin(it), None)).collect();
    std::future::poll_fn(|context| {
        for (future, done) in &mut waiting {
            if done.is_none()
                && let std::task::Poll::Ready(value) = future.as_mut().poll(context)
            {
                *done = Some(value);
            }
        }
        if waiting.iter().all(|(_, done)| done.is_some()) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    waiting.into_iter().filter_map(|(_, done)| done).collect()
}

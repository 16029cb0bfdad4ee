//! What was said while nobody listened.

use std::sync::Arc;

use yoman_chat::{Bot, Outbound, Said};
use yoman_slack::Slack;
use yoman_stand_ins::slack::{Delivery, Fault, FaultKind, Say, SlackStandIn};

use crate::setup::{PATIENCE, Setup, config, room, run, text};

/// What happens while no socket is open is lost.
fn lossy() -> Delivery {
    Delivery { lose_when_away: true, ..Delivery::default() }
}

#[tokio::test]
async fn an_outage_is_read_on_in_order_with_threads_and_corrections() {
    let setup = Setup::start().await;
    let first = setup.server.write(&setup.im, &setup.kim, "todo one").unwrap();
    setup.server.write(&setup.general, &setup.kim, "hello").unwrap();
    setup.kept(2).await;
    let card = setup.bot.send(&room(&setup.general), &Outbound::text("T1")).await.unwrap();
    // The card is further back than a page when somebody writes under it.
    for n in 0..230 {
        setup.server.write(&setup.general, &setup.kim, &format!("talk {n}")).unwrap();
    }
    setup.kept(2 + 230).await;
    assert!(setup.server.wait_acknowledged(PATIENCE).await);
    setup.run.stop.cancel();
    setup.server.wait(PATIENCE, |s| (s.counters().sockets_open == 0).then_some(())).await.unwrap();
    setup
        .recorder
        .wait(PATIENCE, |r| r.memory("sl/seen").filter(|marks| marks.contains(&setup.general)))
        .await
        .unwrap();

    setup.server.delivery(lossy());
    for n in 0..450 {
        setup.server.write(&setup.im, &setup.kim, &format!("m{n}")).unwrap();
    }
    setup.server.change(&setup.im, &first, "todo one and a half").unwrap();
    let (channel, user) = (setup.general.clone(), setup.dana.clone());
    let reply = Say { channel, user, text: "in the thread".into(), thread_ts: Some(card.id), ..Say::default() };
    setup.server.say(reply).unwrap();
    let new = setup.server.person("New");
    let new_im = setup.server.im(&new);
    setup.server.write(&new_im, &new, "never heard of before").unwrap();
    assert!(setup.server.waiting().is_empty(), "Slack has forgotten all of it");

    let again = Arc::new(Slack::new(config(&setup.server)).unwrap());
    let again = run(&again, &setup.recorder);
    let kept = setup.kept(2 + 230 + 450 + 3).await;
    let direct: Vec<&str> =
        kept.iter().skip(2).filter(|i| i.room.id == room(&setup.im)).map(text).filter(|t| t.starts_with('m')).collect();
    let wanted: Vec<String> = (0..450).map(|n| format!("m{n}")).collect();
    assert_eq!(direct, wanted);
    let edited = kept.iter().find(|i| matches!(i.said, Said::Edited { .. })).unwrap();
    assert_eq!(text(edited), "todo one and a half");
    let threaded = kept.iter().find(|i| text(i) == "in the thread").unwrap();
    assert!(matches!(&threaded.said, Said::Message { reply_to: Some(to), .. } if to.ours));
    assert!(kept.iter().any(|i| text(i) == "never heard of before"));
    let mut ids: Vec<&str> = kept.iter().map(|i| i.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), kept.len(), "each once");
    again.end().await.unwrap();
}

#[tokio::test]
async fn a_broken_socket_is_an_outage_too() {
    let mut setup = Setup::start().await;
    setup.server.write(&setup.im, &setup.kim, "before").unwrap();
    setup.kept(1).await;
    assert!(setup.server.wait_acknowledged(PATIENCE).await);
    setup.server.delivery(lossy());
    setup.server.go_down();
    setup.server.wait(PATIENCE, |s| (s.counters().sockets_open == 0).then_some(())).await.unwrap();
    setup.server.write(&setup.im, &setup.kim, "meanwhile").unwrap();
    setup.server.come_up().await.unwrap();
    let kept = setup.kept(2).await;
    assert_eq!(text(&kept[1]), "meanwhile");
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn what_comes_with_the_greeting_stands_behind_what_was_missed() {
    let mut setup = Setup::start().await;
    setup.server.write(&setup.im, &setup.kim, "before").unwrap();
    setup.kept(1).await;
    assert!(setup.server.wait_acknowledged(PATIENCE).await);
    setup.server.delivery(lossy());
    setup.server.go_down();
    setup.server.wait(PATIENCE, |s| (s.counters().sockets_open == 0).then_some(())).await.unwrap();
    setup.server.write(&setup.im, &setup.kim, "missed").unwrap();
    setup.server.delivery(Delivery::default());
    for n in 0..5 {
        // Handed over as soon as there is a socket.
        setup.server.write(&setup.im, &setup.kim, &format!("next {n}")).unwrap();
    }
    setup.server.come_up().await.unwrap();
    let kept = setup.kept(7).await;
    let texts: Vec<_> = kept.iter().map(text).collect();
    assert_eq!(texts, ["before", "missed", "next 0", "next 1", "next 2", "next 3", "next 4"]);
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn what_is_said_while_threads_are_read_keeps_its_place() {
    let mut setup = Setup::start().await;
    setup.server.write(&setup.im, &setup.kim, "before").unwrap();
    setup.kept(1).await;
    let card = setup.bot.send(&room(&setup.im), &Outbound::text("T1")).await.unwrap();
    assert!(setup.server.wait_acknowledged(PATIENCE).await);
    setup.server.delivery(lossy());
    setup.server.go_down();
    setup.server.wait(PATIENCE, |s| (s.counters().sockets_open == 0).then_some(())).await.unwrap();
    let (channel, user, thread) = (setup.im.clone(), setup.kim.clone(), card.id.clone());
    let in_thread = |text: &str| Say {
        channel: channel.clone(),
        user: user.clone(),
        text: text.into(),
        thread_ts: Some(thread.clone()),
        ..Say::default()
    };
    setup.server.say(in_thread("missed")).unwrap();
    setup.server.delivery(Delivery::default());
    setup.server.fault(Fault::new("conversations.replies", 1, FaultKind::Slow(700)));
    let before = setup.server.calls(Some("conversations.history")).len();
    setup.server.come_up().await.unwrap();
    // The channel was read, and the thread is being read.
    let read = |s: &SlackStandIn| (s.calls(Some("conversations.history")).len() >= before + 2).then_some(());
    setup.server.wait(PATIENCE, read).await.unwrap();
    setup.server.write(&setup.im, &setup.kim, "one").unwrap();
    setup.server.say(in_thread("two")).unwrap();
    let kept = setup.kept(4).await;
    assert_eq!(kept.iter().map(text).collect::<Vec<_>>(), ["before", "missed", "one", "two"]);
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn what_slack_gives_up_is_fetched_until_it_is_kept() {
    let setup = Setup::start().await;
    setup.server.delivery(Delivery { ack_deadline_ms: 100, retry_pauses_ms: Vec::new(), ..Delivery::default() });
    setup.recorder.refuse_text("stuck");
    setup.server.write(&setup.im, &setup.kim, "stuck").unwrap();
    setup.server.wait(PATIENCE, |s| (s.counters().envelopes_lost == 1).then_some(())).await.unwrap();
    setup.recorder.relent();
    let kept = setup.kept(1).await;
    assert!(setup.recorder.tried().iter().all(|t| t.id == kept[0].id));
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn nothing_is_read_back_the_first_time() {
    let server = SlackStandIn::start().await.unwrap();
    server.delivery(lossy());
    let setup = Setup::unconnected(server, |_| {});
    setup.server.delivery(lossy());
    setup.server.write(&setup.general, &setup.kim, "long ago").unwrap();
    setup.connected(1).await;
    let inbound = setup.next(|s| s.write(&setup.im, &setup.kim, "now")).await;
    assert_eq!(text(&inbound), "now");
    setup.run.end().await.unwrap();
}

//! The same with the real program: two processes on one bot of the Telegram stand-in and one log on NATS. One is killed, alone
//! or together with the NATS server that leads, or frozen and thawed again. `YOMAN_NATS_KILLS` says how many servers of three
//! are killed after that, in turn, while people talk.

use std::time::Instant;

use super::wire::Wire;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_a_process_is_killed_another_goes_on() {
    let wire = Wire::new().await;
    let (first, second) = wire.two().await;
    wire.ask(0..10);
    wire.until("some are answered", &[&first], || (wire.answered().0.len() > 3).then_some(())).await;
    first.signal("KILL");
    let since = Instant::now();
    wire.ask(10..20);
    let after = wire.goes_on_after(10, since, &[&second]).await;
    eprintln!("killed; the other one went on after {after:?}");
    wire.all_answered(20, &[&second]).await;

    // The card the first one sent is changed in its place.
    let card = wire.by_bot().into_iter().find(|shown| shown.text.contains("errand 0.")).unwrap();
    wire.telegram.write(wire.kim, "/done T1").unwrap();
    wire.until("the card is changed", &[&second], || {
        let now = wire.by_bot().into_iter().find(|shown| shown.message_id == card.message_id)?;
        now.edited_at_us.map(drop)
    })
    .await;
    let doctor = wire.tells("second", &["doctor"]);
    assert!(doctor.contains("telegram: this node speaks for it"), "{doctor}");
    second.stops();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_a_process_and_the_server_that_leads_are_killed_at_once_another_goes_on() {
    let mut wire = Wire::of_three().await;
    let (first, second) = wire.two().await;
    wire.ask(0..10);
    wire.until("some are answered", &[&first], || (wire.answered().0.len() > 3).then_some(())).await;
    // What the bot keeps is written there, and the answers that were just given with it.
    let leader = wire.nats.leader_of("yoman-bots").unwrap();
    first.signal("KILL");
    wire.nats.servers[leader].kill().unwrap();
    let since = Instant::now();
    wire.ask(10..20);
    let after = wire.goes_on_after(10, since, &[&second]).await;
    eprintln!("killed with a server of three; the other one went on after {after:?}");
    wire.all_answered(20, &[&second]).await;
    wire.nats.servers[leader].restart().unwrap();

    let kills = std::env::var("YOMAN_NATS_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(0);
    let mut asked = 20;
    // Two again: while the servers elect a leader, the one that speaks may lose its lease to the other.
    let again = (kills > 0).then(|| wire.start("first"));
    for kill in 1..=kills {
        let dies = (leader + kill) % wire.nats.servers.len();
        wire.ask(asked..asked + 5);
        wire.nats.servers[dies].kill().unwrap();
        let since = Instant::now();
        wire.ask(asked + 5..asked + 10);
        let both: Vec<_> = [&second].into_iter().chain(&again).collect();
        let after = wire.goes_on_after(asked + 5, since, &both).await;
        eprintln!("server {dies} was killed; one went on after {after:?}");
        asked += 10;
        wire.all_answered_after(asked, 1 + kill, &both).await;
        wire.nats.servers[dies].restart().unwrap();
    }
    second.stops();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_was_frozen_says_nothing_after() {
    let wire = Wire::new().await;
    let (first, second) = wire.two().await;
    wire.ask(0..8);
    wire.until("some are answered", &[&first], || (wire.answered().0.len() > 2).then_some(())).await;
    first.signal("STOP");
    let since = Instant::now();
    wire.ask(8..16);
    let after = wire.goes_on_after(8, since, &[&second]).await;
    eprintln!("frozen; the other one went on after {after:?}");
    wire.all_answered(16, &[&second]).await;
    let before = wire.by_bot().len();
    first.signal("CONT");
    wire.until("the first one knows", &[&first], || first.knows_it_lost().then_some(())).await;
    wire.all_answered(16, &[&first, &second]).await;
    assert_eq!(wire.by_bot().len(), before, "it said nothing more");
    // It is there when it is needed again.
    wire.ask(16..20);
    wire.all_answered(20, &[&first, &second]).await;
    second.stops();
    wire.ask(20..24);
    wire.all_answered(24, &[&first]).await;
    first.stops();
}

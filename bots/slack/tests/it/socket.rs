//! Sockets that are dropped, go silent, are told to go; envelopes that come twice.

use std::time::Duration;

use yoman_chat::BotError;
use yoman_slack::Timing;
use yoman_stand_ins::slack::{Delivery, Fault, SlackStandIn};

use crate::setup::{PATIENCE, Setup};

#[tokio::test]
async fn an_envelope_that_comes_twice_is_one() {
    let setup = Setup::start().await;
    setup.server.delivery(Delivery { twice: true, ..Delivery::default() });
    for n in 0..5 {
        setup.server.write(&setup.im, &setup.kim, &format!("m{n}")).unwrap();
    }
    setup.kept(5).await;
    setup.server.wait(PATIENCE, |s| (s.counters().acks_late >= 5).then_some(())).await.unwrap();
    assert_eq!(setup.recorder.texts(), ["m0", "m1", "m2", "m3", "m4"]);
    assert_eq!(setup.recorder.tried().len(), 5);
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn a_dropped_socket_is_opened_again_and_nothing_is_lost() {
    let setup = Setup::start().await;
    setup.server.drop_sockets();
    setup.server.write(&setup.im, &setup.kim, "meanwhile").unwrap();
    setup.connected(2).await;
    setup.kept(1).await;
    assert!(setup.server.wait_acknowledged(PATIENCE).await);
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn a_silent_socket_is_noticed() {
    let timing = Timing { ping: Duration::from_millis(200), dead: Duration::from_millis(700) };
    let setup = Setup::over(SlackStandIn::start().await.unwrap(), |config| config.timing = timing).await;
    setup.server.silence_sockets();
    setup.server.write(&setup.im, &setup.kim, "into the void").unwrap();
    setup.connected(2).await;
    let kept = setup.kept(1).await;
    assert_eq!(crate::setup::text(&kept[0]), "into the void");
    setup.run.end().await.unwrap();
}

#[test]
fn a_dead_socket_is_given_up_within_20_s() {
    let timing = Timing::default();
    assert!(timing.dead + timing.ping <= Duration::from_secs(20));
}

#[tokio::test]
async fn the_next_socket_stands_before_the_old_one_is_closed() {
    let setup = Setup::start().await;
    setup.server.disconnect("warning");
    setup.connected(2).await;
    assert_eq!(setup.server.counters().sockets_open, 2, "the old one is read until it is closed");
    setup.server.write(&setup.im, &setup.kim, "to the new one").unwrap();
    setup.kept(1).await;
    setup.server.disconnect("refresh_requested");
    setup.connected(3).await;
    setup.server.write(&setup.im, &setup.kim, "to the newest").unwrap();
    setup.kept(2).await;
    assert!(setup.server.wait_acknowledged(PATIENCE).await);
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn what_a_person_must_mend_ends_the_bot_with_what_to_do() {
    for (what, wanted) in [("link_disabled", "Socket Mode"), ("app_uninstalled", "install the app")] {
        let setup = Setup::start().await;
        match what {
            "link_disabled" => setup.server.disconnect(what),
            event => drop(setup.server.raw_event(serde_json::json!({ "type": event }))),
        }
        let ended = tokio::time::timeout(PATIENCE, setup.run.task).await.unwrap().unwrap();
        assert!(matches!(&ended, Err(BotError::Setting(why)) if why.contains(wanted)), "{what}: {ended:?}");
    }
    for (method, error, wanted) in [
        ("auth.test", "token_revoked", "install the app"),
        ("auth.test", "invalid_auth", "copy it again"),
        ("apps.connections.open", "invalid_auth", "app-level token"),
        ("apps.connections.open", "forbidden_team", "Socket Mode"),
    ] {
        let server = SlackStandIn::start().await.unwrap();
        server.fault(Fault::refusal(method, 1, error));
        let setup = Setup::unconnected(server, |_| {});
        let ended = tokio::time::timeout(PATIENCE, setup.run.task).await.unwrap().unwrap();
        let Err(BotError::Setting(why)) = ended else { panic!("{error}: {ended:?}") };
        assert!(why.contains(wanted) && !why.contains("standin"), "{why}");
    }
}

#[tokio::test]
async fn trouble_of_the_service_is_waited_out() {
    let server = SlackStandIn::start().await.unwrap();
    server.fault(Fault::status("auth.test", 2, 503));
    server.fault(Fault::status("apps.connections.open", 2, 500));
    server.fault(Fault::too_many("apps.connections.open", 1, 0));
    let setup = Setup::over(server, |_| {}).await;
    setup.server.write(&setup.im, &setup.kim, "x").unwrap();
    setup.kept(1).await;
    setup.run.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledgements_come_within_the_deadline_under_load() {
    let setup = Setup::start().await;
    for n in 0..200 {
        setup.server.write(&setup.im, &setup.kim, &format!("m{n}")).unwrap();
    }
    setup.kept(200).await;
    assert!(setup.server.wait_acknowledged(PATIENCE).await);
    let counters = setup.server.counters();
    assert_eq!((counters.envelopes_acked, counters.envelopes_lost), (200, 0));
    assert!(counters.bad_frames.is_empty(), "{:?}", counters.bad_frames);
    setup.run.end().await.unwrap();
}

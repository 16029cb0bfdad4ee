//! HTTP mode: signature, age, and the same handler behind it.

use std::net::SocketAddr;

use yoman_chat::BotError;
use yoman_slack::Mode;
use yoman_stand_ins::slack::{Press, SlackStandIn, Slash};

use crate::setup::{PATIENCE, Setup, room, text};

async fn start() -> (Setup, SocketAddr) {
    let listen = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let server = SlackStandIn::start().await.unwrap();
    let setup = Setup::unconnected(server, |config| {
        config.mode = Mode::Http { listen, signing_secret: "5tand1n5igning5ecret0123456789ab".into() };
        config.app_token = None;
    });
    // It listens before it is told to Slack, as one does.
    setup.server.wait(PATIENCE, |s| (!s.calls(Some("auth.test")).is_empty()).then_some(())).await.unwrap();
    while tokio::net::TcpStream::connect(listen).await.is_err() {
        tokio::task::yield_now().await;
    }
    (setup, listen)
}

async fn post(addr: SocketAddr, body: &str, timestamp: &str, signature: &str) -> u16 {
    let request = reqwest::Client::new()
        .post(format!("http://{addr}/slack/events"))
        .header("content-type", "application/json")
        .header("x-slack-request-timestamp", timestamp)
        .header("x-slack-signature", signature)
        .body(body.to_owned());
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn the_address_is_proved_and_everything_comes_that_way() {
    let (setup, listen) = start().await;
    assert!(setup.server.set_request_url(&format!("http://{listen}/slack")).await, "the challenge was not answered");
    let inbound = setup.next(|s| s.write(&setup.im, &setup.kim, "todo Fix & go")).await;
    assert_eq!(text(&inbound), "todo Fix & go");
    let command = Slash {
        channel: setup.general.clone(),
        user: setup.kim.clone(),
        command: "/yoman".into(),
        text: "todo Fix &amp; go".into(),
    };
    assert_eq!(text(&setup.next(|s| s.slash(&command)).await), "/todo Fix & go");
    let card = yoman_chat::Outbound::text("card").row(vec![yoman_chat::Button::new("Do", "/done T1")]);
    let card = yoman_chat::Bot::send(setup.bot.as_ref(), &room(&setup.im), &card).await.unwrap();
    let press = Press { channel: setup.im.clone(), user: setup.kim.clone(), ts: card.id, button: "Do".into() };
    assert_eq!(text(&setup.next(|s| s.press(&press)).await), "/done T1");
    setup.recorder.refuse_next(1);
    setup.server.write(&setup.im, &setup.kim, "again").unwrap();
    setup.kept(4).await;
    assert!(setup.server.wait_acknowledged(PATIENCE).await);
    assert_eq!(setup.server.counters().sockets_opened, 0);
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn without_the_signature_or_with_an_old_one_nothing_gets_in() {
    let (setup, listen) = start().await;
    let body = r#"{"type":"event_callback","event_id":"Ev1","event":{"type":"telepathy"}}"#;
    let now = chrono::Utc::now().timestamp();
    let sign = |at: i64, body: &str| setup.server.signature(&at.to_string(), body);
    let stale = now - 301;
    let cases = [
        (now.to_string(), String::new()),
        (now.to_string(), "v0=00".into()),
        (now.to_string(), sign(now, "another body")),
        (stale.to_string(), sign(stale, body)),
        ((now + 400).to_string(), sign(now + 400, body)),
        ("x".into(), sign(now, body)),
        ((now - 1).to_string(), sign(now, body)),
    ];
    for (at, signature) in cases {
        assert_eq!(post(listen, body, &at, &signature).await, 401, "{at} {signature}");
    }
    assert!(setup.recorder.asides().is_empty());
    assert_eq!(post(listen, body, &now.to_string(), &sign(now, body)).await, 200);
    assert_eq!(setup.recorder.asides().len(), 1);
    assert_eq!(post(listen, "{", &now.to_string(), &sign(now, "{")).await, 400);
    let large = " ".repeat(2 * 1024 * 1024);
    assert_eq!(post(listen, &large, &now.to_string(), &sign(now, &large)).await, 413);
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn an_address_that_is_taken_is_told() {
    let server = SlackStandIn::start().await.unwrap();
    let taken = server.addr();
    let setup = Setup::unconnected(server, |config| {
        config.mode = Mode::Http { listen: taken, signing_secret: "s".into() };
    });
    let ended = tokio::time::timeout(PATIENCE, setup.run.task).await.unwrap().unwrap();
    assert!(matches!(ended, Err(BotError::Setting(why)) if why.contains("listen")));
}

//! Interactions over HTTP.

use std::net::SocketAddr;

use serde_json::json;
use yoman_chat::{Bot, Button, Outbound, Said};
use yoman_discord::{Endpoint, PublicKey};
use yoman_stand_ins::discord::{Ask, DiscordStandIn, Invoke};

use crate::setup::{Setup, room, text};

async fn start() -> (Setup, SocketAddr) {
    // The port is free now and, on loopback in a test, for the moment that follows.
    let listen = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = DiscordStandIn::start().await.unwrap();
    let public_key = PublicKey::parse(&server.public_key()).unwrap();
    let endpoint = Endpoint { listen, path: "/hook".into(), public_key };
    let setup = Setup::over(server, |config| config.endpoint = Some(endpoint));
    setup.ready().await;
    setup.server.set_endpoint(Some(&format!("http://{listen}/hook"))).await.unwrap();
    (setup, listen)
}

#[tokio::test]
async fn a_command_is_answered_in_the_answer() {
    let (setup, _) = start().await;
    setup.answer(|inbound| Some(Outbound::text(format!("said {}", text(inbound)))));
    let kim = setup.server.person("Kim");
    let command = Invoke { channel_id: kim.dm, command: "done".into(), ..Invoke::default() };
    let id = setup.server.invoke(&command).unwrap();
    let answered = setup.answered(id, |it| it.messages.len() == 1).await;
    assert_eq!((answered.kind, answered.messages[0].text.as_str()), (Some(4), "said /done"));
    assert!(setup.server.calls("POST /interactions").is_empty());
    let kept = setup.kept(1).await;
    assert_eq!(kept[0].id, format!("dc/{}/i{id}", kim.dm));
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn what_is_not_kept_is_not_confirmed() {
    let (setup, _) = start().await;
    setup.recorder.refuse_next(1);
    let kim = setup.server.person("Kim");
    let command = Invoke { channel_id: kim.dm, command: "done".into(), ..Invoke::default() };
    let id = setup.server.invoke(&command).unwrap();
    let answered = setup.answered(id, |it| it.messages.len() == 1).await;
    assert!(answered.messages[0].text.starts_with("Not kept") && answered.messages[0].only_for.is_some());
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn buttons_and_forms_work_too() {
    let (setup, _) = start().await;
    let kim = setup.server.person("Kim");
    let ask = yoman_chat::Ask { title: "Note".into(), label: "Words".into(), long: false, optional: false };
    let card = Outbound::text("T1").row(vec![Button::new("Done", "done T1"), Button::new("Note", "note T1").ask(ask)]);
    let card = setup.bot.send(&room(kim.dm), &card).await.unwrap();
    let card_id = card.id.parse().unwrap();
    let id = setup.server.press(card_id, 0, "bdone T1").unwrap();
    assert_eq!(setup.answered(id, |_| true).await.kind, Some(6));
    let id = setup.server.press(card_id, 0, "fnote T1").unwrap();
    assert_eq!(setup.answered(id, |_| true).await.kind, Some(9));
    let before = setup.recorder.kept().len();
    setup.server.fill(&Ask { interaction_id: id, values: vec!["x".into()] }).unwrap();
    let kept = setup.kept(before + 1).await.remove(before);
    assert_eq!(kept.said, Said::Pressed { data: "note T1".into(), card, words: Some("x".into()) });
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn without_the_signature_nothing_gets_in() {
    let (setup, listen) = start().await;
    let post = |path: &'static str, body: String, signed: bool| async move {
        let mut request = reqwest::Client::new().post(format!("http://{listen}{path}")).body(body);
        if signed {
            request = request.header("X-Signature-Ed25519", "00".repeat(64)).header("X-Signature-Timestamp", "1");
        }
        request.send().await.unwrap().status().as_u16()
    };
    let body = json!({ "type": 2, "id": "1", "token": "t", "application_id": "1", "channel_id": "5" }).to_string();
    assert_eq!(post("/hook", body.clone(), false).await, 401);
    assert_eq!(post("/hook", body.clone(), true).await, 401);
    assert_eq!(post("/other", body, true).await, 404);
    assert_eq!(post("/hook", " ".repeat(2 * 1024 * 1024), true).await, 413);
    assert!(setup.recorder.tried().is_empty() && setup.recorder.asides().is_empty());
    setup.run.end().await.unwrap();
}

//! The other way in.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use yoman_chat::{BotError, BotName, fake::Recorder};
use yoman_stand_ins::telegram::TelegramStandIn;
use yoman_telegram::{Telegram, TelegramConfig, Webhook};

use crate::setup::{PATIENCE, Setup, config, run, text};

fn hook() -> (Webhook, SocketAddr) {
    // The port is free now and, on loopback in a test, for the moment that follows.
    let listen = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let public_url = format!("http://{listen}/hook/telegram").parse().unwrap();
    (Webhook { listen, public_url, path: "/hook/telegram".into(), secret_token: "s3cret_-".into() }, listen)
}

async fn start() -> (Setup, SocketAddr) {
    let (hook, listen) = hook();
    let server = TelegramStandIn::start().await.unwrap();
    (Setup::over(server, |config| config.webhook = Some(hook)), listen)
}

async fn post(addr: SocketAddr, path: &str, secret: Option<&str>, body: &str) -> u16 {
    let mut request = reqwest::Client::new().post(format!("http://{addr}{path}")).body(body.to_owned());
    if let Some(secret) = secret {
        request = request.header("X-Telegram-Bot-Api-Secret-Token", secret);
    }
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn deliveries_are_kept_and_only_then_forgotten() {
    let (setup, _) = start().await;
    let kim = setup.server.person("Kim");
    for n in 0..20 {
        setup.server.write(kim, &format!("m{n}")).unwrap();
    }
    let kept = setup.kept(20).await;
    assert!(kept.iter().map(text).eq((0..20).map(|n| format!("m{n}"))));
    assert!(setup.server.wait_confirmed(PATIENCE).await);
    assert!(setup.server.calls(Some("getUpdates")).is_empty());
    let set = setup.server.calls(Some("setWebhook"));
    assert_eq!(set.len(), 1);
    assert!(set[0].params.contains_key("allowed_updates") && set[0].params.contains_key("secret_token"));
    assert!(!set[0].params.contains_key("drop_pending_updates"));
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn what_is_not_kept_is_answered_503_and_comes_again() {
    let (setup, addr) = start().await;
    let kim = setup.server.person("Kim");
    setup.recorder.refuse_next(2);
    setup.server.write(kim, "again").unwrap();
    let kept = setup.kept(1).await;
    assert!(setup.recorder.tried().iter().all(|t| t.id == kept[0].id));
    assert_eq!(setup.recorder.tried().len(), 3);
    setup.recorder.refuse_next(1);
    let update = r#"{"update_id":1,"message":{"message_id":1,"date":1,"chat":{"id":5,"type":"private"},"from":{"id":5,"first_name":"K"},"text":"x"}}"#;
    assert_eq!(post(addr, "/hook/telegram", Some("s3cret_-"), update).await, 503);
    assert_eq!(post(addr, "/hook/telegram", Some("s3cret_-"), update).await, 200);
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn without_the_secret_nothing_gets_in() {
    let (setup, addr) = start().await;
    setup.server.wait(PATIENCE, |s| (!s.calls(Some("setWebhook")).is_empty()).then_some(())).await.unwrap();
    for secret in [None, Some(""), Some("s3cret_"), Some("s3cret_-x")] {
        assert_eq!(post(addr, "/hook/telegram", secret, "{}").await, 401, "{secret:?}");
    }
    assert_eq!(post(addr, "/other", Some("s3cret_-"), "{}").await, 404);
    let large = " ".repeat(2 * 1024 * 1024);
    assert_eq!(post(addr, "/hook/telegram", Some("s3cret_-"), &large).await, 413);
    assert!(setup.recorder.tried().is_empty() && setup.recorder.asides().is_empty());
    assert_eq!(post(addr, "/hook/telegram", Some("s3cret_-"), "not json").await, 200);
    assert_eq!(setup.recorder.asides().len(), 1, "kept aside, or Telegram would send it for ever");
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn is_registered_only_when_needed_and_polling_takes_it_away() {
    let server = TelegramStandIn::start().await.unwrap();
    let kim = server.person("Kim");
    let recorder = Recorder::new();
    let (hook, _) = hook();
    for _ in 0..2 {
        let mut config = config(&server);
        config.webhook = Some(hook.clone());
        let bot = Arc::new(Telegram::new(config).unwrap());
        let run = run(&bot, &recorder);
        server.write(kim, "x").unwrap();
        let before = recorder.kept().len();
        recorder.wait_kept(before + 1, PATIENCE).await;
        run.end().await.unwrap();
    }
    assert_eq!(server.calls(Some("setWebhook")).len(), 1);
    let polling = Setup::over(server, |_| {});
    polling.server.write(kim, "now by polling").unwrap();
    polling.recorder.wait(PATIENCE, |r| r.texts().contains(&"now by polling".to_owned()).then_some(())).await.unwrap();
    polling.run.end().await.unwrap();
}

#[tokio::test]
async fn settings_that_cannot_be_right_are_told() {
    let with = |change: fn(&mut Webhook)| {
        let (mut hook, _) = hook();
        change(&mut hook);
        let mut config = TelegramConfig::new(BotName::new("tg"), "1:a");
        config.webhook = Some(hook);
        Telegram::new(config)
    };
    assert!(with(|_| {}).is_ok());
    assert!(matches!(with(|h| h.secret_token = "".into()), Err(BotError::Setting(_))));
    assert!(matches!(with(|h| h.secret_token = "not allowed!".into()), Err(BotError::Setting(_))));
    assert!(matches!(with(|h| h.path = "hook".into()), Err(BotError::Setting(_))));
    assert!(matches!(with(|h| h.path = "/{x}".into()), Err(BotError::Setting(_))));
    let server = TelegramStandIn::start().await.unwrap();
    let taken = server.addr();
    let (hook, _) = hook();
    let setup = Setup::over(server, |config| config.webhook = Some(Webhook { listen: taken, ..hook }));
    let ended = tokio::time::timeout(Duration::from_secs(2), setup.run.task).await.unwrap().unwrap();
    assert!(matches!(ended, Err(BotError::Setting(why)) if why.contains("listen")));
}

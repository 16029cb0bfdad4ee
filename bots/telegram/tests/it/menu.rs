//! The list of commands is registered when it changes, and only then.

use std::{sync::Arc, time::Duration};

use yoman_chat::fake::Recorder;
use yoman_stand_ins::telegram::{Fault, TelegramStandIn};
use yoman_telegram::{MenuEntry, MenuScope, Telegram};

use crate::setup::{PATIENCE, config, run};

fn entry(scope: MenuScope, language: Option<&str>, names: &[&str]) -> MenuEntry {
    let commands = names.iter().map(|name| ((*name).to_owned(), format!("does {name}"))).collect();
    MenuEntry { scope, language: language.map(str::to_owned), commands }
}

/// Runs a bot with this menu until it has remembered it, or for a moment.
async fn with(server: &TelegramStandIn, recorder: &Arc<Recorder>, menu: Vec<MenuEntry>) {
    let mut config = config(server);
    config.menu = menu;
    let before = recorder.memory("tg/menu");
    let bot = Arc::new(Telegram::new(config).unwrap());
    let run = run(&bot, recorder);
    recorder.wait(Duration::from_millis(300), |r| (r.memory("tg/menu") != before).then_some(())).await;
    run.end().await.unwrap();
}

#[tokio::test]
async fn is_registered_by_scope_and_language_once() {
    let server = TelegramStandIn::start().await.unwrap();
    let recorder = Recorder::new();
    let menu = vec![
        entry(MenuScope::Private, None, &["todo", "idea"]),
        entry(MenuScope::Private, Some("ko"), &["todo"]),
        entry(MenuScope::Groups, None, &["list"]),
    ];
    with(&server, &recorder, menu.clone()).await;
    assert_eq!(server.commands("all_private_chats", "").len(), 2);
    assert_eq!(server.commands("all_private_chats", "ko").len(), 1);
    assert_eq!(server.commands("all_group_chats", "")[0]["command"], "list");
    with(&server, &recorder, menu.clone()).await;
    assert_eq!(server.calls(Some("setMyCommands")).len(), 3, "not again at every start");
    with(&server, &recorder, vec![menu[0].clone(), entry(MenuScope::Default, None, &["x"])]).await;
    assert!(server.commands("all_private_chats", "ko").is_empty(), "what is no longer wanted is taken away");
    assert!(server.commands("all_group_chats", "").is_empty());
    assert_eq!(server.commands("default", "").len(), 1);
}

#[tokio::test]
async fn what_telegram_would_not_take_is_left_out_alone() {
    let server = TelegramStandIn::start().await.unwrap();
    let mut menu = entry(MenuScope::Default, None, &["todo", "Not-Legal", ""]);
    menu.commands.push(("empty".into(), String::new()));
    menu.commands.extend((0..120).map(|n| (format!("c{n}"), "x".to_owned())));
    with(&server, &Recorder::new(), vec![menu]).await;
    let commands = server.commands("default", "");
    assert_eq!(commands.len(), 100);
    assert_eq!((&commands[0]["command"], &commands[1]["command"]), (&"todo".into(), &"c0".into()));
}

#[tokio::test]
async fn a_failure_stops_nothing_and_is_tried_at_the_next_start() {
    let server = TelegramStandIn::start().await.unwrap();
    let kim = server.person("Kim");
    let recorder = Recorder::new();
    server.fault(Fault::too_many("setMyCommands", 1, 3_600));
    server.write(kim, "hello").unwrap();
    let menu = vec![entry(MenuScope::Default, None, &["todo"])];
    with(&server, &recorder, menu.clone()).await;
    assert_eq!(recorder.wait_kept(1, PATIENCE).await.len(), 1);
    assert_eq!(recorder.memory("tg/menu"), None);
    with(&server, &recorder, menu).await;
    assert_eq!(server.commands("default", "").len(), 1);
}

//! What people see on Telegram, and what a failure says.

use std::time::{Duration, Instant};

use yoman_chat::{Bot, Button, ButtonTone, MessageRef, Outbound, RoomId, SendError, Style, Text};
use yoman_stand_ins::telegram::{ChatKind, Fault, FaultKind, NewChat, Press, TelegramStandIn, User};

use crate::setup::{PATIENCE, Setup, room};

#[tokio::test]
async fn formatting_goes_as_entities() {
    let setup = Setup::start().await;
    let kim = setup.server.person("Kim");
    let mut text = Text::new();
    text.item("T7").plain(" 🦀 ").push(Style::Bold, "bold").plain(" ");
    text.push(Style::Link("https://example.org/x".into()), "link").plain("\n");
    text.push(Style::Pre(Some("rust".into())), "fn main() {}").push(Style::Quote, "\n<b>*_`[");
    setup.bot.send(&room(kim), &Outbound { silent: true, ..Outbound::text(text) }).await.unwrap();
    let shown = setup.server.shown(kim).remove(0);
    assert_eq!(shown.text, "/T7 🦀 bold link\nfn main() {}\n<b>*_`[");
    assert!(shown.silent);
    let kinds: Vec<(&str, u64, u64)> = shown
        .entities
        .iter()
        .map(|e| (e["type"].as_str().unwrap(), e["offset"].as_u64().unwrap(), e["length"].as_u64().unwrap()))
        .collect();
    assert_eq!(kinds, [("bot_command", 0, 3), ("bold", 7, 4), ("text_link", 12, 4), ("pre", 17, 12)]);
    let call = &setup.server.calls(Some("sendMessage"))[0].params;
    assert!(!call.contains_key("parse_mode"));
    assert_eq!(call["link_preview_options"]["is_disabled"], true);
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn buttons_are_shown_and_pressed() {
    let setup = Setup::start().await;
    let kim = setup.server.person("Kim");
    setup.recorder.toast("T1 done");
    let card = Outbound::text("card")
        .row(vec![
            Button::new("Done", "done T1").tone(ButtonTone::Primary),
            Button::new("Reject", "reject T1").tone(ButtonTone::Danger),
        ])
        .row(vec![Button::new("Too long", "x".repeat(65))]);
    let card = setup.bot.send(&room(kim), &card).await.unwrap();
    let shown = setup.server.shown(kim).remove(0);
    assert_eq!(shown.buttons.len(), 1, "the row that cannot be is left out, the message is not");
    assert_eq!(shown.buttons[0][0].style.as_deref(), Some("primary"));
    assert_eq!(shown.buttons[0][1].style.as_deref(), Some("danger"));
    let press = Press { chat_id: kim, user_id: kim, message_id: card.id.parse().unwrap(), button: "Done".into() };
    let query = setup.server.press(&press).unwrap();
    let answer = setup.server.wait(PATIENCE, |s| s.callbacks().into_iter().next()).await.unwrap();
    assert_eq!((answer.id, answer.text.as_deref()), (query, Some("T1 done")));
    let inbound = setup.kept(1).await.remove(0);
    assert_eq!(inbound.id, format!("tg/{kim}/{}/p{}", card.id, answer_id(&setup.server)));
    setup.run.end().await.unwrap();
}

fn answer_id(server: &TelegramStandIn) -> String {
    server.callbacks()[0].id.clone()
}

#[tokio::test]
async fn a_press_that_cannot_be_answered_is_still_kept() {
    let setup = Setup::start().await;
    let kim = setup.server.person("Kim");
    let card = setup.bot.send(&room(kim), &Outbound::text("c").row(vec![Button::new("Do", "do")])).await.unwrap();
    setup.server.fault(Fault::refusal(
        "answerCallbackQuery",
        1,
        400,
        "Bad Request: query is too old and response timeout expired or query ID is invalid",
    ));
    setup
        .server
        .press(&Press { chat_id: kim, user_id: kim, message_id: card.id.parse().unwrap(), button: "Do".into() })
        .unwrap();
    setup.kept(1).await;
    assert!(setup.server.wait_confirmed(PATIENCE).await);
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn an_answer_to_a_message_that_is_gone_is_sent_all_the_same() {
    let setup = Setup::start().await;
    let kim = setup.server.person("Kim");
    let reply = |id: &str| Outbound::text("x").reply_to(Some(MessageRef { room: room(kim), id: id.into() }));
    setup.bot.send(&room(kim), &reply("424242")).await.unwrap();
    assert_eq!(setup.server.shown(kim)[0].reply_to, None);
    let other = Outbound::text("x").reply_to(Some(MessageRef { room: room(7), id: "1".into() }));
    setup.bot.send(&room(kim), &other).await.unwrap();
    assert!(!setup.server.calls(Some("sendMessage"))[1].params.contains_key("reply_parameters"));
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn edits_change_in_place_and_take_buttons_away() {
    let setup = Setup::start().await;
    let kim = setup.server.person("Kim");
    let card = setup.bot.send(&room(kim), &Outbound::text("open").row(vec![Button::new("Do", "do")])).await.unwrap();
    let done = Outbound::text("done");
    setup.bot.edit(&card, &done).await.unwrap();
    setup.bot.edit(&card, &done).await.unwrap();
    let shown = setup.server.shown(kim);
    assert_eq!(shown.len(), 1);
    assert_eq!((shown[0].text.as_str(), shown[0].buttons.len(), shown[0].versions.len()), ("done", 0, 1));
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn what_can_no_longer_be_changed_is_gone() {
    let setup = Setup::start().await;
    let kim = setup.server.person("Kim");
    let text = Outbound::text("x");
    let card = setup.bot.send(&room(kim), &text).await.unwrap();
    let theirs = setup.server.write(kim, "mine").unwrap().message_id;
    setup.server.delete(kim, card.id.parse().unwrap());
    for id in [card.id.as_str(), &theirs.to_string(), "999", "not a number"] {
        let gone = setup.bot.edit(&MessageRef { room: room(kim), id: id.into() }, &text).await;
        assert!(matches!(gone, Err(SendError::Gone(_))), "{id}: {gone:?}");
    }
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn what_will_never_be_taken_is_refused() {
    let setup = Setup::start().await;
    let server = &setup.server;
    let (kim, dana) = (server.person("Kim"), server.person("Dana"));
    let stranger = server.add_user(User { not_started: true, ..User::default() }).id;
    let group = server.add_chat(NewChat { kind: ChatKind::Supergroup, ..NewChat::default() });
    server.shut(dana, true);
    server.shut(group, true);
    let long = "x".repeat(4097);
    let cases = [
        (room(424_242), "x"),
        (room(dana), "x"),
        (room(group), "x"),
        (room(stranger), "x"),
        (room(kim), ""),
        (room(kim), long.as_str()),
        (RoomId::new(format!("tg/{kim}/77")), "x"),
        (RoomId::new("tg/nonsense"), "x"),
    ];
    for (to, text) in cases {
        let refused = setup.bot.send(&to, &Outbound::text(text)).await;
        assert!(matches!(refused, Err(SendError::Refused(_))), "{to}: {refused:?}");
    }
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn waiting_is_asked_for_by_room() {
    let setup = Setup::start().await;
    let kim = setup.server.person("Kim");
    setup.server.fault(Fault::too_many("sendMessage", 1, 7));
    let wait = setup.bot.send(&room(kim), &Outbound::text("x")).await;
    assert_eq!(wait, Err(SendError::RetryAfter { after: Duration::from_secs(7), whole_bot: false }));
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn an_unknown_outcome_is_called_unknown_at_once() {
    let setup =
        Setup::over(TelegramStandIn::start().await.unwrap(), |c| c.request_timeout = Duration::from_millis(300));
    let kim = setup.server.person("Kim");
    let unknown = [FaultKind::DropBefore, FaultKind::DropAfter, FaultKind::HangBefore, FaultKind::HangAfter];
    for kind in unknown {
        setup.server.fault(Fault::new("sendMessage", 1, kind.clone()));
        let began = Instant::now();
        let outcome = setup.bot.send(&room(kim), &Outbound::text("x")).await;
        assert!(matches!(outcome, Err(SendError::Unknown(_))), "{kind:?}: {outcome:?}");
        assert!(began.elapsed() < Duration::from_secs(1));
    }
    assert_eq!(setup.server.calls(Some("sendMessage")).len(), 4, "one attempt each");
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn what_certainly_did_not_go_out_is_called_not_sent() {
    let setup = Setup::start().await;
    let kim = setup.server.person("Kim");
    for code in [500, 502, 504, 401] {
        setup.server.fault(Fault::status("sendMessage", 1, code));
        let outcome = setup.bot.send(&room(kim), &Outbound::text("x")).await;
        assert!(matches!(outcome, Err(SendError::NotSent(_))), "{code}: {outcome:?}");
    }
    let token = setup.server.token();
    setup.server.go_down();
    let outcome = loop {
        // A connection that was open may notice only now that it is not; a new one is refused.
        let outcome = setup.bot.send(&room(kim), &Outbound::text("x")).await;
        if !matches!(outcome, Err(SendError::Unknown(_))) {
            break outcome;
        }
    };
    let Err(SendError::NotSent(why)) = outcome else { panic!("{outcome:?}") };
    assert!(!why.contains(&token) && !why.contains("stand-in-token") && !why.contains("/bot"), "{why}");
}

#[tokio::test]
async fn a_group_that_moved_is_found_by_a_message_too() {
    let setup = Setup::start().await;
    let old = setup.server.add_chat(NewChat { kind: ChatKind::Group, ..NewChat::default() });
    // The bot has not heard of it: the notes go by while it may read nothing there.
    setup.server.shut(old, true);
    let new = setup.server.migrate(old).unwrap();
    setup.server.shut(old, false);
    let sent = setup.bot.send(&room(old), &Outbound::text("x")).await.unwrap();
    assert_eq!(sent.room, room(new));
    setup.bot.edit(&sent, &Outbound::text("y")).await.unwrap();
    assert_eq!(setup.server.shown(new)[0].text, "y");
    setup.bot.send(&room(old), &Outbound::text("z")).await.unwrap();
    assert_eq!(setup.server.calls(Some("sendMessage")).len(), 3, "the second goes straight to the new chat");
    setup.run.end().await.unwrap();
}

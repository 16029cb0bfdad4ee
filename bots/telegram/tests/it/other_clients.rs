//! The stand-in is strict towards us only if it is right for others: teloxide's own typed client reads its answers.

use teloxide::{
    Bot, RequestError,
    payloads::{EditMessageTextSetters, GetUpdatesSetters, SendMessageSetters},
    prelude::Requester,
    types::{
        AllowedUpdate, BotCommand, ChatId, InlineKeyboardButton, InlineKeyboardMarkup, MessageId, ParseMode,
        ReplyParameters, UpdateKind,
    },
};
use yoman_stand_ins::telegram::{ChatKind, Limits, NewChat, Press, Say, TelegramStandIn};

fn client(server: &TelegramStandIn) -> Bot {
    Bot::new(server.token()).set_api_url(server.url().parse().unwrap())
}

#[tokio::test]
async fn teloxide_reads_every_answer() {
    let server = TelegramStandIn::start().await.unwrap();
    let bot = client(&server);
    let kim = server.person("Kim");
    let me = bot.get_me().await.unwrap();
    assert_eq!(me.username(), "yoman_bot");
    let keyboard = InlineKeyboardMarkup::new([[InlineKeyboardButton::callback("Do", "do")]]);
    let sent = bot
        .send_message(ChatId(kim), "<b>hello</b> &amp; more")
        .parse_mode(ParseMode::Html)
        .reply_markup(keyboard)
        .reply_parameters(ReplyParameters::new(MessageId(77)).allow_sending_without_reply())
        .await
        .unwrap();
    assert_eq!(sent.text(), Some("hello & more"));
    assert_eq!(sent.entities().unwrap().len(), 1);
    let edited = bot.edit_message_text(ChatId(kim), sent.id, "*bold*").parse_mode(ParseMode::MarkdownV2).await.unwrap();
    assert_eq!(edited.text(), Some("bold"));
    let error =
        bot.edit_message_text(ChatId(kim), sent.id, "*bold*").parse_mode(ParseMode::MarkdownV2).await.unwrap_err();
    assert!(matches!(error, RequestError::Api(teloxide::ApiError::MessageNotModified)), "{error:?}");
    let error = bot.edit_message_text(ChatId(kim), MessageId(999), "x").await.unwrap_err();
    assert!(matches!(error, RequestError::Api(teloxide::ApiError::MessageToEditNotFound)), "{error:?}");
    let error = bot.send_message(ChatId(4_711), "x").await.unwrap_err();
    assert!(matches!(error, RequestError::Api(teloxide::ApiError::ChatNotFound)), "{error:?}");
    let error = bot.send_message(ChatId(kim), "x".repeat(5_000)).await.unwrap_err();
    assert!(matches!(error, RequestError::Api(teloxide::ApiError::MessageIsTooLong)), "{error:?}");
    server.shut(kim, true);
    let error = bot.send_message(ChatId(kim), "x").await.unwrap_err();
    assert!(matches!(error, RequestError::Api(teloxide::ApiError::BotBlocked)), "{error:?}");
    server.shut(kim, false);
    bot.set_my_commands([BotCommand::new("todo", "a to-do")]).await.unwrap();
    assert_eq!(bot.get_my_commands().await.unwrap().len(), 1);
    bot.get_chat(ChatId(kim)).await.unwrap();
    bot.get_webhook_info().await.unwrap();
    bot.delete_message(ChatId(kim), sent.id).await.unwrap();
}

#[tokio::test]
async fn teloxide_reads_every_update() {
    let server = TelegramStandIn::start().await.unwrap();
    let bot = client(&server);
    let kim = server.person("Kim");
    let forum = server.add_chat(NewChat {
        kind: ChatKind::Supergroup,
        title: "Team".into(),
        is_forum: true,
        ..NewChat::default()
    });
    let thread = server.add_topic(forum, "Bugs").unwrap();
    server.write(kim, "/start@yoman_bot T7").unwrap();
    for kind in ["photo", "document", "voice", "audio", "video", "animation", "video_note", "sticker"] {
        let say = Say { chat_id: kim, user_id: kim, text: "see".into(), attach: Some(kind.into()), ..Say::default() };
        server.say(say).unwrap();
    }
    server
        .say(Say { chat_id: forum, user_id: kim, text: "in a topic".into(), thread: Some(thread), ..Say::default() })
        .unwrap();
    let mine = server.write(kim, "wrong").unwrap().message_id;
    server.change(kim, mine, "right").unwrap();
    let keyboard = InlineKeyboardMarkup::new([[InlineKeyboardButton::callback("Do", "do")]]);
    let card = bot.send_message(ChatId(kim), "card").reply_markup(keyboard).await.unwrap();
    let press = Press { chat_id: kim, user_id: kim, message_id: i64::from(card.id.0), button: "Do".into() };
    server.press(&press).unwrap();
    let updates =
        bot.get_updates().allowed_updates([AllowedUpdate::Message, AllowedUpdate::CallbackQuery]).await.unwrap();
    assert_eq!(updates.len(), 13);
    for update in &updates {
        assert!(!matches!(update.kind, UpdateKind::Error(_)), "{update:?}");
    }
    let UpdateKind::Message(first) = &updates[0].kind else { panic!() };
    assert_eq!(first.parse_entities().unwrap()[0].text(), "/start@yoman_bot");
    let UpdateKind::CallbackQuery(query) = &updates[12].kind else { panic!() };
    bot.answer_callback_query(query.id.clone()).await.unwrap();
    assert!(bot.answer_callback_query(query.id.clone()).await.is_err(), "once only");
    let last = updates[12].id.as_offset();
    assert!(bot.get_updates().offset(last).await.unwrap().is_empty());
    assert!(server.waiting().is_empty());
}

#[tokio::test]
async fn the_older_poller_is_sent_away() {
    let server = TelegramStandIn::start().await.unwrap();
    let (one, two) = (client(&server), client(&server));
    let older = tokio::spawn(async move { one.get_updates().timeout(5).await });
    server.wait(std::time::Duration::from_secs(2), |s| (!s.calls(None).is_empty()).then_some(())).await.unwrap();
    two.get_updates().timeout(0).await.unwrap();
    let error = older.await.unwrap().unwrap_err();
    assert!(matches!(error, RequestError::Api(teloxide::ApiError::TerminatedByOtherGetUpdates)), "{error:?}");
}

#[tokio::test]
async fn a_negative_offset_throws_away() {
    let server = TelegramStandIn::start().await.unwrap();
    let bot = client(&server);
    let kim = server.person("Kim");
    for n in 0..5 {
        server.write(kim, &format!("m{n}")).unwrap();
    }
    assert_eq!(bot.get_updates().offset(-2).await.unwrap().len(), 2);
    assert_eq!(server.waiting().len(), 2);
}

async fn status(server: &TelegramStandIn, path: &str) -> (u16, serde_json::Value) {
    let answer = reqwest::get(format!("{}{path}", server.url())).await.unwrap();
    let code = answer.status().as_u16();
    (code, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap())
}

#[tokio::test]
async fn tokens_and_methods_are_checked() {
    let server = TelegramStandIn::start().await.unwrap();
    let token = server.token();
    assert_eq!(status(&server, &format!("/bot{token}/getMe")).await.0, 200);
    assert_eq!(status(&server, &format!("/bot{token}/GETME")).await.0, 200);
    assert_eq!(status(&server, "/bot1:x/getMe").await.0, 401);
    assert_eq!(status(&server, "/botnonsense/getMe").await.0, 404);
    let (code, body) = status(&server, &format!("/bot{token}/sendTelepathy")).await;
    assert_eq!((code, body), (404, serde_json::json!({ "ok": false, "error_code": 404, "description": "Not Found" })));
}

#[tokio::test]
async fn the_control_side_works_over_http() {
    let server = TelegramStandIn::start().await.unwrap();
    let http = reqwest::Client::new();
    let post = async |path: &str, body: serde_json::Value| -> serde_json::Value {
        let request = http.post(format!("{}/control/{path}", server.url())).header("content-type", "application/json");
        let answer = request.body(body.to_string()).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
    };
    let user = post("users", serde_json::json!({ "first_name": "Kim" })).await["id"].as_i64().unwrap();
    let chat =
        post("chats", serde_json::json!({ "type": "supergroup", "title": "T", "is_forum": true })).await["chat_id"]
            .clone();
    post("topics", serde_json::json!({ "chat_id": chat, "name": "Bugs" })).await;
    let done = post("say", serde_json::json!({ "chat_id": user, "user_id": user, "text": "hello" })).await;
    assert!(done["update_id"].is_i64());
    post("faults", serde_json::json!({ "method": "sendMessage", "times": 1, "kind": { "status": { "code": 500, "description": "", "retry_after": null } } })).await;
    post("faults", serde_json::json!([{ "method": "sendMessage", "times": 1, "kind": "drop_after" }, { "method": "*", "times": 1, "kind": { "slow": 5 } }])).await;
    let delete = http.delete(format!("{}/control/faults", server.url())).send().await.unwrap();
    assert!(delete.status().is_success());
    client(&server).send_message(ChatId(user), "answer").await.unwrap();
    let (_, shown) = status(&server, &format!("/control/chats/{user}?bot_messages=1&wait_ms=1000")).await;
    assert_eq!(shown[1]["text"], "answer");
    let (_, counters) = status(&server, "/control/counters").await;
    assert_eq!(counters["messages_sent"], 1);
    let (_, waiting) = status(&server, "/control/waiting").await;
    assert_eq!(waiting[0]["update"]["message"]["text"], "hello");
    assert_eq!(status(&server, "/control/calls?method=sendMessage").await.1[0]["params"]["text"], "answer");
}

#[tokio::test]
async fn rates_are_kept_when_switched_on() {
    let server = TelegramStandIn::start().await.unwrap();
    let bot = client(&server);
    let (kim, dana) = (server.person("Kim"), server.person("Dana"));
    server.limits(Some(Limits::default()));
    for n in 0..3 {
        bot.send_message(ChatId(kim), format!("m{n}")).await.unwrap();
    }
    let error = bot.send_message(ChatId(kim), "one too many").await.unwrap_err();
    assert!(matches!(error, RequestError::RetryAfter(wait) if (1..=3).contains(&wait.seconds())), "{error:?}");
    bot.send_message(ChatId(dana), "another chat").await.unwrap();
    server.limits(None);
    bot.send_message(ChatId(kim), "free").await.unwrap();
}

//! getUpdates: what is asked, when it is confirmed, and how trouble is outlived.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::json;
use yoman_chat::{Accept, Aside, Bot, BotError, BotName, Inbound, Inbox, Receipt, Stop, fake::Recorder};
use yoman_stand_ins::telegram::{BotIdentity, Call, Fault, FaultKind, Say, TelegramStandIn};
use yoman_telegram::{Telegram, TelegramConfig};

use crate::setup::{PATIENCE, Setup, config, run, text};

async fn polls(server: &TelegramStandIn, count: usize) -> Vec<Call> {
    let calls = |s: &TelegramStandIn| s.calls(Some("getUpdates"));
    server.wait(PATIENCE, |s| (calls(s).len() >= count).then(|| calls(s))).await.unwrap()
}

#[tokio::test]
async fn get_updates_goes_out_first_and_asks_for_what_is_used() {
    let setup = Setup::start().await;
    let named = |s: &TelegramStandIn| (!s.calls(Some("getMe")).is_empty()).then_some(());
    setup.server.wait(PATIENCE, named).await.unwrap();
    let calls = setup.server.calls(None);
    assert_eq!(calls[0].method, "getUpdates");
    let params = &calls[0].params;
    assert_eq!(params["allowed_updates"], json!(["message", "edited_message", "callback_query", "message_reaction"]));
    assert_eq!(params["limit"], 100);
    assert!(!params.contains_key("offset"), "nothing is skipped at the start");
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn the_first_request_is_quick() {
    let server = TelegramStandIn::start().await.unwrap();
    let began = Instant::now();
    let bot = Arc::new(Telegram::new(config(&server)).unwrap());
    let run = run(&bot, &Recorder::new());
    polls(&server, 1).await;
    let took = began.elapsed();
    assert!(took < Duration::from_millis(500), "{took:?}");
    run.end().await.unwrap();
}

#[tokio::test]
async fn what_came_while_it_was_off_is_handled_in_order() {
    let server = TelegramStandIn::start().await.unwrap();
    let kim = server.person("Kim");
    for n in 0..250 {
        server.write(kim, &format!("m{n}")).unwrap();
    }
    let setup = Setup::over(server, |_| {});
    let kept = setup.kept(250).await;
    let texts: Vec<&str> = kept.iter().map(text).collect();
    let wanted: Vec<String> = (0..250).map(|n| format!("m{n}")).collect();
    assert_eq!(texts, wanted);
    assert!(setup.server.wait_confirmed(PATIENCE).await);
    assert!(
        setup
            .server
            .calls(Some("getUpdates"))
            .iter()
            .all(|c| c.params.get("offset").is_none_or(|o| o.as_i64() > Some(0)))
    );
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn a_process_that_dies_before_it_kept_gets_it_again() {
    let server = TelegramStandIn::start().await.unwrap();
    let kim = server.person("Kim");
    server.write(kim, "precious").unwrap();
    let slow = Recorder::new();
    slow.delay(Duration::from_secs(60));
    let bot = Arc::new(Telegram::new(config(&server)).unwrap());
    let first = run(&bot, &slow);
    slow.wait(PATIENCE, |r| (!r.tried().is_empty()).then_some(())).await.unwrap();
    first.task.abort();
    let setup = Setup::over(server, |_| {});
    assert_eq!(setup.kept(1).await[0].id, slow.tried()[0].id);
}

#[tokio::test]
async fn stopping_confirms_what_was_kept() {
    let setup = Setup::start().await;
    let kim = setup.server.person("Kim");
    setup.recorder.delay(Duration::from_millis(300));
    setup.server.write(kim, "last").unwrap();
    setup.recorder.wait(PATIENCE, |r| (!r.tried().is_empty()).then_some(())).await.unwrap();
    setup.run.end().await.unwrap();
    assert!(setup.server.waiting().is_empty(), "kept while stopping, so it need not come again");
}

#[tokio::test]
async fn one_that_is_not_kept_is_fetched_again_and_the_others_are_not_repeated() {
    let setup = Setup::start().await;
    setup.recorder.refuse_text("poison");
    let (kim, dana) = (setup.server.person("Kim"), setup.server.person("Dana"));
    setup.server.write(kim, "poison").unwrap();
    for n in 0..50 {
        setup.server.write(dana, &format!("m{n}")).unwrap();
    }
    setup.kept(50).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    setup.recorder.relent();
    setup.kept(51).await;
    assert!(setup.server.wait_confirmed(PATIENCE).await);
    let tried = setup.recorder.tried();
    assert!(tried.iter().filter(|i| text(i) == "poison").count() > 1);
    assert_eq!(tried.iter().filter(|i| text(i) != "poison").count(), 50);
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_read_is_kept_aside_and_spoils_nothing() {
    let server = TelegramStandIn::start().await.unwrap();
    let kim = server.person("Kim");
    server.write(kim, "before").unwrap();
    server.raw_text(0, r#"{"update_id":{id},"message":{"message_id":1,"date":1,"chat":{"id":5,"type":"private"},"from":{"id":5,"first_name":"\ud800"},"text":"x"}}"#);
    server.raw_text(0, r#"{"update_id":{id},"message":{"message_id":"one","chat":7}}"#);
    server.raw_text(0, r#"{"update_id":{id},"message":17}"#);
    server.raw_text(0, r#"{"update_id":{id},"telepathy":{"thought":"hm"}}"#);
    server.raw_text(0, r#"{"update_id":{id},"callback_query":{"id":5}}"#);
    server.raw_update(
        kim,
        json!({ "message": { "message_id": 9, "date": 1, "chat": { "id": kim, "type": "private" },
        "from": { "id": kim, "is_bot": false, "first_name": "Kim" }, "hologram": { "file_id": "x" } } }),
    );
    server.write(kim, "after").unwrap();
    let setup = Setup::over(server, |_| {});
    let texts: Vec<String> = setup.kept(2).await.iter().map(|i| text(i).to_owned()).collect();
    assert_eq!(texts, ["before", "after"]);
    assert!(setup.server.wait_confirmed(PATIENCE).await);
    let asides = setup.recorder.asides();
    assert_eq!(asides.len(), 6, "{asides:#?}");
    assert!(asides.iter().any(|a| a.raw.contains("\\ud800")), "as it came");
    assert!(asides.iter().all(|a| a.id.starts_with("tg/update/")));
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn an_update_without_a_number_does_not_spin() {
    let setup = Setup::start().await;
    setup.server.raw_text(0, r#"{"message":{}}"#);
    tokio::time::sleep(Duration::from_millis(600)).await;
    let asked = setup.server.calls(Some("getUpdates")).len();
    assert!(asked < 12, "{asked} requests in 600 ms");
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn irrelevant_kinds_are_skipped() {
    let setup = Setup::start().await;
    let kim = setup.server.person("Kim");
    setup.server.raw_update(0, json!({ "my_chat_member": { "chat": { "id": kim } } }));
    setup.server.raw_update(0, json!({ "poll": { "id": "1" } }));
    setup.server.raw_update(0, json!({ "channel_post": { "message_id": 1 } }));
    setup.server.say(Say { chat_id: kim, user_id: kim, attach: Some("sticker".into()), ..Say::default() }).unwrap();
    setup.server.write(kim, "after").unwrap();
    setup.kept(1).await;
    assert!(setup.server.wait_confirmed(PATIENCE).await);
    assert!(setup.recorder.asides().is_empty());
    setup.run.end().await.unwrap();
}

/// Trouble with getUpdates, after which a message must come through within 2 s of the server's recovery.
async fn outlives(fault: Fault) {
    let server = TelegramStandIn::start().await.unwrap();
    let kim = server.person("Kim");
    server.fault(fault);
    let setup = Setup::over(server, |_| {});
    polls(&setup.server, 2).await;
    let began = Instant::now();
    setup.server.no_faults();
    setup.server.write(kim, "through").unwrap();
    setup.kept(1).await;
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn outlives_server_errors() {
    for code in [500, 502, 503, 504] {
        outlives(Fault::status("getUpdates", 100, code)).await;
    }
}

#[tokio::test]
async fn outlives_dropped_sockets() {
    outlives(Fault::new("getUpdates", 100, FaultKind::DropBefore)).await;
}

#[tokio::test]
async fn an_answer_that_is_lost_on_the_way_is_asked_for_again() {
    let server = TelegramStandIn::start().await.unwrap();
    let kim = server.person("Kim");
    server.write(kim, "lost twice").unwrap();
    server.fault(Fault::new("getUpdates", 2, FaultKind::DropAfter));
    let setup = Setup::over(server, |_| {});
    setup.kept(1).await;
    assert!(setup.server.wait_confirmed(PATIENCE).await);
    assert_eq!(setup.recorder.tried().len(), 1);
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn outlives_another_poller() {
    let conflict = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";
    outlives(Fault::refusal("getUpdates", 100, 409, conflict)).await;
}

#[tokio::test]
async fn is_back_within_two_seconds_after_the_server_was_away() {
    let mut setup = Setup::start().await;
    let kim = setup.server.person("Kim");
    polls(&setup.server, 1).await;
    setup.server.go_down();
    setup.server.write(kim, "while away").unwrap();
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    setup.server.come_up().await.unwrap();
    let began = Instant::now();
    setup.kept(1).await;
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn waits_as_long_as_it_is_told() {
    let server = TelegramStandIn::start().await.unwrap();
    server.fault(Fault::too_many("getUpdates", 1, 1));
    let setup = Setup::over(server, |_| {});
    let calls = polls(&setup.server, 2).await;
    assert!(calls[1].at_us - calls[0].at_us >= 1_000_000);
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn a_webhook_in_the_way_is_taken_away_and_nothing_is_dropped() {
    let server = TelegramStandIn::start().await.unwrap();
    let kim = server.person("Kim");
    let teloxide = teloxide::Bot::new(server.token()).set_api_url(server.url().parse().unwrap());
    use teloxide::prelude::Requester;
    teloxide.set_webhook("http://127.0.0.1:9/nobody".parse().unwrap()).await.unwrap();
    server.write(kim, "waiting").unwrap();
    let setup = Setup::over(server, |_| {});
    assert_eq!(text(&setup.kept(1).await[0]), "waiting");
    let deleted = setup.server.calls(Some("deleteWebhook"));
    assert_eq!(deleted.len(), 1);
    assert!(!deleted[0].params.contains_key("drop_pending_updates"));
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn a_token_nobody_knows_is_told_with_what_to_do() {
    let server = TelegramStandIn::start().await.unwrap();
    let mut config = config(&server);
    config.token = "4242:another-secret".into();
    let bot = Arc::new(Telegram::new(config).unwrap());
    let recorder = Recorder::new();
    let error = bot.run(recorder.inbox(bot.name()), Stop::new()).await.unwrap_err();
    let BotError::Setting(why) = &error else { panic!("{error:?}") };
    assert!(why.contains("BotFather") && why.contains("\"tg\""), "{why}");
    let printed = format!("{error:?} {error} {bot:?}");
    assert!(!printed.contains("another-secret"), "{printed}");
}

#[tokio::test]
async fn what_is_no_token_is_refused_before_any_network() {
    for wrong in ["", "hello", "12345", "12345:", ":abc", "12345:a b"] {
        let config = TelegramConfig::new(BotName::new("tg"), wrong);
        let error = Telegram::new(config).unwrap_err();
        assert!(matches!(&error, BotError::Setting(why) if why.contains("BotFather")), "{wrong}: {error:?}");
    }
    let config = TelegramConfig::new(BotName::new("tg"), "12345:s3cret");
    assert!(!format!("{config:?} {:?}", Telegram::new(config.clone()).unwrap()).contains("s3cret"));
}

#[tokio::test]
async fn a_missing_name_holds_up_only_what_needs_it() {
    let server = TelegramStandIn::start().await.unwrap();
    let (kim, dana) = (server.person("Kim"), server.person("Dana"));
    server.fault(Fault::status("getMe", 3, 502));
    server.write(kim, "/todo@yoman_bot fix").unwrap();
    server.write(kim, "and more").unwrap();
    server.write(dana, "plain").unwrap();
    let setup = Setup::over(server, |_| {});
    let kept = setup.kept(3).await;
    let texts: Vec<&str> = kept.iter().map(text).collect();
    assert_eq!(texts, ["plain", "/todo fix", "and more"]);
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn while_the_name_is_missing_nothing_overtakes_in_a_chat() {
    let server = TelegramStandIn::start().await.unwrap();
    let (kim, dana) = (server.person("Kim"), server.person("Dana"));
    server.fault(Fault::status("getMe", 1_000, 502));
    let setup = Setup::over(server, |_| {});
    for n in 0..3 {
        setup.server.write(kim, &format!("/todo@yoman_bot {n}")).unwrap();
        setup.server.write(kim, &format!("then {n}")).unwrap();
        setup.server.write(dana, &format!("plain {n}")).unwrap();
        setup.kept(n + 1).await;
    }
    assert_eq!(setup.recorder.texts(), ["plain 0", "plain 1", "plain 2"]);
    setup.server.no_faults();
    setup.kept(9).await;
    let texts = setup.recorder.texts();
    assert_eq!(texts[3..], ["/todo 0", "then 0", "/todo 1", "then 1", "/todo 2", "then 2"]);
    setup.run.end().await.unwrap();
}

/// A process in which one message is never done with.
struct Hangs(Arc<Recorder>);

#[async_trait::async_trait]
impl Accept for Hangs {
    async fn accept(&self, bot: &BotName, inbound: Inbound) -> Receipt {
        if text(&inbound) == "hang" {
            std::future::pending::<()>().await;
        }
        self.0.accept(bot, inbound).await
    }

    async fn keep_aside(&self, bot: &BotName, aside: Aside) -> Receipt {
        self.0.keep_aside(bot, aside).await
    }

    async fn recall(&self, bot: &BotName, key: &str) -> Option<String> {
        self.0.recall(bot, key).await
    }

    async fn remember(&self, bot: &BotName, key: &str, value: &str) {
        self.0.remember(bot, key, value).await;
    }
}

#[tokio::test]
async fn one_that_is_never_done_with_holds_up_no_other_for_long() {
    let server = TelegramStandIn::start().await.unwrap();
    let (kim, dana) = (server.person("Kim"), server.person("Dana"));
    let (recorder, stop) = (Recorder::new(), Stop::new());
    let bot = Arc::new(Telegram::new(config(&server)).unwrap());
    let inbox = Inbox::new(bot.name().clone(), Arc::new(Hangs(Arc::clone(&recorder))));
    let (runs, stopped) = (Arc::clone(&bot), stop.clone());
    let task = tokio::spawn(async move { runs.run(inbox, stopped).await });
    server.write(kim, "hang").unwrap();
    for n in 0..5 {
        server.write(dana, &format!("m{n}")).unwrap();
        let began = Instant::now();
        assert_eq!(recorder.wait_kept(n + 1, PATIENCE).await.len(), n + 1);
        assert!(began.elapsed() < Duration::from_secs(3));
    }
    assert_eq!(recorder.kept().len(), 5);
    let asked = server.calls(Some("getUpdates")).len();
    assert!(asked < 60, "{asked} requests");
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(2), task).await.unwrap().unwrap().unwrap();
    assert!(server.waiting().iter().any(|w| w.update["message"]["text"] == "hang"), "not confirmed");
}

#[tokio::test]
async fn several_bots_in_one_process_keep_apart() {
    let other = BotIdentity { token: "77:other".into(), username: "other_bot".into(), ..BotIdentity::default() };
    let other = TelegramStandIn::start_with(other, ([127, 0, 0, 1], 0).into()).await.unwrap();
    let one = Setup::start().await;
    let two = Setup::over(other, |config| config.name = BotName::new("tg-work"));
    let (a, b) = (one.server.person("Kim"), two.server.person("Kim"));
    one.server.write(a, "/x@yoman_bot one").unwrap();
    two.server.write(b, "/x@other_bot two").unwrap();
    let (first, second) = (one.kept(1).await.remove(0), two.kept(1).await.remove(0));
    assert_eq!((text(&first), text(&second)), ("/x one", "/x two"));
    assert!(first.id.starts_with("tg/") && second.id.starts_with("tg-work/"));
    assert_eq!(first.sender.id.platform(), "telegram");
    one.run.end().await.unwrap();
    two.run.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_over_many_chats_keeps_the_order_in_each() {
    let server = TelegramStandIn::start().await.unwrap();
    server.remember_calls(0);
    let people: Vec<i64> = (0..20).map(|n| server.person(&format!("P{n}"))).collect();
    let all = (0..2_000).map(|n| {
        let who = people[n % 20];
        Say { chat_id: who, user_id: who, text: format!("{n}"), ..Say::default() }
    });
    server.say_all(all.collect()).unwrap();
    let began = Instant::now();
    let setup = Setup::over(server, |_| {});
    let kept = setup.kept(2_000).await;
    let took = began.elapsed();
    println!("2000 messages in {took:?}: {:.0}/s", 2_000.0 / took.as_secs_f64());
    for who in people {
        let numbers: Vec<usize> = kept
            .iter()
            .filter(|i| i.sender.id.as_str() == format!("telegram/{who}"))
            .map(|i| text(i).parse().unwrap())
            .collect();
        assert_eq!(numbers.len(), 100);
        assert!(numbers.is_sorted());
    }
    setup.run.end().await.unwrap();
}

//! Outages of every kind: what was said meanwhile is handled once, in order.

use std::time::Duration;

use yoman_chat::{BotError, Said, fake::Recorder};
use yoman_stand_ins::discord::{BotIdentity, DiscordStandIn, Invoke, Limits};

use crate::setup::{PATIENCE, Setup, text};

async fn resumed(setup: &Setup, count: u32) {
    let look = |server: &DiscordStandIn| (server.starts().1 >= count && server.connected()).then_some(());
    setup.server.wait(PATIENCE, look).await.unwrap();
}

async fn identified(setup: &Setup, count: u32) {
    let look = |server: &DiscordStandIn| (server.starts().0 >= count && server.connected()).then_some(());
    setup.server.wait(PATIENCE, look).await.unwrap();
}

#[tokio::test]
async fn a_connection_that_breaks_is_taken_up_where_it_stood() {
    let setup = Setup::start().await;
    let kim = setup.server.person("Kim");
    setup.next(|server| server.write(kim.dm, "one")).await;
    setup.server.close(0);
    setup.server.wait(PATIENCE, |server| (!server.connected()).then_some(())).await.unwrap();
    setup.server.write(kim.dm, "two").unwrap();
    resumed(&setup, 1).await;
    setup.kept(2).await;
    setup.server.ask_reconnect();
    resumed(&setup, 2).await;
    setup.server.write(kim.dm, "three").unwrap();
    setup.kept(3).await;
    setup.server.close(4000);
    resumed(&setup, 3).await;
    assert_eq!(setup.recorder.texts(), ["one", "two", "three"]);
    assert_eq!(setup.server.starts().0, 1, "the session was never begun anew");
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn a_session_that_is_lost_is_begun_anew_and_the_channels_read_on() {
    let setup = Setup::start().await;
    let (kim, dana) = (setup.server.person("Kim"), setup.server.person("Dana"));
    setup.next(|server| server.write(kim.dm, "k0")).await;
    setup.next(|server| server.write(dana.dm, "d0")).await;
    let early = setup.recorder.kept()[0].clone();
    setup.server.forget_sessions();
    for n in 1..=150 {
        setup.server.write(kim.dm, &format!("k{n}")).unwrap();
    }
    setup.server.write(dana.dm, "d1").unwrap();
    let Said::Message { message, .. } = &early.said else { panic!() };
    setup.server.change(message.id.parse().unwrap(), "k0 changed").unwrap();
    identified(&setup, 2).await;
    setup.server.write(kim.dm, "live").unwrap();
    let kept = setup.kept(2 + 150 + 1 + 1 + 1).await;
    let of = |dm: u64| -> Vec<String> {
        let local = dm.to_string();
        kept.iter().filter(|i| i.room.id.local() == local).map(|i| text(i).to_owned()).collect()
    };
    let mut wanted: Vec<String> = (0..=150).map(|n| format!("k{n}")).collect();
    // Where it was changed, not where it was written.
    wanted.extend(["k0 changed".to_owned(), "live".into()]);
    assert_eq!(of(kim.dm), wanted);
    assert_eq!(of(dana.dm), ["d0", "d1"]);
    let mut ids: Vec<_> = kept.iter().map(|i| i.id.clone()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), kept.len(), "each once");
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn an_invalid_session_is_taken_up_or_begun_anew_as_told() {
    let setup = Setup::start().await;
    let kim = setup.server.person("Kim");
    setup.next(|server| server.write(kim.dm, "one")).await;
    setup.server.invalidate(true);
    resumed(&setup, 1).await;
    setup.server.invalidate(false);
    identified(&setup, 2).await;
    setup.next(|server| server.write(kim.dm, "two")).await;
    assert_eq!(setup.recorder.texts(), ["one", "two"]);
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn a_connection_that_only_looks_alive_is_given_up() {
    let server = DiscordStandIn::start().await.unwrap();
    server.heartbeats(100, false);
    let setup = Setup::over(server, |_| {});
    identified(&setup, 1).await;
    let look = |server: &DiscordStandIn| (server.starts().1 >= 1).then_some(());
    setup.server.wait(PATIENCE, look).await.unwrap();
    setup.server.heartbeats(41_250, true);
    let kim = setup.server.person("Kim");
    setup.next(|server| server.write(kim.dm, "still here")).await;
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn a_new_process_takes_the_session_up_and_what_was_cut_off_comes_again() {
    let setup = Setup::start().await;
    let kim = setup.server.person("Kim");
    setup.next(|server| server.write(kim.dm, "one")).await;
    let remembered = |r: &Recorder| r.memory("dc/session").filter(|s| !s.is_empty());
    setup.recorder.wait(PATIENCE, remembered).await.unwrap();
    // It hangs in the middle of the second, and is killed there.
    setup.recorder.refuse_text("two");
    setup.recorder.refuse_text("/done");
    setup.server.write(kim.dm, "two").unwrap();
    setup.recorder.wait(PATIENCE, |r| (r.tried().len() >= 2).then_some(())).await.unwrap();
    let (recorder, server) = (setup.recorder, setup.server);
    setup.run.kill();
    server.close(0);
    server.wait(PATIENCE, |server| (!server.connected()).then_some(())).await.unwrap();
    server.write(kim.dm, "three").unwrap();
    let command = Invoke { channel_id: kim.dm, command: "done".into(), ..Invoke::default() };
    server.invoke(&command).unwrap();
    recorder.relent();
    let again = Setup::again(server, recorder, |_| {});
    let kept = again.kept(4).await;
    let texts: Vec<&str> = kept.iter().map(text).collect();
    let last: Vec<&&str> = texts.iter().rev().take(3).rev().collect();
    assert_eq!(last, [&"two", &"three", &"/done"], "in order, the interaction too: {texts:?}");
    assert_eq!(again.server.starts().0, 1, "no new session");
    again.run.end().await.unwrap();
}

#[tokio::test]
async fn without_its_session_a_new_process_reads_on() {
    let setup = Setup::start().await;
    let kim = setup.server.person("Kim");
    setup.next(|server| server.write(kim.dm, "one")).await;
    let (recorder, server) = (setup.recorder, setup.server);
    setup.run.end().await.unwrap();
    server.forget_sessions();
    for text in ["two", "three"] {
        server.write(kim.dm, text).unwrap();
    }
    let again = Setup::again(server, recorder, |_| {});
    again.kept(3).await;
    identified(&again, 2).await;
    assert_eq!(again.recorder.texts(), ["one", "two", "three"]);
    again.run.end().await.unwrap();
}

#[tokio::test]
async fn killed_while_it_reads_on_the_next_process_reads_to_the_end() {
    let setup = Setup::start().await;
    let kim = setup.server.person("Kim");
    setup.next(|server| server.write(kim.dm, "one")).await;
    let (recorder, server) = (setup.recorder, setup.server);
    setup.run.end().await.unwrap();
    server.forget_sessions();
    server.write(kim.dm, "two").unwrap();
    server.write(kim.dm, "three").unwrap();
    recorder.refuse_text("two");
    let second = Setup::again(server, recorder, |_| {});
    // A session of its own, and everything before it still to be read.
    let remembered = |r: &Recorder| r.memory("dc/session").filter(|point| point.contains("\"behind\":true"));
    second.recorder.wait(PATIENCE, remembered).await.unwrap();
    let (recorder, server) = (second.recorder, second.server);
    second.run.kill();
    server.close(0);
    server.wait(PATIENCE, |server| (!server.connected()).then_some(())).await.unwrap();
    // What is done by hand can only be handed over again, and keeps its place among what is read.
    let command = Invoke { channel_id: kim.dm, command: "done".into(), ..Invoke::default() };
    server.invoke(&command).unwrap();
    // Ids of one millisecond are told apart by their order alone.
    tokio::time::sleep(Duration::from_millis(3)).await;
    server.write(kim.dm, "four").unwrap();
    recorder.relent();
    let third = Setup::again(server, recorder, |_| {});
    third.kept(5).await;
    assert_eq!(third.recorder.texts(), ["one", "two", "three", "/done", "four"]);
    assert_eq!(third.server.starts(), (2, 1), "the second session was taken up");
    third.run.end().await.unwrap();
}

#[tokio::test]
async fn a_change_of_what_was_kept_behind_the_last_mark_is_found() {
    let setup = Setup::start().await;
    let kim = setup.server.person("Kim");
    let one = setup.next(|server| server.write(kim.dm, "one")).await;
    setup.next(|server| server.write(kim.dm, "two")).await;
    let (recorder, server) = (setup.recorder, setup.server);
    // The mark is written now and then only.
    setup.run.kill();
    server.forget_sessions();
    let Said::Message { message, .. } = &one.said else { panic!() };
    server.change(message.id.parse().unwrap(), "one changed").unwrap();
    let again = Setup::again(server, recorder, |_| {});
    let changed = |r: &Recorder| r.kept().into_iter().find(|it| matches!(&it.said, Said::Edited { .. }));
    let changed = again.recorder.wait(PATIENCE, changed).await.unwrap();
    assert_eq!(text(&changed), "one changed");
    again.run.end().await.unwrap();
}

#[tokio::test]
async fn a_change_made_while_the_session_is_lost_again_during_reading_on_is_found() {
    let setup = Setup::start().await;
    let kim = setup.server.person("Kim");
    let one = setup.next(|server| server.write(kim.dm, "one")).await;
    let Said::Message { message, .. } = &one.said else { panic!() };
    // What is read after the first look for changes is longer than a page, and held up at its beginning.
    setup.recorder.refuse_text("held up");
    setup.server.forget_sessions();
    setup.server.write(kim.dm, "held up").unwrap();
    for n in 1..=100 {
        setup.server.write(kim.dm, &format!("n{n}")).unwrap();
    }
    setup.recorder.wait(PATIENCE, |r| (r.tried().len() >= 2).then_some(())).await.unwrap();
    // Times and ids of one millisecond are told apart by nothing.
    let moment = || tokio::time::sleep(Duration::from_millis(3));
    setup.server.forget_sessions();
    moment().await;
    setup.server.change(message.id.parse().unwrap(), "one changed").unwrap();
    moment().await;
    setup.server.write(kim.dm, "late").unwrap();
    setup.recorder.relent();
    let kept = setup.kept(1 + 101 + 1 + 1).await;
    let last: Vec<&str> = kept.iter().rev().take(2).map(text).collect();
    assert_eq!(last, ["late", "one changed"], "a change stands where it was made");
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn a_token_that_is_not_known_needs_a_person() {
    let setup = Setup::over(DiscordStandIn::start().await.unwrap(), |config| config.token = "MTA.wrong.one".into());
    let ended = tokio::time::timeout(PATIENCE, setup.run.task).await.unwrap().unwrap();
    let Err(BotError::Setting(why)) = ended else { panic!("{ended:?}") };
    assert!(why.contains("Reset Token") && !why.contains("wrong.one"), "{why}");
    for (code, word) in [(4004, "Reset Token"), (4014, "intents"), (4011, "too many servers")] {
        let setup = Setup::start().await;
        setup.server.close(code);
        let ended = tokio::time::timeout(PATIENCE, setup.run.task).await.unwrap().unwrap();
        assert!(matches!(&ended, Err(BotError::Setting(why)) if why.contains(word)), "{code}: {ended:?}");
    }
}

#[tokio::test]
async fn no_intent_is_asked_for_that_needs_a_switch() {
    // The stand-in refuses privileged intents, and gives content only where it belongs.
    let bot = BotIdentity { message_content: false, ..BotIdentity::default() };
    let server = DiscordStandIn::start_with(bot, ([127, 0, 0, 1], 0).into()).await.unwrap();
    server.limits(Some(Limits::default()));
    let setup = Setup::over(server, |_| {});
    setup.ready().await;
    setup.server.ask_reconnect();
    resumed(&setup, 1).await;
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn when_no_session_may_be_started_it_waits() {
    let server = DiscordStandIn::start().await.unwrap();
    server.session_starts(0);
    let setup = Setup::over(server, |_| {});
    let asked = |server: &DiscordStandIn| (!server.calls("GET /gateway/bot").is_empty()).then_some(());
    setup.server.wait(PATIENCE, asked).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!((setup.server.starts().0, setup.server.calls("GET /gateway/bot").len()), (0, 1));
    setup.run.end().await.unwrap();
}

//! Commands, buttons, menus, forms and suggestions, and their answers in time.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};
use yoman_chat::{Ask, Bot, Button, MessageRef, Outbound, RoomKind, Said, SenderId};
use yoman_stand_ins::discord::{Ask as Fill, DiscordStandIn, Invoke, Say};

use crate::setup::{PATIENCE, Setup, room, text};

fn invoke(channel_id: u64, command: &str, options: &[(&str, &str)]) -> Invoke {
    let options: BTreeMap<String, Value> = options.iter().map(|(name, value)| ((*name).into(), json!(value))).collect();
    Invoke { channel_id, command: command.into(), options, ..Invoke::default() }
}

#[tokio::test]
async fn a_command_is_answered_directly() {
    let setup = Setup::start().await;
    setup.answer(|inbound| Some(Outbound::text(format!("said {}", text(inbound)))));
    let kim = setup.server.person("Kim Lee");
    let command = invoke(kim.dm, "todo", &[("text", "Fix login"), ("tag", "auth")]);
    let id = setup.server.invoke(&command).unwrap();
    let answered = setup.answered(id, |it| it.messages.len() == 1).await;
    assert_eq!(answered.kind, Some(4), "no \"thinking\" first");
    assert_eq!(answered.messages[0].text, "said /todo Fix login #auth");
    let kept = setup.kept(1).await;
    assert_eq!(kept[0].id, format!("dc/{}/i{id}", kim.dm));
    assert_eq!((&kept[0].room.id, kept[0].room.kind), (&room(kim.dm), RoomKind::Direct));
    assert_eq!((kept[0].sender.name.as_str(), kept[0].sender.handle.as_deref()), ("Kim Lee", Some("kim_lee")));
    assert_eq!(kept[0].sender.language.as_deref(), Some("en-GB"));
    let sent = setup.sent().await;
    assert_eq!(sent.id, answered.messages[0].id.to_string());
    setup.bot.edit(&sent, &Outbound::text("changed")).await.unwrap();
    assert_eq!(setup.server.by_bot(kim.dm)[0].text, "changed");
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn every_verb_stands_under_one_command() {
    let setup = Setup::start().await;
    let channel = setup.channel("app");
    let kim = setup.server.person("Kim");
    let mut command = invoke(channel, "yoman done", &[("item", "T7")]);
    command.user_id = kim.id;
    let kept = setup.next(|server| server.invoke(&command)).await;
    assert_eq!((text(&kept), kept.room.kind), ("/done T7", RoomKind::Group));
    command.command = "yoman rare".into();
    command.options.clear();
    assert_eq!(text(&setup.next(|server| server.invoke(&command)).await), "/rare");
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn a_late_answer_is_put_off_in_time_and_takes_its_place() {
    let setup =
        Setup::over(DiscordStandIn::start().await.unwrap(), |config| config.think_after = Duration::from_millis(50));
    setup.ready().await;
    setup.recorder.delay(Duration::from_secs(1));
    setup.answer(|inbound| {
        let only_for = (text(inbound) == "/rare").then(|| inbound.sender.id.clone());
        Some(Outbound { only_for, ..Outbound::text("at last") })
    });
    let kim = setup.server.person("Kim");
    let channel = setup.channel("app");
    let command = |name: &str| Invoke { user_id: kim.id, ..invoke(channel, name, &[]) };
    let id = setup.server.invoke(&command("done")).unwrap();
    let shown = setup.answered(id, |it| it.messages.first().is_some_and(|m| m.text == "at last")).await;
    assert_eq!((shown.kind, shown.messages.len()), (Some(5), 1));
    assert!(shown.messages[0].only_for.is_none());
    // A private command thinks in private.
    let id = setup.server.invoke(&command("mine")).unwrap();
    let thinks = setup.answered(id, |_| true).await;
    assert_eq!(thinks.data["flags"], 64);
    // What turns out to be for one person alone takes a public "thinking" away.
    let id = setup.server.invoke(&command("yoman rare")).unwrap();
    let shown = setup.answered(id, |it| it.messages.iter().any(|m| m.text == "at last")).await;
    assert_eq!(shown.messages.len(), 1, "the public one is gone");
    assert_eq!(shown.messages[0].only_for, Some(kim.id));
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn where_there_is_nothing_to_say_nobody_waits_for_it() {
    let server = DiscordStandIn::start().await.unwrap();
    let setup = Setup::over(server, |config| config.think_after = Duration::from_millis(300));
    setup.ready().await;
    let (kim, channel) = (setup.server.person("Kim"), setup.channel("app"));
    for room in [kim.dm, channel] {
        let command = Invoke { user_id: kim.id, ..invoke(room, "done", &[]) };
        let id = setup.server.invoke(&command).unwrap();
        // An answer may still wait for others of its room, so it thinks; but that has an end, and in a channel only who asked
        // sees it: where we are not enabled we are silent.
        let told = setup.answered(id, |it| it.messages.iter().any(|m| m.text.starts_with("I have it"))).await;
        assert_eq!(told.kind, Some(5));
        assert_eq!(told.messages[0].only_for, (room == channel).then_some(kim.id));
    }
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn what_only_the_asker_should_see_only_they_see() {
    let setup = Setup::start().await;
    setup.answer(|inbound| Some(Outbound { only_for: Some(inbound.sender.id.clone()), ..Outbound::text("no") }));
    let (channel, kim) = (setup.channel("app"), setup.server.person("Kim"));
    let id = setup.server.invoke(&Invoke { user_id: kim.id, ..invoke(channel, "mine", &[]) }).unwrap();
    let answered = setup.answered(id, |it| it.messages.len() == 1).await;
    assert_eq!(answered.messages[0].only_for, Some(kim.id));
    let whisper = setup.sent().await;
    setup.bot.edit(&whisper, &Outbound::text("still no")).await.unwrap();
    let answered = setup.server.answered(id).unwrap();
    assert_eq!((answered.messages[0].text.as_str(), answered.messages[0].only_for), ("still no", Some(kim.id)));
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn what_is_not_kept_is_not_confirmed() {
    let setup = Setup::start().await;
    setup.answer(|_| Some(Outbound::text("yes")));
    setup.recorder.refuse_next(1);
    let kim = setup.server.person("Kim");
    let id = setup.server.invoke(&invoke(kim.dm, "done", &[])).unwrap();
    let answered = setup.answered(id, |it| it.messages.len() == 1).await;
    assert!(answered.messages[0].text.starts_with("Not kept"), "{answered:?}");
    assert!(answered.messages[0].only_for.is_some());
    assert_eq!(setup.recorder.tried().len(), 1, "the person does it again, not we");
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn a_press_is_noted_and_can_change_its_card_in_the_same_answer() {
    let server = DiscordStandIn::start().await.unwrap();
    let setup = Setup::over(server, |config| config.think_after = Duration::from_secs(60));
    setup.ready().await;
    let kim = setup.server.person("Kim");
    let card = Outbound::text("T1 open").row(vec![Button::new("Done", "done T1")]);
    let card = setup.bot.send(&room(kim.dm), &card).await.unwrap();
    let id = setup.server.press(card.id.parse().unwrap(), 0, "bdone T1").unwrap();
    let answered = setup.answered(id, |_| true).await;
    assert_eq!(answered.kind, Some(6), "nothing is shown for it");
    let kept = setup.kept(1).await;
    assert_eq!(kept[0].said, Said::Pressed { data: "done T1".into(), card: card.clone(), words: None });
    // The change of the card comes while the press waits: it is the answer.
    setup.recorder.delay(Duration::from_secs(30));
    let id = setup.server.press(card.id.parse().unwrap(), 0, "bdone T1").unwrap();
    setup.kept(2).await;
    setup.bot.edit(&card, &Outbound::text("T1 done")).await.unwrap();
    let answered = setup.answered(id, |_| true).await;
    assert_eq!(answered.kind, Some(7));
    assert_eq!(setup.server.by_bot(kim.dm)[0].text, "T1 done");
    assert!(setup.server.calls("PATCH /channels").is_empty(), "one request for both");
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn a_button_that_asks_opens_a_form() {
    let setup = Setup::start().await;
    let kim = setup.server.person("Kim");
    let ask = Ask { title: "Refine I3".into(), label: "Say it better".into(), long: true, optional: false };
    let card = Outbound::text("I3").row(vec![Button::new("Refine", "refine I3").ask(ask)]);
    let card = setup.bot.send(&room(kim.dm), &card).await.unwrap();
    let id = setup.server.press(card.id.parse().unwrap(), 0, "Frefine I3").unwrap();
    let form = setup.answered(id, |it| it.kind == Some(9)).await;
    assert_eq!(form.data["title"], "Refine I3");
    assert_eq!(form.data["components"][0]["components"][0]["style"], 2);
    assert!(setup.recorder.tried().is_empty(), "nothing is said yet");
    let filled = Fill { interaction_id: id, values: vec!["two\nlines".into()] };
    let kept = setup.next(|server| server.fill(&filled)).await;
    assert_eq!(kept.said, Said::Pressed { data: "refine I3".into(), card, words: Some("two\nlines".into()) });
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn a_command_without_its_text_opens_a_form() {
    let setup = Setup::start().await;
    let kim = setup.server.person("Kim");
    let id = setup.server.invoke(&invoke(kim.dm, "note", &[("item", "T7")])).unwrap();
    setup.answered(id, |it| it.kind == Some(9)).await;
    let filled = Fill { interaction_id: id, values: vec!["long\nwords".into()] };
    let kept = setup.next(|server| server.fill(&filled)).await;
    assert_eq!(text(&kept), "/note T7 long\nwords");
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn suggestions_come_in_time_and_number() {
    let setup = Setup::start().await;
    let kim = setup.server.person("Kim");
    let typing = |value: &str| Invoke { focused: "item".into(), ..invoke(kim.dm, "note", &[("item", value)]) };
    *setup.process.suggestions.lock().unwrap() = (40, Duration::ZERO);
    let id = setup.server.invoke(&typing("T")).unwrap();
    let answered = setup.answered(id, |it| it.kind == Some(8)).await;
    let choices = answered.data["choices"].as_array().unwrap();
    assert_eq!((choices.len(), &choices[3]["value"]), (25, &json!("T3")));
    let typed = setup.process.typed.lock().unwrap().remove(0);
    assert_eq!((typed.text.as_str(), typed.verb.as_str(), typed.most), ("T", "note", 25));
    assert_eq!(typed.sender, SenderId::new(format!("discord/{}", kim.id)));
    // Whoever takes too long suggests nothing; the person is not kept waiting.
    *setup.process.suggestions.lock().unwrap() = (40, Duration::from_secs(60));
    let id = setup.server.invoke(&typing("T1")).unwrap();
    let answered = setup.answered(id, |it| it.kind == Some(8)).await;
    assert_eq!(answered.data["choices"], json!([]));
    assert!(setup.recorder.tried().is_empty());
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn a_message_becomes_a_todo_without_the_content_intent() {
    let setup = Setup::start().await;
    let (channel, kim) = (setup.channel("app"), setup.server.person("Kim"));
    let said = Say { channel_id: channel, user_id: kim.id, text: "login is <#1> broken".into(), ..Say::default() };
    let message = setup.server.say(said).unwrap();
    let capture = Invoke { target_id: message, user_id: kim.id, ..invoke(channel, "Capture as to do", &[]) };
    let kept = setup.next(|server| server.invoke(&capture)).await;
    assert_eq!(text(&kept), "/todo login is (a channel) broken");
    assert!(kept.sender.id.as_str().ends_with(&kim.id.to_string()));
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn a_thread_on_a_card_answers_the_card() {
    let setup = Setup::start().await;
    let (channel, kim) = (setup.channel("app"), setup.server.person("Kim"));
    let card = setup.bot.send(&room(channel), &Outbound::text("T1 Fix login")).await.unwrap();
    let open = Invoke { target_id: card.id.parse().unwrap(), user_id: kim.id, ..invoke(channel, "Open a thread", &[]) };
    let id = setup.server.invoke(&open).unwrap();
    let answered = setup.answered(id, |it| it.kind == Some(4)).await;
    assert!(answered.data["content"].as_str().unwrap().contains(&format!("<#{}>", card.id)), "{answered:?}");
    assert_eq!(answered.data["flags"], 64);
    let thread: u64 = card.id.parse().unwrap();
    let said = Say {
        channel_id: thread,
        user_id: kim.id,
        text: format!("<@{}> done", setup.server.bot_id()),
        ..Say::default()
    };
    let kept = setup.next(|server| server.say(said)).await;
    assert_eq!(kept.room.id.as_str(), format!("dc/{channel}/{thread}"));
    let Said::Message { reply_to: Some(reply), text, .. } = &kept.said else { panic!("{kept:?}") };
    assert_eq!((text.as_str(), reply.ours), ("done", true));
    assert_eq!(reply.message, MessageRef { room: room(channel), id: card.id.clone() });
    let there = setup.bot.send(&kept.room.id, &Outbound::text("in the thread")).await.unwrap();
    assert_eq!(setup.server.by_bot(thread)[0].id.to_string(), there.id);
    let command = Invoke { user_id: kim.id, ..invoke(thread, "done", &[]) };
    let kept = setup.next(|server| server.invoke(&command)).await;
    assert!(matches!(&kept.said, Said::Message { reply_to: Some(reply), .. } if reply.ours));
    let again = setup.server.invoke(&open).unwrap();
    let answered = setup.answered(again, |it| it.kind == Some(4)).await;
    assert!(answered.data["content"].as_str().unwrap().starts_with("There is one already"));
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn when_the_interaction_is_over_the_channel_is_left() {
    let setup = Setup::start().await;
    let kim = setup.server.person("Kim");
    setup.answer(|_| Some(Outbound::text("first")));
    let id = setup.server.invoke(&invoke(kim.dm, "done", &[])).unwrap();
    setup.answered(id, |it| it.messages.len() == 1).await;
    setup.server.age(id, Duration::from_secs(901));
    let late = Outbound { answers: Some(format!("dc/{}/i{id}", kim.dm)), ..Outbound::text("much later") };
    setup.bot.send(&room(kim.dm), &late).await.unwrap();
    let shown: Vec<String> = setup.server.by_bot(kim.dm).into_iter().map(|m| m.text).collect();
    assert_eq!(shown, ["first", "much later"]);
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn several_answers_follow_one_another() {
    let setup = Setup::start().await;
    let kim = setup.server.person("Kim");
    setup.answer(|_| Some(Outbound::text("one")));
    let id = setup.server.invoke(&invoke(kim.dm, "done", &[])).unwrap();
    setup.answered(id, |it| it.messages.len() == 1).await;
    let second = Outbound { answers: Some(format!("dc/{}/i{id}", kim.dm)), ..Outbound::text("two") };
    setup.bot.send(&room(kim.dm), &second).await.unwrap();
    let answered = setup.server.answered(id).unwrap();
    assert_eq!(answered.messages.iter().map(|m| m.text.as_str()).collect::<Vec<_>>(), ["one", "two"]);
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn what_nobody_understands_is_kept_aside_and_the_person_told() {
    let setup = Setup::start().await;
    let kim = setup.server.person("Kim");
    let id = setup.server.invoke(&invoke(kim.dm, "done", &[])).unwrap();
    setup.answered(id, |_| true).await;
    let odd =
        json!({ "id": "77", "application_id": "4242", "type": 99, "token": "t", "channel_id": kim.dm.to_string() });
    setup.server.raw_event("INTERACTION_CREATE", odd);
    setup.server.raw_event("INTERACTION_CREATE", json!({ "id": "78", "token": "u", "type": "?" }));
    setup.recorder.wait(PATIENCE, |r| (r.asides().len() == 2).then_some(())).await.unwrap();
    let told = |server: &DiscordStandIn| (server.calls("POST /interactions/78/u/callback").len() == 1).then_some(());
    setup.server.wait(PATIENCE, told).await.unwrap();
    setup.run.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_are_all_answered_in_time() {
    let setup = Setup::start().await;
    setup.answer(|inbound| Some(Outbound::text(text(inbound))));
    let people: Vec<_> = (0..10).map(|n| setup.server.person(&format!("P{n}"))).collect();
    let mut ids = Vec::new();
    for n in 0..100 {
        ids.push(setup.server.invoke(&invoke(people[n % 10].dm, "done", &[("item", &format!("T{n}"))])).unwrap());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut after_us = Vec::new();
    for id in ids {
        after_us.push(setup.answered(id, |it| it.messages.len() == 1).await.after_us);
    }
    after_us.sort_unstable();
    println!("acknowledged at 50/s: p50 {} us, p99 {} us", after_us[50], after_us[98]);
    let kept = setup.kept(100).await;
    for person in people {
        let numbers: Vec<usize> = kept
            .iter()
            .filter(|inbound| inbound.room.id == room(person.dm))
            .map(|inbound| text(inbound).trim_start_matches("/done T").parse().unwrap())
            .collect();
        assert!(numbers.len() == 10 && numbers.is_sorted());
    }
    setup.run.end().await.unwrap();
}

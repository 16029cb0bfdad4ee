//! Commands, presses, forms, shortcuts.

use yoman_chat::{Ask, Bot, Button, Outbound, RoomKind, Said};
use yoman_stand_ins::slack::{Fault, NewChannel, Press, Slash, Submit};

use crate::setup::{PATIENCE, Setup, room, text};

impl Setup {
    fn slash(&self, channel: &str, command: &str, text: &str) -> Slash {
        Slash { channel: channel.into(), user: self.kim.clone(), command: command.into(), text: text.into() }
    }
}

#[tokio::test]
async fn a_slash_command_is_a_command_or_a_sentence() {
    let setup = Setup::start().await;
    let cases = [
        ("/yoman", "todo Fix &amp; go", "/todo Fix & go"),
        ("/yoman", "T7", "/T7"),
        ("/yoman", "/todo Fix", "/todo Fix"),
        ("/yoman", "Fix the login", "Fix the login"),
        ("/yoman", "", "/help"),
        ("/todo", "Fix", "/todo Fix"),
        ("/todo", "", "/todo"),
    ];
    for (command, behind, wanted) in cases {
        let inbound = setup.next(|s| s.slash(&setup.slash(&setup.general, command, behind))).await;
        assert_eq!(text(&inbound), wanted);
        assert!(inbound.id.starts_with(&format!("sl/{}/s", setup.general)));
        assert_eq!(inbound.room.kind, RoomKind::Group);
        assert!(matches!(inbound.said, Said::Message { addressed: true, .. }));
    }
    assert!(setup.server.wait_acknowledged(PATIENCE).await);
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn a_command_is_answered_where_we_are_not_and_to_one_alone() {
    let setup = Setup::start().await;
    let elsewhere = NewChannel { name: "elsewhere".into(), without_bot: true, ..NewChannel::default() };
    let elsewhere = setup.server.add_channel(elsewhere, &[&setup.kim]);
    let asked = setup.next(|s| s.slash(&setup.slash(&elsewhere, "/yoman", "T7"))).await;
    let answer = Outbound { answers: Some(asked.id.clone()), ..Outbound::text("T7 Fix") };
    let sent = setup.bot.send(&room(&elsewhere), &answer).await.unwrap();
    let shown = setup.server.shown(&elsewhere);
    assert_eq!((shown.len(), shown[0].text.as_str(), &shown[0].only_for), (1, "T7 Fix", &None));
    assert!(setup.bot.edit(&sent, &answer).await.is_err(), "nobody knows where it stands");
    let private = Outbound { only_for: Some(asked.sender.id.clone()), ..answer.clone() };
    setup.bot.send(&room(&elsewhere), &private).await.unwrap();
    assert_eq!(setup.server.shown(&elsewhere)[1].only_for.as_deref(), Some(setup.kim.as_str()));
    let unasked = setup.bot.send(&room(&elsewhere), &Outbound::text("x")).await;
    assert!(unasked.unwrap_err().to_string().contains("/invite"));
    let here = Outbound { only_for: Some(asked.sender.id), ..Outbound::text("only you") };
    setup.bot.send(&room(&setup.general), &here).await.unwrap();
    let shown = setup.server.shown(&setup.general);
    assert_eq!(shown[0].only_for.as_deref(), Some(setup.kim.as_str()));
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn what_is_done_by_hand_is_tried_until_it_is_kept() {
    let setup = Setup::start().await;
    // Slack never delivers a command twice: it is ours to try again while it can be acknowledged.
    setup.recorder.refuse_next(2);
    let asked = setup.next(|s| s.slash(&setup.slash(&setup.im, "/yoman", "todo x"))).await;
    assert!(setup.recorder.tried().iter().all(|t| t.id == asked.id));
    assert!(setup.server.wait_acknowledged(PATIENCE).await);
    let counters = setup.server.counters();
    assert_eq!((counters.envelopes_acked, counters.envelopes_lost), (1, 0));
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn rows_and_menus_are_pressed() {
    let setup = Setup::start().await;
    let row = (1..=9).map(|n| Button::new(format!("b{n}"), format!("/done T{n}"))).collect();
    let card = setup.bot.send(&room(&setup.general), &Outbound::text("card").row(row)).await.unwrap();
    let press = |button: &str| Press {
        channel: setup.general.clone(),
        user: setup.dana.clone(),
        ts: card.id.clone(),
        button: button.into(),
    };
    for button in ["b1", "b9"] {
        let inbound = setup.next(|s| s.press(&press(button))).await;
        let Said::Pressed { data, card: pressed, words: None } = &inbound.said else { panic!("{inbound:?}") };
        assert_eq!((data.as_str(), pressed), (format!("/done T{}", &button[1..]).as_str(), &card));
        assert_eq!(inbound.sender.id.as_str(), format!("slack/{}", setup.dana));
        // In a channel what comes of it stands in the card's thread.
        let answer = Outbound { answers: Some(inbound.id), ..Outbound::text("done") };
        let answer = setup.bot.send(&room(&setup.general), &answer).await.unwrap();
        assert!(answer.id.starts_with(&format!("{}/", card.id)), "{}", answer.id);
    }
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn a_button_that_asks_opens_a_form() {
    let setup = Setup::start().await;
    let ask = Ask { title: "Refine I3".into(), label: "Say it better".into(), long: true, optional: false };
    let row = vec![Button::new("Refine", "/refine I3").ask(ask)];
    let card = setup.bot.send(&room(&setup.im), &Outbound::text("I3").row(row)).await.unwrap();
    let press =
        Press { channel: setup.im.clone(), user: setup.kim.clone(), ts: card.id.clone(), button: "Refine".into() };
    setup.server.press(&press).unwrap();
    let view = setup.server.wait(PATIENCE, |s| s.views().into_iter().next()).await.unwrap();
    assert_eq!(view.view["title"]["text"], "Refine I3");
    assert_eq!(view.view["blocks"][0]["element"]["multiline"], true);
    let submit = Submit { view_id: view.id.clone(), text: "better\nwords".into() };
    let inbound = setup.next(|s| s.submit(&submit)).await;
    let Said::Pressed { data, card: under, words } = &inbound.said else { panic!("{inbound:?}") };
    assert_eq!((data.as_str(), under, words.as_deref()), ("/refine I3", &card, Some("better\nwords")));
    assert_eq!(inbound.id, format!("sl/{}/{}/v{}", setup.im, card.id, view.id));
    // When no form can be opened the press comes as it is, and the words are asked for in the chat.
    setup.server.fault(Fault::refusal("views.open", 1, "expired_trigger_id"));
    let inbound = setup.next(|s| s.press(&press)).await;
    assert!(matches!(&inbound.said, Said::Pressed { words: None, .. }));
    assert!(setup.server.wait_acknowledged(PATIENCE).await);
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn messages_are_captured() {
    let setup = Setup::start().await;
    let ts = setup.server.write(&setup.general, &setup.dana, "Offline mode\n/done T1 is no command").unwrap();
    setup.kept(1).await;
    let inbound = setup.next(|s| s.shortcut("capture", &setup.kim, Some((&setup.general, &ts)))).await;
    assert_eq!(text(&inbound), "Offline mode\n /done T1 is no command");
    assert_eq!(inbound.sender.id.as_str(), format!("slack/{}", setup.kim));
    let Said::Message { message, addressed: true, .. } = &inbound.said else { panic!("{inbound:?}") };
    assert_eq!(message.id, ts);
    let ts = setup.server.write(&setup.general, &setup.dana, "done with it, what next?").unwrap();
    let inbound = setup.next(|s| s.shortcut("capture", &setup.kim, Some((&setup.general, &ts)))).await;
    let captured = if text(&inbound).starts_with("/idea") { inbound } else { setup.kept(4).await.remove(3) };
    assert_eq!(text(&captured), "/idea done with it, what next?");
    setup.server.shortcut("capture_new", &setup.kim, None).unwrap();
    let view = setup.server.wait(PATIENCE, |s| s.views().into_iter().next()).await.unwrap();
    let inbound = setup.next(|s| s.submit(&Submit { view_id: view.id, text: "a new idea".into() })).await;
    assert_eq!((text(&inbound), inbound.room.id.as_str()), ("a new idea", room(&setup.im).as_str()));
    setup.run.end().await.unwrap();
}

//! Platforms with forms, private answers and colours: what differs there is what the platform can do, not what is meant.

use insta::assert_snapshot;
use yoman_chat::{Accent, Bot as _, Receipt, Said, fake::FakeBot};

use crate::stage::{Ground, Seat, Stage};

/// A platform that can do all that.
fn rich(name: &str, title: &'static str) -> FakeBot {
    FakeBot::with(name, |can| {
        can.title = title;
        can.text_length_max = 2000;
        can.button_data_bytes_max = 100;
        can.buttons_per_row_max = 5;
        can.forms = true;
        can.private_answers = true;
    })
}

/// Kim owns it in a direct room; dana is a member and min a guest; the group `app` is enabled.
async fn at_the_desk() -> (Stage, Seat, Seat, Seat) {
    let mut stage = Stage::with_bots(Ground::Memory, vec![rich("discord", "Discord")]).await;
    let kim = stage.direct("discord", "kim");
    stage.own(&kim).await;
    for (who, role) in [("dana", "member"), ("min", "guest")] {
        let seat = stage.direct("discord", who);
        stage.let_in(&kim, &seat, role).await;
    }
    let app = stage.group("discord", "app", "kim");
    stage.say(&app, "/enable").await;
    let (dana, min) = (stage.group("discord", "app", "dana"), stage.group("discord", "app", "min"));
    stage.forget();
    (stage, app, dana, min)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_asks_for_the_words_and_all_of_them_are_text() {
    let (mut stage, _, dana, _) = at_the_desk().await;
    let kim = stage.direct("discord", "kim");
    stage.say(&kim, "Offline mode").await;
    stage.fill_in(&kim, "Refine", "Only the reading\nhas to work offline").await;
    // What looks like an item, a verdict, a verb or a quote is what was written.
    stage.fill_in(&kim, "Note", "T9 \"done\" #auth\n/done T1\n\\/x @dana").await;
    stage.say(&kim, "/history I1").await;
    stage.fill_in(&kim, "Refine", "   ").await;
    stage.say(&kim, "/pr Retry the upload").await;
    stage.say(&kim, "P1").await;
    stage.fill_in(&kim, "Changes", "approve of the idea, but not of the name").await;
    stage.say(&kim, "Another idea").await;
    stage.fill_in(&kim, "Reject", "").await;
    stage.say(&kim, "A third idea").await;
    stage.fill_in(&kim, "Reject", "T1 T2").await;
    let _ = dana;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_opened_on_an_old_card_does_nothing_to_what_is_newer() {
    let (mut stage, app, dana, _) = at_the_desk().await;
    stage.say(&dana, "/idea Offline mode").await;
    stage.say(&dana, "I1").await;
    let (card, data) = stage.button(&dana, "Reject");
    assert_eq!(data, "/reject I1@1");
    stage.say(&app, "/title I1 Offline reading").await;
    let head = stage.head();
    let said = Said::Pressed { data, card, words: Some("too early".into()) };
    let inbound = dana.inbound("discord/app/old/p1".into(), said);
    stage.send(&dana, inbound, "[Reject]   (the form: too early)").await;
    assert_eq!(stage.head(), head);
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_form_the_words_are_asked_for_in_the_chat() {
    let (mut stage, ..) = at_the_desk().await;
    let kim = stage.direct("discord", "kim");
    stage.say(&kim, "Offline mode").await;
    let asked = stage.press(&kim, "Refine").await.concat();
    assert!(asked.starts_with("refine I1: answer this message with the words."), "{asked}");
    let done = stage.say(&kim, "Only the reading").await.concat();
    assert!(done.starts_with("I1 refined"), "{done}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_button_that_needs_words_says_what_for_and_no_other_does() {
    let (mut stage, ..) = at_the_desk().await;
    let kim = stage.direct("discord", "kim");
    for text in ["Offline mode", "/research Which store?", "/todo Fix login", "/pr Retry"] {
        stage.say(&kim, text).await;
    }
    for item in ["I1", "R1", "T1", "P1"] {
        stage.say(&kim, item).await;
    }
    for message in kim.bot.shown(&kim.room) {
        for button in message.now.buttons.iter().flatten() {
            let asks = ["Refine", "Finding", "Note", "Changes", "Reject", "Close"].contains(&button.label.as_str());
            assert_eq!(button.ask.is_some(), asks, "{button:?}");
            if let Some(ask) = &button.ask {
                assert!((1..=24).contains(&ask.title.chars().count()), "{ask:?}");
                assert!((1..=45).contains(&ask.label.chars().count()), "{ask:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_group_what_concerns_one_person_is_shown_to_them_alone() {
    let (mut stage, app, dana, min) = at_the_desk().await;
    stage.say(&dana, "/todo Fix login @me").await;
    stage.say(&dana, "/done T9").await;
    stage.say(&dana, "/mine").await;
    stage.say(&dana, "/todoo Fix logout").await;
    stage.say(&min, "/todo Guests look only").await;
    stage.say(&app, "/people").await;
    stage.say(&app, "/pair").await;
    stage.say(&app, "/follow").await;
    stage.say(&app, "/follow #app").await;
    stage.say(&dana, "/board").await;
    let stranger = stage.group("discord", "app", "nobody");
    stage.say(&stranger, "/todo Let me in").await;
    // Where nobody else is, nothing has to be hidden.
    let own = stage.direct("discord", "dana");
    stage.say(&own, "/mine").await;
    stage.say(&own, "/done T9").await;
    assert_snapshot!(stage.transcript());
    for (seat, private) in [(&app, true), (&own, false)] {
        for message in seat.bot.shown(&seat.room) {
            if message.now.only_for.is_some() {
                assert!(private, "{message:?}");
                assert_eq!(stage.house().outbox.item_of(&message.at), None, "{message:?}");
                assert_eq!(message.now.accent, None);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_that_names_an_item_does_not_become_its_card() {
    let (mut stage, app, dana, _) = at_the_desk().await;
    stage.say(&app, "/todo Fix login").await;
    stage.say(&app, "/todo Ship it needs:T1").await;
    stage.say(&dana, "/done T2").await;
    let before = app.bot.shown(&app.room).last().unwrap().clone();
    assert!(before.now.only_for.is_some());
    stage.say(&app, "/done T1").await;
    stage.say(&app, "/done T2").await;
    stage.quiet(&app.bot).await;
    let after = app.bot.shown(&app.room).into_iter().find(|it| it.at == before.at).unwrap();
    assert_eq!(after.now, before.now, "what one person saw alone is not changed with the item");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_has_the_colour_of_where_its_item_stands() {
    let (mut stage, ..) = at_the_desk().await;
    let kim = stage.direct("discord", "kim");
    let accent = |seat: &Seat| seat.bot.shown(&seat.room).last().unwrap().now.accent;
    for (said, colour) in [
        ("/todo Fix login", Accent::Open),
        ("/todo Ship it needs:T1", Accent::Waiting),
        ("/doing T1", Accent::Active),
        ("/prio T1 urgent", Accent::Pressing),
        ("/done T1", Accent::Finished),
        ("/due T2 2020-01-01", Accent::Pressing),
        ("/due T2 none", Accent::Open),
        ("Offline mode", Accent::Open),
        ("/reject I1", Accent::Dropped),
        ("/pr Retry", Accent::Open),
        ("/review P1 approve", Accent::Active),
        ("/merge P1", Accent::Finished),
        ("P1", Accent::Finished),
    ] {
        stage.say(&kim, said).await;
        assert_eq!(accent(&kim), Some(colour), "{said}");
    }
    stage.say(&kim, "/board").await;
    assert_eq!(accent(&kim), None);
    // A change that only a colour shows is an edit too, and one that changes nothing is none.
    let shown = |seat: &Seat| seat.bot.shown(&seat.room).into_iter().filter_map(|it| it.now.accent).collect::<Vec<_>>();
    assert!(shown(&kim).contains(&Accent::Dropped));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_filled_in_twice_by_a_platform_that_delivers_twice_does_it_once() {
    let (mut stage, ..) = at_the_desk().await;
    let kim = stage.direct("discord", "kim");
    stage.say(&kim, "Offline mode").await;
    let (card, data) = stage.button(&kim, "Refine");
    let said = Said::Pressed { data, card, words: Some("Only the reading".into()) };
    let inbound = kim.inbound("discord/kim/form/1".into(), said);
    let head = stage.head();
    for _ in 0..2 {
        assert!(matches!(stage.submit(inbound.clone()).await, Receipt::Kept { .. }));
    }
    assert_eq!(stage.head(), head + 1);
    assert_eq!(kim.bot.capabilities().title, "Discord");
}

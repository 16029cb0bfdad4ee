//! Acting by a reaction to a card, and taking it away again.

use chrono::{DateTime, Utc};
use insta::assert_snapshot;
use yoman_chat::{MessageRef, RoomId};

use crate::stage::{Ground, Seat, Stage};

/// Friday, 20 November 2026, 18:00 in Seoul, where the stage stands.
fn friday() -> DateTime<Utc> {
    "2026-11-20T09:00:00Z".parse().unwrap()
}

/// Kim owns, on the phone; dana is a member, at the desk; both are in a group on the phone's platform and one at the desk's.
async fn scene() -> (Stage, Seat, Seat) {
    let mut stage = Stage::at(friday()).await;
    let (kim, dana) = (stage.direct("telegram", "kim"), stage.direct("discord", "dana"));
    stage.own(&kim).await;
    stage.let_in(&kim, &dana, "member").await;
    stage.forget();
    (stage, kim, dana)
}

/// A group at the desk that follows everything, with dana in it.
async fn team(stage: &mut Stage) -> Seat {
    let team = stage.group("discord", "team", "dana");
    let kim = stage.direct("telegram", "kim");
    stage.say(&kim, "/grant @dana maintainer").await;
    stage.say(&team, "/enable").await;
    stage.say(&team, "/follow all").await;
    stage.forget();
    team
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reaction_does_what_the_button_would_and_is_taken_back_with_it() {
    let (mut stage, kim, _) = scene().await;
    stage.say(&kim, "/todo Fix login").await;
    let card = stage.card(&kim, "Fix login");
    stage.react(&kim, &card, "👀", true).await;
    let card = stage.card(&kim, "Fix login");
    stage.react(&kim, &card, "✅", true).await;
    stage.react(&kim, &card, "✅", false).await;
    // Nothing of that is left to take back.
    let head = stage.head();
    stage.react(&kim, &card, "✅", false).await;
    assert_eq!(stage.head(), head);
    stage.say(&kim, "/why T1").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_says_what_reactions_mean_there() {
    let (mut stage, kim, dana) = scene().await;
    let team = team(&mut stage).await;
    stage.say(&kim, "/react").await;
    stage.press(&kim, "👍 done").await;
    stage.say(&kim, "/react 🔥 merge").await;
    stage.say(&kim, "/react :eyes: off").await;
    stage.say(&kim, "/react ✅ dance").await;
    stage.say(&kim, "/react done").await;
    stage.say(&kim, "/react ✅").await;
    stage.say(&kim, "/react").await;
    stage.say(&kim, "/undo").await;
    stage.say(&kim, "/react off").await;
    stage.say(&kim, "/react off").await;
    stage.say(&kim, "/react").await;
    stage.say(&kim, "/undo").await;
    stage.say(&kim, "/react").await;
    // In a group nothing is on until somebody who may says so.
    stage.say(&team, "/react").await;
    stage.say(&team, "/react :white_check_mark: done").await;
    stage.say(&kim, "/grant @dana member").await;
    stage.say(&team, "/react 👀 start").await;
    stage.say(&dana, "/lang ko").await;
    stage.say(&dana, "/react").await;
    stage.say(&dana, "/react 🔥 merge").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_means_nothing_is_passed_over_in_silence() {
    let (mut stage, kim, dana) = scene().await;
    let team = team(&mut stage).await;
    stage.say(&kim, "/todo Fix login").await;
    stage.sees(&team, "Fix login").await;
    stage.forget();
    let head = stage.head();
    let (own, theirs) = (stage.card(&kim, "Fix login"), stage.card(&team, "Fix login"));
    let board = {
        stage.say(&kim, "/board").await;
        stage.card(&kim, "Fix login")
    };
    // An emoji nobody said anything of, and what is none.
    for emoji in ["🎉", "x", "", ":no-such-thing:"] {
        stage.react(&kim, &own, emoji, true).await;
        stage.react(&kim, &own, emoji, false).await;
    }
    // Nothing is mapped in the group.
    stage.react(&team, &theirs, "✅", true).await;
    // A board is no card, nor is a message of a person, nor one that never was.
    stage.react(&kim, &board, "✅", true).await;
    let (message, unknown) = (stage.last.clone().unwrap(), MessageRef { room: kim.room.clone(), id: "999999".into() });
    for at in [&message, &unknown] {
        let inbound = stage.reacting(&kim, at, "✅", true);
        stage.send(&kim, inbound, "(✅ to something else)").await;
    }
    // Strangers and guests.
    stage.say(&team, "/react ✅ done").await;
    let eve = stage.group("discord", "team", "eve");
    stage.react(&eve, &theirs, "✅", true).await;
    let mallory = stage.direct("telegram", "mallory");
    stage.react(&mallory, &own, "✅", true).await;
    stage.say(&kim, "/grant @dana guest").await;
    stage.react(&team, &theirs, "✅", true).await;
    // Mapped, and two changes of a role: nothing else happened.
    assert_eq!(stage.head(), head + 2);
    assert!(stage.house().intake.claim_code().is_none());
    drop(dana);
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reaction_is_to_what_the_card_shows() {
    let (mut stage, kim, dana) = scene().await;
    let team = team(&mut stage).await;
    stage.say(&team, "/react ✅ done").await;
    stage.say(&team, "/react 👀 start").await;
    stage.say(&team, "/react 👎 reject").await;
    stage.say(&kim, "/todo Fix login").await;
    stage.sees(&team, "Fix login").await;
    let old = stage.card(&team, "Fix login");
    stage.forget();
    // It changes, and the group is told in a new message: the old one shows it as it was.
    stage.say(&kim, "/note T1 Seen on Android too").await;
    stage.sees(&team, "Seen on Android").await;
    let new = stage.card(&team, "Seen on Android");
    assert_ne!(old.at, new.at);
    let first = stage.card(&kim, "Fix login");
    // The newest card shows what is. So does the older one, which was changed once more; before that it is refused.
    stage.react(&team, &old, "👀", true).await;
    stage.react(&team, &new, "✅", true).await;
    stage.quiet(&kim.bot).await;
    // Others agree: that is no act, and nobody is told off for it.
    let head = stage.head();
    stage.react(&kim, &first, "✅", true).await;
    stage.react(&team, &new, "✅", true).await;
    assert_eq!(stage.head(), head);
    // What does not fit is refused like a press.
    stage.react(&team, &new, "👎", true).await;
    // Something came after it: then it is not simply taken back.
    stage.say(&kim, "/note T1 Thanks").await;
    stage.react(&team, &new, "✅", false).await;
    drop(dana);
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reaction_delivered_twice_acts_once_even_across_a_restart() {
    let (mut stage, kim, _) = Stage::with_kim_and_dana(Ground::Disk).await;
    stage.say(&kim, "/todo Fix login").await;
    let card = stage.card(&kim, "Fix login");
    let put = stage.reacting(&kim, &card.at, "✅", true);
    stage.send(&kim, put.clone(), "(✅)").await;
    let head = stage.head();
    assert!(stage.submit(put.clone()).await.is_kept());
    assert_eq!(stage.head(), head);
    let gone = stage.reacting(&kim, &card.at, "✅", false);
    stage.send(&kim, gone.clone(), "(✅ taken away)").await;
    let head = stage.head();
    stage.restart().await;
    stage.house().caught_up().await;
    for again in [put, gone] {
        assert!(stage.submit(again).await.is_kept());
    }
    assert_eq!(stage.head(), head, "neither is done again");
    let open = stage.say(&kim, "/show T1").await.concat();
    assert!(open.starts_with("T1 open"), "{open}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_found_where_a_platform_does_not_say_in_which_thread_it_stands() {
    let (mut stage, kim, _) = scene().await;
    let group = stage.group("telegram", "-100", "kim");
    let topic = stage.group("telegram", "-100/7", "kim");
    let like = stage.group("telegram", "-1001", "kim");
    stage.say(&group, "/enable").await;
    stage.say(&group, "/react ✅ done").await;
    stage.say(&like, "/enable").await;
    stage.say(&topic, "/todo Fix login").await;
    let card = stage.card(&topic, "Fix login");
    stage.forget();
    let bare = MessageRef { room: RoomId::new("telegram/-100"), id: card.at.id.clone() };
    let elsewhere = stage.reacting(&like, &MessageRef { room: like.room.clone(), id: card.at.id.clone() }, "✅", true);
    stage.send(&like, elsewhere, "(✅ to another message of that number)").await;
    let inbound = stage.reacting(&group, &bare, "✅", true);
    stage.send(&group, inbound, "(✅ to a message of a topic)").await;
    stage.sees(&topic, "T1 done").await;
    drop(kim);
    assert_snapshot!(stage.transcript());
}

/// What can be pressed for an item in a room: under how many messages, and all of it.
fn pressable(seat: &Seat, item: &str) -> (usize, Vec<String>) {
    let shown = seat.bot.shown(&seat.room).into_iter();
    let of_item = |data: &String| data.split([' ', '@']).nth(1) == Some(item) && !data.starts_with("/undo ");
    let rows = shown.map(|message| {
        let buttons = message.now.buttons.into_iter().flatten();
        buttons.map(|button| button.data).filter(of_item).collect::<Vec<_>>()
    });
    let rows: Vec<_> = rows.filter(|row| !row.is_empty()).collect();
    (rows.len(), rows.concat())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_message_of_an_item_can_be_pressed_and_it_is_of_now() {
    let (mut stage, kim, dana) = scene().await;
    let team = team(&mut stage).await;
    stage.say(&kim, "Offline mode for the app").await;
    for text in
        ["/note I1 one", "/tag I1 #app", "/refine I1 Only the reading", "I1", "/note I1 two", "/due I1 fri", "I1"]
    {
        stage.say(&kim, text).await;
        stage.quiet(&team.bot).await;
        let version = stage.house().world.read(|world| world.item("I1".parse().unwrap()).unwrap().item.version);
        for seat in [&kim, &team] {
            let (messages, buttons) = pressable(seat, "I1");
            assert_eq!(messages, 1, "after {text} in {}: {buttons:?}", seat.room);
            let current = buttons.iter().filter(|data| data.contains('@'));
            assert!(current.clone().count() > 0, "{buttons:?}");
            for data in current {
                assert!(data.contains(&format!("@{version}")), "after {text}: {data} at {version}");
            }
        }
    }
    drop(dana);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_is_about_what_it_answers() {
    let (mut stage, kim, dana) = scene().await;
    let team = team(&mut stage).await;
    stage.say(&kim, "/todo Fix login #auth").await;
    stage.sees(&team, "Fix login").await;
    stage.forget();
    // A notice, a card, a picture, a history, a refusal that names the item: words are a note, a verb acts.
    let notice = stage.card(&team, "Fix login");
    stage.reply(&team, &notice, "Seen on Android too").await;
    stage.reply(&team, &notice, "due 2031-05-02").await;
    stage.say(&kim, "/why T1 picture").await;
    let picture = stage.card(&kim, "due Fri 2 May 2031");
    stage.reply(&kim, &picture, "start").await;
    stage.reply(&kim, &picture, "doing").await;
    stage.say(&kim, "/history T1").await;
    let history = stage.card(&kim, "Fix login");
    stage.reply(&kim, &history, "assign @dana").await;
    // A board is of nothing in particular: in a room of one's own a sentence is a new thought, in a group it is talk.
    stage.say(&kim, "/board").await;
    let board = stage.card(&kim, "Board");
    stage.reply(&kim, &board, "Dark mode").await;
    stage.say(&team, "/board").await;
    let board = stage.card(&team, "Board");
    stage.reply(&team, &board, "That is a lot").await;
    stage.reply(&team, &board, "/done T1").await;
    drop(dana);
    assert_snapshot!(stage.transcript());
}

//! The first minute: who may what, from a new log on.

use insta::assert_snapshot;
use yoman_chat::Said;

use crate::stage::{Ground, Seat, Stage};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_one_at_the_console_is_owner_and_has_a_todo_list_at_once() {
    let mut stage = Stage::new(Ground::Memory).await;
    let me = stage.direct("console", "sam");
    stage.say(&me, "todo Fix login #auth !high due:2031-05-02").await;
    stage.say(&me, "todo Ship 2.0 needs:T1").await;
    stage.say(&me, "done T2").await;
    stage.say(&me, "done T1").await;
    stage.say(&me, "why T1").await;
    stage.say(&me, "people").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_has_the_claim_code_is_owner_and_nobody_after_them() {
    let mut stage = Stage::new(Ground::Memory).await;
    let (kim, dana) = (stage.direct("telegram", "kim"), stage.direct("discord", "dana"));
    let code = stage.house().intake.claim_code().unwrap();
    stage.say(&kim, "/start").await;
    stage.say(&kim, "/todo Fix login").await;
    stage.say(&kim, "/claim AAAAAAAA").await;
    stage.say(&kim, &format!("/claim {}", code.to_lowercase())).await;
    assert_eq!(stage.house().intake.claim_code(), None);
    stage.say(&kim, &format!("/claim {code}")).await;
    stage.say(&dana, &format!("/claim {code}")).await;
    stage.say(&dana, "/people").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_claim_code_cannot_be_tried_for_long() {
    let mut stage = Stage::new(Ground::Memory).await;
    let (eve, kim) = (stage.direct("telegram", "eve"), stage.direct("telegram", "kim"));
    let code = stage.house().intake.claim_code().unwrap();
    for _ in 0..5 {
        assert!(stage.say(&eve, "/claim AAAAAAAA").await[0].starts_with("That is not the claim code."));
    }
    stage.forget();
    // Not even with the right one.
    stage.say(&eve, &format!("/claim {code}")).await;
    stage.say(&kim, &format!("/claim {code}")).await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_code_is_not_taken_in_a_group() {
    let mut stage = Stage::new(Ground::Memory).await;
    let kim = stage.group("telegram", "app", "kim");
    let code = stage.house().intake.claim_code().unwrap();
    stage.say(&kim, &format!("/claim {code}")).await;
    assert!(stage.house().intake.claim_code().is_some());
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_gets_a_code_and_the_owner_lets_them_in() {
    let (mut stage, kim) = Stage::with_kim(Ground::Memory).await;
    let dana = stage.direct("discord", "dana");
    let code = stage.code_for(&dana).await;
    stage.say(&dana, "are you there?").await;
    stage.say(&kim, "/pair").await;
    stage.say(&kim, "/pair AAAAAAAA").await;
    stage.say(&kim, &format!("/pair {code} maintainer")).await;
    stage.sees(&dana, "You are let in").await;
    stage.say(&dana, "Offline mode for the app").await;
    stage.say(&kim, &format!("/pair {code}")).await;
    stage.say(&kim, "/people").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_person_can_be_known_on_two_platforms() {
    let (mut stage, kim) = Stage::with_kim(Ground::Memory).await;
    let desk = stage.direct("discord", "kimmy");
    let code = stage.code_for(&desk).await;
    stage.say(&kim, &format!("/pair {code} as @nobody")).await;
    stage.say(&kim, &format!("/pair {code} as @kim")).await;
    stage.sees(&desk, "I know you here too").await;
    stage.say(&kim, "/todo Fix login @me").await;
    stage.say(&desk, "/mine").await;
    stage.say(&kim, "/people").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_three_can_wait_and_one_who_goes_on_talking_is_not_answered() {
    let (mut stage, kim) = Stage::with_kim(Ground::Memory).await;
    let strangers: Vec<_> = ["ann", "bob", "cid", "dee"].iter().map(|who| stage.direct("telegram", who)).collect();
    for stranger in &strangers {
        stage.say(stranger, "hello").await;
    }
    for _ in 0..4 {
        stage.say(&strangers[0], "hello?").await;
    }
    assert!(stage.say(&strangers[0], "hello??").await.is_empty());
    stage.say(&kim, "/pair").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_looks_and_changes_nothing() {
    let (mut stage, kim) = Stage::with_kim(Ground::Memory).await;
    let gus = stage.direct("discord", "gus");
    stage.say(&kim, "/todo Fix login").await;
    let code = stage.code_for(&gus).await;
    stage.say(&kim, &format!("/pair {code} guest")).await;
    stage.sees(&gus, "You are let in").await;
    let before = stage.head();
    stage.say(&gus, "T1").await;
    stage.say(&gus, "/done T1").await;
    stage.say(&gus, "A sentence").await;
    // Nothing to press is offered to them; not even a button of somebody else's works.
    let card = stage.card(&gus, "T1 open");
    stage.press_data(&gus, &card.at, "/doing T1@1", "Start").await;
    stage.reply(&gus, &card, "I saw that too").await;
    stage.say(&gus, "/pair").await;
    stage.say(&gus, "/follow #auth").await;
    stage.say(&kim, "An idea").await;
    stage.say(&gus, "I1").await;
    let idea = stage.card(&gus, "I1 open");
    stage.press_data(&gus, &idea.at, "/refine I1", "Refine").await;
    assert_eq!(stage.head(), before + 1);
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_is_given_and_taken_and_nobody_acts_on_somebody_above_them() {
    let (mut stage, kim, dana) = Stage::with_kim_and_dana(Ground::Memory).await;
    stage.say(&dana, "/grant @dana owner").await;
    stage.say(&kim, "/grant @dana maintainer").await;
    stage.say(&dana, "/revoke @kim").await;
    stage.say(&dana, "/grant @dana owner").await;
    stage.say(&kim, "/revoke @kim").await;
    stage.confirm(&kim, "/revoke @dana").await;
    stage.say(&dana, "/todo Still here").await;
    stage.say(&kim, "/people").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_is_silent_until_a_maintainer_enables_it() {
    let (mut stage, _, _) = Stage::with_kim_and_dana(Ground::Memory).await;
    let kim = stage.group("telegram", "app", "kim");
    // A member, and known on this platform.
    let lee = stage.direct("telegram", "lee");
    let owner = stage.direct("telegram", "kim");
    stage.let_in(&owner, &lee, "member").await;
    stage.forget();
    let lee = stage.group("telegram", "app", "lee");
    let eve = stage.group("telegram", "app", "eve");
    let before = stage.head();
    stage.say(&kim, "/todo Fix login").await;
    stage.say(&lee, "/enable").await;
    stage.say(&eve, "/enable").await;
    assert_eq!(stage.head(), before);
    stage.say(&kim, "/enable").await;
    stage.say(&kim, "/todo Fix login").await;
    stage.say(&lee, "/done T1").await;
    // Being in the group grants nothing.
    stage.say(&eve, "/reopen T1").await;
    stage.say(&lee, "/tz Europe/Berlin").await;
    stage.say(&lee, "/disable").await;
    stage.confirm(&kim, "/disable").await;
    stage.say(&lee, "/list").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_group_only_what_is_said_to_the_bot_is_heard() {
    let (mut stage, _) = Stage::with_kim(Ground::Memory).await;
    let (kim, eve) = (stage.group("telegram", "app", "kim"), stage.group("telegram", "app", "eve"));
    stage.say(&kim, "/enable").await;
    let before = stage.head();
    for seat in [&kim, &eve] {
        let mut aside = stage.message(seat, "What a day. /todo is a word");
        if let Said::Message { addressed, .. } = &mut aside.said {
            *addressed = false;
        }
        assert!(stage.send(seat, aside, "What a day.   (not to the bot)").await.is_empty());
    }
    assert_eq!(stage.head(), before);
    // A reply to one of our messages is said to the bot, whatever it begins with.
    stage.say(&kim, "/todo Fix login").await;
    let card = stage.card(&kim, "T1");
    let mut note = stage.replying(&kim, &card, "Only on Android");
    if let Said::Message { addressed, .. } = &mut note.said {
        *addressed = false;
    }
    stage.send(&kim, note, "Only on Android   (in reply to T1)").await;
    stage.say(&kim, "/list").await;
    let list = stage.card(&kim, "1 open item");
    let talk = stage.replying(&kim, &list, "That is all?");
    stage.send(&kim, talk, "That is all?   (in reply to the list)").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_owners_cannot_both_be_revoked_by_each_other() {
    let (mut stage, kim, dana) = Stage::with_kim_and_dana(Ground::Disk).await;
    stage.say(&kim, "/grant @dana owner").await;
    stage.say(&kim, "/revoke @dana").await;
    stage.say(&dana, "/revoke @kim").await;
    let pressed = |seat: &Seat| {
        let (card, data, _) = stage.question(seat);
        seat.inbound(format!("{}/p", card.room), Said::Pressed { data, card, words: None })
    };
    let (one, other) = (pressed(&kim), pressed(&dana));
    let (one, other) = tokio::join!(stage.submit(one), stage.submit(other));
    assert!(one.is_kept() && other.is_kept());
    stage.house().caught_up().await;
    assert_eq!(stage.house().world.read(|world| world.owners()), 1);
}

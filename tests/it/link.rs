//! One person on several platforms: known there by a code that is confirmed from both sides, and by nothing less.

use insta::assert_snapshot;
use yoman_chat::fake::FakeBot;

use crate::stage::{Ground, Seat, Stage};

/// A phone, a desk and an office.
fn platforms() -> Vec<FakeBot> {
    let bot = |name: &str, title: &'static str| {
        FakeBot::with(name, |can| {
            can.title = title;
            can.button_data_bytes_max = 100;
            can.buttons_per_row_max = 5;
        })
    };
    vec![bot("telegram", "Telegram"), bot("discord", "Discord"), bot("slack-work", "Slack")]
}

/// Kim owns it from the phone.
async fn with_kim(ground: Ground) -> (Stage, Seat) {
    let mut stage = Stage::with_bots(ground, platforms()).await;
    let kim = stage.direct("telegram", "kim");
    stage.own(&kim).await;
    stage.forget();
    (stage, kim)
}

/// The code somebody gets.
async fn code(stage: &mut Stage, seat: &Seat) -> String {
    let answer = stage.say(seat, "/link").await.concat();
    answer.split("/link ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned()
}

/// What the question in somebody's room names, on its buttons.
fn question(stage: &Stage, seat: &Seat) -> String {
    stage.button(seat, "Yes, that is me").1.split(' ').nth(1).unwrap().to_owned()
}

async fn linked(stage: &mut Stage, first: &Seat, second: &Seat) {
    let code = code(stage, first).await;
    stage.say(second, &format!("/link {code}")).await;
    stage.sees(first, "wants to be you").await;
    stage.press(first, "Yes, that is me").await;
    stage.sees(second, "I know you here too now").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_with_a_code_is_somebody_once_that_is_confirmed() {
    let (mut stage, kim) = with_kim(Ground::Memory).await;
    let desk = stage.direct("discord", "kimmy");
    let code = code(&mut stage, &kim).await;
    stage.say(&desk, &format!("/link {}", code.to_lowercase())).await;
    stage.sees(&kim, "wants to be you").await;
    // Nothing is theirs before it is confirmed.
    let head = stage.head();
    stage.say(&desk, "/board").await;
    assert_eq!(stage.head(), head);
    let (card, data) = stage.button(&kim, "Yes, that is me");
    stage.press(&kim, "Yes, that is me").await;
    stage.sees(&desk, "I know you here too now").await;
    stage.say(&desk, "/todo Fix login @me").await;
    stage.say(&kim, "/mine").await;
    stage.say(&desk, "/people").await;
    // Pressed again, as fingers do: once it is done, there is no question any more.
    stage.press_data(&kim, &card, &data, "Yes, that is me").await;
    // They waited to be let in, and need not any more.
    let waiting = stage.say(&kim, "/pair").await.concat();
    assert!(waiting.starts_with("Nobody waits"), "{waiting}");
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_are_one_become_one() {
    let (mut stage, kim) = with_kim(Ground::Disk).await;
    let desk = stage.direct("discord", "kimmy");
    let dana = stage.direct("slack-work", "dana");
    stage.let_in(&kim, &desk, "member").await;
    stage.let_in(&kim, &dana, "member").await;
    stage.say(&desk, "/todo Fix login @me").await;
    stage.say(&desk, "/follow @me").await;
    stage.say(&dana, "/follow @kimmy").await;
    stage.say(&dana, "/todo Ship it @kimmy @kim").await;
    stage.sees(&desk, "Ship it").await;
    stage.forget();
    let code = code(&mut stage, &kim).await;
    stage.say(&desk, &format!("/link {code}")).await;
    stage.sees(&kim, "wants to be you").await;
    stage.press(&kim, "Yes, that is me").await;
    stage.sees(&desk, "I know you here too now").await;
    stage.say(&kim, "/mine").await;
    stage.say(&desk, "/mine").await;
    stage.say(&kim, "/history T1").await;
    stage.say(&dana, "/list @kimmy").await;
    stage.say(&dana, "/follow").await;
    stage.say(&dana, "/people").await;
    // Who may do what here is what the one who remains may do.
    stage.say(&desk, "/rooms").await;
    stage.say(&dana, "/assign T1 @kimmy").await;
    stage.say(&desk, "/unassign T2 @me").await;
    stage.sees(&dana, "T2").await;
    stage.restart().await;
    stage.say(&desk, "/mine").await;
    stage.say(&dana, "/show T1").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_may_do_more_is_the_one_who_remains() {
    let (mut stage, kim) = with_kim(Ground::Memory).await;
    let dana = stage.direct("discord", "dana");
    stage.let_in(&kim, &dana, "member").await;
    stage.forget();
    let head = stage.head();
    // An owner who is talked into typing somebody's code loses nothing.
    let theirs = code(&mut stage, &dana).await;
    stage.say(&kim, &format!("/link {theirs}")).await;
    assert_eq!(stage.head(), head);
    assert!(!stage.came(&dana).iter().any(|text| text.contains("wants to be you")));
    linked(&mut stage, &kim, &dana).await;
    stage.say(&dana, "/people").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_is_a_secret_that_is_used_once_and_cannot_be_guessed() {
    let (mut stage, kim) = with_kim(Ground::Memory).await;
    let (desk, other) = (stage.direct("discord", "kimmy"), stage.direct("discord", "mallory"));
    let code = code(&mut stage, &kim).await;
    stage.say(&other, "/link AAAAAAAA").await;
    // One's own code, here.
    stage.say(&kim, &format!("/link {code}")).await;
    stage.say(&desk, &format!("/link {code}")).await;
    stage.sees(&kim, "wants to be you").await;
    // Used.
    stage.say(&other, &format!("/link {code}")).await;
    // The question is not for them, and the code is not its name.
    let named = question(&stage, &kim);
    let head = stage.head();
    for text in [format!("/confirm {named}"), format!("/confirm {code}")] {
        let answer = stage.say(&other, &text).await.concat();
        assert!(!answer.contains("known"), "{answer}");
    }
    assert_eq!(stage.head(), head);
    let (card, data) = stage.button(&kim, "Yes, that is me");
    let third = stage.direct("slack-work", "dana");
    stage.let_in(&kim, &third, "maintainer").await;
    let head = stage.head();
    stage.press_data(&third, &card, &data, "Yes, that is me").await;
    assert_eq!(stage.head(), head, "somebody else's press is nobody's confirmation");
    stage.press(&kim, "No").await;
    stage.sees(&desk, "Not linked").await;
    stage.press_data(&kim, &card, &data, "Yes, that is me").await;
    assert_eq!(stage.head(), head);
    for _ in 0..5 {
        stage.say(&other, "/link BBBBBBBB").await;
    }
    let fresh = stage.say(&kim, "/link").await.concat();
    let fresh = fresh.split("/link ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    assert_ne!(fresh, code);
    // Who tried too often is not heard with the right one either.
    stage.say(&other, &format!("/link {fresh}")).await;
    assert_eq!(stage.head(), head);
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_that_was_shown_in_a_group_is_worth_nothing() {
    let (mut stage, kim) = with_kim(Ground::Memory).await;
    let app = stage.group("telegram", "app", "kim");
    stage.say(&app, "/enable").await;
    stage.forget();
    let code = code(&mut stage, &kim).await;
    stage.say(&app, "/link").await;
    stage.say(&app, &format!("/link {code}")).await;
    let desk = stage.direct("discord", "kimmy");
    stage.say(&desk, &format!("/link {code}")).await;
    stage.say(&app, "/unlink telegram").await;
    // About items it works there as ever.
    stage.say(&app, "/todo One\n/todo Two\n/link T1 T2").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_between_the_steps_is_told_and_nothing_is_half_done() {
    let (mut stage, kim) = with_kim(Ground::Disk).await;
    let desk = stage.direct("discord", "kimmy");
    let first = code(&mut stage, &kim).await;
    stage.restart().await;
    stage.say(&desk, &format!("/link {first}")).await;
    let second = code(&mut stage, &kim).await;
    stage.say(&desk, &format!("/link {second}")).await;
    stage.sees(&kim, "wants to be you").await;
    let head = stage.head();
    stage.restart().await;
    stage.press(&kim, "Yes, that is me").await;
    assert_eq!(stage.head(), head);
    linked(&mut stage, &kim, &desk).await;
    stage.restart().await;
    stage.say(&desk, "/people").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_delivered_twice_is_asked_and_done_once() {
    let (mut stage, kim) = with_kim(Ground::Disk).await;
    let desk = stage.direct("discord", "kimmy");
    let code = code(&mut stage, &kim).await;
    let typed = stage.message(&desk, &format!("/link {code}"));
    let bot = yoman_chat::BotName::new("discord");
    // Heard twice, as when the answer could not be kept the first time.
    for _ in 0..2 {
        let answer = stage.house().intake.handle(&bot, &typed).await.unwrap();
        assert!(answer[0].message.text.to_plain().contains("confirm it on Telegram"));
    }
    stage.sees(&kim, "wants to be you").await;
    let asked = stage.came(&kim).iter().filter(|text| text.contains("wants to be you")).count();
    assert_eq!(asked, 1);
    let (card, data) = stage.button(&kim, "Yes, that is me");
    let said = yoman_chat::Said::Pressed { data, card, words: None };
    let pressed = kim.inbound("telegram/kim/press/1".into(), said);
    let (phone, head) = (yoman_chat::BotName::new("telegram"), stage.head());
    for _ in 0..2 {
        let answer = stage.house().intake.handle(&phone, &pressed).await.unwrap();
        assert_eq!(answer[0].message.text.to_plain(), "You are known on Discord too now.");
    }
    assert_eq!(stage.head(), head + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_can_be_taken_away_again() {
    let (mut stage, kim) = with_kim(Ground::Memory).await;
    let (desk, office) = (stage.direct("discord", "kimmy"), stage.direct("slack-work", "kim"));
    let dana = stage.direct("discord", "dana");
    stage.let_in(&kim, &dana, "member").await;
    linked(&mut stage, &kim, &desk).await;
    linked(&mut stage, &desk, &office).await;
    stage.forget();
    stage.say(&kim, "/unlink nowhere").await;
    stage.say(&kim, "/unlink telegram").await;
    stage.say(&desk, "/follow all").await;
    stage.say(&kim, "/unlink Discord").await;
    stage.say(&desk, "/board").await;
    stage.say(&dana, "/todo Nobody tells the desk @kim").await;
    stage.sees(&kim, "Nobody tells the desk").await;
    // In the office, which is where they are: the newest room that is still theirs.
    stage.say(&office, "/mine").await;
    stage.say(&dana, "/todo And this @kim").await;
    stage.sees(&office, "And this").await;
    stage.quiet(&desk.bot).await;
    assert!(!stage.came(&desk).iter().any(|text| text.contains("Nobody tells") || text.contains("And this")));
    stage.say(&kim, "/unlink slack").await;
    stage.say(&kim, "/people").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_revoked_does_not_come_back_by_a_code() {
    let (mut stage, kim) = with_kim(Ground::Memory).await;
    let (dana, gus) = (stage.direct("discord", "dana"), stage.direct("slack-work", "gus"));
    stage.let_in(&kim, &dana, "member").await;
    stage.let_in(&kim, &gus, "member").await;
    stage.say(&kim, "/revoke @gus").await;
    stage.forget();
    let code = code(&mut stage, &dana).await;
    let head = stage.head();
    stage.say(&gus, &format!("/link {code}")).await;
    // And who is revoked after the question was asked does not come in either.
    let office = stage.direct("slack-work", "danny");
    let other = { stage.say(&dana, "/link").await.concat() };
    let other = other.split("/link ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    stage.say(&office, &format!("/link {other}")).await;
    stage.sees(&dana, "wants to be you").await;
    stage.say(&kim, "/revoke @dana").await;
    stage.press(&dana, "Yes, that is me").await;
    assert_eq!(stage.head(), head + 1);
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_person_is_told_once_and_never_of_what_they_did_elsewhere() {
    let (mut stage, kim) = with_kim(Ground::Memory).await;
    let desk = stage.direct("discord", "kimmy");
    let dana = stage.direct("slack-work", "dana");
    stage.let_in(&kim, &dana, "member").await;
    linked(&mut stage, &kim, &desk).await;
    for seat in [&kim, &desk] {
        stage.say(seat, "/follow #app").await;
    }
    // Done on one platform: the same person is not told of it on another.
    stage.say(&desk, "/todo Mine alone #app").await;
    stage.say(&kim, "/todo Mine too #app").await;
    stage.say(&kim, "/mine").await;
    stage.forget();
    stage.say(&dana, "/todo Told in the phone #app").await;
    stage.sees(&kim, "Told in the phone").await;
    stage.say(&desk, "/mine").await;
    stage.say(&dana, "/todo Told at the desk #app @kimmy @kim").await;
    stage.say(&dana, "/todo Told at the desk #app @kim").await;
    stage.sees(&desk, "Told at the desk").await;
    stage.say(&kim, "/next").await;
    stage.say(&dana, "/todo Told in the phone again #app @kim").await;
    stage.sees(&kim, "Told in the phone again").await;
    stage.quiet(&desk.bot).await;
    let told = |seat: &Seat| {
        let mine = stage.came(seat).into_iter().filter(|text| text.contains("you follow") || text.contains("to you"));
        mine.map(|text| text.split("   ").next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(told(&kim), ["T3 Told in the phone", "T5 Told in the phone again"]);
    assert_eq!(told(&desk), ["T4 Told at the desk"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_and_an_account_are_given_at_once() {
    let (mut stage, kim) = with_kim(Ground::Memory).await;
    let (dana, desk) = (stage.direct("discord", "dana"), stage.direct("slack-work", "dd"));
    stage.let_in(&kim, &dana, "guest").await;
    let code = stage.code_for(&desk).await;
    stage.forget();
    let head = stage.head();
    stage.say(&kim, &format!("/pair {code} member as @dana")).await;
    assert_eq!(stage.head(), head + 1, "one commit: nothing can be lost in between");
    stage.say(&desk, "/todo Fix login").await;
    stage.say(&kim, "/people").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_do_nothing_any_more_is_told_nothing() {
    let (mut stage, kim) = with_kim(Ground::Memory).await;
    let (dana, min) = (stage.direct("discord", "dana"), stage.direct("discord", "min"));
    for seat in [&dana, &min] {
        stage.let_in(&kim, seat, "member").await;
        stage.say(seat, "/follow all").await;
    }
    stage.say(&kim, "/revoke @dana").await;
    stage.say(&kim, "/todo Not for everybody").await;
    stage.sees(&min, "Not for everybody").await;
    stage.quiet(&dana.bot).await;
    assert!(!stage.came(&dana).iter().any(|text| text.contains("Not for everybody")), "{:?}", stage.came(&dana));
    // Let in again, they are told again.
    stage.say(&kim, "/grant @dana member").await;
    stage.say(&kim, "/todo For everybody").await;
    stage.sees(&dana, "For everybody").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_are_one_are_forgotten_as_one() {
    for crash in [false, true] {
        let (mut stage, kim) = with_kim(Ground::Disk).await;
        let desk = stage.direct("discord", "dana");
        let office = stage.direct("slack-work", "dana-at-work");
        stage.let_in(&kim, &desk, "member").await;
        stage.let_in(&kim, &office, "member").await;
        stage.say(&desk, "/todo Buy tulips").await;
        stage.say(&office, "/todo Buy roses").await;
        linked(&mut stage, &desk, &office).await;
        stage.say(&office, "/todo Buy lilies").await;
        let keys = stage.dir.path().join("keys");
        let key = |person: u32| keys.join(format!("person-{person}.key"));
        assert!(key(2).exists() && key(3).exists());
        let half = stage.say(&kim, "/forget @dana-at-work").await.concat();
        assert!(half.contains("is @dana by now") && half.contains("/forget @dana"), "{half}");
        if crash {
            // The process dies between the first commit and the next.
            stage.stop().await;
            let log = stage.beneath();
            crate::forget::forget_in(&*log, "person/2").await;
            log.close().await.unwrap();
            drop(log);
            stage.start().await;
            stage.house().caught_up().await;
        } else {
            let asked = stage.say(&kim, "/forget @dana").await.concat();
            assert!(asked.contains("@dana-at-work"), "{asked}");
            stage.press(&kim, "Forget @dana").await;
        }
        assert!(!key(2).exists() && !key(3).exists(), "crash: {crash}");
        for _ in 0..2 {
            let said = [stage.say(&kim, "/list all").await, stage.say(&kim, "/people").await].concat().concat();
            for word in ["tulips", "roses", "lilies", "dana"] {
                assert!(!said.contains(word), "{word} in {said}");
            }
            stage.restart().await;
        }
        stage.stop().await;
        let log = stage.beneath();
        for person in [2, 3] {
            let mut names = Vec::new();
            log.read_stream(&yoman::log::StreamId::new(format!("person/{person}")), 1, &mut |entry| {
                if let yoman::log::Entry::Commit(commit) = entry {
                    names.extend(commit.events.iter().map(|event| event.name.to_string()));
                }
                std::ops::ControlFlow::Continue(())
            })
            .unwrap();
            assert_eq!(names.iter().filter(|name| *name == "person_forgotten").count(), 1, "{person}: {names:?}");
        }
    }
}

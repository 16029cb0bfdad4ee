//! Order: within a room everything comes in the order in which it was said; no room waits for another.

use std::time::{Duration, Instant};

use yoman_chat::SendError;

use crate::stage::{Ground, PATIENCE, Stage};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_messages_in_one_room_are_answered_in_order_between_those_of_others() {
    let (mut stage, kim, dana) = Stage::with_kim_and_dana(Ground::Memory).await;
    stage.say(&dana, "/todo Something of dana's").await;
    let (before, before_dana) = (kim.bot.shown(&kim.room).len(), dana.bot.shown(&dana.room).len());
    for n in 0..200 {
        let text = match n % 4 {
            0 => format!("/note T1 number {n}"),
            1 => format!("/idea Thing {n}"),
            2 => format!("/done T{}", 900 + n),
            _ => "T1".to_owned(),
        };
        let message = stage.message(&kim, &text);
        kim.bot.push(message);
        if n % 10 == 0 {
            let message = stage.message(&dana, "/note T1 from dana");
            dana.bot.push(message);
        }
    }
    kim.bot.wait_shown(&kim.room, before + 200, PATIENCE).await;
    dana.bot.wait_shown(&dana.room, before_dana + 20, PATIENCE).await;
    stage.quiet(&kim.bot).await;
    let texts = &stage.came(&kim)[before..];
    assert_eq!(texts.len(), 200);
    let (mut notes, mut ideas) = (0, 0);
    for (n, text) in texts.iter().enumerate() {
        let first = text.lines().next().unwrap();
        let number =
            |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>().parse::<usize>().unwrap();
        match n % 4 {
            // Both write notes: the numbers go up, and are ours or dana's.
            0 => {
                let note = number(first.strip_prefix("T1 note ").unwrap());
                assert!(note > notes, "{first} after {notes}");
                notes = note;
            }
            1 => {
                ideas += 1;
                assert_eq!(first, format!("I{ideas} created   Thing {n}"));
            }
            2 => assert_eq!(first, format!("There is no T{}; the newest is T1.", 900 + n)),
            // What was said just before is seen.
            _ => assert!(text.contains(&format!("{notes} note")) || seen(text) > notes, "{text} after {notes} notes"),
        }
    }
    assert_eq!(notes.max(seen(texts.last().unwrap())), 70);
}

/// How many notes a card shows.
fn seen(card: &str) -> usize {
    let before = card.split(" note").next().unwrap();
    before.rsplit(' ').next().unwrap().parse().unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_that_cannot_be_reached_holds_up_no_other() {
    let (mut stage, kim, _) = Stage::with_kim_and_dana(Ground::Memory).await;
    let lee = stage.direct("telegram", "lee");
    stage.let_in(&kim, &lee, "member").await;
    // Of the same bot.
    let busy = SendError::RetryAfter { after: Duration::from_millis(400), whole_bot: false };
    lee.bot.fail(Some(&lee.room), busy, 1);
    let shown = lee.bot.shown(&lee.room).len();
    for text in ["/todo One", "/todo Two", "/done T1"] {
        let message = stage.message(&lee, text);
        lee.bot.push(message);
    }
    let begun = Instant::now();
    let before = kim.bot.shown(&kim.room).len();
    for _ in 0..5 {
        let message = stage.message(&kim, "/status");
        kim.bot.push(message);
    }
    kim.bot.wait_shown(&kim.room, before + 5, PATIENCE).await;
    assert!(begun.elapsed() < Duration::from_millis(390), "kim waited {:?} for lee", begun.elapsed());
    assert_eq!(lee.bot.shown(&lee.room).len(), shown);
    lee.bot.wait_shown(&lee.room, shown + 3, PATIENCE).await;
    stage.quiet(&lee.bot).await;
    let texts = stage.came(&lee)[shown..].to_vec();
    assert_eq!(texts, ["T1 created   One", "T2 created   Two", "T1 done   One"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_look_sees_everything_its_room_did_before() {
    let (mut stage, kim) = Stage::with_kim(Ground::Disk).await;
    let before = kim.bot.shown(&kim.room).len();
    for n in 1..=40 {
        for text in [format!("/todo Thing {n}"), format!("T{n}")] {
            let message = stage.message(&kim, &text);
            kim.bot.push(message);
        }
    }
    kim.bot.wait_shown(&kim.room, before + 80, PATIENCE).await;
    for (n, pair) in stage.came(&kim)[before..].chunks(2).enumerate() {
        assert_eq!(pair[0], format!("T{} created   Thing {}", n + 1, n + 1));
        assert!(pair[1].starts_with(&format!("T{} open   Thing {}\n", n + 1, n + 1)), "{pair:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_may_have_been_shown_is_not_lost() {
    let (mut stage, kim) = Stage::with_kim(Ground::Memory).await;
    kim.bot.fail_after_doing(Some(&kim.room), SendError::Unknown("the line broke".into()), 1);
    kim.bot.fail(Some(&kim.room), SendError::NotSent("no line".into()), 2);
    let shown = stage.say(&kim, "/todo Fix login").await;
    assert!(shown.iter().any(|text| text.contains("T1 created")), "{shown:?}");
    assert_eq!(stage.say(&kim, "/todo Ship it").await, ["T2 created   Ship it"]);
}

//! Taking back: what was done by mistake is as it was before, and what rests on it is named before anything is done.

use insta::assert_snapshot;
use yoman::{
    domain::{Bucket, ItemRef, filter::StateWord},
    log::CommandId,
};
use yoman_chat::{Attachment, AttachmentKind, MessageRef, Said};

use crate::stage::{Ground, Seat, Stage};

/// Somebody deletes a message of theirs.
async fn delete(stage: &mut Stage, seat: &Seat, message: &MessageRef) -> Vec<String> {
    let id = format!("{}/{}/d{}", message.room, message.id, stage.number());
    let inbound = seat.inbound(id, Said::Deleted { message: message.clone() });
    stage.send(seat, inbound, "(deletes the message)").await
}

async fn state(stage: &Stage, item: &str) -> StateWord {
    let item: ItemRef = item.parse().unwrap();
    stage.house().world.at_least(stage.log().head().position).await;
    stage.house().world.read(|world| world.item(item).unwrap().item.state_word())
}

/// The first minute of conversations.md.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_todo_that_was_not_done_after_all_is_open_again() {
    let mut stage = Stage::new(Ground::Memory).await;
    let you = stage.direct("console", "you");
    for text in ["todo Fix login #auth !high", "todo Ship 2.0 needs:T1", "done T2", "done T1", "undo", "why T1"] {
        stage.say(&you, text).await;
    }
    stage.say(&you, "history T1").await;
    // Once more goes one act further back; the button brings back what was taken back last.
    stage.say(&you, "undo").await;
    stage.press(&you, "Redo").await;
    stage.say(&you, "list").await;
    assert_snapshot!(stage.transcript());
}

/// The past of conversations.md.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_rests_on_an_act_is_named_and_goes_with_it_when_asked() {
    let (mut stage, kim, dana) = Stage::with_kim_and_dana(Ground::Memory).await;
    stage.say(&kim, "/todo Fix login\n/todo Ship 2.0 needs:T1\n/todo Celebrate needs:T2").await;
    stage.say(&kim, "/done T1").await;
    stage.say(&dana, "/doing T2").await;
    let before = stage.head();
    stage.say(&kim, "/undo T1").await;
    assert_eq!(stage.head(), before);
    stage.press(&kim, "Why T2?").await;
    stage.say(&kim, "/undo T1").await;
    stage.press(&kim, "Take back both").await;
    assert_eq!((state(&stage, "T1").await, state(&stage, "T2").await), (StateWord::Open, StateWord::Open));
    stage.say(&kim, "/history T2").await;
    stage.press(&kim, "Redo").await;
    assert_eq!((state(&stage, "T1").await, state(&stage, "T2").await), (StateWord::Done, StateWord::Doing));
    // Offered for what rested on it then: what came since is named before anything is done.
    stage.say(&kim, "/undo T1").await;
    let (card, both) = stage.button(&kim, "Take back both");
    stage.say(&dana, "/done T2").await;
    let before = stage.head();
    stage.press_data(&kim, &card, &both, "Take back both, too late").await;
    assert_eq!(stage.head(), before);
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_parts_that_are_asked_for() {
    let (mut stage, kim) = Stage::with_kim(Ground::Memory).await;
    stage.say(&kim, "/todo Fix login #auth #web !high due:2031-05-02 @me").await;
    for text in [
        "/undo T1 due",
        "/undo T1 #web prio",
        "/undo T1 due",
        "/undo T1 title",
        "/title T1 Fix the login",
        "/due T1 2031-06-01",
        "/undo T1 title",
        "/undo",
        "T1",
        "/history T1",
    ] {
        stage.say(&kim, text).await;
    }
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_should_never_have_been_is_nowhere_and_can_come_back() {
    let (mut stage, kim) = Stage::with_kim(Ground::Disk).await;
    stage.say(&kim, "/todo Fix login @me").await;
    stage.say(&kim, "/todo Ship 2.0 @me\n/need T2 T1").await;
    stage.say(&kim, "/undo T1").await;
    stage.press(&kim, "Take back both").await;
    stage.say(&kim, "/undo T1").await;
    stage.press(&kim, "Redo").await;
    stage.say(&kim, "/undo T1@1").await;
    stage.press(&kim, "Take back both").await;
    for text in
        ["/list", "/board", "/mine", "/next", "/find login", "/list closed", "/list withdrawn", "T1", "/done T1"]
    {
        stage.say(&kim, text).await;
    }
    stage.say(&kim, "/need T2 T1").await;
    stage.restart().await;
    stage.say(&kim, "/todo Its number stays taken").await;
    stage.say(&kim, "T1").await;
    stage.press(&kim, "Redo").await;
    stage.say(&kim, "/list").await;
    // What was said with it goes alone: the item that waited stays.
    stage.say(&kim, "/todo Celebrate needs:T3").await;
    stage.say(&kim, "/undo T3").await;
    stage.press(&kim, "Take back both").await;
    stage.say(&kim, "/list").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_promotion_goes_with_what_it_made() {
    let (mut stage, kim) = Stage::with_kim(Ground::Memory).await;
    stage.say(&kim, "/idea Offline mode").await;
    stage.say(&kim, "/promote I1").await;
    stage.say(&kim, "/undo").await;
    stage.say(&kim, "/list").await;
    stage.press(&kim, "Redo").await;
    stage.say(&kim, "/finding R1 sled survives a kill").await;
    stage.say(&kim, "/undo I1").await;
    stage.press(&kim, "Take back all 3").await;
    stage.say(&kim, "I1").await;
    stage.say(&kim, "/why I1").await;
    stage.say(&kim, "/why R1").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_act_on_an_item_can_be_taken_back() {
    let (mut stage, kim) = Stage::with_kim(Ground::Memory).await;
    let mut told = String::new();
    let begun = [("idea", "I1"), ("research", "R1"), ("todo", "T1"), ("pr", "P1")];
    for (bucket, _) in begun {
        stage.say(&kim, &format!("/{bucket} Fix login")).await;
    }
    stage.say(&kim, "/todo Ship 2.0").await;
    for text in [
        "/refine I1 Reading is enough",
        "/reject I1 too early",
        "/promote I1 todo",
        "/finding R1 It survives",
        "/done R1 sled it is",
        "/promote R1",
        "/assign T1 @me",
        "/doing T1",
        "/done T1 was the cookie",
        "/promote T1",
        "/need T1 T2",
        "/criterion T1 reads",
        "/review P1 approve",
        "/merge P1",
        "/close P1 superseded",
        "/note T1 Seen on Android",
        "/title T1 Fix the login",
        "/tag T1 #auth",
        "/prio T1 high",
        "/due T1 2031-05-02",
        "/project T1 app",
        "/link T1 https://example.org/42",
    ] {
        let item: ItemRef = text.split(' ').nth(1).unwrap().parse().unwrap();
        let look = |stage: &Stage| stage.house().world.read(|world| world.item(item).unwrap().item.clone());
        let before = look(&stage);
        stage.say(&kim, text).await;
        let after = look(&stage);
        let answer = stage.say(&kim, "/undo").await.concat();
        let undone = look(&stage);
        assert_eq!(yoman::domain::item::Item { version: before.version, ..undone }, before, "{text}");
        stage.press(&kim, "Redo").await;
        let again = look(&stage);
        assert_eq!(yoman::domain::item::Item { version: after.version, ..again }, after, "{text}");
        stage.say(&kim, "/undo").await;
        told.push_str(&format!("> {text}\n> /undo\n{answer}\n\n"));
    }
    for (text, undo) in
        [("/reopen", "/done T1"), ("/unneed", "/need T1 T2"), ("/untag", "/tag T1 #x"), ("/unassign", "/assign T1 @me")]
    {
        stage.say(&kim, undo).await;
        let end = undo.split_once("T1").unwrap().1;
        let back = if text == "/reopen" { "/reopen T1".to_owned() } else { format!("{text} T1{end}") };
        stage.say(&kim, &back).await;
        let answer = stage.say(&kim, "/undo").await.concat();
        told.push_str(&format!("> {back}\n> /undo\n{answer}\n\n"));
        stage.say(&kim, "/undo").await;
    }
    assert_snapshot!(crate::stage::settled(&told));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_set_in_a_room_is_as_it_was() {
    let (mut stage, kim) = Stage::with_kim(Ground::Disk).await;
    for text in [
        "/tz Europe/Berlin",
        "/undo",
        "/default todo",
        "/default pr",
        "/undo room@3",
        "/undo",
        "/follow #auth",
        "/unfollow all",
        "/undo",
        "/mute 2h",
        "/undo room",
        "/lang en",
    ] {
        stage.say(&kim, text).await;
    }
    stage.restart().await;
    stage.say(&kim, "/undo").await;
    stage.press(&kim, "Redo").await;
    stage.say(&kim, "/follow").await;
    stage.say(&kim, "/undo room due").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_may_is_taken_back_by_who_may_decide_it() {
    let (mut stage, kim, dana) = Stage::with_kim_and_dana(Ground::Memory).await;
    stage.say(&kim, "/grant @dana maintainer").await;
    stage.say(&dana, "/undo @kim").await;
    stage.say(&dana, "/undo").await;
    stage.say(&kim, "/undo").await;
    stage.press(&kim, "Redo").await;
    stage.say(&kim, "/undo @kim").await;
    stage.say(&kim, "/undo @dana@1").await;
    stage.say(&kim, "/undo @dana").await;
    stage.say(&kim, "/undo @dana").await;
    stage.say(&dana, "/list").await;
    stage.say(&kim, "/people").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_message_takes_back_what_it_did() {
    let (mut stage, kim, dana) = Stage::with_kim_and_dana(Ground::Disk).await;
    stage.say(&kim, "/todo Fix lgoin").await;
    let todo = stage.last.clone().unwrap();
    stage.edit(&kim, &todo, "/todo Fix login").await;
    delete(&mut stage, &kim, &todo).await;
    delete(&mut stage, &kim, &todo).await;
    stage.say(&kim, "/todo Ship 2.0").await;
    let ship = stage.last.clone().unwrap();
    stage.say(&dana, "/note T2 Nearly").await;
    delete(&mut stage, &kim, &ship).await;
    stage.say(&kim, "/done T2").await;
    let done = stage.last.clone().unwrap();
    delete(&mut stage, &kim, &done).await;
    stage.say(&kim, "/list").await;
    let list = stage.last.clone().unwrap();
    delete(&mut stage, &kim, &list).await;
    // Nobody takes back what somebody else wrote, and nothing is done by deleting an undo.
    stage.say(&kim, "/doing T2").await;
    let doing = stage.last.clone().unwrap();
    let theirs = MessageRef { room: doing.room.clone(), id: doing.id.clone() };
    let before = stage.head();
    let id = format!("{}/d{}", dana.room, stage.number());
    let inbound = dana.inbound(id, Said::Deleted { message: theirs });
    stage.send(&dana, inbound, "(deletes kim's message)").await;
    stage.say(&kim, "/undo").await;
    let undo = stage.last.clone().unwrap();
    delete(&mut stage, &kim, &undo).await;
    assert_eq!(stage.head(), before + 1);
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn others_see_it_and_what_they_were_sent_remains() {
    let (mut stage, kim, dana) = Stage::with_kim_and_dana(Ground::Memory).await;
    stage.say(&dana, "/follow #app").await;
    stage.forget();
    stage.say(&kim, "/todo Offline mode #app").await;
    stage.sees(&dana, "T1 Offline mode").await;
    stage.say(&kim, "/done T1").await;
    stage.sees(&dana, "completed").await;
    stage.say(&kim, "/undo").await;
    stage.sees(&dana, "open again").await;
    let photo = Attachment { kind: AttachmentKind::Photo, file_id: "AgAC".into(), name: None, bytes: Some(81_234) };
    let mut inbound = stage.message(&kim, "/note T1 Look");
    if let Said::Message { attachments, .. } = &mut inbound.said {
        attachments.push(photo);
    }
    stage.send(&kim, inbound, "/note T1 Look   (with a photo)").await;
    stage.say(&kim, "/undo").await;
    stage.say(&kim, "/undo").await;
    stage.say(&kim, "/undo").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_undo_of_several_that_was_cut_in_two_is_finished_once() {
    let (mut stage, kim) = Stage::with_kim(Ground::Disk).await;
    stage.say(&kim, "/todo Fix login\n/todo Ship 2.0 needs:T1\n/done T1\n/doing T2").await;
    let both = stage.message(&kim, "/undo T1@2 T2@3");
    let first = stage.send(&kim, both.clone(), "/undo both").await;
    let whole = stage.head();
    // The same log as a kill between the two commits would have left it.
    let mut cut = Stage::new(Ground::Disk).await;
    cut.stop().await;
    {
        let log = cut.open_log();
        let mut commits = Vec::new();
        stage
            .log()
            .read_all(yoman::log::Position::START, &mut |entry| {
                if let yoman::log::Entry::Commit(commit) = entry {
                    commits.push(commit);
                }
                std::ops::ControlFlow::Continue(())
            })
            .unwrap();
        let last = commits.pop().unwrap();
        assert!(last.meta.command.as_str().ends_with("/back/T1"), "{}", last.meta.command);
        for commit in commits {
            let append = yoman::log::Append {
                stream: commit.stream.clone(),
                expected: yoman::log::Expected::of(commit.first_version - 1),
                events: commit.events.clone(),
                meta: commit.meta.clone(),
            };
            log.append(append).await.unwrap();
        }
        log.close().await.unwrap();
    }
    let seat = cut.direct("telegram", "kim");
    for _ in 0..2 {
        cut.start().await;
        // What reacts comes a moment after the start.
        seat.bot.wait(crate::stage::PATIENCE, |_| (cut.head() >= whole).then_some(())).await;
        assert_eq!((cut.head(), state(&cut, "T2").await), (whole, StateWord::Open));
        assert_eq!(cut.send(&seat, both.clone(), "/undo both, delivered again").await.len(), first.len());
        assert_eq!((cut.head(), state(&cut, "T1").await), (whole, StateWord::Open));
        cut.stop().await;
        std::fs::remove_dir_all(cut.state()).unwrap();
    }
    cut.start().await;
    let found = cut.log().find_command(&CommandId::new(format!("{}#0/back/T1", both.id))).unwrap();
    assert!(found.is_some());
    assert_eq!(ItemRef::new(Bucket::Todo, 1).stream(), found.unwrap().stream.as_str());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_take_the_same_back_at_once_one_does() {
    let (mut stage, kim, dana) = Stage::with_kim_and_dana(Ground::Disk).await;
    stage.say(&kim, "/todo Fix login\n/done T1").await;
    let before = stage.head();
    let (one, other) = (stage.message(&kim, "/undo T1@2"), stage.message(&dana, "/undo T1@2"));
    let (one, other) = tokio::join!(stage.submit(one), stage.submit(other));
    assert!(one.is_kept() && other.is_kept());
    stage.quiet(&kim.bot).await;
    stage.quiet(&dana.bot).await;
    assert_eq!((stage.head(), state(&stage, "T1").await), (before + 1, StateWord::Open));
    let answers = [stage.came(&kim), stage.came(&dana)].map(|came| came.last().unwrap().clone());
    assert!(
        answers.iter().any(|answer| answer.starts_with("Not taken back: that is taken back already.")),
        "{answers:?}"
    );
    assert!(answers.iter().any(|answer| answer.starts_with("T1 is open again")), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn anybody_who_works_here_may_put_right_what_another_did() {
    let (mut stage, kim, dana) = Stage::with_kim_and_dana(Ground::Memory).await;
    stage.say(&kim, "/todo Fix login").await;
    let card = stage.card(&kim, "T1 created");
    stage.say(&kim, "/done T1").await;
    stage.say(&dana, "/undo T1").await;
    stage.say(&dana, "/why T1").await;
    stage.say(&kim, "/due T1 2031-05-02").await;
    stage.reply(&kim, &card, "undo").await;
    stage.say(&kim, "/grant @dana guest").await;
    stage.say(&dana, "/undo T1").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_said_is_found_as_long_as_it_counts() {
    let (mut stage, kim) = Stage::with_kim(Ground::Disk).await;
    stage.say(&kim, "/todo Fix login\n/note T1 seen on Android 9\n/note T1 and on a tablet").await;
    let found = |answer: Vec<String>| answer.concat().starts_with("1 item");
    assert!(found(stage.say(&kim, "/find android").await));
    stage.say(&kim, "/undo T1@2").await;
    assert!(!found(stage.say(&kim, "/find android").await) && found(stage.say(&kim, "/find tablet").await));
    stage.say(&kim, "/undo T1@4").await;
    assert!(found(stage.say(&kim, "/find android tablet").await));
    stage.say(&kim, "/undo T1@2").await;
    stage.restart().await;
    assert!(!found(stage.say(&kim, "/find android").await) && found(stage.say(&kim, "/find tablet").await));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_given_and_taken_by_its_own_commands_only() {
    let (mut stage, kim) = Stage::with_kim(Ground::Memory).await;
    let desk = stage.direct("discord", "kim");
    let code = stage.code_for(&desk).await;
    stage.say(&kim, &format!("/pair {code} as @me")).await;
    stage.forget();
    stage.say(&desk, "/todo Fix login").await;
    // It may have come from whom they were merged with.
    stage.say(&kim, "/undo").await;
    stage.say(&desk, "/list").await;
    stage.say(&kim, "/unlink discord").await;
    stage.say(&desk, "/list").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_group_who_may_speak_there_is_for_maintainers_to_take_back() {
    let (mut stage, kim, _dana) = Stage::with_kim_and_dana(Ground::Memory).await;
    let (team, member) = (stage.group("discord", "team", "dana"), stage.group("telegram", "app", "kim"));
    stage.say(&member, "/enable").await;
    stage.say(&member, "/undo").await;
    stage.say(&member, "/list").await;
    let _ = (&team, &kim);
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_undo_delivered_again_takes_nothing_more_back() {
    let (mut stage, kim) = Stage::with_kim(Ground::Disk).await;
    stage.say(&kim, "/todo Fix login\n/note T1 one\n/note T1 two").await;
    let undo = stage.message(&kim, "/undo");
    let answer = stage.send(&kim, undo.clone(), "/undo").await;
    let head = stage.head();
    stage.stop().await;
    std::fs::remove_dir_all(stage.state()).unwrap();
    stage.start().await;
    let again = stage.send(&kim, undo, "/undo").await;
    let settled = |answer: &[String]| crate::stage::settled(&answer.concat());
    assert_eq!((settled(&again), stage.head()), (settled(&answer), head));
    // Nobody else's act, and none of another room.
    stage.say(&kim, "/undo").await;
    stage.say(&kim, "/undo").await;
    let nothing = stage.say(&kim, "/undo").await.concat();
    assert!(nothing.starts_with("Nothing of yours is left"), "{nothing}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_taken_back_counts_for_nothing() {
    let (mut stage, kim) = Stage::with_kim(Ground::Memory).await;
    for words in ["/todo Fix login", "/done T1", "/undo", "/todo Oops", "/undo"] {
        stage.say(&kim, words).await;
    }
    let said = stage.say(&kim, "/stats").await.concat();
    let figures: Vec<_> = said.lines().nth(2).unwrap_or_default().split_whitespace().skip(2).collect();
    assert_eq!(figures, ["1", "0", "0", "1", "0"], "created, done, dropped, open, doing: {said}");
    assert!(said.contains("Lead time   nothing to measure yet"), "{said}");
    let said = stage.say(&kim, "/diff today").await.concat();
    assert!(said.contains("T1") && !said.contains("T2"), "{said}");
}

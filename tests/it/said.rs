//! What can be said, and how it is answered: several commands in a message, edits, replies, files, questions.

use insta::assert_snapshot;
use yoman_chat::{Attachment, AttachmentKind, Mention, Said, SenderId};

use crate::stage::{Ground, Stage};

fn photo() -> Attachment {
    Attachment { kind: AttachmentKind::Photo, file_id: "AgAC".into(), name: None, bytes: Some(81_234) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_commands_in_one_message_are_each_answered() {
    let (mut stage, kim) = Stage::with_kim(Ground::Memory).await;
    let text =
        "/todo Fix login\nIt fails on Android.\n- [ ] works offline\n/done T99\n/todo Ship 2.0 needs:T1\n/doen T1\n/T1";
    let answers = stage.say(&kim, text).await;
    assert_eq!(answers.len(), 5);
    // Each says which message it answers.
    let shown = kim.bot.shown(&kim.room);
    assert!(shown[shown.len() - 5..].iter().all(|message| message.now.reply_to == stage.last));
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_of_a_message_corrects_what_it_made() {
    let (mut stage, kim) = Stage::with_kim(Ground::Memory).await;
    stage.say(&kim, "/todo Fix lgoin #auht due:2031-05-02").await;
    let todo = stage.last.clone().unwrap();
    stage.edit(&kim, &todo, "/todo Fix login #auth !high due:2031-05-03").await;
    let before = stage.head();
    let again = stage.edit(&kim, &todo, "/todo Fix login #auth !high due:2031-05-03").await;
    assert_eq!((again, stage.head()), (Vec::<String>::new(), before));
    stage.say(&kim, "A bare senntence").await;
    let bare = stage.last.clone().unwrap();
    stage.edit(&kim, &bare, "A bare sentence #app").await;
    // An edit of an edit is compared with the edit before it.
    stage.edit(&kim, &bare, "A bare sentence #web").await;
    stage.say(&kim, "/tdoo Third thing").await;
    let third = stage.last.clone().unwrap();
    stage.edit(&kim, &third, "/todo Third thing").await;
    stage.edit(&kim, &third, "/todo Third thing !urgent").await;
    stage.say(&kim, "/note T1 Only on Andriod").await;
    let note = stage.last.clone().unwrap();
    stage.edit(&kim, &note, "/note T1 Only on Android").await;
    stage.edit(&kim, &note, "/note T1 Only on Android 9").await;
    let before = stage.head();
    stage.say(&kim, "/doen T1").await;
    let refused = stage.last.clone().unwrap();
    assert_eq!(stage.head(), before);
    stage.edit(&kim, &refused, "/done T1").await;
    stage.edit(&kim, &refused, "/reopen T1").await;
    stage.edit(&kim, &refused, "never mind").await;
    stage.edit(&kim, &todo, "/idea Fix login").await;
    stage.edit(&kim, &todo, "/list").await;
    stage.say(&kim, "/history T1").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_corrects_a_note_that_answered_a_card() {
    let (mut stage, kim) = Stage::with_kim(Ground::Memory).await;
    stage.say(&kim, "/research Which store survives a kill?").await;
    let card = stage.card(&kim, "R1");
    stage.reply(&kim, &card, "sled survives a kil").await;
    let finding = stage.last.clone().unwrap();
    stage.edit(&kim, &finding, "sled survives a kill").await;
    stage.say(&kim, "R1").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_to_a_card_is_about_its_item() {
    let (mut stage, kim) = Stage::with_kim(Ground::Memory).await;
    stage.say(&kim, "/todo Fix login").await;
    stage.say(&kim, "/todo Ship 2.0").await;
    let card = stage.card(&kim, "T1");
    stage.reply(&kim, &card, "Done right, this would be nice").await;
    stage.reply(&kim, &card, "due 2031-05-02").await;
    stage.reply(&kim, &card, "assign @me").await;
    stage.reply(&kim, &card, "why").await;
    stage.reply(&kim, &card, "done").await;
    // Another item can be named.
    stage.reply(&kim, &card, "/done T2").await;
    stage.reply(&kim, &card, "/todo A third thing").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_come_with_what_they_were_sent_with() {
    let (mut stage, kim) = Stage::with_kim(Ground::Memory).await;
    let with_file = |mut inbound: yoman_chat::Inbound| {
        if let Said::Message { attachments, .. } = &mut inbound.said {
            attachments.push(photo());
        }
        inbound
    };
    let caption = with_file(stage.message(&kim, "/todo The button is cut off"));
    stage.send(&kim, caption, "/todo The button is cut off   (with a photo)").await;
    let alone = with_file(stage.message(&kim, ""));
    stage.send(&kim, alone, "(a photo alone)").await;
    let card = stage.card(&kim, "T1");
    let on_card = with_file(stage.replying(&kim, &card, ""));
    stage.send(&kim, on_card, "(a photo, in reply to T1)").await;
    let with_words = with_file(stage.replying(&kim, &card, "in dark mode too"));
    stage.send(&kim, with_words, "in dark mode too   (with a photo, in reply to T1)").await;
    let verb = with_file(stage.message(&kim, "/note T1 and on the tablet"));
    stage.send(&kim, verb, "/note T1 and on the tablet   (with a photo)").await;
    let done = with_file(stage.replying(&kim, &card, "done"));
    stage.send(&kim, done, "done   (with a photo, in reply to T1)").await;
    stage.say(&kim, "T1").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_button_that_needs_words_asks_and_the_next_sentence_completes_it() {
    let (mut stage, kim) = Stage::with_kim(Ground::Memory).await;
    stage.say(&kim, "Offline mode for the app").await;
    stage.press(&kim, "Refine").await;
    stage.say(&kim, "Only reeding has to work offline").await;
    let words = stage.last.clone().unwrap();
    assert!(stage.edit(&kim, &words, "Only reeding has to work offline").await.is_empty());
    stage.edit(&kim, &words, "Only reading has to work offline").await;
    // A command in between ends the question.
    stage.say(&kim, "I1").await;
    stage.press(&kim, "Refine").await;
    stage.say(&kim, "/list").await;
    stage.say(&kim, "Another idea").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_can_be_answered_by_replying_to_it_even_after_a_restart() {
    let (mut stage, kim) = Stage::with_kim(Ground::Disk).await;
    stage.say(&kim, "Offline mode for the app").await;
    stage.press(&kim, "Refine").await;
    let question = stage.card(&kim, "refine I1");
    let mut unquoted = stage.replying(&kim, &question, "Reading is enough");
    if let Said::Message { reply_to: Some(reply_to), .. } = &mut unquoted.said {
        // Not every platform repeats what is answered.
        reply_to.text = None;
    }
    stage.send(&kim, unquoted, "Reading is enough   (in reply to the question)").await;
    stage.say(&kim, "I1").await;
    stage.press(&kim, "Refine").await;
    let question = stage.card(&kim, "refine I1");
    stage.restart().await;
    stage.reply(&kim, &question, "Reading and searching is enough").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_are_named_by_handle_by_me_and_by_what_the_platform_says() {
    let (mut stage, kim, _) = Stage::with_kim_and_dana(Ground::Memory).await;
    stage.say(&kim, "/todo Fix login @me @dana").await;
    stage.say(&kim, "/todo Ship 2.0 @danna").await;
    let mut mention = stage.message(&kim, "/assign T1 Dana Scully");
    if let Said::Message { mentions, .. } = &mut mention.said {
        *mentions = vec![Mention { written: "Dana Scully".into(), sender: SenderId::new("discord/dana") }];
    }
    stage.say(&kim, "/unassign T1 @dana").await;
    stage.send(&kim, mention, "/assign T1 Dana Scully   (a mention)").await;
    stage.say(&kim, "/list @me").await;
    stage.say(&kim, "/list @dana").await;
    stage.say(&kim, "/list @zoe").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_item_can_wait_for_several_and_never_in_a_circle() {
    let (mut stage, kim) = Stage::with_kim(Ground::Memory).await;
    stage.say(&kim, "/todo Fix login\n/todo Write notes\n/todo Ship 2.0 needs:T1 needs:T2").await;
    stage.say(&kim, "/todo Celebrate needs:T3").await;
    stage.say(&kim, "/need T1 T4").await;
    stage.say(&kim, "/done T1").await;
    stage.say(&kim, "T3").await;
    stage.say(&kim, "/done T2").await;
    stage.say(&kim, "/reopen T2").await;
    stage.say(&kim, "/unneed T3 T2").await;
    stage.say(&kim, "/done T3").await;
    stage.say(&kim, "/doing T4").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_life_of_each_kind_of_item() {
    let (mut stage, kim) = Stage::with_kim(Ground::Memory).await;
    stage.say(&kim, "/idea Offline mode #app").await;
    stage.say(&kim, "/refine I1 Reading is enough").await;
    stage.say(&kim, "/reject I1 too early").await;
    stage.say(&kim, "/reopen I1 not any more").await;
    stage.say(&kim, "/promote I1 @me").await;
    stage.say(&kim, "/finding R1 sled survives a kill").await;
    stage.say(&kim, "/done R1 sled it is").await;
    stage.say(&kim, "/reopen R1").await;
    stage.say(&kim, "/promote R1 !high in:app").await;
    stage.say(&kim, "/criterion T1 Works on a train").await;
    stage.say(&kim, "/doing T1").await;
    stage.say(&kim, "/promote T1 pr").await;
    stage.say(&kim, "/review P1 changes The tests are missing").await;
    stage.say(&kim, "/review P1 approve").await;
    stage.say(&kim, "/merge P1").await;
    stage.say(&kim, "/pr Retry the upload for:T1").await;
    stage.say(&kim, "/close P2 superseded").await;
    stage.say(&kim, "T1").await;
    stage.say(&kim, "P1").await;
    stage.say(&kim, "/why P1").await;
    stage.say(&kim, "/history T1").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn facts_about_an_item_are_answered_with_what_is_the_case_now() {
    let (mut stage, kim) = Stage::with_kim(Ground::Memory).await;
    stage.say(&kim, "/todo Fix login").await;
    for text in [
        "/note T1 Seen on Android too",
        "/title T1 Fix the login",
        "/tag T1 #auth #web",
        "/untag T1 #web",
        "/prio T1 urgent",
        "/due T1 2031-05-02 14:00",
        "/due T1 none",
        "/project T1 app",
        "/project T1 none",
        "/link T1 https://example.org/42",
        "/assign T1 @me",
        "/unassign T1 @me",
        "/show T1",
    ] {
        stage.say(&kim, text).await;
    }
    assert_snapshot!(stage.transcript());
}

//! Whole runs over memory: what is piped in, what is submitted, what is printed.

use std::{
    io::{self, Cursor, Read},
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use async_trait::async_trait;
use yoman_chat::{
    Accept, Aside, Bot, BotName, Button, Inbound, Inbox, Outbound, Receipt, RoomId, RoomKind, Said, SendError, Stop,
};

use crate::{Console, ConsoleConfig};

/// What was printed, or an error for every write.
#[derive(Clone, Default)]
struct Paper {
    printed: Arc<Mutex<Vec<u8>>>,
    broken: bool,
}

impl Paper {
    fn text(&self) -> String {
        String::from_utf8(self.printed.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.broken {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.printed.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A core that answers each message with its text, some time after it was accepted.
#[derive(Default)]
struct Echo {
    console: OnceLock<Arc<Console>>,
    accepted: Mutex<Vec<Inbound>>,
}

fn said(inbound: &Inbound) -> String {
    match &inbound.said {
        Said::Message { text, .. } => text.clone(),
        other => panic!("{other:?}"),
    }
}

#[async_trait]
impl Accept for Echo {
    async fn accept(&self, _: &BotName, inbound: Inbound) -> Receipt {
        let text = said(&inbound);
        self.accepted.lock().unwrap().push(inbound.clone());
        if text == "lose" {
            return Receipt::NotKept { why: "the log is closed".into() };
        }
        let console = Arc::clone(self.console.get().unwrap());
        let Said::Message { message, .. } = inbound.said else { panic!("not a message") };
        tokio::spawn(async move {
            if text == "silence" {
                return;
            }
            tokio::time::sleep(Duration::from_millis(15)).await;
            if text == "news" {
                // Something else comes first: it answers an older message, so it is not what this line waits for.
                let older = yoman_chat::MessageRef { id: "older".into(), ..message.clone() };
                let _ = console.send(&message.room, &Outbound::text("other").reply_to(Some(older))).await;
                tokio::time::sleep(Duration::from_millis(15)).await;
            }
            for line in text.lines() {
                let answer = Outbound::text(format!("= {line}")).reply_to(Some(message.clone()));
                let _ = console.send(&message.room, &answer).await;
            }
        });
        Receipt::KEPT
    }

    async fn keep_aside(&self, _: &BotName, _: Aside) -> Receipt {
        Receipt::KEPT
    }

    async fn recall(&self, _: &BotName, _: &str) -> Option<String> {
        None
    }

    async fn remember(&self, _: &BotName, _: &str, _: &str) {}
}

struct Done {
    printed: String,
    accepted: Vec<Inbound>,
}

async fn run_on(paper: Paper, input: impl Read + Send + 'static) -> Done {
    let core = Arc::new(Echo::default());
    let config = ConsoleConfig { answer_wait_max: Duration::from_millis(300), ..ConsoleConfig::new("console", "kim") };
    let console = Arc::new(Console::over(config, io::BufReader::new(input), paper.clone()));
    core.console.set(Arc::clone(&console)).unwrap();
    let inbox = Inbox::new(BotName::new("console"), Arc::<Echo>::clone(&core));
    console.run(inbox, Stop::new()).await.unwrap();
    let accepted = core.accepted.lock().unwrap().clone();
    Done { printed: paper.text(), accepted }
}

async fn run(input: &[u8]) -> Done {
    run_on(Paper::default(), Cursor::new(input.to_vec())).await
}

#[tokio::test]
async fn each_answer_is_printed_before_the_next_line_is_submitted() {
    let done = run(b"one\ntwo\nnews\nthree").await;
    assert_eq!(done.printed, "= one\n= two\nother\n= news\n= three\n");
}

#[tokio::test]
async fn what_a_line_says_about_itself() {
    let done = run(b"one\n\ntwo\n").await;
    let ids: Vec<_> = done.accepted.iter().map(|inbound| inbound.id.rsplit_once('/').unwrap()).collect();
    assert_eq!((ids[0].1, ids[1].1), ("1", "3"), "the number of the line");
    assert_eq!(ids[0].0, ids[1].0);
    let inbound = &done.accepted[0];
    assert_eq!(inbound.room.id.as_str(), "console/local");
    assert_eq!(inbound.room.kind, RoomKind::Direct);
    assert_eq!(inbound.sender.id.as_str(), "console/kim");
}

#[tokio::test]
async fn bad_lines_are_answered_and_not_executed() {
    let done = run(b"one\n\xff\xfe\na\0b\ntwo\\\n\xc3\ndone\n").await;
    assert_eq!(
        done.printed,
        "= one\nline 2 is not UTF-8 (from byte 1 on): nothing was done.\nline 3 holds a NUL byte: nothing was done.\n\
         line 5 is not UTF-8 (from byte 1 on): nothing was done.\n= done\n"
    );
    let texts: Vec<_> = done.accepted.iter().map(said).collect();
    assert_eq!(texts, ["one", "done"], "half a message is not executed");
}

#[tokio::test]
async fn a_line_that_never_ends_takes_no_memory_and_does_nothing() {
    let input = io::repeat(b'x').take(50_000_000).chain(&b"\nend"[..]);
    let done = run_on(Paper::default(), input).await;
    assert_eq!(done.printed, "line 1 is 50000000 bytes long, 65536 are the limit: nothing was done.\n= end\n");
}

#[tokio::test]
async fn every_answer_to_a_message_of_several_lines_comes_before_the_next() {
    let done = run(b"one\\\ntwo\\\nthree\nfour\n").await;
    assert_eq!(done.printed, "= one\n= two\n= three\n= four\n");
    assert_eq!(done.accepted.len(), 2);
}

#[tokio::test]
async fn silence_and_loss_hold_nothing_up_for_long() {
    let done = run(b"silence\nlose\none\n").await;
    assert_eq!(done.printed, "line 2 could not be kept (the log is closed): nothing was done.\n= one\n");
}

#[tokio::test]
async fn a_closed_output_ends_the_run() {
    let done = run_on(Paper { broken: true, ..Paper::default() }, Cursor::new(b"one\ntwo\n".to_vec())).await;
    assert_eq!(done.accepted.len(), 1, "what nobody can see is not done");
}

#[tokio::test]
async fn it_stops_while_it_waits_for_a_line() {
    let (reader, _writer) = io::pipe().unwrap();
    let console = Console::over(ConsoleConfig::new("console", "kim"), io::BufReader::new(reader), Paper::default());
    let inbox = Inbox::new(BotName::new("console"), Arc::new(Echo::default()));
    let stop = Stop::new();
    let (ran, ()) = tokio::join!(console.run(inbox, stop.clone()), async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        stop.cancel();
    });
    ran.unwrap();
}

#[tokio::test]
async fn sending_elsewhere_and_editing_are_refused() {
    let console = Console::over(ConsoleConfig::new("console", "kim"), io::empty(), Paper::default());
    let elsewhere = console.send(&RoomId::new("console/other"), &Outbound::text("x")).await;
    assert!(matches!(elsewhere, Err(SendError::Refused(_))));
    let room = RoomId::new("console/local");
    let one = console.send(&room, &Outbound::text("x").row(vec![Button::new("done", "/done T1@2")])).await.unwrap();
    let two = console.send(&room, &Outbound::text("x")).await.unwrap();
    assert_ne!(one, two);
    assert!(matches!(console.edit(&one, &Outbound::text("y")).await, Err(SendError::Gone(_))));
}

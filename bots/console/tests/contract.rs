//! The console keeps the contract of all bots, as far as it applies to one person and a pipe.

#![expect(clippy::unwrap_used, reason = "what the tests share fails like a test: with a place and a reason")]

use std::{
    collections::VecDeque,
    io::{self, BufReader, Read, Write},
    sync::{Arc, Condvar, Mutex, Weak},
    time::Duration,
};

use async_trait::async_trait;
use yoman_chat::{
    Bot, MessageRef, RoomId,
    contract::{self, Harness, Seen, Supports, Trouble},
};
use yoman_console::{Console, ConsoleConfig};

/// Standard input: what is written waits for whoever reads it. Each process has one of its own; what the one before did not
/// read, the next one finds.
#[derive(Default)]
struct Pipe {
    state: Mutex<(VecDeque<u8>, usize)>,
    changed: Condvar,
}

struct Reader {
    pipe: Arc<Pipe>,
    process: usize,
}

impl Read for Reader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut state = self.pipe.state.lock().unwrap();
        loop {
            let (bytes, process) = &mut *state;
            // The process this was the input of has ended.
            if *process != self.process {
                return Ok(0);
            }
            if !bytes.is_empty() {
                // A line at a time, as from a terminal: the reader keeps nothing that is not asked for.
                let line = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1);
                let count = line.min(into.len());
                into.iter_mut().zip(bytes.drain(..count)).for_each(|(to, byte)| *to = byte);
                return Ok(count);
            }
            state = self.pipe.changed.wait(state).unwrap();
        }
    }
}

/// Standard output: each message as it was printed, and what goes wrong next.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<(Vec<String>, Option<Trouble>)>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let (printed, trouble) = &mut *self.0.lock().unwrap();
        match *trouble {
            Some(Trouble::ShutOut) => return Err(io::ErrorKind::BrokenPipe.into()),
            Some(Trouble::LostAnswer) => {
                *trouble = None;
                printed.push(String::from_utf8_lossy(bytes).into_owned());
                return Err(io::Error::other("the terminal went away"));
            }
            _ => printed.push(String::from_utf8_lossy(bytes).into_owned()),
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Default)]
struct OnConsole {
    pipe: Arc<Pipe>,
    paper: Paper,
    newest: Mutex<Weak<Console>>,
}

impl OnConsole {
    fn feed(&self, bytes: &[u8]) {
        let mut state = self.pipe.state.lock().unwrap();
        if self.newest.lock().unwrap().strong_count() == 0 {
            // The process has ended, and its thread that reads with it: the line is for the next one.
            state.1 += 1;
        }
        state.0.extend(bytes);
        self.pipe.changed.notify_all();
    }
}

#[async_trait]
impl Harness for OnConsole {
    fn connect(&self) -> Arc<dyn Bot> {
        let process = {
            let mut state = self.pipe.state.lock().unwrap();
            state.1 += 1;
            state.1
        };
        self.pipe.changed.notify_all();
        let reader = Reader { pipe: Arc::clone(&self.pipe), process };
        // Nobody answers here, so there is nothing to wait for.
        let config =
            ConsoleConfig { answer_wait_max: Duration::from_millis(1), ..ConsoleConfig::new("console", "kim") };
        let console = Arc::new(Console::over(config, BufReader::new(reader), self.paper.clone()));
        *self.newest.lock().unwrap() = Arc::downgrade(&console);
        console
    }

    fn supports(&self) -> Supports {
        Supports {
            rooms: 1,
            redelivery: false,
            asides: false,
            changes: false,
            presses: false,
            reactions: false,
            references: false,
            troubles: &[Trouble::LostAnswer, Trouble::ShutOut],
        }
    }

    fn room(&self, number: usize) -> RoomId {
        assert_eq!(number, 0, "there is one room");
        RoomId::new("console/local")
    }

    async fn write(&self, room: &RoomId, text: &str) -> MessageRef {
        self.feed(format!("{text}\n").as_bytes());
        MessageRef { room: room.clone(), id: "a line".into() }
    }

    async fn change(&self, _: &MessageRef, _: &str) {
        unreachable!("what was typed stays as it is");
    }

    async fn press(&self, _: &MessageRef, _: &str) {
        unreachable!("there is nothing to press");
    }

    async fn react(&self, _: &MessageRef, _: &str, _: bool) {
        unreachable!("there is nothing to react with");
    }

    async fn deliver_unknown(&self) {
        self.feed(b"\xff\xfe\n");
    }

    async fn shown(&self, _: &RoomId) -> Vec<Seen> {
        let printed = self.paper.0.lock().unwrap().0.clone();
        let seen = |text: String| Seen {
            id: String::new(),
            text: text.trim_end_matches('\n').to_owned(),
            buttons: Vec::new(),
            reply_to: None,
        };
        printed.into_iter().map(seen).collect()
    }

    async fn trouble(&self, _: &RoomId, trouble: Trouble) {
        self.paper.0.lock().unwrap().1 = Some(trouble);
    }

    async fn held(&self) -> Option<usize> {
        None
    }

    fn secrets(&self) -> Vec<String> {
        Vec::new()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_passes() {
    let left_out = contract::all(|| async { OnConsole::default() }).await;
    let whole: Vec<_> = left_out.whole.iter().map(|(check, _)| *check).collect();
    assert_eq!(
        whole,
        [
            "confirms_only_what_was_kept",
            "what_was_not_kept_comes_again_under_the_same_id",
            "a_press_brings_the_data_and_the_card",
            "a_reaction_is_delivered_when_put_and_when_taken_away",
            "an_edit_is_delivered_as_one",
            "a_message_can_be_pinned_and_unpinned",
        ],
        "everything else applies to a console too"
    );
}

//! The console as a bot: a person at the terminal the process was started in, or a script on its standard input.
//!
//! At a terminal lines are edited, with history and completion. On a pipe there is no prompt and no colour, lines are
//! handled strictly in order, and the answer of one is printed before the next is submitted, so that the same script
//! always gives the same transcript.
//!
//! # Layout
//!
//! * `lib.rs`      [`Console`]: run, send
//! * `inbound.rs`  lines -> [`yoman_chat::Inbound`]
//! * `outbound.rs` [`Outbound`] -> characters
//! * `terminal.rs` line editing
//! * `feed.rs`     the thread that reads, and what waits for an answer

mod feed;
mod inbound;
mod outbound;
mod terminal;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    io::{self, BufRead, BufReader, IsTerminal, Write},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use chrono::Utc;
use yoman_chat::{
    Bot, BotError, BotName, Capabilities, Inbox, LengthUnit, MessageRef, Outbound, Receipt, RoomId, SendError, Stop,
};

use feed::{Answers, Feed};
use inbound::{Joined, Joiner, Line, Piped, Place, Source};
use outbound::Look;

/// How long a stop waits for a line that is being handled.
const STOP_WAIT: Duration = Duration::from_secs(1);

/// Knows what can be typed. Given by the core; asked on the console's own thread, between two key strokes.
pub trait Complete: Send + Sync + 'static {
    /// Where in `line` (a byte offset at or before `cursor`) the word at the cursor begins, and what it could become.
    fn complete(&self, line: &str, cursor: usize) -> (usize, Vec<String>);
}

/// Completes nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct CompleteNothing;

impl Complete for CompleteNothing {
    fn complete(&self, _: &str, cursor: usize) -> (usize, Vec<String>) {
        (cursor, Vec::new())
    }
}

/// How a console is to be.
pub struct ConsoleConfig {
    /// The name of the bot; its room is `<name>/local`.
    pub name: String,
    /// The name of whoever sits here.
    pub user: String,
    /// What tells them apart for ever, whatever they are called: the sender is `console/<identity>`.
    pub identity: String,
    /// Where typed lines are remembered for the next time; created for its owner only. Not used on a pipe.
    pub history_file: Option<PathBuf>,
    /// What the tabulator key asks.
    pub completer: Arc<dyn Complete>,
    /// How long the next line waits for the answer of the one before.
    pub answer_wait_max: Duration,
}

impl ConsoleConfig {
    /// The console `name` for `user`, who is known by that name: no history, no completion, 2 s for an answer.
    pub fn new(name: impl Into<String>, user: impl Into<String>) -> Self {
        let user = user.into();
        Self {
            name: name.into(),
            identity: user.clone(),
            user,
            history_file: None,
            completer: Arc::new(CompleteNothing),
            answer_wait_max: Duration::from_secs(2),
        }
    }
}

enum Screen {
    Stream(Box<dyn Write + Send>),
    Terminal(terminal::Printer),
}

impl Screen {
    fn print(&mut self, text: String) -> io::Result<()> {
        match self {
            Self::Stream(out) => out.write_all(text.as_bytes()).and_then(|()| out.flush()),
            Self::Terminal(printer) => printer.print(text).map_err(|error| match error {
                rustyline::error::ReadlineError::Io(error) => error,
                other => io::Error::other(other.to_string()),
            }),
        }
    }
}

/// The console. One in a process: it takes standard input and output.
pub struct Console {
    name: BotName,
    place: Place,
    screen: Arc<Mutex<Screen>>,
    look: Look,
    // A tokio mutex: held across awaits by the one `run` there is at a time.
    feed: tokio::sync::Mutex<Feed>,
    answers: Answers,
    answer_wait_max: Duration,
    numbered: bool,
    restore: Option<terminal::Restore>,
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Prompts before each line, where a person types but lines cannot be edited.
struct Prompted<S>(S);

impl<S: Source> Source for Prompted<S> {
    fn next(&mut self, continued: bool) -> Line {
        let mut out = io::stdout();
        // A prompt that cannot be shown changes nothing about the line that follows.
        let _ = out.write_all(if continued { b". " } else { b"> " }).and_then(|()| out.flush());
        self.0.next(continued)
    }
}

/// When a stop has to go on without knowing what became of a line.
async fn too_late(stop: &Stop) {
    stop.cancelled().await;
    tokio::time::sleep(STOP_WAIT).await;
}

impl Console {
    /// The console on standard input and output: with line editing when both are a terminal that can do it.
    pub fn new(config: ConsoleConfig) -> Self {
        let typed = io::stdin().is_terminal();
        let seen = io::stdout().is_terminal();
        if typed && seen {
            let restore = terminal::Restore::new();
            match terminal::open(Arc::clone(&config.completer), config.history_file.clone()) {
                Ok((source, printer)) => {
                    let look = Look { colours: std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) };
                    let screen = Screen::Terminal(printer);
                    return Self {
                        restore: Some(restore),
                        numbered: false,
                        ..Self::with(config, source, screen, look)
                    };
                }
                Err(error) => tracing::debug!(%error, "this terminal cannot edit lines"),
            }
        }
        let screen = Screen::Stream(Box::new(io::stdout()));
        let source = Piped::new(BufReader::new(io::stdin()));
        if typed {
            Self { numbered: false, ..Self::with(config, Prompted(source), screen, Look::PLAIN) }
        } else {
            Self::with(config, source, screen, Look::PLAIN)
        }
    }

    /// A console that reads and writes like one on a pipe, for tests.
    pub fn over(
        config: ConsoleConfig,
        reader: impl BufRead + Send + 'static,
        writer: impl Write + Send + 'static,
    ) -> Self {
        Self::with(config, Piped::new(reader), Screen::Stream(Box::new(writer)), Look::PLAIN)
    }

    fn with(config: ConsoleConfig, source: impl Source + 'static, screen: Screen, look: Look) -> Self {
        Self {
            place: Place::new(&config.name, &config.user, &config.identity),
            name: BotName::new(config.name),
            screen: Arc::new(Mutex::new(screen)),
            look,
            feed: tokio::sync::Mutex::new(Feed::new(Box::new(source))),
            answers: Answers::default(),
            answer_wait_max: config.answer_wait_max,
            numbered: true,
            restore: None,
        }
    }

    /// On a thread that may block: whoever reads our output may be slow.
    async fn print(&self, text: String) -> io::Result<()> {
        let screen = Arc::clone(&self.screen);
        let printed =
            tokio::task::spawn_blocking(move || screen.lock().unwrap_or_else(PoisonError::into_inner).print(text));
        let result = printed.await.unwrap_or_else(|error| Err(io::Error::other(error)));
        if let Err(error) = &result
            && error.kind() == io::ErrorKind::BrokenPipe
        {
            self.answers.close();
        }
        result
    }

    async fn notice(&self, text: &str) {
        if let Err(error) = self.print(outbound::notice(text, self.look)).await {
            tracing::warn!(%error, notice = text, "a notice could not be shown");
        }
    }

    async fn refuse(&self, line: u64, why: &str) {
        self.notice(&self.about(line, &format!("{why}: nothing was done."))).await;
    }

    fn about(&self, line: u64, what: &str) -> String {
        if self.numbered { format!("line {line} {what}") } else { format!("That line {what}") }
    }

    async fn submit(&self, inbox: &Inbox, stop: &Stop, line: u64, text: String) {
        let several = text.contains('\n');
        let inbound = self.place.inbound(line, text, Utc::now());
        let waiting = self.answers.expect(self.place.message("", line).id);
        let receipt = tokio::select! {
            receipt = inbox.submit(inbound) => receipt,
            () = too_late(stop) => {
                // It cannot come again, so whoever wrote it has to know.
                return self.notice(&self.about(line, "was still being handled at the stop: look whether it was done.")).await;
            }
        };
        match receipt {
            Receipt::Kept { .. } => {
                let answered = waiting.answered(self.answer_wait_max, several);
                tokio::select! {
                    () = stop.cancelled() => {}
                    in_time = answered => if !in_time {
                        tracing::debug!(line, "no answer in time; going on");
                    }
                }
            }
            Receipt::NotKept { why } => self.refuse(line, &format!("could not be kept ({why})")).await,
        }
    }

    async fn take_lines(&self, inbox: &Inbox, stop: &Stop) -> Result<(), BotError> {
        let mut feed = self.feed.lock().await;
        let mut joiner = Joiner::default();
        let mut interrupted = false;
        while !self.answers.is_closed() {
            let line = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                () = self.answers.closed() => break,
                line = feed.next(joiner.is_begun()) => line,
            };
            let number = feed.lines();
            let was_interrupted = std::mem::replace(&mut interrupted, matches!(line, Line::Interrupted));
            let joined = match line {
                Line::Text(text) => joiner.add(&text),
                Line::Refused { why, continues } => {
                    joiner.spoil(continues);
                    Joined::Refused(why)
                }
                Line::Interrupted if was_interrupted => break,
                Line::Interrupted => {
                    joiner.clear();
                    self.notice("Ctrl-C again or Ctrl-D ends.").await;
                    Joined::Nothing
                }
                Line::End => {
                    if let Joined::Message(text) = joiner.end() {
                        self.submit(inbox, stop, number, text).await;
                    }
                    break;
                }
                // Trying again would fail again: standard input stays what the process was started with.
                Line::Failed(why) => {
                    return Err(BotError::Setting(format!(
                        "standard input cannot be read ({why}): start the process with another one, or without the console"
                    )));
                }
            };
            match joined {
                Joined::Message(text) => self.submit(inbox, stop, number, text).await,
                Joined::Refused(why) => self.refuse(number, &why).await,
                Joined::More | Joined::Nothing => {}
            }
        }
        if self.answers.is_closed() {
            tracing::warn!("nobody reads the output any more: no further line is taken");
        }
        Ok(())
    }
}

#[async_trait]
impl Bot for Console {
    fn name(&self) -> &BotName {
        &self.name
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            title: "Console",
            edits: false,
            buttons: true,
            button_data_bytes_max: 4096,
            buttons_per_row_max: 8,
            text_length_max: 0,
            length_unit: LengthUnit::Chars,
            bare_verbs: true,
            local: true,
            forms: false,
            private_answers: false,
            pictures: true,
            pins: false,
            reactions: false,
        }
    }

    async fn run(&self, inbox: Inbox, stop: Stop) -> Result<(), BotError> {
        let result = self.take_lines(&inbox, &stop).await;
        if let Some(restore) = &self.restore {
            restore.now();
        }
        result
    }

    async fn send(&self, room: &RoomId, message: &Outbound) -> Result<MessageRef, SendError> {
        if room != self.place.room() {
            return Err(SendError::Refused(format!("there is no room {room} here")));
        }
        let n = self.answers.number();
        let printed = self.print(outbound::render(message, self.look)).await;
        self.answers.sent(message.reply_to.as_ref().map(|to| to.id.as_str()));
        match printed {
            Ok(()) => Ok(self.place.message("o", n)),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                Err(SendError::Refused("nobody reads the output any more".to_owned()))
            }
            // Some of it may stand there already.
            Err(error) => Err(SendError::Unknown(error.to_string())),
        }
    }

    async fn edit(&self, message: &MessageRef, _to: &Outbound) -> Result<(), SendError> {
        Err(SendError::Gone(format!("what a console has printed stays as it is ({})", message.id)))
    }
}

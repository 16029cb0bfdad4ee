//! A terminal: lines edited with history and completion, output that does not garble the line being edited.

use std::{path::PathBuf, sync::Arc};

use rustyline::{
    Behavior, CompletionType, Config, Context, Editor, ExternalPrinter, Helper,
    completion::Completer,
    error::ReadlineError,
    highlight::Highlighter,
    hint::Hinter,
    history::{FileHistory, History},
    validate::Validator,
};

use crate::{
    Complete,
    inbound::{Line, MESSAGE_BYTES_MAX, Source},
};

const PROMPT: &str = "> ";
const PROMPT_CONTINUED: &str = ". ";
const HISTORY_LINES_MAX: usize = 2_000;

/// Asks the core what may stand at the cursor.
pub(crate) struct Completion(Arc<dyn Complete>);

impl Completer for Completion {
    type Candidate = String;

    fn complete(&self, line: &str, cursor: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        let (from, candidates) = self.0.complete(line, cursor);
        // rustyline replaces from `from` to the cursor: a wrong answer must not become a panic inside a character.
        let fits = from <= cursor && line.is_char_boundary(from);
        Ok(if fits { (from, candidates) } else { (cursor, Vec::new()) })
    }
}

impl Hinter for Completion {
    type Hint = String;
}
impl Highlighter for Completion {}
impl Validator for Completion {}
impl Helper for Completion {}

/// Lines typed at a terminal.
pub(crate) struct Typed {
    editor: Editor<Completion, FileHistory>,
    history: Option<PathBuf>,
}

/// Prints above the line being edited.
pub(crate) type Printer = Box<dyn ExternalPrinter + Send>;

/// Takes over the terminal on stdin and stdout; fails where line editing is not possible (`TERM=dumb`).
pub(crate) fn open(complete: Arc<dyn Complete>, history: Option<PathBuf>) -> rustyline::Result<(Typed, Printer)> {
    let config = Config::builder()
        .behavior(Behavior::Stdio)
        .completion_type(CompletionType::List)
        .max_history_size(HISTORY_LINES_MAX)?
        .history_ignore_space(true)
        .build();
    let mut editor = Editor::<Completion, FileHistory>::with_config(config)?;
    editor.set_helper(Some(Completion(complete)));
    let printer = Box::new(editor.create_external_printer()?);
    if let Some(path) = &history
        && path.exists()
        && let Err(error) = editor.load_history(path)
    {
        tracing::warn!(%error, path = %path.display(), "the history of the console could not be read");
    }
    Ok((Typed { editor, history }, printer))
}

impl Source for Typed {
    fn next(&mut self, continued: bool) -> Line {
        let line = match self.editor.readline(if continued { PROMPT_CONTINUED } else { PROMPT }) {
            Ok(line) => line,
            Err(ReadlineError::Interrupted) => return Line::Interrupted,
            Err(ReadlineError::Eof) => return Line::End,
            Err(ReadlineError::Io(error)) if error.kind() == std::io::ErrorKind::InvalidData => {
                return Line::Refused { why: "is not UTF-8".to_owned(), continues: false };
            }
            Err(error) => return Line::Failed(error.to_string()),
        };
        if line.len() > MESSAGE_BYTES_MAX {
            return Line::Refused {
                why: format!("is {} bytes long, {MESSAGE_BYTES_MAX} are the limit", line.len()),
                continues: false,
            };
        }
        self.remember(&line);
        Line::Text(line)
    }
}

impl Typed {
    /// Saved line by line, so that a crash loses nothing. rustyline makes the file readable for its owner only.
    fn remember(&mut self, line: &str) {
        let added = self.editor.history_mut().add(line).unwrap_or(false);
        if added
            && let Some(path) = &self.history
            && let Err(error) = self.editor.append_history(path)
        {
            tracing::warn!(%error, path = %path.display(), "the history of the console is not kept");
            self.history = None;
        }
    }
}

/// Gives the terminal back as it was found. While a line is edited the terminal is in raw mode, and the thread that would
/// restore it sits in a read that nothing can end but a key.
#[cfg(unix)]
pub(crate) struct Restore(Option<rustix::termios::Termios>);

#[cfg(unix)]
impl Restore {
    /// Remembers how the terminal is now.
    pub(crate) fn new() -> Self {
        Self(rustix::termios::tcgetattr(rustix::stdio::stdin()).ok())
    }

    /// Makes it so again.
    pub(crate) fn now(&self) {
        use std::io::Write as _;

        let Some(before) = &self.0 else { return };
        let changed =
            rustix::termios::tcgetattr(rustix::stdio::stdin()).is_ok_and(|now| now.local_modes != before.local_modes);
        if changed {
            // Bracketed paste off, and off the line that was being edited. There is nobody left to tell of a failure.
            let mut out = std::io::stdout();
            let _ = out.write_all(b"\x1b[?2004l\n").and_then(|()| out.flush());
            let _ = rustix::termios::tcsetattr(rustix::stdio::stdin(), rustix::termios::OptionalActions::Now, before);
        }
    }
}

#[cfg(unix)]
impl Drop for Restore {
    fn drop(&mut self) {
        self.now();
    }
}

/// Elsewhere the console mode belongs to the process and goes with it.
#[cfg(not(unix))]
pub(crate) struct Restore;

#[cfg(not(unix))]
impl Restore {
    /// Nothing to remember.
    pub(crate) fn new() -> Self {
        Self
    }

    /// Nothing to do.
    pub(crate) fn now(&self) {}
}

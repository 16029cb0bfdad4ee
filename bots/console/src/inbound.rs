//! What is typed or piped in, as messages: bounded lines, joined where a line ends with `\`.

use std::{
    hash::{BuildHasher, RandomState},
    io::{self, BufRead},
};

use chrono::{DateTime, Utc};
use yoman_chat::{Inbound, MessageRef, Room, RoomId, RoomKind, Said, Sender, SenderId};

/// The longest message in bytes, continuation lines included.
pub(crate) const MESSAGE_BYTES_MAX: usize = 64 * 1024;

/// One line, or why there is none.
#[derive(Debug)]
pub(crate) enum Line {
    /// A line without its end.
    Text(String),
    /// A line that cannot be taken; reading goes on behind it.
    Refused {
        /// What is wrong, to be read after "line 3".
        why: String,
        /// It ended with `\`: the next line belongs to it, and goes with it.
        continues: bool,
    },
    /// Ctrl-C at a terminal.
    Interrupted,
    /// There is nothing more to come.
    End,
    /// Reading failed.
    Failed(String),
}

/// Where lines come from. Blocking: it lives on a thread of its own.
pub(crate) trait Source: Send {
    /// The next line. `continued`: it belongs to the one before.
    fn next(&mut self, continued: bool) -> Line;
}

/// A line as it came: at most [`MESSAGE_BYTES_MAX`] of it and what is known of the rest.
#[derive(Default)]
struct Raw {
    kept: Vec<u8>,
    length: usize,
    backslashes: usize,
}

impl Raw {
    fn add(&mut self, part: &[u8]) {
        // One byte more than may be kept, so that `\r` at the very limit is seen.
        let room = (MESSAGE_BYTES_MAX + 1).saturating_sub(self.kept.len());
        self.kept.extend_from_slice(&part[..part.len().min(room)]);
        self.length += part.len();
        let backslashes = part.iter().rev().skip_while(|&&b| b == b'\r').take_while(|&&b| b == b'\\').count();
        self.backslashes = if backslashes == part.len() { self.backslashes + backslashes } else { backslashes };
    }
}

/// Lines from a pipe or a file. Holds at most [`MESSAGE_BYTES_MAX`] of a line, however long it is.
pub(crate) struct Piped<R> {
    reader: R,
    first: bool,
}

impl<R: BufRead + Send> Piped<R> {
    /// Reads from `reader`.
    pub(crate) fn new(reader: R) -> Self {
        Self { reader, first: true }
    }

    /// One line without its line feed; `None` at the end of input.
    fn read(&mut self) -> io::Result<Option<Raw>> {
        let mut raw = Raw::default();
        let mut any = false;
        loop {
            let chunk = match self.reader.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            };
            if chunk.is_empty() {
                return Ok(any.then_some(raw));
            }
            any = true;
            let (line, used) = match chunk.iter().position(|&b| b == b'\n') {
                Some(at) => (&chunk[..at], at + 1),
                None => (chunk, chunk.len()),
            };
            raw.add(line);
            let complete = used > line.len();
            self.reader.consume(used);
            if complete {
                return Ok(Some(raw));
            }
        }
    }
}

impl<R: BufRead + Send> Source for Piped<R> {
    fn next(&mut self, _continued: bool) -> Line {
        let Raw { kept: mut bytes, length, backslashes } = match self.read() {
            Ok(Some(raw)) => raw,
            Ok(None) => return Line::End,
            Err(error) => return Line::Failed(error.to_string()),
        };
        let refused = |why| Line::Refused { why, continues: backslashes % 2 == 1 };
        if std::mem::take(&mut self.first) && bytes.starts_with(b"\xef\xbb\xbf") {
            bytes.drain(..3);
        }
        if length > MESSAGE_BYTES_MAX + 1 || (length > MESSAGE_BYTES_MAX && bytes.last() != Some(&b'\r')) {
            return refused(format!("is {length} bytes long, {MESSAGE_BYTES_MAX} are the limit"));
        }
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        match String::from_utf8(bytes) {
            Ok(text) => Line::Text(text),
            Err(error) => refused(format!("is not UTF-8 (from byte {} on)", error.utf8_error().valid_up_to() + 1)),
        }
    }
}

/// What came of one more line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Joined {
    /// A whole message.
    Message(String),
    /// More belongs to it.
    More,
    /// Nothing to submit.
    Nothing,
    /// Nothing to submit, and why.
    Refused(String),
}

/// Joins lines that end with `\` with the next one.
#[derive(Debug, Default)]
pub(crate) struct Joiner {
    begun: Option<String>,
    /// The message grew too long or holds a bad line: the rest of it goes too.
    spoilt: bool,
}

impl Joiner {
    /// Whether the next line belongs to one before it.
    pub(crate) fn is_begun(&self) -> bool {
        self.begun.is_some()
    }

    /// Forgets what was begun.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Adds a line.
    pub(crate) fn add(&mut self, line: &str) -> Joined {
        // An even number of them is meant as it stands.
        let continues = line.bytes().rev().take_while(|&b| b == b'\\').count() % 2 == 1;
        let part = if continues { &line[..line.len() - 1] } else { line };
        if self.spoilt {
            if !continues {
                self.clear();
            }
            return Joined::Nothing;
        }
        let message = match self.begun.take() {
            Some(mut begun) => {
                begun.push('\n');
                begun.push_str(part);
                begun
            }
            None => part.to_owned(),
        };
        if message.len() > MESSAGE_BYTES_MAX {
            self.spoil(continues);
            return Joined::Refused(format!("makes the message longer than {MESSAGE_BYTES_MAX} bytes"));
        }
        if continues {
            self.begun = Some(message);
            return Joined::More;
        }
        finished(message)
    }

    /// A line of the message could not be read: what was begun is dropped with it, never half of it executed.
    pub(crate) fn spoil(&mut self, continues: bool) {
        self.clear();
        if continues {
            self.begun = Some(String::new());
            self.spoilt = true;
        }
    }

    /// The input ended: a `\` with nothing behind it was only a character.
    pub(crate) fn end(&mut self) -> Joined {
        match (std::mem::take(&mut self.spoilt), self.begun.take()) {
            (false, Some(begun)) => finished(begun + "\\"),
            _ => Joined::Nothing,
        }
    }
}

fn finished(message: String) -> Joined {
    if message.contains('\0') {
        Joined::Refused("holds a NUL byte".to_owned())
    } else if message.trim().is_empty() {
        Joined::Nothing
    } else {
        Joined::Message(message)
    }
}

/// Who sits here, and the part of every message id that no other run of the process has.
#[derive(Debug)]
pub(crate) struct Place {
    name: String,
    room: RoomId,
    sender: Sender,
    run: String,
}

impl Place {
    /// The console `name` with `user` before it.
    pub(crate) fn new(name: &str, user: &str, identity: &str) -> Self {
        // Lines typed here are never delivered twice, so an id must never be met twice either: it would be taken for a
        // repeat. The clock can be set back, hence the random part (std seeds it from the system).
        let random = RandomState::new().hash_one(std::process::id());
        Self {
            name: name.to_owned(),
            room: RoomId::new(format!("{name}/local")),
            sender: Sender {
                id: SenderId::new(format!("console/{identity}")),
                name: user.to_owned(),
                handle: Some(user.to_owned()),
                language: None,
            },
            run: format!("{}-{random:016x}", Utc::now().format("%Y%m%dT%H%M%S%6f")),
        }
    }

    /// The only room there is.
    pub(crate) fn room(&self) -> &RoomId {
        &self.room
    }

    /// The message with number `n`; `what` parts ours from theirs.
    pub(crate) fn message(&self, what: &str, n: u64) -> MessageRef {
        MessageRef { room: self.room.clone(), id: format!("{}/{what}{n}", self.run) }
    }

    /// What was said on line `n`.
    pub(crate) fn inbound(&self, n: u64, text: String, sent_at: DateTime<Utc>) -> Inbound {
        Inbound {
            id: format!("{}/{}/{n}", self.name, self.run),
            room: Room { id: self.room.clone(), kind: RoomKind::Direct, title: None },
            sender: self.sender.clone(),
            said: Said::Message {
                text,
                message: self.message("", n),
                reply_to: None,
                attachments: Vec::new(),
                mentions: Vec::new(),
                addressed: true,
            },
            sent_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(input: &[u8]) -> Vec<String> {
        let mut piped = Piped::new(io::BufReader::with_capacity(7, input));
        let mut out = Vec::new();
        loop {
            match piped.next(false) {
                Line::Text(text) => out.push(text),
                Line::Refused { why, continues } => out.push(format!("!{why}{}", if continues { " \\" } else { "" })),
                Line::End => return out,
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn lines_end_with_a_line_feed_a_carriage_return_before_it_or_the_input() {
        assert_eq!(lines(b"\xef\xbb\xbfone\r\ntwo\n\nfour"), ["one", "two", "", "four"]);
        assert!(lines(b"").is_empty());
    }

    #[test]
    fn what_is_not_utf8_is_refused_and_the_next_line_read() {
        assert_eq!(lines(b"a\nbc\xff\xfe\nd\n"), ["a", "!is not UTF-8 (from byte 3 on)", "d"]);
    }

    #[test]
    fn a_line_is_taken_up_to_the_limit() {
        let longest = "x".repeat(MESSAGE_BYTES_MAX);
        assert_eq!(lines(format!("{longest}\r\ny").as_bytes()), [longest.as_str(), "y"]);
        let refused = lines(format!("{longest}x\nz").as_bytes());
        assert_eq!(refused, ["!is 65537 bytes long, 65536 are the limit", "z"]);
        let refused = lines(format!("{longest}xxxx\\\nz").as_bytes());
        assert_eq!(refused, ["!is 65541 bytes long, 65536 are the limit \\", "z"]);
    }

    #[test]
    fn a_backslash_at_the_end_joins() {
        let mut joiner = Joiner::default();
        assert_eq!(joiner.add(r"todo one\"), Joined::More);
        assert!(joiner.is_begun());
        assert_eq!(joiner.add(r"- [ ] two\"), Joined::More);
        assert_eq!(joiner.add("three"), Joined::Message("todo one\n- [ ] two\nthree".into()));
        assert_eq!(joiner.add(r"C:\\"), Joined::Message(r"C:\\".into()));
        assert_eq!(joiner.add("  "), Joined::Nothing);
        assert_eq!(joiner.add(r"last\"), Joined::More);
        assert_eq!(joiner.end(), Joined::Message(r"last\".into()));
        assert_eq!(joiner.end(), Joined::Nothing);
    }

    #[test]
    fn a_message_that_grows_too_long_goes_as_a_whole() {
        let mut joiner = Joiner::default();
        let part = "x".repeat(MESSAGE_BYTES_MAX - 10) + "\\";
        assert_eq!(joiner.add(&part), Joined::More);
        assert!(matches!(joiner.add(&part), Joined::Refused(_)));
        assert_eq!(joiner.add("done T1\\"), Joined::Nothing, "a part of the refused message is no command");
        assert_eq!(joiner.add("done T2"), Joined::Nothing);
        assert_eq!(joiner.add("done T3"), Joined::Message("done T3".into()));
    }

    #[test]
    fn nul_is_refused() {
        assert_eq!(Joiner::default().add("a\0b"), Joined::Refused("holds a NUL byte".into()));
    }

    #[test]
    fn ids_differ_between_runs_and_lines() {
        let (one, two) = (Place::new("console", "kim", "kim"), Place::new("console", "kim", "kim"));
        let now = Utc::now();
        let ids = [&one, &two].map(|place| [1, 2].map(|n| place.inbound(n, "x".into(), now).id));
        let mut flat: Vec<_> = ids.iter().flatten().collect();
        flat.sort();
        flat.dedup();
        assert_eq!(flat.len(), 4, "{ids:?}");
        assert!(ids[0][0].starts_with("console/") && ids[0][0].ends_with("/1"));
    }
}

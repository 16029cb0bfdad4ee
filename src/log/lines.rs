//! Lines of JSON that somebody else may have written: any length is survived, any byte, any line end.
//!
//! A line is one commit. A byte-order mark before the first, CRLF, blank lines and a last line without an end are taken as
//! they are meant; what is no text, or too long, is an error with its line number, and the next line is read.

use std::io::{self, BufRead};

use super::COMMIT_BYTES_MAX;

/// A commit is at most [`COMMIT_BYTES_MAX`] bytes as a record. As JSON every byte of a text may need six (`\u0001`), and names
/// and ids are written out: a longer line is no commit.
pub const LINE_BYTES_MAX: usize = 6 * COMMIT_BYTES_MAX + 16 * 1024;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Why a line cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// It was stepped over without being kept in memory.
    #[error("the line is {0} bytes long, a commit's has at most {LINE_BYTES_MAX}")]
    TooLong(u64),
    /// Bytes that are no text.
    #[error("byte {0} of the line is not UTF-8")]
    NotText(usize),
}

/// Reads line by line in bounded memory.
#[derive(Debug)]
pub struct Lines<R> {
    source: R,
    line: Vec<u8>,
    number: u64,
    /// How long the line is, kept in memory or not.
    bytes: u64,
}

impl<R: BufRead> Lines<R> {
    /// Lines of `source` from its beginning.
    pub fn new(source: R) -> Self {
        Self { source, line: Vec::new(), number: 0, bytes: 0 }
    }

    /// The next line that is not blank, with its number from 1; `None` at the end.
    ///
    /// # Errors
    /// When the source cannot be read.
    #[expect(clippy::should_implement_trait, reason = "what it gives is borrowed from it: it is no iterator")]
    pub fn next(&mut self) -> io::Result<Option<(u64, Result<&str, LineError>)>> {
        Ok(if self.step()? { Some(self.line()) } else { None })
    }

    /// Goes to the next line that is not blank; false at the end.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn step(&mut self) -> io::Result<bool> {
        loop {
            let Some(bytes) = self.fill()? else { return Ok(false) };
            self.number += 1;
            self.bytes = bytes;
            if bytes > LINE_BYTES_MAX as u64 {
                return Ok(true);
            }
            if self.number == 1 && self.line.starts_with(BYTE_ORDER_MARK) {
                self.line.drain(..BYTE_ORDER_MARK.len());
            }
            while matches!(self.line.last(), Some(b'\r' | b'\n')) {
                self.line.pop();
            }
            if self.line.iter().any(|byte| !byte.is_ascii_whitespace()) {
                return Ok(true);
            }
        }
    }

    /// The line it went to, with its number.
    pub fn line(&self) -> (u64, Result<&str, LineError>) {
        if self.bytes > LINE_BYTES_MAX as u64 {
            return (self.number, Err(LineError::TooLong(self.bytes)));
        }
        let text = std::str::from_utf8(&self.line).map_err(|error| LineError::NotText(error.valid_up_to() + 1));
        (self.number, text)
    }

    /// Takes the next line with its end into memory as far as it may be one, and gives its length.
    fn fill(&mut self) -> io::Result<Option<u64>> {
        self.line.clear();
        let mut bytes = 0u64;
        loop {
            let ahead = match self.source.fill_buf() {
                Ok(ahead) => ahead,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if ahead.is_empty() {
                return Ok((bytes > 0).then_some(bytes));
            }
            let end = ahead.iter().position(|&byte| byte == b'\n');
            let take = end.map_or(ahead.len(), |end| end + 1);
            if bytes + take as u64 <= LINE_BYTES_MAX as u64 {
                self.line.extend_from_slice(&ahead[..take]);
            }
            bytes += take as u64;
            self.source.consume(take);
            if end.is_some() {
                return Ok(Some(bytes));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Read};

    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8]) -> Vec<(u64, Result<String, LineError>)> {
        let mut lines = Lines::new(BufReader::with_capacity(7, bytes));
        let mut all = Vec::new();
        while let Some((number, line)) = lines.next().unwrap() {
            all.push((number, line.map(str::to_owned)));
        }
        all
    }

    #[test]
    fn lines_come_as_they_are_meant() {
        let bytes = b"\xef\xbb\xbf{\"a\":1}\r\n\r\n   \n{\"b\":\xff}\n\xef\xbb\xbf2\nlast";
        let expected = [
            (1, Ok("{\"a\":1}".to_owned())),
            (4, Err(LineError::NotText(6))),
            (5, Ok("\u{feff}2".to_owned())),
            (6, Ok("last".to_owned())),
        ];
        assert_eq!(read(bytes), expected);
        assert_eq!(read(b""), []);
    }

    #[test]
    fn a_line_without_end_takes_no_memory() {
        let long = 100 * LINE_BYTES_MAX as u64;
        let source = io::repeat(b'x').take(long).chain(&b"\nnext\n"[..]);
        let mut lines = Lines::new(BufReader::new(source));
        assert_eq!(lines.next().unwrap(), Some((1, Err(LineError::TooLong(long + 1)))));
        assert!(lines.line.capacity() <= 4 * LINE_BYTES_MAX, "{}", lines.line.capacity());
        assert_eq!(lines.next().unwrap(), Some((2, Ok("next"))));
        assert_eq!(lines.next().unwrap(), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_lines(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            for (_, line) in read(&bytes) {
                if let Ok(line) = line {
                    prop_assert!(!line.contains('\n'));
                }
            }
        }
    }
}

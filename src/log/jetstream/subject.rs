//! A stream of the log as the last part of a subject, and back. Every name has a subject, and no two have the same.

use super::super::StreamId;

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// What may stand in a part of a subject as it is: without what NATS gives a meaning (`.`, `*`, `>`) and without blanks.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'/')
}

/// The part of a stream. Other bytes are written `%2E`.
pub(super) fn token(stream: &StreamId) -> String {
    let name = stream.as_str();
    let mut token = String::with_capacity(name.len());
    for &byte in name.as_bytes() {
        if is_plain(byte) {
            token.push(char::from(byte));
        } else {
            token.push('%');
            token.push(char::from(HEX[usize::from(byte >> 4)]));
            token.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    token
}

/// Whether a part is that of a stream.
pub(super) fn is_of(token: &str, stream: &StreamId) -> bool {
    let mut rest = token.as_bytes();
    for &byte in stream.as_str().as_bytes() {
        let plain = is_plain(byte);
        let written = [b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]];
        let expected: &[u8] = if plain { &[byte] } else { &written };
        match rest.strip_prefix(expected) {
            Some(more) => rest = more,
            None => return false,
        }
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn usual_streams_are_readable() {
        assert_eq!(token(&StreamId::new("todo/7")), "todo/7");
        assert_eq!(token(&StreamId::new("room/telegram/-100.5 ä")), "room/telegram/-100%2E5%20%C3%A4");
    }

    proptest! {
        #[test]
        fn a_part_is_of_one_stream_only(one in "\\PC{1,20}", other in "\\PC{1,20}") {
            let (one, other) = (StreamId::new(one), StreamId::new(other));
            let part = token(&one);
            prop_assert!(part.bytes().all(|b| is_plain(b) || b == b'%'));
            prop_assert!(is_of(&part, &one));
            prop_assert_eq!(is_of(&part, &other), one == other);
            prop_assert_eq!(part == token(&other), one == other);
        }
    }
}

//! Texts and bytes nobody meant.

use rand::{RngExt as _, rngs::StdRng, seq::IndexedRandom as _};

/// Pieces of the grammar, of other grammars, and of what breaks both.
const PIECES: [&str; 64] = [
    "/",
    "todo ",
    "idea ",
    "done ",
    "undo ",
    "T1",
    "t99999999999999999999",
    "I3@4",
    "@me",
    "@dana",
    "@",
    "#auth",
    "#",
    "!high",
    "!",
    "in:",
    "in:app",
    "due:",
    "due:fri",
    "due:\"in 2 weeks\"",
    "due:9999-99-99",
    "due:-1",
    "needs:T3",
    "for:T7",
    "at ",
    "at yesterday 25:99",
    "at #4812",
    "2026-02-30",
    "3 months ago",
    "last friday",
    "..",
    "page:",
    "page:18446744073709551616",
    "\"",
    "\"\"",
    "\\",
    "\\/",
    "\n",
    "\n/",
    "\n- [ ] ",
    "\r\n",
    "\t",
    "\u{0}",
    "\u{7f}",
    "\u{a0}",
    "\u{200b}",
    "\u{202e}",
    "\u{feff}",
    "\u{1f468}\u{200d}\u{1f469}",
    "e\u{301}",
    "\u{fdfd}",
    "ß",
    "İ",
    "ſ",
    "Å",
    "한글",
    "１２３",
    "٣",
    ":",
    "anyway ",
    "https://x.y/?a=b#c",
    "note: ",
    "-",
    "none",
];

/// A line: pieces, noise, a verb in front most of the time.
pub(super) fn line(random: &mut StdRng) -> String {
    let mut text = String::new();
    if random.random_bool(0.6) {
        let verbs = yoman::command::verbs();
        let verb = &verbs[random.random_range(0..verbs.len())];
        text.push_str(if random.random_bool(0.7) { "/" } else { "" });
        text.push_str(if random.random_bool(0.5) { verb.example } else { verb.word });
        text.push(' ');
    }
    for _ in 0..random.random_range(0..9) {
        match random.random_range(0..10) {
            0 => text.extend(
                (0..random.random_range(0..6)).filter_map(|_| char::from_u32(random.random_range(1..0x11_0000))),
            ),
            1 => text.push_str(&"x".repeat(random.random_range(0..400))),
            2 => text.push_str(&random.random::<u64>().to_string()),
            _ => text.push_str(PIECES.choose(random).copied().unwrap_or_default()),
        }
        if random.random_bool(0.6) {
            text.push(' ');
        }
    }
    if random.random_bool(0.02) {
        text = text.repeat(random.random_range(2..200));
    }
    text
}

/// Changes bytes somewhere.
pub(super) fn harm(bytes: &mut Vec<u8>, random: &mut StdRng) {
    if bytes.is_empty() {
        return;
    }
    for _ in 0..random.random_range(1..4) {
        let at = random.random_range(0..bytes.len());
        let end = (at + random.random_range(1..64)).min(bytes.len());
        match random.random_range(0..9) {
            0 => bytes[at] ^= 1 << random.random_range(0..8),
            1 => bytes[at] = random.random(),
            2 => bytes.truncate(at.max(1)),
            3 => drop(bytes.drain(at..end)),
            4 => {
                let piece = bytes[at..end].to_vec();
                let to = random.random_range(0..bytes.len());
                bytes.splice(to..to, piece);
            }
            5 => bytes[at..end].fill([0, 0xff][random.random_range(0..2)]),
            6 => {
                // Lengths are where most goes wrong.
                let number =
                    [u32::MAX, i32::MAX as u32, 0, 1, 0x8000_0000, 0xffff][random.random_range(0..6)].to_le_bytes();
                for (byte, new) in bytes[at..].iter_mut().zip(number) {
                    *byte = new;
                }
            }
            7 => {
                let piece = PIECES.choose(random).copied().unwrap_or_default();
                bytes.splice(at..at, piece.bytes());
            }
            _ => bytes[at..end].iter_mut().for_each(|byte| *byte = random.random()),
        }
        if bytes.is_empty() {
            return;
        }
    }
}

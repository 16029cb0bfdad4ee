//! Long texts into parts a platform takes.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use crate::{Capabilities, LengthUnit, Outbound, Span, Style, Text};

/// Parts of `message` that each fit [`Capabilities::text_length_max`], in order. A message that fits is left as it is.
///
/// A part ends, by preference, at the end of a paragraph, a line, a word; never inside a grapheme or an item's
/// reference unless that alone is longer than a part. A block that is cut goes on in the next part with its language.
/// No character is lost, but a part of nothing but white space, which shows nothing, is left out. The first part has
/// `reply_to`, the last the buttons; the nonce gets `/1`, `/2`, .. behind it.
pub fn split(message: Outbound, capabilities: &Capabilities) -> Vec<Outbound> {
    let max = capabilities.text_length_max;
    let unit = capabilities.length_unit;
    let plain = message.text.to_plain();
    if max == 0 || unit.of(&plain) <= max {
        return vec![message];
    }
    let runs = runs(&message.text);
    let mut parts = Vec::new();
    let mut start = 0;
    while start < plain.len() {
        let end = cut(&plain, start, &runs, max, unit);
        if !plain[start..end].trim().is_empty() {
            parts.push(slice(&runs, start..end));
        }
        start = end;
    }
    let last = parts.len().saturating_sub(1);
    let Outbound { text: _, buttons, reply_to, silent, only_for, nonce, answers, accent, picture, repeat, lang, pin } =
        message;
    let (mut buttons, mut reply_to, mut picture) = (Some(buttons), reply_to, picture);
    parts
        .into_iter()
        .enumerate()
        .map(|(n, text)| Outbound {
            text,
            buttons: if n == last { buttons.take().unwrap_or_default() } else { Vec::new() },
            reply_to: reply_to.take(),
            silent,
            only_for: only_for.clone(),
            nonce: nonce.as_ref().map(|nonce| format!("{nonce}/{}", n + 1)),
            answers: answers.clone(),
            accent,
            picture: if n == last { picture.take() } else { None },
            repeat,
            lang: lang.clone(),
            pin,
        })
        .collect()
}

/// A span and where it stands in the plain text, in bytes.
struct Run<'a> {
    at: Range<usize>,
    span: &'a Span,
}

fn runs(text: &Text) -> Vec<Run<'_>> {
    let mut at = 0;
    text.spans
        .iter()
        .map(|span| {
            let start = at;
            at += span.text.len();
            Run { at: start..at, span }
        })
        .collect()
}

fn slice(runs: &[Run<'_>], range: Range<usize>) -> Text {
    let spans = runs
        .iter()
        .filter_map(|run| {
            let from = run.at.start.max(range.start);
            let to = run.at.end.min(range.end);
            let text = run.span.text.get(from.checked_sub(run.at.start)?..to.checked_sub(run.at.start)?)?;
            (!text.is_empty()).then(|| Span { text: text.to_owned(), style: run.span.style.clone() })
        })
        .collect();
    Text { spans }
}

/// A place to cut: the byte, and how long the part before it is.
#[derive(Clone, Copy)]
struct Place {
    byte: usize,
    length: usize,
}

/// Where the part that begins at `start` ends.
fn cut(plain: &str, start: usize, runs: &[Run<'_>], max: usize, unit: LengthUnit) -> usize {
    let (mut paragraph, mut line, mut word, mut any) = (None, None, None, None);
    let mut length = 0;
    let mut newline_before = false;
    let mut run = 0;
    let mut fits = true;
    for (offset, grapheme) in plain[start..].grapheme_indices(true) {
        length += unit.of(grapheme);
        if length > max {
            fits = false;
            break;
        }
        let place = Place { byte: start + offset + grapheme.len(), length };
        let newline = grapheme.ends_with('\n');
        while runs.get(run).is_some_and(|run| run.at.end < place.byte) {
            run += 1;
        }
        // Inside an item's reference there is no place to cut: half a reference names another item.
        let inside_item = runs.get(run).is_some_and(|run| {
            matches!(run.span.style, Style::Item) && run.at.start < place.byte && place.byte < run.at.end
        });
        if !inside_item {
            any = Some(place);
            if grapheme.chars().all(char::is_whitespace) {
                word = Some(place);
            }
            if newline {
                line = Some(place);
                if newline_before {
                    paragraph = Some(place);
                }
            }
        }
        newline_before = newline;
    }
    if fits {
        return plain.len();
    }
    // A nicer end is not worth a part that is nearly empty.
    let worth = max / 3;
    let chosen = [paragraph, line, word].into_iter().flatten().find(|place| place.length >= worth).or(any);
    match chosen {
        Some(place) => before_block(plain, start, place.byte, runs, max, unit),
        None => forced(plain, start, max, unit),
    }
}

/// A block that would be cut, though it fits a part of its own, begins the next part instead.
fn before_block(plain: &str, start: usize, end: usize, runs: &[Run<'_>], max: usize, unit: LengthUnit) -> usize {
    let cut = runs.iter().find(|run| {
        matches!(run.span.style, Style::Pre(_)) && run.at.start < end && end < run.at.end && run.at.start > start
    });
    match cut {
        Some(run)
            if unit.of(&run.span.text) <= max
                && unit.of(&plain[start..run.at.start]) >= max / 3
                && is_boundary(plain, run.at.start) =>
        {
            run.at.start
        }
        _ => end,
    }
}

fn is_boundary(plain: &str, at: usize) -> bool {
    let mut cursor = unicode_segmentation::GraphemeCursor::new(at, plain.len(), true);
    cursor.is_boundary(plain, 0).unwrap_or(true)
}

/// One grapheme or reference alone is longer than a part: it is cut between characters; one character always goes.
fn forced(plain: &str, start: usize, max: usize, unit: LengthUnit) -> usize {
    let mut length = 0;
    let mut end = start;
    for c in plain[start..].chars() {
        length += unit.of(c.encode_utf8(&mut [0; 4]));
        if length > max && end > start {
            break;
        }
        end += c.len_utf8();
    }
    end
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Button, MessageRef, RoomId};

    fn capabilities(max: usize, unit: LengthUnit) -> Capabilities {
        Capabilities {
            title: "Test",
            edits: true,
            buttons: true,
            button_data_bytes_max: 64,
            buttons_per_row_max: 8,
            text_length_max: max,
            length_unit: unit,
            bare_verbs: false,
            local: false,
            forms: false,
            private_answers: false,
            pins: false,
            pictures: false,
            reactions: false,
        }
    }

    fn texts(parts: &[Outbound]) -> Vec<String> {
        parts.iter().map(|part| part.text.to_plain()).collect()
    }

    #[test]
    fn what_fits_is_left_alone() {
        let message = Outbound { nonce: Some("n".into()), ..Outbound::text("short") };
        assert_eq!(split(message.clone(), &capabilities(5, LengthUnit::Chars)), vec![message.clone()]);
        assert_eq!(split(message.clone(), &capabilities(0, LengthUnit::Chars)), vec![message]);
    }

    #[test]
    fn ends_at_paragraph_then_line_then_word() {
        let parts = split(Outbound::text("one\n\ntwo three"), &capabilities(10, LengthUnit::Chars));
        assert_eq!(texts(&parts), ["one\n\n", "two three"]);
        let parts = split(Outbound::text("one two\nthree"), &capabilities(10, LengthUnit::Chars));
        assert_eq!(texts(&parts), ["one two\n", "three"]);
        let parts = split(Outbound::text("one two three"), &capabilities(10, LengthUnit::Chars));
        assert_eq!(texts(&parts), ["one two ", "three"]);
    }

    #[test]
    fn never_inside_a_grapheme() {
        let family = "👨‍👩‍👧‍👦";
        let parts = split(Outbound::text(family.repeat(3)), &capabilities(12, LengthUnit::Utf16));
        assert_eq!(texts(&parts), [family, family, family]);
        let korean = split(Outbound::text("가나다라마바사"), &capabilities(7, LengthUnit::Bytes));
        assert_eq!(texts(&korean), ["가나", "다라", "마바", "사"]);
    }

    #[test]
    fn a_block_goes_on_with_its_language() {
        let mut text = Text::new();
        text.push(Style::Pre(Some("rust".into())), "let a = 1;\nlet b = 2;\nlet c = 3;\n");
        let parts = split(Outbound::text(text), &capabilities(24, LengthUnit::Chars));
        assert_eq!(parts.len(), 2);
        for part in &parts {
            assert_eq!(part.text.spans.len(), 1);
            assert_eq!(part.text.spans[0].style, Style::Pre(Some("rust".into())));
        }
        assert_eq!(texts(&parts)[0], "let a = 1;\nlet b = 2;\n");
    }

    #[test]
    fn a_block_that_fits_is_not_cut() {
        let mut text = Text::new();
        text.plain("some words before ").push(Style::Pre(None), "a b c d e f");
        let parts = split(Outbound::text(text), &capabilities(24, LengthUnit::Chars));
        assert_eq!(texts(&parts), ["some words before ", "a b c d e f"]);
    }

    #[test]
    fn a_reference_is_not_cut() {
        let mut text = Text::new();
        text.plain("xxxxxxxx").item("T123");
        let parts = split(Outbound::text(text), &capabilities(10, LengthUnit::Chars));
        assert_eq!(texts(&parts), ["xxxxxxxx", "T123"]);
    }

    #[test]
    fn reply_first_buttons_last_nonce_each() {
        let to = MessageRef { room: RoomId::new("t/1"), id: "5".into() };
        let message = Outbound {
            nonce: Some("n".into()),
            silent: true,
            ..Outbound::text("one two three four").row(vec![Button::new("a", "b")]).reply_to(Some(to.clone()))
        };
        let parts = split(message, &capabilities(8, LengthUnit::Chars));
        assert_eq!(parts.len(), 3);
        assert_eq!(parts.iter().map(|p| p.reply_to.is_some()).collect::<Vec<_>>(), [true, false, false]);
        assert_eq!(parts.iter().map(|p| p.buttons.len()).collect::<Vec<_>>(), [0, 0, 1]);
        assert_eq!(parts[2].nonce.as_deref(), Some("n/3"));
        assert!(parts.iter().all(|p| p.silent));
    }

    fn any_text() -> impl Strategy<Value = Text> {
        let style = prop_oneof![
            Just(Style::Plain),
            Just(Style::Bold),
            Just(Style::Item),
            Just(Style::Pre(None)),
            Just(Style::Pre(Some("rs".to_owned()))),
            Just(Style::Quote),
        ];
        let words = prop_oneof![".{0,30}", "[a-z \n]{0,60}", "(가|👨‍👩‍👧|é| |\n){0,20}"];
        proptest::collection::vec((style, words), 0..8)
            .prop_map(|spans| Text { spans: spans.into_iter().map(|(style, text)| Span { text, style }).collect() })
    }

    fn solid(text: &str) -> String {
        text.chars().filter(|c| !c.is_whitespace()).collect()
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_each_part_fits(
            text in any_text(),
            max in 4_usize..60,
            unit in prop_oneof![Just(LengthUnit::Utf16), Just(LengthUnit::Chars), Just(LengthUnit::Bytes)],
        ) {
            let plain = text.to_plain();
            let whole = Outbound::text(text);
            let parts = split(whole.clone(), &capabilities(max, unit));
            for part in &parts {
                prop_assert!(unit.of(&part.text.to_plain()) <= max);
            }
            let joined: String = texts(&parts).concat();
            prop_assert_eq!(solid(&joined), solid(&plain));
            // Every span of a part is a piece of a span of the whole, in the same style.
            for span in parts.iter().flat_map(|part| &part.text.spans) {
                prop_assert!(whole.text.spans.iter().any(|w| w.style == span.style && w.text.contains(&span.text)));
            }
            if parts.iter().all(|p| !p.text.to_plain().trim().is_empty()) && !plain.contains(char::is_whitespace) {
                prop_assert_eq!(joined, plain);
            }
        }
    }
}

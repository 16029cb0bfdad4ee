//! The fonts of `assets/fonts`: how wide a text is, and what of it can be drawn.

use std::sync::Arc;

use resvg::usvg::fontdb::{Database, Source};
use skrifa::{
    FontRef, MetadataProvider as _,
    instance::{LocationRef, Size},
};

/// The family everything is set in; what it has not is taken from the others.
pub(super) const FAMILY: &str = "Yoman Latin";
/// The families, in the order in which they are asked for a character.
const FAMILIES: [&str; 3] = [FAMILY, "Yoman Hangul", "Yoman Emoji"];

const LATIN: &[u8] = include_bytes!("../../assets/fonts/latin-regular.otf");
const LATIN_BOLD: &[u8] = include_bytes!("../../assets/fonts/latin-semibold.otf");
const HANGUL: &[u8] = include_bytes!("../../assets/fonts/hangul-regular.ttf");
const EMOJI: &[u8] = include_bytes!("../../assets/fonts/emoji-regular.ttf");

/// Shown for what none of the fonts has.
const UNKNOWN: char = '·';

/// What a text is drawn with; the bytes stay where they are in the program.
pub(super) fn database() -> Database {
    let mut database = Database::new();
    for font in [LATIN, LATIN_BOLD, HANGUL, EMOJI] {
        database.load_font_source(Source::Binary(Arc::new(font)));
    }
    database.set_sans_serif_family(FAMILY);
    database
}

/// Measures texts.
pub(super) struct Ruler {
    fonts: Vec<FontRef<'static>>,
    bold: Option<FontRef<'static>>,
}

impl Ruler {
    pub(super) fn new() -> Self {
        let fonts = [LATIN, HANGUL, EMOJI].into_iter().filter_map(|font| FontRef::new(font).ok()).collect();
        Self { fonts, bold: FontRef::new(LATIN_BOLD).ok() }
    }

    /// How wide a character is at a size of 1; `None` when no font has it.
    fn of(&self, character: char, bold: bool) -> Option<f32> {
        if is_invisible(character) {
            return Some(0.0);
        }
        let bold = self.bold.iter().filter(|_| bold);
        bold.chain(&self.fonts).find_map(|font| {
            let glyph = font.charmap().map(character).filter(|glyph| glyph.to_u32() != 0)?;
            font.glyph_metrics(Size::new(1.0), LocationRef::default()).advance_width(glyph)
        })
    }

    /// How far a text goes at a size.
    pub(super) fn advance(&self, text: &str, size: f32, bold: bool) -> f32 {
        text.chars().map(|character| self.of(character, bold).unwrap_or(1.0)).sum::<f32>() * size
    }

    /// A text in runs of one family each: a sentence keeps its Latin font around a Korean word.
    pub(super) fn runs<'t>(&self, text: &'t str) -> Vec<(&'static str, &'t str)> {
        let mut runs = Vec::new();
        let (mut start, mut family) = (0, FAMILY);
        for (at, character) in text.char_indices() {
            // What joins others stays with what stands before it.
            let joins = is_invisible(character);
            let has = |font: &FontRef<'_>| font.charmap().map(character).is_some_and(|glyph| glyph.to_u32() != 0);
            let own = self.fonts.iter().position(has).and_then(|font| FAMILIES.get(font)).copied().unwrap_or(FAMILY);
            if !joins && own != family {
                if at > start {
                    runs.push((family, &text[start..at]));
                }
                (start, family) = (at, own);
            }
        }
        runs.push((family, &text[start..]));
        runs
    }

    /// How wide a text is at a size, a little more than less.
    pub(super) fn width(&self, text: &str, size: f32) -> f32 {
        self.advance(text, size, true) * 1.02
    }

    /// One line of a text: with nothing in it that could not be drawn, cut to a width.
    pub(super) fn fit(&self, text: &str, size: f32, width: f32) -> String {
        let line: String = text
            .chars()
            .map(|character| match character {
                character if character.is_whitespace() || character.is_control() => ' ',
                character if self.of(character, false).is_some() => character,
                _ => UNKNOWN,
            })
            .collect();
        let line = line.trim();
        if self.width(line, size) <= width {
            return line.to_owned();
        }
        let mut cut = String::new();
        let room = width - self.width("…", size);
        let mut used = 0.0;
        for character in line.chars() {
            used += self.width(character.encode_utf8(&mut [0; 4]), size);
            if used > room {
                break;
            }
            cut.push(character);
        }
        let cut = cut.trim_end_matches([' ', '\u{200d}']);
        format!("{cut}…")
    }
}

/// What joins or chooses glyphs and takes no room.
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{fe00}'..='\u{fe0f}' | '\u{2060}' | '\u{e0020}'..='\u{e007f}')
}

//! SVG, piece by piece. Texts come from outside: nothing in them is markup.

use std::fmt::Write as _;

use super::fonts::{FAMILY, Ruler};

/// The colours of a picture: of those that the file keeps exactly (`render.rs`).
pub(super) mod colour {
    pub(in crate::picture) const PAPER: &str = "#ffffff";
    pub(in crate::picture) const INK: &str = "#112233";
    pub(in crate::picture) const SOFT: &str = "#556677";
    pub(in crate::picture) const FAINT: &str = "#dddddd";
    /// Told apart by everybody, and dark enough for white on them. Each stands beside a word.
    pub(in crate::picture) const LINES: [&str; 6] = ["#0066aa", "#bb4411", "#007755", "#994488", "#445566", "#886600"];
}

/// How a text is set.
#[derive(Clone, Copy)]
pub(super) struct Type {
    pub(super) size: f32,
    pub(super) colour: &'static str,
    pub(super) bold: bool,
    anchor: Anchor,
}

/// Which end of a text its place is.
#[derive(Clone, Copy)]
enum Anchor {
    Start,
    Middle,
    End,
}

impl Anchor {
    /// How much of the text stands before its place.
    fn before(self) -> f32 {
        match self {
            Self::Start => 0.0,
            Self::Middle => 0.5,
            Self::End => 1.0,
        }
    }
}

impl Type {
    pub(super) const fn new(size: f32, colour: &'static str) -> Self {
        Self { size, colour, bold: false, anchor: Anchor::Start }
    }

    pub(super) const fn tinted(self, colour: &'static str) -> Self {
        Self { colour, ..self }
    }

    pub(super) const fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    pub(super) const fn to_the_right(self) -> Self {
        Self { anchor: Anchor::End, ..self }
    }

    pub(super) const fn centred(self) -> Self {
        Self { anchor: Anchor::Middle, ..self }
    }
}

/// A picture in the making.
pub(super) struct Svg {
    ruler: Ruler,
    body: String,
    width: f32,
    height: f32,
    scale: f32,
}

/// An SVG with the size it is drawn at.
pub(super) struct Drawn {
    pub(super) text: String,
    pub(super) scale: f32,
}

impl Svg {
    pub(super) fn new(width: f32, height: f32, scale: f32) -> Self {
        let mut svg = Self { ruler: Ruler::new(), body: String::new(), width, height, scale };
        svg.rect((0.0, 0.0, width, height), 0.0, colour::PAPER);
        svg
    }

    /// What measures texts.
    pub(super) fn ruler(&self) -> &Ruler {
        &self.ruler
    }

    /// A text cut to a width.
    pub(super) fn fitted(&mut self, at: (f32, f32), set: Type, width: f32, text: &str) {
        let text = self.ruler.fit(text, set.size, width);
        self.text(at, set, &text);
    }

    /// Something already written as SVG.
    pub(super) fn raw(&mut self, piece: &str) {
        self.body.push_str(piece);
    }

    pub(super) fn rect(&mut self, (x, y, width, height): (f32, f32, f32, f32), round: f32, fill: &str) {
        // Writing to a string cannot fail.
        let _ = write!(
            self.body,
            r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" rx="{round}" fill="{fill}"/>"#
        );
    }

    pub(super) fn line(&mut self, (x1, y1): (f32, f32), (x2, y2): (f32, f32), width: f32, colour: &str) {
        let _ = write!(
            self.body,
            r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" stroke="{colour}" stroke-width="{width}" stroke-linecap="round"/>"#
        );
    }

    pub(super) fn dot(&mut self, (x, y): (f32, f32), radius: f32, fill: &str) {
        let _ = write!(
            self.body,
            r##"<circle cx="{x:.1}" cy="{y:.1}" r="{radius}" fill="{fill}" stroke="{}" stroke-width="2"/>"##,
            colour::PAPER
        );
    }

    /// A path that is not filled.
    pub(super) fn path(&mut self, d: &str, width: f32, colour: &str, dashed: bool) {
        let dashes = if dashed { r#" stroke-dasharray="5 5""# } else { "" };
        let _ = write!(
            self.body,
            r#"<path d="{d}" fill="none" stroke="{colour}" stroke-width="{width}" stroke-linecap="round"{dashes}/>"#
        );
    }

    /// A path that is filled.
    pub(super) fn shape(&mut self, d: &str, fill: &str) {
        let _ = write!(self.body, r#"<path d="{d}" fill="{fill}"/>"#);
    }

    pub(super) fn text(&mut self, (x, y): (f32, f32), set: Type, text: &str) {
        let weight = if set.bold { 600 } else { 400 };
        // The Korean font has one weight: a thin outline makes it match.
        let outline = if set.bold && text.chars().any(|c| ('\u{1100}'..='\u{d7a3}').contains(&c)) {
            format!(r#" stroke="{}" stroke-width="{:.2}""#, set.colour, set.size * 0.025)
        } else {
            String::new()
        };
        let _ = write!(
            self.body,
            r#"<text y="{y:.1}" font-size="{}" font-weight="{weight}" fill="{}"{outline} xml:space="preserve">"#,
            set.size, set.colour,
        );
        // Each run has a place of its own: else one font is taken for all of them.
        let runs = self.ruler.runs(text);
        let widths: Vec<f32> = runs.iter().map(|(_, run)| self.ruler.advance(run, set.size, set.bold)).collect();
        let mut at = x - widths.iter().sum::<f32>() * set.anchor.before();
        for ((family, run), width) in runs.into_iter().zip(widths) {
            let run = escaped(run);
            let _ = write!(self.body, r#"<tspan x="{at:.2}" font-family="{family}">{run}</tspan>"#);
            at += width;
        }
        self.body.push_str("</text>");
    }

    pub(super) fn done(self) -> Drawn {
        let Self { ruler: _, body, width, height, scale } = self;
        let text = format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width:.1}" height="{height:.1}" viewBox="0 0 {width:.1} {height:.1}" font-family="{FAMILY}">{body}</svg>"#
        );
        Drawn { text, scale }
    }
}

/// A text as it stands in XML; what XML cannot hold is left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            character if character.is_control() || matches!(character, '\u{fffe}' | '\u{ffff}') => {}
            character => out.push(character),
        }
    }
    out
}

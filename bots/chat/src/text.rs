//! Formatted text as data: spans with a style. Nothing is ever escaped, because nothing is ever parsed.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a span looks.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    /// As it is.
    Plain,
    /// Bold.
    Bold,
    /// Italic.
    Italic,
    /// Struck through.
    Strike,
    /// Secondary: dimmed on a terminal, plain elsewhere.
    Dim,
    /// Code inside a line.
    Code,
    /// A block of code or of aligned columns, with the language if there is one.
    Pre(Option<String>),
    /// A link.
    Link(String),
    /// A reference to an item, its text is `T7`: tappable where the platform can do that.
    Item,
    /// Outside text that may hold anything; shown as it is, with no mention or link of its own where that can be switched off.
    Quote,
}

/// A run of text in one style.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Span {
    /// The characters.
    pub text: String,
    /// The look.
    pub style: Style,
}

/// A text made of spans.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text {
    /// In reading order. Lines are parted by `\n` inside the spans.
    pub spans: Vec<Span>,
}

impl Text {
    /// No text.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a span; a plain one joins a plain one before it.
    pub fn push(&mut self, style: Style, text: impl AsRef<str>) -> &mut Self {
        let text = text.as_ref();
        if text.is_empty() {
            return self;
        }
        if let Some(last) = self.spans.last_mut()
            && last.style == style
            && matches!(style, Style::Plain | Style::Dim | Style::Bold)
        {
            last.text.push_str(text);
            return self;
        }
        self.spans.push(Span { text: text.to_owned(), style });
        self
    }

    /// Appends plain text.
    pub fn plain(&mut self, text: impl AsRef<str>) -> &mut Self {
        self.push(Style::Plain, text)
    }

    /// Appends a reference to an item.
    pub fn item(&mut self, reference: impl fmt::Display) -> &mut Self {
        self.push(Style::Item, reference.to_string())
    }

    /// Appends another text.
    pub fn append(&mut self, other: Text) -> &mut Self {
        for span in other.spans {
            self.push(span.style, span.text);
        }
        self
    }

    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The characters without their looks.
    pub fn to_plain(&self) -> String {
        self.spans.iter().map(|span| span.text.as_str()).collect()
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        let mut out = Self::new();
        out.plain(text);
        out
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.spans.iter().try_for_each(|span| f.write_str(&span.text))
    }
}

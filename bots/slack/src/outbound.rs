//! Purpose: an [`Outbound`] becomes Block Kit: <https://docs.slack.dev/reference/block-kit>.
//!
//! Text goes as `rich_text`, whose elements are data: nothing in it is parsed, so nothing anybody wrote can become a
//! mention or a link. Only the fallback, which notifications and screen readers show, is markup; it is escaped.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use yoman_chat::{Accent, Ask, Button, ButtonTone, Outbound, Phrases, Style, Text};

use crate::forms::cut;

/// The most characters of one message's text; Slack gives up at about 13,200 for all blocks together.
pub(crate) const MESSAGE_CHARS_MAX: usize = 12_000;
/// So much of a longer text stands in the message; the whole goes along as a file.
pub(crate) const HEAD_CHARS_MAX: usize = 2_800;
/// The most bytes of data in a button: with what a form asks for it must fit the 2,000 characters of a value.
pub(crate) const BUTTON_DATA_BYTES_MAX: usize = 900;
/// The most buttons in a row: four to be seen, five in the menu beside them.
pub(crate) const BUTTONS_PER_ROW_MAX: usize = SEEN_MAX + OVERFLOW_MAX;
/// A row of more than [`SEEN_MAX`] + 1 is a row of so many and a menu.
const SEEN_MAX: usize = 4;
/// The most choices in an overflow menu, and of characters one carries.
const OVERFLOW_MAX: usize = 5;
const OVERFLOW_CHARS_MAX: usize = 150;
const VALUE_CHARS_MAX: usize = 2_000;
const LABEL_CHARS_MAX: usize = 75;
/// The most rows of buttons under a message of at most 50 blocks.
const ROWS_MAX: usize = 30;
/// So much text in one block, cut at lines: apps fold longer ones.
const BLOCK_CHARS_MAX: usize = 3_000;
/// So much of the text goes into notifications.
const FALLBACK_CHARS_MAX: usize = 3_000;

/// What a button carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Carried {
    pub(crate) data: String,
    pub(crate) ask: Option<Ask>,
}

#[derive(Serialize, Deserialize)]
struct Asking {
    d: String,
    a: Ask,
}

impl Carried {
    /// From the action that came back; `None` when it carries nothing.
    pub(crate) fn read(action_id: &str, value: &str) -> Option<Self> {
        if value.is_empty() {
            return None;
        }
        let asking = action_id.contains(":ask:").then(|| serde_json::from_str::<Asking>(value).ok()).flatten();
        Some(match asking {
            Some(Asking { d, a }) => Self { data: d, ask: Some(a) },
            None => Self { data: value.to_owned(), ask: None },
        })
    }
}

/// The message as blocks. `scope` keeps the action ids of several messages on one surface apart.
pub(crate) fn blocks(message: &Outbound, link_prefix: &str, scope: &str) -> Vec<Value> {
    let mut blocks = rich_text(&message.text, link_prefix);
    blocks.extend(rows(&message.buttons, scope));
    blocks
}

/// The rows of buttons as `actions` blocks.
pub(crate) fn rows(rows: &[Vec<Button>], scope: &str) -> Vec<Value> {
    let mut number = 0;
    let mut blocks = Vec::new();
    for row in rows {
        let mut left: Vec<&Button> = row.iter().filter(|button| fits(button)).collect();
        while !left.is_empty() && blocks.len() < ROWS_MAX {
            blocks.push(json!({ "type": "actions", "elements": take_row(&mut left, scope, &mut number) }));
        }
    }
    blocks
}

/// The next row: as it is when it is short, else the first buttons and a menu.
fn take_row(left: &mut Vec<&Button>, scope: &str, number: &mut usize) -> Vec<Value> {
    let mut id = |kind: &str| {
        *number += 1;
        format!("{scope}:{kind}:{number}")
    };
    if left.len() <= SEEN_MAX + 1 {
        return left.drain(..).map(|button| one(button, &mut id)).collect();
    }
    let mut row: Vec<Value> = left.drain(..SEEN_MAX).map(|button| one(button, &mut id)).collect();
    let mut options = Vec::new();
    let mut stay = Vec::new();
    for button in left.drain(..) {
        let may = button.ask.is_none()
            && button.tone != ButtonTone::Danger
            && button.data.chars().count() <= OVERFLOW_CHARS_MAX;
        if may && options.len() < OVERFLOW_MAX {
            let text = json!({ "type": "plain_text", "text": cut(&button.label, LABEL_CHARS_MAX), "emoji": false });
            options.push(json!({ "text": text, "value": button.data }));
        } else {
            stay.push(button);
        }
    }
    *left = stay;
    if !options.is_empty() {
        row.push(json!({ "type": "overflow", "action_id": id("more"), "options": options }));
    }
    row
}

fn one(button: &Button, id: &mut impl FnMut(&str) -> String) -> Value {
    let text = json!({ "type": "plain_text", "text": cut(&button.label, LABEL_CHARS_MAX), "emoji": false });
    let asking = button.ask.as_ref().and_then(|ask| {
        let asking = serde_json::to_string(&Asking { d: button.data.clone(), a: ask.clone() }).ok()?;
        (asking.chars().count() <= VALUE_CHARS_MAX).then_some(asking)
    });
    let mut out = match asking {
        Some(value) => json!({ "type": "button", "text": text, "action_id": id("ask"), "value": value }),
        None => json!({ "type": "button", "text": text, "action_id": id("do"), "value": button.data }),
    };
    match button.tone {
        ButtonTone::Plain => {}
        ButtonTone::Primary => out["style"] = "primary".into(),
        ButtonTone::Danger => out["style"] = "danger".into(),
    }
    out
}

/// A button the service would refuse would take the whole message with it: it alone is left out.
fn fits(button: &Button) -> bool {
    let bytes = button.data.len();
    let fits = (1..=BUTTON_DATA_BYTES_MAX).contains(&bytes) && !button.label.trim().is_empty();
    if !fits {
        tracing::warn!(label = %button.label, bytes, max = BUTTON_DATA_BYTES_MAX, "a button Slack would refuse is left out");
    }
    fits
}

/// A piece of a block: text in lines, or a block of code.
enum Part {
    Lines(Vec<(String, Style)>),
    Code(String),
}

#[derive(Default)]
struct Builder {
    blocks: Vec<Vec<Part>>,
    parts: Vec<Part>,
    length: usize,
}

impl Builder {
    fn push(&mut self, piece: &str, style: &Style) {
        let length = piece.chars().count();
        if self.length > 0 && self.length + length > BLOCK_CHARS_MAX {
            self.end_block();
        }
        self.length += length;
        match (style, self.parts.last_mut()) {
            (Style::Pre(_), Some(Part::Code(code))) => code.push_str(piece),
            (Style::Pre(_), _) => self.parts.push(Part::Code(piece.to_owned())),
            (_, Some(Part::Lines(lines))) => match lines.last_mut() {
                Some((text, known)) if known == style => text.push_str(piece),
                _ => lines.push((piece.to_owned(), style.clone())),
            },
            (_, _) => self.parts.push(Part::Lines(vec![(piece.to_owned(), style.clone())])),
        }
    }

    fn end_block(&mut self) {
        let parts = std::mem::take(&mut self.parts);
        if !parts.is_empty() {
            self.blocks.push(parts);
        }
        self.length = 0;
    }
}

/// The text as `rich_text` blocks. Where a block ends, and around code, a line ends by itself.
fn rich_text(text: &Text, link_prefix: &str) -> Vec<Value> {
    let mut builder = Builder::default();
    for span in &text.spans {
        for piece in span.text.split_inclusive('\n') {
            builder.push(piece, &span.style);
        }
    }
    builder.end_block();
    let count = builder.blocks.len();
    let mut out = Vec::with_capacity(count);
    for (n, parts) in builder.blocks.into_iter().enumerate() {
        let parts_count = parts.len();
        let mut elements = Vec::with_capacity(parts_count);
        let mut after_code = false;
        for (m, part) in parts.into_iter().enumerate() {
            let ends = m + 1 < parts_count || n + 1 < count;
            match part {
                Part::Code(code) => {
                    let code = if ends { code.strip_suffix('\n').unwrap_or(&code) } else { &code };
                    if !code.is_empty() {
                        let inline = json!([{ "type": "text", "text": code }]);
                        elements.push(json!({ "type": "rich_text_preformatted", "elements": inline }));
                    }
                    after_code = !code.ends_with('\n') && ends;
                }
                Part::Lines(mut lines) => {
                    // The line break after code is the code's own end, unless it was stripped there already.
                    if std::mem::take(&mut after_code)
                        && let Some((first, _)) = lines.first_mut()
                        && first.starts_with('\n')
                    {
                        first.remove(0);
                    }
                    if ends
                        && let Some((last, _)) = lines.last_mut()
                        && last.ends_with('\n')
                    {
                        last.pop();
                    }
                    let inline: Vec<Value> = lines
                        .iter()
                        .filter(|(text, _)| !text.is_empty())
                        .map(|(t, s)| inline(t, s, link_prefix))
                        .collect();
                    if !inline.is_empty() {
                        elements.push(json!({ "type": "rich_text_section", "elements": inline }));
                    }
                }
            }
        }
        if !elements.is_empty() {
            out.push(json!({ "type": "rich_text", "elements": elements }));
        }
    }
    out
}

fn inline(text: &str, style: &Style, link_prefix: &str) -> Value {
    let styled = |name: &str| json!({ "type": "text", "text": text, "style": { name: true } });
    match style {
        Style::Bold => styled("bold"),
        Style::Italic => styled("italic"),
        Style::Strike => styled("strike"),
        Style::Code => styled("code"),
        Style::Link(url) if linkable(url) => json!({ "type": "link", "url": url, "text": text }),
        Style::Item if !link_prefix.is_empty() && crate::interactivity::is_item(text) => {
            json!({ "type": "link", "url": format!("{link_prefix}{text}"), "text": text })
        }
        Style::Link(_) | Style::Plain | Style::Dim | Style::Item | Style::Quote | Style::Pre(_) => {
            json!({ "type": "text", "text": text })
        }
    }
}

/// A link the service would refuse would take the whole message with it.
fn linkable(url: &str) -> bool {
    url.len() <= 3_000
        && reqwest::Url::parse(url).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.is_empty())
        })
}

/// What notifications and screen readers say: plain, and escaped, so that nothing in it pings anybody.
pub(crate) fn fallback(text: &Text) -> String {
    let plain = cut(&text.to_plain(), FALLBACK_CHARS_MAX);
    plain.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The beginning of a text, at most `most` characters, ending at a line where that is near.
pub(crate) fn head(text: &Text, most: usize) -> Text {
    let plain = text.to_plain();
    if plain.chars().count() <= most {
        return text.clone();
    }
    let end = plain.char_indices().nth(most.saturating_sub(2)).map_or(plain.len(), |(at, _)| at);
    let end = plain[..end].rfind('\n').filter(|at| *at > end / 2).unwrap_or(end);
    let mut out = Text::new();
    let mut at = 0;
    for span in &text.spans {
        let take = end.saturating_sub(at).min(span.text.len());
        // Both ends are ends of characters: spans end at them, and `end` is one.
        out.push(span.style.clone(), span.text.get(..take).unwrap_or_default());
        at += span.text.len();
    }
    out.plain("\n…");
    out
}

/// The colour bar of a card's item, with its meaning in words.
pub(crate) fn attachments(accent: Option<Accent>, lang: &str) -> Vec<Value> {
    let [open, active, waiting, finished, dropped, pressing] = Phrases::of(lang).standing;
    let (color, word) = match accent {
        None => return Vec::new(),
        Some(Accent::Open) => ("#1264a3", open),
        Some(Accent::Active) => ("#ecb22e", active),
        Some(Accent::Waiting) => ("#9a9a9a", waiting),
        Some(Accent::Finished) => ("#2eb67d", finished),
        Some(Accent::Dropped) => ("#616061", dropped),
        Some(Accent::Pressing) => ("#e01e5a", pressing),
    };
    let element = json!({ "type": "plain_text", "text": word, "emoji": false });
    let block = json!({ "type": "context", "elements": [element] });
    vec![json!({ "color": color, "fallback": word, "blocks": [block] })]
}

#[cfg(test)]
mod tests {
    use slack_morphism::prelude::SlackBlock;
    use yoman_stand_ins::slack::SlackStandIn;

    use super::*;

    fn checked(blocks: Vec<Value>) -> Vec<Value> {
        let all = Value::Array(blocks.clone());
        assert_eq!(SlackStandIn::wrong_blocks(&all), Vec::<String>::new(), "{all}");
        // The library's model of Block Kit was written by others: it must know what we write.
        for block in &blocks {
            serde_json::from_value::<SlackBlock>(block.clone()).unwrap_or_else(|error| panic!("{error}: {block}"));
        }
        blocks
    }

    #[test]
    fn nothing_anybody_wrote_becomes_markup() {
        let mut text = Text::new();
        text.push(Style::Quote, "<!channel> <@U1> *b* & <https://evil.example|x>").plain(" ").item("T7");
        text.push(Style::Link("javascript:x".into()), "no").push(Style::Link("https://a.b/".into()), "yes");
        let blocks = checked(blocks(&Outbound::text(text.clone()), "", "m"));
        let inline = blocks[0]["elements"][0]["elements"].as_array().unwrap();
        assert_eq!(inline[0]["text"], "<!channel> <@U1> *b* & <https://evil.example|x>");
        let links: Vec<&Value> = inline.iter().filter(|i| i["type"] == "link").collect();
        assert_eq!((links.len(), links[0]["url"].as_str()), (1, Some("https://a.b/")));
        assert!(fallback(&text).starts_with("&lt;!channel&gt; &lt;@U1&gt; *b* &amp; &lt;https"));
        let linked = checked(super::blocks(&Outbound::text(text), "https://y.example/i/", "m"));
        assert!(linked[0].to_string().contains("https://y.example/i/T7"));
    }

    #[test]
    fn rows_have_menus_for_what_is_too_much() {
        let few = checked(rows(&[vec![Button::new("a", "x"); 5]], "m"));
        assert_eq!(few[0]["elements"].as_array().unwrap().len(), 5);
        let many: Vec<Button> = (0..9).map(|n| Button::new(format!("b{n}"), format!("d{n}"))).collect();
        let blocks = checked(rows(&[many], "m"));
        assert_eq!(blocks.len(), 1);
        let elements = blocks[0]["elements"].as_array().unwrap();
        assert_eq!((elements.len(), elements[4]["type"].as_str()), (5, Some("overflow")));
        assert_eq!(elements[4]["options"][4]["value"], "d8");
        let bad = [vec![Button::new("a", "x".repeat(901)), Button::new("", "x"), Button::new("c", "")]];
        assert!(rows(&bad, "m").is_empty());
    }

    #[test]
    fn a_button_that_asks_brings_its_question() {
        let ask = Ask { title: "Refine I3".into(), label: "Say it better".into(), long: true, optional: false };
        let blocks = checked(rows(&[vec![Button::new("Refine", "/refine I3").ask(ask.clone())]], "m"));
        let button = &blocks[0]["elements"][0];
        let carried =
            crate::interactivity::carried(button["action_id"].as_str().unwrap(), button["value"].as_str().unwrap());
        assert_eq!(carried, Some(Carried { data: "/refine I3".into(), ask: Some(ask) }));
        assert_eq!(Carried::read("m:do:1", "/done T1").unwrap().ask, None);
        assert_eq!(Carried::read("m:do:1", ""), None);
    }

    #[test]
    fn long_texts_are_cut_at_lines() {
        let line = "words in a line\n";
        let text = Text::from(line.repeat(700));
        let blocks = checked(blocks(&Outbound::text(text.clone()), "", "m"));
        assert!(blocks.len() > 3 && blocks.len() < 10);
        let short = head(&text, 100);
        assert!(short.to_plain().chars().count() <= 100 && short.to_plain().ends_with("line\n…"));
        assert_eq!(head(&Text::from("short"), 100), Text::from("short"));
    }

    #[test]
    fn colours_are_said_too() {
        for accent in
            [Accent::Open, Accent::Active, Accent::Waiting, Accent::Finished, Accent::Dropped, Accent::Pressing]
        {
            let attachments = attachments(Some(accent), "");
            checked(attachments[0]["blocks"].as_array().unwrap().clone());
            assert!(!attachments[0]["fallback"].as_str().unwrap().is_empty());
        }
        assert!(attachments(None, "").is_empty());
    }
}

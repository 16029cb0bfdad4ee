//! Purpose: an [`Outbound`] becomes the body of a message, an answer or a form.
//! Source: <https://discord.com/developers/docs/resources/message>.

use std::collections::HashSet;

use serde_json::{Map, Value, json};
use serenity::all::{
    ButtonStyle, CreateActionRow, CreateAllowedMentions, CreateButton, CreateEmbed, CreateInputText, CreateModal,
    CreateSelectMenu, CreateSelectMenuKind, CreateSelectMenuOption, InputTextStyle, MessageFlags,
};
use yoman_chat::{Accent, Ask, Button, ButtonTone, LengthUnit, Outbound, Phrases};

use crate::{api::File, markdown};

/// The most a message's content holds.
const CONTENT_CHARS_MAX: usize = 2_000;
/// The most an embed's description holds.
const DESCRIPTION_CHARS_MAX: usize = 4_096;
/// What a text may hold before it is marked up: escaped through and through it fits a description.
pub(crate) const TEXT_CHARS_MAX: usize = 1_900;
/// The most a button carries, our mark before it taken off.
pub(crate) const BUTTON_DATA_BYTES_MAX: usize = 99;
/// The most buttons in a row, and rows under a message.
pub(crate) const BUTTONS_PER_ROW_MAX: usize = 5;
const ROWS_MAX: usize = 5;
const CHOICES_MAX: usize = 25;
const LABEL_CHARS_MAX: usize = 80;
const CHOICE_CHARS_MAX: usize = 100;
const TITLE_CHARS_MAX: usize = 45;
/// The most a field of a form holds.
const FIELD_CHARS_MAX: u16 = 4_000;

/// The body of a message and the file beside it.
#[derive(Clone, Debug)]
pub(crate) struct Body {
    pub(crate) json: Value,
    pub(crate) file: Option<File>,
}

/// What every way of showing a message shares. Everything is said, so that a change leaves nothing of before.
pub(crate) fn body(message: &Outbound) -> Body {
    let rendered = markdown::render(&message.text);
    let length = LengthUnit::Utf16.of(&rendered);
    let card = message.accent.is_some();
    let file = message.picture.as_ref().filter(|picture| !picture.png.is_empty());
    let mut body = Map::new();
    let mut flags = MessageFlags::empty();
    let picture_url = file.map(|picture| format!("attachment://{}", file_name(&picture.name)));
    if card || length > CONTENT_CHARS_MAX {
        let description = if length > DESCRIPTION_CHARS_MAX { markdown::render_plain(&message.text) } else { rendered };
        let mut embed = CreateEmbed::new().description(description);
        if let Some(accent) = message.accent {
            embed = embed.colour(colour(accent));
        }
        if let Some(url) = picture_url {
            embed = embed.image(url);
        }
        body.insert("content".into(), json!(""));
        body.insert("embeds".into(), json!([embed]));
    } else {
        // A message of nothing is refused; this shows as nothing.
        let content = if rendered.trim().is_empty() && file.is_none() { "\u{200b}".to_owned() } else { rendered };
        body.insert("content".into(), json!(content));
        body.insert("embeds".into(), json!([]));
        // Addresses in a text are not blown up into previews.
        flags |= MessageFlags::SUPPRESS_EMBEDS;
    }
    body.insert("components".into(), json!(rows(&message.buttons, &message.lang)));
    // Nothing in a text ever calls anybody.
    body.insert("allowed_mentions".into(), json!(CreateAllowedMentions::new().replied_user(false)));
    body.insert("flags".into(), json!(flags.bits()));
    let attachments = file.map(|picture| {
        let about: String = picture.alt.chars().take(1_024).collect();
        json!({ "id": 0, "filename": file_name(&picture.name), "description": about })
    });
    body.insert("attachments".into(), json!(attachments.into_iter().collect::<Vec<_>>()));
    let file = file.map(|picture| File { name: file_name(&picture.name), bytes: picture.png.clone() });
    Body { json: Value::Object(body), file }
}

/// A new message in a channel.
pub(crate) fn new_message(message: &Outbound, reply_to: Option<u64>) -> Body {
    let mut body = body(message);
    if let Some(id) = reply_to {
        body.json["message_reference"] = json!({ "message_id": id.to_string(), "fail_if_not_exists": false });
    }
    if message.silent {
        let flags = body.json["flags"].as_u64().unwrap_or(0) | MessageFlags::SUPPRESS_NOTIFICATIONS.bits();
        body.json["flags"] = json!(flags);
    }
    // The same attempt has the same nonce: the service gives the first message back instead of a second.
    let nonce =
        message.nonce.as_ref().map_or_else(|| format!("{:016x}", fastrand::u64(..)), |nonce| fingerprint(&[nonce]));
    body.json["nonce"] = json!(nonce);
    body.json["enforce_nonce"] = json!(true);
    body
}

/// The same message shown to one person alone.
pub(crate) fn for_one(mut body: Body) -> Body {
    let flags = body.json["flags"].as_u64().unwrap_or(0) | MessageFlags::EPHEMERAL.bits();
    body.json["flags"] = json!(flags);
    body
}

/// A line for one person alone.
pub(crate) fn whisper(text: &str) -> Body {
    for_one(body(&Outbound::text(text)))
}

fn file_name(name: &str) -> String {
    let legal = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' };
    let name: String = name.chars().map(legal).take(64).collect();
    if name.is_empty() { "picture.png".into() } else { name }
}

fn colour(accent: Accent) -> u32 {
    match accent {
        Accent::Open => 0x0058_65f2,
        Accent::Active => 0x00f0_b232,
        Accent::Waiting => 0x0094_9ba4,
        Accent::Finished => 0x0023_a559,
        Accent::Dropped => 0x004e_5058,
        Accent::Pressing => 0x00f2_3f43,
    }
}

/// How a button's id begins: what a press of it does.
fn mark(button: &Button) -> char {
    match &button.ask {
        None => 'b',
        Some(ask) if ask.long => 'F',
        Some(_) => 'f',
    }
}

/// What a button carries, from its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Carried<'a> {
    /// The data.
    Data(&'a str),
    /// The data, and a form for the words behind it.
    Form {
        /// The data.
        data: &'a str,
        /// Several lines.
        long: bool,
    },
}

/// Reads the id of a button, or the value of a choice.
pub(crate) fn carried(id: &str) -> Option<Carried<'_>> {
    let data = id.get(1..)?;
    match id.as_bytes().first()? {
        b'b' => Some(Carried::Data(data)),
        b'f' => Some(Carried::Form { data, long: false }),
        b'F' => Some(Carried::Form { data, long: true }),
        _ => None,
    }
}

/// The rows of buttons; menus when there are more than can stand under a message.
fn rows(rows: &[Vec<Button>], lang: &str) -> Vec<CreateActionRow> {
    let mut used = HashSet::new();
    let rows: Vec<Vec<(String, &Button)>> = rows
        .iter()
        .map(|row| {
            let fits = |button: &&Button| {
                let bytes = button.data.len();
                let fits = (1..=BUTTON_DATA_BYTES_MAX).contains(&bytes) && !button.label.trim().is_empty();
                if !fits {
                    tracing::warn!(label = %button.label, bytes, max = BUTTON_DATA_BYTES_MAX, "a button Discord would refuse is left out");
                }
                fits
            };
            let with_id = row.iter().filter(fits).map(|button| (format!("{}{}", mark(button), button.data), button));
            // Two of the same data would have the whole message refused.
            with_id.filter(|(id, _)| used.insert(id.clone())).collect::<Vec<_>>()
        })
        .filter(|row: &Vec<_>| !row.is_empty())
        .collect();
    let all: Vec<&(String, &Button)> = rows.iter().flatten().collect();
    if all.len() > ROWS_MAX * BUTTONS_PER_ROW_MAX {
        return menus(&all, lang);
    }
    let kept: Vec<Vec<&(String, &Button)>> =
        rows.iter().flat_map(|row| row.chunks(BUTTONS_PER_ROW_MAX)).map(|row| row.iter().collect()).collect();
    // What does not fit as it was laid out fits when laid out anew.
    let kept = if kept.len() <= ROWS_MAX { kept } else { all.chunks(BUTTONS_PER_ROW_MAX).map(<[_]>::to_vec).collect() };
    let buttons = |row: Vec<&(String, &Button)>| {
        let one = |(id, button): &(String, &Button)| {
            let style = match button.tone {
                ButtonTone::Plain => ButtonStyle::Secondary,
                ButtonTone::Primary => ButtonStyle::Primary,
                ButtonTone::Danger => ButtonStyle::Danger,
            };
            CreateButton::new(id.clone()).label(cut(&button.label, LABEL_CHARS_MAX)).style(style)
        };
        CreateActionRow::Buttons(row.into_iter().map(one).collect())
    };
    kept.into_iter().map(buttons).collect()
}

fn menus(all: &[&(String, &Button)], lang: &str) -> Vec<CreateActionRow> {
    if all.len() > ROWS_MAX * CHOICES_MAX {
        tracing::warn!(choices = all.len(), max = ROWS_MAX * CHOICES_MAX, "more choices than fit under a message");
    }
    let menu = |(n, part): (usize, &[&(String, &Button)])| {
        let option = |(id, button): &&(String, &Button)| {
            CreateSelectMenuOption::new(cut(&button.label, CHOICE_CHARS_MAX), id.clone())
        };
        let options = part.iter().map(option).collect();
        let menu = CreateSelectMenu::new(format!("s{n}"), CreateSelectMenuKind::String { options });
        CreateActionRow::SelectMenu(menu.placeholder(Phrases::of(lang).choose))
    };
    all.chunks(CHOICES_MAX).take(ROWS_MAX).enumerate().map(menu).collect()
}

/// A form with one field.
pub(crate) fn form(id: &str, ask: &Ask, say: &Phrases) -> Value {
    let style = if ask.long { InputTextStyle::Paragraph } else { InputTextStyle::Short };
    let field = CreateInputText::new(style, filled(&ask.label, say.words, TITLE_CHARS_MAX), "words")
        .required(!ask.optional)
        .max_length(FIELD_CHARS_MAX);
    let modal = CreateModal::new(id, filled(&ask.title, say.say_more, TITLE_CHARS_MAX));
    json!(modal.components(vec![CreateActionRow::InputText(field)]))
}

fn filled(text: &str, or: &str, max: usize) -> String {
    let text = cut(text.trim(), max);
    if text.is_empty() { or.to_owned() } else { text }
}

/// The text, cut to `max` characters.
pub(crate) fn cut(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let mut out: String = text.chars().take(max.saturating_sub(1)).collect();
    out.push('…');
    out
}

/// FNV-1a of several texts: stable over releases of Rust, which the standard hasher is not.
pub(crate) fn fingerprint(parts: &[&str]) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in parts.iter().flat_map(|part| part.bytes().chain([0xff])) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_is_an_embed_and_a_text_is_not() {
        let card = body(&Outbound { accent: Some(Accent::Finished), ..Outbound::text("T1 done") });
        assert_eq!(card.json["embeds"][0]["description"], "T1 done");
        assert_eq!(card.json["embeds"][0]["color"], 0x0023_a559);
        assert_eq!((&card.json["content"], &card.json["flags"]), (&json!(""), &json!(0)));
        let text = body(&Outbound::text("hello"));
        assert_eq!((&text.json["content"], &text.json["embeds"]), (&json!("hello"), &json!([])));
        assert_eq!(text.json["allowed_mentions"]["parse"], json!([]));
    }

    #[test]
    fn however_much_is_escaped_it_fits() {
        for text in ["*".repeat(TEXT_CHARS_MAX), "a*".repeat(TEXT_CHARS_MAX / 2), "🦀".repeat(TEXT_CHARS_MAX / 2)] {
            let mut styled = yoman_chat::Text::new();
            for piece in text.chars().collect::<Vec<_>>().chunks(2) {
                styled.push(yoman_chat::Style::Bold, piece.iter().collect::<String>()).plain("");
                styled.push(yoman_chat::Style::Italic, "");
            }
            let body = body(&Outbound::text(styled)).json;
            let content = body["content"].as_str().unwrap().chars().count();
            let description = body["embeds"][0]["description"].as_str().unwrap_or_default().chars().count();
            assert!(content <= CONTENT_CHARS_MAX && description <= DESCRIPTION_CHARS_MAX, "{content} {description}");
        }
    }

    #[test]
    fn many_buttons_become_menus() {
        let buttons =
            |count: usize| vec![(0..count).map(|n| Button::new(format!("B{n}"), format!("show T{n}"))).collect()];
        let few = body(&Outbound { buttons: buttons(12), ..Outbound::text("x") }).json;
        let lengths: Vec<usize> = few["components"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["components"].as_array().unwrap().len())
            .collect();
        assert_eq!(lengths, [5, 5, 2]);
        let many = body(&Outbound { buttons: buttons(40), ..Outbound::text("x") }).json;
        assert_eq!(many["components"][0]["components"][0]["options"].as_array().unwrap().len(), 25);
        assert_eq!(many["components"][1]["components"][0]["options"][14]["value"], "bshow T39");
    }

    #[test]
    fn what_would_be_refused_is_left_out_alone() {
        let row =
            vec![Button::new("a", "x".repeat(100)), Button::new("b", "y"), Button::new("c", "y"), Button::new("", "z")];
        let json = body(&Outbound { buttons: vec![row], ..Outbound::text("x") }).json;
        assert_eq!(json["components"][0]["components"].as_array().unwrap().len(), 1);
        assert_eq!(carried("by"), Some(Carried::Data("y")));
        assert_eq!(carried("Fnote T1"), Some(Carried::Form { data: "note T1", long: true }));
        assert_eq!(carried("é"), None);
    }
}

//! Purpose: what the Bot API does to a text before it shows it: trims it, checks the entities it was given (in
//! UTF-16 units), and finds commands, mentions, tags and links by itself.
//! Source: <https://core.telegram.org/bots/api#messageentity>.

use serde_json::{Value, json};

use super::params::Failure;

/// The most a message may hold, in UTF-16 units after entity parsing.
const TEXT_UTF16_MAX: usize = 4096;

/// The length in the unit of the Bot API.
pub(crate) fn utf16(text: &str) -> usize {
    // One unit a character, two outside the basic plane, which are the four-byte ones.
    text.bytes().filter(|b| (b & 0xC0) != 0x80).count() + text.bytes().filter(|b| *b >= 0xF0).count()
}

/// The most that may stand under a picture or a file, in UTF-16 units after entity parsing.
const CAPTION_UTF16_MAX: usize = 1024;

/// Checks and trims what stands under a picture or a file; there may be nothing.
pub(crate) fn caption(text: &str, entities: Vec<Value>) -> Result<(String, Vec<Value>), Failure> {
    if text.trim().is_empty() {
        return Ok((String::new(), Vec::new()));
    }
    let (text, entities) = outgoing(text, entities)?;
    if utf16(&text) > CAPTION_UTF16_MAX {
        return Err(Failure::bad("message caption is too long"));
    }
    Ok((text, entities))
}

/// Checks and trims a text that a bot sends, with the entities it came with.
pub(crate) fn outgoing(text: &str, entities: Vec<Value>) -> Result<(String, Vec<Value>), Failure> {
    if text.is_empty() {
        return Err(Failure::bad("message text is empty"));
    }
    let mut kept = Vec::with_capacity(entities.len());
    for entity in entities {
        kept.push(check(text, &entity)?);
    }
    let trimmed_end = text.trim_end();
    let opens_with_code = kept.iter().any(|(offset, _, entity)| *offset == 0 && matches!(kind(entity), "pre" | "code"));
    let trimmed = if opens_with_code { trimmed_end } else { trimmed_end.trim_start() };
    if trimmed.is_empty() {
        return Err(Failure::bad("text must be non-empty"));
    }
    let cut = utf16(&trimmed_end[..trimmed_end.len() - trimmed.len()]);
    let length = utf16(trimmed);
    if length > TEXT_UTF16_MAX {
        return Err(Failure::bad("message is too long"));
    }
    let mut placed: Vec<Value> = kept
        .into_iter()
        .filter_map(|(offset, len, mut entity)| {
            let start = offset.saturating_sub(cut);
            let end = (offset + len).saturating_sub(cut).min(length);
            if end <= start {
                return None;
            }
            entity["offset"] = json!(start);
            entity["length"] = json!(end - start);
            Some(entity)
        })
        .collect();
    if trimmed.bytes().any(|b| matches!(b, b'/' | b'@' | b'#')) {
        let found: Vec<Value> =
            found(trimmed).into_iter().filter(|new| !placed.iter().any(|old| overlap(old, new))).collect();
        placed.extend(found);
        placed.sort_by_key(|entity| entity["offset"].as_u64());
    }
    Ok((trimmed.to_owned(), placed))
}

/// The entities the service finds by itself in what a person writes.
pub(crate) fn found(text: &str) -> Vec<Value> {
    let mut out = Vec::new();
    let mut offset = 0;
    let mut before: Option<char> = None;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let word = rest[c.len_utf8()..]
            .find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .map_or(rest.len(), |at| at + c.len_utf8());
        let starts = before.is_none_or(|b| !(b.is_alphanumeric() || matches!(b, '_' | '/' | '@' | '#' | ':' | '.')));
        let body = &rest[c.len_utf8()..word];
        let ascii = body.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let taken = match c {
            '/' if starts && ascii && (1..=64).contains(&body.len()) => {
                let mut end = word;
                if let Some(name) = rest[word..].strip_prefix('@') {
                    let len = name.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(name.len());
                    if len >= 3 {
                        end += 1 + len;
                    }
                }
                (!rest[end..].starts_with('/')).then_some(("bot_command", end))
            }
            '@' if starts && ascii && (3..=32).contains(&body.len()) => Some(("mention", word)),
            '#' if starts && body.chars().any(|c| !c.is_ascii_digit()) => Some(("hashtag", word)),
            'h' if starts && (rest.starts_with("http://") || rest.starts_with("https://")) => {
                Some(("url", rest.find(char::is_whitespace).unwrap_or(rest.len())))
            }
            _ => None,
        };
        let end = if let Some((kind, end)) = taken {
            out.push(json!({ "type": kind, "offset": offset, "length": utf16(&rest[..end]) }));
            end
        } else {
            c.len_utf8()
        };
        offset += utf16(&rest[..end]);
        before = rest[..end].chars().next_back();
        rest = &rest[end..];
    }
    out
}

fn kind(entity: &Value) -> &str {
    entity["type"].as_str().unwrap_or_default()
}

fn overlap(a: &Value, b: &Value) -> bool {
    let range = |e: &Value| {
        let start = e["offset"].as_u64().unwrap_or(0);
        (start, start + e["length"].as_u64().unwrap_or(0))
    };
    let ((a0, a1), (b0, b1)) = (range(a), range(b));
    a0 < b1 && b0 < a1
}

fn check(text: &str, entity: &Value) -> Result<(usize, usize, Value), Failure> {
    let missing = |name: &str| Failure::bad(format!("can't parse MessageEntity: Can't find field \"{name}\""));
    let kind = entity["type"].as_str().ok_or_else(|| missing("type"))?;
    let offset = entity["offset"].as_i64().ok_or_else(|| missing("offset"))?;
    let length = entity["length"].as_i64().ok_or_else(|| missing("length"))?;
    if !(0..=1_000_000).contains(&offset) {
        return Err(Failure::bad(format!("receive an entity with incorrect offset {offset}")));
    }
    if !(0..=1_000_000).contains(&length) {
        return Err(Failure::bad(format!("receive an entity with incorrect length {length}")));
    }
    match kind {
        "mention"
        | "hashtag"
        | "cashtag"
        | "bot_command"
        | "url"
        | "email"
        | "phone_number"
        | "bold"
        | "italic"
        | "underline"
        | "strikethrough"
        | "spoiler"
        | "blockquote"
        | "expandable_blockquote"
        | "code"
        | "pre"
        | "custom_emoji"
        | "date_time" => {}
        "text_link" => {
            entity["url"].as_str().ok_or_else(|| missing("url"))?;
        }
        "text_mention" => {
            entity["user"].as_object().ok_or_else(|| missing("user"))?;
        }
        _ => {
            return Err(Failure::bad(format!("can't parse MessageEntity: Unsupported type \"{kind}\"")));
        }
    }
    let (offset, length) = (offset as usize, length as usize);
    for at in [offset, offset + length] {
        match boundary(text, at) {
            Boundary::At => {}
            Boundary::Middle if at == offset => {
                return Err(Failure::bad(format!("entity begins in a middle of a UTF-16 symbol at byte offset {at}")));
            }
            Boundary::Middle => {
                return Err(Failure::bad(format!(
                    "entity beginning at UTF-16 offset {offset} ends in a middle of a UTF-16 symbol"
                )));
            }
            Boundary::Past => {
                return Err(Failure::bad(format!(
                    "entity beginning at UTF-16 offset {offset} ends after the end of the text at UTF-16 offset {}",
                    utf16(text)
                )));
            }
        }
    }
    Ok((offset, length, entity.clone()))
}

enum Boundary {
    At,
    Middle,
    Past,
}

fn boundary(text: &str, wanted: usize) -> Boundary {
    if text.is_ascii() {
        return if wanted <= text.len() { Boundary::At } else { Boundary::Past };
    }
    let mut at = 0;
    for c in text.chars() {
        if at == wanted {
            return Boundary::At;
        }
        at += c.len_utf16();
        if at > wanted {
            return Boundary::Middle;
        }
    }
    if at == wanted { Boundary::At } else { Boundary::Past }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(String, u64, u64)> {
        found(text)
            .iter()
            .map(|e| (kind(e).to_owned(), e["offset"].as_u64().unwrap(), e["length"].as_u64().unwrap()))
            .collect()
    }

    #[test]
    fn finds_what_the_service_finds() {
        assert_eq!(
            kinds("/todo@yoman_bot 🦀 @dana #auth https://a.b/c#d x/y"),
            [
                ("bot_command".to_owned(), 0, 15),
                ("mention".to_owned(), 19, 5),
                ("hashtag".to_owned(), 25, 5),
                ("url".to_owned(), 31, 15),
            ]
        );
        assert_eq!(kinds("a/b c@d.e ##"), []);
    }

    #[test]
    fn entities_are_checked_in_utf16_units() {
        let bold = |offset: i64, length: i64| vec![json!({"type":"bold","offset":offset,"length":length})];
        assert!(outgoing("🦀 ok", bold(3, 2)).is_ok());
        assert!(outgoing("🦀 ok", bold(1, 2)).is_err(), "in the middle of a character");
        assert!(outgoing("🦀 ok", bold(3, 3)).is_err(), "past the end");
        assert!(outgoing("🦀 ok", bold(-1, 3)).is_err());
        let (text, entities) = outgoing("  ok  ", bold(2, 4)).unwrap();
        assert_eq!(
            (text.as_str(), entities[0]["offset"].as_u64(), entities[0]["length"].as_u64()),
            ("ok", Some(0), Some(2))
        );
    }

    #[test]
    fn length_is_counted_in_utf16_units() {
        assert!(outgoing(&"🦀".repeat(2048), vec![]).is_ok());
        assert!(outgoing(&"🦀".repeat(2049), vec![]).is_err());
        assert!(outgoing("", vec![]).is_err());
        assert!(outgoing(" \n ", vec![]).is_err());
    }
}

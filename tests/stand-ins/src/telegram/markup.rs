//! Purpose: `parse_mode`, for other people's clients: ours sends entities only.
//! Source: <https://core.telegram.org/bots/api#formatting-options>.

use serde_json::{Value, json};

use super::{params::Failure, text::utf16};

/// The plain text and its entities.
pub(crate) fn parse(raw: &str, mode: &str) -> Result<(String, Vec<Value>), Failure> {
    match mode.to_ascii_lowercase().as_str() {
        "html" => html(raw),
        "markdownv2" => markdown(raw, true),
        "markdown" => markdown(raw, false),
        _ => Err(Failure::bad("unsupported parse_mode")),
    }
}

fn broken(why: impl AsRef<str>) -> Failure {
    Failure::bad(format!("can't parse entities: {}", why.as_ref()))
}

struct Open {
    tag: String,
    start: usize,
    entity: Value,
}

fn close(out: &str, open: Open, entities: &mut Vec<Value>) {
    let length = utf16(out).saturating_sub(open.start);
    if length > 0 && !open.entity.is_null() {
        let mut entity = open.entity;
        entity["offset"] = json!(open.start);
        entity["length"] = json!(length);
        entities.push(entity);
    }
}

fn html(raw: &str) -> Result<(String, Vec<Value>), Failure> {
    let mut out = String::new();
    let mut entities = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let mut rest = raw;
    while let Some(c) = rest.chars().next() {
        let at = raw.len() - rest.len();
        if c == '&' {
            let (text, used) = reference(rest);
            out.push_str(&text);
            rest = &rest[used..];
        } else if c == '<' {
            let end = rest.find('>').ok_or_else(|| broken(format!("Unclosed start tag at byte offset {at}")))?;
            let inner = &rest[1..end];
            rest = &rest[end + 1..];
            if let Some(name) = inner.strip_prefix('/') {
                let name = name.trim().to_ascii_lowercase();
                let last = open.pop().ok_or_else(|| broken(format!("Unexpected end tag at byte offset {at}")))?;
                if last.tag != name && !name.is_empty() {
                    return Err(broken(format!(
                        "Unmatched end tag at byte offset {at}, expected \"</{}>\", found \"</{name}>\"",
                        last.tag
                    )));
                }
                close(&out, last, &mut entities);
                continue;
            }
            let (name, attributes) = inner.split_once(char::is_whitespace).unwrap_or((inner, ""));
            let tag = name.to_ascii_lowercase();
            let entity = match tag.as_str() {
                "b" | "strong" => json!({ "type": "bold" }),
                "i" | "em" => json!({ "type": "italic" }),
                "u" | "ins" => json!({ "type": "underline" }),
                "s" | "strike" | "del" => json!({ "type": "strikethrough" }),
                "tg-spoiler" | "span" => json!({ "type": "spoiler" }),
                "pre" => json!({ "type": "pre" }),
                "blockquote" if attributes.contains("expandable") => {
                    json!({ "type": "expandable_blockquote" })
                }
                "blockquote" => json!({ "type": "blockquote" }),
                "a" => match attribute(attributes, "href") {
                    Some(url) => json!({ "type": "text_link", "url": url }),
                    None => Value::Null,
                },
                "code" => {
                    // <pre><code class="language-x"> is one block with a language.
                    let language =
                        attribute(attributes, "class").and_then(|c| c.strip_prefix("language-").map(str::to_owned));
                    match (open.last_mut(), language) {
                        (Some(outer), Some(language)) if outer.tag == "pre" => {
                            outer.entity["language"] = json!(language);
                            Value::Null
                        }
                        _ => json!({ "type": "code" }),
                    }
                }
                "tg-emoji" => Value::Null,
                _ => {
                    return Err(broken(format!("Unsupported start tag \"{tag}\" at byte offset {at}")));
                }
            };
            open.push(Open { tag, start: utf16(&out), entity });
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    if let Some(last) = open.pop() {
        return Err(broken(format!("Can't find end tag corresponding to start tag \"{}\"", last.tag)));
    }
    entities.sort_by_key(|entity| entity["offset"].as_u64());
    Ok((out, entities))
}

fn attribute(attributes: &str, name: &str) -> Option<String> {
    let rest = attributes[attributes.find(name)? + name.len()..].trim_start().strip_prefix('=')?.trim_start();
    let quote = rest.chars().next()?;
    let value =
        if quote == '"' || quote == '\'' { rest[1..].split(quote).next()? } else { rest.split_whitespace().next()? };
    Some(value.replace("&amp;", "&").replace("&quot;", "\""))
}

fn reference(rest: &str) -> (String, usize) {
    let known = [("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"), ("&quot;", "\"")];
    if let Some((name, text)) = known.iter().find(|(name, _)| rest.starts_with(name)) {
        return ((*text).to_owned(), name.len());
    }
    if let Some(number) = rest.strip_prefix("&#")
        && let Some(end) = number.find(';')
    {
        let code = match number[..end].strip_prefix('x') {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => number[..end].parse().ok(),
        };
        if let Some(c) = code.and_then(char::from_u32) {
            return (c.to_string(), end + 3);
        }
    }
    ("&".to_owned(), 1)
}

/// What must be escaped in MarkdownV2 wherever it marks nothing.
const RESERVED: &str = "_*[]()~`>#+-=|{}.!";

fn markdown(raw: &str, v2: bool) -> Result<(String, Vec<Value>), Failure> {
    let mut out = String::new();
    let mut entities = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let mut rest = raw;
    while let Some(c) = rest.chars().next() {
        let at = raw.len() - rest.len();
        if c == '\\'
            && let Some(next) = rest[1..].chars().next().filter(char::is_ascii_punctuation)
        {
            out.push(next);
            rest = &rest[1 + next.len_utf8()..];
            continue;
        }
        let fence = if rest.starts_with("```") { "```" } else { "`" };
        if c == '`' {
            let body = &rest[fence.len()..];
            let end = body
                .find(fence)
                .ok_or_else(|| broken(format!("Can't find end of the entity starting at byte offset {at}")))?;
            let mut inner = &body[..end];
            let mut entity = json!({ "type": if fence.len() == 3 { "pre" } else { "code" } });
            if fence.len() == 3
                && let Some((language, text)) = inner.split_once('\n')
            {
                if !language.is_empty() {
                    entity["language"] = json!(language);
                }
                inner = text;
            }
            let start = utf16(&out);
            out.push_str(&if v2 { inner.replace("\\`", "`").replace("\\\\", "\\") } else { inner.to_owned() });
            close(&out, Open { tag: String::new(), start, entity }, &mut entities);
            rest = &body[end + fence.len()..];
            continue;
        }
        let mark = match (v2, c) {
            (true, '_') if rest.starts_with("__") => Some(("__", "underline")),
            (true, '|') if rest.starts_with("||") => Some(("||", "spoiler")),
            (true, '~') => Some(("~", "strikethrough")),
            (_, '_') => Some(("_", "italic")),
            (_, '*') => Some(("*", "bold")),
            _ => None,
        };
        if let Some((mark, kind)) = mark {
            match open.iter().position(|o| o.tag == mark) {
                Some(found) if found + 1 == open.len() => {
                    if let Some(last) = open.pop() {
                        close(&out, last, &mut entities);
                    }
                }
                _ => open.push(Open { tag: mark.into(), start: utf16(&out), entity: json!({ "type": kind }) }),
            }
            rest = &rest[mark.len()..];
            continue;
        }
        if c == '[' {
            open.push(Open { tag: "[".into(), start: utf16(&out), entity: Value::Null });
            rest = &rest[1..];
            continue;
        }
        if c == ']'
            && open.last().is_some_and(|o| o.tag == "[")
            && let Some(mut last) = open.pop()
        {
            rest = &rest[1..];
            if let Some(url) = rest.strip_prefix('(') {
                let end =
                    url.find(')').ok_or_else(|| broken(format!("Can't find end of a URL at byte offset {at}")))?;
                last.entity = json!({ "type": "text_link", "url": url[..end].replace('\\', "") });
                rest = &url[end + 1..];
            }
            close(&out, last, &mut entities);
            continue;
        }
        if v2 && RESERVED.contains(c) && !(c == '>' && (at == 0 || raw[..at].ends_with('\n'))) {
            return Err(broken(format!("Character '{c}' is reserved and must be escaped with the preceding '\\'")));
        }
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    if let Some(last) = open.pop() {
        return Err(broken(format!("Can't find end of the entity starting at UTF-16 offset {}", last.start)));
    }
    entities.sort_by_key(|entity| entity["offset"].as_u64());
    Ok((out, entities))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_and_markdown_give_text_and_entities() {
        let (text, entities) =
            html("<b>a</b> &lt;<a href=\"https://x.y\">l</a> <pre><code class=\"language-rs\">z</code></pre>").unwrap();
        assert_eq!(text, "a <l z");
        assert_eq!(entities.len(), 3);
        assert_eq!(entities[2]["language"], "rs");
        let (text, entities) = markdown("*a* \\. `c` [l](https://x.y)", true).unwrap();
        assert_eq!(text, "a . c l");
        assert_eq!(entities.len(), 3);
    }

    #[test]
    fn what_does_not_parse_is_refused() {
        assert!(html("<b>a").is_err());
        assert!(html("<x>a</x>").is_err());
        assert!(markdown("a.b", true).unwrap_err().description.contains("reserved"));
        assert!(markdown("a_b", false).is_err());
    }
}

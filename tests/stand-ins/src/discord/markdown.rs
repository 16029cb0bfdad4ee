//! Purpose: what a text shows: its markdown read as the apps read it, and whom it mentions.

/// What is read from a text.
#[derive(Debug, Default)]
pub(crate) struct Read {
    /// The characters that are seen.
    pub(crate) plain: String,
    /// `user:1`, `role:2`, `everyone`, `here`: what is a mention and not merely looks like one.
    pub(crate) mentions: Vec<String>,
    /// Addresses that are links.
    pub(crate) links: Vec<String>,
}

/// Reads a text.
pub(crate) fn read(text: &str) -> Read {
    let mut out = Read::default();
    inline(text, true, &mut out);
    out
}

fn inline(text: &str, begins_line: bool, out: &mut Read) {
    let mut rest = text;
    let mut line_start = begins_line;
    while let Some(c) = rest.chars().next() {
        if line_start && let Some(after) = block(rest) {
            rest = after;
            line_start = false;
            continue;
        }
        line_start = c == '\n';
        if let Some(next) = step(rest, out) {
            rest = next;
            continue;
        }
        out.plain.push(c);
        rest = &rest[c.len_utf8()..];
    }
}

/// Marks at the beginning of a line that are not shown as they are.
fn block(rest: &str) -> Option<&str> {
    ["### ", "## ", "# ", "-# ", "> ", ">>> "].iter().find_map(|mark| rest.strip_prefix(mark))
}

/// One construct at the beginning of `rest`; gives what is behind it.
fn step<'a>(rest: &'a str, out: &mut Read) -> Option<&'a str> {
    let bytes = rest.as_bytes();
    match bytes[0] {
        b'\\' => {
            let escaped = rest[1..].chars().next().filter(|c| !c.is_alphanumeric() && !c.is_whitespace())?;
            out.plain.push(escaped);
            Some(&rest[1 + escaped.len_utf8()..])
        }
        b'`' => code(rest, out),
        b'*' | b'_' | b'~' | b'|' => styled(rest, out),
        b'<' => angle(rest, out),
        b'[' => masked(rest, out),
        b'h' if rest.starts_with("http://") || rest.starts_with("https://") => {
            let end = rest.find(|c: char| c.is_whitespace() || c == '<').unwrap_or(rest.len());
            if end <= "https://".len() {
                return None;
            }
            out.plain.push_str(&rest[..end]);
            out.links.push(rest[..end].to_owned());
            Some(&rest[end..])
        }
        b'@' => {
            let word = ["everyone", "here"].into_iter().find(|word| rest[1..].starts_with(word))?;
            out.plain.push('@');
            out.plain.push_str(word);
            out.mentions.push(word.to_owned());
            Some(&rest[1 + word.len()..])
        }
        _ => None,
    }
}

fn code<'a>(rest: &'a str, out: &mut Read) -> Option<&'a str> {
    let ticks = rest.len() - rest.trim_start_matches('`').len();
    if ticks >= 3 {
        let end = rest[3..].find("```")? + 3;
        let body = &rest[3..end];
        let body = match body.split_once('\n') {
            Some((language, code)) if language.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-_.".contains(&b)) => {
                code
            }
            _ => body,
        };
        out.plain.push_str(body.strip_suffix('\n').unwrap_or(body));
        return Some(&rest[end + 3..]);
    }
    let fence = &rest[..ticks];
    let mut from = ticks;
    loop {
        let at = rest[from..].find(fence)? + from;
        let run = rest[at..].len() - rest[at..].trim_start_matches('`').len();
        if run == ticks && at > ticks {
            let body = &rest[ticks..at];
            let padded = body.starts_with(" `") || body.ends_with("` ");
            out.plain.push_str(if padded { body.trim_matches(' ') } else { body });
            return Some(&rest[at + ticks..]);
        }
        from = at + run;
    }
}

fn styled<'a>(rest: &'a str, out: &mut Read) -> Option<&'a str> {
    let mark = ["***", "**", "__", "~~", "||", "*", "_"].into_iter().find(|mark| rest.starts_with(mark))?;
    let end = closing(&rest[mark.len()..], mark)? + mark.len();
    let body = &rest[mark.len()..end];
    if body.is_empty() || (mark.len() == 1 && body.starts_with(char::is_whitespace)) {
        return None;
    }
    // `snake_case` is no emphasis: an underscore inside a word stays.
    let after = &rest[end + mark.len()..];
    if mark == "_" && after.chars().next().is_some_and(char::is_alphanumeric) {
        return None;
    }
    inline(body, false, out);
    Some(after)
}

/// Where the mark that closes stands: not escaped and not inside code.
fn closing(text: &str, mark: &str) -> Option<usize> {
    let mut at = 0;
    while at < text.len() {
        let here = &text[at..];
        if let Some(escaped) = here.strip_prefix('\\') {
            at += 1 + escaped.chars().next().map_or(0, char::len_utf8);
            continue;
        }
        if here.starts_with('`') {
            let mut skipped = Read::default();
            if let Some(after) = code(here, &mut skipped) {
                at = text.len() - after.len();
                continue;
            }
        }
        if at > 0 && here.starts_with(mark) {
            return Some(at);
        }
        at += here.chars().next().map_or(1, char::len_utf8);
    }
    None
}

fn angle<'a>(rest: &'a str, out: &mut Read) -> Option<&'a str> {
    let end = rest.find('>')?;
    let body = &rest[1..end];
    let number = |text: &str| (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.to_owned());
    if let Some(id) = body.strip_prefix("@&").and_then(number) {
        out.mentions.push(format!("role:{id}"));
        out.plain.push_str(&rest[..=end]);
    } else if let Some(id) = body.strip_prefix('@').map(|id| id.trim_start_matches('!')).and_then(number) {
        out.mentions.push(format!("user:{id}"));
        out.plain.push_str(&rest[..=end]);
    } else if body.strip_prefix('#').and_then(number).is_some() {
        out.plain.push_str(&rest[..=end]);
    } else if body.starts_with("http://") || body.starts_with("https://") {
        out.links.push(body.to_owned());
        out.plain.push_str(body);
    } else {
        return None;
    }
    Some(&rest[end + 1..])
}

fn masked<'a>(rest: &'a str, out: &mut Read) -> Option<&'a str> {
    let close = closing(&rest[1..], "]")? + 1;
    let target = rest[close + 1..].strip_prefix('(')?;
    let end = target.find(')')?;
    let url = target[..end].trim_matches(['<', '>']);
    if !url.starts_with("http") {
        return None;
    }
    out.links.push(url.to_owned());
    inline(&rest[1..close], false, out);
    Some(&target[end + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_what_the_apps_show() {
        for (source, shown) in [
            ("**a** b", "a b"),
            ("\\*\\*a\\*\\*", "**a**"),
            ("`a*b*`", "a*b*"),
            ("```rust\nx\n```", "x"),
            ("snake_case_name", "snake_case_name"),
            ("[x](<https://a.b>)", "x"),
            ("# head", "head"),
            ("\\# head", "# head"),
            ("~~gone~~ \\~~x~~", "gone ~~x~~"),
        ] {
            assert_eq!(read(source).plain, shown, "{source}");
        }
    }

    #[test]
    fn tells_mentions_from_what_looks_like_one() {
        assert_eq!(read("<@12> @everyone <@&3>").mentions, ["user:12", "everyone", "role:3"]);
        assert!(read("\\<@12> \\@everyone `<@1>`").mentions.is_empty());
        assert_eq!(read("https://a.b/c_d_e").links, ["https://a.b/c_d_e"]);
        assert!(read("https\\://a.b").links.is_empty());
    }
}

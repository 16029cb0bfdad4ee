//! Purpose: text as Discord's markdown, in which outside words are nothing but words: no mention, no formatting, no hidden
//! link.

use reqwest::Url;
use yoman_chat::{Style, Text};

/// The text with its looks, as markdown.
pub(crate) fn render(text: &Text) -> String {
    draw(text, true)
}

/// The text without looks: still escaped, but never longer than twice what is seen.
pub(crate) fn render_plain(text: &Text) -> String {
    draw(text, false)
}

fn draw(text: &Text, looks: bool) -> String {
    let mut out = String::new();
    for span in &text.spans {
        match &span.style {
            Style::Bold if looks => wrapped(&mut out, &span.text, "**"),
            Style::Italic if looks => wrapped(&mut out, &span.text, "*"),
            Style::Strike if looks => wrapped(&mut out, &span.text, "~~"),
            Style::Code if looks => code(&mut out, &span.text),
            Style::Pre(language) if looks => block(&mut out, &span.text, language.as_deref()),
            Style::Link(url) if looks => link(&mut out, &span.text, url),
            Style::Quote => escape(&mut out, &span.text, false),
            _ => escape(&mut out, &span.text, true),
        }
    }
    out
}

/// Appends `text` so that it shows as it is. With `links` a web address stays one.
fn escape(out: &mut String, text: &str, links: bool) {
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if links && (rest.starts_with("https://") || rest.starts_with("http://")) && !ends_in_word(out) {
            // An address is read whole, before any formatting: a backslash inside would become part of it.
            let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '`')).unwrap_or(rest.len());
            let (url, after) = rest.split_at(end);
            out.push_str(url);
            rest = after;
            continue;
        }
        let line_start = at_line_start(out);
        let special = match c {
            '\\' | '*' | '_' | '~' | '`' | '|' | '<' | '[' | ']' => true,
            '@' => rest[1..].starts_with("everyone") || rest[1..].starts_with("here"),
            ':' => !links && rest.starts_with("://"),
            '>' | '#' | '-' | '+' => line_start,
            '.' | ')' => after_line_number(out),
            _ => false,
        };
        if special {
            out.push('\\');
        }
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
}

fn ends_in_word(out: &str) -> bool {
    out.chars().next_back().is_some_and(char::is_alphanumeric)
}

fn line(out: &str) -> &str {
    out.rsplit('\n').next().unwrap_or_default()
}

fn at_line_start(out: &str) -> bool {
    line(out).trim().is_empty()
}

/// `1.` at the start of a line would make a list of it, and number it anew.
fn after_line_number(out: &str) -> bool {
    let number = line(out).trim_start();
    !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
}

fn wrapped(out: &mut String, text: &str, mark: &str) {
    let inner = text.trim();
    // A mark that meets the same character before it would be read together with it.
    if inner.is_empty() || out.ends_with(&mark[..1]) || inner.contains('\n') {
        escape(out, text, true);
        return;
    }
    let at = text.len() - text.trim_start().len();
    out.push_str(&text[..at]);
    out.push_str(mark);
    escape(out, inner, true);
    out.push_str(mark);
    out.push_str(&text[at + inner.len()..]);
}

fn code(out: &mut String, text: &str) {
    if text.trim().is_empty() || out.ends_with('`') {
        escape(out, text, true);
        return;
    }
    let runs = text.split(|c| c != '`').map(str::len);
    let longest = runs.max().unwrap_or(0);
    // Three would begin a block.
    if longest >= 2 {
        escape(out, text, true);
        return;
    }
    let fence = if longest == 0 { "`" } else { "``" };
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    out.push_str(fence);
    out.push_str(pad);
    out.push_str(text);
    out.push_str(pad);
    out.push_str(fence);
}

fn block(out: &mut String, text: &str, language: Option<&str>) {
    if text.trim().is_empty() {
        escape(out, text, true);
        return;
    }
    let language = language.unwrap_or_default();
    let legal = language.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'_'));
    out.push_str("```");
    out.push_str(if legal { language } else { "" });
    out.push('\n');
    // The end of a block cannot be escaped inside it: a space that is not seen parts the marks.
    out.push_str(&text.replace("```", "`\u{200b}`\u{200b}`"));
    if !text.ends_with('\n') {
        out.push('\n');
    }
    out.push_str("```");
}

fn link(out: &mut String, text: &str, url: &str) {
    let url = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some());
    match url {
        Some(url) if !text.trim().is_empty() => {
            out.push('[');
            escape(out, text, false);
            out.push_str("](<");
            out.push_str(&url.as_str().replace(')', "%29").replace('(', "%28").replace('>', "%3E").replace(' ', "%20"));
            out.push_str(">)");
        }
        _ => escape(out, text, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        render(&text.into())
    }

    #[test]
    fn outside_words_are_words() {
        assert_eq!(plain("*a* _b_ ~~c~~ `d` ||e||"), "\\*a\\* \\_b\\_ \\~\\~c\\~\\~ \\`d\\` \\|\\|e\\|\\|");
        assert_eq!(plain("<@1> <@&2> <#3> @everyone @here @kim"), "\\<@1> \\<@&2> \\<#3> \\@everyone \\@here @kim");
        assert_eq!(plain("[gift](https://evil)"), "\\[gift\\](https://evil)");
        assert_eq!(plain("# a\n> b\n- c\n1. d\n-# e"), "\\# a\n\\> b\n\\- c\n1\\. d\n\\-# e");
        assert_eq!(plain("a-b c#d 1.5"), "a-b c#d 1.5");
    }

    #[test]
    fn an_address_stays_whole_and_in_a_quote_is_none() {
        assert_eq!(plain("see https://a.b/c_d_e ok"), "see https://a.b/c_d_e ok");
        let mut text = Text::new();
        text.push(Style::Quote, "https://a.b/c_d");
        assert_eq!(render(&text), "https\\://a.b/c\\_d");
    }

    #[test]
    fn looks_become_marks() {
        let mut text = Text::new();
        text.push(Style::Bold, "a*b ").push(Style::Italic, "c").plain(" ").push(Style::Code, "x`y");
        assert_eq!(render(&text), "**a\\*b** *c* ``x`y``");
        let mut text = Text::new();
        text.push(Style::Pre(Some("rust".into())), "let a = 1;").push(Style::Link("https://a.b/(x)".into()), "here");
        assert_eq!(render(&text), "```rust\nlet a = 1;\n```[here](<https://a.b/%28x%29>)");
        let mut text = Text::new();
        text.push(Style::Link("javascript:x".into()), "a").push(Style::Pre(None), "```x");
        assert_eq!(render(&text), "a```\n`\u{200b}`\u{200b}`x\n```");
    }

    #[test]
    fn without_looks_nothing_more_than_doubles() {
        let text: Text = "*_`<[".repeat(300).as_str().into();
        assert!(render_plain(&text).chars().count() <= 3_000);
    }
}

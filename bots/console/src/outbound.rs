//! What is shown, as characters: spans, buttons as words to type, and nothing that could drive the terminal.

use yoman_chat::{Button, Outbound, Span, Style, Text};

/// A message and its buttons share a line up to this width; beyond it the buttons get a line of their own.
const LINE_COLUMNS_MAX: usize = 110;

/// How things may look here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    /// ANSI colours may be used.
    pub(crate) colours: bool,
}

impl Look {
    /// No escape sequence at all.
    pub(crate) const PLAIN: Self = Self { colours: false };

    fn paint(self, out: &mut String, code: &str, text: &str) {
        // Styles end with each line: a pager or a scrolled terminal then never shows a line in a style begun above it.
        for (n, line) in text.split('\n').enumerate() {
            if n > 0 {
                out.push('\n');
            }
            if self.colours && !code.is_empty() && !line.is_empty() {
                out.push_str("\u{1b}[");
                out.push_str(code);
                out.push('m');
                out.push_str(line);
                out.push_str("\u{1b}[0m");
            } else {
                out.push_str(line);
            }
        }
    }
}

/// The message as it is printed, ending with a line feed.
pub(crate) fn render(message: &Outbound, look: Look) -> String {
    let mut out = render_text(&message.text, look);
    out.truncate(out.trim_end_matches('\n').len());

    let rows: Vec<Vec<String>> = message.buttons.iter().map(|row| row.iter().map(typeable).collect()).collect();
    let columns: usize = message.text.to_plain().chars().count()
        + rows.iter().flatten().map(|words| words.chars().count() + 4).sum::<usize>();
    let beside = rows.len() == 1 && !out.is_empty() && !out.contains('\n') && columns + 4 <= LINE_COLUMNS_MAX;
    for row in rows {
        match (beside, out.is_empty()) {
            (true, _) => out.push_str("      "),
            (false, true) => out.push_str("  "),
            (false, false) => out.push_str("\n  "),
        }
        for (n, words) in row.iter().enumerate() {
            if n > 0 {
                out.push_str("  ");
            }
            look.paint(&mut out, "36", &format!("[{words}]"));
        }
    }
    if let Some(picture) = &message.picture {
        // A terminal shows none: where it is kept, for a day.
        look.paint(&mut out, "2", &format!("\n[picture: state/pictures/{}.png]", neutral(&picture.sha256)));
    }
    out.push('\n');
    out
}

/// A notice of the console itself.
pub(crate) fn notice(text: &str, look: Look) -> String {
    let mut out = String::new();
    look.paint(&mut out, "33", &neutral(text));
    out.push('\n');
    out
}

fn render_text(text: &Text, look: Look) -> String {
    let mut out = String::new();
    let mut after_block = false;
    for Span { text, style } in &text.spans {
        let shown = neutral(text);
        let block = matches!(style, Style::Pre(_));
        if (block || after_block) && !out.is_empty() && !out.ends_with('\n') && !shown.starts_with('\n') {
            out.push('\n');
        }
        after_block = block;
        match style {
            Style::Plain | Style::Quote | Style::Pre(_) => out.push_str(&shown),
            Style::Bold => look.paint(&mut out, "1", &shown),
            Style::Italic => look.paint(&mut out, "3", &shown),
            Style::Strike => look.paint(&mut out, "9", &shown),
            Style::Dim => look.paint(&mut out, "2", &shown),
            Style::Code => look.paint(&mut out, "33", &shown),
            Style::Item => look.paint(&mut out, "1;36", &shown),
            Style::Link(to) => {
                look.paint(&mut out, "4", &shown);
                let to = neutral(to).replace('\n', "␊");
                if to != shown {
                    out.push_str(" (");
                    out.push_str(&to);
                    out.push(')');
                }
            }
        }
    }
    out
}

/// What a person can type to get what the button does. There is nothing to press here, so a label that is no command
/// ("Take back both") would be a dead end: the command it carries is shown instead, without the `/` that is not needed
/// here and without the version, which only a button can know. The versions behind `undo` are what it takes back: they stay.
fn typeable(button: &Button) -> String {
    let label = neutral(button.label.trim()).replace('\n', " ");
    let Some(command) = button.data.strip_prefix('/').filter(|command| !command.contains('\n')) else {
        return label;
    };
    let command = if command.starts_with("undo ") { neutral(command) } else { neutral(&without_versions(command)) };
    let said = label.strip_prefix('/').unwrap_or(&label);
    if said.to_lowercase() == command.to_lowercase() { label } else { command }
}

/// `done T2@4 anyway` -> `done T2 anyway`.
fn without_versions(command: &str) -> String {
    let mut out = String::with_capacity(command.len());
    for (n, word) in command.split(' ').enumerate() {
        if n > 0 {
            out.push(' ');
        }
        out.push_str(match word.split_once('@') {
            Some((item, version)) if is_item(item) && is_number(version) => item,
            _ => word,
        });
    }
    out
}

fn is_item(word: &str) -> bool {
    word.split_at_checked(1).is_some_and(|(letter, number)| {
        matches!(letter, "I" | "R" | "T" | "P" | "i" | "r" | "t" | "p") && is_number(number)
    })
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit())
}

/// The same text with everything made visible that a terminal would obey: control characters, and the marks that turn
/// the direction of writing (they can make a line read as what it is not). Line feeds and tabs stay.
fn neutral(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\n' | '\t' => out.push(c),
            '\r' if rest.peek() == Some(&'\n') => {}
            '\u{0}'..='\u{1f}' => out.push(char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}')),
            '\u{7f}' => out.push('\u{2421}'),
            '\u{80}'..='\u{9f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}' => {
                out.push('\u{fffd}');
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(message: &Outbound) -> String {
        render(message, Look::PLAIN)
    }

    #[test]
    fn buttons_stand_beside_a_single_line() {
        let message = Outbound::text("Not done: T2 still waits for T1 (Fix login).")
            .row(vec![Button::new("done T1", "/done T1@3"), Button::new("done T2 anyway", "/done T2@4 anyway")]);
        assert_eq!(shown(&message), "Not done: T2 still waits for T1 (Fix login).      [done T1]  [done T2 anyway]\n");
    }

    #[test]
    fn buttons_stand_under_several_lines_or_a_long_one() {
        let row = vec![Button::new("Refine", "/refine I1@1"), Button::new("Research", "/promote I1@1")];
        assert_eq!(
            shown(&Outbound::text("I1 captured\n  Offline mode").row(row.clone())),
            "I1 captured\n  Offline mode\n  [refine I1]  [promote I1]\n"
        );
        let long = "x".repeat(100);
        assert_eq!(shown(&Outbound::text(long.clone()).row(row)), format!("{long}\n  [refine I1]  [promote I1]\n"));
    }

    #[test]
    fn a_button_shows_what_can_be_typed() {
        for (label, data, words) in [
            ("done T1", "/done T1", "done T1"),
            ("Done T1", "/done T1@12", "Done T1"),
            ("/todo Fix logout", "/todo Fix logout", "/todo Fix logout"),
            ("Take back both", "/undo T9@5 T14@3", "undo T9@5 T14@3"),
            ("Bring it back", "/undo T1@4", "undo T1@4"),
            ("Mail", "/note T1 write to kim@example", "note T1 write to kim@example"),
            ("Next page", "page:2", "Next page"),
            ("Both", "/done T1\n/done T2", "Both"),
        ] {
            assert_eq!(typeable(&Button::new(label, data)), words, "{label} {data}");
        }
    }

    #[test]
    fn outside_text_never_drives_the_terminal() {
        let message = Outbound::text("a\u{1b}[2Jb\u{7}c\u{9b}31md\re\r\nf\u{202e}g\0\u{7f}")
            .row(vec![Button::new("x", "/note T1 \u{1b}]0;title\u{7}")]);
        let out = render(&message, Look::PLAIN);
        assert_eq!(out, "a␛[2Jb␇c\u{fffd}31md␍e\nf\u{fffd}g␀␡\n  [note T1 ␛]0;title␇]\n");
        let coloured = render(&message, Look { colours: true });
        assert_eq!(coloured.matches('\u{1b}').count(), 2, "only the colour of the button: {coloured:?}");
    }

    #[test]
    fn looks_are_for_terminals_only_and_end_with_each_line() {
        let mut text = Text::new();
        text.push(Style::Bold, "one\ntwo").plain(" ").item("T7").push(Style::Link("https://x.test".into()), "site");
        let message = Outbound::text(text);
        assert_eq!(shown(&message), "one\ntwo T7site (https://x.test)\n");
        assert_eq!(
            render(&message, Look { colours: true }),
            "\u{1b}[1mone\u{1b}[0m\n\u{1b}[1mtwo\u{1b}[0m \u{1b}[1;36mT7\u{1b}[0m\u{1b}[4msite\u{1b}[0m (https://x.test)\n"
        );
    }

    #[test]
    fn a_block_begins_and_ends_a_line() {
        let mut text = Text::new();
        text.plain("Board").push(Style::Pre(None), "T1  a\nT2  b").plain("that is all");
        assert_eq!(shown(&Outbound::text(text)), "Board\nT1  a\nT2  b\nthat is all\n");
    }
}

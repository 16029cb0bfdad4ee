//! What holds for every text and every command.

use std::time::{Duration, Instant};

use proptest::{collection::vec, prelude::*, sample::select};

use super::{
    any::{any_command, instant, text, zone},
    *,
};
use crate::lang::Lang;

/// Every way in and out, with one text.
fn everything(text: &str, context: &Context) {
    let shown = |fault: Fault| {
        assert!(fault.input.get(fault.at.clone()).is_some(), "{fault:?}");
        assert!(!fault.what.to_string().is_empty() && fault.meant.len() <= 3);
        assert!(!fault.say(Lang::Korean).is_empty());
        for meant in &fault.meant {
            assert!(parse(meant, context).is_ok(), "{fault:?}");
        }
        let _ = fault.to_string();
    };
    let stable = |command: &Command| {
        let printed = command.to_text(context.time_zone);
        assert_eq!(parse(&printed, context), Ok(Said::Command(command.clone())), "{text:?} {printed:?}");
        assert_eq!(split(&printed, context), [printed.as_str()]);
    };
    match parse(text, context) {
        Ok(Said::Command(command)) => stable(&command),
        Ok(Said::Words(_)) => {}
        Err(fault) => shown(fault),
    }
    match parse_reply(text, target("T7"), context) {
        Ok(Said::Command(command)) => stable(&command),
        Ok(Said::Words(_)) => {}
        Err(fault) => shown(fault),
    }
    match draft(text, context) {
        Ok(draft) => stable(&Command::Create { bucket: Bucket::Todo, draft }),
        Err(fault) => shown(fault),
    }
    let _ = help(Some(text), Lang::English).map_err(shown);
    let _ = when::due(text, context).map_err(|fault| fault.advice("due:", context));
    let _ = when::instant(text, context, when::Direction::Past);
    assert_eq!(split(text, context).concat().trim(), text.trim());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_printed_is_read_again(command in any_command(), time_zone in zone(), bare_verbs: bool) {
        let context = Context { time_zone, bare_verbs, ..context() };
        let text = command.to_text(time_zone);
        prop_assert_eq!(parse(&text, &context), Ok(Said::Command(command)), "{}", &text);
        prop_assert_eq!(split(&text, &context), [text.as_str()], "one command is one part");
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,60}", time_zone in zone()) {
        everything(&text, &Context { time_zone, ..context() });
    }

    #[test]
    fn any_bytes_are_read_or_refused(text in any::<String>(), bare_verbs: bool) {
        everything(&text, &Context { bare_verbs, ..context() });
    }

    #[test]
    fn what_is_nearly_a_command_is_read_or_refused(
        verb in select(verbs()),
        slash in select(&["/", "", " /", "T7 ", "/T7 ", "\n/"][..]),
        behind in select(&[" ", ":", ": ", "\n", "@", "", "\r\n"][..]),
        rest in text(),
        space in select(&[" ", "\u{a0}", "\u{3000}", "\u{2003}", "\t"][..]),
        bare_verbs: bool,
        time_zone in zone(),
    ) {
        let text = format!("{slash}{}{behind}{rest}", verb.word);
        everything(&text, &Context { bare_verbs, time_zone, ..context() });
        everything(&text.replace(' ', space), &Context { bare_verbs, time_zone, ..context() });
    }

    #[test]
    fn dates_of_any_words(words in vec(select(&[
        "fri", "next", "last", "in", "2", "weeks", "ago", "9:00", "5pm", "pm", "27", "nov", "2026", "2026-12-01", "9999", "years", "+01:00", "at", "month", "t", "2h", "13:61z", "0", "/", "1/2", "30", "feb", "now",
    ][..]), 1..5), joint in select(&[" ", "", ","][..]), time_zone in zone(), now in instant()) {
        let context = Context { now, time_zone, bare_verbs: false };
        let text = words.join(joint);
        if let Ok(due) = when::due(&text, &context) {
            let again = token::print_due(due, time_zone);
            prop_assert_eq!(when::due(&again, &context), Ok(due), "{} {}", text, again);
        }
        for direction in [when::Direction::Past, when::Direction::Future] {
            let _ = when::instant(&text, &context, direction);
        }
    }
}

/// Found by fuzzing: the space before the last word behind `at` may be several bytes long.
#[test]
fn words_may_stand_apart_by_any_space() {
    let spaced = |space: &str| format!("/list at{space}last{space}friday{space}page:2").replace(" ", space);
    let wanted = parse(&spaced(" "), &context());
    for space in ["\u{a0}", "\u{3000}", "\u{2003}", "\t"] {
        assert_eq!(parse(&spaced(space), &context()), wanted, "{space:?}");
        everything(&format!("/list at  {space}   !high"), &context());
    }
}

#[test]
fn a_very_long_text_is_read_or_refused_in_bounded_time() {
    let pieces = [
        "a",
        "가",
        "#x ",
        "\"",
        "\\\" ",
        "\\#\" ",
        "`",
        "`` ",
        "due:\"",
        "\\",
        "/todo\n",
        "- [ ] x\n",
        "T7 ",
        "@",
        "\n",
        "\\/",
        "x\r\n",
        "#\"",
    ];
    let mut slowest = (Duration::ZERO, String::new());
    for piece in pieces {
        for length in [30_000, 1_000_000] {
            let long = piece.repeat(length / piece.len());
            let verbs = ["", "/todo ", "/list ", "/note ", "/need "];
            for before in &verbs[..if length > 30_000 { 1 } else { verbs.len() }] {
                let text = format!("{before}{long}");
                let begin = Instant::now();
                let _ = parse(&text, &context()).map_err(|fault| fault.to_string());
                let _ = parse_reply(&text, target("T7"), &context());
                let _ = draft(&text, &context());
                let _ = split(&text, &context());
                let _ = when::due(&text, &context());
                slowest = slowest.max((begin.elapsed(), format!("{before}{piece} {length}")));
            }
        }
    }
    assert!(slowest.0 < Duration::from_secs(3), "{slowest:?}");
}

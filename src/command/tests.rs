//! What is said and what it is taken for.

use chrono::{TimeZone, Utc};
use chrono_tz::Tz;

use super::*;

mod any;
mod korean;
mod korean_dates;
mod past;
mod properties;
mod said;
mod times;

/// Friday, 20 November 2026, 14:02:11 in Seoul.
fn context() -> Context {
    Context {
        now: Utc.with_ymd_and_hms(2026, 11, 20, 5, 2, 11).unwrap(),
        time_zone: Tz::Asia__Seoul,
        bare_verbs: false,
    }
}

fn console() -> Context {
    Context { bare_verbs: true, ..context() }
}

#[track_caller]
fn command(text: &str) -> Command {
    match parse(text, &context()) {
        Ok(Said::Command(command)) => command,
        other => panic!("{text:?} is {other:?}"),
    }
}

#[track_caller]
fn words(text: &str) {
    assert_eq!(parse(text, &context()), Ok(Said::Words(text.to_owned())));
}

#[track_caller]
fn fault(text: &str) -> String {
    parse(text, &context()).expect_err(text).to_string()
}

/// What is said comes out like this when it is printed, and stays so.
#[track_caller]
fn becomes(text: &str, canonical: &str) {
    let said = command(text);
    let printed = said.to_text(context().time_zone);
    assert_eq!(printed, canonical, "{text:?}");
    assert_eq!(command(&printed), said);
}

fn target(text: &str) -> Target {
    args::target(text).unwrap()
}

#[track_caller]
fn reply(text: &str) -> Option<String> {
    match parse_reply(text, target("T7@5"), &context()).unwrap() {
        Said::Command(command) => Some(command.to_text(context().time_zone)),
        Said::Words(words) => {
            assert_eq!(words, text.trim());
            None
        }
    }
}

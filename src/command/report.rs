//! `/report`: run one, send one, take one away. What a report is stands in `report`.

use std::{ops::Range, sync::Arc};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::{
    Command, Fault, Look, Moment, ReportCommand,
    args::{Args, print_text},
    draft::lines,
    korean,
    moment::as_of,
    when::{self, Direction},
    word::{QUOTES, Word, quote, quoted},
};
use crate::domain::report::ReportName;
use crate::lang::wording;

/// The most words a script is given.
const WORDS_MAX: usize = 10;
/// The longest of them, in characters.
const WORD_CHARS_MAX: usize = 200;
/// The most words that say when.
const WHEN_WORDS_MAX: usize = 6;

/// `/report`, `/report name [words] [at when]`, `/report save name` and the script, `/report remove name`
pub(super) fn report(args: &mut Args<'_>) -> Result<Command, Fault> {
    let Some(word) = args.next() else { return Ok(Command::Look(Look::Reports)) };
    match korean::english(word.raw, korean::WORDS).to_ascii_lowercase().as_str() {
        "save" => {
            let name = some_name(args)?;
            let script = script(args);
            Ok(Command::Report(ReportCommand::Save { name, script }))
        }
        "remove" => {
            let name = some_name(args)?;
            args.finish()?;
            Ok(Command::Report(ReportCommand::Remove { name }))
        }
        _ => run(name(args, &word)?, args),
    }
}

fn some_name(args: &mut Args<'_>) -> Result<ReportName, Fault> {
    let word = args.next().ok_or_else(|| args.missing(wording!("fault-which-report")))?;
    name(args, &word)
}

fn name(args: &Args<'_>, word: &Word<'_>) -> Result<ReportName, Fault> {
    ReportName::new(word.raw).map_err(|_| args.at(word, wording!("fault-report-name")))
}

fn run(name: ReportName, args: &mut Args<'_>) -> Result<Command, Fault> {
    let (mut words, mut at) = (Vec::new(), None);
    loop {
        if let (true, Some(Some(Moment::At(instant)))) = (at.is_none(), as_of(&mut args.clone())) {
            let start = args.rest.start;
            as_of(args);
            if instant > args.context.now {
                return Err(args.fault(start..args.rest.start, wording!("fault-to-come")));
            }
            at = Some(instant);
        }
        let Some(word) = args.next() else { break };
        let text = quoted(word.raw);
        if text.is_none() && word.raw.eq_ignore_ascii_case("at") {
            if at.is_some() {
                return Err(args.at(&word, wording!("fault-time-twice")));
            }
            at = Some(moment(args, &word)?);
            continue;
        }
        let text = text.unwrap_or_else(|| word.raw.to_owned());
        if words.len() == WORDS_MAX {
            return Err(args.at(&word, wording!("fault-report-words", most = WORDS_MAX)));
        }
        if text.chars().nth(WORD_CHARS_MAX).is_some() {
            return Err(args.at(&word, wording!("fault-long", most = WORD_CHARS_MAX)));
        }
        words.push(text);
    }
    Ok(Command::Look(Look::Report { name, words, at }))
}

/// The instant behind `at`: as many words as say one.
fn moment(args: &mut Args<'_>, at: &Word<'_>) -> Result<DateTime<Utc>, Fault> {
    let ends: Vec<usize> = args.words().take(WHEN_WORDS_MAX).map(|word| word.at.end).collect();
    let text = |end: usize| args.input.get(at.at.end..end).unwrap_or_default();
    for &end in ends.iter().rev() {
        if let Ok(instant) = when::instant(text(end), args.context, Direction::Past) {
            if instant > args.context.now {
                return Err(args.fault(at.at.start..end, wording!("fault-to-come")));
            }
            args.rest.start = end;
            return Ok(instant);
        }
    }
    let whole: Range<usize> = at.at.start..ends.last().copied().unwrap_or(at.at.end);
    match when::instant(text(whole.end), args.context, Direction::Past) {
        Err(wrong) if !ends.is_empty() => Err(args.fault(whole, wrong.advice_past("at ", args.context))),
        _ => Err(args.missing(wording!("fault-at-what-time"))),
    }
}

/// All that is left. Somebody may have written it as a block of code.
fn script(args: &mut Args<'_>) -> Arc<str> {
    let rest = args.rest.clone();
    args.rest.start = args.rest.end;
    let mut script = String::new();
    for (index, (_, line)) in lines(args.input, rest).enumerate() {
        if index > 0 {
            script.push('\n');
        }
        let escaped = index > 0 && line.starts_with('\\') && line.trim_start_matches('\\').starts_with('/');
        script.push_str(if escaped { &line[1..] } else { line });
    }
    let script = script.replace('\r', "\n");
    let mut script = script.trim();
    while let Some(inside) = block(script) {
        script = inside;
    }
    script.into()
}

/// What stands in a block of code, if all of it is one.
fn block(text: &str) -> Option<&str> {
    let inside = text.strip_prefix("```")?.strip_suffix("```")?;
    inside.split_once('\n').map(|(_, inside)| inside.trim())
}

/// What reads as this command.
pub(super) fn print(command: &ReportCommand) -> String {
    match command {
        ReportCommand::Save { name, script } => {
            let below = if script.is_empty() { String::new() } else { print_text(&format!("\n{script}")) };
            format!("/report save {name}{below}")
        }
        ReportCommand::Remove { name } => format!("/report remove {name}"),
    }
}

/// What reads as this look.
pub(super) fn print_look(name: &ReportName, words: &[String], at: Option<DateTime<Utc>>, time_zone: Tz) -> String {
    let mut text = format!("/report {name}");
    for word in words {
        let bare = !word.is_empty()
            && !word.contains(char::is_whitespace)
            && !word.contains(QUOTES)
            && !word.eq_ignore_ascii_case("at")
            && !word.ends_with(korean::AS_OF);
        text.push(' ');
        text.push_str(&if bare { word.clone() } else { quote(word) });
    }
    if let Some(at) = at {
        text.push_str(&format!(" at {}", when::print(at, time_zone)));
    }
    text
}

//! Moments of the past: `at <when>`, `at #4812`, and what lies between two of them: `2026-10-01..2026-11-01`.
//!
//! A moment is an instant in the room's time zone (a day is its beginning) or a position in the log. Behind `at` it takes
//! all that follows but a `page:2`. Where words follow, as in `/diff last friday #auth`, it is the longest beginning that
//! can be read as one; in the canonical text two dots end it. In Korean the moment stands first: `지난 금요일 기준`.

use chrono::{DateTime, NaiveTime, Utc};
use chrono_tz::Tz;

use super::{
    Context, Fault, Moment,
    args::Args,
    filter, korean,
    token::is_token,
    when::{self, Direction, WhenFault},
    word::{QUOTES, Word},
};
use crate::lang::wording;

/// The most words a moment is said in: `3 months ago at 5:30 pm`.
const WORDS_MAX: usize = 6;
/// Between two moments.
const DOTS: &str = "..";

/// What lies between two moments; an end that is not said is now.
pub(super) type Span = (Option<Moment>, Option<Moment>);

/// The moment that a text is.
pub(super) fn moment(text: &str, context: &Context) -> Result<Moment, WhenFault> {
    let text = text.trim();
    let number = text.strip_prefix('#').or_else(|| {
        let (word, number) = text.split_once(char::is_whitespace)?;
        korean::is(word, "position").then(|| number.trim_start().trim_start_matches('#'))
    });
    if let Some(number) = number {
        let digits = number.replace(',', "");
        let fits = !digits.is_empty() && digits.len() <= 18 && digits.bytes().all(|byte| byte.is_ascii_digit());
        let position = fits.then(|| digits.parse().ok()).flatten();
        return position.map(Moment::Position).ok_or_else(|| WhenFault::Unreadable(text.chars().take(32).collect()));
    }
    when::instant(text, context, Direction::Past).map(Moment::At)
}

/// The canonical text of a moment: one word, a whole day without its time.
pub(super) fn print(moment: Moment, time_zone: Tz) -> String {
    match moment {
        Moment::Position(position) => format!("#{position}"),
        Moment::At(at) => {
            let text = when::print(at, time_zone);
            match text.strip_suffix("T00:00") {
                Some(day) if begins_day(at, time_zone) => day.to_owned(),
                _ => text,
            }
        }
    }
}

/// Whether a day, said alone, means this instant.
fn begins_day(at: DateTime<Utc>, time_zone: Tz) -> bool {
    at.with_timezone(&time_zone).time() == NaiveTime::MIN
}

/// What is printed behind a look at a moment.
pub(super) fn print_at(at: Option<Moment>, time_zone: Tz) -> String {
    at.map_or_else(String::new, |at| format!(" at {}", print(at, time_zone)))
}

/// `FROM..TO`; nothing when neither is said.
pub(super) fn print_span((from, to): Span, time_zone: Tz) -> String {
    let text = |moment: Option<Moment>| moment.map_or_else(String::new, |it| print(it, time_zone));
    if from.is_none() && to.is_none() { String::new() } else { format!(" {}{DOTS}{}", text(from), text(to)) }
}

/// How `at` is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    /// It is the past; one that cannot be read is a fault.
    Past,
    /// It is the past when it can be read, and a word like others when not.
    PastOrWord,
    /// The past cannot be had.
    Never,
}

/// What stands behind an `at`.
pub(super) enum Behind {
    /// A moment; `None`: now.
    Moment(Option<Moment>),
    /// No moment: it was a word like others.
    Words,
}

/// Reads `at <when>` where `word` is the `at` that was just taken.
pub(super) fn behind_at(args: &mut Args<'_>, word: &Word<'_>, how: At) -> Result<Behind, Fault> {
    let rest = args.rest.clone();
    let (text, page) = without_page(args.input.get(rest.clone()).unwrap_or_default());
    let now = text.trim().eq_ignore_ascii_case("now");
    match moment(text, args.context) {
        Ok(_) if how == At::Never => Err(args.fault(word.at.start..rest.end, wording!("fault-no-past"))),
        Ok(moment) => {
            args.rest.start = rest.start + page;
            Ok(Behind::Moment(if now { None } else { Some(moment) }))
        }
        Err(_) if how != At::Past => Ok(Behind::Words),
        Err(wrong) => Err(args.fault(word.at.start..rest.end, wrong.advice_past("at ", args.context))),
    }
}

/// Takes `지난 금요일 기준` off the front of the words, the Korean `at last friday`. `Some(None)` is now.
#[expect(clippy::option_option, reason = "now is a moment that is said, and none that is looked at")]
pub(super) fn as_of(args: &mut Args<'_>) -> Option<Option<Moment>> {
    let words: Vec<_> = args.words().take(WORDS_MAX + 1).collect();
    let end = words.iter().find(|word| word.raw.ends_with(korean::AS_OF))?;
    let text = args.input.get(words.first()?.at.start..end.at.end)?.strip_suffix(korean::AS_OF)?.trim();
    let found = if korean::is(text, "now") { None } else { Some(moment(text, args.context).ok()?) };
    args.rest.start = end.at.end;
    Some(found)
}

/// A text without the `page:2` at its end, and where that begins.
fn without_page(text: &str) -> (&str, usize) {
    let trimmed = text.trim_end();
    // The last word, whatever space stands before it: some are several bytes.
    let start = trimmed.len() - trimmed.rsplit(char::is_whitespace).next().map_or(0, str::len);
    if filter::page(&trimmed[start..]).is_some() { (&trimmed[..start], start) } else { (text, text.len()) }
}

/// Takes the longest beginning that is a moment off the words: how many bytes of `text` it is.
pub(super) fn longest(args: &mut Args<'_>) -> Option<Moment> {
    let words: Vec<_> = args.words().take(WORDS_MAX).collect();
    let start = words.first()?.at.start;
    for word in words.iter().rev() {
        let text = args.input.get(start..word.at.end)?;
        // Two of them are told apart by quotes, too: "last friday" yesterday.
        let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
        if let Ok(moment) = moment(text, args.context) {
            args.rest.start = word.at.end;
            return Some(moment);
        }
    }
    None
}

/// Takes `FROM..TO` off the words; either end may be left out, and there may be spaces around the dots. `None` when the words
/// do not begin like that, a fault when what stands before the dots in the very first word is no moment.
pub(super) fn span(args: &mut Args<'_>) -> Option<Result<Span, Fault>> {
    let words: Vec<_> = args.words().take(WORDS_MAX + 1).collect();
    let first = words.first()?;
    if first.raw.starts_with(['"', '\\']) {
        return None;
    }
    let with_dots = words.iter().find(|word| word.raw.contains(DOTS))?;
    // `in:"a.."` is a project, `#a..b` a tag, `#12..` a position.
    let token = is_token(with_dots.raw);
    if with_dots.raw.contains(QUOTES) || (token && !with_dots.raw.starts_with('#')) {
        return None;
    }
    let dots = with_dots.at.start + with_dots.raw.find(DOTS)?;
    let (input, context) = (args.input, args.context);
    let before = input.get(first.at.start..dots)?.trim();
    let from = match before {
        "" => None,
        text => match moment(text, context) {
            Ok(from) => Some(from),
            Err(wrong) if first.at.contains(&dots) && !token => {
                return Some(Err(args.at(first, wrong.advice_past("", context))));
            }
            Err(_) => return None,
        },
    };
    let spaced = with_dots.raw.starts_with(DOTS) && with_dots.at != first.at;
    let closed = with_dots.raw.ends_with(DOTS) && !spaced;
    if from.is_none() && closed {
        return None;
    }
    args.rest.start = dots + DOTS.len();
    if closed {
        return Some(Ok((from, None)));
    }
    let next = args.words().next();
    if next.as_ref().is_some_and(|word| word.raw.eq_ignore_ascii_case("now")) {
        args.next();
        return Some(Ok((from, None)));
    }
    match (longest(args), next) {
        (None, Some(_)) if token => {
            args.rest.start = first.at.start;
            None
        }
        (None, Some(word)) if !spaced => {
            let wrong = WhenFault::Unreadable(word.raw.chars().take(32).collect());
            Some(Err(args.fault(first.at.start..word.at.end, wrong.advice_past("", context))))
        }
        (to, _) => Some(Ok((from, to))),
    }
}

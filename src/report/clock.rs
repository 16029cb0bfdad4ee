//! Instants and lengths of time in the words of the room's time zone, for scripts: they get seconds and show words.

use chrono::{DateTime, Datelike, Timelike, Utc};
use chrono_tz::Tz;
use rhai::{Engine, EvalAltResult, ImmutableString, Position};

type Said = Result<ImmutableString, Box<EvalAltResult>>;

/// Gives an engine the words of this zone.
pub(super) fn register(engine: &mut Engine, zone: Tz) {
    let text = move |at: i64, format: &'static str| -> Said {
        let local = instant(at)?.with_timezone(&zone);
        Ok(local.format(format).to_string().into())
    };
    engine.register_fn("day", move |at: i64| text(at, "%Y-%m-%d"));
    engine.register_fn("month", move |at: i64| text(at, "%Y-%m"));
    engine.register_fn("week", move |at: i64| text(at, "%G-W%V"));
    engine.register_fn("weekday", move |at: i64| text(at, "%a"));
    engine.register_fn("time", move |at: i64| text(at, "%H:%M"));
    engine.register_fn("moment", move |at: i64| text(at, "%Y-%m-%d %H:%M"));
    engine.register_fn("iso", move |at: i64| text(at, "%Y-%m-%dT%H:%M:%S%:z"));
    engine.register_fn("hour", move |at: i64| -> Result<i64, Box<EvalAltResult>> {
        Ok(instant(at)?.with_timezone(&zone).hour().into())
    });
    engine.register_fn("span", span);
}

/// Years as people write them: four digits.
fn instant(at: i64) -> Result<DateTime<Utc>, Box<EvalAltResult>> {
    let instant = DateTime::from_timestamp(at, 0).filter(|at| (0..=9999).contains(&at.year()));
    instant.ok_or_else(|| {
        Box::new(EvalAltResult::ErrorRuntime(
            format!("{at} is no instant in seconds since 1970").into(),
            Position::NONE,
        ))
    })
}

/// `3 d 4 h`, `2 h 5 min`, `12 s`: the two largest units.
pub(super) fn span(seconds: i64) -> ImmutableString {
    let mut rest = seconds.unsigned_abs();
    let mut parts = Vec::new();
    for (size, unit) in [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")] {
        if rest >= size {
            parts.push(format!("{} {unit}", rest / size));
            rest %= size;
        } else if !parts.is_empty() {
            break;
        }
        if parts.len() == 2 {
            break;
        }
    }
    let text = if parts.is_empty() { "0 s".to_owned() } else { parts.join(" ") };
    if seconds < 0 { format!("-{text}").into() } else { text.into() }
}

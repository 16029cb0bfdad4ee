//! Dates. Now is Friday, 20 November 2026, 14:02:11 in Seoul.

use chrono::{DateTime, NaiveDate};

use super::{when::*, *};
use crate::domain::Due;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[test]
fn due_dates() {
    for (text, day) in [
        ("today", "2026-11-20"),
        ("eod", "2026-11-20"),
        ("Tomorrow", "2026-11-21"),
        ("yesterday", "2026-11-19"),
        ("fri", "2026-11-27"),
        ("friday", "2026-11-27"),
        ("this fri", "2026-11-20"),
        ("next fri", "2026-11-27"),
        ("last fri", "2026-11-13"),
        ("thu", "2026-11-26"),
        ("mon", "2026-11-23"),
        ("on mon", "2026-11-23"),
        ("next mon", "2026-11-23"),
        ("next sun", "2026-11-29"),
        ("sun", "2026-11-22"),
        ("in 2 weeks", "2026-12-04"),
        ("2 weeks", "2026-12-04"),
        ("2w", "2026-12-04"),
        ("a week", "2026-11-27"),
        ("next week", "2026-11-27"),
        ("next month", "2026-12-20"),
        ("in 3 months", "2027-02-20"),
        ("3 days ago", "2026-11-17"),
        ("27 nov", "2026-11-27"),
        ("Nov 27", "2026-11-27"),
        ("20 nov", "2026-11-20"),
        ("19 nov", "2027-11-19"),
        ("1st december", "2026-12-01"),
        ("december 1, 2027", "2027-12-01"),
        ("29 feb", "2028-02-29"),
        ("2026-12-01", "2026-12-01"),
        ("2020-01-01", "2020-01-01"),
    ] {
        let day: NaiveDate = day.parse().unwrap();
        assert_eq!(due(text, &context()), Ok(Due::Day(day)), "{text}");
    }
    for (text, instant) in [
        ("fri 17:00", "2026-11-27T08:00:00Z"),
        ("tomorrow at 5pm", "2026-11-21T08:00:00Z"),
        ("tomorrow 5:30 pm", "2026-11-21T08:30:00Z"),
        ("tomorrow noon", "2026-11-21T03:00:00Z"),
        ("12am", "2026-11-20T15:00:00Z"),
        ("17:00", "2026-11-20T08:00:00Z"),
        ("9:00", "2026-11-21T00:00:00Z"),
        ("in 2 hours", "2026-11-20T07:03:00Z"),
        ("90m", "2026-11-20T06:33:00Z"),
        ("2026-12-01 09:00", "2026-12-01T00:00:00Z"),
        ("2026-12-01T09:00", "2026-12-01T00:00:00Z"),
        ("2026-12-01T09:00Z", "2026-12-01T09:00:00Z"),
        ("2026-12-01 09:00+01:00", "2026-12-01T08:00:00Z"),
        ("in 2 weeks 9:00", "2026-12-04T00:00:00Z"),
    ] {
        assert_eq!(due(text, &context()), Ok(Due::At(at(instant))), "{text}");
    }
}

#[test]
fn looking_back() {
    for (text, instant) in [
        ("fri", "2026-11-12T15:00:00Z"),
        ("last friday", "2026-11-12T15:00:00Z"),
        ("today", "2026-11-19T15:00:00Z"),
        ("yesterday 9:00", "2026-11-19T00:00:00Z"),
        ("17:00", "2026-11-19T08:00:00Z"),
        ("3 months ago", "2026-08-20T05:02:00Z"),
        ("2 hours", "2026-11-20T03:02:00Z"),
        ("27 nov", "2025-11-26T15:00:00Z"),
        ("2026-08-01", "2026-07-31T15:00:00Z"),
        ("now", "2026-11-20T05:02:00Z"),
    ] {
        assert_eq!(instant_back(text), Ok(at(instant)), "{text}");
    }
}

fn instant_back(text: &str) -> Result<DateTime<Utc>, WhenFault> {
    instant(text, &context(), Direction::Past)
}

#[test]
fn clock_changes() {
    let new_york = Context { time_zone: Tz::America__New_York, ..context() };
    for (text, expected) in [
        // Skipped: as if the clock had not been changed.
        ("2027-03-14 02:30", "2027-03-14T07:30:00Z"),
        // Twice: the first; the second with its offset.
        ("2027-11-07 01:30", "2027-11-07T05:30:00Z"),
        ("2027-11-07 01:30-05:00", "2027-11-07T06:30:00Z"),
    ] {
        assert_eq!(due(text, &new_york), Ok(Due::At(at(expected))), "{text}");
    }
    assert_eq!(when::print(at("2027-11-07T05:30:00Z"), Tz::America__New_York), "2027-11-07T01:30");
    assert_eq!(when::print(at("2027-11-07T06:30:00Z"), Tz::America__New_York), "2027-11-07T06:30Z");
    // Hours pass whatever the clocks show; days keep the time of day.
    let before = Context { now: at("2027-03-13T19:00:00Z"), ..new_york };
    assert_eq!(instant("in 24 hours", &before, Direction::Future), Ok(at("2027-03-14T19:00:00Z")));
    assert_eq!(instant("in 1 day", &before, Direction::Future), Ok(at("2027-03-14T18:00:00Z")));
    // Samoa had no 30 December 2011, Beirut no first hour on 26 March 2023.
    let apia = Context { time_zone: Tz::Pacific__Apia, ..context() };
    assert_eq!(instant("2011-12-30", &apia, Direction::Past), Ok(at("2011-12-30T10:00:00Z")));
    let beirut = Context { time_zone: Tz::Asia__Beirut, ..context() };
    assert_eq!(instant("2023-03-26", &beirut, Direction::Past), Ok(at("2023-03-25T22:00:00Z")));
}

#[test]
fn no_dates() {
    for text in [
        "",
        " ",
        "someday",
        "decide",
        "monkey",
        "march hares",
        "5",
        "2026",
        "2026-1-1",
        "20261-01-01",
        "2026-257-01",
        "fri 25:00",
        "fri mon",
        "in 2",
        "2 weekdays",
        "in 99999 weeks",
        "weeks",
        "ago",
        "9",
        "0 nov nov",
        "-2 days",
        "fri ago",
        "2h 9:00",
        "now 9:00",
    ] {
        assert!(due(text, &context()).is_err(), "{text}: {:?}", due(text, &context()));
    }
    assert_eq!(due("2026-02-30", &context()).unwrap_err(), WhenFault::NoSuchDay("2026-02-30".to_owned()));
    assert_eq!(due("30 feb", &context()).unwrap_err(), WhenFault::NoSuchDay("30 feb".to_owned()));
    assert_eq!(due("in 9999 years", &context()).unwrap_err(), WhenFault::TooFar("in 9999 years".to_owned()));
    assert_eq!(
        due("03/04/2026", &context()).unwrap_err().to_string(),
        "\"03/04/2026\" can be read in more than one way. Write 2026-04-03 or 2026-03-04."
    );
    assert_eq!(
        due("24.12.2026", &context()).unwrap_err().to_string(),
        "\"24.12.2026\" can be read in more than one way. Write 2026-12-24."
    );
}

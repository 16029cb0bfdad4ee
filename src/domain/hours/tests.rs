//! Hours where clocks are changed.

use chrono_tz::{Africa::Cairo, America, Australia::Lord_Howe, Europe::Berlin, Pacific::Apia};
use proptest::{prelude::*, sample::select};

use super::*;

fn utc(text: &str) -> DateTime<Utc> {
    format!("{text}:00Z").parse().unwrap()
}

fn hour(text: &str) -> Hour {
    text.parse().unwrap()
}

fn daily(at: &str) -> Digest {
    Digest { day: None, at: hour(at) }
}

fn quiet(from: &str, to: &str) -> Quiet {
    Quiet { from: hour(from), to: hour(to) }
}

#[test]
fn times_of_day_are_read_as_people_write_them() {
    for (text, is) in [
        ("9", "9:00"),
        ("09:00", "9:00"),
        ("9.30", "9:30"),
        ("21h", "21:00"),
        ("9am", "9:00"),
        ("12am", "0:00"),
        ("12:15 PM", "12:15"),
    ] {
        assert_eq!(hour(text).to_string(), is, "{text}");
    }
    for text in ["", "24", "9:5", "9:60", "-1", "nine", "0pm", "13pm", "9:00:00", "099", "９"] {
        assert_eq!(text.parse::<Hour>(), Err(()), "{text}");
    }
}

#[test]
fn a_digest_comes_at_its_hour_whatever_the_clock_does() {
    // Berlin is an hour ahead in winter, two in summer.
    assert_eq!(daily("9:00").after(utc("2026-11-20T07:59"), Berlin), utc("2026-11-20T08:00"));
    assert_eq!(daily("9:00").after(utc("2026-11-20T08:00"), Berlin), utc("2026-11-21T08:00"));
    assert_eq!(daily("9:00").after(utc("2027-03-27T08:00"), Berlin), utc("2027-03-28T07:00"));
    // 2:30 does not exist on that day: 3:00 is the first instant after the gap.
    assert_eq!(daily("2:30").after(utc("2027-03-27T12:00"), Berlin), utc("2027-03-28T01:00"));
    // 2:30 happens twice: the first, and not again.
    assert_eq!(daily("2:30").after(utc("2026-10-24T12:00"), Berlin), utc("2026-10-25T00:30"));
    assert_eq!(daily("2:30").after(utc("2026-10-25T00:30"), Berlin), utc("2026-10-26T01:30"));
    assert_eq!(daily("1:30").after(utc("2026-10-31T12:00"), America::New_York), utc("2026-11-01T05:30"));
    assert_eq!(daily("1:30").after(utc("2026-11-01T05:30"), America::New_York), utc("2026-11-02T06:30"));
    // In Cairo midnight itself is skipped; on Lord Howe half an hour is.
    assert_eq!(daily("0:00").after(utc("2026-04-23T12:00"), Cairo), utc("2026-04-23T22:00"));
    assert_eq!(daily("2:15").after(utc("2026-10-03T12:00"), Lord_Howe), utc("2026-10-03T15:30"));
    // Samoa had no 30 December 2011: what would come then comes when the 31st begins.
    assert_eq!(daily("9:00").after(utc("2011-12-30T00:00"), Apia), utc("2011-12-30T10:00"));
}

#[test]
fn a_weekly_digest_comes_on_its_day() {
    let weekly = Digest { day: Some(Weekday::Mon), at: hour("9:00") };
    // 20 November 2026 is a Friday.
    assert_eq!(weekly.after(utc("2026-11-20T12:00"), Berlin), utc("2026-11-23T08:00"));
    assert_eq!(weekly.after(utc("2026-11-23T07:59"), Berlin), utc("2026-11-23T08:00"));
    assert_eq!(weekly.after(utc("2026-11-23T08:00"), Berlin), utc("2026-11-30T08:00"));
    assert_eq!((weekly.to_string(), daily("9").to_string()), ("weekly mon 9:00".into(), "daily 9:00".into()));
}

#[test]
fn quiet_hours_go_over_midnight_and_over_clock_changes() {
    let night = quiet("22:00", "7:00");
    assert_eq!(night.ends(utc("2026-11-20T20:59"), Berlin), None);
    assert_eq!(night.ends(utc("2026-11-20T21:00"), Berlin), Some(utc("2026-11-21T06:00")));
    assert_eq!(night.ends(utc("2026-11-21T05:59"), Berlin), Some(utc("2026-11-21T06:00")));
    assert_eq!(night.ends(utc("2026-11-21T06:00"), Berlin), None);
    let nap = quiet("13:00", "14:00");
    assert_eq!(nap.ends(utc("2026-11-20T12:30"), Berlin), Some(utc("2026-11-20T13:00")));
    // The night in which an hour is missing, and the one that has an hour twice.
    assert_eq!(night.ends(utc("2027-03-27T22:00"), Berlin), Some(utc("2027-03-28T05:00")));
    assert_eq!(night.ends(utc("2026-10-24T21:00"), Berlin), Some(utc("2026-10-25T06:00")));
    // An end that does not exist is the first instant after the gap, one that happens twice is the first.
    assert_eq!(quiet("22:00", "2:30").ends(utc("2027-03-28T00:30"), Berlin), Some(utc("2027-03-28T01:00")));
    assert_eq!(quiet("22:00", "1:30").ends(utc("2026-11-01T05:45"), America::New_York), None);
    // A beginning that is skipped with midnight.
    assert_eq!(quiet("0:00", "6:00").ends(utc("2026-04-23T22:00"), Cairo), Some(utc("2026-04-24T03:00")));
}

proptest! {
    #[test]
    fn digests_are_in_order_a_day_or_so_apart_and_quiet_hours_end(
        seconds in 0..4_000_000_000_i64,
        minutes in (0..1440_u16, 0..1440_u16),
        zone in select(&[Berlin, America::New_York, Cairo, Lord_Howe, Apia, America::Sao_Paulo, Tz::UTC][..]),
    ) {
        let hour = |minutes: u16| Hour::new(minutes / 60, minutes % 60).unwrap();
        let now = DateTime::from_timestamp(seconds, 0).unwrap();
        let digest = Digest { day: None, at: hour(minutes.0) };
        let (first, second) = (digest.after(now, zone), digest.after(digest.after(now, zone), zone));
        prop_assert!(now < first && first < second);
        prop_assert!(first - now <= TimeDelta::hours(50) && second - first <= TimeDelta::hours(50));
        let quiet = Quiet { from: hour(minutes.0), to: hour(minutes.1) };
        if let Some(ends) = quiet.ends(now, zone) {
            prop_assert!(now < ends && ends - now <= TimeDelta::hours(26), "{} {}", now, ends);
            // Whatever has to be quiet now is quiet until the end, and not at it, unless the hours touch.
            let before = ends - TimeDelta::seconds(1);
            prop_assert_eq!(quiet.ends(before.max(now), zone), Some(ends));
        }
    }
}

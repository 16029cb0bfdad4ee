//! Dates, counts and outside text.

use chrono::{NaiveDate, TimeDelta, TimeZone, Utc};

use super::super::{spec::*, words::*};
use crate::{domain::Due, lang::Lang};

#[test]
fn how_long_ago() {
    let viewer = viewer(None);
    for (seconds, expected) in [
        (-5, "just now"),
        (1, "just now"),
        (4, "4 s ago"),
        (59, "59 s ago"),
        (60, "1 min ago"),
        (7_200, "2 h ago"),
        (13 * 3_600, "13 h ago"),
        (20 * 3_600, "yesterday"),
        (30 * 3_600, "yesterday"),
        (3 * 86_400, "on Sun 22 Nov"),
        (300 * 86_400, "on Thu 29 Jan 2026"),
    ] {
        assert_eq!(ago(viewer.now - TimeDelta::seconds(seconds), &viewer), expected, "{seconds}");
    }
    assert_eq!(at(viewer.now, &viewer), "14:00");
    assert_eq!(at(viewer.now - TimeDelta::days(2), &viewer), "Mon 23 Nov, 14:00");
    assert_eq!(at_in_zone(viewer.now, &viewer), "Wed 25 Nov, 14:00 (Asia/Seoul)");
}

#[test]
fn days_end_where_the_viewer_is() {
    let mut viewer = viewer(None);
    let day = NaiveDate::from_ymd_opt(2026, 11, 27).unwrap();
    assert_eq!(due(Due::Day(day), &viewer), "Fri 27 Nov");
    assert_eq!(due_until(Due::Day(day), &viewer).to_rfc3339(), "2026-11-27T14:59:59.999999+00:00");
    let instant = Utc.with_ymd_and_hms(2027, 11, 27, 5, 30, 0).unwrap();
    assert_eq!(due(Due::At(instant), &viewer), "Sat 27 Nov 2027, 14:30");
    // No midnight there on that day: the clock goes from 23:59:59 to 01:00.
    viewer.time_zone = chrono_tz::America::Asuncion;
    let before = NaiveDate::from_ymd_opt(2023, 9, 30).unwrap();
    assert_eq!(due_until(Due::Day(before), &viewer).to_rfc3339(), "2023-10-01T03:59:59.999999+00:00");
    due_until(Due::Day(NaiveDate::MAX), &viewer);
    due_until(Due::Day(NaiveDate::MIN), &viewer);
    due(Due::Day(NaiveDate::MAX), &viewer);
}

#[test]
fn counts_and_lists() {
    assert_eq!(
        [0, 1, 2, 4_812, 1_000_000].map(|n| count(n, "item", Lang::English)).join(" "),
        "no items 1 item 2 items 4,812 items 1,000,000 items"
    );
    let words =
        |words: &[&str]| listed(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>(), Lang::English);
    assert_eq!(
        [words(&[]), words(&["a"]), words(&["a", "b"]), words(&["a", "b", "c"])].join("|"),
        "|a|a and b|a, b and c"
    );
}

#[test]
fn outside_text_stays_on_its_line() {
    for (text, expected) in [
        ("plain", "plain"),
        (" a  b ", "a b"),
        ("a\nb\r\n\tc", "a b c"),
        ("a\u{0}b\u{1b}[31m", "a b [31m"),
        ("\u{202e}abc\u{2066}", "abc"),
        ("👩\u{200d}💻 works", "👩\u{200d}💻 works"),
        ("a\u{2028}b", "a b"),
    ] {
        assert_eq!(one_line(text), expected, "{text:?}");
    }
    assert_eq!(lines("a \u{7}b\nc\u{202e}d"), "a b\ncd");
}

#[test]
fn nothing_is_cut_inside_a_character() {
    for (text, max, expected) in [
        ("short", 10, "short"),
        ("exactly10!", 10, "exactly10!"),
        ("longer than that", 8, "longer…"),
        ("가나다라", 3, "가나…"),
        ("e\u{301}e\u{301}e\u{301}", 4, "e\u{301}…"),
        ("ab👩\u{200d}💻cd", 5, "ab…"),
        ("", 0, ""),
        ("a", 0, "…"),
        ("\u{301}\u{301}\u{301}", 2, "…"),
    ] {
        assert_eq!(shorten(text, max), expected, "{text:?} {max}");
    }
    assert_eq!(["abc", "로그인", "e\u{301}", "修正x", "🦀"].map(columns), [3, 6, 1, 5, 2]);
}

#[test]
fn folding_for_the_search() {
    for (text, expected) in
        [("ABC", "abc"), ("Straße", "strasse"), ("ΟΔΟΣ", "οδοσ"), ("Ｆｕｌｌ", "full"), ("ﾛｸﾞ", "ログ"), ("ﬁ", "fi")]
    {
        assert_eq!(folded(text), expected);
        assert_eq!(folded(expected), expected);
    }
}

#[test]
fn folding_the_short_way_is_folding() {
    use unicode_normalization::UnicodeNormalization as _;
    // What the short way takes is left as it is by normalisation, alone and before or behind anything else of it.
    let short: Vec<char> = ('\0'..=char::MAX).filter(|&c| is_composed(c)).collect();
    assert!(short.len() > 30_000);
    let all: String = short.iter().collect();
    assert!(all.nfkc().eq(all.chars()));
    for neighbour in ['a', 'é', '가', '각', 'か', 'ガ', '中', 'й', 'ı'] {
        let among: String = short.iter().flat_map(|&c| [c, neighbour]).collect();
        assert!(among.nfkc().eq(among.chars()), "{neighbour}");
    }
    for (text, expected) in [("로그인 Ä", "로그인 ä"), ("ＡÄ", "aä"), ("e\u{301}", "é"), ("İ", "i\u{307}")]
    {
        assert_eq!(folded(text), expected);
    }
}

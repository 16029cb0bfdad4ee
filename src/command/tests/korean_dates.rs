//! A date said in Korean is the one said in English.

use chrono::NaiveDate;
use proptest::{prelude::*, sample::select};

use super::{when::*, *};

/// Korean, and English that means the same; due dates. Now is Friday, 20 November 2026, 14:02:11 in Seoul.
const DATES: &[(&str, &str)] = &[
    ("오늘", "today"),
    ("내일", "tomorrow"),
    ("내일까지", "tomorrow"),
    ("모레", "2026-11-22"),
    ("내일모레", "2026-11-22"),
    ("글피", "2026-11-23"),
    ("어제", "yesterday"),
    ("그제", "2026-11-18"),
    ("그저께", "2026-11-18"),
    ("금요일", "fri"),
    ("금", "fri"),
    ("월요일까지", "mon"),
    ("오는 월요일", "mon"),
    ("이번 금요일", "this fri"),
    ("이번 주 금요일", "this fri"),
    ("이번주 일요일", "this sun"),
    ("다음 금요일", "next fri"),
    ("다음 주 월요일", "next mon"),
    ("다음주 월요일", "next mon"),
    ("담주 수", "next wed"),
    ("다다음 주 월요일", "2026-11-30"),
    ("지난 금요일", "last fri"),
    ("지난주 금요일", "2026-11-13"),
    ("지난주 월요일", "2026-11-09"),
    ("지난 월요일", "last mon"),
    ("지지난주 월요일", "2026-11-02"),
    ("다음 주", "next week"),
    ("다음주", "next week"),
    ("지난주", "last week"),
    ("다음 달", "next month"),
    ("다음달", "next month"),
    ("지난달", "last month"),
    ("내년", "next year"),
    ("작년", "last year"),
    ("다음 달 3일", "2026-12-03"),
    ("이번 달 30일", "2026-11-30"),
    ("지난달 3일까지", "2026-10-03"),
    ("내년 3월 1일", "2027-03-01"),
    ("올해 8월 1일", "2026-08-01"),
    ("작년 8월 1일", "2025-08-01"),
    ("11월 27일", "27 nov"),
    ("11월27일", "27 nov"),
    ("2월 29일", "29 feb"),
    ("11월 19일", "19 nov"),
    ("2026년 8월 1일", "2026-08-01"),
    ("2027년 12월 1일", "december 1, 2027"),
    ("27일까지", "2026-11-27"),
    ("3일까지", "2026-12-03"),
    ("2주 뒤", "in 2 weeks"),
    ("2주 후", "in 2 weeks"),
    ("2주", "2 weeks"),
    ("두 주 뒤", "in 2 weeks"),
    ("일주일 뒤", "a week"),
    ("3개월 뒤", "in 3 months"),
    ("세 달 뒤", "in 3 months"),
    ("한 달 뒤", "in 1 month"),
    ("3일 전", "3 days ago"),
    ("3일전", "3 days ago"),
    ("사흘 뒤", "in 3 days"),
    ("이틀 전", "2 days ago"),
    ("1년 뒤", "in 1 year"),
    ("2시간 뒤", "in 2 hours"),
    ("두 시간 뒤", "in 2 hours"),
    ("30분 뒤", "in 30 minutes"),
    ("2시간 30분 뒤", "in 150 minutes"),
    ("한 시간 반 뒤", "in 90 minutes"),
    ("90분", "90m"),
    ("지금", "now"),
    ("금요일 17:00", "fri 17:00"),
    ("금요일 17시", "fri 17:00"),
    ("내일 오후 3시", "tomorrow 3pm"),
    ("내일 오후 3시까지", "tomorrow 3pm"),
    ("내일 오후 3시 30분", "tomorrow 3:30 pm"),
    ("내일 오후 세 시 반", "tomorrow 3:30 pm"),
    ("내일 오전 9시", "tomorrow 9am"),
    ("내일 아침 9시", "tomorrow 9am"),
    ("내일 저녁 7시", "tomorrow 7pm"),
    ("내일 밤 11시", "tomorrow 11pm"),
    ("내일 새벽 2시", "tomorrow 2am"),
    ("내일 낮 12시", "tomorrow noon"),
    ("내일 정오", "tomorrow noon"),
    ("오전 12시", "12am"),
    ("오후 12시", "noon"),
    ("오후 5시", "17:00"),
    ("오후 5:30", "17:30"),
    ("9시", "9:00"),
    ("9시 30분", "9:30"),
    ("11월 27일 9시", "27 nov 9:00"),
    ("11월 27일 오후 3시에", "27 nov 3pm"),
    ("2026년 12월 1일 오전 9시", "2026-12-01 09:00"),
    ("2026-12-01 오전 9시", "2026-12-01 09:00"),
    ("2026-12-01까지", "2026-12-01"),
    ("2주 뒤 오전 9시", "in 2 weeks 9:00"),
    ("다음 주 월요일 오전 9시까지", "next mon 9:00"),
    ("fri 오후 3시", "fri 3pm"),
    ("3일 오후 2시", "2026-12-03 14:00"),
];

#[test]
fn korean_dates_are_the_english_ones() {
    for (korean, english) in DATES {
        assert_eq!(due(korean, &context()), due(english, &context()), "{korean} as a due date");
        assert!(due(korean, &context()).is_ok(), "{korean}");
        // Of the days that English has no word for, the date stands there, which is the same in either direction.
        for direction in [Direction::Future, Direction::Past] {
            let ends = !(korean.ends_with("일까지") || *korean == "3일 오후 2시") || direction == Direction::Future;
            if ends {
                assert_eq!(
                    instant(korean, &context(), direction),
                    instant(english, &context(), direction),
                    "{korean} {direction:?}"
                );
            }
        }
    }
}

#[test]
fn korean_that_is_no_date() {
    for text in [
        "언젠가",
        "주말",
        "이번 주",
        "이번 달",
        "8월",
        "금요일 25시",
        "금요일 월요일",
        "자정",
        "밤 12시",
        "오후 25시",
        "2026년",
        "3일 전 뒤",
        "시",
        "전",
        "까지",
        "두",
        "그때",
        "2시간 9시",
        "지금 9시",
        "오늘 오늘",
        "가",
        "나중에",
    ] {
        assert!(due(text, &context()).is_err(), "{text}: {:?}", due(text, &context()));
    }
    assert_eq!(due("2월 30일", &context()).unwrap_err(), WhenFault::NoSuchDay("2월 30일".to_owned()));
    assert_eq!(due("2026년 2월 30일", &context()).unwrap_err(), WhenFault::NoSuchDay("2026년 2월 30일".to_owned()));
    assert_eq!(due("13월 1일", &context()).unwrap_err(), WhenFault::NoSuchDay("13월 1일".to_owned()));
    assert_eq!(
        due("3일", &context()).unwrap_err(),
        WhenFault::Ambiguous { text: "3일".to_owned(), write: vec!["3일 뒤".to_owned(), "2026-12-03".to_owned()] }
    );
}

#[test]
fn what_may_be_written_instead_of_what_is_unclear_can_be_read() {
    let WhenFault::Ambiguous { write, .. } = due("3일", &context()).unwrap_err() else { panic!() };
    for text in write {
        assert!(due(&text, &context()).is_ok(), "{text}");
    }
}

/// A day and, maybe, a time in both languages.
fn a_date() -> impl Strategy<Value = (String, String)> {
    let days = [
        ("오늘", "today"),
        ("내일", "tomorrow"),
        ("어제", "yesterday"),
        ("금요일", "fri"),
        ("다음 주 수요일", "next wed"),
        ("지난 일요일", "last sun"),
        ("이번 주 목요일", "this thu"),
    ];
    let day = prop_oneof![
        3 => select(days.to_vec()).prop_map(|(ko, en)| (ko.to_owned(), en.to_owned())),
        2 => (1..=12_u32, 1..=28_u32).prop_map(|(m, d)| (format!("{m}월 {d}일"), format!("{d} {}", MONTHS[m as usize - 1]))),
        2 => (1971..2900_i32, 1..=12_u32, 1..=28_u32)
            .prop_map(|(y, m, d)| (format!("{y}년 {m}월 {d}일"), format!("{y}-{m:02}-{d:02}"))),
        2 => (1..400_u32, select(vec![("일", "days"), ("주", "weeks"), ("개월", "months"), ("년", "years")]), any::<bool>())
            .prop_map(|(n, (ko, en), ago)| {
                (format!("{n}{ko} {}", if ago { "전" } else { "뒤" }), format!("{n} {en}{}", if ago { " ago" } else { "" }))
            }),
    ];
    let time = prop_oneof![
        Just((String::new(), String::new())),
        (0..24_u32, 0..60_u32).prop_map(|(h, m)| (format!(" {h}시 {m}분"), format!(" {h}:{m:02}"))),
        (1..=12_u32, 0..60_u32).prop_map(|(h, m)| (format!(" 오후 {h}시 {m}분"), format!(" {h}:{m:02}pm"))),
        (1..=12_u32).prop_map(|h| (format!(" 오전 {h}시"), format!(" {h}am"))),
    ];
    (day, time, select(vec!["", "까지", "에"]))
        .prop_map(|((dk, de), (tk, te), end)| (format!("{dk}{tk}{end}"), format!("{de}{te}")))
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

#[test]
fn days_of_a_month_are_the_nearest() {
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    for (text, expected) in [("20일까지", "2026-11-20"), ("19일까지", "2026-12-19"), ("31일까지", "2026-12-31")]
    {
        assert_eq!(due(text, &context()), Ok(crate::domain::Due::Day(day(expected))), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn dates_in_korean_and_english_are_the_same((korean, english) in a_date(), past: bool) {
        let direction = if past { Direction::Past } else { Direction::Future };
        prop_assert_eq!(due(&korean, &context()).ok(), due(&english, &context()).ok(), "{} {}", &korean, &english);
        prop_assert_eq!(instant(&korean, &context(), direction).ok(), instant(&english, &context(), direction).ok(), "{} {}", &korean, &english);
    }

    #[test]
    fn any_korean_is_a_date_or_none(words in proptest::collection::vec(select(vec![
        "오늘", "내일", "모레", "금요일", "다음", "지난", "이번", "주", "달", "3", "일", "월", "년", "2026", "개월", "시간", "분", "시", "전", "뒤", "반", "오후", "오전", "밤", "한", "두", "까지", "9:00", "fri", "+09:00", "요일", "하루", "정오", "내년", "due:", "마감:",
    ]), 1..6), joint in select(vec!["", " "])) {
        let text = words.join(joint);
        for direction in [Direction::Past, Direction::Future] {
            let _ = instant(&text, &context(), direction);
        }
        if let Ok(due) = due(&text, &context()) {
            let again = token::print_due(due, context().time_zone);
            prop_assert_eq!(super::when::due(&again, &context()), Ok(due), "{} {}", text, again);
        }
    }
}

//! Korean dates, turned into the English ones that `when.rs` reads, so that both mean the same instants.
//!
//! What has no English word (`모레`, `지난주 금요일`, `다음 달 3일`) becomes its date. Spaces may stand or be left out where
//! people leave them out (`다음주`, `3일전`). A time without `오전` or `오후` is that of a clock with 24 hours. `3일` alone can be
//! a length or a day of the month, so it is neither: `3일 뒤`, `3일까지`, `12월 3일`.

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};

use super::when::{Direction, WhenFault};

/// Behind a moment: from, until, at.
const PARTICLES: [&str; 4] = ["까지", "부터", "에는", "에"];
/// Numbers that are said, the longer before what they begin with.
const NUMBERS: [(&str, u32); 15] = [
    ("열한", 11),
    ("열두", 12),
    ("한", 1),
    ("두", 2),
    ("세", 3),
    ("석", 3),
    ("네", 4),
    ("넉", 4),
    ("다섯", 5),
    ("여섯", 6),
    ("일곱", 7),
    ("여덟", 8),
    ("아홉", 9),
    ("열", 10),
    ("하나", 1),
];
/// Days that have a word of their own when they are counted.
const COUNTED: [(&str, u32); 9] = [
    ("하루", 1),
    ("이틀", 2),
    ("사흘", 3),
    ("나흘", 4),
    ("닷새", 5),
    ("엿새", 6),
    ("일주일", 7),
    ("열흘", 10),
    ("보름", 15),
];
const WEEKDAYS: [(&str, Weekday); 7] = [
    ("월", Weekday::Mon),
    ("화", Weekday::Tue),
    ("수", Weekday::Wed),
    ("목", Weekday::Thu),
    ("금", Weekday::Fri),
    ("토", Weekday::Sat),
    ("일", Weekday::Sun),
];
const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// The English text for a Korean one, in lower case and composed; `None` when it is no date.
pub(super) fn english(text: &str, today: NaiveDate, direction: Direction) -> Result<Option<String>, WhenFault> {
    let whole = text.trim();
    let text = PARTICLES.iter().find_map(|particle| whole.strip_suffix(particle)).unwrap_or(whole).trim_end();
    let mut rest = Rest { text, named: text.len() < whole.len(), today, direction };
    if ["지금", "현재"].contains(&text) {
        return Ok(Some("now".to_owned()));
    }
    let day = match rest.length()? {
        Some(length) => Some(length),
        None => rest.day()?,
    };
    let Some(time) = rest.time() else { return Ok(None) };
    if !rest.text.trim().is_empty() || (day.is_none() && time.is_none()) {
        return Ok(None);
    }
    Ok(Some([day, time].into_iter().flatten().collect::<Vec<_>>().join(" ")))
}

/// What is still to be read.
#[derive(Clone, Copy)]
struct Rest<'t> {
    text: &'t str,
    /// A particle stood behind it: a day of the month is meant, no length.
    named: bool,
    today: NaiveDate,
    direction: Direction,
}

impl Rest<'_> {
    fn take(&mut self, word: &str) -> bool {
        match self.text.trim_start().strip_prefix(word) {
            Some(rest) => {
                self.text = rest;
                true
            }
            None => false,
        }
    }

    fn any(&mut self, words: &[&str]) -> bool {
        words.iter().any(|word| self.take(word))
    }

    fn one<T: Copy>(&mut self, words: &[(&str, T)]) -> Option<T> {
        words.iter().find(|(word, _)| self.take(word)).map(|&(_, means)| means)
    }

    /// The same, or nothing taken.
    fn attempt<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let before = self.text;
        let found = read(self);
        if found.is_none() {
            self.text = before;
        }
        found
    }

    fn ends(&self) -> bool {
        self.text.trim().is_empty()
    }

    fn digits(&mut self, most: usize) -> Option<u32> {
        let text = self.text.trim_start();
        let length = text.bytes().take_while(u8::is_ascii_digit).count();
        let number = text.get(..length).filter(|_| (1..=most).contains(&length))?.parse().ok()?;
        self.text = text.get(length..).unwrap_or_default();
        Some(number)
    }

    fn number(&mut self) -> Option<u32> {
        self.digits(4).or_else(|| self.one(&NUMBERS))
    }

    /// `2주 뒤`, `3일 전`, `두 시간`, `2시간 30분`, `이틀 뒤`.
    fn length(&mut self) -> Result<Option<String>, WhenFault> {
        let text = self.text;
        let mut bare = None;
        let found = self.attempt(|rest| {
            let (count, unit) = match rest.one(&COUNTED) {
                Some(days) => (days, "days"),
                None => {
                    let count = rest.number()?;
                    let units =
                        [("초", "seconds"), ("분", "minutes"), ("시간", "hours"), ("일", "days"), ("주일", "weeks")];
                    let longer =
                        [("주", "weeks"), ("개월", "months"), ("달", "months"), ("년", "years"), ("해", "years")];
                    let unit = rest.one(&units).or_else(|| rest.one(&longer))?;
                    bare = (unit == "days").then_some(count);
                    (count, unit)
                }
            };
            let (count, unit) = match (unit, rest.attempt(Self::minutes)) {
                ("hours", Some(minutes)) => (count.checked_mul(60)?.checked_add(minutes)?, "minutes"),
                (_, Some(_)) => return None,
                _ => (count, unit),
            };
            let ago = rest.take("전");
            let said = ago || rest.any(&["뒤", "이후", "후", "동안", "간", "안에", "이내", "내"]);
            if said {
                bare = None;
            }
            // Whoever says `2026년` is about to say a month, and `3일까지` is a day of the month.
            let fits = said || (rest.ends() && !(rest.named && bare.is_some()));
            fits.then(|| format!("{count} {unit}{}", if ago { " ago" } else { "" }))
        });
        match (found, bare) {
            (Some(_), Some(days)) => Err(self.two_ways(text, days)),
            (found, _) => Ok(found),
        }
    }

    /// The minutes behind hours.
    fn minutes(&mut self) -> Option<u32> {
        if self.take("반") {
            return Some(30);
        }
        let minutes = self.digits(2)?;
        self.take("분").then_some(minutes)
    }

    fn two_ways(&self, text: &str, days: u32) -> WhenFault {
        let later = if self.direction == Direction::Future { "뒤" } else { "전" };
        let mut write = vec![format!("{days}일 {later}")];
        write.extend(self.of_month(days).map(|day| day.to_string()));
        WhenFault::Ambiguous { text: text.trim().to_owned(), write }
    }

    /// The nearest such day of a month.
    fn of_month(&self, day: u32) -> Option<NaiveDate> {
        let first = self.today.with_day(1)?;
        (0..=12)
            .filter_map(|months| match self.direction {
                Direction::Future => first.checked_add_months(Months::new(months))?.with_day(day),
                Direction::Past => first.checked_sub_months(Months::new(months))?.with_day(day),
            })
            .find(|&it| if self.direction == Direction::Future { it >= self.today } else { it <= self.today })
    }

    /// A day that is named.
    fn day(&mut self) -> Result<Option<String>, WhenFault> {
        let text = self.text;
        let no_such = || WhenFault::NoSuchDay(text.trim().to_owned());
        let from_today = [("내일모레", 2), ("모레", 2), ("글피", 3), ("그끄저께", -3), ("그저께", -2), ("그제", -2)];
        let named =
            [("오늘", "today"), ("금일", "today"), ("내일", "tomorrow"), ("명일", "tomorrow"), ("어제", "yesterday")];
        if let Some(days) = self.one(&from_today) {
            return Ok(shifted(self.today, days).map(|day| day.to_string()));
        }
        if let Some(day) = self.one(&named) {
            return Ok(Some(day.to_owned()));
        }
        if let Some(day) = self.attempt(Self::year_or_month).or_else(|| self.attempt(Self::of_week)) {
            return match day {
                Said::Words(words) => Ok(Some(words)),
                Said::Date(year, month, day) => {
                    NaiveDate::from_ymd_opt(year, month, day).map(|day| Some(day.to_string())).ok_or_else(no_such)
                }
            };
        }
        if let Some(weekday) = self.attempt(|rest| {
            rest.take("오는");
            rest.weekday()
        }) {
            return Ok(Some(weekday.to_string()));
        }
        if let Some((month, day)) = self.attempt(Self::month_day) {
            let month = usize::try_from(month).ok().and_then(|month| MONTHS.get(month.wrapping_sub(1)));
            return month.map(|month| Some(format!("{day} {month}"))).ok_or_else(no_such);
        }
        let named_day = self.attempt(|rest| {
            let day = rest.digits(2)?;
            (rest.take("일") && (rest.named || !rest.ends())).then_some(day)
        });
        if let Some(day) = named_day {
            return self.of_month(day).map(|day| Some(day.to_string())).ok_or_else(no_such);
        }
        Ok(self.attempt(Self::foreign))
    }

    /// `2026년 8월 1일`, `내년 3월 1일`, `다음 달 3일`, `다음 달`.
    fn year_or_month(&mut self) -> Option<Said> {
        let this = self.today.year();
        let years = [("올해", 0), ("내년", 1), ("다음 해", 1), ("다음해", 1), ("작년", -1), ("지난해", -1)];
        if let Some(later) = self.one(&years) {
            return match (self.attempt(Self::month_day), later) {
                (Some((month, day)), _) => Some(Said::Date(this.checked_add(later)?, month, day)),
                (None, 1) => Some(Said::Words("next year".to_owned())),
                (None, -1) => Some(Said::Words("last year".to_owned())),
                _ => None,
            };
        }
        if let Some(year) = self.attempt(|rest| {
            let year = rest.digits(4)?;
            rest.take("년").then_some(year)
        }) {
            let (month, day) = self.month_day()?;
            return Some(Said::Date(year.try_into().ok()?, month, day));
        }
        let months = [
            ("이번 달", 0),
            ("이번달", 0),
            ("이달", 0),
            ("다음 달", 1),
            ("다음달", 1),
            ("담달", 1),
            ("지난 달", -1),
            ("지난달", -1),
            ("저번 달", -1),
            ("저번달", -1),
        ];
        let later = self.one(&months)?;
        let day = self.attempt(|rest| {
            let day = rest.digits(2)?;
            rest.take("일").then_some(day)
        });
        match (day, later) {
            (Some(day), _) => {
                let first = self.today.with_day(1)?;
                let month = if later < 0 {
                    first.checked_sub_months(Months::new(1))
                } else {
                    first.checked_add_months(Months::new(u32::try_from(later).ok()?))
                }?;
                Some(Said::Date(month.year(), month.month(), day))
            }
            (None, 1) => Some(Said::Words("next month".to_owned())),
            (None, -1) => Some(Said::Words("last month".to_owned())),
            _ => None,
        }
    }

    fn month_day(&mut self) -> Option<(u32, u32)> {
        let month = self.digits(2)?;
        let day = self.take("월").then(|| self.digits(2)).flatten()?;
        self.take("일").then_some((month, day))
    }

    /// `다음 주 월요일`, `지난 금요일`, `다음 주`.
    fn of_week(&mut self) -> Option<Said> {
        let which = [
            ("지지난", -14),
            ("지난", -7),
            ("저번", -7),
            ("이번", 0),
            ("금주", 0),
            ("다다음", 14),
            ("다음", 7),
            ("담", 7),
            ("내주", 7),
        ];
        let before = self.text;
        let later: i64 = self.one(&which)?;
        let taken = before.get(..before.len() - self.text.len()).unwrap_or_default();
        let week = self.take("주") || taken.ends_with('주');
        match self.weekday() {
            // The last Friday may be one of this week; the Friday of last week is not.
            Some(weekday) if later == -7 && !week => Some(Said::Words(format!("last {weekday}"))),
            Some(weekday) if later == 0 => Some(Said::Words(format!("this {weekday}"))),
            Some(weekday) if later == 7 => Some(Said::Words(format!("next {weekday}"))),
            Some(weekday) => {
                let monday = self.today.week(Weekday::Mon).checked_first_day()?;
                let day = shifted(monday, later + i64::from(weekday.num_days_from_monday()))?;
                Some(Said::Date(day.year(), day.month(), day.day()))
            }
            None if week && later == 7 => Some(Said::Words("next week".to_owned())),
            None if week && later == -7 => Some(Said::Words("last week".to_owned())),
            None => None,
        }
    }

    /// `월요일`; `월` where nothing else can be meant.
    fn weekday(&mut self) -> Option<Weekday> {
        self.attempt(|rest| {
            let weekday = rest.one(&WEEKDAYS)?;
            let whole = rest.text.strip_prefix("요일");
            let alone = rest.text.chars().next().is_none_or(char::is_whitespace);
            rest.text = whole.or(alone.then_some(rest.text))?;
            Some(weekday)
        })
    }

    /// What is no Korean, as it is: `2026-08-01`, `next fri`.
    fn foreign(&mut self) -> Option<String> {
        let mut words = Vec::new();
        loop {
            let text = self.text.trim_start();
            let word = text.split_whitespace().next().unwrap_or_default();
            let time = word.contains(':') || word.ends_with("am") || word.ends_with("pm");
            if !word.is_ascii() || word.is_empty() || time {
                break;
            }
            words.push(word);
            self.text = text.get(word.len()..).unwrap_or_default();
        }
        (!words.is_empty()).then(|| words.join(" "))
    }

    /// `오후 3시 30분`, `9시`, `정오`, `17:00`. `None` when it cannot be read, `Some(None)` when there is none.
    fn time(&mut self) -> Option<Option<String>> {
        if self.ends() {
            return Some(None);
        }
        if self.take("정오") {
            return Some(Some("12:00".to_owned()));
        }
        let half = self.one(&[
            ("오전", Half::Morning),
            ("아침", Half::Morning),
            ("새벽", Half::Morning),
            ("오후", Half::Afternoon),
            ("저녁", Half::Afternoon),
            ("낮", Half::Noon),
            ("밤", Half::Night),
        ]);
        let before = *self;
        let clock = self.attempt(|rest| {
            let hour = rest.number()?;
            if rest.take(":") {
                let minute = rest.digits(2)?;
                return rest.ends().then_some((hour, minute));
            }
            rest.take("시").then(|| (hour, rest.attempt(Self::minutes).unwrap_or(0)))
        });
        match (clock, half) {
            (Some((hour, minute)), _) if minute < 60 => {
                let hour = hour_of_day(hour, half)?;
                Some(Some(format!("{hour}:{minute:02}")))
            }
            // With an offset of its own, or in English.
            (None, None) => {
                let word = before.text.trim();
                self.text = "";
                (word.is_ascii() && !word.contains(' ')).then(|| Some(word.to_owned()))
            }
            _ => None,
        }
    }
}

enum Said {
    Words(String),
    Date(i32, u32, u32),
}

/// What stands before an hour.
#[derive(Clone, Copy)]
enum Half {
    Morning,
    Afternoon,
    Noon,
    Night,
}

fn hour_of_day(hour: u32, half: Option<Half>) -> Option<u32> {
    match (half, hour) {
        (None, 0..=23) => Some(hour),
        (Some(Half::Morning), 12) => Some(0),
        (Some(Half::Morning), 0..=11) => Some(hour),
        (Some(Half::Afternoon | Half::Noon), 12) => Some(12),
        (Some(Half::Afternoon), 1..=11) | (Some(Half::Noon), 1..=5) | (Some(Half::Night), 6..=11) => Some(hour + 12),
        (Some(Half::Afternoon), 13..=23) => Some(hour),
        (Some(Half::Noon), 10..=11) => Some(hour),
        // `밤 12시`: of which day?
        _ => None,
    }
}

fn shifted(day: NaiveDate, days: i64) -> Option<NaiveDate> {
    let many = Days::new(days.unsigned_abs());
    if days < 0 { day.checked_sub_days(many) } else { day.checked_add_days(many) }
}

//! The names of days and months, from the data every system's locales are made of.

use chrono::{Locale, NaiveDate};

use super::Lang;

impl Lang {
    fn locale(self) -> Locale {
        match self {
            Self::English => Locale::en_GB,
            Self::Korean => Locale::ko_KR,
        }
    }

    /// The day of the week in short: `Fri`, `금`.
    pub fn weekday(self, day: NaiveDate) -> String {
        day.format_localized("%a", self.locale()).to_string()
    }

    /// The month in short: `Nov`, `11월`.
    pub fn month(self, day: NaiveDate) -> String {
        day.format_localized("%b", self.locale()).to_string().trim().to_owned()
    }
}

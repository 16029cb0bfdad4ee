//! Korean particles. Many have two forms, and the last sound before them decides which: `{ JOSA($item, "은/는") }` is
//! `은` after T3 (삼) and `는` after T2 (이).

use fluent_bundle::{FluentArgs, FluentValue};

use super::arg::Placed;

/// The Fluent function: the particle alone, to be put behind the word.
pub(super) fn function<'a>(args: &[FluentValue<'a>], _: &FluentArgs<'_>) -> FluentValue<'a> {
    let [word, FluentValue::String(forms)] = args else { return FluentValue::Error };
    let word = match word {
        FluentValue::String(word) => word.clone().into_owned(),
        FluentValue::Number(number) => number.as_string().into_owned(),
        FluentValue::Custom(custom) => match custom.as_any().downcast_ref::<Placed>() {
            Some(placed) => placed.characters.clone(),
            None => String::new(),
        },
        FluentValue::None | FluentValue::Error => String::new(),
    };
    let Some((closed, open)) = forms.split_once('/') else { return FluentValue::Error };
    FluentValue::String(particle(&word, closed, open).into())
}

/// How a word ends, as it is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// In a vowel.
    Open,
    /// In the consonant ㄹ, after which 으로 is 로.
    Rieul,
    /// In another consonant.
    Closed,
}

/// `closed` is the form after a consonant (은, 을, 으로), `open` the one after a vowel (는, 를, 로).
fn particle(word: &str, closed: &str, open: &str) -> String {
    match end(word) {
        Some(End::Open) => open.to_owned(),
        Some(End::Rieul) if closed.starts_with('으') => open.to_owned(),
        Some(End::Rieul | End::Closed) => closed.to_owned(),
        // 은(는), (으)로: how it is written where nobody can know.
        None => match closed.strip_suffix(open) {
            Some(more) => format!("({more}){open}"),
            None => format!("{closed}({open})"),
        },
    }
}

/// `None`: nobody can know, as after most words in Latin letters.
fn end(word: &str) -> Option<End> {
    let last = word.chars().rev().find(|c| c.is_alphanumeric())?;
    match last {
        '가'..='힣' => Some(match (u32::from(last) - u32::from('가')) % 28 {
            0 => End::Open,
            8 => End::Rieul,
            _ => End::Closed,
        }),
        // 일 칠 팔; 이 사 오 구; 영 삼 육, and what ends in noughts: 십 백 천 만.
        '1' | '7' | '8' => Some(End::Rieul),
        '2' | '4' | '5' | '9' => Some(End::Open),
        '0' | '3' | '6' => Some(End::Closed),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_sound_chooses_the_form() {
        let topic = |word| particle(word, "은", "는");
        assert_eq!((topic("T2").as_str(), topic("T3").as_str(), topic("T10").as_str()), ("는", "은", "은"));
        assert_eq!((topic("회의").as_str(), topic("로그인").as_str()), ("는", "은"));
        assert_eq!((topic("로그인!").as_str(), topic("(회의)").as_str()), ("은", "는"));
        let to = |word| particle(word, "으로", "로");
        assert_eq!(
            (to("T1").as_str(), to("T3").as_str(), to("서울").as_str(), to("부산").as_str()),
            ("로", "으로", "로", "으로")
        );
    }

    #[test]
    fn after_latin_letters_both_are_written() {
        assert_eq!(particle("Fix login", "은", "는"), "은(는)");
        assert_eq!(particle("app", "으로", "로"), "(으)로");
        assert_eq!(particle("", "이", "가"), "이(가)");
        assert_eq!(particle("…", "을", "를"), "을(를)");
    }
}

//! Korean beside English: the Korean words of the grammar, each table with the English word that every one stands for.
//!
//! A Korean word is understood wherever the English one is, and means exactly the same; what is printed is the English one.
//! The first of several is the one that is shown. Dates are in `when_korean.rs`.

use unicode_normalization::UnicodeNormalization as _;

/// English words with the Korean ones for each.
pub(super) type Table = &'static [(&'static str, &'static [&'static str])];

/// No word of any table is longer, in bytes, however it is composed.
const WORD_BYTES_MAX: usize = 96;

#[rustfmt::skip]
pub(super) static VERBS: Table = &[
    ("idea", &["아이디어"]),
    ("research", &["조사", "연구"]),
    ("todo", &["할일", "투두"]),
    ("pr", &["변경요청", "풀리퀘"]),

    ("refine", &["다듬기"]),
    ("reject", &["기각", "반려"]),
    ("promote", &["승격", "올리기"]),
    ("finding", &["발견", "알아낸것"]),
    ("assign", &["배정", "담당"]),
    ("unassign", &["배정해제", "담당해제"]),
    ("doing", &["시작", "진행"]),
    ("done", &["완료", "끝"]),
    ("reopen", &["다시열기", "재개"]),
    ("need", &["필요", "선행"]),
    ("unneed", &["필요없음", "선행해제"]),
    ("criterion", &["조건", "완료조건"]),
    ("review", &["검토", "리뷰"]),
    ("merge", &["병합", "머지"]),
    ("close", &["닫기"]),

    ("note", &["메모", "노트"]),
    ("title", &["제목"]),
    ("tag", &["태그"]),
    ("untag", &["태그빼기", "태그해제"]),
    ("prio", &["우선순위"]),
    ("due", &["마감", "기한"]),
    ("project", &["프로젝트"]),
    ("link", &["연결", "링크"]),

    ("show", &["보기"]),
    ("list", &["목록", "리스트"]),
    ("board", &["보드"]),
    ("mine", &["내것", "내할일"]),
    ("next", &["다음"]),
    ("find", &["찾기", "검색"]),

    ("history", &["기록", "이력"]),
    ("why", &["왜", "이유"]),
    ("undo", &["되돌리기", "취소"]),
    ("diff", &["비교", "차이"]),
    ("stats", &["통계"]),
    ("report", &["보고서", "리포트"]),

    ("follow", &["팔로우", "구독"]),
    ("unfollow", &["언팔로우", "구독해제"]),
    ("mute", &["음소거"]),
    ("unmute", &["음소거해제"]),
    ("digest", &["요약"]),
    ("quiet", &["방해금지"]),
    ("lang", &["언어"]),
    ("tz", &["시간대"]),
    ("default", &["기본", "기본값"]),

    ("claim", &["소유자등록"]),
    ("pair", &["페어링"]),
    ("people", &["사람들", "사람"]),
    ("grant", &["권한부여", "권한"]),
    ("revoke", &["권한회수", "회수"]),
    ("forget", &["잊기"]),
    ("unlink", &["연결해제"]),
    ("rooms", &["방들", "방목록"]),
    ("enable", &["켜기"]),
    ("disable", &["끄기"]),

    ("help", &["도움말", "도움"]),
    ("status", &["상태"]),
    ("start", &["안녕", "인사"]),
];

/// Verbs that are also written with a space; without it they stand in [`VERBS`].
pub(super) static SPACED: &[&str] = &[
    "할 일",
    "내 할 일",
    "내 것",
    "알아낸 것",
    "다시 열기",
    "태그 빼기",
    "태그 해제",
    "배정 해제",
    "담당 해제",
    "선행 해제",
    "필요 없음",
    "완료 조건",
    "구독 해제",
    "음소거 해제",
    "연결 해제",
    "권한 부여",
    "권한 회수",
    "변경 요청",
    "방해 금지",
    "방 목록",
];

pub(super) static BUCKETS: Table = &[
    ("idea", &["아이디어"]),
    ("research", &["조사", "연구"]),
    ("todo", &["할일", "투두"]),
    ("pr", &["변경요청", "풀리퀘"]),
];

pub(super) static STATES: Table = &[
    ("open", &["열림"]),
    ("running", &["조사중"]),
    ("doing", &["진행중"]),
    ("blocked", &["막힘", "대기중"]),
    ("reviewed", &["검토됨"]),
    ("done", &["완료", "완료됨"]),
    ("promoted", &["승격됨"]),
    ("rejected", &["기각됨", "반려됨"]),
    ("merged", &["병합됨"]),
    ("withdrawn", &["철회됨"]),
    ("closed", &["닫힘"]),
];

pub(super) static PRIORITIES: Table =
    &[("low", &["낮음"]), ("normal", &["보통"]), ("high", &["높음"]), ("urgent", &["긴급", "급함"])];

pub(super) static ROLES: Table = &[
    ("guest", &["손님", "게스트"]),
    ("member", &["멤버", "구성원"]),
    ("maintainer", &["관리자"]),
    ("owner", &["소유자"]),
];

pub(super) static VERDICTS: Table =
    &[("approve", &["승인"]), ("changes", &["수정", "수정요청"]), ("comment", &["의견", "코멘트"])];

/// What stands before a colon: `마감:금요일`.
pub(super) static KEYS: Table = &[
    ("in", &["프로젝트"]),
    ("due", &["마감", "기한"]),
    ("needs", &["필요", "선행"]),
    ("for", &["위해", "대상"]),
    ("page", &["쪽", "페이지"]),
];

/// Parts of an act, for /undo.
pub(super) static PARTS: Table = &[
    ("state", &["상태"]),
    ("title", &["제목"]),
    ("body", &["본문"]),
    ("tags", &["태그"]),
    ("prio", &["우선순위"]),
    ("due", &["마감", "기한"]),
    ("people", &["담당", "담당자"]),
    ("project", &["프로젝트"]),
    ("links", &["연결", "링크"]),
    ("needs", &["필요", "선행"]),
    ("criteria", &["조건"]),
    ("notes", &["메모"]),
    ("findings", &["발견"]),
    ("refinements", &["다듬기"]),
    ("files", &["파일"]),
    ("room", &["방"]),
];

/// The words that mean something behind some verbs.
pub(super) static WORDS: Table = &[
    ("all", &["전체", "모두"]),
    ("anyway", &["그래도"]),
    ("me", &["나"]),
    ("no", &["아니요", "아니오"]),
    ("none", &["없음"]),
    ("now", &["지금"]),
    ("off", &["끄기", "해제"]),
    ("picture", &["그림"]),
    ("position", &["위치"]),
    ("remove", &["삭제"]),
    ("save", &["저장"]),
    ("yes", &["예", "네"]),
];

/// What /help is asked for besides verbs.
pub(super) static TOPICS: Table = &[
    ("all", &["전체"]),
    ("words", &["문법"]),
    ("capture", &["담기"]),
    ("work", &["작업"]),
    ("facts", &["정보"]),
    ("look", &["조회"]),
    ("past", &["과거"]),
    ("room", &["방"]),
    ("people", &["사람들"]),
    ("help", &["도움말"]),
];

pub(super) static LANGUAGES: Table = &[("ko", &["한국어", "한글"]), ("en", &["영어"])];

pub(super) static CITIES: Table = &[
    ("Asia/Seoul", &["서울", "한국"]),
    ("Asia/Tokyo", &["도쿄"]),
    ("Asia/Shanghai", &["상하이", "베이징"]),
    ("Asia/Singapore", &["싱가포르"]),
    ("Europe/London", &["런던"]),
    ("Europe/Paris", &["파리"]),
    ("Europe/Berlin", &["베를린"]),
    ("America/New_York", &["뉴욕"]),
    ("America/Los_Angeles", &["로스앤젤레스"]),
];

/// What stands behind a moment of the past: `지난 금요일 기준`.
pub(super) const AS_OF: &str = "기준";

/// The English word that a Korean one stands for; any other word as it is.
pub(super) fn english<'w>(word: &'w str, table: Table) -> &'w str {
    if word.is_ascii() || word.len() > WORD_BYTES_MAX {
        return word;
    }
    let composed = composed(word);
    table.iter().find(|(_, korean)| korean.contains(&composed.as_str())).map_or(word, |&(english, _)| english)
}

/// Some keyboards send a syllable as its letters.
pub(super) fn composed(text: &str) -> String {
    text.nfc().collect()
}

/// Whether `word` says this English word, in either language, in any case.
pub(super) fn is(word: &str, meant: &str) -> bool {
    english(word, WORDS).eq_ignore_ascii_case(meant)
}

/// The Korean words for an English one, the one that is shown first.
pub(super) fn korean(word: &str, table: Table) -> &'static [&'static str] {
    table.iter().find(|&&(english, _)| english == word).map_or(&[], |&(_, korean)| korean)
}

/// The bytes of the verb with a space in it that `text` begins with.
pub(super) fn spaced(text: &str) -> Option<usize> {
    let ends = |rest: &str| rest.chars().next().is_none_or(|c| c.is_whitespace() || c == ':');
    SPACED.iter().filter(|verb| text.strip_prefix(**verb).is_some_and(ends)).map(|verb| verb.len()).max()
}

/// A text as its letters, where it is Korean: one wrong key is one wrong letter, not a wrong syllable.
pub(super) fn letters(word: &str) -> std::borrow::Cow<'_, str> {
    if word.chars().any(is_hangul) { word.nfkd().collect::<String>().into() } else { word.into() }
}

/// A syllable or a letter of one.
pub(super) fn is_hangul(character: char) -> bool {
    matches!(character, '가'..='힣' | '\u{1100}'..='\u{11ff}' | '\u{3131}'..='\u{318e}')
}

/// The Korean word for one that can be chosen for an argument; empty when it has none.
pub(super) fn choice(word: &str) -> &'static str {
    [BUCKETS, PRIORITIES, STATES, ROLES, VERDICTS, WORDS]
        .into_iter()
        .find_map(|table| korean(word, table).first().copied())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        command::{filter, menu, verbs},
        domain::{Bucket, Priority, Role},
    };

    const TABLES: [Table; 12] =
        [VERBS, BUCKETS, STATES, PRIORITIES, ROLES, VERDICTS, KEYS, PARTS, WORDS, TOPICS, LANGUAGES, CITIES];

    #[test]
    fn every_verb_has_a_korean_word_and_no_word_two_verbs() {
        for verb in verbs() {
            assert!(!verb.korean().is_empty(), "/{} has no Korean word", verb.word);
            for word in verb.korean() {
                assert_eq!(super::super::verb::find(word).map(|it| it.word), Some(verb.word), "/{word}");
            }
        }
        for (word, _) in VERBS {
            assert!(verbs().iter().any(|verb| verb.word == *word), "there is no /{word}");
        }
        for spaced in SPACED {
            assert!(super::super::verb::find(spaced).is_some(), "/{spaced}");
        }
    }

    #[test]
    fn a_korean_word_stands_for_one_thing_in_its_place() {
        for table in TABLES {
            let mut words: Vec<_> = table.iter().flat_map(|(_, korean)| korean.iter()).collect();
            let before = words.len();
            words.sort_unstable();
            words.dedup();
            assert_eq!(words.len(), before);
            for word in words {
                assert!(word.chars().all(is_hangul), "{word}");
                assert!(word.len() * 3 <= WORD_BYTES_MAX, "{word}");
                assert_eq!(english(&word.nfd().collect::<String>(), table), english(word, table));
            }
        }
    }

    #[test]
    fn every_word_of_an_argument_has_a_korean_one() {
        let missing = |words: &[&str], table: Table| {
            words
                .iter()
                .filter(|word| korean(word, table).is_empty())
                .map(|word| (*word).to_owned())
                .collect::<Vec<_>>()
        };
        let none: Vec<String> = Vec::new();
        assert_eq!(missing(&Bucket::ALL.map(|it| it.word()), BUCKETS), none);
        assert_eq!(missing(&Priority::ALL.iter().map(|it| it.word()).collect::<Vec<_>>(), PRIORITIES), none);
        assert_eq!(missing(&Role::ALL.iter().map(|it| it.word()).collect::<Vec<_>>(), ROLES), none);
        assert_eq!(missing(&filter::state_words().collect::<Vec<_>>(), STATES), none);
        for verb in verbs() {
            for arg in verb.args() {
                if let menu::ArgKind::Choice(words) = arg.kind {
                    for word in words {
                        assert!(!choice(word).is_empty(), "/{} {word}", verb.word);
                    }
                }
            }
        }
    }

    #[test]
    fn letters_of_words_with_a_wrong_key_are_near() {
        assert_eq!(strsim::osa_distance(&letters("완룢"), &letters("완료")), 1);
        assert_eq!(letters("done"), "done");
    }
}

//! What is said in Korean means what is said in English.

use proptest::prelude::*;

use super::{
    any::{a_filter, any_command, carry},
    *,
};
use crate::command::korean::{self, letters};

/// Said in Korean, and in English.
const SAME: &[(&str, &str)] = &[
    ("/할일 로그인 고치기 #auth !높음 마감:금요일", "/todo 로그인 고치기 #auth !high due:fri"),
    ("/할 일 로그인 고치기", "/todo 로그인 고치기"),
    ("/할일: 고치기", "/todo: 고치기"),
    ("/할일 배포 필요:T1,T2 위해:P4 프로젝트:앱 @나", "/todo 배포 needs:T1,T2 for:P4 in:앱 @나"),
    ("/할일 배포 마감:\"다음 주 월요일\" !긴급", "/todo 배포 due:\"next mon\" !urgent"),
    ("/할일 배포 마감:“내일 오후 3시”", "/todo 배포 due:\"tomorrow 15:00\""),
    ("/할일 배포 기한:금요일까지 선행:T3 대상:T7", "/todo 배포 due:fri needs:T3 for:T7"),
    ("/할일 배포 마감:다음 주 월요일 #web", "/todo 배포 #web due:\"next mon\""),
    ("/할일 배포 마감:내일 오후 3시까지 끝내기", "/todo 배포 끝내기 due:\"tomorrow 15:00\""),
    ("/할일 마감:11월 27일, 배포", "/todo 배포 due:\"27 nov\""),
    ("/할일 마감:내일 회의 준비", "/todo 회의 준비 due:tomorrow"),
    ("/할일 마감:금요일 fix login", "/todo fix login due:fri"),
    ("/목록 마감:다음 주 금요일 열림", "/list due:\"next fri\" open"),
    ("/할일 \\마감:다음 주 월요일", "/todo \\마감:다음 주 월요일"),
    ("/아이디어 오프라인 모드 !낮음", "/idea 오프라인 모드 !low"),
    ("/조사 어떤 저장소가 살아남나? !보통", "/research 어떤 저장소가 살아남나? !normal"),
    ("/연구 저장소", "/research 저장소"),
    ("/변경요청 재시도 대상:T7", "/pr 재시도 for:T7"),
    ("/다듬기 I3 읽기만", "/refine I3 읽기만"),
    ("/기각 I3 너무 일러요", "/reject I3 너무 일러요"),
    ("/승격 R1 할일 @dana !높음", "/promote R1 todo @dana !high"),
    ("/승격 R1 할일로", "/promote R1 todo"),
    ("/승격 I1 조사로", "/promote I1 research"),
    ("/발견 R2 살아남아요", "/finding R2 살아남아요"),
    ("/배정 T7 @dana", "/assign T7 @dana"),
    ("/배정 해제 T7 @dana", "/unassign T7 @dana"),
    ("/시작 T7", "/doing T7"),
    ("/진행 T7", "/doing T7"),
    ("/완료 T7", "/done T7"),
    ("/완료 T7 그래도 급해서", "/done T7 anyway 급해서"),
    ("/다시열기 T7 또 그래요", "/reopen T7 또 그래요"),
    ("/다시 열기 T7", "/reopen T7"),
    ("/필요 T7 T3", "/need T7 T3"),
    ("/필요없음 T7 T3", "/unneed T7 T3"),
    ("/조건 T7 네트워크 없이도", "/criterion T7 네트워크 없이도"),
    ("/검토 P4 승인", "/review P4 approve"),
    ("/검토 P4 수정: 이름을 바꿔 주세요", "/review P4 changes 이름을 바꿔 주세요"),
    ("/병합 P4", "/merge P4"),
    ("/닫기 P4", "/close P4"),
    ("/메모 T7 안드로이드에서도", "/note T7 안드로이드에서도"),
    ("/제목 T7 로그인", "/title T7 로그인"),
    ("/태그 T7 #인증", "/tag T7 #인증"),
    ("/태그 빼기 T7 #인증", "/untag T7 #인증"),
    ("/우선순위 T7 높음", "/prio T7 high"),
    ("/우선순위 !긴급 T7", "/prio T7 urgent"),
    ("/마감 T7 금요일까지", "/due T7 fri"),
    ("/마감 T7 2주 뒤", "/due T7 in 2 weeks"),
    ("/마감 T7 없음", "/due T7 none"),
    ("/프로젝트 T7 앱", "/project T7 앱"),
    ("/프로젝트 T7 없음", "/project T7 none"),
    ("/연결 T7 위해:T9", "/link T7 for:T9"),
    ("/확인 ABCD2345", "/confirm ABCD2345"),
    ("/확인 아니요 ABCD2345", "/confirm no ABCD2345"),
    ("/보기 T7 어제 기준", "/show T7 at yesterday"),
    (
        "/목록 할일 열림 #인증 @me 프로젝트:앱 !높음 마감:금요일 쪽:2",
        "/list todo open #인증 @me in:앱 !high due:fri page:2",
    ),
    ("/목록 전체", "/list all"),
    ("/목록 전체 어제 기준", "/list all at yesterday"),
    ("/목록 PR 병합됨 페이지:3", "/list pr merged page:3"),
    ("/목록 \"완료\"", "/list \"완료\""),
    ("/목록 할일 지난 금요일 기준 쪽:2", "/list todo at last fri page:2"),
    ("/보드 #auth 3개월 전 기준", "/board #auth at 3 months ago"),
    ("/보드 지금 기준", "/board at now"),
    ("/보드 위치 4812 기준", "/board at position 4812"),
    ("/보드 2026-08-01 기준", "/board at 2026-08-01"),
    ("/목록 할 일 진행 중", "/list todo doing"),
    ("/목록 할 일들 완료 조사 중", "/list 할 일들 done running"),
    ("/내것 마감:금요일", "/mine due:fri"),
    ("/내 할 일", "/mine"),
    ("/다음 #auth", "/next #auth"),
    ("/찾기 로그인 #auth", "/find 로그인 #auth"),
    ("/검색 로그인 어제 기준", "/find 로그인 at yesterday"),
    ("/찾기 회의 기준", "/find 회의 \"기준\""),
    ("/기록 T7 쪽:2", "/history T7 page:2"),
    ("/왜 T7", "/why T7"),
    ("/왜 T7 그림", "/why T7 picture"),
    ("/왜 T7 그저께 기준", "/why T7 at 2026-11-18"),
    ("/되돌리기 T7 마감", "/undo T7 due"),
    ("/취소", "/undo"),
    ("/취소 방", "/undo room"),
    ("/비교 지난 금요일", "/diff last fri"),
    ("/비교 지난 금요일부터 어제까지 #auth", "/diff last fri to yesterday #auth"),
    ("/비교 8월 1일..9월 1일 열림", "/diff 1 aug..1 sep open"),
    ("/통계 4주", "/stats 4 weeks"),
    ("/통계 그림 지난달", "/stats picture last month"),
    ("/보고서 removed-soon 지난 금요일 기준", "/report removed-soon at last fri"),
    ("/보고서 삭제 lead-time", "/report remove lead-time"),
    ("/팔로우 #auth 할일", "/follow #auth todo"),
    ("/팔로우 전체", "/follow all"),
    ("/언팔로우 #auth", "/unfollow #auth"),
    ("/구독 해제 모두", "/unfollow all"),
    ("/음소거 2시간", "/mute 2h"),
    ("/음소거 3일", "/mute 3 days"),
    ("/음소거 3일 동안", "/mute 3 days"),
    ("/음소거 월요일 9시까지", "/mute until mon 9:00"),
    ("/음소거 끄기", "/mute off"),
    ("/음소거 해제", "/unmute"),
    ("/언어 한국어", "/lang ko"),
    ("/시간대 서울", "/tz seoul"),
    ("/기본 할일", "/default todo"),
    ("/소유자등록 7Q4M2XKD", "/claim 7Q4M2XKD"),
    ("/페어링 7Q4M2XKD 멤버 @kim", "/pair 7Q4M2XKD member as @kim"),
    ("/페어링", "/pair"),
    ("/사람들", "/people"),
    ("/권한부여 @dana 관리자", "/grant @dana maintainer"),
    ("/권한 회수 @dana", "/revoke @dana"),
    ("/잊기 @dana", "/forget @dana"),
    ("/연결 해제 console", "/unlink console"),
    ("/방들", "/rooms"),
    ("/켜기", "/enable"),
    ("/끄기", "/disable"),
    ("/도움말", "/help"),
    ("/상태", "/status"),
    ("/안녕", "/start"),
    ("T7 완료", "T7 done"),
    ("완료 T7", "done T7"),
    ("T7 마감 금요일", "T7 due fri"),
    ("T7 배정 @dana", "T7 assign @dana"),
    ("T7 어제 기준", "T7 at yesterday"),
    ("/T7 다시 열기", "/T7 reopen"),
    ("왜 T7", "why T7"),
];

#[test]
fn what_is_said_in_korean_is_the_english_command() {
    for (korean, english) in SAME {
        let said = command(korean);
        assert_eq!(said, command(english), "{korean}");
        let printed = said.to_text(context().time_zone);
        assert_eq!(command(&printed), said, "{korean} is printed as {printed}");
    }
}

#[test]
fn the_letters_may_come_apart() {
    use unicode_normalization::UnicodeNormalization as _;
    for (korean, _) in SAME.iter().filter(|(korean, _)| !korean.contains('\"')) {
        let apart: String = korean.nfd().collect();
        let printed = |text: &str| command(text).to_text(context().time_zone).nfc().collect::<String>();
        if !korean.contains("기준") && !korean.contains("할 ") && !SPACED_VERB.iter().any(|it| korean.contains(it)) {
            assert_eq!(printed(&apart), printed(korean), "{korean}");
        }
    }
}

const SPACED_VERB: &[&str] =
    &["배정 해제", "다시 열기", "태그 빼기", "구독 해제", "음소거 해제", "권한 회수", "연결 해제", "할일로", "조사로"];

#[test]
fn answers_to_a_card_in_korean() {
    for (text, means) in [
        ("완료", "/done T7@5"),
        ("완료!", "/done T7@5"),
        ("완료 그래도", "/done T7@5 anyway"),
        ("시작", "/doing T7@5"),
        ("마감 금요일", "/due T7@5 2026-11-27"),
        ("마감 2주 뒤", "/due T7@5 2026-12-04"),
        ("마감 없음", "/due T7@5 none"),
        ("태그 #인증", "/tag T7@5 #인증"),
        ("배정 @dana", "/assign T7@5 @dana"),
        ("필요 T3", "/need T7@5 T3"),
        ("우선순위 높음", "/prio T7@5 high"),
        ("승격 할일로 #x", "/promote T7@5 todo #x"),
        ("검토 승인", "/review T7@5 approve"),
        ("메모: T8도", "/note T7@5 T8도"),
        ("왜", "/why T7@5"),
        ("/메모 안녕하세요", "/note T7@5 안녕하세요"),
        ("다시 열기", "/reopen T7@5"),
        ("되돌리기", "/undo T7@5"),
    ] {
        assert_eq!(reply(text).as_deref(), Some(means), "{text}");
    }
    for text in [
        "메모해 둘게요",
        "완료는 내일쯤",
        "완료 직전이에요",
        "시작은 했어요",
        "필요 없어요",
        "닫기 전에 확인해 주세요",
        "마감 언제예요?",
        "태그 좀 달아 주세요",
        "배정 부탁해요",
        "왜 그래요?",
        "할일 목록",
        "다음 주에 볼게요",
        "검토 부탁드려요",
    ] {
        assert_eq!(reply(text), None, "{text}");
    }
}

#[test]
fn sentences_stay_sentences() {
    for text in
        ["할일 정리하기", "완료", "다음 주 회의 준비", "왜 이럴까", "취소 버튼이 안 눌려요", "완료 T7 제대로 됐나요"]
    {
        words(text);
    }
    // What only looks like a token is a word.
    for title in ["시간: 9시", "마감: 금요일", "!높이 조절", "참고:문서", "! 높음"] {
        assert_eq!(draft(title, &context()).unwrap().title, title);
    }
}

#[test]
fn korean_typos_are_understood() {
    for (typed, meant) in [
        ("/완룢 T1", "/완료 T1"),
        ("/왼료 T1", "/완료 T1"),
        ("/할닐 고치기", "/할일 고치기"),
        ("/도움맒", "/도움말"),
        ("/프로잭트 T7 앱", "/프로젝트 T7 앱"),
        ("/되돌이기", "/되돌리기"),
        ("/보두", "/보드"),
        ("/외 T7", "/왜 T7"),
        ("/T7 완뇨", "/완료 T7"),
        ("/우선순의 T7 높음", "/우선순위 T7 높음"),
    ] {
        let fault = parse(typed, &context()).expect_err(typed);
        assert_eq!(fault.meant.first().map(String::as_str), Some(meant), "{typed}: {fault}");
        command(meant);
    }
    assert!(fault("/할일 x !높은").contains("!높음"));
    for text in ["/학교", "/가나다라", "/업무", "/집/문서"] {
        assert!(parse(text, &context()).map_or_else(|fault| fault.meant.is_empty(), |_| true), "{text}");
    }
    assert!(letters("완료").chars().count() > 2);
}

/// One of the Korean words for an English one, or that.
fn one(word: &str, table: korean::Table, which: usize) -> String {
    let korean = korean::korean(word, table);
    if korean.is_empty() { word.to_owned() } else { korean[which % korean.len()].to_owned() }
}

/// The same command with its verb in Korean.
fn verb_in_korean(text: &str, which: usize) -> String {
    let end = text.find(|c: char| c.is_whitespace() || c == ':').unwrap_or(text.len());
    let words = verb::find(&text[1..end]).unwrap().korean();
    format!("/{}{}", words[which % words.len()], &text[end..])
}

/// The same with its tokens, buckets and states as well; for commands without free text.
fn words_in_korean(text: &str, which: usize) -> String {
    let said = |word: &str| {
        if let Some(priority) = word.strip_prefix('!') {
            return format!("!{}", one(priority, korean::PRIORITIES, which));
        }
        if let Some((key, value)) = word.split_once(':') {
            return format!("{}:{value}", one(key, korean::KEYS, which));
        }
        let bucket = one(word, korean::BUCKETS, which);
        if bucket == word { one(word, korean::STATES, which) } else { bucket }
    };
    let text = verb_in_korean(text, which);
    let (verb, rest) = text.split_once(' ').unwrap_or((&text, ""));
    format!("{verb} {}", rest.split(' ').map(said).collect::<Vec<_>>().join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_korean_verb_is_the_same_command(command in any_command(), which in 0..3_usize, bare_verbs: bool) {
        let context = Context { bare_verbs, ..context() };
        let said = verb_in_korean(&command.to_text(context.time_zone), which);
        prop_assert_eq!(parse(&said, &context), Ok(Said::Command(command)), "{}", &said);
        prop_assert_eq!(split(&said, &context), [said.as_str()], "one command is one part");
    }

    #[test]
    fn korean_tokens_are_the_same_command(carry in carry(), mut filter in a_filter(), page in 1..9_u32, which in 0..3_usize) {
        let draft = Draft { title: "로그인 고치기".to_owned(), carry, ..Draft::default() };
        filter.words.clear();
        for command in [
            Command::Create { bucket: Bucket::Todo, draft },
            Command::Look(Look::List { filter, page, at: None }),
        ] {
            let text = command.to_text(context().time_zone);
            if !text.contains('"') {
                let said = words_in_korean(&text, which);
                prop_assert_eq!(parse(&said, &context()), Ok(Said::Command(command)), "{} {}", text, said);
            }
        }
    }
}

#[test]
fn every_verb_is_the_same_by_each_of_its_words() {
    for verb in verbs() {
        let english = command(&format!("/{}", verb.example));
        let behind = verb.example.strip_prefix(verb.word).unwrap();
        for word in verb.korean() {
            assert_eq!(command(&format!("/{word}{behind}")), english, "/{word}");
            assert_eq!(
                parse(&format!("{word}{behind}"), &console()),
                parse(&format!("{}{behind}", verb.word), &console()),
                "{word}"
            );
        }
    }
}

/// What is wrong with each of these is said in Korean: besides what was typed and what is to be typed, nothing is left.
#[test]
fn faults_in_korean() {
    let shown = [
        "/할일 고치기 마감:언젠가",
        "/할일 고치기 마감:3일",
        "/할일 고치기 마감:03/04/2026",
        "/할일 고치기 마감:9999년 1월 1일",
        "/할일 고치기 마감:2월 30일",
        "/할일",
        "/할일 #인증",
        "/할일 고치기 !높은",
        "/할일 고치기 필요:테스트",
        "/할일 고치기 !높음 !낮음",
        "/되돌리기 옆",
        "/되돌리기 T7 옆",
        "/되돌리기 T7 방",
        "/되돌리기 방 마감",
        "/되돌리기 T7@5 T7@5",
        "/비교",
        "/비교 언젠가",
        "/보드 언젠가 기준",
        "/보기 T7 부탁해요",
        "/보기 T7 at 언젠가",
        "/팔로우 #app 어제 기준",
        "/마감 T7",
        "/마감 T7 언젠가",
        "/우선순위 T7 급한",
        "/우선순위 T7",
        "/필요",
        "/필요 T7 테스트",
        "/배정 T7",
        "/태그 T7 a/b",
        "/태그 T7",
        "/승격 T7 아이디어",
        "/승격 T7 언젠가",
        "/승격 T7 to",
        "/검토 P4",
        "/연결 T7 example.org",
        "/연결 T7 T9 T10",
        "/찾기 열림",
        "/목록 쪽:0",
        "/보드 쪽:2",
        "/팔로우 필요:T3",
        "/음소거",
        "/음소거 어제까지",
        "/시간대 서욾",
        "/시간대",
        "/언어 한국말",
        "/기본 보드",
        "/기본",
        "/완료 T7 T8",
        "/완료 7",
        "/페어링 abcd1234 대장",
        "/페어링 코드",
        "/권한부여 dana",
        "/권한부여",
        "/소유자등록",
        "/연결해제",
        "/보고서 이름",
        "/보고서 저장",
        "/보고서 lead-time 내일 기준",
        "/메모 T7",
        "/제목 T7",
        "/발견 R2",
        "/다듬기 I3",
        "/조건 T7",
        "/프로젝트 T7",
        "/T7 완룢",
        "/T7 안녕하세요",
        "/모름",
        "/완룢 T7",
    ]
    .map(|text| {
        let fault = parse(text, &context()).expect_err(text);
        format!("> {text}\n{}", fault.say(crate::lang::Lang::Korean))
    })
    .join("\n\n");
    insta::assert_snapshot!(shown);
}

#[test]
fn help_in_korean() {
    let help = |topic| help(topic, crate::lang::Lang::Korean).unwrap().to_string();
    let short = help(None);
    assert!(short.lines().count() <= 30, "more than a phone shows at once:\n{short}");
    insta::assert_snapshot!("korean_help_in_short", short);
    insta::assert_snapshot!("korean_help", help(Some("전체")));
    insta::assert_snapshot!("korean_help_about_one_verb", help(Some("/완료")));
    assert_eq!(help(Some("완료")), help(Some("done")));
    assert_eq!(help(Some("방")), help(Some("room")));
}

#[test]
fn what_is_on_a_button_is_what_a_korean_would_say() {
    let said = |command| korean::as_said(command, crate::lang::Lang::Korean);
    assert_eq!(said("/done T1"), "/완료 T1");
    assert_eq!(said("/done T1 anyway"), "/완료 T1 그래도");
    assert_eq!(said("/list todo"), "/목록 할일");
    assert_eq!(said("/unlink console"), "/unlink console", "not every word of it has a Korean one");
    assert_eq!(korean::as_said("/done T1", crate::lang::Lang::English), "/done T1");
}

#[test]
fn every_korean_example_is_the_english_one() {
    for verb in verbs() {
        let text = format!("/{}", verb.example_in(crate::lang::Lang::Korean));
        assert!(matches!(parse(&text, &context()), Ok(Said::Command(_))), "{text}: {:?}", parse(&text, &context()));
        let (korean, english) = (command(&text), command(&format!("/{}", verb.example)));
        assert_eq!(std::mem::discriminant(&korean), std::mem::discriminant(&english), "{text}");
        let verb_of =
            |command: &Command| command.to_text(context().time_zone).split([' ', ':']).next().unwrap().to_owned();
        assert_eq!(verb_of(&korean), verb_of(&english), "{text}");
    }
}

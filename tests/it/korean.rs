//! The conversations of the design in Korean throughout: whoever's app speaks it gets it, without setting anything.

use chrono::{DateTime, TimeDelta, TimeZone as _, Utc};
use insta::assert_snapshot;

use crate::stage::{Seat, Stage};

/// A Wednesday afternoon in Seoul.
fn noon() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 25, 5, 0, 0).unwrap()
}

/// Words in Latin letters that are no English: names, tags, references, platforms, what was typed.
fn is_left_alone(word: &str) -> bool {
    let names = [
        "kim",
        "Kim",
        "dana",
        "Dana",
        "sam",
        "auth",
        "app",
        "PR",
        "Telegram",
        "Discord",
        "yoman",
        "Asia",
        "Seoul",
        "console",
        "Console",
        "ko",
        "en",
        "fdatasync",
        "API",
    ];
    let letters = word.trim_start_matches(['T', 'I', 'R', 'P']);
    let code = word.len() == 8 && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    code || names.contains(&word) || (word.len() > letters.len() && letters.bytes().all(|byte| byte.is_ascii_digit()))
}

/// No English is in what somebody got.
#[track_caller]
fn all_korean(said: &str, got: &[String]) {
    for text in got {
        let words =
            text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.chars().any(char::is_alphabetic));
        let english: Vec<_> = words.filter(|word| !is_left_alone(word)).collect();
        assert!(english.is_empty(), "{english:?} in the answer to {said:?}:\n{text}");
    }
}

async fn say(stage: &mut Stage, seat: &Seat, text: &str) {
    let got = stage.say(seat, text).await;
    assert!(!got.is_empty(), "{text:?} is not answered");
    all_korean(text, &got);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_minute() {
    let mut stage = Stage::at(noon()).await;
    let me = stage.direct("console", "sam").speaking("ko-KR");
    say(&mut stage, &me, "할일 로그인 고치기 #auth !높음 마감:금요일").await;
    say(&mut stage, &me, "할일 앱 배포 필요:T1").await;
    say(&mut stage, &me, "완료 T2").await;
    stage.until(noon() + TimeDelta::seconds(20)).await;
    say(&mut stage, &me, "완료 T1").await;
    stage.until(noon() + TimeDelta::seconds(24)).await;
    say(&mut stage, &me, "되돌리기").await;
    say(&mut stage, &me, "왜 T1").await;
    say(&mut stage, &me, "기록 T2").await;
    say(&mut stage, &me, "T1").await;
    say(&mut stage, &me, "보드").await;
    say(&mut stage, &me, "내것").await;
    say(&mut stage, &me, "다음").await;
    say(&mut stage, &me, "찾기 로그인").await;
    say(&mut stage, &me, "사람들").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_the_phone_to_a_room_of_friends() {
    let mut stage = Stage::at(noon()).await;
    let kim = stage.direct("telegram", "kim").speaking("ko");
    let dana = stage.direct("discord", "dana").speaking("ko");
    stage.own(&kim).await;
    let code = stage.say(&dana, "안녕하세요").await.concat();
    let code = code.split("/페어링 ").nth(1).unwrap().chars().take(8).collect::<String>();
    say(&mut stage, &kim, &format!("/페어링 {code} 멤버")).await;
    stage.quiet(&dana.bot).await;
    stage.came(&dana);
    let owner = stage.group("telegram", "team", "kim");
    stage.forget();
    // A group follows nobody's app: it is set there.
    stage.say(&owner, "/enable").await;
    say(&mut stage, &owner, "/언어 한국어").await;
    say(&mut stage, &owner, "/팔로우 #app").await;
    say(&mut stage, &kim, "오프라인 모드 #app").await;
    stage.press(&kim, "조사하기").await;
    say(&mut stage, &kim, "/발견 R1 강제 종료에도 살아남아요").await;
    say(&mut stage, &kim, "/승격 R1 할일 @dana !높음").await;
    let told = stage.came(&dana);
    all_korean("a notice", &told);
    stage.press(&dana, "시작").await;
    say(&mut stage, &dana, "/메모 T1 거의 다 됐어요").await;
    say(&mut stage, &dana, "/완료 T1").await;
    let told = stage.came(&owner);
    // The first was said before the room spoke Korean.
    all_korean("notices of a group", &told[1..]);
    say(&mut stage, &kim, "T1").await;
    stage.say(&owner, "/lang en").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_past() {
    let mut stage = Stage::at(noon()).await;
    let me = stage.direct("console", "sam").speaking("ko");
    say(&mut stage, &me, "할일 로그인 고치기 #auth").await;
    say(&mut stage, &me, "할일 앱 배포 필요:T1").await;
    say(&mut stage, &me, "아이디어 어두운 화면").await;
    stage.until(noon() + TimeDelta::days(2)).await;
    say(&mut stage, &me, "완료 T1").await;
    say(&mut stage, &me, "기각 I1 아직 일러요").await;
    say(&mut stage, &me, "시작 T2").await;
    say(&mut stage, &me, "마감 T2 금요일").await;
    say(&mut stage, &me, "배정 T2 @나").await;
    stage.until(noon() + TimeDelta::days(3)).await;
    say(&mut stage, &me, "보드 어제 기준").await;
    say(&mut stage, &me, "T1 어제 기준").await;
    say(&mut stage, &me, "비교 어제").await;
    say(&mut stage, &me, "통계 2주").await;
    say(&mut stage, &me, "왜 T2").await;
    say(&mut stage, &me, "되돌리기 T1").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_things_go_wrong() {
    let mut stage = Stage::at(noon()).await;
    let me = stage.direct("telegram", "kim").speaking("ko");
    stage.own(&me).await;
    stage.forget();
    say(&mut stage, &me, "/할닐 로그아웃 고치기").await;
    say(&mut stage, &me, "/완료 T99").await;
    say(&mut stage, &me, "/할일 고치기 마감:언젠가").await;
    say(&mut stage, &me, "/할일 로그인 고치기").await;
    let card = stage.card(&me, "T1");
    say(&mut stage, &me, "/완료 T1").await;
    stage.until(noon() + TimeDelta::hours(2)).await;
    let got = stage.press_data(&me, &card.at, "/doing T1@1", "시작").await;
    all_korean("a button on an old card", &got);
    say(&mut stage, &me, "/되돌리기 T1").await;
    say(&mut stage, &me, "/음소거 2시간").await;
    say(&mut stage, &me, "/언어").await;
    say(&mut stage, &me, "/언어 없는말").await;
    stage.say(&me, "/언어 영어").await;
    stage.say(&me, "/list").await;
    say(&mut stage, &me, "/lang off").await;
    assert_snapshot!(stage.transcript());
}

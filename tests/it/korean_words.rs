//! Korean: what is said and refused in a room that speaks it.

use chrono::{TimeZone as _, Utc};
use insta::assert_snapshot;

use crate::stage::{Ground, Stage};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_that_speaks_korean_is_answered_in_korean() {
    // A Wednesday afternoon in Seoul: when the log began is said, too.
    let mut stage = Stage::at(Utc.with_ymd_and_hms(2026, 11, 25, 5, 0, 0).unwrap()).await;
    let kim = stage.direct("telegram", "kim");
    stage.own(&kim).await;
    stage.forget();
    stage.say(&kim, "/언어 한국어").await;
    stage.say(&kim, "/할일 로그인 고치기 #auth !높음 마감:2031-05-02").await;
    stage.say(&kim, "/할 일 2.0 배포 필요:T1").await;
    stage.say(&kim, "/완룢 T1").await;
    stage.say(&kim, "완료 T2").await;
    stage.say(&kim, "/할일 고치기 마감:언젠가").await;
    stage.say(&kim, "/할일").await;
    stage.say(&kim, "/마감 T1 2월 30일").await;
    stage.say(&kim, "/마감 T1 2031-05-02").await;
    stage.say(&kim, "/완료 T99").await;
    stage.say(&kim, "/변경요청 재시도 위해:T7").await;
    stage.say(&kim, "/병합 T1").await;
    stage.say(&kim, "/태그 T1 a/b").await;
    stage.say(&kim, "/배정 T1 @nobody").await;
    stage.say(&kim, "/완료 T1").await;
    stage.say(&kim, "/취소").await;
    stage.say(&kim, "/되돌리기 T1 옆").await;
    stage.say(&kim, "/보드 2001-01-01 기준").await;
    stage.say(&kim, "/연결").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn help_in_korean() {
    let (mut stage, kim) = Stage::with_kim(Ground::Memory).await;
    stage.say(&kim, "/언어 한국어").await;
    stage.forget();
    stage.say(&kim, "/도움말").await;
    stage.say(&kim, "/도움말 할일").await;
    stage.say(&kim, "/help done").await;
    stage.say(&kim, "/도움말 문법").await;
    stage.say(&kim, "/도움말 할닐").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_that_is_old_and_a_question_in_korean() {
    let (mut stage, kim) = Stage::with_kim(Ground::Memory).await;
    stage.say(&kim, "/언어 ko").await;
    stage.say(&kim, "/할일 로그인 고치기").await;
    let card = stage.card(&kim, "T1");
    stage.say(&kim, "/완료 T1").await;
    stage.press_data(&kim, &card.at, "/done T1@1", "T1@1").await;
    stage.say(&kim, "/아이디어 오프라인 모드").await;
    let idea = stage.card(&kim, "I1");
    stage.press_data(&kim, &idea.at, "/refine I1@1", "I1@1").await;
    stage.say(&kim, "읽기만 오프라인에서 되면 돼요").await;
    let idea = stage.card(&kim, "I1");
    stage.reply(&kim, &idea, "기각: 아직 일러요").await;
    stage.reply(&kim, &idea, "좋은 생각이네요").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_is_answered_in_the_language_of_their_app() {
    let (mut stage, kim) = Stage::with_kim(Ground::Memory).await;
    let lee = stage.direct(kim.room.bot(), "lee");
    let mut hello = stage.message(&lee, "안녕하세요");
    hello.sender.language = Some("ko-KR".into());
    stage.send(&lee, hello, "안녕하세요").await;
    let code = stage.came(&lee).last().cloned().unwrap();
    assert!(code.contains("/페어링 ") && code.contains("소유자나 관리자"), "{code}");
}

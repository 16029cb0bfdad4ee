//! Korean beside English: the Korean words of the grammar, each table with the English word that every one stands for.
//!
//! A Korean word is understood wherever the English one is, and means exactly the same; what is printed is the English one.
//! The first of several is the one that is shown. Dates are in `when_korean.rs`.

use unicode_normalization::UnicodeNormalization as _;

use crate::lang::Lang;

/// English words with the Korean ones for each.
pub(super) type Table = &'static [(&'static str, &'static [&'static str])];

/// No word of any table is longer, in bytes, however it is composed.
const WORD_BYTES_MAX: usize = 96;

/// A verb in Korean.
#[derive(Clone, Copy, Debug)]
pub(super) struct Korean {
    /// Its word in the table of verbs.
    verb: &'static str,
    /// Words for it; the first is the one that is shown.
    pub(super) words: &'static [&'static str],
    /// How it is written.
    pub(super) usage: &'static str,
    /// What it does, in a line.
    pub(super) help: &'static str,
    /// A whole command, without `/`, that can be sent as it is.
    pub(super) example: &'static str,
}

const fn ko(
    verb: &'static str,
    words: &'static [&'static str],
    usage: &'static str,
    help: &'static str,
    example: &'static str,
) -> Korean {
    Korean { verb, words, usage, help, example }
}

#[rustfmt::skip]
pub(super) static VERBS: &[Korean] = &[
    ko("idea", &["아이디어"], "/아이디어 글", "떠오른 생각을 담아요", "아이디어 오프라인 모드 #app"),
    ko("research", &["조사", "연구"], "/조사 글", "알아볼 것을 시작해요", "조사 어떤 저장소가 강제 종료에도 살아남나?"),
    ko("todo", &["할일", "투두"], "/할일 글", "할 일을 목록에 올려요", "할일 로그인 고치기 #auth !높음 마감:금요일 @나"),
    ko("pr", &["변경요청", "풀리퀘"], "/변경요청 글", "변경을 봐 달라고 해요", "변경요청 업로드 재시도 위해:T7"),
    ko("refine", &["다듬기"], "/다듬기 [I3] 글", "아이디어를 더 잘 설명해요", "다듬기 I3 읽기만 오프라인에서 되면 돼요"),
    ko("reject", &["기각", "반려"], "/기각 [I3] [이유]", "아이디어를 접어요", "기각 I3 아직 일러요"),
    ko("promote", &["승격", "올리기"], "/승격 [I3] [조사|할일|PR] [표시]", "다음 단계로 옮겨요", "승격 R1 할일 @dana !높음"),
    ko("finding", &["발견", "알아낸것"], "/발견 [R2] 글", "알아낸 것을 적어요", "발견 R2 fdatasync를 하면 살아남아요"),
    ko("assign", &["배정", "담당"], "/배정 [T7] @사람 …", "누군가에게 맡겨요", "배정 T7 @dana"),
    ko("unassign", &["배정해제", "담당해제"], "/배정해제 [T7] @사람 …", "맡긴 것을 거둬요", "배정해제 T7 @dana"),
    ko("doing", &["시작", "진행"], "/시작 [T7]", "일을 시작해요", "시작 T7"),
    ko("done", &["완료", "끝"], "/완료 [T7] [그래도] [글]", "할 일이나 조사를 끝내요", "완료 T7"),
    ko("reopen", &["다시열기", "재개"], "/다시열기 [T7] [이유]", "다시 열어요", "다시열기 T7 또 생겼어요"),
    ko("need", &["필요", "선행"], "/필요 [T7] T3 …", "다른 항목을 기다리게 해요", "필요 T7 T3"),
    ko("unneed", &["필요없음", "선행해제"], "/필요없음 [T7] T3 …", "더는 기다리지 않게 해요", "필요없음 T7 T3"),
    ko("criterion", &["조건", "완료조건"], "/조건 [T7] 글", "언제 끝난 건지 정해요", "조건 T7 네트워크 없이도 되기"),
    ko("review", &["검토", "리뷰"], "/검토 [P4] [승인|수정|의견] [글]", "변경에 의견을 남겨요", "검토 P4 승인"),
    ko("merge", &["병합", "머지"], "/병합 [P4]", "변경이 들어갔어요", "병합 P4"),
    ko("close", &["닫기"], "/닫기 [P4] [이유]", "변경을 넣지 않기로 해요", "닫기 P4 P5로 대신해요"),
    ko("note", &["메모", "노트"], "/메모 [T7] 글", "한마디 남겨요", "메모 T7 안드로이드에서도 봤어요"),
    ko("title", &["제목"], "/제목 [T7] 글", "제목을 바꿔요", "제목 T7 로그인 고치기"),
    ko("tag", &["태그"], "/태그 [T7] #태그 …", "태그를 달아요", "태그 T7 #auth"),
    ko("untag", &["태그빼기", "태그해제"], "/태그빼기 [T7] #태그 …", "태그를 떼요", "태그빼기 T7 #auth"),
    ko("prio", &["우선순위"], "/우선순위 [T7] 낮음|보통|높음|긴급", "얼마나 급한지 정해요", "우선순위 T7 높음"),
    ko("due", &["마감", "기한"], "/마감 [T7] 언제|없음", "언제까지인지 정해요", "마감 T7 금요일"),
    ko("project", &["프로젝트"], "/프로젝트 [T7] 이름|없음", "어느 프로젝트인지 정해요", "프로젝트 T7 app"),
    ko("link", &["연결", "링크"], "/연결 [T7] T9|위해:T9|주소 또는 /연결 [코드]", "무엇과 이어지는지 남겨요. 혼자 쓰면 다른 플랫폼의 나와 이어요", "연결 T7 https://example.org/42"),
    ko("show", &["보기"], "/보기 [T7] [언제 기준] 또는 T7", "항목 하나를 봐요", "보기 T7"),
    ko("list", &["목록", "리스트"], "/목록 [종류] [상태] [필터] [쪽:2] [언제 기준]", "항목들을 봐요", "목록 할일 열림 #auth @나"),
    ko("board", &["보드"], "/보드 [고정|고정해제] [필터] [언제 기준]", "모든 단계를 한눈에 봐요. 고정: 이 방에 두고 계속 새로 고쳐요", "보드 프로젝트:app"),
    ko("mine", &["내것", "내할일"], "/내것 [필터] [언제 기준]", "내 것만 봐요", "내것 마감:금요일"),
    ko("next", &["다음"], "/다음 [필터] [언제 기준]", "지금 할 수 있는 일을 봐요", "다음 #auth"),
    ko("find", &["찾기", "검색"], "/찾기 단어 [필터] [쪽:2] [언제 기준]", "이 단어가 든 항목을 찾아요", "찾기 로그인 #auth"),
    ko("history", &["기록", "이력"], "/기록 [T7] [쪽:2] [언제 기준]", "무슨 일이 있었는지 봐요", "기록 T7"),
    ko("why", &["왜", "이유"], "/왜 [T7] [그림] [언제 기준]", "누가 무엇을 했고 무엇이 뒤따랐는지 봐요", "왜 T7"),
    ko("undo", &["되돌리기", "취소"], "/되돌리기 [T7[@버전]] [부분]", "한 일을 되돌려요: 여기서 내가 마지막으로 한 일, 또는 T7에 마지막으로 한 일", "되돌리기 T7 마감"),
    ko("diff", &["비교", "차이"], "/비교 언제 [언제] [T7|필터]", "두 시점 사이에 바뀐 것을 봐요", "비교 지난 금요일"),
    ko("stats", &["통계"], "/통계 [그림] [언제..언제] [필터]", "얼마나 했고 얼마나 걸렸는지 봐요", "통계 4주"),
    ko("report", &["보고서", "리포트"], "/보고서 [이름 [단어] [언제 기준]]", "전체 기록을 세어 봐요. 혼자 쓰면 목록이 나와요", "보고서 removed-soon 지난 금요일 기준"),
    ko("follow", &["팔로우", "구독"], "/팔로우 [필터|전체] [on:created,done]", "이 항목들의 소식을 여기서 받아요. 혼자 쓰면 받는 소식이 나와요", "팔로우 #auth"),
    ko("unfollow", &["언팔로우", "구독해제"], "/언팔로우 [필터|전체]", "더는 받지 않아요", "언팔로우 #auth"),
    ko("mute", &["음소거"], "/음소거 2시간|3일|언제까지|끄기", "한동안 소식을 받지 않아요. 나중에도 모아서 오지 않아요", "음소거 2시간"),
    ko("unmute", &["음소거해제"], "/음소거해제", "다시 소식을 받아요", "음소거해제"),
    ko("digest", &["요약"], "/요약 [매일 9:00|매주 월 9:00|지금|끄기]", "바로 받는 대신 하루나 한 주에 한 번 모아서 받아요. 혼자 쓰면 설정이 나와요", "요약 매일 9:00"),
    ko("quiet", &["방해금지"], "/방해금지 [22:00-7:00 [긴급]|긴급 켜기|긴급 끄기|끄기]", "메시지를 받지 않을 시간을 정해요. 그동안의 소식은 나중에 모아서 와요", "방해금지 22:00-7:00"),
    ko("lang", &["언어"], "/언어 [en|ko|끄기]", "이 방의 언어를 정해요. 혼자 쓰면 지금 언어가 나와요", "언어 en"),
    ko("react", &["반응"], "/반응 [이모지 명령|이모지 끄기|끄기]", "반응이 무엇을 하는지 정해요. 혼자 쓰면 목록이 나와요", "반응 ✅ 완료"),
    ko("rebuild", &["다시만들기", "새로만들기"], "/다시만들기 여기 [필터|원본 방]", "이 방의 보드와 열린 카드를 새로 보내요. 원본: 그 방처럼 설정해요", "다시만들기 여기"),
    ko("remind", &["알림", "리마인드"], "/알림 [T7 언제 [글]|마감 1일 1시간|멈춤 14일|막힘 3일|끄기]", "그때 항목을 알려 주고, 마감·멈춘 일·막힌 일을 언제 알릴지 정해요. 혼자 쓰면 설정이 나와요", "알림 T7 내일 9:00"),
    ko("tz", &["시간대"], "/시간대 지역/도시", "이 방의 시간대를 정해요", "시간대 서울"),
    ko("default", &["기본", "기본값"], "/기본 아이디어|조사|할일|PR", "그냥 쓴 문장이 무엇이 될지 정해요", "기본 할일"),
    ko("claim", &["소유자등록"], "/소유자등록 코드", "처음 시작할 때 나온 코드로 소유자가 돼요", "소유자등록 7Q4M2XKD"),
    ko("pair", &["페어링"], "/페어링 [코드 [역할] [@이름]]", "누군가를 들여요. 혼자 쓰면 기다리는 사람이 나와요", "페어링 7Q4M2XKD 멤버 @kim"),
    ko("people", &["사람들", "사람"], "/사람들", "누가 무엇을 할 수 있는지 봐요", "사람들"),
    ko("grant", &["권한부여", "권한"], "/권한부여 @사람 역할", "역할을 줘요: 손님, 멤버, 관리자, 소유자", "권한부여 @dana 관리자"),
    ko("revoke", &["권한회수", "회수"], "/권한회수 @사람", "역할을 거둬요", "권한회수 @dana"),
    ko("forget", &["잊기"], "/잊기 @사람", "그 사람이 쓴 모든 것의 열쇠를 영원히 없애요. 먼저 물어봐요", "잊기 @dana"),
    ko("unlink", &["연결해제"], "/연결해제 플랫폼", "그곳의 나와 잇던 것을 끊어요", "연결해제 console"),
    ko("prefer", &["알림받기"], "/알림받기 [플랫폼|끄기]", "나와 관련된 일을 어디에서 알려 줄지 정해요. 혼자 쓰면 설정이 나와요", "알림받기 console"),
    ko("rooms", &["방들", "방목록"], "/방들", "봇이 어느 방에 있는지 봐요", "방들"),
    ko("enable", &["켜기"], "/켜기", "이 방에서 봇이 말하게 해요", "켜기"),
    ko("disable", &["끄기"], "/끄기", "이 방에서 봇을 조용히 시켜요", "끄기"),
    ko("confirm", &["확인"], "/확인 코드", "제가 물은 것에 그렇다고 답해요. 질문 아래 버튼과 같아요", "확인 7Q4M2XKD"),
    ko("help", &["도움말", "도움"], "/도움말 [명령|전체]", "처음 쓰는 법, 명령 하나, 또는 전부를 봐요", "도움말 할일"),
    ko("status", &["상태"], "/상태 [전체]", "잘 돌아가는지 봐요", "상태"),
    ko("start", &["안녕", "인사"], "/안녕", "인사해요", "안녕"),
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
    "다시 만들기",
    "새로 만들기",
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
    ("blocked", &["대기중", "막힘"]),
    ("reviewed", &["리뷰됨", "검토됨"]),
    ("done", &["완료", "완료됨", "끝"]),
    ("promoted", &["승격됨"]),
    ("rejected", &["기각됨", "반려됨"]),
    ("merged", &["병합됨"]),
    ("withdrawn", &["취소됨", "철회됨"]),
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
    ("daily", &["매일"]),
    ("from", &["원본"]),
    ("here", &["여기"]),
    ("me", &["나"]),
    ("no", &["아니요", "아니오"]),
    ("none", &["없음"]),
    ("now", &["지금"]),
    ("off", &["끄기", "해제"]),
    ("on", &["켜기"]),
    ("picture", &["그림"]),
    ("pin", &["고정"]),
    ("position", &["위치"]),
    ("remove", &["삭제"]),
    ("save", &["저장"]),
    ("unpin", &["고정해제"]),
    ("weekly", &["매주"]),
    ("yes", &["예", "네"]),
];

/// What a reaction does.
pub(super) static REACTIONS: Table = &[
    ("done", &["완료"]),
    ("start", &["시작"]),
    ("take", &["맡기"]),
    ("reopen", &["다시열기"]),
    ("promote", &["승격"]),
    ("reject", &["기각"]),
    ("approve", &["승인"]),
    ("merge", &["병합"]),
    ("close", &["닫기"]),
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

/// The headings of /help.
pub(super) static HEADINGS: Table = &[
    ("Capture", &["담기"]),
    ("Work on it", &["일하기"]),
    ("Say more about it", &["더 알려 주기"]),
    ("Look", &["보기"]),
    ("Look back, take back", &["돌아보기, 되돌리기"]),
    ("This room", &["이 방"]),
    ("People and rooms", &["사람과 방"]),
    ("Help", &["도움말"]),
];

/// What is put into the arguments of verbs.
#[rustfmt::skip]
pub(super) static ABOUT: Table = &[
    ("which one: T7, or words of its title", &["어느 것: T7 또는 제목의 단어"]),
    ("which idea: I3, or words of its title", &["어느 아이디어: I3 또는 제목의 단어"]),
    ("which research: R2, or words of its title", &["어느 조사: R2 또는 제목의 단어"]),
    ("which pr: P4, or words of its title", &["어느 PR: P4 또는 제목의 단어"]),
    ("the words", &["쓸 글"]),
    ("the reason", &["이유"]),
    ("which page, from 1", &["몇 쪽, 1부터"]),
    ("which ones: todo open #auth @me in:app due:fri", &["어느 것들: 할일 열림 #auth @나 프로젝트:app 마감:금요일"]),
    ("as of when: last friday, 3 months ago", &["언제 기준: 지난 금요일, 3개월 전"]),
    ("as a picture too", &["그림으로도"]),
    ("who: @kim, one or several", &["누구: @kim, 한 명 또는 여러 명"]),
    ("a tag, or several: #auth", &["태그 하나 또는 여럿: #auth"]),
    ("the title; further lines say more, - [ ] begins a criterion", &["제목. 다음 줄부터는 설명, - [ ] 로 시작하면 조건"]),
    ("how pressing it is", &["얼마나 급한지"]),
    ("when it is due: fri, tomorrow 9:00, in 2 weeks", &["언제까지: 금요일, 내일 9시, 2주 뒤"]),
    ("which project it belongs to", &["어느 프로젝트인지"]),
    ("what it waits for: T3", &["무엇을 기다리는지: T3"]),
    ("what it is for: T7", &["무엇을 위한 것인지: T7"]),
    ("what it becomes", &["무엇이 될지"]),
    ("when it is due", &["언제까지인지"]),
    ("ideas, research, todos or prs", &["아이디어, 조사, 할일, PR"]),
    ("where they stand", &["어떤 상태인지"]),
    ("of which project", &["어느 프로젝트의 것인지"]),
    ("although it still waits for something", &["아직 기다리는 것이 있어도"]),
    ("what it waits for: T3, or several", &["무엇을 기다리는지: T3 또는 여럿"]),
    ("what it waits for no more: T3, or several", &["더는 기다리지 않을 것: T3 또는 여럿"]),
    ("what you say to it", &["어떻게 보는지"]),
    ("the new title", &["새 제목"]),
    ("fri, tomorrow 9:00, in 2 weeks, or none", &["금요일, 내일 9시, 2주 뒤, 또는 없음"]),
    ("its name, or none", &["이름 또는 없음"]),
    ("T9, for:T9 or an address; nothing: be known elsewhere too", &["T9, 위해:T9 또는 주소. 비우면 다른 곳의 나와 잇기"]),
    ("words of the title or of what was said", &["제목이나 나눈 말에 든 단어"]),
    ("4 weeks, or from..to", &["4주, 또는 언제..언제"]),
    ("which parts of the act: due, #auth, title", &["한 일의 어느 부분: 마감, #auth, 제목"]),
    ("since when", &["언제부터"]),
    ("until when", &["언제까지"]),
    ("which report; nothing: which there are", &["어느 보고서인지. 비우면 목록"]),
    ("what it is given", &["보고서에 줄 단어"]),
    ("2h, 3 days, until mon 9:00, or off", &["2시간, 3일, 월요일 9시까지, 또는 끄기"]),
    ("what has to happen: created, noted, assigned, started, done, merged, due, undone", &["어떤 일이 있을 때: created, noted, assigned, started, done, merged, due, undone"]),
    ("daily 9:00, weekly mon 9:00, now, or off", &["매일 9:00, 매주 월 9:00, 지금, 또는 끄기"]),
    ("22:00-7:00, with urgent to let what is urgent through, or off", &["22:00-7:00, 긴급한 일은 받으려면 뒤에 긴급, 또는 끄기"]),
    ("which, or off", &["어느 플랫폼인지, 또는 끄기"]),
    ("en, ko, or off", &["ko, en, 아니면 off"]),
    ("area and city: Asia/Seoul", &["지역/도시: Asia/Seoul"]),
    ("what a bare sentence becomes", &["그냥 쓴 문장이 무엇이 될지"]),
    ("the code shown at the first start", &["처음 시작할 때 나온 코드"]),
    ("the code of the question", &["질문의 코드"]),
    ("the code they got; nothing: who waits", &["그 사람이 받은 코드. 비우면 기다리는 사람"]),
    ("what they may do", &["무엇을 할 수 있는지"]),
    ("who this is, if I know them already", &["이미 아는 사람이면 누구인지"]),
    ("where, as /people shows it", &["어디, /사람들 에 나온 대로"]),
    ("pinned here and kept up to date, or not any more", &["여기에 고정해 두고 늘 새로 고치기, 또는 그만두기"]),
    ("which reaction; nothing: which there are", &["어느 반응인지. 비우면 목록"]),
    ("what it does: done, start, take, or off", &["무엇을 할지: 완료, 시작, 맡기, 또는 끄기"]),
    ("in this room", &["이 방에서"]),
    ("the room it shall follow and be set like, as /rooms shows it", &["따라 할 방, /방들 에 나온 대로"]),
    ("fri 9:00, in 2 days; for the room: due 1d 1h, stale 14d, blocked 3d, off", &["금요일 9:00, 2일 뒤. 방이라면 마감 1일, 멈춤 14일, 막힘 3일, 끄기"]),
    ("what to be reminded of", &["무엇을 떠올릴지"]),
    ("in detail", &["자세히"]),
    ("about which verb", &["어느 명령인지"]),
];

/// The names of arguments, for platforms that show them.
#[rustfmt::skip]
pub(super) static NAMES: Table = &[
    ("item", &["항목"]), ("text", &["글"]), ("tag", &["태그"]), ("person", &["사람"]), ("priority", &["우선순위"]),
    ("due", &["마감"]), ("project", &["프로젝트"]), ("needs", &["선행"]), ("serves", &["대상"]), ("why", &["이유"]),
    ("page", &["쪽"]), ("filter", &["필터"]), ("at", &["시점"]), ("picture", &["그림"]), ("to", &["무엇으로"]),
    ("anyway", &["그래도"]), ("verdict", &["판정"]), ("when", &["언제"]), ("bucket", &["종류"]), ("state", &["상태"]),
    ("words", &["단어"]), ("span", &["기간"]), ("parts", &["부분"]), ("until", &["언제까지"]), ("name", &["이름"]),
    ("hours", &["시간"]), ("on", &["소식"]), ("time", &["동안"]), ("from", &["언제부터"]), ("code", &["코드"]), ("zone", &["지역"]),
    ("emoji", &["이모지"]), ("keep", &["고정"]), ("where", &["어디"]), ("role", &["역할"]), ("as", &["누구"]), ("platform", &["플랫폼"]), ("verb", &["명령"]),
    ("all", &["자세히"]),
];

pub(super) static LANGUAGES: Table = &[("ko", &["한국어", "한글"]), ("en", &["영어"])];

/// What a room can be reminded of.
pub(super) static REMIND: Table =
    &[("due", &["마감"]), ("stale", &["멈춤"]), ("blocked", &["막힘"]), ("on", &["켜기"]), ("off", &["끄기"])];

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
pub(super) fn english(word: &str, table: Table) -> &str {
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

/// The verb that a Korean word stands for; any other word as it is.
pub(super) fn english_verb(word: &str) -> &str {
    if word.is_ascii() || word.len() > WORD_BYTES_MAX {
        return word;
    }
    let composed = composed(&word.replace(' ', ""));
    VERBS.iter().find(|korean| korean.words.contains(&composed.as_str())).map_or(word, |korean| korean.verb)
}

/// The Korean side of a verb.
pub(super) fn of_verb(word: &str) -> Option<&'static Korean> {
    VERBS.iter().find(|korean| korean.verb == word)
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

/// A state or a bucket that is also written with a space: `할 일`, `진행 중`. Its second word never stands in a filter without
/// quotes, so that what is printed stays what it was.
pub(super) fn pair(first: &str, second: &str) -> Option<String> {
    let joined = || format!("{first}{second}");
    let known = |word: &str| [BUCKETS, STATES].iter().any(|table| english(word, table) != word);
    SECONDS.contains(&second).then(joined).filter(|joined| known(joined))
}

/// See [`pair`].
pub(super) const SECONDS: [&str; 2] = ["일", "중"];

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

/// Whether a word begins with what was typed of it; a syllable that is not finished counts (`ㅇ`, `와` for `완료`).
pub fn begins(word: &str, typed: &str) -> bool {
    letters(word).starts_with(&*letters(typed))
}

/// One of the words of a choice, in a language.
pub fn choice_in(word: &'static str, lang: Lang) -> &'static str {
    let said = choice(word);
    if lang == Lang::English || said.is_empty() { word } else { said }
}

/// A command of a button as a person would say it in a language: only where every word of it has one.
pub fn as_said(command: &str, lang: Lang) -> String {
    let mut words = command.split(' ');
    let verb = words.next().and_then(|word| super::verb::find(word.strip_prefix('/')?));
    let (Lang::Korean, Some(verb)) = (lang, verb) else { return command.to_owned() };
    let known = |word: &str| {
        let said = choice(word);
        if !said.is_empty() {
            return Some(said.to_owned());
        }
        let as_it_is = word.starts_with(['@', '#']) || super::args::target(word).is_some();
        as_it_is.then(|| word.to_owned())
    };
    match words.map(known).collect::<Option<Vec<_>>>() {
        Some(rest) => std::iter::once(format!("/{}", verb.word_in(lang))).chain(rest).collect::<Vec<_>>().join(" "),
        None => command.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        command::{filter, menu, verbs},
        domain::{Bucket, Priority, Role},
    };

    const TABLES: [Table; 12] =
        [REACTIONS, BUCKETS, STATES, PRIORITIES, ROLES, VERDICTS, KEYS, PARTS, WORDS, TOPICS, LANGUAGES, CITIES];

    #[test]
    fn every_verb_has_a_korean_word_and_no_word_two_verbs() {
        for verb in verbs() {
            assert!(!verb.korean().is_empty(), "/{} has no Korean word", verb.word);
            for word in verb.korean() {
                assert_eq!(super::super::verb::find(word).map(|it| it.word), Some(verb.word), "/{word}");
            }
        }
        for korean in VERBS {
            assert!(verbs().iter().any(|verb| verb.word == korean.verb), "there is no /{}", korean.verb);
            assert!(korean.words.iter().all(|word| word.chars().all(is_hangul)), "/{}", korean.verb);
            assert!(korean.usage.starts_with(&format!("/{}", korean.words[0])), "{}", korean.usage);
            assert!((1..=100).contains(&korean.help.chars().count()), "{}", korean.help);
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
            assert!(!korean(verb.group.heading(), HEADINGS).is_empty(), "{}", verb.group.heading());
            for arg in verb.args() {
                let name = korean(arg.name, NAMES).first().unwrap_or_else(|| panic!("/{}: {}", verb.word, arg.name));
                let same = verb.args().iter().filter(|it| korean(it.name, NAMES).first() == Some(name));
                assert_eq!(same.count(), 1, "/{} {name}", verb.word);
                let about = korean(arg.about, ABOUT).first().unwrap_or_else(|| panic!("/{}: {}", verb.word, arg.about));
                assert!((1..=100).contains(&about.chars().count()), "{about}");
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

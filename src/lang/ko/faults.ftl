# What is wrong with what was said, and what to say instead.

fault-as-of = 언제 기준인가요? 예:  /보드 지난 금요일 기준
fault-as-whom = 누구로 등록할까요?
fault-at-what-time = 언제 기준인가요?
fault-bucket = 아이디어, 조사, 할일, PR 중 하나예요.
fault-code = 코드에는 영문, 숫자, - 만 들어가요.
fault-criterion = 어떤 조건인가요?
fault-due-twice = 마감이 이미 있어요.
fault-finding = 무엇을 알아냈나요?
fault-how-long = 얼마 동안인가요?
fault-how-pressing = 얼마나 급한가요? 낮음, 보통, 높음, 긴급 중에서 골라 주세요.
fault-item-and-what = 여기서 { $item } 항목을 어떻게 할지 모르겠어요.
fault-item-and-what-like = 여기서 { $item } 항목을 어떻게 할지 모르겠어요. 예:  /완료 { $item }
fault-items-are-written = 항목은 I3, R2, T7, P4처럼 쓰고, 여러 개는 T3,T4처럼 써요.
fault-language = 영어와 한국어를 해요:  /언어 영어  /언어 한국어  /언어 끄기
fault-link = 항목(T9, 위해:T9)이나 https://로 시작하는 주소에 연결할 수 있어요. 코드는 영문과 숫자 8자예요.
fault-link-to = 무엇에 연결할까요?
fault-long = 너무 길어요. { $most }자까지 쓸 수 있어요.
fault-meant = { $what } 혹시 이 말인가요?   { $meant }
fault-meant-buttons = { $what } 혹시 이 말인가요?
fault-missing = { $what } 예:  /{ $example }
fault-mute-over = 이미 지난 때예요. 예:  /음소거 2시간
fault-name-character = { $what ->
    [tag] 태그
    [person] 이름
   *[project] 프로젝트 이름
}에는 { $character } 글자를 쓸 수 없어요. 글자, 숫자, - _ . 만 돼요. 예: { $example }
fault-name-long = { $what ->
    [tag] 태그
    [person] 이름
   *[project] 프로젝트 이름
} 길이가 너무 길어요. { $most }자까지 쓸 수 있어요.
fault-name-missing = { $what ->
    [tag] 태그
    [person] 이름
   *[project] 프로젝트 이름
} 자리가 비어 있어요. 예: { $example }
fault-no-pages = 여기에는 쪽이 없어요.
fault-no-past = 여기에는 과거 시점을 쓸 수 없어요.
fault-no-platform = 제가 아는 플랫폼이 아니에요.
fault-no-title = 제목이 없어요.
fault-not-a-filter = 이걸로는 거를 수 없어요. 이렇게 해 보세요: #태그 @사람 !높음 프로젝트:이름 마감:금요일 열림
fault-not-idea-again = 다시 아이디어로 되돌릴 수는 없어요. 조사, 할일, PR로는 바꿀 수 있어요.
fault-note = 무엇을 적어 둘까요?
fault-once = { $what ->
    [priority] 우선순위가
    [project] 프로젝트가
   *[due] 마감이
} 이미 있어요. 항목에는 하나만 둘 수 있어요.
fault-one-at-a-time = 한 번에 한 항목씩, 각각 다른 줄에 써 주세요. 예:  /{ $example }
fault-or = { $what }   또는   { $other }
fault-pages = 쪽 번호는 1부터예요: 쪽:2
fault-priority-meant = 모르는 우선순위예요. 혹시 !{ $meant } 인가요?
fault-priority-words = 우선순위는 낮음, 보통, 높음, 긴급 중 하나예요.
fault-project-or-none = 어느 프로젝트인가요? 빼려면 ‘없음’이라고 써 주세요.
fault-promote-to = 무엇으로 바꿀까요? 조사, 할일, PR 중에서 골라 주세요.
fault-refine = 어떻게 다듬을까요?
fault-report-name = 보고서 이름은 영문 소문자, 숫자, `-` 로 40자까지예요. /보고서 로 전체를 볼 수 있어요.
fault-report-words = 단어는 { $most }개까지예요.
fault-role = 역할은 손님, 멤버, 관리자, 소유자 중 하나예요.
fault-sentence = 그냥 문장일 수도 있어요.
fault-since = 언제부터인가요?
fault-text-long = 너무 길어요. { $most } kB까지 읽을 수 있어요.
fault-time-twice = 시점이 이미 있어요. 말 그대로의 단어는 따옴표로 묶어 주세요.
fault-title-long = 제목이 너무 길어요. { $most }자까지 쓸 수 있어요.
fault-to-come = 아직 오지 않은 때예요.
fault-too-many = 너무 많아요. { $most }개까지 쓸 수 있어요.
fault-twice = 같은 걸 두 번 썼어요.
fault-undo-many = 한 번에 너무 많아요. { $most }개까지 함께 되돌릴 수 있어요.
fault-undo-one = 한 번에 한 항목씩 써 주세요: 필요:T3 필요:T4
fault-undo-part = 무엇을 되돌릴지 모르겠어요. 한 일(T7, T7@5)과 그 부분을 써 주세요: 마감, 제목, #태그, @사람, 상태
fault-undo-together = 항목에 한 일만 함께 되돌릴 수 있어요.
fault-undo-whole = 이건 통째로만 되돌릴 수 있어요.
fault-unknown-topic = ‘{ $topic }’ 도움말은 없어요.
fault-unknown-topic-see = ‘{ $topic }’ 도움말은 없어요. /도움말 전체 에서 모두 볼 수 있어요.
fault-unknown-verb = /{ $verb } 명령은 없어요.
fault-unknown-verb-see = /{ $verb } 명령은 없어요. /도움말 에서 할 수 있는 말을 볼 수 있어요.
fault-useless = 이건 어떻게 할지 모르겠어요. 이렇게 써요:  { $usage }
fault-verdict = 승인, 수정, 의견 중 무엇인가요?
fault-when = 언제인가요?
fault-when-or-none = 언제까지인가요? 없애려면 ‘없음’이라고 써 주세요.
fault-which-bucket = 어디에 담을까요? 아이디어, 조사, 할일, PR 중에서 골라 주세요.
fault-which-code = 코드를 알려 주세요.
fault-which-item = 어느 항목인가요?
fault-which-item-like = 어느 항목인가요? 예: T3
fault-which-new-title = 제목을 알려 주세요.
fault-which-platform = 어느 플랫폼인가요?
fault-which-report = 어느 보고서인가요?
fault-which-role = 어떤 역할인가요? 손님, 멤버, 관리자, 소유자 중에서 골라 주세요.
fault-which-tag = 어떤 태그인가요?
fault-which-title = 어떤 제목으로 할까요?
fault-which-words = 어떤 단어를 찾을까요? 다른 뜻이 있는 단어는 따옴표로 묶어 주세요.
fault-which-zone = 어느 시간대인가요?
fault-who = 누구인가요?
fault-whom = 누구를 말하나요?
fault-word-long = 찾을 단어가 너무 길어요. { $most }자까지 돼요.
fault-zone = 모르는 시간대예요. 지역/도시로 써 주세요: Asia/Seoul
when-advice = { $fault } 이렇게 써 보세요:  금요일  { $day }  2주 뒤
when-advice-at = { $fault } 이렇게 써 보세요:  어제 기준  { $day } 기준  2주 전 기준
when-advice-due = { $fault } 이렇게 써 보세요:  마감:금요일  마감:{ $day }  마감:"2주 뒤"
when-advice-flag = { $fault } 이렇게 써 보세요:  { $prefix }어제  { $prefix }{ $day }  { $prefix }"2주 전"
when-advice-past = { $fault } 이렇게 써 보세요:  { $prefix }어제  { $prefix }{ $day }  { $prefix }2주 전
when-ambiguous = “{ $text }” 하나로 여러 뜻이 돼요. { $write }처럼 써 주세요.
when-ambiguous-day = “{ $text }” 하나로 여러 뜻이 돼요. 연-월-일로 써 주세요. 예: 2026-04-03
when-ambiguous-two = “{ $text }” 하나로 여러 뜻이 돼요. { $one } 또는 { $other }처럼 써 주세요.
when-no-such-day = { $day }, 그런 날은 없어요.
when-too-far = { $text }, 너무 먼 날짜예요.
when-unreadable = 날짜로 읽을 수 없어요: “{ $text }”.
fault-emoji = 이모지가 아니에요. 이렇게 써 보세요:  /반응 ✅ 완료
fault-reaction-missing = 무엇을 하게 할까요? { $verbs } 중 하나, 아니면 off.
fault-reaction = 반응에는 글이 없어서 이 가운데 하나만 할 수 있어요: { $verbs }. 끄려면 off.
fault-rebuild-where = 어디에 다시 만들까요? 이렇게 써 보세요:  /다시만들기 here
fault-rebuild-here = 보드와 카드는 지금 이 방에서만 다시 만들 수 있어요: /rebuild here
fault-rebuild-from = 어느 방에서 가져올까요? /방들 로 볼 수 있어요
when-advice-diff = { $fault } 이렇게 써 보세요:  /비교 어제  /비교 { $day }  /비교 2주 전

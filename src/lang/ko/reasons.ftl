# Why something cannot be done.

deed-admit = { $role ->
    [owner] 소유자
    [maintainer] 관리자
    [member] 멤버
   *[guest] 손님
} 역할로 누군가를 들이려면
deed-change = { $from ->
    [owner] 소유자
    [maintainer] 관리자
    [member] 멤버
   *[guest] 손님
} 역할을 { $to ->
    [owner] 소유자
    [maintainer] 관리자
    [member] 멤버
   *[guest] 손님
} 역할로 바꾸려면
deed-forget = 누군가를 잊으려면
deed-link = { $role ->
    [owner] 소유자
    [maintainer] 관리자
    [member] 멤버
   *[guest] 손님
}의 계정을 이으려면
deed-take = { $role ->
    [owner] 소유자
    [maintainer] 관리자
    [member] 멤버
   *[guest] 손님
} 역할을 거두려면
nothing = 없음
part-body = 본문
part-criteria = 조건
part-due = 마감
part-files = 파일
part-findings = 알아낸 것
part-the-link = { $item } 연결
part-links = 연결
part-the-need = { $item } 기다림
part-needs = 기다리는 항목
part-notes = 메모
part-people = 담당자
part-prio = 우선순위
part-project = 프로젝트
part-refinements = 다듬은 것
part-state = 상태
part-tags = 태그
part-title = 제목
person-has-account = 이미 { $account } 계정과 이어져 있어요
person-has-no-role = 이미 아무 역할도 없어요
person-has-role = 이미 { $role ->
    [owner] 소유자
    [maintainer] 관리자
    [member] 멤버
   *[guest] 손님
}예요
reason-assigned = { $item }{ JOSA($item, "은/는") } 이미 그렇게 배정되어 있어요
reason-because = { $what } (“{ $reason }”)
reason-circular = { $item }에서 { $on } 항목을 기다리게 할 수 없어요. { $item } -> { $on } -> { $item } 처럼 돌고 돌아 끝나지 않아요
reason-closed = { $item }{ JOSA($item, "은/는") } 이미 닫았어요
reason-comma = { $before }, { $next }
reason-does-not-need = { $item }{ JOSA($item, "은/는") } 기다리고 있지 않아요: { $items }
reason-doing = { $item }{ JOSA($item, "은/는") } 이미 진행 중이에요
reason-done = { $item }{ JOSA($item, "은/는") } 이미 끝났어요
reason-edited = { $item }{ JOSA($item, "은/는") } 이미 고친 메시지와 같아요
reason-empty = { $what ->
    [title] 제목이
    [body] 본문이
    [criterion] 조건이
    [address] 주소가
   *[words] 글이
} 비어 있어요
reason-linked = { $item }{ JOSA($item, "은/는") } 이미 연결되어 있어요: { $to }
reason-linked-to-itself = { $item }{ JOSA($item, "은/는") } 자기 자신과 연결할 수 없어요
reason-malformed-event = { $name } 이벤트(형식 { $schema })의 내용을 읽을 수 없어요: { $why }
reason-merged = { $item }{ JOSA($item, "은/는") } 이미 병합했어요
reason-needs = { $item }{ JOSA($item, "은/는") } 이미 기다리고 있어요: { $items }
reason-newer-event = { $name } 이벤트의 형식이 { $found }인데 이 버전은 { $known }까지만 알아요. 더 새로운 yoman이 쓴 것이니 업데이트해 주세요
reason-no-address = { $url } 주소로 읽을 수 없어요. http://나 https://로 시작하거나 T7 같은 항목이어야 해요
reason-no-due = { $item }에는 마감이 없어요
reason-no-project = { $item }에는 프로젝트가 없어요
reason-no-text-version = { $item }에 글을 고칠 수 있는 { $version }번 버전은 없어요
reason-no-version = { $item }에 { $version }번 버전은 없어요
reason-none-named = { $what ->
    [tags] 태그가
    [people] 사람이
    [prerequisites] 기다릴 항목이
    [links] 연결이
    [criteria] 완료 조건이
   *[attachments] 파일이
} 하나도 없어요
reason-not-assigned = { $item }{ JOSA($item, "은/는") } 그렇게 배정되어 있지 않아요
reason-not-done = { $item }{ JOSA($item, "은/는") } 아직 끝나지 않아서 다시 열 것이 없어요
reason-not-onwards = { $item }{ JOSA($item, "은/는") } { $bucket ->
    [idea] 아이디어예요
    [research] 조사예요
    [todo] 할 일이에요
   *[pr] PR이에요
}. 승격할 수 있는 단계: { $only }. 안 되는 단계: { $to ->
    [idea] 아이디어
    [research] 조사
    [todo] 할 일
   *[pr] PR
}
reason-not-tagged = { $item }에는 { $tags } 태그가 없어요
reason-only-todos-wait = 다른 항목을 기다리는 것은 할 일뿐인데, 이건 { $bucket ->
    [idea] 아이디어예요
    [research] 조사예요
    [todo] 할 일이에요
   *[pr] PR이에요
}
reason-open = { $item }{ JOSA($item, "은/는") } 이미 열려 있어요
reason-or = { $before } 또는 { $last }
reason-person-forgotten = { $handle } 님이 누구였는지는 영원히 잊었어요
reason-person-last-identity = { $handle } 님은 이 계정뿐이에요. 끊으면 아무도 { $handle } 님이 될 수 없어요
reason-person-last-owner = { $handle } 님은 하나뿐인 소유자예요. 먼저 다른 사람을 소유자로 정해 주세요
reason-person-many-identities = { $handle } 님은 이미 계정이 { $most }개라 더 이을 수 없어요
reason-person-merged = { $handle } 님은 이제 다른 사람과 합쳐졌어요
reason-person-not-allowed = { $what } { $needed ->
    [owner] 소유자
    [maintainer] 관리자
    [member] 멤버
   *[guest] 손님
} 역할이 있어야 해요. 지금 역할: { $actor ->
    [owner] 소유자
    [maintainer] 관리자
    [member] 멤버
   *[guest] 손님
}
reason-person-not-known-there = { $handle } 님은 { $account } 계정과 이어져 있지 않아요
reason-person-not-paired = { $id } 번 사람은 없어요
reason-person-outranks = { $handle } 님은 { $role ->
    [owner] 소유자
    [maintainer] 관리자
    [member] 멤버
   *[guest] 손님
}, { $other } 님은 { $less ->
    [owner] 소유자
    [maintainer] 관리자
    [member] 멤버
   *[guest] 손님
}예요
reason-person-paired = { $handle } 님은 이미 들어와 있어요
reason-person-revoked = { $handle } 님은 이제 역할이 없어요. 먼저 역할을 주세요
reason-person-unchanged = { $handle } 님은 { $what }
reason-promoted = { $item }{ JOSA($item, "은/는") } 이미 다음 단계로 갔어요
reason-rejected = { $item }{ JOSA($item, "은/는") } 이미 기각했어요
reason-report-empty = 스크립트가 없어요. 이름 아래 줄에 써 주세요
reason-report-long = 스크립트가 { $bytes }바이트예요. { $most }바이트까지 담을 수 있어요
reason-report-many = 보고서가 이미 { $most }개예요. 먼저 하나를 삭제해 주세요
reason-report-name = 보고서 이름은 영문 소문자로 시작하고 소문자, 숫자, `-` 로 { $most }자까지예요. save 와 remove 는 쓸 수 없어요
reason-report-same = 이미 똑같은 스크립트예요
reason-report-unknown = 그 이름으로 받은 보고서가 없어요
reason-room-enabled = 이 방에서는 이미 켜져 있어요
reason-room-filter-too-long = 필터에 같은 종류가 { $n }개나 있어요. { $most }개까지 돼요
reason-room-followed = 이 방은 이미 그 소식을 받고 있어요
reason-room-follows-nothing = 이 방이 받는 소식이 없어요
reason-room-mute-over = { $until }, 이미 지난 때예요
reason-room-muted = 이 방은 이미 음소거했어요. 끝나는 때: { $until }
reason-room-no-language = { $language } 라는 언어 코드는 없어요. ko, en, pt-BR처럼 써 주세요
reason-room-no-reminders = 그렇게 자주, 또는 그렇게 늦게 알릴 수는 없어요: 마감 전에는 { $most }번까지예요
reason-room-not-enabled = 이 방에서는 켜져 있지 않아요
reason-room-not-muted = 이 방은 음소거하지 않았어요
reason-room-set = 이 방은 이미 그렇게 되어 있어요
reason-room-too-many-follows = 이 방은 이미 { $most }가지 소식을 받고 있어서 더 받을 수 없어요. 먼저 하나를 언팔로우해 주세요
reason-room-unknown-filter = 이 방이 받는 소식 { $n }가지 가운데 그런 것은 없어요
reason-running = { $item }{ JOSA($item, "은/는") } 이미 조사 중이에요
reason-same-criterion = { $item }에는 이미 그 조건이 있어요
reason-same-due = { $item }의 마감은 이미 그때예요: { $due }
reason-same-priority = { $item }의 우선순위는 이미 { $priority ->
    [low] 낮음
    [normal] 보통
    [high] 높음
   *[urgent] 긴급
}이에요
reason-same-project = { $item }의 프로젝트는 이미 그거예요: { $project }
reason-same-title = { $item } 제목은 이미 그거예요
reason-tagged = { $item }에는 이미 { $tags } 태그가 있어요
reason-title-of-lines = 제목이 한 줄을 넘어요
reason-too-long = { $what ->
    [title] 제목이
    [body] 본문이
    [criterion] 조건이
    [address] 주소가
   *[words] 글이
} { $actual }자예요. { $limit }자까지 돼요
reason-too-many = 그러면 { $what ->
    [tags] 태그가
    [people] 사람이
    [prerequisites] 기다릴 항목이
    [links] 연결이
    [criteria] 완료 조건이
   *[attachments] 파일이
} { $actual }개가 돼요. 항목 하나에 { $most }개까지 둘 수 있어요
reason-undo-no-part = 그 일은 { $item }의 { $part }에 되돌릴 만한 것을 하지 않았어요
reason-undo-no-version-there = { $version }번 버전은 없어요
reason-undo-nothing = { $item }에 한 일 가운데 되돌릴 것이 남아 있지 않아요
reason-undo-nothing-left = 되돌릴 일이 남아 있지 않아요
reason-undo-nothing-of = { $item }의 { $part }에 한 일 가운데 되돌릴 것이 남아 있지 않아요
reason-undo-resting = 나중에 같은 것을 또 바꿨어요
reason-undo-taken-back = 이미 되돌린 일이에요
reason-undo-whole = 되돌리기는 통째로만 취소할 수 있어요
reason-undo-withdrawn = { $item }{ JOSA($item, "은/는") } 이미 되돌린 항목이에요
reason-unknown-event = 이 버전에는 { $name } 이벤트가 없어요. 더 새로운 yoman이 쓴 것이니 업데이트해 주세요
reason-waiting = { $item }{ JOSA($item, "은/는") } 아직 기다리는 것이 있어요: { $on }
reason-waits-for-itself = { $item }{ JOSA($item, "은/는") } 자기 자신을 기다릴 수 없어요
reason-withdrawn = { $item }{ JOSA($item, "은/는") } 되돌린 항목이에요
reason-wordless = { $item }에 남길 의견을 써 주세요
reason-wrong-bucket = { $what ->
    [refine] 다듬을 수 있는 것
    [reject] 기각할 수 있는 것
    [promote] 승격할 수 있는 것
    [finding] 발견을 적을 수 있는 것
    [doing] 시작할 수 있는 것
    [done] 완료할 수 있는 것
    [need] 다른 항목을 기다릴 수 있는 것
    [criterion] 완료 조건을 둘 수 있는 것
    [review] 검토할 수 있는 것
    [merge] 병합할 수 있는 것
    [close] 닫을 수 있는 것
   *[that] 그렇게 할 수 있는 것
}: { $only }. { $item }{ JOSA($item, "은/는") } { $bucket ->
    [idea] 아이디어예요
    [research] 조사예요
    [todo] 할 일이에요
   *[pr] PR이에요
}
reason-room-no-board = 이 방에는 늘 새로 고치는 보드가 없어요
reason-room-nothing-to-take = 이 방은 이미 같은 소식을 받고 설정도 같아요
reason-room-too-many-reactions = 반응은 { $most }개까지 정할 수 있어요. 먼저 하나를 꺼 주세요
reason-room-not-mapped = 여기서 { $emoji } 반응에는 정해 둔 뜻이 없어요
reason-room-nothing-mapped = 여기서는 뜻을 정해 둔 반응이 없어요

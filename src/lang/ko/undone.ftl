# What was taken back, and what is not because something rests on it.

undone = 되돌렸어요.
undone-more = 그 밖에 { $n }개도 전으로 돌아갔어요.
# How an item is now.
undone-gone = { $item } ({ $title }) 되돌렸어요
undone-there = { $item } ({ $title }) 다시 있어요
undone-as-before = { $item } 전과 같아요
undone-is = { $item } 다시 { $what }
undone-and = { $one }, { $other }
undone-needs = { $item } 필요한 것: { $items }
undone-needs-not = { $item } 더는 필요 없는 것: { $items }
undone-has = { $item } 다시 { $what }
undone-called = 제목 { $title }
undone-due = 기한 { $when }
undone-no-due = 기한 없음
undone-priority = 우선순위 { $priority }
undone-no-project = 프로젝트 없음
undone-assigned = 담당 { $names }
undone-nobody = 없음
undone-no-tags = 태그 없음
undone-untagged = { $tags } 태그 없음
undone-tagged = { $tags } 태그
undone-retagged = { $tags } 태그 ({ $gone } 없이)
# What was done for it.
undone-with-it = { $now } (함께).
undone-deleted = { $now }: 그 메시지가 지워졌어요.
undone-gone-acts = { $now }: { $acts }.
undone-acts = { $now }: { $acts } 되돌렸어요.
undone-part = { $acts } 중 { $parts }
undone-yours = 내 { $what } ({ $when })
undone-theirs = { $who } 님의 { $what } ({ $when })
undone-files = { $n ->
    [1] 파일은 보낸 곳에 그대로 있어요.
   *[other] 파일들은 보낸 곳에 그대로 있어요.
}
undone-told = 다른 방에 이미 알린 것은 거기 남아요. 이것도 그 방에 알려요.
undone-waits = { $waits }이에요.
undone-waiting-again = 다시 기다려요: { $items }.
undone-freed = 이제 기다리지 않아도 돼요: { $items }.
# What an act was, in a noun.
noun = { $what ->
    [creation] 만든 것
    [refinement] 다듬은 것
    [rejection] 기각
    [promotion] 승격
    [reopening] 다시 연 것
    [finding] 발견
    [completion] 완료
    [criterion] 완료 조건
    [assignment] 담당 지정
    [unassignment] 담당 해제
    [prerequisites] 선행 항목
    [start] 시작
    [review] 검토
    [merge] 병합
    [closing] 닫은 것
    [title] 제목
    [body] 내용
    [note] 메모
    [tags] 태그
    [priority] 우선순위
    [due-date] 기한
    [project] 프로젝트
    [link] 연결
    [file] 파일
    [undo] 되돌리기
    [pairing] 들인 것
    [accounts] 계정 연결
    [role] 역할
    [setting] 설정
   *[act] 한 일
}
rests = 되돌리지 않았어요: { $what }.
rests-after = { $item }: 그 뒤에 { $who } { $did } ({ $at })
rests-changed = { $item }: 그 뒤에 { $who } 바꿈 ({ $at })
rests-waits = { $item }: { $on } 기다리는 중 ({ $at }, { $who })
rests-links = { $item }: { $on } 연결됨 ({ $at }, { $who })
rests-went-on = { $item }: { $on } { $state } 뒤에 { $done } ({ $at }, { $who })
rests-went-on-somehow = { $item }: { $on } { $state } 뒤에 이어짐 ({ $at }, { $who })
# What an undo about a room or a person comes to.
undone-elsewhere = { $now }: { $act } 되돌렸어요.
undone-person-known-you = 거기서 다시 알아볼게요
undone-person-known = 거기서 다시 { $who } 님을 알아볼게요
undone-person-unknown-you = 이제 한 플랫폼에서는 알아보지 않아요
undone-person-unknown = 이제 한 플랫폼에서는 { $who } 님을 알아보지 않아요
undone-person-role-you = 다시 { $role } 역할이에요
undone-person-role = { $who } 님은 다시 { $role } 역할이에요
undone-person-none-you = 이제 여기서 아무것도 할 수 없어요
undone-person-none = { $who } 님은 이제 여기서 아무것도 할 수 없어요
undone-room-follows-nothing = 이 방은 다시 아무것도 팔로우하지 않아요
undone-room-follows = 이 방은 다시 { $what } 팔로우해요
undone-room-muted = 다시 { $when }까지 이 방에 알리지 않을게요
undone-room-unmuted = 이 방에 팔로우하는 소식을 다시 알릴게요
undone-room-language = 여기서 다시 한국어로 말할게요
undone-room-zone = 여기 시간은 다시 { $zone } 기준이에요
undone-room-zone-house = 여기 시간은 다시 기본 시간대 기준이에요
undone-room-bucket = 여기서 그냥 적은 문장은 다시 { $bucket }{ JOSA($bucket, "이/가") } 돼요
undone-room-bucket-before = 여기서 그냥 적은 문장은 전과 같은 것이 돼요
undone-room-enabled = 다시 여기서 들을게요
undone-room-disabled = 다시 여기서 조용히 있을게요. /켜기 하면 들어요
undone-room-as-before = 이 방은 전과 같아요
undone-room-reactions = 반응의 뜻이 이 방에서 전과 같아졌어요

# 방에 언제 알리는지, 그동안 무엇을 놓쳤는지.

digest-daily = 매일 { $at }에
digest-weekly = 매주 { $day ->
    [mon] 월요일
    [tue] 화요일
    [wed] 수요일
    [thu] 목요일
    [fri] 금요일
    [sat] 토요일
    [sun] 일요일
   *[other] { $day }
} { $at }에
digest-set = 이 방이 팔로우하는 소식은 { $often } 한 번에 모아서 와요({ $zone }). 다음은 { $next }에 와요.
digest-at-once = 이 방이 팔로우하는 소식은 바로바로 와요.
digest-at-once-again = 이 방이 팔로우하는 소식은 다시 바로바로 와요
digest-again = 이 방의 설정이 다시 이렇게 됐어요: { $hours }
digest-in-short = { $often } 모아 받기
digest-held = { $since }부터 모으고 있어요. { $due }에 보내 드려요.
digest-held-soon = { $since }부터 모으고 있어요. 앞선 메시지가 모두 전달되는 대로 보내 드려요.
digest-nothing-held = 모아 둔 소식이 없어요.
digest-muted = { $until }까지 알림을 껐어요. 그동안 있었던 일은 나중에도 알려 드리지 않아요.
digest-now = 모아 둔 소식을 지금 보내 드려요.
digest-nothing-to-send = 이 방에 모아 둔 소식이 없어요.
digest-button-now = 지금 받기
digest-button-off = 모아 받지 않기
digest-button-daily = 매일 { $at }

quiet-set = { $from }부터 { $to }까지({ $zone })는 아무것도 보내지 않아요. 그동안 있었던 일은 끝난 뒤 한 번에 모아서 보내 드려요.
quiet-off = 이제 이 방에는 조용한 시간이 없어요.
quiet-in-short = 조용한 시간 { $hours }
quiet-button-on = 조용히 { $hours }
quiet-button-off = 조용한 시간 없애기

urgent-set = 긴급한 일은 그래도 바로 알려 드려요.
urgent-off = 긴급한 일도 다른 소식처럼 모아서 보내 드려요.
urgent-in-short = 긴급한 일은 바로
urgent-button-on = 긴급한 일은 바로 받기
urgent-button-off = 긴급한 일도 모으기

prefer-set = 누가 나를 언급하거나 일을 맡기면 { $bot }에서 알려 드려요.
prefer-off = 누가 나를 언급하거나 일을 맡기면 마지막으로 말을 건 곳에서 알려 드려요.
prefer-again = 다시 { $bot }에서 알려 드려요
prefer-off-again = 다시 마지막으로 말을 건 곳에서 알려 드려요
prefer-one = 지금은 여기서만 알고 있어요. 다른 플랫폼에서도 알아볼 수 있게 하려면 { $link } 명령을 쓰세요.
prefer-button-off = 마지막으로 말한 곳
prefer-unknown = { $name } 플랫폼에는 제가 없어요. 제가 있는 곳: { $known }
prefer-not-there = { $bot }에서는 아직 누구신지 몰라요. 그곳에서 { $link } 명령으로 알려 주신 다음 다시 말씀해 주세요.

# 놓친 소식.
digest-heading = { $n ->
    [0] { $since }부터 알림, 항목 { $items }개
   *[other] { $since }부터 변경 { $n }건, 항목 { $items }개
}
digest-by = { $who }
digest-to-decide = 결정이 필요해요
digest-changed = 바뀌었어요
digest-review = 리뷰를 기다려요
digest-idea = 아이디어가 기다려요
digest-yours = 내 일
digest-overdue = 기한이 지났어요
digest-blocked = 다른 일을 기다려요
digest-kind = { $kind ->
    [created] 새 항목
    [noted] 메모
    [assigned] 담당 변경
    [started] 시작
    [done] 완료
    [reopened] 다시 열림
    [promoted] 다음 단계로
    [rejected] 거절
    [reviewed] 리뷰
    [merged] 병합
    [closed] 닫힘
    [due] 기한
    [changed] 내용 변경
    [undone] 되돌림
   *[other] { $kind }
}
digest-line = { $kinds }
digest-line-by = { $kinds } ({ $who })
digest-more = 그 밖에 { $n }개: { $command }
digest-why-follows = { $who ->
    [you] 내가 팔로우: { $filters }
   *[room] 이 방이 팔로우: { $filters }
}
digest-why-more = 그 밖에 { $n }개
digest-why-concerned = 나에게 맡겨졌거나 나를 언급한 일이 있어요

# 왜 그렇게 정할 수 없는지.
reason-room-always-quiet = { $at }부터 { $at }까지는 하루 종일이에요. 그럴 때는 /mute 명령이나 모아 받기를 쓰세요
deed-prefer = 다른 사람이 알림을 받을 곳을 정할
person-told-there = 이미 { $bot }에서 알림을 받고 있어요
person-told-anywhere = 이미 마지막으로 말을 건 곳에서 알림을 받고 있어요

# 명령에서 무엇을 뜻했는지.
fault-day = 요일은 월, 화, 수, 목, 금, 토, 일 가운데 하나예요.
fault-which-day = 무슨 요일인가요?
fault-hour = 시각은 9:00처럼 써요.
fault-until-when = 언제까지인가요?
fault-on-or-off = 켤까요, 끌까요? on 또는 off로 써 주세요.
fault-kind = 고를 수 있는 일은 { $kinds }예요.
fault-no-platform-to-tell = 제가 알림을 보낼 수 있는 플랫폼이 아니에요.
digest-reminder = 알림

# The past: history, why, what changed, figures, and when something is shown as of.

as-of = { $words ->
    [as-of] { $when } 기준, { $position }
    [board] { $when } 보드, { $position }
    [since] { $when }부터, { $position }
    [from] { $when }부터, { $position }
   *[to] { $when }까지, { $position }
}
as-of-position = 위치 { $n }
as-of-before = 로그가 시작되기 전
nothing-known = 알려진 것이 없어요.
history-page = 변경 { $n }건 중 { $from }~{ $to }
history-messages = 메시지: { $links }
history-unreadable = 이 버전이 읽을 수 없는 일
history-corrected = { $time }에 고침
history-taken-back = { $time }에 되돌림
history-part-taken-back = { $time }에 { $part } 되돌림
history-day = { $month } { $day }일 ({ $weekday }) { $time }
history-day-year = { $year }년 { $month } { $day }일 ({ $weekday }) { $time }
why-promoted = { $new }{ JOSA($new, "으로/로") } 승격
why-promoted-item = { $item } → { $new } 승격
why-began = { $bucket ->
    [idea] { $item } 담음
    [research] { $item } 시작
    [pr] { $item } 올림
   *[todo] { $item } 만듦
}
why-left-out = 변경 { $n }건 빠짐, /기록 { $item } 에 있어요
why-waits = 기다리는 것: { $what }, { $when }부터 { $state }
why-taken-back = 더는 기다리지 않아요: { $what }, 그건 되돌려졌어요.
why-waits-not = 더는 기다리지 않아요: { $what }
why-thanks-to = { $waits }, { $who } { $did }, { $when }
why-closed-long-ago = 더는 기다리지 않아요: { $item }, 오래전에 닫혔어요.
why-more-needs = 그 밖에 선행 항목 { $n }개
why-waiting = 이것을 기다리는 것: { $items }
why-became = 이렇게 이어졌어요: { $chain }.
why-which-became = { $chain } → { $next }
why-heading = { $item } 왜?
diff-nothing = 바뀐 것이 없어요.
diff-taken-back = 되돌림 { $n }건
diff-changed = 항목 { $n }개 바뀜
diff-changed-more = 그 밖에 항목 { $n }개 바뀜
diff-before = 이 앞에 변경 { $n }건
diff-kind = { $kind ->
    [done] 완료
    [merged] 병합
    [promoted] 승격
    [rejected] 기각
    [closed] 닫음
    [created] 만듦
    [started] 시작
    [reviewed] 검토
   *[opened-again] 다시 엶
}
diff-one = { $item } { $kind }
diff-many = { $kind } { $n }개 ({ $items })
stats-nothing = 아무 일도 없었고 열린 것도 없었어요.
stats-lead = 리드 타임
stats-cycle = 사이클 타임
stats-nothing-yet = 아직 잴 것이 없어요
stats-spread = 절반은 { $half } 안에, 85 %는 { $most } 안에   (항목 { $n }개)
stats-under-way = 진행 중
stats-most = { $n }, 가장 많을 때 { $most } ({ $date })
stats-burn-up = 번업
stats-done = { $scope }개 중 { $done }개 완료, 시작할 때 열린 것 { $open }개
stats-done-percent = { $scope }개 중 { $done }개 완료 ({ $percent } %), 시작할 때 열린 것 { $open }개
stats-forgotten = 오래전에 닫힌 항목 { $n }개는 세지 않았어요.
stats-column = { $column ->
    [week] 주
    [created] 만듦
    [done] 완료
    [dropped] 그만둠
    [open] 열림
   *[doing] 진행
}
stats-week = { $month } { $day }일
stats-week-year = { $year }년 { $month } { $day }일
stats-weeks-before = 이 앞의 { $n }주는 뺐어요
length-days = { $n }일
length-days-hours = { $n }일 { $hours }시간

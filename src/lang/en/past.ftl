# The past: history, why, what changed, figures, and when something is shown as of.

as-of = { $words ->
    [as-of] As of { $when }, { $position }
    [board] Board as of { $when }, { $position }
    [since] Since { $when }, { $position }
    [from] From { $when }, { $position }
   *[to] to { $when }, { $position }
}
as-of-position = position { $n }
as-of-before = before the log begins
nothing-known = Nothing is known of it.
history-page = { $from } to { $to } of { $n } changes
history-messages = Messages: { $links }
history-unreadable = did what this version cannot read
history-corrected = corrected at { $time }
history-taken-back = taken back at { $time }
history-part-taken-back = { $part } taken back at { $time }
history-day = { $weekday } { $day } { $month } { $time }
history-day-year = { $weekday } { $day } { $month } { $year } { $time }
why-promoted = promoted it to { $new }
why-promoted-item = promoted { $item } to { $new }
why-began = { $bucket ->
    [idea] captured { $item }
    [research] started { $item }
    [pr] opened { $item }
   *[todo] created { $item }
}
why-left-out = { $n ->
    [one] 1 change
   *[other] { $n } changes
} left out, /history { $item } has them
why-waits = It waits for { $what }, { $state } since { $when }
why-taken-back = It does not wait for { $what }: that was taken back.
why-waits-not = It no longer waits for { $what }
why-thanks-to = { $waits }: { $who } { $did }, { $when }
why-closed-long-ago = It does not wait for { $item }: closed long ago.
why-more-needs = and { $n } more prerequisites
why-waiting = For it { $n ->
    [one] waits
   *[other] wait
} { $items }
why-became = It became { $chain }.
why-which-became = { $chain }, which became { $next }
why-heading = Why { $item }
diff-nothing = Nothing changed.
diff-taken-back = { $n } taken back
diff-changed = { $n ->
    [one] 1 item
   *[other] { $n } items
} changed
diff-changed-more = { $n ->
    [one] 1 more item
   *[other] { $n } more items
} changed
diff-before = { $n ->
    [one] 1 change
   *[other] { $n } changes
} before these
diff-kind = { $kind ->
    [done] done
    [merged] merged
    [promoted] promoted
    [rejected] rejected
    [closed] closed
    [created] created
    [started] started
    [reviewed] reviewed
   *[opened-again] opened again
}
diff-one = { $item } { $kind }
diff-many = { $n } { $kind } ({ $items })
stats-nothing = Nothing happened and nothing was open.
stats-lead = Lead time
stats-cycle = Cycle time
stats-nothing-yet = nothing to measure yet
stats-spread = half within { $half }, 85 % within { $most }   ({ $n ->
    [one] 1 item
   *[other] { $n } items
})
stats-under-way = In progress
stats-most = { $n }, at most { $most } on { $date }
stats-burn-up = Burn-up
stats-done = { $done } of { $scope } done, begun with { $open } open
stats-done-percent = { $done } of { $scope } done ({ $percent } %), begun with { $open } open
stats-forgotten = { $n ->
    [one] 1 item
   *[other] { $n } items
} closed long ago are not counted.
stats-column = { $column ->
    [week] week of
    [created] created
    [done] done
    [dropped] dropped
    [open] open
   *[doing] doing
}
stats-week = { $day } { $month }
stats-week-year = { $day } { $month } { $year }
stats-weeks-before = { $n ->
    [one] 1 week
   *[other] { $n } weeks
} before these left out
length-days = { $n } d
length-days-hours = { $n } d { $hours } h

# Whether all is well: /status, and what an owner is told when a bot is down.

health-head = yoman { $version }   up { $span }   position { $position }
health-runs = runs
health-down = no connection for { $span }: { $why }
health-ended = has stopped: { $why }
health-waits = { $n ->
    [one] 1 message waits
   *[other] { $n } messages wait
}
health-behind = { $n ->
    [one] 1 commit
   *[other] { $n } commits
} behind ({ $span })
health-read = has read up to { $position }
health-sent = { $sent } sent, { $edited } changed in place since the start
health-failed = { $n ->
    [one] 1 try failed
   *[other] { $n } tries failed
}
health-unsure = { $n } possibly sent twice since the start, { $ever } in all
health-lost = { $refused } refused by the platform, { $given } given up, { $dropped } dropped
health-aside = { $n ->
    [one] 1 delivery
   *[other] { $n } deliveries
} not understood and kept aside
health-last-error = last error { $when }: { $why }
health-paused = { $room } waits { $span }: { $why }
health-refusing = { $room } refuses everything
health-more = and { $n } more
health-log = log { $engine }   { $mb } MB
health-verified = verified up to { $position }, { $when }
health-faults = The log has { $n ->
    [one] 1 fault
   *[other] { $n } faults
}: yoman log verify says what and where.
health-nothing-saved = Nothing can be saved: { $why }
health-damaged = The record at { $position } is damaged: { $why }
health-all = More: { $look }
outage-down = { $bot } cannot be reached for { $span } now: { $why }. What is said there is handled when it is back; { $n ->
    [0] nothing waits to be sent
    [one] 1 message waits to be sent
   *[other] { $n } messages wait to be sent
}.
outage-ended = { $bot } has stopped: { $why }. It stays off until that is mended and yoman is started again; { $n ->
    [0] nothing waits to be sent
    [one] 1 message waits to be sent
   *[other] { $n } messages wait to be sent
}.
outage-back = { $bot } is back after { $span }; nothing was lost{ $n ->
    [0] .
    [one] : 1 message is on its way.
   *[other] : { $n } messages are on their way.
}
outage-back-late = { $bot } is back after { $span }. What was to be sent there is on its way; what people wrote there more than a day ago may be lost.
health-held = { $n ->
    [one] 1 room gets
   *[other] { $n } rooms get
} later, as one message, what is held

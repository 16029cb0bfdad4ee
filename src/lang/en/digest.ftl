# When a room is told, and what it missed.

digest-daily = every day at { $at }
digest-weekly = every { $day ->
    [mon] Monday
    [tue] Tuesday
    [wed] Wednesday
    [thu] Thursday
    [fri] Friday
    [sat] Saturday
    [sun] Sunday
   *[other] { $day }
} at { $at }
digest-set = What this room follows comes as one message { $often } ({ $zone }). The next comes { $next }.
digest-at-once = What this room follows comes at once.
digest-at-once-again = What this room follows comes at once again
digest-again = This room has { $hours } again
digest-in-short = a digest { $often }
digest-held = Held since { $since }; it comes { $due }.
digest-held-soon = Held since { $since }; it comes as soon as everything before it is shown.
digest-nothing-held = Nothing is held.
digest-muted = Muted until { $until }: what happens until then is not told, not afterwards either.
digest-now = What was held comes now.
digest-nothing-to-send = Nothing is held for this room.
digest-button-now = Send now
digest-button-off = No digest
digest-button-daily = Daily at { $at }

quiet-set = From { $from } to { $to } ({ $zone }) nothing comes; what happens meanwhile comes as one message afterwards.
quiet-off = There are no quiet hours here any more.
quiet-in-short = quiet hours { $hours }
quiet-button-on = Quiet { $hours }
quiet-button-off = No quiet hours

urgent-set = What is urgent comes at once all the same.
urgent-off = What is urgent waits like everything else.
urgent-in-short = what is urgent passes
urgent-button-on = Let urgent through
urgent-button-off = Hold urgent too

prefer-set = You are told on { $bot } when you are mentioned or something is assigned to you.
prefer-off = You are told where you were heard last when you are mentioned or something is assigned to you.
prefer-again = You are told on { $bot } again
prefer-off-again = You are told where you were heard last again
prefer-one = You are known here only: { $link } makes you known on another platform too.
prefer-button-off = Where I was heard last
prefer-unknown = I am on no platform called { $name }. I am on { $known }.
prefer-not-there = You are not known on { $bot } yet: { $link } there makes you known, then say this again.

# What was missed.
digest-heading = { $n ->
    [0] Reminders
    [one] 1 change
   *[other] { $n } changes
} since { $since }, { $items ->
    [one] 1 item
   *[other] { $items } items
}
digest-by = by { $who }
digest-to-decide = To decide
digest-changed = Changed
digest-review = waits for a review
digest-idea = an idea waits
digest-yours = yours
digest-overdue = overdue
digest-blocked = waits for others
digest-kind = { $kind ->
    [created] new
    [noted] note
    [assigned] assigned
    [started] started
    [done] done
    [reopened] reopened
    [promoted] promoted
    [rejected] rejected
    [reviewed] reviewed
    [merged] merged
    [closed] closed
    [due] due date
    [changed] details
    [undone] taken back
   *[other] { $kind }
}
digest-line = { $kinds }
digest-line-by = { $kinds } by { $who }
digest-more = and { $n } more: { $command }
digest-why-follows = { $who ->
    [you] you follow { $filters }
   *[room] this room follows { $filters }
}
digest-why-more = and { $n } more
digest-why-concerned = some of it is assigned to you, or names you

# Why it cannot be set like that.
reason-room-always-quiet = from { $at } to { $at } is the whole day: /mute is for that, or a digest
deed-prefer = choose where somebody else is told
person-told-there = is told on { $bot } already
person-told-anywhere = is told where they were heard last already

# What was meant by a command.
fault-day = A day is mon, tue, wed, thu, fri, sat or sun.
fault-which-day = On which day?
fault-hour = A time of day is written 9:00.
fault-until-when = Until when?
fault-on-or-off = Is it on or off?
fault-kind = What can happen is { $kinds }.
fault-no-platform-to-tell = This is no platform I could tell you something on.
digest-reminder = reminder

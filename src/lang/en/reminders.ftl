# Reminders: what is due, stale, blocked too long, or asked for.

remind-due-today = due today
remind-due-tomorrow = due tomorrow ({ $when })
remind-due-days = due in { $n ->
    [one] 1 day
   *[other] { $n } days
} ({ $when })
remind-due-hours = due in { $n } h ({ $when })
remind-due-minutes = due in { $n } min ({ $when })
remind-due-now = due now
remind-was-due = was due { $when }
remind-stale = nothing has happened to it for { $n ->
    [one] 1 day
   *[other] { $n } days
}
remind-blocked = has waited for { $n ->
    [one] 1 day
   *[other] { $n } days
}: { $items } is not done
remind-blocked-alone = has waited for { $n ->
    [one] 1 day
   *[other] { $n } days
}
remind-as-asked = you wanted to be reminded
# Buttons.
remind-button-later = Due +1 day
remind-button-tomorrow = Remind me tomorrow
remind-button-drop = Drop { $item }
# In the history of an item.
remind-row-asked = asked to be reminded: { $when }
remind-row-dropped = wants no reminder any more
remind-row-due = reminded: due { $when }
remind-row-stale = reminded: nothing happened since { $when }
remind-row-blocked = reminded: it waits since { $when }
remind-row-given = reminded, as asked
# What a room is reminded of.
remind-off-here = Reminders are off here. { $on } switches them on again.
remind-here = Reminders here:
remind-rule-due = when something is due
remind-rule-due-before = { $before } before something is due, and when it is
remind-rule-due-off = not of what is due
remind-rule-stale = when nothing happens for { $n ->
    [one] 1 day
   *[other] { $n } days
} to what somebody is at
remind-rule-blocked = when something waits for another item for { $n ->
    [one] 1 day
   *[other] { $n } days
}
remind-lead-days = { $n ->
    [one] 1 day
   *[other] { $n } days
}
remind-lead-hours = { $n ->
    [one] 1 hour
   *[other] { $n } hours
}
remind-lead-minutes = { $n } min
remind-set-on = Reminders come here again. { $look } says which.
remind-set-off = No reminders come here any more; what somebody asked for by themselves still does.
remind-set-due = Set: this room is reminded { $rule }.
remind-set-due-off = Set: this room is not reminded of what is due any more.
remind-set-stale = Set: this room is reminded { $rule }.
remind-set-stale-off = Set: this room is not reminded of what nothing happens to any more.
remind-set-blocked = Set: this room is reminded { $rule }.
remind-set-blocked-off = Set: this room is not reminded of what waits any more.
# What somebody asked for.
remind-yours = You are reminded of
remind-more = and { $n } more
remind-how = To be reminded of an item: { $example }
remind-asked = You are reminded of { $item }: { $when }.
remind-dropped = You are no longer reminded of { $item }.
# What is not done.
remind-no-closed = Not done: { $item } is closed, and nobody is reminded of that.
remind-no-over = Not done: { $when } is over.
remind-no-same = Not done: you are reminded of { $item } then already.
remind-no-more = Not done: you are reminded of { $item } { $n } times already. Drop them first.
remind-no-long = Not done: at most { $n } characters fit in a reminder.
remind-no-asked = Not done: you asked for no reminder of { $item }.
remind-no-undo = Not taken back: the last you did here was about a reminder of { $item }. What came before is named by its item: { $example }
# What cannot be read.
remind-fault-over = That is over already. Like  /remind T7 tomorrow 9:00
remind-fault-lead = How long before? 1d, 1h, 30m, or off.
remind-fault-leads = That is too often, or too early: at most { $n } times, and a year before.
remind-fault-days = After how many days? 14d, or off.
remind-fault-whole-days = That is counted in whole days: 14d, 2w, or off.
remind-fault-length = I can't read this as a length of time. Write 1d, 2h or 30m.

# People, rooms and this house itself.

people-nobody = Nobody yet. Whoever sends /claim and the code this program prints when it starts is its owner.
people-heading = { $n ->
    [one] 1 person
   *[other] { $n } people
}
people-you = (you)
people-forgotten = forgotten
people-no-role = no role
people-also = also { $names }
rooms-none = No room has settings yet. In a group, /enable makes me listen.
rooms-this = this one
rooms-state = { $state ->
    [enabled] enabled
    [direct] direct
   *[silent] silent
}
rooms-follows = follows { $what }
follows-nothing = This room follows nothing. /follow #tag, /follow @me or /follow all changes that.
follows-heading = This room follows
settings-times = times of { $zone }: it is { $time }
settings-language = language { $language }
settings-bucket = a bare sentence becomes { $bucket }
settings-muted = told nothing until { $when }
pending-nobody = Nobody waits to be let in. Whoever writes to me for the first time gets a code; /pair and that code lets them in.
pending-heading = { $n ->
    [one] 1 person waits
   *[other] { $n } people wait
} to be let in
pending-for = for { $time }
span-seconds = { $n } s
span-minutes = { $n } min
span-hours = { $n } h
span-days = { $n } days
unreadable-events = { $n ->
    [one] 1 event
   *[other] { $n } events
}
unreadable-of = { $events } of { $n ->
    [one] 1 item
   *[other] { $n } items
}
unreadable-damaged = { $what } cannot be read: what they are of can be looked at and not changed. yoman log verify says where.
unreadable-newer = { $what } cannot be read: a newer yoman wrote them, so update; until then what they are of can be looked at and not changed.
unreadable-both = { $what } cannot be read: a newer yoman wrote { $n }, so update; yoman log verify says where the others are. Until then what they are of can be looked at and not changed.
room-enabled = I listen here now. { $help } says what I understand, { $follow } tells this room about items.
room-disabled = I am silent here now. { $enable } makes me listen again.
room-follows = This room follows { $what } now.
room-follows-that = This room follows that now.
room-follows-not = This room no longer follows { $what }.
room-follows-nothing = This room follows nothing any more.
room-muted = This room is told nothing until { $when }. What is said here is answered as ever.
room-unmuted = This room is told what it follows again.
room-language = I speak English here.
room-language-off = No language is set here any more: I speak English.
room-language-how = /lang and a language changes that; /lang off goes by what your platform says of you.
room-time-zone = Times here are those of { $zone } now: it is { $time } there.
room-bucket = A bare sentence becomes { $bucket } here now.
person-nothing = Nothing to change.
person-welcome = Welcome, { $name }. You are { $role } here, written { $handle }. { $help } says what I understand.
person-let-in = { $name } is let in as { $role }, written { $handle }.
person-known-you = You are known on { $platform } too now.
person-known = { $who } is known on { $platform } too now.
person-unknown-you = You are no longer known on { $platform } as { $identity }.
person-unknown = { $who } is no longer known on { $platform } as { $identity }.
person-merged-you = { $once } is you from now on: what was theirs is yours, and so is what they did.
person-merged = { $once } is { $who } from now on: what was theirs is theirs together, and so is what they did.
person-role-you = You are { $role } now.
person-role = { $who } is { $role } now.
person-role-again-you = You are { $role } again.
person-role-again = { $who } is { $role } again.
person-no-role-you = You may do nothing here any more. /grant gives a role back.
person-no-role = { $who } may do nothing here any more. /grant gives a role back.
person-forgotten = Forgotten. What they wrote shows as "forgotten", and they themselves as { $who }: the key is destroyed, and no backup made from now on can bring them back.
not-forgotten = Not covered: what others wrote about them, which is theirs; what chats have shown already; what was kept while sealing was off; ids of platforms' messages and direct rooms; copies made of keys/ before.
report-saved = Saved. It is run with  { $run }  by whoever may change things here.
report-removed = Report { $name } is removed. What it said stays in the log.
# Commands as they are typed: the slash goes where it cannot be typed.
command-help = /help
command-follow = /follow #tag
command-enable = /enable

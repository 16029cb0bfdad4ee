# What was taken back, and what is not because something rests on it.

undone = Taken back.
undone-more = and { $n } more are as they were.
# How an item is now.
undone-gone = { $item } ({ $title }) is taken back
undone-there = { $item } ({ $title }) is there again
undone-as-before = { $item } is as it was before
undone-is = { $item } is { $what } again
undone-and = { $one } and { $other }
undone-needs = { $item } needs { $items }
undone-needs-not = { $item } no longer needs { $items }
undone-has = { $item } has { $what } again
undone-called = called { $title }
undone-due = due { $when }
undone-no-due = without due date
undone-priority = of { $priority } priority
undone-no-project = in no project
undone-assigned = assigned to { $names }
undone-nobody = nobody
undone-no-tags = without tags
undone-untagged = without { $tags }
undone-tagged = tagged { $tags }
undone-retagged = tagged { $tags } and not { $gone }
# What was done for it.
undone-with-it = { $now } with it.
undone-deleted = { $now }: its message was deleted.
undone-gone-acts = { $now }: { $acts }.
undone-acts = { $now }: { $acts } { $n ->
    [one] is
   *[other] are
} taken back.
undone-part = { $parts } of { $acts }
undone-yours = your { $what } of { $when }
undone-theirs = { $who }'s { $what } of { $when }
undone-files = { $n ->
    [one] The file stays where it was sent.
   *[other] The files stay where they were sent.
}
undone-told = What other rooms were told of it stays there; they are told of this too.
undone-waits = It { $waits }.
undone-waiting-again = { $items } { $n ->
    [one] waits
   *[other] wait
} for it again.
undone-freed = { $items } { $n ->
    [one] is
   *[other] are
} no longer waiting.
# What an act was, in a noun.
noun = { $what ->
    [creation] creation
    [refinement] refinement
    [rejection] rejection
    [promotion] promotion
    [reopening] reopening
    [finding] finding
    [completion] completion
    [criterion] criterion
    [assignment] assignment
    [unassignment] unassignment
    [prerequisites] prerequisites
    [start] start
    [review] review
    [merge] merge
    [closing] closing
    [title] title
    [body] body
    [note] note
    [tags] tags
    [priority] priority
    [due-date] due date
    [project] project
    [link] link
    [file] file
    [undo] an undo
    [pairing] pairing
    [accounts] link of accounts
    [role] role
    [setting] setting
   *[act] an act
}
rests = Not taken back: { $what }.
rests-after = { $item }: { $who } { $did } after it ({ $at })
rests-changed = { $item }: { $who } changed it after it ({ $at })
rests-waits = { $item } waits for { $on } ({ $at }, { $who })
rests-links = { $item } is linked to { $on } ({ $at }, { $who })
rests-went-on = { $item } was { $done } because { $on } was { $state } ({ $at }, { $who })
rests-went-on-somehow = { $item } went on because { $on } was { $state } ({ $at }, { $who })
# What an undo about a room or a person comes to.
undone-elsewhere = { $now }: { $act } is taken back.
undone-person-known-you = You are known there again
undone-person-known = { $who } is known there again
undone-person-unknown-you = You are known on one platform less
undone-person-unknown = { $who } is known on one platform less
undone-person-role-you = You are { $role } again
undone-person-role = { $who } is { $role } again
undone-person-none-you = You may do nothing here any more
undone-person-none = { $who } may do nothing here any more
undone-room-follows-nothing = This room follows nothing again
undone-room-follows = This room follows { $what } again
undone-room-muted = This room is told nothing until { $when } again
undone-room-unmuted = This room is told what it follows again
undone-room-language = I speak English here again
undone-room-zone = Times here are those of { $zone } again
undone-room-zone-house = Times here are those of the house again
undone-room-bucket = A bare sentence becomes { $bucket } here again
undone-room-bucket-before = A bare sentence becomes what it did before here
undone-room-enabled = I listen here again
undone-room-disabled = I am silent here again; /enable makes me listen
undone-room-as-before = This room is as it was before
undone-room-reactions = Reactions mean here again what they did before

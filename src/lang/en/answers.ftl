# What an accepted command is answered with: `T1 done   Fix login`.

answer = { $what ->
    [approved] approved
    [captured] captured
    [changes] changes asked for
    [closed] closed
    [comment] comment noted
    [corrected] corrected
    [created] created
    [doing] doing
    [done] done
    [due-not] no longer due
    [finding-corrected] finding corrected
    [merged] merged
    [no-project] in no project
    [note-corrected] note corrected
    [open-again] open again
    [refined] refined
    [refinement-corrected] refinement corrected
    [rejected] rejected
    [retitled] retitled
    [running] running
    [running-again] running again
    [tagged-as-before] tagged as before
   *[other] { $what }
}
answer-priority = { $priority } priority
answer-tagged = tagged { $tags }
answer-untagged = no longer { $tags }
answer-attached = { $n ->
    [one] file attached
   *[other] { $n } files attached
}
answer-attached-noted = { $n ->
    [one] file attached, note added
   *[other] { $n } files attached, note added
}
answer-finding = { $item } finding { $n } noted
answer-criterion = { $item } criterion { $n } added
answer-note = { $item } note { $n } added
answer-in-a-moment = What comes of it is created in a moment.
answer-researched = { $item } -> { $new } running
answer-promoted = { $new } created from { $item }
answer-assigned-as-before = { $item } assigned as before
answer-assigned = { $item } assigned to { $who }
answer-unassigned = { $item } no longer assigned to { $who }
answer-need-not = { $item } need not wait, that is done already
answer-waits = { $item } { $waits }
answer-waits-not = { $item } no longer waits for { $items }
answer-still-waits = It still { $waits }.
answer-for = { $item } is for { $to }
answer-linked = { $item } linked to { $to }
answer-although = although it waited for { $items }.
answer-freed = { $items } { $n ->
    [one] is
   *[other] are
} no longer waiting.
answer-waiting-again = { $items } { $n ->
    [one] waits
   *[other] wait
} for it again.
answer-was-for = It was for { $item } ({ $title }), which is still open.
answer-changed = { $item } changed.
answer-ok = Done.

# An event in words. done-…: what was done to an item, ` by kim` fits behind it. did-…: what somebody did, `kim ` fits
# before it.

done-captured = captured
did-captured = captured it
done-started = started
did-started = started it
done-created = created
did-created = created it
done-opened = opened
did-opened = opened it
# What begins with an item something came from.
done-from = { $what } from { $item }
did-refined = refined it
done-refined = refined
did-rejected = rejected it
done-rejected = rejected
done-promoted = promoted to { $bucket ->
    [idea] idea
    [research] research
    [todo] todo
    [pr] pr
   *[other] { $bucket }
}
did-promoted = promoted it to { $bucket ->
    [idea] idea
    [research] research
    [todo] todo
    [pr] pr
   *[other] { $bucket }
}
done-reopened = opened again
did-reopened = opened it again
done-finding = finding noted
did-finding = noted a finding
done-finding-corrected = finding corrected
did-finding-corrected = corrected a finding
done-completed = completed
did-completed = completed it
done-completed-anyway = completed without waiting for { $items }
did-completed-anyway = completed it without waiting for { $items }
done-approved = approved
did-approved = approved it
done-changes = changes asked for
did-changes = asked for changes
done-commented = commented on
did-commented = commented on it
done-merged = merged
did-merged = merged it
done-closed = closed
did-closed = closed it
done-criterion = criterion added
did-criterion = added a criterion
done-waits = made to wait for { $item }
did-waits = made it wait for { $item }
done-waits-not = no longer made to wait for { $item }
did-waits-not = let it no longer wait for { $item }
done-retitled = retitled
did-retitled = retitled it
done-described = described anew
did-described = described it anew
done-noted = note added
did-noted = noted
done-note-corrected = note corrected
did-note-corrected = corrected a note
done-tagged = tagged { $tag }
did-tagged = tagged it { $tag }
done-untagged = no longer tagged { $tag }
did-untagged = took away its tag { $tag }
done-prioritised = made { $priority } priority
did-prioritised = made it { $priority } priority
done-due = made due { $when }
did-due = made it due { $when }
done-due-not = made due no longer
did-due-not = took away its due date
done-given-up = given up
did-given-up = gave it up
done-taken-from = taken from { $who }
did-taken-from = took it from { $who }
done-moved = moved { $project }
did-moved = moved it { $project }
done-moved-out = taken out of its project
did-moved-out = took it out of its project
done-for = marked as for { $to }
did-for = marked it as for { $to }
done-linked = linked to { $to }
did-linked = linked it to { $to }
done-attached = file attached
did-attached = attached a file
done-taken = taken
did-taken = took it
done-assigned = assigned to { $who }
did-assigned = assigned it to { $who }
done-withdrawn = taken back
did-withdrawn = took back creation
done-restored = brought back
did-restored = brought it back
done-undone = { $what } taken back
did-undone = took back { $what }
done-undone-state = { $state } again, { $what } taken back
# The newest change in a word or two, for a card: what was done, without to whom.
changed = { $what ->
    [captured] captured
    [refined] refined
    [rejected] rejected
    [promoted] promoted
    [opened-again] opened again
    [started] started
    [finding-noted] finding noted
    [finding-corrected] finding corrected
    [completed] completed
    [created] created
    [criterion-added] criterion added
    [assigned] assigned
    [prerequisites-changed] prerequisites changed
    [opened] opened
    [approved] approved
    [changes-asked-for] changes asked for
    [commented-on] commented on
    [merged] merged
    [closed] closed
    [retitled] retitled
    [described-anew] described anew
    [note-added] note added
    [note-corrected] note corrected
    [tags-changed] tags changed
    [priority-changed] priority changed
    [due-date-changed] due date changed
    [unassigned] unassigned
    [moved] moved
    [linked] linked
    [file-attached] file attached
    [taken-back] taken back
    [brought-back] brought back
    [an-act-taken-back] an act taken back
   *[other] { $what }
}

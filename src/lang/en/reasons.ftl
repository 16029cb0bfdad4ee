# Why something cannot be done: behind "Not done: ", so without a capital and a full stop.

deed-admit = let somebody in as { $role ->
    [owner] an owner
    [maintainer] a maintainer
    [member] a member
   *[guest] a guest
}
deed-change = make { $from ->
    [owner] an owner
    [maintainer] a maintainer
    [member] a member
   *[guest] a guest
} { $to ->
    [owner] an owner
    [maintainer] a maintainer
    [member] a member
   *[guest] a guest
}
deed-forget = forget somebody
deed-link = link an account to { $role ->
    [owner] an owner
    [maintainer] a maintainer
    [member] a member
   *[guest] a guest
}
deed-take = take the role of { $role } away
nothing = nothing
part-body = the body
part-criteria = the criteria
part-due = the due date
part-files = the files
part-findings = the findings
part-the-link = the link to { $item }
part-links = the links
part-the-need = that it needs { $item }
part-needs = what it needs
part-notes = the notes
part-people = who is to do it
part-prio = the priority
part-project = the project
part-refinements = the refinements
part-state = the state
part-tags = the tags
part-title = the title
person-has-account = is known as { $account } already
person-has-no-role = may do nothing already
person-has-role = is { $role ->
    [owner] an owner
    [maintainer] a maintainer
    [member] a member
   *[guest] a guest
} already
reason-assigned = { $item } is assigned like that already
reason-because = { $what } ("{ $reason }")
reason-circular = { $item } cannot wait for { $on }: the circle { $item } -> { $on } -> { $item } would never be done
reason-closed = { $item } is closed already
reason-comma = { $before }, { $next }
reason-does-not-need = { $item } does not wait for { $items }
reason-doing = { $item } is being done already
reason-done = { $item } is done already
reason-edited = { $item } is in line with the edited message already
reason-empty = { $what ->
    [title] the title
    [body] the body
    [criterion] the criterion
    [address] the address
   *[words] the text
} is empty
reason-linked = { $item } is linked to { $to } already
reason-linked-to-itself = { $item } cannot be linked to itself
reason-malformed-event = the payload of { $name } (schema { $schema }) cannot be read: { $why }
reason-merged = { $item } is merged already
reason-needs = { $item } waits for { $items } already
reason-newer-event = { $name } has schema { $found }, and this version knows up to { $known }: it was written by a newer yoman, so update
reason-no-address = { $url } is no address: a link begins with http:// or https://, or is an item such as T7
reason-no-due = { $item } has no due date
reason-no-project = { $item } is in no project
reason-no-text-version = { $item } has no version { $version } whose text could be corrected
reason-no-version = { $item } has no version { $version }
reason-none-named = no { $what ->
    [tags] tags
    [people] people
    [prerequisites] prerequisites
    [links] links
    [criteria] acceptance criteria
   *[attachments] attachments
} are named
reason-not-assigned = { $item } is not assigned like that
reason-not-done = { $item } is not done, so there is nothing to reopen
reason-not-onwards = { $item } is { $bucket ->
    [idea] an idea
    [research] a research
    [todo] a todo
   *[pr] a pr
} and can be promoted to { $only } only, not to { $to ->
    [idea] an idea
    [research] a research
    [todo] a todo
   *[pr] a pr
}
reason-not-tagged = { $item } does not have { $tags }
reason-only-todos-wait = only todos wait for other items, and this is { $bucket ->
    [idea] an idea
    [research] a research
    [todo] a todo
   *[pr] a pr
}
reason-open = { $item } is open already
reason-or = { $before } or { $last }
reason-person-forgotten = who { $handle } was is forgotten, for ever
reason-person-last-identity = { $handle } is known by nothing else: nobody could be { $handle } any more
reason-person-last-owner = { $handle } is the only owner: make somebody else owner first
reason-person-many-identities = { $handle } is known by { $most } accounts already, and more do not fit
reason-person-merged = { $handle } is somebody else by now
reason-person-not-allowed = only { $needed ->
    [owner] an owner
    [maintainer] a maintainer
    [member] a member
   *[guest] a guest
} can { $what }; you are { $actor ->
    [owner] an owner
    [maintainer] a maintainer
    [member] a member
   *[guest] a guest
}
reason-person-not-known-there = { $handle } is not known as { $account }
reason-person-not-paired = there is no { $id }
reason-person-outranks = { $handle } is { $role ->
    [owner] an owner
    [maintainer] a maintainer
    [member] a member
   *[guest] a guest
}, and { $other } is { $less ->
    [owner] an owner
    [maintainer] a maintainer
    [member] a member
   *[guest] a guest
}
reason-person-paired = { $handle } is paired already
reason-person-revoked = { $handle } may do nothing any more: grant a role first
reason-person-unchanged = { $handle } { $what }
reason-promoted = { $item } is promoted already
reason-rejected = { $item } is rejected already
reason-report-empty = there is no script: write it on the lines below the name
reason-report-long = the script is { $bytes } bytes, and at most { $most } are kept
reason-report-many = there are { $most } reports already: remove one first
reason-report-name = a report's name is 1 to { $most } lower-case letters, digits and `-`, a letter first, and not save or remove
reason-report-same = it is exactly this script already
reason-report-unknown = no report with this name was sent
reason-room-enabled = this room is enabled already
reason-room-filter-too-long = that filter names { $n } things of one kind, and at most { $most } fit
reason-room-followed = this room follows that already
reason-room-follows-nothing = this room follows nothing
reason-room-mute-over = { $until } is over
reason-room-muted = this room is muted until { $until } already
reason-room-no-language = { $language } is no language: languages are written en, de, pt-BR
reason-room-no-reminders = no room is reminded so often, or after so long: at most { $most } times before a due date, and within years
reason-room-not-enabled = this room is not enabled
reason-room-not-muted = this room is not muted
reason-room-set = this room has that setting already
reason-room-too-many-follows = this room follows { $most } filters, and more do not fit: unfollow one first
reason-room-unknown-filter = that is not one of the { $n } filters this room follows
reason-running = { $item } is running already
reason-same-criterion = { $item } has that criterion already
reason-same-due = { $item } is due { $due } already
reason-same-priority = { $item } has priority { $priority } already
reason-same-project = { $item } is { $project } already
reason-same-title = { $item } is called that already
reason-tagged = { $item } has { $tags } already
reason-title-of-lines = the title has more than one line
reason-too-long = { $what ->
    [title] the title
    [body] the body
    [criterion] the criterion
    [address] the address
   *[words] the text
} has { $actual } characters, and at most { $limit } fit
reason-too-many = that would be { $actual } { $what ->
    [tags] tags
    [people] people
    [prerequisites] prerequisites
    [links] links
    [criteria] acceptance criteria
   *[attachments] attachments
}, and an item has at most { $most }
reason-undo-no-part = that act did nothing to { $part } of { $item } that could be taken back
reason-undo-no-version-there = there is no version { $version }
reason-undo-nothing = nothing that was done to { $item } is left to be taken back
reason-undo-nothing-left = nothing is left to be taken back
reason-undo-nothing-of = nothing that was done to { $part } of { $item } is left to be taken back
reason-undo-resting = a later act is about the same
reason-undo-taken-back = that is taken back already
reason-undo-whole = an undo is taken back as a whole
reason-undo-withdrawn = { $item } is taken back already
reason-unknown-event = there is no event named { $name } in this version: it was written by a newer yoman, so update
reason-waiting = { $item } still waits for { $on }
reason-waits-for-itself = { $item } cannot wait for itself
reason-withdrawn = { $item } was taken back
reason-wordless = a comment on { $item } needs words
reason-wrong-bucket = only { $only } can { $what ->
    [refine] be refined
    [reject] be rejected
    [promote] be promoted
    [finding] have findings
    [doing] be started
    [done] be done
    [need] wait for other items
    [criterion] have acceptance criteria
    [review] be reviewed
    [merge] be merged
    [close] be closed
   *[that] do that
}; { $item } is { $bucket ->
    [idea] an idea
    [research] a research
    [todo] a todo
   *[pr] a pr
}
reason-room-no-board = this room has no board that is kept up to date
reason-room-nothing-to-take = this room follows the same and has the same settings already
reason-room-too-many-reactions = { $most } reactions mean something here, and more do not fit: switch one off first
reason-room-not-mapped = { $emoji } means nothing here anyway
reason-room-nothing-mapped = no reaction means anything here anyway

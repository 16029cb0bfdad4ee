# What stands on buttons, and what a form asks for when one is pressed.

button-refine = Refine
button-research = Research
button-todo = To do
button-reject = Reject
button-finding = Finding
button-done = Done
button-done-anyway = Done anyway
button-done-item = Done { $item }
button-start = Start
button-start-item = Start { $item }
button-why = Why?
button-open-pr = Open PR
button-approve = Approve
button-merge = Merge
button-close = Close
button-reopen = Reopen
button-changes = Changes
button-note = Note
button-show = Show { $item }
button-redo = Redo
button-undo = Undo
button-next = Next
button-blocked = Blocked
button-all-open = All open
button-closed-ones = Closed ones
button-all = All { $what }
button-unfollow = Unfollow { $what }
button-let-in = Let { $who } in
button-older = ◀ older
button-newer = newer ▶
button-day-before = ◀ day
button-day-after = day ▶
button-now = now
# The heading of a form and what its field is called.
ask-title = { $what ->
    [refine] Refine
    [finding] Finding on
    [note] Note on
    [criterion] Criterion of
    [title] Title of
    [review] Review
    [changes] Changes to
    [reject] Reject
    [close] Close
   *[other] { $what }
} { $item }
ask-label = { $what ->
    [refine] Say it better
    [finding] What was found out
    [note] What is to be noted
    [criterion] What must hold
    [title] Another title
    [review] What you think of it
    [changes] What has to change
    [reject] Why, if you like
    [close] Why, if you like
   *[other] { $what }
}

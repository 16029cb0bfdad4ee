# Many items as a message: lists, boards, what is next, what was found.

# The heading of a list: 3 open todos.
list-heading = { $n } { $what ->
    [idea] { $n ->
        [one] idea
       *[other] ideas
    }
    [research] research
    [todo] { $n ->
        [one] todo
       *[other] todos
    }
    [pr] { $n ->
        [one] pr
       *[other] prs
    }
   *[item] { $n ->
        [one] item
       *[other] items
    }
}
list-heading-open = { $n } open { $what ->
    [idea] { $n ->
        [one] idea
       *[other] ideas
    }
    [research] research
    [todo] { $n ->
        [one] todo
       *[other] todos
    }
    [pr] { $n ->
        [one] pr
       *[other] prs
    }
   *[item] { $n ->
        [one] item
       *[other] items
    }
}
list-page = page { $page } of { $pages }
list-more = More: { $command }
list-empty = Nothing here yet. /todo Buy milk  puts something on the list, /help says what else there is.
list-all-done = Nothing is open. /todo Buy milk  puts something on the list.
list-nothing = { $open ->
    [open] Nothing open
   *[all] Nothing
}
list-nothing-with = { $open ->
    [open] Nothing open
   *[all] Nothing
} with { $what }
list-nothing-hint = { $nothing }. /list shows everything that is open, /find looks for words.
list-nothing-closed = { $nothing }; { $n } closed.
find-nothing = Nothing has { $words } in its title, text, tags or notes.
find-fewer = Fewer words find more.
find-dropped = { $n ->
    [one] 1 item
   *[other] { $n } items
} closed long ago are no longer searched; /show finds them by number.
find-heading = { $n ->
    [one] 1 item
   *[other] { $n } items
} with { $words }
mine-nothing = Nothing is yours to do. /next says what could be begun.
mine-heading = { $n ->
    [one] 1 item
   *[other] { $n } items
} for { $who }
next-then = { $n ->
    [one] 1 item
   *[other] { $n } items
} could be done then
next-nothing = Nothing to do. /todo and what it is puts something on the list.
next-waiting = Nothing can be done now: { $n ->
    [one] 1 item waits
   *[other] { $n } items wait
} for something else. /list blocked says for what.
next-one = Next
next-few = Next, what presses most first
next-many = Next { $shown } of { $n }
board = Board
board-state = { $n } { $state }

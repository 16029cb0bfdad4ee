# Dates and relative times as people say them.

ago-now = just now
ago-seconds = { $n } s ago
ago-minutes = { $n } min ago
ago-hours = { $n } h ago
ago-yesterday = yesterday
ago-on = on { $date }
date = { $weekday } { $day } { $month }
date-year = { $weekday } { $day } { $month } { $year }
moment = { $date }, { $time }
moment-zone = { $date }, { $time } ({ $zone })
# 1 item, 2 items, no items
count = { $what ->
    [body] { $n ->
        [0] no body
       *[other] a body
    }
    [criterion] { $n ->
        [0] no criteria
        [one] 1 criterion
       *[other] { $n } criteria
    }
    [finding] { $n ->
        [0] no findings
        [one] 1 finding
       *[other] { $n } findings
    }
    [link] { $n ->
        [0] no links
        [one] 1 link
       *[other] { $n } links
    }
    [refinement] { $n ->
        [0] no refinements
        [one] 1 refinement
       *[other] { $n } refinements
    }
    [review] { $n ->
        [0] no reviews
        [one] 1 review
       *[other] { $n } reviews
    }
    [change] { $n ->
        [0] no changes
        [one] 1 change
       *[other] { $n } changes
    }
    [commit] { $n ->
        [0] no commits
        [one] 1 commit
       *[other] { $n } commits
    }
    [event] { $n ->
        [0] no events
        [one] 1 event
       *[other] { $n } events
    }
    [fault] { $n ->
        [0] no faults
        [one] 1 fault
       *[other] { $n } faults
    }
    [file] { $n ->
        [0] no files
        [one] 1 file
       *[other] { $n } files
    }
    [item] { $n ->
        [0] no items
        [one] 1 item
       *[other] { $n } items
    }
    [message] { $n ->
        [0] no messages
        [one] 1 message
       *[other] { $n } messages
    }
    [note] { $n ->
        [0] no notes
        [one] 1 note
       *[other] { $n } notes
    }
    [room] { $n ->
        [0] no rooms
        [one] 1 room
       *[other] { $n } rooms
    }
    [week] { $n ->
        [0] no weeks
        [one] 1 week
       *[other] { $n } weeks
    }
   *[other] { $n } { $what }
}
# a, b and c: `init` is what stands before the last, with its commas.
listed = { $init } and { $last }

# What items are called and where they stand.

bucket = { $bucket ->
    [idea] idea
    [research] research
    [todo] todo
    [pr] pr
   *[other] { $bucket }
}
# 1 todo, 2 todos
buckets = { $n } { $bucket ->
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
   *[other] { $bucket }
}
# How a heading calls several of them.
bucket-many = { $bucket ->
    [idea] ideas
    [research] research
    [todo] todos
    [pr] prs
   *[other] { $bucket }
}
priority = { $priority ->
    [low] low
    [normal] normal
    [high] high
    [urgent] urgent
   *[other] { $priority }
}
state = { $state ->
    [open] open
    [doing] doing
    [blocked] blocked
    [running] running
    [done] done
    [reviewed] reviewed
    [merged] merged
    [closed] closed
    [rejected] rejected
    [promoted] promoted
    [withdrawn] taken back
   *[other] { $state }
}
role = { $role ->
    [owner] owner
    [maintainer] maintainer
    [member] member
    [guest] guest
   *[other] { $role }
}
a-role = { $role ->
    [owner] an owner
    [maintainer] a maintainer
    [member] a member
    [guest] a guest
   *[other] { $role }
}
a-bucket = { $bucket ->
    [idea] an idea
    [research] a research
    [todo] a todo
    [pr] a pr
   *[other] { $bucket }
}

# What items are called and where they stand.

bucket = { $bucket ->
    [idea] 아이디어
    [research] 조사
    [todo] 할 일
    [pr] PR
   *[other] { $bucket }
}
buckets = { $bucket ->
    [idea] 아이디어
    [research] 조사
    [todo] 할 일
    [pr] PR
   *[other] { $bucket }
} { $n }개
# How a heading calls several of them.
bucket-many = { $bucket ->
    [idea] 아이디어
    [research] 조사
    [todo] 할 일
    [pr] PR
   *[other] { $bucket }
}
priority = { $priority ->
    [low] 낮음
    [normal] 보통
    [high] 높음
    [urgent] 긴급
   *[other] { $priority }
}
state = { $state ->
    [open] 열림
    [doing] 진행 중
    [blocked] 대기 중
    [running] 조사 중
    [done] 완료
    [reviewed] 검토됨
    [merged] 병합됨
    [closed] 닫힘
    [rejected] 기각됨
    [promoted] 승격됨
    [withdrawn] 되돌림
   *[other] { $state }
}
role = { $role ->
    [owner] 소유자
    [maintainer] 관리자
    [member] 멤버
    [guest] 손님
   *[other] { $role }
}
a-role = { $role ->
    [owner] 소유자
    [maintainer] 관리자
    [member] 멤버
    [guest] 손님
   *[other] { $role }
}
a-bucket = { $bucket ->
    [idea] 아이디어
    [research] 조사
    [todo] 할 일
    [pr] PR
   *[other] { $bucket }
}

# Dates and relative times as people say them.

ago-now = 방금
ago-seconds = { $n }초 전
ago-minutes = { $n }분 전
ago-hours = { $n }시간 전
ago-yesterday = 어제
ago-on = { $date }
date = { $month } { $day }일 ({ $weekday })
date-year = { $year }년 { $month } { $day }일 ({ $weekday })
moment = { $date } { $time }
moment-zone = { $date } { $time } ({ $zone })
# 1 item, 2 items, no items
count = { $what ->
    [body] { $n ->
        [0] 내용 없음
       *[other] 내용 있음
    }
    [criterion] { $n ->
        [0] 완료 조건 없음
       *[other] 완료 조건 { $n }개
    }
    [finding] { $n ->
        [0] 발견 없음
       *[other] 발견 { $n }개
    }
    [link] { $n ->
        [0] 연결 없음
       *[other] 연결 { $n }개
    }
    [refinement] { $n ->
        [0] 다듬은 내용 없음
       *[other] 다듬은 내용 { $n }개
    }
    [review] { $n ->
        [0] 검토 없음
       *[other] 검토 { $n }개
    }
    [change] { $n ->
        [0] 변경 없음
       *[other] 변경 { $n }건
    }
    [commit] { $n ->
        [0] 커밋 없음
       *[other] 커밋 { $n }개
    }
    [event] { $n ->
        [0] 이벤트 없음
       *[other] 이벤트 { $n }개
    }
    [fault] { $n ->
        [0] 손상 없음
       *[other] 손상 { $n }건
    }
    [file] { $n ->
        [0] 파일 없음
       *[other] 파일 { $n }개
    }
    [item] { $n ->
        [0] 항목 없음
       *[other] 항목 { $n }개
    }
    [message] { $n ->
        [0] 메시지 없음
       *[other] 메시지 { $n }개
    }
    [note] { $n ->
        [0] 메모 없음
       *[other] 메모 { $n }개
    }
    [room] { $n ->
        [0] 방 없음
       *[other] 방 { $n }개
    }
    [week] { $n ->
        [0] 0주
       *[other] { $n }주
    }
   *[other] { $what } { $n }
}
# a, b and c: `init` is what stands before the last, with its commas.
listed = { $init }, { $last }

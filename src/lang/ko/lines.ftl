# An item in a line, and the small words between things.

you = 나
person-number = { $n }번 사람
everything = 모든 항목
more = 외 { $n }개
due = { $when }까지
was-due = { $when } 기한 지남
for-item = { $item }에 쓰임
waits-for = { $items } 기다리는 중
# What was done, by whom; what was done, when.
done-by = { $what } · { $who }
done-when = { $what } · { $when }
project = 프로젝트:{ $name }
# What acts by itself.
actor = { $what ->
    [promotion] 자동
   *[other] { $what }
}

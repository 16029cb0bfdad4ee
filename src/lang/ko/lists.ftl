# Many items as a message: lists, boards, what is next, what was found.

# The heading of a list: 3 open todos.
list-heading = { $what ->
    [idea] 아이디어
    [research] 조사
    [todo] 할 일
    [pr] PR
   *[item] 항목
} { $n }개
list-heading-open = 열린 { $what ->
    [idea] 아이디어
    [research] 조사
    [todo] 할 일
    [pr] PR
   *[item] 항목
} { $n }개
list-page = { $pages }쪽 중 { $page }쪽
list-more = 더 보기: { $command }
list-empty = 아직 아무것도 없어요. /할일 우유 사기  라고 하면 목록에 올라가요. 다른 것은 /도움말 에 있어요.
list-all-done = 열린 것이 없어요. /할일 우유 사기  라고 하면 목록에 올라가요.
list-nothing = { $open ->
    [open] 열린 것이 없어요
   *[all] 아무것도 없어요
}
list-nothing-with = { $what }: { $open ->
    [open] 열린 것이 없어요
   *[all] 아무것도 없어요
}
list-nothing-hint = { $nothing }. /목록 는 열린 것을 모두 보여 주고, /찾기 는 단어를 찾아요.
list-nothing-closed = { $nothing }. 닫힌 것은 { $n }개 있어요.
find-nothing = 제목, 내용, 태그, 메모 어디에도 { $words } 없어요.
find-fewer = 단어를 줄이면 더 많이 찾아요.
find-dropped = 오래전에 닫힌 항목 { $n }개는 더는 찾지 않아요. /보기 에 번호를 붙이면 나와요.
find-heading = { $words } 있는 항목 { $n }개
mine-nothing = 맡은 일이 없어요. 시작할 만한 일은 /다음 에 있어요.
mine-heading = { $who } 담당 항목 { $n }개
next-then = 그때 할 수 있던 항목 { $n }개
next-nothing = 할 일이 없어요. /할일 뒤에 할 일을 적으면 목록에 올라가요.
next-waiting = 지금 할 수 있는 일이 없어요. 항목 { $n }개가 다른 일을 기다려요. 무엇을 기다리는지는 /목록 대기중 에 있어요.
next-one = 다음 할 일
next-few = 다음 할 일, 급한 것부터
next-many = 다음 할 일, { $n }개 중 { $shown }개
board = 보드
board-state = { $state } { $n }

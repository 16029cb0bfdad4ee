# What stands on buttons, and what a form asks for when one is pressed.

button-refine = 다듬기
button-research = 조사하기
button-todo = 할 일로
button-reject = 기각
button-finding = 발견
button-done = 완료
button-done-anyway = 그래도 완료
button-done-item = { $item } 완료
button-start = 시작
button-start-item = { $item } 시작
button-why = 왜?
button-open-pr = PR 올리기
button-approve = 승인
button-merge = 병합
button-close = 닫기
button-reopen = 다시 열기
button-changes = 수정 요청
button-note = 메모
button-show = { $item } 보기
button-redo = 다시 하기
button-undo = 되돌리기
button-next = 다음 할 일
button-blocked = 기다리는 것
button-all-open = 열린 것 모두
button-closed-ones = 닫힌 것
button-all = { $what } 모두
button-unfollow = { $what } 그만 팔로우
button-let-in = { $who } 들이기
button-older = ◀ 이전
button-newer = 이후 ▶
button-day-before = ◀ 전날
button-day-after = 다음 날 ▶
button-now = 지금
# The heading of a form and what its field is called.
ask-title = { $item } { $what ->
    [refine] 다듬기
    [finding] 발견
    [note] 메모
    [criterion] 완료 조건
    [title] 제목
    [review] 검토
    [changes] 수정 요청
    [reject] 기각
    [close] 닫기
   *[other] { $what }
}
ask-label = { $what ->
    [refine] 더 낫게 적어 주세요
    [finding] 무엇을 알아냈나요
    [note] 무엇을 메모할까요
    [criterion] 무엇이 되어야 하나요
    [title] 새 제목
    [review] 어떻게 생각하나요
    [changes] 무엇을 고쳐야 하나요
    [reject] 이유 (안 적어도 돼요)
    [close] 이유 (안 적어도 돼요)
   *[other] { $what }
}

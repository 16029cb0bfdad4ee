# 항목의 상태에 딸린 버튼 말고 더 있는 버튼.

verbs-assign-me = 내가 맡기
verbs-show = { $item } 보기
verbs-undo = 되돌리기
verbs-page-before = ◀ { $n }쪽
verbs-page-after = { $n }쪽 ▶

# 카드에 단 반응이 하는 일.

reactions-untold = 여기에서는 반응을 알 수 없어요.
reactions-none = 여기에서는 반응에 아무 뜻도 없어요. { $command } 뒤에 이모지와 동사를 쓰면 달라져요. 그러면 카드에 단 반응이 버튼과 같은 일을 해요.
reactions-some = 카드에 반응을 달면 버튼과 같은 일을 하고, 반응을 지우면 그 일을 되돌려요.
reactions-verb = { $verb ->
    [done] 완료
    [start] 시작
    [take] 내가 맡기
    [reopen] 다시 열기
    [promote] 다음 단계로
    [reject] 반려
    [approve] 승인
    [merge] 병합
    [close] 닫기
   *[other] { $verb }
}
reactions-all-off = 모두 끄기
reactions-mapped = 이제 여기에서 { $emoji } 반응은 “{ $verb }” 뜻이에요. 카드에 달아 보세요.
reactions-mapped-untold = 이제 여기에서 { $emoji } 반응은 “{ $verb }” 뜻이에요. 다만 이 대화에서는 반응을 알 수 없어요.
reactions-unmapped = 이제 여기에서 { $emoji } 반응에는 아무 뜻도 없어요.
reactions-cleared = 이제 여기에서는 어떤 반응에도 뜻이 없어요.
reactions-later = { $item } 그대로예요. { $emoji } 반응을 단 뒤에 다른 일이 있었어요. { $undo } 명령으로 그때 한 일을 되돌릴 수 있는지 확인할 수 있어요.

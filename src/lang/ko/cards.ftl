# An item as a message: what stands under its first line.

card-refined = 다듬은 내용: { $words }
card-rejected = 기각 이유: { $words }
card-finding = 발견 { $n }: { $words }
card-conclusion = 결론: { $words }
card-closed = 닫은 이유: { $words }
card-because = 이유: { $words }
card-verdict = { $verdict ->
    [approve] 승인
    [changes] 수정 요청
    [comment] 의견
   *[other] { $verdict }
}
card-linked = 연결: { $links }
card-from = { $item }에서 시작
card-became = { $items } 만듦

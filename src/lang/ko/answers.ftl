# What an accepted command is answered with: `T1 done   Fix login`.

answer = { $what ->
    [approved] 승인했어요
    [captured] 담았어요
    [changes] 수정을 요청했어요
    [closed] 닫았어요
    [comment] 의견을 적었어요
    [corrected] 고쳤어요
    [created] 만들었어요
    [doing] 진행 중
    [done] 완료
    [due-not] 기한을 없앴어요
    [finding-corrected] 발견을 고쳤어요
    [merged] 병합했어요
    [no-project] 프로젝트에서 뺐어요
    [note-corrected] 메모를 고쳤어요
    [open-again] 다시 열었어요
    [refined] 다듬었어요
    [refinement-corrected] 다듬은 내용을 고쳤어요
    [rejected] 기각했어요
    [retitled] 제목을 바꿨어요
    [running] 조사 중
    [running-again] 다시 조사 중
    [tagged-as-before] 태그는 그대로예요
   *[other] { $what }
}
answer-priority = 우선순위 { $priority }
answer-tagged = { $tags } 태그를 붙였어요
answer-untagged = { $tags } 태그를 뗐어요
answer-attached = { $n ->
    [1] 파일을 첨부했어요
   *[other] 파일 { $n }개를 첨부했어요
}
answer-attached-noted = { $n ->
    [1] 파일을 첨부하고 메모를 적었어요
   *[other] 파일 { $n }개를 첨부하고 메모를 적었어요
}
answer-finding = { $item } 발견 { $n }번을 적었어요
answer-criterion = { $item } 완료 조건 { $n }번을 더했어요
answer-note = { $item } 메모 { $n }번을 적었어요
answer-in-a-moment = 다음 단계는 곧 만들어져요.
answer-researched = { $item } -> { $new } 조사 중
answer-promoted = { $new } 만들었어요, { $item }에서
answer-assigned-as-before = { $item } 담당은 그대로예요
answer-assigned = { $item } { $who }에게 맡겼어요
answer-unassigned = { $item } { $who } 담당을 풀었어요
answer-need-not = { $item } 기다릴 필요 없어요, 이미 끝났어요
answer-waits = { $item } { $waits }
answer-waits-not = { $item } 더 기다리지 않아요: { $items }
answer-still-waits = 아직 { $waits }이에요.
answer-for = { $item } { $to }에 쓰여요
answer-linked = { $item } { $to } 연결했어요
answer-although = 아직 끝나지 않은 선행 항목이 있었어요: { $items }.
answer-freed = 이제 기다리지 않아도 돼요: { $items }
answer-waiting-again = 다시 기다려요: { $items }
answer-was-for = { $item } ({ $title })에 쓰이는데, 그건 아직 열려 있어요.
answer-changed = { $item } 바꿨어요.
answer-ok = 됐어요.

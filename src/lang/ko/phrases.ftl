# An event in words. done-…: what was done to an item, ` by kim` fits behind it. did-…: what somebody did, `kim ` fits
# before it.

done-captured = 담음
did-captured = 담음
done-started = 시작
did-started = 시작
done-created = 만듦
did-created = 만듦
done-opened = 올림
did-opened = 올림
# What begins with an item something came from.
done-from = { $item }에서 { $what }
did-refined = 다듬음
done-refined = 다듬음
did-rejected = 기각
done-rejected = 기각
done-promoted = { $bucket ->
    [idea] 아이디어로
    [research] 조사로
    [todo] 할 일로
    [pr] PR로
   *[other] { $bucket }(으)로
} 승격
did-promoted = { $bucket ->
    [idea] 아이디어로
    [research] 조사로
    [todo] 할 일로
    [pr] PR로
   *[other] { $bucket }(으)로
} 승격
done-reopened = 다시 엶
did-reopened = 다시 엶
done-finding = 발견 기록
did-finding = 발견 기록
done-finding-corrected = 발견 고침
did-finding-corrected = 발견 고침
done-completed = 완료
did-completed = 완료
done-completed-anyway = { $items } 기다리지 않고 완료
did-completed-anyway = { $items } 기다리지 않고 완료
done-approved = 승인
did-approved = 승인
done-changes = 수정 요청
did-changes = 수정 요청
done-commented = 의견 남김
did-commented = 의견 남김
done-merged = 병합
did-merged = 병합
done-closed = 닫음
did-closed = 닫음
done-criterion = 완료 조건 추가
did-criterion = 완료 조건 추가
done-waits = { $item } 기다리게 함
did-waits = { $item } 기다리게 함
done-waits-not = { $item } 더 기다리지 않게 함
did-waits-not = { $item } 더 기다리지 않게 함
done-retitled = 제목 바꿈
did-retitled = 제목 바꿈
done-described = 내용 다시 씀
did-described = 내용 다시 씀
done-noted = 메모 추가
did-noted = 메모 추가
done-note-corrected = 메모 고침
did-note-corrected = 메모 고침
done-tagged = { $tag } 태그 붙임
did-tagged = { $tag } 태그 붙임
done-untagged = { $tag } 태그 뗌
did-untagged = { $tag } 태그 뗌
done-prioritised = 우선순위 { $priority }
did-prioritised = 우선순위 { $priority }
done-due = 기한 { $when }
did-due = 기한 { $when }
done-due-not = 기한 없앰
did-due-not = 기한 없앰
done-given-up = 내려놓음
did-given-up = 내려놓음
done-taken-from = { $who } 담당 해제
did-taken-from = { $who } 담당 해제
done-moved = { $project } 지정
did-moved = { $project } 지정
done-moved-out = 프로젝트에서 뺌
did-moved-out = 프로젝트에서 뺌
done-for = { $to }에 쓰임으로 표시
did-for = { $to }에 쓰임으로 표시
done-linked = { $to } 연결
did-linked = { $to } 연결
done-attached = 파일 첨부
did-attached = 파일 첨부
done-taken = 맡음
did-taken = 맡음
done-assigned = { $who }에게 맡김
did-assigned = { $who }에게 맡김
done-withdrawn = 되돌림
did-withdrawn = 만든 것 되돌림
done-restored = 되살림
did-restored = 되살림
done-undone = { $what } 되돌림
did-undone = { $what } 되돌림
done-undone-state = 다시 { $state }, { $what } 되돌림
# The newest change in a word or two, for a card: what was done, without to whom.
changed = { $what ->
    [captured] 담음
    [refined] 다듬음
    [rejected] 기각
    [promoted] 승격
    [opened-again] 다시 엶
    [started] 시작
    [finding-noted] 발견 기록
    [finding-corrected] 발견 고침
    [completed] 완료
    [created] 만듦
    [criterion-added] 완료 조건 추가
    [assigned] 담당 지정
    [prerequisites-changed] 선행 항목 바꿈
    [opened] 올림
    [approved] 승인
    [changes-asked-for] 수정 요청
    [commented-on] 의견 남김
    [merged] 병합
    [closed] 닫음
    [retitled] 제목 바꿈
    [described-anew] 내용 다시 씀
    [note-added] 메모 추가
    [note-corrected] 메모 고침
    [tags-changed] 태그 바꿈
    [priority-changed] 우선순위 바꿈
    [due-date-changed] 기한 바꿈
    [unassigned] 담당 해제
    [moved] 프로젝트 옮김
    [linked] 연결
    [file-attached] 파일 첨부
    [taken-back] 되돌림
    [brought-back] 되살림
    [an-act-taken-back] 한 일 되돌림
   *[other] { $what }
}

# What people are answered besides views of items: refusals, pairing, questions, welcomes, reports.

asked-for-words = 이 메시지에 답장으로 써 주세요
asked-for-words-toast = 답장으로 써 주세요
welcome-board = 보드
button-forget = { $who } 님 잊기
welcome-help = 도움말
welcome-next = 다음 할 일
button-no = 아니요
button-that-is-me = 네, 저예요
claim-command = /소유자등록 코드
claim-done = 이제 { $name } 님이 제 소유자예요. 문장을 쓰면 { $bucket }{ JOSA($bucket, "으로/로") } 담아 둘게요. 이렇게도 해 보세요:
claim-owned = 안 했어요. 이미 소유자가 있어요. 아무 말이나 보내 주시면 들어올 수 있는 코드를 드려요.
claim-owned-by = 안 했어요. 이미 { $owner } 님이 소유자예요.
claim-somebodys = 등록할 것이 없어요. 소유자가 이미 있어요.
claim-too-often = 틀린 코드가 너무 많았어요. 한 시간 뒤에 다시 해 주세요.
claim-wrong = 소유자 등록 코드가 아니에요. 처음 시작할 때 나온 영문과 숫자 8자예요. { $command } 로 다시 볼 수 있어요.
claim-yours = 등록할 것이 없어요. 이미 제 소유자예요.
deleted-deed = 메시지로 한 일을 되돌리는 것
deleted-stays = 메시지는 지워졌지만, 그 메시지로 한 일은 남아 있어요.
edit-no-command = 바꾸지 않았어요. 메시지를 문장으로 고친다고 이미 한 일이 되돌아가지는 않아요.
edit-no-command-on = 바꾸지 않았어요. 메시지를 문장으로 고친다고 { $item }에 한 일이 되돌아가지는 않아요.
edit-not-yours = 바꾸지 않았어요. 이 메시지로 만든 것은 다른 사람이 썼어요.
edit-other-bucket = 바꾸지 않았어요. 이 메시지로 { $item }{ JOSA($item, "을/를") } 만들었어요. 메시지를 고쳐서 다른 종류로 바꿀 수는 없어요: { $bucket ->
    [idea] 아이디어
    [research] 조사
    [todo] 할 일
   *[pr] PR
}
edit-something-else = 바꾸지 않았어요. 이 메시지로 항목을 만들었는데 이제 다른 말을 하고 있어요. 새 메시지로 보내 주세요.
example-help = /도움말
example-todo = /할일 로그인 고치기 #auth !높음 마감:금요일
example-todo-short = /할일 로그인 고치기
forget-ask = { $who } 님을 영원히 잊을까요?
forget-ask-too = { $who } 님을, 예전 이름 { $once } 까지 함께 영원히 잊을까요?
forget-half = 안 했어요. { $handle } 님은 이제 { $now } 님이고, 반만 잊을 수는 없어요. /잊기 { $now } 로 둘 다 잊어요.
forget-not-sealed = 봉인이 꺼져 있어요([privacy] seal). 지금 쓰는 글은 그대로 저장되고 남아요.
forget-what = 열쇠를 없애요. 쓴 글, 이름, 계정이 과거까지 모든 곳에서 ‘잊힌 사람’으로 보여요. 항목, 상태, 날짜는 남아요. 아무도 되돌릴 수 없어요.
hint-bring-back = 다시 살리기
hint-undo-all = { $n }개 모두 되돌리기
hint-undo-both = 둘 다 되돌리기
hint-why = { $item } 왜?
link-asked = 이제 { $title }에서 확인해 주세요. 본인이 맞는지 그곳의 { $handle } 님에게 물어봤어요.
link-code-not-in-group = 아무것도 하지 않았어요. 그룹이 아니라 저에게 1:1로 보내 주세요. 코드는 비밀이라서, 여기 보인 코드는 이제 쓸 수 없어요.
link-command = /연결 { $code }
link-declined = 바뀐 것이 없어요. 그 계정은 본인으로 보지 않아요. 코드도 이제 쓸 수 없어요.
link-declined-there = 잇지 않았어요. { $title }에서 확인해 주지 않았어요. 맞다면 그곳에서 /연결 부터 다시 해 주세요.
link-directly = 아무것도 하지 않았어요. /연결 은 저에게 1:1로 보내 주세요.
link-from-here = 아무것도 하지 않았어요. 지금 말하고 있는 곳이에요. 다른 플랫폼에서 말해 주세요. 여기를 끊으면 누가 말하는지 알 수 없게 돼요.
link-gone = 아무것도 하지 않았어요. 이 코드를 받은 분은 이제 여기 없어요.
link-known = 할 것이 없어요. 여기서는 이미 알고 있어요. 제가 아직 모르는 곳에서 1:1로 보내 주세요.
link-no-code = 아무것도 하지 않았어요. 그런 코드를 기다리고 있지 않아요. 코드는 한 시간 동안, 한 번만, 제가 다시 시작하기 전까지만 쓸 수 있어요. 다른 플랫폼에서 /연결 을 보내 새 코드를 받아 주세요.
link-not-in-group = 아무것도 하지 않았어요. 그룹이 아니라 저에게 1:1로 보내 주세요.
link-not-there = 아무것도 하지 않았어요. 그곳에서는 모르는 분이에요. 제가 아는 계정: { $known }
link-offer = 다른 플랫폼에서도 알아보게 하려면, 한 시간 안에 그곳에서 저에게 1:1로 보내 주세요:
link-offer-secret = 그러면 여기서 본인이 맞는지 여쭤볼게요. 코드는 아무에게도 알려 주지 마세요. 코드를 가진 사람이 본인인 척할 수 있어요.
link-other-way = 아무것도 하지 않았어요. 여기서 할 수 있는 것이 그곳보다 많아서, 이으면 잃게 돼요. 거꾸로 해 주세요: 여기서 /연결 을 보내고, 코드는 그곳에서 보내 주세요.
link-question = { $title }: { $name } ({ $account }) 님이 본인이라고 해요.
link-question-handle = { $title }: { $name } ({ $handle }, { $account }) 님이 본인이라고 해요.
link-question-known = 제가 { $known } 이름으로 아는 분이에요. 그분의 것과 그분이 한 일이 모두, 영원히 본인의 것이 돼요.
link-question-only-you = 그 사람은 본인이 할 수 있는 것을 모두 할 수 있게 돼요. 본인일 때만 확인해 주세요.
link-revoked = 아무것도 하지 않았어요. 예전에 들어왔던 계정인데 이제 역할이 없어요. 소유자나 관리자에게 부탁해 주세요.
link-several = 아무것도 하지 않았어요. 그곳에 계정이 여럿이에요. 어느 것인가요?
link-too-many-codes = 아무것도 하지 않았어요. 나와 있는 코드가 너무 많아요. 한 시간 뒤에 다시 해 주세요.
link-too-often = 아무것도 하지 않았어요. 틀린 코드가 너무 많았어요. 한 시간 뒤에 다시 해 주세요.
pair-command = /페어링 { $code }
pair-no-code = 그 코드로 기다리는 사람이 없어요. 코드는 한 시간 동안만 쓸 수 있어요. 들어오려는 분이 저에게 다시 쓰면 새 코드를 받아요.
paired = 들어오셨어요.
paired-guest = 손님은 모든 것을 볼 수 있어요. 방법은 { $help } 에 있어요.
paired-here-too = 이제 여기서도 { $handle } 님을 알아봐요.
paired-member = 문장을 쓰면 { $bucket }{ JOSA($bucket, "으로/로") } 담아 둘게요. 이렇게도 해 보세요:  { $example }  또는  { $help }
past-before = { $at }에는 아직 아무것도 없었어요. 기록의 시작: { $began }, 위치 { $position }
past-empty = 아직 돌아볼 것이 없어요. 기록이 비어 있어요.
past-no-item = { $at }에는 { $item }{ JOSA($item, "이/가") } 아직 없었어요. 만든 때: { $created }
past-no-position = { $position }번 위치는 없어요. 기록은 1부터 { $head }까지예요.
past-no-version = { $item }에 { $version }번 버전은 없어요. 1부터 { $newest }까지 있어요.
past-to-come = { $at }, 아직 오지 않은 때예요. 지금: { $now }
past-version-lost = { $item }의 { $version }번 버전은 더 이상 읽을 수 없어요.
refused-an-owner = 소유자
refused-changes-lost = 안 했어요. { $item }에 가장 최근 있었던 변경 { $n }건의 기록이 손상되어 읽을 수 없어요. 어디인지는 yoman log verify 로 볼 수 있고, 저널에 남은 것은 yoman log salvage 로 꺼낼 수 있어요.
refused-conflict = 안 했어요. 마침 여러 사람이 함께 바꾸고 있었어요. 다시 보내 주세요.
refused-disk-full = 저장하지 못했어요. 기록 디스크에 { $free } MB만 남았는데, { $floor } MB는 비워 둬야 해요. 보는 것은 그대로 돼요. 디스크를 비우고 다시 보내 주세요.
refused-empty-form = 아무것도 하지 않았어요. 쓴 글이 없어요.
refused-groups-only = 바뀐 것이 없어요. 그건 그룹에서 쓰는 말이에요. 1:1 대화에서는 늘 듣고 있어요.
refused-misplaced = 있어야 할 자리에 있지 않아요
refused-no-item = { $item }{ JOSA($item, "은/는") } 없어요. 가장 최근 것: { $newest }
refused-no-item-at-all = { $item }{ JOSA($item, "은/는") } 없어요. { $bucket ->
    [idea] 아이디어
    [research] 조사
    [todo] 할 일
   *[pr] PR
} 항목이 아직 하나도 없어요.
refused-nobody = { $handle } 님은 모르는 분이에요. 아는 분: { $known }
refused-not-done = 안 했어요. { $why }.
refused-not-taken-back = 되돌리지 않았어요. { $why }.
refused-pieces = 아무것도 하지 않았어요. 메시지 하나에 명령이 { $n }개예요. { $most }개까지 돼요. 나머지는 나눠서 보내 주세요.
refused-role = 안 했어요. { $command }에는 { $needed ->
    [owner] 소유자
    [maintainer] 관리자
    [member] 멤버
   *[guest] 손님
} 역할이 필요한데, 지금 역할은 { $actor ->
    [owner] 소유자
    [maintainer] 관리자
    [member] 멤버
   *[guest] 손님
}예요. { $who }에게 부탁해 주세요.
refused-stale = 이 카드 뒤에 { $item }{ JOSA($item, "이/가") } 바뀌었어요. 아무것도 하지 않았어요.
refused-that = 그 일
refused-log-broken = 저장하지 못했어요. 기록 디스크에 문제가 생겼어요({ $why }). 지금 종료할 테니 운영하는 분이 디스크를 살펴봐 주세요. 그동안 쓰신 글은 다시 시작하면 처리돼요. 버튼은 다시 눌러 주세요.
refused-unacceptable = 저장하지 못했어요: { $why }.
refused-unknown-handle = { $handle } 님은 모르는 분이에요.
refused-unreadable = 안 했어요. { $called }에 있었던 일 가운데 여기서 읽을 수 없는 것이 있어요: { $why }.
refused-which-item = 어느 항목인가요? 카드에 답장하거나 이름을 써 주세요. 예:  완료 T7
refused-you-wrote = 쓴 글:
report-as-of = 어느 날 기준으로든 물어볼 수 있어요:  { $when }
report-as-of-example = 지난 금요일 기준
report-at = { $at } 기준
report-command = /보고서 { $name }
report-damaged = 기록 가운데 { $n }건은 읽을 수 없어 건너뛰었어요.
report-failed = 보고서를 만들지 못했어요. { $name }: { $why }
report-goes-on = { $name } 보고서를 계속 만들고 있어요(지금까지 { $percent }%). { $within }초 안에 따로 보내 드릴게요. 그사이 제가 멈추면 다시 물어봐 주세요.
report-name-taken = 저장하지 않았어요. { $name } 이름은 원래 있던 보고서의 것이에요. 다른 이름을 써 주세요.
report-none-because = 보고서를 만들지 못했어요: { $why }.
report-not-saved = 저장하지 않았어요: { $why }
report-nothing = 보여 줄 것이 없어요
report-printed = 출력: { $line }
report-save-command = /보고서 저장 이름
report-send = 소유자는 보고서를 보낼 수 있어요:  { $command }  아래 줄부터 스크립트
report-sent = 보낸 것
report-too-slow = { $name } 보고서가 너무 오래 걸려요. { $after }초 동안 { $head } 가운데 { $position } 위치까지 갔어요{ $advice }. 컴퓨터에서는 더 오래 돌릴 수 있어요: yoman report { $name }
report-unknown = { $name } 보고서는 없어요. 있는 것: { $known }
report-up-to = { $events }, 위치 { $position }까지예요.
reports-heading = 보고서
this-room = 이 방
undo-account-taken = 되돌리지 않았어요. 그 계정은 이제 { $handle } 님이에요.
undo-accounts = 되돌리지 않았어요. 계정은 /연결해제 로 끊고 /연결 로 이어요.
undo-all-of-it = 모두:
undo-conflict = 되돌리지 않았어요. 마침 여러 사람이 함께 바꾸고 있었어요. 다시 보내 주세요.
undo-for-ever = 되돌리지 않았어요. 영원히 그대로예요.
undo-no-version-of = { $whose }에 { $version }번 버전은 없어요
undo-nothing-here = 여기서 한 일 가운데 되돌릴 것이 없어요. 다른 곳이나 오래전에 한 일은 항목을 써서 되돌려요:  /되돌리기 T7
undo-report = 되돌리지 않았어요. 여기서 마지막으로 한 일은 { $report } 보고서를 보내거나 삭제한 것이에요. 다시 보내거나 삭제해 주세요. 그 전에 한 일은 항목을 써서 되돌려요:  /되돌리기 T7
undo-resting-first = { $why }. 그것부터 되돌려 주세요
undo-too-many-rest = 여기에 달린 일이 한꺼번에 되돌릴 수 있는 것보다 많아요. 마지막에 한 일부터 되돌려 주세요.
undo-too-much = 되돌리지 않았어요. 한 번에 너무 많아요. 하나씩 되돌려 주세요.
welcome = 반가워요. 문장을 쓰면 { $bucket }{ JOSA($bucket, "으로/로") } 담아 둘게요. 이렇게도 해 보세요
welcome-cards = 카드에 답장하면 메모가 남고, 단추를 누르면 다음으로 넘어가요.
welcome-code = 아직 모르는 분이에요. 이 코드를 소유자나 관리자에게 전해 주세요. 한 시간 안에 들여 줄 수 있어요:
welcome-full = 아직 모르는 분인데, 이미 { $n }명이 들어오기를 기다리고 있어요. 한 시간 뒤에 다시 써 주세요.
welcome-in-group = 아직 모르는 분이에요. 저에게 1:1로 써 주시면 들어올 수 있는 코드를 드려요.
welcome-no-owner = 아직 소유자가 없어요. 제 주인이라면, 처음 시작할 때 나온 코드를 넣어  { $command }  라고 보내 주세요.
welcome-stranger = 저는 yoman이에요. 저에게 써 주시면 아이디어, 조사, 할 일, PR을 하나도 잃지 않고 간직해요.
report-advice = (`apply` 함수가 상태를 돌려주어 이벤트마다 복사돼요. 그 자리에서 바꾸고 `;` 로 끝내 주세요)
report-busy = 보고서 { $n }개가 앞의 것이 끝나기를 기다리고 있어요. 잠시 뒤에 다시 해 주세요
report-event = 이벤트: { $event }
report-in = `{ $function }` 안에서: { $what }
report-line = { $line }번째 줄
report-line-column = { $line }번째 줄 { $column }번째 글자
report-missing = 스크립트에 `{ $function }` 함수가 없어요. 이 함수들이 있어야 해요:  fn init()  fn apply(state, event)  fn show(state)
report-slow = 너무 오래 걸려요. { $after }초 동안 { $head } 가운데 { $position } 위치까지 갔어요{ $advice }
report-stopped = 끝나기 전에 멈췄어요
repeat-no-answer = 두 번 온 메시지일 수 있어요: 처음 보냈을 때 답이 없었어요
repeat-stopped = 두 번 온 메시지일 수 있어요: 보내는 중에 yoman이 멈췄어요
claim-in-group = 소유자 코드는 비밀이에요. 그룹이 아니라 저에게 1:1로 보내 주세요.
show-unreadable = 이 버전에서 읽을 수 없는 이벤트가 { $n }개 있어요. 보이는 것이 전부가 아니고, 여기서는 바꿀 수 없어요.
refused-unreadable-you = 내 기록
refused-unreadable-room = 이 방
refused-unreadable-room-other = 다른 방

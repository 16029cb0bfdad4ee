# People, rooms and this house itself.

people-nobody = 아직 아무도 없어요. 이 프로그램이 켜질 때 보여 주는 코드를 /소유자등록 뒤에 붙여 보내는 사람이 소유자가 돼요.
people-heading = { $n }명
people-you = (나)
people-forgotten = 잊힘
people-no-role = 역할 없음
people-also = 예전 이름 { $names }
rooms-none = 설정이 있는 방이 아직 없어요. 그룹에서 /켜기 이라고 하면 듣기 시작해요.
rooms-this = 이 방
rooms-state = { $state ->
    [enabled] 듣는 중
    [direct] 1:1
   *[silent] 조용함
}
rooms-follows = { $what } 팔로우
follows-nothing = 이 방은 아무것도 팔로우하지 않아요. /팔로우 #태그, /팔로우 @나, /팔로우 전체 로 바꿀 수 있어요.
follows-heading = 이 방이 팔로우하는 것
settings-times = 시간대 { $zone }: 지금 { $time }
settings-language = 언어 { $language }
settings-bucket = 그냥 적은 문장은 { $bucket }
settings-muted = { $when }까지 알림 없음
pending-nobody = 들어오기를 기다리는 사람이 없어요. 처음 말을 거는 사람은 코드를 받아요. /페어링 뒤에 그 코드를 붙이면 들일 수 있어요.
pending-heading = { $n }명이 들어오기를 기다려요
pending-for = { $time }째
span-seconds = { $n }초
span-minutes = { $n }분
span-hours = { $n }시간
span-days = { $n }일
unreadable-events = 이벤트 { $n }개
unreadable-of = 항목 { $n }개의 { $events }
unreadable-damaged = { $what }를 읽을 수 없어요. 관련된 것은 볼 수만 있고 바꿀 수는 없어요. 어디인지는 yoman log verify 가 알려 줘요.
unreadable-newer = { $what }를 읽을 수 없어요. 더 새로운 yoman이 쓴 것이니 업데이트해 주세요. 그때까지 관련된 것은 볼 수만 있고 바꿀 수는 없어요.
unreadable-both = { $what }를 읽을 수 없어요. 그중 { $n }개는 더 새로운 yoman이 쓴 것이니 업데이트해 주세요. 나머지가 어디인지는 yoman log verify 가 알려 줘요. 그때까지 관련된 것은 볼 수만 있고 바꿀 수는 없어요.
room-enabled = 이제 여기서 들을게요. 무슨 말을 알아듣는지는 { $help } 에 있고, { $follow } 하면 이 방에 항목 소식을 알려요.
room-disabled = 이제 여기서는 조용히 있을게요. { $enable } 하면 다시 들어요.
room-follows = 이제 이 방은 { $what } 팔로우해요.
room-follows-that = 이제 이 방은 그것을 팔로우해요.
room-follows-not = 이 방은 이제 팔로우하지 않아요: { $what }
room-follows-nothing = 이 방은 이제 아무것도 팔로우하지 않아요.
room-muted = { $when }까지 이 방에 알리지 않을게요. 여기서 하는 말에는 평소처럼 답해요.
room-unmuted = 이 방에 팔로우하는 소식을 다시 알릴게요.
room-language = 여기서 한국어로 말할게요.
room-language-off = 이제 이 방에 정해 둔 언어가 없어요. 한국어로 말할게요.
room-language-how = /언어 뒤에 언어를 붙이면 바뀌고, /언어 끄기 하면 플랫폼이 알려 주는 언어를 따라요.
room-time-zone = 이제 여기 시간은 { $zone } 기준이에요. 거기는 지금 { $time }이에요.
room-bucket = 이제 여기서 그냥 적은 문장은 { $bucket }{ JOSA($bucket, "이/가") } 돼요.
person-nothing = 바뀔 것이 없어요.
person-welcome = 반가워요, { $name } 님. 여기서 { $role } 역할이고 { $handle } 라고 써요. 무슨 말을 알아듣는지는 { $help } 에 있어요.
person-let-in = { $name } 님을 { $role } 역할로 들였어요. { $handle } 라고 써요.
person-known-you = 이제 { $platform }에서도 알아볼게요.
person-known = 이제 { $platform }에서도 { $who } 님을 알아볼게요.
person-unknown-you = 이제 { $platform }의 { $identity } 계정은 내 계정이 아니에요.
person-unknown = 이제 { $platform }의 { $identity } 계정은 { $who } 님의 계정이 아니에요.
person-merged-you = 이제부터 { $once } 님은 나예요. 그 사람의 것도, 그 사람이 한 일도 이제 내 것이에요.
person-merged = 이제부터 { $once } 님과 { $who } 님은 한 사람이에요. 두 사람의 것도, 한 일도 함께예요.
person-role-you = 이제 { $role } 역할이에요.
person-role = { $who } 님은 이제 { $role } 역할이에요.
person-role-again-you = 다시 { $role } 역할이에요.
person-role-again = { $who } 님은 다시 { $role } 역할이에요.
person-no-role-you = 이제 여기서 아무것도 할 수 없어요. /권한부여 로 역할을 다시 줄 수 있어요.
person-no-role = { $who } 님은 이제 여기서 아무것도 할 수 없어요. /권한부여 로 역할을 다시 줄 수 있어요.
person-forgotten = 잊었어요. 그 사람이 쓴 것은 "잊힘"으로, 그 사람은 { $who } 로 보여요. 열쇠는 없앴고, 이제부터 만드는 백업으로는 되살릴 수 없어요.
not-forgotten = 지워지지 않는 것: 다른 사람이 그분에 대해 쓴 글(그 사람의 것이에요), 대화방에 이미 보인 것, 봉인이 꺼진 동안 저장된 것, 플랫폼의 메시지와 1:1 방 번호, 전에 만들어 둔 keys/ 사본.
report-saved = 저장했어요. 여기서 무언가를 바꿀 수 있는 사람은  { $run }  로 돌릴 수 있어요.
report-removed = 보고서 { $name } 없앴어요. 말한 것은 로그에 남아요.
# Commands as they are typed: the slash goes where it cannot be typed.
command-help = /도움말
command-follow = /팔로우 #태그
command-enable = /켜기

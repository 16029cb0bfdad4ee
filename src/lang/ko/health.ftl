# 모두 잘 돌아가는지: /status, 그리고 봇이 끊겼을 때 주인에게 하는 말.

health-head = yoman { $version }   켜진 지 { $span }   위치 { $position }
health-runs = 잘 돌아가요
health-down = { $span }째 연결이 안 돼요: { $why }
health-ended = 멈췄어요: { $why }
health-waits = 보낼 메시지 { $n }개
health-behind = 커밋 { $n }개 뒤처짐 ({ $span })
health-read = { $position }까지 읽음
health-sent = 켜진 뒤 { $sent }개 보냄, { $edited }개 고침
health-failed = 실패한 시도 { $n }번
health-unsure = 두 번 보냈을 수 있음: 켜진 뒤 { $n }개, 모두 { $ever }개
health-lost = 플랫폼이 거절 { $refused }개, 포기 { $given }개, 버림 { $dropped }개
health-aside = 알아듣지 못해 따로 둔 것 { $n }개
health-last-error = 마지막 오류 { $when }: { $why }
health-paused = { $room } 방은 { $span } 기다리는 중: { $why }
health-refusing = { $room } 방은 모두 거절해요
health-more = 그 밖에 { $n }개
health-log = 로그 { $engine }   { $mb } MB
health-verified = { $position }까지 확인함, { $when }
health-faults = 로그에 손상이 { $n }건 있어요. 무엇이 어디인지는 yoman log verify 명령이 알려 줘요.
health-nothing-saved = 지금은 아무것도 저장할 수 없어요: { $why }
health-damaged = { $position } 위치의 기록이 손상됐어요: { $why }
health-all = 자세히: { $look }
outage-down = { $bot } 연결이 { $span }째 끊겨 있어요: { $why }. 거기서 한 말은 다시 연결되면 처리해요. { $n ->
    [0] 보낼 메시지는 없어요.
   *[other] 보낼 메시지 { $n }개가 기다리고 있어요.
}
outage-ended = { $bot } 봇이 멈췄어요: { $why }. 고치고 yoman을 다시 켤 때까지 꺼져 있어요. { $n ->
    [0] 보낼 메시지는 없어요.
   *[other] 보낼 메시지 { $n }개가 기다리고 있어요.
}
outage-back = { $bot } 연결이 { $span } 만에 돌아왔어요. 잃어버린 것은 없어요.{ $n ->
    [0] {""}
   *[other] {" "}메시지 { $n }개를 보내는 중이에요.
}
outage-back-late = { $bot } 연결이 { $span } 만에 돌아왔어요. 보낼 것은 지금 보내는 중이에요. 하루보다 더 전에 거기서 쓴 말은 사라졌을 수 있어요.
health-held = 방 { $n }곳은 모아 둔 소식을 나중에 한 번에 받아요

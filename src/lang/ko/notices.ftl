# What those who follow are told, and what somebody is told whose button came too late.

because-you-follow = { $what } 팔로우 중
because-room-follows = 이 방은 { $what } 팔로우 중
because-assigned = 내가 맡은 항목
changed-since = { $item }: 이 카드가 나온 뒤에 바뀌었어요. 그래서 아무것도 하지 않았어요.
changed-since-told = { $item }: 이 카드가 나온 뒤에 바뀌었어요 ({ $changes }). 그래서 아무것도 하지 않았어요.
# dana started it 2 h ago
changed-by = { $when } { $who } { $did }
forgotten-instead = (여기에 보이려던 것은 사라졌어요. 누군가 잊혔고, 그 사람의 말이 들어 있었을 수 있어요. 다시 물어봐 주세요.)
picture-gone = (그림이 사라졌어요. 다시 요청하면 새로 그려 드려요)

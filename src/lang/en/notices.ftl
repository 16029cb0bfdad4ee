# What those who follow are told, and what somebody is told whose button came too late.

because-you-follow = you follow { $what }
because-room-follows = this room follows { $what }
because-assigned = it is assigned to you
changed-since = { $item } changed since this card. Nothing done.
changed-since-told = { $item } changed since this card: { $changes }. Nothing done.
# dana started it 2 h ago
changed-by = { $who } { $did } { $when }
forgotten-instead = (What waited to be shown here is gone: somebody was forgotten, and it may have held their words. Ask again.)
picture-gone = (the picture is gone: ask again for a new one)

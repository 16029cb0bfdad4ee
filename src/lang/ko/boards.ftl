# The board of a room that is kept up to date, and a room made anew.

board-kept = 자동으로 새로 고쳐요
board-empty = 열린 항목이 없어요.
board-empty-of = 여기에 맞는 열린 항목이 없어요.
board-moved = 보드는 이제 더 아래에 있어요.
board-over = 이 보드는 더 이상 새로 고치지 않아요. 지금 상태는 { $board } 명령으로 볼 수 있어요.
board-not-pinned =
    여기에서는 보드를 고정할 수 없어요: { $why }
    그래도 내용은 계속 새로 고쳐요. 메시지 고정 권한을 준 다음 { $pin } 명령을 한 번 더 보내 주세요.
board-stands-all = 전체 보드를 여기에 두고 계속 새로 고칠게요.
board-stands = { $filter } 보드를 여기에 두고 계속 새로 고칠게요.
board-ends = 이 방의 보드는 이제 새로 고치지 않아요.
board-again = 이 방의 보드는 다시 { $filter } 기준으로 보여요
board-everything = 전체
board-none-again = 이 방에는 새로 고치는 보드가 이제 없어요
board-no-edits = 하지 않았어요: 여기에서는 이미 쓴 글을 고칠 수 없어서 보드가 금방 낡아요. 지금 상태는 { $board } 명령으로 볼 수 있어요.
board-view-all = 전체
board-view-mine = 내 것
board-more = { $n }개 더: { $list }

rebuild-ask = 메시지 { $n }개를 여기에 보내요. 10분 안에, 이 방에서, 요청한 사람만 확인할 수 있어요.
rebuild-send = 보내기
rebuild-late = 하지 않았어요: 이미 답했거나, 다른 사람이 요청했거나, 너무 오래됐거나, 그사이 제가 다시 시작됐어요. 다시 요청해 주세요.
rebuild-nothing = 새로 만들 것이 없어요: 이 방이 팔로우하거나 말씀하신 것 중에 열린 항목이 없고, 보드도 없어요.
rebuild-taken = 이제 이 방은 { $room } 방이 팔로우하는 것을 똑같이 팔로우하고, 설정도 같아요.
rebuild-board = 보드를 새로 보내요.
rebuild-both = 보드와 열린 카드 { $n }개를 새로 보내요. 가장 최근에 바뀐 것이 맨 아래에 와요.
rebuild-cards = 열린 카드 { $n }개를 새로 보내요. 가장 최근에 바뀐 것이 맨 아래에 와요.
rebuild-none = 아직 이 방에 올 열린 항목이 없어요.
rebuild-more = 가장 최근 것만 보냈고, { $n }개가 더 있어요: { $list }
rebuild-silent = 하지 않았어요: 이 방에서는 제가 말하지 않아요. { $enable } 명령을 보내면 말할 수 있고, 그다음에 { $rebuild } 명령을 보내 주세요.
rebuild-enable = 켜기
rebuild-here = 바로 이 방이에요. { $rebuild } 명령은 이 방의 보드와 카드를 새로 보내요.
rebuild-not-yours = 하지 않았어요: 내 방이 아닌 방의 설정을 가져오려면 관리자여야 해요.
rebuild-unknown = { $name }: 그런 방은 없어요. { $rooms } 명령으로 방을 볼 수 있고, 제목으로 부를 수 있어요.
rebuild-several = 그렇게 불리는 방이 여러 개예요. 어느 방인가요?

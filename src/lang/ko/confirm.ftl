# 쉽게 되돌릴 수 없는 일을 하기 전에 묻는 말과 그 결과.

confirm-only-you = 물어본 분만, 여기에서, { $minutes }분 안에 확인할 수 있어요.
confirm-dropped = 알겠어요. 아무것도 하지 않았어요.
confirm-unknown = 하지 않았어요. 이 질문은 더 이상 기억하지 못해요. { $minutes }분이 넘었거나 제가 다시 시작하기 전에 물어본 거예요. 다시 요청해 주세요.
confirm-answered = 하지 않았어요. 이미 답한 질문이에요.
confirm-void = 하지 않았어요. 그 뒤에 같은 것을 다시 요청했어요. 새 질문에 답해 주세요.
confirm-expired = 하지 않았어요. 물어본 지 { $minutes }분이 넘어서 그사이 달라졌을 수 있어요. 다시 요청해 주세요.
confirm-lapsed = { $minutes }분 안에 아무도 확인하지 않아서 아무것도 하지 않았어요.
confirm-not-yours = 하지 않았어요. { $who } 님이 요청한 일이라, 그분만 요청한 방에서 확인할 수 있어요.
confirm-changed = 하지 않았어요. 요청한 뒤에 내용이 바뀌었어요. 확인하고 다시 요청해 주세요.
confirm-revoke = { $who } 님의 역할을 거둘까요? 지금 역할: { $role ->
    [owner] 소유자
    [maintainer] 관리자
    [member] 멤버
   *[other] 손님
}. 누군가 다시 역할을 줄 때까지 여기에서 아무것도 할 수 없게 돼요.
confirm-revoke-own = 자신의 역할을 거둘까요? 그러면 여기에서 아무것도 할 수 없고, 스스로 되돌릴 수도 없어요.
confirm-revoke-yes = { $who } 역할 거두기
confirm-disable = 이 방에서 조용히 있을까요? 그러면 관리자가 보내는 /enable 말고는 아무것도 듣지 않아요.
confirm-disable-yes = 조용히 있기
confirm-undo = 한꺼번에 { $n }가지를 되돌릴까요? 모두 되돌리거나 하나도 되돌리지 않아요.
confirm-undo-yes = { $n }가지 모두 되돌리기

confirm-which = 어느 질문인가요?
confirm-no-question = 그런 질문은 없어요. 질문 아래의 버튼을 눌러 주세요.

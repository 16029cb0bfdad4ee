# 왜 알리는지.

routing-mentioned = 나를 언급했어요

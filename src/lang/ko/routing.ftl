# 왜 알리는지.

routing-assigned = 나에게 맡겨진 일이에요
routing-mentioned = 나를 언급했어요

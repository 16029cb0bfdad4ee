# 로그 하나를 여러 프로세스가 함께 쓸 때: 어느 봇을 어느 노드가 맡고 있는지.

nodes-here = 이 노드가 맡고 있어요
nodes-there = { $span }째 { $node } 노드가 맡고 있어요
nodes-nobody = 지금은 맡은 노드가 없어요
nodes-alone = NATS에 닿지 않는 동안 이 노드가 혼자 맡고 있어요
nodes-list = 노드 { $n }개: { $names }
nodes-this = { $name } (이 노드)
nodes-silent = { $name } ({ $span }째 소식 없음)
nodes-away = NATS에 닿지 않아요: { $why }
nodes-trouble = 이 노드는 { $bot } 봇을 넘겨받지 못해요: { $why }

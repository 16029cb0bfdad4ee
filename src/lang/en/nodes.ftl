# Several processes on one log: which of them speaks for which bot.

nodes-here = this node speaks for it
nodes-there = { $node } speaks for it, for { $span }
nodes-nobody = nobody speaks for it at the moment
nodes-alone = this node speaks for it alone while NATS is away
nodes-list = { $n ->
    [one] 1 node
   *[other] { $n } nodes
}: { $names }
nodes-this = { $name } (this one)
nodes-silent = { $name } (not heard for { $span })
nodes-away = NATS is not reached: { $why }
nodes-trouble = { $bot } cannot be taken over by this node: { $why }

# What a reaction to a card does.

reactions-untold = Nobody tells me of reactions here.
reactions-none = No reaction means anything here. { $command } with an emoji and a verb changes that: then a reaction to a card does what its button would.
reactions-some = A reaction to a card does what its button would; taken away again, it is taken back.
reactions-verb = { $verb ->
    [done] done
    [start] start
    [take] take it on
    [reopen] reopen
    [promote] promote
    [reject] reject
    [approve] approve
    [merge] merge
    [close] close
   *[other] { $verb }
}
reactions-all-off = All off
reactions-mapped = { $emoji } means “{ $verb }” here now: react to a card with it.
reactions-mapped-untold = { $emoji } means “{ $verb }” here now. Only that nobody tells me of reactions in this chat.
reactions-unmapped = { $emoji } means nothing here any more.
reactions-cleared = No reaction means anything here any more.
reactions-later = { $item } stays as it is: something happened to it after your { $emoji }. { $undo } takes back what that did, if it can be.

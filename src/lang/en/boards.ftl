# The board of a room that is kept up to date, and a room made anew.

board-kept = kept up to date
board-empty = Nothing is open.
board-empty-of = Nothing of that is open.
board-moved = The board stands further below now.
board-over = This board is not kept up to date any more. { $board } shows how it is now.
board-not-pinned =
    I may not pin the board here: { $why }
    It is kept up to date all the same. Give me the right to pin messages and say { $pin } once more.
board-stands-all = The board of everything stands here and is kept up to date.
board-stands = The board of { $filter } stands here and is kept up to date.
board-ends = The board here is not kept up to date any more.
board-again = The board here shows { $filter } again
board-everything = everything
board-none-again = No board is kept up to date here any more
board-no-edits = Not done: what was written cannot be changed here, so a board would not stay true. { $board } shows how it is now.
board-view-all = Everything
board-view-mine = Mine
board-more = and { $n } more: { $list }

rebuild-ask = This sends { $n } messages here. Only you can confirm it, here, within 10 minutes.
rebuild-send = Send them
rebuild-late = Not done: that was answered already, or asked by somebody else, too long ago or before I was restarted. Ask again.
rebuild-nothing = There is nothing to make anew here: nothing is open that this room follows or that you named, and it has no board.
rebuild-taken = This room follows what { $room } follows, and is set to the same.
rebuild-board = Its board, anew.
rebuild-both = { $n ->
    [one] Its board and 1 open card, anew.
   *[other] Its board and { $n } open cards, anew; what changed last comes last.
}
rebuild-cards = { $n ->
    [one] 1 open card, anew.
   *[other] { $n } open cards, anew; what changed last comes last.
}
rebuild-none = Nothing that is open belongs here so far.
rebuild-more = These are the newest, and there are { $n } more: { $list }
rebuild-silent = Nothing done: I am silent in this room. { $enable } lets me speak here; after that, { $rebuild }.
rebuild-enable = Enable
rebuild-here = That is this room. { $rebuild } makes its board and cards anew.
rebuild-not-yours = Not done: to take after a room that is not yours takes a maintainer.
rebuild-unknown = I know no other room called { $name }. { $rooms } shows them, and each can be named by its title.
rebuild-several = Several rooms are called that. Which one?

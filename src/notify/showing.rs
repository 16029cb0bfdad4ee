//! One turn of a room's board: sent, changed in its place, pinned, taken down. Whatever is cut short is done again at the
//! next turn; only a new message could come twice, and such an attempt is on record before it is made.

use yoman_chat::{Outbound, RoomId, SendError};

use super::{
    board_rows::{Anew, BoardRow, Pinned},
    cards,
    delivery::Courier,
    entry::Entry,
    settle::Turn,
};

impl Courier {
    pub(super) async fn turn(&self, room: &RoomId, entry: &Entry, anew: Anew) -> Turn {
        let row = self.queue.boards.row(room);
        let (Some(board), true) = (self.render.board(room), self.bot.capabilities().edits) else {
            return match row {
                Some(row) => self.take_down(room, row).await,
                None => Turn::default(),
            };
        };
        if self.queue.boards.sends(room, anew) {
            return self.send_board(room, entry, board, row).await;
        }
        let Some(mut row) = row else { return Turn::default() };
        if !anew.is_no() {
            (row.pinned, row.deleted) = (Pinned::No, 0);
        }
        self.change_board(room, &board, row).await
    }

    async fn send_board(&self, room: &RoomId, entry: &Entry, board: Outbound, row: Option<BoardRow>) -> Turn {
        let before = row.clone().unwrap_or_default();
        let hash = cards::hash(&board);
        let shown = Outbound { silent: true, ..entry.shown(&board, self.render.lang(room)) };
        match self.timed(self.bot.send(room, &shown)).await {
            Ok(message) => {
                // A marked one is changed into what it should be as soon as that is possible.
                let hash = if entry.tries.unsure.is_some() { 0 } else { hash };
                let deleted = if before.id.is_some() { 0 } else { before.deleted };
                let older = before.id.or(before.older);
                let row = BoardRow { id: Some(message.id), hash, pinned: Pinned::No, older, deleted };
                Turn { row: Some(row), sent: true, more: true, ..Turn::default() }
            }
            Err(error) => Turn { row, error: Some(error), ..Turn::default() },
        }
    }

    async fn change_board(&self, room: &RoomId, board: &Outbound, row: BoardRow) -> Turn {
        let mut turn = Turn { row: Some(row.clone()), ..Turn::default() };
        let (Some(id), mut row) = (row.id.clone(), row) else { return turn };
        let hash = cards::hash(board);
        if row.hash != hash {
            match self.edit(room, &id, board).await {
                Ok(()) => {
                    turn.edits += 1;
                    (row.hash, row.deleted) = (hash, 0);
                    turn.row = Some(row.clone());
                }
                Err(error) => return self.not_there(turn, row, error),
            }
        }
        if row.pinned == Pinned::No && self.bot.capabilities().pins {
            match self.edit(room, &id, &Outbound::pin(true)).await {
                Ok(()) => row.pinned = Pinned::Yes,
                Err(SendError::Refused(why)) => {
                    row.pinned = Pinned::Refused;
                    turn.tell = Some(Outbound { silent: true, ..self.render.not_pinned(room, &why) });
                }
                Err(error) => return self.not_there(turn, row, error),
            }
            turn.row = Some(row.clone());
        }
        if let Some(older) = row.older.take() {
            match self.put_away(room, &older, true).await {
                Ok(edits) => turn.edits += edits,
                Err(error) => return Turn { error: Some(error), ..turn },
            }
            turn.row = Some(row);
        }
        turn
    }

    /// Somebody deleted it: it is sent again, once. Any other trouble is tried again.
    fn not_there(&self, turn: Turn, row: BoardRow, error: SendError) -> Turn {
        let SendError::Gone(why) = error else { return Turn { error: Some(error), ..turn } };
        tracing::debug!(why, "a board is gone");
        let row = BoardRow { id: None, pinned: Pinned::No, deleted: row.deleted.saturating_add(1), ..row };
        Turn { row: Some(row), more: true, ..turn }
    }

    /// The room has no board any more: the message says so.
    async fn take_down(&self, room: &RoomId, row: BoardRow) -> Turn {
        let mut turn = Turn::default();
        for (message, moved) in [(row.older.clone(), true), (row.id.clone(), false)] {
            let Some(id) = message else { continue };
            match self.put_away(room, &id, moved).await {
                Ok(edits) => turn.edits += edits,
                Err(error) => return Turn { row: Some(row), error: Some(error), ..turn },
            }
        }
        turn
    }

    /// A message is the board no more. How often it was changed; that it cannot be any more is well, too.
    async fn put_away(&self, room: &RoomId, id: &str, moved: bool) -> Result<u64, SendError> {
        let can = self.bot.capabilities();
        let mut edits = 0;
        let words = can.edits.then(|| self.render.board_before(room, moved));
        for to in words.into_iter().chain(can.pins.then(|| Outbound::pin(false))) {
            match self.edit(room, id, &to).await {
                Ok(()) => edits += 1,
                Err(SendError::Gone(_) | SendError::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(edits)
    }
}

#[cfg(test)]
#[path = "tests/showing.rs"]
mod tests;

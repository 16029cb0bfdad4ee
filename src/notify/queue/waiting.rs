//! What waits in the store: found at the start, read page by page when its turn comes; and a board that waits and is asked for once more.

use yoman_chat::RoomId;

use super::{Inner, Queue, Room};
use crate::notify::{
    board_rows::Anew,
    entry::{Entry, Kind, Row, Tries, Unsure, What},
    key::{self, Ops, Seq},
};

/// How many entries are read from the store at a time.
const PAGE: usize = 16;

impl Queue {
    /// Notes an entry found in the store at the start.
    pub(in crate::notify) fn found(&self, room: RoomId, seq: Seq, row: &Row) {
        let mut inner = self.inner();
        let room = inner.rooms.entry(room).or_default();
        room.stored += 1;
        room.stored_at.get_or_insert(row.at);
        match &row.what {
            What::Refresh { item } => drop(room.refreshes.insert(*item, seq)),
            What::Board { .. } => room.board = Some(seq),
            What::Message { kind: Kind::Notice, card: Some((item, _)), .. } if !row.tried && seq.part == 0 => {
                room.notices.insert(*item, seq);
            }
            What::Message { .. } => {}
        }
    }

    /// A board that waits is asked for, too: what was recorded of its attempts stays.
    pub(super) fn raise(&self, room: &mut Room, id: &RoomId, seq: Seq, to: Anew, ops: &mut Ops) {
        if to.is_no() {
            return;
        }
        let key = key::entry(id, seq);
        if let Some(entry) = room.queue.iter_mut().find(|entry| entry.seq == seq) {
            if let What::Board { anew } = &mut entry.row.what {
                *anew = to.max(*anew);
            }
            entry.bytes = ops.put(key, &entry.row);
        } else if let Some(mut row) = self.store.get(&key).and_then(|value| key::decode::<Row>(&key, Some(value))) {
            if let What::Board { anew } = &mut row.what {
                *anew = to.max(*anew);
            }
            ops.put(key, &row);
        }
    }

    /// Reads the next page of a room from the store; false when there is none.
    pub(super) fn load(&self, inner: &mut Inner, id: &RoomId) -> bool {
        let Some(room) = inner.rooms.get_mut(id) else { return false };
        let free = self.settings.queue_room_max.saturating_sub(room.queue.len());
        let page = PAGE.min(free).min(self.settings.queue_max.saturating_sub(inner.in_memory)).max(1);
        let after = room.newest.map(|seq| key::entry(id, seq));
        let mut rows = Vec::new();
        self.store.scan(&key::entries_of(id), after.as_deref(), |key, value| {
            if let Some((of, seq)) = key::room_seq(key)
                && of == *id
            {
                rows.push((seq, value));
            }
            rows.len() < page
        });
        // What the count says and the store does not have was lost or never written: the store is right.
        room.stored = if rows.len() < page { 0 } else { room.stored.saturating_sub(rows.len()) };
        let found = !rows.is_empty();
        for (seq, value) in rows {
            room.newest = Some(seq);
            let bytes = value.as_ref().map_or(0, Vec::len);
            let Some(row) = key::decode::<Row>(&key::entry(id, seq), value) else { continue };
            let tries_key = key::tries(id, seq);
            let mut tries = match self.store.get(&tries_key) {
                Some(value) => key::decode(&tries_key, Some(value)).unwrap_or_default(),
                None => Tries { count: u32::from(row.tried), open: row.tried, unsure: None },
            };
            if std::mem::take(&mut tries.open) {
                tries.unsure = Some(Unsure::Stopped);
                let mut ops = Ops::default();
                inner.counters.unsure(&self.bot, &mut ops);
                self.store.submit_owed(ops, None);
            }
            room.queue.push_back(Entry { seq, row, bytes, tries });
            inner.in_memory += 1;
        }
        room.stored_at =
            if room.stored + room.spilling == 0 { None } else { room.queue.back().map(|last| last.row.at) };
        found
    }
}

//! What waits to be shown may hold words of somebody who was forgotten: nobody can tell, so none of it is shown any more.

use std::{collections::HashSet, sync::Arc};

use yoman_chat::{BotName, Outbound};

use super::{
    entry::{Row, What},
    key::{self, Ops},
    queue::Queue,
};

/// What is shown in place of a message that waited.
const INSTEAD: &str =
    "(What waited to be shown here is gone: somebody was forgotten, and it may have held their words. Ask again.)";

/// Exchanges the words of a message; where it goes and what it answers stays. Whether it was one.
fn blank(what: &mut What) -> bool {
    let What::Message { message, .. } = what else { return false };
    *message = Outbound {
        reply_to: message.reply_to.take(),
        silent: message.silent,
        only_for: message.only_for.take(),
        nonce: message.nonce.take(),
        answers: message.answers.take(),
        ..Outbound::text(INSTEAD)
    };
    true
}

impl Queue {
    /// Exchanges the words of all that waits for the rooms of `bot`, in memory and in the store.
    pub(super) fn blank(self: &Arc<Self>, bot: &BotName) {
        let mut inner = self.inner();
        let mut change = self.change();
        let mut done = HashSet::new();
        for (room, waiting) in &mut inner.rooms {
            for entry in &mut waiting.queue {
                let key = key::entry(room, entry.seq);
                if blank(&mut entry.row.what) {
                    change.ops.remove(key.clone(), entry.bytes);
                    entry.bytes = change.ops.put(key.clone(), &entry.row);
                }
                done.insert(key);
            }
        }
        self.store.scan(key::ENTRIES, None, |key, value| {
            let here = key::room_seq(key).is_some_and(|(room, _)| room.bot() == bot.as_str());
            if here && !done.contains(key) {
                let bytes = value.as_ref().map_or(0, Vec::len);
                if let Some(mut row) = key::decode::<Row>(key, value)
                    && blank(&mut row.what)
                {
                    rewrite(&mut change.ops, key, bytes, &row);
                }
            }
            true
        });
        self.submit(inner, change);
    }
}

fn rewrite(ops: &mut Ops, key: &[u8], bytes: usize, row: &Row) {
    ops.remove(key.to_vec(), bytes);
    ops.put(key.to_vec(), row);
}

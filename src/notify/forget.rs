//! What waits to be shown may hold words of somebody who was forgotten: nobody can tell, so none of it is shown any more.

use std::{collections::HashSet, sync::Arc};

use yoman_chat::{BotName, Outbound, RoomId};

use super::{
    entry::{Row, What},
    key::{self, Ops},
    queue::Queue,
};
use crate::lang::{Lang, say};

/// Exchanges the words of a message; where it goes and what it answers stays. Whether it was one.
fn blank(what: &mut What, lang: Lang) -> bool {
    let What::Message { message, .. } = what else { return false };
    *message = Outbound {
        reply_to: message.reply_to.take(),
        silent: message.silent,
        only_for: message.only_for.take(),
        nonce: message.nonce.take(),
        answers: message.answers.take(),
        ..Outbound::text(say!(lang, "forgotten-instead"))
    };
    true
}

impl Queue {
    /// Exchanges the words of all that waits for the rooms of `bot`, in memory and in the store.
    pub(super) fn blank(self: &Arc<Self>, bot: &BotName, lang: &dyn Fn(&RoomId) -> Lang) {
        let mut inner = self.inner();
        let mut change = self.change();
        let mut done = HashSet::new();
        for (room, waiting) in &mut inner.rooms {
            let lang = lang(room);
            for entry in &mut waiting.queue {
                let key = key::entry(room, entry.seq);
                if blank(&mut entry.row.what, lang) {
                    change.ops.remove(key.clone(), entry.bytes);
                    entry.bytes = change.ops.put(key.clone(), &entry.row);
                }
                done.insert(key);
            }
        }
        self.store.scan(key::ENTRIES, None, |key, value| {
            let room = key::room_seq(key).map(|(room, _)| room).filter(|room| room.bot() == bot.as_str());
            if let Some(room) = room.filter(|_| !done.contains(key)) {
                let bytes = value.as_ref().map_or(0, Vec::len);
                if let Some(mut row) = key::decode::<Row>(key, value)
                    && blank(&mut row.what, lang(&room))
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

#[cfg(test)]
mod tests {
    use yoman_chat::RoomId;

    use super::super::{Answer, Intent, Outbox, OutboxSettings, key, scene::DANA};
    use super::*;
    use crate::{domain::ItemRef, log::Position};

    #[tokio::test]
    async fn what_waits_is_shown_without_its_words() {
        let dir = tempfile::tempdir().unwrap();
        let (bot, room) = (BotName::new("fake"), RoomId::new("fake/1"));
        // Only four fit into memory: the others wait in the store.
        let settings = OutboxSettings { queue_room_max: 4, ..OutboxSettings::default() };
        let outbox = Outbox::open(dir.path(), settings).unwrap();
        outbox.met(&RoomId::new("fake/2"), DANA, &crate::domain::Identity("fake/2".into()), None, Position(0));
        for n in 0..9 {
            let message = Outbound::text("Dana's words ".repeat(if n % 2 == 0 { 2_000 } else { 1 }));
            outbox.answer(&format!("in/{n}"), &room, vec![Answer::new(message)]).await.unwrap();
        }
        let item: ItemRef = "T1".parse().unwrap();
        let message = Outbound::text("Dana's words");
        let (version, position) = (1, Position(1));
        let notice = Intent::Notice { room: room.clone(), item, version, position, message };
        outbox.derived(&bot, Position(1), vec![notice, Intent::Refresh { room, item }]).await.unwrap();
        let aside = yoman_chat::Aside { id: "x".into(), raw: "Dana's words".into(), why: "new".into() };
        outbox.keep_aside(&bot, aside).await.unwrap();
        outbox.forget(DANA, &|_| Lang::English);
        outbox.sync().await.unwrap();
        drop(outbox);

        Outbox::renew(dir.path()).unwrap();
        let outbox = Outbox::open(dir.path(), OutboxSettings::default()).unwrap();
        assert_eq!((outbox.stats(&bot).queued, outbox.direct_rooms(|heard| heard.person == DANA)), (11, vec![]));
        assert_eq!(outbox.asides(&bot, 9), []);
        let mut shown = 0;
        outbox.queue(&bot).store.scan(key::ENTRIES, None, |key, value| {
            if let Some(Row { what: What::Message { message, .. }, .. }) = key::decode(key, value) {
                assert_eq!(message.text.to_plain(), say!(Lang::English, "forgotten-instead"));
                shown += 1;
            }
            true
        });
        assert_eq!(shown, 10);
        drop(outbox);
        let bytes = std::fs::read(dir.path().join("db")).unwrap();
        assert!(!bytes.windows(6).any(|window| window == b"Dana's"));
    }
}

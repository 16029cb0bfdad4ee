//! Telegram passes what every bot must pass.
#![expect(clippy::unwrap_used, reason = "a test that unwraps fails with a place and a reason")]

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::json;
use yoman_chat::{
    Bot, BotName, MessageRef, RoomId,
    contract::{self, Harness, Seen, Trouble},
};
use yoman_stand_ins::telegram::{Fault, FaultKind, Press, TelegramStandIn};
use yoman_telegram::{Telegram, TelegramConfig};

struct OnTelegram {
    server: TelegramStandIn,
    people: Vec<i64>,
}

impl OnTelegram {
    async fn start() -> Self {
        let server = TelegramStandIn::start().await.unwrap();
        let people = ["Kim", "Dana", "Lee", "Ana"].iter().map(|name| server.person(name)).collect();
        Self { server, people }
    }
}

fn chat(room: &RoomId) -> i64 {
    room.local().parse().unwrap()
}

#[async_trait]
impl Harness for OnTelegram {
    fn connect(&self) -> Arc<dyn Bot> {
        let mut config = TelegramConfig::new(BotName::new("tg"), self.server.token());
        config.api_url = Some(self.server.url().parse().unwrap());
        Arc::new(Telegram::new(config).unwrap())
    }

    fn room(&self, number: usize) -> RoomId {
        RoomId::new(format!("tg/{}", self.people[number]))
    }

    async fn write(&self, room: &RoomId, text: &str) -> MessageRef {
        let done = self.server.write(chat(room), text).unwrap();
        MessageRef { room: room.clone(), id: done.message_id.to_string() }
    }

    async fn change(&self, message: &MessageRef, text: &str) {
        self.server.change(chat(&message.room), message.id.parse().unwrap(), text).unwrap();
    }

    async fn press(&self, card: &MessageRef, data: &str) {
        let chat_id = chat(&card.room);
        let press = Press { chat_id, user_id: chat_id, message_id: card.id.parse().unwrap(), button: data.into() };
        self.server.press(&press).unwrap();
    }

    async fn react(&self, message: &MessageRef, emoji: &str, added: bool) {
        let chat = chat(&message.room);
        let now: &[&str] = if added { &[emoji] } else { &[] };
        self.server.react(chat, chat, message.id.parse().unwrap(), now).unwrap();
    }

    async fn deliver_unknown(&self) {
        self.server.raw_update(0, json!({ "telepathy": { "from": 1, "thought": "hm" } }));
    }

    async fn shown(&self, room: &RoomId) -> Vec<Seen> {
        let shown = self.server.shown(chat(room)).into_iter();
        shown
            .map(|m| Seen {
                id: m.message_id.to_string(),
                text: m.text,
                buttons: m.buttons.into_iter().flatten().filter_map(|b| b.data).collect(),
                reply_to: m.reply_to.map(|id| id.to_string()),
            })
            .collect()
    }

    async fn pinned(&self, room: &RoomId) -> Vec<String> {
        let shown = self.server.shown(chat(room)).into_iter();
        shown.filter(|message| message.pinned).map(|message| message.message_id.to_string()).collect()
    }

    async fn trouble(&self, room: &RoomId, trouble: Trouble) {
        match trouble {
            Trouble::TooMany => self.server.fault(Fault::too_many("sendMessage", 1, 1)),
            Trouble::ServerError => self.server.fault(Fault::status("sendMessage", 1, 502)),
            Trouble::LostAnswer => self.server.fault(Fault::new("sendMessage", 1, FaultKind::DropAfter)),
            Trouble::ShutOut => self.server.shut(chat(room), true),
        }
    }

    async fn held(&self) -> Option<usize> {
        Some(self.server.waiting().len())
    }

    fn secrets(&self) -> Vec<String> {
        vec![self.server.token(), "stand-in-token".into()]
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn telegram_passes() {
    contract::all(OnTelegram::start).await;
}

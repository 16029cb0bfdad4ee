//! Discord passes what every bot must pass.
#![expect(clippy::unwrap_used, reason = "a test that unwraps fails with a place and a reason")]

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use serde_json::json;
use yoman_chat::{
    Bot, BotError, BotName, Capabilities, Inbox, MessageRef, Outbound, RoomId, SendError, Stop,
    contract::{self, Harness, Seen, Trouble},
};
use yoman_discord::{Discord, DiscordConfig};
use yoman_stand_ins::discord::{DiscordStandIn, Fault, FaultKind, Person};

struct OnDiscord {
    server: DiscordStandIn,
    people: Vec<Person>,
}

impl OnDiscord {
    async fn start() -> Self {
        let server = DiscordStandIn::start().await.unwrap();
        let people = ["Kim", "Dana", "Lee", "Ana"].iter().map(|name| server.person(name)).collect();
        Self { server, people }
    }

    async fn ready(&self) {
        self.server.wait(Duration::from_secs(10), |server| server.connected().then_some(())).await.unwrap();
    }
}

/// A bot that has talked to these people before. Discord tells a bot nothing of what was said before it first connected;
/// what it does know are the chats it has seen, and from which message on they are read.
struct Acquainted {
    bot: Discord,
    chats: Vec<u64>,
}

#[async_trait]
impl Bot for Acquainted {
    fn name(&self) -> &BotName {
        self.bot.name()
    }

    fn capabilities(&self) -> Capabilities {
        self.bot.capabilities()
    }

    async fn run(&self, inbox: Inbox, stop: Stop) -> Result<(), BotError> {
        if inbox.recall("session").await.is_none() && inbox.recall("seen/0").await.is_none() {
            let marks: serde_json::Map<_, _> =
                self.chats.iter().map(|dm| (dm.to_string(), json!({ "last": dm, "at": dm.to_string() }))).collect();
            inbox.remember("seen/0", &json!(marks).to_string()).await;
        }
        self.bot.run(inbox, stop).await
    }

    async fn send(&self, room: &RoomId, message: &Outbound) -> Result<MessageRef, SendError> {
        self.bot.send(room, message).await
    }

    async fn edit(&self, message: &MessageRef, to: &Outbound) -> Result<(), SendError> {
        self.bot.edit(message, to).await
    }
}

fn channel(room: &RoomId) -> u64 {
    room.local().parse().unwrap()
}

#[async_trait]
impl Harness for OnDiscord {
    fn connect(&self) -> Arc<dyn Bot> {
        let mut config = DiscordConfig::new(BotName::new("dc"), self.server.token());
        config.api_url = Some(self.server.url().parse().unwrap());
        let chats = self.people.iter().map(|person| person.dm).collect();
        Arc::new(Acquainted { bot: Discord::new(config).unwrap(), chats })
    }

    fn room(&self, number: usize) -> RoomId {
        RoomId::new(format!("dc/{}", self.people[number].dm))
    }

    async fn write(&self, room: &RoomId, text: &str) -> MessageRef {
        let id = self.server.write(channel(room), text).unwrap();
        MessageRef { room: room.clone(), id: id.to_string() }
    }

    async fn change(&self, message: &MessageRef, text: &str) {
        self.server.change(message.id.parse().unwrap(), text).unwrap();
    }

    async fn press(&self, card: &MessageRef, data: &str) {
        // Without a connection a press fails in the person's sight.
        self.ready().await;
        self.server.press(card.id.parse().unwrap(), 0, &format!("b{data}")).unwrap();
    }

    async fn react(&self, message: &MessageRef, emoji: &str, added: bool) {
        self.ready().await;
        self.server.react(message.id.parse().unwrap(), 0, emoji, added).unwrap();
    }

    async fn deliver_unknown(&self) {
        self.server.raw_event("TELEPATHY_CREATE", json!({ "from": "1", "thought": "hm" }));
    }

    async fn shown(&self, room: &RoomId) -> Vec<Seen> {
        let shown = self.server.by_bot(channel(room)).into_iter();
        shown
            .map(|m| Seen {
                id: m.id.to_string(),
                text: m.text,
                buttons: m.buttons.into_iter().flatten().map(|b| b.custom_id[1..].to_owned()).collect(),
                reply_to: m.reply_to.map(|id| id.to_string()),
            })
            .collect()
    }

    async fn pinned(&self, room: &RoomId) -> Vec<String> {
        let shown = self.server.by_bot(channel(room)).into_iter();
        shown.filter(|message| message.pinned).map(|message| message.id.to_string()).collect()
    }

    async fn trouble(&self, room: &RoomId, trouble: Trouble) {
        let route = format!("POST /channels/{}/messages", channel(room));
        let kind = match trouble {
            Trouble::TooMany => FaultKind::TooMany { retry_after_ms: 1_000, global: false },
            Trouble::ServerError => FaultKind::Status(502),
            Trouble::LostAnswer => FaultKind::DropAfter,
            Trouble::ShutOut => return self.server.shut(channel(room), true),
        };
        self.server.fault(Fault::new(&route, 1, kind));
    }

    async fn held(&self) -> Option<usize> {
        None
    }

    fn secrets(&self) -> Vec<String> {
        vec![self.server.token(), "discord-token".into()]
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn discord_passes() {
    contract::all(OnDiscord::start).await;
}

//! Slack passes what every bot must pass, over Socket Mode and over HTTP.
#![expect(clippy::unwrap_used, reason = "a test that unwraps fails with a place and a reason")]

use std::{net::SocketAddr, sync::Arc};

use async_trait::async_trait;
use serde_json::json;
use yoman_chat::{
    Bot, BotName, MessageRef, RoomId,
    contract::{self, Harness, Seen, Trouble},
};
use yoman_slack::{Mode, Slack, SlackConfig};
use yoman_stand_ins::slack::{Delivery, Fault, FaultKind, Press, SlackStandIn};

struct OnSlack {
    server: Arc<SlackStandIn>,
    people: Vec<(String, String)>,
    /// Where we listen in HTTP mode.
    listen: Option<SocketAddr>,
}

impl OnSlack {
    async fn start() -> Self {
        let server = SlackStandIn::start().await.unwrap();
        // As the service does it, only sooner.
        server.delivery(Delivery {
            ack_deadline_ms: 1_000,
            retry_pauses_ms: vec![0, 200, 400, 800],
            ..Delivery::default()
        });
        let people = ["Kim", "Dana", "Lee", "Ana"].map(|name| {
            let person = server.person(name);
            let im = server.im(&person);
            (person, im)
        });
        Self { server: Arc::new(server), people: people.to_vec(), listen: None }
    }

    async fn start_http() -> Self {
        let mut this = Self::start().await;
        // A port nobody has; another test may take it in between, but not twice in a row.
        let listen = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        this.listen = Some(listen);
        this
    }

    fn person_in(&self, channel: &str) -> String {
        self.people.iter().find(|(_, im)| im == channel).unwrap().0.clone()
    }
}

#[async_trait]
impl Harness for OnSlack {
    fn connect(&self) -> Arc<dyn Bot> {
        let app = self.server.app();
        let mut config = SlackConfig::new(BotName::new("sl"), app.bot_token, Some(app.app_token.into()));
        config.api_url = Some(self.server.api_url().parse().unwrap());
        if let Some(listen) = self.listen {
            config.mode = Mode::Http { listen, signing_secret: app.signing_secret.into() };
            // Slack posts what it could not post again minutes later, behind what came meanwhile: nobody can put a first start
            // in order. So it posts once there is somebody to post to.
            let server = Arc::clone(&self.server);
            tokio::spawn(async move {
                while tokio::net::TcpStream::connect(listen).await.is_err() {
                    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                }
                server.request_url(&format!("http://{listen}/slack"));
            });
        }
        Arc::new(Slack::new(config).unwrap())
    }

    fn room(&self, number: usize) -> RoomId {
        RoomId::new(format!("sl/{}", self.people[number].1))
    }

    async fn write(&self, room: &RoomId, text: &str) -> MessageRef {
        let channel = room.local();
        let id = self.server.write(channel, &self.person_in(channel), text).unwrap();
        MessageRef { room: room.clone(), id }
    }

    async fn change(&self, message: &MessageRef, text: &str) {
        self.server.change(message.room.local(), &message.id, text).unwrap();
    }

    async fn press(&self, card: &MessageRef, data: &str) {
        let channel = card.room.local().to_owned();
        let user = self.person_in(&channel);
        let ts = card.id.rsplit('/').next().unwrap().to_owned();
        self.server.press(&Press { channel, user, ts, button: data.into() }).unwrap();
    }

    async fn react(&self, message: &MessageRef, emoji: &str, added: bool) {
        assert_eq!(emoji, "👀", "here reactions have names");
        let (channel, ts) = (message.room.local(), message.id.rsplit('/').next().unwrap());
        self.server.react(channel, &self.person_in(channel), ts, "eyes", added).unwrap();
    }

    async fn deliver_unknown(&self) {
        self.server.raw_event(json!({ "type": "telepathy", "user": "U1", "thought": "hm" }));
    }

    async fn shown(&self, room: &RoomId) -> Vec<Seen> {
        let shown = self.server.shown(room.local()).into_iter();
        shown
            .map(|m| Seen {
                id: m.thread_ts.as_ref().map_or_else(|| m.ts.clone(), |root| format!("{root}/{}", m.ts)),
                text: m.text,
                buttons: m.buttons.into_iter().flatten().map(|b| b.value).collect(),
                reply_to: m.thread_ts,
            })
            .collect()
    }

    async fn pinned(&self, room: &RoomId) -> Vec<String> {
        let shown = self.server.shown(room.local()).into_iter().filter(|message| message.pinned);
        shown.map(|m| m.thread_ts.as_ref().map_or_else(|| m.ts.clone(), |root| format!("{root}/{}", m.ts))).collect()
    }

    async fn trouble(&self, room: &RoomId, trouble: Trouble) {
        match trouble {
            Trouble::TooMany => self.server.fault(Fault::too_many("chat.postMessage", 1, 1)),
            Trouble::ServerError => self.server.fault(Fault::status("chat.postMessage", 1, 503)),
            Trouble::LostAnswer => self.server.fault(Fault::new("chat.postMessage", 1, FaultKind::DropAfter)),
            Trouble::ShutOut => self.server.shut(room.local(), true),
        }
    }

    async fn held(&self) -> Option<usize> {
        Some(self.server.waiting().len())
    }

    fn secrets(&self) -> Vec<String> {
        let app = self.server.app();
        vec![app.bot_token, app.app_token, app.signing_secret, "standinbottoken".into()]
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn slack_passes_over_socket_mode() {
    contract::all(OnSlack::start).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn slack_passes_over_http() {
    contract::all(OnSlack::start_http).await;
}

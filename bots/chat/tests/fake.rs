//! The scripted bot is a bot: it passes the contract, and the contract can be passed.
#![expect(clippy::unwrap_used, reason = "a test that unwraps fails with a place and a reason")]

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use yoman_chat::{
    Bot, MessageRef, Outbound, RoomId, RoomKind, Said, SendError, Stop,
    contract::{self, Harness, Seen, Trouble},
    fake::{Asked, FakeBot, Recorder},
};

struct InMemory(FakeBot);

#[async_trait]
impl Harness for InMemory {
    fn connect(&self) -> Arc<dyn Bot> {
        Arc::new(self.0.clone())
    }

    fn room(&self, number: usize) -> RoomId {
        self.0.room(&format!("p{number}"))
    }

    async fn write(&self, room: &RoomId, text: &str) -> MessageRef {
        let id = self.0.write(room.local(), text);
        MessageRef { room: room.clone(), id: id.rsplit('/').next().unwrap().to_owned() }
    }

    async fn change(&self, message: &MessageRef, text: &str) {
        self.0.change(message, RoomKind::Direct, message.room.local(), text);
    }

    async fn press(&self, card: &MessageRef, data: &str) {
        self.0.press(card, RoomKind::Direct, card.room.local(), data);
    }

    async fn react(&self, message: &MessageRef, emoji: &str, added: bool) {
        self.0.react(message, RoomKind::Direct, message.room.local(), emoji, added);
    }

    async fn deliver_unknown(&self) {
        self.0.push_unknown("{\"telepathy\":1}");
    }

    async fn shown(&self, room: &RoomId) -> Vec<Seen> {
        let shown = self.0.shown(room).into_iter();
        shown
            .map(|m| Seen {
                id: m.at.id,
                text: m.now.text.to_plain(),
                buttons: m.now.buttons.iter().flatten().map(|b| b.data.clone()).collect(),
                reply_to: m.now.reply_to.map(|to| to.id),
            })
            .collect()
    }

    async fn pinned(&self, room: &RoomId) -> Vec<String> {
        self.0.pinned(room).into_iter().map(|message| message.at.id).collect()
    }

    async fn trouble(&self, room: &RoomId, trouble: Trouble) {
        let after = Duration::from_secs(1);
        match trouble {
            Trouble::TooMany => self.0.fail(Some(room), SendError::RetryAfter { after, whole_bot: false }, 1),
            Trouble::ServerError => self.0.fail(Some(room), SendError::NotSent("502".into()), 1),
            Trouble::LostAnswer => self.0.fail_after_doing(Some(room), SendError::Unknown("lost".into()), 1),
            Trouble::ShutOut => self.0.fail(Some(room), SendError::Refused("blocked".into()), usize::MAX),
        }
    }

    async fn held(&self) -> Option<usize> {
        Some(self.0.waiting())
    }

    fn secrets(&self) -> Vec<String> {
        Vec::new()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scripted_bot_passes() {
    contract::all(|| async { InMemory(FakeBot::new("fake")) }).await;
}

#[tokio::test]
async fn everything_asked_is_remembered_in_order() {
    let fake = FakeBot::with("fake", |c| c.edits = false);
    assert!(!fake.capabilities().edits);
    let room = fake.room("kim");
    fake.fail(None, SendError::NotSent("x".into()), 1);
    assert!(fake.send(&room, &Outbound::text("one")).await.is_err());
    let at = fake.send(&room, &Outbound::text("two")).await.unwrap();
    fake.edit(&at, &Outbound::text("three")).await.unwrap();
    assert_eq!(fake.texts(&room), ["three"]);
    assert_eq!(fake.shown(&room)[0].before, [Outbound::text("two")]);
    let asked = fake.asked();
    assert!(matches!(&asked[0], Asked::Send { outcome: Err(SendError::NotSent(_)), .. }));
    assert!(matches!(&asked[1], Asked::Send { outcome: Ok(id), .. } if *id == at.id));
    assert!(matches!(&asked[2], Asked::Edit { outcome: Ok(()), .. }));
    fake.delete(&at);
    assert!(matches!(fake.edit(&at, &Outbound::text("x")).await, Err(SendError::Gone(_))));
}

#[tokio::test]
async fn one_delivery_may_come_twice() {
    let fake = FakeBot::new("fake");
    let recorder = Recorder::new();
    let stop = Stop::new();
    let (runs, inbox, stopped) = (fake.clone(), recorder.inbox(fake.name()), stop.clone());
    let task = tokio::spawn(async move { runs.run(inbox, stopped).await });
    fake.write("kim", "hello");
    let first = recorder.wait_kept(1, Duration::from_secs(5)).await.remove(0);
    fake.push(first.clone());
    let kept = recorder.wait_kept(2, Duration::from_secs(5)).await;
    assert_eq!(kept[1], first);
    assert!(matches!(&first.said, Said::Message { addressed: true, .. }));
    assert!(fake.wait_kept(Duration::from_secs(5)).await);
    assert_eq!(fake.receipts().len(), 2);
    stop.cancel();
    task.await.unwrap().unwrap();
}

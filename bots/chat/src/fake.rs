//! A scripted bot for tests of the core, and a scripted process for tests of bots.
//!
//! [`FakeBot`] stands for a platform held in memory: a test says what people do, looks at what they are shown, and
//! scripts failures. [`Recorder`] stands for the process behind an [`crate::Inbox`].

mod recorder;

pub use recorder::Recorder;

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use chrono::Utc;
use tokio::{
    sync::{Notify, mpsc},
    task::JoinSet,
};

use crate::{
    Aside, Bot, BotError, BotName, Capabilities, Inbound, Inbox, LengthUnit, MessageRef, Outbound, Receipt, Room,
    RoomId, RoomKind, Said, SendError, Sender, SenderId, Stop,
};

/// How long a fake platform waits before it delivers again what was not kept.
const REDELIVER_AFTER: Duration = Duration::from_millis(10);

/// How long what is under way may take when the bot stops.
const STOP_PATIENCE: Duration = Duration::from_millis(1_500);

/// A message as it stands on the fake platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FakeMessage {
    /// Where it stands.
    pub at: MessageRef,
    /// What it shows now.
    pub now: Outbound,
    /// What it showed before, oldest first.
    pub before: Vec<Outbound>,
    /// It stands pinned.
    pub pinned: bool,
}

/// What the core asked for, in the order it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A new message.
    Send {
        /// Where.
        room: RoomId,
        /// What.
        message: Outbound,
        /// What came of it: the new message's id, or the error.
        outcome: Result<String, SendError>,
    },
    /// A change.
    Edit {
        /// Which message.
        message: MessageRef,
        /// To what.
        to: Outbound,
        /// What came of it.
        outcome: Result<(), SendError>,
    },
}

/// A failure to be met by the next call in a room.
#[derive(Clone, Debug)]
struct Script {
    room: Option<RoomId>,
    error: SendError,
    /// The platform does it all the same: what [`SendError::Unknown`] may mean.
    done: bool,
    left: usize,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    messages: Vec<FakeMessage>,
    asked: Vec<Asked>,
    scripts: VecDeque<Script>,
    /// Delivered by people and not kept yet, in order, each under a number of its own: an id may be pushed twice on
    /// purpose, as by a platform that delivers twice.
    waiting: Vec<(u64, Inbound)>,
    pushed: u64,
    /// Delivered in a shape nobody knows.
    unknown: Vec<Aside>,
    receipts: Vec<(String, Receipt)>,
    /// Rooms in which the bot may not pin, and what it is told there.
    no_pins: HashMap<RoomId, String>,
}

/// A bot on a platform held in memory. A clone is the same bot: the test holds one, the core another.
#[derive(Clone, Debug)]
pub struct FakeBot {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    name: BotName,
    capabilities: Capabilities,
    // A std mutex: nothing is awaited under it.
    state: Mutex<State>,
    arrived: Notify,
    changed: Notify,
}

impl FakeBot {
    /// A platform that can do everything, with texts up to 4096 UTF-16 units.
    pub fn new(name: &str) -> Self {
        Self::with(name, |_| {})
    }

    /// The same with other capabilities.
    pub fn with(name: &str, change: impl FnOnce(&mut Capabilities)) -> Self {
        let mut capabilities = Capabilities {
            title: "Fake",
            edits: true,
            buttons: true,
            button_data_bytes_max: 64,
            buttons_per_row_max: 8,
            text_length_max: 4096,
            length_unit: LengthUnit::Utf16,
            bare_verbs: false,
            local: false,
            forms: false,
            private_answers: false,
            pictures: false,
            pins: true,
            reactions: true,
        };
        change(&mut capabilities);
        let name = BotName::new(name);
        let (arrived, changed) = (Notify::new(), Notify::new());
        Self { shared: Arc::new(Shared { name, capabilities, state: Mutex::default(), arrived, changed }) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A room of this bot: `<name>/<local>`.
    pub fn room(&self, local: &str) -> RoomId {
        RoomId::new(format!("{}/{local}", self.shared.name))
    }

    /// Delivers an inbound as it is; again and again until it is kept.
    pub fn push(&self, inbound: Inbound) {
        {
            let mut state = self.state();
            state.pushed += 1;
            let number = state.pushed;
            state.waiting.push((number, inbound));
        }
        self.shared.arrived.notify_one();
    }

    /// Delivers something in a shape nobody knows: it is kept aside.
    pub fn push_unknown(&self, raw: &str) {
        let id = format!("{}/unknown/{}", self.shared.name, self.number());
        let aside = Aside { id, raw: raw.to_owned(), why: "a shape nobody knows".into() };
        self.state().unknown.push(aside);
        self.shared.arrived.notify_one();
    }

    /// The person `who` writes in a direct room `<name>/<who>`; gives the inbound's id.
    pub fn write(&self, who: &str, text: &str) -> String {
        self.write_in(&self.room(who), RoomKind::Direct, who, text, None)
    }

    /// The person `who` writes in `room`, spoken to the bot; gives the inbound's id.
    pub fn write_in(
        &self,
        room: &RoomId,
        kind: RoomKind,
        who: &str,
        text: &str,
        reply_to: Option<crate::ReplyTo>,
    ) -> String {
        let number = self.number();
        let said = Said::Message {
            text: text.to_owned(),
            message: MessageRef { room: room.clone(), id: number.clone() },
            reply_to,
            attachments: Vec::new(),
            mentions: Vec::new(),
            addressed: true,
        };
        self.deliver(room, kind, who, said, format!("{room}/{number}"))
    }

    /// The person `who` changes an own message of theirs; gives the inbound's id.
    pub fn change(&self, message: &MessageRef, kind: RoomKind, who: &str, text: &str) -> String {
        let number = self.number();
        let said =
            Said::Edited { text: text.to_owned(), message: message.clone(), mentions: Vec::new(), addressed: true };
        self.deliver(&message.room, kind, who, said, format!("{}/{}/e{number}", message.room, message.id))
    }

    /// The person `who` presses the button under `card` that carries `data`; gives the inbound's id.
    pub fn press(&self, card: &MessageRef, kind: RoomKind, who: &str, data: &str) -> String {
        let number = self.number();
        let said = Said::Pressed { data: data.to_owned(), card: card.clone(), words: None };
        self.deliver(&card.room, kind, who, said, format!("{}/{}/p{number}", card.room, card.id))
    }

    /// The person `who` puts a reaction to a message, or takes it away; gives the inbound's id.
    pub fn react(&self, message: &MessageRef, kind: RoomKind, who: &str, emoji: &str, added: bool) -> String {
        let number = self.number();
        let said = Said::Reacted { message: message.clone(), emoji: emoji.to_owned(), added };
        self.deliver(&message.room, kind, who, said, format!("{}/{}/r{number}", message.room, message.id))
    }

    fn number(&self) -> String {
        let mut state = self.state();
        state.next += 1;
        state.next.to_string()
    }

    fn deliver(&self, room: &RoomId, kind: RoomKind, who: &str, said: Said, id: String) -> String {
        let platform = self.shared.name.as_str();
        self.push(Inbound {
            id: id.clone(),
            room: Room { id: room.clone(), kind, title: (kind == RoomKind::Group).then(|| "Group".to_owned()) },
            sender: Sender {
                id: SenderId::new(format!("{platform}/{who}")),
                name: who.to_owned(),
                handle: Some(who.to_owned()),
                language: None,
            },
            said,
            sent_at: Utc::now(),
        });
        id
    }

    /// The next `times` calls in `room` (`None`: anywhere) fail with `error` and do nothing.
    pub fn fail(&self, room: Option<&RoomId>, error: SendError, times: usize) {
        let script = Script { room: room.cloned(), error, done: false, left: times };
        self.state().scripts.push_back(script);
    }

    /// The next `times` calls in `room` take effect and fail with `error` all the same.
    pub fn fail_after_doing(&self, room: Option<&RoomId>, error: SendError, times: usize) {
        let script = Script { room: room.cloned(), error, done: true, left: times };
        self.state().scripts.push_back(script);
    }

    /// The bot may not pin in `room` any more, and is told why; `None`: it may again.
    pub fn forbid_pins(&self, room: &RoomId, why: Option<&str>) {
        let mut state = self.state();
        match why {
            Some(why) => drop(state.no_pins.insert(room.clone(), why.to_owned())),
            None => drop(state.no_pins.remove(room)),
        }
    }

    /// Somebody unpins a message of the bot.
    pub fn unpin(&self, message: &MessageRef) {
        if let Some(shown) = self.state().messages.iter_mut().find(|m| m.at == *message) {
            shown.pinned = false;
        }
    }

    /// The messages that stand pinned in `room`, oldest first.
    pub fn pinned(&self, room: &RoomId) -> Vec<FakeMessage> {
        self.shown(room).into_iter().filter(|message| message.pinned).collect()
    }

    /// Somebody deletes a message of the bot.
    pub fn delete(&self, message: &MessageRef) {
        self.state().messages.retain(|m| m.at != *message);
        self.shared.changed.notify_waiters();
    }

    /// What stands in `room`, oldest first.
    pub fn shown(&self, room: &RoomId) -> Vec<FakeMessage> {
        self.state().messages.iter().filter(|m| m.at.room == *room).cloned().collect()
    }

    /// The texts that stand in `room`, oldest first.
    pub fn texts(&self, room: &RoomId) -> Vec<String> {
        self.shown(room).iter().map(|m| m.now.text.to_plain()).collect()
    }

    /// Everything that was asked of the bot, in order, failures included.
    pub fn asked(&self) -> Vec<Asked> {
        self.state().asked.clone()
    }

    /// The receipts by inbound id, in the order they came.
    pub fn receipts(&self) -> Vec<(String, Receipt)> {
        self.state().receipts.clone()
    }

    /// How many deliveries are not kept yet.
    pub fn waiting(&self) -> usize {
        self.state().waiting.len()
    }

    /// Waits until `look` gives something, at most `patience`.
    pub async fn wait<T>(&self, patience: Duration, mut look: impl FnMut(&Self) -> Option<T>) -> Option<T> {
        wait(&self.shared.changed, patience, || look(self)).await
    }

    /// Waits until `count` messages stand in `room`; gives what stands there, even when it is fewer.
    pub async fn wait_shown(&self, room: &RoomId, count: usize, patience: Duration) -> Vec<FakeMessage> {
        let _ = self.wait(patience, |bot| (bot.shown(room).len() >= count).then_some(())).await;
        self.shown(room)
    }

    /// Waits until everything delivered is kept; false when it takes longer than `patience`.
    pub async fn wait_kept(&self, patience: Duration) -> bool {
        self.wait(patience, |bot| (bot.waiting() == 0).then_some(())).await.is_some()
    }

    /// The failure the next call in `room` meets, and whether it takes effect all the same.
    fn scripted(state: &mut State, room: &RoomId) -> Option<(SendError, bool)> {
        let at = state.scripts.iter().position(|s| s.room.as_ref().is_none_or(|r| r == room))?;
        let script = &mut state.scripts[at];
        let met = (script.error.clone(), script.done);
        script.left = script.left.saturating_sub(1);
        if script.left == 0 {
            state.scripts.remove(at);
        }
        Some(met)
    }

    /// Hands in one room's deliveries in order, each until it is kept.
    async fn room_worker(self, inbox: Inbox, stop: Stop, mut queue: mpsc::UnboundedReceiver<(u64, Inbound)>) {
        while let Some((number, inbound)) = queue.recv().await {
            loop {
                let receipt = inbox.submit(inbound.clone()).await;
                let kept = receipt.is_kept();
                {
                    let mut state = self.state();
                    if kept {
                        state.waiting.retain(|(waiting, _)| *waiting != number);
                    }
                    state.receipts.push((inbound.id.clone(), receipt));
                }
                self.shared.changed.notify_waiters();
                if stop.is_cancelled() {
                    return;
                }
                if kept {
                    break;
                }
                tokio::time::sleep(REDELIVER_AFTER).await;
            }
        }
    }

    async fn serve(&self, inbox: Inbox, stop: Stop) {
        let mut rooms: HashMap<RoomId, mpsc::UnboundedSender<(u64, Inbound)>> = HashMap::new();
        let mut workers = JoinSet::new();
        // What was not kept when the bot last stopped is delivered again now.
        let mut handed = 0;
        loop {
            let unknown = std::mem::take(&mut self.state().unknown);
            for aside in unknown {
                if !inbox.keep_aside(aside.clone()).await.is_kept() {
                    self.state().unknown.push(aside);
                }
            }
            let waiting = self.state().waiting.clone();
            for (number, inbound) in waiting {
                if number <= handed {
                    continue;
                }
                handed = number;
                let room = inbound.room.id.clone();
                let queue = rooms.entry(room).or_insert_with(|| {
                    let (queue, inbounds) = mpsc::unbounded_channel();
                    workers.spawn(self.clone().room_worker(inbox.clone(), stop.clone(), inbounds));
                    queue
                });
                // The worker ends only with this loop.
                let _ = queue.send((number, inbound));
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                () = self.shared.arrived.notified() => {}
            }
        }
        // What is under way may finish; what still waits is delivered at the next start.
        drop(rooms);
        let _ = tokio::time::timeout(STOP_PATIENCE, async { while workers.join_next().await.is_some() {} }).await;
    }
}

#[async_trait]
impl Bot for FakeBot {
    fn name(&self) -> &BotName {
        &self.shared.name
    }

    fn capabilities(&self) -> Capabilities {
        self.shared.capabilities.clone()
    }

    async fn run(&self, inbox: Inbox, stop: Stop) -> Result<(), BotError> {
        self.serve(inbox, stop).await;
        Ok(())
    }

    async fn send(&self, room: &RoomId, message: &Outbound) -> Result<MessageRef, SendError> {
        let outcome = {
            let mut state = self.state();
            let met = FakeBot::scripted(&mut state, room);
            let placed = if met.as_ref().is_none_or(|(_, done)| *done) {
                state.next += 1;
                let at = MessageRef { room: room.clone(), id: state.next.to_string() };
                state.messages.push(FakeMessage {
                    at: at.clone(),
                    now: message.clone(),
                    before: Vec::new(),
                    pinned: false,
                });
                Some(at)
            } else {
                None
            };
            let outcome = match (met, placed) {
                (Some((error, _)), _) => Err(error),
                (None, Some(at)) => Ok(at),
                (None, None) => Err(SendError::NotSent("nothing was placed".into())),
            };
            state.asked.push(Asked::Send {
                room: room.clone(),
                message: message.clone(),
                outcome: outcome.clone().map(|at| at.id),
            });
            outcome
        };
        self.shared.changed.notify_waiters();
        outcome
    }

    async fn edit(&self, message: &MessageRef, to: &Outbound) -> Result<(), SendError> {
        let outcome = {
            let mut state = self.state();
            let met = FakeBot::scripted(&mut state, &message.room);
            let does = met.as_ref().is_none_or(|(_, done)| *done);
            let forbidden = to.pin.and_then(|_| state.no_pins.get(&message.room).cloned());
            let found = state.messages.iter_mut().find(|m| m.at == *message);
            let outcome = match (found, does) {
                (Some(shown), true) => {
                    let now = Outbound { pin: None, ..to.clone() };
                    if !to.only_pins() && shown.now != now {
                        let before = std::mem::replace(&mut shown.now, now);
                        shown.before.push(before);
                    }
                    match (to.pin, forbidden) {
                        (Some(_), Some(why)) => Err(SendError::Refused(why)),
                        (pin, _) => {
                            shown.pinned = pin.unwrap_or(shown.pinned);
                            Ok(())
                        }
                    }
                }
                (None, true) => Err(SendError::Gone("no such message".into())),
                (_, false) => Ok(()),
            };
            let outcome = met.map_or(outcome, |(error, _)| Err(error));
            state.asked.push(Asked::Edit { message: message.clone(), to: to.clone(), outcome: outcome.clone() });
            outcome
        };
        self.shared.changed.notify_waiters();
        outcome
    }
}

pub(crate) async fn wait<T>(changed: &Notify, patience: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let until = tokio::time::Instant::now() + patience;
    loop {
        let change = changed.notified();
        tokio::pin!(change);
        // Listening before looking: a change in between is not missed.
        change.as_mut().enable();
        if let Some(found) = look() {
            return Some(found);
        }
        if tokio::time::timeout_at(until, change).await.is_err() {
            return look();
        }
    }
}

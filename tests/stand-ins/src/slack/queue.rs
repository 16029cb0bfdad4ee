//! Purpose: what waits for the app, and what becomes of it: sent, acknowledged, sent again, lost.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

use super::{
    model::{Delivery, Waiting},
    server::Shared,
    world::World,
};

/// What is told to a socket's task.
#[derive(Clone, Debug)]
pub(crate) enum Frame {
    /// A text frame.
    Text(String),
    /// A close frame, and the end.
    Close,
    /// The end without a word.
    Drop,
    /// Nothing more is read or written, and the socket stays open.
    Silence,
}

/// A socket of the app.
#[derive(Debug)]
pub(crate) struct Socket {
    pub(crate) frames: UnboundedSender<Frame>,
    /// It is about to be closed: nothing new is given to it.
    pub(crate) retiring: bool,
    /// It is open and dead: what it is given is never answered.
    pub(crate) silent: bool,
}

/// Where an envelope stands.
#[derive(Clone, Copy, Debug)]
pub(crate) enum State {
    /// To be sent from then on.
    Due(Instant),
    /// Sent to this socket (0: by HTTP); the answer must be there by then.
    Sent(u64, Instant),
}

/// Something for the app.
#[derive(Clone, Debug)]
pub(crate) struct Envelope {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) payload: Value,
    pub(crate) tries: u32,
    pub(crate) state: State,
    pub(crate) sent_at: Option<Instant>,
}

impl Envelope {
    /// Events come again; what people do by hand does not: they are told it failed.
    fn comes_again(&self) -> bool {
        self.kind != "slash_commands" && self.kind != "interactive"
    }

    fn frame(&self) -> String {
        let interactive = matches!(self.kind.as_str(), "slash_commands" | "interactive");
        let mut frame = json!({
            "envelope_id": self.id, "type": self.kind, "payload": self.payload,
            "accepts_response_payload": interactive,
        });
        if self.comes_again() {
            frame["retry_attempt"] = (self.tries.saturating_sub(1)).into();
            frame["retry_reason"] = if self.tries > 1 { "timeout" } else { "" }.into();
        }
        frame.to_string()
    }
}

/// Puts something in; gives the envelope's id.
pub(crate) fn push(world: &mut World, kind: &str, payload: Value) -> String {
    let id = format!("{}-standin", world.new_id("e"));
    world.counters.envelopes_made += 1;
    world.queue.push_back(Envelope {
        id: id.clone(),
        kind: kind.to_owned(),
        payload,
        tries: 0,
        state: State::Due(Instant::now()),
        sent_at: None,
    });
    id
}

/// Wraps an event and puts it in.
pub(crate) fn push_event(world: &mut World, event: Value) -> String {
    let event_id = world.new_id("Ev");
    let payload = json!({
        "token": "legacy", "team_id": world.app.team_id, "api_app_id": world.app.app_id, "event": event,
        "type": "event_callback", "event_id": event_id, "event_time": chrono::Utc::now().timestamp(),
        "authorizations": [{ "team_id": world.app.team_id, "user_id": world.app.bot_user, "is_bot": true }],
        "is_ext_shared_channel": false,
    });
    push(world, "events_api", payload)
}

/// Gives what is due to the sockets there are, and gives up what was not answered in time.
pub(crate) fn pump(world: &mut World) {
    let now = Instant::now();
    expire(world, now);
    if world.request_url.is_some() {
        return;
    }
    let live: Vec<u64> = world.sockets.iter().filter(|(_, s)| !s.retiring).map(|(id, _)| *id).collect();
    if live.is_empty() {
        let Delivery { lose_when_away, hand_once, .. } = world.delivery;
        let lost = |e: &Envelope| lose_when_away || (hand_once && !e.comes_again());
        let before = world.queue.len();
        world.queue.retain(|e| !(matches!(e.state, State::Due(_)) && lost(e)));
        world.counters.envelopes_lost += (before - world.queue.len()) as u64;
        return;
    }
    let deadline = now + Duration::from_millis(world.delivery.ack_deadline_ms);
    for envelope in &mut world.queue {
        let State::Due(due) = envelope.state else { continue };
        if due > now {
            continue;
        }
        let to = live[usize::try_from(world.counters.envelopes_sent).unwrap_or(0) % live.len()];
        envelope.tries += 1;
        envelope.state = State::Sent(to, deadline);
        envelope.sent_at = Some(now);
        world.counters.envelopes_sent += 1;
        let Some(socket) = world.sockets.get(&to) else { continue };
        let frame = envelope.frame();
        if world.delivery.twice {
            let _ = socket.frames.send(Frame::Text(frame.clone()));
        }
        let _ = socket.frames.send(Frame::Text(frame));
    }
}

fn expire(world: &mut World, now: Instant) {
    let pauses = world.delivery.retry_pauses_ms.clone();
    let mut lost = 0;
    world.queue.retain_mut(|envelope| {
        let State::Sent(_, deadline) = envelope.state else { return true };
        if deadline > now {
            return true;
        }
        let pause = pauses.get(envelope.tries.saturating_sub(1) as usize);
        match pause.filter(|_| envelope.comes_again()) {
            Some(pause) => envelope.state = State::Due(now + Duration::from_millis(*pause)),
            None => {
                lost += 1;
                return false;
            }
        }
        true
    });
    world.counters.envelopes_lost += lost;
}

/// A failed delivery by HTTP: at once, instead of at the deadline.
pub(crate) fn failed(world: &mut World, id: &str) {
    if let Some(envelope) = world.queue.iter_mut().find(|e| e.id == id) {
        envelope.state = State::Sent(0, Instant::now());
    }
}

/// The app has acknowledged.
pub(crate) fn acknowledge(world: &mut World, id: &str) {
    let Some(at) = world.queue.iter().position(|e| e.id == id && matches!(e.state, State::Sent(..))) else {
        world.counters.acks_late += 1;
        return;
    };
    let Some(envelope) = world.queue.remove(at) else { return };
    world.counters.envelopes_acked += 1;
    if !envelope.comes_again() {
        world.acked_by_hand.insert(envelope.id.clone());
    }
    let took = envelope.sent_at.map_or(0, |at| u64::try_from(at.elapsed().as_micros()).unwrap_or(u64::MAX));
    if world.counters.ack_us.len() >= 10_000 {
        world.counters.ack_us.remove(0);
    }
    world.counters.ack_us.push(took);
}

/// A socket is gone: what it has not answered is for the next one.
pub(crate) fn closed(world: &mut World, socket: u64) {
    world.sockets.remove(&socket);
    world.counters.sockets_open = world.sockets.len() as u64;
    if world.delivery.hand_once {
        let before = world.queue.len();
        world.queue.retain(|e| e.comes_again() || !matches!(e.state, State::Sent(to, _) if to == socket));
        world.counters.envelopes_lost += (before - world.queue.len()) as u64;
    }
    for envelope in &mut world.queue {
        if matches!(envelope.state, State::Sent(to, _) if to == socket) {
            envelope.state = State::Due(Instant::now());
        }
    }
}

/// What the app has not acknowledged.
pub(crate) fn waiting(world: &World) -> Vec<Waiting> {
    let of = |e: &Envelope| Waiting {
        envelope_id: e.id.clone(),
        kind: e.kind.clone(),
        tries: e.tries,
        payload: e.payload.clone(),
    };
    world.queue.iter().map(of).collect()
}

/// Watches the deadlines until `end`.
pub(crate) async fn watch(shared: Arc<Shared>, end: CancellationToken) {
    loop {
        let next = {
            let mut world = shared.world();
            pump(&mut world);
            let due = world.queue.iter().map(|e| match e.state {
                State::Due(at) | State::Sent(_, at) => at,
            });
            due.filter(|at| *at > Instant::now()).min()
        };
        shared.changed.notify_waiters();
        let pause = next.map_or(Duration::from_secs(3600), |at| at.saturating_duration_since(Instant::now()));
        tokio::select! {
            () = end.cancelled() => return,
            () = tokio::time::sleep(pause + Duration::from_millis(1)) => {}
            () = shared.deliver.notified() => {}
        }
    }
}

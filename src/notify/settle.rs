//! What becomes of an attempt: the entry is done, is tried again later, or is dropped.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use tracing::{info, warn};
use yoman_chat::{MessageRef, RoomId, SendError};

use super::{
    board_rows::{Anew, BoardRow},
    cards::CardRow,
    entry::{Kind, Unsure, What},
    key,
    queue::{Claim, Inner, Queue, Running, State, forget, now_ms},
};
use crate::{domain::ItemRef, machine};

/// What an attempt came to.
#[derive(Debug)]
pub(super) enum Outcome {
    /// A new message stands in the room. `again`: the item has changed since it was written.
    Sent { message: MessageRef, hash: u64, again: bool },
    /// The card was brought up to date with so many edits; `row` is to be written.
    /// `older` are messages that show the same now without being the card.
    Edited { row: Option<CardRow>, edits: u64, older: Vec<String> },
    /// There is no such card any more.
    Gone,
    /// A turn of the room's board.
    Board(Turn),
    /// It did not work. For a card, `row` is what worked of it.
    Failed { error: SendError, row: Option<CardRow> },
}

/// What a turn of a room's board came to.
#[derive(Debug, Default)]
pub(super) struct Turn {
    /// What is to be remembered of it.
    pub(super) row: Option<BoardRow>,
    /// A new message stands in the room.
    pub(super) sent: bool,
    /// How often a message was changed.
    pub(super) edits: u64,
    /// There is more to be done to it.
    pub(super) more: bool,
    /// Something to tell the room.
    pub(super) tell: Option<yoman_chat::Outbound>,
    /// What did not work: the rest is tried again.
    pub(super) error: Option<SendError>,
}

/// How long to wait after so many failures: doubled each time, and spread so that rooms do not come back all at once.
pub(super) fn backoff(failures: u32, running: &Running) -> Duration {
    let doubled = running.backoff_min.saturating_mul(1 << failures.saturating_sub(1).min(20));
    let most = doubled.min(running.backoff_max);
    most.mul_f64(0.5 + machine::chance() / 2.0).max(running.backoff_min)
}

impl Queue {
    /// Records what an attempt came to and claims what is next in the room.
    pub(super) fn settle(self: &Arc<Self>, claim: Claim, outcome: Outcome) {
        let Claim { room, entry } = claim;
        let mut inner = self.inner();
        let mut change = self.change();
        let item = match entry.row.what {
            What::Refresh { item } => Some(item),
            What::Message { card, .. } => card.map(|(item, _)| item),
            What::Board { .. } => None,
        };
        match outcome {
            Outcome::Sent { message, hash, again } => {
                forget(&room, &entry, &mut change.ops);
                self.free(&mut inner, &room, State::Idle);
                self.worked(&mut inner, &room, true);
                inner.counters.sent += 1;
                if inner.refusing.remove(&room).is_some() {
                    change.ops.remove(key::refusing(&room), 0);
                }
                if let What::Message { message: shown, .. } = &entry.row.what {
                    self.watched.sent(&message, shown);
                }
                if let What::Message { card: Some((item, version)), message: shown, .. } = &entry.row.what {
                    let (item, shows) = (*item, (*version, hash, !shown.buttons.is_empty()));
                    let (landed, pressable) = self.cards.sent(&message, item, shows, entry.seq, &mut change.ops);
                    change.landed.push(landed);
                    // Buttons of the past are taken away at once, not with the next change: behind what waits already.
                    let edits = inner.running.as_ref().is_some_and(|running| running.capabilities.edits);
                    if again || (pressable && edits) {
                        self.admit(&mut inner, &room, What::Refresh { item }, &mut change);
                    }
                }
            }
            Outcome::Edited { row, edits, older } => {
                forget(&room, &entry, &mut change.ops);
                self.free(&mut inner, &room, State::Idle);
                if edits > 0 {
                    self.worked(&mut inner, &room, false);
                    inner.counters.edits += edits;
                    self.note_edit(&mut inner, &room, item);
                }
                if let (Some(row), Some(item)) = (row, item) {
                    self.cards.older_edited(&room, item, (row.version, older), &mut change.ops);
                    change.landed.push(self.cards.edited(&room, item, row, entry.seq, &mut change.ops));
                }
            }
            Outcome::Gone => {
                forget(&room, &entry, &mut change.ops);
                self.free(&mut inner, &room, State::Idle);
                if let Some(item) = item {
                    change.landed.push(self.cards.gone(&room, item, entry.seq, &mut change.ops));
                }
            }
            Outcome::Board(turn) => self.turned(&mut inner, Claim { room: room.clone(), entry }, turn, &mut change),
            Outcome::Failed { error, row } => {
                if let (Some(row), Some(item)) = (row, item) {
                    change.landed.push(self.cards.edited(&room, item, row, entry.seq, &mut change.ops));
                }
                self.failed(&mut inner, Claim { room: room.clone(), entry }, error, &mut change);
            }
        }
        self.claim(&mut inner, &room, &mut change);
        self.submit(inner, change);
    }

    fn turned(&self, inner: &mut Inner, claim: Claim, turn: Turn, change: &mut super::queue::Change) {
        let room = claim.room.clone();
        let Turn { row, sent, edits, more, tell, error } = turn;
        if row != self.boards.row(&room) {
            self.boards.write(&room, row, &mut change.ops);
        }
        if sent || edits > 0 {
            self.worked(inner, &room, sent);
            inner.counters.sent += u64::from(sent);
            inner.counters.edits += edits;
            if let Some(room) = inner.rooms.get_mut(&room) {
                room.board_at = Some(Instant::now());
            }
        }
        match error {
            Some(error) => self.failed(inner, claim, error, change),
            None => {
                forget(&room, &claim.entry, &mut change.ops);
                self.free(inner, &room, State::Idle);
            }
        }
        if more {
            // What is left of it need not keep its distance.
            if let Some(room) = inner.rooms.get_mut(&room) {
                room.board_at = None;
            }
            self.admit(inner, &room, What::Board { anew: Anew::No }, change);
        }
        if let Some(message) = tell {
            let what = What::Message { kind: Kind::Plain, message, card: None, over: None };
            self.admit(inner, &room, what, change);
        }
    }

    fn worked(&self, inner: &mut Inner, room: &RoomId, message: bool) {
        inner.counters.unreachable = None;
        if let Some(room) = inner.rooms.get_mut(room) {
            room.failures = 0;
            if message {
                room.refusals = 0;
            }
        }
    }

    fn note_edit(&self, inner: &mut Inner, room: &RoomId, item: Option<ItemRef>) {
        let coalesce = inner.running.as_ref().map_or(Duration::ZERO, |running| running.coalesce);
        if let (Some(room), Some(item)) = (inner.rooms.get_mut(room), item)
            && !coalesce.is_zero()
        {
            let now = Instant::now();
            room.edited.retain(|_, at| *at + coalesce > now);
            room.edited.insert(item, now);
        }
    }

    fn failed(&self, inner: &mut Inner, claim: Claim, error: SendError, change: &mut super::queue::Change) {
        let Claim { room: id, mut entry } = claim;
        let now = Instant::now();
        let why = error.to_string();
        inner.counters.last_error = Some((why.clone(), machine::now()));
        match &error {
            // Whatever it says, the platform says it.
            SendError::RetryAfter { .. } | SendError::Gone(_) | SendError::Refused(_) => {
                inner.counters.unreachable = None
            }
            SendError::NotSent(_) | SendError::Unknown(_) => {
                let since = inner.counters.unreachable.take().map_or_else(machine::now, |(_, since)| since);
                inner.counters.unreachable = Some((why.clone(), since));
            }
        }
        // Only what is a new message is on record before it is tried.
        let sending = std::mem::take(&mut entry.tries.open);
        // While stopping there are no settings any more: the entry goes back as it is.
        let running = inner.running.clone();
        let (wait, limited) = match error {
            SendError::RetryAfter { after, whole_bot } => {
                if whole_bot {
                    inner.paused = inner.paused.max(Some(now + after));
                }
                (after, true)
            }
            SendError::NotSent(_) | SendError::Unknown(_) => {
                if matches!(error, SendError::Unknown(_)) && sending {
                    if entry.tries.unsure.is_none() {
                        inner.counters.unsure(self.bot(), &mut change.ops);
                    }
                    entry.tries.unsure.get_or_insert(Unsure::NoAnswer);
                }
                let failures = inner.rooms.get_mut(&id).map_or(1, |room| {
                    room.failures = room.failures.saturating_add(1);
                    room.failures
                });
                (running.as_ref().map_or(Duration::ZERO, |running| backoff(failures, running)), false)
            }
            SendError::Refused(_) | SendError::Gone(_) => {
                forget(&id, &entry, &mut change.ops);
                inner.counters.refused += 1;
                self.free(inner, &id, State::Idle);
                warn!(room = %id, why, "a message is dropped: the platform will never take it");
                if sending {
                    self.refused(inner, &id, running.as_deref(), change);
                }
                return;
            }
        };
        inner.counters.failures += 1;
        if !entry.is_digest() && running.is_some_and(|running| entry.is_older_than(running.give_up_after)) {
            forget(&id, &entry, &mut change.ops);
            inner.counters.given_up += 1;
            warn!(room = %id, why, "a message is given up: it could not be sent for too long");
        } else {
            self.put_back(inner, &id, entry, &mut change.ops);
        }
        self.free(inner, &id, State::Waiting { until: now + wait, limited, why });
    }

    /// Several refusals in a row mean the room, not the message.
    fn refused(&self, inner: &mut Inner, id: &RoomId, running: Option<&Running>, change: &mut super::queue::Change) {
        let Some(room) = inner.rooms.get_mut(id) else { return };
        room.refusals = room.refusals.saturating_add(1);
        if room.refusals >= running.map_or(u32::MAX, |running| running.refusals_max) && !inner.refusing.contains_key(id)
        {
            let now = now_ms();
            inner.refusing.insert(id.clone(), now);
            change.ops.put(key::refusing(id), &now);
            info!(room = %id, "the platform refuses everything for this room: nothing is sent until something arrives from it");
        }
    }
}

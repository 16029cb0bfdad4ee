//! Strangers: the claim code of a new log, and pairing codes. All of it is in memory and bounded: what a stranger
//! sends is not stored, and a code that is lost with the process is simply asked for again.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use subtle::ConstantTimeEq as _;
use yoman_chat::{RoomId, Sender, SenderId};

/// Letters and digits that cannot be taken for one another when read aloud or typed on a phone.
const ALPHABET: &[u8] = b"ABCDEFGHJKMNPQRSTUVWXYZ23456789";
/// Characters in a code: 31^8 is about 8.5e11.
const CODE_CHARS: usize = 8;
/// How long a pairing code holds.
pub(crate) const CODE_LIFE: Duration = Duration::from_secs(3600);
/// How many can wait to be let in at one time.
pub(crate) const PENDING_MAX: usize = 3;
/// How many wrong codes one sender, and all of them together, may try in [`CODE_LIFE`].
const WRONG_MAX: u32 = 5;
const WRONG_IN_ALL_MAX: u32 = 50;
/// How many strangers are remembered, only as counters.
const STRANGERS_MAX: usize = 10_000;
/// How many answers one stranger gets in [`CODE_LIFE`].
const ANSWERS_MAX: u32 = 5;

/// Somebody who waits to be let in.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    /// The code they were given.
    pub(crate) code: String,
    /// Who they are.
    pub(crate) sender: Sender,
    /// Where they asked: they are told there.
    pub(crate) room: RoomId,
    /// When.
    pub(crate) since: Instant,
}

/// What a stranger gets.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Greeting {
    /// A code, new or the one they had.
    Code(String),
    /// Too many wait already.
    Full,
    /// They were answered often enough.
    Silence,
}

#[derive(Debug)]
struct Stranger {
    since: Instant,
    answers: u32,
    wrong: u32,
}

#[derive(Debug, Default)]
struct Inner {
    claim: Option<String>,
    pending: Vec<Pending>,
    strangers: HashMap<String, Stranger>,
    wrong: Vec<Instant>,
}

/// Claim code, pairing codes, and the counters that limit strangers.
#[derive(Debug, Default)]
pub(crate) struct Pairing {
    // A std mutex: nothing is awaited under it.
    inner: Mutex<Inner>,
}

/// A fresh code from the operating system's random numbers.
pub(super) fn code() -> String {
    (0..CODE_CHARS).map(|_| char::from(ALPHABET[crate::machine::below(ALPHABET.len())])).collect()
}

/// Compared in a time that tells nothing of where they differ.
pub(super) fn same(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

impl Inner {
    fn tidy(&mut self, now: Instant) {
        self.pending.retain(|pending| now.duration_since(pending.since) < CODE_LIFE);
        self.wrong.retain(|&at| now.duration_since(at) < CODE_LIFE);
        if self.strangers.len() >= STRANGERS_MAX {
            self.strangers.retain(|_, stranger| now.duration_since(stranger.since) < CODE_LIFE);
        }
        if self.strangers.len() >= STRANGERS_MAX {
            // A flood from ever new senders: forget them all rather than grow. The global limits still hold.
            self.strangers.clear();
        }
    }

    fn stranger(&mut self, sender: &str, now: Instant) -> &mut Stranger {
        let stranger = self.strangers.entry(sender.to_owned()).or_insert(Stranger { since: now, answers: 0, wrong: 0 });
        if now.duration_since(stranger.since) >= CODE_LIFE {
            *stranger = Stranger { since: now, answers: 0, wrong: 0 };
        }
        stranger
    }
}

impl Pairing {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The claim code; made at the first call. Only for a log without an owner.
    pub(crate) fn claim_code(&self) -> String {
        self.inner().claim.get_or_insert_with(code).clone()
    }

    /// Whether `typed` is the claim code. `None`: this sender, or all senders together, tried too often.
    pub(crate) fn claim(&self, sender: &str, typed: &str, now: Instant) -> Option<bool> {
        let mut inner = self.inner();
        inner.tidy(now);
        if inner.wrong.len() as u32 >= WRONG_IN_ALL_MAX || inner.stranger(sender, now).wrong >= WRONG_MAX {
            return None;
        }
        let right = inner.claim.as_deref().is_some_and(|claim| same(claim, typed));
        if !right {
            inner.stranger(sender, now).wrong += 1;
            inner.wrong.push(now);
        }
        Some(right)
    }

    /// The claim code is spent.
    pub(crate) fn claimed(&self) {
        self.inner().claim = None;
    }

    /// What a stranger who speaks in a direct room gets.
    pub(crate) fn greet(&self, sender: &Sender, room: &RoomId, now: Instant) -> Greeting {
        let mut inner = self.inner();
        inner.tidy(now);
        let stranger = inner.stranger(sender.id.as_str(), now);
        if stranger.answers >= ANSWERS_MAX {
            return Greeting::Silence;
        }
        stranger.answers += 1;
        if let Some(pending) = inner.pending.iter().find(|pending| pending.sender.id == sender.id) {
            return Greeting::Code(pending.code.clone());
        }
        if inner.pending.len() >= PENDING_MAX {
            return Greeting::Full;
        }
        let code = code();
        inner.pending.push(Pending { code: code.clone(), sender: sender.clone(), room: room.clone(), since: now });
        Greeting::Code(code)
    }

    /// Whether a stranger may be answered once more (a wrong code, a word in a group).
    pub(crate) fn may_answer(&self, sender: &str, now: Instant) -> bool {
        let mut inner = self.inner();
        inner.tidy(now);
        let stranger = inner.stranger(sender, now);
        stranger.answers += 1;
        stranger.answers <= ANSWERS_MAX
    }

    /// Whether a sender may try one more code.
    pub(crate) fn may_guess(&self, sender: &str, now: Instant) -> bool {
        let mut inner = self.inner();
        inner.tidy(now);
        inner.stranger(sender, now).wrong < WRONG_MAX
    }

    /// A sender tried a code that is none.
    pub(crate) fn guessed_wrong(&self, sender: &str, now: Instant) {
        let mut inner = self.inner();
        inner.tidy(now);
        inner.stranger(sender, now).wrong += 1;
    }

    /// Who waits to be let in, oldest first.
    pub(crate) fn pending(&self, now: Instant) -> Vec<Pending> {
        let mut inner = self.inner();
        inner.tidy(now);
        inner.pending.clone()
    }

    /// The one who was given this code.
    pub(crate) fn find(&self, typed: &str, now: Instant) -> Option<Pending> {
        let mut inner = self.inner();
        inner.tidy(now);
        inner.pending.iter().find(|pending| same(&pending.code, typed)).cloned()
    }

    /// They need not be let in any more.
    pub(crate) fn known_now(&self, sender: &SenderId) {
        self.inner().pending.retain(|pending| pending.sender.id != *sender);
    }

    /// They were let in: the code is spent.
    pub(crate) fn done(&self, code: &str) {
        self.inner().pending.retain(|pending| pending.code != code);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(id: u32) -> Sender {
        Sender { id: SenderId::new(format!("fake/{id}")), name: format!("n{id}"), handle: None, language: None }
    }

    #[test]
    fn a_code_is_given_once_holds_an_hour_and_three_can_wait() {
        let (pairing, now, room) = (Pairing::default(), Instant::now(), RoomId::new("fake/1"));
        let Greeting::Code(first) = pairing.greet(&sender(1), &room, now) else { panic!("no code") };
        assert_eq!(pairing.greet(&sender(1), &room, now), Greeting::Code(first.clone()));
        assert!(matches!(pairing.greet(&sender(2), &room, now), Greeting::Code(_)));
        assert!(matches!(pairing.greet(&sender(3), &room, now), Greeting::Code(_)));
        assert_eq!(pairing.greet(&sender(4), &room, now), Greeting::Full);
        assert_eq!(pairing.find(&first, now).map(|it| it.sender.id), Some(sender(1).id));
        assert!(pairing.find("WRONGONE", now).is_none());
        let later = now + CODE_LIFE;
        assert!(pairing.find(&first, later).is_none());
        assert!(matches!(pairing.greet(&sender(4), &room, later), Greeting::Code(_)));
    }

    #[test]
    fn a_stranger_who_goes_on_talking_is_met_with_silence() {
        let (pairing, now, room) = (Pairing::default(), Instant::now(), RoomId::new("fake/1"));
        for _ in 0..ANSWERS_MAX {
            assert!(matches!(pairing.greet(&sender(1), &room, now), Greeting::Code(_)));
        }
        assert_eq!(pairing.greet(&sender(1), &room, now), Greeting::Silence);
    }

    #[test]
    fn the_claim_code_cannot_be_guessed_for_long() {
        let (pairing, now) = (Pairing::default(), Instant::now());
        let claim = pairing.claim_code();
        assert_eq!(pairing.claim_code(), claim);
        for _ in 0..WRONG_MAX {
            assert_eq!(pairing.claim("fake/1", "AAAAAAAA", now), Some(false));
        }
        assert_eq!(pairing.claim("fake/1", &claim, now), None);
        assert_eq!(pairing.claim("fake/2", &claim, now), Some(true));
        pairing.claimed();
        assert_eq!(pairing.claim("fake/2", &claim, now), Some(false));
    }
}

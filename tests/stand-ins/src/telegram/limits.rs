//! Purpose: the rates of the service, for tests of what a bot does when it is told to wait. Off by default.

use std::time::{Duration, Instant};

use super::{model::ChatKind, params::Failure, world::World};

/// When messages went out lately, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Buckets {
    sent: std::collections::VecDeque<Instant>,
}

impl Buckets {
    /// How long until one more fits `max` in `window`.
    fn wait(&self, max: usize, window: Duration, now: Instant) -> Option<Duration> {
        let within = self.sent.iter().rev().take_while(|at| now.duration_since(**at) < window).count();
        if within < max {
            return None;
        }
        let oldest = self.sent.get(self.sent.len() - max)?;
        Some((*oldest + window).saturating_duration_since(now))
    }

    fn took(&mut self, now: Instant) {
        self.sent.push_back(now);
        while self.sent.front().is_some_and(|at| now.duration_since(*at) > Duration::from_secs(61)) {
            self.sent.pop_front();
        }
    }
}

/// Counts one message into `chat`, or refuses it with 429.
pub(crate) fn take(world: &mut World, chat: i64) -> Result<(), Failure> {
    let Some(limits) = world.limits.clone() else {
        return Ok(());
    };
    let now = Instant::now();
    let Some(room) = world.chats.get_mut(&chat) else {
        return Ok(());
    };
    let group = matches!(room.kind, ChatKind::Group | ChatKind::Supergroup);
    let second = Duration::from_secs(1);
    let burst = limits.chat_burst.max(1);
    let waits = [
        world.buckets.wait(limits.all_per_s as usize, second, now),
        room.buckets.wait(burst as usize, second * burst / limits.chat_per_s.max(1), now),
        group.then(|| room.buckets.wait(limits.group_per_min as usize, Duration::from_secs(60), now)).flatten(),
    ];
    if let Some(wait) = waits.into_iter().flatten().max() {
        return Err(Failure::too_many(wait.as_millis().div_ceil(1000).max(1) as u64));
    }
    room.buckets.took(now);
    world.buckets.took(now);
    Ok(())
}

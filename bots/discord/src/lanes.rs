//! Purpose: one room's deliveries one after another, rooms beside each other: the order within a room is ours to keep.
//!
//! What is not kept is tried again until it is. After a few tries those behind it go on, and the mark from which the room
//! is read after an outage stays before it.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use tokio::{sync::mpsc, time::sleep};
use yoman_chat::{Inbound, Receipt, RoomKind, Said};

use crate::{catch_up, desk::Pending, inbound, intake::Intake, interactions, session::Ticket, wire};

/// How much may wait in one room. What comes beyond is read from the channel afterwards.
const WAITING_MAX: usize = 1_000;
/// How often a delivery is tried before those behind it go on.
const TRIES: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// How often what was not kept is tried after that.
const RETRY: Duration = Duration::from_millis(500);
/// When nothing came for so long the room's task ends.
const IDLE: Duration = Duration::from_secs(60);
/// How long what is under way may take when we stop.
const STOP_PATIENCE: Duration = Duration::from_millis(1_200);
/// How many ids are remembered to know again what comes live and by reading.
const RECENT_MAX: usize = 2_048;

/// Something to do in a room.
pub(crate) enum Job {
    /// A message was written.
    Message(Box<wire::Message>),
    /// A message was changed.
    Edit(Box<wire::Message>),
    /// A message was deleted.
    Delete(wire::Gone),
    /// A reaction was put to a message, or taken away; with what names the event.
    Reaction(Box<wire::Reaction>, bool, String),
    /// A command, a button or a form was used.
    Interaction(Box<wire::Interaction>, Arc<Pending>),
    /// Read what was missed.
    CatchUp,
}

struct Lane {
    jobs: mpsc::UnboundedSender<(Job, Option<Ticket>)>,
    waiting: Arc<AtomicUsize>,
    /// Something was left out: read the channel when there is time.
    gap: Arc<AtomicBool>,
}

/// The rooms of one bot that are busy.
#[derive(Default)]
pub(crate) struct Lanes(Mutex<HashMap<u64, Lane>>);

impl std::fmt::Debug for Lanes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lanes").finish_non_exhaustive()
    }
}

impl Lanes {
    /// Puts a job behind those of its room. Gives it back when the room has too much before it.
    pub(crate) fn push(&self, intake: &Intake, channel: u64, job: Job, ticket: Option<Ticket>) -> Result<(), Job> {
        // A std mutex: nothing is awaited under it.
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut waiting = (job, ticket);
        // A lane that has ended without taking itself off the map is begun anew.
        for _ in 0..2 {
            let lane = lanes.entry(channel).or_insert_with(|| Lane::begin(intake, channel));
            if lane.waiting.load(Ordering::Relaxed) >= WAITING_MAX && !matches!(waiting.0, Job::CatchUp) {
                if matches!(waiting.0, Job::Interaction(..)) {
                    return Err(waiting.0);
                }
                lane.gap.store(true, Ordering::Relaxed);
                return Ok(());
            }
            lane.waiting.fetch_add(1, Ordering::Relaxed);
            match lane.jobs.send(waiting) {
                Ok(()) => return Ok(()),
                Err(back) => {
                    waiting = back.0;
                    lanes.remove(&channel);
                }
            }
        }
        Err(waiting.0)
    }
}

impl Lane {
    fn begin(intake: &Intake, channel: u64) -> Self {
        let (jobs, queue) = mpsc::unbounded_channel();
        let (waiting, gap) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let worker = Worker {
            intake: intake.clone(),
            channel,
            queue,
            ahead: VecDeque::new(),
            waiting: Arc::clone(&waiting),
            gap: Arc::clone(&gap),
            held: VecDeque::new(),
            recent: VecDeque::new(),
            known: HashSet::new(),
        };
        intake.spawn(worker.run());
        Self { jobs, waiting, gap }
    }
}

/// What takes one room's jobs.
pub(crate) struct Worker {
    pub(crate) intake: Intake,
    pub(crate) channel: u64,
    queue: mpsc::UnboundedReceiver<(Job, Option<Ticket>)>,
    /// Taken from the queue to look at, and not done so far.
    ahead: VecDeque<(Job, Option<Ticket>)>,
    waiting: Arc<AtomicUsize>,
    gap: Arc<AtomicBool>,
    /// Not kept so far.
    held: VecDeque<(Job, Option<Ticket>)>,
    recent: VecDeque<u64>,
    known: HashSet<u64>,
}

impl Worker {
    async fn run(mut self) {
        let stop = self.intake.stop.clone();
        loop {
            if let Some((job, ticket)) = self.ahead.pop_front().filter(|_| !stop.is_cancelled()) {
                self.take(job, ticket).await;
                self.waiting.fetch_sub(1, Ordering::Relaxed);
                continue;
            }
            let pause = if self.held.is_empty() { IDLE } else { RETRY };
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                next = self.queue.recv() => {
                    let Some((job, ticket)) = next else { return };
                    self.take(job, ticket).await;
                    self.waiting.fetch_sub(1, Ordering::Relaxed);
                }
                () = sleep(pause) => {
                    if !self.held.is_empty() {
                        self.retry().await;
                    } else if self.leave() {
                        return;
                    }
                }
            }
            if self.queue.is_empty() && self.held.is_empty() && self.gap.swap(false, Ordering::Relaxed) {
                self.read_on().await;
            }
        }
    }

    /// Takes the room off the map, unless something came just now.
    fn leave(&self) -> bool {
        let mut lanes = self.intake.lanes.0.lock().unwrap_or_else(PoisonError::into_inner);
        if self.queue.is_empty() {
            lanes.remove(&self.channel);
        }
        self.queue.is_empty()
    }

    async fn take(&mut self, job: Job, ticket: Option<Ticket>) {
        if let Job::CatchUp = job {
            self.read_on().await;
        } else {
            self.keep(job, ticket).await;
        }
    }

    /// Tries a few times.
    async fn keep(&mut self, job: Job, ticket: Option<Ticket>) {
        let mut pause = FIRST_PAUSE;
        for _ in 0..TRIES {
            if self.handle(&job, ticket.is_some()).await {
                if let Some(ticket) = ticket {
                    ticket.settle();
                }
                return;
            }
            tokio::select! {
                biased;
                () = self.intake.stop.cancelled() => return,
                () = sleep(pause) => {}
            }
            pause *= 2;
        }
        tracing::warn!(bot = %self.intake.us.bot, channel = self.channel, "a delivery could not be kept; it is tried again");
        self.held.push_back((job, ticket));
    }

    /// Those that were not kept, in their order.
    async fn retry(&mut self) {
        while let Some((job, ticket)) = self.held.pop_front() {
            if self.intake.stop.is_cancelled() || !self.handle(&job, ticket.is_some()).await {
                self.held.push_front((job, ticket));
                return;
            }
            if let Some(ticket) = ticket {
                ticket.settle();
            }
        }
        if let Some(last) = self.recent.iter().max().filter(|_| !self.gap.load(Ordering::Relaxed)) {
            self.intake.seen.advance(self.channel, *last);
        }
    }

    /// Reads the channel on from the last message handled.
    async fn read_on(&mut self) {
        let session = self.intake.session.name();
        match catch_up::run(self).await {
            catch_up::Outcome::Done => self.intake.session.caught_up(self.channel, session.as_deref()),
            catch_up::Outcome::Stopped => {}
            catch_up::Outcome::Later => {
                self.gap.store(true, Ordering::Relaxed);
                tokio::select! {
                    biased;
                    () = self.intake.stop.cancelled() => {}
                    () = sleep(RETRY) => {}
                }
            }
        }
    }

    /// What was done by hand cannot be read: of that which came meanwhile, all that is older goes before what was found.
    async fn by_hand_before(&mut self, moment: DateTime<Utc>) {
        while let Ok(next) = self.queue.try_recv() {
            self.ahead.push_back(next);
        }
        for (job, ticket) in std::mem::take(&mut self.ahead) {
            match &job {
                Job::Interaction(interaction, _) if wire::made_at(interaction.id) <= moment => {
                    self.keep(job, ticket).await;
                    self.waiting.fetch_sub(1, Ordering::Relaxed);
                }
                _ => self.ahead.push_back((job, ticket)),
            }
        }
    }

    /// A message found by reading; tried until it is kept.
    pub(crate) async fn found(&mut self, message: wire::Message) {
        self.by_hand_before(wire::made_at(message.id)).await;
        self.keep(Job::Message(Box::new(message)), None).await;
    }

    /// A change found by reading.
    pub(crate) async fn found_edit(&mut self, message: wire::Message) {
        if let Some(at) = inbound::edited_at(&message) {
            self.by_hand_before(at).await;
        }
        self.keep(Job::Edit(Box::new(message)), None).await;
    }

    /// Every change made before this message is handled, unless one is held.
    pub(crate) fn looked_for_changes(&self, until: u64) {
        if self.held.is_empty() {
            self.intake.seen.advance_changes(self.channel, until);
        }
    }

    /// Whether the job is done with. What was heard came in its order, what was found by reading says nothing of what
    /// was changed before it.
    async fn handle(&mut self, job: &Job, heard: bool) -> bool {
        match job {
            Job::Message(message) => self.message(message, heard).await,
            Job::Edit(message) => self.edit(message).await,
            Job::Delete(gone) => self.delete(gone).await,
            Job::Reaction(reaction, added, place) => self.reaction(reaction, *added, place).await,
            Job::Interaction(interaction, pending) => {
                interactions::handle(&self.intake, interaction, pending).await;
                true
            }
            Job::CatchUp => true,
        }
    }

    async fn message(&mut self, message: &wire::Message, heard: bool) -> bool {
        if self.known.contains(&message.id) {
            return true;
        }
        if message.is_by_person() {
            let intake = &self.intake;
            let found = intake.channels.find(&intake.api, message.channel_id, message.guild_id).await;
            let Ok(known) = found else { return false };
            let starter = intake.channels.starter(&intake.api, known.place, intake.us.id).await;
            let inbound = inbound::message(&intake.us, message, &known, starter.as_ref(), &intake.channels);
            if let Some(inbound) = inbound {
                let addressed = matches!(&inbound.said, Said::Message { addressed: true, .. });
                let writer = inbound.sender.clone();
                let follows = addressed || known.kind == RoomKind::Direct;
                if follows && self.intake.seen.mark(self.channel).is_none() {
                    // Before it is handed in: should we die in between, the channel is read on from here.
                    self.intake.seen.follow(self.channel, &known, message.id.saturating_sub(1));
                    self.intake.seen.save(&self.intake.inbox).await;
                }
                if !self.submit(inbound).await.is_kept() {
                    return false;
                }
                self.intake.wrote(message.id, writer);
            }
        }
        self.done(message.id, heard);
        true
    }

    /// The message is dealt with: it is known again, and the mark moves unless something before it is not kept or not read.
    fn done(&mut self, id: u64, heard: bool) {
        self.known.insert(id);
        self.recent.push_back(id);
        if self.recent.len() > RECENT_MAX
            && let Some(old) = self.recent.pop_front()
        {
            self.known.remove(&old);
        }
        if self.held.is_empty() && !self.gap.load(Ordering::Relaxed) {
            self.intake.seen.advance(self.channel, id);
            if heard {
                self.intake.seen.advance_changes(self.channel, id);
            }
        }
    }

    async fn edit(&self, message: &wire::Message) -> bool {
        if !message.is_by_person() {
            return true;
        }
        let intake = &self.intake;
        let Ok(known) = intake.channels.find(&intake.api, message.channel_id, message.guild_id).await else {
            return false;
        };
        match inbound::edit(&intake.us, message, &known, &intake.channels) {
            Some(inbound) => self.submit(inbound).await.is_kept(),
            None => true,
        }
    }

    async fn delete(&self, gone: &wire::Gone) -> bool {
        let intake = &self.intake;
        // Only what was kept here can be taken back; of anything else the writer is not known either.
        let Some(writer) = intake.writer(gone.id) else { return true };
        let guild = intake.seen.mark(gone.channel_id).and_then(|mark| mark.guild);
        let Ok(known) = intake.channels.find(&intake.api, gone.channel_id, guild).await else { return false };
        self.submit(inbound::deleted(&intake.us, gone, writer, &known)).await.is_kept()
    }

    async fn reaction(&self, reaction: &wire::Reaction, added: bool, place: &str) -> bool {
        let intake = &self.intake;
        let Ok(known) = intake.channels.find(&intake.api, reaction.channel_id, reaction.guild_id).await else {
            return false;
        };
        match inbound::reaction(&intake.us, reaction, added, place, &known) {
            Some(inbound) => self.submit(inbound).await.is_kept(),
            None => true,
        }
    }

    async fn submit(&self, inbound: Inbound) -> Receipt {
        submit(&self.intake, inbound).await
    }
}

/// Hands one in, and gives up on it when the process stops.
pub(crate) async fn submit(intake: &Intake, inbound: Inbound) -> Receipt {
    tokio::select! {
        receipt = intake.inbox.submit(inbound) => receipt,
        () = async { intake.stop.cancelled().await; sleep(STOP_PATIENCE).await } => {
            Receipt::NotKept { why: "stopping".into() }
        }
    }
}

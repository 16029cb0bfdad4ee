//! While the shared log cannot be reached: what would change something is saved on this machine and decided when it can be,
//! in the order it was said, by the ordinary way in and under the same ids, as of the time it was said. Looks are answered
//! meanwhile, and say how old they are.
//!
//! Whoever says it is told twice: that it is saved, and what it came to. The first is no answer: it is kept under an id of
//! its own, so that only the second makes the inbound an answered one.
//!
//! Where another node may speak for the bot in a moment, what is said is not saved but left to the platform, which hands it to
//! whoever speaks then: an answer could not be given from here.
//!
//! In a room in which something waits everything further waits behind it, so the order of a room holds whatever comes when.

use std::{collections::HashMap, time::Duration};

use yoman_chat::{BotName, Inbound, MessageRef, Outbound, Receipt, RoomId, RoomKind, Said, Stop, Style};

use super::{
    Failure, Intake, Lane, Refusal, Reply, Speaker,
    pieces::{Asked, Heard},
};
use crate::{
    command::{Command, Look},
    domain::{Identity, Role},
    lang::{Lang, Wording, say, text_in, wording},
    notify::Answer,
    projection::{Viewer, words},
    spool::{Away, Next, Saved, Spool, SpoolError},
};

/// The shared log is looked for so often.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// The longest pause between two tries to decide something.
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// So many rows are read at a time.
const LOT: usize = 64;
/// A room that gets so many answers at once is told why, at the end.
const MANY: usize = 10;

/// Something that has to wait, with what has to be known to hear it later as now.
#[derive(Debug)]
pub(super) struct Waiting {
    asked: Option<String>,
    seen: Option<u64>,
    /// Whoever said it expects something to come of it.
    told: bool,
    /// The questions it answers with yes.
    confirms: Vec<String>,
}

/// What is known of the drain from one row to the next.
#[derive(Default)]
struct Drain {
    /// How many were decided in a room since nothing waited there.
    decided: HashMap<RoomId, usize>,
    /// What rows came to that cannot be answered from here, by inbound. Lost with the process: then it is decided again, under
    /// the same ids.
    unanswered: HashMap<String, Vec<Answer>>,
}

impl Waiting {
    fn untold_if(untold: bool, seen: Option<u64>) -> Self {
        Self { asked: None, seen, told: !untold, confirms: Vec::new() }
    }
}

/// What became of one row.
enum Decided {
    /// It was decided, and what it came to is kept.
    Done,
    /// It was decided; another node speaks for its bot, so that what it came to waits for the bot's return.
    Unanswered(Vec<Answer>),
    /// The shared log cannot be reached.
    Away(String),
    /// Something else is in the way; it is tried again.
    Again(String),
}

impl Intake {
    /// What is saved here, if anything can be.
    pub fn spool(&self) -> Option<&Spool> {
        self.spool.as_deref()
    }

    /// Something waits to be decided, or would have to: what is due now may be done with already by what waits.
    pub fn is_behind(&self) -> bool {
        self.log.away().is_some()
            || self.spool().is_some_and(|spool| spool.any(|room| self.is_on(room) && !self.is_elsewhere(room)))
    }

    /// What came through a bot that is off waits until it is on again: nobody could be answered.
    fn is_on(&self, room: &RoomId) -> bool {
        self.settings.bots.contains_key(room.bot())
    }

    /// What came through a bot that another node speaks for by now is decided all the same, and answered once it is back here.
    fn is_elsewhere(&self, room: &RoomId) -> bool {
        self.outbox.is_elsewhere(&BotName::new(room.bot()))
    }

    /// Since when the shared log cannot be reached; `None`: it can, as far as is known.
    fn away(&self) -> Option<Away> {
        let spool = self.spool()?;
        match self.log.away() {
            Some(why) => spool.note(Some(why), self.settings.clock.now()),
            // Whether what waits can be decided is found out by trying; with nothing there, by the next that is said.
            None if spool.is_empty() => return None,
            None => {}
        }
        spool.away()
    }

    /// Whether what is said in this room has to wait.
    fn must_wait(&self, room: &RoomId) -> bool {
        self.spool().is_some_and(|spool| spool.waiting_in(room) > 0) || self.away().is_some()
    }

    /// The receipt of something that came again and is saved already.
    pub(super) async fn saved_before(&self, inbound: &Inbound) -> Option<Receipt> {
        if !self.spool()?.holds(&inbound.id) {
            return None;
        }
        // Whether its sender was told before the process died is known by whoever keeps answers: once is enough.
        self.tell_saved(inbound).await;
        Some(Receipt::KEPT)
    }

    /// Saves an inbound if it has to wait. `None`: it has not, or it changes nothing: it is answered as ever.
    pub(super) async fn save_if_it_must_wait(
        &self,
        bot: &BotName,
        inbound: &Inbound,
        lane: &mut Lane,
    ) -> Option<Result<Receipt, Failure>> {
        if !self.must_wait(&inbound.room.id) {
            return None;
        }
        self.save(bot, inbound, lane).await
    }

    /// The same for something that was on its way into the shared log when that could not be reached. `None`: nothing said
    /// by somebody who may change anything.
    pub(super) async fn save_instead(
        &self,
        why: String,
        bot: &BotName,
        inbound: &Inbound,
        lane: &mut Lane,
    ) -> Option<Result<Receipt, Failure>> {
        let spool = self.spool()?;
        spool.note(Some(why), self.settings.clock.now());
        self.save(bot, inbound, lane).await
    }

    async fn save(&self, bot: &BotName, inbound: &Inbound, lane: &mut Lane) -> Option<Result<Receipt, Failure>> {
        let spool = self.spool()?;
        // Who speaks, and what about, is known only then.
        self.world.at_least(lane.newest.max(self.begun)).await;
        let before = lane.asked.clone();
        let Some(Waiting { asked, seen, told, confirms }) = self.weigh(bot, inbound, lane) else {
            lane.asked = before;
            return None;
        };
        let at = self.settings.clock.now();
        if self.log.away().is_some() && !matches!(inbound.said, Said::Pressed { .. }) && self.outbox.may_pass_on(bot) {
            // What it came to could not be told from here. The platform has it still, and hands it to whoever speaks then;
            // what was done by hand it may not have.
            lane.asked = before;
            let why = "the shared log cannot be reached, and another node may speak for the bot in a moment".to_owned();
            return Some(Ok(Receipt::NotKept { why }));
        }
        let saved = Saved { at, bot: bot.clone(), inbound: inbound.clone(), asked, seen, told };
        if let Err(error) = spool.keep(saved).await {
            lane.asked = before;
            return Some(match refused(&error) {
                Some(what) => Err(Refusal::new(what).into()),
                None => Ok(Receipt::NotKept { why: error.to_string() }),
            });
        }
        // They were answered in time.
        confirms.iter().for_each(|code| self.confirmations.hold(code));
        if told {
            self.tell_saved(inbound).await;
        }
        let pressed = told && matches!(inbound.said, Said::Pressed { .. });
        Some(Ok(Receipt::Kept { toast: pressed.then(|| say!(self.lang(inbound), "spool-saved-toast")) }))
    }

    /// Tells somebody that what they said is saved. What is shown from memory only is as good: the row is what counts.
    async fn tell_saved(&self, inbound: &Inbound) {
        let lang = self.lang(inbound);
        let words = if self.away().is_some() { say!(lang, "spool-saved") } else { say!(lang, "spool-saved-behind") };
        let mut answer = self.privately(Answer::new(Outbound::text(words)), inbound);
        answer.message.answers = Some(inbound.id.clone());
        let local = self.capabilities(inbound.room.id.bot()).is_some_and(|can| can.local);
        if inbound.room.kind == RoomKind::Group || local {
            answer.message.reply_to = about(inbound);
        }
        let key = format!("{}/saved", inbound.id);
        if let Err(error) = self.outbox.answer(&key, &inbound.room.id, vec![answer]).await {
            tracing::warn!(%error, "that something is saved could only be told from memory");
        }
    }

    /// Whether an inbound has to wait: it comes from somebody who is heard here and would change something, as far as that
    /// can be told now. Nothing is done, and nobody is answered.
    fn weigh(&self, bot: &BotName, inbound: &Inbound, lane: &mut Lane) -> Option<Waiting> {
        let speaker = self.heard(bot, inbound)?;
        let behind = self.spool().is_some_and(|spool| spool.waiting_in(&inbound.room.id) > 0);
        match &inbound.said {
            Said::Message { .. } | Said::Pressed { .. } => {
                let asked = lane.asked.as_ref().and_then(Asked::command).map(str::to_owned);
                let changes = |command: &Command| {
                    // A question that is answered with no is over at once, wherever the log is.
                    !matches!(command, Command::Look(_) | Command::Confirm { yes: false, .. })
                };
                // Refused, or answered with what changes nothing.
                let Ok(Heard::Pieces(pieces)) = self.pieces(bot, inbound, &speaker, lane) else { return None };
                let commands = || pieces.iter().filter_map(|piece| piece.command.as_ref().ok());
                let confirms = commands().filter_map(|command| match command {
                    Command::Confirm { code, yes: true, .. } => Some(code.clone()),
                    _ => None,
                });
                let confirms = confirms.collect();
                commands().any(changes).then_some(Waiting { asked, seen: None, told: true, confirms })
            }
            // What it is about may wait as well: then only the drain can tell what it comes to.
            Said::Edited { .. } => {
                let matters = matches!(self.pieces(bot, inbound, &speaker, lane), Ok(Heard::Pieces(_)));
                let own = inbound.id.rsplit_once("/e").is_some_and(|(original, _)| self.waits(original));
                (matters || behind).then_some(Waiting::untold_if(!matters && !own, None))
            }
            Said::Deleted { message } => {
                let matters = self.undoes(message, &speaker);
                let own = self.waits(&format!("{}/{}", message.room, message.id));
                (matters || behind).then_some(Waiting::untold_if(!matters && !own, None))
            }
            Said::Reacted { message, emoji, added } => {
                let meant = self.reaction_means(inbound, (message, emoji, *added), &speaker)?;
                (meant.matters || behind).then_some(Waiting::untold_if(!meant.matters, meant.seen))
            }
        }
    }

    fn waits(&self, inbound: &str) -> bool {
        self.spool().is_some_and(|spool| spool.holds(inbound))
    }

    /// A look says how old what it shows is, and that something said here is not in it yet.
    pub(super) fn dated(&self, mut answer: Answer, look: &Look, viewer: &Viewer) -> Answer {
        let Some(spool) = self.spool() else { return answer };
        let own = matches!(
            look,
            Look::Help { .. } | Look::Start { .. } | Look::Status { .. } | Look::Language | Look::Reports
        );
        if own || look.at().is_some() {
            return answer;
        }
        let n = spool.waiting_in(&RoomId::new(viewer.room.as_str()));
        let line = match self.away() {
            Some(away) => {
                let when = words::at(away.since, viewer);
                text_in!(viewer.lang, Style::Dim, "spool-as-of", when, n)
            }
            None if n > 0 => text_in!(viewer.lang, Style::Dim, "spool-not-in-it", n),
            None => return answer,
        };
        answer.message.text.plain("\n").append(line);
        answer
    }

    /// Decides what waits, for as long as the house runs. May be dropped anywhere, as a process may die anywhere.
    pub async fn decide_what_waits(&self, stop: Stop) {
        let Some(spool) = self.spool() else { return };
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = self.drain(spool) => {}
        }
    }

    async fn drain(&self, spool: &Spool) {
        self.world.at_least(self.begun).await;
        let mut pause = LOOK_EVERY;
        let mut drain = Drain::default();
        loop {
            self.tell_lost(spool).await;
            tokio::select! {
                () = spool.arrives() => {}
                // Since when it is away is for those who look, even when nothing waits.
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            let away = self.log.away();
            if away.is_some() || spool.is_empty() {
                spool.note(away, self.settings.clock.now());
                if !spool.is_empty() {
                    tokio::time::sleep(LOOK_EVERY).await;
                }
                continue;
            }
            let (count, blocked) = self.drain_once(spool, &mut drain).await;
            if count > 0 {
                pause = LOOK_EVERY;
            } else if !blocked {
                // All that waits, waits for a bot: nothing says that the log could not be reached.
                spool.note(self.log.away(), self.settings.clock.now());
            }
            if blocked {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PAUSE_MAX);
            } else if count == 0 {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
    }

    /// Decides rows in order: how many, and whether something is in the way, so that it is to be tried again after a pause.
    async fn drain_once(&self, spool: &Spool, drain: &mut Drain) -> (usize, bool) {
        // A room in which something is in the way keeps its order; the others go on.
        let mut stuck: Vec<RoomId> = Vec::new();
        let mut count = 0;
        loop {
            let unanswered = |id: &str, room: &RoomId| drain.unanswered.contains_key(id) && self.is_elsewhere(room);
            let may = |room: &RoomId, id: &str| self.is_on(room) && !stuck.contains(room) && !unanswered(id, room);
            let lot = spool.first(LOT, may).await;
            if lot.is_empty() {
                return (count, !stuck.is_empty());
            }
            for next in lot {
                let room = &next.saved.inbound.room.id;
                if stuck.contains(room) {
                    continue;
                }
                let known = drain.unanswered.remove(&next.saved.inbound.id);
                match self.decide(spool, &next, known).await {
                    Decided::Unanswered(answers) => {
                        spool.note(None, self.settings.clock.now());
                        drain.unanswered.insert(next.saved.inbound.id.clone(), answers);
                    }
                    Decided::Done => {
                        count += 1;
                        spool.note(None, self.settings.clock.now());
                        *drain.decided.entry(room.clone()).or_default() += 1;
                        if spool.waiting_in(room) == 0 {
                            let many = drain.decided.remove(room).unwrap_or(0);
                            self.tell_shared(&next.saved.inbound, many).await;
                        }
                    }
                    Decided::Away(why) => {
                        tracing::debug!(why, "the shared log cannot be reached; what is saved goes on waiting");
                        spool.note(Some(why), self.settings.clock.now());
                        return (count, true);
                    }
                    Decided::Again(why) => {
                        let inbound = &next.saved.inbound.id;
                        tracing::warn!(inbound, why, "something that was saved could not be decided yet");
                        stuck.push(room.clone());
                    }
                }
            }
        }
    }

    /// Decides one row as it would have been decided when it was said, and keeps what it came to.
    async fn decide(&self, spool: &Spool, next: &Next, known: Option<Vec<Answer>>) -> Decided {
        let Saved { bot, inbound, asked, seen, told, .. } = &next.saved;
        let room = &inbound.room.id;
        let lane = self.lane(room);
        let mut lane = lane.lock().await;
        let _talking = self.outbox.talks_in(room);
        let decided = known.is_some();
        let mut answers = known.unwrap_or_default();
        // Answered before the process died, and not taken out any more.
        if !decided && !self.outbox.answered(&inbound.id) {
            // What a button asked for since is about what is said from now on.
            let live = lane.asked.take();
            lane.asked =
                asked.clone().and_then(|command| Some(Asked::before(self.who_speaks(inbound)?.person, command)));
            lane.seen = *seen;
            let taken = self.take(bot, inbound, &mut lane).await;
            (lane.asked, lane.seen) = (live, None);
            if let Err(Failure::Away(why)) = taken {
                return Decided::Away(why);
            }
            let reply = match self.worded(bot, inbound, taken) {
                Ok(reply) => reply,
                Err(why) => return Decided::Again(why),
            };
            answers = reply.answers;
            if answers.is_empty() && *told && !reply.changed {
                answers.push(Answer::new(Outbound::text(say!(self.lang(inbound), "spool-nothing"))));
            }
            // It was said a while ago: what this is about has to be seen.
            for answer in answers.iter_mut().filter(|it| it.over.is_none() && it.board.is_none() && !it.message.silent)
            {
                answer.message.answers = Some(inbound.id.clone());
                if answer.message.reply_to.is_none() {
                    answer.message.reply_to = about(inbound);
                }
            }
        }
        if self.is_elsewhere(room) {
            return Decided::Unanswered(answers);
        }
        match self.outbox.answer(&inbound.id, room, answers).await {
            Ok(_) => {
                spool.done(next);
                Decided::Done
            }
            Err(error) => Decided::Again(error.to_string()),
        }
    }

    /// After many answers at once: where they come from.
    async fn tell_shared(&self, last: &Inbound, n: usize) {
        if n < MANY {
            return;
        }
        let words = say!(self.lang_of(&last.room.id), "spool-shared", n);
        let key = format!("{}/shared", last.id);
        if let Err(error) = self.outbox.answer(&key, &last.room.id, vec![Answer::new(Outbound::text(words))]).await {
            tracing::warn!(%error, "that everything is shared could only be told from memory");
        }
    }

    /// Owners are told of what was saved and cannot be read: whoever said it is not known.
    async fn tell_lost(&self, spool: &Spool) {
        for (name, why) in spool.lost() {
            let owners = self.world.read(|world| {
                let owners = world.people().filter(|person| person.role == Some(Role::Owner));
                owners.map(|person| person.id).collect::<Vec<_>>()
            });
            for owner in owners {
                let rooms =
                    self.world.read(|world| self.outbox.direct_rooms(|heard| heard.whose(world) == Some(owner)));
                let Some(room) = rooms.into_iter().find(|room| !self.outbox.refuses(room)) else { continue };
                let words = say!(self.lang_of(&room), "spool-damaged", why = why.as_str());
                let key = format!("spool/damaged/{name}/{}", owner.0);
                if let Err(error) = self.outbox.answer(&key, &room, vec![Answer::new(Outbound::text(words))]).await {
                    tracing::warn!(%room, %error, "an owner could be told of a damaged spool only from memory");
                }
            }
        }
    }

    /// Somebody this is heard from: known, and spoken where it is listened to.
    fn heard(&self, bot: &BotName, inbound: &Inbound) -> Option<Speaker> {
        let speaker = self.who_speaks(inbound)?;
        if inbound.room.kind == RoomKind::Direct {
            return Some(speaker);
        }
        let listens = self.world.read(|world| world.listens(inbound.room.id.as_str()));
        (super::admit::addressed(inbound) && (listens || self.enables(bot.as_str(), inbound))).then_some(speaker)
    }

    fn who_speaks(&self, inbound: &Inbound) -> Option<Speaker> {
        let identity = Identity(inbound.sender.id.as_str().to_owned());
        self.world.read(|world| {
            let person = world.by_identity(&identity)?;
            Some(Speaker { person: person.id, role: person.role? })
        })
    }

    /// What an inbound came to, in words; `Err`: it is to be delivered again.
    pub(super) fn worded(
        &self,
        bot: &BotName,
        inbound: &Inbound,
        taken: Result<Reply, Failure>,
    ) -> Result<Reply, String> {
        let mut reply = match taken {
            Ok(reply) => reply,
            Err(Failure::Refused(refusal)) => {
                let reader = self.reader(inbound);
                let toast = refusal.line(&reader);
                let most = self.capabilities(bot.as_str()).map_or(64, |can| can.button_data_bytes_max);
                let answer = self.privately(Answer::new(refusal.message(&reader, most)), inbound);
                Reply { toast: Some(toast), answers: vec![answer], changed: false }
            }
            Err(Failure::Again(why) | Failure::Away(why)) => return Err(why),
        };
        // What is shown besides the answer to it stands by itself.
        for answer in reply.answers.iter_mut().filter(|answer| !answer.message.silent) {
            answer.message.answers = Some(inbound.id.clone());
        }
        Ok(reply)
    }

    /// What the spool is like, in words for whoever looks after the machine.
    pub(crate) fn spool_findings(&self) -> Vec<crate::control::Finding> {
        self.spool().map(|spool| findings(&spool.waits())).unwrap_or_default()
    }
}

/// What doctor says of a spool.
pub(crate) fn findings(waits: &crate::spool::Waits) -> Vec<crate::control::Finding> {
    use crate::control::Finding;

    let mut findings = Vec::new();
    if let Some(away) = &waits.away {
        let since = away.since.format("%Y-%m-%d %H:%M UTC");
        findings.push(Finding::fail(
            "log",
            format!("the shared log cannot be reached since {since}: {}", away.why),
            "what is said is saved in spool/ and decided when it can be reached again: look at its servers",
        ));
    }
    if waits.waiting > 0 {
        let since = waits.since.map(|since| since.format("%Y-%m-%d %H:%M UTC").to_string()).unwrap_or_default();
        let n = crate::projection::words::count(waits.waiting as u64, "command", Lang::English);
        findings.push(Finding::warn(
            "spool",
            format!("{n} saved since {since}, not yet in the shared log"),
            "they are decided by themselves, in order; do not delete spool/",
        ));
    }
    if waits.aside + waits.damaged > 0 {
        findings.push(Finding::warn(
            "spool",
            format!("{} saved commands and {} whole files of them cannot be read", waits.aside, waits.damaged),
            "they lie in spool/ as they are; ask whoever wrote then to look whether it was done",
        ));
    }
    if let Some(why) = &waits.failed {
        findings.push(Finding::fail("spool", format!("nothing more can be saved: {why}"), "restart yoman"));
    }
    findings
}

/// The message that what comes of it answers.
fn about(inbound: &Inbound) -> Option<MessageRef> {
    match &inbound.said {
        Said::Message { message, .. } | Said::Edited { message, .. } | Said::Reacted { message, .. } => {
            Some(message.clone())
        }
        Said::Pressed { card, .. } => Some(card.clone()),
        Said::Deleted { .. } => None,
    }
}

/// Why something is not even saved, as far as its sender can do something about it.
fn refused(error: &SpoolError) -> Option<Wording> {
    match error {
        SpoolError::Full(n) => Some(wording!("spool-full", n = n.to_string())),
        SpoolError::NoSpace { free_mb, floor_mb } => {
            Some(wording!("spool-no-space", free = free_mb.to_string(), floor = floor_mb.to_string()))
        }
        SpoolError::TooLong(_) => Some(wording!("spool-too-long")),
        SpoolError::Failed(_) => None,
    }
}

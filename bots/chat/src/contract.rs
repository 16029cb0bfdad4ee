//! What every bot must pass.
//!
//! A platform's tests implement [`Harness`] over its stand-in and call [`all`]:
//!
//! ```text
//! #[tokio::test]
//! async fn contract() {
//!     yoman_chat::contract::all(|| async { MyHarness::start().await }).await;
//! }
//! ```
//!
//! Every check gets a fresh harness, runs the bot with a [`Recorder`] behind it, and says in words what went wrong. What a
//! platform has not by its nature ([`Harness::supports`]) is not checked, and that is printed and returned: nothing is left
//! out in silence.
//!
//! # Layout
//!
//! * `deliveries.rs` what comes in: messages, changes of them, presses
//! * `reactions.rs`  reactions; `pins.rs` pinning
//! * here            the harness, what goes out, stopping

mod deliveries;
mod pins;
mod reactions;

use std::{io::Write as _, sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::task::JoinHandle;

use self::{
    deliveries::{
        a_press_brings_the_data_and_the_card, an_edit_is_delivered_as_one, confirms_only_what_was_kept,
        delivers_in_order_within_a_room, ids_tell_deliveries_apart, one_that_is_never_kept_holds_up_no_other,
        the_unknown_is_kept_aside_and_blocks_nothing, what_cannot_come_again_is_told,
        what_was_kept_does_not_come_again_after_a_restart, what_was_not_kept_comes_again_under_the_same_id,
    },
    pins::a_message_can_be_pinned_and_unpinned,
    reactions::a_reaction_is_delivered_when_put_and_when_taken_away,
};
use crate::{
    Bot, BotError, Button, Inbound, MessageRef, Outbound, RoomId, Said, SendError, Stop, Style, Text, fake::Recorder,
};

/// How long anything that should happen may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a bot may take to stop.
const STOP_MAX: Duration = Duration::from_secs(2);

/// Trouble on the platform's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The next call is answered: too many requests, wait one second.
    TooMany,
    /// The next call is answered with an error of the server; nothing is done.
    ServerError,
    /// The next call takes effect, and the connection ends before the answer.
    LostAnswer,
    /// The bot is blocked or kicked out in the room, for good.
    ShutOut,
}

/// What a platform has by its nature. A platform that can do a thing must not say here that it cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Supports {
    /// In how many rooms people can write: 1 to 4.
    pub rooms: usize,
    /// It delivers again what was not kept. Otherwise whoever wrote it must be told.
    pub redelivery: bool,
    /// A delivery nobody understands can be kept aside. Otherwise whoever made it must be told.
    pub asides: bool,
    /// People can change what they wrote.
    pub changes: bool,
    /// Buttons can be pressed. Otherwise they stand in the text.
    pub presses: bool,
    /// People can react to a message with an emoji, and the bot is told.
    pub reactions: bool,
    /// It can be seen which message is which, and what it answers.
    pub references: bool,
    /// What can go wrong on its side.
    pub troubles: &'static [Trouble],
}

impl Supports {
    /// All there is.
    pub const EVERYTHING: Self = Self {
        rooms: 4,
        redelivery: true,
        asides: true,
        changes: true,
        presses: true,
        reactions: true,
        references: true,
        troubles: &[Trouble::TooMany, Trouble::ServerError, Trouble::LostAnswer, Trouble::ShutOut],
    };

    fn lacking(&self) -> Vec<(&'static str, String)> {
        let mut lacking: Vec<(&'static str, String)> = Vec::new();
        let mut not = |holds: bool, check: &'static str, why: &str| {
            if !holds {
                lacking.push((check, why.to_owned()));
            }
        };
        not(self.redelivery, "confirms_only_what_was_kept", "it holds no deliveries");
        not(self.redelivery, "what_was_not_kept_comes_again_under_the_same_id", "it delivers nothing again");
        not(self.presses, "a_press_brings_the_data_and_the_card", "nothing can be pressed there");
        not(
            self.reactions,
            "a_reaction_is_delivered_when_put_and_when_taken_away",
            "nobody can react to anything there",
        );
        not(self.changes, "an_edit_is_delivered_as_one", "nobody can change what they wrote");
        lacking
    }

    /// What is left out of checks that run all the same.
    fn partly(&self) -> Vec<(&'static str, String)> {
        let mut partly: Vec<(&'static str, String)> = Vec::new();
        let mut not = |holds: bool, check: &'static str, why: &str| {
            if !holds {
                partly.push((check, why.to_owned()));
            }
        };
        not(self.rooms > 1, "delivers_in_order_within_a_room", "there is one room only");
        not(self.changes, "ids_tell_deliveries_apart", "of a change: nobody can change what they wrote");
        not(
            self.redelivery,
            "one_that_is_never_kept_holds_up_no_other",
            "that it comes again: it delivers nothing again",
        );
        not(self.asides, "the_unknown_is_kept_aside_and_blocks_nothing", "that it is kept aside: it is told instead");
        let check = "a_sent_message_can_be_edited_and_answered";
        not(self.references, check, "which message it is and what it answers: that cannot be seen there");
        not(self.presses, check, "the data of buttons: they stand in the text");
        for trouble in Self::EVERYTHING.troubles {
            let why = format!("{trouble:?}: that cannot happen there");
            not(self.troubles.contains(trouble), "failures_are_told_apart", &why);
        }
        partly
    }
}

/// What of the contract a platform has not by its nature, check by check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Checks that did not run, and why.
    pub whole: Vec<(&'static str, String)>,
    /// Checks that ran without a part, and without which.
    pub partly: Vec<(&'static str, String)>,
}

/// A message as the platform shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The platform's id of it, as in [`MessageRef::id`].
    pub id: String,
    /// Its text without formatting.
    pub text: String,
    /// The data of its buttons, row after row.
    pub buttons: Vec<String>,
    /// The id of the message it answers.
    pub reply_to: Option<String>,
}

/// A platform's stand-in with one bot on it, and people.
#[async_trait]
pub trait Harness: Send + Sync {
    /// Connects a bot as a new process would: with nothing remembered but what the platform holds.
    fn connect(&self) -> Arc<dyn Bot>;

    /// What the platform has by its nature.
    fn supports(&self) -> Supports {
        Supports::EVERYTHING
    }

    /// A direct room of one person with the bot; the same at every call with the same `number`, which is less than
    /// [`Supports::rooms`].
    fn room(&self, number: usize) -> RoomId;

    /// The person of `room` writes; gives the message.
    async fn write(&self, room: &RoomId, text: &str) -> MessageRef;

    /// The person of the room changes an own message of theirs.
    async fn change(&self, message: &MessageRef, text: &str);

    /// The person of the room presses the button that carries `data`.
    async fn press(&self, card: &MessageRef, data: &str);

    /// The person of the room puts a reaction to a message of the bot, or takes it away.
    async fn react(&self, message: &MessageRef, emoji: &str, added: bool);

    /// The platform delivers something of a shape nobody knows.
    async fn deliver_unknown(&self);

    /// What the bot has standing in `room`, oldest first.
    async fn shown(&self, room: &RoomId) -> Vec<Seen>;

    /// The ids of the messages that stand pinned in `room`; asked only of platforms that can pin.
    async fn pinned(&self, _room: &RoomId) -> Vec<String> {
        Vec::new()
    }

    /// The next call of the bot in `room` meets `trouble`.
    async fn trouble(&self, room: &RoomId, trouble: Trouble);

    /// How many deliveries the platform still holds for the bot; `None` where it holds none by design.
    async fn held(&self) -> Option<usize>;

    /// What must never be printed.
    fn secrets(&self) -> Vec<String>;
}

type Verdict = Result<(), String>;

/// Runs every check that applies, each with a harness of its own; returns what does not, after saying so on standard error.
///
/// # Panics
/// With the name of the first check that fails and why.
pub async fn all<H, F>(new: impl Fn() -> F) -> LeftOut
where
    H: Harness,
    F: Future<Output = H>,
{
    let supports = new().await.supports();
    let mut left_out = LeftOut { whole: supports.lacking(), partly: supports.partly() };
    if !new().await.connect().capabilities().pins {
        left_out.whole.push(("a_message_can_be_pinned_and_unpinned", "nothing can be pinned there".into()));
    }
    macro_rules! run {
        ($($check:ident),* $(,)?) => {
            $(
                if !left_out.whole.iter().any(|(check, _)| *check == stringify!($check)) {
                    let harness = new().await;
                    let verdict = $check(&harness).await;
                    assert!(verdict.is_ok(), "{}: {}", stringify!($check), verdict.err().unwrap_or_default());
                }
            )*
        };
    }
    run!(
        delivers_in_order_within_a_room,
        ids_tell_deliveries_apart,
        confirms_only_what_was_kept,
        what_was_not_kept_comes_again_under_the_same_id,
        what_cannot_come_again_is_told,
        what_was_kept_does_not_come_again_after_a_restart,
        one_that_is_never_kept_holds_up_no_other,
        the_unknown_is_kept_aside_and_blocks_nothing,
        a_sent_message_can_be_edited_and_answered,
        a_message_can_be_pinned_and_unpinned,
        a_press_brings_the_data_and_the_card,
        a_reaction_is_delivered_when_put_and_when_taken_away,
        an_edit_is_delivered_as_one,
        failures_are_told_apart,
        stops_in_time,
        keeps_its_secrets,
    );
    // Not printed: the test runner would keep that to itself.
    let mut out = std::io::stderr();
    for (check, why) in &left_out.whole {
        let _ = writeln!(out, "contract: {check} does not apply: {why}");
    }
    for (check, what) in &left_out.partly {
        let _ = writeln!(out, "contract: {check} ran without a part, {what}");
    }
    left_out
}

/// The room of one of several people, as far as there are several.
fn room_of(harness: &dyn Harness, number: usize) -> RoomId {
    harness.room(number % harness.supports().rooms)
}

/// A bot that runs.
struct Running {
    bot: Arc<dyn Bot>,
    recorder: Arc<Recorder>,
    stop: Stop,
    task: JoinHandle<Result<(), BotError>>,
}

impl Running {
    fn start(harness: &dyn Harness) -> Self {
        Self::start_with(harness, Recorder::new())
    }

    fn start_with(harness: &dyn Harness, recorder: Arc<Recorder>) -> Self {
        let bot = harness.connect();
        let stop = Stop::new();
        let inbox = recorder.inbox(bot.name());
        let (runs, stopped) = (Arc::clone(&bot), stop.clone());
        let task = tokio::spawn(async move { runs.run(inbox, stopped).await });
        Self { bot, recorder, stop, task }
    }

    async fn kept(&self, count: usize) -> Result<Vec<Inbound>, String> {
        let kept = self.recorder.wait_kept(count, PATIENCE).await;
        ensure(kept.len() >= count, || format!("{} of {count} were kept", kept.len()))?;
        Ok(kept)
    }

    async fn end(self) -> Verdict {
        self.stop.cancel();
        match tokio::time::timeout(STOP_MAX, self.task).await {
            Ok(Ok(Ok(()))) => Ok(()),
            Ok(Ok(Err(error))) => Err(format!("run ended with: {error}")),
            Ok(Err(panic)) => Err(format!("run panicked: {panic}")),
            Err(_) => Err("it did not stop within 2 s".into()),
        }
    }
}

fn ensure(holds: bool, why: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(why()) }
}

fn text(inbound: &Inbound) -> &str {
    match &inbound.said {
        Said::Message { text, .. } | Said::Edited { text, .. } => text,
        Said::Pressed { data, .. } => data,
        Said::Reacted { emoji, .. } => emoji,
        Said::Deleted { .. } => "",
    }
}

async fn until_held(harness: &dyn Harness, wanted: usize) -> Verdict {
    let until = tokio::time::Instant::now() + PATIENCE;
    loop {
        match harness.held().await {
            None => return Ok(()),
            Some(held) if held == wanted => return Ok(()),
            Some(held) if tokio::time::Instant::now() > until => {
                return Err(format!("the platform holds {held} deliveries, not {wanted}"));
            }
            Some(_) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

async fn a_sent_message_can_be_edited_and_answered(harness: &dyn Harness) -> Verdict {
    let room = harness.room(0);
    let running = Running::start(harness);
    let asked = harness.write(&room, "hello").await;
    running.kept(1).await?;
    let bot = &running.bot;
    let capabilities = bot.capabilities();
    let mut words = Text::new();
    words.push(Style::Bold, "a card").plain(" 🦀 with ").push(Style::Code, "code").plain(" & <b>signs</b> *_`");
    let plain = words.to_plain();
    let first = Outbound::text(words).reply_to(Some(asked.clone())).row(vec![Button::new("Do", "done T1")]);
    let card = bot.send(&room, &first).await.map_err(|e| format!("send: {e}"))?;
    let shown = harness.shown(&room).await;
    let seen = shown.first().ok_or("nothing is shown")?;
    let supports = harness.supports();
    let says = if supports.presses { seen.text == plain } else { seen.text.starts_with(&plain) };
    ensure(says, || format!("{seen:?} is not what was sent as {card:?}"))?;
    if supports.references {
        ensure(seen.id == card.id, || format!("{seen:?} is not what was sent as {card:?}"))?;
        ensure(seen.reply_to.as_deref() == Some(asked.id.as_str()), || format!("it answers {:?}", seen.reply_to))?;
    }
    if capabilities.buttons && supports.presses {
        ensure(seen.buttons == ["done T1"], || format!("its buttons are {:?}", seen.buttons))?;
    }
    let second = Outbound::text("answering a card").reply_to(Some(card.clone()));
    bot.send(&room, &second).await.map_err(|e| format!("send a reply to a card: {e}"))?;
    if capabilities.edits {
        let changed = Outbound::text("changed");
        bot.edit(&card, &changed).await.map_err(|e| format!("edit: {e}"))?;
        bot.edit(&card, &changed).await.map_err(|e| format!("the same edit again: {e}"))?;
        let shown = harness.shown(&room).await;
        let seen = shown.first().ok_or("nothing is shown")?;
        ensure(seen.text == "changed" && seen.buttons.is_empty(), || format!("after the edit it shows {seen:?}"))?;
        ensure(shown.len() == 2, || format!("{} messages stand there, not 2", shown.len()))?;
        let gone = MessageRef { room: room.clone(), id: "987654321".into() };
        let error = bot.edit(&gone, &changed).await.err();
        ensure(matches!(error, Some(SendError::Gone(_))), || format!("an edit of nothing: {error:?}"))?;
    } else {
        let error = bot.edit(&card, &Outbound::text("changed")).await.err();
        let refused = matches!(error, Some(SendError::Gone(_) | SendError::Refused(_)));
        ensure(refused, || format!("an edit where nothing can be edited: {error:?}"))?;
        let shown = harness.shown(&room).await;
        ensure(shown.len() == 2, || format!("{} messages stand there, not 2", shown.len()))?;
    }
    running.end().await
}

async fn failures_are_told_apart(harness: &dyn Harness) -> Verdict {
    let room = harness.room(0);
    let running = Running::start(harness);
    let bot = &running.bot;
    let message = Outbound::text("x");
    let can = |trouble| harness.supports().troubles.contains(&trouble);
    let card = bot.send(&room, &message).await.map_err(|e| format!("send: {e}"))?;
    if can(Trouble::TooMany) {
        harness.trouble(&room, Trouble::TooMany).await;
        let error = bot.send(&room, &message).await.err();
        let waits = matches!(&error, Some(SendError::RetryAfter { after, .. }) if *after >= Duration::from_millis(500) && *after <= Duration::from_secs(5));
        ensure(waits, || format!("too many requests became {error:?}"))?;
    }
    if can(Trouble::ServerError) {
        harness.trouble(&room, Trouble::ServerError).await;
        let error = bot.send(&room, &message).await.err();
        ensure(matches!(error, Some(SendError::NotSent(_))), || format!("a server error became {error:?}"))?;
    }
    let before = harness.shown(&room).await.len();
    ensure(before == 1, || format!("one attempt each, yet {before} messages stand there"))?;
    if can(Trouble::LostAnswer) {
        harness.trouble(&room, Trouble::LostAnswer).await;
        let error = bot.send(&room, &message).await.err();
        ensure(matches!(error, Some(SendError::Unknown(_))), || format!("a lost answer became {error:?}"))?;
        let after = harness.shown(&room).await.len();
        ensure(after == 2, || format!("one attempt each, yet {after} messages stand there"))?;
    }
    if can(Trouble::ShutOut) {
        let other = room_of(harness, 3);
        harness.trouble(&other, Trouble::ShutOut).await;
        let error = bot.send(&other, &message).await.err();
        ensure(matches!(error, Some(SendError::Refused(_))), || format!("being shut out became {error:?}"))?;
    }
    if bot.capabilities().edits {
        bot.edit(&card, &Outbound::text("y")).await.map_err(|e| format!("edit after all that: {e}"))?;
    }
    running.end().await
}

async fn stops_in_time(harness: &dyn Harness) -> Verdict {
    let idle = Running::start(harness);
    tokio::time::sleep(Duration::from_millis(100)).await;
    idle.end().await?;
    let recorder = Recorder::new();
    recorder.delay(Duration::from_secs(30));
    harness.write(&harness.room(0), "slow").await;
    let busy = Running::start_with(harness, Arc::clone(&recorder));
    let tried = recorder.wait(PATIENCE, |r| (!r.tried().is_empty()).then_some(())).await;
    ensure(tried.is_some(), || "nothing was submitted".into())?;
    busy.end().await
}

async fn keeps_its_secrets(harness: &dyn Harness) -> Verdict {
    let room = harness.room(0);
    let running = Running::start(harness);
    let mut said = Vec::new();
    for trouble in harness.supports().troubles {
        harness.trouble(&room, *trouble).await;
        if let Err(error) = running.bot.send(&room, &Outbound::text("x")).await {
            said.push(format!("{error} {error:?}"));
        }
    }
    for secret in harness.secrets() {
        let leak = said.iter().find(|text| text.contains(&secret));
        ensure(leak.is_none(), || "an error holds a secret".into())?;
    }
    running.end().await
}

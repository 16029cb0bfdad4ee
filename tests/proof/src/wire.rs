//! A platform as the run needs it: people who do things, and what they see. Ids are whatever the platform's are.

mod discord;
mod slack;
mod telegram;

use std::{sync::Arc, time::Duration};

pub(crate) use self::{discord::Discord, slack::Slack, telegram::Telegram};

/// Those who talk; the first owns the log.
pub(crate) const PEOPLE: [&str; 4] = ["Kim", "Dana", "Lee", "Noor"];

/// The platforms there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Platform {
    /// Updates, handed over until they are confirmed.
    Telegram,
    /// A gateway that hands over once.
    Discord,
    /// Envelopes that are acknowledged.
    Slack,
}

impl Platform {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Telegram, Self::Discord, Self::Slack];

    /// Its stand-in, at a port of its own.
    pub(crate) async fn start(self) -> Arc<dyn Wire> {
        match self {
            Self::Telegram => Arc::new(Telegram::start().await),
            Self::Discord => Arc::new(Discord::start().await),
            Self::Slack => Arc::new(Slack::start().await),
        }
    }
}

/// A message of yoman's as it was sent.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) id: String,
    /// The message it answers, or whose thread it stands in.
    pub(crate) reply_to: Option<String>,
    /// What it said when it was sent, whatever it was changed to since.
    pub(crate) first: String,
    /// When, in the stand-in's clock.
    pub(crate) at_us: u64,
}

/// What a stand-in has counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted {
    pub(crate) now_us: u64,
    /// Messages sent by yoman.
    pub(crate) sent: u64,
    /// What was handed to yoman.
    pub(crate) delivered: u64,
    /// Something that is more once a yoman that was started has come to work.
    pub(crate) at_work: u64,
}

/// A command of the platform's own: what it is called, and the one thing that is filled in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slash<'a> {
    pub(crate) verb: &'static str,
    pub(crate) option: &'static str,
    pub(crate) value: &'a str,
}

/// People on a platform, and a group they share with yoman.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// Each with their direct chat.
    pub(crate) people: Vec<(String, String)>,
    pub(crate) group: String,
}

/// One platform.
pub(crate) trait Wire: Send + Sync {
    /// The people who talk, and where.
    fn place(&self) -> Place;

    /// What yoman is told about where the platform is.
    fn environment(&self) -> Vec<(&'static str, String)>;

    /// What was counted so far.
    fn counted(&self) -> Counted;

    /// The next message of yoman's but `skip` is taken, and yoman never hears of it.
    fn hang(&self, skip: u32);

    /// No more of that.
    fn no_faults(&self);

    /// While yoman was away the platform has forgotten what it had not handed over, as far as it ever does.
    fn forget(&self) {}

    /// What yoman wrote in a chat, oldest first.
    fn shown(&self, chat: &str) -> Vec<Shown>;

    /// Somebody writes a text as it is written on Telegram, answering a message of yoman's; gives the message.
    fn say(&self, chat: &str, who: &str, text: &str, on: Option<&str>) -> String;

    /// Whether a message of yoman's can be answered in a way that names its item.
    fn can_answer(&self, chat: &str, message: &str) -> bool;

    /// Somebody changes what they wrote.
    fn change(&self, chat: &str, message: &str, text: &str);

    /// Somebody presses a button; gives the deed, or `None` when there is no such button any more.
    fn press(&self, chat: &str, who: &str, message: &str, label: &str) -> Option<String>;

    /// Somebody uses a command; gives the deed, or `None` where the platform has no such thing.
    fn command(&self, chat: &str, who: &str, slash: Slash<'_>) -> Option<String>;

    /// Whether it is not known how changes and what is done by hand stand in time to the messages around them.
    fn loose(&self) -> bool {
        false
    }

    /// Whether the platform was told that a deed has arrived. `None`: the platform hands it over until it was.
    fn confirmed(&self, deed: &str) -> Option<bool>;
}

/// Waits until `look` gives true, at most `patience`; whether it did.
pub(crate) async fn until(patience: Duration, mut look: impl FnMut() -> bool) -> bool {
    let end = tokio::time::Instant::now() + patience;
    loop {
        if look() {
            return true;
        }
        if tokio::time::Instant::now() >= end {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

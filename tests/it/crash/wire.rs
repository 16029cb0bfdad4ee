//! A platform as the run needs it: people who do things, and what they see. Ids are whatever the platform's are.

use std::time::Duration;

/// A message of yoman's as it was sent.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub(super) id: String,
    /// The message it answers, or whose thread it stands in.
    pub(super) reply_to: Option<String>,
    /// What it said when it was sent, whatever it was changed to since.
    pub(super) first: String,
    /// When, in the stand-in's clock.
    pub(super) at_us: u64,
}

/// What a stand-in has counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted {
    pub(super) now_us: u64,
    /// Messages sent by yoman.
    pub(super) sent: u64,
    /// What was handed to yoman.
    pub(super) delivered: u64,
    /// Something that is more once a yoman that was started has come to work.
    pub(super) at_work: u64,
}

/// A command of the platform's own: what it is called, and the one thing that is filled in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slash<'a> {
    pub(super) verb: &'static str,
    pub(super) option: &'static str,
    pub(super) value: &'a str,
}

/// People on a platform, and a group they share with yoman.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Each with their direct chat.
    pub(super) people: Vec<(String, String)>,
    pub(super) group: String,
}

/// One platform.
pub(super) trait Wire: Send + Sync {
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
pub(super) async fn until(patience: Duration, mut look: impl FnMut() -> bool) -> bool {
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

//! Several nodes on one log: one speaks for the bot, and another goes on when it dies, is cut off, or is stopped. With a real
//! NATS server.
//!
//! # Layout
//!
//! * `node.rs`      a node that can be killed as a process is
//! * `cable.rs`     a network that can be cut
//! * `wire.rs`      the real program, and what it is wired to
//! * `process.rs`   the real program, killed and frozen
//! * `cut_off.rs`   the real program, cut off from NATS alone
//! * `namespace.rs` the network it is in then, on Linux

mod cable;
mod cut_off;
#[cfg(target_os = "linux")]
mod namespace;
mod node;
mod process;
mod wire;

use std::time::{Duration, Instant};

use yoman::nodes::WhenAway;
use yoman_chat::fake::{Asked, FakeBot, FakeMessage};

use self::{
    cable::Cable,
    node::{Node, Site},
};

const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until `holds`.
fn until(what: &str, mut holds: impl FnMut() -> bool) -> Duration {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "never came about: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
    start.elapsed()
}

/// The todos that were answered in kim's room, in order, and how many of the answers are marked as possible repeats.
fn made(bot: &FakeBot) -> (Vec<String>, usize) {
    let shown = bot.shown(&bot.room("kim"));
    let made = |message: &&FakeMessage| message.first().text.to_plain().contains("errand ");
    let (repeats, plain): (Vec<_>, Vec<_>) = shown.iter().filter(made).partition(|it| it.first().repeat);
    let title = |message: &FakeMessage| {
        let text = message.first().text.to_plain();
        let words: Vec<_> = text[text.find("errand ").unwrap()..].split_whitespace().take(2).collect();
        words.join(" ")
    };
    (plain.into_iter().map(title).collect(), repeats.len())
}

/// What a message was when it was sent.
trait First {
    fn first(&self) -> &yoman_chat::Outbound;
}

impl First for FakeMessage {
    fn first(&self) -> &yoman_chat::Outbound {
        self.before.first().unwrap_or(&self.now)
    }
}

fn errands(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|n| format!("errand {n}")).collect()
}

fn ask(bot: &FakeBot, range: std::ops::Range<usize>) {
    for n in range {
        bot.write("kim", &format!("/todo errand {n}"));
    }
}

/// Everything was made and answered once, in order; what may have been shown by one that died is marked, at most one message
/// for each of them.
fn all_answered(site: &Site, count: usize) {
    all_answered_after(site, count, 1);
}

fn all_answered_after(site: &Site, count: usize, deaths: usize) {
    until("all is kept", || site.bot.waiting() == 0);
    until("all is answered", || {
        let (plain, repeats) = made(&site.bot);
        plain.len() + repeats >= count
    });
    assert_eq!(site.titles(), errands(0..count), "what stands in the log");
    let (plain, repeats) = made(&site.bot);
    let mut once = plain.clone();
    once.dedup();
    assert_eq!(plain, once, "nothing is shown twice without a mark");
    assert!(plain.is_sorted_by_key(|title| title["errand ".len()..].parse::<usize>().unwrap()), "{plain:?}");
    assert!(repeats <= deaths, "{repeats} are marked as possible repeats");
    assert!(plain.len() + repeats <= count + deaths, "{plain:?}");
}

#[test]
fn when_the_holder_is_killed_another_goes_on() {
    let site = Site::new();
    let first = Node::start(&site, "first", &site.url());
    first.claims(&site);
    let second = Node::start(&site, "second", &site.url());
    until("the second one knows who holds it", || second.holder() == Some("first".to_owned()));
    ask(&site.bot, 0..20);
    until("some are answered", || made(&site.bot).0.len() > 7);
    first.kill();
    ask(&site.bot, 20..40);
    let took = until("the second one speaks", || second.speaks());
    eprintln!("taken over after {took:?}");
    all_answered(&site, 40);

    // What was answered is not answered again, and the card that the first one sent is changed in its place.
    let answered = site.bot.receipts().first().map(|(id, _)| id.clone()).unwrap();
    assert!(answered.starts_with("fake/kim/"));
    let room = site.bot.room("kim");
    let card = site.bot.shown(&room).into_iter().find(|it| it.now.text.to_plain().contains("errand 0")).unwrap();
    let count = site.bot.shown(&room).len();
    site.bot.write("kim", "/done T1");
    until("it is done", || site.bot.shown(&room).len() > count);
    let edited = |asked: &Asked| matches!(asked, Asked::Edit { message, outcome: Ok(()), .. } if *message == card.at);
    until("the card is changed", || site.bot.asked().iter().any(edited));
    second.stop();
}

#[test]
fn a_holder_that_is_cut_off_falls_silent_and_is_not_heard_again() {
    let site = Site::new();
    let cable = Cable::to(site.address());
    let first = Node::start(&site, "first", &cable.url());
    first.claims(&site);
    let second = Node::start(&site, "second", &site.url());
    until("both know each other", || first.sees() == 2 && second.sees() == 2);
    ask(&site.bot, 0..5);
    until("answered", || made(&site.bot).0.len() == 5);
    cable.cut();
    let silent = until("the first one falls silent", || !first.speaks());
    ask(&site.bot, 5..15);
    let took = until("the second one speaks", || second.speaks());
    eprintln!("silent after {silent:?}, taken over {took:?} later");
    all_answered(&site, 15);
    cable.mend();
    until("the first one knows", || first.holder() == Some("second".to_owned()));
    assert!(!first.speaks());
    ask(&site.bot, 15..20);
    all_answered(&site, 20);
    // And back: what the second one kept is what the first one goes on with.
    second.kill();
    until("the first one speaks again", || first.speaks());
    ask(&site.bot, 20..25);
    all_answered_after(&site, 25, 2);
    first.stop();
}

#[test]
fn a_node_that_is_stopped_hands_over_at_once() {
    let mut site = Site::new();
    // Nobody could wait for that.
    site.ttl = Duration::from_secs(120);
    let first = Node::start(&site, "first", &site.url());
    first.claims(&site);
    let second = Node::start(&site, "second", &site.url());
    until("the second one knows who holds it", || second.holder() == Some("first".to_owned()));
    ask(&site.bot, 0..10);
    first.stop();
    until("the second one speaks", || second.speaks());
    ask(&site.bot, 10..20);
    all_answered(&site, 20);
    assert_eq!(made(&site.bot).1, 0, "nothing is uncertain after a stop");
    second.stop();
}

#[test]
fn a_node_by_itself_goes_on_while_nats_is_away_and_shares_it_later() {
    let mut site = Site::new();
    let first = Node::start(&site, "first", &site.url());
    first.claims(&site);
    ask(&site.bot, 0..5);
    all_answered(&site, 5);
    site.server.kill().unwrap();
    ask(&site.bot, 5..15);
    all_answered(&site, 15);
    assert!(first.speaks());
    site.server.restart().unwrap();
    until("it is shared again", || first.is_shared());
    ask(&site.bot, 15..20);
    all_answered(&site, 20);
    first.stop();
    // Somebody who was never there has all of it.
    let second = Node::start(&site, "second", &site.url());
    until("the second one speaks", || second.speaks());
    let room = site.bot.room("kim");
    let stood: Vec<FakeMessage> = site.bot.shown(&room);
    let card = stood.iter().find(|it| it.now.text.to_plain().contains("errand 9")).unwrap();
    site.bot.write("kim", "/done T10");
    let edited = |asked: &Asked| matches!(asked, Asked::Edit { message, outcome: Ok(()), .. } if *message == card.at);
    until("the card is changed", || site.bot.asked().iter().any(edited));
    second.stop();
}

#[test]
fn a_node_that_is_not_alone_or_told_to_stops_while_nats_is_away() {
    let mut site = Site::new();
    site.when_away = WhenAway::Stop;
    let first = Node::start(&site, "first", &site.url());
    first.claims(&site);
    ask(&site.bot, 0..3);
    all_answered(&site, 3);
    site.server.kill().unwrap();
    until("it is silent", || !first.speaks());
    ask(&site.bot, 3..6);
    site.server.restart().unwrap();
    until("it speaks again", || first.speaks());
    all_answered(&site, 6);
    first.stop();
}

#[test]
fn what_is_kept_of_a_bot_stays_small_and_is_whole() {
    let mut site = Site::new();
    site.snapshot_every = 20;
    let first = Node::start(&site, "first", &site.url());
    first.claims(&site);
    for round in 0..5 {
        ask(&site.bot, round * 20..(round + 1) * 20);
        all_answered(&site, (round + 1) * 20);
    }
    until("what was before a snapshot is removed", || site.first_sequence() > 20);
    first.kill();
    let second = Node::start(&site, "second", &site.url());
    until("the second one speaks", || second.speaks());
    assert_eq!(second.cards(), site.titles().len(), "it knows every card");
    ask(&site.bot, 100..105);
    until("answered", || made(&site.bot).0.len() >= 105);
    second.stop();
}

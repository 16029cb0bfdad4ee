//! What people say, and what has to come of it: the model that a run is held against.
//!
//! Every message carries a word of its own (`k17`). An item is acted on in the chat it was made in only, so the order in
//! which things are said there is all it takes to know what they come to. What is done by hand may be lost where the platform
//! hands it over only once: so nothing else ever rests on it.

use std::{collections::HashMap, sync::Arc, time::Duration};

use rand::{RngExt as _, rngs::StdRng, seq::IndexedRandom as _};

use super::{account, moment};
use crate::{
    program::Yoman,
    wire::{Place, Slash, Wire, until},
};

/// An item that does not exist has at least this number.
const NO_SUCH_ITEM: u64 = 900_000;
/// How long anything before the traffic may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long what was done by hand may go without an answer at the end before it counts as cut off.
const BY_HAND: Duration = Duration::from_secs(5);

/// So many commands are written in one message when the log is filled: no more are taken.
const LINES: usize = 20;

/// What was written longer ago than so many things done in its chat is not changed any more: each is at most three messages,
/// and after an outage the newest hundred are looked at for changes.
const CHANGED_WITHIN: usize = 25;

/// One event that has to be in the log: the word of the item it is about, its stored name, the word in its payload.
pub(crate) type Trace = (String, String, String);

/// Something somebody did.
#[derive(Clone, Debug, Default)]
pub(crate) struct Story {
    pub(crate) chat: String,
    pub(crate) who: String,
    pub(crate) what: String,
    /// When, in the stand-in's clock.
    pub(crate) at_us: u64,
    /// The message that answers must answer, where they do.
    pub(crate) reply_to: Option<String>,
    /// Done by hand (a press, a command): how the platform calls it, where it hands such a thing over only once.
    pub(crate) deed: Option<String>,
    /// The platform does not say how it stands in time to the messages around it.
    pub(crate) loose: bool,
    /// For each answer the pieces of text it has to have.
    pub(crate) answers: Vec<Vec<String>>,
    /// What has to be in the log.
    pub(crate) traces: Vec<Trace>,
}

/// Somebody in a chat.
struct Seat {
    chat: String,
    who: String,
}

impl Seat {
    /// Something they did here.
    fn story(&self, what: String) -> Story {
        Story { chat: self.chat.clone(), who: self.who.clone(), what, ..Story::default() }
    }
}

/// Where an item stands, as far as it matters here.
#[derive(Clone, Debug)]
struct Item {
    word: String,
    chat: String,
    /// The message that made it, if one did, and who wrote that.
    message: Option<String>,
    who: String,
    idea: bool,
    /// How it is written and the message that shows it, once it was answered.
    card: Option<(String, String)>,
    notes: u32,
    /// Done or promoted.
    over: bool,
    /// Something happened to it since it was made.
    touched: bool,
    /// It came with another in one message.
    shared: bool,
    /// How much was done in its chat before.
    before: usize,
}

/// The people, the platform they are on, and all they did.
pub(crate) struct Talk {
    pub(crate) wire: Arc<dyn Wire>,
    place: Place,
    pub(crate) chats: Vec<String>,
    pub(crate) stories: Vec<Story>,
    /// When yoman was killed, in the stand-in's clock.
    pub(crate) kills_us: Vec<u64>,
    items: Vec<Item>,
    words: u64,
    expected: u64,
    /// When what is being done was begun.
    began_us: u64,
    /// What is done by hand is answered on a way of its own, which other troubles hold up than the messages'; and changes that
    /// were made while the way in was closed are found later than what was written meanwhile.
    pub(crate) own_way: bool,
    /// The platform hands over in any order what is said now: over several sockets at once, each with a pace of its own.
    pub(crate) scrambled: bool,
}

impl Talk {
    /// People who do not know yoman yet.
    pub(crate) fn begin(wire: Arc<dyn Wire>) -> Self {
        let place = wire.place();
        let chats = place.people.iter().map(|(_, direct)| direct.clone()).chain([place.group.clone()]).collect();
        Self {
            wire,
            place,
            chats,
            stories: Vec::new(),
            kills_us: Vec::new(),
            items: Vec::new(),
            words: 0,
            expected: 0,
            began_us: 0,
            own_way: false,
            scrambled: false,
        }
    }

    async fn answer(&self, chat: &str, who: &str, text: &str) -> String {
        let before = self.wire.shown(chat).len();
        self.wire.say(chat, who, text, None);
        assert!(until(PATIENCE, || self.wire.shown(chat).len() > before).await, "{text:?} was not answered");
        self.wire.shown(chat).swap_remove(before).first
    }

    /// Claims the log, lets the others in, enables the group.
    pub(crate) async fn let_people_in(&mut self, yoman: &Yoman) {
        moment::at_work(&*self.wire, 0, yoman).await;
        let people = self.place.people.clone();
        let (owner, direct) = &people[0];
        let code = yoman.claim_code().await;
        self.answer(direct, owner, &format!("/claim {code}")).await;
        for (other, their) in &people[1..] {
            let greeting = self.answer(their, other, "/start").await;
            let code = greeting.split_whitespace().skip_while(|word| !word.ends_with("pair")).nth(1);
            let code = code.unwrap_or_else(|| panic!("no pairing code: {greeting}"));
            let told = self.wire.shown(their).len();
            self.answer(direct, owner, &format!("/pair {code}")).await;
            assert!(until(PATIENCE, || self.wire.shown(their).len() > told).await, "they are told");
        }
        let group = self.place.group.clone();
        self.answer(&group, owner, "/enable").await;
        // A kill may repeat these too.
        for chat in self.chats.clone() {
            for shown in self.wire.shown(&chat) {
                let line = shown.first.lines().next().unwrap_or_default().to_owned();
                let at = Seat { chat: chat.clone(), who: owner.clone() };
                self.tell(Story { answers: vec![vec![line]], ..at.story("(before the traffic)".into()) });
            }
        }
    }

    /// Somebody who was never heard: what a loss looks like from outside.
    pub(crate) fn plant(&mut self) {
        let (who, chat) = self.place.people[0].clone();
        self.began_us = self.now_us();
        let word = self.word();
        let answers = vec![vec![" created ".into(), format!(" {word} ")]];
        let at = Seat { chat, who };
        let traces = vec![trace(&word, "todo_created", &word)];
        self.tell(Story { answers, traces, ..at.story(format!("(planted) /todo {word}")) });
    }

    /// Answers that have not come yet; a repeat counts for one that is missing, so this is for pacing alone.
    pub(crate) fn waiting(&self) -> u64 {
        self.expected.saturating_sub(self.wire.counted().sent)
    }

    /// yoman was killed just now.
    pub(crate) fn killed(&mut self) {
        self.kills_us.push(self.now_us());
    }

    /// Now, in the stand-in's clock.
    fn now_us(&self) -> u64 {
        self.wire.counted().now_us
    }

    /// Looks at what was answered: an item can be acted on once its card is there.
    pub(crate) fn look(&mut self) {
        let mut cards: HashMap<String, (String, String)> = HashMap::new();
        for chat in &self.chats {
            for shown in self.wire.shown(chat) {
                let text = shown.first.as_str();
                let made =
                    text.lines().next().is_some_and(|line| line.contains(" created ") || line.contains(" captured "));
                if let (true, Some(word), Some(item)) = (made, word_in(text), text.split_whitespace().next()) {
                    let item = item.trim_start_matches('/').to_owned();
                    cards.entry(word).or_insert((item, shown.id));
                }
            }
        }
        for item in self.items.iter_mut().filter(|item| item.card.is_none()) {
            item.card = cards.remove(&item.word);
        }
    }

    /// Waits until everything is answered, as long as answers come within `patience`.
    pub(crate) async fn quiet(&self, patience: Duration) {
        let mut last = (u64::MAX, tokio::time::Instant::now());
        loop {
            tokio::time::sleep(Duration::from_millis(200)).await;
            let sent = self.wire.counted().sent;
            if sent != last.0 {
                last = (sent, tokio::time::Instant::now());
                continue;
            }
            let (messages, deeds) = account::unanswered(self);
            let patience = match (messages, deeds) {
                (0, 0) => Duration::ZERO,
                (0, _) => BY_HAND,
                _ => patience,
            };
            if last.1.elapsed() > patience {
                // What should not come any more has a moment to show itself.
                return tokio::time::sleep(Duration::from_millis(300)).await;
            }
        }
    }

    /// Somebody does something.
    pub(crate) fn next(&mut self, random: &mut StdRng) {
        self.began_us = self.now_us();
        let chat = self.chats.choose(random).expect("a chat").clone();
        let own = self.place.people.iter().find(|(_, direct)| *direct == chat);
        let (who, _) = own.unwrap_or_else(|| self.place.people.choose(random).expect("somebody")).clone();
        let at = Seat { chat, who };
        let done = match random.random_range(0..100) {
            0..25 => None,
            25..30 => {
                self.make_two(&at);
                Some(())
            }
            30..50 => self.note(random, &at),
            50..59 => self.done(random, &at),
            59..68 => self.press(random, &at),
            68..73 => self.edit(random, &at),
            73..80 => {
                self.refused(&at);
                Some(())
            }
            80..86 => {
                self.find(&at);
                Some(())
            }
            _ => self.command(random, &at),
        };
        if done.is_none() {
            self.make(random, &at);
        }
    }

    fn word(&mut self) -> String {
        self.words += 1;
        format!("k{}", self.words)
    }

    fn no_such_item(&mut self) -> String {
        self.words += 1;
        format!("T{}", NO_SUCH_ITEM + self.words)
    }

    fn tell(&mut self, story: Story) {
        self.expected += story.answers.len() as u64;
        let loose = story.loose || self.scrambled;
        self.stories.push(Story { at_us: self.began_us, loose, ..story });
    }

    /// Says something; gives the message. Answers in a group, and those to several commands, answer the message.
    fn say(
        &mut self,
        at: &Seat,
        text: &str,
        card: Option<&str>,
        answers: Vec<Vec<String>>,
        traces: Vec<Trace>,
    ) -> String {
        let message = self.wire.say(&at.chat, &at.who, text, card);
        let replies = at.chat == self.place.group || answers.len() > 1;
        let on = card.map_or(String::new(), |card| format!(", answering message {card}"));
        let what = format!("message {message}: {text:?}{on}");
        self.tell(Story { reply_to: replies.then(|| message.clone()), answers, traces, ..at.story(what) });
        message
    }

    /// Something done by hand.
    fn by_hand(&mut self, at: &Seat, deed: String, what: String, answers: Vec<Vec<String>>, traces: Vec<Trace>) {
        let deed = self.wire.confirmed(&deed).map(|_| deed);
        let loose = self.wire.loose() || (self.own_way && deed.is_some());
        self.tell(Story { deed, loose, answers, traces, ..at.story(what) });
    }

    fn made(&mut self, at: &Seat, message: Option<String>, word: String, idea: bool, shared: bool) {
        let (chat, who) = (at.chat.clone(), at.who.clone());
        let (before, card) = (self.done_in(&chat), None);
        let (notes, over, touched) = (0, false, false);
        self.items.push(Item { word, chat, message, who, idea, card, notes, over, touched, shared, before });
    }

    /// How much was done in a chat so far.
    fn done_in(&self, chat: &str) -> usize {
        self.stories.iter().filter(|story| story.chat == chat).count()
    }

    fn make(&mut self, random: &mut StdRng, at: &Seat) {
        let word = self.word();
        // A bare sentence is heard in a direct chat only.
        let idea = at.chat != self.place.group && random.random_bool(0.4);
        let (text, verb, event) = match idea {
            true => (format!("{word} wash the car"), "captured", "idea_created"),
            false => (format!("/todo {word} wash the car"), "created", "todo_created"),
        };
        let answers = vec![vec![format!(" {verb} "), format!(" {word} ")]];
        let message = self.say(at, &text, None, answers, vec![trace(&word, event, &word)]);
        self.made(at, Some(message), word, idea, false);
    }

    fn make_two(&mut self, at: &Seat) {
        let words = [self.word(), self.word()];
        let text = format!("/todo {} paint the door\n/todo {} sweep the yard", words[0], words[1]);
        self.make_several(at, words.into(), &text);
    }

    /// Brings the log to a length at which snapshots are taken, in few messages.
    pub(crate) async fn fill(&mut self, commits: usize) {
        let (who, chat) = self.place.people[0].clone();
        let at = Seat { chat, who };
        for _ in 0..commits.div_ceil(LINES) {
            self.began_us = self.now_us();
            let words: Vec<String> = (0..LINES).map(|_| self.word()).collect();
            let text: Vec<String> = words.iter().map(|word| format!("/todo {word} count the spoons")).collect();
            self.make_several(&at, words, &text.join("\n"));
            until(PATIENCE, || self.waiting() == 0).await;
        }
    }

    fn make_several(&mut self, at: &Seat, words: Vec<String>, text: &str) {
        let answers = words.iter().map(|word| vec![" created ".into(), format!(" {word} ")]).collect();
        let traces = words.iter().map(|word| trace(word, "todo_created", word)).collect();
        let message = self.say(at, text, None, answers, traces);
        for word in words {
            self.made(at, Some(message.clone()), word, false, true);
        }
    }

    /// One of the items that are known in a chat.
    fn some_item(&self, random: &mut StdRng, chat: &str, of: impl Fn(&Item) -> bool) -> Option<usize> {
        // The newer ones: what happens to them is nearest to the kill.
        let fit = self.items.iter().enumerate().rev().filter(|(_, it)| it.chat == chat && it.card.is_some() && of(it));
        let some: Vec<usize> = fit.map(|(at, _)| at).take(8).collect();
        some.choose(random).copied()
    }

    fn note(&mut self, random: &mut StdRng, at: &Seat) -> Option<()> {
        let index = self.some_item(random, &at.chat, |it| !it.over)?;
        let word = self.word();
        let item = &mut self.items[index];
        item.notes += 1;
        item.touched = true;
        let (name, card) = item.card.clone()?;
        let answers = vec![vec![format!("{name} note {} added", item.notes)]];
        let traces = vec![trace(&item.word, "noted", &word)];
        if self.wire.can_answer(&at.chat, &card) {
            self.say(at, &format!("{word} looks fine"), Some(&card), answers, traces);
        } else {
            self.say(at, &format!("/note {name} {word} looks fine"), None, answers, traces);
        }
        Some(())
    }

    fn done(&mut self, random: &mut StdRng, at: &Seat) -> Option<()> {
        let index = self.some_item(random, &at.chat, |it| !it.over && !it.idea)?;
        let item = &mut self.items[index];
        (item.over, item.touched) = (true, true);
        let (name, _) = item.card.clone()?;
        let answers = vec![vec![format!("{name} done "), format!(" {} ", item.word)]];
        let traces = vec![trace(&item.word, "todo_completed", "")];
        self.say(at, &format!("/done {name}"), None, answers, traces);
        Some(())
    }

    /// Presses the button of a captured idea that makes it a todo. Only of one that nothing happened to: a stale button is
    /// refused, and whether it is stale depends on when the card was changed.
    fn press(&mut self, random: &mut StdRng, at: &Seat) -> Option<()> {
        let index = self.some_item(random, &at.chat, |it| it.idea && !it.touched)?;
        let (name, card) = self.items[index].card.clone()?;
        let deed = self.wire.press(&at.chat, &at.who, &card, "To do")?;
        let item = &mut self.items[index];
        (item.over, item.touched) = (true, true);
        // The new item, or when that comes later, the word that it will.
        let answers = vec![vec![format!("{name} "), format!(" {} ", item.word)]];
        let traces = vec![trace(&item.word, "idea_promoted", ""), trace(&item.word, "todo_created", &item.word)];
        self.by_hand(at, deed, format!("press of [To do] under {name}, message {card}"), answers, traces);
        Some(())
    }

    /// Uses a command of the platform's own, where it has such things.
    fn command(&mut self, random: &mut StdRng, at: &Seat) -> Option<()> {
        let (verb, option, value, answers, made) = match random.random_range(0..4) {
            0 => {
                let word = format!("{}zz", self.word());
                ("find", "words", word.clone(), vec!["Nothing has ".into(), word], None)
            }
            1 => {
                let item = self.no_such_item();
                ("done", "item", item.clone(), vec!["There is no ".into(), item], None)
            }
            _ => {
                let word = self.word();
                let answer = vec![" created ".into(), format!(" {word} ")];
                ("todo", "text", format!("{word} mow the lawn"), answer, Some(word))
            }
        };
        let deed = self.wire.command(&at.chat, &at.who, Slash { verb, option, value: &value })?;
        let traces = made.iter().map(|word| trace(word, "todo_created", word)).collect();
        self.by_hand(at, deed.clone(), format!("command {deed}: /{verb} {value}"), vec![answers], traces);
        if let Some(word) = made {
            self.made(at, None, word, false, false);
        }
        Some(())
    }

    fn edit(&mut self, random: &mut StdRng, at: &Seat) -> Option<()> {
        let done = self.done_in(&at.chat);
        let lately = |it: &Item| done - it.before < CHANGED_WITHIN;
        let mine = |it: &Item| !it.touched && !it.shared && it.who == at.who && it.message.is_some() && lately(it);
        let index = self.some_item(random, &at.chat, mine)?;
        let item = &mut self.items[index];
        item.touched = true;
        let (word, message) = (item.word.clone(), item.message.clone()?);
        let verb = if item.idea { "" } else { "/todo " };
        let text = format!("{verb}{word} wash the bike instead");
        self.wire.change(&at.chat, &message, &text);
        let answers = vec![vec![" corrected ".into(), format!(" {word} ")]];
        let traces = vec![trace(&word, "retitled", &word)];
        let (what, loose) = (format!("message {message} changed to {text:?}"), self.wire.loose() || self.own_way);
        self.tell(Story { loose, answers, traces, ..at.story(what) });
        Some(())
    }

    fn refused(&mut self, at: &Seat) {
        let item = self.no_such_item();
        self.say(at, &format!("/done {item}"), None, vec![vec!["There is no ".into(), item]], Vec::new());
    }

    fn find(&mut self, at: &Seat) {
        let word = format!("{}zz", self.word());
        self.say(at, &format!("/find {word}"), None, vec![vec!["Nothing has ".into(), word]], Vec::new());
    }
}

fn trace(item: &str, event: &str, word: &str) -> Trace {
    (item.into(), event.into(), word.into())
}

/// The word of its own that a text carries.
pub(crate) fn word_in(text: &str) -> Option<String> {
    let own = |word: &&str| {
        word.strip_prefix('k').is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()))
    };
    text.split(|c: char| !c.is_ascii_alphanumeric()).find(own).map(str::to_owned)
}

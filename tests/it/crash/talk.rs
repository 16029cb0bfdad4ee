//! What people say, and what has to come of it: the model that a run is held against.
//!
//! Every message carries a word of its own (`k17`). An item is acted on in the chat it was made in only, so the order in
//! which things are said there is all it takes to know what they come to.

use std::{collections::HashMap, sync::Arc, time::Duration};

use rand::{RngExt as _, rngs::StdRng, seq::IndexedRandom as _};
use yoman_stand_ins::telegram::{ChatKind, NewChat, Press, Say, Shown, TelegramStandIn};

use super::{account, process::Yoman};

/// Those who talk; the first owns the log.
const PEOPLE: [&str; 4] = ["Kim", "Dana", "Lee", "Noor"];
/// An item that does not exist has at least this number.
const NO_SUCH_ITEM: u64 = 900_000;

/// One event that has to be in the log: the word of the item it is about, its stored name, the word in its payload.
pub(super) type Trace = (String, String, String);

/// Something somebody did.
#[derive(Clone, Debug)]
pub(super) struct Story {
    pub(super) chat: i64,
    pub(super) who: i64,
    pub(super) what: String,
    /// When, in the stand-in's clock.
    pub(super) at_us: u64,
    /// The message that answers must answer, where they do.
    pub(super) reply_to: Option<i64>,
    /// For each answer the pieces of text it has to have.
    pub(super) answers: Vec<Vec<String>>,
    /// What has to be in the log.
    pub(super) traces: Vec<Trace>,
}

/// Where an item stands, as far as it matters here.
#[derive(Clone, Debug)]
struct Item {
    word: String,
    chat: i64,
    /// The message that made it, and who wrote that.
    message: i64,
    who: i64,
    idea: bool,
    /// How it is written and the message that shows it, once it was answered.
    card: Option<(String, i64)>,
    notes: u32,
    /// Done or promoted.
    over: bool,
    /// Something happened to it since it was made.
    touched: bool,
    /// It came with another in one message.
    shared: bool,
}

/// The people, the platform they are on, and all they did.
pub(super) struct Talk {
    pub(super) telegram: Arc<TelegramStandIn>,
    pub(super) people: Vec<i64>,
    pub(super) chats: Vec<i64>,
    group: i64,
    pub(super) stories: Vec<Story>,
    /// When yoman was killed, in the stand-in's clock.
    pub(super) kills_us: Vec<u64>,
    items: Vec<Item>,
    words: u64,
    expected: u64,
}

impl Talk {
    /// People who do not know yoman yet.
    pub(super) async fn begin() -> Self {
        let telegram = Arc::new(TelegramStandIn::start().await.expect("a port"));
        telegram.remember_calls(100);
        let people: Vec<i64> = PEOPLE.iter().map(|name| telegram.person(name)).collect();
        let group =
            telegram.add_chat(NewChat { kind: ChatKind::Supergroup, title: "Office".into(), ..NewChat::default() });
        let chats = people.iter().copied().chain([group]).collect();
        Self {
            telegram,
            people,
            chats,
            group,
            stories: Vec::new(),
            kills_us: Vec::new(),
            items: Vec::new(),
            words: 0,
            expected: 0,
        }
    }

    async fn answer(&self, chat: i64, who: i64, text: &str) -> String {
        let before = self.telegram.shown(chat).len();
        self.telegram.say(Say { chat_id: chat, user_id: who, text: text.into(), ..Say::default() }).expect("a chat");
        let shown = self.telegram.wait_shown(chat, before + 1, Duration::from_secs(10)).await;
        shown.get(before).unwrap_or_else(|| panic!("{text:?} was not answered")).text.clone()
    }

    /// Claims the log, lets the others in, enables the group.
    pub(super) async fn let_people_in(&mut self, yoman: &Yoman) {
        let owner = self.people[0];
        let code = yoman.claim_code().await;
        self.answer(owner, owner, &format!("/claim {code}")).await;
        for &other in &self.people[1..] {
            let greeting = self.answer(other, other, "/start").await;
            let code = greeting.split_whitespace().skip_while(|word| *word != "/pair").nth(1).expect("a pairing code");
            let told = self.telegram.shown(other).len() + 1;
            self.answer(owner, owner, &format!("/pair {code}")).await;
            assert_eq!(
                self.telegram.wait_shown(other, told, Duration::from_secs(10)).await.len(),
                told,
                "they are told"
            );
        }
        self.answer(self.group, owner, "/enable").await;
        // A kill may repeat these too.
        for chat in self.chats.clone() {
            for shown in self.telegram.shown(chat) {
                let line = first_text(&shown).lines().next().unwrap_or_default().to_owned();
                self.tell(chat, owner, "(before the traffic)".into(), None, vec![vec![line]], Vec::new());
            }
        }
    }

    /// Answers that have not come yet; a repeat counts for one that is missing, so this is for pacing alone.
    pub(super) fn waiting(&self) -> u64 {
        self.expected.saturating_sub(self.telegram.counters().messages_sent)
    }

    /// yoman was killed just now.
    pub(super) fn killed(&mut self) {
        self.kills_us.push(self.now_us());
    }

    /// Now, in the stand-in's clock.
    pub(super) fn now_us(&self) -> u64 {
        self.telegram.counters().now_us
    }

    /// Looks at what was answered: an item can be acted on once its card is there.
    pub(super) fn look(&mut self) {
        let mut cards: HashMap<String, (String, i64)> = HashMap::new();
        for &chat in &self.chats {
            for shown in self.telegram.shown(chat) {
                let text = first_text(&shown);
                let made =
                    text.lines().next().is_some_and(|line| line.contains(" created ") || line.contains(" captured "));
                if let (true, Some(word), Some(item)) = (made, word_in(text), text.split_whitespace().next()) {
                    let item = item.trim_start_matches('/').to_owned();
                    cards.entry(word).or_insert((item, shown.message_id));
                }
            }
        }
        for item in self.items.iter_mut().filter(|item| item.card.is_none()) {
            item.card = cards.remove(&item.word);
        }
    }

    /// Waits until everything is answered, as long as answers come within `patience`.
    pub(super) async fn quiet(&self, patience: Duration) {
        let mut last = (u64::MAX, tokio::time::Instant::now());
        loop {
            tokio::time::sleep(Duration::from_millis(200)).await;
            let sent = self.telegram.counters().messages_sent;
            if sent != last.0 {
                last = (sent, tokio::time::Instant::now());
            } else if account::all_answered(self) || last.1.elapsed() > patience {
                // What should not come any more has a moment to show itself.
                return tokio::time::sleep(Duration::from_millis(300)).await;
            }
        }
    }

    /// Somebody does something.
    pub(super) fn next(&mut self, random: &mut StdRng) {
        let chat = *self.chats.choose(random).expect("a chat");
        let who = if chat == self.group { *self.people.choose(random).expect("somebody") } else { chat };
        let done = match random.random_range(0..100) {
            0..30 => None,
            30..35 => {
                self.make_two(chat, who);
                Some(())
            }
            35..60 => self.note(random, chat, who),
            60..72 => self.done(random, chat, who),
            72..80 => self.press(random, chat, who),
            80..85 => self.edit(random, chat, who),
            85..93 => {
                self.refused(chat, who);
                Some(())
            }
            _ => {
                self.find(chat, who);
                Some(())
            }
        };
        if done.is_none() {
            self.make(random, chat, who);
        }
    }

    fn word(&mut self) -> String {
        self.words += 1;
        format!("k{}", self.words)
    }

    fn tell(
        &mut self,
        chat: i64,
        who: i64,
        what: String,
        reply_to: Option<i64>,
        answers: Vec<Vec<String>>,
        traces: Vec<Trace>,
    ) {
        let at_us = self.now_us();
        self.expected += answers.len() as u64;
        self.stories.push(Story { chat, who, what, at_us, reply_to, answers, traces });
    }

    /// Says something; gives the message. Answers in a group, and those to several commands, answer the message.
    fn say(
        &mut self,
        chat: i64,
        who: i64,
        text: &str,
        card: Option<i64>,
        answers: Vec<Vec<String>>,
        traces: Vec<Trace>,
    ) -> i64 {
        let say = Say { chat_id: chat, user_id: who, text: text.into(), reply_to: card, ..Say::default() };
        let message = self.telegram.say(say).expect("a chat").message_id;
        let replies = chat == self.group || answers.len() > 1;
        let on = card.map_or(String::new(), |card| format!(", answering message {card}"));
        let what = format!("message {message}: {text:?}{on}");
        self.tell(chat, who, what, replies.then_some(message), answers, traces);
        message
    }

    fn made(&mut self, chat: i64, who: i64, message: i64, word: String, idea: bool, shared: bool) {
        let item = Item { word, chat, message, who, idea, card: None, notes: 0, over: false, touched: false, shared };
        self.items.push(item);
    }

    fn make(&mut self, random: &mut StdRng, chat: i64, who: i64) {
        let word = self.word();
        // A bare sentence is heard in a direct chat only.
        let idea = chat != self.group && random.random_bool(0.4);
        let (text, verb, event) = match idea {
            true => (format!("{word} wash the car"), "captured", "idea_created"),
            false => (format!("/todo {word} wash the car"), "created", "todo_created"),
        };
        let answers = vec![vec![format!(" {verb} "), format!(" {word} ")]];
        let message = self.say(chat, who, &text, None, answers, vec![trace(&word, event, &word)]);
        self.made(chat, who, message, word, idea, false);
    }

    fn make_two(&mut self, chat: i64, who: i64) {
        let words = [self.word(), self.word()];
        let text = format!("/todo {} paint the door\n/todo {} sweep the yard", words[0], words[1]);
        let answers = words.iter().map(|word| vec![" created ".into(), format!(" {word} ")]).collect();
        let traces = words.iter().map(|word| trace(word, "todo_created", word)).collect();
        let message = self.say(chat, who, &text, None, answers, traces);
        for word in words {
            self.made(chat, who, message, word, false, true);
        }
    }

    /// One of the items that are known in a chat.
    fn some_item(&self, random: &mut StdRng, chat: i64, of: impl Fn(&Item) -> bool) -> Option<usize> {
        // The newer ones: what happens to them is nearest to the kill.
        let fit = self.items.iter().enumerate().rev().filter(|(_, it)| it.chat == chat && it.card.is_some() && of(it));
        let some: Vec<usize> = fit.map(|(at, _)| at).take(8).collect();
        some.choose(random).copied()
    }

    fn note(&mut self, random: &mut StdRng, chat: i64, who: i64) -> Option<()> {
        let at = self.some_item(random, chat, |it| !it.over)?;
        let word = self.word();
        let item = &mut self.items[at];
        item.notes += 1;
        item.touched = true;
        let (name, card) = item.card.clone()?;
        let answers = vec![vec![format!("{name} note {} added", item.notes)]];
        let traces = vec![trace(&item.word, "noted", &word)];
        self.say(chat, who, &format!("{word} looks fine"), Some(card), answers, traces);
        Some(())
    }

    fn done(&mut self, random: &mut StdRng, chat: i64, who: i64) -> Option<()> {
        let at = self.some_item(random, chat, |it| !it.over && !it.idea)?;
        let item = &mut self.items[at];
        (item.over, item.touched) = (true, true);
        let (name, _) = item.card.clone()?;
        let answers = vec![vec![format!("{name} done "), format!(" {} ", item.word)]];
        let traces = vec![trace(&item.word, "todo_completed", "")];
        self.say(chat, who, &format!("/done {name}"), None, answers, traces);
        Some(())
    }

    /// Presses the button of a captured idea that makes it a todo. Only of one that nothing happened to: a stale button is
    /// refused, and whether it is stale depends on when the card was changed.
    fn press(&mut self, random: &mut StdRng, chat: i64, who: i64) -> Option<()> {
        let at = self.some_item(random, chat, |it| it.idea && !it.touched)?;
        let (name, card) = self.items[at].card.clone()?;
        let press = Press { chat_id: chat, user_id: who, message_id: card, button: "To do".into() };
        self.telegram.press(&press).ok()?;
        let item = &mut self.items[at];
        (item.over, item.touched) = (true, true);
        // The new item, or when that comes later, the word that it will.
        let answers = vec![vec![format!("{name} "), format!(" {} ", item.word)]];
        let traces = vec![trace(&item.word, "idea_promoted", ""), trace(&item.word, "todo_created", &item.word)];
        self.tell(chat, who, format!("press of [To do] under {name}, message {card}"), None, answers, traces);
        Some(())
    }

    fn edit(&mut self, random: &mut StdRng, chat: i64, who: i64) -> Option<()> {
        let at = self.some_item(random, chat, |it| !it.touched && !it.shared && it.who == who)?;
        let item = &mut self.items[at];
        item.touched = true;
        let (word, message) = (item.word.clone(), item.message);
        let verb = if item.idea { "" } else { "/todo " };
        let text = format!("{verb}{word} wash the bike instead");
        self.telegram.change(chat, message, &text).expect("the message is there");
        let answers = vec![vec![" corrected ".into(), format!(" {word} ")]];
        let traces = vec![trace(&word, "retitled", &word)];
        self.tell(chat, who, format!("message {message} changed to {text:?}"), None, answers, traces);
        Some(())
    }

    fn refused(&mut self, chat: i64, who: i64) {
        self.words += 1;
        let item = format!("T{}", NO_SUCH_ITEM + self.words);
        self.say(chat, who, &format!("/done {item}"), None, vec![vec!["There is no ".into(), item]], Vec::new());
    }

    fn find(&mut self, chat: i64, who: i64) {
        let word = format!("{}zz", self.word());
        self.say(chat, who, &format!("/find {word}"), None, vec![vec!["Nothing has ".into(), word]], Vec::new());
    }
}

fn trace(item: &str, event: &str, word: &str) -> Trace {
    (item.into(), event.into(), word.into())
}

/// What a message said when it was sent, whatever it was changed to since.
pub(super) fn first_text(shown: &Shown) -> &str {
    shown.versions.first().unwrap_or(&shown.text)
}

/// The word of its own that a text carries.
pub(super) fn word_in(text: &str) -> Option<String> {
    let own = |word: &&str| {
        word.strip_prefix('k').is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()))
    };
    text.split(|c: char| !c.is_ascii_alphanumeric()).find(own).map(str::to_owned)
}

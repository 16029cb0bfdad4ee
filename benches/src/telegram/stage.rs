//! The stand-in with its people, what they say, and what they were answered.
//!
//! Every message carries a number (`m17`), and both bots repeat the text in their answer: that is how an answer is known.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Mutex,
    time::Duration,
};

use yoman_stand_ins::telegram::{Say, Shown, TelegramStandIn, User};

use super::{Outcome, lock};

/// The id of the first person; the others follow.
const FIRST_PERSON: i64 = 1001;

/// A platform with people on it.
pub struct Stage {
    /// The platform.
    pub telegram: TelegramStandIn,
    /// Each with a private chat of the same id.
    pub people: Vec<i64>,
    /// Message number to chat and message id.
    said: Mutex<BTreeMap<u64, (i64, i64)>>,
}

/// A message and its answers, in microseconds of the stand-in's clock.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The message's number.
    pub number: u64,
    /// Where.
    pub chat: i64,
    /// When it was there to be delivered.
    pub said_us: u64,
    /// When each answer was accepted.
    pub answered_us: Vec<u64>,
}

impl Stage {
    /// A platform with so many people. The first `used` message numbers are taken already, so that what a bot has kept
    /// from another stage is no repeat of what is said on this one.
    pub async fn new(people: usize, used: usize) -> Outcome<Self> {
        let telegram = TelegramStandIn::start().await?;
        let people: Vec<i64> = (FIRST_PERSON..).take(people).collect();
        for &id in &people {
            telegram.add_user(User { id, first_name: format!("p{id}"), ..User::default() });
        }
        if let Some(&first) = people.first() {
            // In a chat that is shut the bot sees nothing, and the numbers count on.
            telegram.shut(first, true);
            for _ in 0..used {
                telegram.write(first, "before the bench")?;
            }
            telegram.shut(first, false);
        }
        Ok(Self { telegram, people, said: Mutex::default() })
    }

    fn text(number: u64) -> String {
        format!("m{number} is one of the things to keep in mind")
    }

    fn chat(&self, number: u64) -> i64 {
        self.people[number as usize % self.people.len()]
    }

    /// Says message `number` in its chat.
    pub fn say(&self, number: u64) -> Outcome<()> {
        self.say_in(self.chat(number), number)
    }

    /// Says message `number` in a certain chat.
    pub fn say_in(&self, chat: i64, number: u64) -> Outcome<()> {
        let done = self.telegram.write(chat, &Self::text(number))?;
        lock(&self.said).insert(number, (chat, done.message_id));
        Ok(())
    }

    /// Says them all before the bot can see the first.
    pub fn say_all(&self, numbers: std::ops::Range<u64>) -> Outcome<()> {
        let say = |number| {
            let chat = self.chat(number);
            Say { chat_id: chat, user_id: chat, text: Self::text(number), ..Say::default() }
        };
        let done = self.telegram.say_all(numbers.clone().map(say).collect())?;
        let mut said = lock(&self.said);
        for (number, done) in numbers.zip(done) {
            said.insert(number, (self.chat(number), done.message_id));
        }
        Ok(())
    }

    /// Everything said so far, by number, with its answers.
    pub fn exchanges(&self) -> Vec<Exchange> {
        let mut said_us: HashMap<(i64, i64), u64> = HashMap::new();
        let mut answers: HashMap<u64, Vec<u64>> = HashMap::new();
        for &chat in &self.people {
            for message in self.telegram.transcript(chat) {
                if message.by_bot {
                    if let Some(number) = number_in(first_text(&message)) {
                        answers.entry(number).or_default().push(message.at_us);
                    }
                } else {
                    said_us.insert((chat, message.message_id), message.at_us);
                }
            }
        }
        lock(&self.said)
            .iter()
            .map(|(&number, &(chat, id))| Exchange {
                number,
                chat,
                said_us: said_us.get(&(chat, id)).copied().unwrap_or_default(),
                answered_us: answers.remove(&number).unwrap_or_default(),
            })
            .collect()
    }

    /// Waits until everything said is answered, as long as answers keep coming within `patience`; gives what there is.
    pub async fn answered(&self, patience: Duration) -> Vec<Exchange> {
        let mut sent = u64::MAX;
        loop {
            // A transcript is copied to be looked at: not more often than this, or the bench measures itself.
            tokio::time::sleep(Duration::from_millis(50)).await;
            let all = lock(&self.said).len() as u64;
            let now = self.telegram.counters().messages_sent;
            if now >= all || now == sent {
                let exchanges = self.exchanges();
                if now == sent || exchanges.iter().all(|it| !it.answered_us.is_empty()) {
                    return exchanges;
                }
            }
            sent = now;
            let more = |it: &TelegramStandIn| (it.counters().messages_sent > now).then_some(());
            if self.telegram.wait(patience, more).await.is_none() {
                return self.exchanges();
            }
        }
    }

    /// Says message `number` in `chat` and waits for its answer; false when none came within `patience`. Of the chat it
    /// looks only at what is behind its first `seen` messages, which this moves on: many who wait cost the bench little.
    pub async fn ask(&self, chat: i64, number: u64, seen: &mut usize, patience: Duration) -> Outcome<bool> {
        self.say_in(chat, number)?;
        let look = |it: &TelegramStandIn| {
            let new = it.since(chat, *seen);
            let answer = new.iter().position(|it| it.by_bot && number_in(first_text(it)) == Some(number));
            answer.map(|at| *seen + at + 1)
        };
        let answered = self.telegram.wait(patience, look).await;
        *seen = answered.unwrap_or(*seen);
        Ok(answered.is_some())
    }

    /// Waits for the answer to one message and says when it was accepted.
    pub async fn answer_to(&self, number: u64, patience: Duration) -> Option<u64> {
        let (chat, _) = lock(&self.said).get(&number).copied()?;
        let look = |it: &TelegramStandIn| {
            it.shown(chat).iter().find(|shown| number_in(first_text(shown)) == Some(number)).map(|shown| shown.at_us)
        };
        self.telegram.wait(patience, look).await
    }

    /// Waits until a bot that was started at `since_us` asks for updates, and says when it did.
    pub async fn polled_since(&self, since_us: u64, patience: Duration) -> Option<u64> {
        let look = |it: &TelegramStandIn| {
            it.calls(Some("getUpdates")).iter().map(|call| call.at_us).find(|&at| at >= since_us)
        };
        // getUpdates that waits changes nothing, so nobody is told of it: look by oneself.
        let until = tokio::time::Instant::now() + patience;
        while tokio::time::Instant::now() < until {
            if let Some(at) = look(&self.telegram) {
                return Some(at);
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        None
    }

    /// Now, in the stand-in's clock.
    pub fn now_us(&self) -> u64 {
        self.telegram.counters().now_us
    }
}

/// What a message said when it was sent, whatever it was changed to since.
pub fn first_text(shown: &Shown) -> &str {
    shown.versions.first().unwrap_or(&shown.text)
}

/// The number of the message a text repeats.
pub fn number_in(text: &str) -> Option<u64> {
    text.split_whitespace().find_map(|word| word.strip_prefix('m')?.parse().ok())
}

/// The messages whose first answer came before that of an earlier message of the same chat.
pub fn out_of_order(exchanges: &[Exchange]) -> usize {
    let mut last: HashMap<i64, u64> = HashMap::new();
    let mut wrong = 0;
    for exchange in exchanges {
        let Some(&at) = exchange.answered_us.first() else { continue };
        let last = last.entry(exchange.chat).or_default();
        wrong += usize::from(at < *last);
        *last = at.max(*last);
    }
    wrong
}

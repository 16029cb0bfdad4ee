//! Discord: messages that can be read again, and deeds that come once more only as long as the session is known there.

use std::sync::Mutex;

use yoman_stand_ins::discord::{DiscordStandIn, Fault, FaultKind, Invoke, NewChannel, Say};

use super::{Counted, PEOPLE, Place, Shown, Slash, Wire};

/// The flag of a message that stands for one to come.
const THINKING: u64 = 1 << 7;

pub(crate) struct Discord {
    pub(crate) server: DiscordStandIn,
    place: Place,
    /// Which of the ways in which a message comes hangs next.
    turn: Mutex<usize>,
}

impl Discord {
    pub(crate) async fn start() -> Self {
        let server = DiscordStandIn::start().await.expect("a port");
        let people = PEOPLE.iter().map(|name| server.person(name));
        let people = people.map(|person| (person.id.to_string(), person.dm.to_string())).collect();
        let group = server.add_channel(NewChannel { name: "office".into(), ..NewChannel::default() });
        let group = group.expect("a channel").to_string();
        Self { server, place: Place { people, group }, turn: Mutex::default() }
    }

    /// As it is written here: without the slash, and in the group with our name before it.
    fn written(&self, chat: &str, text: &str) -> String {
        let text = text.strip_prefix('/').unwrap_or(text);
        if chat == self.place.group { format!("<@{}> {text}", self.server.bot_id()) } else { text.to_owned() }
    }
}

fn id(text: &str) -> u64 {
    text.parse().expect("an id of Discord's")
}

impl Wire for Discord {
    fn place(&self) -> Place {
        self.place.clone()
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        vec![("DISCORD_BOT_TOKEN", self.server.token()), ("DISCORD_API_URL", self.server.url())]
    }

    fn counted(&self) -> Counted {
        let counters = self.server.counters();
        Counted {
            now_us: counters.now_us,
            sent: counters.messages_sent,
            delivered: counters.delivered,
            at_work: counters.starts,
        }
    }

    fn hang(&self, skip: u32) {
        let mut turn = self.turn.lock().expect("nobody panicked");
        *turn += 1;
        let route = ["POST /channels", "POST /interactions", "POST /webhooks"][*turn % 3];
        self.server.fault(Fault { skip, ..Fault::new(route, 1, FaultKind::HangAfter) });
    }

    fn no_faults(&self) {
        self.server.no_faults();
    }

    fn forget(&self) {
        self.server.forget_sessions();
    }

    fn shown(&self, chat: &str) -> Vec<Shown> {
        let told = self.server.by_bot(id(chat)).into_iter().filter(|m| m.flags & THINKING == 0);
        let mut shown: Vec<Shown> = told
            .map(|m| Shown {
                id: m.id.to_string(),
                reply_to: m.reply_to.map(|to| to.to_string()),
                first: m.versions.into_iter().next().unwrap_or(m.text),
                at_us: m.at_us,
            })
            .collect();
        shown.sort_by_key(|m| m.at_us);
        shown
    }

    fn say(&self, chat: &str, who: &str, text: &str, on: Option<&str>) -> String {
        let text = if on.is_some() { text.to_owned() } else { self.written(chat, text) };
        let say = Say { channel_id: id(chat), user_id: id(who), text, reply_to: on.map_or(0, id), ..Say::default() };
        self.server.say(say).expect("a channel").to_string()
    }

    fn can_answer(&self, chat: &str, message: &str) -> bool {
        // What only one person sees cannot be answered.
        self.server.by_bot(id(chat)).iter().any(|m| m.id == id(message) && m.only_for.is_none())
    }

    fn change(&self, chat: &str, message: &str, text: &str) {
        self.server.change(id(message), &self.written(chat, text)).expect("the message is there");
    }

    fn press(&self, chat: &str, who: &str, message: &str, label: &str) -> Option<String> {
        let card = self.server.by_bot(id(chat)).into_iter().find(|m| m.id == id(message))?;
        let button = card.buttons.into_iter().flatten().find(|button| button.label == label)?;
        self.server.press(id(message), id(who), &button.custom_id).ok().map(|deed| deed.to_string())
    }

    fn command(&self, chat: &str, who: &str, slash: Slash<'_>) -> Option<String> {
        let options = [(slash.option.to_owned(), slash.value.into())].into();
        let invoke =
            Invoke { channel_id: id(chat), user_id: id(who), command: slash.verb.into(), options, ..Invoke::default() };
        self.server.invoke(&invoke).ok().map(|deed| deed.to_string())
    }

    fn confirmed(&self, deed: &str) -> Option<bool> {
        // "Thinking" promises nothing.
        Some(self.server.answered(id(deed)).and_then(|it| it.kind).is_some_and(|kind| kind != 5))
    }
}

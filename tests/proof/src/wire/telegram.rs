//! Telegram: what people do comes as updates, handed over until they are confirmed.

use yoman_stand_ins::telegram::{ChatKind, Fault, FaultKind, NewChat, Press, Say, TelegramStandIn};

use super::{Counted, PEOPLE, Place, Shown, Slash, Wire};

pub(crate) struct Telegram {
    pub(crate) server: TelegramStandIn,
    place: Place,
}

impl Telegram {
    pub(crate) async fn start() -> Self {
        let server = TelegramStandIn::start().await.expect("a port");
        server.remember_calls(100);
        let people = PEOPLE.iter().map(|name| server.person(name).to_string());
        let people = people.map(|id| (id.clone(), id)).collect();
        let group = NewChat { kind: ChatKind::Supergroup, title: "Office".into(), ..NewChat::default() };
        let group = server.add_chat(group).to_string();
        Self { server, place: Place { people, group } }
    }
}

fn id(text: &str) -> i64 {
    text.parse().expect("an id of Telegram's")
}

impl Wire for Telegram {
    fn place(&self) -> Place {
        self.place.clone()
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        vec![("TELEGRAM_BOT_TOKEN", self.server.token()), ("TELEGRAM_API_URL", self.server.url())]
    }

    fn counted(&self) -> Counted {
        let counters = self.server.counters();
        Counted {
            now_us: counters.now_us,
            sent: counters.messages_sent,
            delivered: counters.updates_delivered,
            at_work: counters.last_get_updates_us.unwrap_or(0),
        }
    }

    fn hang(&self, skip: u32) {
        self.server.fault(Fault { skip, ..Fault::new("sendMessage", 1, FaultKind::HangAfter) });
    }

    fn no_faults(&self) {
        self.server.no_faults();
    }

    fn shown(&self, chat: &str) -> Vec<Shown> {
        let shown = self.server.shown(id(chat)).into_iter();
        shown
            .map(|m| Shown {
                id: m.message_id.to_string(),
                reply_to: m.reply_to.map(|to| to.to_string()),
                first: m.versions.into_iter().next().unwrap_or(m.text),
                at_us: m.at_us,
            })
            .collect()
    }

    fn say(&self, chat: &str, who: &str, text: &str, on: Option<&str>) -> String {
        let say =
            Say { chat_id: id(chat), user_id: id(who), text: text.into(), reply_to: on.map(id), ..Say::default() };
        self.server.say(say).expect("a chat").message_id.to_string()
    }

    fn can_answer(&self, _chat: &str, _message: &str) -> bool {
        true
    }

    fn change(&self, chat: &str, message: &str, text: &str) {
        self.server.change(id(chat), id(message), text).expect("the message is there");
    }

    fn press(&self, chat: &str, who: &str, message: &str, label: &str) -> Option<String> {
        let press = Press { chat_id: id(chat), user_id: id(who), message_id: id(message), button: label.into() };
        self.server.press(&press).ok()
    }

    fn command(&self, _chat: &str, _who: &str, _slash: Slash<'_>) -> Option<String> {
        None
    }

    fn confirmed(&self, _deed: &str) -> Option<bool> {
        None
    }
}

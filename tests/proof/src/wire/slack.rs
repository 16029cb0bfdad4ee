//! Slack in Socket Mode: events come until they are acknowledged; what is done by hand comes once.

use yoman_stand_ins::slack::{self, Delivery, Fault, FaultKind, NewChannel, Press, Say, SlackStandIn};

use super::{Counted, PEOPLE, Place, Shown, Slash, Wire};

pub(crate) struct Slack {
    pub(crate) server: SlackStandIn,
    place: Place,
}

impl Slack {
    pub(crate) async fn start() -> Self {
        let server = SlackStandIn::start().await.expect("a port");
        server.remember_calls(100);
        server.delivery(Delivery { hand_once: true, ..Delivery::default() });
        let people: Vec<String> = PEOPLE.iter().map(|name| server.person(name)).collect();
        let members: Vec<&str> = people.iter().map(String::as_str).collect();
        let group = server.add_channel(NewChannel { name: "office".into(), ..NewChannel::default() }, &members);
        let people = people.iter().map(|id| (id.clone(), server.im(id))).collect();
        Self { server, place: Place { people, group } }
    }

    /// As it is written here: without the slash, and in the channel with our name before it.
    fn written(&self, chat: &str, text: &str) -> String {
        let text = text.strip_prefix('/').unwrap_or(text);
        if chat == self.place.group { format!("<@{}> {text}", self.server.app().bot_user) } else { text.to_owned() }
    }
}

impl Wire for Slack {
    fn place(&self) -> Place {
        self.place.clone()
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        let app = self.server.app();
        vec![
            ("SLACK_BOT_TOKEN", app.bot_token),
            ("SLACK_APP_TOKEN", app.app_token),
            ("SLACK_API_URL", self.server.api_url()),
        ]
    }

    fn counted(&self) -> Counted {
        let counters = self.server.counters();
        Counted {
            now_us: counters.now_us,
            sent: counters.messages_sent,
            delivered: counters.envelopes_sent,
            at_work: counters.sockets_opened,
        }
    }

    fn hang(&self, skip: u32) {
        self.server.fault(Fault { skip, ..Fault::new("chat.postMessage", 1, FaultKind::HangAfter) });
    }

    fn no_faults(&self) {
        self.server.no_faults();
    }

    fn shown(&self, chat: &str) -> Vec<Shown> {
        let shown = self.server.shown(chat).into_iter();
        shown
            .map(|m| Shown {
                id: m.ts,
                reply_to: m.thread_ts,
                first: m.versions.into_iter().next().unwrap_or(m.text),
                at_us: m.at_us,
            })
            .collect()
    }

    fn say(&self, chat: &str, who: &str, text: &str, on: Option<&str>) -> String {
        let text = if on.is_some() { text.to_owned() } else { self.written(chat, text) };
        let thread_ts = on.map(str::to_owned);
        let say = Say { channel: chat.into(), user: who.into(), text, raw: true, thread_ts, ..Say::default() };
        self.server.say(say).expect("a channel")
    }

    fn can_answer(&self, chat: &str, message: &str) -> bool {
        // In a channel all our answers stand in threads already; a thread has one root.
        // And after a brief outage threads are looked for under the newest two hundred messages: what is written under older
        // ones comes when Slack hands it over again, behind what was read meanwhile.
        let shown = self.server.shown(chat);
        let mut near = shown.iter().rev().take(150);
        chat != self.place.group && near.any(|m| m.ts == message && m.thread_ts.is_none())
    }

    fn change(&self, chat: &str, message: &str, text: &str) {
        let mention = self.written(chat, text);
        self.server.change_raw(chat, message, &mention).expect("the message is there");
    }

    fn press(&self, chat: &str, who: &str, message: &str, label: &str) -> Option<String> {
        let press = Press { channel: chat.into(), user: who.into(), ts: message.into(), button: label.into() };
        self.server.press(&press).ok()
    }

    fn command(&self, chat: &str, who: &str, slash: Slash<'_>) -> Option<String> {
        let text = format!("{} {}", slash.verb, slash.value);
        let slash = slack::Slash { channel: chat.into(), user: who.into(), command: "/yoman".into(), text };
        self.server.slash(&slash).ok()
    }

    fn loose(&self) -> bool {
        // Changes are counted in seconds, and a command has no time at all: read after an outage, a message may overtake it.
        true
    }

    fn confirmed(&self, deed: &str) -> Option<bool> {
        Some(self.server.acknowledged(deed))
    }
}

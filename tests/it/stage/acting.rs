//! Acting without words: reactions, and the answers to questions.

use yoman_chat::{Inbound, MessageRef, Said, fake::FakeMessage};

use super::{Seat, Stage};

impl Stage {
    /// Somebody says something that asks first, and says yes.
    pub(crate) async fn confirm(&mut self, seat: &Seat, text: &str) -> Vec<String> {
        self.say(seat, text).await;
        let (card, data, label) = self.question(seat);
        self.press_data(seat, &card, &data, &label).await
    }

    /// The newest question in a room: its message, what its yes carries and says.
    pub(crate) fn question(&self, seat: &Seat) -> (MessageRef, String, String) {
        let shown = seat.bot.shown(&seat.room);
        let found = shown.iter().rev().find_map(|message| {
            let yes = |data: &str| data.starts_with("/confirm ") && !data.starts_with("/confirm no ");
            let button = message.now.buttons.iter().flatten().find(|button| yes(&button.data))?;
            Some((message.at.clone(), button.data.clone(), button.label.clone()))
        });
        found.unwrap_or_else(|| panic!("nothing is asked in {}:\n{}", seat.room, self.transcript))
    }

    /// Somebody puts a reaction to a message, or takes it away.
    pub(crate) async fn react(&mut self, seat: &Seat, to: &FakeMessage, emoji: &str, added: bool) -> Vec<String> {
        let first = to.now.text.to_plain().lines().next().unwrap_or_default().to_owned();
        let inbound = self.reacting(seat, &to.at, emoji, added);
        let line = format!("({emoji} {} {first})", if added { "to:" } else { "taken away from:" });
        self.send(seat, inbound, &line).await
    }

    /// A reaction as it would arrive, not sent yet.
    pub(crate) fn reacting(&mut self, seat: &Seat, to: &MessageRef, emoji: &str, added: bool) -> Inbound {
        let id = format!("{}/{}/r{}", to.room, to.id, self.number());
        seat.inbound(id, Said::Reacted { message: to.clone(), emoji: emoji.to_owned(), added })
    }
}

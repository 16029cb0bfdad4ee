//! What reactions mean in a room, as a message.

use yoman_chat::{Button, Outbound, Text};

use super::{Viewer, World, card::with_buttons};
use crate::{
    command::Command,
    domain::{
        Handle,
        room::{self, Emoji, ReactionVerb, Reactions},
    },
};

/// What is offered to be switched on with a press. Not every platform has all of them.
const OFFERED: [(&str, ReactionVerb); 4] =
    [("✅", ReactionVerb::Done), ("👍", ReactionVerb::Done), ("👀", ReactionVerb::Doing), ("🙏", ReactionVerb::Take)];

impl World {
    /// What was said about reactions in a room; of a thread in which nothing was said, in the room it was opened in.
    pub fn reactions_in(&self, room: &str) -> &Reactions {
        let own = &self.room(room).reactions;
        let within = room.rsplit_once('/').map(|(within, _)| within).filter(|within| within.contains('/'));
        match within {
            Some(within) if own.is_unsaid() => &self.room(within).reactions,
            _ => own,
        }
    }

    /// `/react` alone: what reactions mean here, with buttons for the usual ones.
    pub fn reactions(&self, viewer: &Viewer) -> Outbound {
        let said = self.reactions_in(&viewer.room);
        let in_force = said.in_force(viewer.person.is_some());
        let mut text = Text::new();
        if !viewer.capabilities.reactions {
            text.plain("Nobody tells me of reactions here.");
            return Outbound::text(text);
        }
        let mut buttons = Vec::new();
        if in_force.is_empty() {
            text.plain("No reaction means anything here. ");
            text.plain(viewer.capabilities.written("/react"));
            text.plain(" with an emoji and a verb changes that: then a reaction to a card does what its button would.");
        } else {
            text.plain("A reaction to a card does what its button would; taken away again, it is taken back.");
            for (emoji, verb) in &in_force {
                text.plain(format!("\n   {emoji}  {}", verb.word()));
            }
        }
        let mut offer = |label: String, command: room::Command<Handle>| {
            buttons.push(Button::new(label, Command::Room(command).to_text(viewer.time_zone)));
        };
        for (emoji, verb) in OFFERED {
            let Some(emoji) = Emoji::read(emoji).filter(|it| !in_force.iter().any(|(on, _)| on == it)) else {
                continue;
            };
            offer(format!("{emoji} {}", verb.word()), room::Command::React { emoji, verb: Some(verb) });
        }
        if !in_force.is_empty() {
            offer("All off".to_owned(), room::Command::ReactOff);
        }
        with_buttons(Outbound::text(text), buttons, viewer)
    }

    /// What became of a command about reactions.
    pub(super) fn reaction_answer(&self, emoji: Option<(&Emoji, Option<ReactionVerb>)>, viewer: &Viewer) -> Text {
        let mut text = Text::new();
        match emoji {
            Some((emoji, Some(verb))) => {
                text.plain(format!("{emoji} means {} here now: react to a card with it.", verb.word()));
                if !viewer.capabilities.reactions {
                    text.plain(" Only that nobody tells me of reactions in this chat.");
                }
            }
            Some((emoji, None)) => {
                text.plain(format!("{emoji} means nothing here any more."));
            }
            None => {
                text.plain("No reaction means anything here any more.");
            }
        }
        text
    }
}

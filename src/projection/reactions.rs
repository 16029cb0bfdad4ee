//! What reactions mean in a room, as a message.

use yoman_chat::{Button, Outbound, Text};

use super::{Viewer, World, card::with_buttons};
use crate::{
    command::Command,
    domain::{
        Handle,
        room::{self, Emoji, ReactionVerb, Reactions},
    },
    lang::{self, say, text},
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
            return Outbound::text(text!(viewer.lang, "reactions-untold"));
        }
        let mut buttons = Vec::new();
        if in_force.is_empty() {
            let command = lang::code(viewer.capabilities.written("/react"));
            text.append(text!(viewer.lang, "reactions-none", command));
        } else {
            text.append(text!(viewer.lang, "reactions-some"));
            for (emoji, verb) in &in_force {
                text.plain(format!("\n   {emoji}  {}", verb_word(*verb, viewer)));
            }
        }
        let mut offer = |label: String, command: room::Command<Handle>| {
            buttons.push(Button::new(label, Command::Room(command).to_text(viewer.time_zone)));
        };
        for (emoji, verb) in OFFERED {
            let Some(emoji) = Emoji::read(emoji).filter(|it| !in_force.iter().any(|(on, _)| on == it)) else {
                continue;
            };
            offer(format!("{emoji} {}", verb_word(verb, viewer)), room::Command::React { emoji, verb: Some(verb) });
        }
        if !in_force.is_empty() {
            offer(say!(viewer.lang, "reactions-all-off"), room::Command::ReactOff);
        }
        with_buttons(Outbound::text(text), buttons, viewer)
    }

    /// What became of a command about reactions.
    pub(super) fn reaction_answer(&self, emoji: Option<(&Emoji, Option<ReactionVerb>)>, viewer: &Viewer) -> Text {
        match emoji {
            Some((emoji, Some(verb))) => {
                let (emoji, verb) = (emoji.as_str(), verb_word(verb, viewer));
                if viewer.capabilities.reactions {
                    text!(viewer.lang, "reactions-mapped", emoji, verb)
                } else {
                    text!(viewer.lang, "reactions-mapped-untold", emoji, verb)
                }
            }
            Some((emoji, None)) => text!(viewer.lang, "reactions-unmapped", emoji = emoji.as_str()),
            None => text!(viewer.lang, "reactions-cleared"),
        }
    }
}

/// What a reaction means, in words.
fn verb_word(verb: ReactionVerb, viewer: &Viewer) -> String {
    say!(viewer.lang, "reactions-verb", verb = verb.word())
}

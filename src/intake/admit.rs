//! Who may speak: nobody, until paired. A group is silent until a maintainer enables it.

use std::time::Instant;

use yoman_chat::{Button, Inbound, Outbound, Room, RoomKind, Said, SenderId, Text};

use super::{
    Failure, Intake, Lane, Refusal, Reply,
    pairing::{Greeting, PENDING_MAX},
};
use crate::{
    command::{self, Command, Look, PersonCommand},
    domain::{Identity, PersonId, Role, room},
    lang::{self, Lang, Wording, say, text, wording},
};

/// Somebody who may speak.
#[derive(Clone, Debug)]
pub(crate) struct Speaker {
    /// Who.
    pub(crate) person: PersonId,
    /// What they may do.
    pub(crate) role: Role,
}

/// Whether an inbound is heard.
#[derive(Debug)]
pub(crate) enum Admitted {
    /// It is.
    Yes(Speaker),
    /// It is not; this is all it comes to.
    No(Reply),
}

impl Intake {
    /// Decides whether an inbound is heard, and answers strangers.
    pub(super) async fn admit(
        &self,
        bot: &yoman_chat::BotName,
        inbound: &Inbound,
        lane: &mut Lane,
    ) -> Result<Admitted, Failure> {
        let identity = Identity(inbound.sender.id.as_str().to_owned());
        let group = inbound.room.kind == RoomKind::Group;
        let (mut known, nobody, enabled) = self.world.read(|world| {
            let known =
                world.by_identity(&identity).and_then(|person| Some(Speaker { person: person.id, role: person.role? }));
            (known, world.people().next().is_none(), world.listens(inbound.room.id.as_str()))
        });
        if known.is_none() && nobody && self.capabilities(bot.as_str()).is_some_and(|can| can.local) {
            known = self.first_at_the_console(inbound, lane).await?;
        }
        let command = self.spoken_command(bot.as_str(), inbound);
        if let Some(Command::Person(PersonCommand::Claim { code })) = &command
            && known.as_ref().is_none_or(|speaker| speaker.role < Role::Owner)
        {
            if !group {
                return self.claim(inbound, code, lane).await.map(Admitted::No);
            }
            // A code that is still worth something was shown to everybody: worth a word even in a silent group.
            let owned = self.world.read(|world| world.owners() > 0);
            if !owned && addressed(inbound) && self.pairing.may_answer(inbound.sender.id.as_str(), Instant::now()) {
                return Ok(Admitted::No(Reply::say(Outbound::text(say!(self.lang(inbound), "claim-in-group")))));
            }
        }
        if let Some(Command::Person(PersonCommand::LinkTake { code })) = &command
            && known.is_none()
            && !group
        {
            return self.link_of_stranger(inbound, code).await.map(Admitted::No);
        }
        match known {
            Some(speaker) if !group => Ok(Admitted::Yes(speaker)),
            Some(speaker) if enabled && addressed(inbound) => Ok(Admitted::Yes(speaker)),
            // The one thing that is heard in a silent group.
            Some(speaker)
                if matches!(command, Some(Command::Room(room::Command::Enable { .. }))) && addressed(inbound) =>
            {
                Ok(Admitted::Yes(speaker))
            }
            // Whoever may change that is told how.
            Some(speaker)
                if matches!(command, Some(Command::Rebuild(_)))
                    && addressed(inbound)
                    && speaker.role >= Role::Maintainer =>
            {
                Ok(Admitted::No(Reply::say(self.not_enabled(&inbound.room.id))))
            }
            Some(_) => Ok(Admitted::No(Reply::silence())),
            // Not worth a word, nor a code: people react to what they like.
            None if matches!(inbound.said, Said::Reacted { .. }) => Ok(Admitted::No(Reply::silence())),
            None if group => Ok(Admitted::No(self.stranger_in_group(inbound, enabled))),
            None => {
                Ok(Admitted::No(self.stranger(inbound, matches!(command, Some(Command::Look(Look::Start { .. }))))))
            }
        }
    }

    /// Whoever may look here, for what is shown without a message being answered: nobody is let in by it, and nobody is told.
    pub(super) fn onlooker(&self, room: &Room, sender: &SenderId) -> Option<Speaker> {
        let identity = Identity(sender.as_str().to_owned());
        self.world.read(|world| {
            let person = world.by_identity(&identity)?;
            let heard = room.kind == RoomKind::Direct || world.listens(room.id.as_str());
            let role = person.role.filter(|_| heard)?;
            Some(Speaker { person: person.id, role })
        })
    }

    /// Whether it is the one thing that is heard in a silent group.
    pub(super) fn enables(&self, bot: &str, inbound: &Inbound) -> bool {
        matches!(self.spoken_command(bot, inbound), Some(Command::Room(room::Command::Enable { .. })))
    }

    /// The command of a message that is one command, as far as it can be told before anybody is admitted.
    fn spoken_command(&self, bot: &str, inbound: &Inbound) -> Option<Command> {
        let Said::Message { text, .. } = &inbound.said else { return None };
        match command::parse(text.trim(), &self.context(bot, inbound)) {
            Ok(command::Said::Command(command)) => Some(command),
            _ => None,
        }
    }

    /// A stranger in a direct room gets a code that an owner or maintainer can approve.
    fn stranger(&self, inbound: &Inbound, welcome: bool) -> Reply {
        let owner = self.world.read(|world| world.people().any(|person| person.role == Some(Role::Owner)));
        let lang = self.lang(inbound);
        let mut text = Text::new();
        if welcome {
            text.plain(say!(lang, "welcome-stranger")).plain("\n");
        }
        if !owner {
            if !self.pairing.may_answer(inbound.sender.id.as_str(), Instant::now()) {
                return Reply::silence();
            }
            let command = say!(lang, "claim-command");
            let command = lang::code(self.as_written(&inbound.room.id, &command));
            text.append(text!(lang, "welcome-no-owner", command));
            return Reply::say(Outbound::text(text));
        }
        match self.pairing.greet(&inbound.sender, &inbound.room.id, Instant::now()) {
            Greeting::Code(code) => {
                text.plain(say!(lang, "welcome-code")).plain("\n   ");
                text.push(yoman_chat::Style::Code, say!(lang, "pair-command", code));
                Reply::say(Outbound::text(text))
            }
            Greeting::Full => Reply::say(Outbound::text(say!(lang, "welcome-full", n = PENDING_MAX))),
            Greeting::Silence => Reply::silence(),
        }
    }

    /// A stranger in a group: silence, unless the group is enabled and they spoke to us.
    fn stranger_in_group(&self, inbound: &Inbound, enabled: bool) -> Reply {
        if !enabled || !addressed(inbound) || !self.pairing.may_answer(inbound.sender.id.as_str(), Instant::now()) {
            return Reply::silence();
        }
        let no = say!(self.lang(inbound), "welcome-in-group");
        Reply { toast: Some(no.clone()), ..Reply::say(Outbound::text(no)) }
    }

    /// The least role, or the reason it is not enough.
    pub(super) fn may(&self, speaker: &Speaker, needed: Role, command: impl Into<Wording>) -> Result<(), Refusal> {
        if speaker.role >= needed {
            return Ok(());
        }
        let who: Vec<_> = self.world.read(|world| {
            let mut who: Vec<_> = world
                .people()
                .filter(|person| person.role.is_some_and(|role| role >= needed))
                .map(|person| person.handle.to_string())
                .collect();
            who.truncate(3);
            who
        });
        let command: Wording = command.into();
        let or = |before: Wording, last: &String| wording!("reason-or", before, last);
        let who = match who.split_first() {
            None => wording!("refused-an-owner"),
            Some((first, others)) => others.iter().fold(Wording::from(first.as_str()), or),
        };
        Err(Refusal::new(wording!("refused-role", command, needed = needed.word(), actor = speaker.role.word(), who)))
    }
}

/// Whether the bot was spoken to.
pub(super) fn addressed(inbound: &Inbound) -> bool {
    match &inbound.said {
        Said::Message { addressed, reply_to, .. } => *addressed || reply_to.as_ref().is_some_and(|it| it.ours),
        Said::Edited { addressed, .. } => *addressed,
        Said::Pressed { .. } | Said::Deleted { .. } | Said::Reacted { .. } => true,
    }
}

/// The buttons of a welcome.
pub(super) fn first_steps(lang: Lang) -> Vec<Button> {
    vec![
        Button::new(say!(lang, "welcome-board"), "/board"),
        Button::new(say!(lang, "welcome-next"), "/next"),
        Button::new(say!(lang, "welcome-help"), "/help"),
    ]
}

//! One person on several platforms: a code given on one of them, typed on the other, confirmed on the first.
//!
//! Codes and questions are in memory and bounded, like those of strangers: what is lost with the process is asked for again.
//! Only the outcome is an event.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use yoman_chat::{Inbound, Outbound, RoomId, RoomKind, Sender, Style, Text};

use super::{Failure, Intake, Refusal, Reply, Speaker, admit, carry_out::Spoken, pairing};
use crate::{
    command::{Command, PersonCommand},
    domain::{Identity, ItemRef, PersonId, person},
    lang::{self, say, text, wording},
    log::Commit,
    notify::Answer,
};

/// How long a code holds.
const LIFE: Duration = Duration::from_secs(3600);
/// How many codes there are at one time.
const OFFERS_MAX: usize = 200;

/// A code somebody was given.
#[derive(Clone, Debug)]
struct Offer {
    code: String,
    person: PersonId,
    /// Where they asked for it, and are asked.
    room: RoomId,
    since: Instant,
}

/// Whether whoever typed a code is who was given it. What names it on its buttons is another secret than the code, which
/// the other side knows.
#[derive(Clone, Debug)]
pub(super) struct Question {
    /// Who is asked, and where.
    pub(super) person: PersonId,
    pub(super) room: RoomId,
    /// Who typed the code, where, and with which message: the same one delivered again is answered again.
    sender: Sender,
    from: RoomId,
    pub(super) inbound: String,
}

/// Codes that were given.
#[derive(Debug, Default)]
pub(super) struct Links {
    // A std mutex: nothing is awaited under it.
    offers: Mutex<Vec<Offer>>,
}

/// A code that cannot be taken for an item.
fn code() -> String {
    loop {
        let code = pairing::code();
        if code.parse::<ItemRef>().is_err() {
            return code;
        }
    }
}

impl Links {
    fn offers(&self, now: Instant) -> MutexGuard<'_, Vec<Offer>> {
        let mut offers = self.offers.lock().unwrap_or_else(PoisonError::into_inner);
        offers.retain(|offer| now.duration_since(offer.since) < LIFE);
        offers
    }

    /// The code of a person: the one they have, or a new one. `None`: too many are about.
    fn offer(&self, person: PersonId, room: &RoomId, now: Instant) -> Option<String> {
        let mut offers = self.offers(now);
        if let Some(offer) = offers.iter_mut().find(|offer| offer.person == person) {
            // They are asked where they asked last.
            offer.room = room.clone();
            return Some(offer.code.clone());
        }
        if offers.len() >= OFFERS_MAX {
            return None;
        }
        let code = code();
        offers.push(Offer { code: code.clone(), person, room: room.clone(), since: now });
        Some(code)
    }

    fn find(&self, typed: &str, now: Instant) -> Option<Offer> {
        // All are compared, so that the time it takes tells nothing.
        self.offers(now)
            .iter()
            .fold(None, |found, it| if pairing::same(&it.code, typed) { Some(it) } else { found })
            .cloned()
    }

    /// The code is worth nothing any more.
    fn spend(&self, code: &str, now: Instant) {
        self.offers(now).retain(|offer| offer.code != code);
    }
}

/// Whether a command gives or takes a code, or names an account: nobody else has to read that.
fn is_about_links(command: &Command) -> bool {
    let Command::Person(command) = command else { return false };
    match command {
        PersonCommand::LinkOffer | PersonCommand::LinkTake { .. } | PersonCommand::Unlink { .. } => true,
        PersonCommand::Claim { .. } | PersonCommand::Pair { .. } => false,
        PersonCommand::Grant { .. } | PersonCommand::Revoke { .. } | PersonCommand::Prefer { .. } => false,
        PersonCommand::Forget { .. } => false,
    }
}

impl Intake {
    /// What can be answered without a commit; `None` for every other command.
    pub(super) async fn about_links(
        &self,
        command: &Command,
        inbound: &Inbound,
        speaker: &Speaker,
    ) -> Result<Option<Answer>, Failure> {
        if !is_about_links(command) {
            return Ok(None);
        }
        let now = Instant::now();
        if inbound.room.kind == RoomKind::Group {
            if let Command::Person(PersonCommand::LinkTake { code }) = command {
                // Everybody has seen it now.
                self.links.spend(code, now);
            }
            let what = match command {
                Command::Person(PersonCommand::Unlink { .. }) => wording!("link-not-in-group"),
                _ => wording!("link-code-not-in-group"),
            };
            return Err(Refusal::new(what).into());
        }
        let Command::Person(command) = command else { return Ok(None) };
        let message = match command {
            PersonCommand::LinkOffer => self.offer_link(inbound, speaker, now)?,
            PersonCommand::LinkTake { code } => self.take_link(inbound, code, Some(speaker), now).await?,
            // Those make a commit.
            _ => return Ok(None),
        };
        Ok(Some(Answer::new(message)))
    }

    /// `/link`: a code for the other platform.
    fn offer_link(&self, inbound: &Inbound, speaker: &Speaker, now: Instant) -> Result<Outbound, Failure> {
        let Some(code) = self.links.offer(speaker.person, &inbound.room.id, now) else {
            return Err(Refusal::new(wording!("link-too-many-codes")).into());
        };
        let lang = self.lang(inbound);
        let mut text = Text::from(say!(lang, "link-offer"));
        text.plain("\n   ").push(Style::Code, say!(lang, "link-command", code));
        text.plain("\n").plain(say!(lang, "link-offer-secret"));
        Ok(Outbound::text(text))
    }

    /// `/link CODE` of a stranger in a direct room.
    pub(super) async fn link_of_stranger(&self, inbound: &Inbound, code: &str) -> Result<Reply, Failure> {
        match self.take_link(inbound, code, None, Instant::now()).await {
            Ok(message) => Ok(Reply::say(message)),
            // Who goes on guessing is not answered for ever.
            Err(Failure::Refused(_)) if !self.pairing.may_answer(inbound.sender.id.as_str(), Instant::now()) => {
                Ok(Reply::silence())
            }
            Err(other) => Err(other),
        }
    }

    /// `/link CODE`: asks who was given the code.
    async fn take_link(
        &self,
        inbound: &Inbound,
        typed: &str,
        speaker: Option<&Speaker>,
        now: Instant,
    ) -> Result<Outbound, Failure> {
        let sender = &inbound.sender;
        let asked = self.confirmations.link_asked_by(&inbound.id, self.settings.clock.now());
        let (name, question) = match asked {
            Some(asked) => asked,
            None => {
                if !self.pairing.may_guess(sender.id.as_str(), now) {
                    return Err(Refusal::new(wording!("link-too-often")).into());
                }
                let Some(offer) = self.links.find(typed, now) else {
                    self.pairing.guessed_wrong(sender.id.as_str(), now);
                    return Err(Refusal::new(wording!("link-no-code")).into());
                };
                self.may_be_asked(&offer, sender, speaker)?;
                self.links.spend(&offer.code, now);
                let question = Question {
                    person: offer.person,
                    room: offer.room,
                    sender: sender.clone(),
                    from: inbound.room.id.clone(),
                    inbound: inbound.id.clone(),
                };
                let name = self.ask_about_link(question.clone());
                (name, question)
            }
        };
        self.ask_link(&name, &question).await?;
        let (handle, title) = (self.handle_of(question.person), self.title_of(question.room.bot()));
        Ok(Outbound::text(text!(self.lang(inbound), "link-asked", title, handle = lang::quote(handle))))
    }

    /// Refuses what could not be confirmed, before anybody is asked.
    fn may_be_asked(&self, offer: &Offer, sender: &Sender, speaker: Option<&Speaker>) -> Result<(), Refusal> {
        let identity = Identity(sender.id.as_str().to_owned());
        let (first, second) =
            self.world.read(|world| (world.person(offer.person).cloned(), world.by_identity(&identity).cloned()));
        let Some(first) = first else {
            return Err(Refusal::new(wording!("link-gone")));
        };
        let Some(second) = second else { return Ok(()) };
        if first.id == second.id {
            return Err(Refusal::new(wording!("link-known")));
        }
        if second.role.is_none() {
            return Err(Refusal::new(wording!("link-revoked")));
        }
        let given = person::Given { actor: first.role.map(|role| (first.id, role)), owners: 2 };
        let merge = person::Command::Merge { into: Box::new(first) };
        match person::decide(Some(&second), second.id, &merge, &given) {
            Ok(_) => Ok(()),
            Err(person::Error::Outranks { .. }) if speaker.is_some() => {
                Err(Refusal::new(wording!("link-other-way")).hints(["/link"]))
            }
            Err(error) => Err(Refusal::not_done(error.wording()).hints(error.hints())),
        }
    }

    /// The question, with its buttons, where the code was asked for.
    async fn ask_link(&self, code: &str, question: &Question) -> Result<(), Failure> {
        let title = self.title_of(question.from.bot());
        let identity = Identity(question.sender.id.as_str().to_owned());
        let known = self.world.read(|world| world.by_identity(&identity).cloned());
        let lang = self.lang_of(&question.room);
        let name = lang::quote(crate::projection::words::one_line(&question.sender.name));
        let account = lang::quote(identity.0.as_str());
        let mut text = match &question.sender.handle {
            Some(handle) => {
                let handle = lang::quote(format!("@{}", crate::projection::words::one_line(handle)));
                text!(lang, "link-question-handle", title, name, handle, account)
            }
            None => text!(lang, "link-question", title, name, account),
        };
        if let Some(known) = known {
            let known = lang::quote(known.handle.to_string());
            text.plain(" ").append(text!(lang, "link-question-known", known));
        }
        text.plain(" ").plain(say!(lang, "link-question-only-you"));
        let (yes, no) = (say!(lang, "button-that-is-me"), say!(lang, "button-no"));
        let message = Outbound::text(text).row(Self::link_buttons(code, &yes, &no));
        self.tell(&format!("link/{code}"), &question.room, message).await
    }

    /// Says something in a direct room that nobody there asked for just now.
    async fn tell(&self, key: &str, room: &RoomId, message: Outbound) -> Result<(), Failure> {
        match self.outbox.answer(key, room, vec![Answer::new(message)]).await {
            Ok(_) => Ok(()),
            // Shown from memory: good enough for what is in memory only.
            Err(error) if error.delivered_directly() => Ok(()),
            Err(error) => Err(Failure::Again(error.to_string())),
        }
    }

    /// They are not: whoever typed the code is told.
    pub(super) async fn decline_link(&self, name: &str, question: &Question) -> Result<Outbound, Failure> {
        let title = self.title_of(question.room.bot());
        let told = say!(self.lang_of(&question.from), "link-declined-there", title);
        self.tell(&format!("link/{name}/no"), &question.from, Outbound::text(told)).await?;
        Ok(Outbound::text(say!(self.lang_of(&question.room), "link-declined")))
    }

    /// The accounts are one person's from now on. The caller holds the people's lane.
    pub(super) async fn confirm_link(
        &self,
        spoken: &Spoken,
        speaker: &Speaker,
        question: &Question,
    ) -> Result<std::sync::Arc<Commit>, Failure> {
        let by = Some((speaker.person, speaker.role));
        let identity = Identity(question.sender.id.as_str().to_owned());
        let (first, known) = self.world.read(|world| {
            (world.person(speaker.person).cloned(), world.by_identity(&identity).map(|person| person.id))
        });
        let commit = match (first, known) {
            // They were let in, or became somebody, since the question was asked: decided by what is the case now.
            (Some(first), Some(second)) if second != speaker.person => {
                let merge = person::Command::Merge { into: Box::new(first) };
                self.append_person(second, &[merge], by, spoken).await?
            }
            _ => {
                self.append_person(speaker.person, &[person::Command::Join { identity: identity.clone() }], by, spoken)
                    .await?
            }
        };
        self.pairing.known_now(&question.sender.id);
        self.world.at_least(commit.position).await;
        let head = self.log.head().position;
        self.outbox.met(&question.from, speaker.person, &identity, question.sender.language.as_deref(), head);
        let lang = self.lang_of(&question.from);
        let text = text!(lang, "paired-here-too", handle = lang::quote(self.handle_of(speaker.person)));
        let message = Outbound::text(text).row(admit::first_steps(lang));
        if let Err(Failure::Again(error)) =
            self.tell(&format!("linked/{}", commit.position), &question.from, message).await
        {
            tracing::warn!(room = %question.from, %error, "somebody who is known on another platform now could not be told");
        }
        Ok(commit)
    }

    /// The account of a person that a word means: a platform's name, its title, or the account itself.
    pub(super) fn account(&self, person: PersonId, said: &str, current: &str) -> Result<Identity, Refusal> {
        let identities =
            self.world.read(|world| world.person(person).map(|it| it.identities.clone())).unwrap_or_default();
        let is_it = |identity: &&Identity| {
            let platform = identity.0.split('/').next().unwrap_or_default();
            identity.0.to_lowercase() == said || platform == said || self.title_of(platform).to_lowercase() == said
        };
        let meant: Vec<_> = identities.iter().filter(is_it).collect();
        match meant.as_slice() {
            [] => {
                let known: Vec<_> = identities.iter().map(|identity| identity.0.as_str()).collect();
                Err(Refusal::new(wording!("link-not-there", known = known.join(", "))))
            }
            [one] if one.0 == current => Err(Refusal::new(wording!("link-from-here"))),
            [one] => Ok((*one).clone()),
            several => {
                let hints = several.iter().filter(|it| it.0 != current).map(|it| format!("/unlink {}", it.0));
                Err(Refusal::new(wording!("link-several")).hints(hints))
            }
        }
    }

    fn handle_of(&self, person: PersonId) -> String {
        self.world.read(|world| world.person(person).map(|person| person.handle.to_string())).unwrap_or_default()
    }

    /// What people call the platform of a bot, or a platform by its own name.
    fn title_of(&self, bot: &str) -> String {
        crate::projection::words::title_of(bot, &self.titles)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIM: PersonId = PersonId(1);
    const DANA: PersonId = PersonId(2);

    fn room(name: &str) -> RoomId {
        RoomId::new(name)
    }

    #[test]
    fn a_code_is_somebodys_for_an_hour_and_once() {
        let (links, now) = (Links::default(), Instant::now());
        let code = links.offer(KIM, &room("a/kim"), now).unwrap();
        assert_eq!(code.len(), crate::command::LINK_CODE_CHARS);
        assert_eq!(links.offer(KIM, &room("a/2"), now), Some(code.clone()), "the same, asked where they asked last");
        assert_ne!(links.offer(DANA, &room("a/dana"), now).unwrap(), code);
        assert!(links.find("WRONGONE", now).is_none());
        let offer = links.find(&code, now).unwrap();
        assert_eq!((offer.person, offer.room.as_str()), (KIM, "a/2"));
        links.spend(&code, now);
        assert!(links.find(&code, now).is_none(), "spent");
        let late = links.offer(KIM, &room("a/kim"), now).unwrap();
        assert!(links.find(&late, now + LIFE).is_none());
    }

    #[test]
    fn codes_are_bounded() {
        let (links, now) = (Links::default(), Instant::now());
        let given = (0..1000).filter_map(|n| links.offer(PersonId(n), &room("a/x"), now)).collect::<Vec<_>>();
        assert_eq!(given.len(), OFFERS_MAX);
    }
}

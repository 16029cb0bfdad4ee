//! One person on several platforms: a code given on one of them, typed on the other, confirmed on the first.
//!
//! Codes and questions are in memory and bounded, like those of strangers: what is lost with the process is asked for again.
//! Only the outcome is an event.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use yoman_chat::{Button, ButtonTone, Inbound, Outbound, RoomId, RoomKind, Sender, Style, Text};

use super::{Failure, Intake, Refusal, Reply, Speaker, admit, carry_out::Spoken, pairing};
use crate::{
    command::{Command, PersonCommand},
    domain::{Identity, ItemRef, PersonId, person},
    lang::{self, say, text, wording},
    log::Commit,
    notify::Answer,
};

/// How long a code, and the question that follows from it, holds.
const LIFE: Duration = Duration::from_secs(3600);
/// How many codes and how many questions there are at one time.
const OFFERS_MAX: usize = 200;
const QUESTIONS_MAX: usize = 200;

/// A code somebody was given.
#[derive(Clone, Debug)]
struct Offer {
    code: String,
    person: PersonId,
    /// Where they asked for it, and are asked.
    room: RoomId,
    since: Instant,
}

/// Whether whoever typed a code is who was given it.
#[derive(Clone, Debug)]
struct Question {
    /// What names it on its buttons: another secret than the code, which the other side knows.
    name: String,
    person: PersonId,
    room: RoomId,
    /// Who typed the code, where, and with which message: the same one delivered again is answered again.
    sender: Sender,
    from: RoomId,
    inbound: String,
    since: Instant,
}

#[derive(Debug, Default)]
struct Inner {
    offers: Vec<Offer>,
    questions: Vec<Question>,
}

/// Codes that were given and questions that were asked.
#[derive(Debug, Default)]
pub(super) struct Links {
    // A std mutex: nothing is awaited under it.
    inner: Mutex<Inner>,
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
    fn inner(&self, now: Instant) -> MutexGuard<'_, Inner> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.offers.retain(|offer| now.duration_since(offer.since) < LIFE);
        inner.questions.retain(|question| now.duration_since(question.since) < LIFE);
        inner
    }

    /// The code of a person: the one they have, or a new one. `None`: too many are about.
    fn offer(&self, person: PersonId, room: &RoomId, now: Instant) -> Option<String> {
        let mut inner = self.inner(now);
        if let Some(offer) = inner.offers.iter_mut().find(|offer| offer.person == person) {
            // They are asked where they asked last.
            offer.room = room.clone();
            return Some(offer.code.clone());
        }
        if inner.offers.len() >= OFFERS_MAX {
            return None;
        }
        let code = code();
        inner.offers.push(Offer { code: code.clone(), person, room: room.clone(), since: now });
        Some(code)
    }

    /// The question that this very message led to.
    fn asked_by(&self, inbound: &str, now: Instant) -> Option<Question> {
        self.inner(now).questions.iter().find(|question| question.inbound == inbound).cloned()
    }

    fn find(&self, typed: &str, now: Instant) -> Option<Offer> {
        // All are compared, so that the time it takes tells nothing.
        let inner = self.inner(now);
        inner
            .offers
            .iter()
            .fold(None, |found, it| if pairing::same(&it.code, typed) { Some(it) } else { found })
            .cloned()
    }

    /// The code is worth nothing any more.
    fn spend(&self, code: &str, now: Instant) {
        self.inner(now).offers.retain(|offer| offer.code != code);
    }

    /// The code is spent on a question. `None`: too many wait for an answer.
    fn ask(&self, offer: &Offer, inbound: &Inbound, now: Instant) -> Option<Question> {
        let mut inner = self.inner(now);
        if inner.questions.len() >= QUESTIONS_MAX {
            return None;
        }
        inner.offers.retain(|other| other.code != offer.code);
        let question = Question {
            name: code(),
            person: offer.person,
            room: offer.room.clone(),
            sender: inbound.sender.clone(),
            from: inbound.room.id.clone(),
            inbound: inbound.id.clone(),
            since: now,
        };
        inner.questions.push(question.clone());
        Some(question)
    }

    /// The question of this name, for whom it was asked.
    fn question(&self, name: &str, person: PersonId, now: Instant) -> Option<Question> {
        let inner = self.inner(now);
        let all = inner.questions.iter();
        let named = all.fold(None, |found, it| if pairing::same(&it.name, name) { Some(it) } else { found });
        named.filter(|question| question.person == person).cloned()
    }

    fn answered(&self, name: &str, now: Instant) {
        self.inner(now).questions.retain(|question| question.name != name);
    }
}

/// Whether a command gives, takes or confirms a code, or names an account: nobody else has to read that.
fn is_about_links(command: &Command) -> bool {
    let Command::Person(command) = command else { return false };
    match command {
        PersonCommand::LinkOffer | PersonCommand::LinkTake { .. } | PersonCommand::LinkAnswer { .. } => true,
        PersonCommand::Unlink { .. } => true,
        PersonCommand::Claim { .. } | PersonCommand::Pair { .. } => false,
        PersonCommand::Grant { .. } | PersonCommand::Revoke { .. } | PersonCommand::Prefer { .. } => false,
        PersonCommand::Forget { .. } | PersonCommand::ForgetYes { .. } => false,
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
            PersonCommand::LinkAnswer { question, yes: false } => self.decline_link(question, speaker, now).await?,
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
        let question = match self.links.asked_by(&inbound.id, now) {
            Some(question) => question,
            None => {
                if !self.pairing.may_guess(sender.id.as_str(), now) {
                    return Err(Refusal::new(wording!("link-too-often")).into());
                }
                let Some(offer) = self.links.find(typed, now) else {
                    self.pairing.guessed_wrong(sender.id.as_str(), now);
                    return Err(Refusal::new(wording!("link-no-code")).into());
                };
                self.may_be_asked(&offer, sender, speaker)?;
                let Some(question) = self.links.ask(&offer, inbound, now) else {
                    return Err(Refusal::new(wording!("link-too-many-questions")).into());
                };
                question
            }
        };
        self.ask_link(&question).await?;
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
    async fn ask_link(&self, question: &Question) -> Result<(), Failure> {
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
        let button = |label, answer, tone| Button::new(label, format!("/link {answer} {}", question.name)).tone(tone);
        let message = Outbound::text(text).row(vec![
            button(say!(lang, "button-that-is-me"), "yes", ButtonTone::Primary),
            button(say!(lang, "button-no"), "no", ButtonTone::Danger),
        ]);
        self.tell(&format!("link/{}", question.name), &question.room, message).await
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

    /// `/link no …`
    async fn decline_link(&self, name: &str, speaker: &Speaker, now: Instant) -> Result<Outbound, Failure> {
        let question = self.links.question(name, speaker.person, now).ok_or_else(no_question)?;
        self.links.answered(name, now);
        let title = self.title_of(question.room.bot());
        let told = say!(self.lang_of(&question.from), "link-declined-there", title);
        self.tell(&format!("link/{name}/no"), &question.from, Outbound::text(told)).await?;
        Ok(Outbound::text(say!(self.lang_of(&question.room), "link-declined")))
    }

    /// `/link yes …`: the accounts are one person's from now on. The caller holds the people's lane.
    pub(super) async fn confirm_link(
        &self,
        spoken: &Spoken,
        speaker: &Speaker,
        name: &str,
    ) -> Result<std::sync::Arc<Commit>, Failure> {
        let now = Instant::now();
        let Some(question) = self.links.question(name, speaker.person, now) else {
            self.pairing.guessed_wrong(&spoken.actor, now);
            return Err(no_question().into());
        };
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
        self.links.answered(name, now);
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

/// It was answered, it is too old, or it was never asked of this person: nobody is told which.
fn no_question() -> Refusal {
    Refusal::new(wording!("link-no-question")).hints(["/link"])
}

#[cfg(test)]
mod tests {
    use yoman_chat::{MessageRef, Room, Said, SenderId};

    use super::*;

    const KIM: PersonId = PersonId(1);
    const DANA: PersonId = PersonId(2);

    fn room(name: &str) -> RoomId {
        RoomId::new(name)
    }

    fn from(id: &str) -> Inbound {
        let sender = Sender { id: SenderId::new("b/1"), name: "Kim".into(), handle: None, language: None };
        let room = Room { id: room("b/kim"), kind: RoomKind::Direct, title: None };
        let message = MessageRef { room: room.id.clone(), id: id.into() };
        let said = Said::Deleted { message };
        Inbound { id: id.into(), room, sender, said, sent_at: chrono::DateTime::UNIX_EPOCH }
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
        let question = links.ask(&offer, &from("b/1/1"), now).unwrap();
        assert!(links.find(&code, now).is_none(), "spent");
        assert_ne!(question.name, code);
        assert!(links.asked_by("b/1/1", now).is_some() && links.asked_by("b/1/2", now).is_none());
        assert!(links.question(&question.name, DANA, now).is_none(), "asked of somebody else");
        assert!(links.question(&code, KIM, now).is_none(), "the code answers nothing");
        assert!(links.question(&question.name, KIM, now).is_some());
        assert!(links.question(&question.name, KIM, now + LIFE).is_none());
        let late = links.offer(KIM, &room("a/kim"), now).unwrap();
        assert!(links.find(&late, now + LIFE).is_none());
    }

    #[test]
    fn codes_and_questions_are_bounded() {
        let (links, now) = (Links::default(), Instant::now());
        let given = (0..1000).filter_map(|n| links.offer(PersonId(n), &room("a/x"), now)).collect::<Vec<_>>();
        assert_eq!(given.len(), OFFERS_MAX);
        let asked =
            given.iter().filter_map(|code| links.ask(&links.find(code, now).unwrap(), &from(code), now)).count();
        assert_eq!(asked, QUESTIONS_MAX.min(OFFERS_MAX));
        let more = links.offer(KIM, &room("a/x"), now).unwrap();
        assert!(links.ask(&links.find(&more, now).unwrap(), &from("more"), now).is_none());
        assert!(links.find(&more, now).is_some(), "what could not be asked is not spent");
    }
}

//! `/forget @person`: first what that means, with a button bound to this question; then the event, after which the vault
//! destroys the key; then everything derived is made anew without their words.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use yoman_chat::{Button, ButtonTone, Outbound, RoomId};

use super::{
    Failure, Intake, Refusal, Speaker,
    carry_out::Spoken,
    pairing::{code, same},
};
use crate::{
    domain::{Event, Handle, PersonId, person},
    lang::{self, Wording, say, text, wording},
    log::{Commit, Expected, StreamId},
    notify::Answer,
};

/// How long a question waits for its answer.
const ASKED_FOR: Duration = Duration::from_secs(600);
/// So many questions wait at one time; the oldest goes first.
const ASKED_MAX: usize = 16;

/// A question that waits for its answer.
#[derive(Clone, Debug)]
struct Asked {
    code: String,
    /// Who is to be forgotten, as they were when it was asked.
    person: PersonId,
    version: u64,
    /// Who turned out to be them before it was asked.
    once: Vec<PersonId>,
    /// Who asked, and where: nobody else answers, and nowhere else.
    owner: PersonId,
    room: String,
    since: Instant,
}

/// The questions that wait. In memory: after a restart it is asked anew.
#[derive(Debug, Default)]
pub(super) struct Forgetting {
    // A std mutex: nothing is awaited under it.
    asked: Mutex<Vec<Asked>>,
}

/// Why an answer counts for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrong {
    /// Nothing was asked with this code, or it was answered, or too long ago.
    Over,
    /// Somebody else asked, or somewhere else.
    NotYours(PersonId),
}

impl Forgetting {
    fn asked(&self, now: Instant) -> MutexGuard<'_, Vec<Asked>> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.retain(|it| now.duration_since(it.since) < ASKED_FOR);
        asked
    }

    /// Notes a question; the code its answer carries. The same question asked again makes the one before void.
    fn ask(
        &self,
        (person, version, once): (PersonId, u64, Vec<PersonId>),
        owner: PersonId,
        room: &str,
        now: Instant,
    ) -> String {
        let code = code();
        let mut asked = self.asked(now);
        asked.retain(|it| (it.person, it.owner, it.room.as_str()) != (person, owner, room));
        if asked.len() >= ASKED_MAX {
            asked.remove(0);
        }
        asked.push(Asked { code: code.clone(), person, version, once, owner, room: room.to_owned(), since: now });
        code
    }

    /// The question an answer is for, which is spent with it.
    fn answered(&self, code: &str, owner: PersonId, room: &str, now: Instant) -> Result<Asked, Wrong> {
        let mut asked = self.asked(now);
        let at = asked.iter().position(|it| same(&it.code, code)).ok_or(Wrong::Over)?;
        if (asked[at].owner, asked[at].room.as_str()) != (owner, room) {
            return Err(Wrong::NotYours(asked[at].owner));
        }
        Ok(asked.remove(at))
    }
}

/// Whether somebody was forgotten in a commit.
pub(super) fn forgets(commit: &Commit) -> bool {
    commit.events.iter().any(|event| &*event.name == "person_forgotten")
}

impl Intake {
    /// What forgetting somebody means, and the button that does it.
    pub(super) async fn ask_to_forget(
        &self,
        handle: &Handle,
        speaker: &Speaker,
        room: &RoomId,
    ) -> Result<Answer, Failure> {
        self.world.at_least(self.log.head().position).await;
        let id = self.who(handle, speaker.person, &[])?;
        let (person, once, owners) = self
            .world
            .read(|world| (world.person(id).cloned(), world.once(id).cloned().collect::<Vec<_>>(), world.owners()));
        let given = person::Given { actor: Some((speaker.person, speaker.role)), owners };
        person::decide(person.as_ref(), id, &person::Command::Forget, &given)
            .map_err(|error| Refusal::not_done(error.wording()).hints(error.hints()))?;
        let Some(person) = person else { return Err(Failure::Again("nobody has that number".into())) };
        if person.handle != *handle && once.iter().any(|it| it.handle == *handle) {
            let what = wording!("forget-half", handle = handle.to_string(), now = person.handle.to_string());
            return Err(Refusal::new(what).hints([format!("/forget {}", person.handle)]).into());
        }
        let numbers = once.iter().map(|it| it.id).collect();
        let code = self.forgetting.ask((id, person.version, numbers), speaker.person, room.as_str(), Instant::now());
        let lang = self.lang_of(room);
        let who = lang::quote(person.handle.to_string());
        let mut text = if once.is_empty() {
            text!(lang, "forget-ask", who)
        } else {
            let handles: Vec<_> = once.iter().map(|it| it.handle.to_string()).collect();
            text!(lang, "forget-ask-too", who, once = lang::quote(handles.join(", ")))
        };
        text.plain(" ").plain(say!(lang, "forget-what")).plain("\n");
        text.plain(say!(lang, "not-forgotten"));
        if !self.settings.sealed {
            text.plain("\n").plain(say!(lang, "forget-not-sealed"));
        }
        text.plain("\n").plain(say!(lang, "forget-only-you"));
        let label = say!(lang, "button-forget", who = person.handle.to_string()).chars().take(40).collect::<String>();
        let button = Button::new(label, format!("/forget yes {code}")).tone(ButtonTone::Danger);
        Ok(Answer::new(Outbound::text(text).row(vec![button])))
    }

    /// Forgets somebody, once it was asked and confirmed. The caller holds the lane of commands about people.
    pub(super) async fn forget(&self, spoken: &Spoken, speaker: &Speaker, code: &str) -> Result<Arc<Commit>, Failure> {
        let now = Instant::now();
        let asked = match self.forgetting.answered(code, speaker.person, &spoken.origin.room, now) {
            Ok(asked) => asked,
            Err(Wrong::Over) => {
                return Err(Refusal::new(wording!("forget-over")).hints(["/people"]).into());
            }
            Err(Wrong::NotYours(owner)) => {
                let owner = self.world.read(|world| world.person(owner).map(|it| it.handle.to_string()));
                let who = owner.map_or_else(|| wording!("somebody-else"), Wording::from);
                return Err(Refusal::new(wording!("forget-not-yours", who)).into());
            }
        };
        let now_is = self.world.read(|world| {
            let once: Vec<_> = world.once(asked.person).map(|it| it.id).collect();
            world.person(asked.person).map(|it| (it.version, once, it.handle.to_string()))
        });
        match now_is {
            Some((version, once, _)) if (version, &once) == (asked.version, &asked.once) => {}
            Some((.., handle)) => {
                return Err(Refusal::new(wording!("forget-changed", handle = &handle))
                    .hints([format!("/forget {handle}")])
                    .into());
            }
            None => return Err(Failure::Again("nobody has that number".into())),
        }
        // Who is meant is the stream of the commit: nothing else of it names them.
        let spoken = Spoken { text: "/forget yes".into(), ..spoken.clone() };
        let by = Some((speaker.person, speaker.role));
        let commit = self.append_person(asked.person, &[person::Command::Forget], by, &spoken).await?;
        self.world.at_least(commit.position).await;
        if let Err(error) = self.forget_who_they_were(&commit, &spoken).await {
            // The workflow's cursor goes on with it.
            tracing::warn!(?error, "who somebody was once is not forgotten yet");
        }
        self.forget_what_is_derived(asked.person).await;
        Ok(commit)
    }

    /// Forgets those who turned out to be somebody who was forgotten: they are one person, with several keys. How many.
    async fn forget_who_they_were(&self, commit: &Commit, spoken: &Spoken) -> Result<usize, Failure> {
        let Some(person) = PersonId::of_stream(commit.stream.as_str()) else { return Ok(0) };
        // Whoever asked and the workflow's cursor both come here.
        let _lane = self.reactions.lock().await;
        let (into, once) =
            self.world.read(|world| (world.person(person).cloned(), world.once(person).cloned().collect::<Vec<_>>()));
        let mut forgotten = 0;
        for once in once {
            let Some(event) = into.as_ref().and_then(|into| person::forget_too(&once, into)) else { continue };
            let spoken = Spoken { text: String::new(), ..spoken.further(&format!("person-{}", once.id.0)) };
            let (stream, events) = (StreamId::new(once.id.stream()), vec![Event::Person(event)]);
            let expected = Expected::of(once.version);
            let appended = self.append(stream, expected, events, &spoken, Some(commit.position)).await?;
            self.world.at_least(appended.commit.position).await;
            self.outbox.forget(once.id, &*self.langs());
            forgotten += 1;
        }
        Ok(forgotten)
    }

    /// What is left of forgetting somebody after a crash, for the workflow's cursor.
    pub(super) async fn finish_forgetting(&self, commit: &Commit, spoken: &Spoken) -> Result<(), Failure> {
        if self.forget_who_they_were(commit, spoken).await? > 0
            && let Some(person) = PersonId::of_stream(commit.stream.as_str())
        {
            self.forget_what_is_derived(person).await;
        }
        Ok(())
    }

    /// Makes anew what was derived while their words could still be read. What is left by a crash in here goes at the next
    /// start: the vault keeps a mark until then.
    async fn forget_what_is_derived(&self, person: PersonId) {
        let past = self.past.clone();
        let changed = match tokio::task::spawn_blocking(move || past.renew()).await {
            Ok(Ok(changed)) => changed,
            Ok(Err(error)) => {
                tracing::error!(%error, "what a forgotten person wrote is shown until the next start");
                Vec::new()
            }
            Err(error) => {
                tracing::error!(%error, "what a forgotten person wrote is shown until the next start");
                Vec::new()
            }
        };
        self.outbox.forget(person, &*self.langs());
        for bot in self.settings.bots.keys() {
            let bot = yoman_chat::BotName::new(bot.as_str());
            self.outbox.refresh(&bot, &changed);
            self.outbox.refresh_boards(&bot, self.outbox.rooms_with_board(&bot));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIM: PersonId = PersonId(1);
    const DANA: PersonId = PersonId(2);

    #[test]
    fn only_who_asked_answers_only_there_and_only_once() {
        let (forgetting, now) = (Forgetting::default(), Instant::now());
        let code = forgetting.ask((DANA, 3, vec![]), KIM, "a/1", now);
        assert_eq!(forgetting.answered(&code, DANA, "a/1", now).err(), Some(Wrong::NotYours(KIM)));
        assert_eq!(forgetting.answered(&code, KIM, "a/2", now).err(), Some(Wrong::NotYours(KIM)));
        assert_eq!(forgetting.answered("WRONGONE", KIM, "a/1", now).err(), Some(Wrong::Over));
        let asked = forgetting.answered(&code, KIM, "a/1", now);
        assert_eq!(asked.map(|it| (it.person, it.version)).ok(), Some((DANA, 3)));
        assert_eq!(forgetting.answered(&code, KIM, "a/1", now).err(), Some(Wrong::Over));
    }

    #[test]
    fn a_question_holds_ten_minutes_or_until_it_is_asked_again() {
        let (forgetting, now) = (Forgetting::default(), Instant::now());
        let code = forgetting.ask((DANA, 3, vec![]), KIM, "a/1", now);
        assert_eq!(forgetting.answered(&code, KIM, "a/1", now + ASKED_FOR).err(), Some(Wrong::Over));
        let first = forgetting.ask((DANA, 3, vec![]), KIM, "a/1", now);
        let second = forgetting.ask((DANA, 4, vec![]), KIM, "a/1", now);
        assert_eq!(forgetting.answered(&first, KIM, "a/1", now).err(), Some(Wrong::Over));
        for n in 0..ASKED_MAX as u32 {
            forgetting.ask((PersonId(n + 9), 1, vec![]), KIM, "a/1", now);
        }
        assert_eq!(forgetting.answered(&second, KIM, "a/1", now).err(), Some(Wrong::Over), "bounded");
    }
}

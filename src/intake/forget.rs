//! `/forget @person`: first what that means, with a button bound to this question; then the event, after which the vault
//! destroys the key; then everything derived is made anew without their words.

use std::sync::Arc;

use super::{Failure, Intake, Refusal, Speaker, carry_out::Spoken};
use crate::{
    command::Command,
    domain::{Event, Handle, PersonId, person},
    lang::{self, say, text, wording},
    log::{Commit, Expected, Position, StreamId},
    notify::Answer,
    projection::Viewer,
};

/// Whether somebody was forgotten in a commit.
pub fn forgets(commit: &Commit) -> bool {
    commit.events.iter().any(|event| &*event.name == "person_forgotten")
}

impl Intake {
    /// What forgetting somebody means, and the button that does it.
    pub(super) async fn ask_to_forget(
        &self,
        command: &Command,
        handle: &Handle,
        speaker: &Speaker,
        viewer: &Viewer,
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
        let lang = viewer.lang;
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
        let label = say!(lang, "button-forget", who = person.handle.to_string()).chars().take(40).collect::<String>();
        let guard = self.guard(command, speaker, &viewer.room)?;
        Ok(self.ask_first(command, guard, (text, label), speaker, viewer))
    }

    /// Forgets somebody, once it was asked and confirmed. The caller holds the lane of commands about people.
    pub(super) async fn forget(
        &self,
        spoken: &Spoken,
        speaker: &Speaker,
        handle: &Handle,
    ) -> Result<Arc<Commit>, Failure> {
        let person = self.who(handle, speaker.person, &[])?;
        // Who is meant is the stream of the commit: nothing else of it names them.
        let spoken = Spoken { text: "/forget".into(), ..spoken.clone() };
        let by = Some((speaker.person, speaker.role));
        let commit = self.append_person(person, &[person::Command::Forget], by, &spoken).await?;
        self.world.at_least(commit.position).await;
        if let Err(error) = self.forget_who_they_were(&commit, &spoken).await {
            // The workflow's cursor goes on with it.
            tracing::warn!(?error, "who somebody was once is not forgotten yet");
        }
        self.forget_what_is_derived(person).await;
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

    /// Somebody was forgotten on another node, at a position: what is derived here is made anew.
    pub async fn forgotten_elsewhere(&self, person: PersonId, position: Position) {
        self.world.at_least(position).await;
        self.forget_what_is_derived(person).await;
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

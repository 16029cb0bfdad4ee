//! Questions before what cannot simply be taken back: what was asked for waits until whoever asked says yes, and only
//! that is done, only there, only once, and only as long as it is still about the same.
//!
//! A confirmation names its request by a code that stands on its buttons. It is bound to the person, the room, the command
//! and the versions of what the command is about; it holds [`LIFE`]. All of it is in memory: what is lost with the process
//! is asked for again, and a button pressed after that says so, and offers to. Once a question is answered, or over, the
//! message it stands in becomes the answer, so that nothing is left to press.
//!
//! What asks: `/forget`, two people who turn out to be one, taking the role of a maintainer, an owner or oneself,
//! `/disable`, and an undo of more than [`UNASKED_MAX`] acts. What one word brings back asks nothing.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::task::JoinSet;
use yoman_chat::{Button, ButtonTone, Inbound, MessageRef, Outbound, RoomId, RoomKind, Said, Text};

use super::{
    Failure, Intake, Lane, Reader, Refusal, Speaker,
    link::Question,
    pairing::{code, same},
    pieces::Piece,
};
use crate::{
    command::{self, Command, PersonCommand},
    domain::{PersonId, Role, person, room, undo::Of},
    lang::{self, say, text, wording},
    notify::Answer,
    projection::Viewer,
};

/// How long a question waits for its answer.
pub(super) const LIFE: TimeDelta = TimeDelta::minutes(10);
/// So many questions are known at one time, those that are over among them; the oldest goes first.
const ASKED_MAX: usize = 256;
/// So many of one person.
const ASKED_EACH_MAX: usize = 16;
/// So many acts are taken back at once without a question.
const UNASKED_MAX: usize = 3;
/// What a button can carry on every platform, in bytes.
const BUTTON_BYTES: usize = 64;

/// What a command is about, by stream, and how far that is.
pub(super) type Guard = Vec<(String, u64)>;

/// What is done when it is confirmed.
#[derive(Clone, Debug)]
pub(super) enum Request {
    /// What was said, as long as what it is about is as it was.
    Command { command: Box<Command>, text: String, guard: Guard },
    /// Somebody is known on another platform too.
    Link(Box<Question>),
}

impl Request {
    /// The command that asks for it again.
    fn again(&self) -> Option<&str> {
        match self {
            Self::Command { text, .. } => Some(text),
            Self::Link(_) => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Waiting,
    /// Answered in time by what is saved until the shared log can be reached.
    Held,
    Answered,
    /// The same was asked anew.
    Void,
    Lapsed,
}

#[derive(Clone, Debug)]
struct Asked {
    code: String,
    request: Request,
    /// Who is asked, and where: nobody else answers, and nowhere else.
    person: PersonId,
    room: RoomId,
    until: DateTime<Utc>,
    stage: Stage,
}

/// Why an answer counts for nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// Nothing is known of such a question.
    Unknown,
    /// It was answered: its message is the answer by now.
    Answered { again: Option<String> },
    /// The same was asked anew since.
    Void,
    /// It waited too long.
    Lapsed { again: Option<String> },
    /// Somebody else was asked, or somewhere else.
    NotYours(PersonId),
}

/// The questions that wait, and those that did lately.
#[derive(Debug, Default)]
pub(super) struct Confirmations {
    // Std mutexes: nothing is awaited under them.
    asked: Arc<Mutex<Vec<Asked>>>,
    /// What takes the buttons away when a question is over.
    clocks: Mutex<JoinSet<()>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Confirmations {
    /// Notes a question; the code its answer carries. The same asked again makes the one before void.
    pub(super) fn ask(&self, request: Request, person: PersonId, room: &RoomId, now: DateTime<Utc>) -> String {
        let mut asked = lock(&self.asked);
        for before in asked.iter_mut().filter(|it| it.person == person && it.room == *room) {
            let again = before.request.again().is_some_and(|again| request.again() == Some(again));
            if again && before.stage == Stage::Waiting {
                before.stage = Stage::Void;
            }
        }
        let own = asked.iter().filter(|it| it.person == person).count();
        if own >= ASKED_EACH_MAX
            && let Some(oldest) = asked.iter().position(|it| it.person == person)
        {
            asked.remove(oldest);
        }
        if asked.len() >= ASKED_MAX {
            asked.remove(0);
        }
        let code = code();
        let until = now + LIFE;
        asked.push(Asked { code: code.clone(), request, person, room: room.clone(), until, stage: Stage::Waiting });
        code
    }

    /// The request an answer is for; the question is spent with it.
    pub(super) fn answered(
        &self,
        code: &str,
        person: PersonId,
        room: &RoomId,
        now: DateTime<Utc>,
    ) -> Result<Request, Wrong> {
        let mut asked = lock(&self.asked);
        // All are compared, so that the time it takes tells nothing.
        let found = asked.iter_mut().fold(None, |found, it| if same(&it.code, code) { Some(it) } else { found });
        let it = found.ok_or(Wrong::Unknown)?;
        if it.person != person || it.room != *room {
            // Whose account somebody wants to be is nobody else's business.
            let secret = matches!(it.request, Request::Link(_));
            return Err(if secret { Wrong::Unknown } else { Wrong::NotYours(it.person) });
        }
        let again = it.request.again().map(str::to_owned);
        match it.stage {
            Stage::Waiting | Stage::Held if now < it.until || it.stage == Stage::Held => {
                it.stage = Stage::Answered;
                Ok(it.request.clone())
            }
            Stage::Waiting | Stage::Held | Stage::Lapsed => Err(Wrong::Lapsed { again }),
            Stage::Void => Err(Wrong::Void),
            Stage::Answered => Err(Wrong::Answered { again }),
        }
    }

    /// The answer could not be carried out and comes again. `held`: from what is saved, however late.
    fn waits_again(&self, code: &str, held: bool) {
        if let Some(it) = lock(&self.asked).iter_mut().find(|it| it.code == code) {
            it.stage = if held { Stage::Held } else { Stage::Waiting };
        }
    }

    /// Its answer is saved until it can be carried out: from then on the question does not lapse.
    pub(super) fn hold(&self, code: &str) {
        let mut asked = lock(&self.asked);
        if let Some(it) = asked.iter_mut().find(|it| same(&it.code, code) && it.stage == Stage::Waiting) {
            it.stage = Stage::Held;
        }
    }

    /// The question about two accounts that this very message led to.
    pub(super) fn link_asked_by(&self, inbound: &str, now: DateTime<Utc>) -> Option<(String, Question)> {
        lock(&self.asked).iter().find_map(|it| match &it.request {
            Request::Link(question) if question.inbound == inbound && now < it.until => {
                Some((it.code.clone(), (**question).clone()))
            }
            _ => None,
        })
    }
}

impl Intake {
    /// Makes buttons for a question: yes and no. The command stands behind the code as far as it fits, so that it can be
    /// asked for again even when nothing is known of the question any more.
    fn answers_to(code: &str, yes: String, no: String, again: &str) -> Vec<Button> {
        let whole = format!("/confirm {code} {again}");
        let data = if again.is_empty() || whole.len() > BUTTON_BYTES { format!("/confirm {code}") } else { whole };
        vec![Button::new(yes, data).tone(ButtonTone::Danger), Button::new(no, format!("/confirm no {code}"))]
    }

    /// Asks whether a command is meant: `what` it comes to, and what the button that does it says.
    pub(super) fn ask_first(
        &self,
        command: &Command,
        guard: Guard,
        (what, yes): (Text, String),
        speaker: &Speaker,
        viewer: &Viewer,
    ) -> Answer {
        let again = command.to_text(viewer.time_zone);
        let request = Request::Command { command: Box::new(command.clone()), text: again.clone(), guard };
        let room = RoomId::new(viewer.room.as_str());
        let code = self.confirmations.ask(request, speaker.person, &room, self.settings.clock.now());
        let mut words = what;
        words.plain("\n").append(text!(viewer.lang, "confirm-only-you", minutes = LIFE.num_minutes()));
        let no = say!(viewer.lang, "button-no");
        let message = Outbound::text(words).row(Self::answers_to(&code, yes, no, &again));
        self.lapses(&code, &room, Some(again));
        Answer::new(message)
    }

    /// Asks whether two accounts are one person's. What names the question on its buttons.
    pub(super) fn ask_about_link(&self, question: Question) -> String {
        let (person, room) = (question.person, question.room.clone());
        let request = Request::Link(Box::new(question));
        let code = self.confirmations.ask(request, person, &room, self.settings.clock.now());
        self.lapses(&code, &room, None);
        code
    }

    /// The buttons of such a question.
    pub(super) fn link_buttons(code: &str, yes: &str, no: &str) -> Vec<Button> {
        let mut buttons = Self::answers_to(code, yes.to_owned(), no.to_owned(), "");
        if let [yes, no] = buttons.as_mut_slice() {
            (yes.tone, no.tone) = (ButtonTone::Primary, ButtonTone::Danger);
        }
        buttons
    }

    /// When nobody has answered in time, the message of the question says so instead of standing there with its buttons.
    fn lapses(&self, code: &str, room: &RoomId, again: Option<String>) {
        if !self.capabilities(room.bot()).is_some_and(|can| can.edits) {
            return;
        }
        let mut clocks = lock(&self.confirmations.clocks);
        while clocks.try_join_next().is_some() {}
        if clocks.len() >= ASKED_MAX {
            return;
        }
        let mut sent = self.outbox.watch(room, code);
        // The house may stop meanwhile, and its outbox shall close then.
        let (outbox, clock) = (self.outbox.weakly(), self.settings.clock.clone());
        let (asked, lang) = (Arc::clone(&self.confirmations.asked), self.lang_of(room));
        let (code, room, until) = (code.to_owned(), room.clone(), self.settings.clock.now() + LIFE);
        clocks.spawn(async move {
            clock.reaches(until).await;
            let lapsed = lock(&asked)
                .iter_mut()
                .find(|it| it.code == code && !matches!(it.stage, Stage::Answered | Stage::Held))
                .map(|it| {
                    it.stage = Stage::Lapsed;
                });
            if let (Some(()), Ok(message), Some(outbox)) = (lapsed, sent.try_recv(), outbox()) {
                let refusal = Refusal::new(wording!("confirm-lapsed", minutes = LIFE.num_minutes()));
                let reader = Reader { lang, viewer: None };
                let words = refusal.hints(again).message(&reader, BUTTON_BYTES);
                let over = Answer { over: Some(message), ..Answer::new(words) };
                if let Err(error) = outbox.answer(&format!("lapsed/{code}"), &room, vec![over]).await {
                    tracing::warn!(%room, %error, "a question that is over keeps its buttons");
                }
            }
        });
    }

    /// The question before a command, if it needs one; refused at once is what would be refused afterwards.
    pub(super) async fn question(
        &self,
        command: &Command,
        speaker: &Speaker,
        group: bool,
        viewer: &Viewer,
    ) -> Result<Option<Answer>, Failure> {
        let lang = viewer.lang;
        let asked = match command {
            Command::Person(PersonCommand::Forget { person }) => {
                return self.ask_to_forget(command, person, speaker, viewer).await.map(Some);
            }
            Command::Person(PersonCommand::Revoke { person }) => {
                self.world.at_least(self.log.head().position).await;
                let id = self.who(person, speaker.person, &[])?;
                let (known, owners) = self.world.read(|world| (world.person(id).cloned(), world.owners()));
                let given = person::Given { actor: Some((speaker.person, speaker.role)), owners };
                person::decide(known.as_ref(), id, &person::Command::Revoke, &given)
                    .map_err(|error| Refusal::not_done(error.wording()).hints(error.hints()))?;
                let Some(known) = known else { return Ok(None) };
                let own = id == speaker.person;
                if !own && known.role.is_none_or(|role| role < Role::Maintainer) {
                    return Ok(None);
                }
                let role = known.role.map_or("", Role::word);
                let who = known.handle.to_string();
                let what = if own {
                    text!(lang, "confirm-revoke-own")
                } else {
                    text!(lang, "confirm-revoke", who = lang::quote(&who), role)
                };
                (what, say!(lang, "confirm-revoke-yes", who))
            }
            Command::Room(room::Command::Disable) if group => {
                let room = self.world.read(|world| world.room(&viewer.room).clone());
                room::decide(&room, &room::Command::Disable, self.settings.clock.now())
                    .map_err(|error| Refusal::not_done(error.wording()).hints(error.hints()))?;
                (text!(lang, "confirm-disable"), say!(lang, "confirm-disable-yes"))
            }
            Command::Undo { acts } if acts.len() > UNASKED_MAX => {
                let n = acts.len();
                (text!(lang, "confirm-undo", n), say!(lang, "confirm-undo-yes", n))
            }
            _ => return Ok(None),
        };
        let guard = self.guard(command, speaker, &viewer.room)?;
        Ok(Some(self.ask_first(command, guard, asked, speaker, viewer)))
    }

    /// What a command is about, as it is now.
    pub(super) fn guard(&self, command: &Command, speaker: &Speaker, room: &str) -> Result<Guard, Failure> {
        match command {
            Command::Person(PersonCommand::Forget { person } | PersonCommand::Revoke { person }) => {
                let id = self.who(person, speaker.person, &[])?;
                Ok(self.world.read(|world| {
                    let them = world.person(id).into_iter().chain(world.once(id));
                    them.map(|it| (it.id.stream(), it.version)).collect()
                }))
            }
            Command::Room(_) => Ok(vec![(room::stream(room), self.world.read(|world| world.room(room).version))]),
            Command::Undo { acts } => Ok(self.world.read(|world| {
                let items =
                    acts.iter().filter_map(|act| if let Of::Item { item, .. } = act.of { Some(item) } else { None });
                items.map(|item| (item.stream(), world.item(item).map_or(0, |seen| seen.item.version))).collect()
            })),
            _ => Ok(Vec::new()),
        }
    }

    /// What the answer to a question comes to. The message of the question becomes it.
    pub(super) async fn confirmed(
        &self,
        n: usize,
        (code, yes, again): (&str, bool, &str),
        inbound: &Inbound,
        speaker: &Speaker,
        lane: &mut Lane,
    ) -> Result<(Answer, Option<String>), Failure> {
        let over = self.pressed_over(inbound);
        let turned = |(answer, toast): (Answer, Option<String>)| match &over {
            Some(over) => (Answer { over: Some(over.clone()), card: None, ..answer }, toast),
            None => (answer, toast),
        };
        match self.confirm(n, (code, yes, again), inbound, speaker, lane).await {
            Ok(done) => Ok(turned(done)),
            Err(Failed::Beside(failure)) => Err(failure),
            Err(Failed::Spent(Failure::Refused(refusal))) => {
                let reader = self.reader(inbound);
                let toast = refusal.line(&reader);
                let most =
                    self.capabilities(inbound.room.id.bot()).map_or(BUTTON_BYTES, |can| can.button_data_bytes_max);
                let mut answer = Answer::new(refusal.message(&reader, most));
                if over.is_none() {
                    answer = self.privately(answer, inbound);
                }
                Ok(turned((answer, Some(toast))))
            }
            Err(Failed::Spent(again)) => {
                self.confirmations.waits_again(code, matches!(again, Failure::Away(_)));
                Err(again)
            }
        }
    }

    /// The message of ours that a button was pressed under, where it can be changed.
    fn pressed_over(&self, inbound: &Inbound) -> Option<MessageRef> {
        let Said::Pressed { card, .. } = &inbound.said else { return None };
        let edits = self.capabilities(inbound.room.id.bot()).is_some_and(|can| can.edits);
        (edits && self.outbox.item_of(card).is_none()).then(|| card.clone())
    }

    async fn confirm(
        &self,
        n: usize,
        (code, yes, again): (&str, bool, &str),
        inbound: &Inbound,
        speaker: &Speaker,
        lane: &mut Lane,
    ) -> Result<(Answer, Option<String>), Failed> {
        let lang = self.lang_of(&inbound.room.id);
        let minutes = LIFE.num_minutes();
        let context = self.context(inbound.room.id.bot(), inbound);
        let parsed = match command::parse(again, &context) {
            Ok(command::Said::Command(command)) if !again.is_empty() => Some(command),
            _ => None,
        };
        let spoken = self.spoken(n, &format!("/confirm {code}"), inbound, speaker);
        // Done when it came before, and the process died before that was answered.
        if let Some(commit) = self.log.find_command(&spoken.command).map_err(|error| Failed::Spent(error.into()))? {
            return match parsed {
                Some(command) => self.go_on(n, (again, command), inbound, speaker, lane).await,
                None => self.linked(commit, inbound, speaker, lane).await,
            };
        }
        let now = self.settings.clock.now();
        let request = self.confirmations.answered(code, speaker.person, &inbound.room.id, now).map_err(|wrong| {
            let offered = |own: Option<String>| own.or_else(|| parsed.is_some().then(|| again.to_owned()));
            Failed::Spent(Failure::Refused(match wrong {
                Wrong::Unknown => {
                    let hint = offered(None).unwrap_or_else(|| "/help".to_owned());
                    Refusal::new(wording!("confirm-unknown", minutes)).hints([hint])
                }
                Wrong::Void => Refusal::new(wording!("confirm-void")),
                Wrong::Answered { again } => {
                    let refusal = Refusal::new(wording!("confirm-answered")).hints(offered(again));
                    return Failed::Beside(refusal.into());
                }
                Wrong::Lapsed { again } => Refusal::new(wording!("confirm-expired", minutes)).hints(offered(again)),
                Wrong::NotYours(person) => {
                    let who = self.world.read(|world| world.person(person).map(|it| it.handle.to_string()));
                    let who = who.unwrap_or_default();
                    return Failed::Beside(Refusal::new(wording!("confirm-not-yours", who)).into());
                }
            }))
        })?;
        match request {
            Request::Link(question) if yes => {
                let _lane = self.people_lane().await;
                let commit = self.confirm_link(&spoken, speaker, &question).await.map_err(Failed::Spent)?;
                self.linked(commit, inbound, speaker, lane).await
            }
            Request::Link(question) => {
                let message = self.decline_link(code, &question).await.map_err(Failed::Spent)?;
                Ok(told(inbound, Answer::new(message)))
            }
            Request::Command { .. } if !yes => {
                Ok(told(inbound, Answer::new(Outbound::text(text!(lang, "confirm-dropped")))))
            }
            Request::Command { command, text, guard } => {
                self.world.at_least(self.log.head().position).await;
                let now = self.guard(&command, speaker, inbound.room.id.as_str()).map_err(Failed::Spent)?;
                if now != guard {
                    let refusal = Refusal::new(wording!("confirm-changed")).hints([text]);
                    return Err(Failed::Spent(refusal.into()));
                }
                self.go_on(n, (&text, *command), inbound, speaker, lane).await
            }
        }
    }

    /// Does what was asked for.
    async fn go_on(
        &self,
        n: usize,
        (text, command): (&str, Command),
        inbound: &Inbound,
        speaker: &Speaker,
        lane: &mut Lane,
    ) -> Result<(Answer, Option<String>), Failed> {
        let piece = Piece { text: text.to_owned(), command: Ok(command), captured: false, id: None };
        // Boxed: what carries a command through comes here for a confirmation.
        let done = Box::pin(self.carry_through(n, piece, true, inbound, speaker, lane)).await;
        done.map(|(answer, _)| told(inbound, answer)).map_err(Failed::Spent)
    }

    /// What was done about people, as it is told.
    async fn linked(
        &self,
        commit: Arc<crate::log::Commit>,
        inbound: &Inbound,
        speaker: &Speaker,
        lane: &mut Lane,
    ) -> Result<(Answer, Option<String>), Failed> {
        lane.newest = lane.newest.max(commit.position);
        self.world.at_least(commit.position).await;
        let own = (inbound.room.kind == RoomKind::Direct).then_some(speaker.person);
        let Some(viewer) = self.viewer(&inbound.room.id, own) else {
            return Err(Failed::Spent(Failure::Again("the bot is not set up".into())));
        };
        let command = Command::Person(PersonCommand::LinkOffer);
        let message = self.world.read(|world| world.answer(&command, &[commit], false, &viewer));
        Ok(told(inbound, Answer::new(message)))
    }
}

/// Why a confirmation came to nothing.
enum Failed {
    /// The message of the question stays as it is: it is somebody else's, or the answer already.
    Beside(Failure),
    /// The question is over with it.
    Spent(Failure),
}

fn told(inbound: &Inbound, answer: Answer) -> (Answer, Option<String>) {
    let toast = matches!(inbound.said, Said::Pressed { .. }).then(|| super::hear::first_line(&answer.message));
    (answer, toast)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIM: PersonId = PersonId(1);
    const DANA: PersonId = PersonId(2);

    fn room(name: &str) -> RoomId {
        RoomId::new(name)
    }

    fn request(text: &str) -> Request {
        let command = Box::new(Command::Room(room::Command::Disable));
        Request::Command { command, text: text.to_owned(), guard: Vec::new() }
    }

    fn wrong(result: Result<Request, Wrong>) -> Wrong {
        result.err().unwrap()
    }

    #[test]
    fn only_who_asked_answers_only_there_only_in_time_and_only_once() {
        let (questions, now) = (Confirmations::default(), DateTime::UNIX_EPOCH);
        let code = questions.ask(request("/disable"), KIM, &room("a/1"), now);
        let answered = |code: &str, person, at: &str, now| questions.answered(code, person, &room(at), now);
        assert_eq!(wrong(answered(&code, DANA, "a/1", now)), Wrong::NotYours(KIM));
        assert_eq!(wrong(answered(&code, KIM, "a/2", now)), Wrong::NotYours(KIM));
        assert_eq!(wrong(answered("WRONGONE", KIM, "a/1", now)), Wrong::Unknown);
        assert!(answered(&code, KIM, "a/1", now + LIFE - TimeDelta::seconds(1)).is_ok());
        let again = Some("/disable".to_owned());
        assert_eq!(wrong(answered(&code, KIM, "a/1", now)), Wrong::Answered { again: again.clone() });
        let code = questions.ask(request("/disable"), KIM, &room("a/1"), now);
        assert_eq!(wrong(answered(&code, KIM, "a/1", now + LIFE)), Wrong::Lapsed { again });
    }

    #[test]
    fn what_is_asked_anew_makes_the_one_before_void_and_nothing_else() {
        let (questions, now) = (Confirmations::default(), DateTime::UNIX_EPOCH);
        let first = questions.ask(request("/revoke @dana"), KIM, &room("a/1"), now);
        let other = questions.ask(request("/revoke @sam"), KIM, &room("a/1"), now);
        let second = questions.ask(request("/revoke @dana"), KIM, &room("a/1"), now);
        assert_eq!(wrong(questions.answered(&first, KIM, &room("a/1"), now)), Wrong::Void);
        assert!(questions.answered(&other, KIM, &room("a/1"), now).is_ok());
        questions.waits_again(&second, false);
        assert!(questions.answered(&second, KIM, &room("a/1"), now).is_ok());
        questions.waits_again(&second, false);
        assert!(questions.answered(&second, KIM, &room("a/1"), now).is_ok(), "it could not be carried out");
    }

    #[test]
    fn questions_are_bounded() {
        let (questions, now) = (Confirmations::default(), DateTime::UNIX_EPOCH);
        let mine = questions.ask(request("/disable"), KIM, &room("a/1"), now);
        for n in 0..100 {
            questions.ask(request(&format!("/revoke @p{n}")), DANA, &room("a/1"), now);
        }
        assert!(lock(&questions.asked).len() <= 1 + ASKED_EACH_MAX, "each has so many");
        assert!(questions.answered(&mine, KIM, &room("a/1"), now).is_ok(), "and takes nobody else's away");
        for n in 0..2 * ASKED_MAX as u32 {
            questions.ask(request("/disable"), PersonId(n + 9), &room("a/1"), now);
        }
        assert_eq!(lock(&questions.asked).len(), ASKED_MAX);
    }
}

//! Reports: run one, keep one an owner sent, remove one. A look that may take longer than a room should wait.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use yoman_chat::{Outbound, RoomId, Style, Text};

use super::{Failure, Intake, Refusal, carry_out::Spoken};
use crate::{
    command::ReportCommand,
    domain::{
        self,
        report::{self as domain_report, ReportName},
    },
    lang::{self, Lang, Wording, say, text, wording},
    log::{AppendError, Commit, Expected, ReadError, StreamId},
    notify::Answer,
    projection::{Viewer, words},
    report::{self, Cut, Desk, Job, Library, Limits, Outcome, ReportError, Source},
};

/// What intake needs to know about reports.
#[derive(Clone, Debug)]
pub struct Reports {
    /// Those that ship and those in the directory.
    pub library: Library,
    /// How long one may take.
    pub time_max: Duration,
    /// How long a room waits for one; then it is told that it goes on, and gets it later.
    pub patience: Duration,
}

impl Default for Reports {
    fn default() -> Self {
        Self { library: Library::default(), time_max: Duration::from_secs(10), patience: Duration::from_secs(3) }
    }
}

/// How often a report is saved anew when somebody else was faster.
const TRIES_MAX: usize = 4;

impl Intake {
    /// Where reports are run, and how far the one that runs is.
    pub(crate) fn desk(&self) -> &Desk {
        &self.desk
    }

    /// The reports there are.
    pub(crate) async fn known_reports(&self) -> Vec<report::Known> {
        let sent: Vec<(ReportName, String)> =
            self.world.read(|world| world.reports().map(|(name, about)| (name.clone(), about.to_owned())).collect());
        let library = self.settings.reports.library.clone();
        let list = move || library.list(sent.iter().map(|(name, about)| (name, about.as_str())));
        tokio::task::spawn_blocking(list).await.unwrap_or_default()
    }

    /// `/report`
    pub(super) async fn list_reports(&self, lang: Lang) -> Outbound {
        let known = self.known_reports().await;
        let mut text = Text::new();
        text.push(Style::Bold, say!(lang, "reports-heading"));
        for report in known {
            text.plain("\n   ").push(Style::Code, say!(lang, "report-command", name = report.name.to_string()));
            if !report.about.is_empty() {
                text.plain("   ").push(Style::Quote, report.about);
            }
            if report.source == Source::Sent {
                text.push(Style::Dim, format!("   ({})", say!(lang, "report-sent")));
            }
        }
        let when = lang::code(say!(lang, "report-as-of-example"));
        text.plain("\n").append(text!(lang, "report-as-of", when));
        let command = lang::code(say!(lang, "report-save-command"));
        text.plain("\n").append(text!(lang, "report-send", command));
        Outbound::text(text)
    }

    /// The script with this name: one an owner sent goes before the others, but cannot have the name of one of those.
    pub(crate) async fn script(&self, name: &ReportName) -> Result<Arc<str>, Failure> {
        let (log, library, of) = (Arc::clone(&self.log), self.settings.reports.library.clone(), name.clone());
        let find = move || -> Result<Result<Option<Arc<str>>, String>, ReadError> {
            match report::saved(&*log, &of)? {
                Some(script) => Ok(Ok(Some(script))),
                None => Ok(library.find(&of)),
            }
        };
        let found = tokio::task::spawn_blocking(find).await.map_err(|error| Failure::Again(error.to_string()))??;
        match found {
            Ok(Some(script)) => Ok(script),
            Ok(None) => Err(self.no_such_report(name).await.into()),
            Err(why) => Err(Refusal::new(wording!("report-none-because", why)).into()),
        }
    }

    /// The same for `yoman report`: what is wrong as a sentence.
    pub(crate) async fn script_for_the_machine(&self, name: &ReportName) -> Result<Arc<str>, String> {
        self.script(name).await.map_err(|failure| match failure {
            Failure::Refused(refusal) => refusal.what.to_string(),
            Failure::Again(why) | Failure::Away(why) => why,
        })
    }

    async fn no_such_report(&self, name: &ReportName) -> Refusal {
        let known: Vec<String> = self.known_reports().await.into_iter().map(|known| known.name.to_string()).collect();
        let mut near: Vec<&String> =
            known.iter().filter(|it| strsim::normalized_levenshtein(it, name.as_str()) > 0.5).collect();
        near.sort_by_key(|it| strsim::levenshtein(it, name.as_str()));
        let hints: Vec<String> = near.into_iter().take(2).map(|it| format!("/report {it}")).collect();
        Refusal::new(wording!("report-unknown", name = name.to_string(), known = known.join(", "))).hints(hints)
    }

    /// `/report name`. What takes longer than a room should wait is told when it is done.
    pub(super) async fn report(
        &self,
        inbound: &str,
        n: usize,
        (name, words, at): (&ReportName, &[String], Option<DateTime<Utc>>),
        viewer: &Viewer,
    ) -> Result<Answer, Failure> {
        let script = self.script(name).await?;
        let limits = Limits::within(self.settings.reports.time_max);
        let job = Job { script, until: at, words: words.to_vec(), zone: viewer.time_zone, limits };
        let ticket =
            self.desk.queue().map_err(|busy| Refusal::new(wording!("report-none-because", why = busy.wording())))?;
        let (desk, log) = (self.desk.clone(), Arc::clone(&self.log));
        let mut work = tokio::spawn(async move { desk.run(ticket, log, job).await });
        let about = About { name: name.clone(), at, viewer: viewer.clone() };
        if let Ok(done) = tokio::time::timeout(self.settings.reports.patience, &mut work).await {
            return Ok(Answer::new(about.answer(done.unwrap_or(Err(ReportError::Stopped)))));
        }
        let note = about.going_on(&self.desk, self.settings.reports.time_max);
        let (outbox, room) = (self.outbox.clone(), RoomId::new(viewer.room.clone()));
        // Its own answer, under an id of its own.
        let key = format!("{inbound}#{n}/report");
        tokio::spawn(async move {
            let done = work.await.unwrap_or(Err(ReportError::Stopped));
            let answer = Answer::new(about.answer(done));
            if let Err(error) = outbox.answer(&key, &room, vec![answer]).await {
                tracing::warn!(%room, %error, "a report could not be told");
            }
        });
        Ok(Answer::new(note))
    }

    /// `/report save`, `/report remove`
    pub(super) async fn about_report(&self, spoken: &Spoken, command: &ReportCommand) -> Result<Arc<Commit>, Failure> {
        let (name, command) = match command {
            ReportCommand::Save { name, script } => (name, domain_report::Command::Save { script: Arc::clone(script) }),
            ReportCommand::Remove { name } => (name, domain_report::Command::Remove),
        };
        let others = self.world.read(|world| world.reports().filter(|(known, _)| *known != name).count());
        let mut tries = 0;
        loop {
            let state = {
                let (log, name) = (Arc::clone(&self.log), name.clone());
                let read = tokio::task::spawn_blocking(move || report::state(&*log, &name)).await;
                read.map_err(|error| Failure::Again(error.to_string()))??
            };
            let events = state
                .decide(&command, others)
                .map_err(|error| Refusal::not_done(error.wording()).hints(["/report"]))?;
            if let domain_report::Command::Save { script } = &command {
                self.may_be_saved(name, script).await?;
            }
            let events: Vec<_> = events.into_iter().map(domain::Event::Report).collect();
            let stream = StreamId::new(name.stream());
            match self.append(stream, Expected::of(state.version), events, spoken, None).await {
                Err(AppendError::Conflict { .. }) if tries < TRIES_MAX => tries += 1,
                other => return Ok(other?.commit),
            }
        }
    }

    /// It is not the name of one of ours, it can be read, and it gets through the first events there are.
    async fn may_be_saved(&self, name: &ReportName, script: &Arc<str>) -> Result<(), Failure> {
        let (library, log) = (self.settings.reports.library.clone(), Arc::clone(&self.log));
        let (name, script) = (name.clone(), Arc::clone(script));
        let zone = self.settings.time_zone;
        let tried = tokio::task::spawn_blocking(move || {
            if library.find(&name).is_ok_and(|found| found.is_some()) {
                return Err(wording!("report-name-taken", name = name.to_string()));
            }
            report::check(&*log, &script, zone).map_err(|error| wrong(&error, &script))
        });
        let tried = tried.await.map_err(|error| Failure::Again(error.to_string()))?;
        tried.map_err(|what| Refusal::new(what).into())
    }
}

/// What is wrong with a script, and the line it is about.
fn wrong(error: &ReportError, script: &str) -> Wording {
    let mut text = wording!("report-not-saved", why = error.wording());
    if let ReportError::Unreadable { place: Some(place), .. } | ReportError::Failed { place: Some(place), .. } = error
        && let Some(line) = script.lines().nth(place.line.saturating_sub(1))
    {
        let line: String = line.trim().chars().take(120).collect();
        text = text.plain("\n   ").styled(Style::Code, line);
    }
    text
}

/// What was asked, for the words around what is shown.
struct About {
    name: ReportName,
    at: Option<DateTime<Utc>>,
    viewer: Viewer,
}

impl About {
    fn head(&self) -> Text {
        let mut text = Text::new();
        text.push(Style::Bold, self.name.as_str());
        if let Some(at) = self.at {
            let at = words::at_in_zone(at, &self.viewer);
            text.plain("   ").plain(say!(self.viewer.lang, "report-at", at));
        }
        text
    }

    fn answer(&self, done: Result<Outcome, ReportError>) -> Outbound {
        match done {
            Ok(outcome) => Outbound::text(self.shown(&outcome)),
            Err(ReportError::TooSlow { after, position, head, copies }) => Outbound::text(say!(
                self.viewer.lang,
                "report-too-slow",
                name = self.name.to_string(),
                after = after.as_secs(),
                position = words::grouped(position.0),
                head = words::grouped(head.0),
                advice = report::advice(copies).say(self.viewer.lang)
            )),
            Err(error) => {
                let why = lang::quote(error.wording().say(self.viewer.lang));
                Outbound::text(text!(self.viewer.lang, "report-failed", name = self.name.to_string(), why))
            }
        }
    }

    fn shown(&self, outcome: &Outcome) -> Text {
        let lang = self.viewer.lang;
        let mut text = self.head();
        if let Some(title) = outcome.shown.title() {
            text.plain("   ").push(Style::Quote, title);
        }
        text.plain("\n");
        let lines = outcome.shown.lines(Cut::CHAT);
        if outcome.shown.is_empty() {
            text.plain(format!("({})", say!(lang, "report-nothing")));
        } else if outcome.shown.is_table() {
            text.push(Style::Pre(None), lines);
        } else {
            text.push(Style::Quote, lines);
        }
        let events = say!(lang, "count", what = "event", n = outcome.events);
        let position = words::grouped(outcome.position.0);
        text.plain("\n").plain(say!(lang, "report-up-to", events, position));
        if outcome.damaged > 0 {
            text.plain(" ").plain(say!(lang, "report-damaged", n = outcome.damaged.to_string()));
        }
        for line in outcome.printed.iter().take(5) {
            text.plain("\n").append(text!(lang, "report-printed", line = lang::quote(line)));
        }
        text
    }

    fn going_on(&self, desk: &Desk, time_max: Duration) -> Outbound {
        let (position, head) = desk.progress().now();
        let so_far = (position.0 * 100).checked_div(head.0).unwrap_or(0);
        Outbound::text(say!(
            self.viewer.lang,
            "report-goes-on",
            name = self.name.to_string(),
            percent = so_far.to_string(),
            within = time_max.as_secs()
        ))
    }
}

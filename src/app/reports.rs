//! Reports asked for on the machine itself: through the process that runs, or on a log that no process holds.

use std::{sync::Arc, time::Duration};

use chrono_tz::Tz;

use super::upkeep::Upkeep;
use crate::{
    config::Config,
    control::{ReportAsked, ReportTold},
    domain::report::ReportName,
    intake::Intake,
    log::EventLog,
    report::{self, Cut, Desk, Job, Known, Library, Limits, Outcome, Progress, ReportError, Source},
};

/// On the machine a report may take so long.
const TIME_MAX: Duration = Duration::from_secs(600);

fn job(asked: &ReportAsked, script: Arc<str>) -> Result<Job, String> {
    let zone: Tz = asked.time_zone.parse().map_err(|_| format!("there is no time zone {}", asked.time_zone))?;
    Ok(Job { script, until: asked.until, words: asked.words.clone(), zone, limits: Limits::within(TIME_MAX) })
}

/// What the running process answers.
pub(super) async fn ask(intake: &Intake, log: &Arc<dyn EventLog>, asked: ReportAsked) -> Result<ReportTold, String> {
    let script = match (&asked.script, &asked.name) {
        (Some(script), _) => script.as_str().into(),
        (None, Some(name)) => {
            let name = ReportName::new(name).map_err(|error| error.to_string())?;
            intake.script_for_the_machine(&name).await?
        }
        (None, None) => return Ok(list(&intake.known_reports().await)),
    };
    let job = job(&asked, script)?;
    let desk: &Desk = intake.desk();
    let ticket = desk.queue().map_err(|busy| busy.to_string())?;
    told(desk.run(ticket, Arc::clone(log), job).await)
}

/// The same on a log that no process holds; blocking.
///
/// # Errors
/// What is wrong, as a sentence.
pub fn on_a_stopped_log(config: &Config, asked: &ReportAsked, progress: &Progress) -> Result<ReportTold, String> {
    let library = Library::new(Some(config.reports.dir.clone()));
    if !config.log_root().join("log").exists() {
        return match (&asked.name, &asked.script) {
            (None, None) => Ok(list(&library.list(std::iter::empty()))),
            _ => Err(format!("there is no log in {} yet", config.data_dir.display())),
        };
    }
    let upkeep = Upkeep::open(config).map_err(|error| error.to_string())?;
    let log = &**upkeep.opened();
    let script = match (&asked.script, &asked.name) {
        (Some(script), _) => script.as_str().into(),
        (None, Some(name)) => {
            let name = ReportName::new(name).map_err(|error| error.to_string())?;
            let sent = report::saved(log, &name).map_err(|error| error.to_string())?;
            let script = match sent {
                Some(script) => Some(script),
                None => library.find(&name)?,
            };
            script.ok_or_else(|| format!("there is no report {name}; `yoman report` lists them"))?
        }
        (None, None) => {
            let sent = report::saved_names(log).map_err(|error| error.to_string())?;
            return Ok(list(&library.list(sent.iter().map(|(name, about)| (name, about.as_str())))));
        }
    };
    told(report::run(log, &job(asked, script)?, progress))
}

fn list(known: &[Known]) -> ReportTold {
    let width = known.iter().map(|it| it.name.as_str().len()).max().unwrap_or(0);
    let lines = known.iter().map(|it| {
        let from = match it.source {
            Source::Shipped => "",
            Source::Directory => "   (file)",
            Source::Sent => "   (sent)",
        };
        format!("{:<width$}   {}{from}", it.name.as_str(), it.about).trim_end().to_owned()
    });
    ReportTold { text: lines.collect::<Vec<_>>().join("\n"), note: String::new() }
}

fn told(done: Result<Outcome, ReportError>) -> Result<ReportTold, String> {
    let outcome = done.map_err(|error| error.to_string())?;
    let mut text = outcome.shown.title().map(|title| format!("{title}\n")).unwrap_or_default();
    text.push_str(&if outcome.shown.is_empty() {
        "(nothing to show)".to_owned()
    } else {
        outcome.shown.lines(Cut::TERMINAL)
    });
    let seconds = outcome.took.as_secs_f64();
    let mut note = format!(
        "{} events up to position {}, in {seconds:.2} s ({:.0} events/s)",
        outcome.events,
        outcome.position,
        outcome.events as f64 / seconds.max(1e-6)
    );
    if outcome.damaged > 0 {
        note.push_str(&format!("; {} records cannot be read and were passed over", outcome.damaged));
    }
    for line in outcome.printed {
        note.push_str("\nprinted: ");
        note.push_str(&line);
    }
    Ok(ReportTold { text, note })
}

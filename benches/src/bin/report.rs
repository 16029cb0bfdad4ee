//! Reports over a long history, in events a second: reading alone, what a script is given, and scripts.
//! `cargo run --release -p yoman-benches --bin report -- [COMMITS]`.

use std::{ops::ControlFlow, sync::Arc, time::Duration, time::Instant};

use chrono::DateTime;
use yoman::{
    domain::{Event, PersonId, Tag, item::Fact, stored, todo},
    log::{
        Append, CommandId, Entry, EventLog, Expected, Meta, Origin, Position, StreamId,
        sled::{Options, SledLog},
    },
    report::{Job, Library, Limits, People, Progress, replay, run},
};
use yoman_benches::{Table, short};

/// Appends that wait for the disk at the same time.
const CLIENTS: u64 = 256;
/// Each figure is the best of so many.
const ROUNDS: usize = 3;

/// The smallest script that looks at every event.
const COUNTS: &str = "fn init() { #{} }
fn apply(state, event) {
    let kind = event.kind;
    if state[kind] == () { state[kind] = 0; }
    state[kind] += 1;
}
fn show(state) { state }";

/// A script that passes over everything: what calling it costs.
const NOTHING: &str = "fn init() { 0 } fn apply(state, event) { return; } fn show(state) { state }";

/// A todo with three tags, and then it is done: five events in two commits.
async fn fill(log: &Arc<SledLog>, commits: u64) -> Result<(), Box<dyn std::error::Error>> {
    let tasks: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let log = Arc::clone(log);
            tokio::spawn(async move {
                for n in (client + 1..=commits / 2).step_by(CLIENTS as usize) {
                    let tags = ["auth", "app", "quick"].into_iter().filter_map(|tag| Tag::new(tag).ok());
                    let created =
                        todo::Event::Created { title: format!("Fix login {n}"), body: String::new(), from: None };
                    let mut events = vec![Event::Item(created.into())];
                    events.extend(tags.map(|tag| Event::Item(Fact::Tagged { tag }.into())));
                    let done = Event::Item(todo::Event::Completed { despite: Vec::new() }.into());
                    for (what, events, expected) in
                        [("todo", events, Expected::NoStream), ("done", vec![done], Expected::Version(4))]
                    {
                        let id = CommandId::new(format!("bench/{n}/{what}"));
                        let meta = Meta {
                            command: id.clone(),
                            text: format!("/{what} Fix login {n} #auth #app #quick"),
                            actor: PersonId(1).stream(),
                            origin: Origin { bot: "bench".into(), room: "bench/1".into(), message: n.to_string() },
                            correlation: id,
                            causation: None,
                            recorded_at: DateTime::UNIX_EPOCH,
                        };
                        let stream = StreamId::new(format!("todo/{n}"));
                        let events = events.iter().map(stored::encode).collect();
                        log.append(Append { stream, expected, events, meta }).await?;
                    }
                }
                Ok::<_, yoman::log::AppendError>(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    Ok(())
}

/// The best of some rounds: events a second.
fn best(mut round: impl FnMut() -> Result<u64, Box<dyn std::error::Error>>) -> Result<f64, Box<dyn std::error::Error>> {
    let mut best = 0.0_f64;
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let events = round()?;
        best = best.max(events as f64 / began.elapsed().as_secs_f64());
    }
    Ok(best)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let commits: u64 = std::env::args().nth(1).map_or(Ok(400_000), |it| it.parse())?;
    let dir = tempfile::tempdir_in(std::env::current_dir()?)?;
    let log = Arc::new(SledLog::open(Options::new(dir.path()))?);
    fill(&log, commits).await?;
    let log: &dyn EventLog = &*log;

    let mut table = Table::new(["over the history", "events/s"]);
    let read = best(|| {
        let mut events = 0;
        log.read_all(Position::START, &mut |entry| {
            if let Entry::Commit(commit) = entry {
                events += commit.events.len() as u64;
            }
            ControlFlow::Continue(())
        })?;
        Ok(events)
    })?;
    table.row(["read".to_owned(), short(read)]);
    let replayed = best(|| {
        let mut events = 0;
        replay(log, None, &People::default(), |_, each| {
            events += each.count() as u64;
            ControlFlow::Continue(())
        })?;
        Ok(events)
    })?;
    table.row(["replayed as a script gets them".to_owned(), short(replayed)]);

    let shipped = |name: &str| -> Result<Arc<str>, Box<dyn std::error::Error>> {
        let name = yoman::domain::report::ReportName::new(name)?;
        Ok(Library::default().find(&name)?.ok_or("it does not ship")?)
    };
    for (what, script) in [
        ("a script that does nothing", NOTHING.into()),
        ("a script that counts kinds", COUNTS.into()),
        ("lead-time-by-tag", shipped("lead-time-by-tag")?),
        ("removed-soon", shipped("removed-soon")?),
        ("who-unblocked-whom", shipped("who-unblocked-whom")?),
    ] {
        let limits = Limits::within(Duration::from_secs(3600));
        let job = Job { script, until: None, words: Vec::new(), zone: chrono_tz::Tz::UTC, limits };
        let rate = best(|| Ok(run(log, &job, &Progress::default())?.events))?;
        table.row([what.to_owned(), short(rate)]);
    }
    print(&table);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a bench prints its table")]
fn print(table: &Table) {
    println!("{table}");
}

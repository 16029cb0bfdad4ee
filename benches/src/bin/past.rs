//! The past of a long log: a first start, snapshots taken on the way, a start with them, a board as of a moment near a
//! snapshot and from nothing, what changed and how much was done. `cargo run --release -p yoman-benches --bin past -- [EVENTS]`.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use yoman::{
    domain::{
        Bucket, Event, Filter, Handle, Identity, ItemRef, PersonId, Priority, Role, Tag, item, item::Fact, person,
        stored, todo,
    },
    log::{
        Append, CommandId, EventLog, Expected, Meta, Origin, Position, StreamId,
        sled::{Options, SledLog},
    },
    projection::{Viewer, World},
    subscription::{Past, Rate, SharedWorld, SnapshotSettings, Snapshots, forward, snapshots},
};
use yoman_benches::{Table, short};
use yoman_chat::Capabilities;

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// How many append at a time when the log is built.
const BUILDERS: u64 = 256;
/// Events of one item.
const EVENTS_PER_ITEM: u64 = 6;
/// One item in so many stays open.
const OPEN_ONE_IN: u32 = 20;
const TAGS: [&str; 5] = ["auth", "web", "docs", "release", "phone"];

#[tokio::main]
async fn main() -> Outcome<()> {
    let events: u64 = std::env::args().nth(1).map_or(Ok(1_000_000), |it| it.parse())?;
    let dir = tempfile::tempdir_in(std::env::current_dir()?)?;
    let mut table = Table::new(["what", "ms", ""]);
    let started = Instant::now();
    let items = build(dir.path(), events).await?;
    let log: Arc<dyn EventLog> = Arc::new(SledLog::open(Options::new(dir.path()))?);
    let head = log.head().position;
    let mut row = |what: &str, took: Duration, more: String| {
        table.row([what.to_owned(), format!("{:.1}", took.as_secs_f64() * 1e3), more]);
    };
    row(
        "building the log",
        started.elapsed(),
        format!("{} events, {} commits, {items} items", short(events as f64), short(head.0 as f64)),
    );

    // From nothing, twice: the first reads from disk what the second finds in the system's cache.
    let rate = Rate::default();
    for which in ["a start from nothing", "again"] {
        let started = Instant::now();
        let mut world = World::default();
        forward(&*log, &mut world, head, &rate, &|| true)?;
        row(which, started.elapsed(), format!("{} items in memory", short(world.items() as f64)));
    }
    let kept = snapshots::dir(dir.path());
    let empty = Arc::new(Snapshots::open(&kept, SnapshotSettings::default())?);
    let nobody = || Arc::new(SharedWorld::new(World::default()));
    let late = Position(head.0 * 9 / 10);
    {
        let past = Past::new(Arc::clone(&log), nobody(), None, Arc::default());
        let started = Instant::now();
        let lines = board(&past, late).await?;
        row("a board as of 90 % of the log, no snapshot", started.elapsed(), format!("{lines} lines"));
        let started = Instant::now();
        board(&past, Position(late.0 + 500)).await?;
        row("the same 500 commits on, from memory", started.elapsed(), String::new());
    }
    // The ladder a process that lived through it would have left, and the newest.
    let mut world = World::default();
    let step = (head.0 / 12).max(1);
    let (mut taking, mut copying, mut taken) = (Duration::ZERO, Duration::ZERO, 0);
    for at in (1..=12).map(|n| Position((step * n).min(head.0 - head.0 / 200))) {
        forward(&*log, &mut world, at, &rate, &|| true)?;
        let started = Instant::now();
        let copy = world.clone();
        copying = copying.max(started.elapsed());
        let started = Instant::now();
        empty.save(&*log, &copy, true, empty.generation())?;
        taking += started.elapsed();
        taken += 1;
    }
    row("writing a snapshot, beside everything else", taking / taken, format!("{taken} of them"));
    row("for which the world is held up, at most", copying, String::new());
    row("they take on disk", Duration::ZERO, format!("{:.1} MB", size(&kept)? as f64 / 1e6));

    let started = Instant::now();
    let mut world = empty.load(&*log, head, true).ok_or("no snapshot")?;
    let loaded = (started.elapsed(), world.position);
    forward(&*log, &mut world, head, &rate, &|| true)?;
    row(
        "a start with a snapshot",
        started.elapsed(),
        format!("of which {:.1} ms loading; {} commits folded", loaded.0.as_secs_f64() * 1e3, head.0 - loaded.1.0),
    );
    drop(world);
    for (what, share) in [("the newest", 98), ("half way", 52), ("early", 10)] {
        let past = Past::new(Arc::clone(&log), nobody(), Some(Arc::clone(&empty)), Arc::default());
        let near = empty.rungs().iter().map(|rung| rung.position).filter(|at| at.0 <= head.0 * share / 100).max();
        let at = Position(near.unwrap_or_default().0 + 2_000);
        let started = Instant::now();
        let lines = board(&past, at).await?;
        row(
            &format!("a board as of 2,000 commits after a snapshot, {what}"),
            started.elapsed(),
            format!("{lines} lines"),
        );
    }
    let past = Past::new(Arc::clone(&log), nobody(), Some(Arc::clone(&empty)), Arc::default());
    let instant = log.read_at(late)?.ok_or("no commit")?.meta.recorded_at;
    let started = Instant::now();
    past.position_at(instant).await?;
    row("where an instant stands in the log", started.elapsed(), String::new());
    let started = Instant::now();
    let (stretch, _) = past.between(late, head).await?;
    row("what changed in the last tenth", started.elapsed(), format!("{} items", short(stretch.items.len() as f64)));
    print(&table);
    log.close().await?;
    Ok(())
}

async fn board(past: &Past, at: Position) -> Outcome<usize> {
    let world = past.at(at, false).await?;
    let viewer = viewer();
    Ok(world.board(&Filter::default(), &viewer).text.to_plain().lines().count())
}

fn size(dir: &Path) -> Outcome<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(dir)? {
        bytes += entry?.metadata()?.len();
    }
    Ok(bytes)
}

async fn build(data: &Path, events: u64) -> Outcome<u64> {
    let log = Arc::new(SledLog::open(Options::new(data))?);
    let kim = person::Event::Paired {
        name: "Kim".into(),
        handle: Handle::new("kim")?,
        identity: Identity("telegram/1".into()),
        role: Role::Owner,
    };
    log.append(append("person/1", 0, 0, vec![Event::Person(kim)])).await?;
    let items = (events / EVENTS_PER_ITEM).max(1);
    let next = Arc::new(AtomicU64::new(1));
    let mut builders = tokio::task::JoinSet::new();
    for _ in 0..BUILDERS {
        let (log, next) = (Arc::clone(&log), Arc::clone(&next));
        builders.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number > items {
                    return Outcome::Ok(());
                }
                for append in life(u32::try_from(number)?)? {
                    log.append(append).await?;
                }
            }
        });
    }
    while let Some(built) = builders.join_next().await {
        built??;
    }
    log.close().await?;
    Ok(items)
}

/// The commits of one item: created with a tag and a priority, noted, started, and most of them done.
fn life(number: u32) -> Outcome<Vec<Append>> {
    let title = format!("item {number}, one of the things to keep in mind");
    let fact = |fact| Event::Item(item::Event::Fact(fact));
    let of_todo = |event| Event::Item(item::Event::Todo(event));
    let noted = Fact::Noted { text: "somebody looked into it and wrote this down".into(), corrects: None };
    let last = if number.is_multiple_of(OPEN_ONE_IN) {
        fact(Fact::Assigned { person: PersonId(1) })
    } else {
        of_todo(todo::Event::Completed { despite: Vec::new() })
    };
    let commits = vec![
        vec![
            of_todo(todo::Event::Created { title, body: String::new(), from: None }),
            fact(Fact::Tagged { tag: Tag::new(TAGS[number as usize % TAGS.len()])? }),
            fact(Fact::Prioritised { priority: Priority::High }),
        ],
        vec![fact(noted)],
        vec![of_todo(todo::Event::Started)],
        vec![last],
    ];
    let stream = ItemRef::new(Bucket::Todo, number).stream();
    let mut version = 0;
    Ok(commits
        .into_iter()
        .enumerate()
        .map(|(n, events)| {
            let append = append(&stream, version, n, events);
            version += append.events.len() as u64;
            append
        })
        .collect())
}

fn append(stream: &str, version: u64, n: usize, events: Vec<Event>) -> Append {
    let command = CommandId::new(format!("bench/{stream}/{n}"));
    Append {
        stream: StreamId::new(stream),
        expected: Expected::of(version),
        events: events.iter().map(stored::encode).collect(),
        meta: Meta {
            command: command.clone(),
            text: "/todo one of the things to keep in mind".into(),
            actor: "person/1".into(),
            origin: Origin { bot: "telegram".into(), room: "telegram/1001".into(), message: format!("b{n}") },
            correlation: command,
            causation: None,
            recorded_at: Default::default(),
        },
    }
}

fn viewer() -> Viewer {
    Viewer {
        room: "telegram/1".into(),
        person: None,
        lang: yoman::lang::Lang::English,
        time_zone: chrono_tz::UTC,
        now: chrono::Utc::now(),
        capabilities: Capabilities { title: "Telegram", local: false, ..yoman_benches::house::capabilities() },
        titles: Arc::default(),
        permalinks: Default::default(),
    }
}

#[expect(clippy::print_stdout, reason = "a bench prints its table")]
fn print(table: &Table) {
    println!("{table}");
}

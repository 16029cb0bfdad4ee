//! The log beside what else keeps events: durable appends, then opening, memory and disk with some hundred thousand of them.
//!
//! All but JetStream, which has clients itself, append through the same writer, which gives them one sync for all that waits.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use yoman::log::{
    EventLog as _,
    sled::{Options, SledLog},
};
use yoman_benches::{
    log::{
        engines::{self, Engine, Grouped},
        load::{self, Round, Until},
    },
    short,
};

use crate::{
    Args, Outcome,
    embedded::Redb,
    machine, print,
    servers::{self, JetStream, Postgres, Server},
    sheet::{Better, Sheet},
};

const CLIENTS: [u64; 3] = [1, 16, 64];
/// yoman is what the others are compared with.
const NAMES: [&str; 7] = ["yoman", RAW, "SQLite", "redb", "fjall", "PostgreSQL", "JetStream"];
/// A file and fdatasync, nothing that could be read again: the limit of all.
const RAW: &str = "raw file";
/// How long a log may write behind before its size is looked at.
const SETTLE: Duration = Duration::from_secs(3);

/// A log that is open, with the server it is on.
struct Open {
    engine: Arc<dyn Engine>,
    server: Option<Server>,
    /// From nothing until it could take an append.
    took: Duration,
}

/// Opens a log in `dir`; `anew` forgets what a server's log has, the others are given an empty directory.
async fn open(args: &Args, name: &str, dir: &Path, anew: bool) -> Outcome<Open> {
    let begun = Instant::now();
    let (engine, server): (Arc<dyn Engine>, _) = match name {
        "PostgreSQL" => {
            let (bin, dir) = (args.postgres.clone(), dir.to_owned());
            // The client has a runtime of its own, and must not be waited for inside of another.
            let opened = tokio::task::spawn_blocking(move || {
                let server = servers::start_postgres(&bin, &dir)?;
                let log = Postgres::open(server.port, anew)?;
                Outcome::Ok((server, log))
            });
            let (server, log) = opened.await??;
            (Grouped::start(log), Some(server))
        }
        "JetStream" => {
            let server = servers::start_nats(&args.nats, dir)?;
            (Arc::new(JetStream::open(server.port, anew).await?), Some(server))
        }
        _ => (embedded(name, dir), None),
    };
    Ok(Open { engine, server, took: begun.elapsed() })
}

fn embedded(name: &str, dir: &Path) -> Arc<dyn Engine> {
    if name == "redb" { Grouped::start(Redb::open(dir)) } else { engines::open(name, dir) }
}

fn is_server(name: &str) -> bool {
    matches!(name, "PostgreSQL" | "JetStream")
}

/// A directory of its own, with an empty cluster where one is needed.
fn place(args: &Args, name: &str) -> Outcome<TempDir> {
    let dir = args.temp("log")?;
    if name == "PostgreSQL" {
        servers::init_postgres(&args.postgres, dir.path())?;
    }
    Ok(dir)
}

/// Prints the table.
pub(crate) async fn run(args: &Args) -> Outcome<()> {
    let (mut names, mut absent) = (Vec::new(), Vec::new());
    // A server keeps its directory: it takes long to make.
    let mut places: HashMap<&str, TempDir> = HashMap::new();
    for name in NAMES {
        let tried = match args.without(name) {
            Some(why) => Err(why.into()),
            None => tried(args, name).await,
        };
        match tried {
            Ok(dir) => {
                names.push(name);
                places.insert(name, dir);
            }
            Err(why) => absent.push((name.to_owned(), why.to_string())),
        }
    }
    let mut rounds: HashMap<(&str, u64), Vec<Round>> = HashMap::new();
    for round in 0..args.rounds {
        eprintln!("logs: round {} of {}", round + 1, args.rounds);
        for clients in CLIENTS {
            let mut names = names.clone();
            if round % 2 == 1 {
                names.reverse();
            }
            for name in names {
                let fresh = args.temp("log")?;
                let dir = if is_server(name) { places[name].path() } else { fresh.path() };
                let Open { engine, server, .. } = open(args, name, dir, true).await?;
                let warm = Until::Time(Duration::from_millis(200));
                load::clients(Arc::clone(&engine), "warm", clients, warm).await;
                let until = Until::Time(Duration::from_secs_f64(args.seconds.min(1.0)));
                rounds.entry((name, clients)).or_default().push(load::clients(engine, "c", clients, until).await);
                drop(server);
            }
        }
    }
    drop(places);
    let kept = kept(args, &names).await?;
    let mut sheet = Sheet::new(names.iter().map(|&it| it.to_owned()).collect(), Some(RAW));
    for clients in CLIENTS {
        let many = if clients == 1 { "1 client".to_owned() } else { format!("{clients} clients") };
        let of = |figure: fn(&Round) -> f64| {
            let (rounds, names) = (&rounds, &names);
            move |column: usize| rounds[&(names[column], clients)].iter().map(figure).collect::<Vec<_>>()
        };
        sheet.row(format!("appends/s, {many}"), Better::More, of(|it| it.rate));
        sheet.row(format!("p50, ms, {many}"), Better::Less, of(|it| it.p50.as_secs_f64() * 1e3));
        sheet.row(format!("p99, ms, {many}"), Better::Less, of(|it| it.p99.as_secs_f64() * 1e3));
    }
    let of = |figure: fn(&Kept) -> Vec<f64>| {
        let (kept, names) = (&kept, &names);
        move |column: usize| figure(&kept[names[column]])
    };
    sheet.row("start to the first append, ms", Better::Less, of(|it| it.start_ms.clone()));
    sheet.row("memory after the start, MB", Better::Less, of(|it| it.memory_mb.clone()));
    sheet.row("memory after filling, MB", Better::Less, of(|it| vec![it.filled_mb]));
    sheet.row("disk, bytes an event", Better::Less, of(|it| vec![it.bytes]));
    let events = short(args.events as f64);
    print(
        &format!("Logs: durable appends of 300 to 600 bytes, closed loop; start, memory and disk with {events} events"),
        &sheet,
        &absent,
    );
    println!("{}", machine::logs(args));
    println!("yoman's journal is {} of its bytes an event", short(kept["yoman"].journal));
    Ok(())
}

/// Whether one append works at all.
async fn tried(args: &Args, name: &'static str) -> Outcome<TempDir> {
    let dir = place(args, name)?;
    let Open { engine, server, .. } = open(args, name, dir.path(), true).await?;
    let tried = tokio::spawn(load::clients(engine, "tried", 1, Until::Count(1)));
    tried.await.map_err(|_| "an append failed")?;
    drop(server);
    Ok(dir)
}

/// What it costs to have events, and to begin with them.
#[derive(Default)]
struct Kept {
    /// More on disk an event than of an empty log.
    bytes: f64,
    /// Of them in yoman's second copy.
    journal: f64,
    filled_mb: f64,
    start_ms: Vec<f64>,
    memory_mb: Vec<f64>,
}

async fn kept(args: &Args, names: &[&'static str]) -> Outcome<HashMap<&'static str, Kept>> {
    let mut all: HashMap<&str, (PathBuf, Kept)> = HashMap::new();
    let mut places = Vec::new();
    for &name in names {
        eprintln!("logs: filling {name}");
        let dir = place(args, name)?;
        let empty = disk_bytes(dir.path());
        let filled_mb = if is_server(name) {
            let Open { engine, server, .. } = open(args, name, dir.path(), true).await?;
            load::clients(engine, "fill", 64, Until::Count(args.events)).await;
            let filled = server.as_ref().map(Server::memory_mb);
            tokio::time::sleep(SETTLE).await;
            filled.unwrap_or_default()
        } else {
            in_child("fill", name, dir.path(), args.events)?.1
        };
        let an_event = |bytes: u64| bytes as f64 / args.events as f64;
        let kept = Kept {
            bytes: an_event(disk_bytes(dir.path()).saturating_sub(empty)),
            journal: an_event(disk_bytes(&dir.path().join("journal"))),
            filled_mb,
            ..Kept::default()
        };
        all.insert(name, (dir.path().to_owned(), kept));
        places.push(dir);
    }
    for round in 0..args.rounds {
        eprintln!("logs: start {} of {}", round + 1, args.rounds);
        for &name in names.iter().filter(|&&it| it != RAW) {
            let (dir, kept) = all.get_mut(name).ok_or("no directory")?;
            let (start_ms, memory_mb) = if is_server(name) {
                let opened = open(args, name, dir, false).await?;
                let server = opened.server.as_ref().ok_or("no server")?;
                (opened.took.as_secs_f64() * 1e3, server.memory_mb())
            } else {
                in_child("open", name, dir, 0)?
            };
            kept.start_ms.push(start_ms);
            kept.memory_mb.push(memory_mb);
        }
    }
    Ok(all.into_iter().map(|(name, (_, kept))| (name, kept)).collect())
}

/// In a process of its own, so that its memory is only this log's. Milliseconds of the opening, and resident memory.
fn in_child(what: &str, name: &str, dir: &Path, events: u64) -> Outcome<(f64, f64)> {
    let output = Command::new(std::env::current_exe()?)
        .args(["--child", what, name])
        .arg(dir)
        .arg(events.to_string())
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("{name} could not be looked at").into());
    }
    let text = String::from_utf8(output.stdout)?;
    let (start, memory) = text.trim().split_once(' ').ok_or("two figures")?;
    Ok((start.parse()?, memory.parse()?))
}

/// Opens a log, fills it if that was asked for, and says how long the opening took and how much memory is resident.
pub(crate) async fn child(what: &str, name: &str, dir: &Path, rest: &[String]) -> Outcome<()> {
    let begun = Instant::now();
    // This one is closed in the end, as everybody does who uses it.
    let ours = if name == "yoman" { Some(Arc::new(SledLog::open(Options::new(dir))?)) } else { None };
    let engine = ours.clone().map_or_else(|| embedded(name, dir), |it| it);
    let start = begun.elapsed();
    let events = rest.first().map_or(Ok(0), |it| it.parse())?;
    if what == "fill" {
        load::clients(Arc::clone(&engine), "fill", 64, Until::Count(events)).await;
    }
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    println!("{} {}", start.as_secs_f64() * 1e3, kib * 1024.0 / 1e6);
    drop(engine);
    if let Some(log) = ours {
        log.close().await?;
    }
    if what == "fill" {
        // The thread that owns the log ends when nobody can ask it any more, and then closes it.
        tokio::time::sleep(SETTLE).await;
    }
    Ok(())
}

/// What a log takes on disk.
fn disk_bytes(dir: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(dir) else { return 0 };
    let size = |entry: fs::DirEntry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => disk_bytes(&entry.path()),
        // A file that was made longer than what is in it so far takes only what is.
        Ok(metadata) => std::os::unix::fs::MetadataExt::blocks(&metadata) * 512,
        Err(_) => 0,
    };
    entries.flatten().map(size).sum()
}

//! The log beside what else keeps events: durable appends, then opening, memory and disk with some hundred thousand of them.

use std::{
    collections::HashMap,
    fs,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use yoman_benches::{
    Table,
    log::{
        engines::{self, Engine, Grouped},
        load::{self, Round, Until},
    },
    median, short,
};

use crate::{
    Args, Outcome,
    embedded::Redb,
    servers::{self, JetStream, Postgres, Server},
};

const CLIENTS: [u64; 3] = [1, 16, 64];
/// yoman is what the others are compared with, and the raw file is the limit of all.
const NAMES: [&str; 7] = ["yoman", "raw file", "SQLite", "redb", "fjall", "PostgreSQL", "JetStream"];

/// A log that is open, with the server it is on.
struct Open {
    engine: Arc<dyn Engine>,
    server: Option<Server>,
}

async fn open(args: &Args, name: &str, dir: &Path) -> Outcome<Open> {
    Ok(match name {
        "PostgreSQL" => {
            if !dir.join("pg").exists() {
                servers::init_postgres(&args.postgres, dir)?;
            }
            let (bin, dir) = (args.postgres.clone(), dir.to_owned());
            // The client has a runtime of its own, and must not be waited for inside of another.
            let opened = tokio::task::spawn_blocking(move || {
                let server = servers::start_postgres(&bin, &dir)?;
                let log = Postgres::open(server.port)?;
                Outcome::Ok((server, log))
            });
            let (server, log) = opened.await??;
            Open { engine: Grouped::start(log), server: Some(server) }
        }
        "JetStream" => {
            let server = servers::start_nats(&args.nats, dir)?;
            Open { engine: Arc::new(JetStream::open(server.port).await?), server: Some(server) }
        }
        _ => Open { engine: embedded(name, dir), server: None },
    })
}

fn embedded(name: &str, dir: &Path) -> Arc<dyn Engine> {
    if name == "redb" { Grouped::start(Redb::open(dir)) } else { engines::open(name, dir) }
}

/// Prints both tables.
pub(crate) async fn run(args: &Args) -> Outcome<()> {
    let mut rounds: HashMap<(&str, u64), Vec<Round>> = HashMap::new();
    for round in 0..args.rounds {
        for clients in CLIENTS {
            let mut names = NAMES;
            if round % 2 == 1 {
                names.reverse();
            }
            for name in names {
                let dir = args.temp("log")?;
                let Open { engine, server } = open(args, name, dir.path()).await?;
                let warm = Until::Time(Duration::from_millis(300));
                load::clients(Arc::clone(&engine), "warm", clients, warm).await;
                let until = Until::Time(Duration::from_secs(args.seconds.min(3)));
                rounds.entry((name, clients)).or_default().push(load::clients(engine, "c", clients, until).await);
                drop(server);
            }
        }
    }
    let figure = |name, clients, of: &dyn Fn(&Round) -> f64| median(rounds[&(name, clients)].iter().map(of).collect());
    println!("\nDurable appends a second, 300 to 600 bytes each, closed loop\n");
    let mut table = Table::new(["", "1 client", "p50 ms", "16 clients", "p50 ms", "64 clients", "p50 ms", "p99 ms"]);
    for name in NAMES {
        let mut cells = vec![name.to_owned()];
        for clients in CLIENTS {
            let (rate, ours) = (figure(name, clients, &|it| it.rate), figure("yoman", clients, &|it| it.rate));
            cells.push(format!("{} ({:.2})", short(rate), ours / rate));
            cells.push(format!("{:.2}", figure(name, clients, &|it| it.p50.as_secs_f64() * 1e3)));
        }
        cells.push(format!("{:.2}", figure(name, 64, &|it| it.p99.as_secs_f64() * 1e3)));
        table.row(cells);
    }
    println!("{table}");
    kept(args).await
}

/// What it costs to have events, and to begin with them.
async fn kept(args: &Args) -> Outcome<()> {
    println!("\nWith {} events, filled by 64 clients\n", short(args.events as f64));
    let mut table = Table::new(["", "bytes an event", "start, ms", "memory after the start, MB"]);
    for name in NAMES.into_iter().filter(|name| *name != "raw file") {
        let dir = args.temp("kept")?;
        let Open { engine, server } = open(args, name, dir.path()).await?;
        load::clients(Arc::clone(&engine), "fill", 64, Until::Count(args.events)).await;
        drop(engine);
        // What is written behind, a checkpoint or a compaction, is part of what it costs.
        tokio::time::sleep(Duration::from_secs(5)).await;
        drop(server);
        let bytes = disk_bytes(dir.path()) as f64 / args.events as f64;
        let (start_ms, memory_mb) = match name {
            "PostgreSQL" => {
                let server = servers::start_postgres(&args.postgres, dir.path())?;
                (server.start.as_secs_f64() * 1e3, server.memory_mb())
            }
            "JetStream" => {
                let server = servers::start_nats(&args.nats, dir.path())?;
                JetStream::open(server.port).await?;
                (server.start.as_secs_f64() * 1e3, server.memory_mb())
            }
            _ => opened_in_child(name, dir.path())?,
        };
        table.row([name.to_owned(), format!("{bytes:.0}"), format!("{start_ms:.1}"), format!("{memory_mb:.0}")]);
    }
    println!("{table}");
    println!("yoman's bytes are those of its log and index without the journal, a copy as JSON lines that can be turned off.");
    Ok(())
}

/// Opens an embedded log in a fresh process: this one has had its caches filled.
fn opened_in_child(name: &str, dir: &Path) -> Outcome<(f64, f64)> {
    let output = Command::new(std::env::current_exe()?)
        .args(["--child", name])
        .arg(dir)
        .stderr(Stdio::inherit())
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut figures = text.split_whitespace().map(str::parse);
    let (Some(start), Some(memory)) = (figures.next(), figures.next()) else {
        return Err(format!("{name} could not be opened again").into());
    };
    Ok((start?, memory?))
}

/// The process that only opens.
pub(crate) async fn child(name: &str, dir: &Path) -> Outcome<()> {
    let begun = Instant::now();
    let engine = embedded(name, dir);
    let start = begun.elapsed();
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    println!("{} {}", start.as_secs_f64() * 1e3, kib * 1024.0 / 1e6);
    drop(engine);
    Ok(())
}

/// What a log takes on disk; yoman's journal aside.
fn disk_bytes(dir: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(dir) else { return 0 };
    let size = |entry: fs::DirEntry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => disk_bytes(&entry.path()),
        // A file that was made longer than what is in it so far takes only what is.
        Ok(metadata) => std::os::unix::fs::MetadataExt::blocks(&metadata) * 512,
        Err(_) => 0,
    };
    entries.flatten().filter(|entry| entry.file_name() != "journal").map(size).sum()
}

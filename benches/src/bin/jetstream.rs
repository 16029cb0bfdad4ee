//! A log on three NATS servers of this machine, each syncing before it acknowledges: a bare publish, a commit, and a whole
//! command, at some numbers of clients; and how fast a new node reads a long log.
//! `cargo run --release -p yoman-benches --bin jetstream -- [SECONDS] [COMMITS]`.

use std::{
    error::Error,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use async_nats::jetstream::stream;
use serde_json::value::RawValue;
use yoman::log::{
    Append, CommandId, EventLog, Expected, Meta, Origin, Position, StoredEvent, StreamId,
    jetstream::{Connection, JetStreamLog, NatsSettings, Options},
    sled,
};
use yoman_benches::{
    Table,
    house::{Measured, gathered, measure},
    percentile, short,
};
use yoman_stand_ins::nats::Cluster;

/// About what a commit takes.
const PAYLOAD_BYTES: usize = 450;
const CLIENTS: [usize; 3] = [1, 16, 64];
/// Clients that fill the long log.
const FILLERS: u64 = 256;
const REPLICAS: usize = 3;

fn options(dir: &Path, cluster: &Cluster, prefix: &str) -> Options {
    let nats = NatsSettings {
        servers: cluster.urls(),
        prefix: prefix.to_owned(),
        replicas: REPLICAS,
        ..NatsSettings::default()
    };
    Options::new(sled::Options::new(dir), nats)
}

fn append(stream: String, version: u64, command: String) -> Result<Append, serde_json::Error> {
    let text = "x".repeat(PAYLOAD_BYTES - 250);
    let data = RawValue::from_string(format!(r#"{{"title":"{text}","tags":["auth"],"priority":"high"}}"#))?;
    Ok(Append {
        stream: StreamId::new(stream),
        expected: Expected::of(version),
        events: vec![StoredEvent { name: "todo_created".into(), schema: 1, data }],
        meta: Meta {
            command: CommandId::new(command.as_str()),
            text: "/todo Fix login #auth !high".into(),
            actor: "person/1".into(),
            origin: Origin { bot: "bench".into(), room: "bench/1".into(), message: command.clone() },
            correlation: CommandId::new(command),
            causation: None,
            recorded_at: chrono::DateTime::UNIX_EPOCH,
        },
    })
}

/// One after the other on each of so many clients, each on a subject of its own, for some seconds.
async fn bare(cluster: &Cluster, clients: usize, seconds: f64) -> Result<Measured, Box<dyn Error>> {
    let nats = NatsSettings { servers: cluster.urls(), ..NatsSettings::default() };
    let connection = Connection::open(nats).await?;
    connection.up_within(Duration::from_secs(10)).await?;
    let context = connection.jetstream();
    let name = format!("bare-{clients}");
    let config = stream::Config {
        name: name.clone(),
        subjects: vec![format!("{name}.>")],
        num_replicas: REPLICAS,
        ..stream::Config::default()
    };
    context.create_stream(config).await?;
    let (started, until) = (Instant::now(), Instant::now() + Duration::from_secs_f64(seconds));
    let tasks: Vec<_> = (0..clients)
        .map(|client| {
            let (context, subject) = (context.clone(), format!("{name}.{client}"));
            tokio::spawn(async move {
                let mut taken = Vec::new();
                while Instant::now() < until {
                    let began = Instant::now();
                    let sent = context.publish(subject.clone(), vec![b'x'; PAYLOAD_BYTES].into()).await;
                    let Ok(ack) = sent else { break };
                    if ack.await.is_err() {
                        break;
                    }
                    taken.push(began.elapsed());
                }
                taken
            })
        })
        .collect();
    let taken = gathered(tasks).await?;
    let elapsed = started.elapsed();
    context.delete_stream(&name).await?;
    Ok(Measured { taken, elapsed, shown: 0 })
}

/// The same with whole commits.
async fn commits(log: &Arc<JetStreamLog>, clients: usize, seconds: f64) -> Result<Measured, Box<dyn Error>> {
    let (started, until) = (Instant::now(), Instant::now() + Duration::from_secs_f64(seconds));
    let tasks: Vec<_> = (0..clients)
        .map(|client| {
            let log = Arc::clone(log);
            tokio::spawn(async move {
                let (mut taken, mut number) = (Vec::new(), 0);
                while Instant::now() < until {
                    let Ok(request) = append(format!("todo/{client}"), number, format!("c/{client}/{number}")) else {
                        break;
                    };
                    let began = Instant::now();
                    if log.append(request).await.is_err() {
                        break;
                    }
                    taken.push(began.elapsed());
                    number += 1;
                }
                taken
            })
        })
        .collect();
    let taken = gathered(tasks).await?;
    Ok(Measured { taken, elapsed: started.elapsed(), shown: 0 })
}

/// Fills a log and lets a new node read it.
async fn catch_up(dir: &Path, cluster: &Cluster, count: u64) -> Result<(f64, f64), Box<dyn Error>> {
    let log = Arc::new(JetStreamLog::open(options(&dir.join("full"), cluster, "long")).await?);
    let started = Instant::now();
    let each = count.div_ceil(FILLERS);
    let tasks: Vec<_> = (0..FILLERS)
        .map(|filler| {
            let log = Arc::clone(&log);
            tokio::spawn(async move {
                for number in 0..each {
                    let stream = format!("todo/{filler}-{}", number / 8);
                    let Ok(request) = append(stream, number % 8, format!("c/{filler}/{number}")) else { return false };
                    if log.append(request).await.is_err() {
                        return false;
                    }
                }
                true
            })
        })
        .collect();
    for task in tasks {
        if !task.await? {
            return Err("a commit was refused while the log was filled".into());
        }
    }
    let (count, filled) = (each * FILLERS, started.elapsed());
    let head = log.head();
    log.close().await?;
    let started = Instant::now();
    let fresh = JetStreamLog::open(options(&dir.join("fresh"), cluster, "long")).await?;
    let read = started.elapsed();
    if fresh.head() != head || head.position != Position(count) {
        return Err(format!("the new node has {:?}, not {:?}", fresh.head(), head).into());
    }
    fresh.close().await?;
    Ok((count as f64 / filled.as_secs_f64(), count as f64 / read.as_secs_f64()))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let seconds: f64 = std::env::args().nth(1).map_or(Ok(5.0), |it| it.parse())?;
    let count: u64 = std::env::args().nth(2).map_or(Ok(1_000_000), |it| it.parse())?;
    let dir = tempfile::tempdir_in(std::env::current_dir()?)?;
    let mut cluster = Cluster::start(&dir.path().join("nats"), REPLICAS)?;
    cluster.wait_until_ready()?;
    let mut table = Table::new(["clients", "", "per second", "of bare", "p50 us", "of bare", "p99 us"]);
    for clients in CLIENTS {
        let bare = bare(&cluster, clients, seconds).await?;
        let node = dir.path().join(format!("node-{clients}"));
        let log = Arc::new(JetStreamLog::open(options(&node, &cluster, &format!("commits-{clients}"))).await?);
        let whole = commits(&log, clients, seconds).await?;
        log.close().await?;
        let node = dir.path().join(format!("house-{clients}"));
        let log = Arc::new(JetStreamLog::open(options(&node, &cluster, &format!("commands-{clients}"))).await?);
        let commands = measure(log, &node, clients, seconds, false).await?;
        let rate = |it: &Measured| it.taken.len() as f64 / it.elapsed.as_secs_f64();
        let us = |it: &Measured, share| percentile(&it.taken, share).as_micros() as f64;
        for (what, it) in [("bare publish", &bare), ("commit", &whole), ("command", &commands)] {
            table.row([
                clients.to_string(),
                what.to_owned(),
                short(rate(it)),
                format!("{:.2}", rate(it) / rate(&bare)),
                format!("{:.0}", us(it, 0.5)),
                format!("{:.2}", us(it, 0.5) / us(&bare, 0.5)),
                format!("{:.0}", us(it, 0.99)),
            ]);
        }
    }
    print(&table);
    let (filled, read) = catch_up(dir.path(), &cluster, count).await?;
    let mut table = Table::new(["", "commits", "per second"]);
    table.row(["filled by 256 clients".to_owned(), short(count as f64), short(filled)]);
    table.row(["read by a new node".to_owned(), short(count as f64), short(read)]);
    print(&table);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a bench prints its table")]
fn print(table: &Table) {
    println!("{table}");
}

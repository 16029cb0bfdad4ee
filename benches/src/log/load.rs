//! What is appended, and who appends: closed-loop clients, each with one request under way.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use yoman::log::{Append, Expected, Meta, StoredEvent, StreamId};

use super::engines::Engine;

/// Commits in one stream before a client begins another.
const STREAM_COMMITS: u64 = 10;

/// Makes the requests of one client: payloads of 300 to 600 bytes that do not repeat.
pub struct Requests {
    client: String,
    number: u64,
    random: u64,
    meta: Meta,
}

impl Requests {
    /// `client` must be unique in a log.
    pub fn new(client: String) -> Self {
        let meta = serde_json::json!({
            "command": "", "text": "/todo fix the login page before Friday @anna #web", "actor": "person/17",
            "origin": {"bot": "telegram", "room": "-1001234567890", "message": "4711"}, "correlation": "", "recorded_at": 0,
        });
        let random = client
            .bytes()
            .fold(0x9e37_79b9_7f4a_7c15, |random: u64, byte| (random ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
        Self { client, number: 0, random: random | 1, meta: serde_json::from_value(meta).expect("a meta") }
    }

    fn random(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }

    /// The next request.
    pub fn next_append(&mut self) -> Append {
        let length = 300 + (self.random() % 301) as usize;
        let mut data = String::with_capacity(length + 16);
        data.push_str(r#"{"text":""#);
        while data.len() < length - 2 {
            data.push_str(&format!("{:016x}", self.random()));
        }
        data.truncate(length - 2);
        data.push_str("\"}");
        let data = serde_json::value::RawValue::from_string(data).expect("JSON");
        let (stream, version) = (self.number / STREAM_COMMITS, self.number % STREAM_COMMITS);
        let mut meta = self.meta.clone();
        meta.command = yoman::log::CommandId::new(format!("telegram/-1001234567890/{}/{}", self.client, self.number));
        meta.correlation = meta.command.clone();
        self.number += 1;
        Append {
            stream: StreamId::new(format!("todo/{}-{stream}", self.client)),
            expected: Expected::of(version),
            events: vec![StoredEvent { name: "todo_created".into(), schema: 1, data }],
            meta,
        }
    }
}

/// What a round came to.
#[derive(Clone, Copy, Debug)]
pub struct Round {
    /// Durable appends a second.
    pub rate: f64,
    /// Half of the appends took at most this.
    pub p50: Duration,
    /// Of a hundred appends one took longer.
    pub p99: Duration,
}

/// When clients stop.
#[derive(Clone, Copy, Debug)]
pub enum Until {
    /// After a time.
    Time(Duration),
    /// After so many appends, all together.
    Count(u64),
}

/// Lets clients append until they are to stop. `name` must be unique in a log.
pub async fn clients(engine: Arc<dyn Engine>, name: &str, clients: u64, until: Until) -> Round {
    let stop = Arc::new(AtomicBool::new(false));
    let begin = Instant::now();
    let tasks: Vec<_> = (0..clients)
        .map(|client| {
            let (engine, stop) = (Arc::clone(&engine), Arc::clone(&stop));
            let mut requests = Requests::new(format!("{name}{client}"));
            let count = match until {
                Until::Time(_) => u64::MAX,
                Until::Count(count) => count / clients + u64::from(client < count % clients),
            };
            tokio::spawn(async move {
                let mut times = Vec::new();
                while (times.len() as u64) < count && !stop.load(Ordering::Relaxed) {
                    let request = requests.next_append();
                    let asked = Instant::now();
                    engine.append(request).await;
                    times.push(asked.elapsed());
                }
                times
            })
        })
        .collect();
    if let Until::Time(time) = until {
        tokio::time::sleep(time).await;
        stop.store(true, Ordering::Relaxed);
    }
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await.expect("a client"));
    }
    let took = begin.elapsed();
    times.sort_unstable();
    Round {
        rate: times.len() as f64 / took.as_secs_f64(),
        p50: crate::percentile(&times, 0.5),
        p99: crate::percentile(&times, 0.99),
    }
}

//! Bytes nobody meant: the grammar, record bytes, archived segments, imports, settings, and what each platform may hand over.
//! All from one seed, on the stable compiler: each round derives a seed of its own, and one that fails is told and can be
//! repeated alone.
//!
//! Coverage-guided fuzzers need a nightly compiler or an instrumented build; what this loses in guidance it makes up by
//! mutating what is valid, so that most inputs get past the first check.
//!
//! # Layout
//!
//! * `payload.rs` what platforms hand over, as it is documented, and what becomes of it
//! * `bytes.rs`   texts and bytes nobody meant
//! * `inbound.rs` all of that through the wire, into the real program

mod bytes;
mod inbound;
pub(crate) mod payload;

use std::{
    fs,
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use yoman::{
    command::{self, Context, Said, Target},
    config::{Config, Environment, Flags},
    domain::{Bucket, ItemRef},
    log::{
        Append, CommandId, Commit, Entry, EventLog as _, Expected, Meta, Origin, Position, StoredEvent, StreamId,
        export::{self, Taken},
        memory::MemoryLog,
        record::{self, Checked},
        segment::{Segment, SegmentWriter},
    },
};

use crate::run::{Found, Outcome, Setting};

/// One target: a round from a seed, and what it found wrong.
type Round = fn(&mut StdRng, &Samples) -> Result<(), String>;

/// What is in this process; what comes over the wire is a run of its own.
const TARGETS: [(&str, Round); 6] = [
    ("grammar", grammar),
    ("replies", replies),
    ("records", records),
    ("segments", segments),
    ("imports", imports),
    ("settings", settings),
];

/// So many commits are in what is mutated: few, so that there are many rounds.
const COMMITS: u64 = 12;

/// What is mutated.
struct Samples {
    commits: Vec<Commit>,
    records: Vec<u8>,
    segment: Vec<u8>,
    lines: String,
    home: tempfile::TempDir,
    plant: bool,
}

/// Fuzzes for so long: half in this process, half through the wire.
///
/// # Errors
/// A panic, a wrong value, or a message that was not heard after the noise.
pub async fn fuzz(setting: &Setting, time: Duration) -> Found {
    let (seed, plant) = (setting.seed, setting.plant);
    let samples = samples(setting, plant).await?;
    let rounds = tokio::task::spawn_blocking(move || in_process(seed, &samples, time / 2));
    let mut seen = vec![rounds.await.map_err(|error| error.to_string())??];
    if !plant {
        seen.push(inbound::inbound(setting, time / 2).await?);
    }
    Ok(Outcome { size: format!("{} s", time.as_secs()), seen })
}

fn in_process(seed: u64, samples: &Samples, time: Duration) -> Result<String, String> {
    let began = Instant::now();
    let mut counts = [0u64; TARGETS.len()];
    let mut round = 0u64;
    while began.elapsed() < time {
        for (at, (name, target)) in TARGETS.iter().enumerate() {
            let own = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(round);
            for _ in 0..8 {
                // A seed a round: `--seed` of the run finds it again, whatever the machine's speed.
                let mut random = StdRng::seed_from_u64(own ^ ((at as u64) << 56) ^ counts[at]);
                counts[at] += 1;
                let number = counts[at];
                match catch_unwind(AssertUnwindSafe(|| target(&mut random, samples))) {
                    Ok(Ok(())) => {}
                    Ok(Err(why)) => return Err(format!("{name}, round {number} of seed {seed}: {why}")),
                    Err(_) => return Err(format!("{name}, round {number} of seed {seed}: it panicked")),
                }
            }
        }
        round += 1;
    }
    let counts: Vec<String> = TARGETS.iter().zip(counts).map(|((name, _), count)| format!("{name} {count}")).collect();
    Ok(format!("in this process: {}", counts.join(", ")))
}

async fn samples(setting: &Setting, plant: bool) -> Result<Samples, String> {
    let log = MemoryLog::new();
    let mut version = 0;
    for number in 1..=COMMITS {
        let data = serde_json::json!({ "title": format!("Größe {number} \u{1f980}"), "tags": ["auth"], "n": number });
        let data = serde_json::value::to_raw_value(&data).map_err(|error| error.to_string())?;
        let events = vec![StoredEvent { name: "todo_created".into(), schema: 1, data }; 1 + number as usize % 3];
        let meta = Meta {
            command: CommandId::new(format!("c/{number}")),
            text: format!("/todo Größe {number}\n- [ ] one"),
            actor: "person/1".into(),
            origin: Origin { bot: "telegram".into(), room: "telegram/1".into(), message: number.to_string() },
            correlation: CommandId::new(format!("c/{number}")),
            causation: (number > 3).then(|| Position(number - 2)),
            recorded_at: chrono::Utc::now(),
        };
        let count = events.len() as u64;
        let append = Append { stream: StreamId::new("todo/1"), expected: Expected::of(version), events, meta };
        log.append(append).await.map_err(|error| error.to_string())?;
        version += count;
    }
    let mut commits = Vec::new();
    log.read_all(Position::START, &mut |entry| {
        if let Entry::Commit(commit) = entry {
            commits.push(Commit::clone(&commit));
        }
        ControlFlow::Continue(())
    })
    .map_err(|error| error.to_string())?;
    let home = tempfile::tempdir_in(setting.program.scratch()).map_err(|error| error.to_string())?;
    let (mut records, mut previous) = (Vec::new(), [0; 32]);
    let mut writer = SegmentWriter::create(home.path(), Position(1), previous).map_err(|error| error.to_string())?;
    for commit in &commits {
        let at = records.len();
        previous = record::encode(commit, &previous, &mut records).map_err(|error| error.to_string())?;
        let one = Checked::first(&records[at..]).map_err(|error| error.to_string())?;
        writer.push(one, previous).map_err(|error| error.to_string())?;
    }
    writer.finish(Position(COMMITS)).map_err(|error| error.to_string())?;
    let path = yoman::log::segment::in_dir(home.path()).map_err(|error| error.to_string())?.remove(0).2;
    let segment = fs::read(path).map_err(|error| error.to_string())?;
    let lines = commits.iter().map(|commit| serde_json::to_string(commit).unwrap() + "\n").collect();
    Ok(Samples { commits, records, segment, lines, home, plant })
}

fn context(random: &mut StdRng) -> Context {
    let zones = [chrono_tz::UTC, chrono_tz::Asia::Seoul, chrono_tz::Europe::Berlin, chrono_tz::Australia::Lord_Howe];
    let now = chrono::DateTime::from_timestamp(random.random_range(-2_000_000_000..10_000_000_000), 0).unwrap();
    Context { now, time_zone: zones[random.random_range(0..zones.len())], bare_verbs: random.random_bool(0.5) }
}

/// Whatever is written is words, a command or a fault; a command printed and read again is the same.
fn grammar(random: &mut StdRng, samples: &Samples) -> Result<(), String> {
    let text = bytes::line(random);
    let context = context(random);
    for part in command::split(&text, &context) {
        match command::parse(part, &context) {
            Ok(Said::Command(said)) => {
                let printed = said.to_text(context.time_zone);
                let again = command::parse(&printed, &context);
                let same = again
                    .as_ref()
                    .is_ok_and(|it| it.as_command().is_some_and(|it| it.to_text(context.time_zone) == printed));
                if !same || (samples.plant && printed.len() % 7 == 3) {
                    return Err(format!("{part:?} is {printed:?}, and that is {again:?}"));
                }
            }
            Ok(Said::Words(_)) => {}
            Err(fault) => drop(fault.to_string()),
        }
    }
    Ok(())
}

fn replies(random: &mut StdRng, _: &Samples) -> Result<(), String> {
    let target = Target { item: ItemRef::new(Bucket::Todo, random.random_range(1..99)), version: None };
    let (text, context) = (bytes::line(random), context(random));
    match command::parse_reply(&text, target, &context) {
        Ok(_) => {}
        Err(fault) => drop(fault.to_string()),
    }
    Ok(())
}

/// A record that passes its checksum is one that was written, and reads as it was.
fn records(random: &mut StdRng, samples: &Samples) -> Result<(), String> {
    let mut bytes = samples.records.clone();
    bytes::harm(&mut bytes, random);
    let mut at = 0;
    let look = |bytes: &[u8]| -> Result<usize, String> {
        let Ok(one) = Checked::first(bytes) else { return Ok(1) };
        let length = one.bytes().len();
        if let Ok(commit) = one.commit()
            && samples.commits.get(one.position().0.wrapping_sub(1) as usize) != Some(&commit)
        {
            return Err(format!("another commit at {}", one.position()));
        }
        Ok(length)
    };
    while at < bytes.len() {
        at += look(&bytes[at..])?;
    }
    for found in record::walk(&bytes) {
        drop(format!("{found:?}"));
    }
    let _ = record::find(&bytes, Position(random.random_range(0..70))).map(|it| it.position());
    drop(record::decode(&bytes));
    Ok(())
}

/// A segment gives what was put into it, or says that it does not.
fn segments(random: &mut StdRng, samples: &Samples) -> Result<(), String> {
    let mut bytes = samples.segment.clone();
    bytes::harm(&mut bytes, random);
    let path = samples.home.path().join("harmed.segment");
    fs::write(&path, &bytes).map_err(|error| error.to_string())?;
    let Ok(segment) = Segment::open(&path) else { return Ok(()) };
    let mut wrong = None;
    let _ = segment.verify(&mut |one| {
        if one.commit().is_ok_and(|it| samples.commits.get(it.position.0.wrapping_sub(1) as usize) != Some(&it)) {
            wrong = Some(one.position());
        }
        ControlFlow::Continue(())
    });
    wrong.map_or(Ok(()), |position| Err(format!("another commit at {position}")))
}

/// Lines that somebody else wrote.
fn imports(random: &mut StdRng, samples: &Samples) -> Result<(), String> {
    let mut bytes = samples.lines.clone().into_bytes();
    for _ in 0..random.random_range(1..4) {
        bytes::harm(&mut bytes, random);
    }
    if random.random_bool(0.3) {
        let mut values: Vec<serde_json::Value> =
            samples.lines.lines().take(6).filter_map(|line| serde_json::from_str(line).ok()).collect();
        values.iter_mut().for_each(|value| payload::mutate(value, random));
        bytes = values.iter().map(|value| format!("{value}\n")).collect::<String>().into_bytes();
    }
    let taken = export::import(&bytes[..], &mut |_, commit| {
        // What comes in is sound, or is refused where it is taken.
        let _ = commit.is_sound() && record::encode(&commit, &[0; 32], &mut Vec::new()).is_ok();
        Taken::<()>::Yes
    });
    drop(format!("{taken:?}"));
    Ok(())
}

/// Files and variables with settings.
fn settings(random: &mut StdRng, samples: &Samples) -> Result<(), String> {
    const FILE: &str = include_str!("../../../config/yoman.toml");
    const ENV: &str = include_str!("../../../config/example.env");
    let path = samples.home.path().join("yoman.toml");
    let env = samples.home.path().join("env");
    let mut text = FILE.as_bytes().to_vec();
    let mut lines = ENV.as_bytes().to_vec();
    for bytes in [&mut text, &mut lines] {
        if random.random_bool(0.7) {
            bytes::harm(bytes, random);
        }
    }
    // A secret that stands in a line that cannot be read must not be told.
    lines.extend_from_slice(b"\nTELEGRAM_BOT_TOKEN=4242:zqxsecretzqx\n\"zqxsecretzqx\n");
    fs::write(&path, text).and_then(|()| fs::write(&env, lines)).map_err(|error| error.to_string())?;
    let names: Vec<&str> = FILE.lines().filter_map(|line| line.split_once(" = ")).map(|(key, _)| key).collect();
    let variables = (0..random.random_range(0..4)).map(|_| {
        let section = ["LOG", "NOTIFY", "BOTS_TELEGRAM", "BOTS_X", "TRACING", "", "ROOMS"][random.random_range(0..7)];
        let key = names[random.random_range(0..names.len())].to_uppercase();
        (format!("YOMAN_{section}_{key}").into(), bytes::line(random).replace('\0', "").into())
    });
    let environment = Environment::new(variables.collect::<Vec<_>>(), Some(&env));
    let flags = Flags { file: Some(path), ..Flags::default() };
    let told = match Config::load(&flags, &environment) {
        Ok(config) => format!("{config:?}"),
        Err(error) => error.to_string(),
    };
    if told.contains("zqxsecretzqx") { Err(format!("a secret is told: {told}")) } else { Ok(()) }
}

/// As a command, if it is one.
trait AsCommand {
    fn as_command(&self) -> Option<&command::Command>;
}

impl AsCommand for Said {
    fn as_command(&self) -> Option<&command::Command> {
        match self {
            Self::Command(command) => Some(command),
            Self::Words(_) => None,
        }
    }
}

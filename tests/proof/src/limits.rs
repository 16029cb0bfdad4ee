//! A full disk, a read-only one, one that fails; no file handles, little memory; a clock that is wrong; hours that come twice
//! or never. The right words, nothing lost, and all is well again when it is over.
//!
//! The weather is made by a layer under the process (`limits/weather.c`), so that it needs no root and can change while
//! somebody talks; the shell's limits are real, and so is the small file system where this may mount one.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use rand::RngExt as _;

use crate::{
    power::compiled,
    program::{Data, Said, Yoman, panicked},
    run::{Found, Outcome, Setting},
    wire::{Telegram, Wire, until},
};

const SOURCE: &str = include_str!("limits/weather.c");
/// So long bad weather lasts.
const LASTS: Duration = Duration::from_millis(2_000);
/// So long it may take until all is well again.
const PATIENCE: Duration = Duration::from_secs(120);
/// So long it may take to be well again by itself before somebody starts it again.
const ALONE: Duration = Duration::from_secs(20);
/// What a room is told when nothing is saved any more; what was said is answered by the next start.
const BROKEN: &str = "Not saved: the disk of the log failed";
/// The longest a stop may take.
const STOP_MAX: Duration = Duration::from_secs(60);

/// Tries every limit, so often each.
///
/// # Errors
/// What was lost, came twice, was never answered, or was told without a reason.
pub async fn limits(setting: &Setting, rounds: usize) -> Found {
    let mut seen = Vec::new();
    let mut wrong = Vec::new();
    let mut count = 0;
    for _ in 0..rounds {
        if setting.plant {
            // A planted defect is as good in one kind of weather as in all.
            weather(setting, Bad::Full).await?;
            return Ok(Outcome::new("1 time under a limit", "nothing was found"));
        }
        // Some beside each other: most of the time they wait.
        let [a, b, c, d, e, f] = Bad::ALL.map(|bad| weather(setting, bad));
        let (a, b, c) = tokio::join!(a, b, c);
        let (d, e, f) = tokio::join!(d, e, f);
        for (bad, outcome) in Bad::ALL.into_iter().zip([a, b, c, d, e, f]) {
            count += 1;
            match outcome {
                Ok(line) => seen.push(line),
                Err(why) => wrong.push(format!("{bad:?}: {why}")),
            }
        }
        let (handles, memory, size) = tokio::join!(
            shell(setting, "-n", &[8, 14, 20, 24, 28, 40]),
            shell(setting, "-v", &[40_000, 90_000, 120_000, 140_000, 160_000, 250_000, 600_000]),
            shell(setting, "-f", &[1, 64, 1_000, 9_000, 20_000]),
        );
        let (small, clock) = tokio::join!(small_disk(setting), clocks(setting));
        let others = [
            ("handles", handles),
            ("memory", memory),
            ("file size", size),
            ("small file system", small),
            ("clock", clock),
        ];
        for (name, outcome) in others {
            count += 1;
            match outcome {
                Ok(line) => seen.push(format!("{name}: {line}")),
                Err(why) => wrong.push(format!("{name}: {why}")),
            }
        }
    }
    seen.sort();
    seen.dedup();
    if wrong.is_empty() {
        Ok(Outcome { size: format!("{count} times under a limit"), seen })
    } else {
        Err(wrong.join("\n"))
    }
}

/// What goes bad while somebody talks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bad {
    Full,
    Readonly,
    Broken,
    Handles,
    Back,
    Forward,
}

impl Bad {
    const ALL: [Self; 6] = [Self::Full, Self::Readonly, Self::Broken, Self::Handles, Self::Back, Self::Forward];

    /// The file that makes it, and what stands in it.
    fn file(self) -> (&'static str, &'static str) {
        match self {
            Self::Full => ("full", ""),
            Self::Readonly => ("readonly", ""),
            Self::Broken => ("broken", ""),
            Self::Handles => ("handles", ""),
            Self::Back => ("clock", "-259200"),
            Self::Forward => ("clock", "34560000"),
        }
    }

    /// What has to be said about it, in the chat or to whoever runs it; empty: nothing has to.
    fn words(self) -> &'static [&'static str] {
        match self {
            Self::Full => &["No space left", "space"],
            Self::Readonly => &["Read-only", "read-only"],
            Self::Broken => &["Input/output error", "I/O error"],
            Self::Handles => &["Too many open files", "file handles"],
            Self::Back | Self::Forward => &[],
        }
    }
}

/// Somebody who talks to yoman, and what they said.
struct Talk {
    wire: Telegram,
    who: String,
    chat: String,
    said: Vec<String>,
}

impl Talk {
    async fn begin() -> Self {
        let wire = Telegram::start().await;
        let (who, chat) = wire.place().people[0].clone();
        Self { wire, who, chat, said: Vec::new() }
    }

    /// Says one thing more, with a word of its own.
    fn say(&mut self) {
        let word = format!("w{}x", self.said.len() + 1);
        self.wire.say(&self.chat, &self.who, &format!("/todo {word} water the plants"), None);
        self.said.push(word);
    }

    /// What is not answered at all, neither done nor refused: the newest answer for each counts.
    fn unanswered(&self) -> Vec<&String> {
        let shown = self.wire.shown(&self.chat);
        let order = self.said.iter().filter(|word| !shown.iter().any(|it| it.first.contains(word.as_str())));
        // A refusal need not repeat the words it refuses: it answers in order, so the count tells.
        let answers = shown.iter().filter(|it| !it.first.starts_with(BROKEN)).count();
        let mut open: Vec<_> = order.collect();
        let refused = answers.saturating_sub(self.said.len() - open.len() + 1);
        open.drain(..refused.min(open.len()));
        open
    }

    /// What was confirmed.
    fn created(&self) -> Vec<String> {
        let shown = self.wire.shown(&self.chat);
        let made =
            |word: &&String| shown.iter().any(|it| it.first.contains(" created ") && it.first.contains(word.as_str()));
        self.said.iter().filter(made).cloned().collect()
    }
}

/// One kind of weather, while somebody talks.
async fn weather(setting: &Setting, bad: Bad) -> Result<String, String> {
    let layer = compiled(setting.program.scratch(), "weather", SOURCE)?;
    let data = Data::new(&setting.program);
    let mut talk = Talk::begin().await;
    let controls = data.path("weather");
    fs::create_dir(&controls).expect("a directory");
    let environment = talk.wire.environment();
    let start = || {
        let mut command = data.command(&[]);
        command.env("LD_PRELOAD", &layer).env("WEATHER", &controls).env("WEATHER_ROOT", data.dir());
        Yoman::start_as(&data, command, &environment)
    };
    let result = one(setting, bad, &mut talk, &data, &controls, &start).await;
    result.map_err(|why| format!("{why}\nwhat it kept and said is in {}", data.keep().display()))
}

async fn one(
    setting: &Setting,
    bad: Bad,
    talk: &mut Talk,
    data: &Data,
    controls: &std::path::Path,
    start: &dyn Fn() -> Yoman,
) -> Result<String, String> {
    let mut yoman = start();
    claim(talk, &yoman).await?;
    for _ in 0..5 {
        talk.say();
    }
    if !until(PATIENCE, || talk.unanswered().is_empty()).await {
        return Err("it does not answer in good weather".into());
    }
    let (file, text) = bad.file();
    let before = (yoman.told().len(), talk.wire.shown(&talk.chat).len());
    fs::write(controls.join(file), text).expect("a file");
    let began = std::time::Instant::now();
    while began.elapsed() < LASTS {
        talk.say();
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    let told = yoman.told()[before.0..].to_owned();
    let shown: Vec<String> = talk.wire.shown(&talk.chat)[before.1..].iter().map(|it| it.first.clone()).collect();
    let refused = shown.iter().filter(|text| !text.contains(" created ")).count();
    let named = bad.words().is_empty()
        || bad.words().iter().any(|word| told.contains(word) || shown.iter().any(|it| it.contains(word)));
    fs::remove_file(controls.join(file)).expect("it is there");
    for _ in 0..3 {
        talk.say();
    }
    let well = until(ALONE, || talk.unanswered().is_empty() || yoman.ended()).await;
    let alone = well && !yoman.ended();
    if !alone {
        // Not by itself: then by being started again, as whoever runs it would do.
        if let Some(code) = yoman.exit_code() {
            if code == 0 {
                return Err("it ended as if all were well".into());
            }
        } else {
            let _ = yoman.stop(STOP_MAX).await;
        }
        yoman = start();
        if !until(PATIENCE, || talk.unanswered().is_empty()).await {
            return Err(format!("never answered, even after a new start: {:?}: {}", talk.unanswered(), yoman.said()));
        }
    }
    talk.say();
    if !until(PATIENCE, || talk.created().contains(talk.said.last().expect("something"))).await {
        return Err(format!("nothing is done any more after it was over: {}", yoman.said()));
    }
    let told_all = yoman.told();
    if panicked(&told_all) {
        return Err("it panicked, see stderr".into());
    }
    if yoman.stop(STOP_MAX).await != Some(0) {
        return Err("it does not stop cleanly afterwards".into());
    }
    // Nothing may have needed what there was none of.
    if !named && (refused > 0 || !alone) {
        return Err(format!("nobody was told why: {told}\n{shown:?}"));
    }
    let mut created = talk.created();
    if setting.plant {
        created.push("w99999x".into());
    }
    accounted(data, &created)?;
    let how = if alone { "well again by itself" } else { "well again after a new start" };
    Ok(format!(
        "{bad:?}: {refused} refused with the reason meanwhile, {how}; {} of {} done, each once",
        created.len(),
        talk.said.len()
    ))
}

async fn claim(talk: &Talk, yoman: &Yoman) -> Result<(), String> {
    let code = yoman.claim_code().await;
    talk.wire.say(&talk.chat, &talk.who, &format!("/claim {code}"), None);
    if until(PATIENCE, || !talk.wire.shown(&talk.chat).is_empty()).await {
        Ok(())
    } else {
        Err("no answer to /claim".into())
    }
}

/// What was confirmed is in the log once; the log is whole and its times never run backwards.
fn accounted(data: &Data, created: &[String]) -> Result<(), String> {
    let verified = data.run("log verify");
    if !verified.well() {
        return Err(format!("verify: {verified:?}"));
    }
    let exported = data.run("log export").out;
    let mut times: HashMap<String, usize> = HashMap::new();
    let mut last = i64::MIN;
    for line in exported.lines() {
        let commit: serde_json::Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
        let at = commit["meta"]["recorded_at"].as_i64().unwrap_or(i64::MIN);
        if at < last {
            return Err(format!("time runs backwards at position {}", commit["position"]));
        }
        last = at;
        for event in commit["events"].as_array().into_iter().flatten().filter(|event| event["type"] == "todo_created") {
            for word in event["data"].to_string().split(|c: char| !c.is_ascii_alphanumeric()) {
                *times.entry(word.to_owned()).or_default() += 1;
            }
        }
    }
    let wrong: Vec<_> = created.iter().filter(|word| times.get(*word).copied() != Some(1)).collect();
    if wrong.is_empty() { Ok(()) } else { Err(format!("confirmed and not in the log exactly once: {wrong:?}")) }
}

/// Under limits of the shell's: whatever is confirmed at the console is kept, and whatever fails says why.
async fn shell(setting: &Setting, option: &str, values: &[u32]) -> Result<String, String> {
    let setting = setting.clone();
    let (option, values) = (option.to_owned(), values.to_vec());
    let tried = tokio::task::spawn_blocking(move || -> Result<String, String> {
        let data = Data::new(&setting.program);
        let (mut worked, mut refused, mut said) = (0, 0, 0);
        let mut hung = Vec::new();
        let mut confirmed: Vec<String> = Vec::new();
        for value in values {
            let mut command = data.limited(&format!("{option} {value}"));
            let words: Vec<String> = (0..4).map(|n| format!("s{}x", said + n)).collect();
            said += words.len();
            let lines: String = words.iter().map(|word| format!("/todo {word} sweep\n")).collect();
            let told = Said::of_typed(&mut command, &lines);
            let done = |word: &&String| {
                told.out.lines().any(|line| line.contains(" created ") && line.contains(&format!("{word} ")))
            };
            let now: Vec<String> = words.iter().filter(done).cloned().collect();
            // Memory that cannot be had ends a program of this language at once, with a word and nothing undone.
            if panicked(&told.err) && !told.err.contains("memory allocation of") && !cannot_thread(&told) {
                return Err(format!("ulimit {option} {value}: it panicked: {told:?}"));
            }
            if told.hung {
                hung.push(value.to_string());
            } else if now.len() < words.len() {
                refused += 1;
                if !has_reason(&told) && !ended_by_the_system(&told) {
                    return Err(format!("ulimit {option} {value}: it failed without a word: {told:?}"));
                }
            } else {
                worked += 1;
            }
            confirmed.extend(now);
        }
        // And without the limit all is well.
        let told = data.typed("/todo s999x sweep\n");
        if !told.well() || !told.out.contains("s999x") {
            return Err(format!("without the limit: {told:?}"));
        }
        confirmed.push("s999x".into());
        accounted(&data, &confirmed).map_err(|why| format!("{why}\nit is in {}", data.keep().display()))?;
        if !hung.is_empty() {
            return Err(format!("ulimit {option} {}: it neither works nor ends", hung.join(", ")));
        }
        Ok(format!(
            "ulimit {option}: {worked} limits it worked under, {refused} it refused under with the reason; nothing lost"
        ))
    });
    tried.await.map_err(|error| error.to_string())?
}

/// Whether anything was said besides the first line: on standard error, or as an answer.
fn has_reason(said: &Said) -> bool {
    said.err.trim().len() > 15 || said.out.lines().any(|line| line.starts_with("Not saved"))
}

/// A thread that cannot be had ends a runtime of this language the same way.
fn cannot_thread(said: &Said) -> bool {
    said.err.contains("failed to spawn thread") || said.err.contains("OS can't spawn")
}

/// The system ends a process that writes past its limit, or cannot even be loaded, without a word of its own.
fn ended_by_the_system(said: &Said) -> bool {
    said.code.is_none()
}

/// A small file system of its own, filled to the brim by somebody else while yoman works: only where one may be mounted.
async fn small_disk(setting: &Setting) -> Result<String, String> {
    let data = Data::new(&setting.program);
    fs::create_dir(data.dir()).expect("a directory");
    let mount =
        Command::new("mount").args(["-t", "tmpfs", "-o", "size=96m,mode=0700", "tmpfs"]).arg(data.dir()).output();
    if !mount.is_ok_and(|done| done.status.success()) {
        return Ok("nothing may be mounted here: left to the layer".into());
    }
    let _mounted = Mounted(data.dir());
    let mut talk = Talk::begin().await;
    let mut environment = talk.wire.environment();
    environment.push(("YOMAN_LOG_FREE_SPACE_FLOOR_MB", "32".into()));
    let mut yoman = Yoman::start(&data, &environment);
    claim(&talk, &yoman).await?;
    talk.say();
    if !until(PATIENCE, || talk.unanswered().is_empty()).await {
        return Err(format!("it does not answer: {}", yoman.said()));
    }
    let before = talk.wire.shown(&talk.chat).len();
    let ballast = data.dir().join("ballast");
    let filled = Command::new("dd")
        .args(["if=/dev/zero", "bs=1M", "count=200"])
        .arg(format!("of={}", ballast.display()))
        .stderr(Stdio::null())
        .status();
    drop(filled);
    let began = std::time::Instant::now();
    while began.elapsed() < LASTS {
        talk.say();
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    let shown: Vec<String> = talk.wire.shown(&talk.chat)[before..].iter().map(|it| it.first.clone()).collect();
    let refused = shown.iter().filter(|text| text.contains("MB") || text.contains("space")).count();
    fs::remove_file(ballast).map_err(|error| error.to_string())?;
    for _ in 0..3 {
        talk.say();
    }
    if !until(PATIENCE, || talk.unanswered().is_empty() && talk.created().contains(talk.said.last().expect("one")))
        .await
    {
        let kept = talk.unanswered().len();
        return Err(format!("it is not well again by itself, {kept} unanswered: {shown:?} {}", yoman.said()));
    }
    if yoman.ended() || panicked(&yoman.told()) {
        return Err(format!("it ended or panicked: {}", yoman.said()));
    }
    if yoman.stop(STOP_MAX).await != Some(0) {
        return Err("it does not stop cleanly".into());
    }
    if refused == 0 {
        return Err(format!("nobody was told: {shown:?}"));
    }
    accounted(&data, &talk.created())?;
    Ok(format!(
        "{refused} refused with the reason while it was full, well again by itself; {} done, each once",
        talk.created().len()
    ))
}

/// Unmounts when it is dropped.
struct Mounted(PathBuf);

impl Drop for Mounted {
    fn drop(&mut self) {
        // Somebody may still be looking at it: then it goes when they have looked.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Clocks that jump between starts, and the hours of a year that come twice or never.
async fn clocks(setting: &Setting) -> Result<String, String> {
    let layer = compiled(setting.program.scratch(), "weather", SOURCE)?;
    let setting = setting.clone();
    let tried = tokio::task::spawn_blocking(move || -> Result<String, String> {
        let mut random = setting.random();
        let data = Data::new(&setting.program);
        let controls = data.path("weather");
        fs::create_dir(&controls).expect("a directory");
        let now = chrono::Utc::now().timestamp();
        let zones = [
            "Europe/Berlin",
            "America/New_York",
            "Australia/Lord_Howe",
            "Africa/Casablanca",
            "Asia/Seoul",
            "America/Sao_Paulo",
        ];
        // Just before the hour that never comes, in the hour that comes twice, at the ends of years, long ago, far ahead.
        let instants = [
            "2026-03-29T00:59:50Z",
            "2026-10-25T00:30:00Z",
            "2026-10-25T01:30:00Z",
            "2026-03-08T06:59:55Z",
            "2026-11-01T05:30:00Z",
            "2026-04-04T14:59:00Z",
            "2026-12-31T23:59:58Z",
            "2028-02-29T12:00:00Z",
            "1970-01-01T00:00:01Z",
            "2038-01-19T03:14:06Z",
            "2262-04-11T00:00:00Z",
            "1999-12-31T23:59:59Z",
        ];
        let mut confirmed = Vec::new();
        let mut answers = 0;
        let mut longest: BTreeMap<usize, String> = BTreeMap::new();
        for (number, instant) in instants.iter().enumerate() {
            let at = chrono::DateTime::parse_from_rfc3339(instant).map_err(|error| error.to_string())?.timestamp();
            fs::write(controls.join("clock"), (at - now).to_string()).expect("a file");
            let zone = zones[random.random_range(0..zones.len())];
            let word = format!("c{number}x");
            let lines = format!(
                "/tz {zone}\n/todo {word} due:\"tomorrow 2:30\"\n/todo a{word} due:\"29 march 2:30\"\n/todo b{word} due:2026-10-25\n\
                 /board\n/list due:fri\n/board at \"yesterday 2:30\"\n/diff yesterday\n/stats 4 weeks\n/history T1\n/mute 2h\n/unmute\n/due T1 \"in 2 weeks\"\n/undo\n"
            );
            let mut command = data.command(&[]);
            command.env("LD_PRELOAD", &layer).env("WEATHER", &controls).env("WEATHER_ROOT", data.dir());
            let told = Said::of_typed(&mut command, &lines);
            if !told.well() || told.panicked() {
                return Err(format!("at {instant} in {zone}: {told:?}\nit is in {}", data.keep().display()));
            }
            if told.out.contains(" created ") && told.out.contains(&word) {
                confirmed.push(word);
            }
            answers += told.out.lines().filter(|line| !line.trim().is_empty()).count();
            longest.insert(told.out.len(), (*instant).to_owned());
        }
        if confirmed.len() < instants.len() {
            return Err(format!("only {} of {} were done: {confirmed:?}", confirmed.len(), instants.len()));
        }
        accounted(&data, &confirmed).map_err(|why| format!("{why}\nit is in {}", data.keep().display()))?;
        Ok(format!(
            "{} clocks between 1970 and 2262 in any order, changes of summer time among them: {answers} lines of answers, times in the log never run backwards",
            instants.len()
        ))
    });
    tried.await.map_err(|error| error.to_string())?
}

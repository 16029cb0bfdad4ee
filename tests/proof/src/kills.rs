//! kill -9 at random instants while several people talk in several chats, restart, go on; and a stop under traffic: on each
//! platform. Then every message is accounted for: kept once, answered, in order. What was done by hand (a press, a command) is
//! handed over only once by some platforms: cut off before the log it is counted, and must not have been confirmed.
//!
//! Some are killed while they start and recover, stop, take a snapshot, add to a backup or to the archive. In the end the
//! backup that was begun again and again must restore to what the log says.
//!
//! # Layout
//!
//! * `talk.rs`    what people say, and what has to come of it
//! * `moment.rs`  the kinds of instants at which it is killed
//! * `account.rs` what was answered and what is in the log, against what was said

pub(crate) mod account;
pub(crate) mod moment;
pub(crate) mod talk;

use std::{collections::BTreeMap, time::Duration};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use self::{
    account::Repeats,
    moment::{Moment, at_work},
    talk::Talk,
};
use crate::{
    power::Disk,
    program::{Data, Yoman, panicked},
    run::{Found, Outcome, Setting},
    wire::Platform,
};

/// How long answers may stay away at the end before they count as missing.
const QUIET: Duration = Duration::from_secs(120);
/// As long for what was planted: it never is.
const QUIET_PLANTED: Duration = Duration::from_secs(5);
/// The longest a stop may take.
const STOP_MAX: Duration = Duration::from_secs(60);
/// Between two things people do, in microseconds: from, to.
const PACE_US: (u64, u64) = (500, 12_000);
/// Nobody goes on talking while so many wait for an answer.
const WAITING_MAX: u64 = 60;
/// How often the platform forgets meanwhile what it did not hand over.
const FORGETS: f64 = 0.2;
/// From so many commits on, snapshots are taken.
const SNAPSHOTS_FROM: usize = 2_100;

/// People talk until `end` says so.
pub(crate) async fn go_on(talk: &mut Talk, random: &mut StdRng, end: impl Future<Output = ()>) {
    tokio::pin!(end);
    loop {
        if talk.waiting() < WAITING_MAX {
            talk.next(random);
        }
        let pause = Duration::from_micros(random.random_range(PACE_US.0..PACE_US.1));
        tokio::select! {
            () = &mut end => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Whether snapshots are to be had: they need a log of some length, which takes its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// Begin with a log long enough that snapshots are taken.
    Long,
    /// Begin with none.
    Short,
}

/// Kills yoman so often on a platform.
///
/// # Errors
/// What was lost, doubled, out of order or never answered.
pub async fn kills(setting: &Setting, platform: Platform, count: usize, length: Length) -> Found {
    blows(setting, platform, count, length, None).await
}

/// The same, where with each kill the disk may forget what was not synced.
pub(crate) async fn blows(
    setting: &Setting,
    platform: Platform,
    count: usize,
    length: Length,
    disk: Option<Disk>,
) -> Found {
    let (seed, wire) = (setting.seed, platform.start().await);
    let mut random = setting.random();
    let data = Data::new(&setting.program);
    // Gone before the data are: it may be mounted there.
    let mut disk = disk;
    let mut environment = wire.environment();
    // One is due whenever there is anything new.
    environment.push(("YOMAN_SNAPSHOTS_LOAD_MS_MAX", "10".into()));
    let start = |disk: &mut Option<Disk>| {
        let mut command = data.command(&[]);
        if let Some(disk) = disk {
            disk.under(&data, &mut command);
        }
        Yoman::start_as(&data, command, &environment)
    };
    let mut talk = Talk::begin(std::sync::Arc::clone(&wire));
    let yoman = start(&mut disk);
    talk.let_people_in(&yoman).await;
    if length == Length::Long {
        talk.fill(SNAPSHOTS_FROM).await;
    }
    if let Some(disk) = &mut disk {
        disk.fails(&yoman)?;
    }
    yoman.kill();
    talk.killed();
    if let Some(disk) = &mut disk {
        disk.cut(&data, &mut random)?;
    }

    let mut moments: BTreeMap<Moment, usize> = BTreeMap::new();
    for round in 0..count {
        talk.look();
        if random.random_bool(FORGETS) {
            wire.forget();
        }
        if setting.plant && disk.is_none() && round == count / 2 {
            talk.plant();
        }
        let before = wire.counted().at_work;
        let mut yoman = start(&mut disk);
        let moment = match Moment::random(&mut random) {
            Moment::Snapshot if length == Length::Short => Moment::Starting,
            // A backup is on another disk, and that one's forgetting is not played here.
            Moment::BackingUp if disk.is_some() => Moment::Any,
            moment => moment,
        };
        *moments.entry(moment).or_default() += 1;
        let mut dice = StdRng::seed_from_u64(random.random());
        go_on(&mut talk, &mut random, moment.comes(&*wire, &data, &yoman, before, &mut dice)).await;
        let ended = yoman.exit_code();
        if ended.is_some() && !(moment == Moment::Stopping && ended == Some(0)) {
            return Err(format!("yoman ended by itself ({ended:?}) in round {round}: {}", yoman.said()));
        }
        if let Some(disk) = &mut disk {
            disk.fails(&yoman)?;
        }
        yoman.kill();
        wire.no_faults();
        talk.killed();
        if let Some(disk) = &mut disk {
            disk.cut(&data, &mut random).map_err(|why| format!("after round {round} ({moment:?}): {why}"))?;
        }
    }

    // What the last cut left has to do, on a disk that forgets nothing.
    let mut yoman = start(&mut None);
    talk.quiet(if setting.plant { QUIET_PLANTED } else { QUIET }).await;
    if let Some(code) = yoman.exit_code() {
        disk.as_mut().map_or(Ok(()), |disk| disk.hand_over(&data))?;
        let kept = data.dir();
        let why = format!("it ended by itself ({code}): {}\nits data were in {}", yoman.said(), kept.display());
        let _ = data.keep();
        return Err(why);
    }
    let told = yoman.told();
    let code = yoman.stop(STOP_MAX).await;
    disk.as_mut().map_or(Ok(()), |disk| disk.hand_over(&data))?;
    let mut wrong = Vec::new();
    if code != Some(0) {
        wrong.push(format!("it did not stop cleanly: {code:?}"));
    }
    if panicked(&told) {
        wrong.push("it panicked, see stderr".to_owned());
    }
    // What was sent and whose sending was not on the disk yet is sent again, and nobody can know.
    let repeats = if disk.is_some() { Repeats::Any } else { Repeats::Marked };
    let summary =
        account::settle(&talk, &data, repeats).await.inspect_err(|why| wrong.push(why.clone())).unwrap_or_default();
    wrong.extend(backup(&data, moments.contains_key(&Moment::BackingUp)));
    if !wrong.is_empty() {
        let kept = data.keep();
        return Err(format!("seed {seed}: {}\nwhat it kept and said is in {}", wrong.join("\n"), kept.display()));
    }
    let kinds: Vec<String> =
        Moment::ALL.iter().map(|moment| format!("{moment:?} {}", moments.get(moment).copied().unwrap_or(0))).collect();
    let what = if disk.is_some() { "power cuts" } else { "kills" };
    let mut outcome = Outcome::new(format!("{count} {what}, {platform:?}"), summary.to_string());
    outcome.seen.push(format!("at: {}", kinds.join(", ")));
    outcome.seen.extend(disk.map(|disk| disk.to_string()));
    Ok(outcome)
}

/// What was backed up again and again, by processes that were killed meanwhile, is the log.
fn backup(data: &Data, begun: bool) -> Option<String> {
    if !begun {
        return None;
    }
    for line in ["log backup backup", "log restore backup --into restored"] {
        let said = data.run(line);
        if !said.well() {
            return Some(format!("yoman {line}: {said:?}"));
        }
    }
    let [own, restored] =
        [data.run("log export --sealed"), data.run("--data-dir restored log export --sealed")].map(|said| said.out);
    (own != restored || own.is_empty()).then(|| "the backup restores to something else than the log".to_owned())
}

/// Stops yoman so often under traffic on a platform.
///
/// # Errors
/// What was lost, doubled, out of order or never answered; a stop that took too long.
pub async fn stops(setting: &Setting, platform: Platform, count: usize) -> Found {
    let (seed, wire) = (setting.seed, platform.start().await);
    let mut random = setting.random();
    let data = Data::new(&setting.program);
    let environment = wire.environment();
    let mut talk = Talk::begin(std::sync::Arc::clone(&wire));
    let mut before = wire.counted().at_work;
    let mut yoman = Yoman::start(&data, &environment);
    talk.let_people_in(&yoman).await;

    for round in 0..count {
        talk.look();
        at_work(&*wire, before, &yoman).await;
        let while_talking = Duration::from_millis(random.random_range(100..600));
        go_on(&mut talk, &mut random, tokio::time::sleep(while_talking)).await;
        let asked = std::time::Instant::now();
        yoman.ask_to_stop();
        // People do not know that it is being stopped.
        let mut code = None;
        while code.is_none() && asked.elapsed() < STOP_MAX {
            go_on(&mut talk, &mut random, tokio::time::sleep(Duration::from_millis(20))).await;
            code = yoman.exit_code();
        }
        if code != Some(0) {
            return Err(format!("round {round}, after {:?}: {code:?}: {}", asked.elapsed(), yoman.said()));
        }
        before = wire.counted().at_work;
        yoman = Yoman::start(&data, &environment);
    }
    if setting.plant {
        talk.plant();
    }
    talk.quiet(if setting.plant { QUIET_PLANTED } else { QUIET }).await;
    let code = yoman.stop(STOP_MAX).await;
    // Nothing was killed, so nothing has an excuse to come twice.
    let settled = account::settle(&talk, &data, Repeats::Marked).await;
    match (settled, code) {
        (Ok(summary), Some(0)) => Ok(Outcome::new(format!("{count} stops, {platform:?}"), summary.to_string())),
        (settled, code) => {
            let kept = data.keep();
            let wrong = settled.err().unwrap_or_default();
            Err(format!("seed {seed}: stopped with {code:?}\n{wrong}\nwhat it kept and said is in {}", kept.display()))
        }
    }
}

//! kill -9 at random instants while several people talk in several chats, restart, go on; and a stop under traffic: on each
//! platform. Then every message is accounted for: kept once, answered, in order. What was done by hand (a press, a command) is
//! handed over only once by some platforms: cut off before the log it is counted, and must not have been confirmed.
//!
//! `YOMAN_KILLS` says how often it is killed on each, `YOMAN_TEST_SEED` repeats the choices of a run that failed; the
//! instants at which the machine gets round to them are its own.
//!
//! * `wire.rs`    a platform as the run needs it; `telegram.rs`, `discord.rs`, `slack.rs` are the ones there are
//! * `talk.rs`    what people say, and what has to come of it
//! * `process.rs` yoman as a child process
//! * `kill.rs`    the kinds of instants at which it is killed
//! * `account.rs` what was answered and what is in the log, against what was said

#![expect(clippy::expect_used, reason = "a test that fails says where")]
#![expect(clippy::print_stdout, reason = "the seed of a run, and what it came to, are for whoever reads its output")]

mod account;
mod discord;
mod kill;
mod process;
mod slack;
mod talk;
mod telegram;
mod wire;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use self::{
    discord::Discord,
    kill::Moment,
    process::{Data, Yoman},
    slack::Slack,
    talk::Talk,
    telegram::Telegram,
    wire::Wire,
};

/// How long answers may stay away at the end before they count as missing.
const QUIET: Duration = Duration::from_secs(20);
/// The longest a stop may take.
const STOP_MAX: Duration = Duration::from_secs(5);
/// Between two things people do, in microseconds: from, to.
const PACE_US: (u64, u64) = (500, 12_000);
/// Nobody goes on talking while so many wait for an answer.
const WAITING_MAX: u64 = 60;
/// How often it is killed on each platform, unless `YOMAN_KILLS` says.
const KILLS: usize = 20;
/// How often the platform forgets meanwhile what it did not hand over.
const FORGETS: f64 = 0.2;

fn from_environment<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok()?.parse().ok()
}

fn seed() -> u64 {
    from_environment("YOMAN_TEST_SEED").unwrap_or_else(|| rand::rng().random())
}

/// People talk until `end` says so.
async fn go_on(talk: &mut Talk, random: &mut StdRng, end: impl Future<Output = ()>) {
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_doubled_or_left_unanswered_by_kills() {
    kills(Arc::new(Telegram::start().await)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_discord_nothing_is_lost_doubled_or_left_unanswered_by_kills() {
    kills(Arc::new(Discord::start().await)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_slack_nothing_is_lost_doubled_or_left_unanswered_by_kills() {
    kills(Arc::new(Slack::start().await)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_under_traffic_is_quick_and_loses_nothing() {
    stops(Arc::new(Telegram::start().await)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_discord_a_stop_under_traffic_is_quick_and_loses_nothing() {
    stops(Arc::new(Discord::start().await)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_slack_a_stop_under_traffic_is_quick_and_loses_nothing() {
    stops(Arc::new(Slack::start().await)).await;
}

async fn kills(wire: Arc<dyn Wire>) {
    let (seed, kills) = (seed(), from_environment("YOMAN_KILLS").unwrap_or(KILLS));
    println!("YOMAN_TEST_SEED={seed} YOMAN_KILLS={kills}");
    let began = Instant::now();
    let mut random = StdRng::seed_from_u64(seed);
    let data = Data::new();
    let mut talk = Talk::begin(Arc::clone(&wire));
    let yoman = Yoman::start(&data, &*wire);
    talk.let_people_in(&yoman).await;
    yoman.kill();
    talk.killed();

    for round in 0..kills {
        talk.look();
        if random.random_bool(FORGETS) {
            wire.forget();
        }
        let before = wire.counted().at_work;
        let mut yoman = Yoman::start(&data, &*wire);
        let moment = Moment::random(&mut random);
        let mut dice = StdRng::seed_from_u64(random.random());
        go_on(&mut talk, &mut random, moment.comes(&*wire, before, &mut dice)).await;
        assert!(!yoman.ended(), "seed {seed}: yoman ended by itself in round {round}: {}", yoman.said());
        yoman.kill();
        wire.no_faults();
        talk.killed();
    }

    let yoman = Yoman::start(&data, &*wire);
    talk.quiet(QUIET).await;
    let code = yoman.stop(STOP_MAX).await;
    assert_eq!(code, Some(0), "seed {seed}: a clean stop");
    let summary = account::settle(&talk, &data).await.unwrap_or_else(|wrong| {
        let kept = data.keep();
        panic!("YOMAN_TEST_SEED={seed} YOMAN_KILLS={kills}\n{wrong}\nwhat it kept and said is in {}", kept.display())
    });
    println!("{summary}; {:.1} s", began.elapsed().as_secs_f64());
}

async fn stops(wire: Arc<dyn Wire>) {
    let seed = seed();
    println!("YOMAN_TEST_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let data = Data::new();
    let mut talk = Talk::begin(Arc::clone(&wire));
    let mut before = wire.counted().at_work;
    let mut yoman = Yoman::start(&data, &*wire);
    talk.let_people_in(&yoman).await;

    for round in 0..3 {
        talk.look();
        kill::at_work(&*wire, before).await;
        let while_talking = Duration::from_millis(random.random_range(100..600));
        go_on(&mut talk, &mut random, tokio::time::sleep(while_talking)).await;
        let asked = Instant::now();
        yoman.ask_to_stop();
        // People do not know that it is being stopped.
        let mut code = None;
        while code.is_none() && asked.elapsed() < STOP_MAX {
            go_on(&mut talk, &mut random, tokio::time::sleep(Duration::from_millis(20))).await;
            code = yoman.exit_code();
        }
        assert_eq!(code, Some(0), "seed {seed}: round {round}, after {:?}: {}", asked.elapsed(), yoman.said());
        before = wire.counted().at_work;
        yoman = Yoman::start(&data, &*wire);
    }

    talk.quiet(QUIET).await;
    assert_eq!(yoman.stop(STOP_MAX).await, Some(0), "seed {seed}");
    // Nothing was killed, so nothing has an excuse to come twice.
    let summary = account::settle(&talk, &data).await.unwrap_or_else(|wrong| {
        let kept = data.keep();
        panic!("YOMAN_TEST_SEED={seed}\n{wrong}\nwhat it kept and said is in {}", kept.display())
    });
    println!("{summary}");
}

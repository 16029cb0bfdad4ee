//! kill -9 at random instants while several people talk in several chats, restart, go on; and a stop under traffic.
//! Then every message is accounted for: kept once, answered, in order.
//!
//! `YOMAN_KILLS` says how often it is killed (20), `YOMAN_TEST_SEED` repeats the choices of a run that failed; the instants
//! at which the machine gets round to them are its own.
//!
//! * `talk.rs`    what people say, and what has to come of it
//! * `process.rs` yoman as a child process
//! * `kill.rs`    the kinds of instants at which it is killed
//! * `account.rs` what was answered and what is in the log, against what was said

#![expect(clippy::expect_used, reason = "a test that fails says where")]

mod account;
mod kill;
mod process;
mod talk;

use std::time::{Duration, Instant};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use self::{
    kill::Moment,
    process::{Data, Yoman},
    talk::Talk,
};

/// How long answers may stay away at the end before they count as missing.
const QUIET: Duration = Duration::from_secs(20);
/// The longest a stop may take.
const STOP_MAX: Duration = Duration::from_secs(5);
/// Between two things people do, in microseconds: from, to.
const PACE_US: (u64, u64) = (500, 12_000);
/// Nobody goes on talking while so many wait for an answer.
const WAITING_MAX: u64 = 60;

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
    let (seed, kills) = (seed(), from_environment("YOMAN_KILLS").unwrap_or(20_usize));
    println!("YOMAN_TEST_SEED={seed} YOMAN_KILLS={kills}");
    let began = Instant::now();
    let mut random = StdRng::seed_from_u64(seed);
    let data = Data::new();
    let mut talk = Talk::begin().await;
    let yoman = Yoman::start(&data, &talk.telegram);
    talk.let_people_in(&yoman).await;
    yoman.kill();
    talk.killed();

    for round in 0..kills {
        talk.look();
        let started_us = talk.now_us();
        let mut yoman = Yoman::start(&data, &talk.telegram);
        let moment = Moment::random(&mut random);
        let (telegram, mut dice) = (talk.telegram.clone(), StdRng::seed_from_u64(random.random()));
        go_on(&mut talk, &mut random, moment.comes(&telegram, started_us, &mut dice)).await;
        assert!(!yoman.ended(), "seed {seed}: yoman ended by itself in round {round}: {}", yoman.said());
        yoman.kill();
        telegram.no_faults();
        talk.killed();
    }

    let yoman = Yoman::start(&data, &talk.telegram);
    talk.quiet(QUIET).await;
    let code = yoman.stop(STOP_MAX).await;
    assert_eq!(code, Some(0), "seed {seed}: a clean stop");
    let summary = account::settle(&talk, &data).await.unwrap_or_else(|wrong| {
        let kept = data.keep();
        panic!("YOMAN_TEST_SEED={seed} YOMAN_KILLS={kills}\n{wrong}\nwhat it kept and said is in {}", kept.display())
    });
    println!("{summary}; {:.1} s", began.elapsed().as_secs_f64());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_under_traffic_is_quick_and_loses_nothing() {
    let seed = seed();
    println!("YOMAN_TEST_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let data = Data::new();
    let mut talk = Talk::begin().await;
    let mut started_us = talk.now_us();
    let mut yoman = Yoman::start(&data, &talk.telegram);
    talk.let_people_in(&yoman).await;

    for round in 0..3 {
        talk.look();
        kill::polled(&talk.telegram, started_us).await;
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
        started_us = talk.now_us();
        yoman = Yoman::start(&data, &talk.telegram);
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

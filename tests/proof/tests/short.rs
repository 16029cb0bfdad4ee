//! The runs in small, and what each is worth: nothing is found in yoman, and what was planted is found.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that fails says where")]

use std::{path::Path, time::Duration};

use yoman_proof::{
    damage, fuzz,
    kills::{self, Length},
    limits, long, people, platforms, power,
    program::Program,
    run::{self, Found, Setting},
    simulation,
    wire::Platform,
};

fn setting(plant: bool) -> Setting {
    let seed = std::env::var("YOMAN_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    Setting { program: Program::find(None).unwrap(), seed: seed.unwrap_or_else(Setting::any_seed), plant }
}

/// What was planted is found.
async fn caught(name: &str, run: impl AsyncFnOnce(&Setting) -> Found) {
    let setting = setting(true);
    let ended = run::end(name, &setting, run(&setting)).await;
    assert!(ended.well(), "{ended}");
}

/// Nothing is found.
async fn held(name: &str, run: impl AsyncFnOnce(&Setting) -> Found) {
    let setting = setting(false);
    let ended = run::end(name, &setting, run(&setting)).await;
    assert!(ended.well(), "{ended}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_was_lost_is_missed_by_the_kills() {
    caught("kills", async |setting| kills::kills(setting, Platform::Telegram, 2, Length::Short).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_under_traffic_is_quick_and_loses_nothing() {
    for platform in Platform::ALL {
        held("stops", async |setting| kills::stops(setting, platform, 2).await).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_lies_is_seen_through_by_the_power_cuts() {
    caught("power", async |setting| power::power(setting, 6, power::On::Layer).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_value_is_seen_by_the_damage() {
    caught("damage", async |setting| damage::damage(setting, 4).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_in_a_line_is_found_among_hostile_people() {
    caught("hostile-people", async |setting| people::people(setting, 6).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_confirmation_without_an_event_is_seen_under_limits() {
    caught("limits", async |setting| limits::limits(setting, 1).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_was_lost_is_missed_on_hostile_platforms() {
    caught("hostile-platforms", async |setting| platforms::platforms(setting, None, Duration::from_millis(300)).await)
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_reads_otherwise_is_seen_by_the_fuzzing() {
    caught("fuzz", async |setting| fuzz::fuzz(setting, Duration::from_secs(10)).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_that_never_was_is_seen_by_the_simulation() {
    caught("simulation", async |setting| simulation::simulation(setting, Duration::from_secs(20), None).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_that_grows_is_seen_by_the_long_run() {
    caught("long", async |setting| long::long(setting, 2_000).await).await;
}

#[test]
fn what_the_simulation_found_once_stays_mended() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions");
    let count = simulation::regressions(&dir).unwrap();
    assert!(count > 0, "the first seeds are there");
}

#[test]
fn the_same_seed_is_the_same_schedule_step_for_step() {
    for seed in 1..=40 {
        let (first, second) = (simulation::trace(seed).unwrap(), simulation::trace(seed).unwrap());
        assert_eq!(first, second, "seed {seed}");
    }
    assert_ne!(simulation::trace(1), simulation::trace(2));
}

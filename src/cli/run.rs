//! `yoman`, `yoman run`: the process itself.

use std::{
    io::{self, IsTerminal as _},
    process::ExitCode,
    time::Duration,
};

use tracing_subscriber::EnvFilter;
use yoman::{
    app,
    config::{Config, Environment, TracingConfig, TracingFormat},
};

use super::{FAILED, complain};

/// How long the runtime waits at the end for threads that sit in a call that cannot be ended (a full pipe, a terminal).
const THREADS_WAIT: Duration = Duration::from_millis(500);

/// Parts that tell too much whatever they are asked for. usvg tells of each glyph that comes from another font than the one
/// asked first, which is meant to be; tungstenite tells whole frames, and in one of Discord's is the token.
const QUIETER: [&str; 3] = ["usvg=error", "tungstenite=info", "tungstenite::protocol=info"];

pub(super) fn main(config: Config, environment: &Environment) -> ExitCode {
    trace(&config, environment);
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let threads = usize::try_from(config.runtime.worker_threads).unwrap_or(2);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(format_args!("yoman: the system gives no threads: {error}"));
            return FAILED;
        }
    };
    let result = runtime.block_on(app::run(config));
    runtime.shutdown_timeout(THREADS_WAIT);
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(format_args!("yoman: {error}"));
            FAILED
        }
    }
}

/// To standard error: standard output is the console's.
fn trace(config: &Config, environment: &Environment) {
    let seen = io::stderr().is_terminal();
    let TracingConfig { format, filter } = &config.tracing;
    // Somebody types on the same screen: what they said and got is enough there, unless they asked for more.
    let typed = environment.stdin_is_terminal && seen;
    let filter = if typed && filter == "info" { "warn" } else { filter };
    let asked = environment.get("RUST_LOG");
    let (filter, wrong) = match asked.map(EnvFilter::try_new) {
        Some(Ok(asked)) => (asked, None),
        Some(Err(error)) => (EnvFilter::new(filter), Some(error)),
        None => (EnvFilter::new(filter), None),
    };
    let filter = QUIETER.iter().filter_map(|part| part.parse().ok()).fold(filter, EnvFilter::add_directive);
    let colours = seen && environment.get("NO_COLOR").is_none();
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(colours);
    match format {
        TracingFormat::Human => lines.init(),
        TracingFormat::Json => lines.json().init(),
    }
    if let Some(error) = wrong {
        tracing::warn!(%error, "RUST_LOG is not understood: the filter of the settings is used");
    }
}

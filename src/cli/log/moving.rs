//! `yoman log move`: take the log to another engine, and back.

use std::{process::ExitCode, sync::Arc};

use yoman::{
    app::moving::{self, Moving, UpkeepError},
    config::{Config, Engine},
    log::progress::Progress,
};

use super::{FAILED, show::Shown};
use crate::cli::{complain, plain, say};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Where to: to NATS as [nats] says, or to this machine
    #[arg(long, value_name = "ENGINE")]
    to: To,
    /// Take the replica as it is, without asking NATS for what came after it; only when NATS is lost
    #[arg(long)]
    without_nats: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum To {
    /// NATS JetStream, for several machines
    #[value(name = "jetstream")]
    JetStream,
    /// This machine alone
    Sled,
}

pub(super) async fn main(args: &Args, config: &Config) -> ExitCode {
    if args.without_nats && args.to == To::JetStream {
        complain("yoman: --without-nats goes with --to sled");
        return FAILED;
    }
    let progress = Arc::new(Progress::default());
    let shown = Shown::begin(Arc::clone(&progress));
    let outcome = carry_out(args, config, &progress);
    shown.end();
    match outcome {
        Ok(moving) => {
            tell(args.to, config, moving);
            ExitCode::SUCCESS
        }
        Err(error) => {
            complain(format_args!("yoman: {}", plain(&error.to_string())));
            FAILED
        }
    }
}

/// On threads of its own: what brings messages must not wait for what reads a disk.
fn carry_out(args: &Args, config: &Config, progress: &Arc<Progress>) -> Result<Moving, UpkeepError> {
    let (to, without_nats) = (args.to, args.without_nats);
    let (config, progress) = (config.clone(), Arc::clone(progress));
    let work = move || {
        let runtime = tokio::runtime::Runtime::new().map_err(|error| UpkeepError::Moving(error.to_string()))?;
        runtime.block_on(async {
            match to {
                To::JetStream => moving::to_jetstream(&config, &progress).await,
                To::Sled if without_nats => moving::to_sled_alone(&config, &progress).await,
                To::Sled => moving::to_sled(&config, &progress).await,
            }
        })
    };
    let done = std::thread::spawn(work).join();
    done.unwrap_or_else(|_| {
        Err(UpkeepError::Moving("it panicked; the same again goes on from where it was".to_owned()))
    })
}

fn tell(to: To, config: &Config, moving: Moving) {
    let Moving { position, brought } = moving;
    let (place, engine, wanted) = match to {
        To::JetStream => (format!("the stream {}-log on NATS", config.nats.prefix), "jetstream", Engine::JetStream),
        To::Sled => (config.in_data_dir("log").display().to_string(), "sled", Engine::Sled),
    };
    say(format_args!("brought {brought} commits to {place}, which has all {position} now, compared hash for hash"));
    if config.log.engine == wanted {
        say("yoman goes on there when it is started");
    } else {
        say(format_args!(
            "set log.engine = \"{engine}\" (or YOMAN_LOG_ENGINE={engine}) to go on there; until then yoman does not start"
        ));
    }
}

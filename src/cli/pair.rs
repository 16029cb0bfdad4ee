//! `yoman pair`: who may speak to it. Asks the running process; the same can be done from a chat with /pair.

use std::process::ExitCode;

use clap::Subcommand;
use yoman::{
    config::Config,
    control::{Request, Response},
    domain::Role,
};

use super::{FAILED, ask, plain, say, unexpected};

#[derive(Debug, Subcommand)]
pub(super) enum Args {
    /// Who waits to be let in
    List,
    /// Let somebody in
    Approve {
        /// The code they were given
        code: String,
        /// What they may do: guest (looks only), member, maintainer or owner [default: member]
        #[arg(long, value_parser = role)]
        role: Option<Role>,
        /// They are somebody we know already, from another platform: that person's handle
        #[arg(long = "as", value_name = "HANDLE")]
        known_as: Option<String>,
    },
    /// The code with which the first owner claims a new log
    Claim,
}

fn role(word: &str) -> Result<Role, String> {
    Role::of_word(word).ok_or_else(|| "write guest, member, maintainer or owner".to_owned())
}

pub(super) async fn main(args: Args, config: &Config) -> ExitCode {
    let request = match args {
        Args::List => Request::PairList,
        Args::Approve { code, role, known_as } => {
            let known_as = known_as.map(|handle| handle.trim_start_matches('@').to_owned());
            Request::PairApprove { code: code.trim().to_owned(), role, known_as }
        }
        Args::Claim => Request::ClaimCode,
    };
    match ask(config, &request).await {
        None => return FAILED,
        Some(Response::Waiting { people }) if people.is_empty() => {
            say("Nobody waits. Whoever writes to a bot and is not known gets a code to show you.");
        }
        Some(Response::Waiting { people }) => {
            for person in people {
                let minutes = person.expires_in_s.div_ceil(60);
                say(format_args!(
                    "{}  {} ({}), for {minutes} min more",
                    plain(&person.code),
                    plain(&person.name),
                    plain(&person.platform)
                ));
            }
            say("Let one in with:  yoman pair approve CODE");
        }
        Some(Response::Claim { code: Some(code) }) => {
            say(format_args!(
                "Nobody owns this log yet. Send this to one of the bots and it is yours:  /claim {}",
                plain(&code)
            ));
        }
        Some(Response::Claim { code: None }) => {
            say("This log has an owner. They let others in: /pair CODE in a chat, or `yoman pair approve CODE`.");
        }
        Some(Response::Done { what }) => say(plain(&what)),
        Some(other) => return unexpected(&other),
    }
    ExitCode::SUCCESS
}

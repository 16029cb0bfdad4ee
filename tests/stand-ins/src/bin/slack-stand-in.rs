//! The Slack stand-in, to be run by hand or by a driver in another language.
//!
//! `slack-stand-in [ADDR] [BOT_TOKEN] [APP_TOKEN] [SIGNING_SECRET]`, by default `127.0.0.1:0` and the tokens it prints.
//! The first line it prints is the base of the Web API, what SLACK_API_URL is set to; the others are tokens and secret.

use std::{io::Write, net::SocketAddr};

use yoman_stand_ins::slack::{AppIdentity, SlackStandIn};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let addr: SocketAddr = args.next().as_deref().unwrap_or("127.0.0.1:0").parse()?;
    let mut app = AppIdentity::default();
    for field in [&mut app.bot_token, &mut app.app_token, &mut app.signing_secret] {
        if let Some(given) = args.next() {
            *field = given;
        }
    }
    let server = SlackStandIn::start_with(app.clone(), addr).await?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", server.api_url())?;
    writeln!(out, "SLACK_BOT_TOKEN={}", app.bot_token)?;
    writeln!(out, "SLACK_APP_TOKEN={}", app.app_token)?;
    writeln!(out, "SLACK_SIGNING_SECRET={}", app.signing_secret)?;
    tokio::signal::ctrl_c().await?;
    Ok(())
}

//! The Discord stand-in, to be run by hand or by a driver in another language.
//!
//! `discord-stand-in [ADDR] [TOKEN] [USERNAME]`, by default `127.0.0.1:0`, `NDI0Mg.stand-in.discord-token` and `yoman`.
//! The first line it prints is the base URL of the API: the value for `DISCORD_API_URL`.

use std::{io::Write, net::SocketAddr};

use yoman_stand_ins::discord::{BotIdentity, DiscordStandIn};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let addr: SocketAddr = args.next().as_deref().unwrap_or("127.0.0.1:0").parse()?;
    let mut bot = BotIdentity::default();
    if let Some(token) = args.next() {
        bot.token = token;
    }
    if let Some(username) = args.next() {
        bot.username = username;
    }
    let server = DiscordStandIn::start_with(bot, addr).await?;
    writeln!(std::io::stdout(), "{}", server.url())?;
    tokio::signal::ctrl_c().await?;
    Ok(())
}

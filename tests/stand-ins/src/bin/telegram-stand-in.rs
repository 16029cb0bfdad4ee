//! The Telegram stand-in, to be run by hand or by a driver in another language.
//!
//! `telegram-stand-in [ADDR] [TOKEN] [USERNAME]`, by default `127.0.0.1:0`, `4242:stand-in-token` and `yoman_bot`.
//! The first line it prints is the base URL.

use std::{io::Write, net::SocketAddr};

use yoman_stand_ins::telegram::{BotIdentity, TelegramStandIn};

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
    let server = TelegramStandIn::start_with(bot, addr).await?;
    writeln!(std::io::stdout(), "{}", server.url())?;
    tokio::signal::ctrl_c().await?;
    Ok(())
}

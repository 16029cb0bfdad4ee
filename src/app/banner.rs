//! The first lines a person sees.

use std::{io::Write as _, sync::Arc};

use yoman_chat::Bot;

use crate::config::{Config, Platform};

/// The line that says what runs.
pub(super) fn print(config: &Config, bots: &[Arc<dyn Bot>], new: bool) {
    let names: Vec<_> = bots.iter().map(|bot| bot.name().as_str()).collect();
    let only_local = config.bots.values().filter(|bot| bot.on).all(|bot| matches!(bot.platform, Platform::Console(_)));
    let hint = if only_local { "   (no bot token set: see config/example.env)" } else { "" };
    say(&format!(
        "yoman {}   log {}/{}   bots: {}{hint}",
        env!("CARGO_PKG_VERSION"),
        config.data_dir.display(),
        if new { " (new)" } else { "" },
        names.join(", "),
    ));
}

/// How to become the owner.
pub(super) fn print_claim(code: &str) {
    say(&format!("Nobody owns this log yet. Send your bot   /claim {code}"));
}

/// Standard output is the console's too; when nobody reads it any more there is nobody to tell.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

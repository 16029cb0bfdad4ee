//! Whole commands through the house: text parsed, authorised, decided, durable in the log, the answer worded; and the same
//! with the answer durable in the outbox too and shown, on a bot that shows at once. `cargo run --release -p yoman-benches --bin commands -- [SECONDS]`.

use std::sync::Arc;

use yoman::log::sled::{Options, SledLog};
use yoman_benches::{
    Table,
    house::{Measured, measure},
    percentile, short,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let seconds: f64 = std::env::args().nth(1).map_or(Ok(3.0), |it| it.parse())?;
    let mut table = Table::new(["clients", "", "commands/s", "p50 us", "p99 us", "answers shown"]);
    for (clients, answered) in [1, 16, 64, 256].into_iter().flat_map(|clients| [(clients, false), (clients, true)]) {
        let dir = tempfile::tempdir_in(std::env::current_dir()?)?;
        let log = Arc::new(SledLog::open(Options::new(dir.path()))?);
        let Measured { taken, elapsed, shown } = measure(log, dir.path(), clients, seconds, answered).await?;
        let rate = taken.len() as f64 / elapsed.as_secs_f64();
        let us = |share| format!("{}", percentile(&taken, share).as_micros());
        let what = if answered { "durable, answer kept and shown" } else { "durable, answer worded" };
        table.row([clients.to_string(), what.to_owned(), short(rate), us(0.5), us(0.99), short(shown as f64)]);
    }
    print(&table);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a bench prints its table")]
fn print(table: &Table) {
    println!("{table}");
}

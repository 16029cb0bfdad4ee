//! Front ends on the same Telegram stand-in with the same task: keep each message durably, then answer it.

use std::{collections::HashMap, time::Duration};

use yoman_benches::{
    Table, median, short,
    telegram::{
        load::{self, End, Load, Starts},
        prepare::Prepared,
        subject::{Programs, Subject},
    },
};

use crate::{Args, Outcome};

/// Messages a second of the steady load: what all of them can do.
const PER_S: u64 = 10;
/// Messages that wait at a start.
const WAITING: u64 = 500;
/// Items, or rows, when starts and memory are looked at.
const ITEMS: u64 = 10_000;
/// Starts of each.
const STARTS: usize = 5;

fn programs(args: &Args) -> Programs {
    let fronts = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fronts");
    let installed = &args.installed;
    let hubot = installed.join("hubot");
    Programs::default()
        .with(Subject::Yoman, args.built.join("yoman"), Vec::new())
        .with(Subject::Teloxide, args.built.join("teloxide_peer"), Vec::new())
        .with(
            Subject::PythonTelegramBot,
            installed.join("ptb/bin/python"),
            vec![fronts.join("python_telegram_bot.py")],
        )
        .with(
            Subject::Errbot,
            installed.join("errbot/bin/errbot"),
            vec!["--config".into(), fronts.join("errbot/config.py")],
        )
        .with(Subject::Hubot, hubot.join("run"), Vec::new())
}

/// Prints the table.
pub(crate) async fn run(args: &Args) -> Outcome<()> {
    let programs = programs(args);
    let root = args.temp("fronts")?;
    let prepared = Prepared::new(root.path(), &programs).await?;
    let done = measure(args, &programs, &prepared).await;
    if done.is_err() {
        println!("what the bots said is in {}", root.keep().display());
    }
    done
}

async fn measure(args: &Args, programs: &Programs, prepared: &Prepared) -> Outcome<()> {
    let mut steady: HashMap<Subject, Vec<Load>> = HashMap::new();
    let mut backlog: HashMap<Subject, Vec<Load>> = HashMap::new();
    let mut memory: HashMap<Subject, Vec<f64>> = HashMap::new();
    let mut starts: HashMap<Subject, Vec<f64>> = HashMap::new();
    for round in 0..args.rounds {
        let mut subjects = Subject::ALL;
        if round % 2 == 1 {
            subjects.reverse();
        }
        for it in subjects {
            steady.entry(it).or_default().push(load::steady(it, programs, prepared, PER_S, args.seconds).await?);
            backlog.entry(it).or_default().push(load::backlog(it, programs, prepared, WAITING).await?);
        }
    }
    for it in Subject::ALL {
        let dir = prepared.with_items(it, ITEMS).await?;
        let mut begun = Starts::new(it, dir.clone()).await?;
        // The first start derives what a kill cannot take away again.
        begun.once(programs, End::Stop).await?;
        for _ in 0..STARTS {
            starts.entry(it).or_default().push(begun.once(programs, End::Kill).await?.answer_ms);
        }
        memory.entry(it).or_default().push(load::idle_rss(it, programs, &dir, Duration::from_secs(5)).await?);
    }
    println!("\nFront ends on Telegram: keep a message durably, answer it\n");
    let mut table = Table::new([
        "",
        "answer p50, ms",
        "p99, ms",
        "processor, ms a message",
        "500 waiting, answers/s",
        "exec to first answer, ms",
        "idle, MB",
        "unanswered",
        "out of order",
    ]);
    let of = |all: &HashMap<Subject, Vec<Load>>, it: Subject, figure: fn(&Load) -> f64| {
        median(all[&it].iter().map(figure).collect())
    };
    for it in Subject::ALL {
        let beside = |figure: &dyn Fn(Subject) -> f64| {
            format!("{} ({:.2})", short(figure(it)), figure(Subject::Yoman) / figure(it))
        };
        let sum = |figure: fn(&Load) -> usize| {
            steady[&it].iter().chain(&backlog[&it]).map(figure).sum::<usize>().to_string()
        };
        table.row([
            it.name().to_owned(),
            beside(&|it| of(&steady, it, |load| load.p50_ms)),
            beside(&|it| of(&steady, it, |load| load.p99_ms)),
            beside(&|it| of(&steady, it, |load| load.cpu_us / 1e3)),
            beside(&|it| of(&backlog, it, |load| load.rate)),
            beside(&|it| median(starts[&it].clone())),
            beside(&|it| median(memory[&it].clone())),
            sum(|load| load.unanswered),
            sum(|load| load.out_of_order),
        ]);
    }
    println!("{table}");
    println!("{PER_S} messages a second over 20 chats for {} s; starts and memory with {ITEMS} items or rows.", args.seconds);
    println!("Hubot keeps a synced line of JSON, the others a row of SQLite (WAL, FULL); yoman keeps five events and an answer.");
    Ok(())
}

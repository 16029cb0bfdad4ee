//! Front ends on the same Telegram stand-in with the same task: keep each message durably, then answer it.
//!
//! The stand-in is in this process and has none of the service's rates: everybody is as fast as it can. Whoever does not keep
//! what it has answered, in a file that is there after kill -9, is not measured.

use std::{collections::HashMap, time::Duration};

use yoman_benches::{
    short,
    telegram::{
        load::{self, End, Load, Starts},
        prepare::Prepared,
        subject::{Programs, Subject},
    },
};

use crate::{
    Args, Outcome, machine, print,
    sheet::{Better, Sheet},
};

/// Messages that wait at a start.
const WAITING: u64 = 500;
/// Items, or rows, when starts and memory are looked at.
const ITEMS: u64 = 10_000;
/// How long nothing happens before memory is looked at.
const IDLE: Duration = Duration::from_secs(3);

fn programs(args: &Args) -> Programs {
    let fronts = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fronts");
    let installed = &args.installed;
    Programs::default()
        .with(Subject::Yoman, args.built.join("yoman"), Vec::new())
        .with(Subject::Teloxide, args.built.join("teloxide_peer"), Vec::new())
        .with(Subject::PythonTelegramBot, installed.join("ptb/bin/python"), vec![fronts.join("python_telegram_bot.py")])
        .with(
            Subject::Errbot,
            installed.join("errbot/bin/errbot"),
            vec!["--config".into(), fronts.join("errbot/config.py")],
        )
        .with(Subject::Hubot, installed.join("hubot/run"), Vec::new())
}

/// What one bot came to, a figure a round.
#[derive(Default)]
struct Figures {
    /// Somebody who talks in one chat.
    one: Vec<Load>,
    /// Twenty who talk in a chat each.
    all: Vec<Load>,
    backlog: Vec<Load>,
    answer_ms: Vec<f64>,
    idle_mb: Vec<f64>,
    starts: Option<Starts>,
}

/// Prints the table.
pub(crate) async fn run(args: &Args) -> Outcome<()> {
    let programs = programs(args);
    let root = args.temp("fronts")?;
    let prepared = Prepared::new(root.path(), &programs).await?;
    let mut measured: HashMap<Subject, Figures> = HashMap::new();
    let mut absent = Vec::new();
    for it in Subject::ALL {
        match args.without(it.name()) {
            Some(why) => absent.push((it.name().to_owned(), why.to_owned())),
            None => drop(measured.insert(it, Figures::default())),
        }
    }
    for number in 0..args.rounds {
        eprintln!("fronts: round {} of {}", number + 1, args.rounds);
        let mut subjects = Subject::ALL;
        if number % 2 == 1 {
            subjects.reverse();
        }
        for it in subjects {
            let Some(figures) = measured.get_mut(&it) else { continue };
            // Who fails once is no longer measured, and the table says why.
            if let Err(why) = round(it, figures, args, &programs, &prepared).await {
                absent.push((it.name().to_owned(), why.to_string()));
                measured.remove(&it);
            }
        }
    }
    let there: Vec<_> = Subject::ALL.into_iter().filter(|it| measured.contains_key(it)).collect();
    let mut sheet = Sheet::new(there.iter().map(|it| it.name().to_owned()).collect(), None);
    let loads = |loads: fn(&Figures) -> &[Load], figure: fn(&Load) -> f64| {
        let (there, measured) = (&there, &measured);
        move |column: usize| loads(&measured[&there[column]]).iter().map(figure).collect::<Vec<_>>()
    };
    let one: fn(&Figures) -> &[Load] = |it| &it.one;
    let all: fn(&Figures) -> &[Load] = |it| &it.all;
    sheet.row("answers/s, 1 chat", Better::More, loads(one, |it| it.rate));
    sheet.row("p50, ms, 1 chat", Better::Less, loads(one, |it| it.p50_ms));
    sheet.row("p99, ms, 1 chat", Better::Less, loads(one, |it| it.p99_ms));
    sheet.row("answers/s, 20 chats", Better::More, loads(all, |it| it.rate));
    sheet.row("p50, ms, 20 chats", Better::Less, loads(all, |it| it.p50_ms));
    sheet.row("p99, ms, 20 chats", Better::Less, loads(all, |it| it.p99_ms));
    sheet.row("processor, ms a message", Better::Less, loads(all, |it| it.cpu_us / 1e3));
    sheet.row("500 waiting, answers/s", Better::More, loads(|it| &it.backlog, |it| it.rate));
    sheet.row("start to first answer, ms", Better::Less, |column| measured[&there[column]].answer_ms.clone());
    sheet.row("idle, MB", Better::Less, |column| measured[&there[column]].idle_mb.clone());
    print(
        &format!(
            "Front ends on Telegram: keep a message durably, answer it; start and memory with {ITEMS} items or rows"
        ),
        &sheet,
        &absent,
    );
    println!("{}", machine::fronts(args));
    for it in there {
        let figures = &measured[&it];
        let sum = |of: fn(&Load) -> usize| {
            figures.one.iter().chain(&figures.all).chain(&figures.backlog).map(of).sum::<usize>()
        };
        let answered = sum(|it| it.answered);
        println!(
            "{}: {} answered, {} not, {} twice, {} out of order",
            it.name(),
            short(answered as f64),
            sum(|it| it.unanswered),
            sum(|it| it.repeated),
            sum(|it| it.out_of_order)
        );
    }
    Ok(())
}

async fn round(
    it: Subject,
    figures: &mut Figures,
    args: &Args,
    programs: &Programs,
    prepared: &Prepared,
) -> Outcome<()> {
    let [one, all] = load::talks(it, programs, prepared, Duration::from_secs_f64(args.seconds)).await?;
    figures.one.push(one);
    figures.all.push(all);
    figures.backlog.push(load::backlog(it, programs, prepared, WAITING).await?);
    let starts = match &mut figures.starts {
        Some(starts) => starts,
        none => {
            let mut starts = Starts::new(it, prepared.with_items(it, ITEMS).await?).await?;
            // A log that was filled by yoman itself has a snapshot near its end: the first start makes it, the second is
            // the first that has it. Neither is what somebody sees who has used it for a while.
            for _ in 0..2 {
                starts.once(programs, End::Stop).await?;
            }
            none.insert(starts)
        }
    };
    let (start, idle_mb) = starts.once_and_idle(programs, IDLE).await?;
    figures.answer_ms.push(start.answer_ms);
    figures.idle_mb.push(idle_mb);
    Ok(())
}

//! The rounds, and the table they come to.

use std::{collections::HashMap, time::Duration};

use yoman_benches::{
    Table, median, short,
    telegram::{
        Outcome,
        load::{self, End, Load, Start, Starts},
        prepare::{EVENTS_PER_ITEM, Prepared},
        subject::{Programs, Subject},
    },
};

use crate::{
    Args,
    kills::{self, Toll},
    trouble::{self, Failure, GIVE_UP, Outage, Sent},
};

/// Messages a second of the steady load.
const PER_S: u64 = 50;
/// Messages of the backlog.
const WAITING: u64 = 2_000;
/// Starts of each kind that are measured.
const STARTS: usize = 7;
/// Items when memory is looked at.
const ITEMS: u64 = 10_000;

/// Runs what was asked for and prints it as it comes.
#[expect(clippy::print_stdout, reason = "a program that prints figures")]
pub(crate) async fn all(args: &Args, programs: &Programs, prepared: &Prepared) -> Outcome<()> {
    if args.wants("steady") {
        let rounds =
            rounds(args.rounds, async |it| load::steady(it, programs, prepared, PER_S, args.seconds).await).await?;
        println!("\n{PER_S} messages a second over 20 chats, {} s a round\n\n{}", args.seconds, loads(&rounds));
    }
    if args.wants("backlog") {
        let rounds = rounds(args.rounds, async |it| load::backlog(it, programs, prepared, WAITING).await).await?;
        println!("\n{WAITING} messages waiting in 20 chats at the start\n\n{}", loads(&rounds));
    }
    if args.wants("start") {
        println!(
            "\nfrom exec, ms: to the first getUpdates, and to the answer to a message that waited (median, worst of {STARTS})\n\n{}",
            starts(args, programs, prepared).await?
        );
    }
    if args.wants("memory") {
        println!(
            "\nresident after 5 s idle with {ITEMS} items, MB (10^6 bytes)\n\n{}",
            memory(args, programs, prepared).await?
        );
    }
    if args.wants("outage") {
        println!(
            "\nseconds from when getUpdates works again until a message that waited is answered\n\n{}",
            outages(args, programs, prepared).await?
        );
    }
    if args.wants("send") {
        println!("\none sendMessage fails while all 20 chats are spoken to\n\n{}", sends(programs, prepared).await?);
    }
    if args.wants("kills") {
        println!("\nkill -9 at random instants, seed {}\n\n{}", args.seed, tolls(args, programs, prepared).await?);
    }
    Ok(())
}

type Rounds<T> = HashMap<Subject, Vec<T>>;

/// Each subject in turn, as often as asked for, and the other way round every second time.
async fn rounds<T>(count: usize, mut one: impl AsyncFnMut(Subject) -> Outcome<T>) -> Outcome<Rounds<T>> {
    let mut all: Rounds<T> = HashMap::new();
    for round in 0..count {
        let mut order = Subject::PAIR;
        if round % 2 == 1 {
            order.reverse();
        }
        for subject in order {
            all.entry(subject).or_default().push(one(subject).await?);
        }
    }
    Ok(all)
}

fn figures<T>(rounds: &Rounds<T>, subject: Subject, of: impl Fn(&T) -> f64) -> Vec<f64> {
    rounds.get(&subject).into_iter().flatten().map(of).collect()
}

fn loads(rounds: &Rounds<Load>) -> Table {
    let mut table = Table::new(["", "peer", "yoman", "ratio"]);
    let mut row = |name: &str, of: fn(&Load) -> f64| {
        let [peer, yoman] = Subject::PAIR.map(|it| median(figures(rounds, it, of)));
        table.row([name.to_owned(), short(peer), short(yoman), format!("{:.2}", yoman / peer)]);
    };
    row("p50, ms", |it| it.p50_ms);
    row("p99, ms", |it| it.p99_ms);
    row("answers/s", |it| it.rate);
    row("processor, us a message", |it| it.cpu_us);
    let mut sums = |name: &str, of: fn(&Load) -> usize| {
        let [peer, yoman] = Subject::PAIR.map(|it| figures(rounds, it, |load| of(load) as f64).iter().sum::<f64>());
        table.row([name.to_owned(), format!("{peer}"), format!("{yoman}"), String::new()]);
    };
    sums("unanswered", |it| it.unanswered);
    sums("answered twice", |it| it.repeated);
    sums("out of order", |it| it.out_of_order);
    table
}

async fn starts(args: &Args, programs: &Programs, prepared: &Prepared) -> Outcome<Table> {
    let mut table = Table::new(["", "poll", "worst", "answer", "worst"]);
    let mut row = |name: String, starts: &[Start]| {
        let worst = |of: fn(&Start) -> f64| starts.iter().map(of).fold(0.0, f64::max);
        let middle = |of: fn(&Start) -> f64| median(starts.iter().map(of).collect());
        type Figure = fn(&Start) -> f64;
        let (poll, answer): (Figure, Figure) = (|it| it.poll_ms, |it| it.answer_ms);
        table.row([name, short(middle(poll)), short(worst(poll)), short(middle(answer)), short(worst(answer))]);
    };
    for events in [0, 10_000, args.events] {
        let items = events / EVENTS_PER_ITEM;
        let mut peer = Starts::new(Subject::Teloxide, prepared.with_items(Subject::Teloxide, items).await?).await?;
        let mut yoman = Starts::new(Subject::Yoman, prepared.with_items(Subject::Yoman, items).await?).await?;
        let first = yoman.once(programs, End::Stop).await?;
        let mut figures = [const { Vec::new() }; 3];
        for _ in 0..STARTS {
            figures[0].push(peer.once(programs, End::Kill).await?);
            figures[1].push(yoman.once(programs, End::Stop).await?);
        }
        // The first of these comes after a stop.
        yoman.once(programs, End::Kill).await?;
        for _ in 0..STARTS {
            figures[2].push(yoman.once(programs, End::Kill).await?);
        }
        let size = |count: u64, of: &str| match count {
            0 => "empty".to_owned(),
            count => format!("{} {of}", short(count as f64)),
        };
        let log = size(events, "events");
        row(format!("peer, {}", size(items, "rows")), &figures[0]);
        if items > 0 {
            row(format!("yoman, {log}, nothing derived yet"), &[first]);
        }
        row(format!("yoman, {log}, after a stop"), &figures[1]);
        row(format!("yoman, {log}, after a kill"), &figures[2]);
    }
    Ok(table)
}

async fn memory(args: &Args, programs: &Programs, prepared: &Prepared) -> Outcome<Table> {
    let mut dirs = HashMap::new();
    for subject in Subject::PAIR {
        dirs.insert(subject, prepared.with_items(subject, ITEMS).await?);
    }
    let idle = Duration::from_secs(5);
    // The first start after a log was built derives things, which is not idling: it does not count.
    load::idle_rss(Subject::Yoman, programs, &dirs[&Subject::Yoman], idle).await?;
    let rounds = rounds(args.rounds, async |it| load::idle_rss(it, programs, &dirs[&it], idle).await).await?;
    let [peer, yoman] = Subject::PAIR.map(|it| median(figures(&rounds, it, |mb| *mb)));
    let mut table = Table::new(["", "peer", "yoman", "ratio"]);
    table.row(["resident, MB".to_owned(), short(peer), short(yoman), format!("{:.2}", yoman / peer)]);
    Ok(table)
}

async fn outages(args: &Args, programs: &Programs, prepared: &Prepared) -> Outcome<Table> {
    let mut table = Table::new(["", "peer", "worst", "yoman", "worst"]);
    for outage in Outage::ALL {
        let mut cells = vec![outage.name().to_owned()];
        for subject in Subject::PAIR {
            let mut waits = Vec::new();
            for round in 0..args.rounds {
                waits.push(trouble::back_after(subject, outage, round, programs, prepared).await?);
            }
            let text = |it: Option<f64>| it.map_or(format!("> {}", GIVE_UP.as_secs()), |it| format!("{it:.2}"));
            let all: Option<Vec<f64>> = waits.into_iter().collect();
            let worst = all.as_ref().map(|it| it.iter().copied().fold(0.0, f64::max));
            cells.extend([text(all.map(median)), text(worst)]);
        }
        table.row(cells);
    }
    Ok(table)
}

async fn sends(programs: &Programs, prepared: &Prepared) -> Outcome<Table> {
    let mut table = Table::new(["", "", "answer there after, s", "copies", "others at most, s"]);
    for failure in Failure::ALL {
        for subject in Subject::PAIR {
            let Sent { after_s, copies, others_s } = trouble::failed_send(subject, failure, programs, prepared).await?;
            let text = |it: Option<f64>| it.map_or("never".to_owned(), |it| format!("{it:.2}"));
            table.row([
                failure.name().to_owned(),
                subject.name().to_owned(),
                text(after_s),
                copies.to_string(),
                text(others_s),
            ]);
        }
    }
    Ok(table)
}

async fn tolls(args: &Args, programs: &Programs, prepared: &Prepared) -> Outcome<Table> {
    let mut table =
        Table::new(["", "kills", "messages", "lost", "doubled", "unanswered", "answered twice", "out of order"]);
    for subject in Subject::PAIR {
        let toll = kills::run(subject, args.kills, args.seed, programs, prepared).await?;
        let Toll { kills, said, lost, doubled, unanswered, repeated, out_of_order } = toll;
        let figures = [kills, said, lost, doubled, unanswered, repeated, out_of_order].map(|it| it.to_string());
        table.row([subject.name().to_owned()].into_iter().chain(figures));
    }
    Ok(table)
}

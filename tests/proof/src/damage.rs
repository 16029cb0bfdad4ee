//! Flips, cuts, missing and swapped files of the data directory, through the real program: it opens or says exactly why not;
//! never a panic, never a wrong value, and salvage brings out all that is readable.
//!
//! What is readable is found out here, without the program's help: every line of the journal that is still as it was, every
//! record in a file of the log whose checksum still holds, every segment that is still as it was.
//!
//! # Layout
//!
//! * `harm.rs` the kinds of damage

mod harm;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use rand::RngExt as _;
use yoman::log::{Commit, Position, record::Checked, segment};

use self::harm::Harm;
use crate::{
    program::{Data, Said},
    run::{Found, Outcome, Setting},
};

/// So many items the log is filled with that is damaged; each is a few commits.
const ITEMS: u32 = 60;
/// The most that is told in full.
const TOLD_MAX: usize = 5;

/// A log as it was before anything happened to it.
struct Whole {
    data: Data,
    /// The line of each position.
    lines: BTreeMap<u64, String>,
    /// The segments of the archive, whole.
    segments: Vec<(PathBuf, Vec<u8>, (Position, Position))>,
}

/// Damages a log so often, each time another way.
///
/// # Errors
/// A panic, a wrong value, a refusal that says nothing, or something readable that salvage left behind.
pub async fn damage(setting: &Setting, count: usize) -> Found {
    // It only starts programs and waits for them.
    let setting = setting.clone();
    tokio::task::spawn_blocking(move || run(&setting, count)).await.map_err(|error| error.to_string())?
}

/// What the cases came to together.
#[derive(Default)]
struct Sum {
    opened: usize,
    refused: usize,
    unharmed: usize,
    readable: usize,
    recovered: usize,
    all: usize,
    least: Option<usize>,
    unproven: usize,
    reasons: BTreeMap<String, usize>,
}

fn run(setting: &Setting, count: usize) -> Found {
    let mut random = setting.random();
    let whole = whole(setting)?;
    let mut sum = Sum::default();
    let mut wrong = Vec::new();
    for case in 0..count {
        // Each case has its own seed, so that one alone can be tried again by cutting the others.
        let data = Data::new(&setting.program);
        let harms = harm::some(&mut random);
        let dice = random.random();
        let faults = one(&whole, &data, &harms, dice, &mut sum, setting.plant);
        if !faults.is_empty() {
            let kept = data.keep();
            wrong.push(format!("case {case} {harms:?}: {}\n   it is in {}", faults.join("\n   "), kept.display()));
        }
    }
    if sum.opened == 0 || (count >= 20 && sum.refused == 0) {
        wrong.push(format!("the damage does not reach: {} opened, {} refused", sum.opened, sum.refused));
    }
    if !wrong.is_empty() {
        let all = wrong.len();
        wrong.truncate(TOLD_MAX);
        return Err(format!("{all} cases, the first of them:\n{}", wrong.join("\n")));
    }
    let share = |part: usize| 100.0 * part as f64 / sum.all.max(1) as f64;
    let mut outcome = Outcome::new(
        format!("{count} damaged copies of {} commits", whole.lines.len()),
        format!(
            "{} opened, {} of them as if nothing had happened; {} refused with the reason; no panic, no wrong value",
            sum.opened, sum.unharmed, sum.refused
        ),
    );
    outcome.seen.push(format!(
        "salvage: {:.2} % of all commits, all of the {:.2} % that are readable; the least in one case {} of {}; {} came from \
         changed lines of the journal and were said to be unproven",
        share(sum.recovered),
        share(sum.readable),
        sum.least.unwrap_or(0),
        whole.lines.len(),
        sum.unproven
    ));
    let mut reasons: Vec<_> = sum.reasons.into_iter().collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let reasons: Vec<String> = reasons.iter().take(8).map(|(why, count)| format!("{count} x {why}")).collect();
    outcome.seen.push(format!("refused most often with: {}", reasons.join("; ")));
    Ok(outcome)
}

fn whole(setting: &Setting) -> Result<Whole, String> {
    let data = Data::new(&setting.program);
    let said: String = (1..=ITEMS)
        .map(|n| format!("/todo Größe {n}% \"fix\" #auth !high\n/note T{n} seen\\n \u{1f980} mit Öl\n/doing T{n}\n"))
        .collect();
    for (what, said) in [("typed", data.typed(&said)), ("archive", data.run("log archive --before 50"))] {
        if !said.well() {
            return Err(format!("the log could not be made: {what}: {said:?}"));
        }
    }
    // What is written after the archive, so that sled has both live and left-over pages.
    let more: String = (1..=ITEMS).map(|n| format!("/done T{n}\n")).collect();
    let said = data.typed(&more);
    let lines = lines_of(&data.run("log export --sealed").out)?;
    if !said.well() || lines.len() < 4 * ITEMS as usize {
        return Err(format!("the log could not be made: {} lines: {said:?}", lines.len()));
    }
    let found = segment::in_dir(&data.dir().join("archive")).map_err(|error| error.to_string())?;
    let segments = found
        .into_iter()
        .map(|(from, to, path)| {
            let bytes = fs::read(&path).expect("a segment");
            (path.file_name().expect("a name").into(), bytes, (from, to))
        })
        .collect();
    Ok(Whole { data, lines, segments })
}

/// Lines by their positions.
fn lines_of(text: &str) -> Result<BTreeMap<u64, String>, String> {
    let position = |line: &str| serde_json::from_str::<serde_json::Value>(line).ok()?["position"].as_u64();
    text.lines()
        .map(|line| Ok((position(line).ok_or_else(|| format!("no line of a log: {line:?}"))?, line.to_owned())))
        .collect()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory").flatten() {
        let (path, into) = (entry.path(), to.join(entry.file_name()));
        match entry.file_type().expect("a kind") {
            kind if kind.is_dir() => copy(&path, &into),
            kind if kind.is_file() => drop(fs::copy(&path, &into).expect("it can be copied")),
            _ => {}
        }
    }
}

/// One case; what is wrong with it.
fn one(whole: &Whole, data: &Data, harms: &[Harm], dice: u64, sum: &mut Sum, plant: bool) -> Vec<String> {
    let mut wrong = Vec::new();
    let harmed = data.path("harmed");
    copy(&whole.data.dir(), &harmed);
    harm::inflict(&harmed, harms, dice);
    let readable = readable(whole, &harmed);

    // Read, then lived on, then verified: each on what the one before left.
    copy(&harmed, &data.dir());
    let read = data.run("log export --sealed");
    let exported = told(&read, "log export", &mut wrong);
    match lines_of(&exported) {
        Err(why) => wrong.push(format!("export: {why}")),
        Ok(mut lines) => {
            if plant {
                pass_off(&mut lines);
            }
            wrong.extend(differing(whole, &lines, 0).into_iter().map(|at| format!("export: position {at} is another")));
            if read.well() && lines.len() != whole.lines.len() {
                // Nothing said, and not everything there.
                wrong.push(format!("export is content with {} of {} commits", lines.len(), whole.lines.len()));
            }
            sum.unharmed += usize::from(read.well() && lines.len() == whole.lines.len());
        }
    }
    let refused = !read.well() && exported.is_empty();
    sum.opened += usize::from(!refused);
    sum.refused += usize::from(refused);
    if refused {
        *sum.reasons.entry(reason(&read.err, data)).or_default() += 1;
    }
    let lived = data.typed("/board\n/T1\n/why T2\n/todo After the damage\n/board\n");
    told(&lived, "typed", &mut wrong);
    let verified = data.run("log verify");
    told(&verified, "log verify", &mut wrong);
    let after = data.run("log export --sealed");
    match lines_of(&told(&after, "log export, later", &mut wrong)) {
        Err(why) => wrong.push(format!("export, later: {why}")),
        Ok(lines) => {
            let faults = differing(whole, &lines, 1);
            wrong.extend(faults.into_iter().map(|at| format!("export, later: position {at} is another")));
        }
    }

    // Brought out.
    let salvage = data.run("--data-dir harmed log salvage --into new --json");
    let told_json = told(&salvage, "log salvage", &mut wrong);
    let Ok(found) = serde_json::from_str::<serde_json::Value>(&told_json) else {
        if !readable.is_empty() {
            wrong.push(format!("salvage brought nothing out of {} readable commits: {salvage:?}", readable.len()));
        }
        sum.least = Some(0);
        sum.all += whole.lines.len();
        return wrong;
    };
    let count = |name: &str| found["salvaged"][name].as_u64().unwrap_or(0) as usize;
    let unproven = count("from_journal") - count("from_journal_proven").min(count("from_journal"));
    let new = data.run("--data-dir new log export --sealed");
    match lines_of(&told(&new, "log export of what was salvaged", &mut wrong)) {
        Err(why) => wrong.push(format!("salvaged: {why}")),
        Ok(lines) => {
            let other = differing(whole, &lines, 0);
            if other.len() > unproven {
                wrong.push(format!("salvaged: positions {other:?} are others, {unproven} were said to be unproven"));
            }
            let left: Vec<u64> = readable.iter().filter(|at| !lines.contains_key(at)).copied().collect();
            if !left.is_empty() {
                wrong.push(format!("salvage left readable positions behind: {left:?}"));
            }
            let right = lines.len() - other.len();
            sum.unproven += other.len();
            sum.recovered += right;
            sum.readable += readable.len();
            sum.all += whole.lines.len();
            sum.least = Some(sum.least.unwrap_or(usize::MAX).min(right));
        }
    }
    wrong
}

/// The planted defect: a commit at another one's position, wherever there are two.
fn pass_off(lines: &mut BTreeMap<u64, String>) {
    let mut positions = lines.keys().copied();
    if let (Some(one), Some(other)) = (positions.next(), positions.next())
        && let Some(line) = lines.get(&one).cloned()
    {
        lines.insert(other, line);
    }
}

/// What a program wrote; that it panicked, or failed without a reason, is wrong.
fn told(said: &Said, what: &str, wrong: &mut Vec<String>) -> String {
    if said.panicked() {
        wrong.push(format!("{what}: it panicked: {}", said.err));
    }
    let reasoned = said.err.lines().chain(said.out.lines()).any(|line| line.len() > 15);
    if !said.well() && !reasoned {
        wrong.push(format!("{what}: it failed without a reason: {said:?}"));
    }
    said.out.clone()
}

/// The reason of a refusal without what differs between cases.
fn reason(err: &str, data: &Data) -> String {
    let home = data.path("");
    let line = err.lines().rfind(|line| line.starts_with("yoman: ")).unwrap_or(err.lines().next_back().unwrap_or(""));
    let line = line.trim_start_matches("yoman: ").replace(&*home.to_string_lossy(), "");
    let words = line.split_whitespace().map(|word| if word.bytes().any(|b| b.is_ascii_digit()) { "#" } else { word });
    let mut line = words.collect::<Vec<_>>().join(" ");
    if let Some((at, _)) = line.char_indices().nth(110) {
        line.truncate(at);
        line.push('…');
    }
    line
}

/// Positions whose lines are not what they were; behind the end there may be `more` new ones.
fn differing(whole: &Whole, lines: &BTreeMap<u64, String>, more: u64) -> Vec<u64> {
    let last = whole.lines.last_key_value().map_or(0, |(at, _)| *at);
    let other = lines.iter().filter(|(at, line)| match whole.lines.get(at) {
        Some(was) => was != *line,
        // Who was damaged may have lost people too, and takes in a new owner first.
        None => **at <= last || **at > last + 8 * more,
    });
    other.map(|(at, _)| *at).collect()
}

/// The positions that somebody with patience and a checksum can still read.
fn readable(whole: &Whole, harmed: &Path) -> BTreeSet<u64> {
    let mut found = BTreeSet::new();
    let mut last = 0;
    let by_line: BTreeMap<&str, u64> = whole.lines.iter().map(|(at, line)| (line.as_str(), *at)).collect();
    for path in files(&harmed.join("journal")) {
        if path.extension().is_none_or(|extension| extension != "jsonl") {
            continue;
        }
        let bytes = fs::read(&path).unwrap_or_default();
        // A line behind one of a later position is not looked for: a stretch was copied before it.
        for line in bytes.split(|byte| *byte == b'\n').filter_map(|line| std::str::from_utf8(line).ok()) {
            let Ok(commit) = serde_json::from_str::<Commit>(line) else { continue };
            if commit.position.0 > last {
                last = commit.position.0;
                found.extend(by_line.get(line));
            }
        }
    }
    // sled's pages hold the records as they are.
    let bytes = fs::read(harmed.join("log/sled/db")).unwrap_or_default();
    for at in 0..bytes.len() {
        if bytes[at] == 1
            && let Ok(record) = Checked::first(&bytes[at..])
            && record.commit().is_ok()
        {
            found.insert(record.position().0);
        }
    }
    for (name, was, (from, to)) in &whole.segments {
        if fs::read(harmed.join("archive").join(name)).is_ok_and(|bytes| bytes == *was) {
            found.extend(from.0..=to.0);
        }
    }
    found.retain(|at| whole.lines.contains_key(at));
    found
}

/// Every file below a directory, in an order that is the same everywhere.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.is_file() {
            found.push(path);
        }
    }
    found.sort();
    found
}

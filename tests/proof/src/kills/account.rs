//! What was answered and what is in the log, against what was said.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    fmt::Write as _,
    fs,
    ops::ControlFlow,
    path::Path,
    sync::Arc,
};

use yoman::{
    log::{
        Commit, Entry, EventLog, Position,
        progress::Progress,
        sled::{Options, SledLog},
    },
    vault::{SealedLog, Vault},
};

use super::talk::{Story, Talk, Trace, word_in};
use crate::{program::Data, wire::Shown};

/// What a message says that may be there for the second time.
const MARK: &str = "(possibly a repeat";
/// What was on its way to the platform when yoman was killed still arrives, within this time.
const ARRIVES_US: u64 = 250_000;
/// What is said to a press or a command that comes again: its answer is there already.
const NOTHING_NEW: &str = "I have it, and there is nothing to show for it.";
/// How many faults are told at full length.
const TOLD_MAX: usize = 5;

/// Which answers may come again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeats {
    /// One in each chat after a kill, with a word that it may be a repeat.
    Marked,
    /// Any, after a power cut.
    Any,
}

/// What it came to.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    kills: usize,
    said: usize,
    answers: usize,
    /// Answers that came again after a kill.
    repeated: usize,
    /// The most of them in one chat after one kill.
    repeated_at_once: usize,
    /// Marked as a possible repeat, and came once.
    marked_once: usize,
    events: usize,
    /// Done by hand, and of these cut off between their arrival and the log, so that the platform hands them over no more.
    by_hand: usize,
    cut_off: usize,
    /// Cut off between the log and its answer: done once, and nobody was told.
    untold: usize,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kills, said, answers, repeated, repeated_at_once, marked_once, events, by_hand, cut_off, untold } =
            self;
        write!(
            f,
            "{kills} kills, {said} said, {answers} answered in order, {events} events kept once; lost 0, doubled 0, unanswered 0; \
             {repeated} answers repeated after a kill (at most {repeated_at_once} in a chat at a time), {marked_once} marked as possible repeats that came once"
        )?;
        match by_hand {
            0 => Ok(()),
            _ => write!(
                f,
                "; {by_hand} done by hand, {cut_off} of them could not be redelivered, {untold} were done once and their answers cut off"
            ),
        }
    }
}

/// The answers of one chat laid beside what was expected there.
struct Aligned<'a> {
    /// In order: whose answer, which one of it, and the copies of it that came.
    expected: Vec<(&'a Story, &'a [String], Vec<&'a Shown>)>,
    /// What nobody asked for, or came before its turn.
    stray: Vec<(&'a Shown, String)>,
}

fn matches(story: &Story, pieces: &[String], shown: &Shown) -> bool {
    let text = &shown.first;
    // Nothing is answered before it was said: a card that is pressed has the words of what comes of that, too.
    shown.at_us >= story.at_us
        && (story.reply_to.is_none() || story.reply_to == shown.reply_to)
        && pieces.iter().all(|piece| text.contains(piece.as_str()))
}

/// Whether nothing is seen of something done by hand: perhaps it was cut off.
fn unseen(story: &Story, shown: &[Shown]) -> bool {
    let seen = |pieces: &Vec<String>| shown.iter().any(|message| matches(story, pieces, message));
    story.deed.is_some() && !story.answers.iter().any(seen)
}

/// Whether only what may come in another order stands before one.
fn passable(expected: &[(&Story, &[String], Vec<&Shown>)], one: &(&Story, &[String], Vec<&Shown>)) -> bool {
    expected.iter().take_while(|it| !std::ptr::eq(*it, one)).all(|(story, ..)| story.loose)
}

fn align<'a>(stories: &'a [Story], chat: &str, shown: &'a [Shown]) -> Aligned<'a> {
    let mut expected: Vec<(&Story, &[String], Vec<&Shown>)> = stories
        .iter()
        .filter(|story| story.chat == chat && !unseen(story, shown))
        .flat_map(|story| story.answers.iter().map(move |pieces| (story, pieces.as_slice(), Vec::new())))
        .collect();
    let mut stray = Vec::new();
    let mut next = 0;
    for message in shown.iter().filter(|message| !message.first.starts_with(NOTHING_NEW)) {
        while expected.get(next).is_some_and(|(story, _, copies)| story.loose && !copies.is_empty()) {
            next += 1;
        }
        let fits = |(story, pieces, _): &(&Story, &[String], Vec<&Shown>)| matches(story, pieces, message);
        let earlier = expected[..next].iter().rposition(fits);
        let is_next = expected.get(next).is_some_and(fits);
        let loose = expected.iter().position(|it| it.0.loose && it.2.is_empty() && fits(it));
        // One that says it may be a repeat is taken for one where it can be.
        if is_next && !(earlier.is_some() && message.first.contains(MARK)) {
            expected[next].2.push(message);
            next += 1;
        } else if let Some(earlier) = earlier {
            expected[earlier].2.push(message);
        } else if let Some(loose) = loose {
            expected[loose].2.push(message);
        } else if let Some(later) = expected[next..].iter().position(|it| fits(it) && passable(&expected[next..], it)) {
            next += later + 1;
            expected[next - 1].2.push(message);
        } else if let Some(later) = expected[next..].iter().position(fits) {
            // Those that may come in another order stand in nobody's way.
            let mut before =
                expected[next..next + later].iter().filter(|(story, _, copies)| !story.loose && copies.is_empty());
            let wanted = before.next().unwrap_or(&expected[next]);
            stray.push((message, format!("came before the answer to {} ({} us)", wanted.0.what, wanted.0.at_us)));
            next += later + 1;
            expected[next - 1].2.push(message);
        } else {
            stray.push((message, "answers nothing that was said".into()));
        }
    }
    Aligned { expected, stray }
}

/// How many answers to messages are missing, and to how many things done by hand.
pub(crate) fn unanswered(talk: &Talk) -> (usize, usize) {
    let (mut messages, mut deeds) = (0, 0);
    for chat in &talk.chats {
        let shown = talk.wire.shown(chat);
        deeds += talk.stories.iter().filter(|story| story.chat == *chat && unseen(story, &shown)).count();
        let aligned = align(&talk.stories, chat, &shown);
        messages += aligned.expected.iter().filter(|(.., copies)| copies.is_empty()).count();
    }
    (messages, deeds)
}

/// Accounts for everything.
pub(crate) async fn settle(talk: &Talk, data: &Data, repeats: Repeats) -> Result<Summary, String> {
    let (commits, sealed) = read_log(&data.dir()).await?;
    let mut wrong = Vec::new();
    let mut summary = Summary { kills: talk.kills_us.len(), said: talk.stories.len(), ..Summary::default() };
    for chat in &talk.chats {
        answers(talk, chat, &commits, repeats, &mut summary, &mut wrong);
    }
    traces(talk, &commits, &mut summary, &mut wrong);
    wrong.extend(journal(&data.dir().join("journal"), &sealed));
    if wrong.is_empty() {
        return Ok(summary);
    }
    let count = wrong.len();
    wrong.truncate(TOLD_MAX);
    Err(format!("{count} faults, the first of them:\n{}", wrong.join("\n")))
}

fn answers(
    talk: &Talk,
    chat: &str,
    commits: &[Arc<Commit>],
    repeats: Repeats,
    summary: &mut Summary,
    wrong: &mut Vec<String>,
) {
    let shown = talk.wire.shown(chat);
    let aligned = align(&talk.stories, chat, &shown);
    for (message, why) in &aligned.stray {
        let (id, at, text) = (&message.id, message.at_us, &message.first);
        let mut told = format!("chat {chat}, the bot's message {id} at {at} us {why}: {text:?}");
        let word = word_in(text).unwrap_or_default();
        let about =
            |story: &&Story| story.answers.iter().flatten().any(|piece| word_in(piece).is_some_and(|it| it == word));
        for story in talk.stories.iter().filter(about) {
            // Writing to a string cannot fail.
            let _ = write!(told, "\n   {} us  {} in chat {}: {}", story.at_us, story.who, story.chat, story.what);
        }
        wrong.push(told);
    }
    // Repeats by the kill they came after.
    let mut at_once: HashMap<u64, usize> = HashMap::new();
    for (story, pieces, copies) in &aligned.expected {
        let mut fault = |why: &str| wrong.push(format!("{why} {pieces:?}\n{}", whole(talk, story, copies, commits)));
        let Some((first, again)) = copies.split_first() else {
            fault("no answer with");
            continue;
        };
        summary.answers += 1;
        summary.marked_once += usize::from(again.is_empty() && first.first.contains(MARK));
        let mut before = first.at_us;
        for copy in again {
            summary.repeated += 1;
            if repeats == Repeats::Any {
                continue;
            }
            match talk.kills_us.iter().rfind(|kill| **kill < copy.at_us) {
                Some(kill) if kill + ARRIVES_US > before => *at_once.entry(*kill).or_default() += 1,
                _ => fault("repeated without a kill in between:"),
            }
            if !copy.first.contains(MARK) {
                fault("repeated without a word that it may be:");
            }
            before = copy.at_us;
        }
    }
    let most = at_once.values().copied().max().unwrap_or(0);
    summary.repeated_at_once = summary.repeated_at_once.max(most);
    // A room's messages go out one after the other: one at most is under way when it is killed.
    for (kill, count) in at_once.iter().filter(|(_, count)| **count > 1) {
        wrong.push(format!(
            "chat {chat}: {count} answers repeated after the kill at {kill} us, one can have been under way"
        ));
    }
}

/// The events there are of items, counted by what they are about.
fn kept(commits: &[Arc<Commit>]) -> BTreeMap<Trace, usize> {
    let mut words: HashMap<&str, String> = HashMap::new();
    let mut kept = BTreeMap::new();
    for commit in commits {
        let stream = commit.stream.as_str();
        if stream.starts_with("person/") || stream.starts_with("room/") {
            continue;
        }
        for event in &commit.events {
            let word = word_in(event.data.get()).unwrap_or_default();
            let item = words.entry(stream).or_insert_with(|| word.clone()).clone();
            *kept.entry((item, event.name.to_string(), word)).or_default() += 1;
        }
    }
    kept
}

fn traces(talk: &Talk, commits: &[Arc<Commit>], summary: &mut Summary, wrong: &mut Vec<String>) {
    let mut kept = kept(commits);
    let shown: HashMap<&String, Vec<Shown>> = talk.chats.iter().map(|chat| (chat, talk.wire.shown(chat))).collect();
    for story in &talk.stories {
        summary.by_hand += usize::from(story.deed.is_some());
        if let Some(deed) = story.deed.as_deref().filter(|_| unseen(story, &shown[&story.chat])) {
            if story.traces.iter().any(|trace| kept.contains_key(trace)) {
                // The platform hands it over no more, so nothing asks for its answer again; what came of it is kept and shown.
                summary.untold += 1;
                if !talk.kills_us.iter().any(|kill| *kill >= story.at_us) {
                    wrong.push(format!("kept and not answered:\n{}", whole(talk, story, &[], commits)));
                }
            } else if talk.wire.confirmed(deed) == Some(true) {
                wrong.push(format!("confirmed and lost:\n{}", whole(talk, story, &[], commits)));
            } else {
                summary.cut_off += 1;
                continue;
            }
        }
        for trace in &story.traces {
            match kept.remove(trace).unwrap_or(0) {
                1 => summary.events += 1,
                count => {
                    wrong.push(format!("{trace:?} is in the log {count} times\n{}", whole(talk, story, &[], commits)));
                }
            }
        }
    }
    wrong.extend(
        kept.iter().map(|(trace, count)| format!("{trace:?} is in the log {count} times, and nobody asked for it")),
    );
}

/// Everything that is known of one story.
fn whole(talk: &Talk, story: &Story, copies: &[&Shown], commits: &[Arc<Commit>]) -> String {
    let mut out = format!("   {} us  {} in chat {}: {}\n", story.at_us, story.who, story.chat, story.what);
    let mut line = |text: std::fmt::Arguments<'_>| {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "   {text}");
    };
    for copy in copies {
        line(format_args!("{} us  answered by message {}: {:?}", copy.at_us, copy.id, copy.first));
    }
    if copies.is_empty() {
        let shown = talk.wire.shown(&story.chat);
        for after in shown.iter().filter(|message| message.at_us >= story.at_us).take(5) {
            line(format_args!("{} us  there came message {}: {:?}", after.at_us, after.id, after.first));
        }
    }
    let around = talk
        .kills_us
        .iter()
        .filter(|kill| copies.iter().map(|it| it.at_us).chain([story.at_us]).any(|at| kill.abs_diff(at) < 1_000_000));
    for kill in around {
        line(format_args!("{kill} us  kill"));
    }
    let word = story.traces.first().map(|(item, ..)| item.clone()).or_else(|| word_in(&story.what)).unwrap_or_default();
    let about = commits
        .iter()
        .filter(|commit| commit.events.iter().any(|event| word_in(event.data.get()).is_some_and(|it| it == word)));
    for commit in about {
        let names: Vec<_> = commit.events.iter().map(|event| event.name.to_string()).collect();
        let (position, stream, command) = (commit.position, &commit.stream, &commit.meta.command);
        line(format_args!("commit {position} {stream} {names:?} by {command}: {:?}", commit.meta.text));
    }
    out
}

/// The commits as they were said, and as they lie there.
async fn read_log(data: &Path) -> Result<(Vec<Arc<Commit>>, Vec<Arc<Commit>>), String> {
    let log = SledLog::open(Options::new(data)).map_err(|error| format!("the log cannot be opened: {error}"))?;
    let log = Arc::new(log);
    let vault = Arc::new(Vault::open(data.join("keys")).map_err(|error| error.to_string())?);
    let opened = SealedLog::open(Arc::clone(&log) as Arc<dyn EventLog>, vault, true);
    let opened = opened.map_err(|error| error.to_string())?;
    let (commits, sealed) = (read_all(&opened)?, read_all(&*log)?);
    // Checksums, chain, streams, index, journal and watermark, each against the others.
    let found = log.verify(&Progress::default()).map_err(|error| error.to_string())?;
    log.close().await.map_err(|error| error.to_string())?;
    let unopened = opened.health().warnings;
    if found.fault_count() > 0 || !unopened.is_empty() {
        return Err(format!("the log is damaged: {:?}, {unopened:?}", found.faults));
    }
    Ok((commits, sealed))
}

fn read_all(log: &dyn EventLog) -> Result<Vec<Arc<Commit>>, String> {
    let mut commits = Vec::new();
    let mut damaged = Vec::new();
    log.read_all(Position::START, &mut |entry| {
        match entry {
            Entry::Commit(commit) => commits.push(commit),
            Entry::Damaged { position, why } => damaged.push(format!("{position}: {why}")),
        }
        ControlFlow::Continue(())
    })
    .map_err(|error| error.to_string())?;
    if damaged.is_empty() { Ok(commits) } else { Err(format!("the log is damaged: {damaged:?}")) }
}

/// The journal has the same commits, each once.
fn journal(dir: &Path, commits: &[Arc<Commit>]) -> Option<String> {
    let mut months: Vec<_> = fs::read_dir(dir).ok()?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    months.retain(|path| path.extension().is_some_and(|it| it == "jsonl"));
    months.sort();
    let mut lines = Vec::new();
    for month in months {
        let text = fs::read_to_string(&month).ok()?;
        for line in text.lines() {
            match serde_json::from_str::<Commit>(line) {
                Ok(commit) => lines.push(commit),
                Err(error) => return Some(format!("{}: {error}: {line:?}", month.display())),
            }
        }
    }
    let same = lines.len() == commits.len() && lines.iter().zip(commits).all(|(line, commit)| *line == **commit);
    let (has, should) = (lines.len(), commits.len());
    (!same).then(|| format!("the journal differs from the log: {has} lines, {should} commits"))
}

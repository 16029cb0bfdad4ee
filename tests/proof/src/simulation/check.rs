//! What has to be true in the end.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    ops::ControlFlow,
    sync::Arc,
};

use yoman::log::{Commit, Entry, EventLog as _, Position};
use yoman_chat::fake::FakeMessage;

use super::World;

/// What a message says that may be there for the second time.
const MARK: &str = "(possibly a repeat";

fn commits(world: &World) -> Vec<Arc<Commit>> {
    let mut commits = Vec::new();
    let read = world.log.read_all(Position::START, &mut |entry| {
        if let Entry::Commit(commit) = entry {
            commits.push(commit);
        }
        ControlFlow::Continue(())
    });
    read.expect("memory can be read");
    commits
}

/// Everything said is done once or refused, answered in order, and what follows from it follows once.
pub(super) fn all(world: &World) -> Result<(), String> {
    let commits = commits(world);
    let mut made: HashMap<String, usize> = HashMap::new();
    let mut made_at: HashMap<String, Position> = HashMap::new();
    let mut promoted = BTreeMap::new();
    let mut commands = HashSet::new();
    for commit in &commits {
        if !commands.insert(commit.meta.command.clone()) {
            return Err(format!("the command {} was done twice", commit.meta.command));
        }
        for event in &commit.events {
            if matches!(&*event.name, "todo_created" | "idea_created") {
                let text = event.data.get();
                for word in text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.starts_with('k')) {
                    *made.entry(format!("{} {word}", event.name)).or_default() += 1;
                    made_at.entry(word.to_owned()).or_insert(commit.position);
                }
            }
            if &*event.name == "idea_promoted" {
                promoted.insert(commit.position, 0);
            }
        }
        if let Some(cause) = commit.meta.causation {
            promoted.entry(cause).and_modify(|count| *count += 1);
        }
    }
    if let Some((position, count)) = promoted.iter().find(|(_, count)| **count != 1) {
        return Err(format!("the promotion at {position} was followed up {count} times"));
    }
    let mut rooms: HashMap<_, Vec<FakeMessage>> = HashMap::new();
    for word in &world.words {
        let bot =
            world.bots.iter().find(|bot| word.room.as_str().starts_with(&format!("{}/", yoman_chat::Bot::name(*bot))));
        rooms.entry(word.room.clone()).or_insert_with(|| bot.map(|bot| bot.shown(&word.room)).unwrap_or_default());
    }
    let summed = Summed::of(world, &commits);
    let mut last: HashMap<_, usize> = HashMap::new();
    for said in &world.words {
        let shown = &rooms[&said.room];
        let first = |message: &FakeMessage| message.before.first().unwrap_or(&message.now).clone();
        let answers: Vec<(usize, String)> = shown
            .iter()
            .enumerate()
            .filter(|(_, message)| first(message).answers.as_deref() == Some(&*said.id))
            .map(|(at, message)| (at, first(message).text.to_plain()))
            .collect();
        let Some((at, answer)) = answers.first() else {
            return Err(format!("{} ({}) was never answered", said.id, said.word));
        };
        let unmarked = answers[1..].iter().find(|(_, again)| !again.contains(MARK));
        if let Some((_, again)) = unmarked.filter(|_| !world.forgetful) {
            return Err(format!("{} was answered again without a word that it may be a repeat: {again:?}", said.id));
        }
        // One behind the other, as they were said.
        let before = last.insert(said.room.clone(), *at);
        if before.is_some_and(|before| before > *at) {
            return Err(format!("{} ({}) was answered before what was said before it", said.id, said.word));
        }
        if said.event.is_empty() {
            continue;
        }
        let count = made.get(&format!("{} {}", said.event, said.word)).copied().unwrap_or(0);
        // What was answered and forgotten is answered anew, and that is what counts.
        let answer = if world.forgetful { answers.last().map_or(answer, |(_, last)| last) } else { answer };
        let confirmed = answer.contains(" created ") || answer.contains(" captured ");
        if count != usize::from(confirmed) {
            return Err(format!("{} is in the log {count} times and was answered {answer:?}", said.word));
        }
        if confirmed && !told(world, &said.word, said.room.as_str(), made_at.get(&said.word).copied(), &summed) {
            let office = world.bots[1].texts(&world.bots[1].room("office"));
            // Its neighbours: what was told just before and after.
            let near = |text: &&String| {
                text.contains(" changes ") || text.contains(answer.split_whitespace().next().unwrap_or(" "))
            };
            let last: Vec<_> = office.iter().filter(near).collect();
            return Err(format!(
                "{} ({answer:?}) was never told to the room that follows; it has {} messages, those about it: {last:#?}",
                said.word,
                office.len()
            ));
        }
    }
    Ok(())
}

/// What is summed up for the room that follows everything, where there was too much to tell one by one.
struct Summed {
    /// Where what was made elsewhere stands in the log, in order.
    elsewhere: Vec<Position>,
    /// Behind which position each sum begins, and how many changes it is of.
    sums: Vec<(Position, usize)>,
    /// Every word in the room that follows.
    words: HashSet<String>,
}

impl Summed {
    /// A sum that leaves items out says how all of them are to be had: `31 changes since ... and 19 more: /diff #6..`.
    fn of(world: &World, commits: &[Arc<Commit>]) -> Self {
        let office = world.bots[1].room("office");
        let made = |commit: &&Arc<Commit>| {
            *commit.meta.origin.room != *office.as_str()
                && commit.events.iter().any(|event| matches!(&*event.name, "todo_created" | "idea_created"))
        };
        // A long one comes in parts, one behind the other.
        let texts = world.bots[1].texts(&office).join("\n");
        let pieces: Vec<&str> = texts.split(" changes since ").collect();
        let sum = |pieces: &[&str]| {
            let [before, after] = pieces else { return None };
            let count = before.rsplit(|c: char| !c.is_ascii_digit()).next()?.parse().ok()?;
            let from = after.split("/diff #").nth(1)?.split("..").next()?.parse().ok()?;
            Some((Position(from), count))
        };
        Self {
            elsewhere: commits.iter().filter(made).map(|commit| commit.position).collect(),
            sums: pieces.windows(2).filter_map(sum).collect(),
            words: texts.split(|c: char| !c.is_ascii_alphanumeric()).map(str::to_owned).collect(),
        }
    }

    /// Whether what was made at a position is among it.
    fn has(&self, position: Position) -> bool {
        self.sums.iter().any(|(after, count)| {
            *after < position && self.elsewhere.iter().filter(|it| *after < **it && **it <= position).count() <= *count
        })
    }
}

/// Whether the room that follows everything has heard of it, unless it was made there: by a message that names it, or as one
/// of the changes that are summed up.
fn told(world: &World, word: &str, room: &str, made: Option<Position>, summed: &Summed) -> bool {
    room == world.bots[1].room("office").as_str()
        || summed.words.contains(word)
        || made.is_some_and(|position| summed.has(position))
}

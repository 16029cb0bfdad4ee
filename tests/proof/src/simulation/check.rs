//! What has to be true in the end.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    hash::{DefaultHasher, Hash as _, Hasher as _},
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

/// The same for the same history: what was decided, in order.
pub(super) fn fingerprint(world: &World) -> u64 {
    let mut hasher = DefaultHasher::new();
    for commit in commits(world).iter().filter(|commit| !commit.stream.as_str().starts_with("person/")) {
        commit.stream.as_str().hash(&mut hasher);
        commit.meta.text.hash(&mut hasher);
        commit.events.iter().for_each(|event| event.name.hash(&mut hasher));
    }
    hasher.finish()
}

/// Everything said is done once or refused, answered in order, and what follows from it follows once.
pub(super) fn all(world: &World) -> Result<(), String> {
    let commits = commits(world);
    let mut made: HashMap<String, usize> = HashMap::new();
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
        if let Some((_, again)) = answers[1..].iter().find(|(_, again)| !again.contains(MARK)) {
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
        let confirmed = answer.contains(" created ") || answer.contains(" captured ");
        if count != usize::from(confirmed) {
            return Err(format!("{} is in the log {count} times and was answered {answer:?}", said.word));
        }
        if confirmed && !told(world, &said.word, said.room.as_str()) {
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

/// Whether the room that follows everything has heard of it, unless it was made there: by itself, or as one of the changes
/// that are summed up in one message when there were too many to tell one by one.
fn told(world: &World, word: &str, room: &str) -> bool {
    let office = world.bots[1].room("office");
    let holds = |text: &str| text.split(|c: char| !c.is_ascii_alphanumeric()).any(|it| it == word);
    let sums_up = |text: &str| text.contains(" changes since ");
    room == office.as_str() || world.bots[1].texts(&office).iter().any(|text| holds(text) || sums_up(text))
}

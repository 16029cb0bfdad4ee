//! Why, as a graph: what happened to an item and to those around it, and what came of what. The same chain as in words
//! (`cause.rs`), for a picture.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use super::{Commits, Viewer, World, answer::ends, notice::item_events, words};
use crate::{
    domain::{ItemRef, PersonId},
    lang::say,
    log::{Commit, Position},
    picture::{Edge, Graph, NODES_MAX, Node},
};

/// The most items one chain goes through, each way.
const STEPS_MAX: usize = 8;
/// The most prerequisites that are shown.
const NEEDS_MAX: usize = 5;

/// Commits by their place in the log.
type Found = BTreeMap<Position, Arc<Commit>>;

impl World {
    /// `/why T7 picture`: how an item came to be as it is.
    pub fn why_graph(&self, item: ItemRef, commits: &dyn Commits, viewer: &Viewer) -> Graph {
        let own = commits.stream(item);
        let mut found = Found::new();
        let mut add = |commit: &Arc<Commit>| drop(found.insert(commit.position, Arc::clone(commit)));
        came_of(own.first(), commits, &mut add);
        self.became(item, &own, commits, &mut add);
        let unblocked = self.waited_for(item, &own, commits, &mut add);
        // The beginning says why it is there, the end why it is as it is.
        let room = NODES_MAX.saturating_sub(found.len()).max(2);
        let left_out = own.len().saturating_sub(room);
        for (n, commit) in own.iter().enumerate() {
            if n == 0 || n > left_out {
                found.insert(commit.position, Arc::clone(commit));
            }
        }
        let places: HashMap<Position, usize> = found.keys().enumerate().map(|(place, &at)| (at, place)).collect();
        let place = |at: &Position| places.get(at).copied();
        let mut edges: Vec<Edge> = found
            .values()
            .filter_map(|commit| {
                let from = place(&commit.meta.causation?)?;
                Some(Edge { from, to: place(&commit.position)?, unblocks: false })
            })
            .collect();
        let unblocks = unblocked
            .iter()
            .filter_map(|(closed, next)| Some(Edge { from: place(closed)?, to: place(next)?, unblocks: true }));
        edges.extend(unblocks);
        let title = match self.item(item) {
            Some(seen) => words::one_line(&seen.item.title).into_owned(),
            None => Self::replay_item(&own).map_or_else(String::new, |seen| seen.item.title),
        };
        let nodes = found.values().map(|commit| self.node(commit, viewer)).collect();
        let heading = say!(viewer.lang, "why-heading", item);
        Graph { lang: viewer.lang, heading, title, nodes, edges, left_out }
    }

    fn node(&self, commit: &Commit, viewer: &Viewer) -> Node {
        let row = self.row(commit, |phrase| phrase.did.to_plain(), viewer);
        // What reacts is nobody: whoever did what it reacted to stands above it.
        let somebody = PersonId::of_stream(&commit.meta.actor).is_some();
        Node {
            item: ItemRef::of_stream(commit.stream.as_str()).map_or_else(String::new, |item| item.to_string()),
            what: row.what,
            who: if somebody { row.who } else { String::new() },
            when: words::at(row.at, viewer),
            said: words::one_line(&row.said).into_owned(),
        }
    }

    /// What came of it: the items it was promoted to, each with its beginning and its end.
    fn became(&self, item: ItemRef, own: &[Arc<Commit>], commits: &dyn Commits, add: &mut impl FnMut(&Arc<Commit>)) {
        for commit in own {
            for effect in self.caused_by(commit.position).into_iter().take(STEPS_MAX) {
                commits.at(effect).iter().for_each(&mut *add);
            }
        }
        let mut at = item;
        for _ in 0..STEPS_MAX {
            let Some(next) = self.promoted_to(at).last().copied() else { break };
            let stream = commits.stream(next);
            stream.first().into_iter().chain(last_end(&stream)).for_each(&mut *add);
            at = next;
        }
    }

    /// What it waited for: the beginning and the end of each, and what was done to this item next.
    fn waited_for(
        &self,
        item: ItemRef,
        own: &[Arc<Commit>],
        commits: &dyn Commits,
        add: &mut impl FnMut(&Arc<Commit>),
    ) -> Vec<(Position, Position)> {
        let needs = self.item(item).map_or_else(Vec::new, |seen| seen.item.needs().to_vec());
        let mut unblocked = Vec::new();
        for needed in needs.into_iter().take(NEEDS_MAX) {
            let stream = commits.stream(needed);
            stream.first().into_iter().for_each(&mut *add);
            if let Some(end) = last_end(&stream) {
                add(end);
                if let Some(next) = own.iter().find(|commit| commit.position > end.position) {
                    unblocked.push((end.position, next.position));
                }
            }
        }
        unblocked
    }
}

/// What led to an item: for each it came from, how that began and who made something of it.
fn came_of(first: Option<&Arc<Commit>>, commits: &dyn Commits, add: &mut impl FnMut(&Arc<Commit>)) {
    let mut first = first.cloned();
    for _ in 0..STEPS_MAX {
        let Some(created) = first.take().filter(|commit| commit.first_version == 1) else { break };
        let Some(cause) = created.meta.causation.and_then(|position| commits.at(position)) else { break };
        add(&cause);
        let Some(parent) = ItemRef::of_stream(cause.stream.as_str()) else { break };
        first = commits.stream(parent).first().cloned();
        first.iter().for_each(&mut *add);
    }
}

/// The newest commit that finished an item.
fn last_end(commits: &[Arc<Commit>]) -> Option<&Arc<Commit>> {
    commits.iter().rev().find(|commit| item_events(commit).iter().any(ends))
}

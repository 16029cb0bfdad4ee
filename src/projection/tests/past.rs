//! What changed and how much was done, against what the worlds before and after say.

use proptest::prelude::*;

use super::super::{spec::*, *};
use crate::{command::Moment, domain::Filter};

/// What somebody may say in a story with items that are there.
fn line((kind, number): (u8, u32), story: &Story) -> Option<String> {
    let item = ItemRef::new([Bucket::Todo, Bucket::Idea, Bucket::Pr, Bucket::Research][usize::from(kind) % 4], number);
    let seen = story.world.item(item).map(|seen| seen.item.state_word());
    use crate::domain::filter::StateWord::*;
    let text = match (kind, item.bucket, seen) {
        (0..=5, _, _) => return Some(format!("{} Thing {number}", item.bucket)),
        (_, _, None) => return None,
        (6..=9, Bucket::Todo, Some(Open)) => format!("doing {item}"),
        (_, Bucket::Todo, Some(Open | Doing)) | (_, Bucket::Research, Some(Running)) => format!("done {item}"),
        (6..=9, Bucket::Pr, Some(Open | Reviewed)) => format!("review {item} approve"),
        (_, Bucket::Pr, Some(Open | Reviewed)) if number.is_multiple_of(2) => format!("merge {item}"),
        (_, Bucket::Pr, Some(Open | Reviewed)) => format!("close {item} no"),
        (_, Bucket::Idea, Some(Open)) if number.is_multiple_of(2) => format!("promote {item}"),
        (_, Bucket::Idea, Some(Open)) => format!("reject {item} too early"),
        (_, Bucket::Idea, Some(Promoted)) => format!("note {item} and so it went"),
        (_, _, Some(_)) => format!("reopen {item}"),
    };
    Some(text)
}

fn moved(story: &Story, from: usize) -> (World, World, Stretch) {
    let mut world = World::default();
    story.commits[..from].iter().for_each(|commit| world.apply(commit));
    let before = world.clone();
    let mut stretch = Stretch::default();
    story.commits[from..].iter().for_each(|commit| world.step(commit, &mut stretch));
    (before, world, stretch)
}

fn open_items(world: &World) -> usize {
    world
        .passing(&Filter::default(), &viewer(None))
        .iter()
        .filter(|&&it| !world.item(it).unwrap().item.is_closed())
        .count()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_figures_add_up(script in prop::collection::vec((0u8..16, 1u32..7), 1..60), share in 0usize..100) {
        let mut story = Story::new();
        story.now -= chrono::TimeDelta::days(40);
        for step in script {
            story.wait(9 * 3600);
            if let Some(text) = line(step, &story) {
                story.say(&text);
            }
        }
        // The people were there before, by the clock of the story even after.
        let from = 2 + (story.commits.len() - 2) * share / 100;
        let (before, after, stretch) = moved(&story, from);
        let since = story.commits.get(from).map_or(story.now, |commit| commit.meta.recorded_at);
        let stats = after.stats((since, story.now), &stretch, &Filter::default(), &viewer(None));
        let last = stats.days.last().unwrap();
        let sum = |of: fn(&Day) -> usize| stats.days.iter().map(of).sum::<usize>();
        prop_assert_eq!(stats.open_before, open_items(&before));
        prop_assert_eq!(last.open, open_items(&after));
        prop_assert_eq!(sum(|day| day.created), after.items() - before.items());
        prop_assert_eq!(last.scope, last.open + last.done);
        prop_assert_eq!(stats.lead.count, sum(|day| day.finished));
        prop_assert!(stats.cycle.count <= stats.lead.count);
        prop_assert!(stats.lead.median <= stats.lead.p85);
        for pair in stats.days.windows(2) {
            prop_assert_eq!(pair[0].day.succ_opt().unwrap(), pair[1].day);
        }
        // In words it is never empty, and nothing of it panics.
        let as_of = AsOf { moment: Moment::At(since), at: since, position: before.position, now: story.now };
        prop_assert!(!after.stats_message(&stats, (&as_of, None), &Filter::default(), &viewer(None)).text.is_empty());
        let said = after.diff((&as_of, None), &stretch, &Filter::default(), &[], &viewer(None)).text.to_plain();
        prop_assert_eq!(said.contains("Nothing changed"), stretch.items.is_empty(), "{}", said);
    }
}

#[test]
fn what_was_taken_back_is_counted_as_that() {
    let mut story = Story::new();
    story.say("todo One");
    story.say("done T1");
    let mut commit = (**story.commits.last().unwrap()).clone();
    // Whatever else it says: this version cannot read it, and counts it all the same.
    commit.position = Position(commit.position.0 + 1);
    commit.first_version = commit.last_version() + 1;
    commit.events[0].name = "reversed".into();
    story.commits.push(Arc::new(commit));
    let (_, after, stretch) = moved(&story, 3);
    let at = story.now;
    let as_of = AsOf { moment: Moment::At(at), at, position: Position(3), now: at };
    let said = after.diff((&as_of, None), &stretch, &Filter::default(), &[], &viewer(None)).text.to_plain();
    assert!(said.ends_with("T1 done, 1 taken back"), "{said}");
}

#[test]
fn what_was_opened_again_is_finished_once() {
    let mut story = Story::new();
    for text in ["todo One", "todo Two", "done T1", "reopen T1", "done T1", "done T2", "reopen T2", "idea Three"] {
        story.say(text);
    }
    story.say("reject I1");
    story.say("reopen I1");
    let (_, after, stretch) = moved(&story, 2);
    let stats = after.stats((story.now, story.now), &stretch, &Filter::default(), &viewer(None));
    let [day] = stats.days[..] else { panic!("one day: {:?}", stats.days) };
    assert_eq!((day.created, day.finished, day.dropped, day.open), (3, 1, 0, 2));
    assert_eq!((stats.lead.count, day.done, day.scope), (1, 1, 3));
}

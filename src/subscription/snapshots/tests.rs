//! A look at the past is the fold of what there was, whatever lies in the directory of snapshots.

use std::{fs, sync::Arc};

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use proptest::prelude::*;
use yoman_chat::{Capabilities, LengthUnit};

use super::*;
use crate::{
    domain::{
        Bucket, Event, Filter, Handle, Identity, ItemRef, PersonId, Role, Tag, idea,
        item::{self, Fact},
        person, stored, todo,
    },
    log::{Append, CommandId, Commit, Entry, Expected, Meta, Origin, StreamId, memory::MemoryLog},
    projection::Viewer,
    subscription::{Past, Rate, SharedWorld},
};

fn begin() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2020, 1, 1, 0, 0, 0).unwrap()
}

async fn append(log: &dyn EventLog, stream: &str, events: Vec<Event>, causation: Option<Position>) -> Arc<Commit> {
    let stream = StreamId::new(stream);
    let command = CommandId::new(format!("test/{}", log.head().position));
    let meta = Meta {
        command: command.clone(),
        text: String::new(),
        actor: if causation.is_some() { "workflow/promotion".into() } else { "person/1".into() },
        origin: Origin { bot: "telegram".into(), ..Origin::default() },
        correlation: command,
        causation,
        recorded_at: DateTime::UNIX_EPOCH,
    };
    let expected = Expected::of(log.version(&stream).unwrap());
    let events = events.iter().map(stored::encode).collect();
    log.append(Append { stream, expected, events, meta }).await.unwrap().commit
}

/// One thing that happens to one of a few items; what makes no sense changes nothing but versions.
fn event((kind, number): (u8, u32)) -> (String, Vec<Event>) {
    let of = |bucket| ItemRef::new(bucket, number).stream();
    let todo = |event: todo::Event| (of(Bucket::Todo), vec![Event::Item(item::Event::Todo(event))]);
    let idea = |event: idea::Event| (of(Bucket::Idea), vec![Event::Item(item::Event::Idea(event))]);
    let fact = |fact: Fact| (of(Bucket::Todo), vec![Event::Item(item::Event::Fact(fact))]);
    let body = String::new;
    match kind {
        0 | 1 => todo(todo::Event::Created { title: format!("Thing {number}"), body: body(), from: None }),
        2 => todo(todo::Event::Started),
        3 | 4 => todo(todo::Event::Completed { despite: Vec::new() }),
        5 => todo(todo::Event::Reopened { reason: "again".into() }),
        6 => todo(todo::Event::PrerequisiteAdded { needs: ItemRef::new(Bucket::Todo, number % 5 + 1) }),
        7 => fact(Fact::Tagged { tag: Tag::new("auth").unwrap() }),
        8 => fact(Fact::Noted { text: "größer".into(), corrects: None }),
        9 => fact(Fact::Assigned { person: PersonId(1) }),
        10 => idea(idea::Event::Created { title: format!("Thought {number}"), body: body(), from: None }),
        11 => idea(idea::Event::Rejected { reason: "too early".into() }),
        _ => {
            let from = Some(ItemRef::new(Bucket::Idea, number));
            let event = todo::Event::Created { title: "Made of it".into(), body: body(), from };
            (ItemRef::new(Bucket::Todo, number + 10).stream(), vec![Event::Item(item::Event::Todo(event))])
        }
    }
}

async fn log_of(script: &[(u8, u32)]) -> Arc<MemoryLog> {
    let log = Arc::new(MemoryLog::new());
    log.set_time(begin());
    let paired = person::Event::Paired {
        name: "Kim".into(),
        handle: Handle::new("kim").unwrap(),
        identity: Identity("telegram/1".into()),
        role: Role::Owner,
    };
    append(&*log, "person/1", vec![Event::Person(paired)], None).await;
    for (n, &step) in script.iter().enumerate() {
        log.set_time(begin() + TimeDelta::minutes(n as i64 / 3 + 1));
        let (stream, events) = event(step);
        append(&*log, &stream, events, None).await;
    }
    log
}

/// The model: every commit of the prefix folded.
fn prefix(log: &dyn EventLog, until: Position) -> World {
    let mut world = World::default();
    log.read_all(Position::START, &mut |entry| {
        if let Entry::Commit(commit) = entry
            && commit.position <= until
        {
            world.apply(&commit);
        }
        std::ops::ControlFlow::Continue(())
    })
    .unwrap();
    world
}

fn viewer() -> Viewer {
    Viewer {
        room: "telegram/1".into(),
        person: None,
        lang: crate::lang::Lang::English,
        time_zone: chrono_tz::UTC,
        now: begin() + TimeDelta::days(1),
        capabilities: Capabilities {
            title: "Telegram",
            edits: true,
            buttons: true,
            button_data_bytes_max: 64,
            buttons_per_row_max: 4,
            text_length_max: 4096,
            length_unit: LengthUnit::Utf16,
            bare_verbs: false,
            local: false,
            forms: false,
            private_answers: false,
            pictures: false,
            pins: false,
            reactions: false,
        },
        titles: Arc::default(),
        permalinks: Default::default(),
    }
}

/// Everything about what is open that can be seen.
fn open_views(world: &World) -> Vec<String> {
    let (viewer, all) = (viewer(), Filter::default());
    let mut views = vec![
        world.next(&all, PersonId(1), &viewer).text.to_plain(),
        world.mine(&all, PersonId(1), &viewer).text.to_plain(),
    ];
    // Where nothing is open, the closed are counted, for which a look takes a whole world.
    if world.has_open(&all, &viewer) {
        views.push(world.board(&all, &viewer).text.to_plain());
    }
    for bucket in Bucket::ALL {
        for number in 1..20 {
            let item = ItemRef::new(bucket, number);
            if world.item(item).is_some_and(|seen| !seen.item.is_closed()) {
                views.push(world.card(item, &viewer).unwrap().text.to_plain());
                views.push(format!("{:?}", (world.item(item), world.waits_for(item), world.promoted_to(item))));
                let mut waiting = world.waited_for_by(item);
                waiting.sort_unstable();
                views.push(format!("{waiting:?}"));
            }
        }
    }
    views
}

/// What may happen to files.
#[derive(Clone, Copy, Debug)]
enum Harm {
    Delete,
    Truncate,
    Flip,
    Empty,
    Schema,
    Foreign,
    Rename,
}

fn harm(path: &Path, harm: Harm, at: usize, foreign: &[u8]) {
    let Ok(mut bytes) = fs::read(path) else { return };
    let at = at % bytes.len().max(1);
    match harm {
        Harm::Delete => return fs::remove_file(path).unwrap(),
        Harm::Truncate => bytes.truncate(at),
        Harm::Flip => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << (at % 8)),
        Harm::Empty => bytes.clear(),
        Harm::Schema => bytes = with_schema(&bytes, crate::projection::SCHEMA + 1),
        Harm::Foreign => bytes = foreign.to_vec(),
        Harm::Rename => {
            let name = format!("{:020}-whole.snapshot", at + 1);
            return fs::rename(path, path.with_file_name(name)).unwrap();
        }
    }
    fs::write(path, bytes).unwrap();
}

/// The same file as another version would have written it, checksums and all.
fn with_schema(bytes: &[u8], schema: u32) -> Vec<u8> {
    let Some(length) = bytes.get(8..12) else { return bytes.to_vec() };
    let length = u32::from_le_bytes(length.try_into().unwrap()) as usize;
    // It may have been harmed before.
    let header = bytes.get(16..16 + length).and_then(|header| serde_json::from_slice(header).ok());
    let Some(mut header): Option<serde_json::Value> = header.filter(serde_json::Value::is_object) else {
        return bytes.to_vec();
    };
    header["schema"] = schema.into();
    let header = serde_json::to_vec(&header).unwrap();
    let mut out = bytes[..8].to_vec();
    out.extend((header.len() as u32).to_le_bytes());
    out.extend(crc32c::crc32c(&header).to_le_bytes());
    out.extend(header);
    out.extend(&bytes[16 + length..]);
    out
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

/// A past whose present has seen nothing: everything is read from snapshots and the log.
fn past(log: &Arc<MemoryLog>, snapshots: &Arc<Snapshots>) -> Past {
    let live = Arc::new(SharedWorld::new(World::default()));
    Past::new(Arc::clone(log) as Arc<dyn EventLog>, live, Some(Arc::clone(snapshots)), Arc::new(Rate::default()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn the_world_as_of_any_position_is_the_fold_of_the_prefix(
        script in prop::collection::vec((0u8..13, 1u32..6), 1..50),
        taken in prop::collection::vec((1u64..60, any::<bool>()), 0..6),
        harms in prop::collection::vec((
            prop::sample::select(&[Harm::Delete, Harm::Truncate, Harm::Flip, Harm::Empty, Harm::Schema, Harm::Foreign,
                Harm::Rename][..]),
            0usize..6, any::<usize>(),
        ), 0..5),
        asked in prop::collection::vec((1u64..60, any::<bool>()), 1..6),
    ) {
        let dir = tempfile::tempdir().unwrap();
        runtime().block_on(async {
            let log = log_of(&script).await;
            let head = log.head().position;
            let snapshots = Arc::new(Snapshots::open(dir.path(), SnapshotSettings::default()).unwrap());
            for (at, whole) in taken {
                let world = prefix(&*log, Position(at.min(head.0)));
                snapshots.save(&*log, &world, whole, snapshots.generation()).unwrap();
            }
            // A snapshot of another log, which is right in itself.
            let other = log_of(&[(0, 1), (10, 2), (3, 1)]).await;
            let foreign_dir = tempfile::tempdir().unwrap();
            let foreign = Snapshots::open(foreign_dir.path(), SnapshotSettings::default()).unwrap();
            foreign.save(&*other, &prefix(&*other, Position(3)), true, 0).unwrap();
            let foreign = fs::read(&foreign.rungs()[0].path).unwrap();
            for (what, which, at) in harms {
                let rungs = snapshots.rungs();
                if let Some(rung) = rungs.get(which % rungs.len().max(1)) {
                    harm(&rung.path, what, at, &foreign);
                }
            }
            let past = past(&log, &snapshots);
            for (at, whole) in asked {
                let at = Position(at.min(head.0));
                let model = prefix(&*log, at);
                let found = past.at(at, whole).await.unwrap();
                assert_eq!(found.position, at);
                assert_eq!(open_views(&found), open_views(&model));
                if whole {
                    assert_eq!(found.to_sections().unwrap(), model.to_sections().unwrap(), "as of {at}");
                }
            }
            // And a start.
            let world = snapshots.load(&*log, head, true).unwrap_or_default();
            let mut world = world;
            crate::subscription::forward(&*log, &mut world, head, &Rate::default(), &|| true).unwrap();
            assert_eq!(world.to_sections().unwrap(), prefix(&*log, head).to_sections().unwrap());
        });
    }

    #[test]
    fn what_lies_between_two_positions_is_what_the_prefixes_differ_in(
        script in prop::collection::vec((0u8..13, 1u32..6), 1..50),
        (from, to) in (0u64..60, 0u64..60),
        taken in prop::collection::vec(1u64..60, 0..3),
    ) {
        let dir = tempfile::tempdir().unwrap();
        runtime().block_on(async {
            let log = log_of(&script).await;
            let head = log.head().position.0;
            let (from, to) = (from.min(to).min(head), from.max(to).min(head));
            let snapshots = Arc::new(Snapshots::open(dir.path(), SnapshotSettings::default()).unwrap());
            for at in taken {
                snapshots.save(&*log, &prefix(&*log, Position(at.min(head))), false, 0).unwrap();
            }
            let past = past(&log, &snapshots);
            let (stretch, world) = past.between(Position(from), Position(to)).await.unwrap();
            let (before, after) = (prefix(&*log, Position(from)), prefix(&*log, Position(to)));
            assert_eq!(open_views(&world), open_views(&after));
            for bucket in Bucket::ALL {
                for number in 1..20 {
                    let item = ItemRef::new(bucket, number);
                    let state = |world: &World| world.item(item).map(|seen| seen.item.state_word());
                    let moved = stretch.items.get(&item);
                    let steps = moved.map_or(&[][..], |moved| &moved.steps);
                    assert_eq!(moved.map_or(state(&before), |moved| moved.before), state(&before), "{item}");
                    assert_eq!(steps.last().map(|step| step.to).or(state(&before)), state(&after), "{item}");
                    if let Some(seen) = after.item(item).filter(|_| moved.is_some()) {
                        assert_eq!(Some(&seen.item), world.item(item).map(|seen| &seen.item));
                    }
                }
            }
        });
    }

    #[test]
    fn an_instant_is_found_where_it_stands(
        script in prop::collection::vec((0u8..13, 1u32..6), 1..40),
        minutes in prop::collection::vec(-2i64..20, 1..8),
    ) {
        runtime().block_on(async {
            let log = log_of(&script).await;
            let dir = tempfile::tempdir().unwrap();
            let past = past(&log, &Arc::new(Snapshots::open(dir.path(), SnapshotSettings::default()).unwrap()));
            for minutes in minutes {
                let instant = begin() + TimeDelta::minutes(minutes);
                let mut model = Position::START;
                log.read_all(Position::START, &mut |entry| {
                    if let Entry::Commit(commit) = entry
                        && commit.meta.recorded_at <= instant
                    {
                        model = commit.position;
                    }
                    std::ops::ControlFlow::Continue(())
                })
                .unwrap();
                assert_eq!(past.position_at(instant).await.unwrap(), model);
            }
        });
    }
}

#[tokio::test]
async fn what_was_dropped_is_not_written_again() {
    let dir = tempfile::tempdir().unwrap();
    let log = log_of(&[(0, 1), (2, 1)]).await;
    let snapshots = Snapshots::open(dir.path(), SnapshotSettings::default()).unwrap();
    let world = prefix(&*log, Position(2));
    let before = snapshots.generation();
    assert!(snapshots.save(&*log, &world, true, before).unwrap());
    snapshots.clear().unwrap();
    assert_eq!(snapshots.rungs(), []);
    assert!(!snapshots.save(&*log, &world, true, before).unwrap(), "folded before, written after");
    assert!(snapshots.save(&*log, &world, true, snapshots.generation()).unwrap());
}

#[tokio::test]
async fn only_the_newest_is_whole_and_what_is_kept_is_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let script: Vec<_> = (0..200).map(|n| ([0, 3, 5, 7, 8][n % 5], n as u32 % 5 + 1)).collect();
    let log = log_of(&script).await;
    let settings = SnapshotSettings { count_max: 8, ..SnapshotSettings::default() };
    let snapshots = Snapshots::open(dir.path(), settings).unwrap();
    for at in (1..=200).step_by(5) {
        snapshots.save(&*log, &prefix(&*log, Position(at)), true, 0).unwrap();
        let rungs = snapshots.rungs();
        assert!(rungs.len() <= 8);
        let whole: Vec<_> = rungs.iter().filter(|rung| rung.whole).map(|rung| rung.position.0).collect();
        assert_eq!(whole, [at]);
    }
    let rungs = snapshots.rungs();
    // The older, the sparser.
    assert!(rungs[0].position.0 <= 100, "{rungs:?}");
    for rung in &rungs {
        let world = snapshots.load(&*log, rung.position, false).unwrap();
        assert_eq!(open_views(&world), open_views(&prefix(&*log, rung.position)));
    }
    let small = Snapshots::open(dir.path(), SnapshotSettings { bytes_max: 1, ..settings }).unwrap();
    small.save(&*log, &prefix(&*log, Position(200)), true, 0).unwrap();
    assert_eq!(small.rungs().len(), 1);
}

#[cfg(unix)]
#[tokio::test]
async fn they_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().join("snapshots");
    let log = log_of(&[(0, 1)]).await;
    let snapshots = Snapshots::open(&at, SnapshotSettings::default()).unwrap();
    snapshots.save(&*log, &prefix(&*log, Position(2)), true, 0).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&at), mode(&snapshots.rungs()[0].path)), (0o700, 0o600));
}

#[tokio::test]
async fn a_half_written_one_is_swept_away() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("00000000000000000004-whole.new"), b"yoman").unwrap();
    let snapshots = Snapshots::open(dir.path(), SnapshotSettings::default()).unwrap();
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    assert_eq!(snapshots.rungs(), []);
}

#[tokio::test]
async fn the_shared_world_begins_with_a_snapshot_and_can_be_folded_anew() {
    let dir = tempfile::tempdir().unwrap();
    let log = log_of(&[(0, 1), (2, 1), (0, 2)]).await;
    let snapshots = Arc::new(Snapshots::open(dir.path(), SnapshotSettings::default()).unwrap());
    let live = Arc::new(SharedWorld::new(prefix(&*log, Position(3))));
    assert_eq!(keeper::take(&snapshots, &live, &*log).unwrap(), Some(Position(3)));
    let stop = tokio_util::sync::CancellationToken::new();
    let world = Arc::new(SharedWorld::new(World::default()));
    let feed = Arc::clone(&world).keep_from(
        Arc::clone(&log) as Arc<dyn EventLog>,
        Some(Arc::clone(&snapshots)),
        Arc::new(Rate::default()),
        stop.clone(),
    );
    let feeding = tokio::spawn(feed);
    world.at_least(Position(4)).await;
    append(&*log, "todo/3", event((0, 3)).1, None).await;
    world.at_least(Position(5)).await;
    assert_eq!(world.read(|world| world.to_sections().unwrap()), prefix(&*log, Position(5)).to_sections().unwrap());
    world.refold(&*log).unwrap();
    assert_eq!(world.read(|world| world.to_sections().unwrap()), prefix(&*log, Position(5)).to_sections().unwrap());
    assert!(world.replace(World::default()).is_err(), "it has seen less");
    stop.cancel();
    feeding.await.unwrap();
}

#[tokio::test]
async fn what_is_renewed_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let log = log_of(&[(0, 1), (2, 1), (0, 2)]).await;
    let snapshots = Arc::new(Snapshots::open(dir.path(), SnapshotSettings::default()).unwrap());
    let live = Arc::new(SharedWorld::new(prefix(&*log, Position(4))));
    keeper::take(&snapshots, &live, &*log).unwrap();
    let log_again = Arc::clone(&log) as Arc<dyn EventLog>;
    let past = Past::new(log_again, Arc::clone(&live), Some(Arc::clone(&snapshots)), Arc::default());
    past.at(Position(2), true).await.unwrap();
    past.renew().unwrap();
    assert_eq!(snapshots.rungs(), []);
    assert_eq!(live.read(|world| world.to_sections().unwrap()), prefix(&*log, Position(4)).to_sections().unwrap());
}

/// The bytes of a known world. When this fails, what a snapshot holds has changed: raise `SCHEMA`, then write down the new
/// sum. Otherwise a snapshot of before would be read as something else.
#[tokio::test]
async fn another_layout_is_another_schema() {
    let script: Vec<_> = (0..13).flat_map(|kind| [(kind, 1), (kind, 2)]).collect();
    let log = log_of(&script).await;
    let sections = prefix(&*log, log.head().position).to_sections().unwrap();
    let sum =
        sections.closed.iter().fold(crc32c::crc32c(&sections.core), |sum, section| crc32c::crc32c_append(sum, section));
    assert_eq!((crate::projection::SCHEMA, sum), (3, 128_816_313));
}

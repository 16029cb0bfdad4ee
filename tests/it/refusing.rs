//! A log that cannot write: what is said is refused with the reason or comes again; looks go on; nobody starts anything anew.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use insta::assert_snapshot;
use yoman::log::{
    Append, AppendError, Appended, CommandId, Commit, EventLog, Head, Health, Live, Position, ReadError, StreamId,
    Version, Visit, memory::MemoryLog,
};
use yoman_chat::Receipt;

use crate::stage::{PATIENCE, Stage};

/// How a log is at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Mood {
    Well = 0,
    Full = 1,
    Failing = 2,
}

/// A log in memory that refuses as told.
#[derive(Debug, Default)]
struct Moody {
    log: MemoryLog,
    mood: AtomicU8,
    /// So many appends go well all the same.
    well: AtomicU8,
}

impl Moody {
    fn be(&self, mood: Mood) {
        self.mood.store(mood as u8, Ordering::Relaxed);
    }
}

#[async_trait]
impl EventLog for Moody {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let well = self.well.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        if well.is_ok() {
            return self.log.append(append).await;
        }
        match self.mood.load(Ordering::Relaxed) {
            1 => Err(AppendError::DiskFull { free_mb: 12, floor_mb: 64 }),
            2 => Err(AppendError::Failed("the disk is on fire".into())),
            _ => self.log.append(append).await,
        }
    }

    fn read_stream(&self, stream: &StreamId, from: Version, visit: Visit<'_>) -> Result<(), ReadError> {
        self.log.read_stream(stream, from, visit)
    }

    fn read_all(&self, after: Position, visit: Visit<'_>) -> Result<(), ReadError> {
        self.log.read_all(after, visit)
    }

    fn version(&self, stream: &StreamId) -> Result<Version, ReadError> {
        self.log.version(stream)
    }

    fn find_command(&self, command: &CommandId) -> Result<Option<Arc<Commit>>, ReadError> {
        self.log.find_command(command)
    }

    fn head(&self) -> Head {
        self.log.head()
    }

    fn live(&self) -> Live {
        self.log.live()
    }

    fn health(&self) -> Health {
        let refusing = (self.mood.load(Ordering::Relaxed) == 1).then(|| "only 12 MB are left".to_owned());
        Health { refusing, ..self.log.health() }
    }

    async fn close(&self) -> Result<(), AppendError> {
        self.log.close().await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_with_the_reason_and_looks_go_on() {
    let log = Arc::new(Moody::default());
    let mut stage = Stage::on(log.clone()).await;
    let kim = stage.direct("telegram", "kim");
    stage.own(&kim).await;
    stage.forget();
    stage.say(&kim, "/idea Offline mode").await;
    log.be(Mood::Full);
    stage.say(&kim, "/todo Fix login").await;
    stage.press(&kim, "Board").await;
    stage.say(&kim, "/promote I1").await;
    stage.say(&kim, "/tz Europe/Berlin").await;
    let status = stage.say(&kim, "/status").await.concat();
    assert!(status.contains("Nothing can be saved"), "{status}");
    stage.forget();
    stage.say(&kim, "I1").await;
    log.be(Mood::Well);
    // The refused one was answered; sending it again is another message, and no number was lost.
    stage.say(&kim, "/todo Fix login").await;
    stage.say(&kim, "/promote I1").await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_full_disk_says_is_clear() {
    let log = Arc::new(Moody::default());
    let mut stage = Stage::on(log.clone()).await;
    let (kim, dana) = (stage.direct("telegram", "kim"), stage.direct("discord", "dana"));
    stage.own(&kim).await;
    let code = stage.code_for(&dana).await;
    stage.say(&kim, "/todo Fix login").await;
    stage.forget();
    log.be(Mood::Full);
    stage.say(&kim, "/todo One\n/T1 done\n/T1").await;
    stage.say(&kim, "A bare sentence").await;
    stage.say(&kim, &format!("/pair {code}")).await;
    log.be(Mood::Well);
    // The code was not spent.
    stage.say(&kim, &format!("/pair {code}")).await;
    assert_snapshot!(stage.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_failed_keeps_nothing_and_the_platform_delivers_again() {
    let log = Arc::new(Moody::default());
    let mut stage = Stage::on(log.clone()).await;
    let kim = stage.direct("telegram", "kim");
    stage.own(&kim).await;
    let shown = kim.bot.shown(&kim.room).len();
    log.be(Mood::Failing);
    let message = stage.message(&kim, "/todo Fix login");
    assert!(matches!(stage.submit(message.clone()).await, Receipt::NotKept { why } if why.contains("on fire")));
    // Delivered again and again until it is kept; a look behind it keeps its place.
    let look = stage.message(&kim, "T1");
    kim.bot.push(message);
    kim.bot.push(look);
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert_eq!(kim.bot.shown(&kim.room).len(), shown);
    log.be(Mood::Well);
    kim.bot.wait_shown(&kim.room, shown + 2, PATIENCE).await;
    stage.quiet(&kim.bot).await;
    let texts = stage.came(&kim)[shown..].to_vec();
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert_eq!(texts[0], "T1 created   Fix login");
    assert!(texts[1].starts_with("T1 open"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_of_which_a_part_was_kept_is_finished_when_it_comes_again() {
    let log = Arc::new(Moody::default());
    let mut stage = Stage::on(log.clone()).await;
    let kim = stage.direct("telegram", "kim");
    stage.own(&kim).await;
    let (head, shown) = (stage.head(), kim.bot.shown(&kim.room).len());
    let message = stage.message(&kim, "/idea One\n/promote I1\n/todo Two\n/done T1");
    // One part, then half a promotion, then one more.
    for (well, commits) in [(1, 1), (1, 2), (2, 4)] {
        log.well.store(well, Ordering::Relaxed);
        log.be(Mood::Failing);
        assert!(matches!(stage.submit(message.clone()).await, Receipt::NotKept { .. }));
        assert_eq!(stage.head(), head + commits);
    }
    assert_eq!(kim.bot.shown(&kim.room).len(), shown);
    log.be(Mood::Well);
    assert_eq!(stage.submit(message).await, Receipt::KEPT);
    stage.quiet(&kim.bot).await;
    assert_eq!(stage.head(), head + 5);
    assert_eq!(
        stage.came(&kim)[shown..],
        ["I1 created   One", "I1 -> R1 running   One", "T1 created   Two", "T1 done   Two"]
    );
}

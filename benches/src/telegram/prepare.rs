//! What a bot finds in its data directory when it is started: people who were let in, and logs of a certain length.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use rusqlite::Connection;
use yoman::{
    domain::{Bucket, Event, ItemRef, Priority, Tag, item, item::Fact, stored, todo},
    log::{
        Append, CommandId, EventLog, Expected, Meta, Origin, StreamId,
        sled::{Options, SledLog},
    },
};

use super::{
    Outcome,
    stage::Stage,
    subject::{Programs, Subject, copy},
};

/// People on every stage, each with a chat.
pub const PEOPLE: usize = 20;
/// Message numbers that were used up to let them in, at most.
pub const USED: usize = 1_000;
/// How many append at a time when a log is built.
const BUILDERS: u64 = 256;
/// Events of one item in a built log.
pub const EVENTS_PER_ITEM: u64 = 6;

/// Data directories, made once and copied for every use.
pub struct Prepared {
    root: PathBuf,
    template: PathBuf,
    used: AtomicU64,
}

impl Prepared {
    /// Lets the people into yoman, the way people are let in.
    pub async fn new(root: &Path, programs: &Programs) -> Outcome<Self> {
        let template = root.join("template");
        let stage = Stage::new(PEOPLE, 0).await?;
        let bot = programs.start(Subject::Yoman, &stage, &template, false)?;
        let code = claim_code(&template.join("stdout")).await?;
        let [owner, others @ ..] = stage.people.as_slice() else { return Err("no people".into()) };
        said(&stage, *owner, &format!("/claim {code}")).await?;
        for &other in others {
            let answer = said(&stage, other, "/start").await?;
            let code = word_after(&answer, "/pair").ok_or("no pairing code")?;
            said(&stage, *owner, &format!("/pair {code}")).await?;
        }
        bot.stop().await?;
        Ok(Self { root: root.to_owned(), template, used: AtomicU64::new(0) })
    }

    /// A directory of its own for one start, with the people let in and nothing else.
    pub fn fresh(&self, subject: Subject) -> Outcome<PathBuf> {
        let number = self.used.fetch_add(1, Ordering::Relaxed);
        let dir = self.root.join(format!("{}-{number}", subject.name()));
        fs::create_dir_all(&dir)?;
        if subject == Subject::Yoman {
            copy(&self.template.join("data"), &dir.join("data"))?;
        }
        Ok(dir)
    }

    /// A directory with so many items: yoman's have [`EVENTS_PER_ITEM`] events each, the peer has a row for each.
    pub async fn with_items(&self, subject: Subject, items: u64) -> Outcome<PathBuf> {
        let dir = self.fresh(subject)?;
        match subject {
            Subject::Yoman => build_log(&dir.join("data"), items).await?,
            Subject::Teloxide | Subject::Errbot | Subject::Hubot | Subject::PythonTelegramBot => {
                peer_rows(&dir, items)?
            }
        }
        Ok(dir)
    }
}

/// The code yoman prints on a new log.
async fn claim_code(stdout: &Path) -> Outcome<String> {
    for _ in 0..500 {
        if let Some(code) = fs::read_to_string(stdout).ok().and_then(|text| word_after(&text, "/claim")) {
            return Ok(code);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Err("yoman printed no claim code within 5 s".into())
}

/// Somebody says something, and this is the answer.
async fn said(stage: &Stage, who: i64, text: &str) -> Outcome<String> {
    let before = stage.telegram.shown(who).len();
    stage.telegram.write(who, text)?;
    let shown = stage.telegram.wait_shown(who, before + 1, Duration::from_secs(5)).await;
    let answer = shown.get(before).ok_or_else(|| format!("{text:?} was not answered"))?;
    Ok(answer.text.clone())
}

fn word_after(text: &str, word: &str) -> Option<String> {
    let mut words = text.split_whitespace();
    words.find(|it| *it == word)?;
    words.next().map(str::to_owned)
}

/// How many messages a peer has kept.
pub fn rows(dir: &Path) -> Outcome<usize> {
    let db = Connection::open(dir.join("peer.db"))?;
    let count: i64 = db.query_row("select count(*) from messages", [], |row| row.get(0))?;
    Ok(usize::try_from(count)?)
}

fn peer_rows(dir: &Path, rows: u64) -> Outcome<()> {
    let mut db = Connection::open(dir.join("peer.db"))?;
    db.pragma_update(None, "journal_mode", "wal")?;
    db.execute_batch(
        "create table messages (chat integer not null, message integer not null, sender integer, text text not null,
            sent_at integer not null, primary key (chat, message))",
    )?;
    let transaction = db.transaction()?;
    {
        let mut insert = transaction.prepare("insert into messages values (?, ?, ?, ?, ?)")?;
        for row in 0..rows as i64 {
            let chat = 1001 + row % PEOPLE as i64;
            insert.execute((
                chat,
                -row,
                chat,
                format!("item {row}, one of the things to keep in mind"),
                1_700_000_000 + row,
            ))?;
        }
    }
    transaction.commit()?;
    Ok(())
}

/// Appends items through the library: each is created with a tag and a priority, noted, started and done.
async fn build_log(data: &Path, items: u64) -> Outcome<()> {
    let log = Arc::new(SledLog::open(Options::new(data))?);
    let next = Arc::new(AtomicU64::new(1));
    let mut builders = tokio::task::JoinSet::new();
    for _ in 0..BUILDERS {
        let (log, next) = (Arc::clone(&log), Arc::clone(&next));
        builders.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number > items {
                    return Outcome::Ok(());
                }
                for append in life(u32::try_from(number)?)? {
                    log.append(append).await?;
                }
            }
        });
    }
    while let Some(built) = builders.join_next().await {
        built??;
    }
    log.close().await?;
    Ok(())
}

/// The commits of one item.
fn life(number: u32) -> Outcome<Vec<Append>> {
    let title = format!("item {number}, one of the things to keep in mind");
    let created = todo::Event::Created { title, body: String::new(), from: None };
    let tag = item::Event::Fact(Fact::Tagged { tag: Tag::new(TAGS[number as usize % TAGS.len()])? });
    let urgent = item::Event::Fact(Fact::Prioritised { priority: Priority::High });
    let noted = Fact::Noted { text: "somebody looked into it and wrote this down".into(), corrects: None };
    let commits = vec![
        vec![item::Event::Todo(created), tag, urgent],
        vec![item::Event::Fact(noted)],
        vec![item::Event::Todo(todo::Event::Started)],
        vec![item::Event::Todo(todo::Event::Completed { despite: Vec::new() })],
    ];
    let stream = StreamId::new(ItemRef::new(Bucket::Todo, number).stream());
    let mut version = 0;
    let appends = commits
        .into_iter()
        .enumerate()
        .map(|(n, events)| {
            let expected = Expected::of(version);
            version += events.len() as u64;
            let command = CommandId::new(format!("bench/{number}/{n}"));
            Append {
                stream: stream.clone(),
                expected,
                events: events.into_iter().map(|event| stored::encode(&Event::Item(event))).collect(),
                meta: Meta {
                    command: command.clone(),
                    text: "/todo one of the things to keep in mind".into(),
                    actor: "person/1".into(),
                    origin: Origin {
                        bot: "telegram".into(),
                        room: "telegram/1001".into(),
                        message: format!("b{number}"),
                    },
                    correlation: command,
                    causation: None,
                    recorded_at: Default::default(),
                },
            }
        })
        .collect();
    Ok(appends)
}

const TAGS: [&str; 5] = ["auth", "web", "docs", "release", "phone"];

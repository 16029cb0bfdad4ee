//! The log without a chat: a small bank. Accounts and transfers are streams; what is decided is decided by pure functions;
//! a transfer over two accounts is a process manager that survives a crash between its steps; a balance can be asked for as
//! of any instant. `cargo run --example bank` tells a short story with it, and `bank/tests.rs` tries what the story shows.
//!
//! Read it from the top: what happens (events), what follows (evolve), what may be done (decide), how it is kept (`Bank`), what
//! reacts (`Bank::settle`).

#![expect(clippy::print_stdout, reason = "an example tells what it does")]

use std::{collections::HashMap, error::Error, ops::ControlFlow, path::Path};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::to_raw_value;
use yoman::log::{
    Append, AppendError, CommandId, Commit, Entry, EventLog, Expected, Meta, Origin, Position, StoredEvent, StreamId,
    Version,
    sled::{Options, SledLog},
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

// ---- What happens. The stored names are ours to keep for ever, whatever the variants are called later.

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
enum AccountEvent {
    Opened {
        owner: String,
    },
    Deposited {
        cents: u64,
    },
    /// Sent by a transfer.
    Debited {
        cents: u64,
    },
    /// Received by a transfer.
    Credited {
        cents: u64,
    },
    /// A transfer that did not arrive came back.
    Refunded {
        cents: u64,
    },
    Closed,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
enum TransferEvent {
    Asked { from: String, to: String, cents: u64 },
    Arrived,
    Failed { why: String },
}

// ---- What follows: state and event to state. It cannot fail, since what happened has happened.

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Account {
    open: bool,
    cents: u64,
}

/// An account holds no more.
const CENTS_MAX: u64 = 1_000_000_000_000;
/// Raised when `evolve` changes what it makes of old events: snapshots made by another one are not ours.
const EVOLVE_VERSION: u32 = 1;

fn evolve(mut account: Account, event: &AccountEvent) -> Account {
    match event {
        AccountEvent::Opened { .. } => account.open = true,
        AccountEvent::Deposited { cents } | AccountEvent::Credited { cents } | AccountEvent::Refunded { cents } => {
            account.cents = account.cents.saturating_add(*cents);
        }
        AccountEvent::Debited { cents } => account.cents = account.cents.saturating_sub(*cents),
        AccountEvent::Closed => account.open = false,
    }
    account
}

// ---- What may be done: state and command to an event, or the reason why not. No clock, no disk, no luck.

#[derive(Clone, Debug)]
enum Do {
    Open { owner: String },
    Deposit { cents: u64 },
    Debit { cents: u64 },
    Credit { cents: u64 },
    Refund { cents: u64 },
    Close,
}

fn decide(account: &Account, command: &Do) -> std::result::Result<AccountEvent, String> {
    match command {
        Do::Open { .. } if account.open => Err("it is open already".into()),
        Do::Open { owner } => Ok(AccountEvent::Opened { owner: owner.clone() }),
        // Whoever gets money back gets it back, even on a closed account: else it would be nowhere.
        Do::Refund { cents } => Ok(AccountEvent::Refunded { cents: *cents }),
        _ if !account.open => Err("there is no open account".into()),
        Do::Deposit { cents } | Do::Credit { cents } if cents.saturating_add(account.cents) > CENTS_MAX => {
            Err("that is more than an account holds".into())
        }
        Do::Deposit { cents } => Ok(AccountEvent::Deposited { cents: *cents }),
        Do::Debit { cents } if account.cents < *cents => Err(format!("{} cents are too few", account.cents)),
        Do::Debit { cents } => Ok(AccountEvent::Debited { cents: *cents }),
        Do::Credit { cents } => Ok(AccountEvent::Credited { cents: *cents }),
        Do::Close if account.cents > 0 => Err("there is money on it".into()),
        Do::Close => Ok(AccountEvent::Closed),
    }
}

// ---- How it is kept.

/// A state that was folded once, with what it must fit to be used again. It may be lost at any time.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Snapshot {
    evolve: u32,
    version: Version,
    /// Of the commit that brought the stream to `version`: another log has another one there.
    position: Position,
    account: Account,
}

struct Bank {
    log: SledLog,
    /// As JSON, as they would stand in a file.
    snapshots: HashMap<String, String>,
}

fn account(name: &str) -> StreamId {
    StreamId::new(format!("account/{name}"))
}

fn read<E: DeserializeOwned>(commit: &Commit) -> Vec<E> {
    let stored = |event: &StoredEvent| serde_json::to_value(event).and_then(serde_json::from_value).ok();
    commit.events.iter().filter_map(stored).collect()
}

fn stored(event: &impl Serialize) -> Result<StoredEvent> {
    let value = serde_json::to_value(event)?;
    let name = value["type"].as_str().unwrap_or_default().into();
    Ok(StoredEvent { name, schema: 1, data: to_raw_value(&value["data"])? })
}

impl Bank {
    fn open(dir: &Path) -> Result<Self> {
        Ok(Self { log: SledLog::open(Options::new(dir))?, snapshots: HashMap::new() })
    }

    /// An account as it stands, and its version.
    fn load(&mut self, name: &str) -> Result<(Account, Version)> {
        let (mut state, mut version, mut newest) = (Account::default(), 0, Position::START);
        let snapshot: Option<Snapshot> = self.snapshots.get(name).and_then(|json| serde_json::from_str(json).ok());
        if let Some(snapshot) =
            snapshot.filter(|snapshot| snapshot.evolve == EVOLVE_VERSION && self.fits(name, snapshot))
        {
            (state, version, newest) = (snapshot.account, snapshot.version, snapshot.position);
        } else {
            self.snapshots.remove(name);
        }
        self.log.read_stream(&account(name), version + 1, &mut |entry| {
            if let Entry::Commit(commit) = entry {
                state = read(&commit).iter().fold(std::mem::take(&mut state), evolve);
                (version, newest) = (commit.last_version(), commit.position);
            }
            ControlFlow::Continue(())
        })?;
        let snapshot = Snapshot { evolve: EVOLVE_VERSION, version, position: newest, account: state.clone() };
        self.snapshots.insert(name.to_owned(), serde_json::to_string(&snapshot)?);
        Ok((state, version))
    }

    /// Whether the log has, at the snapshot's version, the very commit it was made after.
    fn fits(&self, name: &str, snapshot: &Snapshot) -> bool {
        let commit = self.log.read_at(snapshot.position).ok().flatten();
        commit.is_some_and(|commit| commit.stream == account(name) && commit.last_version() == snapshot.version)
    }

    /// The balance as it was at an instant.
    fn balance_at(&self, name: &str, instant: DateTime<Utc>) -> Result<u64> {
        let mut state = Account::default();
        self.log.read_until(&account(name), instant, &mut |entry| {
            if let Entry::Commit(commit) = entry {
                state = read(&commit).iter().fold(std::mem::take(&mut state), evolve);
            }
            ControlFlow::Continue(())
        })?;
        Ok(state.cents)
    }

    /// Carries out a command, once: under an id that was accepted before, nothing happens again. `Ok(Err(why))`: refused.
    async fn act(&mut self, id: &str, name: &str, command: &Do) -> Result<std::result::Result<(), String>> {
        let id = CommandId::new(id);
        if self.log.find_command(&id)?.is_some() {
            return Ok(Ok(()));
        }
        loop {
            let (state, version) = self.load(name)?;
            let event = match decide(&state, command) {
                Ok(event) => event,
                Err(why) => return Ok(Err(why)),
            };
            match self.append(account(name), version, &event, &id, None).await {
                // Somebody was faster: decide again, on what is the case now.
                Err(AppendError::Conflict { .. }) => {}
                other => return Ok(other.map(|_| Ok(()))?),
            }
        }
    }

    async fn append(
        &self,
        stream: StreamId,
        version: Version,
        event: &impl Serialize,
        id: &CommandId,
        cause: Option<Position>,
    ) -> std::result::Result<Position, AppendError> {
        let event = stored(event).map_err(|error| AppendError::Unacceptable(error.to_string()))?;
        let meta = Meta {
            command: id.clone(),
            text: String::new(),
            actor: "bank".into(),
            origin: Origin { bot: "bank".into(), ..Origin::default() },
            correlation: id.clone(),
            causation: cause,
            recorded_at: DateTime::UNIX_EPOCH,
        };
        let append = Append { stream, expected: Expected::of(version), events: vec![event], meta };
        Ok(self.log.append(append).await?.commit.position)
    }

    /// Asks for a transfer. What follows from it is [`Bank::settle`]'s.
    async fn transfer(&self, id: &str, from: &str, to: &str, cents: u64) -> Result<Position> {
        let event = TransferEvent::Asked { from: from.into(), to: to.into(), cents };
        let stream = StreamId::new(format!("transfer/{id}"));
        Ok(self.append(stream, 0, &event, &CommandId::new(format!("transfer/{id}")), None).await?)
    }

    // ---- What reacts: a process manager. Events in, commands out; each under an id that follows from the event.

    /// Brings every transfer that was asked for to its end. Run again after a crash it goes on where it was: steps that were
    /// taken are found under their ids and not taken twice. (A real one keeps a cursor instead of reading from the start.)
    async fn settle(&mut self) -> Result<()> {
        let mut asked = Vec::new();
        self.log.read_all(Position::START, &mut |entry| {
            if let Entry::Commit(commit) = entry
                && commit.stream.as_str().starts_with("transfer/")
                && let [TransferEvent::Asked { from, to, cents }] = read(&commit).as_slice()
            {
                asked.push((commit.stream.clone(), commit.position, from.clone(), to.clone(), *cents));
            }
            ControlFlow::Continue(())
        })?;
        for (stream, cause, from, to, cents) in asked {
            if self.log.version(&stream)? == 1 {
                let outcome = self.move_money(&stream, &from, &to, cents).await?;
                let id = CommandId::new(format!("{stream}/outcome"));
                self.append(stream, 1, &outcome, &id, Some(cause)).await?;
            }
        }
        Ok(())
    }

    /// Debit, then credit; and back again when nobody takes it.
    async fn move_money(&mut self, transfer: &StreamId, from: &str, to: &str, cents: u64) -> Result<TransferEvent> {
        let step = |name: &str| format!("{transfer}/{name}");
        if let Err(why) = self.act(&step("debit"), from, &Do::Debit { cents }).await? {
            return Ok(TransferEvent::Failed { why: format!("{from}: {why}") });
        }
        // A crash may lie between the refund and the outcome: what went back must not be sent again.
        let went_back = self.log.find_command(&CommandId::new(step("refund")))?.is_some();
        let refused = if went_back {
            Err("it went back".to_owned())
        } else {
            self.act(&step("credit"), to, &Do::Credit { cents }).await?
        };
        let Err(why) = refused else { return Ok(TransferEvent::Arrived) };
        self.act(&step("refund"), from, &Do::Refund { cents }).await?.map_err(|why| format!("no refund: {why}"))?;
        Ok(TransferEvent::Failed { why: format!("{to}: {why}") })
    }

    /// What became of a transfer.
    fn outcome(&self, id: &str) -> Result<Option<TransferEvent>> {
        let mut newest = None;
        self.log.read_stream(&StreamId::new(format!("transfer/{id}")), 2, &mut |entry| {
            if let Entry::Commit(commit) = entry {
                newest = read(&commit).pop();
            }
            ControlFlow::Continue(())
        })?;
        Ok(newest)
    }
}

// ---- The story.

#[tokio::main]
async fn main() -> Result<()> {
    let dir = tempfile::tempdir()?;
    for line in story(dir.path()).await? {
        println!("{line}");
    }
    Ok(())
}

async fn story(dir: &Path) -> Result<Vec<String>> {
    let mut said = Vec::new();
    let mut bank = Bank::open(dir)?;
    for (id, name) in [("c1", "ada"), ("c2", "bob")] {
        bank.act(id, name, &Do::Open { owner: name.to_owned() }).await??;
    }
    bank.act("c3", "ada", &Do::Deposit { cents: 10_000 }).await??;
    bank.act("c3", "ada", &Do::Deposit { cents: 10_000 }).await??;
    said.push(format!("ada deposited once, however often it was said: {} cents", bank.load("ada")?.0.cents));
    let refused = bank.act("c4", "ada", &Do::Close).await?;
    said.push(format!("closing it now: {refused:?}"));
    let then = Utc::now();

    bank.transfer("1", "ada", "bob", 2_500).await?;
    bank.settle().await?;
    said.push(format!(
        "transfer 1: {:?}; ada {}, bob {}",
        bank.outcome("1")?,
        bank.load("ada")?.0.cents,
        bank.load("bob")?.0.cents
    ));

    bank.transfer("2", "ada", "bob", 99_999).await?;
    bank.settle().await?;
    said.push(format!("transfer 2: {:?}", bank.outcome("2")?));

    // The process dies after the debit: the money is on neither account. The next one finishes it, once.
    bank.transfer("3", "ada", "nobody", 1_000).await?;
    bank.act("transfer/3/debit", "ada", &Do::Debit { cents: 1_000 }).await??;
    said.push(format!("a crash in the middle of transfer 3: ada {}", bank.load("ada")?.0.cents));
    bank.log.close().await?;
    drop(bank);
    let mut bank = Bank::open(dir)?;
    bank.settle().await?;
    bank.settle().await?;
    said.push(format!("after the restart: {:?}; ada {}", bank.outcome("3")?, bank.load("ada")?.0.cents));

    said.push(format!("ada had {} cents before the first transfer", bank.balance_at("ada", then)?));
    bank.log.close().await?;
    Ok(said)
}

#[cfg(test)]
#[path = "bank/tests.rs"]
mod tests;

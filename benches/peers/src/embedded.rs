//! redb as a log: a row a commit, and a row each for what checks versions and command ids, one transaction for all that waits.

use std::path::Path;

use redb::{Database, ReadableTable as _, TableDefinition};
use yoman::log::Append;
use yoman_benches::log::engines::{Sink, record_of};

const LOG: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("log");
const STREAMS: TableDefinition<'_, (&str, u64), u64> = TableDefinition::new("streams");
const COMMANDS: TableDefinition<'_, &str, u64> = TableDefinition::new("commands");

/// redb with its default durability: each commit is synced.
pub(crate) struct Redb {
    db: Database,
    position: u64,
}

impl Redb {
    pub(crate) fn open(dir: &Path) -> Self {
        let db = Database::create(dir.join("log.redb")).expect("redb opens");
        let begun = db.begin_write().expect("a transaction");
        let newest =
            begun.open_table(LOG).expect("a table").last().expect("the newest").map_or(0, |(it, _)| it.value());
        begun.commit().expect("a commit");
        Self { db, position: newest }
    }
}

impl Sink for Redb {
    fn commit(&mut self, group: Vec<Append>) {
        let transaction = self.db.begin_write().expect("a transaction");
        {
            let mut log = transaction.open_table(LOG).expect("a table");
            let mut streams = transaction.open_table(STREAMS).expect("a table");
            let mut commands = transaction.open_table(COMMANDS).expect("a table");
            for append in group {
                self.position += 1;
                let version = append.expected.version() + 1;
                assert!(streams.insert((append.stream.as_str(), version), self.position).expect("an insert").is_none());
                assert!(commands.insert(append.meta.command.as_str(), self.position).expect("an insert").is_none());
                let mut bytes = Vec::new();
                record_of(append, self.position, &mut bytes);
                log.insert(self.position, bytes.as_slice()).expect("an insert");
            }
        }
        transaction.commit().expect("a commit");
    }
}

//! How far it is, on standard error: on one line while somebody looks, else a line every few seconds.

use std::{
    io::{self, IsTerminal as _, Write as _},
    sync::{
        Arc,
        mpsc::{RecvTimeoutError, Sender, channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use yoman::log::{progress::Progress, sled::Verification};

use super::super::{complain, plain, say};

/// On a terminal.
const LOOKED_AT_EVERY: Duration = Duration::from_millis(200);
/// In a file, where each is a line.
const LINES_EVERY: Duration = Duration::from_secs(5);

/// Shows it until it is ended.
pub(super) struct Shown {
    end: Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl Shown {
    pub(super) fn begin(progress: Arc<Progress>) -> Self {
        let (end, ended) = channel();
        let looked_at = io::stderr().is_terminal();
        let every = if looked_at { LOOKED_AT_EVERY } else { LINES_EVERY };
        let show = move || {
            let mut drawn = false;
            while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(every) {
                let (stage, done, total) = progress.look();
                if stage.is_empty() {
                    continue;
                }
                let percent = (done.min(total) * 100).checked_div(total);
                let share = percent.map_or(String::new(), |percent| format!(" of {total}, {percent} %"));
                if looked_at {
                    drawn = true;
                    let _ = write!(io::stderr(), "\r\x1b[2K{stage}: {done}{share}");
                } else {
                    complain(format_args!("{stage}: {done}{share}"));
                }
            }
            if drawn {
                let _ = write!(io::stderr(), "\r\x1b[2K");
            }
        };
        let thread = thread::Builder::new().name("yoman-progress".into()).spawn(show).ok();
        Self { end, thread }
    }

    pub(super) fn end(mut self) {
        let _ = self.end.send(());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The stages that the other side may be at, as they are kept here.
pub(super) fn stage(name: &str) -> &'static str {
    const STAGES: [&str; 6] =
        ["reading the log", "comparing the index", "folding the log", "writing the backup", "exporting", "archiving"];
    STAGES.into_iter().find(|stage| *stage == name).unwrap_or("at work")
}

/// What a verification found, for people; whether all is well.
pub(super) fn verification(found: &Verification) -> bool {
    for fault in &found.faults {
        let at = fault.position.map(|position| format!("position {position} ")).unwrap_or_default();
        let stream = fault.stream.as_ref().map(|stream| format!("({}) ", plain(stream))).unwrap_or_default();
        say(format_args!("FAULT  {at}{stream}{}", plain(&fault.what)));
    }
    if found.more_faults > 0 {
        say(format_args!("FAULT  and {} more", found.more_faults));
    }
    for note in &found.notes {
        say(format_args!("note   {}", plain(note)));
    }
    let archived = match found.archived.0 {
        0 => String::new(),
        archived => format!(", up to {archived} from the archive"),
    };
    say(format_args!(
        "read   {} commits with {} events of {} streams{archived}; {} lines of the journal compared",
        found.commits, found.events, found.streams, found.journal_lines
    ));
    let well = found.fault_count() == 0;
    say(format_args!(
        "{}  up to position {} with the hash {}",
        if well { "WELL " } else { "WRONG" },
        found.position,
        found.hash
    ));
    well
}

/// Bytes as people say them.
pub(super) fn bytes(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

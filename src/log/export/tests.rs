//! What goes out comes in again, byte by byte; what was damaged on the way is named by its line.

use proptest::prelude::*;

use super::*;
use crate::log::{
    contract::{append, event},
    memory::MemoryLog,
};

fn exported(log: &dyn EventLog, format: Format) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut write = |piece: &[u8]| {
        bytes.extend_from_slice(piece);
        Ok(())
    };
    export(log, format, &Progress::default(), &mut write).unwrap();
    bytes
}

fn imported(bytes: &[u8]) -> (Vec<Commit>, Imported) {
    let mut commits = Vec::new();
    let read = import::<String>(bytes, &mut |_, commit| {
        commits.push(commit);
        Taken::Yes
    });
    (commits, read.unwrap())
}

fn written(commits: &[Commit], format: Format) -> Vec<u8> {
    let mut bytes = Vec::new();
    for commit in commits {
        match format {
            Format::Jsonl => line_of(commit, &mut bytes).unwrap(),
            Format::CloudEvents => cloud_events::write(commit, &mut bytes).unwrap(),
        }
    }
    bytes
}

async fn some_log() -> MemoryLog {
    let log = MemoryLog::new();
    for number in 0..30u64 {
        let mut request = append(&format!("todo/{}", number % 3), number / 3 * 2, &format!("c/{number}"));
        request.events = vec![event("noted", "{\n \"a\" : \"b\\nc\" }"), event("tagged", "{\"tag\":\"größe\"}")];
        request.meta.text = format!("/todo 100%\nof it\r\u{7f} {number}");
        request.meta.causation = (number % 2 == 0).then_some(Position(number));
        log.append(request).await.unwrap();
    }
    log
}

#[tokio::test]
async fn both_ways_come_back_as_they_went() {
    let log = some_log().await;
    let (jsonl, cloud) = (exported(&log, Format::Jsonl), exported(&log, Format::CloudEvents));
    assert_eq!((jsonl.lines().count(), cloud.lines().count()), (30, 60));
    let (commits, read) = imported(&jsonl);
    assert_eq!((read.commits, &read.skipped[..]), (30, &[][..]));
    assert_eq!(written(&commits, Format::Jsonl), jsonl);
    let (again, read) = imported(&cloud);
    assert_eq!((read.commits, read.lines, &read.skipped[..]), (30, 60, &[][..]));
    assert_eq!(again, commits);
    assert_eq!(written(&again, Format::CloudEvents), cloud);
}

#[tokio::test]
async fn what_other_programs_do_to_lines_is_survived() {
    let log = some_log().await;
    let text = String::from_utf8(exported(&log, Format::Jsonl)).unwrap();
    let lines: Vec<_> = text.lines().collect();
    let mut bytes = b"\xef\xbb\xbf".to_vec();
    for (number, line) in lines.iter().enumerate() {
        match number {
            3 => bytes.extend_from_slice(&line.as_bytes()[..40]),
            5 => bytes.extend_from_slice(b"{\"position\":\xff}"),
            7 => bytes
                .extend_from_slice(line.replace("\"first_version\":", "\"weight\":1,\"first_version\":").as_bytes()),
            9 => bytes.extend_from_slice(line.replace("\"position\":10", "\"position\":0").as_bytes()),
            _ => bytes.extend_from_slice(line.as_bytes()),
        }
        bytes.extend_from_slice(if number == 29 { b"" } else { b"\r\n\r\n" });
    }
    let (commits, read) = imported(&bytes);
    assert_eq!(commits.len(), 26);
    let told: Vec<_> = read.skipped.iter().map(|(line, _)| *line).collect();
    assert_eq!(told, [7, 11, 15, 19], "{:?}", read.skipped);
    assert!(read.skipped[2].1.contains("weight"), "{:?}", read.skipped);
}

#[tokio::test]
async fn a_commit_whose_events_are_not_all_there_is_named() {
    let log = some_log().await;
    let text = String::from_utf8(exported(&log, Format::CloudEvents)).unwrap();
    let kept: Vec<_> = text.lines().enumerate().filter(|(number, _)| ![4, 11, 59].contains(number)).collect();
    let bytes = kept.iter().map(|(_, line)| format!("{line}\n")).collect::<String>();
    let (commits, read) = imported(bytes.as_bytes());
    assert_eq!((commits.len(), read.skipped.len()), (27, 3), "{:?}", read.skipped);
}

#[test]
fn whoever_takes_may_refuse_everything() {
    let commits: Vec<_> = (1..=3).map(commit).collect();
    let bytes = written(&commits, Format::Jsonl);
    let outcome = import(&bytes[..], &mut |_, commit| match commit.position.0 {
        2 => Taken::Refused("too new"),
        _ => Taken::Yes,
    });
    assert_eq!(outcome.unwrap_err().to_string(), "line 2: too new");
}

/// The lines of both formats, for ever.
#[test]
fn golden_lines_stay_as_they_are() {
    let golden = [
        (Format::Jsonl, include_str!("../golden/commit-1.jsonl")),
        (Format::CloudEvents, include_str!("../golden/cloudevents-1.jsonl")),
    ];
    let commit = commit(258);
    for (format, lines) in golden {
        assert_eq!(String::from_utf8(written(std::slice::from_ref(&commit), format)).unwrap(), lines);
        assert_eq!(imported(lines.as_bytes()).0, std::slice::from_ref(&commit));
    }
}

fn commit(position: u64) -> Commit {
    let request = append("todo/7", 2, "console/1/2");
    let mut meta = request.meta;
    meta.text = "/todo fix 100%\nof login".to_owned();
    meta.causation = Some(Position(300));
    meta.recorded_at = chrono::DateTime::from_timestamp_micros(1_700_000_000_000_001).unwrap();
    let events = vec![event("todo_created", "{\"title\":\"größer\"}"), event("todo_started", "{}")];
    Commit { position: Position(position), stream: request.stream, first_version: 3, events, meta }
}

proptest! {
    #[test]
    fn any_bytes_are_commits_or_named_lines(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        imported(&bytes);
    }

    #[test]
    fn a_byte_that_flips_costs_one_line_at_most(at in any::<prop::sample::Index>(), flip in 1..=127u8, cloud in any::<bool>()) {
        let commits: Vec<_> = (1..=5).map(commit).collect();
        let mut bytes = written(&commits, if cloud { Format::CloudEvents } else { Format::Jsonl });
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        let (read, _) = imported(&bytes);
        prop_assert!(read.len() >= 3, "{}", read.len());
    }
}

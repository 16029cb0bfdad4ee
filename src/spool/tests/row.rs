//! Rows as bytes: what stands on disk is read for ever, and found whatever is around it.

use proptest::prelude::*;
use yoman_chat::{
    Attachment, AttachmentKind, BotName, Mention, MessageRef, ReplyTo, Room, RoomId, RoomKind, Said, Sender, SenderId,
};

use super::*;

pub(in crate::spool) fn saved(id: &str, said: Said) -> Saved {
    let room = RoomId::new("telegram/-1001/45");
    Saved {
        at: "2026-11-20T09:00:00Z".parse().unwrap(),
        bot: BotName::new("telegram"),
        inbound: Inbound {
            id: id.into(),
            room: Room { id: room, kind: RoomKind::Group, title: Some("The app".into()) },
            sender: Sender {
                id: SenderId::new("telegram/4711"),
                name: "Kim".into(),
                handle: Some("kim".into()),
                language: Some("ko".into()),
            },
            said,
            sent_at: "2026-11-20T08:59:59Z".parse().unwrap(),
        },
        asked: None,
        seen: None,
        told: true,
    }
}

pub(in crate::spool) fn message(id: &str, text: &str) -> Saved {
    let message = MessageRef { room: RoomId::new("telegram/-1001/45"), id: id.into() };
    let said = Said::Message {
        text: text.into(),
        message,
        reply_to: None,
        attachments: Vec::new(),
        mentions: Vec::new(),
        addressed: true,
    };
    saved(&format!("telegram/-1001/45/{id}"), said)
}

/// Everything there is to say, as it was written when it was first kept. Lines are added, never edited.
#[test]
fn what_was_ever_written_is_read() {
    let at = |id: &str| MessageRef { room: RoomId::new("telegram/-1001/45"), id: id.into() };
    let all = [
        Said::Message {
            text: "/done @kim".into(),
            message: at("7"),
            reply_to: Some(ReplyTo { message: at("5"), ours: true, text: Some("T1 open".into()) }),
            attachments: vec![Attachment {
                kind: AttachmentKind::Photo,
                file_id: "f1".into(),
                name: Some("a.png".into()),
                bytes: Some(7),
            }],
            mentions: vec![Mention { written: "@kim".into(), sender: SenderId::new("telegram/4711") }],
            addressed: true,
        },
        Said::Edited { text: "/done".into(), message: at("7"), mentions: Vec::new(), addressed: false },
        Said::Pressed { data: "/refine I1".into(), card: at("5"), words: Some("Only reading".into()) },
        Said::Reacted { message: at("5"), emoji: "✅".into(), added: true },
        Said::Deleted { message: at("7") },
    ];
    let golden = include_str!("row_golden.jsonl");
    for (n, (said, line)) in all.into_iter().zip(golden.lines()).enumerate() {
        let mut saved = saved(&format!("telegram/-1001/45/{n}"), said);
        if n == 0 {
            (saved.asked, saved.seen) = (Some("/refine I1".into()), Some(3));
        }
        assert_eq!(String::from_utf8(encode(&saved).unwrap()).unwrap(), line, "line {n}");
        assert_eq!(serde_json::from_str::<Saved>(line).unwrap(), saved);
    }
    assert_eq!(golden.lines().count(), 5);
}

#[test]
fn a_part_that_is_not_whole_says_so() {
    let json = encode(&message("1", &"long ".repeat(20_000))).unwrap();
    let whole = parts(7, &json);
    assert_eq!(whole.len(), json.len().div_ceil(PART_BYTES));
    let join_all = |parts: &[Vec<u8>]| join(7, parts.iter().map(Vec::as_slice));
    assert_eq!(join_all(&whole).unwrap().inbound.id, "telegram/-1001/45/1");
    assert!(join_all(&whole[..1]).unwrap_err().contains("missing"));
    assert!(join_all(&[whole[1].clone(), whole[0].clone()]).unwrap_err().contains("elsewhere"));
    assert!(join(8, whole.iter().map(Vec::as_slice)).unwrap_err().contains("elsewhere"));
    for (at, why) in [(0, "begin"), (4, "newer yoman"), (30, "checksum"), (12, "checksum")] {
        let mut damaged = whole.clone();
        damaged[0][at] ^= 0x20;
        assert!(join_all(&damaged).unwrap_err().contains(why), "{at}");
    }
    assert!(join_all(&[whole[0][..100].to_vec()]).unwrap_err().contains("cut off"));
    assert!(join(7, []).is_err());
}

#[test]
fn keys_are_in_the_order_of_their_places() {
    assert_eq!(of_key(&key(b'w', 7, 3)), Some((b'w', 7, 3)));
    assert!(key(b'w', 7, 9) < key(b'w', 8, 0) && key(b'w', 255, 0) < key(b'w', 256, 0));
    assert_eq!(of_key(b"w"), None);
}

proptest! {
    /// Rows are found between whatever else there is, each whole or not at all.
    #[test]
    fn rows_are_found_in_any_file(
        rows in prop::collection::vec((1..400_u64, 0..3 * PART_BYTES), 0..6),
        noise in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 8),
        broken in prop::option::of((0..6_usize, 0..40_usize)),
    ) {
        let mut file = Vec::new();
        let mut expected = BTreeMap::new();
        for (n, (place, length)) in rows.iter().enumerate() {
            let row = message(&format!("{place}"), &"x".repeat(*length));
            let mut whole = true;
            for (part, bytes) in parts(*place, &encode(&row).unwrap()).into_iter().enumerate() {
                file.extend_from_slice(&noise[(n + part) % noise.len()]);
                let mut bytes = bytes;
                if let Some((which, at)) = broken && which == n && part == 0 {
                    bytes[at] ^= 0xff;
                    whole = false;
                }
                file.extend_from_slice(&bytes);
            }
            // The same place twice does not happen; here the last one counts, part by part.
            prop_assume!(expected.insert(*place, whole.then_some(row)).is_none());
        }
        let found = carve(&file);
        for (place, row) in &expected {
            prop_assert_eq!(found.rows.get(place), row.as_ref());
        }
        // What is done with is not found again.
        if let Some(place) = expected.keys().next() {
            file.extend_from_slice(&done(*place));
            let found = carve(&file);
            prop_assert!(!found.rows.contains_key(place) && found.done.contains(place));
            prop_assert!(!found.broken.contains_key(place));
        }
    }

    /// Nothing that stands there makes it panic.
    #[test]
    fn anything_can_be_read(bytes in prop::collection::vec(any::<u8>(), 0..300), from in 0..30_usize) {
        let mut parts = parts(1, &encode(&message("1", "x")).unwrap());
        parts[0].truncate(from);
        parts[0].extend_from_slice(&bytes);
        let _ = (join(1, parts.iter().map(Vec::as_slice)), count(&parts[0]), of_key(&bytes));
        carve(&parts[0]);
    }
}

//! A chain read from anywhere gives what its writer has.

use proptest::prelude::*;

use super::*;

fn message(token: u64, number: u64, what: What) -> Message {
    Message { token, number, what }
}

fn row(key: u8, value: Option<u8>) -> BotRow {
    (vec![b'k', key], value.map(|value| vec![1, value]))
}

/// Never changed: other nodes read what this one wrote.
#[test]
fn messages_stand_as_they_always_did() {
    let rows = vec![row(7, Some(9)), row(8, None)];
    for (what, golden) in [
        (What::Claim { node: "a".into() }, "796201d77da8420203000161"),
        (What::Rows { rows, done: true }, "7962012c6db08d02030102026b0701020109026b080001"),
        (What::Begin { anew: true }, "796201c8001bd802030201"),
        (What::Piece { rows: vec![(vec![1], vec![2])] }, "796201206549ac0203030101010102"),
        (What::End, "796201dc76cef1020304"),
    ] {
        let message = message(2, 3, what);
        let bytes = message.encode();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, golden, "{message:?}");
        assert_eq!(Message::decode(&bytes), Ok(message));
    }
}

#[test]
fn what_cannot_be_read_says_so() {
    let mut bytes = message(1, 1, What::End).encode();
    assert_eq!(Message::decode(b""), Err(Unreadable::Damaged));
    assert_eq!(Message::decode(b"hello, world"), Err(Unreadable::Damaged));
    bytes[2] = 2;
    assert_eq!(Message::decode(&bytes), Err(Unreadable::Newer));
    bytes[2] = 1;
    *bytes.last_mut().unwrap() ^= 1;
    assert_eq!(Message::decode(&bytes), Err(Unreadable::Damaged));
}

#[test]
fn rows_are_cut_and_none_is_lost() {
    let rows: Vec<BotRow> = (0..100u32).map(|n| (n.to_be_bytes().to_vec(), Some(vec![0; 12 << 10]))).collect();
    let parts = cut(rows.clone(), |(key, value)| key.len() + value.as_ref().map_or(0, Vec::len));
    assert!(parts.len() > 4);
    for part in &parts {
        let message = message(1, 1, What::Rows { rows: part.clone(), done: true });
        assert!(message.encode().len() < 512 << 10);
    }
    assert_eq!(parts.concat(), rows);
    assert!(cut(Vec::<BotRow>::new(), |_| 0).is_empty());
}

#[derive(Clone, Debug)]
enum Act {
    Write(Vec<(u8, Option<u8>)>, bool),
    Snapshot(bool),
    Interrupted,
    Claim,
    PieceByPiece(Vec<(u8, Option<u8>)>),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let rows = || proptest::collection::vec((0u8..12, proptest::option::of(any::<u8>())), 1..5);
    proptest::collection::vec(
        prop_oneof![
            4 => (rows(), any::<bool>()).prop_map(|(rows, cut)| Act::Write(rows, cut)),
            1 => any::<bool>().prop_map(Act::Snapshot),
            1 => Just(Act::Interrupted),
            1 => Just(Act::Claim),
            2 => rows().prop_map(Act::PieceByPiece),
        ],
        1..30,
    )
}

fn run(step: Step, rows: &mut Rows) {
    match step {
        Step::Nothing => {}
        Step::Apply(new) => {
            for (key, value) in new {
                match value {
                    Some(value) => drop(rows.insert(key, value)),
                    None => drop(rows.remove(&key)),
                }
            }
        }
        Step::Replace(all) => *rows = all.into_iter().collect(),
    }
}

proptest! {
    /// Holders come and go, snapshots are made while rows are written, some are never finished, what is before a whole one is
    /// purged: whoever reads from the beginning, and whoever was there all along, has the rows the writers have.
    #[test]
    fn a_chain_gives_what_its_writers_have(acts in acts(), warm_at in 0usize..60) {
        let mut truth = Rows::new();
        let mut chain: Vec<Message> = Vec::new();
        let (mut token, mut number, mut purge) = (1, 0, 0);
        let mut push = |chain: &mut Vec<Message>, token: u64, what: What| {
            number += 1;
            chain.push(message(token, number, what));
        };
        push(&mut chain, token, What::Claim { node: "first".into() });
        for act in acts {
            match act {
                Act::Write(rows, in_two) => {
                    let rows: Vec<BotRow> = rows.into_iter().map(|(key, value)| row(key, value)).collect();
                    let (first, second) = rows.split_at(if in_two { rows.len() / 2 } else { rows.len() });
                    push(&mut chain, token, What::Rows { rows: first.to_vec(), done: !in_two });
                    if in_two {
                        push(&mut chain, token, What::Rows { rows: second.to_vec(), done: true });
                    }
                    run(Step::Apply(rows), &mut truth);
                }
                Act::Snapshot(anew) => {
                    let begins = chain.len();
                    push(&mut chain, token, What::Begin { anew });
                    // Half of it was looked at before this was written, half of it after.
                    let early: Vec<_> = truth.clone().into_iter().take(3).collect();
                    let rows = vec![row(3, Some(1)), row(5, None)];
                    push(&mut chain, token, What::Rows { rows: rows.clone(), done: true });
                    run(Step::Apply(rows), &mut truth);
                    push(&mut chain, token, What::Piece { rows: early.clone() });
                    let late = truth.clone().into_iter().filter(|(key, _)| !early.iter().any(|(it, _)| it == key));
                    push(&mut chain, token, What::Piece { rows: late.collect() });
                    push(&mut chain, token, What::End);
                    purge = begins;
                }
                Act::Interrupted => {
                    push(&mut chain, token, What::Begin { anew: true });
                    push(&mut chain, token, What::Piece { rows: vec![(vec![b'k', 99], vec![1, 1])] });
                    push(&mut chain, token, What::Rows { rows: vec![row(98, Some(1))], done: false });
                    token += 1;
                    push(&mut chain, token, What::Claim { node: "next".into() });
                }
                Act::Claim => {
                    token += 1;
                    push(&mut chain, token, What::Claim { node: "next".into() });
                }
                Act::PieceByPiece(rows) => {
                    for (key, value) in rows {
                        let rows = vec![row(key, value)];
                        push(&mut chain, token, What::Rows { rows: rows.clone(), done: true });
                        run(Step::Apply(rows), &mut truth);
                    }
                }
            }
        }
        for from in [0, purge] {
            let chain = &chain[from..];
            let warm_at = warm_at % (chain.len() + 1);
            let (mut fold, mut rows) = (Fold::new(), Rows::new());
            for (at, message) in chain.iter().enumerate() {
                if at == warm_at {
                    run(fold.caught_up(), &mut rows);
                }
                run(fold.read(message.clone()), &mut rows);
            }
            run(fold.caught_up(), &mut rows);
            prop_assert_eq!(&rows, &truth, "read from {} of {}, caught up at {}", from, chain.len(), warm_at);
        }
    }

    /// No bytes make it panic.
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..64), sound in any::<bool>()) {
        let mut bytes = bytes;
        if sound && bytes.len() >= 7 {
            bytes[..3].copy_from_slice(b"yb\x01");
            let sum = crc32c::crc32c(&bytes[7..]);
            bytes[3..7].copy_from_slice(&sum.to_be_bytes());
        }
        if let Ok(message) = Message::decode(&bytes) {
            Fold::new().read(message);
        }
    }
}

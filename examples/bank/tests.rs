//! What the bank promises, tried: decisions without a log, a crash at any step, snapshots that do not fit.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_story_ends_well() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(
        story(dir.path()).await.unwrap(),
        [
            "ada deposited once, however often it was said: 10000 cents",
            "closing it now: Err(\"there is money on it\")",
            "transfer 1: Some(Arrived); ada 7500, bob 2500",
            "transfer 2: Some(Failed { why: \"ada: 7500 cents are too few\" })",
            "a crash in the middle of transfer 3: ada 6500",
            "after the restart: Some(Failed { why: \"nobody: there is no open account\" }); ada 7500",
            "ada had 10000 cents before the first transfer",
        ]
    );
}

#[test]
fn what_is_decided_needs_no_log() {
    let open = evolve(Account::default(), &AccountEvent::Opened { owner: "ada".into() });
    assert_eq!(decide(&open, &Do::Debit { cents: 1 }), Err("0 cents are too few".into()));
    let rich = evolve(open, &AccountEvent::Deposited { cents: 5 });
    assert_eq!(decide(&rich, &Do::Debit { cents: 5 }), Ok(AccountEvent::Debited { cents: 5 }));
    assert_eq!(decide(&rich, &Do::Close), Err("there is money on it".into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_at_any_step_changes_nothing_in_the_end() {
    // Steps that were taken before the crash; "bob" takes the money, "nobody" does not.
    for (to, taken) in [("bob", 0), ("bob", 1), ("bob", 2), ("nobody", 0), ("nobody", 1), ("nobody", 2)] {
        let dir = tempfile::tempdir().unwrap();
        let mut bank = Bank::open(dir.path()).unwrap();
        bank.act("a", "ada", &Do::Open { owner: "ada".into() }).await.unwrap().unwrap();
        bank.act("b", "bob", &Do::Open { owner: "bob".into() }).await.unwrap().unwrap();
        bank.act("c", "ada", &Do::Deposit { cents: 100 }).await.unwrap().unwrap();
        bank.transfer("x", "ada", to, 40).await.unwrap();
        let last = if to == "bob" {
            ("credit", "bob", Do::Credit { cents: 40 })
        } else {
            ("refund", "ada", Do::Refund { cents: 40 })
        };
        for (step, name, command) in [("debit", "ada", Do::Debit { cents: 40 }), last].into_iter().take(taken) {
            bank.act(&format!("transfer/x/{step}"), name, &command).await.unwrap().unwrap();
        }
        bank.log.close().await.unwrap();
        drop(bank);
        let mut bank = Bank::open(dir.path()).unwrap();
        if taken == 2 && to == "nobody" {
            // It opens too late: what went back stays back.
            bank.act("d", "nobody", &Do::Open { owner: "x".into() }).await.unwrap().unwrap();
        }
        bank.settle().await.unwrap();
        let cents = (bank.load("ada").unwrap().0.cents, bank.load("bob").unwrap().0.cents);
        assert_eq!(cents, if to == "bob" { (60, 40) } else { (100, 0) }, "{to} {taken}");
        assert_eq!(bank.outcome("x").unwrap() == Some(TransferEvent::Arrived), to == "bob");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshot_that_does_not_fit_is_dropped() {
    let dir = tempfile::tempdir().unwrap();
    let mut bank = Bank::open(dir.path()).unwrap();
    bank.act("a", "ada", &Do::Open { owner: "ada".into() }).await.unwrap().unwrap();
    bank.act("b", "ada", &Do::Deposit { cents: 100 }).await.unwrap().unwrap();
    let right = bank.load("ada").unwrap();
    let good: Snapshot = serde_json::from_str(&bank.snapshots["ada"]).unwrap();
    let lie = Account { open: true, cents: 1_000_000 };
    for wrong in [
        Snapshot { evolve: EVOLVE_VERSION + 1, account: lie.clone(), ..good.clone() },
        Snapshot { position: Position(1), account: lie.clone(), ..good.clone() },
        Snapshot { version: 9, position: Position(9), account: lie, ..good },
    ] {
        bank.snapshots.insert("ada".into(), serde_json::to_string(&wrong).unwrap());
        assert_eq!(bank.load("ada").unwrap(), right);
    }
    bank.snapshots.insert("ada".into(), "nonsense".into());
    assert_eq!(bank.load("ada").unwrap(), right);
}

//! The real program, cut off from NATS and from nothing else: it still reaches Telegram, and could go on speaking. On Linux it
//! runs in a network of its own (`namespace.rs`), where the cable to NATS is pulled out. Where none can be made, that is said,
//! and a proxy (`cable.rs`) keeps back whatever passes between it and NATS.

use std::{
    io::Write as _,
    net::IpAddr,
    process::Command,
    time::{Duration, Instant},
};

#[cfg(target_os = "linux")]
use super::namespace::Namespace;
use super::{
    cable::Cable,
    wire::{PROGRAM, Wire},
};

/// What is between the first process and the servers.
enum Net {
    #[cfg(target_os = "linux")]
    Namespace(Namespace),
    Proxy(Cable),
}

impl Net {
    /// The best there is on this machine, and the servers it leads to.
    async fn lay() -> (Self, Wire) {
        #[cfg(target_os = "linux")]
        let why = match Namespace::new() {
            Ok(namespace) => {
                let wire = Wire::listening(namespace.lost(), namespace.kept()).await;
                return (Self::Namespace(namespace), wire);
            }
            Err(why) => why,
        };
        #[cfg(not(target_os = "linux"))]
        let why = "this is not Linux";
        // Not by a macro: what a test says that passes is not shown.
        let told = format!("no network namespace can be made here ({why}): a process is cut off by a proxy instead\n");
        std::io::stderr().write_all(told.as_bytes()).unwrap();
        let wire = Wire::new().await;
        (Self::Proxy(Cable::to(wire.nats.servers[0].address())), wire)
    }

    /// yoman, where it can be cut off.
    fn program(&self) -> Command {
        match self {
            #[cfg(target_os = "linux")]
            Self::Namespace(namespace) => namespace.program(PROGRAM),
            Self::Proxy(_) => Command::new(PROGRAM),
        }
    }

    /// Where NATS is, seen from there.
    fn nats(&self, wire: &Wire) -> String {
        match self {
            #[cfg(target_os = "linux")]
            Self::Namespace(_) => wire.nats.servers[0].url(),
            Self::Proxy(cable) => cable.url(),
        }
    }

    /// Where what is said from there comes from, if that is another place than everything else.
    fn comes_from(&self) -> Option<IpAddr> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Namespace(namespace) => Some(namespace.comes_from()),
            Self::Proxy(_) => None,
        }
    }

    fn cut(&self) {
        match self {
            #[cfg(target_os = "linux")]
            Self::Namespace(namespace) => namespace.cut(),
            Self::Proxy(cable) => cable.cut(),
        }
    }

    fn mend(&self) {
        match self {
            #[cfg(target_os = "linux")]
            Self::Namespace(namespace) => namespace.mend(),
            Self::Proxy(cable) => cable.mend(),
        }
    }
}

/// Whatever came from there after another had begun to listen for the bot. `None`: that cannot be told here.
fn called_after(net: &Net, wire: &Wire) -> Option<Vec<String>> {
    let there = net.comes_from()?;
    let calls = wire.telegram.calls(None);
    let other = calls.iter().find(|call| call.from != there && call.method.eq_ignore_ascii_case("getUpdates"))?.at_us;
    let late = calls.iter().filter(|call| call.from == there && call.at_us >= other);
    Some(late.map(|call| format!("{} after {} ms", call.method, (call.at_us - other) / 1000)).collect())
}

/// How long the cable is out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Out {
    /// Until the other one speaks: what the first one had sent may still arrive, and the connection is the same.
    Short,
    /// Until the connection is given up.
    Long,
}

/// When the first one was silent, and when the second one spoke.
async fn cut_off(out: Out) -> (Duration, Duration) {
    let (net, wire) = Net::lay().await;
    let first = wire.start_as("first", net.program(), &net.nats(&wire));
    wire.claim(&first).await;
    let second = wire.start("second");
    wire.until_held("first", ("second", &second)).await;
    wire.ask(0..8);
    wire.until("some are answered", &[&first], || (wire.answered().0.len() > 2).then_some(())).await;
    net.cut();
    let since = Instant::now();
    // It still hears them; it must neither answer them nor make Telegram forget them.
    wire.ask(8..16);
    wire.until("the first one knows", &[&first], || first.knows_it_lost().then_some(())).await;
    let silent = since.elapsed();
    let after = wire.goes_on_after(8, since, &[&second]).await;
    wire.all_answered(16, &[&second]).await;
    let said = first.said("stderr");
    assert!(said.contains("why=\"NATS is away"), "{said}");
    if out == Out::Long {
        wire.until("it is given up", &[&first], || {
            let status = wire.tells("first", &["status"]);
            // What it had heard is left to the other one, who can answer it.
            assert!(!status.contains("wait for it"), "{status}");
            status.contains("not reached: ").then_some(())
        })
        .await;
    }

    let before = wire.by_bot().len();
    net.mend();
    wire.until_held("second", ("first", &first)).await;
    wire.until("it reaches the log", &[&first], || {
        (!wire.tells("first", &["status"]).contains("CANNOT BE REACHED")).then_some(())
    })
    .await;
    wire.all_answered(16, &[&first, &second]).await;
    assert_eq!(wire.by_bot().len(), before, "it said nothing more");
    wire.ask(16..20);
    wire.all_answered(20, &[&first, &second]).await;
    if let Some(late) = called_after(&net, &wire) {
        assert!(late.is_empty(), "of the first one Telegram heard: {late:?}");
    }

    // It is there when it is needed again.
    second.stops();
    wire.ask(20..24);
    wire.all_answered(24, &[&first]).await;
    let told = |text: &str| text.contains("errand ");
    let others: Vec<_> = wire.by_bot().into_iter().map(|shown| shown.text).filter(|text| !told(text)).collect();
    assert_eq!(others.len(), 1, "besides that there is only what kim was told as the owner: {others:#?}");
    let doctor = wire.tells("first", &["doctor"]);
    assert!(doctor.contains("telegram: this node speaks for it"), "{doctor}");
    first.stops();
    (silent, after)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_cut_off_from_nats_alone_falls_silent_and_comes_back() {
    let (silent, after) = cut_off(Out::Short).await;
    eprintln!("cut off; silent after {silent:?}, the other one went on after {after:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_is_cut_off_for_longer_comes_back_too() {
    let (silent, after) = cut_off(Out::Long).await;
    eprintln!("cut off; silent after {silent:?}, the other one went on after {after:?}");
}

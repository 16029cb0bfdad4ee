//! Platforms that misbehave, while people talk: storms of 429, servers in trouble for as long as is asked, answers that take
//! for ever or never come, sockets that are open on one side alone, sessions that are forgotten, everything handed over again
//! and in another order, payloads nobody meant; and clients that say a byte a second at the ways in over HTTP. Then everything
//! is accounted for as after kills.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng, seq::SliceRandom as _};
use serde_json::Value;
use tokio::{io::AsyncWriteExt as _, net::TcpStream};
use yoman_stand_ins::{discord, slack, telegram};

use crate::{
    fuzz::payload,
    kills::{
        account::{self, Repeats},
        go_on,
        talk::Talk,
    },
    program::{Data, Yoman, panicked},
    run::{Found, Outcome, Setting},
    wire::{Discord, Platform, Slack, Telegram, Wire, until},
};

/// How long answers may stay away at the end before they count as missing.
const QUIET: Duration = Duration::from_secs(180);
/// So many may still wait for an answer when the next trouble begins.
const WAITING_MAX: usize = 30;
/// The longest a stop may take.
const STOP_MAX: Duration = Duration::from_secs(60);
/// Sockets that say nothing, or next to nothing, at once.
const LORIS: usize = 200;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    /// Too many requests, with a time to wait.
    Storm,
    /// Servers in trouble.
    Down,
    /// Every answer takes its time.
    Slow,
    /// Sockets close before the answer, done or not.
    Dropped,
    /// Some answers never come.
    Hanging,
    /// The way in is open and nothing comes, or it closes.
    HalfOpen,
    /// Payloads nobody meant.
    Spoilt,
    /// Everything again, in another order.
    Again,
}

impl Trouble {
    const ALL: [Self; 8] =
        [Self::Storm, Self::Down, Self::Slow, Self::Dropped, Self::Hanging, Self::HalfOpen, Self::Spoilt, Self::Again];
}

/// A platform that can be made to misbehave.
enum Server {
    Telegram(Arc<Telegram>),
    Discord(Arc<Discord>),
    Slack(Arc<Slack>),
}

/// Lets every platform misbehave in every way, for so long each.
///
/// # Errors
/// What was lost, doubled, out of order or never answered.
pub async fn platforms(setting: &Setting, only: Option<Platform>, each: Duration) -> Found {
    let tried = |platform: Platform| async move {
        // A planted defect is as good on one platform as on all.
        if only.is_some_and(|only| only != platform) || (setting.plant && platform != Platform::ALL[0]) {
            return Ok(String::new());
        }
        one(setting, platform, each).await.map_err(|why| format!("{platform:?}: {why}"))
    };
    let slow = async { loris(setting).await.map_err(|why| format!("byte by byte: {why}")) };
    // Beside each other: most of the time they wait.
    let [a, b, c] = Platform::ALL;
    let (a, b, c, slow) = tokio::join!(tried(a), tried(b), tried(c), slow);
    let mut seen = vec![a?, b?, c?, slow?];
    seen.retain(|line| !line.is_empty());
    Ok(Outcome { size: format!("{} troubles of {} s on each platform", Trouble::ALL.len(), each.as_secs()), seen })
}

async fn one(setting: &Setting, platform: Platform, each: Duration) -> Result<String, String> {
    let (server, wire): (Server, Arc<dyn Wire>) = match platform {
        Platform::Telegram => {
            let it = Arc::new(Telegram::start().await);
            (Server::Telegram(Arc::clone(&it)), it)
        }
        Platform::Discord => {
            let it = Arc::new(Discord::start().await);
            (Server::Discord(Arc::clone(&it)), it)
        }
        Platform::Slack => {
            let it = Arc::new(Slack::start().await);
            // As often as the service, and sooner: it would wait a minute, then five.
            let retry_pauses_ms = vec![0, 2_000, 10_000];
            it.server.delivery(slack::Delivery { hand_once: true, retry_pauses_ms, ..slack::Delivery::default() });
            (Server::Slack(Arc::clone(&it)), it)
        }
    };
    let mut random = setting.random();
    let data = Data::new(&setting.program);
    let mut environment = wire.environment();
    environment.push(("YOMAN_NOTIFY_BACKOFF_MAX_MS", "2000".into()));
    environment.push(("YOMAN_BOTS_TELEGRAM_POLL_TIMEOUT_S", "5".into()));
    let mut talk = Talk::begin(Arc::clone(&wire));
    talk.own_way = true;
    let mut yoman = Yoman::start(&data, &environment);
    talk.let_people_in(&yoman).await;
    let mut troubles = Trouble::ALL;
    troubles.shuffle(&mut random);
    let mut handed: Vec<Value> = Vec::new();
    for trouble in troubles {
        talk.look();
        let mut dice = StdRng::seed_from_u64(random.random());
        talk.scrambled = trouble == Trouble::HalfOpen && platform == Platform::Slack;
        go_on(&mut talk, &mut random, server.misbehaves(trouble, each, &mut dice, &mut handed)).await;
        wire.no_faults();
        // What was done by hand meanwhile may have been cut off, as by a kill.
        talk.killed();
        let settling = Instant::now();
        go_on(&mut talk, &mut random, tokio::time::sleep(Duration::from_millis(500))).await;
        // The last sockets of the trouble are still being replaced while people go on.
        talk.scrambled = false;
        // Messages alone: what is done by hand may be gone for good.
        while account::unanswered(&talk).0 > WAITING_MAX && settling.elapsed() < QUIET {
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        if let Some(code) = yoman.exit_code() {
            return Err(format!("yoman ended by itself ({code}) after {trouble:?}: {}", yoman.said()));
        }
        if settling.elapsed() >= QUIET {
            return Err(format!("after {trouble:?} it does not get well: {}", yoman.said()));
        }
    }
    if setting.plant {
        talk.plant();
    }
    talk.quiet(if setting.plant { Duration::from_secs(5) } else { QUIET }).await;
    let told = yoman.told();
    let code = yoman.stop(STOP_MAX).await;
    let settled = account::settle(&talk, &data, Repeats::Any).await;
    match (settled, code, panicked(&told)) {
        (Ok(summary), Some(0), false) => {
            // Nobody was killed.
            let summary = summary.to_string();
            let summary = summary.split_once(", ").map_or(summary.as_str(), |(_, rest)| rest);
            Ok(format!("{platform:?}: {}", summary.replace(" after a kill", "")))
        }
        (settled, code, panicked) => {
            let wrong = settled.err().unwrap_or_default();
            let kept = data.keep();
            Err(format!(
                "stopped with {code:?}, panicked: {panicked}\n{wrong}\nwhat it kept and said is in {}",
                kept.display()
            ))
        }
    }
}

impl Server {
    /// Returns when it behaves again.
    async fn misbehaves(&self, trouble: Trouble, each: Duration, random: &mut StdRng, handed: &mut Vec<Value>) {
        let began = Instant::now();
        // Outlasts any run: it is taken back.
        self.faults(trouble, random);
        let mut next = Duration::ZERO;
        while began.elapsed() < each {
            tokio::time::sleep(Duration::from_millis(20)).await;
            if let Self::Telegram(it) = self {
                // What is on its way is remembered, to be handed over again later.
                for waiting in it.server.waiting() {
                    if handed.len() < 5_000
                        && handed.iter().rev().take(200).all(|known| known["update_id"] != waiting.update_id)
                    {
                        handed.push(waiting.update);
                    }
                }
            }
            if began.elapsed() < next {
                continue;
            }
            next = began.elapsed() + Duration::from_millis(300);
            match trouble {
                Trouble::HalfOpen => self.half_open(random),
                Trouble::Spoilt => self.spoil(random),
                Trouble::Again => self.again(random, handed),
                _ => {}
            }
        }
        if let Self::Discord(it) = self {
            it.server.heartbeats(41_250, true);
        }
    }

    fn faults(&self, trouble: Trouble, random: &mut StdRng) {
        const MANY: u32 = 1_000_000;
        match self {
            Self::Telegram(it) => {
                use telegram::{Fault, FaultKind};
                let fault = |method: &str, times, kind| it.server.fault(Fault::new(method, times, kind));
                match trouble {
                    Trouble::Storm => {
                        for _ in 0..40 {
                            it.server.fault(Fault {
                                skip: random.random_range(0..3),
                                ..Fault::too_many("sendMessage", 2, 1)
                            });
                        }
                        it.server.fault(Fault::too_many("getUpdates", 2, 1));
                    }
                    Trouble::Down => {
                        it.server.fault(Fault::status("*", MANY, [500, 502, 503, 504][random.random_range(0..4)]))
                    }
                    Trouble::Slow => fault("*", MANY, FaultKind::Slow(700)),
                    Trouble::Dropped => {
                        for _ in 0..30 {
                            let kind =
                                if random.random_bool(0.5) { FaultKind::DropBefore } else { FaultKind::DropAfter };
                            it.server.fault(Fault { skip: random.random_range(0..4), ..Fault::new("*", 1, kind) });
                        }
                    }
                    Trouble::Hanging => {
                        fault("getUpdates", 1, FaultKind::HangAfter);
                        it.server.fault(Fault { skip: 3, ..Fault::new("sendMessage", 1, FaultKind::HangAfter) });
                        it.server.fault(Fault { skip: 1, ..Fault::new("sendMessage", 1, FaultKind::HangBefore) });
                    }
                    Trouble::HalfOpen => fault("getUpdates", 2, FaultKind::HangBefore),
                    Trouble::Spoilt | Trouble::Again => {}
                }
            }
            Self::Discord(it) => {
                use discord::{Fault, FaultKind};
                let fault = |route: &str, times, kind| it.server.fault(Fault::new(route, times, kind));
                match trouble {
                    Trouble::Storm => {
                        fault("POST", 30, FaultKind::TooMany { retry_after_ms: 300, global: random.random_bool(0.3) })
                    }
                    Trouble::Down => fault("", MANY, FaultKind::Status([500, 502, 503][random.random_range(0..3)])),
                    Trouble::Slow => fault("", MANY, FaultKind::Slow(700)),
                    Trouble::Dropped => {
                        for _ in 0..20 {
                            let kind =
                                if random.random_bool(0.5) { FaultKind::DropBefore } else { FaultKind::DropAfter };
                            it.server.fault(Fault { skip: random.random_range(0..4), ..Fault::new("POST", 1, kind) });
                        }
                    }
                    Trouble::Hanging => {
                        it.server.fault(Fault { skip: 2, ..Fault::new("POST /channels", 1, FaultKind::HangAfter) });
                        it.server.fault(Fault { skip: 1, ..Fault::new("POST /channels", 1, FaultKind::Hang) });
                    }
                    Trouble::HalfOpen => it.server.heartbeats(300, false),
                    Trouble::Spoilt | Trouble::Again => {}
                }
            }
            Self::Slack(it) => {
                use slack::{Fault, FaultKind};
                let fault = |method: &str, times, kind| it.server.fault(Fault::new(method, times, kind));
                let too_many = || FaultKind::Status { code: 429, error: "ratelimited".into(), retry_after: Some(1) };
                match trouble {
                    Trouble::Storm => {
                        for _ in 0..10 {
                            it.server.fault(Fault {
                                skip: random.random_range(0..3),
                                ..Fault::new("chat.postMessage", 1, too_many())
                            });
                        }
                    }
                    Trouble::Down => {
                        it.server.fault(Fault::status("*", MANY, [500, 502, 503][random.random_range(0..3)]))
                    }
                    Trouble::Slow => fault("*", MANY, FaultKind::Slow(700)),
                    Trouble::Dropped => {
                        for _ in 0..20 {
                            let kind =
                                if random.random_bool(0.5) { FaultKind::DropBefore } else { FaultKind::DropAfter };
                            it.server.fault(Fault { skip: random.random_range(0..4), ..Fault::new("*", 1, kind) });
                        }
                    }
                    Trouble::Hanging => {
                        it.server.fault(Fault { skip: 2, ..Fault::new("chat.postMessage", 1, FaultKind::HangAfter) });
                        it.server.fault(Fault { skip: 1, ..Fault::new("chat.postMessage", 1, FaultKind::HangBefore) });
                    }
                    Trouble::HalfOpen => it.server.silence_sockets(),
                    Trouble::Spoilt | Trouble::Again => {}
                }
            }
        }
    }

    /// The way in goes away, one way or another.
    fn half_open(&self, random: &mut StdRng) {
        match self {
            Self::Telegram(_) => {}
            Self::Discord(it) => match random.random_range(0..6) {
                0 => it.server.ask_reconnect(),
                1 => it.server.invalidate(random.random_bool(0.5)),
                2 => it.server.close([4000, 4001, 4007, 4009, 1006, 0][random.random_range(0..6)]),
                3 => it.server.forget_sessions(),
                _ => {}
            },
            Self::Slack(it) => match random.random_range(0..5) {
                0 => it.server.disconnect("refresh_requested"),
                1 => it.server.disconnect("warning"),
                2 => it.server.drop_sockets(),
                _ => {}
            },
        }
    }

    /// Payloads nobody meant, from somebody nobody knows.
    fn spoil(&self, random: &mut StdRng) {
        for _ in 0..10 {
            match self {
                Self::Telegram(it) => {
                    let update = payload::telegram(random, 777_000_777);
                    it.server.raw_update(777_000_777, update);
                }
                Self::Discord(it) => {
                    let (name, event) = payload::discord(random, 777_000_777, 777_000_778);
                    it.server.raw_event(&name, event);
                }
                Self::Slack(it) => {
                    let (kind, envelope) = payload::slack(random, "D0NOBODY", "U0NOBODY");
                    it.server.raw_envelope(&kind, envelope);
                }
            }
        }
        if let Self::Telegram(it) = self {
            it.server.raw_text(777_000_777, "{\"message\":{\"message_id\":1e999,\"chat\":[[[[]]]]}}");
        }
    }

    /// What was handed over before, under new numbers and in another order.
    fn again(&self, random: &mut StdRng, handed: &[Value]) {
        match self {
            Self::Telegram(it) => {
                for _ in 0..20.min(handed.len()) {
                    let mut update = handed[random.random_range(0..handed.len())].clone();
                    // The changes of a message have no number of their own: one that comes later is another change.
                    if update.get("edited_message").is_some() {
                        continue;
                    }
                    if let Some(map) = update.as_object_mut() {
                        map.remove("update_id");
                    }
                    it.server.raw_update(0, update);
                }
            }
            // A session that is forgotten has to be read on by messages, which hands over again what is there.
            Self::Discord(it) => {
                it.server.forget_sessions();
                it.server.close(0);
            }
            Self::Slack(it) => it.server.drop_sockets(),
        }
    }
}

/// Sockets that say a byte now and then at a way in over HTTP: whoever has something to say is heard beside them.
async fn loris(setting: &Setting) -> Result<String, String> {
    let wire = Telegram::start().await;
    let data = Data::new(&setting.program);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    drop(listener);
    let mut environment = wire.environment();
    environment.extend([
        ("YOMAN_BOTS_TELEGRAM_WEBHOOK_URL", format!("http://{address}/hook")),
        ("YOMAN_BOTS_TELEGRAM_WEBHOOK_LISTEN", address.to_string()),
        ("TELEGRAM_WEBHOOK_SECRET", "s3cret-s3cret".into()),
    ]);
    let yoman = Yoman::start(&data, &environment);
    let code = yoman.claim_code().await;
    let (who, chat) = wire.place().people[0].clone();
    let say = async |text: &str| {
        let before = wire.shown(&chat).len();
        wire.say(&chat, &who, text, None);
        let answered = until(Duration::from_secs(120), || wire.shown(&chat).len() > before).await;
        if answered { Ok(()) } else { Err(format!("{text:?} was not answered: {}", yoman.said())) }
    };
    say(&format!("/claim {code}")).await?;
    let handles = || std::fs::read_dir(format!("/proc/{}/fd", yoman.id())).map_or(0, Iterator::count);
    let before = handles();
    let mut sockets = Vec::new();
    for number in 0..LORIS {
        let mut socket = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
        let begun: &[u8] = match number % 4 {
            0 => b"",
            1 => b"POST /hook HTTP/1.1\r\nHost: x\r\n",
            2 => b"POST /hook HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\nX-Telegram-Bot-Api-Secret-Token: s3cret-s3cret\r\n\r\n{",
            _ => b"POST /hook HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n",
        };
        let _ = socket.write_all(begun).await;
        sockets.push(socket);
    }
    for round in 0..10 {
        for socket in &mut sockets {
            // One that was closed in the meantime is what is wanted.
            let _ = socket.write_all(b"x").await;
        }
        say(&format!("/todo Beside them {round}")).await?;
    }
    let most = handles();
    drop(sockets);
    if !until(Duration::from_secs(120), || handles() <= before + 8).await {
        return Err(format!("of {most} handles {} are left, there were {before}", handles()));
    }
    if yoman.stop(STOP_MAX).await != Some(0) {
        return Err("it does not stop cleanly".into());
    }
    Ok(format!(
        "{LORIS} sockets that say a byte at a time at the webhook: everybody else is answered, {before} handles before, {most} with them, as many afterwards"
    ))
}

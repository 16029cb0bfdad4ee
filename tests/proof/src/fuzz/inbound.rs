//! Spoilt payloads through the wire into the real program, on all platforms at once. Whatever comes of them: no panic, nothing
//! that blocks what comes behind, and the next sane message is answered.

use std::time::{Duration, Instant};

use super::payload;
use crate::{
    program::{Data, Yoman, panicked},
    run::Setting,
    wire::{Discord, Slack, Telegram, Wire, until},
};

/// So many spoilt ones between two sane ones, on each platform.
const BATCH: usize = 40;
const PATIENCE: Duration = Duration::from_secs(60);

/// Fuzzes every way in for so long.
pub(super) async fn inbound(setting: &Setting, time: Duration) -> Result<String, String> {
    let mut random = setting.random();
    let (telegram, discord, slack) = (Telegram::start().await, Discord::start().await, Slack::start().await);
    let wires: [&dyn Wire; 3] = [&telegram, &discord, &slack];
    let data = Data::new(&setting.program);
    let mut environment: Vec<_> = wires.iter().flat_map(|wire| wire.environment()).collect();
    environment
        .push(("YOMAN_TRACING_FILTER", "info,yoman_slack=debug,yoman_discord=debug,yoman_telegram=debug".into()));
    let mut yoman = Yoman::start(&data, &environment);
    let code = yoman.claim_code().await;
    let owners: Vec<(String, String)> = wires.iter().map(|wire| wire.place().people[0].clone()).collect();
    say(wires[0], &owners[0], &format!("/claim {code}"), "").await?;
    // The noise comes from others, who may not take a role from anybody.
    let others: Vec<(String, String)> = wires.iter().map(|wire| wire.place().people[1].clone()).collect();
    let let_in = [
        (1, &owners[1], "owner"),
        (2, &owners[2], "owner"),
        (0, &others[0], "member"),
        (1, &others[1], "member"),
        (2, &others[2], "member"),
    ];
    for (at, person, role) in let_in {
        // What is said before it was ever connected is not heard everywhere.
        until(PATIENCE, || wires[at].counted().at_work > 0).await;
        let greeting = say(wires[at], person, "/start", "pair ").await?;
        let code = greeting.split("pair ").nth(1).and_then(|rest| rest.split_whitespace().next()).unwrap_or_default();
        say(wires[0], &owners[0], &format!("/pair {} {role}", code.trim_end_matches(['.', ','])), "").await?;
    }
    let began = Instant::now();
    let (mut rounds, mut payloads) = (0, 0);
    let outcome = 'all: loop {
        if began.elapsed() > time && rounds > 0 {
            break Ok(());
        }
        rounds += 1;
        let chat = others[0].1.parse().unwrap_or_default();
        let (channel, user) = (others[1].1.parse().unwrap_or_default(), others[1].0.parse().unwrap_or_default());
        for _ in 0..BATCH {
            telegram.server.raw_update(chat, payload::telegram(&mut random, chat));
            let (name, event) = payload::discord(&mut random, channel, user);
            discord.server.raw_event(&name, event);
            let (kind, envelope) = payload::slack(&mut random, &others[2].1, &others[2].0);
            slack.server.raw_envelope(&kind, envelope);
            payloads += 3;
        }
        for (at, wire) in wires.iter().enumerate() {
            let word = format!("sane{rounds}at{at}zz");
            // What nobody has: whatever the noise has done, this has an answer.
            if let Err(why) = say(*wire, &owners[at], &format!("/find {word}"), &word).await {
                break 'all Err(format!("{why}: {}", yoman.said()));
            }
        }
        if yoman.ended() || panicked(&yoman.told()) {
            break Err(format!("it panicked or ended in round {rounds}: {}", yoman.said()));
        }
    };
    let stopped = yoman.stop(Duration::from_secs(60)).await;
    let verified = data.run("log verify");
    let outcome = outcome.and_then(|()| match (stopped, verified.well()) {
        (Some(0), true) => Ok(()),
        _ => Err(format!("stopped with {stopped:?}; {verified:?}")),
    });
    match outcome {
        Ok(()) => Ok(format!("over the wire: {payloads} spoilt payloads in {rounds} rounds on three platforms")),
        Err(why) => Err(format!("{why}\nwhat it kept and said is in {}", data.keep().display())),
    }
}

/// Somebody says something; the answer with these words in it.
async fn say(wire: &dyn Wire, (who, chat): &(String, String), text: &str, words: &str) -> Result<String, String> {
    let before = wire.shown(chat).len();
    wire.say(chat, who, text, None);
    let answer = |wire: &dyn Wire| wire.shown(chat).into_iter().skip(before).find(|it| it.first.contains(words));
    if !until(PATIENCE, || answer(wire).is_some()).await {
        return Err(format!("{text:?} was not answered after what came before it"));
    }
    Ok(answer(wire).map(|it| it.first).unwrap_or_default())
}

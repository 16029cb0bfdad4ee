//! The commands are registered when they change, and only then.

use std::sync::Arc;

use serde_json::Value;
use yoman_chat::fake::Recorder;
use yoman_discord::{Commands, DiscordConfig};
use yoman_stand_ins::discord::{DiscordStandIn, Fault, FaultKind, NewChannel};

use crate::setup::{PATIENCE, Setup};

/// Runs a bot until its commands are dealt with; gives the server back.
async fn with(
    server: DiscordStandIn,
    recorder: &Arc<Recorder>,
    done: impl Fn(&DiscordStandIn) -> bool,
    change: impl FnOnce(&mut DiscordConfig),
) -> DiscordStandIn {
    let setup = Setup::again(server, Arc::clone(recorder), change);
    setup.server.wait(PATIENCE, |server| (done(server) && server.connected()).then_some(())).await.unwrap();
    let remembered = |r: &Recorder| r.memory("dc/commands");
    setup.recorder.wait(PATIENCE, remembered).await.unwrap();
    setup.run.end().await.unwrap();
    setup.server
}

fn names(commands: &[Value]) -> Vec<&str> {
    commands.iter().map(|command| command["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn are_registered_once_and_where_wished() {
    let recorder = Recorder::new();
    let server = DiscordStandIn::start().await.unwrap();
    let channel = server.add_channel(NewChannel { name: "app".into(), ..NewChannel::default() }).unwrap();
    let guild = server.guild_of(channel).unwrap();
    let server = with(server, &recorder, |server| !server.commands(0).is_empty(), |_| {}).await;
    assert_eq!(
        names(&server.commands(0)),
        ["yoman", "todo", "idea", "note", "done", "mine", "Capture as idea", "Capture as to do", "Open a thread"]
    );
    let server = with(server, &recorder, |_| true, |_| {}).await;
    assert_eq!(server.calls("PUT /applications").len(), 1, "not again at every start");
    // In one server instead: those of everywhere go, or people would see each twice.
    let there = |server: &DiscordStandIn| !server.commands(guild).is_empty() && server.commands(0).is_empty();
    let server = with(server, &recorder, there, |config| {
        config.guild = Some(guild);
        config.commands = Commands::Under;
    })
    .await;
    assert_eq!(names(&server.commands(guild)), ["yoman", "Capture as idea", "Capture as to do", "Open a thread"]);
    let server =
        with(server, &recorder, |server| server.commands(guild).is_empty(), |config| config.commands = Commands::Off)
            .await;
    assert!(server.commands(0).is_empty());
}

#[tokio::test]
async fn a_failure_that_passes_is_tried_again_and_stops_nothing() {
    let server = DiscordStandIn::start().await.unwrap();
    server.fault(Fault::new("PUT /applications", 1, FaultKind::TooMany { retry_after_ms: 50, global: false }));
    let setup = Setup::over(server, |_| {});
    let kim = setup.server.person("Kim");
    setup.ready().await;
    setup.next(|server| server.write(kim.dm, "hello")).await;
    assert_eq!(setup.server.calls("PUT /applications").len(), 2);
    setup.run.end().await.unwrap();
}

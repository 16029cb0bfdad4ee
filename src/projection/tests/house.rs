//! People, rooms and this house.

use std::time::Duration;

use chrono::TimeDelta;

use super::super::{spec::*, *};
use crate::spool::{Away, Waits};

#[test]
fn people_rooms_and_follows() {
    let mut story = Story::new();
    let me = viewer(Some(1));
    insta::assert_snapshot!(story.world.people_list(&me).to_plain(), @r"
    2 people
    @kim (you)   owner   Telegram
    @dana   Dana Müller   member   Discord
    ");
    insta::assert_snapshot!(story.world.room_list(&me).to_plain(), @"No room has settings yet. In a group, /enable makes me listen.");
    insta::assert_snapshot!(shown(&story.world.follows(&me)), @r"
    This room follows nothing. /follow #tag, /follow @me or /follow all changes that.
    times of Asia/Seoul: it is 14:00
    ");
    for text in ["enable", "follow #auth", "follow all", "follow @dana todo", "mute 2h", "default todo"] {
        story.say(text);
    }
    insta::assert_snapshot!(story.world.room_list(&me).to_plain(), @r"
    1 room
    telegram/1 (Telegram) this one   enabled   follows #auth; everything; todo @dana
    ");
    insta::assert_snapshot!(shown(&story.world.follows(&me)), @r"
    This room follows
       #auth
       everything
       todo @dana
    times of Asia/Seoul: it is 14:00   a bare sentence becomes a todo   told nothing until 15:50
       [Unfollow #auth: /unfollow #auth] [Unfollow everything: /unfollow *] [Unfollow todo @dana: /unfollow todo @dana]
    ");
}

#[test]
fn who_waits_to_be_let_in() {
    let world = World::default();
    let me = viewer(Some(1));
    insta::assert_snapshot!(shown(&world.pending(&[], &me)), @"Nobody waits to be let in. Whoever writes to me for the first time gets a code; /pair and that code lets them in.");
    let waiting = Waiting {
        code: "7Q4M2XKD".into(),
        name: "Lee\n[Let in]".into(),
        identity: "discord/99".into(),
        since: Duration::from_secs(300),
    };
    insta::assert_snapshot!(shown(&world.pending(&[waiting], &me)), @r"
    1 person waits to be let in
    Lee [Let in] (discord/99)   for 5 min   /pair 7Q4M2XKD
       [Let Lee [Let in] in: /pair 7Q4M2XKD]
    ");
    insta::assert_snapshot!(world.people_list(&me).to_plain(), @"Nobody yet. Whoever sends /claim and the code this program prints when it starts is its owner.");
}

#[test]
fn how_it_is() {
    let mut story = Story::new();
    story.say("todo Fix login");
    let health = crate::log::Health {
        engine: "sled",
        disk_bytes: 12_345_678,
        refusing: Some("the disk is full".into()),
        ..Default::default()
    };
    let at = noon() - TimeDelta::minutes(5);
    let trouble = |why: &str| Trouble { why: why.into(), since: at, ended: false };
    let status = Status {
        version: "0.1.0".into(),
        up: Duration::from_secs(3 * 3_600),
        head: Position(4_812),
        health,
        spool: None,
        bots: vec![
            BotState {
                bot: "telegram".into(),
                waiting: 1,
                read: Some(Position(4_812)),
                sent: 120,
                ..Default::default()
            },
            BotState {
                bot: "discord".into(),
                trouble: Some(trouble("connection refused")),
                waiting: 12,
                held: 2,
                read: Some(Position(4_800)),
                behind_since: Some(noon() - TimeDelta::seconds(3)),
                failures: 7,
                possibly_delivered: (1, 5),
                last_error: Some(("not sent: connection refused".into(), at)),
                paused: vec![("discord/1".into(), Duration::from_secs(12), "the platform asks to wait".into())],
                refusing: vec!["discord/2".into()],
                ..Default::default()
            },
        ],
        nodes: None,
    };
    insta::assert_snapshot!(story.world.status(&status, false, &viewer(None)).to_plain(), @r"
    yoman 0.1.0   up 3 h   position 4,812
    Telegram   runs   1 message waits
    Discord   no connection for 5 min: connection refused   12 messages wait   12 commits behind (3 s)   1 possibly sent twice since the start, 5 in all
    ! Nothing can be saved: the disk is full
    More: /status all
    ");
    insta::assert_snapshot!(story.world.status(&status, true, &viewer(None)).to_plain(), @r"
    yoman 0.1.0   up 3 h   position 4,812
    1 todo
    Telegram   runs   1 message waits
       has read up to 4,812
       120 sent, 0 changed in place since the start
    Discord   no connection for 5 min: connection refused   12 messages wait   12 commits behind (3 s)   1 possibly sent twice since the start, 5 in all
       has read up to 4,800
       2 rooms get later, as one message, what is held
       0 sent, 0 changed in place since the start   7 tries failed
       last error 13:55: not sent: connection refused
       discord/1 waits 12 s: the platform asks to wait
       discord/2 refuses everything
    log sled   12 MB
    ! Nothing can be saved: the disk is full
    ");
}

#[test]
fn what_waits_for_a_shared_log() {
    let at = noon() - TimeDelta::minutes(5);
    let waits = Waits {
        waiting: 3,
        since: Some(at),
        away: Some(Away { since: at, why: "no server answers".into() }),
        aside: 1,
        damaged: 1,
        failed: Some("sync: an error of the disk".into()),
    };
    let status = Status { version: "0.1.0".into(), spool: Some(waits), ..Status::default() };
    let viewer = viewer(None);
    insta::assert_snapshot!(Story::new().world.status(&status, true, &viewer).to_plain(), @r"
    yoman 0.1.0   up 0 s   position 0
    log    0 MB
    ! The shared log cannot be reached since 13:55: no server answers
    ! 3 commands wait for the shared log since 13:55
    ! 2 saved commands cannot be read and lie in spool/ as they are: yoman doctor says more.
    ! Nothing more can be saved here: sync: an error of the disk
    ");
    let status = Status { version: "0.1.0".into(), spool: Some(Waits::default()), ..Status::default() };
    assert!(!Story::new().world.status(&status, true, &viewer).to_plain().contains('!'));
}

#[test]
fn which_node_speaks_for_which_bot() {
    use crate::nodes::{HeldBot, NodesState, SeenNode};

    let story = Story::new();
    let since = noon() - TimeDelta::minutes(5);
    let node =
        |name: &str, here, silent_ms| SeenNode { name: name.into(), version: "0.1.0".into(), since, here, silent_ms };
    let held = |bot: &str, node: Option<&str>, here| HeldBot {
        bot: bot.into(),
        node: node.map(str::to_owned),
        since: Some(since),
        here,
        alone: false,
        trouble: (bot == "slack").then(|| "written by a newer yoman: update".into()),
    };
    let bots = vec![held("telegram", Some("a"), true), held("discord", Some("b"), false), held("slack", None, false)];
    let state =
        |held: &HeldBot| BotState { bot: held.bot.clone(), spoken_for: Some(held.clone()), ..Default::default() };
    let status = Status {
        version: "0.1.0".into(),
        bots: bots.iter().map(state).collect(),
        nodes: Some(NodesState {
            nodes: vec![node("a", true, 0), node("b", false, 900), node("c", false, 9000)],
            bots,
            away: None,
            deaf: false,
        }),
        ..Status::default()
    };
    insta::assert_snapshot!(story.world.status(&status, false, &viewer(None)).to_plain(), @r"
    yoman 0.1.0   up 0 s   position 0
    Telegram   runs   this node speaks for it
    Discord   b speaks for it, for 5 min
    Slack   nobody speaks for it at the moment
    3 nodes: a (this one), b, c (not heard for 9 s)
    ! Slack cannot be taken over by this node: written by a newer yoman: update
    More: /status all
    ");
}

#[test]
fn what_becomes_of_commands_about_people() {
    use crate::{
        command::PersonCommand,
        domain::{Handle, Identity, Role, person},
    };
    let mut story = Story::new();
    let command = Command::Person(PersonCommand::Claim { code: "X".into() });
    let mut answers = Vec::new();
    for (stream, event) in [
        (
            "person/3",
            person::Event::Paired {
                name: "Lee".into(),
                handle: Handle::new("lee").unwrap(),
                identity: Identity("discord/9".into()),
                role: Role::Member,
            },
        ),
        ("person/3", person::Event::IdentityLinked { identity: Identity("telegram/9".into()) }),
        ("person/3", person::Event::RoleGranted { role: Role::Maintainer }),
        ("person/3", person::Event::RoleRevoked),
    ] {
        let commit = story.commit(stream, "", None, vec![Event::Person(event)]);
        for person in [1, 3] {
            answers.push(shown(&story.world.answer(
                &command,
                std::slice::from_ref(&commit),
                false,
                &viewer(Some(person)),
            )));
        }
    }
    insta::assert_snapshot!(answers.join("\n"), @r"
    Lee is let in as a member, written @lee.
    Welcome, Lee. You are a member here, written @lee. /help says what I understand.
    @lee is known on Telegram too now.
    You are known on Telegram too now.
    @lee is a maintainer now.
    You are a maintainer now.
    @lee may do nothing here any more. /grant gives a role back.
    @lee may do nothing here any more. /grant gives a role back.
    ");
}

#[test]
fn handles_are_free_and_fit() {
    let story = Story::new();
    for (wanted, expected) in [
        ("lee", "lee"),
        ("@Lee", "lee"),
        ("dana", "dana-2"),
        ("Dana", "dana-2"),
        ("Dana Müller", "dana-müller"),
        ("이 영희", "이-영희"),
        ("me", "me-2"),
        ("everyone", "everyone-2"),
        ("", "person"),
        ("🦀🦀", "person"),
        ("--x--", "x"),
        ("a/b\nc", "a-b-c"),
    ] {
        assert_eq!(story.world.free_handle(wanted).as_str(), expected, "{wanted:?}");
    }
    assert!(story.world.free_handle(&"İ".repeat(300)).as_str().chars().count() <= 64);
}

use crate::command::Command;

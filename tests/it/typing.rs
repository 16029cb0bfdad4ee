//! What is suggested while somebody types, and what a glance shows: only to who may look, and never as an answer.

use yoman_chat::{Accept as _, ArgKind, Bot as _, Glance, Outbound, Room, RoomKind, SenderId, Suggestion, Typing};

use crate::stage::{Ground, Seat, Stage};

fn room(seat: &Seat) -> (Room, SenderId) {
    let inbound = seat.inbound(String::new(), yoman_chat::Said::Deleted { message: message(seat) });
    (inbound.room, inbound.sender.id)
}

fn message(seat: &Seat) -> yoman_chat::MessageRef {
    yoman_chat::MessageRef { room: seat.room.clone(), id: "x".into() }
}

async fn suggested(stage: &Stage, seat: &Seat, kind: ArgKind, verb: &str, text: &str, most: usize) -> Vec<Suggestion> {
    let (room, sender) = room(seat);
    let typing = Typing { room, sender, kind, verb: verb.into(), text: text.into(), most };
    stage.house().intake.suggest(seat.bot.name(), typing).await
}

async fn values(stage: &Stage, seat: &Seat, kind: ArgKind, verb: &str, text: &str) -> Vec<String> {
    suggested(stage, seat, kind, verb, text, 25).await.into_iter().map(|it| it.value).collect()
}

async fn glance(stage: &Stage, seat: &Seat, text: &str) -> Option<Outbound> {
    let (room, sender) = room(seat);
    stage.house().intake.glance(seat.bot.name(), Glance { room, sender, text: text.into() }).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn items_are_found_by_their_reference_and_by_words_in_any_script() {
    let (mut stage, kim) = Stage::with_kim(Ground::Memory).await;
    for text in ["/todo Fix Login", "/todo 로그인 고치기", "/todo Ship it", "/idea Größe der App", "/pr Login again"]
    {
        stage.say(&kim, text).await;
    }
    for n in 4..=12 {
        stage.say(&kim, &format!("/todo Number {n}")).await;
    }
    stage.say(&kim, "/done T12\n/done T1").await;
    let find = |verb: &'static str, text: &'static str| values(&stage, &kim, ArgKind::Item, verb, text);
    assert_eq!(find("show", "T1").await, ["T1", "T11", "T10", "T12"], "the very one, open ones, newest first");
    assert_eq!(find("show", "t2").await[..1], ["T2"]);
    assert_eq!(find("show", "/T2").await[..1], ["T2"]);
    assert_eq!(find("show", "12").await, ["T12"]);
    assert_eq!(find("show", "로그인").await, ["T2"]);
    assert_eq!(find("show", "GRÖSSE").await, ["I1"]);
    assert_eq!(find("show", "login").await, ["P1", "T1"], "open ones first");
    assert_eq!(find("show", "log fix").await, ["T1"]);
    assert_eq!(find("done", "login").await, ["T1"], "only what can be finished that way");
    assert_eq!(find("reopen", "").await[..2], ["T12", "T1"], "closed ones first");
    assert_eq!(find("need", "T3 shi").await, ["T3 T3"]);
    assert_eq!(find("show", "nothing of that").await, [""; 0]);
    assert_eq!(find("show", "").await.len(), 14);
    let newest = suggested(&stage, &kim, ArgKind::Item, "show", "", 3).await;
    assert_eq!(newest.len(), 3);
    assert_eq!((newest[0].label.as_str(), newest[0].value.as_str()), ("T11 Number 11", "T11"));
    let closed = suggested(&stage, &kim, ArgKind::Item, "show", "T12", 25).await;
    assert_eq!(closed[0].label, "T12 done: Number 12");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_come_by_use_and_moments_with_their_day() {
    let (mut stage, kim, _) = Stage::with_kim_and_dana(Ground::Memory).await;
    for text in
        ["/todo A #web in:site", "/todo B #auth #web in:app @dana", "/todo C #auth #web in:app", "/todo D #aurora"]
    {
        stage.say(&kim, text).await;
    }
    let of = |kind: ArgKind, verb: &'static str, text: &'static str| values(&stage, &kim, kind, verb, text);
    assert_eq!(of(ArgKind::Tag, "tag", "").await, ["#web", "#auth", "#aurora"]);
    assert_eq!(of(ArgKind::Tag, "tag", "#Au").await, ["#auth", "#aurora"]);
    assert_eq!(of(ArgKind::Tag, "tag", "#web au").await, ["#web #auth", "#web #aurora"]);
    assert_eq!(of(ArgKind::Project, "project", "").await, ["app", "site"]);
    assert_eq!(of(ArgKind::Person, "assign", "").await, ["@me", "@dana", "@kim"], "who has most to do first");
    assert_eq!(of(ArgKind::Person, "grant", "@D").await, ["@dana"]);
    assert_eq!(of(ArgKind::Choice(vec!["low".into(), "high".into()]), "prio", "!H").await, ["high"]);
    assert_eq!(of(ArgKind::Verb, "help", "do").await, ["doing", "done"]);
    assert_eq!(of(ArgKind::Filter, "list", "todo #au").await, ["todo #auth", "todo #aurora"]);
    assert_eq!(of(ArgKind::Filter, "list", "in:").await, ["in:app", "in:site"]);
    assert_eq!(of(ArgKind::Words, "title", "x").await, [""; 0]);
    assert_eq!(of(ArgKind::When, "due", "tom").await, ["tomorrow"]);
    assert_eq!(of(ArgKind::When, "due", "no").await, ["none"]);
    let moments = suggested(&stage, &kim, ArgKind::When, "due", "2031-05-02", 25).await;
    assert_eq!(moments[0].label, "2031-05-02   Fri 2 May 2031");
    // Everything that is offered can be said.
    for moment in of(ArgKind::When, "todo", "").await {
        let answer = stage.house().intake.handle(kim.bot.name(), &stage_message(&kim, &moment)).await.unwrap();
        assert!(answer[0].message.text.to_plain().contains("created"), "{moment}");
    }
}

fn stage_message(kim: &Seat, moment: &str) -> yoman_chat::Inbound {
    let said = yoman_chat::Said::Message {
        text: format!("/todo x due:\"{moment}\""),
        message: yoman_chat::MessageRef { room: kim.room.clone(), id: moment.into() },
        reply_to: None,
        attachments: Vec::new(),
        mentions: Vec::new(),
        addressed: true,
    };
    kim.inbound(format!("telegram/kim/{moment}"), said)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_look_is_shown_nothing() {
    let (mut stage, kim, dana) = Stage::with_kim_and_dana(Ground::Memory).await;
    stage.say(&kim, "/todo Fix login").await;
    let guest = stage.direct("discord", "gus");
    stage.let_in(&kim, &guest, "guest").await;
    let stranger = stage.direct("discord", "stranger");
    let silent = stage.group("telegram", "app", "kim");
    for (seat, sees) in [(&kim, true), (&dana, true), (&guest, true), (&stranger, false), (&silent, false)] {
        assert_eq!(!values(&stage, seat, ArgKind::Item, "show", "T").await.is_empty(), sees, "{seat:?}");
        assert_eq!(glance(&stage, seat, "/board").await.is_some(), sees, "{seat:?}");
    }
    stage.say(&silent, "/enable").await;
    assert_eq!(values(&stage, &silent, ArgKind::Item, "show", "T").await, ["T1"]);
    stage.say(&kim, "/revoke @dana").await;
    assert!(values(&stage, &dana, ArgKind::Item, "show", "T").await.is_empty());
    // A guest is not offered what a guest may not say.
    assert_eq!(values(&stage, &guest, ArgKind::Verb, "help", "don").await, [""; 0]);
    assert_eq!(values(&stage, &guest, ArgKind::Verb, "help", "mi").await, ["mine"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_glance_shows_a_look_and_nothing_else() {
    let (mut stage, kim, dana) = Stage::with_kim_and_dana(Ground::Memory).await;
    stage.say(&kim, "/todo Fix login @dana").await;
    let (head, shown) = (stage.head(), kim.bot.shown(&kim.room).len());
    let mine = glance(&stage, &dana, "/mine").await.unwrap().text.to_plain();
    assert_eq!(mine, "1 item for you\nT1   Fix login   @dana");
    let mine = glance(&stage, &kim, " /mine ").await.unwrap().text.to_plain();
    assert!(!mine.contains("T1"), "{mine}");
    let card = glance(&stage, &dana, "T1").await.unwrap();
    assert!(card.accent.is_some() && card.text.to_plain().starts_with("T1 open"));
    for text in
        ["/done T1", "Fix it", "/todo x", "", "/pair", "/rooms", "/nonsense", "/show T99", "/follow #x", "/claim X"]
    {
        assert_eq!(glance(&stage, &dana, text).await, None, "{text}");
    }
    // What a maintainer may look at is not for a glance either, which anybody may see over a shoulder.
    assert_eq!(glance(&stage, &kim, "/pair").await, None);
    stage.quiet(&kim.bot).await;
    assert_eq!((stage.head(), kim.bot.shown(&kim.room).len()), (head, shown), "nothing was kept or shown");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_typed_the_suggestions_fit() {
    let (mut stage, kim) = Stage::with_kim(Ground::Memory).await;
    stage.say(&kim, &format!("/todo {}", "👩‍👩‍👧‍👦".repeat(40))).await;
    stage.say(&kim, &format!("/todo {}", "가나다라".repeat(40))).await;
    stage.say(&kim, &format!("/todo x #{}", "y".repeat(64))).await;
    let kinds = || {
        [
            ArgKind::Item,
            ArgKind::Person,
            ArgKind::Tag,
            ArgKind::Project,
            ArgKind::When,
            ArgKind::Verb,
            ArgKind::Filter,
            ArgKind::Words,
            ArgKind::Text,
            ArgKind::Choice(vec!["a".into()]),
        ]
    };
    let long = "T1 ".repeat(60);
    let typed = [
        "",
        "가",
        "👩",
        "\"",
        "\\",
        "T0",
        "T99999999999999999999",
        "in:",
        "due:\"",
        "#",
        "@",
        "/",
        &long,
        "\n\t",
        "\u{202e}x",
    ];
    for kind in kinds() {
        for text in typed {
            for most in [0, 1, 25, usize::MAX] {
                let found = suggested(&stage, &kim, kind.clone(), "show", text, most).await;
                assert!(found.len() <= most.min(100));
                for it in found {
                    assert!(it.label.chars().count() <= 100 && it.value.chars().count() <= 100, "{it:?}");
                    assert!(!it.label.is_empty() && !it.value.is_empty(), "{it:?}");
                }
            }
        }
    }
    let family = suggested(&stage, &kim, ArgKind::Item, "show", "T1", 1).await;
    let label = family[0].label.trim_end_matches('…');
    assert!(label.ends_with("👩‍👩‍👧‍👦"), "{label}");
    assert_eq!(room(&kim).0.kind, RoomKind::Direct);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_korean_room_korean_is_suggested() {
    let (mut stage, kim) = Stage::with_kim(Ground::Memory).await;
    stage.say(&kim, "/lang ko").await;
    let moments = values(&stage, &kim, ArgKind::When, "due", "").await;
    assert_eq!(moments.len(), 15, "each of them is one, and none at all: {moments:?}");
    assert_eq!((moments[0].as_str(), moments[14].as_str()), ("오늘", "없음"));
    assert_eq!(values(&stage, &kim, ArgKind::When, "due", "다음").await, ["다음 주 월요일", "다음 주 금요일"]);
    assert_eq!(values(&stage, &kim, ArgKind::When, "diff", "").await, ["어제", "1주 전", "1개월 전"]);
    let verbs = suggested(&stage, &kim, ArgKind::Verb, "help", "완", 25).await;
    assert_eq!((verbs[0].label.as_str(), verbs[0].value.as_str()), ("완료   할 일이나 조사를 끝내요", "done"));
}

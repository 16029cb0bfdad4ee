//! Tables: a text and the canonical text of what it is taken for.

use super::*;
use crate::lang::Lang;

#[test]
fn every_example_is_a_command_that_its_role_may_give() {
    for verb in verbs() {
        let text = format!("/{}", verb.example);
        match parse(&text, &context()) {
            Ok(Said::Command(command)) => {
                assert!(command.role() >= verb.role, "{text}");
                becomes(&text, &command.to_text(context().time_zone));
                let bare = parse(verb.example, &console());
                assert_eq!(bare, Ok(Said::Command(command)), "{text}");
            }
            other => panic!("{text}: {other:?}"),
        }
        assert!(help(Some(verb.word), Lang::English).is_ok());
        assert!(verb.usage.starts_with(&format!("/{}", verb.word)));
    }
}

#[test]
fn no_word_stands_for_two_verbs() {
    let mut words: Vec<_> = verb::words().collect();
    words.sort_unstable();
    let before = words.len();
    words.dedup();
    assert_eq!(words.len(), before);
}

#[test]
fn a_new_item() {
    let Command::Create { bucket, draft } =
        command("/todo Fix login #auth !high due:fri @me in:App needs:T1,t2 for:P4")
    else {
        panic!()
    };
    assert_eq!(bucket, Bucket::Todo);
    assert_eq!(draft.title, "Fix login");
    becomes(
        "/todo Fix login #auth !high due:fri @me in:App needs:T1,t2 for:P4",
        "/todo Fix login #auth @me !high in:app due:2026-11-27 needs:T1,T2 for:P4",
    );
    becomes("/Todo  Fix   #auth, then rest.", "/todo Fix then rest. #auth");
    becomes(
        "/idea\nOffline mode\n\nbecause trains\n#app @me\n- [ ] reads\n- [ ] writes",
        "/idea Offline mode #app @me\nbecause trains\n- [ ] reads\n- [ ] writes",
    );
    becomes("/todo #auth\nFix login", "/todo Fix login #auth");
    becomes("/todo ship due:\"in 2 weeks\"", "/todo ship due:2026-12-04");
    becomes("/todo ship due:“tomorrow 9:00”", "/todo ship due:2026-11-21T09:00");
    becomes("/pr: done well", "/pr done well");
    becomes("/todo 할 일 #인증 고치기", "/todo 할 일 고치기 #인증");
}

#[test]
fn words_that_only_look_like_tokens() {
    for title in [
        "learn c# and c++",
        "a@b.c wrote",
        "see http://x/in:y",
        "number # five",
        "wait ! what",
        "5!high",
        "@ home",
        "live in: Seoul",
        "!important",
        "#c++ rules",
        "for://x",
        "@dana's laptop",
        "`#code @x` stays",
        "win\\path \\n",
        "due: fri",
        "page:2",
    ] {
        let draft = draft(title, &context()).unwrap();
        assert_eq!(draft.title, title);
        assert_eq!(draft.carry, token::no_carry(), "{title}");
    }
    let draft = draft(r"\#notatag \@nobody \!high \due:fri \in:x #123 \\#x", &context()).unwrap();
    assert_eq!(draft.title, r"#notatag @nobody !high due:fri in:x \#x");
    assert_eq!(draft.carry.tags, [domain_tag("123")]);
}

fn domain_tag(name: &str) -> crate::domain::Tag {
    crate::domain::Tag::new(name).unwrap()
}

#[test]
fn tokens_in_the_body_are_prose_unless_they_have_a_line() {
    let draft = draft(
        "Title\nfails for @dana since #3\n#auth !high\n\\#one\n\\- [ ] no criterion\n\\/todo no command\n/usr/bin too",
        &context(),
    )
    .unwrap();
    assert_eq!(draft.body, "fails for @dana since #3\n#one\n- [ ] no criterion\n/todo no command\n/usr/bin too");
    assert_eq!(draft.carry.tags, [domain_tag("auth")]);
    assert!(draft.carry.people.is_empty() && draft.criteria.is_empty());
}

#[test]
fn a_long_title_goes_on_in_the_body() {
    let text = "word ".repeat(60);
    let draft = draft(&format!("{text}\nmore"), &context()).unwrap();
    assert_eq!(draft.title.chars().count(), 199);
    assert!(draft.body.starts_with("word word") && draft.body.ends_with("word\nmore"));
    let unbroken = super::draft(&"가".repeat(250), &context()).unwrap();
    assert_eq!((unbroken.title.chars().count(), unbroken.body.chars().count()), (200, 50));
}

#[test]
fn the_life_of_an_item() {
    becomes("/refine I3 say it better", "/refine I3 say it better");
    becomes("/reject i3", "/reject I3");
    becomes("/reject I3 too early", "/reject I3 too early");
    becomes("/promote R1 @dana !high", "/promote R1 @dana !high");
    becomes("/promote I1 to todo", "/promote I1 todo");
    becomes("/promote", "/promote");
    becomes("/finding R2 it survives", "/finding R2 it survives");
    becomes("/assign T7 dana @kim,@lee", "/assign T7 @dana @kim @lee");
    becomes("/assign @dana T7", "/assign T7 @dana");
    becomes("/unassign T7@5 @me", "/unassign T7@5 @me");
    becomes("/doing t7", "/doing T7");
    becomes("/DONE T7", "/done T7");
    becomes("/finish T7 Anyway because", "/done T7 anyway because");
    becomes("/done T7: anyway we were", "/done T7: anyway we were");
    becomes("/done T7: T8", "/done T7: T8");
    becomes("/reject T7: 8 #9", "/reject T7: 8 #9");
    becomes("/done: T8 was better", "/done: T8 was better");
    becomes("/reopen T7 came back", "/reopen T7 came back");
    becomes("/need T7 T3 T4", "/need T7 T3 T4");
    becomes("/needs T3", "/need T3");
    becomes("/need T3,T4", "/need: T3 T4");
    becomes("/unneed T7 t3", "/unneed T7 T3");
    becomes("/criterion T7 no network", "/criterion T7 no network");
    becomes("/review P4 approve", "/review P4 approve");
    becomes("/review P4 Changes: rename it", "/review P4 changes rename it");
    becomes("/review P4 looks fine", "/review P4 comment looks fine");
    becomes("/review P4: approve of it", "/review P4 comment approve of it");
    becomes("/merge P4", "/merge P4");
    becomes("/close P4 superseded", "/close P4 superseded");
}

#[test]
fn facts() {
    becomes("/note T7 see #12 and due:x\nsecond line", "/note T7 see #12 and due:x\nsecond line");
    becomes("/note T7\n\\/done T7", "/note T7 /done T7");
    becomes("/note T7 one\n\\/done T7", "/note T7 one\n\\/done T7");
    becomes("/note: T8 is worse", "/note: T8 is worse");
    becomes("/title T7  Fix   the\nlogin", "/title T7 Fix the login");
    becomes("/tag T7 auth #ui", "/tag T7 #auth #ui");
    becomes("/untag T7 #auth", "/untag T7 #auth");
    becomes("/prio T7 !High", "/prio T7 high");
    becomes("/prio urgent T7", "/prio T7 urgent");
    becomes("/due T7 fri", "/due T7 2026-11-27");
    becomes("/due T7 due:fri", "/due T7 2026-11-27");
    becomes("/due T7 in 2 weeks", "/due T7 2026-12-04");
    becomes("/due T7 \"fri 17:00\"", "/due T7 2026-11-27T17:00");
    becomes("/due fri T7", "/due T7 2026-11-27");
    becomes("/due T7 -", "/due T7 none");
    becomes("/project T7 App", "/project T7 in:app");
    becomes("/project T7 in:none", "/project T7 in:none");
    becomes("/project T7 none", "/project T7 none");
    becomes("/link T7 t8", "/link T7 T8");
    becomes("/link for:T8", "/link for:T8");
    becomes("/link T7 https://example.org/a,b?x=#y", "/link T7 https://example.org/a,b?x=#y");
}

#[test]
fn looks() {
    becomes("/T7", "/show T7");
    becomes("t7", "/show T7");
    becomes("T7@5", "/show T7@5");
    becomes("/show", "/show");
    becomes("/list", "/list");
    becomes("/ls all", "/list");
    becomes(
        "/list todos OPEN #b #a @me in:app !high due:fri login page:2",
        "/list todo open #a #b @me in:app !high due:2026-11-27 login page:2",
    );
    becomes("/list \"open\" \\done \"two words\" T7", "/list T7 \"done\" \"open\" \"two words\"");
    becomes("/board in:app", "/board in:app");
    becomes("/mine", "/mine");
    becomes("/next #auth", "/next #auth");
    becomes("/search login at home", "/find \"at\" home login");
    becomes("/history T7 page:2", "/history T7 page:2");
    becomes("/why T7", "/why T7");
    becomes("/help /todo", "/help todo");
    becomes("/start T7", "/start T7");
    becomes("/status", "/status");
}

#[test]
fn an_item_first() {
    becomes("T7 done", "/done T7");
    becomes("/T7 done and more", "/done T7 and more");
    becomes("T7@5 due fri", "/due T7@5 2026-11-27");
    becomes("T7 needs T3 T4", "/need T7 T3 T4");
    becomes("T7 note: words", "/note T7 words");
    words("T7 done right would be nice");
    words("T7 is better");
    words("T7: is better");
    becomes("done T7", "/done T7");
    becomes("Done T7 anyway", "/done T7 anyway");
    becomes("due T7 fri", "/due T7 2026-11-27");
    becomes("why T7", "/why T7");
    becomes("note T7: words", "/note T7 words");
    words("done T7 right would be nice");
    words("done: T7");
    words("close T7 when you have time");
    words("note T7 words");
    words("find T7");
}

#[test]
fn rooms_and_people() {
    becomes("/follow", "/follow");
    becomes("/follow *", "/follow all");
    becomes("/follow todo #auth", "/follow todo #auth");
    becomes("/unfollow", "/unfollow all");
    becomes("/unfollow *", "/unfollow *");
    becomes("/unfollow #auth", "/unfollow #auth");
    becomes("/mute 2h", "/mute until 2026-11-20T16:03");
    becomes("/mute for 3 days", "/mute until 2026-11-23T14:03");
    becomes("/mute until mon 9:00", "/mute until 2026-11-23T09:00");
    becomes("/mute today", "/mute until 2026-11-21T00:00");
    becomes("/unmute", "/mute off");
    becomes("/lang KO-kr", "/lang ko");
    becomes("/lang 한국어", "/lang ko");
    becomes("/lang English", "/lang en");
    becomes("/lang OFF", "/lang off");
    becomes("/tz seoul", "/tz Asia/Seoul");
    becomes("/tz new york", "/tz America/New_York");
    becomes("/default Todo", "/default todo");
    becomes("/pair", "/pair");
    becomes("/pair abcd1234", "/pair ABCD1234");
    becomes("/pair abcd1234 as kim", "/pair ABCD1234 as @kim");
    becomes("/pair abcd1234 guest as @kim", "/pair ABCD1234 guest as @kim");
    becomes("/claim x-1", "/claim X-1");
    becomes("/grant dana owner", "/grant @dana owner");
    assert_eq!(command("/grant dana owner").role(), Some(Role::Owner));
    assert_eq!(command("/claim x").role(), None);
}

#[test]
fn no_commands() {
    for text in
        ["", "Offline mode for the app", "/", "/ 5", "/usr/bin is full", "//", "/3", "done", "todo x", "note: x", "…"]
    {
        words(text);
    }
    assert!(matches!(parse("done", &console()), Ok(Said::Command(_))));
    assert_eq!(parse("Buy milk", &console()), Ok(Said::Words("Buy milk".to_owned())));
}

#[test]
fn answers_to_a_card() {
    for (text, means) in [
        ("done", "/done T7@5"),
        ("Done!", "/done T7@5"),
        ("done anyway", "/done T7@5 anyway"),
        ("doing", "/doing T7@5"),
        ("due fri", "/due T7@5 2026-11-27"),
        ("Due in 2 weeks", "/due T7@5 2026-12-04"),
        ("due none", "/due T7@5 none"),
        ("tag #x", "/tag T7@5 #x"),
        ("assign @dana", "/assign T7@5 @dana"),
        ("needs T3", "/need T7@5 T3"),
        ("need T3 T4", "/need T7@5 T3 T4"),
        ("prio high", "/prio T7@5 high"),
        ("project in:app", "/project T7@5 in:app"),
        ("promote to todo #x", "/promote T7@5 todo #x"),
        ("reject", "/reject T7@5"),
        ("review approve", "/review T7@5 approve"),
        ("note: T8 too", "/note T7@5 T8 too"),
        ("reject: too early", "/reject T7@5 too early"),
        ("why", "/why T7@5"),
        ("/note hello", "/note T7@5 hello"),
        ("/done T8", "/done T8"),
        ("/need T3", "/need T7@5 T3"),
        ("/todo new one", "/todo new one"),
        ("T9 done", "/done T9"),
        ("link https://x.org", "/link T7@5 https://x.org"),
    ] {
        assert_eq!(reply(text).as_deref(), Some(means), "{text}");
    }
    for text in [
        "Note that the login fails",
        "close to finished, needs tests",
        "review was fine",
        "done with half of it",
        "due to the weather",
        "tag along",
        "assign blame",
        "needs tests",
        "project planning",
        "sled survives a kill",
        "merge conflicts again",
        "why?",
        "doing fine",
        "due march hares",
        "reopen it please",
        "title is bad",
        "prio",
        "todo list",
        "done\nmostly",
        "due someday",
        "list open",
    ] {
        assert_eq!(reply(text), None, "{text}");
    }
    assert!(parse_reply("/todoo x", target("T7"), &context()).is_err());
}

#[test]
fn what_is_taken_back() {
    for text in [
        "/undo",
        "/undo due",
        "/undo T7",
        "/undo T7@5",
        "/undo T7@5 due #auth @dana",
        "/undo T9@5 T14@3 needs:T9",
        "/undo P4 for:T7",
        "/undo room",
        "/undo room@3",
        "/undo @dana",
        "/undo @dana@3",
    ] {
        becomes(text, text);
    }
    becomes("/undo t7 Status assignees", "/undo T7 state people");
    becomes("/T7 undo due", "/undo T7 due");
    let reply = |text| match parse_reply(text, target("T7"), &context()) {
        Ok(Said::Command(command)) => Some(command.to_text(context().time_zone)),
        _ => None,
    };
    assert_eq!(reply("undo").as_deref(), Some("/undo T7"));
    assert_eq!(reply("undo due").as_deref(), Some("/undo T7 due"));
    assert_eq!(reply("undo @dana").as_deref(), Some("/undo T7 @dana"));
    assert_eq!(reply("/undo").as_deref(), Some("/undo T7"));
    assert_eq!(reply("undo T9@2").as_deref(), Some("/undo T9@2"));
    assert_eq!(reply("undo the damage"), None);
}

#[test]
fn several_commands_in_one_message() {
    let text = "/todo one\nbody\n/usr/bin\n\\/done T1\n/done T2\n/etc\n/T3\n/todoo x\n";
    assert_eq!(
        split(text, &context()),
        ["/todo one\nbody\n/usr/bin\n\\/done T1\n", "/done T2\n/etc\n", "/T3\n", "/todoo x\n"]
    );
    assert_eq!(split("words\n/done T2", &context()), ["words\n", "/done T2"]);
    assert_eq!(split("  \n ", &context()), [""; 0]);
}

#[test]
fn faults() {
    let shown = [
        "/todoo Fix logout",
        "/todo fix due:someday",
        "/todo fix due:03/04/2026 now",
        "/todo",
        "/todo #auth",
        "/todo x !hihg",
        "/todo x needs:tests",
        "/todo x !high !low",
        "/todo first\nsecond\ndue:2026-02-30",
        "/undo sideways",
        "/undo T7 sideways",
        "/undo T7 room",
        "/undo room due",
        "/undo T7@5 T7@5",
        "/diff",
        "/diff sometime",
        "/board at lst friday",
        "/board at",
        "/show T7 at someday",
        "/show T7 at #",
        "/follow #app at yesterday",
        "/stats fri..someday",
        "/show T7 please",
        "/due T7",
        "/due T7 someday",
        "/due T7 25 dez",
        "/prio T7 hgh",
        "/need",
        "/need T7 tests",
        "/assign T7",
        "/tag T7 a/b",
        "/promote T7 idea",
        "/promote T7 soon",
        "/review P4",
        "/link T7 example.org",
        "/find open",
        "/list page:0",
        "/board page:2",
        "/follow needs:T3",
        "/mute",
        "/mute until yesterday",
        "/tz Soul",
        "/tz kst",
        "/lang klingon",
        "/default board",
        "/done T7 T8",
        "/done 7",
        "/reject T7, T8",
        "/pair abcd1234 boss",
        "/grant dana",
        "/T7 dne",
        "/T7 hello",
        "/xyzzy",
        "/모름 고치기",
        "/todo 로그인 고치기 due:언젠가",
    ]
    .map(|text| format!("> {}\n{}", text.replace('\n', "\n> "), fault(text)))
    .join("\n\n");
    insta::assert_snapshot!(shown);
}

#[test]
fn what_may_have_been_meant_is_a_command() {
    for text in ["/todoo Fix logout", "/don T7", "/T7 dne", "/tz Soul", "/reopn T7", "/findng x", "/untga T7 #x"] {
        let fault = parse(text, &context()).unwrap_err();
        assert!(!fault.meant.is_empty(), "{text}");
        for meant in fault.meant {
            command(&meant);
        }
    }
}

#[test]
fn helps() {
    let short = help(None, Lang::English).unwrap().to_string();
    assert!(short.lines().count() <= 30, "more than a phone shows at once:\n{short}");
    insta::assert_snapshot!("help_in_short", short);
    insta::assert_snapshot!("help", help(Some("all"), Lang::English).unwrap().to_string());
    insta::assert_snapshot!("help_about_one_verb", help(Some("/Done"), Lang::English).unwrap().to_string());
    insta::assert_snapshot!("help_about_a_heading", help(Some("room"), Lang::English).unwrap().to_string());
    let people = help(Some("people"), Lang::English).unwrap().sections;
    assert_eq!(people.len(), 2, "the verb, and the heading of that name");
    assert!(help(Some("words"), Lang::English).unwrap().to_string().contains("#tag"));
    assert_eq!(help(Some("rom"), Lang::English).unwrap_err().meant, ["/help room"]);
    assert_eq!(help(Some("todoo"), Lang::English).unwrap_err().meant, ["/help todo"]);
}

#[test]
fn link_is_about_items_or_about_people() {
    becomes("/link T7 T9", "/link T7 T9");
    becomes("/link", "/link");
    becomes("/link ME", "/link");
    becomes("/link abcd2345", "/link ABCD2345");
    becomes("/confirm abcd2345", "/confirm ABCD2345");
    becomes("/confirm No ABCD2345", "/confirm no ABCD2345");
    becomes("/confirm ABCD2345 /forget @dana", "/confirm ABCD2345 /forget @dana");
    becomes("/unlink Console/4711", "/unlink console/4711");
    // What can be an item is one.
    assert!(matches!(command("/link T2345678"), Command::Item { .. }));
    for text in ["/link ABCD234", "/link yes", "/link yes T7", "/link ABCD-234", "/link no ABCD2345 x", "/unlink"] {
        fault(text);
    }
    // In answer to a card it is about the item, and a sentence stays one.
    assert_eq!(reply("/link T9"), Some("/link T7@5 T9".into()));
    assert_eq!(reply("link abcdefgh"), None);
    assert_eq!(reply("/link"), Some("/link".into()));
}

#[test]
fn what_has_to_happen_is_part_of_a_follow() {
    becomes("/follow todo #app on:done", "/follow todo #app on:done");
    becomes("/follow on:Done,created on:merged", "/follow on:created,done,merged");
    becomes("/follow #app on:created, done", "/follow #app on:created,done");
    becomes("/unfollow #app on:done", "/unfollow #app on:done");
    becomes("/follow \"on:done\"", "/follow \"on:done\"");
    // A look is about items, not about what happened to them.
    becomes("/find on:done", "/find \"on:done\"");
    assert!(fault("/follow #app on:don").ends_with("Did you mean:   /follow on:done"));
    assert!(fault("/follow on:finished").contains("What can happen is created, noted, assigned, started, done,"));
}

#[test]
fn when_a_room_is_told() {
    becomes("/digest", "/digest");
    becomes("/digest daily", "/digest daily 9:00");
    becomes("/digest 18:30", "/digest daily 18:30");
    becomes("/digest daily at 6pm", "/digest daily 18:00");
    becomes("/digest weekly Monday 9", "/digest weekly mon 9:00");
    becomes("/digest fri 17:00", "/digest weekly fri 17:00");
    becomes("/digest OFF", "/digest off");
    becomes("/digest now", "/digest now");
    for text in ["/digest weekly", "/digest daily 25:00", "/digest noon", "/digest off now", "/digest weekly 9:00"] {
        fault(text);
    }
    becomes("/quiet", "/digest");
    becomes("/quiet 22:00-7:00", "/quiet 22:00-7:00");
    becomes("/quiet from 10pm to 7 urgent", "/quiet 22:00-7:00 urgent");
    becomes("/quiet 22–7", "/quiet 22:00-7:00");
    becomes("/quiet urgent on", "/quiet urgent on");
    becomes("/quiet off", "/quiet off");
    for text in ["/quiet 22:00", "/quiet 22-7-8", "/quiet urgent", "/quiet urgent perhaps", "/quiet 22-25"] {
        fault(text);
    }
    becomes("/prefer Console", "/prefer console");
    becomes("/prefer off", "/prefer off");
    becomes("/prefer", "/prefer");
}

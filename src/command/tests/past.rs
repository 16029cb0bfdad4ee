//! Looks at moments of the past.

use super::*;

fn look(text: &str) -> Look {
    match command(text) {
        Command::Look(look) => look,
        other => panic!("{text}: {other:?}"),
    }
}

fn canonical(text: &str) -> String {
    command(text).to_text(context().time_zone)
}

#[test]
fn a_look_takes_its_moment_at_its_end() {
    let shown = [
        "/board at 2025-08-01",
        "/board in:app #auth at 3 months ago",
        "/board at yesterday 9:00",
        "/board at last friday",
        "/board at #4,812",
        "/board at position 4812",
        "/board at now",
        "/list todo at fri page:2",
        "/list page:2 todo at fri",
        "/list all at yesterday",
        "/mine at yesterday",
        "/next #auth at 2h",
        "/find login at yesterday",
        "/find met at noon sharp",
        "/show T7 at yesterday",
        "T7 at yesterday",
        "/T7 at yesterday",
        "T7 at home would be nice",
        "/history T7 at yesterday page:2",
        "/history T7 page:2 at yesterday",
        "/why T7 at yesterday",
        "/list \"at\" home",
        "/diff last friday",
        "/diff 2025-08-01 2025-09-01 #auth",
        "/diff fri 9:00 to yesterday 18:00 T7",
        "/diff 2025-08-01..2025-09-01 open",
        "/diff 2025-08-01.. T7",
        "/diff #12..#40",
        "/diff \"last friday\" yesterday",
        "/stats",
        "/stats 4 weeks",
        "/stats todo #auth 4 weeks",
        "/stats 2025-08-01..2025-09-01 in:app",
        "/stats ..2025-09-01",
        "/stats #12..#40 login",
        "/stats at last friday",
        "/stats 2025-08-01 10:00..2025-09-01 9:00 #auth",
        "/stats #auth 3 months ago .. last friday",
        "/stats yesterday..now",
        "/stats ... what",
        "/stats in:\"a..\" #a..b",
        "/stats #\"12..40\" @a..b",
        "/diff yesterday 9:00..now T7",
        "/diff fri .. yesterday open",
        "/diff fri..someday",
    ]
    .map(|text| match parse(text, &context()) {
        Ok(Said::Command(command)) => format!("{text}   ->   {}", command.to_text(context().time_zone)),
        Ok(Said::Words(_)) => format!("{text}   ->   (words)"),
        Err(fault) => format!("{text}   ->   {fault}"),
    })
    .join("\n");
    insta::assert_snapshot!(shown);
}

#[test]
fn a_moment_reads_as_what_it_was_printed_as() {
    for text in ["/board at yesterday", "/diff fri 9:00", "/stats 4 weeks #auth"] {
        assert_eq!(look(text), look(&canonical(text)), "{text}");
    }
}

#[test]
fn a_filter_that_is_followed_has_no_past() {
    assert!(parse("/follow #app at yesterday", &context()).is_err());
    assert!(parse("/unfollow #app at yesterday", &context()).is_err());
}

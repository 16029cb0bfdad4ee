//! Everything anyone sees of a rich story, in Korean: no English is left in it.

use std::sync::Arc;

use yoman_chat::Outbound;

use super::super::{Viewer, spec::*};
use crate::{
    domain::{Filter, ItemRef, PersonId},
    lang::Lang,
};

fn korean(person: Option<u32>, story: &Story) -> Viewer {
    Viewer { lang: Lang::Korean, now: story.now, ..viewer(person) }
}

/// Words in Latin letters that are no English: references, names, tags, platforms, time zones.
fn is_left_alone(word: &str) -> bool {
    let names = [
        "kim", "dana", "Dana", "M", "ller", "auth", "web", "app", "PR", "Telegram", "Discord", "telegram", "Asia",
        "Seoul", "https", "example", "org",
    ];
    let digits = word.trim_start_matches(['T', 'I', 'R', 'P']);
    names.contains(&word) || (digits.len() < word.len() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

#[track_caller]
fn no_english(what: &str, message: &Outbound) {
    let labels = message.buttons.iter().flatten().flat_map(|button| {
        let ask = button.ask.iter().flat_map(|ask| [ask.title.clone(), ask.label.clone()]);
        std::iter::once(button.label.clone()).chain(ask).collect::<Vec<_>>()
    });
    for text in std::iter::once(message.text.to_plain()).chain(labels) {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric());
        let words = words.filter(|word| word.chars().any(char::is_alphabetic) && !is_left_alone(word));
        let english: Vec<_> = words.collect();
        assert!(english.is_empty(), "{english:?} in {what}:\n{text}");
    }
}

fn story() -> Story {
    let mut story = Story::new();
    for text in [
        "아이디어 오프라인 모드 #app",
        "다듬기 I1 읽기만 되면 돼요",
        "승격 I1 조사",
        "발견 R1 강제 종료에도 살아남아요",
        "승격 R1 할일 @dana !높음 마감:금요일",
        "할일 앱 배포 필요:T1 #web",
        "조건 T1 네트워크 없이도 되기",
        "메모 T1 어제 봤어요",
        "연결 T1 https://example.org/42",
        "우선순위 T2 긴급",
        "마감 T2 2026-11-20",
        "제목 T2 앱 내놓기",
        "태그빼기 T2 #web",
        "프로젝트 T2 app",
        "시작 T1",
        "아이디어 어두운 화면",
        "기각 I2 아직 일러요",
        "다시열기 I2",
        "변경요청 업로드 다시 시도 위해:T1",
        "검토 P1 수정 이름이 길어요",
        "병합 P1",
        "완료 T1",
        "다시열기 T1 또 생겼어요",
        "배정 T2 @kim @dana",
        "배정해제 T2 @dana",
        "팔로우 #app",
        "음소거 2시간",
    ] {
        story.wait(7);
        story.say(text);
    }
    story
}

#[test]
fn nothing_anyone_sees_is_english() {
    let story = story();
    let world = &story.world;
    for person in [None, Some(1), Some(2)] {
        let viewer = &korean(person, &story);
        for text in ["I1", "I2", "R1", "T1", "T2", "P1"] {
            let item: ItemRef = text.parse().unwrap();
            no_english(text, &world.card(item, viewer).unwrap());
            let commits: Vec<_> =
                story.commits.iter().filter(|commit| commit.stream.as_str() == item.stream()).map(Arc::clone).collect();
            no_english("history", &world.history(item, &commits, 1, viewer));
            no_english("why", &world.why(item, &story, viewer));
            let graph = world.why_graph(item, &story, viewer);
            for node in graph.nodes {
                no_english("why picture", &Outbound::text(format!("{} {} {}", node.what, node.who, node.when)));
            }
            no_english("a picture", &Outbound::text(graph.heading));
            no_english("an old card", &Outbound::text(world.changes_since(item, 1, &commits, viewer).0));
        }
        let all = Filter::default();
        no_english("list", &world.list(&all, 1, viewer));
        no_english("board", &world.board(&all, viewer));
        no_english("next", &world.next(&all, PersonId(1), viewer));
        no_english("mine", &world.mine(&all, PersonId(1), viewer));
        let nowhere = Filter { words: vec!["없는말".into(), "또".into()], ..Filter::default() };
        no_english("nothing found", &world.find(&nowhere, 1, viewer));
        no_english("nothing listed", &world.list(&nowhere, 1, viewer));
        no_english("nothing to do", &world.next(&nowhere, PersonId(1), viewer));
        no_english("people", &Outbound::text(world.people_list(viewer)));
        no_english("rooms", &Outbound::text(world.room_list(viewer)));
        no_english("follows", &world.follows(viewer));
        no_english("pending", &world.pending(&[], viewer));
        for commit in &story.commits {
            if let Some(notice) = world.notice(commit, viewer) {
                no_english("a notice", &notice);
            }
        }
        no_english("because", &Outbound::text(world.because(&all, viewer)));
    }
}

#[test]
fn every_answer_is_korean() {
    let mut told = Story::new();
    for commit in &story().commits {
        let text = commit.meta.text.clone();
        if text.is_empty() {
            continue;
        }
        let (command, commits) = told.say(&text);
        let viewer = korean(Some(1), &told);
        no_english(&text, &told.world.answer(&command, &commits, true, &viewer));
    }
}

#[test]
fn what_it_looks_like() {
    let story = story();
    let viewer = korean(Some(1), &story);
    let card = |item: &str| story.world.card(item.parse().unwrap(), &viewer).unwrap().text.to_plain();
    let board = story.world.board(&Filter::default(), &viewer).text.to_plain();
    insta::assert_snapshot!([card("T1"), card("T2"), card("P1"), board].join("\n\n"));
}

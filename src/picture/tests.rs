//! Pictures are what they should be: the right size, drawn with our fonts, whatever is written in them.

use chrono::{Days, NaiveDate};
use resvg::tiny_skia::Pixmap;

use super::*;

fn node(item: &str, what: &str, who: &str, when: &str, said: &str) -> Node {
    Node { item: item.into(), what: what.into(), who: who.into(), when: when.into(), said: said.into() }
}

fn story() -> Graph {
    Graph {
        lang: crate::lang::Lang::English,
        heading: "Why T3".into(),
        title: "오프라인 모드를 앱에 넣기 🚀 for the app".into(),
        nodes: vec![
            node("I1", "captured it", "kim (Telegram)", "Fri 13 Nov, 14:02", "Offline mode for the app"),
            node("I1", "promoted I1 to R1", "kim (Telegram)", "Fri 13 Nov, 14:05", "research"),
            node("R1", "started it from I1", "kim (Telegram)", "Fri 13 Nov, 14:05", ""),
            node(
                "R1",
                "noted a finding",
                "dana (Discord)",
                "Sat 14 Nov, 09:30",
                "sled survives a kill, but only with fdatasync 👍🏽 — 정말로 확인했습니다",
            ),
            node("R1", "promoted R1 to T3", "dana (Discord)", "Sat 14 Nov, 09:31", "/promote R1 @dana !high"),
            node("T3", "created it from R1", "dana (Discord)", "Sat 14 Nov, 09:31", ""),
            node("T9", "completed it", "kim (Telegram)", "16:20", "done T9"),
            node("T3", "started it", "dana (Discord)", "16:21", "이제 시작합니다"),
        ],
        edges: vec![
            Edge { from: 1, to: 2, unblocks: false },
            Edge { from: 4, to: 5, unblocks: false },
            Edge { from: 6, to: 7, unblocks: true },
        ],
        left_out: 0,
    }
}

fn figures() -> Chart {
    let first = NaiveDate::from_ymd_opt(2026, 9, 1).unwrap();
    let line = |name: &str, filled, figure: fn(u64) -> u64| Series {
        name: name.into(),
        points: (0..80).filter_map(|n| Some((first.checked_add_days(Days::new(n))?, figure(n)))).collect(),
        filled,
    };
    Chart {
        lang: crate::lang::Lang::English,
        heading: "Created and done, in all 🔥".into(),
        title: "#앱 in:app, 1 Sep to 19 Nov 2026".into(),
        counted: "items".into(),
        series: vec![
            line("created", false, |n| 5 + n + n / 7 * 3),
            line("done", true, |n| n * n / 70),
            line("open at once", false, |n| 5 + n + n / 7 * 3 - n * n / 70),
        ],
    }
}

fn decoded(picture: &Picture) -> Pixmap {
    Pixmap::decode_png(&picture.png).unwrap()
}

/// For looking at them: `YOMAN_PICTURES=dir cargo test picture`.
fn keep(picture: &Picture) {
    if let Some(dir) = std::env::var_os("YOMAN_PICTURES") {
        std::fs::write(std::path::Path::new(&dir).join(&picture.name), &picture.png).unwrap();
    }
}

#[test]
fn a_graph_of_causes_is_drawn() {
    let picture = why("why-T3.png", &story()).unwrap();
    keep(&picture);
    let drawn = decoded(&picture);
    assert_eq!(drawn.width(), 1080);
    assert!(drawn.height() <= 2000 && picture.png.len() < 300_000, "{} {}", drawn.height(), picture.png.len());
    assert!(picture.alt.contains("Why T3") && picture.sha256.len() == 64);
}

#[test]
fn a_long_graph_stays_within_its_bounds() {
    let mut long = story();
    for n in 0..120 {
        let item = format!("T{}", 10 + n % 9);
        let from = long.nodes.len() - 1;
        long.nodes.push(node(
            &item,
            &"아주 긴 설명 ".repeat(40),
            &"W".repeat(300),
            "Fri 13 Nov 2025, 14:02",
            &"🚀".repeat(300),
        ));
        long.edges.push(Edge { from, to: from + 1, unblocks: n % 3 == 0 });
    }
    let picture = why("why-long.png", &long).unwrap();
    keep(&picture);
    let drawn = decoded(&picture);
    assert!(drawn.width() <= 2000 && drawn.height() <= 2000 && picture.png.len() < 400_000, "{}", picture.png.len());
}

#[test]
fn figures_over_time_are_drawn() {
    let picture = chart("stats.png", &figures()).unwrap();
    keep(&picture);
    let drawn = decoded(&picture);
    assert_eq!((drawn.width(), drawn.height()), (1080, 800));
    assert!(picture.alt.contains("created 117"), "{}", picture.alt);
    let mut one = figures();
    one.series.iter_mut().for_each(|series| series.points.truncate(1));
    keep(&Picture { name: "stats-one.png".into(), ..chart("x", &one).unwrap() });
    for series in &mut one.series {
        series.points[0].1 = u64::MAX;
    }
    assert!(chart("x", &one).is_ok(), "figures of any size");
}

#[test]
fn nothing_to_see_is_no_picture() {
    assert_eq!(why("x", &Graph::default()), Err(PictureError::Empty));
    assert_eq!(chart("x", &Chart::default()), Err(PictureError::Empty));
}

#[test]
fn what_is_written_is_never_markup() {
    let mut graph = story();
    graph.title = "</text><script>&amp;\u{0}\u{1b}[2J\u{fffe}\u{202e}".into();
    graph.nodes[0].what = "\"><image href=\"file:///etc/passwd\"/>".into();
    graph.nodes[0].item = "<T>".into();
    let picture = why("x.png", &graph).unwrap();
    assert_eq!(decoded(&picture).width(), 1080);
}

#[test]
fn the_fonts_have_what_people_write() {
    let ruler = fonts::Ruler::new();
    let hangul: String = ('\u{ac00}'..='\u{d7a3}').collect();
    for text in [
        hangul.as_str(),
        "ㄱㄴㄷㅏㅑ ひらがなカタカナ ÄÖÜßéñçøł Привет Ελλάδα “quotes” … → ✓ ✗ × € ₩ №",
        "😀🚀🔥👍🏽❤️✅❌⚠️🎉🐛📌🧪🇰🇷👩‍💻",
    ] {
        assert!(!ruler.fit(text, 1.0, f32::MAX).contains('·'), "{text}");
    }
    assert_eq!(ruler.fit("a\u{0}b 漢", 10.0, 1000.0), "a b ·");
    assert!(ruler.width("한글", 10.0) > ruler.width("il", 10.0) * 2.0);
    let cut = ruler.fit("This is much longer than its room", 10.0, 60.0);
    assert!(cut.ends_with('…') && ruler.width(&cut, 10.0) <= 61.0, "{cut}");
}

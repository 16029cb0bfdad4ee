//! A graph of causes: what happened from top to bottom, a line for each item, an arrow from a cause to its effect.

use super::{
    Graph, NODES_MAX,
    render::SIDE_PX_MAX,
    svg::{Drawn, Svg, Type, colour},
};
use crate::lang::{Lang, say};

/// The width of the picture in pixels: what a phone shows without zooming.
const WIDTH_PX: f32 = 1080.0;
/// How much larger than the units below it is drawn, at most.
const SCALE_MAX: f32 = 2.0;

const MARGIN: f32 = 24.0;
const HEAD: f32 = 78.0;
const ROW: f32 = 54.0;
const FOOT: f32 = 40.0;
/// Between two lines of items.
const LANE: f32 = 22.0;
/// The most lines that stand side by side; further items share the last.
const LANES_MAX: usize = 6;

const HEADING: Type = Type::new(21.0, colour::INK).bold();
const TITLE: Type = Type::new(14.0, colour::SOFT);
const WHAT: Type = Type::new(14.0, colour::INK);
const WHEN: Type = Type::new(11.5, colour::SOFT).to_the_right();
const SAID: Type = Type::new(12.0, colour::SOFT);
const CHIP: Type = Type::new(11.5, colour::PAPER).bold().centred();
const LEGEND: Type = Type::new(11.0, colour::SOFT);

/// Draws it.
pub(super) fn svg(graph: &Graph) -> Drawn {
    let hidden = graph.nodes.len().saturating_sub(NODES_MAX);
    let nodes = &graph.nodes[hidden..];
    let left_out = graph.left_out + hidden;
    let mut lanes: Vec<&str> = Vec::new();
    for node in nodes {
        if !lanes.contains(&node.item.as_str()) {
            lanes.push(&node.item);
        }
    }
    let lane = |item: &str| lanes.iter().position(|it| *it == item).unwrap_or(0).min(LANES_MAX - 1);
    let tint = |item: &str| colour::LINES[lane(item) % colour::LINES.len()];

    let note = if left_out > 0 { 24.0 } else { 0.0 };
    let height = HEAD + note + nodes.len() as f32 * ROW + FOOT;
    let scale = SCALE_MAX.min((SIDE_PX_MAX - 1.0) / height);
    let width = WIDTH_PX / scale;
    let mut svg = Svg::new(width, height, scale);

    let right = width - MARGIN;
    svg.fitted((MARGIN, 38.0), HEADING, right - MARGIN, &graph.heading);
    svg.fitted((MARGIN, 60.0), TITLE, right - MARGIN, &graph.title);
    let top = HEAD + note;
    if left_out > 0 {
        svg.text((MARGIN, HEAD + 10.0), LEGEND, &say!(graph.lang, "picture-left-out", n = left_out));
    }

    let x = |item: &str| MARGIN + 8.0 + lane(item) as f32 * LANE;
    let y = |at: usize| top + at as f32 * ROW + 18.0;
    let text_from = MARGIN + 8.0 + (lanes.len().min(LANES_MAX) as f32 - 1.0) * LANE + 22.0;

    for item in &lanes {
        let mut own = nodes.iter().enumerate().filter(|(_, node)| node.item == *item).map(|(at, _)| at);
        if let Some(first) = own.next() {
            let last = own.next_back().unwrap_or(first);
            svg.line((x(item), y(first)), (x(item), y(last)), 3.0, tint(item));
        }
    }
    for edge in &graph.edges {
        let (Some(from), Some(to)) = (edge.from.checked_sub(hidden), edge.to.checked_sub(hidden)) else { continue };
        let (Some(cause), Some(effect)) = (nodes.get(from), nodes.get(to)) else { continue };
        if cause.item != effect.item {
            arrow(&mut svg, (x(&cause.item), y(from)), (x(&effect.item), y(to)), tint(&cause.item), edge.unblocks);
        }
    }

    let chip = lanes.iter().map(|item| svg.ruler().width(item, CHIP.size)).fold(0.0, f32::max).min(90.0) + 14.0;
    let from = text_from + chip + 9.0;
    for (at, node) in nodes.iter().enumerate() {
        let (middle, tint) = (y(at), tint(&node.item));
        if at > 0 {
            svg.line((text_from, middle - 22.0), (right, middle - 22.0), 1.0, colour::FAINT);
        }
        svg.dot((x(&node.item), middle), 7.0, tint);
        svg.rect((text_from, middle - 10.0, chip, 20.0), 6.0, tint);
        svg.fitted((text_from + chip / 2.0, middle + 4.2), CHIP, chip - 4.0, &node.item);
        let when = svg.ruler().fit(&node.when, WHEN.size, 150.0);
        let room = right - from - svg.ruler().width(&when, WHEN.size) - 12.0;
        svg.text((right, middle + 4.5), WHEN, &when);
        svg.fitted((from, middle + 5.0), WHAT, room, &node.what);
        let said = match (node.who.is_empty(), node.said.is_empty()) {
            (false, false) => format!("{}: {}", node.who, node.said),
            (false, true) => node.who.clone(),
            _ => node.said.clone(),
        };
        svg.fitted((from, middle + 23.0), SAID, right - from, &said);
    }
    legend(&mut svg, (right, height), graph.edges.iter().any(|edge| edge.unblocks), graph.lang);
    svg.done()
}

/// What the arrows mean.
fn legend(svg: &mut Svg, (right, height): (f32, f32), waits: bool, lang: Lang) {
    let y = height - 16.0;
    svg.line((MARGIN, y - 14.0), (right, y - 14.0), 1.0, colour::FAINT);
    let mut at = MARGIN;
    for (dashed, words) in [(false, say!(lang, "picture-came-of-it")), (true, say!(lang, "picture-was-waiting"))]
        .into_iter()
        .take(1 + usize::from(waits))
    {
        svg.path(&format!("M {at:.1} {y:.1} h 20"), 2.2, colour::SOFT, dashed);
        svg.shape(&format!("M {:.1} {y:.1} l -7 -4.5 v 9 Z", at + 28.0), colour::SOFT);
        svg.text((at + 34.0, y + 4.0), LEGEND, &words);
        at += 34.0 + svg.ruler().width(&words, LEGEND.size) + 22.0;
    }
}

/// From a dot on one line to a dot further down, on another.
fn arrow(svg: &mut Svg, (x1, y1): (f32, f32), (x2, y2): (f32, f32), tint: &str, dashed: bool) {
    let (end, bend) = (y2 - 14.0, ((y2 - y1) * 0.6).min(60.0));
    // Items that share a line have its colour between them already.
    if (x1 - x2).abs() > 1.0 {
        let d = format!(
            "M {x1:.1} {:.1} C {x1:.1} {:.1}, {x2:.1} {:.1}, {x2:.1} {end:.1}",
            y1 + 7.0,
            y1 + bend,
            end - bend * 0.6
        );
        svg.path(&d, 2.2, tint, dashed);
    }
    svg.shape(&format!("M {x2:.1} {:.1} l -5.5 -9 h 11 Z", y2 - 6.5), tint);
}

//! What can be SHOWN as a picture: why an item is as it is, and figures over time. Plain data in, PNG out; the text beside a
//! picture says the same.
//!
//! A picture is as wide as a phone, has its own fonts, and never says anything by colour alone. Drawing takes some memory
//! and a processor for a moment: one at a time, and nothing of it stays.
//!
//! # Layout
//!
//! * `mod.rs`    [`Graph`], [`Chart`]: what is drawn
//! * `why.rs`    a graph of causes as SVG; `chart.rs` figures over time as SVG
//! * `fonts.rs`  the fonts of `assets/fonts`, how wide a text is, what of it can be drawn
//! * `svg.rs`    SVG, piece by piece
//! * `render.rs` SVG to PNG

#[cfg(feature = "pictures")]
mod chart;
#[cfg(feature = "pictures")]
mod fonts;
#[cfg(feature = "pictures")]
mod render;
#[cfg(feature = "pictures")]
mod svg;
#[cfg(feature = "pictures")]
#[cfg(test)]
mod tests;
#[cfg(feature = "pictures")]
mod why;

use chrono::NaiveDate;
use yoman_chat::Picture;

use crate::lang::{Lang, say};

/// The most nodes of a graph that are drawn: more could not be read on a phone.
pub const NODES_MAX: usize = 28;

/// Why an item is as it is: what happened, and what came of what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    /// The language of the words that are drawn around it.
    pub lang: Lang,
    /// What it is about: `Why T7`.
    pub heading: String,
    /// Below it: the title of the item.
    pub title: String,
    /// What happened, the oldest first; all of one item stand on one line.
    pub nodes: Vec<Node>,
    /// What came of what, by their places in `nodes`.
    pub edges: Vec<Edge>,
    /// How many are left out before the first.
    pub left_out: usize,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// To which item: `T7`.
    pub item: String,
    /// What: `completed it`.
    pub what: String,
    /// Who: `dana (Discord)`.
    pub who: String,
    /// When: `14:02`, `Fri 13 Nov, 14:02`.
    pub when: String,
    /// What was said; may be empty.
    pub said: String,
}

/// From a cause to its effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The cause.
    pub from: usize,
    /// The effect.
    pub to: usize,
    /// The effect was only waiting for it.
    pub unblocks: bool,
}

/// Figures over time: a line each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chart {
    /// The language of the words that are drawn around it.
    pub lang: Lang,
    /// What it shows: `Created and closed, in all`.
    pub heading: String,
    /// Below it: of what, from when to when.
    pub title: String,
    /// What is counted: `items`.
    pub counted: String,
    /// The lines: at most four are told apart.
    pub series: Vec<Series>,
}

/// One line of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// What it is called.
    pub name: String,
    /// A figure for each day, the oldest first.
    pub points: Vec<(NaiveDate, u64)>,
    /// Filled down to zero.
    pub filled: bool,
}

/// Why there is no picture.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// This yoman was built without.
    #[error("this yoman was built without pictures")]
    NotBuiltIn,
    /// There is nothing to see.
    #[error("there is nothing to draw")]
    Empty,
    /// It could not be drawn.
    #[error("it could not be drawn: {0}")]
    Failed(String),
}

/// Draws why an item is as it is. Takes a processor for a moment: belongs beside the async threads.
///
/// # Errors
/// [`PictureError`]; the text beside it says the same all the same.
pub fn why(name: &str, graph: &Graph) -> Result<Picture, PictureError> {
    if graph.nodes.is_empty() {
        return Err(PictureError::Empty);
    }
    let (heading, title) = (&graph.heading, &graph.title);
    let alt = say!(graph.lang, "picture-why-alt", heading, title, n = graph.nodes.len());
    draw(name, alt, || draws::why(graph))
}

/// Draws figures over time. Takes a processor for a moment: belongs beside the async threads.
///
/// # Errors
/// As for [`why`].
pub fn chart(name: &str, chart: &Chart) -> Result<Picture, PictureError> {
    if chart.series.iter().all(|series| series.points.is_empty()) {
        return Err(PictureError::Empty);
    }
    let ends = chart.series.iter().filter_map(|it| Some(format!("{} {}", it.name, it.points.last()?.1)));
    let ends = ends.collect::<Vec<_>>().join(", ");
    let alt = say!(chart.lang, "picture-chart-alt", heading = &chart.heading, title = &chart.title, ends);
    draw(name, alt, || draws::chart(chart))
}

fn draw(
    name: &str,
    alt: String,
    work: impl FnOnce() -> Result<Vec<u8>, PictureError>,
) -> Result<Picture, PictureError> {
    use sha2::{Digest as _, Sha256};
    let png = work()?;
    let sha256 = format!("{:x}", Sha256::digest(&png));
    Ok(Picture { name: name.to_owned(), alt, png: png.into(), sha256 })
}

#[cfg(feature = "pictures")]
mod draws {
    use super::{Chart, Graph, PictureError, render};

    pub(super) fn why(graph: &Graph) -> Result<Vec<u8>, PictureError> {
        render::file(&super::why::svg(graph))
    }

    pub(super) fn chart(data: &Chart) -> Result<Vec<u8>, PictureError> {
        render::file(&super::chart::svg(data)?)
    }
}

#[cfg(not(feature = "pictures"))]
mod draws {
    use super::{Chart, Graph, PictureError};

    pub(super) fn why(_: &Graph) -> Result<Vec<u8>, PictureError> {
        Err(PictureError::NotBuiltIn)
    }

    pub(super) fn chart(_: &Chart) -> Result<Vec<u8>, PictureError> {
        Err(PictureError::NotBuiltIn)
    }
}

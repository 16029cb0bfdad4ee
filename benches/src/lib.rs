//! What the figures have in common: percentiles, medians, tables. One binary a subject, in `src/bin/`:
//! `cargo run --release -p yoman-benches --bin log`.

pub mod house;
pub mod log;
pub mod telegram;

use std::{collections::VecDeque, time::Duration};

/// The value below which a share of sorted values lies: `share` 0.5 is the median. Zero for none.
pub fn percentile(sorted: &[Duration], share: f64) -> Duration {
    let at = (sorted.len() as f64 * share) as usize;
    sorted.get(at.min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}

/// The median of some figures; zero for none.
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}

/// A figure as a person reads it: three digits and a letter.
pub fn short(figure: f64) -> String {
    match figure {
        _ if figure >= 999_500.0 => format!("{:.2}M", figure / 1e6),
        _ if figure >= 99_950.0 => format!("{:.0}k", figure / 1e3),
        _ if figure >= 1_000.0 => format!("{:.1}k", figure / 1e3),
        _ if figure >= 100.0 => format!("{figure:.0}"),
        _ => format!("{figure:.2}"),
    }
}

/// A table for a terminal that is also Markdown.
#[derive(Clone, Debug, Default)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings.
    pub fn new<const N: usize>(headings: [&str; N]) -> Self {
        Self { rows: vec![headings.map(str::to_owned).to_vec()] }
    }

    /// One more row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width =
            |column: usize| self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
        let widths: Vec<_> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
        let mut rows: VecDeque<_> = self.rows.iter().cloned().collect();
        rows.insert(1, widths.iter().map(|&width| "-".repeat(width)).collect());
        for row in rows {
            for (cell, width) in row.iter().zip(&widths) {
                write!(f, "| {cell:<width$} ")?;
            }
            writeln!(f, "|")?;
        }
        Ok(())
    }
}

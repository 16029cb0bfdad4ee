//! A table with a row a figure and a column each for yoman and its peers, every peer's figure also as a multiple of yoman's.

use std::fmt;

use yoman_benches::{Table, median, short};

/// Which of two figures is the better one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Better {
    More,
    Less,
}

impl Better {
    fn is(self, one: f64, other: f64) -> bool {
        match self {
            Self::More => one > other,
            Self::Less => one < other,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::More => "more",
            Self::Less => "less",
        }
    }
}

struct Row {
    what: String,
    better: Better,
    /// A figure a round for each column; none where it was not measured.
    figures: Vec<Vec<f64>>,
}

impl Row {
    fn median(&self, column: usize) -> Option<f64> {
        (!self.figures[column].is_empty()).then(|| median(self.figures[column].clone()))
    }

    /// The median of a column as a multiple of yoman's.
    fn ratio(&self, column: usize) -> Option<f64> {
        Some(self.median(column)? / self.median(0)?)
    }

    /// Whether a column is ahead of yoman in at least four of five rounds: less is noise.
    fn ahead(&self, column: usize) -> bool {
        let rounds = || self.figures[0].iter().zip(&self.figures[column]);
        let ahead = rounds().filter(|&(&yoman, &it)| self.better.is(it, yoman)).count();
        rounds().len() > 0 && ahead * 5 >= rounds().len() * 4
    }
}

/// The table. Its first column is yoman.
pub(crate) struct Sheet {
    columns: Vec<String>,
    /// The column that is no competitor but the limit of all.
    limit: Option<usize>,
    rows: Vec<Row>,
}

impl Sheet {
    pub(crate) fn new(columns: Vec<String>, limit: Option<&str>) -> Self {
        let limit = limit.and_then(|limit| columns.iter().position(|it| it == limit));
        Self { columns, limit, rows: Vec::new() }
    }

    /// One more row; `figures` gives those of a column by its number.
    pub(crate) fn row(&mut self, what: impl Into<String>, better: Better, figures: impl Fn(usize) -> Vec<f64>) {
        let figures = (0..self.columns.len()).map(figures).collect();
        self.rows.push(Row { what: what.into(), better, figures });
    }

    fn cell(row: &Row, column: usize) -> String {
        let (Some(figure), Some(ratio)) = (row.median(column), row.ratio(column)) else { return "-".into() };
        match column {
            0 => short(figure),
            _ if row.ahead(column) => format!("{} (**{ratio:.2}**)", short(figure)),
            _ => format!("{} ({ratio:.2})", short(figure)),
        }
    }

    /// Who has the best median; with yoman when the two cannot be told apart.
    fn first(&self, row: &Row) -> String {
        let measured = (0..self.columns.len()).filter(|&it| Some(it) != self.limit);
        let best = measured
            .filter_map(|it| Some((it, row.median(it)?)))
            .reduce(|best, it| if row.better.is(it.1, best.1) { it } else { best });
        match best {
            None => "-".into(),
            Some((column, _)) if column > 0 && !row.ahead(column) => format!("{}, yoman", self.columns[column]),
            Some((column, _)) => self.columns[column].clone(),
        }
    }

    /// What yoman loses, a line for each row in which somebody is ahead of it.
    pub(crate) fn losses(&self) -> Vec<String> {
        let lost = |row: &Row| {
            let competitors = (1..self.columns.len()).filter(|&it| Some(it) != self.limit);
            let ahead: Vec<_> = competitors
                .filter(|&it| row.ahead(it))
                .filter_map(|it| {
                    let ratio = row.ratio(it)?;
                    let times = if row.better == Better::More { ratio } else { 1.0 / ratio };
                    Some(format!("{} {times:.2} times", self.columns[it]))
                })
                .collect();
            (!ahead.is_empty()).then(|| format!("{}: {}", row.what, ahead.join(", ")))
        };
        self.rows.iter().filter_map(lost).collect()
    }
}

impl fmt::Display for Sheet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::default();
        let heading = ["what", "better"].map(str::to_owned).into_iter();
        table.row(heading.chain(self.columns.iter().cloned()).chain(["first".to_owned()]));
        for row in &self.rows {
            let cells = (0..self.columns.len()).map(|column| Self::cell(row, column));
            let heading = [row.what.clone(), row.better.word().to_owned()].into_iter();
            table.row(heading.chain(cells).chain([self.first(row)]));
        }
        write!(f, "{table}")
    }
}

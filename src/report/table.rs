//! What `show` gives, as text: a sentence, or rows in columns, cut where a chat could not hold them.

use rhai::{Array, Dynamic, Map};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// The most rows that are kept of what a script shows.
const ROWS_MAX: usize = 10_000;
/// The most columns.
const COLUMNS_MAX: usize = 12;
/// The longest text of a cell that is kept, in characters.
const CELL_CHARS_MAX: usize = 400;
/// The longest text that is kept, in characters.
const TEXT_CHARS_MAX: usize = 100_000;

/// What a report shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// A text.
    Text(String),
    /// Rows.
    Table(Table),
}

/// Rows in columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// A line above; may be empty.
    pub title: String,
    /// The headings; may be none.
    pub columns: Vec<String>,
    /// The rows, of any length.
    pub rows: Vec<Vec<Cell>>,
    /// Rows there were beyond those kept.
    pub more: usize,
}

/// One place of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// One line of text.
    pub text: String,
    /// A number: it stands to the right.
    pub number: bool,
}

/// How much of a table is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Rows.
    pub rows: usize,
    /// The width of a column, in places of a terminal.
    pub cell: usize,
    /// The text in all, in characters.
    pub chars: usize,
}

impl Cut {
    /// For a chat on a phone.
    pub const CHAT: Self = Self { rows: 30, cell: 28, chars: 3_000 };
    /// For a terminal.
    pub const TERMINAL: Self = Self { rows: 1_000, cell: 60, chars: 500_000 };
}

impl Shown {
    /// What `show` gave: a text; rows (arrays, the first of them the headings; or maps); or a map with `rows`, and with a `title`
    /// and `columns` if it likes; any other map is shown as two columns.
    pub(super) fn of(value: Dynamic) -> Self {
        if let Some(rows) = value.read_lock::<Array>() {
            return Self::Table(Table::default().with_rows(&rows));
        }
        if let Some(map) = value.read_lock::<Map>() {
            return Self::Table(of_map(&map));
        }
        if value.is_unit() {
            return Self::Text(String::new());
        }
        Self::Text(first_chars(&plain(&value.to_string()), TEXT_CHARS_MAX))
    }

    /// Whether there is anything to see.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) => text.trim().is_empty(),
            Self::Table(table) => table.rows.is_empty(),
        }
    }

    /// The line above it, if there is one; it is not part of [`Shown::lines`].
    pub fn title(&self) -> Option<&str> {
        match self {
            Self::Table(table) if !table.title.is_empty() => Some(&table.title),
            _ => None,
        }
    }

    /// Whether its lines stand in columns.
    pub fn is_table(&self) -> bool {
        matches!(self, Self::Table(_))
    }

    /// As lines, cut; says how much was left out.
    pub fn lines(&self, cut: Cut) -> String {
        match self {
            Self::Text(text) if text.chars().nth(cut.chars).is_none() => text.clone(),
            Self::Text(text) => format!("{}…", first_chars(text, cut.chars.saturating_sub(1))),
            Self::Table(table) => table.lines(cut),
        }
    }
}

fn of_map(map: &Map) -> Table {
    let mut table = Table::default();
    let Some(rows) = map.get("rows").and_then(|rows| rows.read_lock::<Array>()) else {
        table.rows = map.iter().take(ROWS_MAX).map(|(key, value)| vec![text_cell(key), cell(value)]).collect();
        table.more = map.len().saturating_sub(ROWS_MAX);
        return table;
    };
    table.title = map.get("title").map(|title| cell(title).text).unwrap_or_default();
    if let Some(columns) = map.get("columns").and_then(|columns| columns.read_lock::<Array>()) {
        table.columns = columns.iter().take(COLUMNS_MAX).map(|column| cell(column).text).collect();
    }
    table.with_rows(&rows)
}

impl Table {
    fn with_rows(mut self, rows: &Array) -> Self {
        let mut rows: &[Dynamic] = rows;
        let maps = rows.first().is_some_and(Dynamic::is_map);
        if maps && self.columns.is_empty() {
            // A map knows no order but that of the alphabet.
            if let Some(first) = rows.first().and_then(|first| first.read_lock::<Map>()) {
                self.columns = first.keys().take(COLUMNS_MAX).map(ToString::to_string).collect();
            }
        } else if self.columns.is_empty()
            && let [first, rest @ ..] = rows
            && let Some(headings) = first.read_lock::<Array>()
        {
            self.columns = headings.iter().take(COLUMNS_MAX).map(|heading| cell(heading).text).collect();
            rows = rest;
        }
        self.more = rows.len().saturating_sub(ROWS_MAX);
        self.rows = rows.iter().take(ROWS_MAX).map(|row| self.row(row)).collect();
        self
    }

    fn row(&self, row: &Dynamic) -> Vec<Cell> {
        if let Some(cells) = row.read_lock::<Array>() {
            return cells.iter().take(COLUMNS_MAX).map(cell).collect();
        }
        if let Some(map) = row.read_lock::<Map>() {
            return self.columns.iter().map(|column| map.get(column.as_str()).map_or(text_cell(""), cell)).collect();
        }
        vec![cell(row)]
    }

    fn lines(&self, cut: Cut) -> String {
        let columns = self.rows.iter().map(Vec::len).chain([self.columns.len()]).max().unwrap_or(0);
        let shown: Vec<&Vec<Cell>> = self.rows.iter().take(cut.rows).collect();
        let headings: Vec<Cell> = self.columns.iter().map(|text| text_cell(text)).collect();
        let numbers: Vec<bool> = (0..columns)
            .map(|at| {
                let mut cells =
                    shown.iter().filter_map(|row| row.get(at)).filter(|cell| !cell.text.is_empty()).peekable();
                cells.peek().is_some() && cells.all(|cell| cell.number)
            })
            .collect();
        let headed = (!headings.is_empty()).then_some(&headings);
        let widths: Vec<usize> = (0..columns)
            .map(|at| {
                let cells = headed.into_iter().chain(shown.iter().copied()).filter_map(|row| row.get(at));
                cells.map(|cell| cell.text.width().min(cut.cell)).max().unwrap_or(0)
            })
            .collect();
        let line = |row: &[Cell]| {
            let mut line = String::new();
            for (at, width) in widths.iter().copied().enumerate() {
                let text = row.get(at).map_or(String::new(), |cell| fit(&cell.text, cut.cell));
                let space = " ".repeat(width.saturating_sub(text.width()));
                if numbers[at] {
                    line.push_str(&space);
                    line.push_str(&text);
                } else {
                    line.push_str(&text);
                    line.push_str(&space);
                }
                line.push_str("  ");
            }
            line.truncate(line.trim_end().len());
            line
        };
        let mut text = String::new();
        if let Some(headings) = headed {
            text.push_str(&line(headings));
            text.push('\n');
            let rules: Vec<Cell> = widths.iter().map(|&width| text_cell(&"─".repeat(width))).collect();
            text.push_str(&line(&rules));
            text.push('\n');
        }
        let (mut length, mut told) = (text.chars().count(), 0);
        for row in &shown {
            let line = line(row);
            length += line.chars().count() + 1;
            if length > cut.chars && told > 0 {
                break;
            }
            text.push_str(&line);
            text.push('\n');
            told += 1;
        }
        text.truncate(text.trim_end_matches('\n').len());
        let left = self.rows.len() - told + self.more;
        if left > 0 {
            text.push_str(&format!("\n… and {} more", crate::projection::words::grouped(left as u64)));
        }
        text
    }
}

fn text_cell(text: &str) -> Cell {
    Cell { text: text.to_owned(), number: false }
}

fn cell(value: &Dynamic) -> Cell {
    let text = if value.is_unit() {
        String::new()
    } else if let Ok(number) = value.as_float() {
        short_float(number)
    } else {
        let text = plain(&value.to_string()).replace('\n', " ");
        first_chars(&text, CELL_CHARS_MAX)
    };
    Cell { text, number: value.is_int() || value.is_float() }
}

/// `2.5`, `0.07`, `1234.5`: no more digits than say something.
fn short_float(number: f64) -> String {
    let digits = if number.abs() >= 100.0 { 1 } else { 2 };
    let text = format!("{number:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// Without what a terminal would obey.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect()
}

fn first_chars(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// A text cut to a width.
fn fit(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut cut = String::new();
    let mut used = 0;
    for character in text.chars() {
        used += character.width().unwrap_or(0);
        if used + 1 > width {
            break;
        }
        cut.push(character);
    }
    cut.push('…');
    cut
}

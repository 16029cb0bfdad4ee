//! What is wrong with a setting, where, and the nearest thing meant.

use std::{fmt, ops::Range, path::Path};

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where: `config/yoman.toml:12:1`, or the name of an environment variable.
    pub at: String,
    /// What is wrong and what to do. Never holds a secret.
    pub what: String,
}

impl Problem {
    /// A problem somewhere.
    pub(super) fn new(at: impl fmt::Display, what: impl Into<String>) -> Self {
        Self { at: at.to_string(), what: what.into() }
    }

    /// A problem in a text, with line and column (in characters, from 1) of where `span` begins.
    pub(super) fn in_text(path: &Path, text: &str, span: Range<usize>, what: impl Into<String>) -> Self {
        let before = text.get(..span.start.min(text.len())).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Self::new(format_args!("{}:{line}:{column}", path.display()), what)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.what)
    }
}

/// Everything that is wrong; nothing was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// At least one.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, problem) in self.problems.iter().enumerate() {
            if n > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

/// `; did you mean …?` for the known name nearest to `given`, or nothing when none is near.
pub(super) fn did_you_mean<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let nearest = |likeness: fn(&str, &str) -> f64, at_least: f64| {
        let scored = known.iter().map(|&name| (likeness(given, name), name));
        scored.filter(|(score, _)| *score >= at_least).max_by(|a, b| a.0.total_cmp(&b.0))
    };
    // Long names share a beginning; short ones (`lgo`) differ by a slip of the fingers.
    let near = nearest(strsim::jaro_winkler, 0.8).or_else(|| nearest(strsim::normalized_damerau_levenshtein, 0.6));
    near.map_or_else(String::new, |(_, name)| format!("; did you mean `{name}`?"))
}

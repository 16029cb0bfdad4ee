//! The composition root: builds everything, starts it, stops it.

use crate::{config::Config, control::Finding};

/// Why the process ended.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// It could not start, or go on; says what to do.
    #[error("{0}")]
    Failed(String),
}

/// Runs until the process is told to stop or there is nothing more to come.
///
/// # Errors
/// [`AppError`] when it cannot start or go on.
pub async fn run(config: Config) -> Result<(), AppError> {
    Err(AppError::Failed(format!("nothing runs on {} yet", config.data_dir.display())))
}

/// What `yoman doctor` finds about the bots that are on: do their tokens work?
pub async fn check_bots(_config: &Config) -> Vec<Finding> {
    Vec::new()
}

/// What `yoman doctor` finds about a log that no process holds: opens it and changes nothing.
pub async fn check_log(_config: &Config) -> Vec<Finding> {
    Vec::new()
}

//! The program. What it does is in `cli/`, one file per subcommand; everything else is in the library.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    yoman::app::memory::keep_small();
    keep_files_private();
    cli::main()
}

/// Whatever this process, or a library in it, creates is for its owner only.
#[cfg(unix)]
fn keep_files_private() {
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
}

#[cfg(not(unix))]
fn keep_files_private() {}

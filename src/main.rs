//! The program. What it does is in `cli/`, one file per subcommand; everything else is in the library.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}

//! `yoman-proof`: tries to break what yoman promises, one promise a subcommand.

#![expect(clippy::print_stdout, reason = "what it found is for whoever runs it")]

#[cfg(target_os = "linux")]
mod commands;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    commands::main()
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("yoman-proof runs on Linux");
}

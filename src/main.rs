//! The program. What it does is in `cli/`, one file per subcommand; everything else is in the library.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    give_large_memory_back();
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

/// Opening a store takes and frees buffers of 8 MB (sled's segments). Left alone, glibc raises its threshold at the first
/// one it frees and from then on keeps such buffers: 27 MB resident after a restart instead of 14. And it gives each of some
/// twenty mostly idle threads an arena of its own, which cost another 5 MB with 10,000 items.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn give_large_memory_back() {
    /// From this size on, memory is mapped on its own and given back when it is freed, in bytes.
    const MAPPED_FROM: libc::c_int = 256 * 1024;
    const ARENAS_MAX: libc::c_int = 2;
    #[expect(unsafe_code, reason = "mallopt has no safe face")]
    // SAFETY: mallopt only sets a parameter of the allocator; no other thread runs yet.
    unsafe {
        // It can only fail for values out of range; then everything is as without it.
        libc::mallopt(libc::M_MMAP_THRESHOLD, MAPPED_FROM);
        libc::mallopt(libc::M_TRIM_THRESHOLD, MAPPED_FROM);
        libc::mallopt(libc::M_ARENA_MAX, ARENAS_MAX);
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn give_large_memory_back() {}

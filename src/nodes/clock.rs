//! A clock that nobody sets and that goes on while the machine sleeps: a lease held before a laptop was closed is not held
//! when it is opened.

use std::time::Duration;

/// The time since some moment that is the same for this whole process.
#[cfg(target_os = "linux")]
pub(super) fn now() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(now.tv_nsec).unwrap_or_default())
}

/// The time since some moment that is the same for this whole process.
#[cfg(not(target_os = "linux"))]
pub(super) fn now() -> Duration {
    static START: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);
    START.elapsed()
}

//! Nothing that sled does reaches anyone as a panic: it panics on damage that other databases report as an error.

use std::{
    any::Any,
    cell::Cell,
    panic::{self, AssertUnwindSafe},
    sync::Once,
    thread,
};

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Runs something that may panic; a panic becomes an error text and prints nothing.
pub(crate) fn guarded<T, E: std::fmt::Display>(call: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
    match caught(call) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(error.to_string()),
        Err(said) => Err(format!("the database panicked: {said}")),
    }
}

/// The same for what has an error of its own: what it said when it panicked.
pub(crate) fn caught<T>(call: impl FnOnce() -> T) -> Result<T, String> {
    quiet_the_hook();
    let outer = GUARDED.replace(true);
    let outcome = panic::catch_unwind(AssertUnwindSafe(call));
    GUARDED.set(outer);
    outcome.map_err(|panic| text_of(&*panic).to_owned())
}

/// Whether it was memory that it had not enough of: nothing is wrong with its files then.
pub(crate) fn wants_memory(said: &str) -> bool {
    // In `pagecache::iobuf` of sled 0.34.
    said.contains("failed to allocate critical IO buffer")
}

fn text_of(panic: &(dyn Any + Send)) -> &str {
    panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("?")
}

/// The hook that prints panics stays silent for what is guarded here (and for sled's own threads, which report through the
/// call that waits for them); everything else goes to the hook that was there before.
fn quiet_the_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let sled_thread = thread::current().name().is_some_and(|name| name.starts_with("sled-"));
            if !GUARDED.get() && !sled_thread {
                before(info);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error() {
        let outcome = guarded(|| -> Result<(), String> { panic!("at {}", 7) });
        assert_eq!(outcome.unwrap_err(), "the database panicked: at 7");
        assert_eq!(guarded(|| Ok::<_, String>(1)), Ok(1));
        assert_eq!(guarded(|| Err::<(), _>("no")), Err("no".to_owned()));
    }
}

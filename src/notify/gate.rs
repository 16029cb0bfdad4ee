//! Whether a bot may show anything at this moment. Asked before every message and every change of one, so it has to be cheap:
//! a process that was frozen, and woke up when another one speaks for the bot already, says nothing more.

use std::{fmt, sync::Arc};

/// Whether a bot may show anything at this moment. Cheap to clone.
#[derive(Clone, Default)]
pub struct Gate(Option<Arc<dyn Fn() -> bool + Send + Sync>>);

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("may_send", &self.may_send()).finish()
    }
}

impl Gate {
    /// Always open: nobody else speaks for the bot.
    pub fn open() -> Self {
        Self::default()
    }

    /// Open as long as `asked` says so. It must not block.
    pub fn asking(asked: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(asked)))
    }

    /// Whether something may be sent now.
    pub fn may_send(&self) -> bool {
        self.0.as_ref().is_none_or(|asked| asked())
    }
}

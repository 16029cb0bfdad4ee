//! What comes: every commit from now on, as an engine hands it out.

use std::{fmt, sync::Arc};

use tokio::sync::broadcast::{
    Receiver,
    error::{RecvError, TryRecvError},
};

use super::Commit;

/// What is done to a commit on its way out.
type Open = Arc<dyn Fn(Arc<Commit>) -> Arc<Commit> + Send + Sync>;

/// Every commit from now on, in order. One that falls behind gets `Lagged` and goes back to history.
pub struct Live {
    receiver: Receiver<Arc<Commit>>,
    open: Option<Open>,
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live").finish_non_exhaustive()
    }
}

impl From<Receiver<Arc<Commit>>> for Live {
    fn from(receiver: Receiver<Arc<Commit>>) -> Self {
        Self { receiver, open: None }
    }
}

impl Live {
    /// The same commits, each as `open` gives it.
    #[must_use]
    pub fn map(self, open: impl Fn(Arc<Commit>) -> Arc<Commit> + Send + Sync + 'static) -> Self {
        let open: Open = match self.open {
            None => Arc::new(open),
            Some(first) => Arc::new(move |commit| open(first(commit))),
        };
        Self { receiver: self.receiver, open: Some(open) }
    }

    /// The next commit; waits until there is one.
    ///
    /// # Errors
    /// `Lagged` when commits were missed, `Closed` when the log is gone.
    pub async fn recv(&mut self) -> Result<Arc<Commit>, RecvError> {
        self.receiver.recv().await.map(|commit| self.opened(commit))
    }

    /// The next commit, if it is there already.
    ///
    /// # Errors
    /// As [`Live::recv`], and `Empty`.
    pub fn try_recv(&mut self) -> Result<Arc<Commit>, TryRecvError> {
        self.receiver.try_recv().map(|commit| self.opened(commit))
    }

    fn opened(&self, commit: Arc<Commit>) -> Arc<Commit> {
        match &self.open {
            Some(open) => open(commit),
            None => commit,
        }
    }
}

//! Who wants to know which message a button stands under, once it is sent: what was asked is changed there when it is over.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;
use yoman_chat::{MessageRef, Outbound};

/// What is waited for, by the code on the button.
#[derive(Debug, Default)]
pub(super) struct Watched {
    // A std mutex: nothing is awaited under it.
    codes: Mutex<HashMap<String, oneshot::Sender<MessageRef>>>,
}

impl Watched {
    fn codes(&self) -> MutexGuard<'_, HashMap<String, oneshot::Sender<MessageRef>>> {
        self.codes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells which message has a button that carries `code`, once it is sent.
    pub(super) fn watch(&self, code: &str) -> oneshot::Receiver<MessageRef> {
        let (tell, told) = oneshot::channel();
        let mut codes = self.codes();
        codes.retain(|_, tell| !tell.is_closed());
        codes.insert(code.to_owned(), tell);
        told
    }

    /// A message was sent: whoever waits for it is told.
    pub(super) fn sent(&self, at: &MessageRef, message: &Outbound) {
        let mut codes = self.codes();
        if codes.is_empty() {
            return;
        }
        let carries =
            |code: &String| message.buttons.iter().flatten().any(|button| button.data.contains(code.as_str()));
        let code = codes.keys().find(|code| carries(code)).cloned();
        if let Some(tell) = code.and_then(|code| codes.remove(&code)) {
            // Nobody waits any more: no harm.
            let _ = tell.send(at.clone());
        }
    }
}

//! Where the message behind a commit can be opened: only the bot it came through knows.

use std::{fmt, sync::Arc};

use yoman_chat::{MessageRef, RoomId};

use crate::log::Origin;

/// Finds the address of a message.
type Find = dyn Fn(&MessageRef) -> Option<String> + Send + Sync;

/// The way back to messages. Cheap to clone; by default there is none.
#[derive(Clone, Default)]
pub struct Permalinks(Option<Arc<Find>>);

impl Permalinks {
    /// Asks `find`, which must not block.
    pub fn new(find: impl Fn(&MessageRef) -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(find)))
    }

    /// Where the message of a commit can be opened.
    pub(super) fn of(&self, origin: &Origin) -> Option<String> {
        let find = self.0.as_ref().filter(|_| !origin.room.is_empty() && !origin.message.is_empty())?;
        find(&MessageRef { room: RoomId::new(origin.room.as_str()), id: origin.message.clone() })
    }
}

impl fmt::Debug for Permalinks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Permalinks")
    }
}

//! What is handed to the outbox: answers to an inbound, and what a bot has to do because of a commit.

use yoman_chat::{MessageRef, Outbound, RoomId};

use super::{
    board_rows::Anew,
    entry::{Kind, What},
};
use crate::{domain::ItemRef, log::Position};

/// One message in answer to an inbound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What to show.
    pub message: Outbound,
    /// The item the message is about, with the version it shows: from then on it is the room's card of that item.
    pub card: Option<(ItemRef, u64)>,
    /// The message of ours that becomes this one, when it is still there and its platform can change it: a list whose next
    /// page was asked for. A new one is sent otherwise.
    pub over: Option<MessageRef>,
    /// Instead of the message: the room's board.
    pub board: Option<Anew>,
}

impl Answer {
    /// A message that is nobody's card.
    pub fn new(message: Outbound) -> Self {
        Self { message, card: None, over: None, board: None }
    }
}

/// What [`super::Outbox::answer`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// The answers are kept and on their way.
    Registered,
    /// That inbound had been answered before; nothing was added.
    Already,
}

/// What a bot has to do because of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intent {
    /// The room's card of the item is out of date. It is rendered when its turn comes, so any number of these become one.
    Refresh {
        /// Where.
        room: RoomId,
        /// Which.
        item: ItemRef,
    },
    /// The room follows the item. While it waits, a newer one for the same room and item takes its place in the queue.
    Notice {
        /// Where.
        room: RoomId,
        /// About which item; the message becomes the room's card of it.
        item: ItemRef,
        /// The version of the item it tells of.
        version: u64,
        /// The commit it tells of.
        position: Position,
        /// What to show.
        message: Outbound,
    },
    /// What a room missed.
    Digest {
        /// Where.
        room: RoomId,
        /// What to show.
        message: Outbound,
    },
    /// The room's board is out of date, or is to be pinned or sent once more. Rendered when its turn comes.
    Board {
        /// Where.
        room: RoomId,
        /// Whether somebody asked for it.
        anew: Anew,
    },
    /// Something that is about no item.
    Plain {
        /// Where.
        room: RoomId,
        /// What to show.
        message: Outbound,
    },
}

impl Intent {
    /// The room it is for.
    pub fn room(&self) -> &RoomId {
        match self {
            Self::Refresh { room, .. }
            | Self::Notice { room, .. }
            | Self::Board { room, .. }
            | Self::Digest { room, .. }
            | Self::Plain { room, .. } => room,
        }
    }

    /// The room, and what becomes an entry of its queue.
    pub(super) fn split(self) -> (RoomId, What) {
        match self {
            Self::Refresh { room, item } => (room, What::Refresh { item }),
            Self::Board { room, anew } => (room, What::Board { anew }),
            Self::Notice { room, item, version, position: _, message } => {
                (room, What::Message { kind: Kind::Notice, message, card: Some((item, version)), over: None })
            }
            Self::Digest { room, message } => {
                (room, What::Message { kind: Kind::Digest, message, card: None, over: None })
            }
            Self::Plain { room, message } => {
                (room, What::Message { kind: Kind::Plain, message, card: None, over: None })
            }
        }
    }
}

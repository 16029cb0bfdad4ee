//! The language all bots speak. A bot turns what its platform delivers into [`Inbound`], hands it to the
//! [`Inbox`], and shows [`Outbound`]. No bot knows that a log exists.
//!
//! # Layout
//!
//! * `inbound.rs`  what people do: [`Inbound`], [`Said`]
//! * `outbound.rs` what they are shown: [`Outbound`], [`Button`]
//! * `text.rs`     formatted text as data: [`Text`], [`Span`]
//! * `bot.rs`      the narrow trait: [`Bot`], [`Capabilities`], [`SendError`]
//! * `inbox.rs`    the way in: [`Inbox`], [`Receipt`]
//! * `menu.rs`     what can be said, as data: [`Menu`], [`MenuVerb`], [`Arg`]
//! * `phrases.rs`  the words adapters say themselves: [`Phrases`]
//! * `secret.rs`   values that are never shown: [`Secret`]
//! * `split.rs`    long texts into parts a platform takes
//! * `fake.rs`     a scripted bot for tests
//! * `contract.rs` what every bot must pass

mod bot;
pub mod contract;
pub mod fake;
mod inbound;
mod inbox;
mod menu;
mod outbound;
mod phrases;
mod secret;
mod split;
mod text;

pub use bot::{Bot, BotError, BotName, Capabilities, LengthUnit, SendError, Stop};
pub use inbound::{
    Attachment, AttachmentKind, Inbound, Mention, MessageRef, ReplyTo, Room, RoomId, RoomKind, Said, Sender, SenderId,
};
pub use inbox::{Accept, Aside, Glance, Inbox, Receipt, Suggestion, Typing};
pub use menu::{Arg, ArgIn, ArgKind, Menu, MenuVerb, VerbIn};
pub use outbound::{Accent, Ask, Button, ButtonTone, Outbound, Picture};
pub use phrases::Phrases;
pub use secret::Secret;
pub use split::split;
pub use text::{Span, Style, Text};

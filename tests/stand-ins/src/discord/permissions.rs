//! Purpose: who may do what where. Source: <https://discord.com/developers/docs/topics/permissions>.

use super::world::{Channel, World};

pub(crate) const ADMINISTRATOR: u64 = 1 << 3;
pub(crate) const VIEW_CHANNEL: u64 = 1 << 10;
pub(crate) const SEND_MESSAGES: u64 = 1 << 11;
pub(crate) const EMBED_LINKS: u64 = 1 << 14;
pub(crate) const ATTACH_FILES: u64 = 1 << 15;
pub(crate) const READ_MESSAGE_HISTORY: u64 = 1 << 16;
pub(crate) const CREATE_PUBLIC_THREADS: u64 = 1 << 35;
pub(crate) const SEND_MESSAGES_IN_THREADS: u64 = 1 << 38;
pub(crate) const PIN_MESSAGES: u64 = 1 << 51;

const NAMES: [(&str, u64); 9] = [
    ("ADMINISTRATOR", ADMINISTRATOR),
    ("VIEW_CHANNEL", VIEW_CHANNEL),
    ("SEND_MESSAGES", SEND_MESSAGES),
    ("EMBED_LINKS", EMBED_LINKS),
    ("ATTACH_FILES", ATTACH_FILES),
    ("READ_MESSAGE_HISTORY", READ_MESSAGE_HISTORY),
    ("CREATE_PUBLIC_THREADS", CREATE_PUBLIC_THREADS),
    ("SEND_MESSAGES_IN_THREADS", SEND_MESSAGES_IN_THREADS),
    ("PIN_MESSAGES", PIN_MESSAGES),
];

/// What a bot that was invited as it should be may do.
pub(crate) const INVITED: u64 = VIEW_CHANNEL
    | SEND_MESSAGES
    | EMBED_LINKS
    | ATTACH_FILES
    | READ_MESSAGE_HISTORY
    | CREATE_PUBLIC_THREADS
    | SEND_MESSAGES_IN_THREADS
    | PIN_MESSAGES;

/// The bit of a permission by its name.
pub(crate) fn by_name(name: &str) -> Option<u64> {
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, bit)| *bit)
}

/// What the bot may do in a channel.
pub(crate) fn of_bot(world: &World, channel: &Channel) -> u64 {
    let Some(guild) = channel.guild.and_then(|id| world.guilds.get(&id)) else { return u64::MAX };
    if !guild.member {
        return 0;
    }
    let base = guild.permissions;
    if base & ADMINISTRATOR != 0 {
        return u64::MAX;
    }
    // A thread has the rights of the channel it stands in.
    let denied = channel.denied | channel.parent.and_then(|id| world.channels.get(&id)).map_or(0, |it| it.denied);
    base & !denied
}

//! Purpose: which permission is missing where something was refused. Source:
//! <https://discord.com/developers/docs/topics/permissions#permission-overwrites>.

use serde::Deserialize;
use serenity::all::Permissions;

use crate::{
    api::{Api, CallError},
    channels::Place,
    wire,
};

/// What the bot needs where it is spoken to.
pub(crate) const NEEDED: Permissions = Permissions::VIEW_CHANNEL
    .union(Permissions::SEND_MESSAGES)
    .union(Permissions::SEND_MESSAGES_IN_THREADS)
    .union(Permissions::EMBED_LINKS)
    .union(Permissions::ATTACH_FILES)
    .union(Permissions::READ_MESSAGE_HISTORY)
    .union(Permissions::CREATE_PUBLIC_THREADS)
    .union(PIN_MESSAGES);

/// Of 2025, and newer than the list of the crate.
const PIN_MESSAGES: Permissions = Permissions::from_bits_retain(1 << 51);

/// Their names as the apps show them.
const NAMES: [(Permissions, &str); 8] = [
    (Permissions::VIEW_CHANNEL, "View Channels"),
    (Permissions::SEND_MESSAGES, "Send Messages"),
    (Permissions::SEND_MESSAGES_IN_THREADS, "Send Messages in Threads"),
    (Permissions::EMBED_LINKS, "Embed Links"),
    (Permissions::ATTACH_FILES, "Attach Files"),
    (Permissions::READ_MESSAGE_HISTORY, "Read Message History"),
    (Permissions::CREATE_PUBLIC_THREADS, "Create Public Threads"),
    (PIN_MESSAGES, "Pin Messages"),
];

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Role {
    #[serde(deserialize_with = "wire::id")]
    id: u64,
    #[serde(default)]
    permissions: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Overwrite {
    #[serde(deserialize_with = "wire::id")]
    id: u64,
    #[serde(default)]
    allow: String,
    #[serde(default)]
    deny: String,
}

#[derive(Deserialize)]
struct ChannelRights {
    #[serde(default)]
    guild_id: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    permission_overwrites: Vec<Overwrite>,
}

#[derive(Deserialize)]
struct MemberRoles {
    #[serde(default)]
    roles: Vec<String>,
}

/// Reads a bit field as the API writes it.
pub(crate) fn bits(text: &str) -> Permissions {
    Permissions::from_bits_retain(text.parse().unwrap_or(0))
}

/// The names of what is missing.
pub(crate) fn missing(have: Permissions) -> Vec<&'static str> {
    if have.contains(Permissions::ADMINISTRATOR) {
        return Vec::new();
    }
    NAMES.iter().filter(|(one, _)| !have.contains(*one)).map(|(_, name)| *name).collect()
}

/// What somebody with these roles may do in a channel.
fn compute(guild: u64, us: u64, roles: &[Role], own: &[u64], overwrites: &[Overwrite]) -> Permissions {
    let of =
        |id: u64| roles.iter().find(|role| role.id == id).map_or(Permissions::empty(), |role| bits(&role.permissions));
    // The role of everybody has the guild's id.
    let mut have = own.iter().fold(of(guild), |have, role| have | of(*role));
    if have.contains(Permissions::ADMINISTRATOR) {
        return Permissions::all() | NEEDED;
    }
    let mut apply = |of: &dyn Fn(u64) -> bool| {
        let all = overwrites.iter().filter(|overwrite| of(overwrite.id));
        let (deny, allow) = all.fold((Permissions::empty(), Permissions::empty()), |(deny, allow), it| {
            (deny | bits(&it.deny), allow | bits(&it.allow))
        });
        // Not `& !deny`, which would lose what is newer than the crate's list.
        have = have.difference(deny) | allow;
    };
    apply(&|id| id == guild);
    apply(&|id| own.contains(&id));
    apply(&|id| id == us);
    have
}

/// Says which permission is missing in a room and who can give it; `None` when that cannot be found out.
pub(crate) async fn explain(api: &Api, us: u64, place: Place, error: &CallError) -> Option<String> {
    if error.code() == 50007 {
        return Some(
            "this person takes no direct messages from the bot: they have to allow them (Privacy Settings of a server both are \
             in) or unblock it"
                .into(),
        );
    }
    if !matches!(error.code(), 50001 | 50013 | 160_002) {
        return None;
    }
    let mended = "somebody who manages the server gives it under Edit Channel, Permissions";
    let rights: ChannelRights = match api.get(&format!("channels/{}", place.channel)).await {
        Ok(rights) => rights,
        Err(error) if error.status() == 403 => {
            return Some(format!(
                "the bot may not even see the channel {}: View Channels is missing; {mended}",
                place.channel
            ));
        }
        Err(_) => return None,
    };
    let guild: u64 = rights.guild_id.as_deref()?.parse().ok()?;
    let roles: Vec<Role> = api.get(&format!("guilds/{guild}/roles")).await.ok()?;
    let member: MemberRoles = api.get(&format!("guilds/{guild}/members/{us}")).await.ok()?;
    let own: Vec<u64> = member.roles.iter().filter_map(|id| id.parse().ok()).collect();
    let lacks = missing(compute(guild, us, &roles, &own, &rights.permission_overwrites));
    let channel = rights.name.map_or_else(|| place.channel.to_string(), |name| format!("#{name}"));
    match lacks.as_slice() {
        [] => None,
        [one] => Some(format!("in {channel} the bot lacks the permission {one}; {mended}")),
        several => Some(format!("in {channel} the bot lacks the permissions {}; {mended}", several.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overwrite(id: u64, allow: Permissions, deny: Permissions) -> Overwrite {
        Overwrite { id, allow: allow.bits().to_string(), deny: deny.bits().to_string() }
    }

    #[test]
    fn overwrites_go_from_everybody_to_the_bot_itself() {
        let roles = [
            Role { id: 1, permissions: Permissions::VIEW_CHANNEL.bits().to_string() },
            Role { id: 2, permissions: NEEDED.bits().to_string() },
        ];
        let none = Permissions::empty();
        assert!(missing(compute(1, 9, &roles, &[2], &[])).is_empty());
        assert_eq!(missing(compute(1, 9, &roles, &[], &[])).len(), 7);
        let denied = [overwrite(1, none, Permissions::SEND_MESSAGES), overwrite(9, none, Permissions::EMBED_LINKS)];
        assert_eq!(missing(compute(1, 9, &roles, &[2], &denied)), ["Send Messages", "Embed Links"]);
        let back = [overwrite(1, none, Permissions::SEND_MESSAGES), overwrite(2, Permissions::SEND_MESSAGES, none)];
        assert!(missing(compute(1, 9, &roles, &[2], &back)).is_empty());
        let admin = [Role { id: 2, permissions: "8".into() }];
        assert!(missing(compute(1, 9, &admin, &[2], &denied)).is_empty());
    }
}

//! Which fields of which event are a person's own; the sealed form and back.
//!
//! A sealed text stands where the text stood:
//!
//! ```text
//! ~sealed:3.1a2b3c4d:<base64>            under the key 1a2b3c4d of person 3
//! ~sealed:3.1a2b3c4d+7.0badcafe:<base64> under both: it opens as long as neither was forgotten
//! ~sealed:3.1a2b3c4d:@6+44               44 bytes, from the 6th on, of the message as typed, sealed beside it
//! ~sealed:text:~sealed:hello             a plain text that begins like a sealed one
//! ```
//!
//! The base64 (URL alphabet, no padding) is nonce, ciphertext and tag of XChaCha20-Poly1305; with several keys, each seals
//! what the one before gave. The associated data names stream, command, event, field and person, and for the message as typed
//! everything that points into it: a sealed text that is moved anywhere else does not open.
//!
//! Most of what an event holds was typed. Pointing there halves the sealing, and leaves room for the longest message twice.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};

use super::{
    Closed, Vault,
    key::{KeyId, PersonKey},
};
use crate::domain::PersonId;

/// How every sealed text begins.
pub(super) const PREFIX: &str = "~sealed:";
/// How a plain text is written that begins like that.
const ESCAPED: &str = "~sealed:text:";
/// No text is sealed under more keys.
pub(super) const KEYS_MAX: usize = 64;

/// What an undo brings back on an item.
pub(super) const REVERSED: &str = "reversed";

/// Whether an event says again what was written on its stream before: those are the words of whoever wrote them first. An
/// undo brings texts back, and a research that is promoted once more says its conclusion again.
pub(super) fn says_again(event: &str) -> bool {
    matches!(event, REVERSED | "research_done")
}

/// Where the texts stand in an event that are a person's own. Every stored name is here: the test below asks for it.
pub(super) fn fields(event: &str) -> &'static [&'static str] {
    match event {
        "idea_created" | "research_started" | "todo_created" | "pr_created" => &["title", "body"],
        "idea_refined" | "finding_added" | "criterion_added" | "pr_reviewed" | "noted" => &["text"],
        "idea_rejected" | "idea_reopened" | "research_reopened" | "todo_reopened" | "pr_closed" | "pr_reopened" => {
            &["reason"]
        }
        "research_done" => &["conclusion"],
        "retitled" => &["title"],
        "described" => &["body"],
        "linked" => &["to.url"],
        "attached" => &["attachment.file_id", "attachment.name"],
        "person_paired" => &["name", "handle", "identity"],
        "identity_linked" | "identity_unlinked" => &["identity"],
        "person_reversed" => &["after.identities.back.*.1"],
        REVERSED => &[
            "after.title",
            "after.body",
            "after.text.is",
            "after.reason",
            "after.criteria.back.*.1",
            "after.links.back.*.1.1.url",
        ],
        "report_saved" => &["script"],
        "reminder_asked" => &["words"],
        _ => &[],
    }
}

/// The events in which nobody wrote anything of their own; only so that none is overlooked.
#[cfg(test)]
const NOTHING_OF_THEIR_OWN: &[&str] = &[
    "idea_promoted",
    "todo_assigned",
    "prerequisite_added",
    "prerequisite_removed",
    "todo_started",
    "todo_completed",
    "todo_promoted",
    "pr_merged",
    "tagged",
    "untagged",
    "prioritised",
    "due_set",
    "assigned",
    "unassigned",
    "moved_to_project",
    "role_granted",
    "role_revoked",
    "person_forgotten",
    "person_merged",
    "report_removed",
    "reminder_dropped",
    "reminded",
    // What a room is called and set to is the room's.
    "room_enabled",
    "room_disabled",
    "room_followed",
    "room_unfollowed",
    "room_muted",
    "room_setting_changed",
    "room_digest_set",
    "room_quiet_set",
    "room_urgent_set",
    "room_digest_asked",
    "person_preferred",
    "room_reaction_mapped",
    "room_reactions_cleared",
    "room_reversed",
    "board_pinned",
    "board_unpinned",
];

/// Whether an event is about the person themselves: it is sealed under their own key, whoever wrote it.
pub(super) fn is_about_themselves(event: &str) -> bool {
    matches!(event, "person_paired" | "identity_linked" | "identity_unlinked" | "person_reversed")
}

/// Where a text stands. It opens nowhere else.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) stream: &'a str,
    pub(super) command: &'a str,
    /// Which event of the commit, and its name; `None`: the message as typed.
    pub(super) event: Option<(usize, &'a str)>,
    pub(super) field: &'a str,
}

impl Place<'_> {
    fn bound_to(&self, person: PersonId, pointers: &[u8]) -> Vec<u8> {
        let (number, event) = self.event.map_or((u64::MAX, ""), |(number, event)| (number as u64, event));
        let mut bytes = Vec::with_capacity(64 + self.stream.len() + self.command.len() + pointers.len());
        bytes.extend_from_slice(b"yoman sealed text 1");
        bytes.extend_from_slice(&person.0.to_le_bytes());
        bytes.extend_from_slice(&number.to_le_bytes());
        for part in [self.stream, self.command, event, self.field] {
            put(&mut bytes, part);
        }
        bytes.extend_from_slice(pointers);
        bytes
    }

    /// Adds what points from here into the message as typed, for the associated data of that.
    pub(super) fn point(&self, written: &str, pointers: &mut Vec<u8>) {
        let (number, event) = self.event.unwrap_or_default();
        pointers.extend_from_slice(&(number as u64).to_le_bytes());
        for part in [event, self.field, written] {
            put(pointers, part);
        }
    }
}

/// With its length, so that no two places give the same bytes.
fn put(bytes: &mut Vec<u8>, part: &str) {
    bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
    bytes.extend_from_slice(part.as_bytes());
}

/// What stands in a field.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Written<'a> {
    /// A plain text.
    Plain(&'a str),
    /// A sealed one.
    Sealed {
        /// Whose keys open it, in the order they were used.
        keys: Vec<(PersonId, KeyId)>,
        /// Nonce, ciphertext, tag.
        bytes: Vec<u8>,
    },
    /// A part of the message as typed.
    Inside {
        /// Whose keys open that.
        keys: Vec<(PersonId, KeyId)>,
        /// From which byte on.
        at: usize,
        /// How many bytes.
        length: usize,
    },
}

/// Reads what stands in a field. What only begins like a sealed text is a plain one.
pub(super) fn read(text: &str) -> Written<'_> {
    let Some(rest) = text.strip_prefix(PREFIX) else { return Written::Plain(text) };
    if let Some(plain) = text.strip_prefix(ESCAPED) {
        return Written::Plain(plain);
    }
    let sealed = || {
        let (keys, bytes) = rest.split_once(':')?;
        let key = |key: &str| {
            let (person, id) = key.split_once('.')?;
            Some((PersonId(person.parse().ok()?), KeyId::parse(id)?))
        };
        let keys: Vec<_> = keys.split('+').take(KEYS_MAX + 1).map(key).collect::<Option<_>>()?;
        if keys.len() > KEYS_MAX {
            return None;
        }
        if let Some(range) = bytes.strip_prefix('@') {
            let (at, length) = range.split_once('+')?;
            return Some(Written::Inside { keys, at: at.parse().ok()?, length: length.parse().ok()? });
        }
        Some(Written::Sealed { keys, bytes: BASE64.decode(bytes).ok()? })
    };
    sealed().unwrap_or(Written::Plain(text))
}

/// A text that is not sealed, as it is written; `None`: as it is.
pub(super) fn plain(text: &str) -> Option<String> {
    text.starts_with(PREFIX).then(|| format!("{ESCAPED}{text}"))
}

/// `~sealed:` and whose keys.
fn begin(keys: &[(PersonId, Arc<PersonKey>)], room: usize) -> String {
    let mut written = String::with_capacity(room + 24 * keys.len());
    written.push_str(PREFIX);
    for (n, (person, key)) in keys.iter().enumerate() {
        let between = if n > 0 { "+" } else { "" };
        written.push_str(&format!("{between}{}.{}", person.0, key.id()));
    }
    written.push(':');
    written
}

/// Seals a text. `pointers` is what points into it.
pub(super) fn seal(
    text: &str,
    place: &Place<'_>,
    keys: &[(PersonId, Arc<PersonKey>)],
    pointers: &[u8],
) -> Option<String> {
    let mut written = begin(keys, 64 + text.len() * 4 / 3);
    let (first, others) = keys.split_first()?;
    let mut bytes = first.1.seal(&place.bound_to(first.0, pointers), text.as_bytes())?;
    for (person, key) in others {
        bytes = key.seal(&place.bound_to(*person, pointers), &bytes)?;
    }
    BASE64.encode_string(&bytes, &mut written);
    Some(written)
}

/// Points to a text inside the message as typed, which is sealed under the same keys; `None`: it is not in there.
pub(super) fn point(text: &str, typed: &str, keys: &[(PersonId, Arc<PersonKey>)]) -> Option<String> {
    let at = typed.find(text)?;
    let mut written = begin(keys, 32);
    written.push_str(&format!("@{at}+{}", text.len()));
    Some(written)
}

/// Opens what [`read`] found sealed.
///
/// # Errors
/// Why it stays closed, and because of whom. Who was forgotten comes before whose key is missing.
pub(super) fn open(
    vault: &Vault,
    keys: &[(PersonId, KeyId)],
    mut bytes: Vec<u8>,
    place: &Place<'_>,
    pointers: &[u8],
) -> Result<String, (Closed, PersonId)> {
    if let Some(&(person, _)) = keys.iter().find(|(person, _)| vault.is_forgotten(*person)) {
        return Err((Closed::Forgotten, person));
    }
    for &(person, id) in keys.iter().rev() {
        let key = vault.to_open(person, id).map_err(|why| (why, person))?;
        bytes = key.open(&place.bound_to(person, pointers), bytes).ok_or((Closed::Damaged, person))?;
    }
    String::from_utf8(bytes).map_err(|_| (Closed::Damaged, keys.first().map_or(PersonId(0), |(person, _)| *person)))
}

/// What is shown for a text that stays closed: words where people read words, and something that no other person and no
/// sender on any platform can be where a handle or an identity stands.
pub(super) fn instead(event: Option<&str>, field: &str, why: Closed, person: PersonId) -> String {
    let word = match why {
        Closed::Forgotten => "forgotten",
        Closed::Missing => "sealed",
        Closed::Damaged => "damaged",
    };
    match (event, field) {
        (Some("person_paired"), "handle") => format!("{word}-{}", person.0),
        // No bot has a name with brackets in it.
        (Some("person_paired" | "identity_linked" | "identity_unlinked" | "person_reversed"), _) if field != "name" => {
            format!("({word})/{}", person.0)
        }
        (_, field) if field.ends_with(".url") => format!("https://{word}.invalid/"),
        // A remark: a script that only is one says what it lacks.
        (Some("report_saved"), "script") => format!("// {word}"),
        _ => match why {
            Closed::Forgotten => word.to_owned(),
            Closed::Missing => "(sealed: key missing)".to_owned(),
            Closed::Damaged => "(sealed: damaged)".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stored_name_says_what_is_a_persons_own() {
        for (name, _) in crate::domain::stored::NAMES {
            assert_eq!(
                fields(name).is_empty(),
                NOTHING_OF_THEIR_OWN.contains(name),
                "say in `fields` which texts of {name} are a person's own, or add it to NOTHING_OF_THEIR_OWN"
            );
        }
    }

    #[test]
    fn what_only_looks_sealed_is_plain() {
        for text in [
            "~sealed:",
            "~sealed:x",
            "~sealed:3.1a2b3c4d",
            "~sealed:3.1A2B3C4D:AA",
            "~sealed:3.1a2b3c4d:A=",
            "x~sealed:",
        ] {
            assert_eq!(read(text), Written::Plain(text));
            let written = plain(text).unwrap_or(text.to_owned());
            assert_eq!(read(&written), Written::Plain(text));
        }
    }
}

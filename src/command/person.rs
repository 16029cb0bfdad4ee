//! The verbs about people. What they mean is in `domain/person.rs`.

use super::{
    Command, Fault, Look, PersonCommand,
    args::Args,
    korean, token,
    word::{Word, value},
};
use crate::domain::{Handle, ItemRef, Role};
use crate::lang::wording;

/// The longest code that is taken for one, in characters.
const CODE_CHARS_MAX: usize = 64;
/// The longest name of a platform or an account, in bytes.
const ACCOUNT_BYTES_MAX: usize = 200;

fn code(args: &Args<'_>, word: &Word<'_>) -> Result<String, Fault> {
    let fits =
        word.raw.len() <= CODE_CHARS_MAX && word.raw.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if fits { Ok(word.raw.to_ascii_uppercase()) } else { Err(args.at(word, wording!("fault-code"))) }
}

fn role(args: &Args<'_>, word: &Word<'_>) -> Result<Role, Fault> {
    Role::of_word(korean::english(word.raw, korean::ROLES)).ok_or_else(|| args.at(word, wording!("fault-role")))
}

fn person(args: &Args<'_>, word: &Word<'_>) -> Result<Handle, Fault> {
    token::handle(&value(word.raw.strip_prefix('@').unwrap_or(word.raw))).map_err(|what| args.at(word, what))
}

/// `/claim CODE`
pub(super) fn claim(args: &mut Args<'_>) -> Result<Command, Fault> {
    let word = args.next().ok_or_else(|| args.missing(wording!("fault-which-code")))?;
    let code = code(args, &word)?;
    args.finish()?;
    Ok(Command::Person(PersonCommand::Claim { code }))
}

/// `/pair [CODE [role] [as @kim]]`; a person needs no `as`.
pub(super) fn pair(args: &mut Args<'_>) -> Result<Command, Fault> {
    let Some(word) = args.next() else {
        return Ok(Command::Look(Look::Pending));
    };
    let code = code(args, &word)?;
    let mut word = args.next();
    let mut said_role = None;
    let is_as = |word: &Word<'_>| word.raw.eq_ignore_ascii_case("as");
    if let Some(first) = word.as_ref().filter(|word| !is_as(word) && !word.raw.starts_with('@')) {
        said_role = Some(role(args, first)?);
        word = args.next();
    }
    let mut known_as = None;
    if let Some(word) = word {
        let name = match word.raw {
            name if name.starts_with('@') => word,
            _ if is_as(&word) => args.next().ok_or_else(|| args.missing(wording!("fault-as-whom")))?,
            _ => return Err(args.useless(word.at.clone())),
        };
        known_as = Some(person(args, &name)?);
    }
    args.finish()?;
    Ok(Command::Person(PersonCommand::Pair { code, role: said_role, known_as }))
}

/// Characters in a code of /link.
pub const LINK_CODE_CHARS: usize = 8;

/// What only a code of /link can be: not an item, not an address.
fn link_code(word: &str) -> Option<String> {
    let fits = word.len() == LINK_CODE_CHARS && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (fits && word.parse::<ItemRef>().is_err()).then(|| word.to_ascii_uppercase())
}

/// `/link`, `/link me`, `/link CODE`; `None` when it is about items. The words are read off only then.
pub(super) fn link(args: &mut Args<'_>) -> Option<Command> {
    if args.strict || args.colon {
        return None;
    }
    let mut words = args.words().map(|word| word.raw);
    let is = korean::is;
    let command = match (words.next(), words.next()) {
        (None, _) if args.given.is_none() => PersonCommand::LinkOffer,
        (Some(me), None) if is(me, "me") && args.given.is_none() => PersonCommand::LinkOffer,
        (Some(code), None) => PersonCommand::LinkTake { code: link_code(code)? },
        _ => return None,
    };
    args.rest.start = args.rest.end;
    Some(Command::Person(command))
}

/// `/unlink console`
pub(super) fn unlink(args: &mut Args<'_>) -> Result<Command, Fault> {
    let word = args.next().ok_or_else(|| args.missing(wording!("fault-which-platform")))?;
    let fits = word.raw.len() <= ACCOUNT_BYTES_MAX && !word.raw.contains(char::is_control);
    if !fits {
        return Err(args.at(&word, wording!("fault-no-platform")));
    }
    let account = word.raw.to_lowercase();
    args.finish()?;
    Ok(Command::Person(PersonCommand::Unlink { account }))
}

/// `/prefer [platform|off]`
pub(super) fn prefer(args: &mut Args<'_>) -> Result<Command, Fault> {
    let Some(word) = args.next() else {
        return Ok(Command::Look(Look::Prefers));
    };
    let fits = word.raw.len() <= ACCOUNT_BYTES_MAX && !word.raw.contains(char::is_control);
    if !fits {
        return Err(args.at(&word, wording!("fault-no-platform-to-tell")));
    }
    let bot = Some(word.raw.to_lowercase()).filter(|bot| !korean::is(bot, "off"));
    args.finish()?;
    Ok(Command::Person(PersonCommand::Prefer { bot }))
}

/// `/grant @person role`
pub(super) fn grant(args: &mut Args<'_>) -> Result<Command, Fault> {
    let who = args.next().ok_or_else(|| args.missing(wording!("fault-whom")))?;
    let person = person(args, &who)?;
    let word = args.next().ok_or_else(|| args.missing(wording!("fault-which-role")))?;
    let role = role(args, &word)?;
    args.finish()?;
    Ok(Command::Person(PersonCommand::Grant { person, role }))
}

/// `/revoke @person`
pub(super) fn revoke(args: &mut Args<'_>) -> Result<Command, Fault> {
    let who = args.next().ok_or_else(|| args.missing(wording!("fault-whom")))?;
    let person = person(args, &who)?;
    args.finish()?;
    Ok(Command::Person(PersonCommand::Revoke { person }))
}

/// `/forget @person`
pub(super) fn forget(args: &mut Args<'_>) -> Result<Command, Fault> {
    let who = args.next().ok_or_else(|| args.missing(wording!("fault-whom")))?;
    let person = person(args, &who)?;
    args.finish()?;
    Ok(Command::Person(PersonCommand::Forget { person }))
}

//! The verbs about people. What they mean is in `domain/person.rs`.

use super::{
    Command, Fault, Look, PersonCommand,
    args::Args,
    token,
    word::{Word, value},
};
use crate::domain::{Handle, Role};

/// The longest code that is taken for one, in characters.
const CODE_CHARS_MAX: usize = 64;

fn code(args: &Args<'_>, word: &Word<'_>) -> Result<String, Fault> {
    let fits =
        word.raw.len() <= CODE_CHARS_MAX && word.raw.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if fits { Ok(word.raw.to_ascii_uppercase()) } else { Err(args.at(word, "A code has letters, digits and - only.")) }
}

fn role(args: &Args<'_>, word: &Word<'_>) -> Result<Role, Fault> {
    Role::of_word(word.raw).ok_or_else(|| args.at(word, "A role is guest, member, maintainer or owner."))
}

fn person(args: &Args<'_>, word: &Word<'_>) -> Result<Handle, Fault> {
    token::handle(&value(word.raw.strip_prefix('@').unwrap_or(word.raw))).map_err(|what| args.at(word, what))
}

/// `/claim CODE`
pub(super) fn claim(args: &mut Args<'_>) -> Result<Command, Fault> {
    let word = args.next().ok_or_else(|| args.missing("Which code?"))?;
    let code = code(args, &word)?;
    args.finish()?;
    Ok(Command::Person(PersonCommand::Claim { code }))
}

/// `/pair [CODE [role] [as @kim]]`
pub(super) fn pair(args: &mut Args<'_>) -> Result<Command, Fault> {
    let Some(word) = args.next() else {
        return Ok(Command::Look(Look::Pending));
    };
    let code = code(args, &word)?;
    let mut word = args.next();
    let mut said_role = None;
    if let Some(first) = word.as_ref().filter(|word| !word.raw.eq_ignore_ascii_case("as")) {
        said_role = Some(role(args, first)?);
        word = args.next();
    }
    let mut known_as = None;
    if let Some(word) = word {
        if !word.raw.eq_ignore_ascii_case("as") {
            return Err(args.at(&word, format!("I don't know what to do with this. It is  {}", args.verb.usage)));
        }
        let name = args.next().ok_or_else(|| args.missing("As whom?"))?;
        known_as = Some(person(args, &name)?);
    }
    args.finish()?;
    Ok(Command::Person(PersonCommand::Pair { code, role: said_role, known_as }))
}

/// `/grant @person role`
pub(super) fn grant(args: &mut Args<'_>) -> Result<Command, Fault> {
    let who = args.next().ok_or_else(|| args.missing("Whom?"))?;
    let person = person(args, &who)?;
    let word = args.next().ok_or_else(|| args.missing("Which role? guest, member, maintainer or owner."))?;
    let role = role(args, &word)?;
    args.finish()?;
    Ok(Command::Person(PersonCommand::Grant { person, role }))
}

/// `/revoke @person`
pub(super) fn revoke(args: &mut Args<'_>) -> Result<Command, Fault> {
    let who = args.next().ok_or_else(|| args.missing("Whom?"))?;
    let person = person(args, &who)?;
    args.finish()?;
    Ok(Command::Person(PersonCommand::Revoke { person }))
}

/// `/forget @person`, and `/forget yes CODE` behind its question
pub(super) fn forget(args: &mut Args<'_>) -> Result<Command, Fault> {
    let who = args.next().ok_or_else(|| args.missing("Whom?"))?;
    if who.raw.eq_ignore_ascii_case("yes")
        && let Some(word) = args.next()
    {
        let code = code(args, &word)?;
        args.finish()?;
        return Ok(Command::Person(PersonCommand::ForgetYes { code }));
    }
    let person = person(args, &who)?;
    args.finish()?;
    Ok(Command::Person(PersonCommand::Forget { person }))
}

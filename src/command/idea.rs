//! The verbs of an idea, and /promote, which begins there. What they mean is in `domain/idea.rs`.

use super::{
    Command, Fault,
    args::Args,
    draft,
    korean::{self, english},
    token::{no_carry, put, token},
};
use crate::domain::{Bucket, item::Act};
use crate::lang::wording;

/// `/idea text`; the same for all buckets.
pub(super) fn create(args: &mut Args<'_>) -> Result<Command, Fault> {
    create_in(args, Bucket::Idea)
}

/// What all four creating verbs share.
pub(super) fn create_in(args: &mut Args<'_>, bucket: Bucket) -> Result<Command, Fault> {
    let draft = draft::read(args.input, args.rest.clone(), args.context).map_err(|fault| {
        if fault.at.is_empty() && args.words().next().is_none() {
            args.missing(wording!("fault-which-new-title"))
        } else {
            fault
        }
    })?;
    Ok(Command::Create { bucket, draft })
}

/// `/refine [I3] text`
pub(super) fn refine(args: &mut Args<'_>) -> Result<Command, Fault> {
    let target = args.target();
    let text = args.some_text(wording!("fault-refine"))?;
    Ok(Command::Item { target, act: Act::Refine { text } })
}

/// `/reject [I3] [why]`
pub(super) fn reject(args: &mut Args<'_>) -> Result<Command, Fault> {
    let target = args.target();
    let reason = args.reason()?;
    Ok(Command::Item { target, act: Act::Reject { reason } })
}

/// `todo`, `할일`, `할일로`
fn becomes(word: &str) -> Option<Bucket> {
    let bare = word.strip_suffix("으로").or_else(|| word.strip_suffix('로')).unwrap_or(word);
    Bucket::of_word(english(bare, korean::BUCKETS))
}

/// `/promote [I3] [to] [research|todo|pr] [tokens]`
pub(super) fn promote(args: &mut Args<'_>) -> Result<Command, Fault> {
    let target = args.target();
    let mut to = None;
    let mut carry = no_carry();
    let mut after_to = false;
    while let Some(word) = args.next() {
        if let Some(bucket) = becomes(word.raw).filter(|_| to.is_none()) {
            if bucket == Bucket::Idea {
                return Err(args.at(&word, wording!("fault-not-idea-again")));
            }
            to = Some(bucket);
            after_to = false;
        } else if word.raw.eq_ignore_ascii_case("to") && to.is_none() && !after_to {
            after_to = true;
        } else if let Some(token) = token(args.input, &word, args.context)? {
            put(&mut carry, token).map_err(|what| args.at(&word, what))?;
        } else {
            return Err(args.useless(word.at.clone()));
        }
    }
    if after_to {
        return Err(args.missing(wording!("fault-promote-to")));
    }
    Ok(Command::Item { target, act: Act::Promote { to, carry } })
}

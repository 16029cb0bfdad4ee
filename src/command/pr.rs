//! The verbs of a pr. What they mean is in `domain/pr.rs`.

use super::{Command, Fault, args::Args, idea::create_in, korean};
use crate::domain::{Bucket, item::Act, pr::Verdict};
use crate::lang::wording;

/// `/pr text`
pub(super) fn create(args: &mut Args<'_>) -> Result<Command, Fault> {
    create_in(args, Bucket::Pr)
}

fn verdict(word: &str) -> Option<Verdict> {
    match korean::english(word.trim_end_matches([':', ',']), korean::VERDICTS).to_ascii_lowercase().as_str() {
        "approve" | "approved" => Some(Verdict::Approve),
        "changes" => Some(Verdict::Changes),
        "comment" => Some(Verdict::Comment),
        _ => None,
    }
}

/// The word of a verdict.
pub(super) fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Approve => "approve",
        Verdict::Changes => "changes",
        Verdict::Comment => "comment",
    }
}

/// `/review [P4] [approve|changes|comment] [text]`; without a verdict it is a comment and has to say something.
pub(super) fn review(args: &mut Args<'_>) -> Result<Command, Fault> {
    let target = args.target();
    let said = if args.colon { None } else { args.words().next().and_then(|word| verdict(word.raw)) };
    if said.is_some() {
        args.next();
    }
    let text = args.text()?;
    let verdict = match said {
        Some(verdict) => verdict,
        None if text.is_empty() => return Err(args.missing(wording!("fault-verdict"))),
        None => Verdict::Comment,
    };
    Ok(Command::Item { target, act: Act::Review { verdict, text } })
}

/// `/merge [P4]`
pub(super) fn merge(args: &mut Args<'_>) -> Result<Command, Fault> {
    let target = args.target();
    args.finish()?;
    Ok(Command::Item { target, act: Act::Merge })
}

/// `/close [P4] [why]`
pub(super) fn close(args: &mut Args<'_>) -> Result<Command, Fault> {
    let target = args.target();
    let reason = args.reason()?;
    Ok(Command::Item { target, act: Act::Close { reason } })
}

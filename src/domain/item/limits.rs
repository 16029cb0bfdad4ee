//! What can grow, and how far. Checked where events are decided, never where they are folded: what was accepted once
//! stays accepted when a limit becomes smaller.

use super::{Act, Bucket, Draft, Error, LinkTarget, MANY_MAX, Many, TEXT_CHARS_MAX, TITLE_CHARS_MAX, Text};

/// The longest address of a link, in characters: what browsers take.
const ADDRESS_CHARS_MAX: usize = 2_000;

fn at_most(what: Text, text: &str, limit: usize) -> Result<(), Error> {
    // No text has more characters than bytes, so that most texts need not be counted.
    if text.len() <= limit {
        return Ok(());
    }
    let actual = text.chars().count();
    if actual > limit { Err(Error::TooLong { what, limit, actual }) } else { Ok(()) }
}

fn words(what: Text, text: &str) -> Result<(), Error> {
    if text.trim().is_empty() {
        return Err(Error::Empty { what });
    }
    at_most(what, text, TEXT_CHARS_MAX)
}

fn title(title: &str) -> Result<(), Error> {
    if title.trim().is_empty() {
        return Err(Error::Empty { what: Text::Title });
    }
    if title.contains(['\n', '\r']) {
        return Err(Error::TitleOfLines);
    }
    at_most(Text::Title, title, TITLE_CHARS_MAX)
}

/// Whether `more` of something fit beside the `have` there are.
pub(super) fn grow(what: Many, have: usize, more: usize) -> Result<(), Error> {
    let actual = have.saturating_add(more);
    if actual > MANY_MAX { Err(Error::TooMany { what, actual }) } else { Ok(()) }
}

fn some(what: Many, count: usize) -> Result<(), Error> {
    if count == 0 { Err(Error::NoneNamed { what }) } else { Ok(()) }
}

fn link(to: &LinkTarget) -> Result<(), Error> {
    match to {
        LinkTarget::Item(_) => Ok(()),
        LinkTarget::Url(url) => {
            let of_the_web = ["https://", "http://"].iter().any(|scheme| {
                url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
                    && url.len() > scheme.len()
            });
            if !of_the_web || url.contains(|c: char| c.is_whitespace() || c.is_control()) {
                return Err(Error::NoAddress { url: url.chars().take(TITLE_CHARS_MAX).collect() });
            }
            at_most(Text::Address, url, ADDRESS_CHARS_MAX)
        }
    }
}

/// Whether an item of this bucket may begin like that. Lists count without repetitions: the caller removes them.
pub(super) fn draft(bucket: Bucket, draft: &Draft) -> Result<(), Error> {
    let Draft { title: line, body, criteria, carry, from: _, attachments } = draft;
    title(line)?;
    // Counted together, so that no creation is larger than the log takes.
    let below = body.chars().count() + criteria.iter().map(|criterion| criterion.chars().count()).sum::<usize>();
    if below > TEXT_CHARS_MAX {
        return Err(Error::TooLong { what: Text::Body, limit: TEXT_CHARS_MAX, actual: below });
    }
    for criterion in criteria {
        words(Text::Criterion, criterion)?;
    }
    if bucket != Bucket::Todo && !carry.needs.is_empty() {
        return Err(Error::OnlyTodosWait { bucket });
    }
    grow(Many::Criteria, 0, criteria.len())?;
    grow(Many::Tags, 0, carry.tags.len())?;
    grow(Many::People, 0, carry.people.len())?;
    grow(Many::Prerequisites, 0, carry.needs.len())?;
    grow(Many::Links, 0, carry.serves.len())?;
    grow(Many::Attachments, 0, attachments.len())
}

/// Whether what is said in an act fits by itself; what it adds to an item is counted where the item is known.
pub(super) fn act(act: &Act) -> Result<(), Error> {
    match act {
        Act::Refine { text } | Act::Finding { text } | Act::Note { text } | Act::CorrectText { version: _, text } => {
            words(Text::Words, text)
        }
        Act::Criterion { text } => words(Text::Criterion, text),
        Act::Reject { reason: text }
        | Act::Reopen { reason: text }
        | Act::Close { reason: text }
        | Act::Done { anyway: _, text }
        | Act::Review { verdict: _, text } => at_most(Text::Words, text, TEXT_CHARS_MAX),
        Act::Title { title: line } => title(line),
        Act::Assign { people } | Act::Unassign { people } => some(Many::People, people.len()),
        Act::Need { items } | Act::Unneed { items } => some(Many::Prerequisites, items.len()),
        Act::Tag { tags } | Act::Untag { tags } => some(Many::Tags, tags.len()),
        Act::Link { relation: _, to } => link(to),
        Act::Attach { attachments, text } => {
            some(Many::Attachments, attachments.len())?;
            at_most(Text::Words, text, TEXT_CHARS_MAX)
        }
        // Promote and Correct are checked as the drafts they become.
        Act::Promote { .. }
        | Act::Correct { .. }
        | Act::Doing
        | Act::Merge
        | Act::Prio { .. }
        | Act::Due { .. }
        | Act::Project { .. } => Ok(()),
    }
}

//! The verbs of a research (it is finished by /done, in `todo.rs`). What they mean is in `domain/research.rs`.

use super::{Command, Fault, args::Args, idea::create_in};
use crate::domain::{Bucket, item::Act};
use crate::lang::wording;

/// `/research text`
pub(super) fn create(args: &mut Args<'_>) -> Result<Command, Fault> {
    create_in(args, Bucket::Research)
}

/// `/finding [R2] text`
pub(super) fn finding(args: &mut Args<'_>) -> Result<Command, Fault> {
    let target = args.target();
    let text = args.some_text(wording!("fault-finding"))?;
    Ok(Command::Item { target, act: Act::Finding { text } })
}

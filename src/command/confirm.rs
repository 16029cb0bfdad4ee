//! The answer to a question of ours, as its button carries it. What is asked, and how an answer is bound to it, is in
//! `intake/confirm.rs`.

use super::{Command, Fault, args::Args, person::LINK_CODE_CHARS};
use crate::lang::wording;

/// The longest command that stands behind a code, in bytes.
const AGAIN_BYTES_MAX: usize = 200;

/// `/confirm CODE [command]`, `/confirm no CODE`
pub(super) fn confirm(args: &mut Args<'_>) -> Result<Command, Fault> {
    let mut word = args.next().ok_or_else(|| args.missing(wording!("confirm-which")))?;
    let no = super::korean::is(word.raw, "no");
    if no {
        word = args.next().ok_or_else(|| args.missing(wording!("confirm-which")))?;
    }
    let is_code = word.raw.len() == LINK_CODE_CHARS && word.raw.bytes().all(|byte| byte.is_ascii_alphanumeric());
    // Without a slash an ordinary sentence may begin like this; a code is written in capitals then.
    let meant = !args.strict && (args.input.trim_start().starts_with('/') || word.raw == word.raw.to_ascii_uppercase());
    if !is_code || !meant {
        return Err(args.at(&word, wording!("confirm-no-question")));
    }
    let code = word.raw.to_ascii_uppercase();
    let again = args.input.get(args.rest.clone()).unwrap_or_default().trim();
    if no || again.len() > AGAIN_BYTES_MAX || again.contains('\n') {
        args.finish()?;
    }
    args.rest.start = args.rest.end;
    Ok(Command::Confirm { code, yes: !no, again: if no { String::new() } else { again.to_owned() } })
}

//! Long texts into parts a platform takes.

use crate::{Capabilities, Outbound};

/// Parts of `message` that each fit `capabilities`, in order; the last one has the buttons.
pub fn split(message: Outbound, _capabilities: &Capabilities) -> Vec<Outbound> {
    vec![message]
}

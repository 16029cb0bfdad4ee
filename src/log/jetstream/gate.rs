//! Whether the stream is the log that is gone on with: a message in the stream says so, at the place where it holds from on, so
//! that every node knows it in time. What was on its way when the log went elsewhere comes behind that message, and is no
//! commit: nobody was told that it is one.

use super::message;

/// What a message says of all that follow it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Gate {
    /// The log is here.
    #[default]
    Open,
    /// It is being brought here: what follows counts, and nobody else may add to it.
    Filling,
    /// It was brought elsewhere, and where to: what follows is nothing.
    Left(String),
}

impl Gate {
    /// As it stands in the message.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Open => "open".to_owned(),
            Self::Filling => "filling".to_owned(),
            Self::Left(place) => format!("left {place}"),
        }
    }

    /// What [`Gate::text`] gave; `None`: a newer version's.
    pub(super) fn read(text: &str) -> Option<Self> {
        match text.split_once(' ') {
            None if text == "open" => Some(Self::Open),
            None if text == "filling" => Some(Self::Filling),
            Some(("left", place)) => Some(Self::Left(place.to_owned())),
            _ => None,
        }
    }

    /// Its message.
    pub(super) fn message(&self) -> Vec<u8> {
        message::encode_gate(&self.text())
    }

    /// Why nothing may be added, and what to do.
    pub fn refuses(&self) -> Option<String> {
        match self {
            Self::Open => None,
            Self::Filling => Some(
                "the log is being brought to NATS: wait until that is done; if it was cut off, say the same again on that machine (yoman \
                 log move --to jetstream)"
                    .to_owned(),
            ),
            Self::Left(place) => Some(format!(
                "the log was brought to {place}, and goes on there: stop this node, or bring it back from there (yoman log move --to jetstream)"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_says_is_read_as_it_was_written() {
        for gate in [Gate::Open, Gate::Filling, Gate::Left("/data/log on house".into()), Gate::Left(String::new())] {
            assert_eq!(Gate::read(&gate.text()), Some(gate));
        }
        for newer in ["", "shut", "open wide", "left"] {
            assert_eq!(Gate::read(newer), None);
        }
    }
}

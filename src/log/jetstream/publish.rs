//! One message to the stream: what is asked of the server with it, and what its answer means.

use std::time::Duration;

use async_nats::{
    HeaderMap,
    client::{Request, RequestErrorKind},
};
use bytes::Bytes;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::connection::Connection;
use crate::log::CommandId;

const MSG_ID: &str = "Nats-Msg-Id";
const EXPECTED: &str = "Nats-Expected-Last-Subject-Sequence";

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is in the stream.
    Kept(u64),
    /// One with this id was in the stream before.
    Known(u64),
    /// One with this id is on its way into the stream.
    OnItsWay,
    /// The newest message on its subject is another; which, if the server says so.
    NotNext(Option<u64>),
    /// It is not known, or cannot be now.
    Away(String),
    /// It is not taken, and will not be.
    Refused(String),
}

#[derive(Deserialize)]
struct Ack {
    #[serde(default)]
    seq: u64,
    #[serde(default)]
    duplicate: bool,
    error: Option<Fault>,
}

#[derive(Deserialize)]
struct Fault {
    #[serde(default)]
    code: u32,
    #[serde(default)]
    err_code: u32,
    #[serde(default)]
    description: String,
}

/// The same command has the same id on every node, and an id of a bounded length.
pub(super) fn message_id(command: &CommandId) -> String {
    let digest = Sha256::digest(command.as_str());
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Sends a message that must come directly behind the message `newest` on its subject (0: it is the first).
pub(super) async fn publish(
    connection: &Connection,
    subject: String,
    id: &str,
    newest: u64,
    payload: Bytes,
    time: Duration,
) -> Answer {
    let mut headers = HeaderMap::new();
    headers.insert(MSG_ID, id);
    headers.insert(EXPECTED, newest.to_string());
    let request = Request::new().payload(payload).headers(headers).timeout(Some(time));
    // The request's own time begins when it is on its way.
    let answer = tokio::time::timeout(time * 2, connection.client().send_request(subject, request)).await;
    match answer {
        Ok(Ok(message)) => read(&message.payload),
        Ok(Err(error)) => match error.kind() {
            RequestErrorKind::NoResponders => Answer::Away("no server takes the stream's messages".into()),
            RequestErrorKind::TimedOut => Answer::Away("no answer in time".into()),
            RequestErrorKind::MaxPayloadExceeded => {
                Answer::Refused("the servers take smaller messages only: raise max_payload to 1 MB".into())
            }
            _ => Answer::Away(error.to_string()),
        },
        Err(_) => Answer::Away("the connection takes nothing".into()),
    }
}

/// What an acknowledgement says.
fn read(payload: &[u8]) -> Answer {
    let Ok(ack) = serde_json::from_slice::<Ack>(payload) else {
        return Answer::Away("the answer is none of JetStream".into());
    };
    let Some(fault) = ack.error else {
        return match ack.seq {
            0 => Answer::Away("the answer names no message".into()),
            seq if ack.duplicate => Answer::Known(seq),
            seq => Answer::Kept(seq),
        };
    };
    match (fault.err_code, fault.code) {
        // With the sequence, and without it when that one is on its way.
        (10071, _) => Answer::NotNext(fault.description.rsplit(' ').next().and_then(|word| word.parse().ok())),
        (10164, _) => Answer::NotNext(None),
        (10158, _) => Answer::OnItsWay,
        (10109, _) => Answer::Refused("the stream is sealed".into()),
        (_, 503) => Answer::Away(fault.description),
        _ => Answer::Refused(fault.description),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acknowledgements_are_understood() {
        for (text, expected) in [
            (r#"{"stream":"yoman-log","seq":7}"#, Answer::Kept(7)),
            (r#"{"stream":"yoman-log","seq":7,"duplicate":true,"domain":"x"}"#, Answer::Known(7)),
            (
                r#"{"error":{"code":400,"err_code":10071,"description":"wrong last sequence: 12"},"stream":"s","seq":0}"#,
                Answer::NotNext(Some(12)),
            ),
            (
                r#"{"error":{"code":400,"err_code":10164,"description":"wrong last sequence"},"stream":"s","seq":0}"#,
                Answer::NotNext(None),
            ),
            (r#"{"error":{"code":409,"err_code":10158,"description":"duplicate"}}"#, Answer::OnItsWay),
            (
                r#"{"error":{"code":503,"err_code":10008,"description":"temporarily unavailable"}}"#,
                Answer::Away("temporarily unavailable".into()),
            ),
            (r#"{"error":{"code":400,"err_code":10054,"description":"too big"}}"#, Answer::Refused("too big".into())),
        ] {
            assert_eq!(read(text.as_bytes()), expected, "{text}");
        }
        for odd in ["", "{}", "null", "[]", r#"{"seq":0}"#] {
            assert!(matches!(read(odd.as_bytes()), Answer::Away(_)), "{odd}");
        }
    }

    #[test]
    fn a_command_has_one_id() {
        assert_eq!(message_id(&CommandId::new("telegram/1/2")), "76d00d569ab32e9baee44c3ba3c6fcca");
    }
}

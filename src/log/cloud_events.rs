//! Commits as CloudEvents 1.0 in JSON: one event a line, the events of a commit one behind the other, and back again without
//! a loss.
//!
//! | attribute | what |
//! | --- | --- |
//! | `id`, `source` | position and version (`17/3`); `yoman`: together they name an event |
//! | `type`, `dataschema` | the stored name; `urn:yoman:<name>:<schema version>` |
//! | `subject`, `time`, `data` | the stream; recorded at, to the microsecond; the payload as it is stored |
//! | `position`, `version`, `events` | of the commit: its position, its first version, how many events it has |
//! | `commandid`, `correlationid`, `causationposition`, `actor`, `typed` | its meta; `typed` is the text as typed |
//! | `originbot`, `originroom`, `originmessage` | where it came from |
//!
//! Attributes may hold no control characters: those, and `%`, are written as `%` and two hexadecimal digits for each byte of
//! their UTF-8. Positions are texts, since the integers of CloudEvents have 32 bits.

use std::{borrow::Cow, fmt::Write as _, io};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{CommandId, Commit, Meta, Origin, Position, StoredEvent, StreamId};

const SPECVERSION: &str = "1.0";
const SOURCE: &str = "yoman";
const CONTENT_TYPE: &str = "application/json";

/// One event. Attributes that are empty are not there: CloudEvents has no empty ones.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CloudEvent<'a> {
    specversion: Cow<'a, str>,
    id: String,
    source: Cow<'a, str>,
    #[serde(rename = "type")]
    name: Cow<'a, str>,
    subject: Cow<'a, str>,
    time: String,
    datacontenttype: Cow<'a, str>,
    dataschema: String,
    position: String,
    version: String,
    events: String,
    commandid: Cow<'a, str>,
    correlationid: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    causationposition: Option<String>,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    actor: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    typed: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    originbot: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    originroom: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    originmessage: Cow<'a, str>,
    data: Cow<'a, RawValue>,
}

/// Writes the lines of a commit.
///
/// # Errors
/// When they cannot be written.
pub fn write(commit: &Commit, out: &mut Vec<u8>) -> io::Result<()> {
    let meta = &commit.meta;
    for (version, event) in commit.versioned() {
        let start = out.len();
        let line = CloudEvent {
            specversion: SPECVERSION.into(),
            id: format!("{}/{version}", commit.position),
            source: SOURCE.into(),
            name: escaped(&event.name),
            subject: escaped(commit.stream.as_str()),
            time: meta.recorded_at.to_rfc3339_opts(SecondsFormat::Micros, true),
            datacontenttype: CONTENT_TYPE.into(),
            dataschema: format!("urn:yoman:{}:{}", escaped(&event.name), event.schema),
            position: commit.position.to_string(),
            version: commit.first_version.to_string(),
            events: commit.events.len().to_string(),
            commandid: escaped(meta.command.as_str()),
            correlationid: escaped(meta.correlation.as_str()),
            causationposition: meta.causation.map(|position| position.to_string()),
            actor: escaped(&meta.actor),
            typed: escaped(&meta.text),
            originbot: escaped(&meta.origin.bot),
            originroom: escaped(&meta.origin.room),
            originmessage: escaped(&meta.origin.message),
            data: Cow::Borrowed(&*event.data),
        };
        serde_json::to_writer(&mut *out, &line)?;
        super::export::one_line(&mut out[start..]);
        out.push(b'\n');
    }
    Ok(())
}

/// Whether a line is a CloudEvent rather than a commit.
pub fn is_one(line: &str) -> bool {
    #[derive(Deserialize)]
    struct Any {
        specversion: Option<String>,
    }
    serde_json::from_str::<Any>(line).is_ok_and(|any| any.specversion.is_some())
}

/// A commit that is being put together from its events.
#[derive(Debug)]
pub(super) struct Partial {
    pub(super) commit: Commit,
    events: usize,
}

impl Partial {
    /// Begins with the first event of a commit.
    pub(super) fn begin(line: &str) -> Result<Self, String> {
        let (head, version, event) = parse(line)?;
        if version != head.commit.first_version {
            return Err(format!("it is not the first event of commit {}", head.commit.position));
        }
        let mut partial = head;
        partial.commit.events.push(event);
        Ok(partial)
    }

    /// Takes the next event.
    pub(super) fn push(&mut self, line: &str) -> Result<(), String> {
        let (head, version, event) = parse(line)?;
        let events = std::mem::take(&mut self.commit.events);
        let same = self.commit == head.commit && version == self.commit.first_version + events.len() as u64;
        self.commit.events = events;
        if !same {
            return Err(format!("it does not go on with commit {}", self.commit.position));
        }
        self.commit.events.push(event);
        Ok(())
    }

    /// Whether all of its events are there.
    pub(super) fn is_whole(&self) -> bool {
        self.commit.events.len() == self.events
    }
}

/// The commit a line belongs to, without events; the version of its event; the event.
fn parse(line: &str) -> Result<(Partial, u64, StoredEvent), String> {
    let line: CloudEvent<'_> = serde_json::from_str(line).map_err(|error| error.to_string())?;
    if line.specversion != SPECVERSION {
        return Err(format!("it is CloudEvents {}, and this reads {SPECVERSION}", line.specversion));
    }
    if line.source != SOURCE || line.datacontenttype != CONTENT_TYPE {
        return Err("it is no event of yoman".to_owned());
    }
    let number = |name: &str, text: &str| text.parse::<u64>().map_err(|_| format!("{name} is no number"));
    let position = number("position", &line.position)?;
    let first_version = number("version", &line.version)?;
    let events = number("events", &line.events)?;
    let version = line.id.strip_prefix(&format!("{position}/")).ok_or("id is not of its position")?;
    let version = number("id", version)?;
    let name = unescaped(&line.name)?;
    let schema = line.dataschema.strip_prefix("urn:yoman:").and_then(|rest| rest.rsplit_once(':'));
    let schema = schema.and_then(|(_, schema)| schema.parse().ok()).ok_or("dataschema is not one of yoman's")?;
    let recorded_at: DateTime<Utc> = line.time.parse().map_err(|_| "time is no time".to_owned())?;
    let causation = line.causationposition.as_deref().map(|text| number("causationposition", text)).transpose()?;
    let meta = Meta {
        command: CommandId::new(unescaped(&line.commandid)?),
        text: unescaped(&line.typed)?,
        actor: unescaped(&line.actor)?,
        origin: Origin {
            bot: unescaped(&line.originbot)?,
            room: unescaped(&line.originroom)?,
            message: unescaped(&line.originmessage)?,
        },
        correlation: CommandId::new(unescaped(&line.correlationid)?),
        causation: causation.map(Position),
        recorded_at,
    };
    let stream = StreamId::new(unescaped(&line.subject)?);
    let commit = Commit { position: Position(position), stream, first_version, events: Vec::new(), meta };
    let events = usize::try_from(events).map_err(|_| "events is no number")?;
    let event = StoredEvent { name: name.into(), schema, data: line.data.into_owned() };
    Ok((Partial { commit, events }, version, event))
}

/// What an attribute may not hold.
fn must_be_escaped(c: char) -> bool {
    let code = u32::from(c);
    c == '%' || c.is_control() || (0xfdd0..=0xfdef).contains(&code) || code & 0xfffe == 0xfffe
}

fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(must_be_escaped) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if must_be_escaped(c) {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                // Writing to a text does not fail.
                let _ = write!(out, "%{byte:02X}");
            }
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

fn unescaped(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        if byte != b'%' {
            bytes.push(byte);
            rest = behind;
            continue;
        }
        let digits = behind.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let code = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).ok_or("a % without two digits")?;
        bytes.push(code);
        rest = &behind[2..];
    }
    String::from_utf8(bytes).map_err(|_| "what is written with % is not UTF-8".to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_no_attribute_may_hold_is_escaped_and_back() {
        assert_eq!(escaped("a\nb 100% \u{85}ä"), "a%0Ab 100%25 %C2%85ä");
        assert!(matches!(escaped("plain"), Cow::Borrowed("plain")));
        for wrong in ["%", "%1", "%zz", "%ff"] {
            assert!(unescaped(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_text_comes_back(text in any::<String>()) {
            let written = escaped(&text);
            prop_assert!(!written.chars().any(|c| c != '%' && must_be_escaped(c)));
            prop_assert_eq!(unescaped(&written).unwrap(), text);
        }

        #[test]
        fn any_line_is_an_event_or_an_error(line in "\\PC{0,80}") {
            let _ = Partial::begin(&line);
        }
    }
}

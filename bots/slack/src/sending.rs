//! Purpose: a message goes out, is changed, or fails with an error that says whether it may stand there.
//!
//! Every message carries its nonce in its metadata. A second attempt at one that may have been sent looks for it first:
//! Slack has no way to refuse a copy, but it lets us find the first.

use std::sync::{Mutex, PoisonError};

use serde::Deserialize;
use serde_json::{Value, json};
use yoman_chat::{MessageRef, Outbound, Phrases, RoomId, SendError};

use crate::{
    api::{CallError, Nothing},
    intake::Core,
    kept::Bounded,
    outbound::{self, HEAD_CHARS_MAX, MESSAGE_CHARS_MAX},
    place::{At, channel_of, message_ref, user_of},
};

/// What our metadata is called.
const METADATA_TYPE: &str = "yoman_message";
/// How far back a first copy is looked for.
const LOOK_BACK: &str = "50";

/// The nonces of messages whose fate is unknown.
#[derive(Debug, Default)]
pub(crate) struct Unsure(Mutex<Bounded>);

impl Unsure {
    fn has(&self, nonce: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(nonce)
    }

    fn note(&self, nonce: &str, unsure: bool) {
        let mut nonces = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if unsure {
            nonces.insert(nonce);
        } else {
            nonces.remove(nonce);
        }
    }
}

#[derive(Deserialize)]
struct Posted {
    channel: Option<String>,
    ts: String,
}

#[derive(Deserialize)]
struct History {
    #[serde(default)]
    messages: Vec<Copy>,
}

#[derive(Deserialize)]
struct Copy {
    ts: String,
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
struct Metadata {
    event_type: Option<String>,
    event_payload: Option<Value>,
}

impl Core {
    /// Sends a message. One attempt.
    pub(crate) async fn send(
        &self,
        unsure: &Unsure,
        room: &RoomId,
        message: &Outbound,
    ) -> Result<MessageRef, SendError> {
        let channel = channel_of(room).ok_or_else(|| SendError::Refused(format!("{room} is not a room of Slack")))?;
        // An answer stands where its question stands: in the thread of what it answers, or of what was said.
        let to = message.reply_to.as_ref().filter(|to| to.room == *room).and_then(|to| At::parse(&to.id));
        let said_in = message.answers.as_deref().and_then(|inbound| self.answers.root(inbound));
        let root = to.map(|at| at.root.to_owned()).or(said_in);
        if let Some(user) = message.only_for.as_ref().and_then(user_of)
            && !channel.starts_with('D')
        {
            return self.send_to_one(channel, room, user, root.as_deref(), message).await;
        }
        let nonce = message.nonce.as_deref();
        if let Some(nonce) = nonce
            && (unsure.has(nonce) || message.repeat)
            && let Some(first) = self.first_copy(channel, root.as_deref(), nonce).await
        {
            unsure.note(nonce, false);
            return Ok(message_ref(room, &first, root.as_deref()));
        }
        let sent = self.post(channel, root.as_deref(), message).await;
        if let Some(nonce) = nonce {
            unsure.note(nonce, matches!(sent, Err(CallError::Lost(_))));
        }
        match sent {
            Ok((posted, root)) => {
                if root.is_none() {
                    self.threads.ours(channel, &posted.ts);
                }
                Ok(message_ref(room, &posted.ts, root.as_deref()))
            }
            // A command works in channels we are not in; there its own URL is the only way to answer.
            Err(error) if error.is(&["not_in_channel", "channel_not_found"]) => {
                match message.answers.as_deref().and_then(|inbound| self.answers.take_url(inbound)) {
                    Some(url) => self.respond(&url, room, message, "in_channel").await,
                    None => Err(send_error(error, false)),
                }
            }
            Err(error) => Err(send_error(error, false)),
        }
    }

    /// Posts to a channel; gives the thread it went to. What was certainly not sent for a reason that can be mended is tried
    /// without what was wrong: this is still the first attempt.
    async fn post(
        &self,
        channel: &str,
        root: Option<&str>,
        message: &Outbound,
    ) -> Result<(Posted, Option<String>), CallError> {
        let long = message.text.to_plain().chars().count() > MESSAGE_CHARS_MAX;
        let mut root = root.map(str::to_owned);
        let mut ask = self.content(message, self.picture(message).await);
        ask["channel"] = channel.into();
        ask["unfurl_links"] = false.into();
        ask["unfurl_media"] = false.into();
        if let Some(nonce) = &message.nonce {
            ask["metadata"] = json!({ "event_type": METADATA_TYPE, "event_payload": { "nonce": nonce } });
        }
        let mut tries = 0;
        loop {
            if let Some(root) = &root {
                ask["thread_ts"] = root.clone().into();
                // In a direct chat an answer in a thread is easily overlooked: it stands in the chat too.
                if channel.starts_with('D') {
                    ask["reply_broadcast"] = true.into();
                }
            }
            let error = match self.api.post::<Posted>("chat.postMessage", &ask).await {
                Ok(posted) => {
                    if long {
                        let place = posted.channel.as_deref().unwrap_or(channel);
                        self.attach_whole(place, root.as_deref().unwrap_or(&posted.ts), message).await;
                    }
                    return Ok((posted, root));
                }
                Err(error) => error,
            };
            tries += 1;
            let fields = ask.as_object_mut();
            if tries > 2 {
                return Err(error);
            } else if error.is(&["thread_not_found", "cannot_reply_to_message", "invalid_thread_ts"]) && root.is_some()
            {
                root = None;
                fields.map(|fields| (fields.remove("thread_ts"), fields.remove("reply_broadcast")));
            } else if error.is(&[
                "invalid_blocks",
                "invalid_blocks_format",
                "msg_blocks_too_long",
                "invalid_attachments",
            ]) {
                tracing::error!(bot = %self.name, %error, "Slack does not take the blocks; the text goes out alone");
                fields.map(|fields| (fields.remove("blocks"), fields.remove("attachments")));
            } else if error.is(&["metadata_too_large", "invalid_metadata_format", "invalid_metadata_schema"]) {
                fields.map(|fields| fields.remove("metadata"));
            } else {
                return Err(error);
            }
        }
    }

    /// Text, blocks and colour of a message.
    fn content(&self, message: &Outbound, picture: Option<Value>) -> Value {
        let mut text = message.text.clone();
        if text.to_plain().chars().count() > MESSAGE_CHARS_MAX {
            text = outbound::head(&text, HEAD_CHARS_MAX);
            text.plain(format!("\n({})", Phrases::of(&message.lang).whole_text_below));
        }
        let shown = Outbound { text: text.clone(), ..message.clone() };
        let mut blocks = outbound::blocks(&shown, &self.link_prefix, "m");
        if let Some(picture) = picture {
            let at = blocks.iter().position(|block| block["type"] == "actions").unwrap_or(blocks.len());
            blocks.insert(at, picture);
        }
        json!({
            "text": outbound::fallback(&text), "blocks": blocks,
            "attachments": outbound::attachments(message.accent, &message.lang),
        })
    }

    /// Changes a message in place.
    pub(crate) async fn edit(&self, message: &MessageRef, to: &Outbound) -> Result<(), SendError> {
        let channel = channel_of(&message.room)
            .ok_or_else(|| SendError::Refused(format!("{} is not a room of Slack", message.room)))?;
        let at = At::parse(&message.id)
            .ok_or_else(|| SendError::Gone(format!("\"{}\" is no message that can be changed", message.id)))?;
        if to.only_pins() {
            return self.pin(channel, at.ts, to.pin).await;
        }
        let mut ask = self.content(to, self.picture(to).await);
        ask["channel"] = channel.into();
        ask["ts"] = at.ts.into();
        match self.api.post::<Nothing>("chat.update", &ask).await {
            Ok(_) => self.pin(channel, at.ts, to.pin).await,
            Err(error) => Err(send_error(error, true)),
        }
    }

    /// Pins a message, or takes that back: <https://docs.slack.dev/reference/methods/pins.add>.
    async fn pin(&self, channel: &str, ts: &str, pinned: Option<bool>) -> Result<(), SendError> {
        let Some(pinned) = pinned else { return Ok(()) };
        let method = if pinned { "pins.add" } else { "pins.remove" };
        match self.api.post::<Nothing>(method, &json!({ "channel": channel, "timestamp": ts })).await {
            Ok(_) => Ok(()),
            Err(error) if error.is(&["already_pinned", "no_pin"]) => Ok(()),
            // An app from before this scope: no time mends that.
            Err(error) if error.is(&["missing_scope"]) => Err(SendError::Refused(format!(
                "{error}: the app was installed without the scope pins:write; yoman slack manifest has it"
            ))),
            Err(error) => Err(send_error(error, true)),
        }
    }

    /// For one person alone. Nothing of it can be changed later.
    async fn send_to_one(
        &self,
        channel: &str,
        room: &RoomId,
        user: &str,
        root: Option<&str>,
        message: &Outbound,
    ) -> Result<MessageRef, SendError> {
        #[derive(Deserialize)]
        struct Shown {
            message_ts: String,
        }
        if let Some(url) = message.answers.as_deref().and_then(|inbound| self.answers.take_url(inbound)) {
            return self.respond(&url, room, message, "ephemeral").await;
        }
        let mut ask = self.content(message, None);
        ask["channel"] = channel.into();
        ask["user"] = user.into();
        if let Some(root) = root {
            ask["thread_ts"] = root.into();
        }
        match self.api.post::<Shown>("chat.postEphemeral", &ask).await {
            Ok(shown) => Ok(MessageRef { room: room.clone(), id: format!("e/{}", shown.message_ts) }),
            Err(error) => Err(send_error(error, false)),
        }
    }

    async fn respond(&self, url: &str, room: &RoomId, message: &Outbound, to: &str) -> Result<MessageRef, SendError> {
        let mut ask = self.content(message, None);
        ask["response_type"] = to.into();
        ask["replace_original"] = false.into();
        match self.api.respond(url, &ask).await {
            // The service does not say where it stands.
            Ok(()) => Ok(MessageRef {
                room: room.clone(),
                id: format!("r/{}", message.answers.as_deref().unwrap_or_default()),
            }),
            Err(error) if error.is(&["http_404", "http_410", "used_url", "expired_url"]) => Err(SendError::Refused(
                "the command is too old to be answered, and I am not in this channel: /invite @yoman".into(),
            )),
            Err(error) => Err(send_error(error, false)),
        }
    }

    /// The first copy of a message, if it stands there.
    async fn first_copy(&self, channel: &str, root: Option<&str>, nonce: &str) -> Option<String> {
        let mut arguments = vec![("channel", channel), ("limit", LOOK_BACK), ("include_all_metadata", "true")];
        let method = match root {
            Some(root) => {
                arguments.push(("ts", root));
                "conversations.replies"
            }
            None => "conversations.history",
        };
        let history: History = self.api.get(method, &arguments).await.ok()?;
        let found = history.messages.into_iter().find(|copy| {
            copy.metadata.as_ref().is_some_and(|metadata| {
                metadata.event_type.as_deref() == Some(METADATA_TYPE)
                    && metadata.event_payload.as_ref().is_some_and(|payload| payload["nonce"] == nonce)
            })
        });
        found.map(|copy| copy.ts)
    }

    /// The whole of a text that is too long, as a file under its beginning.
    async fn attach_whole(&self, channel: &str, root: &str, message: &Outbound) {
        let plain = message.text.to_plain();
        let share = json!({ "channel_id": channel, "thread_ts": root });
        if let Err(error) =
            self.upload("whole.txt", Phrases::of(&message.lang).whole_text, plain.as_bytes(), Some(share)).await
        {
            tracing::warn!(bot = %self.name, channel, %error, "a long text could not be attached as a file");
        }
    }

    /// The picture of a message as a block; none when it has none, or Slack does not take it.
    async fn picture(&self, message: &Outbound) -> Option<Value> {
        let picture = message.picture.as_ref().filter(|picture| !picture.png.is_empty())?;
        match self.upload(&picture.name, &picture.alt, &picture.png, None).await {
            Ok(id) => {
                let alt = crate::forms::cut(&picture.alt, 2_000);
                let alt = if alt.trim().is_empty() { picture.name.clone() } else { alt };
                Some(json!({ "type": "image", "slack_file": { "id": id }, "alt_text": alt }))
            }
            Err(error) => {
                tracing::warn!(bot = %self.name, %error, "a picture could not be shown; what it shows stands in the text");
                None
            }
        }
    }

    /// A file in three steps; shared to a channel only when `share` says so. Gives its id.
    async fn upload(&self, name: &str, alt: &str, bytes: &[u8], share: Option<Value>) -> Result<String, CallError> {
        #[derive(Deserialize)]
        struct Place {
            upload_url: String,
            file_id: String,
        }
        let length = bytes.len().to_string();
        let arguments = [("filename", name), ("length", length.as_str()), ("alt_txt", alt)];
        let place: Place = self.api.get("files.getUploadURLExternal", &arguments).await?;
        self.api.upload(&place.upload_url, bytes).await?;
        let mut ask = share.unwrap_or_else(|| json!({}));
        ask["files"] = json!([{ "id": place.file_id, "title": name }]);
        self.api.post::<Nothing>("files.completeUploadExternal", &ask).await?;
        Ok(place.file_id)
    }
}

/// What a failed call says about the message.
pub(crate) fn send_error(error: CallError, editing: bool) -> SendError {
    let (word, why) = match &error {
        CallError::Wait(after) => return SendError::RetryAfter { after: *after, whole_bot: false },
        CallError::Server(_) | CallError::Unsent(_) => return SendError::NotSent(error.to_string()),
        CallError::Lost(_) => return SendError::Unknown(error.to_string()),
        CallError::Answer { error: word, .. } => (word.as_str(), error.to_string()),
    };
    match word {
        "message_not_found" | "cant_update_message" | "edit_window_closed" | "cant_edit_message" if editing => {
            SendError::Gone(why)
        }
        "not_in_channel" | "channel_not_found" => {
            SendError::Refused(format!("{why}: invite the bot there with /invite @yoman"))
        }
        "is_archived" => SendError::Refused(format!("{why}: the channel is archived; unarchive it, or /unfollow it")),
        "restricted_action" | "restricted_action_read_only_channel" | "restricted_action_thread_only_channel" => {
            SendError::Refused(format!(
                "{why}: who may post there is restricted; an admin of the workspace can let the app"
            ))
        }
        // A token, the service, a scope: a person or time may mend each.
        "invalid_auth"
        | "not_authed"
        | "token_revoked"
        | "token_expired"
        | "account_inactive"
        | "missing_scope"
        | "not_allowed_token_type"
        | "no_permission"
        | "internal_error"
        | "fatal_error"
        | "service_unavailable"
        | "request_timeout"
        | "team_added_to_org"
        | "accesslimited"
        | "ekm_access_denied" => SendError::NotSent(why),
        _ => SendError::Refused(why),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn of(error: &str, editing: bool) -> SendError {
        send_error(CallError::Answer { error: error.into(), more: Vec::new() }, editing)
    }

    #[test]
    fn failures_say_whether_it_may_have_been_sent() {
        assert!(matches!(of("not_in_channel", false), SendError::Refused(why) if why.contains("/invite")));
        assert!(matches!(of("is_archived", false), SendError::Refused(_)));
        assert!(matches!(of("invalid_blocks", false), SendError::Refused(_)));
        assert!(matches!(of("message_not_found", true), SendError::Gone(_)));
        assert!(matches!(of("cant_update_message", true), SendError::Gone(_)));
        assert!(matches!(of("invalid_auth", false), SendError::NotSent(_)));
        assert!(matches!(of("internal_error", true), SendError::NotSent(_)));
        let wait = send_error(CallError::Wait(Duration::from_secs(3)), false);
        assert_eq!(wait, SendError::RetryAfter { after: Duration::from_secs(3), whole_bot: false });
        assert!(matches!(send_error(CallError::Server(502), false), SendError::NotSent(_)));
        assert!(matches!(send_error(CallError::Lost("x".into()), false), SendError::Unknown(_)));
    }
}

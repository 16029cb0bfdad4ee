//! Purpose: the pieces of the Bot API's updates that are used here, read leniently: a field that is not used cannot
//! make a message unreadable. Source: <https://core.telegram.org/bots/api#update>.
//!
//! teloxide's own types are not used for reading: an entity of a kind newer than the crate turns a whole text message
//! into an empty one there.

use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;

macro_rules! update {
    ($($kind:ident),* $(,)?) => {
        /// An update, opened only as far as its kind. (No `flatten`: raw pieces do not survive it.)
        #[derive(Deserialize)]
        pub(crate) struct Update<'a> {
            pub(crate) update_id: i64,
            #[serde(borrow)]
            pub(crate) message: Option<&'a RawValue>,
            #[serde(borrow)]
            pub(crate) edited_message: Option<&'a RawValue>,
            #[serde(borrow)]
            pub(crate) callback_query: Option<&'a RawValue>,
            #[serde(borrow)]
            pub(crate) message_reaction: Option<&'a RawValue>,
            $($kind: Option<IgnoredAny>,)*
        }

        impl Update<'_> {
            /// Which of the kinds that exist and say nothing to us it is.
            pub(crate) fn unused_kind(&self) -> Option<&'static str> {
                $(if self.$kind.is_some() { return Some(stringify!($kind)); })*
                None
            }
        }
    };
}

update!(
    channel_post,
    edited_channel_post,
    business_connection,
    business_message,
    edited_business_message,
    deleted_business_messages,
    message_reaction_count,
    inline_query,
    chosen_inline_result,
    shipping_query,
    pre_checkout_query,
    purchased_paid_media,
    poll,
    poll_answer,
    my_chat_member,
    chat_member,
    chat_join_request,
    chat_boost,
    removed_chat_boost,
);

/// The number alone, for an update that can be read no further.
#[derive(Deserialize)]
pub(crate) struct Numbered {
    pub(crate) update_id: i64,
}

#[derive(Deserialize)]
pub(crate) struct User {
    pub(crate) id: i64,
    #[serde(default)]
    pub(crate) is_bot: bool,
    #[serde(default)]
    pub(crate) first_name: String,
    pub(crate) last_name: Option<String>,
    pub(crate) username: Option<String>,
    pub(crate) language_code: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Chat {
    pub(crate) id: i64,
    #[serde(rename = "type", default)]
    pub(crate) kind: String,
    pub(crate) title: Option<String>,
    pub(crate) username: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Entity {
    #[serde(rename = "type", default)]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) offset: usize,
    #[serde(default)]
    pub(crate) length: usize,
    pub(crate) user: Option<User>,
}

#[derive(Deserialize)]
pub(crate) struct File {
    pub(crate) file_id: String,
    pub(crate) file_name: Option<String>,
    pub(crate) file_size: Option<u64>,
    /// Of a picture only.
    #[serde(default)]
    pub(crate) width: u64,
    #[serde(default)]
    pub(crate) height: u64,
}

#[derive(Deserialize)]
pub(crate) struct Quote {
    pub(crate) text: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Message {
    pub(crate) message_id: i64,
    pub(crate) message_thread_id: Option<i64>,
    #[serde(default)]
    pub(crate) is_topic_message: bool,
    pub(crate) from: Option<User>,
    pub(crate) sender_chat: Option<Chat>,
    pub(crate) author_signature: Option<String>,
    pub(crate) chat: Chat,
    #[serde(default)]
    pub(crate) date: i64,
    pub(crate) edit_date: Option<i64>,
    #[serde(default)]
    pub(crate) is_automatic_forward: bool,
    pub(crate) reply_to_message: Option<Box<Replied>>,
    pub(crate) quote: Option<Quote>,
    pub(crate) text: Option<String>,
    #[serde(default)]
    pub(crate) entities: Vec<Entity>,
    pub(crate) caption: Option<String>,
    #[serde(default)]
    pub(crate) caption_entities: Vec<Entity>,
    #[serde(default)]
    pub(crate) photo: Vec<File>,
    pub(crate) document: Option<File>,
    pub(crate) voice: Option<File>,
    pub(crate) audio: Option<File>,
    pub(crate) video: Option<File>,
    pub(crate) video_note: Option<File>,
    pub(crate) animation: Option<File>,
    pub(crate) migrate_to_chat_id: Option<i64>,
}

/// The answered message, of which little is needed.
#[derive(Deserialize)]
pub(crate) struct Replied {
    pub(crate) message_id: i64,
    pub(crate) from: Option<User>,
    pub(crate) text: Option<String>,
    pub(crate) caption: Option<String>,
    pub(crate) forum_topic_created: Option<IgnoredAny>,
}

#[derive(Deserialize)]
pub(crate) struct CallbackQuery {
    pub(crate) id: String,
    pub(crate) from: User,
    pub(crate) message: Option<CardMessage>,
    pub(crate) data: Option<String>,
}

/// The message a button stands under; of an old one only chat and number are told.
#[derive(Deserialize)]
pub(crate) struct CardMessage {
    pub(crate) message_id: i64,
    pub(crate) chat: Chat,
    pub(crate) message_thread_id: Option<i64>,
    #[serde(default)]
    pub(crate) is_topic_message: bool,
}

/// Somebody changed their reactions to a message. Those of anonymous people are only counted, in an update of another kind.
#[derive(Deserialize)]
pub(crate) struct ReactionChange {
    pub(crate) chat: Chat,
    pub(crate) message_id: i64,
    pub(crate) user: Option<User>,
    pub(crate) actor_chat: Option<Chat>,
    #[serde(default)]
    pub(crate) date: i64,
    #[serde(default)]
    pub(crate) old_reaction: Vec<Reaction>,
    #[serde(default)]
    pub(crate) new_reaction: Vec<Reaction>,
}

/// An emoji, one of somebody's own, or something else (a paid one).
#[derive(Deserialize)]
pub(crate) struct Reaction {
    pub(crate) emoji: Option<String>,
    pub(crate) custom_emoji_id: Option<String>,
}

impl Reaction {
    /// The emoji, or the number of one's own between colons.
    pub(crate) fn name(&self) -> Option<String> {
        let own = || self.custom_emoji_id.as_ref().map(|id| format!(":{id}:"));
        self.emoji.clone().or_else(own)
    }
}

/// What a message may hold that nobody reads here: known, so no reason to keep it aside.
pub(crate) const UNREAD_CONTENT: [&str; 55] = [
    "sticker",
    "story",
    "contact",
    "dice",
    "game",
    "poll",
    "venue",
    "location",
    "new_chat_members",
    "new_chat_member",
    "new_chat_participant",
    "left_chat_member",
    "left_chat_participant",
    "new_chat_title",
    "new_chat_photo",
    "delete_chat_photo",
    "group_chat_created",
    "supergroup_chat_created",
    "channel_chat_created",
    "message_auto_delete_timer_changed",
    "migrate_from_chat_id",
    "pinned_message",
    "invoice",
    "successful_payment",
    "refunded_payment",
    "users_shared",
    "chat_shared",
    "connected_website",
    "write_access_allowed",
    "passport_data",
    "proximity_alert_triggered",
    "boost_added",
    "chat_background_set",
    "forum_topic_created",
    "forum_topic_edited",
    "forum_topic_closed",
    "forum_topic_reopened",
    "general_forum_topic_hidden",
    "general_forum_topic_unhidden",
    "giveaway_created",
    "giveaway",
    "giveaway_winners",
    "giveaway_completed",
    "paid_message_price_changed",
    "video_chat_scheduled",
    "video_chat_started",
    "video_chat_ended",
    "video_chat_participants_invited",
    "web_app_data",
    "paid_media",
    "gift",
    "unique_gift",
    "checklist",
    "checklist_tasks_done",
    "direct_message_price_changed",
];

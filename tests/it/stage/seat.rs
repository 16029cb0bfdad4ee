//! A person in a room.

use yoman::clock::Clock;
use yoman_chat::{Bot as _, Inbound, Room, RoomId, RoomKind, Said, Sender, SenderId, fake::FakeBot};

/// A person in a room.
#[derive(Clone, Debug)]
pub(crate) struct Seat {
    pub(crate) bot: FakeBot,
    pub(crate) room: RoomId,
    pub(super) kind: RoomKind,
    pub(super) who: String,
    /// What their platform calls them, when that is not its number for them; how they are written there; the language
    /// of their app, where the platform tells.
    pub(super) name: Option<String>,
    pub(super) handle: Option<String>,
    pub(super) language: Option<String>,
    pub(super) clock: Clock,
}

impl Seat {
    /// Somebody whose platform shows this name, and not its number for them.
    pub(crate) fn called(self, name: &str) -> Self {
        Self { name: Some(name.to_owned()), ..self }
    }

    /// Somebody whose app speaks this language.
    pub(crate) fn speaking(self, language: &str) -> Self {
        Self { language: Some(language.to_owned()), ..self }
    }

    /// Somebody who is written like that on their platform.
    pub(crate) fn written(self, handle: &str) -> Self {
        Self { handle: Some(handle.to_owned()), ..self }
    }

    fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.who)
    }

    /// The same person in another room.
    pub(super) fn label(&self) -> String {
        match self.kind {
            RoomKind::Direct => format!("{} ({})", self.name(), self.bot.capabilities().title),
            RoomKind::Group => format!("{} in {}", self.name(), self.room),
        }
    }

    /// Something this person does here, under this id.
    pub(crate) fn inbound(&self, id: String, said: Said) -> Inbound {
        Inbound {
            id,
            room: Room {
                id: self.room.clone(),
                kind: self.kind,
                title: (self.kind == RoomKind::Group).then(|| "The app".to_owned()),
            },
            sender: Sender {
                id: SenderId::new(format!("{}/{}", self.bot.name(), self.who)),
                name: self.name().to_owned(),
                handle: Some(self.handle.as_deref().unwrap_or(self.name()).to_owned()),
                language: self.language.clone(),
            },
            said,
            sent_at: self.clock.now(),
        }
    }
}

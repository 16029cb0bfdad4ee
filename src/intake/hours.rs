//! When a room is told, and where somebody is: what only intake can know of it, because it knows the bots and what is held.

use yoman_chat::{Outbound, RoomId};

use super::{Intake, Refusal, carry_out::Spoken};
use crate::{
    domain::PersonId,
    lang::{code, say, text},
    projection::{Held, Viewer},
};

impl Intake {
    /// `/digest` alone.
    pub(super) fn hours(&self, viewer: &Viewer) -> Outbound {
        let hold = self.outbox.hold(&RoomId::new(viewer.room.as_str()));
        let held = hold.map(|hold| Held { since: hold.at, due: hold.due });
        self.world.read(|world| world.hours(held, viewer))
    }

    /// `/prefer` alone.
    pub(super) fn preference(&self, person: PersonId, viewer: &Viewer) -> Outbound {
        let bots = self.bots_of(person);
        self.world.read(|world| world.preference(person, &bots, viewer))
    }

    /// The bots somebody is known on, by name.
    fn bots_of(&self, person: PersonId) -> Vec<String> {
        let known = self.world.read(|world| {
            let identities = world.person(person).map(|person| person.identities.clone()).unwrap_or_default();
            identities.iter().filter_map(|it| it.0.split('/').next().map(str::to_owned)).collect::<Vec<_>>()
        });
        let mut bots: Vec<_> = self.settings.bots.keys().filter(|bot| known.contains(bot)).cloned().collect();
        bots.sort();
        bots
    }

    /// The bot that is called so, by its name or by what people call its platform, if the person is known there.
    pub(super) fn known_bot(&self, person: PersonId, said: &str, spoken: &Spoken) -> Result<String, Refusal> {
        let lang = self.lang_of(&RoomId::new(spoken.origin.room.as_str()));
        let is = |(name, title): &(&String, &String)| name.to_lowercase() == said || title.to_lowercase() == said;
        let Some((bot, title)) = self.titles.iter().find(is) else {
            let mut known: Vec<_> = self.titles.values().map(String::as_str).collect();
            known.sort_unstable();
            return Err(Refusal::new(say!(lang, "prefer-unknown", name = said, known = known.join(", "))));
        };
        if self.bots_of(person).contains(bot) {
            return Ok(bot.clone());
        }
        Err(Refusal::new(text!(lang, "prefer-not-there", bot = title.as_str(), link = code("/link"))).hints(["/link"]))
    }
}

//! A log that is written no more: whoever speaks is told, as far as that can be done, and their message is left to the next
//! start.

use yoman_chat::Inbound;

use super::{Intake, Lane, Refusal};
use crate::{lang::wording, notify::Answer};

impl Intake {
    /// Tells a room, once, when nothing is saved any more. Not an answer to what was said: that is answered when it was taken
    /// in, by the process that is started next.
    pub(super) async fn tell_broken(&self, inbound: &Inbound, lane: &mut Lane) {
        let Some(why) = self.log.broken() else { return };
        if std::mem::replace(&mut lane.told_broken, true) {
            return;
        }
        let refusal = Refusal::new(wording!("refused-log-broken", why));
        let most = self.capabilities(inbound.room.id.bot()).map_or(64, |can| can.button_data_bytes_max);
        let answer = Answer::new(refusal.message(&self.reader(inbound), most));
        // The outbox is mostly on the same disk: what it cannot keep it shows from memory.
        if let Err(error) = self.outbox.answer(&format!("broken/{}", inbound.id), &inbound.room.id, vec![answer]).await
        {
            tracing::debug!(%error, "that nothing is saved was shown from memory");
        }
    }
}

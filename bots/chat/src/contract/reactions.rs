//! Reactions to a message of the bot.

use super::{Harness, Running, Verdict, ensure, until_held};
use crate::{Outbound, Said};

pub(super) async fn a_reaction_is_delivered_when_put_and_when_taken_away(harness: &dyn Harness) -> Verdict {
    let room = harness.room(0);
    let running = Running::start(harness);
    ensure(running.bot.capabilities().reactions, || "the bot does not say that it is told of reactions".into())?;
    let card = running.bot.send(&room, &Outbound::text("card")).await.map_err(|e| format!("send: {e}"))?;
    for (n, added) in [true, false, true].into_iter().enumerate() {
        harness.react(&card, "👀", added).await;
        running.kept(n + 1).await?;
    }
    let kept = running.kept(3).await?;
    for (inbound, put) in kept.iter().zip([true, false, true]) {
        let Said::Reacted { message, emoji, added } = &inbound.said else {
            return Err(format!("it came as {:?}", inbound.said));
        };
        // The emoji itself, or its name where the platform has names for all.
        ensure(emoji == "👀" || emoji == ":eyes:", || format!("{emoji:?} is not what was put there"))?;
        ensure((message, *added) == (&card, put), || format!("{added} to {message:?}, not {put} to {card:?}"))?;
    }
    let ids: std::collections::HashSet<_> = kept.iter().map(|inbound| &inbound.id).collect();
    ensure(ids.len() == 3, || "two reactions have one id".into())?;
    until_held(harness, 0).await?;
    running.end().await
}

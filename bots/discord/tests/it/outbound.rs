//! What the core wants shown, and what comes of it.

use std::{sync::Arc, time::Duration};

use yoman_chat::{Accent, Bot, Button, Outbound, Picture, SendError, Style, Text};
use yoman_stand_ins::discord::{DiscordStandIn, Fault, FaultKind, Limits};

use crate::setup::{Setup, room};

#[tokio::test]
async fn the_same_attempt_shows_one_message() {
    let setup = Setup::start().await;
    let kim = setup.server.person("Kim");
    let message = Outbound { nonce: Some("outbox/00000000000000000000000017/1".into()), ..Outbound::text("once") };
    setup.server.fault(Fault::new("/messages", 1, FaultKind::DropAfter));
    let first = setup.bot.send(&room(kim.dm), &message).await;
    assert!(matches!(first, Err(SendError::Unknown(_))), "{first:?}");
    let second = setup.bot.send(&room(kim.dm), &message).await.unwrap();
    let shown = setup.server.by_bot(kim.dm);
    assert_eq!((shown.len(), shown[0].id.to_string()), (1, second.id));
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn outside_words_call_nobody_and_hide_nothing() {
    let setup = Setup::start().await;
    let (channel, kim) = (setup.channel("app"), setup.server.person("Kim"));
    let nasty = format!("@everyone <@{}> <@&5> [free](https://evil.test) ||x|| # big\n# big\n> q", kim.id);
    setup.bot.send(&room(channel), &Outbound::text(nasty.as_str())).await.unwrap();
    let shown = &setup.server.by_bot(channel)[0];
    assert_eq!(shown.text, nasty, "as it was written");
    assert!(shown.pings.is_empty());
    assert_eq!(shown.flags & 4, 4, "no previews");
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn long_texts_cards_pictures_and_many_choices_fit() {
    let setup = Setup::start().await;
    let kim = setup.server.person("Kim");
    let long = Outbound::text("*".repeat(1_900));
    setup.bot.send(&room(kim.dm), &long).await.unwrap();
    let mut text = Text::new();
    text.push(Style::Bold, "T1").plain(" Fix login");
    let card = Outbound { accent: Some(Accent::Active), silent: true, ..Outbound::text(text) };
    setup.bot.send(&room(kim.dm), &card).await.unwrap();
    let png: Arc<[u8]> = Arc::from(&b"\x89PNG"[..]);
    let picture = Picture { name: "why T7.png".into(), alt: "what led to T7".into(), png, sha256: String::new() };
    setup.bot.send(&room(kim.dm), &Outbound { picture: Some(picture), ..Outbound::text("why") }).await.unwrap();
    let choices = (0..60).map(|n| Button::new(format!("T{n}"), format!("show T{n}"))).collect();
    let many = setup.bot.send(&room(kim.dm), &Outbound::text("which?").row(choices)).await.unwrap();
    let shown = setup.server.by_bot(kim.dm);
    assert_eq!(shown[0].text.len(), 1_900);
    assert_eq!((shown[1].text.as_str(), shown[1].flags & 4096), ("T1 Fix login", 4096));
    assert_eq!(shown[1].embeds[0]["color"], 0x00f0_b232);
    assert_eq!(shown[2].files, ["why_T7.png"]);
    assert_eq!(shown[3].buttons.iter().map(Vec::len).collect::<Vec<_>>(), [25, 25, 10]);
    let kept = setup.next(|server| server.press(many.id.parse().unwrap(), 0, "bshow T59")).await;
    assert!(matches!(&kept.said, yoman_chat::Said::Pressed { data, .. } if data == "show T59"));
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn a_missing_permission_is_named() {
    let setup = Setup::start().await;
    let channel = setup.channel("app");
    setup.server.deny(channel, "EMBED_LINKS");
    let card = Outbound { accent: Some(Accent::Open), ..Outbound::text("T1") };
    let error = setup.bot.send(&room(channel), &card).await.unwrap_err();
    assert!(
        matches!(&error, SendError::Refused(why) if why.contains("#app") && why.contains("Embed Links")),
        "{error}"
    );
    setup.server.deny(channel, "READ_MESSAGE_HISTORY");
    let to = yoman_chat::MessageRef { room: room(channel), id: "5".into() };
    setup.bot.send(&room(channel), &Outbound::text("x").reply_to(Some(to))).await.unwrap();
    setup.server.deny(channel, "SEND_MESSAGES");
    let error = setup.bot.send(&room(channel), &Outbound::text("x")).await.unwrap_err();
    assert!(error.to_string().contains("Send Messages"), "{error}");
    setup.server.deny(channel, "VIEW_CHANNEL");
    let error = setup.bot.send(&room(channel), &Outbound::text("x")).await.unwrap_err();
    assert!(error.to_string().contains("View Channels"), "{error}");
    let kim = setup.server.person("Kim");
    setup.server.shut(kim.dm, true);
    let error = setup.bot.send(&room(kim.dm), &Outbound::text("x")).await.unwrap_err();
    assert!(matches!(&error, SendError::Refused(why) if why.contains("direct messages")), "{error}");
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn the_rates_are_kept_without_being_refused() {
    let setup = Setup::start().await;
    let (kim, dana) = (setup.server.person("Kim"), setup.server.person("Dana"));
    setup.server.limits(Some(Limits { per_route: 2, ..Limits::default() }));
    for _ in 0..2 {
        setup.bot.send(&room(kim.dm), &Outbound::text("x")).await.unwrap();
    }
    let error = setup.bot.send(&room(kim.dm), &Outbound::text("x")).await.unwrap_err();
    assert!(matches!(&error, SendError::RetryAfter { whole_bot: false, .. }), "{error:?}");
    setup.bot.send(&room(dana.dm), &Outbound::text("another room")).await.unwrap();
    assert!(setup.server.calls("").iter().all(|call| call.status != 429), "it was not even asked");
    setup.server.limits(None);
    let kind = FaultKind::TooMany { retry_after_ms: 60_000, global: true };
    setup.server.fault(Fault::new("POST /channels", 1, kind));
    let error = setup.bot.send(&room(dana.dm), &Outbound::text("x")).await.unwrap_err();
    assert!(matches!(&error, SendError::RetryAfter { after, whole_bot: true } if *after > Duration::from_secs(59)));
    let error = setup.bot.send(&room(dana.dm), &Outbound::text("x")).await.unwrap_err();
    assert!(matches!(&error, SendError::RetryAfter { whole_bot: true, .. }), "{error:?}");
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn nothing_at_the_address_is_not_sent() {
    let server = DiscordStandIn::start().await.unwrap();
    let config = crate::setup::config(&server);
    let bot = yoman_discord::Discord::new(config).unwrap();
    let kim = server.person("Kim");
    drop(server);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let error = bot.send(&room(kim.dm), &Outbound::text("x")).await.unwrap_err();
    assert!(matches!(&error, SendError::NotSent(_)), "{error:?}");
    assert!(!format!("{bot:?} {error:?}").contains("discord-token"));
}

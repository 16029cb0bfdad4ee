//! What people see on Slack, and what a failure says.

use std::{sync::Arc, time::Duration};

use yoman_chat::{Accent, Bot, MessageRef, Outbound, Picture, SendError, Style, Text};
use yoman_stand_ins::slack::{Fault, FaultKind, Limits};

use crate::setup::{Setup, room};

#[tokio::test]
async fn text_is_data_and_the_fallback_is_escaped() {
    let setup = Setup::start().await;
    let mut text = Text::new();
    text.item("T7").plain(" <!channel> & ").push(Style::Bold, "bold").plain("\n");
    text.push(Style::Pre(Some("rust".into())), "fn main() {}\n").push(Style::Quote, "<@U1> *x*");
    let plain = text.to_plain();
    let message = Outbound { accent: Some(Accent::Active), ..Outbound::text(text) };
    setup.bot.send(&room(&setup.im), &message).await.unwrap();
    let shown = setup.server.shown(&setup.im).remove(0);
    assert_eq!(shown.text, plain);
    assert!(shown.fallback.contains("&lt;!channel&gt; &amp;") && !shown.fallback.contains('<'));
    assert_eq!(shown.attachments[0]["fallback"], "in progress");
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn edits_change_in_place_and_take_buttons_and_colour_away() {
    let setup = Setup::start().await;
    let open = Outbound { accent: Some(Accent::Open), ..Outbound::text("open") };
    let card = setup.bot.send(&room(&setup.im), &open.row(vec![yoman_chat::Button::new("Do", "do")])).await.unwrap();
    setup.bot.edit(&card, &Outbound::text("done")).await.unwrap();
    setup.bot.edit(&card, &Outbound::text("done")).await.unwrap();
    let shown = setup.server.shown(&setup.im);
    assert_eq!(shown.len(), 1);
    let shown = &shown[0];
    assert_eq!((shown.text.as_str(), shown.buttons.len(), shown.attachments.len()), ("done", 0, 0));
    assert_eq!(shown.versions.len(), 1);
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn what_can_no_longer_be_changed_is_gone() {
    let setup = Setup::start().await;
    let text = Outbound::text("x");
    let card = setup.bot.send(&room(&setup.im), &text).await.unwrap();
    let theirs = setup.server.write(&setup.im, &setup.kim, "mine").unwrap();
    let (channel, ts) = (setup.im.clone(), card.id.clone());
    setup.server.delete(&channel, &ts).unwrap();
    for id in [card.id.as_str(), &theirs, "1700000000.000100", "e/1700000000.000100", "not a message"] {
        let gone = setup.bot.edit(&MessageRef { room: room(&setup.im), id: id.into() }, &text).await;
        assert!(matches!(gone, Err(SendError::Gone(_))), "{id}: {gone:?}");
    }
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn what_will_never_be_taken_is_refused_and_says_what_to_do() {
    let setup = Setup::start().await;
    setup.server.archive(&setup.im);
    let archived = setup.bot.send(&room(&setup.im), &Outbound::text("x")).await.unwrap_err();
    assert!(matches!(&archived, SendError::Refused(why) if why.contains("unarchive")), "{archived}");
    setup.server.shut(&setup.general, true);
    let shut = setup.bot.send(&room(&setup.general), &Outbound::text("x")).await.unwrap_err();
    assert!(matches!(&shut, SendError::Refused(why) if why.contains("/invite")), "{shut}");
    for wrong in ["C0NOWHERE", "nonsense/x", ""] {
        let refused = setup.bot.send(&room(wrong), &Outbound::text("x")).await;
        assert!(matches!(refused, Err(SendError::Refused(_))), "{wrong}: {refused:?}");
    }
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn a_thread_that_is_gone_is_no_reason_not_to_send() {
    let setup = Setup::start().await;
    let to = MessageRef { room: room(&setup.general), id: "1700000000.000100".into() };
    let sent = setup.bot.send(&room(&setup.general), &Outbound::text("x").reply_to(Some(to))).await.unwrap();
    assert!(!sent.id.contains('/'));
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn waiting_is_asked_for_by_room() {
    let setup = Setup::start().await;
    setup.server.limits(Some(Limits { channel_per_s: 1, channel_burst: 1 }));
    setup.bot.send(&room(&setup.im), &Outbound::text("x")).await.unwrap();
    let wait = setup.bot.send(&room(&setup.im), &Outbound::text("y")).await;
    assert_eq!(wait, Err(SendError::RetryAfter { after: Duration::from_secs(1), whole_bot: false }));
    setup.bot.send(&room(&setup.general), &Outbound::text("y")).await.unwrap();
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn a_copy_is_found_instead_of_sent_again() {
    let setup = Setup::start().await;
    let message = Outbound { nonce: Some("n-1".into()), ..Outbound::text("once") };
    setup.server.fault(Fault::new("chat.postMessage", 1, FaultKind::DropAfter));
    let lost = setup.bot.send(&room(&setup.im), &message).await;
    assert!(matches!(lost, Err(SendError::Unknown(_))), "{lost:?}");
    let found = setup.bot.send(&room(&setup.im), &message).await.unwrap();
    let shown = setup.server.shown(&setup.im);
    assert_eq!((shown.len(), &shown[0].ts), (1, &found.id));
    // When the first certainly did not arrive, it is sent.
    let message = Outbound { nonce: Some("n-2".into()), ..Outbound::text("twice tried") };
    setup.server.fault(Fault::new("chat.postMessage", 1, FaultKind::DropBefore));
    assert!(setup.bot.send(&room(&setup.im), &message).await.is_err());
    setup.bot.send(&room(&setup.im), &message).await.unwrap();
    assert_eq!(setup.server.shown(&setup.im).len(), 2);
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn long_texts_go_along_as_a_file_and_pictures_are_shown() {
    let setup = Setup::start().await;
    let line = "one line among very many\n";
    let fits = Outbound::text(line.repeat(400));
    setup.bot.send(&room(&setup.im), &fits).await.unwrap();
    assert_eq!(setup.server.shown(&setup.im)[0].text.trim_end(), fits.text.to_plain().trim_end());
    let long = Outbound::text(line.repeat(2_000));
    setup.bot.send(&room(&setup.im), &long).await.unwrap();
    let files = setup.server.files();
    assert_eq!((files.len(), files[0].1.len()), (1, line.len() * 2_000));
    let shown = setup.server.shown(&setup.im);
    assert!(shown[1].text.contains("the whole text is in the file"));
    assert_eq!(shown[2].thread_ts.as_ref(), Some(&shown[1].ts));
    let png: Arc<[u8]> = Arc::from(&b"\x89PNG"[..]);
    let picture = Picture { name: "why.png".into(), alt: "why".into(), png, sha256: String::new() };
    setup.bot.send(&room(&setup.im), &Outbound { picture: Some(picture), ..Outbound::text("see") }).await.unwrap();
    let shown = setup.server.shown(&setup.im);
    assert_eq!(shown[3].blocks[1]["type"], "image");
    setup.run.end().await.unwrap();
}

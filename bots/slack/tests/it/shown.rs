//! What shows by itself: the home, previews of links, items named in passing.

use yoman_chat::Said;
use yoman_stand_ins::slack::{Press, SlackStandIn};

use crate::setup::{PATIENCE, Setup, room};

#[tokio::test]
async fn the_home_shows_mine_and_the_board_and_is_published_only_when_it_changed() {
    let setup = Setup::start().await;
    setup.server.open_home(&setup.kim).unwrap();
    let (view, _) =
        setup.server.wait(PATIENCE, |s| Some(s.home(&setup.kim)).filter(|(view, _)| view.is_some())).await.unwrap();
    let shown = view.unwrap().view.to_string();
    assert!(shown.contains("/mine for slack/") && shown.contains("/board for slack/"), "{shown}");
    setup.server.open_home(&setup.kim).unwrap();
    assert!(setup.server.wait_acknowledged(PATIENCE).await);
    // A press at home is one in the direct room.
    let press = Press { channel: String::new(), user: setup.kim.clone(), ts: String::new(), button: "Done".into() };
    let inbound = setup.next(|s| s.press(&press)).await;
    assert_eq!(inbound.room.id, room(&setup.im));
    assert!(
        matches!(&inbound.said, Said::Pressed { data, card, .. } if data == "/done T7" && card.id.starts_with("home/"))
    );
    assert_eq!(setup.server.home(&setup.kim).1, 1);
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn links_to_items_get_a_preview() {
    let server = SlackStandIn::start().await.unwrap();
    server.change_app(|app| app.unfurl_domains = vec!["y.example".into()]);
    let setup = Setup::over(server, |config| config.link_prefix = "https://y.example/i/".into()).await;
    let text = "see https://y.example/i/T7 and https://y.example/other and https://y.example/i/T404";
    setup.server.write(&setup.general, &setup.kim, text).unwrap();
    let unfurl = setup.server.wait(PATIENCE, |s| s.unfurls().into_iter().next()).await.unwrap();
    let by_url = unfurl.unfurls.as_object().unwrap();
    assert_eq!(by_url.keys().collect::<Vec<_>>(), ["https://y.example/i/T7"]);
    assert!(by_url["https://y.example/i/T7"].to_string().contains("/show T7"));
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn an_item_named_in_passing_is_shown_to_whoever_named_it_once() {
    let setup = Setup::start().await;
    setup.server.write(&setup.general, &setup.kim, "T404 and T7 are the same").unwrap();
    let shown = setup.server.wait_shown(&setup.general, 1, PATIENCE).await;
    assert_eq!(shown[0].only_for.as_deref(), Some(setup.kim.as_str()));
    assert!(shown[0].text.starts_with("/show T7"));
    setup.server.write(&setup.general, &setup.kim, "T7 again").unwrap();
    setup.server.write(&setup.general, &setup.dana, "T7?").unwrap();
    let shown = setup.server.wait_shown(&setup.general, 2, PATIENCE).await;
    let whom: Vec<_> = shown.iter().filter_map(|m| m.only_for.clone()).collect();
    assert_eq!(whom, [setup.kim.clone(), setup.dana.clone()]);
    setup.run.end().await.unwrap();
}

//! From the phone, a friend at a desk and another in an office: three platforms that can do different things, one house.

use insta::assert_snapshot;
use yoman_chat::{LengthUnit, fake::FakeBot};

use crate::stage::{Ground, Stage};

/// As the platforms are: a phone that edits and asks in the chat, two that open forms and answer in private.
pub(crate) fn platforms() -> Vec<FakeBot> {
    vec![
        FakeBot::with("telegram", |can| can.title = "Telegram"),
        FakeBot::with("discord", |can| {
            can.title = "Discord";
            can.text_length_max = 2000;
            can.length_unit = LengthUnit::Chars;
            can.button_data_bytes_max = 90;
            can.buttons_per_row_max = 5;
            can.forms = true;
            can.private_answers = true;
            can.pictures = true;
        }),
        FakeBot::with("slack", |can| {
            can.title = "Slack";
            can.text_length_max = 3000;
            can.length_unit = LengthUnit::Chars;
            can.button_data_bytes_max = 2000;
            can.buttons_per_row_max = 5;
            can.forms = true;
            can.private_answers = true;
            can.pictures = true;
        }),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_the_phone_to_two_friends_elsewhere() {
    let mut stage = Stage::with_bots(Ground::Disk, platforms()).await;
    let kim = stage.direct("telegram", "kim");
    let (dana, min) = (stage.direct("discord", "dana"), stage.direct("slack", "min"));
    stage.own(&kim).await;
    stage.let_in(&kim, &dana, "member").await;
    stage.let_in(&kim, &min, "member").await;
    // The groups are opened by kim, who is known there too.
    for bot in ["discord", "slack"] {
        let here = stage.direct(bot, "kim");
        let answer = stage.say(&kim, "/link").await.concat();
        let code = answer.split("/link ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
        stage.say(&here, &format!("/link {code}")).await;
        stage.sees(&kim, "wants to be you").await;
        stage.press(&kim, "Yes, that is me").await;
        stage.sees(&here, "I know you here too now").await;
        let app = stage.group(bot, "app", "kim");
        stage.say(&app, "/enable").await;
        stage.say(&app, "/follow in:app").await;
    }
    let (desk, office) = (stage.group("discord", "app", "dana"), stage.group("slack", "app", "min"));
    stage.say(&kim, "/default idea").await;
    stage.forget();

    stage.say(&kim, "Offline mode for the app in:app").await;
    stage.sees(&desk, "Offline mode").await;
    stage.sees(&office, "Offline mode").await;
    stage.press(&kim, "Research").await;
    // Each edit is seen before the next change: two would become one otherwise.
    stage.sees(&kim, "I1 promoted").await;
    stage.sees(&desk, "R1").await;
    stage.sees(&office, "R1").await;
    let card = stage.card(&kim, "R1 running");
    stage.reply(&kim, &card, "sled survives a kill, but only with fdatasync").await;
    stage.sees(&kim, "finding noted by kim").await;
    stage.sees(&desk, "sled survives").await;
    stage.sees(&office, "sled survives").await;
    // A form, in the office; the card in the phone changes in place.
    stage.fill_in(&office, "Finding", "The journal is a backup").await;
    stage.sees(&office, "finding noted by min").await;
    stage.sees(&kim, "The journal is a backup").await;
    stage.sees(&desk, "The journal is a backup").await;
    stage.say(&kim, "/promote R1 @dana !high").await;
    stage.sees(&kim, "R1 done").await;
    stage.sees(&desk, "assigned to dana").await;
    stage.sees(&office, "assigned to dana").await;
    stage.sees(&dana, "assigned to").await;
    stage.press(&desk, "Start").await;
    stage.sees(&desk, "started by dana").await;
    stage.sees(&kim, "started by dana").await;
    stage.sees(&office, "started by dana").await;
    // Nobody else in the group need see what did not work.
    stage.say(&office, "/done T9").await;
    stage.say(&office, "/mine").await;
    stage.say(&dana, "/mine").await;
    stage.press(&desk, "Done").await;
    stage.sees(&kim, "T1 done").await;
    stage.sees(&office, "completed by dana").await;
    stage.say(&kim, "/why T1").await;
    assert_snapshot!(stage.transcript());
}

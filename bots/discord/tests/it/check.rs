//! What doctor finds, and how each is mended.

use yoman_discord::{Discord, Endpoint, Level, PublicKey};
use yoman_stand_ins::discord::{DiscordStandIn, NewChannel};

use crate::setup::{Setup, config};

#[tokio::test]
async fn all_is_well_where_it_is() {
    let setup = Setup::start().await;
    setup.channel("app");
    let findings = setup.bot.check().await;
    assert!(findings.iter().all(|found| found.level == Level::Ok), "{findings:#?}");
    let all: Vec<&str> = findings.iter().map(|found| found.what.as_str()).collect();
    assert!(all.iter().any(|what| what.contains("it is yoman")) && all.iter().any(|what| what.contains("9 commands")));
    setup.run.end().await.unwrap();
}

#[tokio::test]
async fn what_is_wrong_is_named_with_its_remedy() {
    let server = DiscordStandIn::start().await.unwrap();
    let channel = server.add_channel(NewChannel { name: "app".into(), ..NewChannel::default() }).unwrap();
    server.set_permissions(server.guild_of(channel).unwrap(), 1 << 10);
    server.session_starts(3);
    let mut settings = config(&server);
    settings.guild = Some(99);
    let key = PublicKey::parse("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a").unwrap();
    settings.endpoint = Some(Endpoint { listen: ([127, 0, 0, 1], 0).into(), path: "/x".into(), public_key: key });
    let findings = Discord::new(settings).unwrap().check().await;
    let has = |level: Level, what: &str, mend: &str| {
        findings.iter().any(|it| it.level == level && it.what.contains(what) && it.mend.contains(mend))
    };
    assert!(has(Level::Warn, "lacks Send Messages", "oauth2/authorize"), "{findings:#?}");
    assert!(has(Level::Fail, "not in the server 99", "guild_id=99"), "{findings:#?}");
    assert!(has(Level::Warn, "3 of 1000 session starts", "log"), "{findings:#?}");
    assert!(has(Level::Warn, "Discord does not know it", "Interactions Endpoint URL"), "{findings:#?}");
    assert!(has(Level::Fail, "applications.commands", "invite"), "{findings:#?}");

    let mut settings = config(&server);
    settings.token = "MTA.wrong.one".into();
    let findings = Discord::new(settings).unwrap().check().await;
    assert!(findings.len() == 1 && findings[0].level == Level::Fail && findings[0].mend.contains("Reset Token"));
}

//! A room: what is decided about it, and what it is after that.

use chrono::TimeDelta;

use super::*;
use crate::domain::{
    Handle,
    spec::{now, tag},
};

/// The room after these events.
fn room(events: &[Event]) -> Room {
    (1..).zip(events).fold(Room::default(), |room, (version, event)| evolve(room, version, event))
}

#[track_caller]
fn accepted(room: &Room, command: Command, event: Event) {
    assert_eq!(decide(room, &command, now()), Ok(vec![event]));
}

#[track_caller]
fn refused(room: &Room, command: Command, said: &str, offered: &[&str]) {
    let Err(error) = decide(room, &command, now()) else { panic!("not refused") };
    assert_eq!((error.to_string().as_str(), error.hints()), (said, offered.iter().map(ToString::to_string).collect()));
}

fn tagged(tags: &[&str]) -> Filter {
    Filter { tags: tags.iter().map(|it| tag(it)).collect(), ..Filter::default() }
}

fn follow(tags: &[&str]) -> Command {
    Command::Follow { filter: tagged(tags) }
}

fn followed(tags: &[&str]) -> Event {
    Event::Followed { filter: tagged(tags) }
}

#[test]
fn it_is_enabled_once_and_disabled_once() {
    let title = || "Team".to_owned();
    accepted(&room(&[]), Command::Enable { title: title() }, Event::Enabled { title: title() });
    let enabled = room(&[Event::Enabled { title: title() }]);
    assert_eq!((enabled.enabled, enabled.title.as_str(), enabled.version), (true, "Team", 1));
    refused(&enabled, Command::Enable { title: title() }, "this room is enabled already", &[]);
    accepted(&enabled, Command::Disable, Event::Disabled);
    refused(&room(&[]), Command::Disable, "this room is not enabled", &["/enable"]);
}

#[test]
fn it_follows_a_filter_once_whatever_the_order_of_its_words() {
    accepted(&room(&[]), follow(&["app", "web"]), followed(&["app", "web"]));
    let following = room(&[followed(&["app", "web"])]);
    refused(&following, follow(&["web", "app"]), "this room follows that already", &["/follow"]);
    accepted(&following, follow(&["app"]), followed(&["app"]));
    accepted(&following, follow(&[]), followed(&[]));
}

#[test]
fn it_unfollows_what_it_follows() {
    let unfollow = |tags: &[&str]| Command::Unfollow { filter: Some(tagged(tags)) };
    let all = Command::Unfollow { filter: None };
    let following = room(&[followed(&["app", "web"]), followed(&["docs"])]);
    let event = Event::Unfollowed { filter: Some(tagged(&["app", "web"])) };
    accepted(&following, unfollow(&["web", "app"]), event.clone());
    assert_eq!(evolve(following.clone(), 3, &event).follows, [tagged(&["docs"])]);
    let said = "that is not one of the 2 filters this room follows";
    refused(&following, unfollow(&["app"]), said, &["/follow"]);
    accepted(&following, all.clone(), Event::Unfollowed { filter: None });
    refused(
        &room(&[followed(&["app"]), Event::Unfollowed { filter: None }]),
        all,
        "this room follows nothing",
        &["/follow"],
    );
}

#[test]
fn it_follows_so_many_filters_of_such_a_length() {
    let events: Vec<_> = (0..FOLLOWS_MAX).map(|n| followed(&[&format!("t{n}")])).collect();
    let said = "this room follows 50 filters, and more do not fit: unfollow one first";
    refused(&room(&events), follow(&["more"]), said, &["/follow"]);
    refused(&room(&events), follow(&["t1"]), "this room follows that already", &["/follow"]);
    let filter = Filter { words: vec!["a".into(); 51], ..Filter::default() };
    let said = "that filter names 51 things of one kind, and at most 50 fit";
    refused(&room(&[]), Command::Follow { filter }, said, &[]);
}

#[test]
fn it_is_muted_until_a_time_to_come() {
    let soon = Some(now() + TimeDelta::hours(1));
    let over = Some(now());
    accepted(&room(&[]), Command::Mute { until: soon }, Event::Muted { until: soon });
    refused(&room(&[]), Command::Mute { until: over }, "2026-11-20 09:00 UTC is over", &[]);
    let muted = room(&[Event::Muted { until: soon }]);
    let said = "this room is muted until 2026-11-20 10:00 UTC already";
    refused(&muted, Command::Mute { until: soon }, said, &["/mute off"]);
    accepted(&muted, Command::Mute { until: None }, Event::Muted { until: None });
    // A mute that has run out is none.
    refused(&room(&[Event::Muted { until: over }]), Command::Mute { until: None }, "this room is not muted", &[]);
}

#[test]
fn settings_change_when_they_have_another_value() {
    let settings =
        [Setting::Language("pt-BR".into()), Setting::TimeZone(Tz::Asia__Seoul), Setting::DefaultBucket(Bucket::Todo)];
    let set = room(&settings.clone().map(Event::SettingChanged));
    assert_eq!(set.language.as_deref(), Some("pt-BR"));
    assert_eq!((set.time_zone, set.default_bucket), (Some(Tz::Asia__Seoul), Some(Bucket::Todo)));
    for setting in settings {
        accepted(&room(&[]), Command::Set(setting.clone()), Event::SettingChanged(setting.clone()));
        refused(&set, Command::Set(setting), "this room has that setting already", &[]);
    }
    let said = "\"de_DE!\" is no language: languages are written en, de, pt-BR";
    refused(&set, Command::Set(Setting::Language("de_DE!".into())), said, &[]);
}

#[test]
fn it_has_one_board_and_another_takes_its_place() {
    let (app, web) = (tagged(&["app"]), tagged(&["web"]));
    let pin = |filter: &Filter| Command::PinBoard { filter: filter.clone() };
    accepted(&room(&[]), pin(&app), Event::BoardPinned { filter: app.clone() });
    let pinned = room(&[Event::BoardPinned { filter: app.clone() }]);
    assert_eq!(pinned.board, Some(app.clone()));
    accepted(&pinned, pin(&app), Event::BoardPinned { filter: app });
    accepted(&pinned, pin(&web), Event::BoardPinned { filter: web.clone() });
    accepted(&pinned, Command::UnpinBoard, Event::BoardUnpinned);
    assert_eq!(evolve(pinned, 2, &Event::BoardUnpinned).board, None);
    refused(&room(&[]), Command::UnpinBoard, "this room has no board that is kept up to date", &["/board pin"]);
    let long = Filter { items: (1..=51).map(|n| crate::domain::ItemRef::new(Bucket::Todo, n)).collect(), ..web };
    assert!(matches!(decide(&room(&[]), &pin(&long), now()), Err(Error::FilterTooLong { actual: 51 })));
}

#[test]
fn it_takes_after_another_room_in_everything_that_is_set_there() {
    let other = room(&[
        Event::Enabled { title: "Old".into() },
        followed(&["app"]),
        followed(&["docs", "web"]),
        Event::SettingChanged(Setting::Language("ko".into())),
        Event::SettingChanged(Setting::TimeZone(Tz::Asia__Seoul)),
        Event::SettingChanged(Setting::DefaultBucket(Bucket::Pr)),
        Event::BoardPinned { filter: tagged(&["app"]) },
    ]);
    let mine = room(&[followed(&["web", "docs"]), followed(&["own"])]);
    let events = take_after(&mine, &other).unwrap();
    assert_eq!(events.len(), 5, "one of its filters is followed here already");
    let after = (3..).zip(&events).fold(mine, |room, (version, event)| evolve(room, version, event));
    assert_eq!(after.follows, [tagged(&["web", "docs"]), tagged(&["own"]), tagged(&["app"])]);
    assert_eq!(
        (&after.language, after.time_zone, after.default_bucket),
        (&Some("ko".into()), Some(Tz::Asia__Seoul), Some(Bucket::Pr))
    );
    assert_eq!((after.enabled, after.board.clone()), (false, Some(tagged(&["app"]))));
    assert_eq!(take_after(&after, &other), Err(Error::NothingToTake));
    let full: Vec<_> = (0..FOLLOWS_MAX).map(|n| followed(&[format!("t{n}").as_str()])).collect();
    assert_eq!(take_after(&room(&full), &other), Err(Error::TooManyFollows));
}

#[test]
fn a_reaction_means_what_was_said_last() {
    let emoji = |text: &str| Emoji::read(text).unwrap();
    let map = |text: &str, verb| Command::React { emoji: emoji(text), verb };
    let mapped = |text: &str, verb| Event::ReactionMapped { emoji: emoji(text), verb };
    let done = Some(ReactionVerb::Done);
    accepted(&room(&[]), map("🔥", done), mapped("🔥", done));
    let set = room(&[mapped("🔥", done)]);
    assert_eq!(set.reactions.verb(&emoji("🔥"), false), done);
    refused(&set, map("🔥", done), "this room has that setting already", &[]);
    accepted(&set, map("🔥", None), mapped("🔥", None));
    refused(&room(&[]), map("🔥", None), "🔥 means nothing here anyway", &["/react"]);
    // One of the usual ones, where they hold.
    accepted(&room(&[]), map("✅", None), mapped("✅", None));
    accepted(&set, Command::ReactOff, Event::ReactionsCleared);
    let off = room(&[mapped("🔥", done), Event::ReactionsCleared]);
    assert_eq!(off.reactions.in_force(true), []);
    refused(&off, Command::ReactOff, "no reaction means anything here anyway", &["/react"]);
    let full: Vec<_> = (0..REACTIONS_MAX).map(|n| mapped(&format!(":own{n}:"), done)).collect();
    let said = "50 reactions mean something here, and more do not fit: switch one off first";
    refused(&room(&full), map("🔥", done), said, &["/react"]);
    accepted(&room(&full), map(":own1:", None), mapped(":own1:", None));
}

#[test]
fn people_in_filters_are_looked_up() {
    let filter = Filter { people: Handle::new("kim").into_iter().collect(), ..Filter::default() };
    let command = Command::Unfollow { filter: Some(filter) };
    let found = Filter { people: vec![PersonId(1)], ..Filter::default() };
    assert_eq!(
        command.clone().try_map_people(|_| Ok::<_, Handle>(PersonId(1))),
        Ok(Command::Unfollow { filter: Some(found) })
    );
    assert!(command.try_map_people(Err::<PersonId, _>).is_err());
}

//! Against the real server: who is let in and who is not, and that the connection comes back.

mod accounts;

use std::time::Duration;

use yoman_stand_ins::nats::{Server, Setup};

use super::*;

const LONG: Duration = Duration::from_secs(30);

fn settings(server: &Server) -> NatsSettings {
    NatsSettings { servers: vec![server.url()], prefix: "yoman".into(), replicas: 1, ..NatsSettings::default() }
}

fn server(more: &str) -> (tempfile::TempDir, Server) {
    let dir = tempfile::tempdir().unwrap();
    let setup = Setup { more: more.to_owned(), ..Setup::default() };
    let server = Server::start_with(dir.path(), &setup).unwrap();
    (dir, server)
}

/// Why it does not come up: the first reason that is not the one it begins with.
async fn refused(connection: &Connection) -> String {
    let mut link = connection.link();
    let told = |link: &Link| matches!(link, Link::Down(why) if !why.contains("not connected yet"));
    let waited = tokio::time::timeout(LONG, link.wait_for(told)).await;
    match waited.expect("a reason comes").expect("the connection lives").clone() {
        Link::Down(why) => why,
        Link::Up => panic!("it came up"),
    }
}

#[tokio::test]
async fn a_user_with_the_right_password_is_let_in_and_no_other() {
    let (_dir, server) = server("authorization { user: yoman, password: hunter2 }\n");
    let user =
        |password| NatsSettings { user: "yoman".into(), password: Some(Hidden::new(password)), ..settings(&server) };
    let connection = Connection::open(user("hunter2")).await.unwrap();
    connection.up_within(LONG).await.unwrap();
    assert!(connection.is_up() && connection.why_down().is_none());
    connection.jetstream().query_account().await.unwrap();
    assert!(!format!("{connection:?} {:?}", connection.settings()).contains("hunter2"));

    let connection = Connection::open(user("hunter3")).await.unwrap();
    let why = refused(&connection).await;
    assert!(why.contains("authorization"), "{why}");
    assert!(!connection.is_up() && !why.contains("hunter3"));
}

#[tokio::test]
async fn it_comes_back_when_the_server_does() {
    let (_dir, mut server) = server("");
    let connection = Connection::open(settings(&server)).await.unwrap();
    connection.up_within(LONG).await.unwrap();
    let mut link = connection.link();
    server.kill().unwrap();
    tokio::time::timeout(LONG, link.wait_for(|link| !link.is_up())).await.unwrap().unwrap();
    assert!(connection.why_down().is_some());
    server.restart().unwrap();
    connection.up_within(LONG).await.unwrap();
    connection.jetstream().query_account().await.unwrap();
}

#[tokio::test]
async fn it_is_opened_with_nats_away() {
    let (_dir, mut server) = server("");
    server.kill().unwrap();
    let connection = Connection::open(settings(&server)).await.unwrap();
    refused(&connection).await;
    assert!(connection.up_within(Duration::ZERO).await.is_err());
    server.restart().unwrap();
    connection.up_within(LONG).await.unwrap();
}

#[tokio::test]
async fn settings_that_cannot_be_used_are_told_without_their_secrets() {
    let dir = tempfile::tempdir().unwrap();
    let bad_creds = dir.path().join("y.creds");
    fs::write(&bad_creds, "hunter2").unwrap();
    let base = || NatsSettings { servers: vec!["nats://127.0.0.1:1".into()], ..NatsSettings::default() };
    for (settings, expected) in [
        (NatsSettings { servers: vec![], ..base() }, "no NATS server is set"),
        (NatsSettings { servers: vec!["nats://me:hunter2@x".into()], ..base() }, "holds a name or a password"),
        (NatsSettings { nkey_seed: Some(Hidden::new("hunter2")), ..base() }, "the nkey seed is none"),
        (NatsSettings { creds_file: Some(bad_creds), ..base() }, "it holds no JWT and seed"),
        (NatsSettings { tls_ca_file: Some(dir.path().join("none.pem")), ..base() }, "none.pem cannot be used"),
    ] {
        let error = Connection::open(settings).await.unwrap_err().to_string();
        assert!(error.contains(expected) && !error.contains("hunter2"), "{error}");
    }
}

//! Accounts, keys and certificates, against the real server.

use std::path::{Path, PathBuf};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use nkeys::KeyPair;

use super::*;

/// A JWT as nsc makes them: signed by whoever answers for its subject.
fn jwt(issuer: &KeyPair, subject: &str, name: &str, nats: serde_json::Value) -> String {
    let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = part(serde_json::json!({ "typ": "JWT", "alg": "ed25519-nkey" }));
    let claims = part(serde_json::json!({
        "jti": "1", "iat": 1_700_000_000, "iss": issuer.public_key(), "name": name, "sub": subject, "nats": nats,
    }));
    let signed = format!("{header}.{claims}");
    let signature = issuer.sign(signed.as_bytes()).unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

async fn comes_up(settings: NatsSettings) -> Connection {
    let connection = Connection::open(settings).await.unwrap();
    connection.up_within(LONG).await.unwrap();
    connection.client().flush().await.unwrap();
    connection
}

#[tokio::test]
async fn a_token_and_an_nkey_let_in() {
    let (_dir, server_) = server("authorization { token: hunter2 }\n");
    comes_up(NatsSettings { token: Some(Hidden::new("hunter2")), ..settings(&server_) }).await;
    let without = Connection::open(settings(&server_)).await.unwrap();
    assert!(refused(&without).await.contains("authorization"));

    let pair = KeyPair::new_user();
    let (_dir, server_) = server(&format!("authorization {{ users: [ {{ nkey: {} }} ] }}\n", pair.public_key()));
    let seed = |pair: &KeyPair| Some(Hidden::new(&pair.seed().unwrap()));
    comes_up(NatsSettings { nkey_seed: seed(&pair), ..settings(&server_) }).await;
    let other = NatsSettings { nkey_seed: seed(&KeyPair::new_user()), ..settings(&server_) };
    assert!(refused(&Connection::open(other).await.unwrap()).await.contains("authorization"));
}

#[tokio::test]
async fn a_creds_file_lets_in() {
    let (operator, account, user) = (KeyPair::new_operator(), KeyPair::new_account(), KeyPair::new_user());
    let limits = |more: serde_json::Value| {
        let mut limits = serde_json::json!({
            "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true, "conn": -1, "leaf": -1,
        });
        limits.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        limits
    };
    let of_operator =
        jwt(&operator, &operator.public_key(), "house", serde_json::json!({ "type": "operator", "version": 2 }));
    let jetstream = serde_json::json!({ "mem_storage": -1, "disk_storage": -1, "streams": -1, "consumer": -1 });
    let of_account = jwt(
        &operator,
        &account.public_key(),
        "yoman",
        serde_json::json!({ "type": "account", "version": 2, "limits": limits(jetstream) }),
    );
    let of_user = jwt(
        &account,
        &user.public_key(),
        "node",
        serde_json::json!({ "type": "user", "version": 2, "subs": -1, "data": -1, "payload": -1 }),
    );
    let (dir, server_) = server(&format!(
        "operator: {of_operator}\nresolver: MEMORY\nresolver_preload: {{ {}: {of_account} }}\n",
        account.public_key()
    ));
    let creds = dir.path().join("yoman.creds");
    let text = format!(
        "-----BEGIN NATS USER JWT-----\n{of_user}\n------END NATS USER JWT------\n\n\
         -----BEGIN USER NKEY SEED-----\n{}\n------END USER NKEY SEED------\n",
        user.seed().unwrap()
    );
    fs::write(&creds, text).unwrap();
    let connection = comes_up(NatsSettings { creds_file: Some(creds), ..settings(&server_) }).await;
    connection.jetstream().query_account().await.unwrap();
}

/// A CA and what it signed, in PEM files.
struct Certificates {
    ca: PathBuf,
    server: (PathBuf, PathBuf),
    client: (PathBuf, PathBuf),
}

fn certificates(dir: &Path) -> Certificates {
    let key = || rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, "a CA for a test");
    let ca_key = key();
    let ca = params.self_signed(&ca_key).unwrap();
    let issuer = rcgen::Issuer::new(params, ca_key);
    let write = |name: &str, text: String| {
        let path = dir.join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let signed = |name: &str, usage: rcgen::ExtendedKeyUsagePurpose| {
        let mut params = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap();
        params.extended_key_usages.push(usage);
        let own = key();
        let certificate = params.signed_by(&own, &issuer).unwrap();
        (write(&format!("{name}.pem"), certificate.pem()), write(&format!("{name}-key.pem"), own.serialize_pem()))
    };
    Certificates {
        ca: write("ca.pem", ca.pem()),
        server: signed("server", rcgen::ExtendedKeyUsagePurpose::ServerAuth),
        client: signed("client", rcgen::ExtendedKeyUsagePurpose::ClientAuth),
    }
}

#[tokio::test]
async fn over_tls_both_sides_show_who_they_are() {
    let certificates_dir = tempfile::tempdir().unwrap();
    let Certificates { ca, server: own, client } = certificates(certificates_dir.path());
    let (_dir, server_) = server(&format!(
        "tls {{ cert_file: \"{}\", key_file: \"{}\", ca_file: \"{}\", verify: true }}\n",
        own.0.display(),
        own.1.display(),
        ca.display()
    ));
    let with = NatsSettings {
        tls_ca_file: Some(ca.clone()),
        tls_cert_file: Some(client.0),
        tls_key_file: Some(client.1),
        ..settings(&server_)
    };
    let connection = comes_up(with).await;
    connection.jetstream().query_account().await.unwrap();
    // Without a certificate of our own, and without knowing who signed theirs.
    let without = NatsSettings { tls_ca_file: Some(ca), ..settings(&server_) };
    refused(&Connection::open(without).await.unwrap()).await;
    let stranger = refused(&Connection::open(settings(&server_)).await.unwrap()).await;
    assert!(!stranger.is_empty());
}

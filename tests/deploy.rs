//! What stands in `config/deploy` fits together: every file is read by a parser of its kind, the settings and secrets it names
//! exist, images, ports, names and sizes agree, and the NATS server itself takes its configuration.

#![expect(clippy::unwrap_used, reason = "what the tests share fails like a test: with a place and a reason")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use async_nats::jetstream::{consumer, stream};
use futures_util::StreamExt as _;
use serde::Deserialize as _;
use yaml_serde::Value;
use yoman_stand_ins::nats::{self as nats_server, Server, Setup};

fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config/deploy")
}

fn text(name: &str) -> String {
    fs::read_to_string(deploy().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The documents of a file.
fn yaml(name: &str) -> Vec<Value> {
    let text = text(name);
    let documents = yaml_serde::Deserializer::from_str(&text).map(|document| {
        let mut value = Value::deserialize(document).unwrap_or_else(|error| panic!("{name}: {error}"));
        value.apply_merge().unwrap_or_else(|error| panic!("{name}: {error}"));
        value
    });
    documents.collect()
}

fn compose() -> Value {
    yaml("docker-compose.yml").remove(0)
}

/// All that is applied to a cluster, as the kustomization names it.
fn manifests() -> Vec<Value> {
    let kustomization = yaml("kustomization.yaml").remove(0);
    let files = strings(&kustomization["resources"]);
    let there: BTreeSet<_> = fs::read_dir(deploy().join("kubernetes"))
        .unwrap()
        .map(|entry| format!("kubernetes/{}", entry.unwrap().file_name().to_string_lossy()))
        .collect();
    assert_eq!(files.iter().cloned().collect::<BTreeSet<_>>(), there, "kustomization.yaml names every file, once");
    files.iter().flat_map(|file| yaml(file)).collect()
}

fn manifest(kind: &str, name: &str) -> Value {
    let found =
        manifests().into_iter().find(|it| string(&it["kind"]) == kind && string(&it["metadata"]["name"]) == name);
    found.unwrap_or_else(|| panic!("there is no {kind} {name}"))
}

#[track_caller]
fn string(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(yes) => yes.to_string(),
        other => panic!("{other:?} is no word"),
    }
}

#[track_caller]
fn strings(value: &Value) -> Vec<String> {
    value.as_sequence().unwrap_or_else(|| panic!("{value:?} is no list")).iter().map(string).collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_sequence().map_or(&[], Vec::as_slice)
}

/// The container of a Deployment or StatefulSet: each has one.
fn container(of: &Value) -> Value {
    let containers = list(&of["spec"]["template"]["spec"]["containers"]);
    assert_eq!(containers.len(), 1);
    containers[0].clone()
}

/// Its variables: a value, or from which key of which secret.
fn variables(container: &Value) -> BTreeMap<String, String> {
    let written = |variable: &Value| match &variable["value"] {
        Value::Null => match &variable["valueFrom"]["secretKeyRef"] {
            Value::Null => format!("field {}", string(&variable["valueFrom"]["fieldRef"]["fieldPath"])),
            secret => format!("secret {}/{}", string(&secret["name"]), string(&secret["key"])),
        },
        value => string(value),
    };
    list(&container["env"]).iter().map(|variable| (string(&variable["name"]), written(variable))).collect()
}

fn compose_variables(service: &str) -> BTreeMap<String, String> {
    let compose = compose();
    let variables = compose["services"][service]["environment"].as_mapping().unwrap().clone();
    variables.iter().map(|(name, value)| (string(name), string(value))).collect()
}

/// A value in nats.conf, outside of the lists of permissions.
fn nats(key: &str) -> String {
    let text = text("nats.conf");
    let mut lines = text.lines().filter_map(|line| line.trim().strip_prefix(key)?.strip_prefix(": "));
    lines.next().unwrap_or_else(|| panic!("nats.conf has no {key}")).trim().to_owned()
}

/// The names that nats.conf takes from the environment.
fn nats_variables() -> BTreeSet<String> {
    let text = text("nats.conf");
    let code = text.lines().map(|line| line.split('#').next().unwrap());
    let words = code.flat_map(|line| line.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')));
    words
        .filter_map(|word| word.strip_prefix('$'))
        .filter(|name| name.starts_with("NATS_"))
        .map(str::to_owned)
        .collect()
}

/// `10Gi`, `20GB`, `512Mi` in bytes.
fn bytes(size: &str) -> u64 {
    let at = size.find(|c: char| !c.is_ascii_digit()).unwrap_or(size.len());
    let number: u64 = size[..at].parse().unwrap();
    // The server reckons a GB as 2^30, too.
    let shift = match &size[at..] {
        "Mi" | "MB" | "MiB" => 20,
        "Gi" | "GB" => 30,
        unit => panic!("{size}: what is {unit}?"),
    };
    number << shift
}

/// The variables that set something, as config/yoman.toml names its settings.
fn settings() -> BTreeSet<String> {
    fn add(names: &mut BTreeSet<String>, at: &str, table: &toml::Table) {
        for (key, value) in table {
            let name = format!("{at}_{}", key.to_uppercase().replace('-', "_"));
            match value {
                toml::Value::Table(table) => add(names, &name, table),
                _ => drop(names.insert(name)),
            }
        }
    }
    let file = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("config/yoman.toml")).unwrap();
    let mut names = BTreeSet::new();
    add(&mut names, "YOMAN", &file.parse().unwrap());
    names
}

fn setting(section: &str, key: &str) -> toml::Value {
    let file = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("config/yoman.toml")).unwrap();
    file.parse::<toml::Table>().unwrap()[section][key].clone()
}

/// The names in a file of the form NAME=value.
fn names_in(file: &str) -> BTreeSet<String> {
    file.lines()
        .filter_map(|line| line.trim_start_matches('#').split_once('='))
        .map(|(name, _)| name.to_owned())
        .collect()
}

#[test]
fn every_setting_and_secret_that_is_named_exists() {
    let known = settings();
    let secrets = names_in(&fs::read_to_string(deploy().join("../example.env")).unwrap());
    let dockerfile: BTreeMap<_, _> =
        text("Dockerfile").lines().filter_map(|line| line.strip_prefix("ENV ")?.split_once('=')).map(own).collect();
    let places = [
        ("Dockerfile", dockerfile),
        ("compose yoman-0", compose_variables("yoman-0")),
        ("compose yoman-1", compose_variables("yoman-1")),
        ("kubernetes", variables(&container(&manifest("Deployment", "yoman")))),
    ];
    for (place, variables) in &places {
        for name in variables.keys() {
            assert!(known.contains(name) || secrets.contains(name), "{place}: {name} sets nothing");
        }
    }
    for (place, variables) in &places[1..] {
        assert_eq!(variables["YOMAN_LOG_ENGINE"], "jetstream", "{place}");
        assert!(nats_users().contains(&variables["YOMAN_NATS_USER"]), "{place}");
    }
    assert_eq!(places[1], ("compose yoman-0", places[2].1.clone()), "both nodes are set up alike");
}

fn own((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn nats_users() -> BTreeSet<String> {
    let text = text("nats.conf");
    let users = text.lines().filter_map(|line| line.trim().strip_prefix("{ user: ")?.split_once(','));
    users.map(|(user, _)| user.to_owned()).collect()
}

#[test]
fn what_nats_takes_from_the_environment_is_given_to_it() {
    let needed = nats_variables();
    assert!(needed.contains("NATS_PASSWORD") && needed.contains("NATS_STORE_KEY"), "{needed:?}");
    let of_kubernetes = variables(&container(&manifest("StatefulSet", "nats")));
    let missing = |given: &BTreeMap<String, String>| needed.iter().filter(|name| !given.contains_key(*name)).count();
    assert_eq!(missing(&of_kubernetes), 0, "{of_kubernetes:?}");
    let example = names_in(&text("example.env"));
    for server in ["nats-0", "nats-1", "nats-2"] {
        let given = compose_variables(server);
        assert_eq!(missing(&given), 0, "{given:?}");
        for value in given.values() {
            for secret in value.split("${").skip(1) {
                let name = secret.split([':', '}']).next().unwrap();
                assert!(example.contains(name), "example.env does not name {name}");
            }
        }
    }
}

#[test]
fn no_secret_stands_in_a_file() {
    assert!(manifests().iter().all(|it| string(&it["kind"]) != "Secret"), "secrets are made by hand");
    for (name, value) in variables(&container(&manifest("StatefulSet", "nats")))
        .into_iter()
        .chain(variables(&container(&manifest("Deployment", "yoman"))))
    {
        if name.ends_with("_PASSWORD") || name.ends_with("_KEY") {
            assert!(value.starts_with("secret "), "{name}: {value}");
        }
    }
    for server in ["nats-0", "nats-1", "nats-2"] {
        for (name, value) in compose_variables(server) {
            assert!(!name.starts_with("NATS_") || value.contains("${"), "{name}: {value}");
        }
    }
    for line in text("example.env").lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        assert!(line.ends_with('='), "{line}");
    }
    // Every secret a manifest takes from somewhere is made by the page that says how.
    let page = text("README.md");
    for (_, value) in variables(&container(&manifest("StatefulSet", "nats"))) {
        if let Some((secret, key)) = value.strip_prefix("secret ").and_then(|it| it.split_once('/')) {
            assert!(page.contains(&format!("secret generic {secret} ")) && page.contains(key), "{secret}/{key}");
        }
    }
}

#[test]
fn images_and_versions_agree() {
    let compose = compose();
    let yoman = format!("yoman:{}", env!("CARGO_PKG_VERSION"));
    for service in ["yoman-0", "yoman-1"] {
        assert_eq!(string(&compose["services"][service]["image"]), yoman);
    }
    assert_eq!(string(&container(&manifest("Deployment", "yoman"))["image"]), yoman);
    assert!(text("Dockerfile").contains(&format!("-t {yoman} .")) && text("README.md").contains(&yoman));
    let nats = string(&container(&manifest("StatefulSet", "nats"))["image"]);
    let all_nats = ["nats-0", "nats-1", "nats-2"].map(|server| string(&compose["services"][server]["image"]));
    assert!(all_nats.iter().all(|image| *image == nats), "{all_nats:?}");
    let version: Vec<u32> =
        nats.split([':', '-']).nth(1).unwrap().split('.').map(|part| part.parse().unwrap()).collect();
    assert!(version[..2] >= [2, 12][..], "{nats}: older servers are refused");
    // Paths that the image is made of, and what it runs.
    for (from, line) in text("Dockerfile").lines().filter_map(|line| Some((line.strip_prefix("COPY config/")?, line))) {
        let path = deploy().join("..").join(from.split(' ').next().unwrap());
        assert!(path.exists(), "{line}");
    }
    let build = &compose["services"]["yoman-0"]["build"];
    assert!(deploy().join(string(&build["context"])).join(string(&build["dockerfile"])).is_file());
}

#[test]
fn ports_and_names_agree() {
    let ports = [("client", nats("port")), ("cluster", "6222".to_owned()), ("monitor", nats("http_port"))];
    let service = manifest("Service", "nats");
    let set = manifest("StatefulSet", "nats");
    let of_service: Vec<_> =
        list(&service["spec"]["ports"]).iter().map(|it| (string(&it["name"]), string(&it["port"]))).collect();
    let of_set: Vec<_> =
        list(&container(&set)["ports"]).iter().map(|it| (string(&it["name"]), string(&it["containerPort"]))).collect();
    let expected: Vec<_> = ports.iter().map(|(name, port)| ((*name).to_owned(), port.clone())).collect();
    assert_eq!((&of_service, &of_set), (&expected, &expected));
    assert!(text("nats.conf").contains("\n    port: 6222\n"));
    let compose = compose();
    let exposed = strings(&compose["services"]["nats-0"]["expose"]);
    assert_eq!(exposed, ports.clone().map(|(_, port)| port));

    // Every server is named by every other, and by yoman.
    let name = string(&set["metadata"]["name"]);
    assert_eq!((string(&set["spec"]["serviceName"]), string(&service["metadata"]["name"])), (name.clone(), name));
    let servers: usize = string(&set["spec"]["replicas"]).parse().unwrap();
    assert_eq!(servers, 3);
    let of_set = variables(&container(&set));
    let of_yoman = variables(&container(&manifest("Deployment", "yoman")));
    let urls = |of: &BTreeMap<String, String>| -> Vec<String> {
        of["YOMAN_NATS_SERVERS"].split(',').map(str::to_owned).collect()
    };
    for n in 0..servers {
        assert!(of_set[&format!("NATS_ROUTE_{n}")].ends_with(&format!("@nats-{n}.nats:6222")));
        assert_eq!(urls(&of_yoman)[n], format!("nats://nats-{n}.nats:{}", ports[0].1));
        assert!(compose_variables("nats-0")[&format!("NATS_ROUTE_{n}")].ends_with(&format!("@nats-{n}:6222")));
        assert_eq!(urls(&compose_variables("yoman-0"))[n], format!("nats://nats-{n}:{}", ports[0].1));
        let server = &compose["services"][format!("nats-{n}")];
        assert_eq!(strings(&server["command"]).last(), Some(&format!("nats-{n}")));
        assert!(strings(&server["volumes"]).contains(&format!("nats-{n}:{}", nats("store_dir"))));
    }
    assert_eq!(nats_variables().iter().filter(|name| name.starts_with("NATS_ROUTE_") && name.len() == 12).count(), 3);
}

#[test]
fn volumes_selectors_and_sizes_agree() {
    for (kind, name) in [("StatefulSet", "nats"), ("Deployment", "yoman")] {
        let of = manifest(kind, name);
        let labels = &of["spec"]["template"]["metadata"]["labels"];
        assert_eq!(&of["spec"]["selector"]["matchLabels"], labels, "{name}");
        assert_eq!(&manifest("PodDisruptionBudget", name)["spec"]["selector"]["matchLabels"], labels);
        let pod = &of["spec"]["template"]["spec"];
        let claims = list(&of["spec"]["volumeClaimTemplates"]).iter().map(|it| string(&it["metadata"]["name"]));
        let volumes: BTreeSet<_> = list(&pod["volumes"]).iter().map(|it| string(&it["name"])).chain(claims).collect();
        let mounts: BTreeSet<_> = list(&container(&of)["volumeMounts"]).iter().map(|it| string(&it["name"])).collect();
        assert_eq!(volumes, mounts, "{name}");
        // As the namespace demands of every pod.
        let security = &container(&of)["securityContext"];
        assert_eq!(pod["securityContext"]["runAsNonRoot"], Value::Bool(true));
        assert_eq!(security["allowPrivilegeEscalation"], Value::Bool(false));
        assert_eq!(strings(&security["capabilities"]["drop"]), ["ALL"]);
        for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
            assert!(!container(&of)[probe].is_null(), "{name} has no {probe}");
        }
    }
    assert_eq!(
        manifest("Service", "nats")["spec"]["selector"],
        manifest("StatefulSet", "nats")["spec"]["selector"]["matchLabels"]
    );
    let set = manifest("StatefulSet", "nats");
    let claim = string(&set["spec"]["volumeClaimTemplates"][0]["spec"]["resources"]["requests"]["storage"]);
    assert!(bytes(&claim) > bytes(&nats("max_file_store")), "a disk must hold more than is let onto it");
    let limit = string(&container(&set)["resources"]["limits"]["memory"]);
    assert!(bytes(&variables(&container(&set))["GOMEMLIMIT"]) < bytes(&limit));

    let seconds = |value: &Value| string(value).trim_end_matches('s').parse::<i64>().unwrap();
    let grace = setting("stop", "grace_s").as_integer().unwrap();
    let lame_duck: i64 = nats("lame_duck_duration").trim_end_matches('s').parse().unwrap();
    let compose = compose();
    let pod = |of: &Value| of["spec"]["template"]["spec"]["terminationGracePeriodSeconds"].clone();
    assert!(seconds(&pod(&manifest("Deployment", "yoman"))) > grace);
    assert!(seconds(&compose["services"]["yoman-0"]["stop_grace_period"]) > grace);
    assert!(
        seconds(&pod(&set)) > lame_duck && seconds(&compose["services"]["nats-0"]["stop_grace_period"]) > lame_duck
    );

    // The directory of an image is the volume of whoever runs it; no two nodes share one.
    let data = text("Dockerfile").lines().find_map(|line| line.strip_prefix("ENV YOMAN_DATA_DIR=").map(str::to_owned));
    let data = data.unwrap();
    let deployment = container(&manifest("Deployment", "yoman"));
    assert_eq!(string(&deployment["volumeMounts"][0]["mountPath"]), data);
    let volumes = ["yoman-0", "yoman-1"].map(|node| strings(&compose["services"][node]["volumes"]).remove(0));
    assert_eq!(volumes, [format!("yoman-0:{data}"), format!("yoman-1:{data}")]);
    let named = compose["volumes"].as_mapping().unwrap();
    assert_eq!(named.len(), 5);
}

#[test]
fn keda_reads_what_there_is() {
    let keda = manifest("ScaledObject", "yoman");
    let target = &keda["spec"]["scaleTargetRef"];
    assert!(!manifest(&string(&target["kind"]), &string(&target["name"])).is_null());
    let number = |name: &str| string(&keda["spec"][name]).parse::<u32>().unwrap();
    assert!(number("minReplicaCount") >= 2, "one alone has nobody who takes over");
    assert!(number("maxReplicaCount") > number("minReplicaCount"));
    let trigger = &keda["spec"]["triggers"][0];
    assert_eq!(string(&trigger["type"]), "nats-jetstream");
    let metadata = trigger["metadata"].as_mapping().unwrap();
    // The fields of the scaler; KEDA takes words only.
    let fields = [
        "natsServerMonitoringEndpoint",
        "account",
        "stream",
        "consumer",
        "lagThreshold",
        "activationLagThreshold",
        "useHttps",
    ];
    for (name, value) in metadata {
        assert!(fields.contains(&string(name).as_str()) && value.is_string(), "{name:?}: {value:?}");
    }
    let of = |name: &str| string(&trigger["metadata"][name]);
    assert_eq!(of("natsServerMonitoringEndpoint"), format!("nats.yoman.svc.cluster.local:{}", nats("http_port")));
    assert_eq!(string(&yaml("kustomization.yaml")[0]["namespace"]), "yoman");
    let conf = text("nats.conf");
    assert!(conf.contains(&format!("\n    {} {{\n        jetstream: enabled", of("account"))));
    assert!(conf.contains(&format!("$JS.API.STREAM.CREATE.{}\"", of("stream"))));
}

#[test]
fn the_page_names_no_file_that_is_not_there() {
    let page = text("README.md");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = 0;
    for word in page.split(|c: char| c.is_whitespace() || "()`,;:".contains(c)) {
        let word = word.trim_end_matches('.');
        if ["config/", "src/", "tests/"].iter().any(|start| word.starts_with(start)) {
            assert!(root.join(word).exists(), "{word}");
            found += 1;
        }
    }
    assert!(found > 3, "{found}");
}

/// The accounts and permissions as they are deployed, with a word in the place of each password.
fn permissions() -> Setup {
    let text = text("nats.conf");
    let at = text.find("NODE = {").unwrap();
    Setup { more: text[at..].replace("password: $NATS_", "password: secret_"), ..Setup::default() }
}

#[test]
fn the_server_takes_its_configuration_and_nothing_less() {
    let check = |without: Option<&String>| {
        let mut command = Command::new(nats_server::program().unwrap());
        command.args(["-t", "-c"]).arg(deploy().join("nats.conf")).env_clear();
        for name in nats_variables().iter().filter(|name| Some(*name) != without) {
            let route = name.starts_with("NATS_ROUTE_") && name != "NATS_ROUTE_PASSWORD";
            // Each server is named once.
            let value =
                if route { format!("nats://route:secret@{}:6222", name.to_lowercase()) } else { "secret".into() };
            command.env(name, value);
        }
        let output = command.stdin(Stdio::null()).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (taken, said) = check(None);
    assert!(taken, "{said}");
    for name in nats_variables() {
        let (taken, said) = check(Some(&name));
        assert!(!taken && said.contains(&name), "without {name}: {said}");
    }
    let conf = text("nats.conf");
    assert!(conf.contains("\n    sync_interval: always\n"), "durable before acknowledged");
}

/// A client with its answers in a place of its own.
async fn client(server: &Server, user: &str, inbox: &str) -> async_nats::Client {
    let password =
        if user == "yoman" { "secret_PASSWORD".to_owned() } else { format!("secret_{}_PASSWORD", user.to_uppercase()) };
    let options = async_nats::ConnectOptions::with_user_and_password(user.to_owned(), password);
    options.custom_inbox_prefix(inbox).connect(server.url()).await.unwrap()
}

/// Waits until the server has refused something, and says so.
async fn refused(server: &Server, what: &str) {
    let told = || server.log().lines().any(|line| line.contains("Violation") && line.contains(what));
    while !told() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_node_may_do_what_it_does_and_no_more() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start_with(dir.path(), &permissions()).unwrap();
    let client = client(&server, "yoman", "_INBOX").await;
    let jetstream = async_nats::jetstream::new(client.clone());
    let streams = ["yoman-log", "yoman-bots", "KV_yoman-leases", "KV_yoman-nodes", "KV_yoman-keys"];
    for name in streams {
        let subject = match name.strip_prefix("KV_") {
            Some(bucket) => format!("$KV.{bucket}.>"),
            None => format!("{}.>", name.replace('-', ".")),
        };
        let one = subject.replace('>', "one");
        let subjects = vec![subject];
        let config = stream::Config { name: name.into(), subjects, allow_direct: true, ..Default::default() };
        let stream = jetstream.create_stream(config).await.unwrap();
        jetstream.publish(one.clone(), "hello".into()).await.unwrap().await.unwrap();
        jetstream.get_stream(name).await.unwrap();
        assert_eq!(&*stream.get_last_raw_message_by_subject(&one).await.unwrap().payload, b"hello");
        assert_eq!(&*stream.direct_get_last_for_subject(&one).await.unwrap().payload, b"hello");
        let mut messages = stream
            .create_consumer(consumer::push::OrderedConfig {
                deliver_subject: client.new_inbox(),
                ..Default::default()
            })
            .await
            .unwrap()
            .messages()
            .await
            .unwrap();
        assert_eq!(&*messages.next().await.unwrap().unwrap().payload, b"hello");
        if !name.starts_with("KV_") {
            let pulled = stream.create_consumer(consumer::pull::OrderedConfig::default()).await.unwrap();
            assert_eq!(&*pulled.messages().await.unwrap().next().await.unwrap().unwrap().payload, b"hello");
        }
    }
    jetstream.get_stream("KV_yoman-keys").await.unwrap().delete_message(1).await.unwrap();
    jetstream.get_stream("yoman-bots").await.unwrap().purge().await.unwrap();
    let api = ["DELETE", "PURGE", "UPDATE", "MSG.DELETE", "RESTORE", "SNAPSHOT"];
    let mut forbidden: Vec<String> = api.iter().map(|what| format!("$JS.API.STREAM.{what}.yoman-log")).collect();
    forbidden.extend(streams.iter().map(|name| format!("$JS.API.STREAM.DELETE.{name}")));
    forbidden.extend(
        ["$JS.API.STREAM.CREATE.other", "$JS.API.STREAM.PURGE.KV_yoman-keys", "other.log.one"].map(String::from),
    );
    for subject in forbidden {
        client.publish(subject.clone(), "{}".into()).await.unwrap();
        refused(&server, &format!("Subject \"{subject}\"")).await;
    }
    let _subscribed = client.subscribe("yoman.>").await.unwrap();
    refused(&server, "Subject \"yoman.>\"").await;
    for name in streams {
        jetstream.get_stream(name).await.unwrap();
    }
}

#[tokio::test]
async fn who_copies_the_log_hears_and_gets_no_key() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start_with(dir.path(), &permissions()).unwrap();
    let node = async_nats::jetstream::new(client(&server, "yoman", "_INBOX").await);
    for (name, subject) in [("yoman-log", "yoman.log.>"), ("KV_yoman-keys", "$KV.yoman-keys.>")] {
        let config = stream::Config { name: name.into(), subjects: vec![subject.into()], ..Default::default() };
        node.create_stream(config).await.unwrap();
    }
    node.publish("yoman.log.one", "hello".into()).await.unwrap().await.unwrap();

    let backup = client(&server, "backup", "_INBOX_backup").await;
    // As `nats stream backup` asks for it.
    let mut chunks = backup.subscribe("_INBOX_backup.copy").await.unwrap();
    let wish = r#"{"deliver_subject":"_INBOX_backup.copy","no_consumers":true}"#;
    let answer = backup.request("$JS.API.STREAM.SNAPSHOT.yoman-log", wish.into()).await.unwrap();
    assert!(!String::from_utf8_lossy(&answer.payload).contains("\"error\""), "{answer:?}");
    let mut bytes = 0;
    while let Some(chunk) = chunks.next().await {
        if chunk.payload.is_empty() {
            break;
        }
        bytes += chunk.payload.len();
        if let Some(reply) = chunk.reply {
            backup.publish(reply, "".into()).await.unwrap();
        }
    }
    assert!(bytes > 0);
    for subject in ["$JS.API.STREAM.SNAPSHOT.KV_yoman-keys", "$JS.API.STREAM.MSG.GET.KV_yoman-keys", "yoman.log.one"] {
        backup.publish(subject, "{}".into()).await.unwrap();
        refused(&server, &format!("Subject \"{subject}\"")).await;
    }
    for subject in ["_INBOX.>", ">", "$KV.>"] {
        let _subscribed = backup.subscribe(subject).await.unwrap();
        refused(&server, &format!("Subject \"{subject}\"")).await;
    }
}

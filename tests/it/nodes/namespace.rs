//! A Linux network namespace: what runs in it reaches this machine over two cables, one to each server, and one of them can be
//! pulled out. Needs root (CAP_NET_ADMIN, CAP_SYS_ADMIN) and `ip`; who has not got them is told why.

use std::{
    fs::File,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    os::fd::AsFd as _,
    path::Path,
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::Duration,
};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// Where the addresses are taken from, four to a cable: a part of 10.0.0.0/8 that hardly anybody uses.
const ADDRESSES: Ipv4Addr = Ipv4Addr::new(10, 213, 0, 0);
const BLOCKS: u32 = 1 << 14;
/// So many blocks are looked at for one that nobody uses.
const BLOCKS_TRIED: u32 = 32;
/// How long the two ends of a new cable may take to reach each other.
const REACHES_WITHIN: Duration = Duration::from_secs(5);

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A namespace with its cables. Dropping it takes away what there is of it, after a panic too.
#[derive(Debug)]
pub(crate) struct Namespace {
    name: String,
    cables: Vec<Cable>,
}

/// A pair of virtual network cards.
#[derive(Debug)]
struct Cable {
    /// The name of the end here; shorter than 16 bytes.
    end: String,
    /// The first address; the next is this machine's, the one after that the namespace's.
    block: Ipv4Addr,
}

impl Cable {
    fn here(&self) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.block.to_bits() + 1)
    }

    fn inside(&self) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.block.to_bits() + 2)
    }

    /// What this machine does with a packet for the other end while the cable is out. Without it the packets of the test would
    /// leave through the machine's own network.
    fn nowhere(&self) -> String {
        format!("blackhole {}/30 metric 4096", self.block)
    }
}

impl Namespace {
    /// Makes one with two cables.
    ///
    /// # Errors
    /// Why that cannot be done here.
    pub(crate) fn new() -> Result<Self, String> {
        sweep()?;
        let (pid, number) = (std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let mut made = Self { name: format!("yoman-{pid}-{number}"), cables: Vec::new() };
        ip(&format!("netns add {}", made.name))?;
        ip(&format!("-n {} link set lo up", made.name))?;
        for n in [0, 1] {
            made.lay(&format!("yo{pid}{}{number}", ['a', 'b'][n as usize]), pid.wrapping_mul(16) + number * 2 + n)?;
        }
        made.reaches_here()?;
        Ok(made)
    }

    fn lay(&mut self, end: &str, seed: u32) -> Result<(), String> {
        let (name, block) = (&self.name, free_block(seed)?);
        let far = format!("{end}i");
        ip(&format!("link add {end} type veth peer name {far} netns {name}"))?;
        let cable = Cable { end: end.to_owned(), block };
        let (here, inside, nowhere) = (cable.here(), cable.inside(), cable.nowhere());
        self.cables.push(cable);
        ip(&format!("addr add {here}/30 dev {end}"))?;
        ip(&format!("link set {end} up"))?;
        ip(&format!("route add {nowhere}"))?;
        ip(&format!("-n {} addr add {inside}/30 dev {far}", self.name))?;
        ip(&format!("-n {} link set {far} up", self.name))?;
        Ok(())
    }

    /// Tries both cables from within: a firewall may keep out what comes over them.
    fn reaches_here(&self) -> Result<(), String> {
        let shown = |error: io::Error| format!("the namespace cannot be tried: {error}");
        let listeners: io::Result<Vec<_>> =
            self.cables.iter().map(|cable| TcpListener::bind((cable.here(), 0))).collect();
        let listeners = listeners.map_err(shown)?;
        let addresses: io::Result<Vec<SocketAddr>> = listeners.iter().map(TcpListener::local_addr).collect();
        let addresses = addresses.map_err(shown)?;
        let namespace = File::open(Path::new("/run/netns").join(&self.name)).map_err(shown)?;
        // A thread that goes there does not come back.
        let tried = thread::spawn(move || {
            move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))?;
            addresses.iter().try_for_each(|address| TcpStream::connect_timeout(address, REACHES_WITHIN).map(drop))
        });
        let tried = tried.join().map_err(|_| "the namespace cannot be tried".to_owned())?;
        tried.map_err(|error| format!("this machine cannot be reached from a namespace (a firewall?): {error}"))
    }

    /// Where the server that stays within reach has to listen.
    pub(crate) fn kept(&self) -> Ipv4Addr {
        self.cables[0].here()
    }

    /// Where the server that is cut off has to listen.
    pub(crate) fn lost(&self) -> Ipv4Addr {
        self.cables[1].here()
    }

    /// Where what runs in it comes from, as the server that stays within reach sees it.
    pub(crate) fn comes_from(&self) -> IpAddr {
        self.cables[0].inside().into()
    }

    /// A program that will run in it, under the id its child has.
    pub(crate) fn program(&self, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name, program]);
        command
    }

    /// Pulls one cable out at this end: what is sent is gone, and nobody is told.
    pub(crate) fn cut(&self) {
        ip(&format!("link set {} down", self.cables[1].end)).unwrap();
    }

    pub(crate) fn mend(&self) {
        ip(&format!("link set {} up", self.cables[1].end)).unwrap();
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // Whatever is missing already is what was wanted. A process that still runs in there keeps the namespace, but no cable.
        for cable in &self.cables {
            let _ = ip(&format!("route del {}", cable.nowhere()));
            let _ = ip(&format!("link del {}", cable.end));
        }
        let _ = ip(&format!("netns del {}", self.name));
    }
}

/// Takes away the namespaces of test runs that were killed; their cables go with them.
fn sweep() -> Result<(), String> {
    for line in ip("netns list")?.lines() {
        let name = line.split_whitespace().next().unwrap_or_default();
        let pid = name.strip_prefix("yoman-").and_then(|rest| rest.split('-').next()?.parse::<u32>().ok());
        if pid.is_some_and(|pid| !Path::new("/proc").join(pid.to_string()).exists()) {
            // Somebody else may be sweeping too.
            let _ = ip(&format!("netns del {name}"));
        }
    }
    Ok(())
}

/// Four addresses that no route of this machine knows of, but the one for everything.
fn free_block(seed: u32) -> Result<Ipv4Addr, String> {
    for n in 0..BLOCKS_TRIED {
        let block = seed.wrapping_add(n * 4099) % BLOCKS;
        let block = Ipv4Addr::from_bits(ADDRESSES.to_bits() + block * 4);
        let around = ip(&format!("-4 route show table all to match {block}/30"))?;
        let within = ip(&format!("-4 route show table all to root {block}/30"))?;
        if within.trim().is_empty() && around.lines().all(|route| route.starts_with("default")) {
            return Ok(block);
        }
    }
    Err(format!("no addresses in {ADDRESSES}/16 are free"))
}

/// What `ip` says; it must go well.
fn ip(line: &str) -> Result<String, String> {
    let told = Command::new("ip").args(line.split_whitespace()).stdin(Stdio::null()).output();
    let told = told.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => "there is no `ip` (Debian package iproute2)".to_owned(),
        _ => format!("`ip` cannot be run: {error}"),
    })?;
    if told.status.success() {
        return Ok(String::from_utf8_lossy(&told.stdout).into_owned());
    }
    Err(format!("ip {line}: {}", String::from_utf8_lossy(&told.stderr).trim()))
}

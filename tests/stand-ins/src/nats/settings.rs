//! The configuration of one server.

use std::{net::Ipv4Addr, path::Path};

use super::Ports;

/// What may differ from a server as yoman recommends it.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Where clients are listened for; the monitor and the other servers stay on loopback.
    pub host: Ipv4Addr,
    /// `sync_interval`: `always`, or a time like `2m`.
    pub sync: String,
    /// More of the configuration, as it stands in the file: accounts, authorization, tls.
    pub more: String,
}

impl Default for Setup {
    fn default() -> Self {
        Self { host: Ipv4Addr::LOCALHOST, sync: "always".to_owned(), more: String::new() }
    }
}

pub(super) fn text(setup: &Setup, name: &str, dir: &Path, ports: Ports, routes: &[u16]) -> String {
    let Setup { host, sync, more } = setup;
    let store = dir.join("jetstream");
    let Ports { client, monitor, cluster } = ports;
    let mut text = format!(
        "server_name: {name}\nlisten: \"{host}:{client}\"\nhttp: \"127.0.0.1:{monitor}\"\n\
         jetstream {{\n  store_dir: \"{}\"\n  sync_interval: {sync}\n  max_memory_store: 256MB\n  max_file_store: 64GB\n}}\n",
        store.display()
    );
    if !routes.is_empty() {
        let routes: Vec<String> = routes.iter().map(|port| format!("\"nats://127.0.0.1:{port}\"")).collect();
        text.push_str(&format!(
            "cluster {{\n  name: yoman\n  listen: \"127.0.0.1:{cluster}\"\n  routes: [{}]\n}}\n",
            routes.join(", ")
        ));
    }
    text.push_str(more);
    text
}

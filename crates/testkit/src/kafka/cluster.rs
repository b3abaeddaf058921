//! Three brokers in KRaft mode, each a controller too: records have three replicas, of which two must be in sync.

use std::fmt::Write;
use std::path::Path;

use tempfile::TempDir;

use super::{Own, files, free_ports, jars};

/// The number of brokers.
pub const NODES: usize = 3;
/// Memory of each, since all run beside the test.
const HEAP: &str = "-Xmx512m";
/// Settings that override those of a single broker. One that was killed is replaced as leader within three seconds.
const REPLICATED: &str = "default.replication.factor=3\nmin.insync.replicas=2\noffsets.topic.replication.factor=3\n\
     transaction.state.log.replication.factor=3\ntransaction.state.log.min.isr=2\n\
     share.coordinator.state.topic.replication.factor=3\nshare.coordinator.state.topic.min.isr=2\n\
     broker.session.timeout.ms=3000\nbroker.heartbeat.interval.ms=500\ncontrolled.shutdown.enable=false\n";

/// Three running brokers.
pub struct Cluster {
    bootstrap: String,
    nodes: Vec<Own>,
}

impl Cluster {
    /// Starts them, and waits until they listen.
    ///
    /// # Panics
    /// As of [`Broker::start`](super::Broker::start).
    #[must_use]
    pub fn start() -> Self {
        let ports: Vec<_> = (0..NODES).map(|_| free_ports()).collect();
        let voters: Vec<String> = (1..)
            .zip(&ports)
            .map(|(id, [_, _, controller])| format!("{id}@127.0.0.1:{controller}"))
            .collect();
        let mut nodes: Vec<Own> =
            (1..).zip(&ports).map(|(id, ports)| node(id, *ports, &voters.join(","))).collect();
        // A quorum of controllers is needed before any of them listens for clients.
        nodes.iter_mut().for_each(Own::launch);
        nodes.iter_mut().for_each(Own::until_listening);
        let addresses: Vec<String> = nodes.iter().map(|node| format!("127.0.0.1:{}", node.port)).collect();
        Self { bootstrap: addresses.join(","), nodes }
    }

    /// Kills the `nth` of them, from 0, with `kill -9`.
    pub fn kill(&mut self, nth: usize) {
        self.nodes[nth].kill();
    }

    /// Starts one again after a kill, and waits until it listens.
    pub fn start_again(&mut self, nth: usize) {
        self.nodes[nth].run();
    }

    /// Their addresses: Kafka's `bootstrap.servers`.
    #[must_use]
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }
}

fn node(id: u32, [port, super_port, controller_port]: [u16; 3], voters: &str) -> Own {
    let folder = TempDir::with_prefix("kigen-kafka-").expect("a folder for the broker").keep();
    let configuration = folder.join("server.properties");
    std::fs::write(&configuration, configured(&folder, id, port, controller_port, voters))
        .expect("a writable folder");
    std::fs::create_dir(folder.join("data")).expect("a writable folder");
    let own = Own { watched: None, folder, port, super_port, controller_port, disk: None, heap: HEAP };
    own.format(&jars(), &configuration);
    own
}

fn configured(folder: &Path, id: u32, port: u16, controller_port: u16, voters: &str) -> String {
    let mut text = std::fs::read_to_string(files().join("server.properties")).expect("the broker's settings");
    let _ = write!(
        text,
        "{REPLICATED}node.id={id}\nlog.dirs={}\ncontroller.quorum.voters={voters}\n\
         listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}\n\
         advertised.listeners=PLAINTEXT://127.0.0.1:{port}\n",
        folder.join("data").display()
    );
    text
}

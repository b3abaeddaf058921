//! A real Apache Kafka broker for one test: on free ports, in a folder of its own, and gone with the test.
//!
//! `make kafka` downloads the jars once; `KIGEN_TEST_KAFKA=host:port` uses an existing broker instead.

use std::fmt::Write;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::cache;

mod cluster;

pub use cluster::{Cluster, NODES};

const EXISTING_BROKER: &str = "KIGEN_TEST_KAFKA";
/// The version in `tests/kafka/pom.xml`, which names the folder of the jars.
const VERSION: &str = "4.4.0";
/// How long a broker may take to listen: some seconds for Java, and more on a busy machine.
const START_MAX: Duration = Duration::from_secs(120);
/// The memory of a single broker.
const HEAP: &str = "-Xmx768m";
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// What a controller logs when it becomes active, and when it finds that the broker is gone; how long it may take to find
/// that, and to persist it.
const ACTIVE: &str = "Performing controller activation";
const FENCED: &str = "Fencing broker 1 ";
const FENCED_MAX: Duration = Duration::from_secs(5);
const PERSISTED: Duration = Duration::from_millis(500);

/// A shell script that runs its arguments as a command, and kills the command and removes its folder once its stdin is
/// closed: also when the test is killed. A file `keep` keeps the folder.
pub(crate) const WATCHED: &str = r#"folder="$1"; shift; "$@" </dev/null & cat; kill -9 $! 2>/dev/null; wait
[ -e "$folder/keep" ] || rm -rf "$folder""#;

/// The user of a guarded broker.
pub const USER: &str = "kigen";
/// The user's password.
pub const PASSWORD: &str = "a-password-of-the-tests";

/// The kind of a broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Unauthenticated.
    Open,
    /// Only [`USER`] may connect, and may do what ACLs allow; the listener of [`Broker::super_users`] allows everything.
    Guarded,
    /// Its data is on a disk of its own, of so many MiB.
    OnSmallDisk(u32),
}

/// A running broker.
pub struct Broker {
    bootstrap: String,
    /// `None`: it is an existing broker.
    own: Option<Own>,
}

struct Own {
    /// `None`: it was killed.
    watched: Option<Child>,
    folder: PathBuf,
    port: u16,
    /// The port of the listener for super users.
    super_port: u16,
    controller_port: u16,
    disk: Option<Disk>,
    /// Java's option for the size of its memory.
    heap: &'static str,
}

/// A mount that is visible only within its namespace.
struct Disk {
    holder: Child,
    namespaces: &'static [&'static str],
}

impl Broker {
    /// Starts a broker, and waits until it listens.
    ///
    /// # Panics
    /// There is no Kafka to start, or it does not come up. The message contains the remedy, or the broker's output.
    #[must_use]
    pub fn start() -> Self {
        match std::env::var(EXISTING_BROKER) {
            Ok(bootstrap) => Self { bootstrap, own: None },
            Err(_) => Self::own(Kind::Open).expect("an open broker has no other requirements"),
        }
    }

    /// Starts a broker that requires SASL/PLAIN of [`USER`], who may do what ACLs allow: at first nothing. `None`: an existing
    /// broker is to be used.
    ///
    /// # Panics
    /// As of [`start`](Self::start).
    #[must_use]
    pub fn start_guarded() -> Option<Self> {
        if std::env::var(EXISTING_BROKER).is_ok() { None } else { Self::own(Kind::Guarded) }
    }

    /// Starts a broker on a disk of so many MiB. `None`: an existing broker is to be used, or this user may not mount a disk.
    ///
    /// # Panics
    /// As of [`start`](Self::start).
    #[must_use]
    pub fn start_on_small_disk(mib: u32) -> Option<Self> {
        if std::env::var(EXISTING_BROKER).is_ok() { None } else { Self::own(Kind::OnSmallDisk(mib)) }
    }

    fn own(kind: Kind) -> Option<Self> {
        let jars = jars();
        let folder = TempDir::with_prefix("kigen-kafka-").expect("a folder for the broker").keep();
        let [port, super_port, controller_port] = free_ports();
        let configuration = folder.join("server.properties");
        let text = configured(&folder, kind, [port, super_port, controller_port]);
        std::fs::write(&configuration, text).expect("a writable folder");
        std::fs::create_dir(folder.join("data")).expect("a writable folder");
        let disk = match kind {
            Kind::OnSmallDisk(mib) => Some(Disk::mount(&folder.join("data"), mib)?),
            Kind::Open | Kind::Guarded => None,
        };
        let mut own = Own { watched: None, folder, port, super_port, controller_port, disk, heap: HEAP };
        own.format(&jars, &configuration);
        own.run();
        Some(Self { bootstrap: format!("127.0.0.1:{port}"), own: Some(own) })
    }

    /// The address of a guarded broker's listener for super users, who need no password.
    ///
    /// # Panics
    /// It is an existing broker.
    #[must_use]
    pub fn super_users(&self) -> String {
        format!("127.0.0.1:{}", self.own.as_ref().expect("a broker of the test's own").super_port)
    }

    /// The folder of its data, as this process sees it.
    ///
    /// # Panics
    /// It is an existing broker.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        let own = self.own.as_ref().expect("a broker of the test's own");
        let data = own.folder.join("data");
        match &own.disk {
            Some(disk) => PathBuf::from(format!("/proc/{}/root{}", disk.holder.id(), data.display())),
            None => data,
        }
    }

    /// Waits until it ends by itself.
    ///
    /// # Panics
    /// It does not end, or it is an existing broker.
    pub fn wait_until_it_ends(&mut self) {
        let own = self.own.as_mut().expect("a broker of the test's own");
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, own.port));
        let has_ended = becomes_true(START_MAX, || TcpStream::connect(address).is_err());
        assert!(has_ended, "the Kafka broker still runs\n{}", own.output());
    }

    /// Kills it with `kill -9`; false: it is an existing broker, which is not touched.
    pub fn kill(&mut self) -> bool {
        self.own.as_mut().is_some_and(Own::kill)
    }

    /// Starts it again after a kill, and waits until it listens.
    pub fn start_again(&mut self) {
        if let Some(own) = &mut self.own {
            own.fence_broker();
            own.run();
        }
    }

    /// Its address: Kafka's `bootstrap.servers`.
    #[must_use]
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }
}

impl Own {
    fn run(&mut self) {
        self.launch();
        self.until_listening();
    }

    fn launch(&mut self) {
        let output = File::options().create(true).append(true).open(self.folder.join("output"));
        let configuration = self.folder.join("server.properties");
        self.watched = Some(self.spawn(&configuration, output.expect("a writable folder")));
    }

    fn spawn(&self, configuration: &Path, output: File) -> Child {
        let errors = output.try_clone().expect("a file has a second handle");
        let mut command = Command::new("sh");
        command.args(["-c", WATCHED, "sh"]).arg(&self.folder);
        command.args(self.entering());
        command.args(java(&jars(), &[self.heap])).arg("kafka.Kafka").arg(configuration);
        let watched = command.stdin(Stdio::piped()).stdout(output).stderr(errors).spawn();
        watched.expect("a shell runs")
    }

    /// Runs the controller alone until it has fenced the broker, as the controllers of a larger cluster do.
    ///
    /// If both start together, the broker at first believes that it still leads every partition. While it learns otherwise,
    /// Kafka 4.4 may complete a transaction without writing its markers, so that the transaction stays open for ever:
    /// "Couldn't find leader endpoint for partitions ..., these partitions are likely deleted already and hence can be
    /// skipped".
    fn fence_broker(&self) {
        let (configuration, output) =
            (self.folder.join("controller.properties"), self.folder.join("controller"));
        let of_broker = std::fs::read_to_string(self.folder.join("server.properties"));
        let text = of_broker.expect("it ran before") + &controller_alone(self.controller_port);
        std::fs::write(&configuration, text).expect("a writable folder");
        let watched = self.spawn(&configuration, File::create(&output).expect("a writable folder"));
        let logged = || std::fs::read_to_string(&output).unwrap_or_default();
        assert!(
            becomes_true(START_MAX, || logged().contains(ACTIVE)),
            "the Kafka controller does not become active\n{}",
            logged()
        );
        // Not logged of a broker that had ended before it was unfenced: it is fenced already.
        becomes_true(FENCED_MAX, || logged().contains(FENCED));
        std::thread::sleep(PERSISTED);
        self.end_and_keep(watched);
    }

    fn until_listening(&mut self) {
        let until = Instant::now() + START_MAX;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        while TcpStream::connect(address).is_err() {
            let ended = self.watched.as_mut().map(|watched| watched.try_wait().expect("its state"));
            assert!(ended == Some(None), "the Kafka broker ended: {ended:?}\n{}", self.output());
            assert!(
                Instant::now() < until,
                "the Kafka broker did not listen in {START_MAX:?}\n{}",
                self.output()
            );
            std::thread::sleep(POLL_INTERVAL);
        }
    }

    /// What it has printed.
    fn output(&self) -> String {
        std::fs::read_to_string(self.folder.join("output")).unwrap_or_default()
    }

    /// The prefix of a command that runs within the disk's namespace.
    fn entering(&self) -> Vec<String> {
        self.disk.as_ref().map_or_else(Vec::new, Disk::entering)
    }

    /// Formats the folder for a new cluster of one broker.
    fn format(&self, jars: &Path, configuration: &Path) {
        let mut command = Command::new("env");
        command.args(self.entering());
        command.args(java(jars, &[])).args(["kafka.tools.StorageTool", "format"]);
        // Sixteen bytes in base64; each broker has a folder of its own, so that all may be the same cluster.
        command.args(["--cluster-id", "a2lnZW5raWdlbmtpZ2Vuaw", "--config"]).arg(configuration);
        let output = command.output().expect("env runs");
        assert!(
            output.status.success(),
            "Kafka's folder cannot be formatted: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }

    fn kill(&mut self) -> bool {
        if let Some(watched) = self.watched.take() {
            self.end_and_keep(watched);
        }
        true
    }

    /// Ends the process that runs in the folder, and keeps the folder.
    fn end_and_keep(&self, watched: Child) {
        let keep = self.folder.join("keep");
        std::fs::write(&keep, "").expect("a writable folder");
        end(watched);
        std::fs::remove_file(keep).expect("it is there");
    }
}

/// Waits until a condition holds; false: it does not within `max`.
fn becomes_true(max: Duration, condition: impl Fn() -> bool) -> bool {
    let until = Instant::now() + max;
    while !condition() {
        if Instant::now() >= until {
            return false;
        }
        std::thread::sleep(POLL_INTERVAL);
    }
    true
}

/// Closes this end of the pipe, which ends the process, unless it has ended already.
fn end(mut watched: Child) {
    drop(watched.stdin.take());
    let _ = watched.wait();
}

impl Drop for Own {
    fn drop(&mut self) {
        self.watched.take().into_iter().for_each(end);
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Disk {
    /// Mounts it, as root or as root of a user namespace; `None`: this user may not.
    fn mount(at: &Path, mib: u32) -> Option<Self> {
        let script =
            format!("mount -t tmpfs -o size={mib}m kigen-test '{}' && echo there && cat", at.display());
        let candidates: [&'static [&'static str]; 2] =
            [&["--mount"], &["--user", "--map-root-user", "--mount"]];
        candidates.into_iter().find_map(|namespaces| {
            let mut command = Command::new("unshare");
            command.args(namespaces).args(["sh", "-c", &script]).stdin(Stdio::piped()).stdout(Stdio::piped());
            let mut holder = command.stderr(Stdio::null()).spawn().ok()?;
            let mut line = String::new();
            let output = holder.stdout.take().expect("it is piped");
            let is_there = BufReader::new(output).read_line(&mut line).is_ok() && line == "there\n";
            if !is_there {
                let _ = holder.wait();
            }
            is_there.then_some(Self { holder, namespaces })
        })
    }

    fn entering(&self) -> Vec<String> {
        let user = if self.namespaces.contains(&"--user") {
            vec!["--user", "--preserve-credentials"]
        } else {
            vec![]
        };
        let words = ["nsenter", "--target", &self.holder.id().to_string()].map(str::to_owned);
        words.into_iter().chain(user.into_iter().chain(["--mount", "--"]).map(str::to_owned)).collect()
    }
}

impl Drop for Disk {
    /// Closes the pipe, which ends the holder; the mount disappears with the last process in its namespace.
    fn drop(&mut self) {
        drop(self.holder.stdin.take());
        let _ = self.holder.wait();
    }
}

fn jars() -> PathBuf {
    let jars = cache().join(format!("kafka-{VERSION}"));
    assert!(
        jars.join(format!("kafka_2.13-{VERSION}.jar")).exists(),
        "there is no Kafka in {}: run `make kafka`, which downloads it once, or set {EXISTING_BROKER}=host:port",
        jars.display()
    );
    jars
}

/// The folder of Kafka's own files in this source tree. Cargo runs a test in its package's folder.
fn files() -> PathBuf {
    let below = ["tests/kafka", "../../tests/kafka"].map(PathBuf::from);
    let found = below.into_iter().find(|path| path.is_dir()).expect("tests/kafka of the source tree");
    std::path::absolute(found).expect("the working directory")
}

/// Ports that are free now. The listeners are closed again; another process is unlikely to take the ports meanwhile.
fn free_ports() -> [u16; 3] {
    let free = [0; 3].map(|any| TcpListener::bind((Ipv4Addr::LOCALHOST, any)).expect("a free port"));
    free.map(|listener| listener.local_addr().expect("bound").port())
}

fn configured(folder: &Path, kind: Kind, [port, super_port, controller_port]: [u16; 3]) -> String {
    let mut text = std::fs::read_to_string(files().join("server.properties")).expect("the broker's settings");
    let _ = writeln!(text, "log.dirs={}", folder.join("data").display());
    let _ = match kind {
        Kind::Open | Kind::OnSmallDisk(_) => writeln!(
            text,
            "listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}\n\
             advertised.listeners=PLAINTEXT://127.0.0.1:{port}"
        ),
        // Connections without a password, such as the broker's own, are those of the super user.
        Kind::Guarded => writeln!(
            text,
            "listeners=GUARDED://127.0.0.1:{port},PLAINTEXT://127.0.0.1:{super_port},\
             CONTROLLER://127.0.0.1:{controller_port}\n\
             advertised.listeners=GUARDED://127.0.0.1:{port},PLAINTEXT://127.0.0.1:{super_port}\n\
             listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,GUARDED:SASL_PLAINTEXT\n\
             listener.name.guarded.sasl.enabled.mechanisms=PLAIN\n\
             listener.name.guarded.plain.sasl.jaas.config=\
             org.apache.kafka.common.security.plain.PlainLoginModule required user_{USER}=\"{PASSWORD}\";\n\
             authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\n\
             super.users=User:ANONYMOUS"
        ),
    };
    let _ = writeln!(text, "controller.quorum.voters=1@127.0.0.1:{controller_port}");
    text
}

/// Settings that override those before them. A broker without a heartbeat for a second is fenced.
fn controller_alone(port: u16) -> String {
    format!(
        "process.roles=controller\nlisteners=CONTROLLER://127.0.0.1:{port}\n\
         advertised.listeners=CONTROLLER://127.0.0.1:{port}\n\
         broker.session.timeout.ms=1000\nbroker.heartbeat.interval.ms=500\n"
    )
}

pub(crate) fn java(jars: &Path, options: &[&str]) -> Vec<String> {
    let log = format!("-Dlog4j2.configurationFile={}", files().join("log4j2.properties").display());
    let mut words = vec!["java".to_owned()];
    words.extend(options.iter().map(|option| (*option).to_owned()));
    words.extend(["-cp".to_owned(), format!("{}/*", jars.display()), log]);
    words
}

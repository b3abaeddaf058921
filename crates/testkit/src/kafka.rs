//! An Apache Kafka broker of the test's own: real, on free ports, in a folder of its own, and gone with the test.
//!
//! `make kafka` fetches the jars, once; `KIGEN_TEST_KAFKA=host:port` uses another broker instead.

use std::fmt::Write;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::cache;

const OTHER_BROKER: &str = "KIGEN_TEST_KAFKA";
/// The version in `tests/kafka/pom.xml`, which names the folder of the jars.
const VERSION: &str = "4.4.0";
/// How long a broker may take until it listens: some seconds of Java, and more on a busy machine.
const START_MAX: Duration = Duration::from_secs(120);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// What a controller says when it begins its work, and when it sees that the broker is gone; and how long it may take for
/// that, and to write it down.
const CONTROLS: &str = "Performing controller activation";
const SEEN_GONE: &str = "Fencing broker 1 ";
const SEEN_GONE_MAX: Duration = Duration::from_secs(5);
const WRITTEN_DOWN: Duration = Duration::from_millis(500);

/// Runs what is given to it, and kills it and removes its folder as soon as nobody holds the other end of its stdin any
/// more: also when the test was killed. A file `keep` keeps the folder.
pub(crate) const WATCHED: &str = r#"folder="$1"; shift; "$@" </dev/null & cat; kill -9 $! 2>/dev/null; wait
[ -e "$folder/keep" ] || rm -rf "$folder""#;

/// The user of a guarded broker, and what he says to be let in.
pub const USER: &str = "kigen";
/// His password.
pub const PASSWORD: &str = "a-password-of-the-tests";

/// How a broker is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Open to all.
    Open,
    /// Only [`USER`] is let in, and may do what ACLs allow; who comes by the door of [`Broker::super_users`] may do all.
    Guarded,
    /// Its data is on a disk of its own of so many MiB.
    OnSmallDisk(u32),
}

/// A running broker.
pub struct Broker {
    bootstrap: String,
    /// `None`: it is another's.
    own: Option<Own>,
}

struct Own {
    /// `None`: it is killed.
    watched: Option<Child>,
    folder: PathBuf,
    port: u16,
    /// Where its super users come in.
    super_port: u16,
    controller_port: u16,
    disk: Option<Disk>,
}

/// A mount that only those see who enter its namespace.
struct Disk {
    holder: Child,
    how: &'static [&'static str],
}

impl Broker {
    /// Starts a broker, and waits until it listens.
    ///
    /// # Panics
    /// If there is no Kafka to start, or if it does not come up; with what to do, and with what it printed.
    #[must_use]
    pub fn start() -> Self {
        match std::env::var(OTHER_BROKER) {
            Ok(bootstrap) => Self { bootstrap, own: None },
            Err(_) => Self::own(Kind::Open).expect("an open broker needs nothing else"),
        }
    }

    /// Starts a broker of the test's own, which only [`USER`] may enter, by SASL/PLAIN, and in which he may do what ACLs
    /// allow: nothing at first. `None`: another's broker is to be used, which is left as it is.
    ///
    /// # Panics
    /// As of [`start`](Self::start).
    #[must_use]
    pub fn start_guarded() -> Option<Self> {
        if std::env::var(OTHER_BROKER).is_ok() { None } else { Self::own(Kind::Guarded) }
    }

    /// Starts a broker of the test's own on a disk of so many MiB. `None`: another's broker is to be used, or nobody here
    /// may mount one.
    ///
    /// # Panics
    /// As of [`start`](Self::start).
    #[must_use]
    pub fn start_on_small_disk(mib: u32) -> Option<Self> {
        if std::env::var(OTHER_BROKER).is_ok() { None } else { Self::own(Kind::OnSmallDisk(mib)) }
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
        let mut own = Own { watched: None, folder, port, super_port, controller_port, disk };
        own.format(&jars, &configuration);
        own.run();
        Some(Self { bootstrap: format!("127.0.0.1:{port}"), own: Some(own) })
    }

    /// Where the super users of a guarded broker come in, without a password.
    ///
    /// # Panics
    /// The broker is another's.
    #[must_use]
    pub fn super_users(&self) -> String {
        format!("127.0.0.1:{}", self.own.as_ref().expect("a broker of the test's own").super_port)
    }

    /// The folder of its data, as this process sees it.
    ///
    /// # Panics
    /// The broker is another's.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        let own = self.own.as_ref().expect("a broker of the test's own");
        let data = own.folder.join("data");
        match &own.disk {
            Some(disk) => PathBuf::from(format!("/proc/{}/root{}", disk.holder.id(), data.display())),
            None => data,
        }
    }

    /// Waits until it has ended by itself.
    ///
    /// # Panics
    /// It goes on, or it is another's.
    pub fn wait_until_it_ends(&mut self) {
        let own = self.own.as_mut().expect("a broker of the test's own");
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, own.port));
        let has_ended = comes(START_MAX, || TcpStream::connect(address).is_err());
        assert!(has_ended, "the Kafka broker goes on\n{}", own.said());
    }

    /// Kills it, with `kill -9`; false: it is another's and is left alone.
    pub fn kill(&mut self) -> bool {
        self.own.as_mut().is_some_and(Own::kill)
    }

    /// Starts it again where it was killed, and waits until it listens.
    pub fn start_again(&mut self) {
        if let Some(own) = &mut self.own {
            own.see_it_gone();
            own.run();
        }
    }

    /// Where it listens: Kafka's `bootstrap.servers`.
    #[must_use]
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }
}

impl Own {
    fn run(&mut self) {
        let output = File::options().create(true).append(true).open(self.folder.join("output"));
        let configuration = self.folder.join("server.properties");
        self.watched = Some(self.spawn(&configuration, output.expect("a writable folder")));
        self.until_listening();
    }

    fn spawn(&self, configuration: &Path, output: File) -> Child {
        let errors = output.try_clone().expect("a file has a second handle");
        let mut command = Command::new("sh");
        command.args(["-c", WATCHED, "sh"]).arg(&self.folder);
        command.args(self.entering());
        command.args(java(&jars(), &["-Xmx768m"])).arg("kafka.Kafka").arg(configuration);
        let watched = command.stdin(Stdio::piped()).stdout(output).stderr(errors).spawn();
        watched.expect("a shell runs")
    }

    /// Lets the controller alone run until it has seen that the broker is gone, as those of a larger cluster do.
    ///
    /// Coming back together, the broker at first takes itself for what it was, the leader of every partition. While it hears
    /// otherwise, Kafka 4.4 may take a transaction for ended whose markers are not written, which then never ends: "Couldn't
    /// find leader endpoint for partitions ..., these partitions are likely deleted already and hence can be skipped".
    fn see_it_gone(&self) {
        let (configuration, said) =
            (self.folder.join("controller.properties"), self.folder.join("controller"));
        let of_both = std::fs::read_to_string(self.folder.join("server.properties"));
        let text = of_both.expect("it ran before") + &controller_alone(self.controller_port);
        std::fs::write(&configuration, text).expect("a writable folder");
        let watched = self.spawn(&configuration, File::create(&said).expect("a writable folder"));
        let says = || std::fs::read_to_string(&said).unwrap_or_default();
        assert!(
            comes(START_MAX, || says().contains(CONTROLS)),
            "the Kafka controller does nothing\n{}",
            says()
        );
        // Of one that ended before it was up again this was known before, and is not said.
        comes(SEEN_GONE_MAX, || says().contains(SEEN_GONE));
        std::thread::sleep(WRITTEN_DOWN);
        self.end_and_keep(watched);
    }

    fn until_listening(&mut self) {
        let until = Instant::now() + START_MAX;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        while TcpStream::connect(address).is_err() {
            let ended = self.watched.as_mut().map(|watched| watched.try_wait().expect("its state"));
            assert!(ended == Some(None), "the Kafka broker ended: {ended:?}\n{}", self.said());
            assert!(
                Instant::now() < until,
                "the Kafka broker did not listen in {START_MAX:?}\n{}",
                self.said()
            );
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    /// What it printed.
    fn said(&self) -> String {
        std::fs::read_to_string(self.folder.join("output")).unwrap_or_default()
    }

    /// The words before a command that let it see the broker's disk.
    fn entering(&self) -> Vec<String> {
        self.disk.as_ref().map_or_else(Vec::new, Disk::entering)
    }

    /// Makes the folder of a new cluster of one.
    fn format(&self, jars: &Path, configuration: &Path) {
        let mut command = Command::new("env");
        command.args(self.entering());
        command.args(java(jars, &[])).args(["kafka.tools.StorageTool", "format"]);
        // Sixteen bytes in base64; each broker has a folder of its own, so that all may be the same cluster.
        command.args(["--cluster-id", "a2lnZW5raWdlbmtpZ2Vuaw", "--config"]).arg(configuration);
        let output = command.output().expect("env runs");
        assert!(
            output.status.success(),
            "Kafka's folder cannot be made: {}{}",
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

    /// Ends what runs in the folder, and keeps the folder.
    fn end_and_keep(&self, watched: Child) {
        let keep = self.folder.join("keep");
        std::fs::write(&keep, "").expect("a writable folder");
        end(watched);
        std::fs::remove_file(keep).expect("it is there");
    }
}

/// Whether it comes to be within `max`.
fn comes(max: Duration, is_so: impl Fn() -> bool) -> bool {
    let until = Instant::now() + max;
    while !is_so() {
        if Instant::now() >= until {
            return false;
        }
        std::thread::sleep(LOOK_AGAIN);
    }
    true
}

/// This end of the pipe closes, and that ends it; what is gone already is as well.
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
    /// Mounts it, as root or as root of a user namespace; `None`: nobody here may.
    fn mount(at: &Path, mib: u32) -> Option<Self> {
        let script =
            format!("mount -t tmpfs -o size={mib}m kigen-test '{}' && echo there && cat", at.display());
        let unshares: [&'static [&'static str]; 2] =
            [&["--mount"], &["--user", "--map-root-user", "--mount"]];
        unshares.into_iter().find_map(|how| {
            let mut command = Command::new("unshare");
            command.args(how).args(["sh", "-c", &script]).stdin(Stdio::piped()).stdout(Stdio::piped());
            let mut holder = command.stderr(Stdio::null()).spawn().ok()?;
            let mut said = String::new();
            let output = holder.stdout.take().expect("it is piped");
            let is_there = BufReader::new(output).read_line(&mut said).is_ok() && said == "there\n";
            if !is_there {
                let _ = holder.wait();
            }
            is_there.then_some(Self { holder, how })
        })
    }

    fn entering(&self) -> Vec<String> {
        let user =
            if self.how.contains(&"--user") { vec!["--user", "--preserve-credentials"] } else { vec![] };
        let words = ["nsenter", "--target", &self.holder.id().to_string()].map(str::to_owned);
        words.into_iter().chain(user.into_iter().chain(["--mount", "--"]).map(str::to_owned)).collect()
    }
}

impl Drop for Disk {
    /// Its end of the pipe closes, and with the last process in it the mount goes.
    fn drop(&mut self) {
        drop(self.holder.stdin.take());
        let _ = self.holder.wait();
    }
}

fn jars() -> PathBuf {
    let jars = cache().join(format!("kafka-{VERSION}"));
    assert!(
        jars.join(format!("kafka_2.13-{VERSION}.jar")).exists(),
        "there is no Kafka in {}: run `make kafka`, which fetches it once, or set {OTHER_BROKER}=host:port",
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

/// Ports that are free now; the listeners are closed again, and nothing else on this machine is likely to take them
/// meanwhile.
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
        // Who comes without a password, as the broker itself does, is the super user.
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

/// Kafka takes what is said last of a setting. Whoever is silent for a second is gone.
fn controller_alone(port: u16) -> String {
    format!(
        "process.roles=controller\nlisteners=CONTROLLER://127.0.0.1:{port}\n\
         advertised.listeners=CONTROLLER://127.0.0.1:{port}\n\
         broker.session.timeout.ms=1000\nbroker.heartbeat.interval.ms=500\n"
    )
}

fn java(jars: &Path, options: &[&str]) -> Vec<String> {
    let log = format!("-Dlog4j2.configurationFile={}", files().join("log4j2.properties").display());
    let mut words = vec!["java".to_owned()];
    words.extend(options.iter().map(|option| (*option).to_owned()));
    words.extend(["-cp".to_owned(), format!("{}/*", jars.display()), log]);
    words
}

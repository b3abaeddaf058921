//! An Apache Kafka broker of the test's own: real, on free ports, in a folder of its own, and gone with the test.
//!
//! `make kafka` fetches the jars, once; `KIGEN_TEST_KAFKA=host:port` uses another broker instead.

use std::fmt::Write;
use std::fs::File;
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

/// Runs what is given to it, and kills it and removes its folder as soon as nobody holds the other end of its stdin any
/// more: also when the test was killed. A file `keep` keeps the folder.
pub(crate) const WATCHED: &str = r#"folder="$1"; shift; "$@" </dev/null & cat; kill -9 $! 2>/dev/null; wait
[ -e "$folder/keep" ] || rm -rf "$folder""#;

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
}

impl Broker {
    /// Starts a broker, and waits until it listens.
    ///
    /// # Panics
    /// If there is no Kafka to start, or if it does not come up; with what to do, and with what it printed.
    #[must_use]
    pub fn start() -> Self {
        if let Ok(bootstrap) = std::env::var(OTHER_BROKER) {
            return Self { bootstrap, own: None };
        }
        let jars = jars();
        let folder = TempDir::with_prefix("kigen-kafka-").expect("a folder for the broker").keep();
        let (port, controller_port) = free_ports();
        let configuration = folder.join("server.properties");
        let text = configured(&folder, port, controller_port);
        std::fs::write(&configuration, text).expect("a writable folder");
        format(&jars, &configuration);
        let mut own = Own { watched: None, folder, port };
        own.run();
        Self { bootstrap: format!("127.0.0.1:{port}"), own: Some(own) }
    }

    /// Kills it, with `kill -9`; false: it is another's and is left alone.
    pub fn kill(&mut self) -> bool {
        self.own.as_mut().is_some_and(Own::kill)
    }

    /// Starts it again where it was killed, and waits until it listens.
    pub fn start_again(&mut self) {
        if let Some(own) = &mut self.own {
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
        let output = output.expect("a writable folder");
        let errors = output.try_clone().expect("a file has a second handle");
        let mut command = Command::new("sh");
        command.args(["-c", WATCHED, "sh"]).arg(&self.folder);
        command
            .args(java(&jars(), &["-Xmx768m"]))
            .arg("kafka.Kafka")
            .arg(self.folder.join("server.properties"));
        let watched = command.stdin(Stdio::piped()).stdout(output).stderr(errors).spawn();
        self.watched = Some(watched.expect("a shell runs"));
        self.until_listening();
    }

    fn until_listening(&mut self) {
        let until = Instant::now() + START_MAX;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        while TcpStream::connect(address).is_err() {
            let ended = self.watched.as_mut().map(|watched| watched.try_wait().expect("its state"));
            let said = || std::fs::read_to_string(self.folder.join("output")).unwrap_or_default();
            assert!(ended == Some(None), "the Kafka broker ended: {ended:?}\n{}", said());
            assert!(Instant::now() < until, "the Kafka broker did not listen in {START_MAX:?}\n{}", said());
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    fn kill(&mut self) -> bool {
        std::fs::write(self.folder.join("keep"), "").expect("a writable folder");
        self.end();
        std::fs::remove_file(self.folder.join("keep")).expect("it is there");
        true
    }

    /// Its end of the pipe closes, and that ends it; a broker that is gone already is as well.
    fn end(&mut self) {
        if let Some(mut watched) = self.watched.take() {
            drop(watched.stdin.take());
            let _ = watched.wait();
        }
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        self.end();
        let _ = std::fs::remove_dir_all(&self.folder);
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

/// Two ports that are free now; the listeners are closed again, and nothing else on this machine is likely to take them
/// meanwhile.
fn free_ports() -> (u16, u16) {
    let free = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let (one, other) = (free(), free());
    let port = |listener: TcpListener| listener.local_addr().expect("bound").port();
    (port(one), port(other))
}

fn configured(folder: &Path, port: u16, controller_port: u16) -> String {
    let mut text = std::fs::read_to_string(files().join("server.properties")).expect("the broker's settings");
    let _ = writeln!(text, "log.dirs={}", folder.join("data").display());
    let _ = writeln!(text, "listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}");
    let _ = writeln!(text, "advertised.listeners=PLAINTEXT://127.0.0.1:{port}");
    let _ = writeln!(text, "controller.quorum.voters=1@127.0.0.1:{controller_port}");
    text
}

/// Makes the folder of a new cluster of one.
fn format(jars: &Path, configuration: &Path) {
    let mut command = Command::new("env");
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

fn java(jars: &Path, options: &[&str]) -> Vec<String> {
    let log = format!("-Dlog4j2.configurationFile={}", files().join("log4j2.properties").display());
    let mut words = vec!["java".to_owned()];
    words.extend(options.iter().map(|option| (*option).to_owned()));
    words.extend(["-cp".to_owned(), format!("{}/*", jars.display()), log]);
    words
}

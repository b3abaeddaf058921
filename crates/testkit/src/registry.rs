//! A real schema registry for one test: Apicurio's server, on a free port, in memory, and gone with the test.
//!
//! `make registry` downloads it once.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::cache;
use crate::kafka::WATCHED;

/// The version in `tests/registry/pom.xml`, which names the folder.
const VERSION: &str = "3.0.9";
/// How long it may take to start: some seconds for Java, and more on a busy machine.
const START_MAX: Duration = Duration::from_secs(120);
/// How long it may take to respond once it listens; then the request is sent again.
const RESPONSE_MAX: Duration = Duration::from_secs(2);
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// The alias and the password of the key in the folder of a registry with TLS.
const KEY: &str = "kigen-test";

/// A running registry.
pub struct Registry {
    port: u16,
    folder: PathBuf,
    has_tls: bool,
    /// `None`: it was killed.
    watched: Option<Child>,
}

impl Registry {
    /// Starts a registry without any schema, and waits until it responds.
    ///
    /// # Panics
    /// There is none to start, or it does not come up. The message contains the remedy, or the registry's output.
    #[must_use]
    pub fn start() -> Self {
        Self::start_on(Self::free_port())
    }

    /// The same on a given port.
    ///
    /// # Panics
    /// As above.
    #[must_use]
    pub fn start_on(port: u16) -> Self {
        let mut registry = Self { port, folder: folder(), has_tls: false, watched: None };
        registry.run();
        registry
    }

    /// The same with TLS, by a certificate that is trusted only with [`ca_file`](Self::ca_file).
    ///
    /// # Panics
    /// As above.
    #[must_use]
    pub fn start_with_tls() -> Self {
        let mut registry = Self { port: Self::free_port(), folder: folder(), has_tls: true, watched: None };
        let key = registry.folder.join("key.p12");
        let keytool = |arguments: &[&str]| {
            let mut command = Command::new("keytool");
            command.args(arguments).args(["-alias", KEY, "-storepass", KEY, "-keystore"]).arg(&key);
            let output = command.output().expect("keytool, which comes with Java, runs");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
            output.stdout
        };
        let subject = ["-dname", "CN=registry", "-ext", "san=ip:127.0.0.1"];
        keytool(&[&["-genkeypair", "-keyalg", "EC", "-storetype", "PKCS12"][..], &subject].concat());
        let certificate = keytool(&["-exportcert", "-rfc"]);
        std::fs::write(registry.ca_file(), certificate).expect("a writable folder");
        registry.run();
        registry
    }

    /// The certificate of a registry with TLS, as PEM.
    #[must_use]
    pub fn ca_file(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// A port that is free now, for a registry that is started later.
    ///
    /// # Panics
    /// No port is free.
    #[must_use]
    pub fn free_port() -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        listener.local_addr().expect("bound").port()
    }

    /// The base URL of the API for Confluent's clients, of a registry on this port.
    #[must_use]
    pub fn url_on(port: u16) -> String {
        format!("http://127.0.0.1:{port}/apis/ccompat/v7")
    }

    /// The base URL of the API for Confluent's clients.
    #[must_use]
    pub fn url(&self) -> String {
        let url = Self::url_on(self.port);
        if self.has_tls { url.replace("http:", "https:") } else { url }
    }

    /// The base URL of its own API, for its own clients.
    #[must_use]
    pub fn own_url(&self) -> String {
        self.url().replace("ccompat/v7", "registry/v2")
    }

    /// Kills it. Its schemas are lost.
    pub fn kill(&mut self) {
        if let Some(mut watched) = self.watched.take() {
            drop(watched.stdin.take());
            let _ = watched.wait();
        }
    }

    fn run(&mut self) {
        let home = server();
        std::fs::create_dir_all(&self.folder).expect("a writable folder");
        let output = File::create(self.folder.join("output")).expect("a writable folder");
        let errors = output.try_clone().expect("a file has a second handle");
        let mut command = Command::new("sh");
        command.args(["-c", WATCHED, "sh"]).arg(&self.folder);
        // A small heap and a short start: it serves few requests.
        command.args(["java", "-Xmx192m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]);
        let port = if self.has_tls { "quarkus.http.ssl-port" } else { "quarkus.http.port" };
        command.arg("-Dquarkus.http.host=127.0.0.1").arg(format!("-D{port}={}", self.port));
        if self.has_tls {
            let certificate = "-Dquarkus.http.ssl.certificate.key-store";
            command.arg(format!("{certificate}-file={}", self.folder.join("key.p12").display()));
            command.arg(format!("{certificate}-password={KEY}"));
            command.arg("-Dquarkus.http.insecure-requests=disabled");
        }
        command.arg("-jar").arg(home.join(format!("apicurio-registry-app-{VERSION}-runner.jar")));
        let watched = command.stdin(Stdio::piped()).stdout(output).stderr(errors).spawn();
        self.watched = Some(watched.expect("a shell runs"));
        self.until_ready();
    }

    fn until_ready(&mut self) {
        let until = Instant::now() + START_MAX;
        let (port, has_tls) = (self.port, self.has_tls);
        let is_up = || match has_tls {
            true => listens(port),
            false => responds(port, "/apis/ccompat/v7/subjects"),
        };
        while !is_up() {
            let ended = self.watched.as_mut().map(|watched| watched.try_wait().expect("its state"));
            let output = || std::fs::read_to_string(self.folder.join("output")).unwrap_or_default();
            assert!(ended == Some(None), "the registry ended: {ended:?}\n{}", output());
            assert!(Instant::now() < until, "the registry did not start in {START_MAX:?}\n{}", output());
            std::thread::sleep(POLL_INTERVAL);
        }
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.kill();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn folder() -> PathBuf {
    TempDir::with_prefix("kigen-registry-").expect("a folder for the registry").keep()
}

fn listens(port: u16) -> bool {
    TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).is_ok()
}

/// Whether a server has a page of this path.
pub(crate) fn responds(port: u16, path: &str) -> bool {
    let request = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
        stream.set_read_timeout(Some(RESPONSE_MAX))?;
        let host = "Host: 127.0.0.1\r\nConnection: close";
        write!(stream, "GET {path} HTTP/1.1\r\n{host}\r\n\r\n")?;
        let mut response = String::new();
        stream.read_to_string(&mut response)?;
        Ok(response)
    };
    request().is_ok_and(|response| response.lines().next().is_some_and(|status| status.contains(" 200")))
}

fn server() -> PathBuf {
    let server = cache().join(format!("registry-{VERSION}"));
    assert!(
        Path::new(&server).join(".fetched").exists(),
        "there is no schema registry in {}: run `make registry`, which downloads it once",
        server.display()
    );
    server
}

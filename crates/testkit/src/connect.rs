//! A real worker of Kafka Connect for one test: standalone, on a free port, and gone with the test.
//!
//! `make connect` downloads it once.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::cache;
use crate::kafka::{WATCHED, java};
use crate::registry::{Registry, responds};

/// The version in `tests/connect/pom.xml`, which names the folder of the jars.
const VERSION: &str = "4.3.1";
/// How long it may take to respond: some seconds for Java, and more on a busy machine.
const START_MAX: Duration = Duration::from_secs(120);
const POLL_INTERVAL: Duration = Duration::from_millis(50);
const HEAP: &str = "-Xmx256m";

/// A running worker.
pub struct Connect {
    port: u16,
    folder: PathBuf,
    watched: Child,
}

impl Connect {
    /// Starts a worker without connectors for this broker, and waits until it responds. `environment` is what `${env:NAME}` in a
    /// connector's configuration stands for.
    ///
    /// # Panics
    /// There is none to start, or it does not come up. The message contains the remedy, or the worker's output.
    #[must_use]
    pub fn start(bootstrap: &str, environment: &[(&str, &str)]) -> Self {
        let jars = jars();
        let folder = TempDir::with_prefix("kigen-connect-").expect("a folder for the worker").keep();
        let port = Registry::free_port();
        let configuration = folder.join("worker.properties");
        let offsets = folder.join("offsets");
        let text = format!(
            "bootstrap.servers={bootstrap}\nlisteners=http://127.0.0.1:{port}\noffset.storage.file.filename={}\n\
             offset.flush.interval.ms=100\nkey.converter=org.apache.kafka.connect.storage.StringConverter\n\
             value.converter=org.apache.kafka.connect.storage.StringConverter\nconfig.providers=env\n\
             config.providers.env.class=org.apache.kafka.common.config.provider.EnvVarConfigProvider\n",
            offsets.display()
        );
        std::fs::write(&configuration, text).expect("a writable folder");
        let output = File::create(folder.join("output")).expect("a writable folder");
        let errors = output.try_clone().expect("a file has a second handle");
        let mut command = Command::new("sh");
        command.args(["-c", WATCHED, "sh"]).arg(&folder).args(java(&jars, &[HEAP]));
        command.arg("org.apache.kafka.connect.cli.ConnectStandalone").arg(configuration);
        command.envs(environment.iter().copied());
        let watched = command.stdin(Stdio::piped()).stdout(output).stderr(errors).spawn();
        let mut worker = Self { port, folder, watched: watched.expect("a shell runs") };
        worker.until_ready();
        worker
    }

    /// The base URL of its API.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What it has logged.
    #[must_use]
    pub fn output(&self) -> String {
        std::fs::read_to_string(self.folder.join("output")).unwrap_or_default()
    }

    fn until_ready(&mut self) {
        let until = Instant::now() + START_MAX;
        while !responds(self.port, "/connectors") {
            let ended = self.watched.try_wait().expect("its state");
            assert!(ended.is_none(), "the worker ended: {ended:?}\n{}", self.output());
            assert!(Instant::now() < until, "the worker did not start in {START_MAX:?}\n{}", self.output());
            std::thread::sleep(POLL_INTERVAL);
        }
    }
}

impl Drop for Connect {
    fn drop(&mut self) {
        drop(self.watched.stdin.take());
        let _ = self.watched.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn jars() -> PathBuf {
    let jars = cache().join(format!("connect-{VERSION}"));
    assert!(
        Path::new(&jars).join(".fetched").exists(),
        "there is no Kafka Connect in {}: run `make connect`, which downloads it once",
        jars.display()
    );
    jars
}

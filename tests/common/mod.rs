//! `kigen up` as a child process beside a played cluster, and a look at what it wrote.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant as RealInstant};

use kigen_log::{EmbeddedLog, Look};
use kigen_model::alert::Alert;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_playback::clock::{Clock, Pace};
use kigen_playback::history::History;
use kigen_playback::server::{Options, Played, Server};
use kigen_wire::Status;

/// How long anything here may take before the test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A played cluster whose clock the test moves.
pub(crate) async fn play(history: History) -> Server {
    let clock = Clock::new(history.start(), Pace::Manual, None);
    let options = Options { eager_bookmarks: true, ..Options::default() };
    Server::start(Played { history, clock, options }).await.expect("the played cluster starts")
}

/// A running `kigen up`.
pub(crate) struct Up {
    child: Child,
    data_dir: PathBuf,
    talk: PathBuf,
}

impl Up {
    /// Starts it on `dir`, printing its messages to `dir/messages` and its talk to `dir/talk`.
    pub(crate) fn start(dir: &Path, url: &str) -> Self {
        Self::start_as(Command::new(env!("CARGO_BIN_EXE_kigen")), dir, dir.to_owned(), url)
    }

    /// Starts it on `dir` with the objectives of `dir/objectives.yaml`.
    pub(crate) fn start_with_objectives(dir: &Path, url: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kigen"));
        command.arg("--objectives-file").arg(dir.join("objectives.yaml"));
        Self::start_as(command, dir, dir.to_owned(), url)
    }

    /// Starts it on a disk of its own of so many MiB, which ends with it; `None`: this machine lets nobody mount one.
    pub(crate) fn start_on_small_disk(dir: &Path, url: &str, mib: u32) -> Option<Self> {
        let disk = dir.join("disk");
        std::fs::create_dir(&disk).expect("a mount point");
        let mount = format!("mount -t tmpfs -o size={mib}m kigen-test '{}'", disk.display());
        // As root, or as root of a user namespace; the mount is seen by nobody else.
        let unshares: [&[&str]; 2] = [&["--mount"], &["--user", "--map-root-user", "--mount"]];
        let unshare = |how: &[&str], script: &str| {
            let mut command = Command::new("unshare");
            command.args(how).args(["sh", "-c", script]);
            command
        };
        let works =
            |how: &&&[&str]| unshare(how, &mount).output().is_ok_and(|output| output.status.success());
        let how = unshares.iter().find(works)?;
        let mut command = unshare(how, &format!("{mount} && exec \"$0\" \"$@\""));
        command.arg(env!("CARGO_BIN_EXE_kigen"));
        let mut up = Self::start_as(command, dir, disk.clone(), url);
        // The process sees its mounts, and others see them through it.
        let seen = format!("/proc/{}/root{}", up.child.id(), disk.display());
        up.data_dir = PathBuf::from(seen);
        Some(up)
    }

    fn start_as(mut command: Command, dir: &Path, data_dir: PathBuf, url: &str) -> Self {
        let config = dir.join("kigen.toml");
        std::fs::write(&config, "[kubernetes]\nprobe_interval_ms = 100\n").expect("a configuration");
        let append = |name: &str| {
            let file = std::fs::OpenOptions::new().create(true).append(true).open(dir.join(name));
            Stdio::from(file.expect("a file for its output"))
        };
        let child = command
            .args(["up", "--dry-run", "--cluster", "shop", "--api-url", url])
            .arg("--config")
            .arg(&config)
            .arg("--data-dir")
            .arg(&data_dir)
            .stdout(append("messages"))
            .stderr(append("talk"))
            .spawn()
            .expect("kigen runs");
        Self { child, data_dir, talk: dir.join("talk") }
    }

    /// Where its data is, as this process sees it.
    pub(crate) fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("a kill");
        self.child.wait().expect("it is dead");
    }

    /// SIGTERM; how it ended, and how long it took.
    pub(crate) fn terminate(mut self) -> (ExitStatus, Duration) {
        let began = RealInstant::now();
        // The shell's own `kill`: a small Debian has no other.
        let kill = format!("kill -TERM {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().expect("a shell runs").success());
        let status = self.child.wait().expect("it ends");
        (status, began.elapsed())
    }

    /// Waits until the cluster is watched and its time has begun: what happens from here on is seen as it happens.
    pub(crate) async fn wait_until_it_watches(&mut self) {
        let deadline = RealInstant::now() + PATIENCE;
        while !has_begun(&self.data_dir) {
            assert!(RealInstant::now() < deadline, "no tick came\n{}", self.talk());
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Waits until `there` sees what it waits for in the alerts.
    pub(crate) async fn wait_for_alerts(&mut self, there: impl Fn(&[Alert]) -> bool) -> Vec<Alert> {
        let deadline = RealInstant::now() + PATIENCE;
        loop {
            let alerts = alerts(&self.data_dir);
            if there(&alerts) {
                return alerts;
            }
            let ended = self.child.try_wait().expect("its state");
            assert!(ended.is_none(), "kigen up ended: {ended:?}\n{}", self.talk());
            assert!(
                RealInstant::now() < deadline,
                "waited in vain; {} alerts\n{}",
                alerts.len(),
                self.talk()
            );
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Waits until it has said something on stderr.
    pub(crate) async fn wait_for_talk(&self, words: &str) {
        let deadline = RealInstant::now() + PATIENCE;
        while !self.talk().contains(words) {
            assert!(RealInstant::now() < deadline, "it never said `{words}`\n{}", self.talk());
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// What it said on stderr.
    pub(crate) fn talk(&self) -> String {
        std::fs::read_to_string(&self.talk).unwrap_or_default()
    }
}

impl Drop for Up {
    /// A test that fails leaves no process behind.
    fn drop(&mut self) {
        // It may have ended, which is as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether every partition has judged up to a first tick.
fn has_begun(data_dir: &Path) -> bool {
    let Ok(view) = EmbeddedLog::open_beside(&data_dir.join("log")) else {
        return false;
    };
    (0..view.partitions()).map(Partition).all(|partition| {
        let end = view.end(Topic::Status, partition).expect("an end");
        let last = Offset(end.0.saturating_sub(1));
        let records = view.read(Topic::Status, partition, last, 1, usize::MAX).expect("the last status");
        let position = records.first().and_then(|record| kigen_wire::decode_status(record.value.as_deref()?).ok());
        matches!(position, Some(Status::Position(position)) if position.clocks.values().any(|clock| clock.observed_until.is_some()))
    })
}

/// All alerts in the log of `data_dir`, by partition and offset; none while there is no log yet.
pub(crate) fn alerts(data_dir: &Path) -> Vec<Alert> {
    let Ok(view) = EmbeddedLog::open_beside(&data_dir.join("log")) else {
        return Vec::new();
    };
    let mut alerts = Vec::new();
    for partition in (0..view.partitions()).map(Partition) {
        let start = view.start(Topic::Alerts, partition).expect("a start");
        for record in view.read(Topic::Alerts, partition, start, usize::MAX, usize::MAX).expect("alerts") {
            let bytes = record.value.expect("an alert");
            alerts.push(kigen_wire::decode_alert(&bytes).expect("an alert that can be read"));
        }
    }
    alerts
}

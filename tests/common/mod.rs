//! `kigen up` as a child process beside a played cluster, and a look at what it wrote.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant as RealInstant};

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use http::{Answer, free_port, get};
use kigen_log::{EmbeddedLog, LogReader};
use kigen_model::alert::Alert;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_playback::clock::{Clock, Pace};
use kigen_playback::history::History;
use kigen_playback::server::{Options, Played, Server};
use kigen_wire::Status;

pub(crate) mod http;

/// How long anything here may take before the test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// What Linux calls USER_HZ, on every machine that it runs on today.
const TICKS_A_SECOND: f64 = 100.0;

/// When a played history begins: the 9th of November 2026, a Monday, at midnight.
pub(crate) fn start() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 9, 0, 0, 0).single().expect("an instant")
}

/// Noon of its days, from 0 on.
pub(crate) fn noon(day: i64) -> DateTime<Utc> {
    start() + TimeDelta::days(day) + TimeDelta::hours(12)
}

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
    /// Where it says how it goes.
    port: u16,
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

    /// Starts it on the Kafka at `brokers`, with librdkafka's `settings`, a line of TOML each.
    pub(crate) fn start_on_kafka(dir: &Path, url: &str, brokers: &str, settings: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kigen"));
        command.args(["--log", "kafka", "--instance", "one", "--brokers", brokers]);
        let kafka =
            format!("[log]\npartitions = 2\n[kafka]\nreplication = 1\n[kafka.settings]\n{settings}\n");
        Self::start_with(command, dir, dir.to_owned(), url, &kafka, free_port())
    }

    /// Starts it on `dir`, to say how it goes at this port.
    pub(crate) fn start_at(dir: &Path, url: &str, port: u16) -> Self {
        let command = Command::new(env!("CARGO_BIN_EXE_kigen"));
        Self::start_with(command, dir, dir.to_owned(), url, "", port)
    }

    fn start_as(command: Command, dir: &Path, data_dir: PathBuf, url: &str) -> Self {
        Self::start_with(command, dir, data_dir, url, "", free_port())
    }

    fn start_with(
        mut command: Command,
        dir: &Path,
        data_dir: PathBuf,
        url: &str,
        more: &str,
        port: u16,
    ) -> Self {
        let config = dir.join("kigen.toml");
        let text = format!("[kubernetes]\nprobe_interval_ms = 100\n{more}");
        std::fs::write(&config, text).expect("a configuration");
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
            .arg("--health-address")
            .arg(format!("127.0.0.1:{port}"))
            .stdout(append("messages"))
            .stderr(append("talk"))
            .spawn()
            .expect("kigen runs");
        Self { child, data_dir, talk: dir.join("talk"), port }
    }

    /// Asks it for a page.
    pub(crate) fn get(&self, path: &str) -> Option<Answer> {
        get(self.port, path)
    }

    /// Waits until it says of itself that it is ready, or that it is not, with these words.
    pub(crate) async fn wait_until_it_says(&mut self, status: u16, words: &str) -> String {
        let deadline = RealInstant::now() + PATIENCE;
        loop {
            let answer = self.get("/readyz");
            if let Some(answer) = answer.as_ref().filter(|answer| answer.status == status)
                && answer.body.contains(words)
            {
                return answer.body.clone();
            }
            self.check_alive();
            let in_time = RealInstant::now() < deadline;
            assert!(in_time, "it never said {status} with `{words}`, but {answer:?}\n{}", self.talk());
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// A metric's value, the sum over those of its labels; 0 while there is none.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let page = self.get("/metrics").expect("it answers").body;
        let of = |line: &&str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']));
        page.lines().filter(of).filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }

    /// Waits until its metrics hold these words; all of them.
    pub(crate) async fn wait_for_metrics(&mut self, words: &str) -> String {
        let deadline = RealInstant::now() + PATIENCE;
        loop {
            let page = self.get("/metrics").expect("it answers").body;
            if page.contains(words) {
                return page;
            }
            self.check_alive();
            assert!(RealInstant::now() < deadline, "no `{words}` among its metrics\n{page}");
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Waits until a metric has at least this value.
    pub(crate) async fn wait_for_metric(&mut self, name: &str, at_least: f64) {
        let deadline = RealInstant::now() + PATIENCE;
        while self.metric(name) < at_least {
            self.check_alive();
            assert!(RealInstant::now() < deadline, "{name} is {} only\n{}", self.metric(name), self.talk());
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// How many seconds of a processor it has used, by Linux's count.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("it runs");
        // After the name, which may hold anything, come the state and numbers; those of user and system are 14 and 15.
        let numbers = stat.rsplit(')').next().expect("it has a name").split_whitespace().skip(11).take(2);
        numbers.map(|ticks| ticks.parse::<f64>().expect("a number") / TICKS_A_SECOND).sum()
    }

    /// What it printed for a person.
    pub(crate) fn messages(&self) -> String {
        std::fs::read_to_string(self.talk.with_file_name("messages")).unwrap_or_default()
    }

    /// Waits until it has printed something for a person.
    pub(crate) async fn wait_for_message(&mut self, words: &str) {
        let deadline = RealInstant::now() + PATIENCE;
        while !self.messages().contains(words) {
            self.check_alive();
            let in_time = RealInstant::now() < deadline;
            assert!(in_time, "no message has `{words}`\n{}\n{}", self.how_it_is(), self.talk());
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    fn check_alive(&mut self) {
        let ended = self.child.try_wait().expect("its state");
        assert!(ended.is_none(), "kigen ended: {ended:?}\n{}", self.talk());
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
            let in_time = RealInstant::now() < deadline;
            assert!(in_time, "it never said `{words}`\n{}\n{}", self.how_it_is(), self.talk());
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// What it says of itself, for whoever looks at a test that failed.
    fn how_it_is(&self) -> String {
        let pages =
            ["/readyz", "/metrics"].map(|page| self.get(page).map_or(String::new(), |page| page.body));
        let lines = pages.iter().flat_map(|page| page.lines());
        let lines = lines.filter(|line| !line.starts_with('#') && !line.contains("_bucket"));
        lines.collect::<Vec<_>>().join("\n")
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
        let end = view.latest(Topic::Status, partition).expect("an end");
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
        let start = view.earliest(Topic::Alerts, partition).expect("a start");
        for record in view.read(Topic::Alerts, partition, start, usize::MAX, usize::MAX).expect("alerts") {
            let bytes = record.value.expect("an alert");
            alerts.push(kigen_wire::decode_alert(&bytes).expect("an alert that can be read"));
        }
    }
    alerts
}

//! `kigen up` as a child process beside a played cluster, and what it wrote.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant as RealInstant};

use self::http::{Response, free_port, get};
use self::pod::Pod;
use self::slack::slack_into;
use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use kigen_log::{EmbeddedLog, LogReader};
use kigen_model::alert::Alert;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_playback::clock::{Clock, Pace};
use kigen_playback::generate::{Cluster, CronJobPlan, RunPlan};
use kigen_playback::history::History;
use kigen_playback::server::{Options, Played, Server};
use kigen_testkit::process::Background;
use kigen_wire::Status;
use tokio::sync::Mutex;

pub(crate) mod google;
pub(crate) mod http;
pub(crate) mod manifests;
pub(crate) mod pod;
pub(crate) mod proxy;
pub(crate) mod slack;

/// The longest wait before a test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// Linux's USER_HZ, which is 100 on every current architecture.
const TICKS_A_SECOND: f64 = 100.0;

/// Held by a test that starts servers or uses all processors for long: such tests run one at a time, and small tests beside them.
pub(crate) static HEAVY: Mutex<()> = Mutex::const_new(());

/// The binary.
pub(crate) fn kigen() -> Command {
    Command::new(env!("CARGO_BIN_EXE_kigen"))
}

/// The start of a played history: the 9th of November 2026, a Monday, at midnight.
pub(crate) fn start() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 9, 0, 0, 0).single().expect("an instant")
}

/// Noon of its days, counted from 0.
pub(crate) fn noon(day: i64) -> DateTime<Utc> {
    start() + TimeDelta::days(day) + TimeDelta::hours(12)
}

/// Two CronJobs: `steady` is in time on each of these days, `absent` never starts. Each noon from the second on gives an alert.
pub(crate) fn steady_and_absent(days: i64, owner: Option<&str>) -> History {
    let mut cluster = Cluster::new(start());
    for name in ["steady", "absent"] {
        let plan =
            CronJobPlan::new("ml", name, "0 8 * * *").annotation("kigen.dev/complete-by", "0 12 * * *");
        cluster.cron_job(match owner {
            Some(owner) => plan.annotation("kigen.dev/owner", owner),
            None => plan,
        });
    }
    for day in 0..days {
        let at = start() + TimeDelta::days(day) + TimeDelta::hours(8);
        cluster.run("ml", "steady", at, RunPlan::succeeds(TimeDelta::minutes(30)));
    }
    cluster.build().expect("a history")
}

/// A played cluster whose clock the test moves.
pub(crate) async fn play(history: History) -> Server {
    let clock = Clock::new(history.start(), Pace::Manual, None);
    let options = Options { eager_bookmarks: true, ..Options::default() };
    Server::start(Played { history, clock, options }).await.expect("the played cluster starts")
}

/// A running `kigen up`.
pub(crate) struct Up {
    child: Background,
    data_dir: PathBuf,
    /// Its stderr.
    log: PathBuf,
    /// The port of its health address.
    port: u16,
}

impl Up {
    /// Starts it on `dir`, with stdout in `dir/messages` and stderr in `dir/stderr`.
    pub(crate) fn start(dir: &Path, url: &str) -> Self {
        Self::start_as(kigen(), dir, dir.to_owned(), url)
    }

    /// Starts it on `dir` with the objectives of `dir/objectives.yaml`.
    pub(crate) fn start_with_objectives(dir: &Path, url: &str) -> Self {
        let mut command = kigen();
        command.arg("--objectives-file").arg(dir.join("objectives.yaml"));
        Self::start_as(command, dir, dir.to_owned(), url)
    }

    /// Starts it on `dir` with these lines of TOML in its configuration.
    pub(crate) fn start_with_config(dir: &Path, url: &str, more: &str) -> Self {
        let mut command = kigen();
        command.args(["up", "--dry-run"]);
        Self::start_with(command, dir, dir.to_owned(), url, more, free_port())
    }

    /// Starts it on its own disk of so many MiB, which is unmounted when it ends; `None`: this machine permits no such mount.
    pub(crate) fn start_on_small_disk(dir: &Path, url: &str, mib: u32) -> Option<Self> {
        let disk = dir.join("disk");
        std::fs::create_dir(&disk).expect("a mount point");
        let mount = format!("mount -t tmpfs -o size={mib}m kigen-test '{}'", disk.display());
        // As root, or as root of a user namespace; the mount is private to the process.
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
        command.arg(kigen().get_program());
        let mut up = Self::start_as(command, dir, disk.clone(), url);
        // Other processes reach its mounts through /proc.
        let seen = format!("/proc/{}/root{}", up.child.0.id(), disk.display());
        up.data_dir = PathBuf::from(seen);
        Some(up)
    }

    /// Starts it on the Kafka at `brokers`, with librdkafka's `settings`, a line of TOML each. Its messages go to a fake of
    /// Slack, which writes them to `dir/messages`.
    pub(crate) async fn start_on_kafka(dir: &Path, url: &str, brokers: &str, settings: &str) -> Self {
        let mut command = kigen();
        command.args(["up", "--log", "kafka", "--instance", "one", "--brokers", brokers]);
        let slack = slack_into(&dir.join("messages")).await;
        command.args(["--slack-channel", "C1"]).env("KIGEN_SLACK_TOKEN", "xoxb-1");
        let more = format!(
            "[log]\npartitions = 2\n[kafka]\nreplication = 1\n[kafka.settings]\n{settings}\n[slack]\napi_url = \"{slack}\"\n"
        );
        Self::start_with(command, dir, dir.to_owned(), url, &more, free_port())
    }

    /// Starts it on `dir` with a fake of Slack, which writes its messages to `dir/messages`, and these lines of TOML.
    pub(crate) async fn start_with_slack(dir: &Path, url: &str, config: &str) -> Self {
        let mut command = kigen();
        let slack = slack_into(&dir.join("messages")).await;
        command.args(["up", "--slack-channel", "C1"]).env("KIGEN_SLACK_TOKEN", "xoxb-1");
        let more = format!("[slack]\napi_url = \"{slack}\"\n{config}");
        Self::start_with(command, dir, dir.to_owned(), url, &more, free_port())
    }

    /// Starts it on `dir` without Slack, with these lines of TOML.
    pub(crate) fn start_without_slack(dir: &Path, url: &str, config: &str) -> Self {
        let mut command = kigen();
        command.arg("up");
        Self::start_with(command, dir, dir.to_owned(), url, config, free_port())
    }

    /// Starts a dry run on the Kafka at `brokers`.
    pub(crate) fn start_dry_on_kafka(dir: &Path, url: &str, brokers: &str) -> Self {
        let mut command = kigen();
        command.args(["up", "--dry-run", "--log", "kafka", "--instance", "laptop", "--brokers", brokers]);
        Self::start_with(command, dir, dir.to_owned(), url, "[log]\npartitions = 2\n", free_port())
    }

    /// Starts it as the container of a pod whose directories are below `dir`, with these lines of TOML as its configuration.
    pub(crate) fn start_in_pod(pod: &mut Pod, args: &[&str], dir: &Path, url: &str, config: &str) -> Self {
        let port = free_port();
        pod.configure(config);
        pod.set("KIGEN_API_URL", url);
        pod.set("KIGEN_HEALTH_ADDRESS", &format!("127.0.0.1:{port}"));
        let mut command = pod.command();
        command.args(args);
        Self::spawn(command, dir, pod.data_dir(), port)
    }

    /// Starts it on `dir`, with its health address at this port.
    pub(crate) fn start_at(dir: &Path, url: &str, port: u16) -> Self {
        let mut command = kigen();
        command.args(["up", "--dry-run"]);
        Self::start_with(command, dir, dir.to_owned(), url, "", port)
    }

    fn start_as(mut command: Command, dir: &Path, data_dir: PathBuf, url: &str) -> Self {
        command.args(["up", "--dry-run"]);
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
        command
            .args(["--cluster", "shop", "--api-url", url])
            .arg("--config")
            .arg(&config)
            .arg("--data-dir")
            .arg(&data_dir)
            .arg("--health-address")
            .arg(format!("127.0.0.1:{port}"));
        Self::spawn(command, dir, data_dir, port)
    }

    /// Starts it with stdout in `dir/messages` and stderr in `dir/stderr`.
    pub(crate) fn spawn(mut command: Command, dir: &Path, data_dir: PathBuf, port: u16) -> Self {
        let append = |name: &str| {
            let file = std::fs::OpenOptions::new().create(true).append(true).open(dir.join(name));
            Stdio::from(file.expect("a file for its output"))
        };
        let spawned = command.stdout(append("messages")).stderr(append("stderr")).spawn();
        let child = Background(spawned.expect("kigen runs"));
        Self { child, data_dir, log: dir.join("stderr"), port }
    }

    /// Gets a page of it.
    pub(crate) fn get(&self, path: &str) -> Option<Response> {
        get(self.port, path)
    }

    /// Waits until `/readyz` has this status and contains these words.
    pub(crate) async fn wait_for_readyz(&mut self, status: u16, words: &str) -> String {
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
            assert!(in_time, "/readyz never had {status} with `{words}`, but {answer:?}\n{}", self.log());
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// A metric's value, summed over its labels; 0 while it does not exist.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let page = self.get("/metrics").expect("it answers").body;
        let of = |line: &&str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']));
        page.lines().filter(of).filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }

    /// Waits until its metrics contain these words; returns all metrics.
    pub(crate) async fn wait_for_metrics(&mut self, words: &str) -> String {
        let deadline = RealInstant::now() + PATIENCE;
        loop {
            let page = self.get("/metrics").expect("it answers").body;
            if page.contains(words) {
                return page;
            }
            self.check_alive();
            assert!(RealInstant::now() < deadline, "no `{words}` among its metrics\n{page}");
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// Waits until a metric has at least this value.
    pub(crate) async fn wait_for_metric(&mut self, name: &str, at_least: f64) {
        let deadline = RealInstant::now() + PATIENCE;
        while self.metric(name) < at_least {
            self.check_alive();
            assert!(RealInstant::now() < deadline, "{name} is {} only\n{}", self.metric(name), self.log());
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// The CPU time that it has used, in seconds.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.0.id())).expect("it runs");
        // The name may contain anything; after it, utime and stime are fields 14 and 15 of the line.
        let numbers = stat.rsplit(')').next().expect("it has a name").split_whitespace().skip(11).take(2);
        numbers.map(|ticks| ticks.parse::<f64>().expect("a number") / TICKS_A_SECOND).sum()
    }

    /// The messages that it printed.
    pub(crate) fn messages(&self) -> String {
        std::fs::read_to_string(self.log.with_file_name("messages")).unwrap_or_default()
    }

    /// Waits until a message contains these words.
    pub(crate) async fn wait_for_message(&mut self, words: &str) {
        let deadline = RealInstant::now() + PATIENCE;
        while !self.messages().contains(words) {
            self.check_alive();
            let in_time = RealInstant::now() < deadline;
            assert!(in_time, "no message has `{words}`\n{}\n{}", self.state(), self.log());
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    fn check_alive(&mut self) {
        let ended = self.child.0.try_wait().expect("its state");
        assert!(ended.is_none(), "kigen ended: {ended:?}\n{}", self.log());
    }

    /// Where its data is, as this process sees it.
    pub(crate) fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) {
        self.child.0.kill().expect("a kill");
        self.child.0.wait().expect("it is dead");
    }

    /// SIGTERM; returns its exit status, and how long it took to end.
    pub(crate) fn terminate(mut self) -> (ExitStatus, Duration) {
        let began = RealInstant::now();
        // The shell's built-in `kill`: a minimal Debian has no other.
        let kill = format!("kill -TERM {}", self.child.0.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().expect("a shell runs").success());
        let status = self.child.0.wait().expect("it ends");
        (status, began.elapsed())
    }

    /// Waits until each partition has judged up to a first tick: from then on the cluster is watched.
    pub(crate) async fn wait_until_it_watches(&mut self) {
        let deadline = RealInstant::now() + PATIENCE;
        loop {
            let began = RealInstant::now();
            if has_begun(&self.data_dir) {
                return;
            }
            assert!(RealInstant::now() < deadline, "no tick came\n{}", self.log());
            pause_after_reading_since(began).await;
        }
    }

    /// Waits until the alerts satisfy `expected`.
    pub(crate) async fn wait_for_alerts(&mut self, expected: impl Fn(&[Alert]) -> bool) -> Vec<Alert> {
        let deadline = RealInstant::now() + PATIENCE;
        loop {
            let began = RealInstant::now();
            let alerts = alerts(&self.data_dir);
            if expected(&alerts) {
                return alerts;
            }
            let ended = self.child.0.try_wait().expect("its state");
            assert!(ended.is_none(), "kigen up ended: {ended:?}\n{}", self.log());
            let in_time = RealInstant::now() < deadline;
            assert!(in_time, "timed out with {} alerts\n{}\n{}", alerts.len(), self.state(), self.log());
            pause_after_reading_since(began).await;
        }
    }

    /// Waits until its stderr contains these words.
    pub(crate) async fn wait_for_log(&self, words: &str) {
        let deadline = RealInstant::now() + PATIENCE;
        while !self.log().contains(words) {
            let in_time = RealInstant::now() < deadline;
            assert!(in_time, "it never logged `{words}`\n{}\n{}", self.state(), self.log());
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// Its readiness and metrics, for the message of a failed test.
    fn state(&self) -> String {
        let pages =
            ["/readyz", "/metrics"].map(|page| self.get(page).map_or(String::new(), |page| page.body));
        let lines = pages.iter().flat_map(|page| page.lines());
        let lines = lines.filter(|line| !line.starts_with('#') && !line.contains("_bucket"));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Its stderr.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

/// Writes past the test harness, which hides the output of a passing test, that something could not be tested here.
pub(crate) fn not_tested(what: &str) {
    let text = format!("\nNOT TESTED: {what}\n");
    std::io::stderr().write_all(text.as_bytes()).expect("stderr takes it");
}

/// Writes a file until the disk is full.
pub(crate) fn fill_disk(ballast: &Path) {
    let mut file = std::fs::File::create(ballast).expect("a file");
    for bytes in [1 << 20, 1 << 12, 1] {
        while file.write_all(&vec![1; bytes]).is_ok() {}
    }
}

/// Waits before the log is read once more, so that reading thousands of alerts takes a tenth of one processor from what is tested.
async fn pause_after_reading_since(began: RealInstant) {
    tokio::time::sleep(POLL_INTERVAL.max(began.elapsed() * 9)).await;
}

/// Whether every partition has judged up to a first tick.
fn has_begun(data_dir: &Path) -> bool {
    let Ok(reader) = EmbeddedLog::open_beside(&data_dir.join("log")) else {
        return false;
    };
    (0..reader.partitions()).map(Partition).all(|partition| {
        let end = reader.latest(Topic::Status, partition).expect("an end");
        let last = Offset(end.0.saturating_sub(1));
        let records = reader.read(Topic::Status, partition, last, 1, usize::MAX).expect("the last status");
        let position = records.first().and_then(|record| kigen_wire::decode_status(record.value.as_deref()?).ok());
        matches!(position, Some(Status::Position(position)) if position.clocks.values().any(|clock| clock.observed_until.is_some()))
    })
}

/// All alerts in the log of `data_dir`, by partition and offset; none while there is no log yet.
pub(crate) fn alerts(data_dir: &Path) -> Vec<Alert> {
    let Ok(reader) = EmbeddedLog::open_beside(&data_dir.join("log")) else {
        return Vec::new();
    };
    let mut alerts = Vec::new();
    for partition in (0..reader.partitions()).map(Partition) {
        let start = reader.earliest(Topic::Alerts, partition).expect("a start");
        for record in reader.read(Topic::Alerts, partition, start, usize::MAX, usize::MAX).expect("alerts") {
            let bytes = record.value.expect("an alert");
            alerts.push(kigen_wire::decode_alert(&bytes).expect("an alert that can be read"));
        }
    }
    alerts
}

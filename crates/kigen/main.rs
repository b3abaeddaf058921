//! The `kigen` binary: parses, configures, wires and runs.
//!
//! stdout is data, stderr is talk. Exit codes: 0 done, 1 failed, 2 wrong usage or configuration.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use tracing_subscriber::EnvFilter;

mod cli;
mod commands;
mod config;
mod health;
mod metrics;
mod objectives_watcher;

use cli::{Cli, Command};
use commands::up::Role;
use config::{Config, LogKind};

/// For RocksDB and librdkafka as well (`docs/adr/0009`).
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// How long threads that wait for somebody may take to end.
const THREADS_END_MAX: Duration = Duration::from_secs(1);

/// Wrong usage or configuration, as opposed to something that went wrong on the way.
#[derive(Debug)]
struct Misused;

impl std::fmt::Display for Misused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("nothing was started")
    }
}

impl std::error::Error for Misused {}

fn main() -> ExitCode {
    let cli = Cli::parse();
    talk(&cli);
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let mut stderr = std::io::stderr();
            let _ = writeln!(stderr, "kigen: {}", chain(&error));
            ExitCode::from(if error.is::<Misused>() { 2 } else { 1 })
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<()> {
    let Cli { settings, command, .. } = cli;
    let configure =
        || Config::resolve(&settings).map_err(|error| anyhow::Error::from(error).context(Misused));
    match command {
        Command::Up => on_threads(commands::up::run(configure()?, &Role::ALL)),
        Command::Ship => on_threads(commands::up::run(configure()?, &[Role::Ship])),
        Command::Process => on_threads(commands::up::run(configure()?, &[Role::Process])),
        Command::Notify => on_threads(commands::up::run(configure()?, &[Role::Notify])),
        Command::Demo(demo) => {
            // What a configuration says of clusters and of Slack is none of the demo's.
            let kafka = (settings.log == Some(LogKind::Kafka)).then(configure).transpose()?;
            on_threads(commands::demo::run(demo, kafka))
        }
        Command::Events(events) => commands::events::run(&configure()?, &events),
        Command::Status(status) => commands::status::run(&configure()?, &status),
        Command::Explain(explain) => commands::explain::run(&configure()?, &explain),
        Command::Objectives(objectives) => commands::objectives::run(&configure()?, &objectives),
        Command::Replay(replay) => commands::replay::run(&configure()?, &replay),
        Command::Doctor => on_threads(commands::doctor::run(settings)),
        Command::Topics(topics) => on_threads(commands::topics::run(configure()?, topics)),
        Command::Crontab(crontab) => commands::crontab::run(&crontab),
        Command::Config => commands::print(&configure()?.shown()),
    }
}

/// Runs a role's futures on as many threads as there are roles that wait on the disk.
fn on_threads(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let outcome = runtime.block_on(work);
    // A question to a Kafka that is away would keep the process for half a minute more.
    runtime.shutdown_timeout(THREADS_END_MAX);
    outcome
}

fn talk(cli: &Cli) {
    let default = match (&cli.command, cli.verbose) {
        (_, true) => "debug,hyper_util=info,kube_client=info,tower=info,h2=info,rustls=info",
        // The shipper says each failure of the API server itself, once a minute and with advice.
        (Command::Demo(_), false) => "error,kube_client=off",
        (_, false) => "info,kube_client=off",
    };
    let filter = EnvFilter::try_from_env("KIGEN_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .init();
}

/// What happened and why, each cause once: some libraries say a cause again in what it caused.
fn chain(error: &anyhow::Error) -> String {
    let marker = Misused.to_string();
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string).filter(|cause| *cause != marker) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {}", cause.trim_end());
        }
    }
    text
}

/// A reader such as `head` that has seen enough is no failure.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

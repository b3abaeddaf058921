//! The `kigen` binary: parses, configures, wires and runs.
//!
//! Data goes to stdout, logs and errors to stderr. Exit codes: 0 success, 1 failure, 2 wrong usage or configuration.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory, FromArgMatches};
use tracing_subscriber::EnvFilter;

mod batch_table;
mod cli;
mod cluster_event;
mod commands;
mod config;
mod deadlines;
mod edges;
mod exit;
mod health;
mod kafka;
mod log_kind;
mod metrics;
mod mute_socket;
mod objectives_watcher;
mod open;
mod outages;
mod output;
mod reader;
mod record_text;
#[cfg(test)]
mod reference;
mod role;
mod sheet_watcher;
mod warned;

use cli::{Cli, Command, ConfigArgs, NotifyArgs, SlackArgs};
use config::Config;
use log_kind::LogKind;
use role::Role;

/// For RocksDB and librdkafka as well (`docs/adr/0009`).
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// The longest wait for threads in blocking calls at the end.
const THREADS_END_MAX: Duration = Duration::from_secs(1);

/// The file name of a plugin of kubectl.
const PLUGIN: &str = "kubectl-kigen";

fn main() -> ExitCode {
    let cli = parse();
    init_logging(&cli);
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if exit::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            if let Some(exit::Restart(why)) = error.downcast_ref() {
                tracing::info!("{why}: kigen starts again");
                tracing::error!("kigen could not start again: {}", exit::restart());
            }
            let _ = writeln!(std::io::stderr(), "kigen: {}", exit::message(&error));
            ExitCode::from(exit::code(&error))
        }
    }
}

/// Parses the command line. As `kubectl-kigen` this program is a plugin of kubectl, and is named as users call it.
fn parse() -> Cli {
    let mut command = Cli::command();
    let name = std::env::args_os().next().map(std::path::PathBuf::from);
    if name.is_some_and(|name| name.file_stem().is_some_and(|name| name == PLUGIN)) {
        command = command.bin_name("kubectl kigen");
    }
    Cli::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit())
}

fn run(cli: Cli) -> anyhow::Result<()> {
    let Cli { settings, command, .. } = cli;
    let configure = || Config::resolve(&settings).map_err(exit::misused);
    match command {
        Command::Up => on_threads(commands::up::run(configure()?, &Role::ALL)),
        Command::Ship => on_threads(commands::up::run(configure()?, &[Role::Ship])),
        Command::Process => on_threads(commands::up::run(configure()?, &[Role::Process])),
        Command::Notify(NotifyArgs { preview: Some(folder), .. }) => commands::notify::preview(&folder),
        Command::Notify(NotifyArgs { explain: Some(id), .. }) => {
            commands::notify::explain(&configure()?, &id)
        }
        Command::Notify(NotifyArgs { retry: true, .. }) => on_threads(commands::notify::retry(configure()?)),
        Command::Notify(NotifyArgs { retry: false, explain: None, preview: None }) => {
            on_threads(commands::up::run(configure()?, &[Role::Notify]))
        }
        Command::Archive(archive) => on_threads(commands::archive::run(configure()?, archive)),
        Command::Demo(demo) => {
            // The configuration of clusters and of Slack does not concern the demo.
            let kafka = (settings.log == Some(LogKind::Kafka)).then(configure).transpose()?;
            on_threads(commands::demo::run(demo, settings.data_dir, kafka))
        }
        Command::Events(events) => commands::events::run(&configure()?, &events),
        Command::Status(status) => commands::status::run(&configure()?, &status),
        Command::Export(export) => commands::export::run(&configure()?, &export),
        Command::Lineage(lineage) => commands::lineage::run(&configure()?, &lineage),
        Command::Impact(impact) => commands::impact::run(&configure()?, &impact),
        Command::Explain(explain) => commands::explain::run(&configure()?, &explain),
        Command::Objectives(objectives) => commands::objectives::run(&configure()?, &objectives),
        Command::Replay(replay) => commands::replay::run(&configure()?, &replay),
        Command::Doctor(doctor) => on_threads(commands::doctor::run(settings, &doctor)),
        Command::Topics(topics) => on_threads(commands::topics::run(configure()?, topics)),
        Command::Clusters(clusters) => on_threads(commands::clusters::run(configure()?, clusters)),
        Command::Mute(mute) => on_threads(commands::mutes::mute(configure()?, mute)),
        Command::Unmute(unmute) => on_threads(commands::mutes::unmute(configure()?, unmute)),
        Command::Mutes(mutes) => on_threads(commands::mutes::list(configure()?, mutes)),
        Command::Skip(skip) => on_threads(commands::skip::run(configure()?, skip)),
        Command::Calendar(calendar) => commands::calendar::run(&configure()?, &calendar),
        Command::Crontab(crontab) => commands::crontab::run(&crontab),
        Command::Slack(SlackArgs::Manifest { private }) => {
            commands::slack_manifest::run(&configure()?, private)
        }
        Command::Generate { dir } => commands::generate::run(&dir),
        Command::Config { check: None } => output::print(&configure()?.shown()),
        Command::Config { check: Some(ConfigArgs::Check) } => commands::notify::check(&configure()?),
    }
}

/// Runs a future on two threads, as many as there are roles that wait for the disk.
fn on_threads(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let outcome = runtime.block_on(work);
    // A blocking request to a Kafka that does not answer would keep the process alive for half a minute more.
    runtime.shutdown_timeout(THREADS_END_MAX);
    outcome
}

fn init_logging(cli: &Cli) {
    let default = match (&cli.command, cli.verbose) {
        (_, true) => "debug,hyper_util=info,kube_client=info,tower=info,h2=info,rustls=info",
        // The shipper logs each failure of the API server itself, once a minute and with advice.
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

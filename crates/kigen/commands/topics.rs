//! `kigen topics`: makes kigen's topics on Kafka and its subjects in the schema registry, and says how they are.

use std::fmt::Write;

use kigen_log::kafka::topics::{self, Found};
use kigen_log::on_thread;
use kigen_registry as registry;

use crate::cli::TopicsArgs;
use crate::config::Config;

/// Makes or checks the topics, and the subjects where there is a registry; fails where kigen could not run with them.
pub(crate) async fn run(config: Config, args: TopicsArgs) -> anyhow::Result<()> {
    let kafka = config.kafka().map_err(|error| anyhow::Error::from(error).context(crate::Misused))?;
    let found = match args {
        TopicsArgs::Create => topics::create(&kafka.connection, &kafka.layout).await?,
        TopicsArgs::Check => topics::check(&kafka.connection, &kafka.layout).await?,
    };
    super::print(&told(&found))?;
    if let Some(access) = kafka.registry {
        let subjects = on_thread(move || match args {
            TopicsArgs::Create => registry::register(&access),
            TopicsArgs::Check => registry::check(&access),
        });
        super::print(&subjects_told(&subjects.await?))?;
    }
    let bad = found.iter().filter(|found| !found.is_usable()).count();
    anyhow::ensure!(bad == 0, "kigen cannot run on {bad} of these topics");
    Ok(())
}

fn told(found: &[Found]) -> String {
    let mut text = String::new();
    for Found { topic, partitions, problems } in found {
        let partitions = partitions.map_or(String::new(), |count| format!("{count} partitions"));
        let well = if problems.is_empty() { ", as asked for" } else { "" };
        let _ = writeln!(text, "{:<14} {partitions}{well}", topic.name());
        for problem in problems {
            let word = if problem.is_bearable() { "note" } else { "wrong" };
            let _ = writeln!(text, "  {word}: {}", problem.told(*topic));
        }
    }
    text
}

fn subjects_told(found: &[registry::Subject]) -> String {
    let mut text = String::new();
    for subject in found {
        let ids: Vec<String> = subject.ids.iter().flatten().map(u32::to_string).collect();
        let ids = if ids.is_empty() { "none".to_owned() } else { ids.join(", ") };
        let problems = subject.problems();
        let well = if problems.is_empty() { ", as asked for" } else { "" };
        let _ = writeln!(text, "{:<20} schemas {ids}{well}", subject.name());
        for problem in problems {
            let _ = writeln!(text, "  note: {problem}");
        }
    }
    text
}

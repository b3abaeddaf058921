//! `kigen topics`: makes kigen's topics on Kafka, and says how they are.

use std::fmt::Write;

use kigen_log::kafka::topics::{self, Found};

use crate::cli::TopicsArgs;
use crate::config::Config;

/// Makes or checks the topics; fails where kigen could not run with them.
pub(crate) async fn run(config: Config, args: TopicsArgs) -> anyhow::Result<()> {
    let kafka = config.kafka().map_err(|error| anyhow::Error::from(error).context(crate::Misused))?;
    let found = match args {
        TopicsArgs::Create => topics::create(&kafka.connection, &kafka.layout).await?,
        TopicsArgs::Check => topics::check(&kafka.connection, &kafka.layout).await?,
    };
    super::print(&told(&found))?;
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

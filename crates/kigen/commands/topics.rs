//! `kigen topics`: creates or checks kigen's topics on Kafka and its subjects in the schema registry.

use std::fmt::Write;

use kigen_log::kafka::topics::{self, Found};
use kigen_ops::on_thread;
use kigen_registry as registry;

use crate::cli::TopicsArgs;
use crate::config::Config;
use crate::exit::misused;
use crate::output::print;

/// Creates or checks the topics, and the subjects if there is a registry; fails if kigen cannot run with them.
pub(crate) async fn run(config: Config, args: TopicsArgs) -> anyhow::Result<()> {
    let kafka = config.kafka().map_err(misused)?;
    let found = match args {
        TopicsArgs::Create => topics::create(&kafka.connection, &kafka.layout).await?,
        TopicsArgs::Check => topics::check(&kafka.connection, &kafka.layout).await?,
    };
    print(&topics_text(&found))?;
    if let Some(access) = kafka.registry {
        let subjects = on_thread(move || match args {
            TopicsArgs::Create => registry::register(&access),
            TopicsArgs::Check => registry::check(&access),
        });
        print(&subjects_text(&subjects.await?))?;
    }
    let bad = found.iter().filter(|found| !found.is_usable()).count();
    anyhow::ensure!(bad == 0, "kigen cannot run on {bad} of these topics");
    Ok(())
}

fn topics_text(found: &[Found]) -> String {
    let mut text = String::new();
    for Found { topic, partitions, problems } in found {
        let partitions = partitions.map_or(String::new(), |count| format!("{count} partitions"));
        let ok = if problems.is_empty() { ", as configured" } else { "" };
        let _ = writeln!(text, "{:<17} {partitions}{ok}", topic.name());
        for problem in problems {
            let level = if problem.is_bearable() { "note" } else { "wrong" };
            let _ = writeln!(text, "  {level}: {}", problem.describe(*topic));
        }
    }
    text
}

fn subjects_text(found: &[registry::Subject]) -> String {
    let mut text = String::new();
    for subject in found {
        let ids: Vec<String> = subject.ids.iter().flatten().map(u32::to_string).collect();
        let ids = if ids.is_empty() { "none".to_owned() } else { ids.join(", ") };
        let problems = subject.problems();
        let ok = if problems.is_empty() { ", as configured" } else { "" };
        let _ = writeln!(text, "{:<23} schemas {ids}{ok}", subject.name());
        for problem in problems {
            let _ = writeln!(text, "  note: {problem}");
        }
    }
    text
}

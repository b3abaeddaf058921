//! `kigen skip`: goes on without a record that a newer kigen wrote.

use anyhow::Context;
use chrono::Utc;
use kigen_log::{Log, LogReader};
use kigen_model::control::{ControlRecord, Skip};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_ops::on_thread;

use crate::cli::{SkipArgs, SkippedTopicArg};
use crate::config::Config;
use crate::log_kind::LogKind;
use crate::open::{open_kafka_beside, open_log_alone};
use crate::output::print;

/// Checks that the record is one that a newer kigen wrote, and writes that it is skipped.
pub(crate) async fn run(config: Config, args: SkipArgs) -> anyhow::Result<()> {
    let topic = match args.topic {
        SkippedTopicArg::Events => Topic::Events,
        SkippedTopicArg::Alerts => Topic::Alerts,
    };
    let place = (topic, Partition(args.partition), Offset(args.offset));
    let author = config.operator();
    match config.log_kind {
        LogKind::Embedded => {
            skip(open_log_alone(&config.log_dir(), config.log.clone())?, place, author).await
        }
        LogKind::Kafka => skip(open_kafka_beside(&config, "skip").await?, place, author).await,
    }
}

async fn skip<L: Log>(log: L, place: (Topic, Partition, Offset), author: String) -> anyhow::Result<()> {
    let (topic, partition, offset) = place;
    let reader = log.reader().clone();
    let found = on_thread(move || reader.read(topic, partition, offset, 1, 1)).await?;
    let record = found
        .into_iter()
        .find(|record| record.offset == offset)
        .with_context(|| format!("{topic}, partition {partition}, has no record at offset {offset}"))?;
    let value = record.value.as_deref().unwrap_or_default();
    let error = match topic {
        Topic::Events => kigen_wire::decode_event(value).err(),
        Topic::Alerts => kigen_wire::decode_alert(value).err(),
        Topic::Status | Topic::Rejects | Topic::Control | Topic::Deliveries => None,
    };
    anyhow::ensure!(
        error.is_some_and(|error| error.is_newer()),
        "nothing waits for the record at offset {offset} of {topic}, partition {partition}: this kigen knows its version, \
         or no kigen wrote it"
    );
    let now = Utc::now();
    let skip = ControlRecord::Skip(Skip { place, author, skipped_at: now });
    log.append(vec![kigen_control::new_record(&skip, now)]).await?;
    print(&format!(
        "partition {partition} of {topic} goes on without the record of {} at offset {offset}, whose bytes go to {}\n",
        record.key,
        Topic::Rejects
    ))
}

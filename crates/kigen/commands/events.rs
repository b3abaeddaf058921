//! `kigen events`: the records of a topic in the order of time, also beside a running `up`.

use std::collections::VecDeque;
use std::time::Duration;

use kigen_log::{ConsumedRecord, LogReader};
use kigen_model::Instant;
use kigen_model::event::{ClusterBody, ClusterEvent, Event};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_text::secrets::scrub;
use serde_json::{Value, json};

use crate::cli::{EventsArgs, TopicArg};
use crate::config::Config;
use crate::output::{print, print_json, text};
use crate::reader::{Progress, is_known, is_of, open, unknown_batch};
use crate::record_text::record_text;

/// The most of a partition that is read at a time.
const PAGE_RECORDS_MAX: usize = 256;
const PAGE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How often `--follow` checks for new records.
const FOLLOW_DELAY_MS: u64 = 250;

/// Prints the records.
pub(crate) fn run(config: &Config, args: &EventsArgs) -> anyhow::Result<()> {
    let reader = open(config)?;
    let topic = topic(args.topic);
    let mut merge = Merge::new(&*reader, topic, args.from)?;
    let progress = Progress::of(merge.left(&*reader, topic)?);
    let mut is_empty = true;
    loop {
        while let Some((partition, record)) = merge.next(&*reader, topic)? {
            progress.advance(1);
            if !is_shown(topic, &record, args) {
                continue;
            }
            is_empty = false;
            progress.clear();
            if args.json {
                print_json(json(topic, partition, &record))?;
            } else {
                print(&format!("{}\n", line(topic, partition, &record)))?;
            }
        }
        progress.clear();
        if !args.follow {
            // A batch of which the topic has nothing may still be one that is known.
            return match args.batch.as_deref().filter(|_| is_empty) {
                Some(batch) if !is_known(&*reader, batch)? => Err(unknown_batch(batch)),
                Some(_) | None => Ok(()),
            };
        }
        std::thread::sleep(Duration::from_millis(FOLLOW_DELAY_MS));
        reader.refresh()?;
    }
}

fn topic(arg: TopicArg) -> Topic {
    match arg {
        TopicArg::Events => Topic::Events,
        TopicArg::Alerts => Topic::Alerts,
        TopicArg::Status => Topic::Status,
        TopicArg::Rejects => Topic::Rejects,
        TopicArg::Control => Topic::Control,
        TopicArg::Deliveries => Topic::Deliveries,
    }
}

/// Merges the partitions: records by time, within a partition by offset.
struct Merge {
    partitions: Vec<(Offset, VecDeque<ConsumedRecord>)>,
}

impl Merge {
    fn new(reader: &dyn LogReader, topic: Topic, from: Option<Instant>) -> anyhow::Result<Self> {
        let mut partitions = Vec::new();
        for partition in (0..reader.partitions()).map(Partition) {
            let start = match from {
                Some(from) => reader.offset_for_time(topic, partition, from)?,
                None => reader.earliest(topic, partition)?,
            };
            partitions.push((start, VecDeque::new()));
        }
        Ok(Self { partitions })
    }

    /// The number of records that are left to read.
    fn left(&self, reader: &dyn LogReader, topic: Topic) -> anyhow::Result<u64> {
        let mut left = 0;
        for (partition, (next, _)) in (0..).map(Partition).zip(&self.partitions) {
            left += reader.latest(topic, partition)?.0.saturating_sub(next.0);
        }
        Ok(left)
    }

    fn next(
        &mut self,
        reader: &dyn LogReader,
        topic: Topic,
    ) -> anyhow::Result<Option<(Partition, ConsumedRecord)>> {
        for (partition, (next, page)) in (0..).map(Partition).zip(&mut self.partitions) {
            if page.is_empty() {
                page.extend(reader.read(topic, partition, *next, PAGE_RECORDS_MAX, PAGE_BYTES_MAX)?);
                *next = page.back().map_or(*next, |last| last.offset.next());
            }
        }
        let first = (0..)
            .map(Partition)
            .zip(&mut self.partitions)
            .filter_map(|(partition, (_, page))| Some((page.front()?.timestamp, partition, page)))
            .min_by_key(|(timestamp, partition, _)| (*timestamp, *partition));
        Ok(first.and_then(|(_, partition, page)| Some((partition, page.pop_front()?))))
    }
}

fn is_shown(topic: Topic, record: &ConsumedRecord, args: &EventsArgs) -> bool {
    let is_tick = || topic == Topic::Events && is_tick(record.value.as_deref().unwrap_or_default());
    is_of(&record.key, args.batch.as_deref()) && (args.ticks || !is_tick())
}

fn is_removed(topic: Topic, record: &ConsumedRecord) -> bool {
    matches!(topic, Topic::Status | Topic::Control | Topic::Deliveries) && record.value.is_none()
}

fn json(topic: Topic, partition: Partition, record: &ConsumedRecord) -> Value {
    let value = match kigen_wire::decode_to_json(topic, record.value.as_deref().unwrap_or_default()) {
        _ if is_removed(topic, record) => Value::Null,
        Ok(value) => value,
        Err(error) => json!({ "undecodable": error.to_string() }),
    };
    json!({
        "partition": partition.0,
        "offset": record.offset.0,
        "key": record.key,
        "timestamp": text(record.timestamp),
        "value": value,
    })
}

fn line(topic: Topic, partition: Partition, record: &ConsumedRecord) -> String {
    let value = match record_text(topic, record.value.as_deref().unwrap_or_default()) {
        _ if is_removed(topic, record) => "removed".to_owned(),
        Ok(value) => value,
        Err(reason) => format!("not understood: {reason}"),
    };
    let place = format!("{partition}@{}", record.offset);
    let line = format!("{} {place:>12}  {}  {value}", text(record.timestamp), record.key);
    // One line each, whatever a program or another client wrote.
    scrub(&line).replace('\n', " ")
}

fn is_tick(bytes: &[u8]) -> bool {
    matches!(
        kigen_wire::decode_event(bytes),
        Ok(Event::Cluster(ClusterEvent { body: ClusterBody::Tick { .. }, .. }))
    )
}

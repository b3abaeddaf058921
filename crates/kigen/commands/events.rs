//! `kigen events`: what is in the log, in the order of time, beside a running `up`.

use std::collections::VecDeque;
use std::time::Duration;

use chrono::SecondsFormat;
use kigen_log::kafka::KafkaReader;
use kigen_log::{ConsumedRecord, EmbeddedLog, LogReader};
use kigen_model::Instant;
use kigen_model::alert::{Alert, AlertBody};
use kigen_model::event::{ClusterBody, ClusterEvent, Event, Fact, FactBody};
use kigen_model::objective::Deadlines;
use kigen_model::run::{AttemptPhase, RunPhase};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_registry::Intent;
use kigen_wire::Status;

use super::pages::Progress;
use crate::cli::{EventsArgs, TopicArg};
use crate::config::{Config, LogKind};

/// How much of a partition is read at a time.
const PAGE_RECORDS_MAX: usize = 256;
const PAGE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How often `--follow` looks for more.
const FOLLOW_DELAY_MS: u64 = 250;

/// Prints the records.
pub(crate) fn run(config: &Config, args: &EventsArgs) -> anyhow::Result<()> {
    let view = open(config)?;
    let topic = topic(args.topic);
    let mut merge = Merge::new(&*view, topic, args.from)?;
    let progress = Progress::of(merge.left(&*view, topic)?);
    loop {
        while let Some((partition, record)) = merge.next(&*view, topic)? {
            progress.tell(1);
            if let Some(line) = line(topic, partition, &record, args) {
                progress.clear();
                super::print(&format!("{line}\n"))?;
            }
        }
        progress.clear();
        if !args.follow {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(FOLLOW_DELAY_MS));
        view.refresh()?;
    }
}

/// Opens the log beside whoever writes it.
pub(crate) fn open(config: &Config) -> anyhow::Result<Box<dyn LogReader>> {
    match config.log_kind {
        LogKind::Embedded => Ok(Box::new(EmbeddedLog::open_beside(&config.log_dir())?)),
        LogKind::Kafka => {
            let kafka = config.kafka().map_err(|error| anyhow::Error::from(error).context(crate::Misused))?;
            Ok(Box::new(KafkaReader::new(super::framed(&kafka, Intent::Read)?, &config.log)?))
        }
    }
}

/// Whether a record's key is of the batch that was asked for, given as `namespace/batch`.
pub(crate) fn is_of(key: &str, batch: Option<&str>) -> bool {
    batch.is_none_or(|batch| key.split_once('/').is_some_and(|(_, of)| of == batch))
}

fn topic(arg: TopicArg) -> Topic {
    match arg {
        TopicArg::Events => Topic::Events,
        TopicArg::Alerts => Topic::Alerts,
        TopicArg::Status => Topic::Status,
        TopicArg::Rejects => Topic::Rejects,
    }
}

/// The records of all partitions by time; within a partition by offset.
struct Merge {
    partitions: Vec<(Offset, VecDeque<ConsumedRecord>)>,
}

impl Merge {
    fn new(view: &dyn LogReader, topic: Topic, from: Option<Instant>) -> anyhow::Result<Self> {
        let mut partitions = Vec::new();
        for partition in (0..view.partitions()).map(Partition) {
            let start = match from {
                Some(from) => view.offset_for_time(topic, partition, from)?,
                None => view.earliest(topic, partition)?,
            };
            partitions.push((start, VecDeque::new()));
        }
        Ok(Self { partitions })
    }

    /// How many records there are to read.
    fn left(&self, view: &dyn LogReader, topic: Topic) -> anyhow::Result<u64> {
        let mut left = 0;
        for (partition, (next, _)) in (0..).map(Partition).zip(&self.partitions) {
            left += view.latest(topic, partition)?.0.saturating_sub(next.0);
        }
        Ok(left)
    }

    fn next(
        &mut self,
        view: &dyn LogReader,
        topic: Topic,
    ) -> anyhow::Result<Option<(Partition, ConsumedRecord)>> {
        for (partition, (next, page)) in (0..).map(Partition).zip(&mut self.partitions) {
            if page.is_empty() {
                page.extend(view.read(topic, partition, *next, PAGE_RECORDS_MAX, PAGE_BYTES_MAX)?);
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

fn line(topic: Topic, partition: Partition, record: &ConsumedRecord, args: &EventsArgs) -> Option<String> {
    if !is_of(&record.key, args.batch.as_deref()) {
        return None;
    }
    let bytes = record.value.as_deref().unwrap_or_default();
    if !args.ticks && topic == Topic::Events && is_tick(bytes) {
        return None;
    }
    if args.json {
        let value = match kigen_wire::decode_to_json(topic, bytes) {
            Ok(value) => value,
            Err(error) => serde_json::json!({ "undecodable": error.to_string() }),
        };
        let whole = serde_json::json!({
            "partition": partition.0,
            "offset": record.offset.0,
            "key": record.key,
            "timestamp": text(record.timestamp),
            "value": value,
        });
        return Some(whole.to_string());
    }
    let told = told(topic, bytes).unwrap_or_else(|reason| format!("not understood: {reason}"));
    Some(format!(
        "{} {:>12}  {}  {told}",
        text(record.timestamp),
        format!("{partition}@{}", record.offset),
        record.key
    ))
}

fn is_tick(bytes: &[u8]) -> bool {
    matches!(
        kigen_wire::decode_event(bytes),
        Ok(Event::Cluster(ClusterEvent { body: ClusterBody::Tick { .. }, .. }))
    )
}

fn told(topic: Topic, bytes: &[u8]) -> Result<String, kigen_wire::DecodeError> {
    Ok(match topic {
        Topic::Events => match kigen_wire::decode_event(bytes)? {
            Event::Fact(fact) => fact_told(&fact),
            Event::Cluster(event) => cluster_told(&event),
        },
        Topic::Alerts => alert_told(&kigen_wire::decode_alert(bytes)?),
        Topic::Status => match kigen_wire::decode_status(bytes)? {
            Status::Batch(state) => {
                format!("{} runs, {} objectives", state.runs.len(), state.objectives.len())
            }
            Status::Position(position) => format!("judged up to event {}", position.next),
        },
        Topic::Rejects => {
            let reject = kigen_wire::decode_reject(bytes)?;
            let place =
                reject.place.map_or(String::new(), |(partition, offset)| format!(" {partition}@{offset}"));
            format!("{}{place}: {} ({} bytes)", reject.source, reject.reason, reject.bytes.len())
        }
    })
}

/// A fact's instant and what it says, in words; `None`: the bytes are no fact.
pub(crate) fn fact_in_words(bytes: &[u8]) -> Option<(Instant, String)> {
    match kigen_wire::decode_event(bytes) {
        Ok(Event::Fact(fact)) => Some((fact.observed_at, fact_told(&fact))),
        Ok(Event::Cluster(_)) | Err(_) => None,
    }
}

fn fact_told(fact: &Fact) -> String {
    match &fact.body {
        FactBody::CronJob { cron_job: Some(cron_job), .. } => {
            let zone = cron_job.time_zone.as_deref().unwrap_or("no zone");
            let suspended = if cron_job.suspended { ", suspended" } else { "" };
            format!("CronJob \"{}\" ({zone}{suspended})", cron_job.schedule)
        }
        FactBody::CronJob { cron_job: None, .. } => "CronJob deleted".to_owned(),
        FactBody::Run { run, .. } => {
            let phase = match &run.phase {
                RunPhase::Pending => "pending".to_owned(),
                RunPhase::Running => "running".to_owned(),
                RunPhase::Suspended => "suspended".to_owned(),
                RunPhase::Succeeded { completed_at } => format!("succeeded at {}", text(*completed_at)),
                RunPhase::Failed { failed_at, reason, .. } => {
                    format!("failed at {}: {reason}", text(*failed_at))
                }
                RunPhase::Deleted { .. } => "deleted before its end".to_owned(),
            };
            let failed = match (run.failed_pods, &run.phase) {
                (0, _) | (_, RunPhase::Failed { .. }) => String::new(),
                (1, _) => ", 1 pod failed".to_owned(),
                (failed, _) => format!(", {failed} pods failed"),
            };
            format!("Job {} {phase}{failed}", run.job)
        }
        FactBody::Attempt { attempt, .. } => {
            let phase = match &attempt.phase {
                AttemptPhase::Waiting { reason, .. } => {
                    format!(
                        "waiting{}",
                        reason.as_ref().map_or(String::new(), |reason| format!(": {reason}"))
                    )
                }
                AttemptPhase::Running { .. } => "running".to_owned(),
                AttemptPhase::Succeeded { .. } => "succeeded".to_owned(),
                AttemptPhase::Failed { exit_code, reason, message, .. } => format!(
                    "failed: {}, exit code {}{}",
                    reason.as_deref().unwrap_or("no reason"),
                    exit_code.map_or("unknown".to_owned(), |code| code.to_string()),
                    // Of a traceback the last line is the exception.
                    message
                        .as_deref()
                        .and_then(|text| text.lines().last())
                        .map_or(String::new(), |line| format!(", {line}"))
                ),
            };
            let restarted = match attempt.restarts {
                0 => String::new(),
                1 => ", restarted once".to_owned(),
                restarts => format!(", restarted {restarts} times"),
            };
            let reported = match attempt.metrics.is_empty() {
                true => String::new(),
                false => format!(", reported {}", attempt.metrics),
            };
            format!("Pod {} {phase}{restarted}{reported}", attempt.pod)
        }
        FactBody::Objective { name, objective: Some(objective), .. } => match &objective.deadlines {
            Deadlines::CompleteBy { crontab } => format!("objective {name}: complete by \"{crontab}\""),
            Deadlines::Before { namespace, cron_job, .. } => {
                format!("objective {name}: before {namespace}/{cron_job} starts")
            }
        },
        FactBody::Objective { name, objective: None, .. } => format!("objective {name} withdrawn"),
    }
}

fn cluster_told(event: &ClusterEvent) -> String {
    match &event.body {
        ClusterBody::Epoch { shipper } => format!("epoch {} of {shipper} begins", event.epoch),
        ClusterBody::Tick { observed_until, .. } => {
            format!("all is observed until {}", text(*observed_until))
        }
        ClusterBody::Gap(gap) => {
            let from = gap.from.map_or("ever".to_owned(), text);
            format!("history may be lost from {from} to {}", text(gap.to))
        }
    }
}

fn alert_told(alert: &Alert) -> String {
    match &alert.body {
        AlertBody::SlotMissed { slot, cause, .. } => {
            format!("missed the deadline {}: {}", text(slot.deadline), cause.kind().label())
        }
        AlertBody::SlotRecovered { slot, ended_at, .. } => {
            format!("recovered at {} from the deadline {}", text(*ended_at), text(slot.deadline))
        }
        AlertBody::SlotRetracted { slot, ended_at, .. } => {
            format!("retracted: the deadline {} was met at {}", text(slot.deadline), text(*ended_at))
        }
        AlertBody::SlotUnknown { slot, .. } => {
            format!("unknown: the deadline {}, nobody watched", text(slot.deadline))
        }
        AlertBody::RunFailed { run, failure } => format!("run {} failed: {}", run.run.job, failure.reason),
    }
}

/// An instant in UTC.
pub(crate) fn text(at: Instant) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

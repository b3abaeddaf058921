//! Reads the event log beside the process that writes it: opens it, and reads a topic from its start, a page at a time.

use std::collections::BTreeSet;
use std::io::{IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant as RealInstant};

use anyhow::{Context, bail};
use kigen_archive::ArchivedLog;
use kigen_control::{Control, Members};
use kigen_log::kafka::KafkaReader;
use kigen_log::{ConsumedRecord, EmbeddedLog, LogReader};
use kigen_model::key::BatchKey;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_registry::Intent;

use crate::config::Config;
use crate::config::cluster::NamedBy;
use crate::exit::misused;
use crate::kafka::connect_blocking;
use crate::log_kind::LogKind;

/// The most of a partition that is read at a time.
const PAGE_RECORDS_MAX: usize = 4_096;
const PAGE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// How often the progress is shown.
const SHOW_INTERVAL: Duration = Duration::from_millis(500);

/// Opens the log beside the process that writes it, with the archive before it if there is one.
pub(crate) fn open(config: &Config) -> anyhow::Result<Box<dyn LogReader>> {
    match config.log_kind {
        LogKind::Embedded => with_archive(EmbeddedLog::open_beside(&config.log_dir())?, config),
        LogKind::Kafka => {
            let kafka = config.kafka().map_err(misused)?;
            with_archive(KafkaReader::new(connect_blocking(&kafka, Intent::Read)?, &config.log)?, config)
        }
    }
}

fn with_archive(log: impl LogReader + 'static, config: &Config) -> anyhow::Result<Box<dyn LogReader>> {
    match &config.archive {
        Some(address) => Ok(Box::new(ArchivedLog::open(log, address)?)),
        None => Ok(Box::new(log)),
    }
}

/// What operators skip. A log whose `kigen.control` cannot be read skips nothing.
pub(crate) fn skips(reader: &dyn LogReader) -> Control {
    let mut members = Members::default();
    if let Err(error) = members.refresh(reader) {
        tracing::debug!("{} cannot be read: {error}", Topic::Control);
    }
    members.reading()
}

/// Whether a record's key is of this batch, given as `namespace/batch`; `None`: of any.
pub(crate) fn is_of(key: &str, batch: Option<&str>) -> bool {
    batch.is_none_or(|batch| key.split_once('/').is_some_and(|(_, of)| of == batch))
}

/// That the log has no record of a batch that was named.
pub(crate) fn unknown_batch(batch: &str) -> anyhow::Error {
    anyhow::anyhow!(
        "the log has no batch `{batch}`: give it as NAMESPACE/BATCH; `kigen status` lists those with an objective, and \
         `kigen events` prints the records of all"
    )
}

/// Whether `kigen.status` has a state of this batch, given as `namespace/batch`, in any cluster.
pub(crate) fn is_known(reader: &dyn LogReader, batch: &str) -> anyhow::Result<bool> {
    Ok(!keys_of(reader, batch)?.is_empty())
}

/// The keys of this batch, given as `namespace/batch`, in `kigen.status`: one for each cluster that has it, or had it.
pub(crate) fn keys_of(reader: &dyn LogReader, batch: &str) -> anyhow::Result<BTreeSet<String>> {
    let pages = Pages::of(reader, Topic::Status)?;
    let mut keys = BTreeSet::new();
    for partition in (0..reader.partitions()).map(Partition) {
        pages.each(partition, |records| {
            let of_batch = records.iter().filter(|record| is_of(&record.key, Some(batch)));
            keys.extend(of_batch.map(|record| record.key.clone()));
            Ok(())
        })?;
    }
    Ok(keys)
}

/// The key of a batch, given as `namespace/batch`, in the configured cluster.
pub(crate) fn configured_key(config: &Config, batch: &str) -> anyhow::Result<BatchKey> {
    format!("{}/{batch}", config.cluster).parse().map_err(misused)
}

/// The key of a batch, given as `namespace/batch`. If the cluster was not named, the log must have the batch in one cluster only.
pub(crate) fn key_of(reader: &dyn LogReader, config: &Config, batch: &str) -> anyhow::Result<BatchKey> {
    let configured = configured_key(config, batch)?;
    if config.cluster_named_by == NamedBy::Setting {
        return Ok(configured);
    }
    let keys = keys_of(reader, batch)?;
    match (keys.first(), keys.len()) {
        _ if keys.contains(&configured.to_string()) => Ok(configured),
        (Some(key), 1) => key.parse().map_err(misused),
        (None, _) => Ok(configured),
        (Some(_), _) => {
            let clusters: Vec<&str> = keys.iter().filter_map(|key| Some(key.split_once('/')?.0)).collect();
            bail!(
                "the log has the batch `{batch}` in several clusters: {}; name one by --cluster",
                clusters.join(", ")
            )
        }
    }
}

/// Partitions of a topic, to be read from their starts to their ends.
pub(crate) struct Pages<'a> {
    reader: &'a dyn LogReader,
    topic: Topic,
    progress: Progress,
}

impl<'a> Pages<'a> {
    /// All partitions of `topic`.
    pub(crate) fn of(reader: &'a dyn LogReader, topic: Topic) -> anyhow::Result<Self> {
        Self::of_some(reader, topic, (0..reader.partitions()).map(Partition))
    }

    /// Those of `partitions`.
    pub(crate) fn of_some(
        reader: &'a dyn LogReader,
        topic: Topic,
        partitions: impl IntoIterator<Item = Partition>,
    ) -> anyhow::Result<Self> {
        let mut records = 0;
        for partition in partitions {
            records += reader.latest(topic, partition)?.0 - reader.earliest(topic, partition)?.0;
        }
        Ok(Self { reader, topic, progress: Progress::of(records) })
    }

    /// Calls `page` with all records of a partition, in their order.
    pub(crate) fn each(
        &self,
        partition: Partition,
        page: impl FnMut(&[ConsumedRecord]) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.each_from(partition, None, page)
    }

    /// Calls `page` with the records of a partition from an offset, or from the earliest.
    pub(crate) fn each_from(
        &self,
        partition: Partition,
        from: Option<Offset>,
        mut page: impl FnMut(&[ConsumedRecord]) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let Self { reader, topic, progress } = self;
        let mut next = reader.earliest(*topic, partition)?.max(from.unwrap_or_default());
        loop {
            let records = reader
                .read(*topic, partition, next, PAGE_RECORDS_MAX, PAGE_BYTES_MAX)
                .with_context(|| format!("{topic}, partition {partition}, cannot be read"))?;
            let Some(last) = records.last() else { return Ok(()) };
            next = last.offset.next();
            progress.advance(records.len());
            page(&records)?;
        }
    }
}

/// Does the work for each item, on all processors; the first error ends that of its thread, and is returned.
pub(crate) fn on_all_processors<T: Send>(
    items: Vec<T>,
    work: impl Fn(T) -> anyhow::Result<()> + Sync,
) -> anyhow::Result<()> {
    let items = Mutex::new(items.into_iter());
    let next = || items.lock().unwrap_or_else(PoisonError::into_inner).next();
    let worker = || -> anyhow::Result<()> {
        while let Some(item) = next() {
            work(item)?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().try_for_each(|worker| match worker.join() {
            Ok(outcome) => outcome,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })
}

/// The progress of a long read, shown if stderr is a terminal.
pub(crate) struct Progress {
    all: u64,
    is_terminal: bool,
    state: Mutex<ProgressState>,
}

struct ProgressState {
    done: u64,
    shown_at: RealInstant,
    is_shown: bool,
}

impl Progress {
    /// Of a read of `records` records.
    pub(crate) fn of(records: u64) -> Self {
        let state = ProgressState { done: 0, shown_at: RealInstant::now(), is_shown: false };
        Self { all: records, is_terminal: std::io::stderr().is_terminal(), state: Mutex::new(state) }
    }

    /// Counts `records` more records as read.
    pub(crate) fn advance(&self, records: usize) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.done += u64::try_from(records).unwrap_or(u64::MAX);
        // Records that were appended after the start, as with `--follow`, are not part of the read.
        if self.is_terminal && state.done <= self.all && state.shown_at.elapsed() >= SHOW_INTERVAL {
            state.shown_at = RealInstant::now();
            state.is_shown = true;
            let percent = state.done * 100 / self.all.max(1);
            let _ = write!(std::io::stderr(), "\r{percent} % of {} records", self.all);
        }
    }

    /// Clears the line, so that a line of the result can be printed.
    pub(crate) fn clear(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::take(&mut state.is_shown) {
            let _ = write!(std::io::stderr(), "\r{:40}\r", "");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

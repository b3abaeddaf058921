//! A topic read from its start, a page at a time, beside whoever writes it; and how far that is, for a person who waits.

use std::io::{IsTerminal, Write};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant as RealInstant};

use anyhow::Context;
use kigen_log::{ConsumedRecord, LogReader};
use kigen_model::topic::{Partition, Topic};

/// How much of a partition is read at a time.
const PAGE_RECORDS_MAX: usize = 4_096;
const PAGE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// How often the progress is told.
const TOLD_EVERY: Duration = Duration::from_millis(500);

/// Some partitions of a topic, to be read whole.
pub(crate) struct Pages<'a> {
    view: &'a dyn LogReader,
    topic: Topic,
    progress: Progress,
}

impl<'a> Pages<'a> {
    /// All partitions of `topic`.
    pub(crate) fn of(view: &'a dyn LogReader, topic: Topic) -> anyhow::Result<Self> {
        Self::of_some(view, topic, 0..view.partitions())
    }

    /// Those of `partitions`.
    pub(crate) fn of_some(
        view: &'a dyn LogReader,
        topic: Topic,
        partitions: Range<u32>,
    ) -> anyhow::Result<Self> {
        let mut records = 0;
        for partition in partitions.map(Partition) {
            records += view.latest(topic, partition)?.0 - view.earliest(topic, partition)?.0;
        }
        Ok(Self { view, topic, progress: Progress::of(records) })
    }

    /// Hands all records of a partition to `page`, in their order.
    pub(crate) fn each(
        &self,
        partition: Partition,
        mut page: impl FnMut(&[ConsumedRecord]) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let Self { view, topic, progress } = self;
        let mut next = view.earliest(*topic, partition)?;
        loop {
            let records = view
                .read(*topic, partition, next, PAGE_RECORDS_MAX, PAGE_BYTES_MAX)
                .with_context(|| format!("{topic}, partition {partition}, cannot be read"))?;
            let Some(last) = records.last() else { return Ok(()) };
            next = last.offset.next();
            progress.tell(records.len());
            page(&records)?;
        }
    }
}

/// How far long work is: told on a terminal's stderr, and on no other.
pub(crate) struct Progress {
    all: u64,
    is_seen: bool,
    state: Mutex<Told>,
}

struct Told {
    done: u64,
    at: RealInstant,
    is_shown: bool,
}

impl Progress {
    /// Of work that goes over so many records.
    pub(crate) fn of(records: u64) -> Self {
        let told = Told { done: 0, at: RealInstant::now(), is_shown: false };
        Self { all: records, is_seen: std::io::stderr().is_terminal(), state: Mutex::new(told) }
    }

    /// So many records more are done.
    pub(crate) fn tell(&self, records: usize) {
        let mut told = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        told.done += u64::try_from(records).unwrap_or(u64::MAX);
        // What comes later, as with `--follow`, was not waited for.
        if self.is_seen && told.done <= self.all && told.at.elapsed() >= TOLD_EVERY {
            told.at = RealInstant::now();
            told.is_shown = true;
            let percent = told.done * 100 / self.all.max(1);
            let _ = write!(std::io::stderr(), "\r{percent} % of {} records", self.all);
        }
    }

    /// Makes room for a line of the result.
    pub(crate) fn clear(&self) {
        let mut told = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::take(&mut told.is_shown) {
            let _ = write!(std::io::stderr(), "\r{:40}\r", "");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

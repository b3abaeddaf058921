//! Reads what is around an alert from `kigen.status`, as far as that can be read soon: no alert waits long for it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kigen_log::{LogError, LogReader};
use kigen_model::alert::Alert;
use kigen_model::key::BatchKey;
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_ops::{error_chain, on_thread};
use kigen_wire::Status;
use tokio::sync::Mutex;
use tokio::time::Instant as TimerInstant;

use crate::status_view::StatusView;
use crate::surroundings::Surroundings;

/// How long an alert waits for it.
const WITHIN: Duration = Duration::from_secs(2);
/// What was read is as new as this; of the alert's own deadline the alert itself knows more.
const FRESH_FOR: Duration = Duration::from_secs(1);
/// How much is read at a time.
const RECORDS_READ_MAX: usize = 1_000;
const BYTES_READ_MAX: usize = 4 * 1024 * 1024;

/// What is around alerts. Clones share what was read.
#[derive(Clone, Default)]
pub(crate) struct Around {
    reader: Option<Arc<dyn LogReader>>,
    known: Arc<Mutex<Known>>,
}

#[derive(Default)]
struct Known {
    view: StatusView,
    next: BTreeMap<Partition, Offset>,
    read_at: Option<TimerInstant>,
}

impl Around {
    /// Reads this log from now on.
    pub(crate) fn of(reader: Arc<dyn LogReader>) -> Self {
        Self { reader: Some(reader), known: Arc::default() }
    }

    /// What is around an alert; nothing if it cannot be read in time.
    pub(crate) async fn alert(&self, alert: &Alert) -> Surroundings {
        let Some(reader) = self.reader.clone() else { return Surroundings::default() };
        let (known, alert) = (Arc::clone(&self.known), alert.clone());
        // Locked until it is read, also for longer than this alert waits.
        let read = async {
            let mut known = known.lock_owned().await;
            on_thread(move || {
                known.catch_up(&*reader)?;
                Ok::<_, LogError>(known.view.around(&alert))
            })
            .await
        };
        match tokio::time::timeout(WITHIN, read).await {
            Ok(Ok(surroundings)) => surroundings,
            Ok(Err(error)) => {
                tracing::warn!(
                    "{}; a message has neither its batch's history nor who reads it",
                    error_chain(&error)
                );
                Surroundings::default()
            }
            Err(_) => {
                tracing::debug!("{} is not read in time; a message does without it", Topic::Status);
                Surroundings::default()
            }
        }
    }
}

impl Known {
    fn catch_up(&mut self, reader: &dyn LogReader) -> Result<(), LogError> {
        if self.read_at.is_some_and(|at| at.elapsed() < FRESH_FOR) {
            return Ok(());
        }
        reader.refresh()?;
        for partition in (0..reader.partitions()).map(Partition) {
            let end = reader.latest(Topic::Status, partition)?;
            let mut next = match self.next.get(&partition) {
                Some(next) => *next,
                None => reader.earliest(Topic::Status, partition)?,
            };
            while next < end {
                let records =
                    reader.read(Topic::Status, partition, next, RECORDS_READ_MAX, BYTES_READ_MAX)?;
                let Some(last) = records.last() else { break };
                next = last.offset.next();
                for record in records {
                    self.take(&record.key, record.value.as_deref());
                }
                self.next.insert(partition, next);
            }
            self.next.insert(partition, next);
        }
        self.read_at = Some(TimerInstant::now());
        Ok(())
    }

    /// What this kigen cannot read is left out: it decides nothing.
    fn take(&mut self, key: &str, value: Option<&[u8]>) {
        match value.map(kigen_wire::decode_status) {
            Some(Ok(Status::Batch(state))) => self.view.put(&state),
            Some(Ok(Status::Position(_)) | Err(_)) => {}
            None => {
                if let Ok(key) = key.parse::<BatchKey>() {
                    self.view.remove(&key);
                }
            }
        }
    }
}

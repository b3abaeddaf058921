//! A log whose ticks wait at a gate, on the thread that would write them: so that the whole process is frozen.

use std::sync::{Arc, Condvar, Mutex};

use kigen_log::{EmbeddedConsumer, EmbeddedLog, Log, LogError, NewRecord};
use kigen_model::event::{ClusterBody, ClusterEvent, Event};
use kigen_model::topic::{Offset, Topic};
use tokio::time::Instant as TimerInstant;

/// The log; clones share the gate.
#[derive(Clone)]
pub(crate) struct Gated {
    log: EmbeddedLog,
    gate: Arc<(Mutex<Gate>, Condvar)>,
}

#[derive(Default)]
struct Gate {
    is_shut: bool,
    waits: bool,
    ticked_at: Option<TimerInstant>,
}

impl Gated {
    pub(crate) fn new(log: &EmbeddedLog) -> Self {
        Self { log: log.clone(), gate: Arc::default() }
    }

    pub(crate) fn shut(&self, is_shut: bool) {
        self.gate.0.lock().expect("no panic").is_shut = is_shut;
        self.gate.1.notify_all();
    }

    pub(crate) fn waits(&self) -> bool {
        self.gate.0.lock().expect("no panic").waits
    }

    /// When the last tick was passed to the log; `None`: there was none.
    pub(crate) fn ticked_at(&self) -> Option<TimerInstant> {
        self.gate.0.lock().expect("no panic").ticked_at
    }

    fn pass(&self) {
        let mut gate = self.gate.0.lock().expect("no panic");
        while gate.is_shut {
            gate.waits = true;
            gate = self.gate.1.wait(gate).expect("no panic");
        }
        gate.waits = false;
        gate.ticked_at = Some(TimerInstant::now());
    }
}

impl Log for Gated {
    type Reader = EmbeddedLog;
    type Consumer = EmbeddedConsumer;

    fn reader(&self) -> &EmbeddedLog {
        &self.log
    }

    async fn append(&self, records: Vec<NewRecord>) -> Result<Vec<Offset>, LogError> {
        let is_tick = |record: &NewRecord| {
            let event = record.value.as_deref().map(kigen_wire::decode_event);
            matches!(event, Some(Ok(Event::Cluster(ClusterEvent { body: ClusterBody::Tick { .. }, .. }))))
        };
        if records.iter().any(is_tick) {
            self.pass();
        }
        self.log.append(records).await
    }

    fn join(&self, name: &'static str, topic: Topic) -> Result<EmbeddedConsumer, LogError> {
        self.log.join(name, topic)
    }
}

//! The events of records, decoded a little ahead of the fold on a thread of their own: decoding takes about a third of the
//! time that judging does, and needs nothing of what is judged.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::mpsc;
use std::thread;

use kigen_control::Control;
use kigen_log::{ConsumedRecord, partition_of};
use kigen_model::event::{ClusterEvent, Event, Fact};
use kigen_model::key::is_key_part;
use kigen_model::topic::{Partition, Topic};
use kigen_wire::DecodeError;

/// Events that are sent to the fold at once. Fewer records than these are decoded on the thread that folds them.
const CHUNK_EVENTS: usize = 256;
/// Chunks that may be decoded and not yet folded.
const CHUNKS_AHEAD_MAX: usize = 8;

/// Why a record is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Refusal {
    /// Its value is not an event.
    Undecodable,
    /// What it is about cannot have a key: a part is empty, or has a `/` or a zero byte. It could never be stored.
    InvalidKey,
    /// Its key is not that of the batch or cluster that the event is about.
    WrongKey,
    /// Its key belongs to another partition.
    WrongPartition,
}

impl Refusal {
    /// Its metric label.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Undecodable => "undecodable",
            Self::InvalidKey => "invalid_key",
            Self::WrongKey => "wrong_key",
            Self::WrongPartition => "wrong_partition",
        }
    }
}

/// The event of a record, or why there is none.
pub(crate) type Decoded = Result<Event, NotDecoded>;

/// Why a record has no event.
#[derive(Debug)]
pub(crate) enum NotDecoded {
    /// It is refused, for this reason.
    Refused(Refusal, String),
    /// A newer kigen wrote it: it is waited for.
    Newer(DecodeError),
}

/// Decodes the records of one partition of `kigen.events`, and checks that they belong there.
#[derive(Clone, Copy)]
pub(crate) struct EventDecoder<'a> {
    pub(crate) partition: Partition,
    /// The partitions of the topic.
    pub(crate) partitions: u32,
    /// What is not waited for.
    pub(crate) control: &'a Control,
}

impl EventDecoder<'_> {
    /// Passes each record with its event to `fold`, in their order, until that returns `Break` or fails.
    pub(crate) fn each_event<E>(
        self,
        records: &[ConsumedRecord],
        fold: impl FnMut(&ConsumedRecord, Decoded) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        if records.len() <= CHUNK_EVENTS {
            return fold_all(records, records.iter().map(|record| self.event_of(record)), fold);
        }
        thread::scope(|scope| {
            let (sender, decoded) = mpsc::sync_channel(CHUNKS_AHEAD_MAX);
            scope.spawn(move || {
                for chunk in records.chunks(CHUNK_EVENTS) {
                    let events: Vec<_> = chunk.iter().map(|record| self.event_of(record)).collect();
                    if sender.send(events).is_err() {
                        // The turn is full, or it failed.
                        return;
                    }
                }
            });
            fold_all(records, decoded.into_iter().flatten(), fold)
        })
    }

    /// The event of a record, or why it is refused.
    fn event_of(self, record: &ConsumedRecord) -> Decoded {
        let event = match kigen_wire::decode_event(record.value.as_deref().unwrap_or_default()) {
            Ok(event) => event,
            Err(error) if self.control.waits_for((Topic::Events, self.partition), record, &error) => {
                return Err(NotDecoded::Newer(error));
            }
            Err(error) => return Err(NotDecoded::Refused(Refusal::Undecodable, error.to_string())),
        };
        if let Some(reason) = invalid_key(&event) {
            return Err(NotDecoded::Refused(Refusal::InvalidKey, reason));
        }
        let (is_its_key, key): (bool, &dyn fmt::Display) = match &event {
            Event::Fact(Fact { key, .. }) => (key.is_written(&record.key), key),
            Event::Cluster(ClusterEvent { cluster, .. }) => (*cluster == record.key, cluster),
        };
        if !is_its_key {
            let reason = format!(
                "its key is not that of what it is about, {key}: whatever writes events must write them under that key"
            );
            return Err(NotDecoded::Refused(Refusal::WrongKey, reason));
        }
        // The events of a cluster are written to every partition.
        if let Event::Fact(_) = &event
            && let belongs_to = partition_of(&record.key, self.partitions)
            && belongs_to != self.partition
        {
            let reason = format!(
                "{key} belongs to partition {belongs_to}: whatever wrote it places keys otherwise than Kafka's Java clients \
                 do (librdkafka: partitioner=murmur2_random)"
            );
            return Err(NotDecoded::Refused(Refusal::WrongPartition, reason));
        }
        Ok(event)
    }
}

/// Why what an event is about cannot have a key, if it cannot.
fn invalid_key(event: &Event) -> Option<String> {
    let fault = match event {
        Event::Fact(Fact { key, .. }) => key.check().err()?.to_string(),
        Event::Cluster(ClusterEvent { cluster, .. }) if is_key_part(cluster) => return None,
        Event::Cluster(ClusterEvent { cluster, .. }) => {
            format!("`{}` is not the name of a cluster", cluster.escape_debug())
        }
    };
    Some(format!(
        "{fault}: no part of it may be empty or contain a slash or a zero byte; whatever writes events must leave it out"
    ))
}

fn fold_all<E>(
    records: &[ConsumedRecord],
    events: impl Iterator<Item = Decoded>,
    mut fold: impl FnMut(&ConsumedRecord, Decoded) -> Result<ControlFlow<()>, E>,
) -> Result<(), E> {
    for (record, event) in records.iter().zip(events) {
        if fold(record, event)?.is_break() {
            break;
        }
    }
    Ok(())
}

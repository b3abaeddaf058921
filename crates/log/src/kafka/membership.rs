//! A member of a consumer group, which leaves it within a bounded time.
//!
//! librdkafka may wait for ever while it closes: a rebalance that comes at that moment is answered by a request to a part of it
//! that has ended already (its issue 4884). A process must end nevertheless, and a consumer that joins again must not wait.

use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Duration;

use kigen_model::topic::{Partition, Topic};
use rdkafka::TopicPartitionList;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaRespErr;

use crate::kafka::client_events::ClientEvents;

/// How long a member may take to leave its group. Less than a process has for its end.
const LEAVE_MAX: Duration = Duration::from_secs(5);

/// A member of a group; it leaves when it is dropped.
pub(super) struct Membership(Option<BaseConsumer<Rebalances>>);

impl Membership {
    pub(super) fn of(consumer: BaseConsumer<Rebalances>) -> Self {
        Self(Some(consumer))
    }

    /// From here on rebalances are answered by the callback itself.
    pub(super) fn leave(&self) {
        self.context().is_closing.store(true, Ordering::Release);
    }
}

impl Deref for Membership {
    type Target = BaseConsumer<Rebalances>;

    fn deref(&self) -> &Self::Target {
        self.0.as_ref().expect("it is taken only when it is dropped")
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        let Some(consumer) = self.0.take() else { return };
        if !ends_within(LEAVE_MAX, move || drop(consumer)) {
            tracing::warn!(
                "a consumer did not leave its group within {LEAVE_MAX:?} and is left to itself; its partitions go to the \
                 others once its session has timed out"
            );
        }
    }
}

/// Runs `work` on a thread of its own; false: it runs on after `max`.
fn ends_within(max: Duration, work: impl FnOnce() + Send + 'static) -> bool {
    let (ended, end) = mpsc::channel();
    std::thread::spawn(move || {
        work();
        // Nothing waits any more if it took too long.
        let _ = ended.send(());
    });
    end.recv_timeout(max).is_ok()
}

/// A rebalance, as far as it concerns this member.
pub(super) enum Rebalanced {
    Assigned(Vec<Partition>),
    Revoked(Vec<Partition>),
}

/// Queues the rebalances that the callback receives, for the loop.
pub(super) struct Rebalances {
    events: ClientEvents,
    topic: Topic,
    rebalanced: Mutex<Vec<Rebalanced>>,
    /// The member is leaving, and its loop has ended.
    is_closing: AtomicBool,
}

impl Rebalances {
    pub(super) fn of(events: ClientEvents, topic: Topic) -> Self {
        Self { events, topic, rebalanced: Mutex::default(), is_closing: AtomicBool::new(false) }
    }

    pub(super) fn events(&self) -> &ClientEvents {
        &self.events
    }

    pub(super) fn topic(&self) -> Topic {
        self.topic
    }

    pub(super) fn take(&self) -> Vec<Rebalanced> {
        std::mem::take(&mut *self.rebalanced.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ClientContext for Rebalances {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.events.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.events.error(error, reason);
    }
}

impl ConsumerContext for Rebalances {
    /// The default would unassign within the poll; here the loop does, once no record of the partitions is being processed.
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        event: RDKafkaRespErr,
        partitions: &mut TopicPartitionList,
    ) {
        let is_assigned = event == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
        if self.is_closing.load(Ordering::Acquire) {
            let answered = if is_assigned {
                consumer.incremental_assign(partitions)
            } else {
                consumer.incremental_unassign(partitions)
            };
            if let Err(error) = answered {
                tracing::debug!("leaving the group: {error}");
            }
            return;
        }
        let of_topic = partitions.elements_for_topic(self.topic.name());
        let numbers = of_topic.iter().filter_map(|element| u32::try_from(element.partition()).ok());
        let numbers = numbers.map(Partition).collect();
        let rebalanced =
            if is_assigned { Rebalanced::Assigned(numbers) } else { Rebalanced::Revoked(numbers) };
        self.rebalanced.lock().unwrap_or_else(PoisonError::into_inner).push(rebalanced);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_ends_is_waited_for_no_longer_than_the_limit() {
        let (never, waits) = mpsc::channel::<()>();
        assert!(!ends_within(Duration::from_millis(10), move || waits.recv().unwrap_or_default()));
        drop(never);
        assert!(ends_within(LEAVE_MAX, || {}));
    }
}

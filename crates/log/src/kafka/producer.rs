//! A producer whose thread sleeps while nothing is in flight.
//!
//! rdkafka's own, of a `FutureProducer`, polls ten times a second for deliveries, and spins for the last millisecond of
//! each poll: one percent of a core, in a process that may be idle for hours.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use kigen_model::topic::Offset;
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::Message;
use rdkafka::producer::{BaseProducer, BaseRecord, DeliveryResult, Producer as _, ProducerContext};
use tokio::sync::oneshot;

use crate::error::KafkaFailure;
use crate::kafka::client_events::ClientEvents;
use crate::kafka::connection::Connection;
use crate::kafka::convert::{number, offset};
use crate::record::NewRecord;

/// How long one poll lasts while something is in flight. A delivery ends its wait at once.
const POLL_MAX: Duration = Duration::from_millis(100);
/// How long the thread sleeps at a time while nothing is in flight, which is how late a client's own events may be served.
const SLEEP_MAX: Duration = Duration::from_secs(1);

/// The offset of a record, or why it has none.
type Delivered = KafkaResult<Offset>;

/// A producer of records. Clones are handles to the same one.
#[derive(Clone)]
pub(super) struct Producer {
    polled: Arc<Polled>,
}

/// The client, and the thread that polls it for deliveries.
struct Polled {
    client: Arc<BaseProducer<ClientEvents>>,
    is_over: Arc<AtomicBool>,
    /// `None`: it was joined.
    thread: Option<JoinHandle<()>>,
}

impl Producer {
    /// A producer of a connection: `own` are the settings that its use decides.
    pub(super) fn new(connection: &Connection, own: &[(&str, &str)]) -> Result<Self, KafkaFailure> {
        let client: Arc<BaseProducer<ClientEvents>> =
            Arc::new(connection.client_with(own, ClientEvents::of(connection))?);
        let is_over = Arc::new(AtomicBool::new(false));
        let (poller, ends) = (Arc::clone(&client), Arc::clone(&is_over));
        let thread = thread::Builder::new().name("kafka producer".to_owned());
        let thread = thread
            .spawn(move || poll_until(&poller, &ends))
            .map_err(|error| connection.no_client(KafkaError::ClientCreation(error.to_string())))?;
        Ok(Self { polled: Arc::new(Polled { client, is_over, thread: Some(thread) }) })
    }

    /// Hands a record to the client; the returned receiver gets its offset or its error.
    pub(super) fn send(
        &self,
        record: &NewRecord,
        value: Option<&[u8]>,
    ) -> Result<oneshot::Receiver<Delivered>, KafkaError> {
        let (delivery, delivered) = oneshot::channel();
        let to_send = BaseRecord {
            topic: record.topic.name(),
            partition: Some(number(record.partition)),
            payload: value,
            key: Some(record.key.as_str()),
            timestamp: Some(record.timestamp.timestamp_millis().max(0)),
            headers: None,
            delivery_opaque: Box::new(delivery),
        };
        self.polled.client.send(to_send).map_err(|(error, _)| error)?;
        self.polled.wake();
        Ok(delivered)
    }
}

/// Transactions, and the client's errors.
impl Deref for Producer {
    type Target = BaseProducer<ClientEvents>;

    fn deref(&self) -> &Self::Target {
        &self.polled.client
    }
}

impl Polled {
    /// A thread that is awake does not sleep before it has polled once more.
    fn wake(&self) {
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }
}

impl Drop for Polled {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
        self.wake();
        if let Some(thread) = self.thread.take() {
            // A panic of it was printed.
            let _ = thread.join();
        }
    }
}

fn poll_until(client: &BaseProducer<ClientEvents>, is_over: &AtomicBool) {
    while !is_over.load(Ordering::Acquire) {
        if client.in_flight_count() > 0 {
            client.poll(POLL_MAX);
        } else {
            thread::park_timeout(SLEEP_MAX);
        }
    }
}

impl ProducerContext for ClientEvents {
    type DeliveryOpaque = Box<oneshot::Sender<Delivered>>;

    fn delivery(&self, result: &DeliveryResult<'_>, delivery: Self::DeliveryOpaque) {
        let delivered = match result {
            Ok(message) => Ok(offset(message.offset())),
            Err((error, _)) => Err(error.clone()),
        };
        // The sender may no longer wait.
        let _ = delivery.send(delivered);
    }
}

//! A producer whose thread sleeps while nothing is on its way.
//!
//! rdkafka's own, of a `FutureProducer`, looks ten times a second for what was delivered, and spins for the last
//! millisecond of each look: one percent of a core, in a process that may do nothing for hours.

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

use crate::NewRecord;
use crate::kafka::reader::{number, offset};
use crate::kafka::{Connection, KafkaFailure, Talk};

/// How long the thread listens at a time while something is on its way. It hears of what was delivered at once.
const LISTEN_MAX: Duration = Duration::from_millis(100);
/// How long the thread sleeps at a time while nothing is: so long the client may have to wait with what it says by itself.
const SLEEP_MAX: Duration = Duration::from_secs(1);

/// Where a record stands, or why it does not.
type Delivered = KafkaResult<Offset>;

/// A producer of records. Clones are handles to the same one.
#[derive(Clone)]
pub(super) struct Producer {
    listening: Arc<Listening>,
}

/// The client, and the thread that hears what became of its records.
struct Listening {
    client: Arc<BaseProducer<Talk>>,
    is_over: Arc<AtomicBool>,
    /// `None`: it is waited for.
    thread: Option<JoinHandle<()>>,
}

impl Producer {
    /// A producer of a connection: `own` are the settings that its use decides.
    pub(super) fn new(connection: &Connection, own: &[(&str, &str)]) -> Result<Self, KafkaFailure> {
        let client: Arc<BaseProducer<Talk>> = Arc::new(connection.client_with(own, Talk::of(connection))?);
        let is_over = Arc::new(AtomicBool::new(false));
        let (listener, ends) = (Arc::clone(&client), Arc::clone(&is_over));
        let thread = thread::Builder::new().name("kafka producer".to_owned());
        let thread = thread
            .spawn(move || listen(&listener, &ends))
            .map_err(|error| connection.no_client(KafkaError::ClientCreation(error.to_string())))?;
        Ok(Self { listening: Arc::new(Listening { client, is_over, thread: Some(thread) }) })
    }

    /// Hands a record to the client, which tells by what is returned what became of it.
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
        self.listening.client.send(to_send).map_err(|(error, _)| error)?;
        self.listening.wake();
        Ok(delivered)
    }
}

/// Transactions, and how the client is.
impl Deref for Producer {
    type Target = BaseProducer<Talk>;

    fn deref(&self) -> &Self::Target {
        &self.listening.client
    }
}

impl Listening {
    /// A thread that is awake does not fall asleep before it has looked once more.
    fn wake(&self) {
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
        self.wake();
        if let Some(thread) = self.thread.take() {
            // A panic of it was printed.
            let _ = thread.join();
        }
    }
}

fn listen(client: &BaseProducer<Talk>, is_over: &AtomicBool) {
    while !is_over.load(Ordering::Acquire) {
        if client.in_flight_count() > 0 {
            client.poll(LISTEN_MAX);
        } else {
            thread::park_timeout(SLEEP_MAX);
        }
    }
}

impl ProducerContext for Talk {
    type DeliveryOpaque = Box<oneshot::Sender<Delivered>>;

    fn delivery(&self, result: &DeliveryResult<'_>, delivery: Self::DeliveryOpaque) {
        let delivered = match result {
            Ok(message) => Ok(offset(message.offset())),
            Err((error, _)) => Err(error.clone()),
        };
        // Whoever asked may no longer wait.
        let _ = delivery.send(delivered);
    }
}

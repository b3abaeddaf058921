//! The tests of the event log: what every log promises, what the embedded one adds, and Kafka's topics and framing.

mod conformance;
mod embedded;
mod framing;
mod topics;

use std::sync::LazyLock;

use kigen_model::topic::Topic;
use kigen_testkit::admin::Admin;
use kigen_testkit::kafka::Broker;
use tokio::sync::{Mutex, MutexGuard};

/// The broker of these tests. It ends with the process.
static BROKER: LazyLock<Mutex<Broker>> = LazyLock::new(|| Mutex::new(Broker::start()));

/// The broker, without topics and for one test at a time: its start takes seconds, and kigen's topics have fixed names.
async fn broker() -> MutexGuard<'static, Broker> {
    let broker = BROKER.lock().await;
    delete_topics(&broker).await;
    broker
}

/// Deletes the topics, and the groups' positions in them.
async fn delete_topics(broker: &Broker) {
    Admin::new(broker.bootstrap()).delete_topics(&Topic::ALL.map(Topic::name)).await;
}

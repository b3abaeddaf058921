//! kigen's topics on Kafka: their required settings, created and checked.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use kigen_model::topic::Topic;
use kigen_ops::on_thread;
use rdkafka::admin::{
    AdminClient, AdminOptions, ConfigResource, NewTopic, ResourceSpecifier, TopicReplication,
};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::error::{AclOperation, KafkaFailure};
use crate::kafka::client_events::ClientEvents;
use crate::kafka::connection::Connection;
use crate::settings::Settings;

/// How long Kafka may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// The pause between two checks for a topic that was just created.
const CHECK_INTERVAL: Duration = Duration::from_millis(50);
/// The least limit on a topic's records, in bytes: a value of kigen's, its key, and Kafka's overhead.
const MESSAGE_BYTES_MIN: u64 = 2 * 1024 * 1024;
/// The size of a compacted topic's segments, in bytes. Kafka compacts closed segments only, so that of each key the last segment
/// has every record since it began; its default is 1 GiB in each partition. Some hosted Kafkas accept no less than this.
const COMPACTED_SEGMENT_BYTES_MAX: u64 = 50 * 1024 * 1024;
/// Settings of which less is as good, not more.
const LIMITS: [&str; 1] = ["segment.bytes"];

/// How the topics are created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Partitions, retention and the age of tombstones, as for the embedded log.
    pub log: Settings,
    /// Replicas of each partition; `None`: the brokers' default.
    pub replication: Option<u16>,
}

/// A topic as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Which.
    pub topic: Topic,
    /// The number of partitions; `None`: there is no such topic.
    pub partitions: Option<u32>,
    /// How it differs from what was configured.
    pub problems: Vec<Problem>,
}

/// A difference of a topic from what kigen requires, or from what was configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The topic does not exist.
    Missing,
    /// It has another number of partitions than configured.
    Partitions {
        /// As it is.
        found: u32,
        /// As configured.
        wanted: u32,
    },
    /// One of its settings differs.
    Setting {
        /// Which.
        name: &'static str,
        /// As it is.
        found: String,
        /// As it should be.
        wanted: String,
        /// The consequence.
        why: &'static str,
        /// Whether kigen can run with it.
        is_bearable: bool,
    },
}

impl Found {
    /// Whether kigen can run on it.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.problems.iter().all(Problem::is_bearable)
    }

    /// What kigen cannot run with.
    pub(super) fn fatal_problems(&self) -> impl Iterator<Item = String> {
        let fatal = self.problems.iter().filter(|problem| !problem.is_bearable());
        fatal.map(|problem| format!("{}: {}", self.topic, problem.describe(self.topic)))
    }
}

impl Problem {
    /// Whether kigen can run with it.
    #[must_use]
    pub fn is_bearable(&self) -> bool {
        matches!(self, Self::Setting { is_bearable: true, .. })
    }

    /// What is wrong with `topic`, the consequence, and what to do.
    #[must_use]
    pub fn describe(&self, topic: Topic) -> String {
        match self {
            Self::Missing => "it does not exist: create it with `kigen topics create`".to_owned(),
            Self::Partitions { found, wanted } => format!(
                "it has {found} partitions, not {wanted}: the place of every key depends on it, in all topics; set \
                 partitions to {found}, or start with new topics; never add partitions to one that is in use"
            ),
            Self::Setting { name, found, wanted, why, .. } => format!(
                "{name} is {found}: {why}; mend it with `kafka-configs.sh --alter --topic {topic} --add-config \
                 {name}={wanted}`"
            ),
        }
    }
}

/// Creates the missing topics, and returns how all are then.
///
/// # Errors
/// Kafka does not answer, or refuses; then some may be created, and another call creates the others.
pub async fn create(connection: &Connection, layout: &Layout) -> Result<Vec<Found>, KafkaFailure> {
    let admin: AdminClient<DefaultClientContext> = connection.client()?;
    let wanted: Vec<(Topic, BTreeMap<&str, String>)> =
        Topic::ALL.into_iter().map(|topic| (topic, settings(topic, &layout.log))).collect();
    let replication = layout.replication.map_or(-1, i32::from);
    let partitions = i32::try_from(layout.log.partitions).unwrap_or(i32::MAX);
    let new: Vec<NewTopic<'_>> = wanted
        .iter()
        .map(|(topic, settings)| {
            let new = NewTopic::new(topic.name(), partitions, TopicReplication::Fixed(replication));
            settings.iter().fold(new, |new, (name, value)| new.set(name, value))
        })
        .collect();
    let created =
        admin.create_topics(&new, &options()).await.map_err(connection.failed("creates no topics"))?;
    for ((topic, _), outcome) in wanted.iter().zip(created) {
        match outcome {
            Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((_, code)) => {
                let refused = connection.refused("refuses to create a topic", AclOperation::Create(*topic));
                return Err(refused(KafkaError::AdminOp(code)));
            }
        }
    }
    // A broker may know a topic only a moment after it was created.
    let until = Instant::now() + ANSWER_MAX;
    loop {
        let found = check(connection, layout).await?;
        if found.iter().all(|found| found.partitions.is_some()) || Instant::now() >= until {
            return Ok(found);
        }
        tokio::time::sleep(CHECK_INTERVAL).await;
    }
}

/// Reads how the topics are, and what is wrong with them.
///
/// # Errors
/// Kafka does not answer, or refuses.
pub async fn check(connection: &Connection, layout: &Layout) -> Result<Vec<Found>, KafkaFailure> {
    let admin: AdminClient<DefaultClientContext> = connection.client()?;
    let partitions = partitions(connection).await?;
    let existing: Vec<ResourceSpecifier<'_>> =
        partitions.keys().map(|topic| ResourceSpecifier::Topic(topic.name())).collect();
    let described = if existing.is_empty() {
        Vec::new()
    } else {
        let described = admin.describe_configs(&existing, &options()).await;
        described.map_err(connection.failed("does not describe its topics' settings"))?
    };
    let mut configs = BTreeMap::new();
    for (topic, config) in partitions.keys().zip(described) {
        let refused =
            connection.refused("does not describe a topic's settings", AclOperation::Settings(*topic));
        configs.insert(*topic, config.map_err(|code| refused(KafkaError::AdminOp(code)))?);
    }
    let found = |topic| {
        let Some((partitions, config)) = partitions.get(&topic).zip(configs.get(&topic)) else {
            return Found { topic, partitions: None, problems: vec![Problem::Missing] };
        };
        Found {
            topic,
            partitions: Some(*partitions),
            problems: problems(topic, *partitions, config, &layout.log),
        }
    };
    Ok(Topic::ALL.into_iter().map(found).collect())
}

/// The existing topics, and how many partitions they have.
async fn partitions(connection: &Connection) -> Result<BTreeMap<Topic, u32>, KafkaFailure> {
    let consumer: BaseConsumer<ClientEvents> = connection.client_with(&[], ClientEvents::of(connection))?;
    let connection = connection.clone();
    on_thread(move || {
        let failed = connection.failed("does not answer");
        let metadata = consumer.fetch_metadata(None, ANSWER_MAX).map_err(&failed)?;
        let existing = metadata.topics().iter().filter(|found| found.error().is_none());
        let known = existing.filter_map(|found| {
            let topic = Topic::ALL.into_iter().find(|topic| topic.name() == found.name())?;
            Some((topic, u32::try_from(found.partitions().len()).ok()?))
        });
        let known: BTreeMap<Topic, u32> = known.collect();
        // A list of all topics leaves out those that may not be described; a query by name reports the denial.
        for topic in Topic::ALL.into_iter().filter(|topic| !known.contains_key(topic)) {
            let metadata = consumer.fetch_metadata(Some(topic.name()), ANSWER_MAX).map_err(&failed)?;
            let error = metadata.topics().iter().find_map(|found| found.error()).map(RDKafkaErrorCode::from);
            if let Some(code @ RDKafkaErrorCode::TopicAuthorizationFailed) = error {
                let refused = connection.refused("does not describe a topic", AclOperation::Describe(topic));
                return Err(refused(KafkaError::MetadataFetch(code)));
            }
        }
        Ok(known)
    })
    .await
}

fn options() -> AdminOptions {
    AdminOptions::new().request_timeout(Some(ANSWER_MAX)).operation_timeout(Some(ANSWER_MAX))
}

/// A topic's settings as kigen creates it.
fn settings(topic: Topic, log: &Settings) -> BTreeMap<&'static str, String> {
    let mut settings = BTreeMap::from([("max.message.bytes", MESSAGE_BYTES_MIN.to_string())]);
    match log.retention(topic) {
        Some(retention) => {
            settings.insert("cleanup.policy", "delete".to_owned());
            settings.insert("retention.ms", retention.age_ms_max.to_string());
        }
        None => {
            settings.insert("cleanup.policy", "compact".to_owned());
            settings.insert("delete.retention.ms", log.tombstone_age_ms_max.to_string());
            settings.insert("segment.bytes", COMPACTED_SEGMENT_BYTES_MAX.to_string());
            // The broker's clock decides which tombstones a store cannot have missed.
            settings.insert("message.timestamp.type", "LogAppendTime".to_owned());
        }
    }
    settings
}

fn problems(topic: Topic, partitions: u32, config: &ConfigResource, log: &Settings) -> Vec<Problem> {
    let mut problems = Vec::new();
    if partitions != log.partitions {
        problems.push(Problem::Partitions { found: partitions, wanted: log.partitions });
    }
    for (name, wanted) in settings(topic, log) {
        let found = config.get(name).and_then(|entry| entry.value.clone()).unwrap_or_default();
        problems.extend(setting(name, found, wanted));
    }
    problems
}

/// What is wrong with a setting, if anything: more than configured is as good, or less where that is a [limit](LIMITS).
fn setting(name: &'static str, found: String, wanted: String) -> Option<Problem> {
    let numbers = found.parse::<i64>().ok().zip(wanted.parse::<i64>().ok());
    let is_enough = numbers.is_some_and(|(found, wanted)| match LIMITS.contains(&name) {
        true => found <= wanted,
        false => found >= wanted || found == -1,
    });
    if found == wanted || is_enough {
        return None;
    }
    let (why, is_bearable) = match name {
        "cleanup.policy" if wanted == "compact" => (
            "the last record of a key would be lost with time, such as the state of a batch, from which a lost store is rebuilt",
            false,
        ),
        "cleanup.policy" => ("events of one key would replace each other, and verdicts with them", false),
        "max.message.bytes" => {
            ("a record of kigen's may be larger, and judging would wait for it for ever", false)
        }
        "message.timestamp.type" => {
            ("a store that was away is rebuilt more often than necessary, or keeps what is gone", true)
        }
        "segment.bytes" => (
            "a store that is rebuilt, and a shipper that becomes leader, read many more states than there are",
            true,
        ),
        "delete.retention.ms" => ("a store that was away for longer would keep what is gone", true),
        _ => ("less of the past is kept than is configured", true),
    };
    Some(Problem::Setting { name, found, wanted, why, is_bearable })
}

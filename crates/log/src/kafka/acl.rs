//! What is asked of Kafka, in the words of its ACLs: a refusal names what to allow.

use std::fmt;

use kigen_model::topic::Topic;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// Something that Kafka may forbid.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AclOperation {
    /// To see a topic, and where it begins and ends.
    Describe(Topic),
    /// To see a topic's settings.
    Settings(Topic),
    /// To make a topic.
    Create(Topic),
    /// To read a topic.
    Read(Topic),
    /// To write to a topic.
    Write(Topic),
    /// To be a member of a group, by its name on Kafka.
    Group(String),
    /// To make transactions under this id.
    Transactions(String),
}

impl AclOperation {
    /// The operation, as `kafka-acls.sh` takes it.
    #[must_use]
    pub fn operation(&self) -> &'static str {
        match self {
            Self::Describe(_) => "Describe",
            Self::Settings(_) => "DescribeConfigs",
            Self::Create(_) => "Create",
            Self::Read(_) | Self::Group(_) => "Read",
            Self::Write(_) | Self::Transactions(_) => "Write",
        }
    }

    /// The resource, as `kafka-acls.sh` takes it.
    #[must_use]
    pub fn option(&self) -> String {
        match self {
            Self::Describe(topic)
            | Self::Settings(topic)
            | Self::Create(topic)
            | Self::Read(topic)
            | Self::Write(topic) => format!("--topic {topic}"),
            Self::Group(name) => format!("--group {name}"),
            Self::Transactions(id) => format!("--transactional-id {id}"),
        }
    }

    /// What to ask for instead, where the refusal is of another resource than was asked for: several stand in one request.
    pub(super) fn or_as(self, error: &KafkaError, group: &str, transactional_id: &str) -> Self {
        match code_of(error) {
            Some(RDKafkaErrorCode::GroupAuthorizationFailed) => Self::Group(group.to_owned()),
            Some(RDKafkaErrorCode::TransactionalIdAuthorizationFailed) => {
                Self::Transactions(transactional_id.to_owned())
            }
            _ => self,
        }
    }
}

impl fmt::Display for AclOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operation = self.operation();
        match self {
            Self::Describe(topic)
            | Self::Settings(topic)
            | Self::Create(topic)
            | Self::Read(topic)
            | Self::Write(topic) => write!(f, "{operation} on the topic {topic}"),
            Self::Group(name) => write!(f, "{operation} on the group {name}"),
            Self::Transactions(id) => write!(f, "{operation} on the transactional id {id}"),
        }
    }
}

/// Kafka's code for what happened, if it has one.
pub(super) fn code_of(error: &KafkaError) -> Option<RDKafkaErrorCode> {
    match error {
        KafkaError::AdminOp(code) => Some(*code),
        error => error.rdkafka_error_code(),
    }
}

/// Whether it is an ACL that forbids it.
pub(super) fn is_denied(error: &KafkaError) -> bool {
    matches!(
        code_of(error),
        Some(
            RDKafkaErrorCode::TopicAuthorizationFailed
                | RDKafkaErrorCode::GroupAuthorizationFailed
                | RDKafkaErrorCode::TransactionalIdAuthorizationFailed
                | RDKafkaErrorCode::ClusterAuthorizationFailed
        )
    )
}

//! Operations that Kafka's ACLs may deny: a refusal names what to allow.

use std::fmt;

use kigen_model::topic::Topic;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// An operation on a resource, in the terms of Kafka's ACLs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AclOperation {
    /// To see a topic, and its first and last offsets.
    Describe(Topic),
    /// To see a topic's settings.
    Settings(Topic),
    /// To create a topic.
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

    /// What was denied, if not this: one request names several resources, and the code of the refusal names which.
    pub(crate) fn or_as(self, error: &KafkaError, group: &str, transactional_id: &str) -> Self {
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

/// Kafka's code for an error, if it has one.
pub(crate) fn code_of(error: &KafkaError) -> Option<RDKafkaErrorCode> {
    match error {
        KafkaError::AdminOp(code) => Some(*code),
        error => error.rdkafka_error_code(),
    }
}

/// Whether an ACL denies it.
pub(crate) fn is_denied(error: &KafkaError) -> bool {
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

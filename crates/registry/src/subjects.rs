//! kigen's subjects in a registry: registered, looked up, and checked.

use kigen_model::topic::Topic;

use crate::access::Access;
use crate::client::Client;
use crate::error::RegistryFailure;

/// The compatibility level of kigen's subjects: each version reads the values of all versions before it. A stricter level is
/// not possible: an older reader cannot decode a new kind in `body` (docs/adr/0006).
pub const COMPATIBILITY: &str = "BACKWARD_TRANSITIVE";

/// A topic's subject, as the registry has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The topic.
    pub topic: Topic,
    /// The ids of this kigen's versions, oldest first; `None`: not registered.
    pub ids: Vec<Option<u32>>,
    /// The compatibility level of the subject; `None`: it has none of its own.
    pub compatibility: Option<String>,
}

impl Subject {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> String {
        name_of(self.topic)
    }

    /// How it differs from what kigen registers, with the remedy; empty: it does not. kigen mends these itself if it may
    /// write to the registry.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let missing = (1..).zip(&self.ids).filter(|(_, id)| id.is_none());
        let missing: Vec<String> = missing.map(|(version, _): (usize, _)| version.to_string()).collect();
        if !missing.is_empty() {
            problems.push(format!(
                "version {} is not registered: `kigen topics create` does so, and each role when it starts, if they may",
                missing.join(", ")
            ));
        }
        if self.compatibility.as_deref() != Some(COMPATIBILITY) {
            let found = self.compatibility.as_deref().unwrap_or("not set");
            problems.push(format!(
                "its compatibility is {found}, not {COMPATIBILITY}, so that others could register what kigen's readers \
                 do not survive: `kigen topics create` sets it, and each role when it starts, if they may"
            ));
        }
        problems
    }
}

/// Reads kigen's subjects from a registry; changes nothing.
///
/// # Errors
/// The registry does not respond, or refuses.
pub fn check(access: &Access) -> Result<Vec<Subject>, RegistryFailure> {
    look_up(&Client::new(access.clone())?)
}

/// Registers the missing schemas and sets the compatibility levels; returns the subjects after that.
///
/// # Errors
/// The registry does not respond, or refuses; some schemas may be registered then, and a retry registers the others.
pub fn register(access: &Access) -> Result<Vec<Subject>, RegistryFailure> {
    register_with(&Client::new(access.clone())?)
}

pub(crate) fn look_up(client: &Client) -> Result<Vec<Subject>, RegistryFailure> {
    let subject = |topic| {
        let name = name_of(topic);
        let schemas = kigen_wire::schemas(topic).iter();
        let ids = schemas.map(|schema| client.id_of(&name, schema)).collect::<Result<_, _>>()?;
        Ok(Subject { topic, ids, compatibility: client.compatibility(&name)? })
    };
    Topic::ALL.into_iter().map(subject).collect()
}

/// In the order of the versions, since the registry checks each against those before it. Schemas that are registered already
/// are only looked up, so that a user who may not write can run after another has registered them.
pub(crate) fn register_with(client: &Client) -> Result<Vec<Subject>, RegistryFailure> {
    let mut all = Vec::new();
    for topic in Topic::ALL {
        let name = name_of(topic);
        let mut subject = Subject { topic, ids: Vec::new(), compatibility: None };
        for (version, schema) in (1..).zip(kigen_wire::schemas(topic)) {
            let id = match client.id_of(&name, schema)? {
                Some(id) => id,
                None => client.register(&name, version, schema)?,
            };
            subject.ids.push(Some(id));
            // Some registries accept a level only for a subject that exists.
            if version == 1 {
                subject.compatibility = set_compatibility(client, &name)?;
            }
        }
        all.push(subject);
    }
    Ok(all)
}

/// Sets the compatibility level if it differs, and returns it. kigen works without it, so that a refusal is only logged.
fn set_compatibility(client: &Client, subject: &str) -> Result<Option<String>, RegistryFailure> {
    let before = client.compatibility(subject)?;
    if before.as_deref() == Some(COMPATIBILITY) {
        return Ok(before);
    }
    match client.set_compatibility(subject, COMPATIBILITY) {
        Ok(()) => Ok(Some(COMPATIBILITY.to_owned())),
        Err(refused @ RegistryFailure::Forbidden { .. }) => {
            tracing::warn!("{refused}; kigen continues without");
            Ok(before)
        }
        Err(failure) => Err(failure),
    }
}

/// The subject of a topic's values, by the naming strategy of Confluent's clients.
fn name_of(topic: Topic) -> String {
    format!("{topic}-value")
}

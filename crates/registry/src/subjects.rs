//! kigen's subjects in a registry: registered, looked up, and checked.

use kigen_model::topic::Topic;

use crate::access::Access;
use crate::client::Client;
use crate::error::RegistryFailure;

/// What each version of a schema must be for those before it: able to read what they wrote, all of them. More cannot be
/// promised: a new kind in `body` is nothing that an older reader could decode (docs/adr/0006).
pub const COMPATIBILITY: &str = "BACKWARD_TRANSITIVE";

/// A topic's subject as it is in the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Whose values.
    pub topic: Topic,
    /// The numbers of this kigen's versions there, oldest first; `None`: not registered.
    pub ids: Vec<Option<u32>>,
    /// The compatibility that is set for the subject; `None`: none of its own.
    pub compatibility: Option<String>,
}

impl Found {
    /// The subject's name.
    #[must_use]
    pub fn subject(&self) -> String {
        subject(self.topic)
    }

    /// What is not as kigen leaves it, with what to do; empty: all is well. None of it keeps kigen from running if it may
    /// write there.
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

/// Says how kigen's subjects are in a registry; changes nothing.
///
/// # Errors
/// The registry does not answer, or refuses.
pub fn check(access: &Access) -> Result<Vec<Found>, RegistryFailure> {
    look_up(&Client::new(access.clone())?)
}

/// Registers what is missing of kigen's schemas, and sets the subjects' compatibility; says how they are then.
///
/// # Errors
/// The registry does not answer, or refuses; then some may be registered, and another try does the others.
pub fn register(access: &Access) -> Result<Vec<Found>, RegistryFailure> {
    register_with(&Client::new(access.clone())?)
}

pub(crate) fn look_up(client: &Client) -> Result<Vec<Found>, RegistryFailure> {
    let found = |topic| {
        let subject = subject(topic);
        let schemas = kigen_wire::schemas(topic).iter();
        let ids = schemas.map(|schema| client.id_of(&subject, schema)).collect::<Result<_, _>>()?;
        Ok(Found { topic, ids, compatibility: client.compatibility(&subject)? })
    };
    Topic::ALL.into_iter().map(found).collect()
}

/// In the order of the versions, each held against those before it. What is there already is asked for only, so that who
/// may not write can run where another has registered.
pub(crate) fn register_with(client: &Client) -> Result<Vec<Found>, RegistryFailure> {
    let mut all = Vec::new();
    for topic in Topic::ALL {
        let subject = subject(topic);
        let mut found = Found { topic, ids: Vec::new(), compatibility: None };
        for (version, schema) in (1..).zip(kigen_wire::schemas(topic)) {
            let id = match client.id_of(&subject, schema)? {
                Some(id) => id,
                None => client.register(&subject, version, schema)?,
            };
            found.ids.push(Some(id));
            // Some registries set it only for what they have.
            if version == 1 {
                found.compatibility = set(client, &subject)?;
            }
        }
        all.push(found);
    }
    Ok(all)
}

/// The subject's compatibility, set where it was another: nothing that kigen does hangs on it, so that who may not set it
/// is told and goes on.
fn set(client: &Client, subject: &str) -> Result<Option<String>, RegistryFailure> {
    let before = client.compatibility(subject)?;
    if before.as_deref() == Some(COMPATIBILITY) {
        return Ok(before);
    }
    match client.set_compatibility(subject, COMPATIBILITY) {
        Ok(()) => Ok(Some(COMPATIBILITY.to_owned())),
        Err(refused @ RegistryFailure::Forbidden { .. }) => {
            tracing::warn!("{refused}; kigen goes on without");
            Ok(before)
        }
        Err(failure) => Err(failure),
    }
}

/// What Confluent's clients call the schemas of a topic's values.
fn subject(topic: Topic) -> String {
    format!("{topic}-value")
}

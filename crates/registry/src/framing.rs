//! Values on Kafka that name their schema by its number in the registry.

use std::borrow::Cow;
use std::collections::HashMap;
use std::error::Error;
use std::sync::{PoisonError, RwLock};

use kigen_log::kafka::{Framing, Head, Inward};
use kigen_model::topic::Topic;
use kigen_wire::Frame;

use crate::access::Access;
use crate::client::Client;
use crate::error::RegistryFailure;
use crate::subjects::{Found, look_up, register_with};

/// How many numbers that mean nothing here are remembered; then all are forgotten, and asked for anew.
const FOREIGN_IDS_MAX: usize = 1_024;

/// What a process wants of the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// To write values: what is not registered yet is.
    Write,
    /// To read them only.
    Read,
}

/// A registry, and what its numbers mean.
pub struct Registry {
    client: Client,
    /// The numbers of kigen's own schemas, by fingerprint.
    ids: HashMap<[u8; 8], u32>,
    /// What numbers mean, as far as they were met. It only grows.
    meanings: RwLock<Meanings>,
}

#[derive(Default)]
struct Meanings {
    /// The fingerprints of the schemas.
    known: HashMap<u32, [u8; 8]>,
    /// Numbers of schemas that are none of this kigen's, or of none at all.
    foreign: Vec<u32>,
}

impl Registry {
    /// Asks the registry for the numbers of kigen's schemas. It waits for the answers on the caller's thread.
    ///
    /// # Errors
    /// The registry does not answer, or refuses.
    pub fn open(access: Access, intent: Intent) -> Result<Self, RegistryFailure> {
        let client = Client::new(access)?;
        let found = match intent {
            Intent::Write => register_with(&client)?,
            Intent::Read => look_up(&client)?,
        };
        let ids: HashMap<_, _> = found.iter().flat_map(numbered).collect();
        let known = ids.iter().map(|(fingerprint, id)| (*id, *fingerprint)).collect();
        let meanings = RwLock::new(Meanings { known, foreign: Vec::new() });
        Ok(Self { client, ids, meanings })
    }

    /// The fingerprint of the schema that a number means; `None`: it is none of this kigen's. The registry is asked once
    /// for a number that was never met: it may have been given meanwhile.
    fn meaning(&self, id: u32) -> Result<Option<[u8; 8]>, RegistryFailure> {
        {
            let meanings = self.meanings.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(fingerprint) = meanings.known.get(&id) {
                return Ok(Some(*fingerprint));
            }
            if meanings.foreign.contains(&id) {
                return Ok(None);
            }
        }
        let schema = self.client.schema(id)?;
        let fingerprint = schema.and_then(|schema| kigen_wire::fingerprint(&schema).ok());
        let fingerprint = fingerprint.filter(|fingerprint| own().any(|own| own == *fingerprint));
        let mut meanings = self.meanings.write().unwrap_or_else(PoisonError::into_inner);
        match fingerprint {
            Some(fingerprint) => {
                meanings.known.insert(id, fingerprint);
            }
            None => {
                if meanings.foreign.len() >= FOREIGN_IDS_MAX {
                    meanings.foreign.clear();
                }
                meanings.foreign.push(id);
            }
        }
        Ok(fingerprint)
    }
}

impl Framing for Registry {
    fn outward<'a>(&self, _topic: Topic, value: &'a [u8]) -> Cow<'a, [u8]> {
        match Frame::of(value) {
            Some((Frame::Object(fingerprint), datum)) => match self.ids.get(&fingerprint) {
                Some(id) => Cow::Owned(Frame::Registered(*id).around(datum)),
                None => Cow::Borrowed(value),
            },
            Some((Frame::Registered(_), _)) | None => Cow::Borrowed(value),
        }
    }

    fn inward(&self, _topic: Topic, value: &[u8]) -> Result<Option<Inward>, Box<dyn Error + Send + Sync>> {
        let Some((Frame::Registered(id), datum)) = Frame::of(value) else { return Ok(None) };
        let Some(fingerprint) = self.meaning(id)? else { return Ok(None) };
        let [a, b, c, d] = id.to_be_bytes();
        let head = Head { was: [0, a, b, c, d], now_bytes: Frame::OBJECT_BYTES };
        Ok(Some(Inward { value: Frame::Object(fingerprint).around(datum), head }))
    }
}

/// The fingerprints of a topic's versions with their numbers.
fn numbered(found: &Found) -> impl Iterator<Item = ([u8; 8], u32)> {
    let fingerprints = fingerprints(found.topic);
    fingerprints.zip(&found.ids).filter_map(|(fingerprint, id)| Some((fingerprint, (*id)?)))
}

fn fingerprints(topic: Topic) -> impl Iterator<Item = [u8; 8]> {
    let schemas = kigen_wire::schemas(topic).iter();
    schemas.map(|schema| kigen_wire::fingerprint(schema).expect("kigen's own schemas are schemas"))
}

/// The fingerprints of all of kigen's schemas.
fn own() -> impl Iterator<Item = [u8; 8]> {
    Topic::ALL.into_iter().flat_map(fingerprints)
}

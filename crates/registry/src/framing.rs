//! Values on Kafka that name their schema by its id in the registry.

use std::borrow::Cow;
use std::collections::HashMap;
use std::error::Error;
use std::sync::{PoisonError, RwLock};

use kigen_log::SchemaPrefix;
use kigen_log::kafka::{Framing, Unframed};
use kigen_model::topic::Topic;
use kigen_wire::Frame;

use crate::access::Access;
use crate::client::Client;
use crate::error::RegistryFailure;
use crate::subjects::{Subject, look_up, register_with};

/// The foreign ids that are remembered. At the limit they are cleared, and looked up again.
const FOREIGN_IDS_MAX: usize = 1_024;

/// What a process uses the registry for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// To write values: schemas that are missing are registered.
    Write,
    /// To read values only.
    Read,
}

/// A registry, and the schemas of its ids.
pub struct Registry {
    client: Client,
    /// The ids of kigen's own schemas, by fingerprint.
    ids: HashMap<[u8; 8], u32>,
    /// The ids that were looked up so far.
    known: RwLock<KnownIds>,
}

#[derive(Default)]
struct KnownIds {
    /// The fingerprints of kigen's schemas, by id.
    own: HashMap<u32, [u8; 8]>,
    /// Ids of schemas that are not of kigen, and ids without a schema.
    foreign: Vec<u32>,
}

impl Registry {
    /// Looks up the ids of kigen's schemas. Waits for the responses on the caller's thread.
    ///
    /// # Errors
    /// The registry does not respond, or refuses.
    pub fn open(access: Access, intent: Intent) -> Result<Self, RegistryFailure> {
        let client = Client::new(access)?;
        let subjects = match intent {
            Intent::Write => register_with(&client)?,
            Intent::Read => look_up(&client)?,
        };
        let ids: HashMap<_, _> = subjects.iter().flat_map(ids_by_fingerprint).collect();
        let own = ids.iter().map(|(fingerprint, id)| (*id, *fingerprint)).collect();
        let known = RwLock::new(KnownIds { own, foreign: Vec::new() });
        Ok(Self { client, ids, known })
    }

    /// The fingerprint of an id's schema; `None`: it is no schema of kigen. That of a newer kigen is one. An unknown id is looked up in the
    /// registry once: it may have been registered since the start.
    fn fingerprint_of(&self, id: u32) -> Result<Option<[u8; 8]>, RegistryFailure> {
        {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(fingerprint) = known.own.get(&id) {
                return Ok(Some(*fingerprint));
            }
            if known.foreign.contains(&id) {
                return Ok(None);
            }
        }
        let schema = self.client.schema(id)?;
        let of_kigen = schema.filter(|schema| kigen_wire::is_of_kigen(schema).unwrap_or(false));
        let fingerprint = of_kigen.and_then(|schema| kigen_wire::fingerprint(&schema).ok());
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        match fingerprint {
            Some(fingerprint) => {
                known.own.insert(id, fingerprint);
            }
            None => {
                if known.foreign.len() >= FOREIGN_IDS_MAX {
                    known.foreign.clear();
                }
                known.foreign.push(id);
            }
        }
        Ok(fingerprint)
    }
}

impl Framing for Registry {
    fn frame<'a>(&self, _topic: Topic, value: &'a [u8]) -> Cow<'a, [u8]> {
        match Frame::of(value) {
            Some((Frame::Object(fingerprint), datum)) => match self.ids.get(&fingerprint) {
                Some(id) => Cow::Owned(Frame::Registered(*id).around(datum)),
                None => Cow::Borrowed(value),
            },
            Some((Frame::Registered(_), _)) | None => Cow::Borrowed(value),
        }
    }

    fn unframe(&self, _topic: Topic, value: &[u8]) -> Result<Option<Unframed>, Box<dyn Error + Send + Sync>> {
        let Some((Frame::Registered(id), datum)) = Frame::of(value) else { return Ok(None) };
        let Some(fingerprint) = self.fingerprint_of(id)? else { return Ok(None) };
        let [a, b, c, d] = id.to_be_bytes();
        let prefix = SchemaPrefix { read: [0, a, b, c, d], replaced_by_bytes: Frame::OBJECT_BYTES };
        Ok(Some(Unframed { value: Frame::Object(fingerprint).around(datum), prefix }))
    }
}

/// The fingerprints of a subject's versions with their ids.
fn ids_by_fingerprint(subject: &Subject) -> impl Iterator<Item = ([u8; 8], u32)> {
    let fingerprints = fingerprints(subject.topic);
    fingerprints.zip(&subject.ids).filter_map(|(fingerprint, id)| Some((fingerprint, (*id)?)))
}

fn fingerprints(topic: Topic) -> impl Iterator<Item = [u8; 8]> {
    let schemas = kigen_wire::schemas(topic).iter();
    schemas.map(|schema| kigen_wire::fingerprint(schema).expect("kigen's own schemas are valid"))
}

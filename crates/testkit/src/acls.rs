//! A Kafka's ACLs, set by its super user. In Kafka's own protocol: librdkafka's Rust client does not offer ACLs, and the
//! jars of the broker contain no tool for them.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// How long the broker may take to respond.
const RESPONSE_MAX: Duration = Duration::from_secs(30);
/// Kafka's API keys, and the last version of both that has no tagged fields.
const CREATE_ACLS: i16 = 30;
const DELETE_ACLS: i16 = 31;
const VERSION: i16 = 1;
/// From any host.
const ANY_HOST: &str = "*";

/// The resource of a rule.
#[derive(Clone, Copy, Debug)]
pub enum Resource<'a> {
    /// A topic.
    Topic(&'a str),
    /// All topics with this prefix.
    Topics(&'a str),
    /// All groups with this prefix.
    Groups(&'a str),
    /// All transactional ids with this prefix.
    TransactionalIds(&'a str),
}

/// The operation that is allowed or denied.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "they are Kafka's terms")]
pub enum Operation {
    All = 2,
    Read = 3,
    Write = 4,
}

/// Whether a rule allows or denies.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "they are Kafka's terms")]
pub enum Permission {
    Deny = 2,
    Allow = 3,
}

/// An ACL of one user, from any host.
#[derive(Clone, Copy, Debug)]
pub struct Rule<'a> {
    /// The user.
    pub user: &'a str,
    /// Allows or denies.
    pub permission: Permission,
    /// The operation.
    pub operation: Operation,
    /// The resource.
    pub resource: Resource<'a>,
}

impl Rule<'_> {
    /// Adds it at the broker, whose listener for super users is at `address`.
    ///
    /// # Panics
    /// The broker refuses.
    pub fn add(&self, address: &str) {
        let response = send(address, CREATE_ACLS, &self.encoded());
        assert_eq!(error_in(&response), 0, "{self:?} was not added");
    }

    /// Removes it again.
    ///
    /// # Panics
    /// The broker refuses.
    pub fn remove(&self, address: &str) {
        let response = send(address, DELETE_ACLS, &self.encoded());
        assert_eq!(error_in(&response), 0, "{self:?} was not removed");
    }

    /// An array of this one rule: Kafka encodes an ACL to create like a filter of ACLs to delete.
    fn encoded(&self) -> Vec<u8> {
        let (kind, name, pattern) = match self.resource {
            Resource::Topic(name) => (2, name, 3),
            Resource::Topics(name) => (2, name, 4),
            Resource::Groups(name) => (3, name, 4),
            Resource::TransactionalIds(name) => (5, name, 4),
        };
        let mut bytes = 1_i32.to_be_bytes().to_vec();
        bytes.push(kind);
        text(&mut bytes, name);
        bytes.push(pattern);
        text(&mut bytes, &format!("User:{}", self.user));
        text(&mut bytes, ANY_HOST);
        bytes.extend([self.operation as u8, self.permission as u8]);
        bytes
    }
}

fn send(address: &str, api_key: i16, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(api_key.to_be_bytes());
    bytes.extend(VERSION.to_be_bytes());
    bytes.extend(1_i32.to_be_bytes());
    text(&mut bytes, "kigen-test");
    bytes.extend(body);
    let mut broker = TcpStream::connect(address).expect("the broker listens");
    broker.set_read_timeout(Some(RESPONSE_MAX)).expect("a timeout");
    broker.write_all(&length(&bytes)).and_then(|()| broker.write_all(&bytes)).expect("the broker reads");
    let mut size = [0; 4];
    broker.read_exact(&mut size).expect("a response");
    let mut response = vec![0; usize::try_from(u32::from_be_bytes(size)).expect("a size")];
    broker.read_exact(&mut response).expect("a whole response");
    response
}

/// The error code, which follows the correlation id, the throttle time and the array's length.
fn error_in(response: &[u8]) -> i16 {
    let code = response.get(12..14).expect("a response about one rule");
    i16::from_be_bytes([code[0], code[1]])
}

fn text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend(i16::try_from(text.len()).expect("a short text").to_be_bytes());
    bytes.extend(text.as_bytes());
}

fn length(bytes: &[u8]) -> [u8; 4] {
    i32::try_from(bytes.len()).expect("a short request").to_be_bytes()
}

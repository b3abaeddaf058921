//! A Kafka's ACLs, set by its super user: spoken in Kafka's own protocol, since librdkafka's Rust client has no words for
//! them and the broker's jars no tool.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// How long the broker may take.
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// Kafka's requests, and the last version of both that has no tagged fields.
const CREATE_ACLS: i16 = 30;
const DELETE_ACLS: i16 = 31;
const VERSION: i16 = 1;
/// From everywhere.
const ANY_HOST: &str = "*";

/// What a rule is about.
#[derive(Clone, Copy, Debug)]
pub enum Resource<'a> {
    /// A topic.
    Topic(&'a str),
    /// All topics whose names begin so.
    Topics(&'a str),
    /// All groups whose names begin so.
    Groups(&'a str),
    /// All transactional ids that begin so.
    TransactionalIds(&'a str),
}

/// What is allowed or denied.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "they are Kafka's words")]
pub enum Operation {
    All = 2,
    Read = 3,
    Write = 4,
}

/// A rule's answer.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "they are Kafka's words")]
pub enum Permission {
    Deny = 2,
    Allow = 3,
}

/// An ACL of one user.
#[derive(Clone, Copy, Debug)]
pub struct Rule<'a> {
    /// The user.
    pub user: &'a str,
    /// May or may not,
    pub permission: Permission,
    /// do this
    pub operation: Operation,
    /// with this.
    pub resource: Resource<'a>,
}

impl Rule<'_> {
    /// Sets it at the broker that listens at `address` for its super user.
    ///
    /// # Panics
    /// The broker does not.
    pub fn add(&self, address: &str) {
        let answer = ask(address, CREATE_ACLS, &self.encoded());
        assert_eq!(error_in(&answer), 0, "{self:?} was not added");
    }

    /// Takes it away again.
    ///
    /// # Panics
    /// The broker does not.
    pub fn remove(&self, address: &str) {
        let answer = ask(address, DELETE_ACLS, &self.encoded());
        assert_eq!(error_in(&answer), 0, "{self:?} was not removed");
    }

    /// One rule, in an array: Kafka writes a rule to add like a filter of those to delete.
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

fn ask(address: &str, request: i16, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(request.to_be_bytes());
    bytes.extend(VERSION.to_be_bytes());
    bytes.extend(1_i32.to_be_bytes());
    text(&mut bytes, "kigen-test");
    bytes.extend(body);
    let mut broker = TcpStream::connect(address).expect("the broker listens");
    broker.set_read_timeout(Some(ANSWER_MAX)).expect("a time");
    broker.write_all(&length(&bytes)).and_then(|()| broker.write_all(&bytes)).expect("it hears");
    let mut size = [0; 4];
    broker.read_exact(&mut size).expect("it answers");
    let mut answer = vec![0; usize::try_from(u32::from_be_bytes(size)).expect("a size")];
    broker.read_exact(&mut answer).expect("it answers to the end");
    answer
}

/// After the correlation id, the throttling and the array's length.
fn error_in(answer: &[u8]) -> i16 {
    let code = answer.get(12..14).expect("an answer about one rule");
    i16::from_be_bytes([code[0], code[1]])
}

fn text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend(i16::try_from(text.len()).expect("a short text").to_be_bytes());
    bytes.extend(text.as_bytes());
}

fn length(bytes: &[u8]) -> [u8; 4] {
    i32::try_from(bytes.len()).expect("a short request").to_be_bytes()
}

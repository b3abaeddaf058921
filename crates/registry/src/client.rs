//! The HTTP client of a schema registry, by Confluent's API.

use std::fmt::Write;
use std::time::Duration;

use kigen_ops::{http_client, trust, trust_none};
use serde_json::{Value as Json, json};
use ureq::Agent;
use ureq::http::{Request, Response};
use ureq::tls::{Certificate, PemItem, TlsConfig, parse_pem};

use crate::access::Access;
use crate::error::RegistryFailure;

/// How long a response may take. A shutdown waits for it.
const RESPONSE_MAX: Duration = Duration::from_secs(5);
/// The largest response that is read.
const RESPONSE_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// The characters of a registry's message that an error shows.
const MESSAGE_CHARS_MAX: usize = 300;
const CONTENT_TYPE: &str = "application/vnd.schemaregistry.v1+json";
/// Confluent's registry responds with the first, others with plain JSON.
const ACCEPT: &str = "application/vnd.schemaregistry.v1+json, application/json";

/// A client of one registry.
pub(crate) struct Client {
    access: Access,
    agent: Agent,
}

/// A request.
struct Call {
    method: &'static str,
    /// Below the base URL.
    path: String,
    body: Option<Json>,
    /// In words, as a verb.
    doing: String,
}

impl Client {
    /// Sends no request yet.
    ///
    /// # Errors
    /// The certificates cannot be used.
    pub(crate) fn new(access: Access) -> Result<Self, RegistryFailure> {
        let config = http_client(tls(&access)?, RESPONSE_MAX)
            .http_status_as_error(false)
            // A redirect is an error: a redirected POST would become another request.
            .max_redirects(0)
            .accept(ACCEPT);
        Ok(Self { access, agent: config.build().new_agent() })
    }

    /// The base URL of the registry's API.
    pub(crate) fn url(&self) -> &str {
        self.access.url()
    }

    /// The id of a schema under a subject; `None`: it is not registered there.
    pub(crate) fn id_of(&self, subject: &str, schema: &str) -> Result<Option<u32>, RegistryFailure> {
        let response = self.send(&Call {
            method: "POST",
            path: format!("/subjects/{subject}"),
            body: Some(json!({ "schema": schema })),
            doing: format!("look up a schema of the subject {subject}"),
        })?;
        Ok(response.as_ref().and_then(id))
    }

    /// Registers a schema as the subject's next version, unless it is one already; returns its id.
    pub(crate) fn register(
        &self,
        subject: &str,
        version: usize,
        schema: &str,
    ) -> Result<u32, RegistryFailure> {
        let call = Call {
            method: "POST",
            path: format!("/subjects/{subject}/versions"),
            body: Some(json!({ "schema": schema })),
            doing: format!("register version {version} of the subject {subject}"),
        };
        let response = self.send(&call)?;
        response.as_ref().and_then(id).ok_or_else(|| self.not_a_registry(&call, 404))
    }

    /// The schema of an id; `None`: there is none.
    pub(crate) fn schema(&self, id: u32) -> Result<Option<String>, RegistryFailure> {
        let response = self.send(&Call {
            method: "GET",
            path: format!("/schemas/ids/{id}"),
            body: None,
            doing: format!("return the schema {id}"),
        })?;
        Ok(response.and_then(|response| Some(response.get("schema")?.as_str()?.to_owned())))
    }

    /// The compatibility level of a subject; `None`: it has none of its own.
    pub(crate) fn compatibility(&self, subject: &str) -> Result<Option<String>, RegistryFailure> {
        let response = self.send(&Call {
            method: "GET",
            path: format!("/config/{subject}"),
            body: None,
            doing: format!("return the compatibility of the subject {subject}"),
        })?;
        Ok(response.and_then(|response| Some(response.get("compatibilityLevel")?.as_str()?.to_owned())))
    }

    /// Sets the compatibility level of a subject.
    pub(crate) fn set_compatibility(&self, subject: &str, level: &str) -> Result<(), RegistryFailure> {
        let call = Call {
            method: "PUT",
            path: format!("/config/{subject}"),
            body: Some(json!({ "compatibility": level })),
            doing: format!("set the compatibility of the subject {subject}"),
        };
        match self.send(&call)? {
            Some(_) => Ok(()),
            None => Err(self.not_a_registry(&call, 404)),
        }
    }

    /// The response; `None`: the registry has no such object.
    fn send(&self, call: &Call) -> Result<Option<Json>, RegistryFailure> {
        let unreachable = |source| {
            let url = self.url().to_owned();
            RegistryFailure::Unreachable { url, source: Box::new(source) }
        };
        let mut request = Request::builder()
            .method(call.method)
            .uri(format!("{}{}", self.url(), call.path))
            .header("content-type", CONTENT_TYPE);
        if let Some(authorization) = self.access.authorization() {
            request = request.header("authorization", authorization);
        }
        let body = call.body.as_ref().map(Json::to_string);
        let response = match body {
            Some(body) => {
                request.body(body).map_err(ureq::Error::from).and_then(|request| self.agent.run(request))
            }
            None => request.body(()).map_err(ureq::Error::from).and_then(|request| self.agent.run(request)),
        };
        let mut response: Response<ureq::Body> = response.map_err(unreachable)?;
        let status = response.status().as_u16();
        let text =
            response.body_mut().with_config().limit(RESPONSE_BYTES_MAX).lossy_utf8(true).read_to_string();
        self.decode(call, status, &text.map_err(unreachable)?)
    }

    /// Decodes a response by its status and text.
    fn decode(&self, call: &Call, status: u16, text: &str) -> Result<Option<Json>, RegistryFailure> {
        let json: Option<Json> = serde_json::from_str(text).ok().filter(Json::is_object);
        let code = json.as_ref().and_then(|json| json.get("error_code")?.as_u64());
        let message = message(json.as_ref(), text);
        let (url, doing) = (self.url().to_owned(), call.doing.clone());
        let user = || self.access.user().map_or("(no credentials)".to_owned(), |user| format!("`{user}`"));
        match status {
            200..=299 => json.map(Some).ok_or_else(|| self.not_a_registry(call, status)),
            401 => Err(RegistryFailure::Unauthenticated { url, user: user(), message }),
            403 => Err(RegistryFailure::Forbidden { url, user: user(), doing, message }),
            // A registry's 404 has an error code; that of another server has none.
            404 if code.is_some() => Ok(None),
            409 => Err(RegistryFailure::Incompatible { url, doing, message }),
            408 | 425 | 429 | 500..=599 => Err(RegistryFailure::Unavailable { url, doing, status, message }),
            _ if code.is_some() => Err(RegistryFailure::Refused { url, doing, status, message }),
            _ => Err(self.not_a_registry(call, status)),
        }
    }

    fn not_a_registry(&self, call: &Call, status: u16) -> RegistryFailure {
        let (url, doing) = (self.url().to_owned(), call.doing.clone());
        RegistryFailure::NotARegistry { url, doing, status }
    }
}

fn id(response: &Json) -> Option<u32> {
    u32::try_from(response.get("id")?.as_u64()?).ok()
}

/// The message of a response in one line, cut.
fn message(json: Option<&Json>, text: &str) -> String {
    let text = json.and_then(|json| json.get("message")?.as_str()).unwrap_or(text);
    let mut message = String::new();
    for word in text.split_whitespace() {
        if message.chars().count() + word.chars().count() > MESSAGE_CHARS_MAX {
            message.push_str(" ...");
            break;
        }
        let _ = write!(message, "{}{word}", if message.is_empty() { "" } else { " " });
    }
    if message.is_empty() { "without a message".to_owned() } else { message }
}

/// Trusts the machine's certificate authorities and those of `ca_file`.
fn tls(access: &Access) -> Result<TlsConfig, RegistryFailure> {
    if access.url().starts_with("https:") { Ok(trust(from_ca_file(access)?)) } else { Ok(trust_none()) }
}

/// The certificates of `ca_file`.
fn from_ca_file(access: &Access) -> Result<Vec<Certificate<'static>>, RegistryFailure> {
    let Some(path) = access.ca_file() else { return Ok(Vec::new()) };
    let failed = |problem, source| RegistryFailure::Certificates { path: path.clone(), problem, source };
    let text = std::fs::read(path).map_err(|error| failed("cannot be read", error.into()))?;
    let mut certificates = Vec::new();
    for item in parse_pem(&text) {
        if let PemItem::Certificate(certificate) = item.map_err(|error| failed("is not PEM", error.into()))? {
            certificates.push(certificate);
        }
    }
    if certificates.is_empty() {
        return Err(failed("holds no certificate", "it has no CERTIFICATE block".into()));
    }
    Ok(certificates)
}

//! What is asked of a schema registry, by HTTP.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};
use ureq::Agent;
use ureq::http::{Request, Response};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

use crate::access::Access;
use crate::error::RegistryFailure;

/// How long an answer may take. A shutdown waits for it.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// The longest answer that is read.
const ANSWER_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// How much of an answer's words is told.
const SAID_CHARS_MAX: usize = 300;
const CONTENT_TYPE: &str = "application/vnd.schemaregistry.v1+json";
/// Confluent answers in the first, others in plain JSON.
const ACCEPT: &str = "application/vnd.schemaregistry.v1+json, application/json";

/// Asks a registry.
pub(crate) struct Client {
    access: Access,
    agent: Agent,
}

/// What is asked: how, where below the base, with what, and in words.
struct Question {
    method: &'static str,
    path: String,
    body: Option<Json>,
    doing: String,
}

impl Client {
    /// One that asks as `access` says. Nothing is asked yet.
    ///
    /// # Errors
    /// The certificates cannot be used.
    pub(crate) fn new(access: Access) -> Result<Self, RegistryFailure> {
        let config = Agent::config_builder()
            .tls_config(tls(&access)?)
            .timeout_global(Some(ANSWER_MAX))
            .http_status_as_error(false)
            // What is moved is told: a redirected POST would be another question.
            .max_redirects(0)
            .user_agent(concat!("kigen/", env!("CARGO_PKG_VERSION")))
            .accept(ACCEPT);
        Ok(Self { access, agent: config.build().new_agent() })
    }

    /// The base of the registry's API.
    pub(crate) fn url(&self) -> &str {
        self.access.url()
    }

    /// The number of a schema under a subject; `None`: it is not registered there.
    pub(crate) fn id_of(&self, subject: &str, schema: &str) -> Result<Option<u32>, RegistryFailure> {
        let answer = self.ask(&Question {
            method: "POST",
            path: format!("/subjects/{subject}"),
            body: Some(json!({ "schema": schema })),
            doing: format!("look up a schema of the subject {subject}"),
        })?;
        Ok(answer.as_ref().and_then(id))
    }

    /// Registers a schema as the subject's next version, if it is none of them; its number.
    pub(crate) fn register(
        &self,
        subject: &str,
        version: usize,
        schema: &str,
    ) -> Result<u32, RegistryFailure> {
        let question = Question {
            method: "POST",
            path: format!("/subjects/{subject}/versions"),
            body: Some(json!({ "schema": schema })),
            doing: format!("register version {version} of the subject {subject}"),
        };
        let answer = self.ask(&question)?;
        answer.as_ref().and_then(id).ok_or_else(|| self.no_registry(&question, 404))
    }

    /// The schema of a number; `None`: there is none.
    pub(crate) fn schema(&self, id: u32) -> Result<Option<String>, RegistryFailure> {
        let answer = self.ask(&Question {
            method: "GET",
            path: format!("/schemas/ids/{id}"),
            body: None,
            doing: format!("tell the schema {id}"),
        })?;
        Ok(answer.and_then(|answer| Some(answer.get("schema")?.as_str()?.to_owned())))
    }

    /// The compatibility that is set for a subject itself.
    pub(crate) fn compatibility(&self, subject: &str) -> Result<Option<String>, RegistryFailure> {
        let answer = self.ask(&Question {
            method: "GET",
            path: format!("/config/{subject}"),
            body: None,
            doing: format!("tell the compatibility of the subject {subject}"),
        })?;
        Ok(answer.and_then(|answer| Some(answer.get("compatibilityLevel")?.as_str()?.to_owned())))
    }

    /// Sets the compatibility of a subject.
    pub(crate) fn set_compatibility(&self, subject: &str, level: &str) -> Result<(), RegistryFailure> {
        let question = Question {
            method: "PUT",
            path: format!("/config/{subject}"),
            body: Some(json!({ "compatibility": level })),
            doing: format!("set the compatibility of the subject {subject}"),
        };
        match self.ask(&question)? {
            Some(_) => Ok(()),
            None => Err(self.no_registry(&question, 404)),
        }
    }

    /// The answer; `None`: the registry has no such thing.
    fn ask(&self, question: &Question) -> Result<Option<Json>, RegistryFailure> {
        let silent = |source| {
            let url = self.url().to_owned();
            RegistryFailure::Silent { url, source: Box::new(source) }
        };
        let mut request = Request::builder()
            .method(question.method)
            .uri(format!("{}{}", self.url(), question.path))
            .header("content-type", CONTENT_TYPE);
        if let Some(authorization) = self.access.authorization() {
            request = request.header("authorization", authorization);
        }
        let body = question.body.as_ref().map(Json::to_string);
        let answer = match body {
            Some(body) => {
                request.body(body).map_err(ureq::Error::from).and_then(|request| self.agent.run(request))
            }
            None => request.body(()).map_err(ureq::Error::from).and_then(|request| self.agent.run(request)),
        };
        let mut answer: Response<ureq::Body> = answer.map_err(silent)?;
        let status = answer.status().as_u16();
        let text = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).lossy_utf8(true).read_to_string();
        self.judge(question, status, &text.map_err(silent)?)
    }

    /// What a status and its text say.
    fn judge(&self, question: &Question, status: u16, text: &str) -> Result<Option<Json>, RegistryFailure> {
        let json: Option<Json> = serde_json::from_str(text).ok().filter(Json::is_object);
        let code = json.as_ref().and_then(|json| json.get("error_code")?.as_u64());
        let said = said(json.as_ref(), text);
        let (url, doing) = (self.url().to_owned(), question.doing.clone());
        let user = || self.access.user().map_or("nobody".to_owned(), |user| format!("`{user}`"));
        match status {
            200..=299 => json.map(Some).ok_or_else(|| self.no_registry(question, status)),
            401 => Err(RegistryFailure::Unknown { url, user: user(), said }),
            403 => Err(RegistryFailure::Forbidden { url, user: user(), doing, said }),
            // A registry numbers what it has not; another server knows no such path.
            404 if code.is_some() => Ok(None),
            409 => Err(RegistryFailure::Incompatible { url, doing, said }),
            408 | 425 | 429 | 500..=599 => Err(RegistryFailure::Unable { url, doing, status, said }),
            _ if code.is_some() => Err(RegistryFailure::Refused { url, doing, status, said }),
            _ => Err(self.no_registry(question, status)),
        }
    }

    fn no_registry(&self, question: &Question, status: u16) -> RegistryFailure {
        let (url, doing) = (self.url().to_owned(), question.doing.clone());
        RegistryFailure::NoRegistry { url, doing, status }
    }
}

fn id(answer: &Json) -> Option<u32> {
    u32::try_from(answer.get("id")?.as_u64()?).ok()
}

/// An answer's words in one line, cut.
fn said(json: Option<&Json>, text: &str) -> String {
    let message = json.and_then(|json| json.get("message")?.as_str()).unwrap_or(text);
    let mut said = String::new();
    for word in message.split_whitespace() {
        if said.chars().count() + word.chars().count() > SAID_CHARS_MAX {
            said.push_str(" ...");
            break;
        }
        let _ = write!(said, "{}{word}", if said.is_empty() { "" } else { " " });
    }
    if said.is_empty() { "without a word".to_owned() } else { said }
}

/// Trusts whom the machine trusts, and whom `ca_file` names.
fn tls(access: &Access) -> Result<TlsConfig, RegistryFailure> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = Vec::new();
    if access.url().starts_with("https:") {
        let machine = rustls_native_certs::load_native_certs();
        for error in machine.errors {
            tracing::debug!("a certificate authority of this machine cannot be read: {error}");
        }
        roots.extend(machine.certs.iter().map(|found| Certificate::from_der(found).to_owned()));
        roots.extend(named(access)?);
    }
    let config = TlsConfig::builder().unversioned_rustls_crypto_provider(provider);
    Ok(config.root_certs(RootCerts::new_with_certs(&roots)).build())
}

/// The certificates of `ca_file`.
fn named(access: &Access) -> Result<Vec<Certificate<'static>>, RegistryFailure> {
    let Some(path) = access.ca_file() else { return Ok(Vec::new()) };
    let failed = |problem, source| RegistryFailure::Certificates { path: path.clone(), problem, source };
    let text = std::fs::read(path).map_err(|error| failed("cannot be read", error.into()))?;
    let mut named = Vec::new();
    for item in parse_pem(&text) {
        if let PemItem::Certificate(certificate) = item.map_err(|error| failed("is not PEM", error.into()))? {
            named.push(certificate);
        }
    }
    if named.is_empty() {
        return Err(failed("holds no certificate", "it has no CERTIFICATE block".into()));
    }
    Ok(named)
}

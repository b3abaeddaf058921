//! Requests to receivers by HTTP: through the proxy of the environment, without following redirects, and what their statuses
//! mean.

use std::io::ErrorKind;
use std::sync::OnceLock;
use std::time::Duration;

use http::Uri;
use kigen_ops::{Secret, http_client, proxy_for, trust};
use ureq::Agent;

use super::ReceiverError;

/// How long a response may take.
pub const RESPONSE_MAX: Duration = Duration::from_secs(7);
/// How much of a response is read.
const ANSWER_BYTES_MAX: u64 = 64 * 1024;
/// How much of it is in an error.
const SHOWN_CHARS_MAX: usize = 200;

/// A client for one receiver.
#[derive(Debug)]
pub(crate) struct HttpClient {
    /// The receiver's address in the configuration, for errors.
    receiver: String,
    direct: OnceLock<Agent>,
    proxied: OnceLock<Agent>,
}

/// A response.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: String,
}

impl HttpClient {
    pub(crate) fn new(receiver: &str) -> Self {
        Self { receiver: receiver.to_owned(), direct: OnceLock::new(), proxied: OnceLock::new() }
    }

    /// Posts JSON to a URL, which is a secret and is in no error.
    pub(crate) fn post(
        &self,
        url: &str,
        headers: &[(&str, String)],
        body: &str,
    ) -> Result<Answer, ReceiverError> {
        let uri: Uri = url.parse().map_err(|_| self.no_url())?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return Err(self.no_url());
        }
        let mut request = self.agent(&uri).post(&uri).header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        match request.send(body) {
            Ok(mut response) => {
                let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
                let retry_after =
                    retry_after.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
                let status = response.status().as_u16();
                let body = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string();
                Ok(Answer { status, retry_after, body: body.unwrap_or_default() })
            }
            Err(ureq::Error::Io(error)) if error.kind() != ErrorKind::Other => {
                Err(self.retry(None, format!("it cannot be reached: {}", error.kind())))
            }
            Err(ureq::Error::BadUri(_) | ureq::Error::Http(_)) => Err(self.no_url()),
            Err(error) => Err(self.retry(None, format!("it cannot be reached: {error}"))),
        }
    }

    /// The present text of a secret.
    pub(crate) fn read(&self, what: &'static str, secret: &Secret) -> Result<String, ReceiverError> {
        secret.read().map_err(|source| ReceiverError::Secret {
            receiver: self.receiver.clone(),
            what,
            source,
        })
    }

    /// An answer in an error.
    pub(crate) fn shown(&self, answer: &Answer) -> String {
        let Answer { status, body, .. } = answer;
        let shown: String = body.chars().filter(|c| !c.is_control()).take(SHOWN_CHARS_MAX).collect();
        let shown = if shown.is_empty() { String::new() } else { format!(" ({shown})") };
        format!("HTTP status {status}{shown}")
    }

    /// What an answer means that is no success.
    pub(crate) fn error_of(&self, answer: &Answer, advice: &str) -> ReceiverError {
        let why = self.shown(answer);
        match answer.status {
            408 | 425 | 429 | 500.. => self.retry(answer.retry_after, why),
            _ => self.refused(format!("{why}: {advice}")),
        }
    }

    pub(crate) fn retry(&self, after: Option<Duration>, why: String) -> ReceiverError {
        ReceiverError::Retry { receiver: self.receiver.clone(), after, why }
    }

    pub(crate) fn refused(&self, why: String) -> ReceiverError {
        ReceiverError::Refused { receiver: self.receiver.clone(), why }
    }

    pub(crate) fn gone(&self) -> ReceiverError {
        ReceiverError::Gone { receiver: self.receiver.clone() }
    }

    fn no_url(&self) -> ReceiverError {
        self.refused(
            "its URL (not shown, since it is a secret) is none: it begins with https:// or http://"
                .to_owned(),
        )
    }

    fn agent(&self, uri: &Uri) -> &Agent {
        let config = || {
            http_client(trust([]), RESPONSE_MAX)
                .http_status_as_error(false)
                // A redirected receiver is another one, which is not configured.
                .max_redirects(0)
                .max_redirects_will_error(false)
        };
        match proxy_for(uri) {
            None => self.direct.get_or_init(|| config().proxy(None).build().new_agent()),
            // The client reads the same variables of the environment.
            Some(_) => self.proxied.get_or_init(|| config().build().new_agent()),
        }
    }
}

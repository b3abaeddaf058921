//! The jobs of an OpenLineage backend, by the HTTP API of Marquez: `GET /api/v1/namespaces`, and for each namespace
//! `GET /api/v1/namespaces/NAMESPACE/jobs`, in pages.

use std::collections::BTreeMap;
use std::time::Duration;

use kigen_ops::{http_client, trust};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use ureq::Agent;

/// How long a response may take.
const RESPONSE_MAX: Duration = Duration::from_secs(30);
/// The largest response that is read.
const RESPONSE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// How many jobs or namespaces are asked for at a time: a job comes with its latest runs.
const PAGE: usize = 100;
/// The most jobs that are read.
const JOBS_MAX: usize = 100_000;

/// Why its jobs cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum OpenLineageError {
    #[error(
        "`{0}` is no address of an OpenLineage backend: write http:// or https://, a host, and nothing of a user or a query"
    )]
    Address(String),
    #[error("the OpenLineage backend does not answer {0}")]
    Unreachable(String, #[source] Box<ureq::Error>),
    #[error(
        "the OpenLineage backend refuses {url} with HTTP {status}: put a key for it into the environment as OPENLINEAGE_API_KEY, or \
         another one"
    )]
    Refused { url: String, status: u16 },
    #[error(
        "there is nothing at {0} (HTTP 404): --openlineage needs the address of a server with Marquez's HTTP API, without the path \
         /api/v1"
    )]
    NotFound(String),
    #[error("the OpenLineage backend redirects {url} to {to}: give that address")]
    Redirected { url: String, to: String },
    #[error("the OpenLineage backend answers {url} with HTTP {status}")]
    Status { url: String, status: u16 },
    #[error("the answer to {url} is not that of Marquez's HTTP API")]
    NotMarquez { url: String, source: serde_json::Error },
    #[error("the OpenLineage backend has more than {JOBS_MAX} jobs")]
    TooMany,
}

/// A job, or a dataset, by its namespace and name in OpenLineage.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Id {
    pub(super) namespace: String,
    pub(super) name: String,
}

/// What is read of a job.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub(super) struct Job {
    pub(super) id: Id,
    /// The name of the job of which it is a part, such as the flow of a task.
    #[serde(rename = "parentJobName")]
    pub(super) parent: Option<String>,
    /// The datasets that it reads.
    #[serde(default)]
    pub(super) inputs: Vec<Id>,
    /// Those that it writes.
    #[serde(default)]
    pub(super) outputs: Vec<Id>,
}

/// A page of a list.
trait Page: DeserializeOwned {
    /// The item of a page with what identifies it.
    type Item;
    fn items(self) -> Vec<(Id, Self::Item)>;
}

#[derive(Deserialize)]
struct Jobs {
    jobs: Vec<Job>,
}

impl Page for Jobs {
    type Item = Job;

    fn items(self) -> Vec<(Id, Job)> {
        self.jobs.into_iter().map(|job| (job.id.clone(), job)).collect()
    }
}

#[derive(Deserialize)]
struct Namespaces {
    namespaces: Vec<Namespace>,
}

#[derive(Deserialize)]
struct Namespace {
    name: String,
}

impl Page for Namespaces {
    type Item = String;

    fn items(self) -> Vec<(Id, String)> {
        let id = |name: &String| Id { namespace: name.clone(), name: String::new() };
        self.namespaces.into_iter().map(|Namespace { name }| (id(&name), name)).collect()
    }
}

fn agent(response_max: Duration) -> Agent {
    // A redirect is not followed, so that no other server gets the key.
    let config = http_client(trust([]), response_max).http_status_as_error(false);
    config.max_redirects(0).max_redirects_will_error(false).build().new_agent()
}

/// A client of one backend.
pub(super) struct Client {
    agent: Agent,
    base: String,
    key: Option<String>,
}

impl Client {
    /// Sends no request yet.
    ///
    /// # Errors
    /// The address is none.
    pub(super) fn new(address: &str, key: Option<String>) -> Result<Self, OpenLineageError> {
        let base = address.trim_end_matches('/');
        let rest = base.strip_prefix("http://").or_else(|| base.strip_prefix("https://")).unwrap_or_default();
        if rest.is_empty() || rest.contains(|c: char| c.is_whitespace() || "@?#".contains(c)) {
            return Err(OpenLineageError::Address(kigen_text::secrets::scrub(address).into_owned()));
        }
        let agent = agent(RESPONSE_MAX);
        Ok(Self { agent, base: base.to_owned(), key })
    }

    /// All jobs of all namespaces.
    ///
    /// # Errors
    /// The server cannot be reached, refuses, or is another one.
    pub(super) fn jobs(&self) -> Result<Vec<Job>, OpenLineageError> {
        let mut jobs = Vec::new();
        for namespace in self.list::<Namespaces>("namespaces", JOBS_MAX)? {
            let namespace = utf8_percent_encode(&namespace, NON_ALPHANUMERIC);
            let left = JOBS_MAX.saturating_sub(jobs.len());
            jobs.extend(self.list::<Jobs>(&format!("namespaces/{namespace}/jobs"), left)?);
        }
        Ok(jobs)
    }

    /// All items of a list. It is at its end with a page that has nothing else: a server may give fewer than were asked for.
    fn list<P: Page>(&self, path: &str, max: usize) -> Result<Vec<P::Item>, OpenLineageError> {
        let mut items = BTreeMap::new();
        let mut offset = 0;
        loop {
            let url = format!("{}/api/v1/{path}?limit={PAGE}&offset={offset}", self.base);
            let (known, page) = (items.len(), self.get::<P>(&url)?.items());
            offset += page.len();
            items.extend(page);
            if items.len() > max {
                return Err(OpenLineageError::TooMany);
            }
            if items.len() == known {
                return Ok(items.into_values().collect());
            }
        }
    }

    fn get<P: Page>(&self, url: &str) -> Result<P, OpenLineageError> {
        let unreachable =
            |source: ureq::Error| OpenLineageError::Unreachable(url.to_owned(), Box::new(source));
        let mut request = self.agent.get(url);
        if let Some(key) = &self.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        let mut response = request.call().map_err(unreachable)?;
        let url = url.to_owned();
        match response.status().as_u16() {
            200 => {
                let body = response.body_mut().with_config().limit(RESPONSE_BYTES_MAX).read_to_vec();
                let body = body.map_err(unreachable)?;
                serde_json::from_slice(&body).map_err(|source| OpenLineageError::NotMarquez { url, source })
            }
            status @ (401 | 403) => Err(OpenLineageError::Refused { url, status }),
            404 => Err(OpenLineageError::NotFound(url)),
            300..=399 => {
                let to = response.headers().get("location").and_then(|to| to.to_str().ok());
                Err(OpenLineageError::Redirected { url, to: to.unwrap_or("nowhere").to_owned() })
            }
            status => Err(OpenLineageError::Status { url, status }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_server_that_accepts_a_request_and_never_answers_is_given_up() {
        let server = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let base = format!("http://{}", server.local_addr().expect("an address"));
        let client = Client { agent: agent(Duration::from_millis(50)), base, key: None };
        let error = client.jobs().expect_err("no answer");
        let OpenLineageError::Unreachable(_, source) = &error else { panic!("{error}") };
        assert!(matches!(**source, ureq::Error::Timeout(_)), "{source}");
    }
}

//! One request over HTTP, with a bound on its time and size.

use std::time::Duration;

use kigen_ops::{http_client, trust};
use ureq::Agent;
use ureq::config::{Config, ConfigBuilder};
use ureq::http::Response;
use ureq::typestate::AgentScope;

use crate::error::SourceError;

/// How long a response may take.
const RESPONSE_MAX: Duration = Duration::from_secs(20);
/// The largest response that is read.
const RESPONSE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// A sheet that is published is behind one or two redirects.
const REDIRECTS_MAX: u32 = 5;

/// A response, whatever its status.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

/// Gets a URL without credentials.
///
/// # Errors
/// There is no response, or not all of it.
pub(crate) fn get(url: &str) -> Result<Answer, SourceError> {
    let agent = config().max_redirects(REDIRECTS_MAX).build().new_agent();
    answer(url, agent.get(url).call())
}

/// Gets a URL with a token. A redirect is not followed, so that no other server gets the token.
///
/// # Errors
/// There is no response, or not all of it.
pub(crate) fn get_with_token(url: &str, token: &str) -> Result<Answer, SourceError> {
    answer(
        url,
        without_redirects(config()).get(url).header("authorization", format!("Bearer {token}")).call(),
    )
}

/// Gets a URL of the metadata server, which is beside the machine and never behind a proxy.
///
/// # Errors
/// There is no response, or not all of it.
pub(crate) fn get_of_metadata(url: &str) -> Result<Answer, SourceError> {
    let agent = without_redirects(config().proxy(None));
    answer(url, agent.get(url).header("metadata-flavor", "Google").call())
}

/// Posts a form.
///
/// # Errors
/// There is no response, or not all of it.
pub(crate) fn post_form(url: &str, fields: [(&str, &str); 2]) -> Result<Answer, SourceError> {
    answer(url, without_redirects(config()).post(url).send_form(fields))
}

/// The part of a URL that may be shown: a published sheet is as secret as its address, of which the query is a part.
pub(crate) fn from(url: &str) -> String {
    url.split(['?', '#']).next().unwrap_or(url).to_owned()
}

fn config() -> ConfigBuilder<AgentScope> {
    // Without TLS, too: a redirect may lead to it.
    http_client(trust([]), RESPONSE_MAX).http_status_as_error(false)
}

fn without_redirects(config: ConfigBuilder<AgentScope>) -> Agent {
    let config: Config = config.max_redirects(0).max_redirects_will_error(false).build();
    config.new_agent()
}

fn answer(url: &str, response: Result<Response<ureq::Body>, ureq::Error>) -> Result<Answer, SourceError> {
    let unreachable = |source: ureq::Error| match source {
        ureq::Error::BodyExceedsLimit(bytes_max) => SourceError::TooLong { from: from(url), bytes_max },
        source => SourceError::Unreachable { from: from(url), source: Box::new(source) },
    };
    let mut response = response.map_err(unreachable)?;
    let content_type = response.headers().get("content-type").and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default().to_ascii_lowercase();
    let status = response.status().as_u16();
    let body = response.body_mut().with_config().limit(RESPONSE_BYTES_MAX).read_to_vec();
    Ok(Answer { status, content_type, body: body.map_err(unreachable)? })
}

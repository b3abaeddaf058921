//! How a bucket is reached: by the HTTP client, the trusted certificates and the proxies of all of kigen.

use std::time::Duration;

use async_trait::async_trait;
use kigen_ops::{http_client, trust};
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService,
};
use ureq::Agent;

/// How long a request with its response may take: one has a part of a file at most.
const RESPONSE_MAX: Duration = Duration::from_secs(120);
/// Where a cloud's machines ask for their credentials: beside the machine, and never behind a proxy.
const METADATA_HOSTS: [&str; 3] = ["169.254.169.254", "169.254.170.2", "metadata.google.internal"];

/// Connects stores to their buckets.
#[derive(Debug)]
pub(crate) struct Connector;

impl HttpConnector for Connector {
    fn connect(&self, _options: &ClientOptions) -> object_store::Result<HttpClient> {
        let config = || {
            let config = http_client(trust([]), RESPONSE_MAX).http_status_as_error(false);
            config.max_redirects(0).max_redirects_will_error(false)
        };
        let (by_proxy, direct) = (config().build().new_agent(), config().proxy(None).build().new_agent());
        Ok(HttpClient::new(Service { by_proxy, direct }))
    }
}

#[derive(Debug)]
struct Service {
    by_proxy: Agent,
    direct: Agent,
}

#[async_trait]
impl HttpService for Service {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (parts, body) = request.into_parts();
        let is_beside = parts.uri.host().is_some_and(|host| METADATA_HOSTS.contains(&host));
        let agent = if is_beside { self.direct.clone() } else { self.by_proxy.clone() };
        let body = object_store::client::HttpResponseBody::new(body).bytes().await?;
        let request = http::Request::from_parts(parts, body.to_vec());
        let answered = tokio::task::spawn_blocking(move || answer(&agent, request)).await;
        answered.map_err(|panicked| HttpError::new(HttpErrorKind::Unknown, panicked))?
    }
}

fn answer(agent: &Agent, request: http::Request<Vec<u8>>) -> Result<HttpResponse, HttpError> {
    let response = agent.run(request).map_err(failed)?;
    let (parts, mut body) = response.into_parts();
    let body = body.with_config().limit(u64::MAX).read_to_vec().map_err(failed)?;
    Ok(HttpResponse::from_parts(parts, body.into()))
}

fn failed(error: ureq::Error) -> HttpError {
    let kind = match &error {
        ureq::Error::Timeout(_) => HttpErrorKind::Timeout,
        ureq::Error::ConnectionFailed | ureq::Error::HostNotFound => HttpErrorKind::Connect,
        ureq::Error::Io(_) => HttpErrorKind::Interrupted,
        _ => HttpErrorKind::Unknown,
    };
    HttpError::new(kind, error)
}

//! Reads request parameters, and builds responses.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::header::{HeaderName, RETRY_AFTER};
use axum::http::{HeaderValue, Response, StatusCode};
use serde_json::Value;

use crate::status::Status;

pub(crate) fn number(parameters: &BTreeMap<String, String>, name: &str) -> Result<Option<u64>, Status> {
    let Some(text) = parameters.get(name).filter(|text| !text.is_empty()) else { return Ok(None) };
    let invalid = |_| Status::bad_request(format!("{name}: Invalid value: {text:?}: must be a number"));
    text.parse().map(Some).map_err(invalid)
}

pub(crate) fn json_body(value: Value) -> Response<Body> {
    Response::new(Body::from(value.to_string()))
}

pub(crate) fn refusal(status: &Status) -> Response<Body> {
    let mut response = json_body(status.object());
    *response.status_mut() = status.code;
    if let Some(seconds) = status.retry_after_s() {
        insert(&mut response, RETRY_AFTER, &seconds.to_string());
    }
    response
}

pub(crate) fn insert(response: &mut Response<Body>, name: HeaderName, value: &str) {
    match HeaderValue::from_str(value) {
        Ok(value) => drop(response.headers_mut().insert(name, value)),
        Err(_) => *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
    }
}

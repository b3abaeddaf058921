//! The API's `Status` objects: the bodies of failed requests.

use axum::http::StatusCode;
use serde_json::{Value, json};

/// A failure.
#[derive(Clone, Debug)]
pub(crate) struct Status {
    pub(crate) code: StatusCode,
    reason: &'static str,
    message: String,
}

impl Status {
    pub(crate) fn expired(message: String) -> Self {
        Self { code: StatusCode::GONE, reason: "Expired", message }
    }

    pub(crate) fn not_found(path: &str) -> Self {
        let message = format!("the server could not find the requested resource: {path}");
        Self { code: StatusCode::NOT_FOUND, reason: "NotFound", message }
    }

    pub(crate) fn absent(message: String) -> Self {
        Self { code: StatusCode::NOT_FOUND, reason: "NotFound", message }
    }

    pub(crate) fn bad_request(message: String) -> Self {
        Self { code: StatusCode::BAD_REQUEST, reason: "BadRequest", message }
    }

    pub(crate) fn conflict(message: String) -> Self {
        Self { code: StatusCode::CONFLICT, reason: "Conflict", message }
    }

    pub(crate) fn already_exists(message: String) -> Self {
        Self { code: StatusCode::CONFLICT, reason: "AlreadyExists", message }
    }

    pub(crate) fn invalid(message: String) -> Self {
        Self { code: StatusCode::UNPROCESSABLE_ENTITY, reason: "Invalid", message }
    }

    /// The error of an API server whose etcd is too old to send the initial objects in a watch.
    pub(crate) fn no_progress() -> Self {
        let message = "RequestWatchProgress is disabled".to_owned();
        Self { code: StatusCode::INTERNAL_SERVER_ERROR, reason: "InternalError", message }
    }

    pub(crate) fn from_the_future(wanted: u64, newest: u64) -> Self {
        let message = format!("Too large resource version: {wanted}, current: {newest}");
        Self { code: StatusCode::GATEWAY_TIMEOUT, reason: "Timeout", message }
    }

    /// The refusal of any request with this code.
    pub(crate) fn refused(code: StatusCode) -> Self {
        let (reason, message) = match code.as_u16() {
            401 => ("Unauthorized", "Unauthorized"),
            403 => ("Forbidden", "forbidden: not yet ready to handle request"),
            429 => (
                "TooManyRequests",
                "the server has received too many requests and has asked us to try again later",
            ),
            503 => ("ServiceUnavailable", "apiserver is shutting down"),
            _ => ("InternalError", "an error on the server has prevented the request from succeeding"),
        };
        Self { code, reason, message: message.to_owned() }
    }

    /// The refusal of a request that no rule grants.
    pub(crate) fn denied(what: &impl std::fmt::Display) -> Self {
        let message = format!("forbidden: the user cannot {what}");
        Self { code: StatusCode::FORBIDDEN, reason: "Forbidden", message }
    }

    /// The `Retry-After`, in seconds.
    pub(crate) fn retry_after_s(&self) -> Option<u32> {
        matches!(self.code.as_u16(), 429 | 503 | 504).then_some(1)
    }

    pub(crate) fn object(&self) -> Value {
        json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "code": self.code.as_u16(),
        })
    }
}

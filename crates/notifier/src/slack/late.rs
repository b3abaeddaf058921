//! Requests that Slack has not answered in time: they go on, since Slack may still do what they ask for, and the same message is
//! not sent again meanwhile.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant as TimerInstant;

use super::client::PostedMessage;
use super::error::SlackError;

/// How long an answer is waited for in all; then Slack will not do it any more, or has done it.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

type Answer = Result<PostedMessage, SlackError>;

/// A request to post a message.
pub(super) struct Request {
    answer: JoinHandle<Answer>,
    began: TimerInstant,
}

impl Request {
    pub(super) fn begin(request: impl Future<Output = Answer> + Send + 'static) -> Self {
        Self { answer: tokio::spawn(request), began: TimerInstant::now() }
    }
}

impl Drop for Request {
    /// A process that ends takes its requests with it.
    fn drop(&mut self) {
        self.answer.abort();
    }
}

/// The requests that have not been answered in time, by the id in the message's metadata, or the message that they update.
#[derive(Default)]
pub(super) struct Late(Mutex<HashMap<String, Request>>);

impl Late {
    pub(super) fn take(&self, key: &str) -> Option<Request> {
        self.requests().remove(key)
    }

    /// The answer to a request, which goes on if none comes in time.
    pub(super) async fn answer(&self, key: String, mut request: Request, waited_ms: u64) -> Answer {
        let answer = tokio::time::timeout(Duration::from_millis(waited_ms), &mut request.answer).await;
        match answer {
            Ok(Ok(answer)) => return answer,
            Ok(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // The process ends.
            Ok(Err(_)) => {}
            Err(_) if request.began.elapsed() < ANSWER_WITHIN => {
                self.requests().insert(key, request);
            }
            Err(_) => {}
        }
        Err(SlackError::Silent { waited_ms })
    }

    fn requests(&self) -> MutexGuard<'_, HashMap<String, Request>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

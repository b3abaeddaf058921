//! Panics of tasks: a task that ends by one is reported, since what it did is missing from then on.

use tokio::task::{JoinError, JoinSet};

/// The message of the first task that panics. A task that ends otherwise has done its work. Cancel-safe.
pub(crate) async fn panicked(tasks: &mut JoinSet<()>) -> String {
    loop {
        match tasks.join_next().await {
            Some(ended) => {
                if let Some(what) = message(ended) {
                    return what;
                }
            }
            None => std::future::pending().await,
        }
    }
}

/// The message of a task's panic, if it ended by one.
pub(crate) fn message(ended: Result<(), JoinError>) -> Option<String> {
    let panic = ended.err()?.try_into_panic().ok()?;
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    Some(text.unwrap_or_else(|| "without a message".to_owned()))
}

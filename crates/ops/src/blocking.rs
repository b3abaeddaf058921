//! Blocking calls, on a thread that may block.

use tokio::task::{JoinHandle, spawn_blocking};

/// Runs `work`, which waits for the disk or the network, on a blocking thread. A panic of `work` is a panic of the
/// caller. To be called within a tokio runtime.
pub async fn on_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    join(&mut spawn_blocking(work)).await
}

/// The result of a task that was spawned before; its panic is a panic of the caller. Cancelling the future leaves the
/// task running, and it may be joined again.
pub async fn join<T>(handle: &mut JoinHandle<T>) -> T {
    match handle.await {
        Ok(result) => result,
        Err(failed) => match failed.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is shutting down, and the caller with it.
            Err(_) => std::future::pending().await,
        },
    }
}

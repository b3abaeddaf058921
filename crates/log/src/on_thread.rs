//! Work that waits, on a thread that may.

use tokio::task::{JoinHandle, spawn_blocking};

/// Runs what waits for the disk or the network where it may. It panics here if it panics there. To be called within a tokio
/// runtime.
pub async fn on_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    joined(&mut spawn_blocking(work)).await
}

/// What comes of work that was begun.
pub(crate) async fn joined<T>(handle: &mut JoinHandle<T>) -> T {
    match handle.await {
        Ok(done) => done,
        Err(failed) => match failed.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is ending, and whoever waits with it.
            Err(_) => std::future::pending().await,
        },
    }
}

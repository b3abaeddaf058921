//! The digests that a notifier knows.

use std::collections::BTreeMap;
use std::sync::Arc;

use kigen_log::LogReader;
use kigen_model::Instant;
use tokio::sync::Mutex;
use tokio::time::Instant as TimerInstant;

/// The digests that this notifier knows. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Digests {
    pub(crate) reader: Option<Arc<dyn LogReader>>,
    pub(crate) heads: Arc<Mutex<Heads>>,
}

/// What is known of their messages.
#[derive(Default)]
pub(crate) struct Heads {
    /// By the channel as it is configured and the end of the quiet hours.
    pub(crate) posted: BTreeMap<(String, Instant), Head>,
    /// When it is looked again for one that another notifier posts.
    pub(crate) look_at: BTreeMap<(String, Instant), TimerInstant>,
}

/// The message of a digest, by the receiver's ids.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) channel: String,
    pub(crate) message: String,
}

impl Digests {
    /// Reads in this log what other partitions hold.
    pub(crate) fn reading(&mut self, reader: Arc<dyn LogReader>) {
        self.reader = Some(reader);
    }

    /// What was posted may not have been recorded.
    pub(crate) async fn forget(&self) {
        *self.heads.lock().await = Heads::default();
    }
}

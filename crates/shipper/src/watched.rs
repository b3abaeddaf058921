//! The observation of one watch: how long it takes to its bookmark, or until something closes it.

use std::time::Duration;

use tokio::time::Instant as TimerInstant;

use crate::error::ShipperError;
use crate::kubernetes::cadence::WATCH_SECONDS_MAX;
use crate::kubernetes::connect::{configure, refused};
use crate::kubernetes::watcher::is_bookmark;
use crate::resource::Resource;
use crate::server_clock::Clock;
use crate::settings::Settings;

/// What became of a watch, in whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watched {
    /// A bookmark came.
    Bookmark {
        /// After its start.
        after_s: u64,
    },
    /// It ended, or its connection broke, before a bookmark.
    Closed {
        /// After its start.
        after_s: u64,
    },
    /// No bookmark came in time.
    Silent,
}

/// Watches CronJobs for at most so many seconds, in a watch that the API server would keep open for longer. Changes nothing.
///
/// # Errors
/// They cannot be listed or watched.
pub async fn observe(settings: &Settings, clock: Clock, seconds_max: u32) -> Result<Watched, ShipperError> {
    let (api, endpoint) = configure(settings, clock).await?;
    let resource = Resource::CronJobs;
    let fails = |verb, error| refused(settings, &endpoint, verb, resource, error);
    let version = api.list_one(resource).await.map_err(|error| fails("list", error))?.resource_version;
    let began_at = TimerInstant::now();
    let (_, mut lines) =
        api.watch(resource, version, WATCH_SECONDS_MAX).await.map_err(|error| fails("watch", error))?;
    let until = began_at + Duration::from_secs(seconds_max.into());
    loop {
        let line = tokio::time::timeout_at(until, lines.next()).await;
        let after_s = began_at.elapsed().as_secs();
        match line {
            Err(_) => return Ok(Watched::Silent),
            Ok(Ok(Some(line))) => {
                if is_bookmark(line) {
                    return Ok(Watched::Bookmark { after_s });
                }
            }
            Ok(Ok(None) | Err(_)) => return Ok(Watched::Closed { after_s }),
        }
    }
}

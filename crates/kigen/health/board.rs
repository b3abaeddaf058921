//! The readiness of this process: that of the log and of each role.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use serde::Serialize;

use crate::role::Role;

/// The health of each part of this process. Clones share it.
#[derive(Clone)]
pub(crate) struct HealthBoard {
    log: Arc<Mutex<Result<String, String>>>,
    pub(crate) shipper: Option<kigen_shipper::health::Health>,
    pub(crate) processor: Option<kigen_processor::health::Health>,
    pub(crate) notifier: Option<kigen_notifier::health::Health>,
    pub(crate) archive: Option<kigen_archive::health::Health>,
}

/// The readiness of all parts at one instant.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// Whether every part can do its work.
    pub(crate) ready: bool,
    parts: Vec<Part>,
}

#[derive(Debug, Serialize)]
struct Part {
    part: &'static str,
    ready: bool,
    /// The state of a part that is ready, else the reason why it is not.
    detail: String,
}

impl HealthBoard {
    /// Of a process with these roles.
    pub(crate) fn of(roles: &[Role]) -> Self {
        Self {
            log: Arc::new(Mutex::new(Err("it is not open yet".to_owned()))),
            shipper: roles.contains(&Role::Ship).then(Default::default),
            processor: roles.contains(&Role::Process).then(Default::default),
            notifier: roles.contains(&Role::Notify).then(Default::default),
            archive: roles.contains(&Role::Archive).then(Default::default),
        }
    }

    /// Sets the log's state, or the reason why it cannot be used.
    pub(crate) fn set_log(&self, state: Result<String, String>) {
        *self.log.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    /// The readiness of all parts at `now`.
    pub(crate) fn report(&self, now: Instant) -> Report {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let parts = [
            Some(("log", log)),
            self.shipper.as_ref().map(|health| ("shipper", health.readiness(now))),
            self.processor.as_ref().map(|health| ("processor", health.readiness(now))),
            self.notifier.as_ref().map(|health| ("notifier", health.readiness(now))),
            self.archive.as_ref().map(|health| ("archive", health.readiness())),
        ];
        let parts: Vec<Part> =
            parts.into_iter().flatten().map(|(part, readiness)| Part::of(part, readiness)).collect();
        Report { ready: parts.iter().all(|part| part.ready), parts }
    }
}

impl Part {
    fn of(part: &'static str, readiness: Result<String, String>) -> Self {
        let ready = readiness.is_ok();
        Self { part, ready, detail: readiness.unwrap_or_else(|reason| reason) }
    }
}

impl Report {
    /// The report for a person.
    pub(crate) fn text(&self) -> String {
        let mut text = if self.ready { "ready\n" } else { "not ready\n" }.to_owned();
        for Part { part, ready, detail } in &self.parts {
            text += &format!("{part:<10} {:<6} {detail}\n", if *ready { "ready" } else { "NOT" });
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_is_ready_once_all_parts_are_and_the_report_gives_each_reason() {
        let board = HealthBoard::of(&[Role::Ship]);
        board.set_log(Ok("it answers".to_owned()));
        let report = board.report(Instant::now());
        assert!(!report.ready);
        let expected = "not ready\nlog        ready  it answers\n\
                    shipper    NOT    no tick was written yet: the cluster is being listed for the first time\n";
        assert_eq!(report.text(), expected);
        assert!(HealthBoard { shipper: None, ..board }.report(Instant::now()).ready);
    }
}

//! What each part of this process says of its own work.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use serde::Serialize;

use crate::commands::up::Role;

/// The parts of this process. Clones are of the same ones.
#[derive(Clone)]
pub(crate) struct Board {
    log: Arc<Mutex<Result<String, String>>>,
    pub(crate) shipper: Option<kigen_shipper::health::Health>,
    pub(crate) processor: Option<kigen_processor::health::Health>,
    pub(crate) notifier: Option<kigen_notifier::health::Health>,
}

/// What they say.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// Whether each can do its work.
    pub(crate) ready: bool,
    parts: Vec<Part>,
}

#[derive(Debug, Serialize)]
struct Part {
    part: &'static str,
    ready: bool,
    /// How it goes, or why it does not.
    says: String,
}

impl Board {
    /// Of a process with these roles.
    pub(crate) fn of(roles: &[Role]) -> Self {
        Self {
            log: Arc::new(Mutex::new(Err("it is not open yet".to_owned()))),
            shipper: roles.contains(&Role::Ship).then(Default::default),
            processor: roles.contains(&Role::Process).then(Default::default),
            notifier: roles.contains(&Role::Notify).then(Default::default),
        }
    }

    /// What is known of the log now: how it is, or why it is not.
    pub(crate) fn log_is(&self, now: Result<String, String>) {
        *self.log.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    /// What all say at this moment.
    pub(crate) fn report(&self, now: Instant) -> Report {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let said = [
            Some(("log", log)),
            self.shipper.as_ref().map(|health| ("shipper", health.readiness(now))),
            self.processor.as_ref().map(|health| ("processor", health.readiness(now))),
            self.notifier.as_ref().map(|health| ("notifier", health.readiness(now))),
        ];
        let parts: Vec<Part> = said.into_iter().flatten().map(|(part, says)| Part::of(part, says)).collect();
        Report { ready: parts.iter().all(|part| part.ready), parts }
    }
}

impl Part {
    fn of(part: &'static str, says: Result<String, String>) -> Self {
        let ready = says.is_ok();
        Self { part, ready, says: says.unwrap_or_else(|why| why) }
    }
}

impl Report {
    /// For a person.
    pub(crate) fn text(&self) -> String {
        let mut text = if self.ready { "ready\n" } else { "not ready\n" }.to_owned();
        for Part { part, ready, says } in &self.parts {
            text += &format!("{part:<10} {:<6} {says}\n", if *ready { "ready" } else { "NOT" });
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_parts_must_be_ready_and_each_says_why_it_is_not() {
        let board = Board::of(&[Role::Ship]);
        board.log_is(Ok("it answers".to_owned()));
        let report = board.report(Instant::now());
        assert!(!report.ready);
        let told = "not ready\nlog        ready  it answers\n\
                    shipper    NOT    no tick was written yet: the cluster is being listed for the first time\n";
        assert_eq!(report.text(), told);
        assert!(Board { shipper: None, ..board }.report(Instant::now()).ready);
    }
}

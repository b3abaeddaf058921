//! What the notifier can say of its own work, for whoever asks whether it does it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant as RealInstant};

/// How long a failure of the log counts if nothing is read since: where nothing is to be told, nothing shows that it is
/// over. Longer than the pause between two tries.
const FAILURE_COUNTS: Duration = Duration::from_secs(60);

/// How it stands with the notifier. Clones are of the same one.
#[derive(Clone, Debug, Default)]
pub struct Health(Arc<Mutex<Standing>>);

#[derive(Debug, Default)]
struct Standing {
    /// It is a member of its group, be it one without partitions.
    is_member: bool,
    /// Why the message that waits is not delivered.
    undelivered: Option<String>,
    /// Why alerts cannot be read, or not be noted as delivered, and when that was found.
    unread: Option<(String, RealInstant)>,
    delivered: u64,
}

impl Health {
    /// Whether messages are delivered: how it goes. One that had nothing to deliver yet says that it is ready.
    ///
    /// # Errors
    /// Why not.
    pub fn readiness(&self, now: RealInstant) -> Result<String, String> {
        let standing = self.standing();
        if let Some(why) = &standing.undelivered {
            return Err(format!("a message waits: {why}"));
        }
        if let Some((why, at)) = &standing.unread
            && now.duration_since(*at) < FAILURE_COUNTS
        {
            return Err(format!("alerts cannot be read, or not be noted as told: {why}"));
        }
        if !standing.is_member {
            return Err("it has not been given its partitions yet".to_owned());
        }
        Ok(format!("{} messages were delivered since the start, none waits", standing.delivered))
    }

    pub(crate) fn joined(&self) {
        self.standing().is_member = true;
    }

    pub(crate) fn delivered(&self) {
        let mut standing = self.standing();
        standing.delivered += 1;
        standing.undelivered = None;
    }

    pub(crate) fn undelivered(&self, why: String) {
        self.standing().undelivered = Some(why);
    }

    pub(crate) fn read(&self) {
        self.standing().unread = None;
    }

    pub(crate) fn unread(&self, why: String) {
        self.standing().unread = Some((why, RealInstant::now()));
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_ready_while_no_message_waits() {
        let health = Health::default();
        let said = || health.readiness(RealInstant::now());
        assert!(said().is_err_and(|why| why.contains("its partitions")));
        health.joined();
        assert!(said().is_ok_and(|how| how.starts_with("0 messages")));
        health.undelivered("invite the bot".to_owned());
        assert_eq!(said(), Err("a message waits: invite the bot".to_owned()));
        health.delivered();
        assert!(said().is_ok_and(|how| how.starts_with("1 messages")));
        health.unread("the log failed".to_owned());
        assert!(said().is_err_and(|why| why.contains("the log failed")));
        assert!(health.readiness(RealInstant::now() + FAILURE_COUNTS).is_ok());
        health.read();
        assert!(said().is_ok());
    }
}

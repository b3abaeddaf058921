//! What the shipper can say of its own work, for whoever asks whether it does it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant as RealInstant};

use crate::metrics;

/// How old the last tick may be: a quiet stream moves by its bookmarks, one a minute, and one of them may be late.
const TICK_AGE_MAX: Duration = Duration::from_secs(150);

/// How it stands with the shipper. Clones are of the same one.
#[derive(Clone, Debug)]
pub struct Health(Arc<Mutex<Standing>>);

#[derive(Debug)]
struct Standing {
    /// Why the API server is not seen, if it is not.
    unseen: Option<String>,
    /// Why the log takes nothing, if it does not.
    unwritten: Option<String>,
    began_at: RealInstant,
    ticked_at: Option<RealInstant>,
}

impl Default for Health {
    fn default() -> Self {
        let began_at = RealInstant::now();
        Self(Arc::new(Mutex::new(Standing { unseen: None, unwritten: None, began_at, ticked_at: None })))
    }
}

impl Health {
    /// Whether the cluster is watched and its time moves: how it goes.
    ///
    /// # Errors
    /// Why not.
    pub fn readiness(&self, now: RealInstant) -> Result<String, String> {
        let standing = self.standing();
        if let Some(why) = &standing.unseen {
            return Err(format!("the cluster is not seen: {why}"));
        }
        if let Some(why) = &standing.unwritten {
            return Err(format!("what is seen cannot be written: {why}"));
        }
        let age = standing.ticked_at.map(|ticked_at| now.duration_since(ticked_at));
        match age {
            None => Err("no tick was written yet: the cluster is being listed for the first time".to_owned()),
            Some(age) if age > TICK_AGE_MAX => Err(format!(
                "the last tick was written {} s ago, and until the next one nothing is judged: a watch is behind what the \
                 API server has, or stands still",
                age.as_secs()
            )),
            Some(age) => Ok(format!("the last tick was written {} s ago", age.as_secs())),
        }
    }

    /// Tells the metrics what moves by itself.
    pub fn measure(&self) {
        let standing = self.standing();
        metrics::tick_age(standing.ticked_at.unwrap_or(standing.began_at).elapsed());
    }

    pub(crate) fn seen(&self) {
        self.standing().unseen = None;
    }

    pub(crate) fn unseen(&self, why: String) {
        self.standing().unseen = Some(why);
    }

    pub(crate) fn written(&self) {
        self.standing().unwritten = None;
    }

    pub(crate) fn unwritten(&self, why: String) {
        self.standing().unwritten = Some(why);
    }

    pub(crate) fn ticked(&self) {
        self.standing().ticked_at = Some(RealInstant::now());
        metrics::ticked();
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_ready_from_the_first_tick_on_while_ticks_come() {
        let health = Health::default();
        assert!(
            health.readiness(RealInstant::now()).is_err_and(|why| why.contains("no tick was written yet"))
        );
        health.ticked();
        let ticked_at = health.standing().ticked_at.expect("it ticked");
        let said = health.readiness(ticked_at + TICK_AGE_MAX);
        assert_eq!(said, Ok("the last tick was written 150 s ago".to_owned()));
        let said = health.readiness(ticked_at + TICK_AGE_MAX + Duration::from_secs(1));
        assert!(said.is_err_and(|why| why.contains("151 s ago")));
    }

    #[test]
    fn whatever_stops_it_is_said_until_it_is_over() {
        let health = Health::default();
        let said = || health.readiness(RealInstant::now());
        health.ticked();
        health.unseen("it answers with 503".to_owned());
        health.unwritten("no space is left".to_owned());
        assert_eq!(said(), Err("the cluster is not seen: it answers with 503".to_owned()));
        health.seen();
        assert_eq!(said(), Err("what is seen cannot be written: no space is left".to_owned()));
        health.written();
        assert!(said().is_ok());
    }
}

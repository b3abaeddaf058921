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
    /// Another shipper of the cluster leads.
    stands_by: bool,
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
        let standing =
            Standing { stands_by: false, unseen: None, unwritten: None, began_at, ticked_at: None };
        Self(Arc::new(Mutex::new(standing)))
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
        if standing.stands_by {
            return Ok("another shipper of this cluster leads, and this one stands by".to_owned());
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

    /// Tells the metrics what moves by itself. Of one that stands by, nobody waits for ticks.
    pub fn measure(&self) {
        let standing = self.standing();
        let last = standing.ticked_at.unwrap_or(standing.began_at);
        metrics::tick_age(if standing.stands_by { Duration::ZERO } else { last.elapsed() });
    }

    pub(crate) fn stands_by(&self) {
        self.standing().stands_by = true;
    }

    /// It leads from now on, and its ticks are waited for.
    pub(crate) fn leads(&self) {
        let mut standing = self.standing();
        (standing.stands_by, standing.began_at, standing.ticked_at) = (false, RealInstant::now(), None);
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
    fn one_that_stands_by_is_ready_and_one_that_takes_over_is_when_it_ticks() {
        let health = Health::default();
        let said = || health.readiness(RealInstant::now());
        health.ticked();
        health.stands_by();
        assert!(said().is_ok_and(|how| how.contains("this one stands by")));
        health.leads();
        assert!(
            said().is_err_and(|why| why.contains("no tick was written yet")),
            "its ticks of before are old"
        );
        health.ticked();
        assert!(said().is_ok());
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

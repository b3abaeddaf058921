//! The shipper's health: whether it watches the cluster and time moves.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant as RealInstant};

use crate::metrics::{self, UnresolvedCounts};

/// How old the last tick may be: some probes may fail, and a quiet stream may miss the bookmarks after them.
const TICK_AGE_MAX: Duration = Duration::from_secs(150);

const WITHOUT_PODS: &str =
    "; the Pods may not be listed: alerts lack exit codes, error texts and the reason why a run waits";

/// The health of one shipper, shared by clones.
#[derive(Clone, Debug)]
pub struct Health(Arc<Mutex<HealthState>>);

#[derive(Debug)]
struct HealthState {
    /// Another shipper of the cluster leads.
    is_standby: bool,
    /// Why the log ignores this shipper's ticks, if it does.
    superseded: Option<String>,
    /// How many withdrawals of objectives wait for a confirmation, and which, if any do.
    held: Option<(usize, String)>,
    /// The objectives that cannot be resolved, once that is known.
    unresolved: Option<UnresolvedCounts>,
    /// Which namespaces are over their quotas, if any are.
    over_quota: Option<String>,
    /// Whether kigen may not read the Pods.
    is_without_pods: bool,
    /// Why the API server cannot be read, if it cannot.
    cluster_fault: Option<String>,
    /// Why the log cannot be used, if it cannot.
    log_fault: Option<String>,
    began_at: RealInstant,
    ticked_at: Option<RealInstant>,
}

impl Default for Health {
    fn default() -> Self {
        let began_at = RealInstant::now();
        let state = HealthState {
            is_standby: false,
            superseded: None,
            held: None,
            unresolved: None,
            over_quota: None,
            is_without_pods: false,
            cluster_fault: None,
            log_fault: None,
            began_at,
            ticked_at: None,
        };
        Self(Arc::new(Mutex::new(state)))
    }
}

impl Health {
    /// Whether the cluster is watched and its time moves, in words.
    ///
    /// # Errors
    /// Why not.
    pub fn readiness(&self, now: RealInstant) -> Result<String, String> {
        let state = self.state();
        if let Some(why) = &state.cluster_fault {
            return Err(format!("the cluster is not seen: {why}"));
        }
        if let Some(why) = &state.log_fault {
            return Err(format!("the log cannot be used: {why}"));
        }
        if let Some(why) = &state.superseded {
            return Err(why.clone());
        }
        if state.is_standby {
            return Ok("another shipper of this cluster leads, and this one stands by".to_owned());
        }
        let age = state.ticked_at.map(|ticked_at| now.duration_since(ticked_at));
        match age {
            None => Err("no tick was written yet: the cluster is being listed for the first time".to_owned()),
            Some(age) if age > TICK_AGE_MAX => Err(format!(
                "the last tick was written {} s ago, and until the next one nothing is judged: a watch is behind what the \
                 API server has, or has stopped",
                age.as_secs()
            )),
            Some(age) => match &state.held {
                Some((_, why)) => Err(why.clone()),
                None => {
                    let over = state.over_quota.as_ref().map_or(String::new(), |over| format!("; {over}"));
                    let pods = if state.is_without_pods { WITHOUT_PODS } else { "" };
                    Ok(format!("the last tick was written {} s ago{pods}{over}", age.as_secs()))
                }
            },
        }
    }

    /// Sets the gauges, as before each scrape: the tick's age grows by itself, and a gauge that is not set for a minute
    /// disappears. For a standby the age is 0, since no ticks are due.
    pub fn measure(&self) {
        let state = self.state();
        metrics::withdrawals_held(state.held.as_ref().map_or(0, |(count, _)| *count));
        state.unresolved.iter().for_each(metrics::unresolved);
        let last = state.ticked_at.unwrap_or(state.began_at);
        metrics::tick_age(if state.is_standby { Duration::ZERO } else { last.elapsed() });
    }

    pub(crate) fn stands_by(&self) {
        let mut state = self.state();
        (state.is_standby, state.superseded, state.held) = (true, None, None);
        state.unresolved = None;
    }

    /// It stands aside for a leader of a newer epoch.
    pub(crate) fn superseded(&self, why: String) {
        self.state().superseded = Some(why);
    }

    /// It leads from now on, and its ticks are due.
    pub(crate) fn leads(&self) {
        let mut state = self.state();
        (state.is_standby, state.superseded, state.held) = (false, None, None);
        (state.began_at, state.ticked_at) = (RealInstant::now(), None);
    }

    /// So many withdrawals of objectives are held for this reason, or none are any more.
    pub(crate) fn withdrawals_held(&self, held: Option<(usize, String)>) {
        self.state().held = held;
    }

    /// These objectives cannot be resolved.
    pub(crate) fn unresolved(&self, unresolved: UnresolvedCounts) {
        self.state().unresolved = Some(unresolved);
    }

    /// These namespaces are over their quotas, or none are any more.
    pub(crate) fn over_quota(&self, which: Option<String>) {
        self.state().over_quota = which;
    }

    /// Whether kigen may not read the Pods.
    pub(crate) fn without_pods(&self, is_so: bool) {
        self.state().is_without_pods = is_so;
    }

    pub(crate) fn cluster_answered(&self) {
        self.state().cluster_fault = None;
    }

    pub(crate) fn cluster_failed(&self, why: String) {
        self.state().cluster_fault = Some(why);
    }

    /// The log was written or read.
    pub(crate) fn log_answered(&self) {
        self.state().log_fault = None;
    }

    pub(crate) fn log_failed(&self, why: String) {
        self.state().log_fault = Some(why);
    }

    /// A tick was written, and counted: no newer epoch was in the log before it.
    pub(crate) fn ticked(&self) {
        self.state().ticked_at = Some(RealInstant::now());
        metrics::ticked();
    }

    fn state(&self) -> MutexGuard<'_, HealthState> {
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
        let ticked_at = health.state().ticked_at.expect("it ticked");
        let readiness = health.readiness(ticked_at + TICK_AGE_MAX);
        assert_eq!(readiness, Ok("the last tick was written 150 s ago".to_owned()));
        let readiness = health.readiness(ticked_at + TICK_AGE_MAX + Duration::from_secs(1));
        assert!(readiness.is_err_and(|why| why.contains("151 s ago")));
    }

    #[test]
    fn a_standby_is_ready_and_a_new_leader_is_ready_from_its_first_tick() {
        let health = Health::default();
        let readiness = || health.readiness(RealInstant::now());
        health.ticked();
        health.stands_by();
        assert!(readiness().is_ok_and(|how| how.contains("this one stands by")));
        health.leads();
        assert!(
            readiness().is_err_and(|why| why.contains("no tick was written yet")),
            "the ticks of its earlier term are old"
        );
        health.ticked();
        assert!(readiness().is_ok());
    }

    #[test]
    fn a_fault_is_reported_until_it_is_over() {
        let health = Health::default();
        let readiness = || health.readiness(RealInstant::now());
        health.ticked();
        health.cluster_failed("it answers with 503".to_owned());
        health.log_failed("no space is left".to_owned());
        assert_eq!(readiness(), Err("the cluster is not seen: it answers with 503".to_owned()));
        health.cluster_answered();
        assert_eq!(readiness(), Err("the log cannot be used: no space is left".to_owned()));
        health.log_answered();
        assert!(readiness().is_ok());
    }
}

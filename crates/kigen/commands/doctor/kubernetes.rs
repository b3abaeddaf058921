//! The cluster: what kigen may do there, the Objectives, and the Lease of the shippers.

use chrono::Utc;
use kigen_ops::error_chain;
use kigen_shipper::preflight::{self, Allowed, LeaseState};
use kigen_shipper::server_clock::Clock;

use super::results::Results;
use crate::config::Config;

/// How many names of namespaces or Objectives a line has.
const NAMED_MAX: usize = 5;

pub(super) async fn check(config: &Config, results: &mut Results) -> anyhow::Result<()> {
    let checks = match preflight::checks(&config.kubernetes, Clock::new(Utc::now)).await {
        Ok(checks) => checks,
        Err(error) => return results.add("kubernetes", Err(error_chain(&error))),
    };
    results.add("kubernetes", Ok("the API server answers".to_owned()))?;
    let mut has_objectives = false;
    for check in checks {
        has_objectives |= check.what == "list objectives" && matches!(check.outcome, Ok(Allowed::Yes));
        let outcome = check.outcome.map(|allowed| permission_text(&allowed));
        results.add(&check.what, outcome.map_err(|error| error_chain(&error)))?;
    }
    if has_objectives {
        objectives(config, results).await?;
    }
    lease(config, results).await
}

/// The Objectives, and what of them is not in force as written. A note: kigen itself lacks nothing.
async fn objectives(config: &Config, results: &mut Results) -> anyhow::Result<()> {
    let found = preflight::unresolved_objectives(&config.kubernetes, Clock::new(Utc::now)).await;
    let outcome = found.map(|preflight::Unresolved { all, of, .. }| match all.as_slice() {
        [] => format!("{of}, each in force as written"),
        unresolved => {
            let texts = unresolved.iter().map(|(namespace, name, why)| format!("{namespace}/{name}: {why}"));
            let more = unresolved.len().saturating_sub(NAMED_MAX);
            let more = if more > 0 { format!("; and {more} more") } else { String::new() };
            let texts: Vec<String> = texts.take(NAMED_MAX).collect();
            format!("note: {} of {of} not in force as written: {}{more}", unresolved.len(), texts.join("; "))
        }
    });
    results.add("objectives", outcome.map_err(|error| error_chain(&error)))
}

async fn lease(config: &Config, results: &mut Results) -> anyhow::Result<()> {
    let found = preflight::lease(&config.kubernetes, Clock::new(Utc::now)).await;
    let outcome = match found {
        Ok(None) => return Ok(()),
        Ok(Some(LeaseState::Free)) => Ok("no shipper holds it: the next one that starts takes it".to_owned()),
        Ok(Some(LeaseState::Held { holder, since, renewed_s, is_expired: false })) => {
            Ok(format!("held by {holder} since {since}, renewed {renewed_s} s ago"))
        }
        Ok(Some(LeaseState::Held { holder, since, renewed_s, is_expired: true })) => Ok(format!(
            "note: held by {holder} since {since}, which has not renewed it for {renewed_s} s: it is gone, and the next shipper \
             takes it"
        )),
        Ok(Some(LeaseState::Refused)) => Ok(
            "note: not allowed: kigen ships without a Lease. Run one shipper only for this cluster, or grant it get, create \
             and update on leases.coordination.k8s.io in a namespace that exists (lease_namespace)"
                .to_owned(),
        ),
        Err(error) => Err(error_chain(&error)),
    };
    results.add("lease", outcome)
}

fn permission_text(allowed: &Allowed) -> String {
    let text = match allowed {
        Allowed::Yes => "allowed",
        Allowed::Unavailable => {
            "not served, and optional; to declare objectives with kubectl, apply deploy/objectives.crd.yaml"
        }
        Allowed::Forbidden => {
            "note: not allowed, and only needed to declare objectives with kubectl: apply \
             deploy/objectives.crd.yaml, and grant list and watch on objectives.kigen.dev"
        }
        Allowed::WithoutPods => {
            "note: not allowed: verdicts hold, but alerts lack exit codes, error texts and the reason why a run waits: grant \
             list and watch on pods"
        }
        Allowed::Unidentified => {
            "note: not allowed, and only needed to notice another cluster of this name in the same log: grant get on this \
             one namespace"
        }
        Allowed::WithoutIdentity => {
            "note: there is no such namespace, by whose UID kigen notices another cluster of this name in the same log"
        }
        Allowed::WithoutLogs => {
            "note: not allowed: alerts lack the last error of containers without a termination message: bind the role that \
             each manifest has for it, or set read_logs = false under [kubernetes]"
        }
        Allowed::LogsOfSome { of, refused } => {
            let named = refused.iter().take(NAMED_MAX).cloned().collect::<Vec<_>>().join(", ");
            let more = refused.len().saturating_sub(NAMED_MAX);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let allowed = of - refused.len();
            return format!(
                "note: allowed in {allowed} of the {of} namespaces that have CronJobs; in {named}{more} alerts lack the last error \
                 of containers without a termination message"
            );
        }
        Allowed::Unused => "not used: read_logs is false",
        Allowed::WithoutStatuses => {
            "note: not allowed: `kubectl get objectives` shows no verdicts: grant patch on objectives.kigen.dev/status"
        }
    };
    text.to_owned()
}

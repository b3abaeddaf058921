//! Recorded objects to facts, without a network: the core applies each recording line by line.

use expect_test::expect;
use kigen_model::event::FactBody;
use kigen_model::run::{AttemptPhase, RunPhase};

#[test]
fn every_recording_comes_to_the_final_states_that_an_independent_script_finds() {
    let recordings = crate::support::recordings();
    assert!(recordings.len() >= 30, "the recordings are there");
    for (name, path) in recordings {
        let output = crate::support::played(&path);
        assert_eq!(output.rejected, [], "{name}");
        assert_eq!(output.notices, [], "{name}");
        agree(
            &name,
            &crate::support::final_states(&output.facts),
            &crate::support::independent_final_states(&path),
        );
    }
}

#[test]
fn every_attempt_in_the_recordings_ends_as_an_independent_script_finds_with_exit_code_and_reason() {
    for (name, path) in crate::support::recordings() {
        let shipped = crate::support::final_attempts(&crate::support::played(&path).facts);
        let independent = crate::support::independent_final_attempts(&path);
        for (uid, expected) in &independent {
            assert_eq!(shipped.get(uid), Some(expected), "{name}, Pod {uid}");
        }
        assert_eq!(shipped.len(), independent.len(), "{name}: no other Pods");
    }
}

fn agree(name: &str, shipped: &crate::support::FinalStates, independent: &crate::support::FinalStates) {
    for (uid, expected) in independent {
        assert_eq!(shipped.get(uid), Some(expected), "{name}, Job {uid}");
    }
    assert_eq!(shipped.len(), independent.len(), "{name}: no other Jobs");
}

/// The phases of each Job, in the order in which they were emitted.
fn phases(name: &str) -> String {
    let output = crate::support::played(&crate::support::recording(name));
    let mut by_job = std::collections::BTreeMap::<_, Vec<String>>::new();
    for fact in &output.facts {
        if let FactBody::Run { run, .. } = &fact.body {
            let failed = if run.failed_pods > 0 { format!("({})", run.failed_pods) } else { String::new() };
            by_job.entry(run.job.clone()).or_default().push(format!("{}{failed}", phase_name(&run.phase)));
        }
    }
    by_job.into_iter().map(|(job, phases)| format!("{job}: {}\n", phases.join(" "))).collect()
}

fn phase_name(phase: &RunPhase) -> &'static str {
    match phase {
        RunPhase::Pending => "pending",
        RunPhase::Running => "running",
        RunPhase::Suspended => "suspended",
        RunPhase::Succeeded { .. } => "succeeded",
        RunPhase::Failed { .. } => "failed",
        RunPhase::Deleted { .. } => "deleted",
    }
}

#[test]
fn a_job_whose_pods_have_ended_is_not_pending_unless_it_starts_another() {
    expect![[r#"
        retry: pending pending running pending(1) running(1) pending(2) running(2) succeeded(2)
    "#]]
    .assert_eq(&phases("job_retry_then_success"));
    expect![[r#"
        same: pending pending running succeeded pending pending running deleted pending pending running succeeded
    "#]]
    .assert_eq(&phases("job_recreated_same_name"));
}

/// The last emitted state of each attempt, by pod name without its random ending.
fn attempts(name: &str) -> String {
    let output = crate::support::played(&crate::support::recording(name));
    let mut last = std::collections::BTreeMap::new();
    for fact in &output.facts {
        if let FactBody::Attempt { revision, attempt, .. } = &fact.body {
            last.insert(revision.uid.clone(), (revision.resource_version, attempt.clone()));
        }
    }
    let mut lines: Vec<_> = last
        .into_values()
        .map(|(_, attempt)| {
            let name = attempt.pod.rsplit_once('-').map_or(attempt.pod.as_str(), |(name, _)| name);
            match &attempt.phase {
                AttemptPhase::Waiting { reason, .. } => format!("{name}: waits, {reason:?}"),
                AttemptPhase::Running { .. } => format!("{name}: runs"),
                AttemptPhase::Succeeded { .. } => {
                    format!("{name}: succeeded after {} restarts", attempt.restarts)
                }
                AttemptPhase::Failed { exit_code, reason, finished_at, .. } => format!(
                    "{name}: failed with {exit_code:?} {reason:?}, restarts {}, end {}",
                    attempt.restarts,
                    if finished_at.is_some() { "known" } else { "unknown" }
                ),
            }
        })
        .collect();
    lines.sort();
    lines.join("\n")
}

#[test]
fn a_failed_attempt_has_its_exit_code_and_reason() {
    expect![[r#"
        b0: failed with Some(3) Some("Error"), restarts 0, end known
        b1: failed with Some(137) Some("OOMKilled"), restarts 0, end known
        b1: failed with Some(137) Some("OOMKilled"), restarts 0, end known"#]]
    .assert_eq(&attempts("job_backoff_exceeded"));
    expect![[r#"
        evict-noignore: failed with Some(143) Some("EvictionByEvictionAPI"), restarts 0, end known
        evict-noignore: succeeded after 0 restarts
        pfp-count: failed with Some(7) Some("Error"), restarts 0, end known
        pfp-count: succeeded after 0 restarts
        pfp-fail: failed with Some(42) Some("Error"), restarts 0, end known
        pfp-ignore: failed with Some(143) Some("EvictionByEvictionAPI"), restarts 0, end known
        pfp-ignore: succeeded after 0 restarts
        pfp-index-0: failed with Some(42) Some("Error"), restarts 0, end known
        pfp-index-1: succeeded after 0 restarts"#]]
    .assert_eq(&attempts("job_pod_failure_policy"));
}

#[test]
fn an_attempt_that_was_restarted_in_place_has_the_failure_and_not_the_kill_at_its_end() {
    expect![[r#"
        inplace-exceed: failed with Some(1) Some("Error"), restarts 1, end known
        inplace: succeeded after 1 restarts"#]]
    .assert_eq(&attempts("job_retry_onfailure"));
}

#[test]
fn an_attempt_that_was_killed_while_it_waited_or_ran_is_emitted_as_failed() {
    expect![[r#"
        imagepull: failed with Some(137) Some("ContainerStatusUnknown"), restarts 0, end unknown
        unschedulable: failed with None Some("Deleted"), restarts 0, end unknown"#]]
    .assert_eq(&attempts("job_stuck_pending"));
    expect![[r#"
        background: failed with Some(143) Some("Error"), restarts 0, end known
        foreground: failed with Some(143) Some("Error"), restarts 0, end known
        orphan: succeeded after 0 restarts"#]]
    .assert_eq(&attempts("job_deleted_running"));
}

#[test]
fn a_pending_pod_has_its_reason() {
    let output = crate::support::played(&crate::support::recording("job_stuck_pending"));
    let mut reasons: Vec<_> = output
        .facts
        .iter()
        .filter_map(|fact| match &fact.body {
            FactBody::Attempt { attempt, .. } => match &attempt.phase {
                AttemptPhase::Waiting { reason, .. } => reason.clone(),
                _ => None,
            },
            _ => None,
        })
        .collect();
    reasons.sort();
    reasons.dedup();
    expect!["ContainerCreating ErrImagePull ImagePullBackOff Unschedulable"].assert_eq(&reasons.join(" "));
}

#[test]
fn a_restarted_api_server_repeats_its_objects_and_no_fact_is_emitted_twice() {
    let mut emitted = std::collections::BTreeSet::new();
    for fact in crate::support::played(&crate::support::recording("apiserver_restart")).facts {
        let body = format!("{:?}", fact.body);
        assert!(emitted.insert(body.clone()), "emitted twice: {body}");
    }
}

//! What the containers of a run's pod show beside its phase: that the work has ended although the pod has not, or that it
//! ended well although the pod failed.

use kigen_model::Instant;
use kigen_model::run::{Attempt, AttemptPhase, ContainerRole, ContainerState, RunPhase};
use kigen_model::slot::RunSummary;

use crate::clean::clean;
use crate::exit_codes::hint;
use crate::time_text::TimeFormatter;

/// That the work has ended, and which container keeps the pod from ending, or which pod the Job.
pub(crate) fn kept_from_ending(times: &TimeFormatter, run: Option<&RunSummary>) -> Option<String> {
    let attempt = run?.last_attempt.as_ref()?;
    let running: Vec<String> = attempt
        .containers
        .iter()
        .filter(|container| matches!(container.state, ContainerState::Running { .. }))
        .map(|container| format!("`{}`", clean(&container.name)))
        .collect();
    if running.is_empty() {
        return None;
    }
    let Some(work) = ends_of_work(attempt) else {
        return hangs(times, &run?.run.phase, attempt, &running);
    };
    let keep = if running.len() == 1 { "keeps" } else { "keep" };
    let held = format!("{} {keep} its pod from ending", running.join(" and "));
    let ends: Vec<String> = work
        .iter()
        .map(|End { name, at, exit_code }| {
            let at = at.map_or(String::new(), |at| format!(" at {}", times.when(at)));
            let code =
                exit_code.map_or("without an exit code".to_owned(), |code| format!("with exit code {code}"));
            format!("`{}` ended{at} {code}", clean(name))
        })
        .collect();
    let ends = ends.join(", ");
    Some(if work.iter().all(End::is_good) {
        format!("{ends}: the work may be done, but {held}.")
    } else {
        format!("{ends}, and {held}.")
    })
}

/// That a run has failed, and which pod keeps it from ending.
fn hangs(times: &TimeFormatter, phase: &RunPhase, attempt: &Attempt, running: &[String]) -> Option<String> {
    let RunPhase::Failed { failed_at, .. } = phase else {
        return None;
    };
    let node = attempt.node.as_deref().map_or(String::new(), |node| format!(" on {}", clean(node)));
    Some(format!(
        "It has failed at {}, but its pod {}{node} has been terminating since: {} still {}.",
        times.when(*failed_at),
        clean(&attempt.pod),
        running.join(" and "),
        if running.len() == 1 { "runs" } else { "run" }
    ))
}

/// How a container beside the work failed the pod, if the work had ended well.
pub(crate) fn failed_after_the_work(run: Option<&RunSummary>) -> Option<String> {
    let attempt = run?.last_attempt.as_ref()?;
    if !matches!(attempt.phase, AttemptPhase::Failed { .. }) {
        return None;
    }
    let work = ends_of_work(attempt)?;
    let is_good = work.iter().all(End::is_good);
    let (name, code) = attempt.containers.iter().find_map(|container| match container.state {
        ContainerState::Ended { exit_code: Some(code), .. } if code != 0 => Some((&container.name, code)),
        ContainerState::Ended { .. } | ContainerState::Running { .. } | ContainerState::Waiting => None,
    })?;
    let names: Vec<String> = work.iter().map(|end| format!("`{}`", clean(end.name))).collect();
    let hint = hint(code).map_or(String::new(), |hint| format!(" ({hint})"));
    is_good.then(|| {
        format!(
            "Its container `{}` ended with exit code {code}{hint} after {} had ended with 0: the work may be done",
            clean(name),
            names.join(" and ")
        )
    })
}

/// How a container that does the work ended.
struct End<'a> {
    name: &'a str,
    at: Option<Instant>,
    exit_code: Option<i32>,
}

impl End<'_> {
    fn is_good(&self) -> bool {
        self.exit_code == Some(0)
    }
}

/// How the containers that do the work ended; `None`: one has not, or there is none.
fn ends_of_work(attempt: &Attempt) -> Option<Vec<End<'_>>> {
    let work = attempt.containers.iter().filter(|container| container.role == ContainerRole::Main);
    let ends: Option<Vec<_>> = work
        .map(|container| match container.state {
            ContainerState::Ended { at, exit_code } => Some(End { name: &container.name, at, exit_code }),
            ContainerState::Running { .. } | ContainerState::Waiting => None,
        })
        .collect();
    ends.filter(|ends| !ends.is_empty())
}

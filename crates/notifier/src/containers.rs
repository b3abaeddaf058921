//! What the containers of a run's pod show beside its phase: that the work has ended although the pod has not, or that it
//! ended well although the pod failed.

use kigen_model::Instant;
use kigen_model::run::{Attempt, AttemptPhase, ContainerRole, ContainerState, RunPhase};
use kigen_model::slot::RunSummary;

use crate::clean::clean;
use crate::exit_codes::hint;
use crate::language::{Language, phrase};
use crate::time_text::TimeFormatter;

/// That the work has ended, and which container keeps the pod from ending, or which pod the Job.
pub(crate) fn kept_from_ending(times: &TimeFormatter, run: Option<&RunSummary>) -> Option<String> {
    let attempt = run?.last_attempt.as_ref()?;
    let running: Vec<String> = attempt
        .containers
        .iter()
        .filter(|container| matches!(container.state, ContainerState::Running { .. }))
        .map(|container| quoted(&container.name))
        .collect();
    if running.is_empty() {
        return None;
    }
    let Some(work) = ends_of_work(attempt) else {
        return hangs(times, &run?.run.phase, attempt, &running);
    };
    let language = times.language();
    let ends: Vec<String> = work.iter().map(|end| end.text(times)).collect();
    let (ends, count, held) = (language.list(&ends), running.len(), language.all_of(&running));
    Some(match work.iter().all(End::is_good) {
        true => phrase!(language, "work-done-but-kept", ends = ends, count = count, running = held),
        false => phrase!(language, "work-failed-and-kept", ends = ends, count = count, running = held),
    })
}

/// That a run has failed, and which pod keeps it from ending.
fn hangs(times: &TimeFormatter, phase: &RunPhase, attempt: &Attempt, running: &[String]) -> Option<String> {
    let RunPhase::Failed { failed_at, .. } = phase else {
        return None;
    };
    let (language, at) = (times.language(), times.when(*failed_at));
    let (count, running, pod) = (running.len(), language.all_of(running), clean(&attempt.pod));
    Some(match attempt.node.as_deref().map(clean) {
        None => phrase!(language, "pod-hangs", count = count, at = at, pod = pod, running = running),
        Some(node) => {
            phrase!(
                language,
                "pod-hangs-on-node",
                count = count,
                at = at,
                pod = pod,
                node = node,
                running = running
            )
        }
    })
}

/// How a container beside the work failed the pod, if the work had ended well.
pub(crate) fn failed_after_the_work(language: Language, run: Option<&RunSummary>) -> Option<String> {
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
    let names: Vec<String> = work.iter().map(|end| quoted(end.name)).collect();
    let how = match hint(language, code) {
        Some(hint) => phrase!(language, "how-code-and-hint", code = code, hint = hint),
        None => phrase!(language, "how-code", code = code),
    };
    is_good.then(|| {
        let (name, work) = (quoted(name), language.all_of(&names));
        phrase!(language, "beside-failed", name = name, how = how, work = work)
    })
}

/// A container's name, as code.
fn quoted(name: &str) -> String {
    format!("`{}`", clean(name))
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

    fn text(&self, times: &TimeFormatter) -> String {
        let (language, name) = (times.language(), quoted(self.name));
        match (self.at.map(|at| times.when(at)), self.exit_code) {
            (None, None) => phrase!(language, "work-ended", name = name),
            (Some(at), None) => phrase!(language, "work-ended-at", name = name, at = at),
            (None, Some(code)) => phrase!(language, "work-ended-with", name = name, code = code),
            (Some(at), Some(code)) => {
                phrase!(language, "work-ended-at-with", name = name, at = at, code = code)
            }
        }
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

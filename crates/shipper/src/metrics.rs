//! The shipper's metrics.

use std::time::Duration;

use kigen_model::objective::ObjectiveSource;

use crate::core::Output;
use crate::error::RequestError;
use crate::index::resolution::Resolutions;
use crate::input::{Input, StreamEvent};
use crate::resource::Resource;

/// Describes each metric.
pub fn describe() {
    ::metrics::describe_counter!("kigen_lists_total", "Lists of all objects that were started, by resource");
    ::metrics::describe_counter!(
        "kigen_watches_opened_total",
        "Watches that were opened, by resource; the API server ends each after five minutes"
    );
    ::metrics::describe_counter!(
        "kigen_api_errors_total",
        "Requests to the Kubernetes API that failed, and watches that broke, by reason"
    );
    ::metrics::describe_counter!("kigen_facts_total", "Facts about the cluster that were emitted to the log");
    ::metrics::describe_counter!(
        "kigen_rejected_objects_total",
        "Objects and lines of a watch that could not be used, by resource"
    );
    ::metrics::describe_counter!(
        "kigen_over_quota_total",
        "Facts, error texts, rejected objects and log reads that were left out, since their namespace was over its quota: keys, \
         bytes or log_reads"
    );
    ::metrics::describe_counter!("kigen_ticks_total", "Ticks that were written to every partition");
    ::metrics::describe_gauge!(
        "kigen_objectives_unresolved",
        "Objectives of which something cannot be resolved, and CronJobs with an annotation that is not read as written, by cluster \
         and by where they are declared: object, file or annotation"
    );
    ::metrics::describe_gauge!(
        "kigen_withdrawals_held",
        "Withdrawals of objectives that are held until they are confirmed, since they are too many at once"
    );
    ::metrics::describe_gauge!(
        "kigen_tick_age_seconds",
        "Seconds since the last tick was written, or since the start"
    );
}

/// Counts an input.
pub(crate) fn received(input: &Input) {
    match input {
        Input::Stream { resource, event: StreamEvent::ListStarted { .. } } => {
            of("kigen_lists_total", *resource)
        }
        Input::Stream { resource, event: StreamEvent::Opened { .. } } => {
            of("kigen_watches_opened_total", *resource)
        }
        Input::Stream {
            event: StreamEvent::Broken { error, .. } | StreamEvent::Forbidden(error), ..
        }
        | Input::ProbeFailed(error) => request_failed(error),
        Input::Log(read) => {
            if let Err(error) = &read.text {
                request_failed(error);
            }
        }
        Input::Stream { .. }
        | Input::Probed { .. }
        | Input::WentBack(_)
        | Input::AnotherCluster { .. }
        | Input::Panicked { .. }
        | Input::Declared(_) => {}
    }
}

/// Counts a request that failed.
pub(crate) fn request_failed(error: &RequestError) {
    ::metrics::counter!("kigen_api_errors_total", "reason" => error.label()).increment(1);
}

/// Counts what is about to be appended to the log.
pub(crate) fn emitted(output: &Output) {
    let facts = u64::try_from(output.facts.len()).unwrap_or(u64::MAX);
    ::metrics::counter!("kigen_facts_total").increment(facts);
    for (quota, times) in &output.over_quota {
        ::metrics::counter!("kigen_over_quota_total", "quota" => quota.label()).increment(*times);
    }
    for rejected in &output.rejected {
        of("kigen_rejected_objects_total", rejected.resource);
    }
}

/// Counts a tick, which is in every partition.
pub(crate) fn ticked() {
    ::metrics::counter!("kigen_ticks_total").increment(1);
}

/// Sets the age of the last tick.
pub(crate) fn tick_age(age: Duration) {
    ::metrics::gauge!("kigen_tick_age_seconds").set(age.as_secs_f64());
}

/// How many objectives of a cluster cannot be resolved, by where they are declared.
#[derive(Clone, Debug)]
pub(crate) struct UnresolvedCounts {
    cluster: String,
    counts: [(ObjectiveSource, usize); 3],
}

impl UnresolvedCounts {
    /// The counts of these resolutions.
    pub(crate) fn of(cluster: &str, resolutions: &Resolutions) -> Self {
        let counts = [
            (ObjectiveSource::Object, resolutions.objects_unresolved()),
            (ObjectiveSource::File, resolutions.in_file.len()),
            (ObjectiveSource::Annotation, resolutions.annotated.len()),
        ];
        Self { cluster: cluster.to_owned(), counts }
    }
}

/// Sets the counts of unresolved objectives.
pub(crate) fn unresolved(unresolved: &UnresolvedCounts) {
    for (source, count) in unresolved.counts {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let gauge = ::metrics::gauge!(
            "kigen_objectives_unresolved", "cluster" => unresolved.cluster.clone(), "source" => source.label()
        );
        gauge.set(f64::from(count));
    }
}

/// Sets the count of held withdrawals.
pub(crate) fn withdrawals_held(count: usize) {
    ::metrics::gauge!("kigen_withdrawals_held").set(f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
}

fn of(name: &'static str, resource: Resource) {
    ::metrics::counter!(name, "resource" => resource.name()).increment(1);
}

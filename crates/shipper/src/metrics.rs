//! What the shipper counts.

use std::time::Duration;

use kigen_model::objective::ObjectiveSource;

use crate::core::Output;
use crate::error::RequestError;
use crate::index::resolution::Standings;
use crate::input::{Input, News};
use crate::resource::Resource;

/// Says what each metric is.
pub fn describe() {
    ::metrics::describe_counter!("kigen_lists_total", "Lists of all objects that were begun, by resource");
    ::metrics::describe_counter!(
        "kigen_watches_opened_total",
        "Watches that were opened, by resource; the API server ends each after five minutes"
    );
    ::metrics::describe_counter!(
        "kigen_api_errors_total",
        "Requests to the Kubernetes API that failed, and watches that broke, by reason"
    );
    ::metrics::describe_counter!("kigen_facts_total", "Facts about the cluster that were handed to the log");
    ::metrics::describe_counter!(
        "kigen_rejected_objects_total",
        "Objects and lines of a watch that could not be used, by resource"
    );
    ::metrics::describe_counter!("kigen_ticks_total", "Ticks that were written to every partition");
    ::metrics::describe_gauge!(
        "kigen_objectives_unresolved",
        "Objectives of which something cannot be resolved, by where they are declared: object or file"
    );
    ::metrics::describe_gauge!(
        "kigen_tick_age_seconds",
        "Seconds since the last tick was written, or since the start"
    );
}

/// Something came from the streams or from the probe.
pub(crate) fn heard(input: &Input) {
    match input {
        Input::Stream { resource, news: News::ListBegan { .. } } => of("kigen_lists_total", *resource),
        Input::Stream { resource, news: News::Opened { .. } } => of("kigen_watches_opened_total", *resource),
        Input::Stream { news: News::Broken { error, .. }, .. } | Input::ProbeFailed(error) => failed(error),
        Input::Stream { news: News::Withheld(error), .. } if !error.is_not_served() => failed(error),
        Input::Log(read) => {
            if let Err(error) = &read.text {
                failed(error);
            }
        }
        Input::Stream { .. } | Input::Probed { .. } | Input::AnotherCluster { .. } | Input::Declared(_) => {}
    }
}

/// A request failed.
pub(crate) fn failed(error: &RequestError) {
    ::metrics::counter!("kigen_api_errors_total", "reason" => error.label()).increment(1);
}

/// Something is handed to the log.
pub(crate) fn said(output: &Output) {
    let facts = u64::try_from(output.facts.len()).unwrap_or(u64::MAX);
    ::metrics::counter!("kigen_facts_total").increment(facts);
    for rejected in &output.rejected {
        of("kigen_rejected_objects_total", rejected.resource);
    }
}

/// A tick is in every partition.
pub(crate) fn ticked() {
    ::metrics::counter!("kigen_ticks_total").increment(1);
}

/// How old the last tick is.
pub(crate) fn tick_age(age: Duration) {
    ::metrics::gauge!("kigen_tick_age_seconds").set(age.as_secs_f64());
}

/// What is declared stands so.
pub(crate) fn stand(standings: &Standings) {
    for (source, count) in [
        (ObjectiveSource::Object, standings.objects_unresolved()),
        (ObjectiveSource::File, standings.in_file.len()),
    ] {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        ::metrics::gauge!("kigen_objectives_unresolved", "source" => source.label()).set(f64::from(count));
    }
}

fn of(name: &'static str, resource: Resource) {
    ::metrics::counter!(name, "resource" => resource.name()).increment(1);
}

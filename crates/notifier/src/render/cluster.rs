//! The messages about a whole cluster: that it is silent, or that none of its CronJobs fires, and that this is over.

use kigen_model::Instant;
use kigen_model::alert::Alert;
use kigen_model::silence::{NextDeadline, SlotCounts};
use kigen_model::stall::{OverdueCronJob, StallReport};

use crate::clean::clean;
use crate::time_text::{TimeFormatter, span};

/// What a message about a cluster has. Its times have a zone each.
pub(super) struct OfCluster {
    pub(super) state: &'static str,
    pub(super) headline: String,
    pub(super) brief: Option<String>,
    pub(super) context: String,
    pub(super) text: String,
    pub(super) facts: Vec<(&'static str, String)>,
}

/// Which command shows what is wrong.
const LOOK: &str = "kigen doctor";

/// The times of a message are in the zone of the deadline that it names.
pub(super) fn silent(
    alert: &Alert,
    since: Instant,
    objectives: u32,
    next: Option<&NextDeadline>,
) -> OfCluster {
    let zone = next.map_or("UTC", |next| &next.time_zone);
    let times = TimeFormatter::new(zone, since);
    let cluster = clean(&alert.key.cluster);
    let waiting = match objectives {
        0 => "No objective waits to be judged".to_owned(),
        1 => "1 objective is not judged".to_owned(),
        count => format!("{count} objectives are not judged"),
    };
    let next = next.map(|next| {
        let name = clean(&format!("{}/{}", next.key.namespace, next.key.batch));
        format!("the next deadline is {} {name}", times.when(next.deadline))
    });
    let brief = [Some(waiting), next].into_iter().flatten().collect::<Vec<_>>().join(", ");
    let (mut brief, since) = (brief, format!("{} {}", times.when(since), times.zone()));
    let text = format!(
        "{brief}. No deadline of the cluster is called missed meanwhile, and none is forgotten: all are judged once its time goes \
         on. kigen's shipper does not run, or it cannot reach the API server or the log."
    );
    brief.replace_range(..1, &brief[..1].to_lowercase());
    OfCluster {
        state: "Silent",
        headline: format!("Cluster {cluster} is silent since {since}"),
        brief: Some(brief),
        context: format!("cluster {cluster} · silent since {since}"),
        text,
        facts: vec![("Look", LOOK.to_owned())],
    }
}

pub(super) fn silence_over(
    alert: &Alert,
    since: Instant,
    until: Option<Instant>,
    judged: &SlotCounts,
) -> OfCluster {
    let times = TimeFormatter::new("UTC", since);
    let cluster = clean(&alert.key.cluster);
    let (state, headline, text) = match until {
        None => {
            let text = "An operator has made kigen forget the cluster: nothing of it is judged any more.";
            ("Forgotten", format!("Cluster {cluster} is no longer watched"), text.to_owned())
        }
        Some(until) => {
            let headline = format!("Cluster {cluster} is silent no more, after {}", span(until - since));
            ("Over", headline, judged_text(judged, &times.when(since), &times.when(until)))
        }
    };
    let until = until.map_or(String::new(), |until| format!(" to {}", times.when(until)));
    OfCluster {
        state,
        headline,
        brief: None,
        context: format!("cluster {cluster} · silent from {}{until} {}", times.when(since), times.zone()),
        text,
        facts: Vec::new(),
    }
}

/// The command that shows what ran last in a cluster, and what makes its Jobs.
const CONTROLLER: &str = "get pods -n kube-system -l component=kube-controller-manager";

pub(super) fn stalled(alert: &Alert, report: &StallReport) -> OfCluster {
    let StallReport { since, overdue, cron_jobs } = report;
    let times = TimeFormatter::new("UTC", *since);
    let cluster = clean(&alert.key.cluster);
    let since = format!("{} {}", times.when(*since), times.zone());
    let listed = |cron_job: &OverdueCronJob| {
        let name = clean(&format!("{}/{}", cron_job.namespace, cron_job.name));
        format!("{name} ({})", times.when(cron_job.expected_at))
    };
    let mut list = cron_jobs.iter().map(listed).collect::<Vec<_>>().join(", ");
    let unlisted = overdue.saturating_sub(u32::try_from(cron_jobs.len()).unwrap_or(u32::MAX));
    if unlisted > 0 {
        list.push_str(&format!(" and {unlisted} more"));
    }
    let text = format!(
        "{overdue} CronJobs should have fired since, and none has: the CronJob controller, a part of kube-controller-manager, does \
         not run, or what it creates is refused (a webhook, a quota). Deadlines whose runs it does not make are judged, and \
         have no messages of their own unless they are still missed an hour after it fires again."
    );
    OfCluster {
        state: "Stalled",
        headline: format!("No CronJob of cluster {cluster} has fired since {since}"),
        brief: Some(format!("{overdue} should have")),
        context: format!("cluster {cluster} · last fire {since}"),
        text,
        facts: vec![("Expected", list), ("Look", format!("kubectl --context {cluster} {CONTROLLER}"))],
    }
}

pub(super) fn stall_over(alert: &Alert, since: Instant, until: Instant) -> OfCluster {
    let times = TimeFormatter::new("UTC", since);
    let cluster = clean(&alert.key.cluster);
    let text = "Kubernetes makes up for the last fire of each CronJob at most (`startingDeadlineSeconds`). What is still missed in \
                an hour has a message of its own then.";
    OfCluster {
        state: "Over",
        headline: format!("The CronJobs of cluster {cluster} fire again, after {}", span(until - since)),
        brief: None,
        context: format!(
            "cluster {cluster} · no fire from {} to {} {}",
            times.when(since),
            times.when(until),
            times.zone()
        ),
        text: text.to_owned(),
        facts: Vec::new(),
    }
}

/// What was judged of the deadlines meanwhile.
fn judged_text(judged: &SlotCounts, since: &str, until: &str) -> String {
    let SlotCounts { met, missed, unknown, excused, has_more } = *judged;
    let of_kinds = [(met, "met"), (missed, "missed"), (unknown, "unknown"), (excused, "excused")];
    let counts: Vec<String> = of_kinds
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, kind)| format!("{count} {}{kind}", if count == 1 { "was " } else { "were " }))
        .collect();
    let more = if has_more { "At least " } else { "" };
    let Some((last, others)) = counts.split_last() else {
        return format!("No deadline became due from {since} to {until}.");
    };
    let counts = if others.is_empty() { last.clone() } else { format!("{} and {last}", others.join(", ")) };
    let own = match missed {
        0 => "",
        1 => " The miss has a message of its own.",
        _ => " Each miss has a message of its own.",
    };
    let all = met + missed + unknown + excused;
    let (deadlines, is) = if all == 1 { ("deadline", "was") } else { ("deadlines", "were") };
    format!("{more}{all} {deadlines} from {since} to {until} {is} judged late: {counts}.{own}")
}

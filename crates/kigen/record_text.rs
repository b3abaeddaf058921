//! Records as one line of text each.

use kigen_model::Instant;
use kigen_model::alert::{Alert, AlertBody};
use kigen_model::control::{ControlRecord, Skip};
use kigen_model::delivery::{Delivery, DeliveryRecord, RetryRequest, Undelivered};
use kigen_model::event::{ClusterBody, ClusterEvent, Event, Fact, FactBody, MuteChange};
use kigen_model::expectation::broken_text;
use kigen_model::mute::Mute;
use kigen_model::objective::Deadlines;
use kigen_model::run::{AttemptPhase, RunPhase};
use kigen_model::stall::StallReport;
use kigen_model::topic::Topic;
use kigen_text::error;
use kigen_wire::Status;

use crate::output::{human, read_batches, text};

/// A record's value.
///
/// # Errors
/// The bytes are not a value of this topic.
pub(crate) fn record_text(topic: Topic, bytes: &[u8]) -> Result<String, kigen_wire::DecodeError> {
    Ok(match topic {
        Topic::Events => match kigen_wire::decode_event(bytes)? {
            Event::Fact(fact) => fact_text(&fact),
            Event::Cluster(event) => cluster_text(&event),
        },
        Topic::Alerts => alert_text(&kigen_wire::decode_alert(bytes)?),
        Topic::Status => match kigen_wire::decode_status(bytes)? {
            Status::Batch(state) => {
                format!("{} runs, {} objectives", state.runs.len(), state.objectives.len())
            }
            Status::Position(position) => format!("judged up to event {}", position.next),
        },
        Topic::Rejects => {
            let reject = kigen_wire::decode_reject(bytes)?;
            let place =
                reject.place.map_or(String::new(), |(partition, offset)| format!(" {partition}@{offset}"));
            format!("{}{place}: {} ({} bytes)", reject.source, reject.reason, reject.bytes.len())
        }
        Topic::Control => match kigen_wire::decode_control(bytes)? {
            ControlRecord::Process(process) => {
                format!("{process} lets the log have record level {}", process.level)
            }
            ControlRecord::Skip(Skip { place: (topic, partition, offset), author, .. }) => {
                format!("{author} skips offset {offset} of {topic}, partition {partition}")
            }
        },
        Topic::Deliveries => match kigen_wire::decode_delivery(bytes)? {
            DeliveryRecord::Message(Delivery {
                receiver,
                channel,
                message,
                quiet_until: Some(until),
                text,
                ..
            }) if message.is_empty() => {
                format!("{receiver} {channel} held back until {}: {text}", until.to_rfc3339())
            }
            DeliveryRecord::Message(Delivery { receiver, channel, message, version, text, .. }) => {
                format!("{receiver} {channel} {message} v{version}: {text}")
            }
            DeliveryRecord::Undelivered(Undelivered { receiver, channel, failed_at, reason, id, .. }) => {
                let state = if failed_at.is_some() { "failed" } else { "waits" };
                format!("{receiver} {channel} alert {id} {state}: {reason}")
            }
            DeliveryRecord::Retry(RetryRequest { author, .. }) => {
                format!("{author} wants what has failed sent again")
            }
        },
    })
}

/// A fact's instant and text; `None`: the bytes are no fact.
pub(crate) fn timed_fact_text(bytes: &[u8]) -> Option<(Instant, String)> {
    match kigen_wire::decode_event(bytes) {
        Ok(Event::Fact(fact)) => Some((fact.observed_at, fact_text(&fact))),
        Ok(Event::Cluster(_)) | Err(_) => None,
    }
}

fn fact_text(fact: &Fact) -> String {
    match &fact.body {
        FactBody::CronJob { cron_job: Some(cron_job), .. } => {
            let zone = cron_job.time_zone.as_deref().unwrap_or("no zone");
            let suspended = if cron_job.suspended { ", suspended" } else { "" };
            format!("CronJob \"{}\" ({zone}{suspended})", cron_job.schedule)
        }
        FactBody::CronJob { cron_job: None, .. } => "CronJob deleted".to_owned(),
        FactBody::Run { run, .. } => {
            let phase = match &run.phase {
                // Between two pods, or before the next one runs.
                RunPhase::Pending if run.failed_pods > 0 => "waiting for another pod".to_owned(),
                RunPhase::Pending => "pending".to_owned(),
                RunPhase::Running => "running".to_owned(),
                RunPhase::Suspended => "suspended".to_owned(),
                RunPhase::Succeeded { completed_at } => format!("succeeded at {}", text(*completed_at)),
                RunPhase::Failed { failed_at, reason, .. } => {
                    format!("failed at {}: {reason}", text(*failed_at))
                }
                RunPhase::Deleted { .. } => "deleted before its end".to_owned(),
            };
            let failed = match (run.failed_pods, &run.phase) {
                (0, _) | (_, RunPhase::Failed { .. }) => String::new(),
                (1, _) => ", 1 pod failed".to_owned(),
                (failed, _) => format!(", {failed} pods failed"),
            };
            format!("Job {} {phase}{failed}", run.job)
        }
        FactBody::Attempt { attempt, .. } => {
            let phase = match &attempt.phase {
                AttemptPhase::Waiting { reason, .. } => {
                    format!(
                        "waiting{}",
                        reason.as_ref().map_or(String::new(), |reason| format!(": {reason}"))
                    )
                }
                AttemptPhase::Running { .. } => "running".to_owned(),
                AttemptPhase::Succeeded { .. } => "succeeded".to_owned(),
                AttemptPhase::Failed { exit_code, reason, message, .. } => format!(
                    "failed: {}, exit code {}{}",
                    reason.as_deref().unwrap_or("no reason"),
                    exit_code.map_or("unknown".to_owned(), |code| code.to_string()),
                    message.as_deref().map_or(String::new(), |text| format!(", {}", error::line(text)))
                ),
            };
            let restarted = match attempt.restarts {
                0 => String::new(),
                1 => ", restarted once".to_owned(),
                restarts => format!(", restarted {restarts} times"),
            };
            let reported = match attempt.metrics.is_empty() {
                true => String::new(),
                false => format!(", reported {}", attempt.metrics),
            };
            format!("Pod {} {phase}{restarted}{reported}", attempt.pod)
        }
        FactBody::Objective { name, objective: Some(objective), .. } => match &objective.deadlines {
            Deadlines::CompleteBy { crontab } => format!("objective {name}: complete by \"{crontab}\""),
            Deadlines::Before { namespace, cron_job, .. } => {
                format!("objective {name}: before {namespace}/{cron_job} starts")
            }
            Deadlines::Reads { sources } => format!("reads {}", read_batches(sources)),
        },
        FactBody::Objective { name, objective: None, .. } => format!("objective {name} withdrawn"),
    }
}

fn cluster_text(event: &ClusterEvent) -> String {
    match &event.body {
        ClusterBody::Epoch { shipper } => format!("epoch {} of {shipper} begins", event.epoch),
        ClusterBody::Tick { observed_until, .. } => {
            format!("everything is observed until {}", text(*observed_until))
        }
        ClusterBody::Gap(gap) => {
            let from = gap.from.map_or("ever".to_owned(), text);
            format!("history may be lost from {from} to {}", text(gap.to))
        }
        ClusterBody::Calendar { name, working_days: Some(days), .. } => format!(
            "calendar {name}: {} days off and {} added to the week from {} to {}",
            days.days_off.len(),
            days.added.len(),
            days.years.0,
            days.years.1
        ),
        ClusterBody::Calendar { name, working_days: None, .. } => format!("calendar {name} withdrawn"),
        ClusterBody::Mute { id, change: MuteChange::Declared(mute) } => {
            let (from, until) = (text(mute.from), text(mute.until));
            let repeats = mute.repeats.as_ref().map_or(String::new(), |repeat| {
                format!(", at \"{}\" ({}) for {}", repeat.crontab, repeat.time_zone, human(repeat.length))
            });
            let Mute { scope, author, reason, .. } = mute;
            format!("mute {id} of {scope} from {from} to {until}{repeats}, by {author}: {reason}")
        }
        ClusterBody::Mute { id, change: MuteChange::Ended { at, author } } => {
            format!("mute {id} ends at {}, by {author}", text(*at))
        }
        ClusterBody::Stalled { report, .. } => stalled(report),
        ClusterBody::StallOver { at } => format!("CronJobs fire again since {}", text(*at)),
        ClusterBody::Forgotten { author } => {
            format!("{author} retires the cluster: its batches are forgotten")
        }
    }
}

fn stalled(StallReport { since, overdue, cron_jobs }: &StallReport) -> String {
    let names: Vec<String> = cron_jobs.iter().map(|of| format!("{}/{}", of.namespace, of.name)).collect();
    format!("no CronJob has fired since {}, though {overdue} should have: {}", text(*since), names.join(", "))
}

fn alert_text(alert: &Alert) -> String {
    match &alert.body {
        AlertBody::SlotMissed { slot, cause, .. } => {
            format!("missed the deadline {}: {}", text(slot.deadline), cause.kind().label())
        }
        AlertBody::SlotRecovered { slot, ended_at, .. } => {
            format!("recovered at {} from the deadline {}", text(*ended_at), text(slot.deadline))
        }
        AlertBody::SlotRetracted { slot, ended_at, .. } => {
            format!("retracted: the deadline {} was met at {}", text(slot.deadline), text(*ended_at))
        }
        AlertBody::SlotUnknown { slot, slots: 1, .. } => {
            format!("unknown: the deadline {} was not observed", text(slot.deadline))
        }
        AlertBody::SlotUnknown { slot, since, slots, .. } => {
            let (since, until) = (text(*since), text(slot.deadline));
            format!("unknown: the {slots} deadlines from {since} to {until} were not observed")
        }
        AlertBody::UnknownClosed { slot, since, slots, met, missed, .. } => {
            let (since, until) = (text(*since), text(slot.deadline));
            format!(
                "judged again: of the {slots} unknown deadlines from {since} to {until}, {met} were met and {missed} missed"
            )
        }
        AlertBody::SlotAtRisk { slot, risk, .. } => {
            let kind = risk.kind().label().trim_start_matches("at_risk_").replace('_', " ");
            format!("at risk, {kind}: the deadline {}", text(slot.deadline))
        }
        AlertBody::RiskOver { slot, .. } => format!("at risk no more: the deadline {}", text(slot.deadline)),
        AlertBody::ExpectationBroken { slot, broken, run } => {
            let deadline = text(slot.deadline);
            format!("run {} met the deadline {deadline}, but {}", run.run.job, broken_text(broken))
        }
        AlertBody::BudgetSpent { slot, is_all, budget } => {
            let part = if *is_all { "all" } else { "half" };
            let (allowed, deadline) = (budget.allowed(), text(slot.deadline));
            format!(
                "{part} of the budget is spent with the deadline {deadline}: {} missed of {allowed} allowed, {}",
                budget.missed, budget.target
            )
        }
        AlertBody::RunFailed { run, failure } => format!("run {} failed: {}", run.run.job, failure.reason),
        AlertBody::ClusterSilent { since, objectives, .. } => {
            format!("the cluster is silent since {}: {objectives} objectives are not judged", text(*since))
        }
        AlertBody::ClusterStalled(report) => stalled(report),
        AlertBody::StallOver { since, until, .. } => {
            format!("CronJobs fire again since {}, after none had since {}", text(*until), text(*since))
        }
        AlertBody::SilenceOver { until: None, .. } => "the silent cluster is forgotten".to_owned(),
        AlertBody::SilenceOver { since, until: Some(until), judged, .. } => format!(
            "the cluster is silent no more: from {} to {} {} deadlines were met and {} missed",
            text(*since),
            text(*until),
            judged.met,
            judged.missed
        ),
    }
}

//! Requests that fail before or after they were done, and notifiers that are killed: at the end each incident is one message
//! with its true content and its history in order.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::TimeDelta;
use kigen_log::{EmbeddedLog, Log, LogReader, NewRecord, Settings};
use kigen_model::alert::{Alert, AlertBody, alert_id};
use kigen_model::key::BatchKey;
use kigen_model::risk::Risk;
use kigen_model::slot::{Cause, RunSummary};
use kigen_model::topic::{Offset, Partition, Topic};
use kigen_notifier::role::GROUP;
use serde_json::Value as Json;

use crate::alerts::{at, at_risk, attempt, failed, recovered, retracted, risk_over, run_failed, summary};
use crate::delivery::{folder, ids, now};
use crate::incidents::miss;
use crate::queues::{self, ERRORS, FATAL};
use crate::slack::Workspace;
use crate::surroundings::long_error;

const SEEDS: u64 = 6;
const PARTITIONS: u32 = 2;
/// How many of a thousand requests fail.
const FAILING_PER_MILLE: u64 = 100;

/// xorshift64*.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % end
    }
}

/// The alerts of one batch in their order, and the state that the message shows at the end.
pub(crate) struct Story {
    pub(crate) alerts: Vec<Alert>,
    pub(crate) state: &'static str,
    /// The failure of the run that missed the deadline.
    pub(crate) failure: Option<Alert>,
}

/// Each batch's `later` than the others' by itself, or all at once.
pub(crate) fn story(random: &mut Random, batch: &str, later: TimeDelta) -> Story {
    let risk = at_risk(
        Risk::NotStarted { expected_at: at("2026-11-20T03:00:00Z"), needs: None, of_runs: 0, start_by: None },
        None,
    );
    let recovery = |misses| recovered("2026-11-20T03:00:00Z", "2026-11-20T03:42:10Z", misses);
    let (alerts, state) = match random.below(5) {
        0 => (vec![risk, miss(1), miss(2), recovery(2)], "Recovered"),
        1 => (vec![miss(1), retracted(Some(0))], "Retracted"),
        2 => (vec![risk, risk_over(Some(at("2026-11-20T03:29:00Z")), None)], "Over"),
        3 => (vec![miss(1), miss(2), miss(3), miss(4)], "Missed"),
        _ => (vec![risk, failing(miss(1)), recovery(1)], "Recovered"),
    };
    let has_failed = alerts.len() == 3;
    let of = |alert: &Alert| {
        let alert = of_batch(alert, batch);
        Alert { decided_at: alert.decided_at + later, ..alert }
    };
    Story {
        alerts: alerts.iter().map(of).collect(),
        state,
        failure: has_failed.then(|| of(&run_failed(&long_error()))),
    }
}

/// The miss, explained by a run that failed.
fn failing(mut miss: Alert) -> Alert {
    if let AlertBody::SlotMissed { cause, run, .. } = &mut miss.body {
        *cause = failed(&long_error());
        *run = Some(summary(Some(attempt())));
    }
    miss
}

/// The same alert for another batch, with ids and a run of its own.
fn of_batch(alert: &Alert, batch: &str) -> Alert {
    let key = BatchKey::new("prod", "ml", batch);
    let own = |kind: &str, id: &str| alert_id(&key, "complete-by", kind, id);
    let uid = |summary: &RunSummary| RunSummary { uid: format!("run-of-{batch}"), ..summary.clone() };
    let mut body = alert.body.clone();
    match &mut body {
        AlertBody::SlotMissed { incident, run, cause, .. } => {
            *incident = own("incident", &incident.to_string());
            *run = run.as_ref().filter(|_| matches!(cause, Cause::Failed(_))).map(uid);
        }
        AlertBody::SlotRecovered { incident, .. }
        | AlertBody::SlotRetracted { incident: Some(incident), .. } => {
            *incident = own("incident", &incident.to_string());
        }
        AlertBody::RunFailed { run, .. } => *run = uid(run),
        _ => {}
    }
    Alert { id: own(body.kind(), &alert.id.to_string()), key, body, ..alert.clone() }
}

async fn append(log: &EmbeddedLog, partition: Partition, alert: &Alert) {
    let value = Some(kigen_wire::encode_alert(alert, kigen_wire::Level::NEWEST));
    let (topic, key) = (Topic::Alerts, alert.key.to_string());
    let record = NewRecord { topic, partition, key, value, timestamp: now() };
    log.append(vec![record]).await.expect("the log takes it");
}

fn is_done(log: &EmbeddedLog) -> bool {
    let waiting = kigen_notifier::undelivered::read(log).expect("readable").waiting;
    waiting.is_empty()
        && (0..PARTITIONS).map(Partition).all(|partition| {
            let position = log.position(GROUP, Topic::Alerts, partition).expect("readable");
            position == Some(log.latest(Topic::Alerts, partition).expect("readable"))
        })
}

/// The message about a batch in a channel, and its replies.
fn thread(workspace: &Workspace, channel: &str, batch: &str) -> Vec<Json> {
    let name = format!("ml/{batch} ");
    let messages = workspace.messages_in(channel).into_iter();
    messages.filter(|message| message["text"].as_str().is_some_and(|text| text.contains(&name))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_incident_is_one_message_with_its_true_content_whatever_fails() {
    for seed in 0..SEEDS {
        run(seed, 10, TimeDelta::minutes(11)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_storm_each_incident_is_one_message_whatever_fails() {
    for seed in 0..SEEDS / 2 {
        run(seed, 40, TimeDelta::zero()).await;
    }
}

/// So many batches, with the alerts of one so long after those of another.
async fn run(seed: u64, batches: u64, between: TimeDelta) {
    let (dir, workspace) = (folder(), Workspace::answering(&[]).await);
    let settings = Settings { partitions: PARTITIONS, ..Settings::default() };
    let log = EmbeddedLog::open(dir.path(), settings).expect("the log opens");
    let mut random = Random::new(seed + 1);
    let names: Vec<String> = (0..batches).map(|nth| format!("batch-{nth:02}")).collect();
    let stories: Vec<Story> =
        names.iter().zip(0..).map(|(name, nth)| story(&mut random, name, between * nth)).collect();
    let mut left: Vec<Vec<&Alert>> =
        stories.iter().map(|story| story.failure.iter().chain(&story.alerts).rev().collect()).collect();
    workspace.fail(FAILING_PER_MILLE, seed + 1);
    let mut appended = Offset(0);
    while !(left.iter().all(Vec::is_empty) && is_done(&log)) {
        for _ in 0..8 {
            let nth = random.below(batches);
            if let Some(alert) = left[nth as usize].pop() {
                let partition = Partition(u32::try_from(nth).expect("few") % PARTITIONS);
                append(&log, partition, alert).await;
                appended = appended.next();
            }
        }
        let notifier = queues::start(&log, &workspace);
        tokio::time::sleep(Duration::from_millis(random.below(120))).await;
        if random.below(2) == 0 {
            notifier.kill().await;
        } else {
            notifier.stop().await;
        }
        // A request in flight reaches the server.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let notifier = queues::start(&log, &workspace);
    for (story, name) in stories.iter().zip(&names) {
        let is_linked = || {
            let edited = |channel| thread(&workspace, channel, name)[0].to_string().contains("slack.com");
            story.failure.is_none() || edited(FATAL) && edited(ERRORS)
        };
        let until = tokio::time::Instant::now() + Duration::from_secs(30);
        while !is_linked() {
            assert!(tokio::time::Instant::now() < until, "seed {seed}: {name} is not linked");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        check(seed, &workspace, name, story);
    }
    let storms = storms(seed, &workspace).await;
    assert!(between > TimeDelta::zero() || storms > 0, "seed {seed}");
    notifier.stop().await;
    let of_story = |story: &Story| story.alerts.len() + story.failure.iter().len();
    let expected: usize = stories.iter().map(of_story).sum();
    let (whole_errors, others): (Vec<Json>, Vec<Json>) =
        workspace.channel().into_iter().partition(is_whole_error);
    assert_eq!(others.len(), expected + storms, "seed {seed}");
    let once: BTreeSet<&str> = ids(&whole_errors).into_iter().collect();
    assert_eq!(once.len(), whole_errors.len(), "seed {seed}: no whole error is in a thread twice");
    assert_eq!(appended, Offset(u64::try_from(expected).expect("few")), "seed {seed}");
}

/// Waits until each message about many alerts counts those in its thread, each with its updates once; returns how many there
/// are.
async fn storms(seed: u64, workspace: &Workspace) -> usize {
    let text = |message: &Json| message["text"].as_str().expect("a text").to_owned();
    let batch = |message: &Json| Some(text(message).split_once(" ml/")?.1.split(' ').next()?.to_owned());
    let until = tokio::time::Instant::now() + Duration::from_secs(30);
    loop {
        let messages = workspace.channel();
        let heads: Vec<&Json> =
            messages.iter().filter(|message| text(message).contains(" alerts at once")).collect();
        let is_counted = |head: &&Json| {
            let replies = messages
                .iter()
                .filter(|reply| reply["thread_ts"] == head["ts"] && reply["channel"] == head["channel"]);
            let batches: BTreeSet<Option<String>> = replies.map(batch).collect();
            text(head).contains(&format!(": {} alerts at once", batches.len()))
        };
        if heads.iter().all(is_counted) {
            return heads.len();
        }
        assert!(tokio::time::Instant::now() < until, "seed {seed}: {heads:#?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Whether a message is a reply that has all of an error.
pub(crate) fn is_whole_error(message: &Json) -> bool {
    message["text"].as_str().is_some_and(|text| text.contains("The whole error text of "))
}

fn check(seed: u64, workspace: &Workspace, name: &str, story: &Story) {
    let parts = |channel| -> (Vec<Json>, Vec<Json>) {
        thread(workspace, channel, name).into_iter().partition(|message| !is_whole_error(message))
    };
    let (messages, whole_errors) = parts(FATAL);
    // The thread of a storm has them of messages that are updated there.
    let failed = usize::from(story.failure.is_some());
    assert_eq!(whole_errors.len(), failed, "seed {seed}: {name}: the miss");
    let expected: Vec<String> = story.alerts.iter().map(|alert| alert.id.to_string()).collect();
    assert_eq!(ids(&messages), expected, "seed {seed}: {name}");
    let head = &messages[0];
    let parent = head.get("thread_ts").unwrap_or(&head["ts"]);
    assert!(messages[1..].iter().all(|reply| reply["thread_ts"] == *parent), "seed {seed}: {name}");
    let text = head["text"].as_str().expect("a text");
    assert!(text.contains(&format!(": {}: ", story.state)), "seed {seed}: {name}: {text}");
    let (failures, whole_errors) = parts(ERRORS);
    assert_eq!(whole_errors.len(), failed, "seed {seed}: {name}: the failed run");
    let parent = failures.first().map(|head| head.get("thread_ts").unwrap_or(&head["ts"]));
    assert!(whole_errors.iter().all(|reply| Some(&reply["thread_ts"]) == parent), "seed {seed}: {name}");
    let expected: Vec<String> = story.failure.iter().map(|alert| alert.id.to_string()).collect();
    assert_eq!(ids(&failures), expected, "seed {seed}: {name}");
}

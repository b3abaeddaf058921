//! Quotas: how much of the log, and of what reads logs, one namespace may take a day, so that no tenant of a cluster evicts the
//! history of another. What verdicts depend on is never dropped: over its quota a namespace loses error texts, and the Jobs
//! that belong to no CronJob and no objective.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use kigen_model::Instant;
use kigen_model::event::{Event, Fact, FactBody};
use kigen_model::run::AttemptPhase;

/// How many namespaces a report names.
const NAMESPACES_REPORTED_MAX: usize = 5;
const DAY_S: i64 = 86_400;

/// What one namespace may take a day, from midnight UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotaSettings {
    /// How many Jobs without CronJob and objective, each of which has a state of its own; those of one label are one.
    pub keys_a_day_max: usize,
    /// The bytes of its facts and rejected objects.
    pub bytes_a_day_max: u64,
    /// How many logs of containers are read.
    pub log_reads_a_day_max: u64,
}

impl Default for QuotaSettings {
    fn default() -> Self {
        Self { keys_a_day_max: 10_000, bytes_a_day_max: 64 << 20, log_reads_a_day_max: 2_000 }
    }
}

/// A limit of [`QuotaSettings`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quota {
    /// [`QuotaSettings::keys_a_day_max`].
    Keys,
    /// [`QuotaSettings::bytes_a_day_max`].
    Bytes,
    /// [`QuotaSettings::log_reads_a_day_max`].
    LogReads,
}

impl Quota {
    /// Its name in labels.
    pub fn label(self) -> &'static str {
        match self {
            Self::Keys => "keys",
            Self::Bytes => "bytes",
            Self::LogReads => "log_reads",
        }
    }
}

impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Keys => "Jobs without CronJob and objective",
            Self::Bytes => "bytes",
            Self::LogReads => "log reads",
        })
    }
}

/// What a namespace has taken on the latest day.
#[derive(Debug, Default)]
struct Usage {
    bytes: u64,
    /// Digests of the batches without CronJob and objective.
    keys: HashSet<u64>,
    log_reads: u64,
    /// How often each quota was exceeded.
    exceeded: BTreeMap<Quota, u64>,
}

/// The usage of each namespace.
#[derive(Debug)]
pub(crate) struct Quotas {
    settings: QuotaSettings,
    by_namespace: BTreeMap<String, Usage>,
    /// The latest day, in days since 1970.
    day: i64,
    counted: BTreeMap<Quota, u64>,
    first: Vec<OverQuota>,
}

/// A namespace is over a quota, for the first time on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverQuota {
    /// The namespace.
    pub namespace: String,
    /// The quota.
    pub quota: Quota,
    /// Its limit.
    pub limit: u64,
}

impl Quotas {
    pub(crate) fn new(settings: QuotaSettings) -> Self {
        Self {
            settings,
            by_namespace: BTreeMap::new(),
            day: i64::MIN,
            counted: BTreeMap::new(),
            first: Vec::new(),
        }
    }

    /// Counts a fact; `false`: it is not to be emitted. `is_judged`: its batch has a CronJob or an objective.
    pub(crate) fn admit(&mut self, fact: &mut Fact, is_judged: bool) -> bool {
        let is_of_job = matches!(fact.body, FactBody::Run { .. } | FactBody::Attempt { .. });
        let QuotaSettings { keys_a_day_max, bytes_a_day_max, .. } = self.settings;
        let usage = self.usage(&fact.key.namespace, fact.observed_at);
        if is_of_job && !is_judged {
            let key = digest(&fact.key.batch);
            if !usage.keys.contains(&key) && usage.keys.len() >= keys_a_day_max {
                self.exceeded(&fact.key.namespace, Quota::Keys);
                return false;
            }
            usage.keys.insert(key);
        }
        let bytes = encoded_bytes(fact);
        if usage.bytes.saturating_add(bytes) <= bytes_a_day_max || !is_of_job {
            usage.bytes = usage.bytes.saturating_add(bytes);
            return true;
        }
        if !is_judged {
            self.exceeded(&fact.key.namespace, Quota::Bytes);
            return false;
        }
        let had_text = take_text(&mut fact.body);
        usage.bytes = usage.bytes.saturating_add(encoded_bytes(fact));
        if had_text {
            self.exceeded(&fact.key.namespace, Quota::Bytes);
        }
        true
    }

    /// Counts an object that is rejected; `false`: it is not to be kept.
    pub(crate) fn admit_rejected(&mut self, namespace: &str, bytes: usize, at: Instant) -> bool {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let bytes_max = self.settings.bytes_a_day_max;
        let usage = self.usage(namespace, at);
        let bytes = usage.bytes.saturating_add(bytes);
        let is_admitted = bytes <= bytes_max;
        if is_admitted {
            usage.bytes = bytes;
        } else {
            self.exceeded(namespace, Quota::Bytes);
        }
        is_admitted
    }

    /// Counts the reading of a log; `false`: it is not to be read.
    pub(crate) fn admit_log(&mut self, namespace: &str, at: Instant) -> bool {
        let log_reads_max = self.settings.log_reads_a_day_max;
        let usage = self.usage(namespace, at);
        let is_admitted = usage.log_reads < log_reads_max;
        if is_admitted {
            usage.log_reads += 1;
        } else {
            self.exceeded(namespace, Quota::LogReads);
        }
        is_admitted
    }

    /// How often each quota was exceeded since the last call, and each first time of a namespace on a day.
    pub(crate) fn take(&mut self) -> (BTreeMap<Quota, u64>, Vec<OverQuota>) {
        (std::mem::take(&mut self.counted), std::mem::take(&mut self.first))
    }

    /// The namespaces that are over a quota on the latest day; `None`: there are none.
    pub(crate) fn report(&self) -> Option<String> {
        let is_over = |(_, usage): &(&String, &Usage)| !usage.exceeded.is_empty();
        let over: Vec<_> = self.by_namespace.iter().filter(is_over).collect();
        if over.is_empty() {
            return None;
        }
        let named = over.iter().take(NAMESPACES_REPORTED_MAX).map(|(namespace, usage)| {
            let of: Vec<_> =
                usage.exceeded.iter().map(|(quota, times)| format!("{times} × {quota}")).collect();
            format!("{namespace} ({})", of.join(", "))
        });
        let named = named.collect::<Vec<_>>().join(", ");
        Some(match over.len().saturating_sub(NAMESPACES_REPORTED_MAX) {
            0 => format!("over their quotas of today: {named}"),
            more => format!("over their quotas of today: {named} and {more} more"),
        })
    }

    fn usage(&mut self, namespace: &str, at: Instant) -> &mut Usage {
        let day = at.timestamp().div_euclid(DAY_S);
        if day > self.day {
            self.day = day;
            self.by_namespace.clear();
        }
        self.by_namespace.entry(namespace.to_owned()).or_default()
    }

    fn exceeded(&mut self, namespace: &str, quota: Quota) {
        *self.counted.entry(quota).or_default() += 1;
        let Some(usage) = self.by_namespace.get_mut(namespace) else { return };
        let times = usage.exceeded.entry(quota).or_default();
        *times += 1;
        if *times == 1 {
            let limit = match quota {
                Quota::Keys => u64::try_from(self.settings.keys_a_day_max).unwrap_or(u64::MAX),
                Quota::Bytes => self.settings.bytes_a_day_max,
                Quota::LogReads => self.settings.log_reads_a_day_max,
            };
            self.first.push(OverQuota { namespace: namespace.to_owned(), quota, limit });
        }
    }
}

/// Takes the error text out of an attempt; `false`: there is none.
fn take_text(body: &mut FactBody) -> bool {
    let FactBody::Attempt { attempt, .. } = body else { return false };
    match &mut attempt.phase {
        AttemptPhase::Waiting { message, .. } | AttemptPhase::Failed { message, .. } => {
            message.take().is_some()
        }
        AttemptPhase::Running { .. } | AttemptPhase::Succeeded { .. } => false,
    }
}

fn encoded_bytes(fact: &Fact) -> u64 {
    let value = kigen_wire::encode_event(&Event::Fact(fact.clone()), kigen_wire::Level::NEWEST);
    u64::try_from(value.len()).unwrap_or(u64::MAX)
}

fn digest(batch: &str) -> u64 {
    let mut digest = DefaultHasher::new();
    batch.hash(&mut digest);
    digest.finish()
}

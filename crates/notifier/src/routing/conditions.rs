//! What an alert must be for a rule. Pure.

use std::collections::BTreeMap;
use std::fmt;

use kigen_model::alert::Alert;
use kigen_model::objective::Severity;

use super::kind::Kind;
use super::times::Times;

/// A name, or with `*` at its end the beginning of names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pattern(String);

impl Pattern {
    /// A pattern of this text; `None`: it is empty, or has a `*` elsewhere.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let beginning = text.strip_suffix('*').unwrap_or(text);
        (!text.is_empty() && !beginning.contains('*')).then(|| Self(text.to_owned()))
    }

    fn matches(&self, name: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => name == self.0,
        }
    }

    /// Whether it matches whatever the other one does.
    fn covers(&self, other: &Self) -> bool {
        match (self.0.strip_suffix('*'), other.0.strip_suffix('*')) {
            (Some(beginning), _) => other.0.strip_suffix('*').unwrap_or(&other.0).starts_with(beginning),
            (None, Some(_)) => false,
            (None, None) => self == other,
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What an alert must be for a rule. Of each list one has to match; an empty list matches all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// The severity of the objective; an alert without an objective has none.
    pub severities: Vec<Severity>,
    /// The kind.
    pub kinds: Vec<Kind>,
    /// The cluster.
    pub clusters: Vec<Pattern>,
    /// The namespace.
    pub namespaces: Vec<Pattern>,
    /// The owner of the objective.
    pub owners: Vec<Pattern>,
    /// The labels of the objective, each with its values: all of these labels have to match.
    pub labels: BTreeMap<String, Vec<Pattern>>,
    /// When it was decided.
    pub times: Option<Times>,
}

impl Conditions {
    /// Why an alert does not match; `None`: it does.
    pub(super) fn mismatch(&self, alert: &Alert) -> Option<String> {
        let objective = alert.objective.as_ref();
        let severity = objective.map(|objective| objective.severity);
        if !self.severities.is_empty() && !severity.is_some_and(|own| self.severities.contains(&own)) {
            return Some(format!("its severity is {}", severity.map_or("none", severity_name)));
        }
        let kind = Kind::of(alert);
        if !self.kinds.is_empty() && !self.kinds.contains(&kind) {
            return Some(format!("its kind is {}", kind.name()));
        }
        let lacks = |patterns: &[Pattern], name: Option<&str>| {
            !patterns.is_empty()
                && !name.is_some_and(|name| patterns.iter().any(|pattern| pattern.matches(name)))
        };
        let owner = objective.and_then(|objective| objective.owner.as_deref());
        let of_names = [
            ("cluster", &self.clusters, Some(&*alert.key.cluster)),
            (
                "namespace",
                &self.namespaces,
                Some(&*alert.key.namespace).filter(|_| !alert.key.is_of_cluster()),
            ),
            ("owner", &self.owners, owner),
        ];
        for (what, patterns, name) in of_names {
            if lacks(patterns, name) {
                return Some(format!("its {what} is {}", name.unwrap_or("none")));
            }
        }
        for (label, values) in &self.labels {
            let value = objective.and_then(|objective| objective.labels.get(label));
            if lacks(values, value) {
                return Some(format!("its label {label} is {}", value.unwrap_or("none")));
            }
        }
        let times = self.times.as_ref().filter(|times| !times.matches(alert.decided_at))?;
        let local = times.zone.local(alert.decided_at).date_time.format("%a %Y-%m-%d %H:%M");
        Some(format!("it was decided {local} {}", times.zone.name()))
    }

    /// Whether it matches whatever the other one does, as far as that is certain.
    pub(super) fn covers(&self, other: &Self) -> bool {
        fn has<T: PartialEq>(these: &[T], others: &[T]) -> bool {
            these.is_empty() || (!others.is_empty() && others.iter().all(|other| these.contains(other)))
        }
        let has_names = |these: &[Pattern], others: &[Pattern]| {
            these.is_empty()
                || (!others.is_empty()
                    && others.iter().all(|other| these.iter().any(|this| this.covers(other))))
        };
        let has_times = match (&self.times, &other.times) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(these), Some(others)) => these.covers(others),
        };
        has(&self.severities, &other.severities)
            && has(&self.kinds, &other.kinds)
            && has_names(&self.clusters, &other.clusters)
            && has_names(&self.namespaces, &other.namespaces)
            && has_names(&self.owners, &other.owners)
            && self.labels.iter().all(|(label, values)| {
                other.labels.get(label).is_some_and(|others| has_names(values, others))
            })
            && has_times
    }
}

/// The name of a severity in objectives and rules.
fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Fatal => "fatal",
        Severity::Warning => "warning",
    }
}

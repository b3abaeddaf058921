//! A file of objectives: YAML, one document an objective, as in `kind: Objective` of `kigen.dev/v1alpha1`.

pub(crate) mod followed;

use std::fmt;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use kigen_calendar::{Calendar, Crontab, Reading, Zone};
use kigen_model::key::BatchKey;
use kigen_model::objective::{Deadlines, Objective, ObjectiveSource, Severity};
use kigen_shipper::written;
use serde::Deserialize;
use serde_saphyr::Spanned;

const API_VERSION: &str = "kigen.dev/v1alpha1";
const KIND: &str = "Objective";
/// The largest file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// One objective of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    /// The batch.
    pub(crate) key: BatchKey,
    /// The objective's name.
    pub(crate) name: String,
    /// The line on which its specification begins.
    pub(crate) line: u64,
    /// What it says. A CronJob before which the result must be there is not looked up yet.
    pub(crate) objective: Objective,
}

/// Why a file of objectives cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    #[error("the file of objectives {} cannot be read", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("the file of objectives {} has {bytes} bytes; the most is {FILE_BYTES_MAX}: split it", path.display())]
    TooLong { path: PathBuf, bytes: u64 },
    #[error("the file of objectives {} is not understood:\n{problems}", path.display())]
    Wrong { path: PathBuf, problems: Problems },
}

/// What a file of objectives says.
#[derive(Debug)]
pub(crate) struct Understood {
    /// The objectives that are understood.
    pub(crate) all: Vec<Written>,
    /// What is wrong with the others.
    pub(crate) problems: Problems,
}

impl Understood {
    /// The objectives, if nothing is wrong with any.
    pub(crate) fn whole(self, path: &Path) -> Result<Vec<Written>, FileError> {
        if self.problems.is_empty() {
            return Ok(self.all);
        }
        Err(FileError::Wrong { path: path.to_owned(), problems: self.problems })
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Document {
    api_version: Spanned<String>,
    kind: Spanned<String>,
    metadata: Metadata,
    spec: Spanned<Spec>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    name: Spanned<String>,
    namespace: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Spec {
    batch: Spanned<Batch>,
    complete_by: Option<Spanned<String>>,
    before: Option<Spanned<Target>>,
    time_zone: Option<Spanned<String>>,
    grace: Option<Spanned<String>>,
    freshness: Option<Spanned<String>>,
    settle: Option<Spanned<String>>,
    starts: Option<Spanned<String>>,
    severity: Option<Spanned<String>>,
    owner: Option<String>,
    runbook: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Batch {
    cron_job: Option<String>,
    name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Target {
    cron_job: String,
    namespace: Option<String>,
}

/// What is wrong, with its lines.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<(u64, String)>);

impl Problems {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn add<T>(&mut self, at: &Spanned<T>, text: impl Into<String>) {
        self.0.push((at.referenced.line(), text.into()));
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, (line, text)) in self.0.iter().enumerate() {
            let end = if nth + 1 < self.0.len() { "\n" } else { "" };
            write!(f, "line {line}: {text}{end}")?;
        }
        Ok(())
    }
}

/// Reads the objectives of a file, for a cluster.
pub(crate) fn read(path: &Path, cluster: &str) -> Result<Understood, FileError> {
    let unreadable = |source| FileError::Unreadable { path: path.to_owned(), source };
    let bytes = std::fs::metadata(path).map_err(unreadable)?.len();
    if bytes > FILE_BYTES_MAX {
        return Err(FileError::TooLong { path: path.to_owned(), bytes });
    }
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    Ok(parse(&text, cluster))
}

/// One document that is wrong leaves the others as they are; after one that is no YAML, there is nothing more to read.
fn parse(text: &str, cluster: &str) -> Understood {
    let mut problems = Problems::default();
    let mut all: Vec<Written> = Vec::new();
    let mut text = text.as_bytes();
    for document in serde_saphyr::read::<_, Document>(&mut text) {
        let document = match document {
            Ok(document) => document,
            Err(error) => {
                let line = error.location().map_or(0, |location| location.line());
                let text = error.without_snippet().to_string();
                // The line stands before it.
                let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
                problems.0.push((line, text.to_owned()));
                continue;
            }
        };
        let name = document.metadata.name.clone();
        let Some(written) = written(document, cluster, &mut problems) else { continue };
        let is_twin = |other: &&Written| (&other.key, &other.name) == (&written.key, &written.name);
        if let Some(twin) = all.iter().find(is_twin) {
            let text = format!(
                "`{}` of {} is on line {} already: name one of them anew",
                name.value, twin.key, twin.line
            );
            problems.add(&name, text);
            continue;
        }
        all.push(written);
    }
    problems.0.sort();
    Understood { all, problems }
}

fn written(document: Document, cluster: &str, problems: &mut Problems) -> Option<Written> {
    let Document { api_version, kind, metadata, spec } = document;
    if api_version.value != API_VERSION || kind.value != KIND {
        problems.add(&api_version, format!("this is no `kind: {KIND}` of `apiVersion: {API_VERSION}`"));
        return None;
    }
    let line = spec.referenced.line();
    let before = problems.0.len();
    let objective = objective(&spec.value, &metadata, problems);
    let batch = match &spec.value.batch.value {
        Batch { cron_job: Some(name), name: None } | Batch { cron_job: None, name: Some(name) } => {
            name.clone()
        }
        Batch { .. } => {
            problems.add(&spec.value.batch, "name the batch by `cronJob` or, for bare Jobs, by `name`");
            return None;
        }
    };
    for (what, name) in
        [("name", &metadata.name.value), ("namespace", &metadata.namespace), ("batch's name", &batch)]
    {
        if !written::is_kubernetes_name(name) {
            let rule = "Kubernetes allows small letters, digits, `-` and `.`, 1 to 253 of them";
            problems.add(&metadata.name, format!("the {what} `{name}` cannot be one: {rule}"));
        }
    }
    let key = BatchKey::new(cluster, metadata.namespace, batch);
    (problems.0.len() == before).then_some(Written {
        key,
        name: metadata.name.value,
        line,
        objective: objective?,
    })
}

fn objective(spec: &Spec, metadata: &Metadata, problems: &mut Problems) -> Option<Objective> {
    let zone = zone(spec, problems);
    let deadlines = deadlines(spec, metadata, &zone, problems)?;
    if let Some(starts) = &spec.starts {
        check(starts, &zone, Reading::Kubernetes, problems);
    }
    let severity = match spec.severity.as_ref().map(|severity| (severity, severity.value.as_str())) {
        None | Some((_, "fatal")) => Severity::Fatal,
        Some((_, "warning")) => Severity::Warning,
        Some((severity, other)) => {
            problems.add(severity, format!("`severity` is `{other}`: it may be fatal or warning"));
            return None;
        }
    };
    let settle = span(spec.settle.as_ref(), "settle", 0..=Objective::GRACE_MAX_S, problems);
    Some(Objective {
        is_of_jobs: spec.batch.value.cron_job.is_none(),
        deadlines,
        time_zone: spec.time_zone.as_ref().map(|zone| zone.value.clone()),
        grace: span(spec.grace.as_ref(), "grace", 0..=Objective::GRACE_MAX_S, problems).unwrap_or_default(),
        settle: settle.unwrap_or(TimeDelta::seconds(Objective::SETTLE_DEFAULT_S)),
        freshness: span(spec.freshness.as_ref(), "freshness", 1..=Objective::FRESHNESS_MAX_S, problems),
        starts: spec.starts.as_ref().map(|starts| starts.value.clone()),
        severity,
        owner: spec.owner.clone(),
        runbook: spec.runbook.clone(),
        source: ObjectiveSource::File,
    })
}

fn zone(spec: &Spec, problems: &mut Problems) -> Zone {
    let Some(name) = &spec.time_zone else {
        return Zone::utc();
    };
    Zone::named(&name.value).unwrap_or_else(|error| {
        problems.add(name, error.to_string());
        Zone::utc()
    })
}

fn deadlines(spec: &Spec, metadata: &Metadata, zone: &Zone, problems: &mut Problems) -> Option<Deadlines> {
    match (&spec.complete_by, &spec.before) {
        (Some(crontab), None) => {
            check(crontab, zone, Reading::Deadline, problems);
            Some(Deadlines::CompleteBy { crontab: crontab.value.clone() })
        }
        (None, Some(target)) => Some(Deadlines::Before {
            namespace: target.value.namespace.clone().unwrap_or_else(|| metadata.namespace.clone()),
            cron_job: target.value.cron_job.clone(),
            schedule: None,
        }),
        (Some(crontab), Some(_)) => {
            problems.add(crontab, "`completeBy` and `before` both name the deadlines: keep one");
            None
        }
        (None, None) => {
            problems.add(&spec.batch, "nothing names the deadlines: add `completeBy` or `before`");
            None
        }
    }
}

fn check(crontab: &Spanned<String>, zone: &Zone, reading: Reading, problems: &mut Problems) {
    let calendar =
        Crontab::parse(&crontab.value).and_then(|parsed| Calendar::new(parsed, zone.clone(), reading));
    if let Err(error) = calendar {
        problems.add(crontab, error.to_string());
    }
}

/// A span of so many seconds.
fn span(
    text: Option<&Spanned<String>>,
    what: &str,
    seconds: RangeInclusive<i64>,
    problems: &mut Problems,
) -> Option<TimeDelta> {
    let text = text?;
    let span = written::span(&text.value, &seconds);
    if span.is_none() {
        let days = seconds.end() / 86_400;
        problems.add(
            text,
            format!("`{what}` is `{}`: write a number with s, m, h or d, at most {days}d", text.value),
        );
    }
    span
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn document(name: &str, spec: &str) -> String {
        format!(
            "apiVersion: kigen.dev/v1alpha1\nkind: Objective\nmetadata: {{name: {name}, namespace: ml}}\nspec:\n{spec}"
        )
    }

    fn check(spec: &str, expected: &Expect) {
        let text = document("ready", spec);
        let Understood { all, problems } = parse(&text, "prod");
        expected.assert_eq(&if problems.is_empty() { format!("{all:#?}") } else { problems.to_string() });
    }

    #[test]
    fn everything_that_can_be_said() {
        let spec = "  batch: {cronJob: recommend}\n  completeBy: \"0 12 * * *\"\n  timeZone: Asia/Tokyo\n  grace: 10m\n  \
                    freshness: 3d\n  settle: 30s\n  severity: warning\n  owner: recommend-team\n  runbook: https://wiki\n";
        check(
            spec,
            &expect![[r#"
            [
                Written {
                    key: BatchKey {
                        cluster: "prod",
                        namespace: "ml",
                        batch: "recommend",
                    },
                    name: "ready",
                    line: 5,
                    objective: Objective {
                        is_of_jobs: false,
                        deadlines: CompleteBy {
                            crontab: "0 12 * * *",
                        },
                        time_zone: Some(
                            "Asia/Tokyo",
                        ),
                        grace: TimeDelta {
                            secs: 600,
                            nanos: 0,
                        },
                        settle: TimeDelta {
                            secs: 30,
                            nanos: 0,
                        },
                        freshness: Some(
                            TimeDelta {
                                secs: 259200,
                                nanos: 0,
                            },
                        ),
                        starts: None,
                        severity: Warning,
                        owner: Some(
                            "recommend-team",
                        ),
                        runbook: Some(
                            "https://wiki",
                        ),
                        source: File,
                    },
                },
            ]"#]],
        );
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line_all_at_once() {
        let spec = "  batch: {cronJob: recommend}\n  completeBy: \"0 25 * * *\"\n  timeZone: Asia/Tokio\n  grace: ten\n  \
                    freshness: 400d\n";
        check(
            spec,
            &expect![[r#"
            line 6: the hour `25` does not read: 25 is above 23; allowed are 0 to 23, lists `6,18`, ranges `9-17`, steps `*/2`
            line 7: there is no time zone `Asia/Tokio` in tzdata 2026f: did you mean `Asia/Tokyo`?
            line 8: `grace` is `ten`: write a number with s, m, h or d, at most 31d
            line 9: `freshness` is `400d`: write a number with s, m, h or d, at most 366d"#]],
        );
    }

    #[test]
    fn a_freshness_of_nothing_would_let_no_run_count() {
        let spec = "  batch: {cronJob: recommend}\n  completeBy: \"0 12 * * *\"\n  freshness: 0s\n";
        check(spec, &expect!["line 7: `freshness` is `0s`: write a number with s, m, h or d, at most 366d"]);
    }

    #[test]
    fn a_word_that_is_not_known() {
        let known = "unknown field `completeby`, expected one of batch, completeBy, before, timeZone, grace, freshness, \
                     settle, starts, severity, owner, runbook";
        let spec = "  batch: {cronJob: recommend}\n  completeby: \"0 12 * * *\"\n";
        let text = document("ready", spec);
        assert_eq!(parse(&text, "prod").problems.to_string(), format!("line 6: {known}"));
    }

    #[test]
    fn one_document_that_is_wrong_leaves_the_others_as_they_are() {
        let good = "  batch: {cronJob: recommend}\n  completeBy: \"0 12 * * *\"\n";
        let bad = "  batch: {cronJob: recommend}\n  grace: [1]\n";
        let documents = [document("one", good), document("two", bad), document("three", good)];
        let Understood { all, problems } = parse(&documents.join("---\n"), "prod");
        assert_eq!(all.iter().map(|written| written.name.as_str()).collect::<Vec<_>>(), ["one", "three"]);
        assert_eq!(problems.to_string(), "line 13: expected string scalar");
    }

    #[test]
    fn deadlines_that_nothing_or_two_things_name() {
        check(
            "  batch: {name: backfill}\n",
            &expect!["line 5: nothing names the deadlines: add `completeBy` or `before`"],
        );
        let both = "  batch: {name: backfill}\n  completeBy: \"0 12 * * *\"\n  before: {cronJob: report}\n";
        check(both, &expect!["line 6: `completeBy` and `before` both name the deadlines: keep one"]);
        check(
            "  batch: {}\n  completeBy: \"0 12 * * *\"\n",
            &expect!["line 5: name the batch by `cronJob` or, for bare Jobs, by `name`"],
        );
    }

    #[test]
    fn names_that_kubernetes_would_not_allow() {
        let spec = "  batch: {cronJob: recommend}\n  completeBy: \"0 12 * * *\"\n";
        for name in ["Ready", "a/b", "-a", "a.", "\"\"", &"a".repeat(254)] {
            let problems = parse(&document(name, spec), "prod").problems.to_string();
            assert!(problems.starts_with("line 3: the name `"), "{name}: {problems}");
        }
        assert!(parse(&document("report-2.daily", spec), "prod").problems.is_empty());
    }

    #[test]
    fn one_objective_twice() {
        let spec = "  batch: {cronJob: recommend}\n  completeBy: \"0 12 * * *\"\n";
        let one = document("ready", spec);
        expect!["line 10: `ready` of prod/ml/recommend is on line 5 already: name one of them anew"]
            .assert_eq(&parse(&format!("{one}---\n{one}"), "prod").problems.to_string());
    }
}

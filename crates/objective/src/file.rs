//! A file of objectives: YAML, one `kind: Objective` or `kind: Calendar` a document, or `mutes`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kigen_model::key::BatchKey;
use kigen_model::labels::{Labels, is_label};
use kigen_model::mute::Mute;
use kigen_model::objective::Objective;
use kigen_working_days::Catalog;

use crate::calendars::Calendars;
use crate::document::{Document, Entry, Metadata, Spec};
use crate::located::Located;
use crate::mute;
use crate::name::{NAME_RULE, is_kubernetes_name};
use crate::problems::Problems;
use crate::read::{NamedBatch, Source, read};
use crate::spec::{CALENDAR_KIND, GROUP, KIND, ObjectiveSpec, VERSION};
use crate::strict::Strict;

/// The largest file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// One objective of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileObjective {
    /// The batch.
    pub key: BatchKey,
    /// The objective's name.
    pub name: String,
    /// The line on which its `spec` begins.
    pub line: u64,
    /// The objective. The schedule of a CronJob under `before` is not looked up yet.
    pub objective: Objective,
}

/// Why a file of objectives cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The operating system does not give its contents.
    #[error("the file of objectives {} cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// It is larger than any file that a person writes.
    #[error("the file of objectives {} has {bytes} bytes; the most is {FILE_BYTES_MAX}: split it", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
    },
    /// At least one objective has an error.
    #[error("the file of objectives {} is not understood:\n{problems}", path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// All errors.
        problems: Problems,
    },
}

/// The contents of a file of objectives.
#[derive(Debug)]
pub struct Contents {
    /// The valid objectives.
    pub objectives: Vec<FileObjective>,
    /// The calendars that may be named, those that the file defines among them.
    pub catalog: Catalog,
    /// The mutes that it declares.
    pub mutes: Vec<Mute>,
    /// The files that it names, whether they can be read or not.
    pub reads: Vec<PathBuf>,
    /// The errors of the others.
    pub problems: Problems,
}

impl Contents {
    /// These contents, if all of them are valid.
    ///
    /// # Errors
    /// All errors of this file.
    pub fn whole(self, path: &Path) -> Result<Self, FileError> {
        if self.problems.is_empty() {
            return Ok(self);
        }
        Err(FileError::Wrong { path: path.to_owned(), problems: self.problems })
    }
}

/// Reads a file of objectives for a cluster.
///
/// # Errors
/// The file as a whole cannot be read; errors in single objectives are in [`Contents::problems`].
pub fn read_file(path: &Path, cluster: &str) -> Result<Contents, FileError> {
    let unreadable = |source| FileError::Unreadable { path: path.to_owned(), source };
    let bytes = std::fs::metadata(path).map_err(unreadable)?.len();
    if bytes > FILE_BYTES_MAX {
        return Err(FileError::TooLong { path: path.to_owned(), bytes });
    }
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    Ok(parse(&text, cluster, path.parent().unwrap_or(Path::new(""))))
}

/// A wrong document does not affect the others, but nothing can be read after one that is not YAML.
pub(crate) fn parse(text: &str, cluster: &str, folder: &Path) -> Contents {
    let mut problems = Problems::default();
    let mut objectives: Vec<FileObjective> = Vec::new();
    let mut calendars = Calendars::default();
    let mut mutes = Vec::new();
    let mut text = text.as_bytes();
    for document in serde_saphyr::read::<_, Entry>(&mut text) {
        let document = match document {
            Ok(Entry::Object(document)) => document,
            Ok(Entry::Mutes(written)) => {
                mutes.extend(mute::of_file(written, &mut problems));
                continue;
            }
            Err(error) => {
                let line = error.location().map_or(0, |location| location.line());
                let text = error.without_snippet().to_string();
                // The line is printed before the text.
                let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
                problems.add(line, text.to_owned());
                continue;
            }
        };
        let Some((metadata, spec, is_named)) = of_kigen(document, &mut problems) else { continue };
        let name_line = metadata.name.line();
        let objective = match spec {
            Spec::Calendar(spec) => {
                // With a wrong name, too, so that its other errors are reported at once.
                calendars.add(metadata.name, spec.into_value(), folder, &mut problems);
                continue;
            }
            Spec::Objective(spec) => objective(metadata, spec, cluster, &mut problems),
        };
        let Some(objective) = objective.filter(|_| is_named) else { continue };
        let is_twin = |other: &&FileObjective| (&other.key, &other.name) == (&objective.key, &objective.name);
        if let Some(twin) = objectives.iter().find(is_twin) {
            let FileObjective { key, name, line, .. } = twin;
            problems
                .add(name_line, format!("`{name}` of {key} is on line {line} already: rename one of them"));
            continue;
        }
        objectives.push(objective);
    }
    let (catalog, reads) = calendars.finish(&mut problems);
    objectives.retain(|known| {
        let unknown = known.objective.calendar.as_ref().and_then(|name| catalog.find(name).err());
        if let Some(error) = &unknown {
            problems.add(known.line, format!("`calendar`: {error}"));
        }
        unknown.is_none()
    });
    problems.sort();
    Contents { objectives, catalog, mutes, reads, problems }
}

/// Metadata and spec of a document of a kind and version that kigen knows, and whether its names are valid.
fn of_kigen(document: Document, problems: &mut Problems) -> Option<(Metadata, Spec, bool)> {
    let Document { api_version, kind, metadata, spec } = document;
    let expected = format!("{GROUP}/{VERSION}");
    let expected_kind = match spec {
        Spec::Objective(_) => KIND,
        Spec::Calendar(_) => CALENDAR_KIND,
    };
    if *api_version.value() != expected || kind != expected_kind {
        let kinds = format!("no `kind: {KIND}` and no `kind: {CALENDAR_KIND}` of `apiVersion: {expected}`");
        problems
            .add(api_version.line(), format!("this is {kinds}, in this order before `metadata` and `spec`"));
        return None;
    }
    let mut is_named = true;
    let mut fault = |text: String| {
        is_named = false;
        problems.add(metadata.name.line(), text);
    };
    match (&spec, &metadata.namespace) {
        (Spec::Objective(_), None) => fault("the namespace is absent: it is that of the batch".to_owned()),
        (Spec::Calendar(_), Some(_)) => {
            fault("a calendar has no namespace: objectives of each may name it".to_owned());
        }
        (Spec::Objective(_), Some(_)) | (Spec::Calendar(_), None) => {}
    }
    for (what, name) in [("name", Some(metadata.name.value())), ("namespace", metadata.namespace.as_ref())] {
        if let Some(name) = name.filter(|name| !is_kubernetes_name(name)) {
            fault(format!("the {what} `{name}` is invalid: {NAME_RULE}"));
        }
    }
    Some((metadata, spec, is_named))
}

fn objective(
    metadata: Metadata,
    spec: Located<Strict<ObjectiveSpec>>,
    cluster: &str,
    problems: &mut Problems,
) -> Option<FileObjective> {
    let namespace = metadata.namespace.unwrap_or_default();
    let line = spec.line();
    let parsed = read(spec.into_value().0, &namespace, Source::File)
        .and_then(|parsed| if parsed.refused.is_empty() { Ok(parsed) } else { Err(parsed.refused) });
    let parsed = match parsed {
        Ok(parsed) => parsed,
        Err(faults) => {
            for fault in faults {
                problems.add(fault.line(), fault.into_text());
            }
            return None;
        }
    };
    let batch = match parsed.batch {
        NamedBatch::CronJob(name) | NamedBatch::Jobs(name) => name,
        // A file cannot select.
        NamedBatch::Selector(_) => return None,
    };
    let key = BatchKey::new(cluster, namespace, batch);
    let labels = labels(metadata.labels.unwrap_or_default(), metadata.name.line(), problems)?;
    let objective = Objective { labels, ..parsed.objective };
    Some(FileObjective { key, name: metadata.name.into_value(), line, objective })
}

/// All of them are valid, or there are none.
fn labels(written: BTreeMap<String, String>, line: u64, problems: &mut Problems) -> Option<Labels> {
    let wrong = written.iter().find(|(name, value)| !is_label(name, value));
    let problem = match wrong {
        Some((name, value)) => format!("the label `{name}: {value}` is none that Kubernetes allows"),
        None if written.len() > Labels::MAX => {
            format!("it has {} labels; the most is {}", written.len(), Labels::MAX)
        }
        None => return Some(Labels::of(written)),
    };
    problems.add(line, problem);
    None
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
        let Contents { objectives, problems, .. } = parse(&text, "prod", Path::new(""));
        expected.assert_eq(&if problems.is_empty() {
            format!("{objectives:#?}")
        } else {
            problems.to_string()
        });
    }

    #[test]
    fn a_document_with_every_field() {
        let spec = "  batch: {cronJob: recommend}\n  completeBy: \"0 12 * * *\"\n  timeZone: Asia/Tokyo\n  grace: 10m\n  \
                    freshness: 3d\n  settle: 30s\n  startBy: 15m\n  target: {ratio: 0.99, over: 30d}\n  severity: warning\n  owner: recommend-team\n  runbook: https://wiki\n";
        check(
            spec,
            &expect![[r#"
                [
                    FileObjective {
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
                            calendar: None,
                            start_by: Some(
                                TimeDelta {
                                    secs: 900,
                                    nanos: 0,
                                },
                            ),
                            expect: None,
                            target: Some(
                                Target {
                                    ratio_ppm: 990000,
                                    over_d: 30,
                                },
                            ),
                            severity: Warning,
                            owner: Some(
                                "recommend-team",
                            ),
                            runbook: Some(
                                "https://wiki",
                            ),
                            labels: Labels(
                                None,
                            ),
                            source: File,
                        },
                    },
                ]"#]],
        );
    }

    #[test]
    fn the_labels_of_a_document_are_those_of_its_objective() {
        let labelled = |labels: &str| {
            let spec = "  batch: {cronJob: recommend}\n  completeBy: \"0 12 * * *\"\n";
            let text =
                document("ready", spec).replace("name: ready", &format!("name: ready, labels: {labels}"));
            let Contents { objectives, problems, .. } = parse(&text, "prod", Path::new(""));
            let shown = objectives.iter().map(|it| it.objective.labels.to_string()).collect::<Vec<_>>();
            format!("{}{problems}", shown.join(""))
        };
        assert_eq!(labelled("{tier: gold, team: ml}"), "team=ml, tier=gold");
        assert_eq!(labelled("{team: a b}"), "line 3: the label `team: a b` is none that Kubernetes allows");
        let many: Vec<String> = (0..17).map(|nth| format!("l{nth}: x")).collect();
        assert_eq!(labelled(&format!("{{{}}}", many.join(", "))), "line 3: it has 17 labels; the most is 16");
    }

    #[test]
    fn all_that_is_wrong_is_reported_at_once_each_with_its_line() {
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
    fn the_faults_of_what_is_expected_have_their_lines() {
        let spec = "  batch: {cronJob: recommend}\n  completeBy: \"0 12 * * *\"\n  expect:\n    minDuration: soon\n    \
                    metrics:\n      rows: {dropMax: a bit}\n      auc:\n        over: 0\n";
        check(
            spec,
            &expect![[r#"
            line 8: `minDuration` is `soon`: write a number with s, m, h or d, at most 31d
            line 10: `dropMax` of `rows` is `a bit`: write 1% to 99%
            line 12: `over` of `auc` is 0: write 1 to 64"#]],
        );
    }

    #[test]
    fn a_target_is_a_ratio_below_one_over_whole_days() {
        let spec = |target: &str| {
            format!("  batch: {{cronJob: recommend}}\n  completeBy: \"0 12 * * *\"\n  target: {target}\n")
        };
        check(
            &spec("{ratio: 1, over: 30d}"),
            &expect![
                "line 7: `target` is a ratio of 1 over `30d`: write a ratio between 0 and 1 with at most 6 decimals, and 1d to 90d, such as `0.99 over 30d`"
            ],
        );
        check(
            &spec("{ratio: 0.99, over: 12h}"),
            &expect![
                "line 7: `target` is a ratio of 0.99 over `12h`: write a ratio between 0 and 1 with at most 6 decimals, and 1d to 90d, such as `0.99 over 30d`"
            ],
        );
        check(&spec("{ratio: 0.99}"), &expect!["line 7: missing field `over`"]);
    }

    #[test]
    fn a_freshness_of_zero_is_refused_since_no_run_would_count() {
        let spec = "  batch: {cronJob: recommend}\n  completeBy: \"0 12 * * *\"\n  freshness: 0s\n";
        check(spec, &expect!["line 7: `freshness` is `0s`: write a number with s, m, h or d, at most 366d"]);
    }

    #[test]
    fn an_unknown_field_is_refused_with_those_that_are_known() {
        let known = "unknown field `completeby`, expected one of batch, completeBy, before, reads, timeZone, grace, \
                     freshness, settle, starts, calendar, startBy, expect, target, severity, owner, runbook";
        let spec = "  batch: {cronJob: recommend}\n  completeby: \"0 12 * * *\"\n";
        let text = document("ready", spec);
        assert_eq!(parse(&text, "prod", Path::new("")).problems.to_string(), format!("line 6: {known}"));
    }

    #[test]
    fn a_wrong_document_does_not_affect_the_others() {
        let good = "  batch: {cronJob: recommend}\n  completeBy: \"0 12 * * *\"\n";
        let bad = "  batch: {cronJob: recommend}\n  grace: [1]\n";
        let documents = [document("one", good), document("two", bad), document("three", good)];
        let Contents { objectives, problems, .. } = parse(&documents.join("---\n"), "prod", Path::new(""));
        assert_eq!(
            objectives.iter().map(|objective| objective.name.as_str()).collect::<Vec<_>>(),
            ["one", "three"]
        );
        assert_eq!(problems.to_string(), "line 13: expected string scalar");
    }

    #[test]
    fn deadlines_and_batch_are_named_by_exactly_one_field() {
        check(
            "  batch: {name: backfill}\n",
            &expect![
                "line 5: nothing names the deadlines: add `completeBy` or `before`, or, without deadlines, `reads`"
            ],
        );
        let both = "  batch: {name: backfill}\n  completeBy: \"0 12 * * *\"\n  before: {cronJob: report}\n";
        check(both, &expect!["line 6: `completeBy` and `before` both name the deadlines: keep one"]);
        check(
            "  batch: {}\n  completeBy: \"0 12 * * *\"\n",
            &expect!["line 5: name the batch by `cronJob` or, for bare Jobs, by `name`"],
        );
    }

    #[test]
    fn names_that_kubernetes_refuses_are_refused() {
        let spec = "  batch: {cronJob: recommend}\n  completeBy: \"0 12 * * *\"\n";
        for name in ["Ready", "a/b", "-a", "a.", "\"\"", &"a".repeat(254)] {
            let problems = parse(&document(name, spec), "prod", Path::new("")).problems.to_string();
            assert!(problems.starts_with("line 3: the name `"), "{name}: {problems}");
        }
        assert!(parse(&document("report-2.daily", spec), "prod", Path::new("")).problems.is_empty());
    }

    #[test]
    fn a_file_has_mutes_each_with_its_end() {
        let text = "mutes:\n- {of: ml/recommend, from: '2026-12-01T09:00+09:00', for: 4h, reason: migration}\n- {of: \
                    'namespace:dwh', from: '2026-12-01T00:00Z', until: '2027-01-01T00:00Z', each: '0 22 * * 6', eachFor: 4h, \
                    timeZone: Asia/Tokyo, reason: backup, author: ann}\n";
        let Contents { mutes, problems, .. } = parse(text, "prod", Path::new(""));
        assert_eq!(problems.to_string(), "");
        let shown: Vec<String> = mutes
            .iter()
            .map(|mute| format!("{} {} {} {}", mute.scope, mute.until, mute.author, mute.repeats.is_some()))
            .collect();
        expect![[r#"
            ml/recommend 2026-12-01 04:00:00 UTC the file of objectives false
            namespace:dwh 2027-01-01 00:00:00 UTC ann true"#]]
        .assert_eq(&shown.join("\n"));
    }

    #[test]
    fn a_mute_that_cannot_be_read_is_refused_with_its_line_and_the_others_hold() {
        let text = "mutes:\n- {of: ml/a, from: '2026-12-01T09:00+09:00', reason: x}\n- {of: a, from: \
                    '2026-12-01T09:00+09:00', for: 4h, reason: x}\n- {of: ml/b, from: '2026-12-01T09:00+09:00', for: 4h, \
                    reason: x}\n- {of: ml/c, from: tomorrow, for: 4h, reason: x}\n";
        let Contents { mutes, problems, .. } = parse(text, "prod", Path::new(""));
        assert_eq!(mutes.len(), 1);
        expect![[r#"
            line 2: `mutes`: a mute needs an end: without one it would be forgotten, and so would be what it mutes
            line 3: `mutes`: `a` is nothing that can be muted: write `NAMESPACE/BATCH`, `NAMESPACE/BATCH/OBJECTIVE`, `owner:NAME`, `namespace:NAME` or `cluster`
            line 5: `mutes`: `tomorrow` is no time with its offset: write one such as `2026-12-01T09:00+09:00`"#]].assert_eq(&problems.to_string());
    }

    #[test]
    fn an_objective_that_is_there_twice_is_refused() {
        let spec = "  batch: {cronJob: recommend}\n  completeBy: \"0 12 * * *\"\n";
        let one = document("ready", spec);
        expect!["line 10: `ready` of prod/ml/recommend is on line 5 already: rename one of them"]
            .assert_eq(&parse(&format!("{one}---\n{one}"), "prod", Path::new("")).problems.to_string());
    }
}

//! Annotations and labels with kigen's name that are not read where they are, and misspelled ones: what a user meant is not in
//! force, and nothing else shows it.
//!
//! Pods are left out: those of a Job have what its template has.

use std::collections::HashMap;
use std::fmt;

use kigen_model::budget::Target;
use kigen_objective::annotation::{
    BATCH, CALENDAR, COMPLETE_BY, EXPECT, MUTE_UNTIL, Meant, OWNER, READS, RUNBOOK, SLOT, START_BY, TARGET,
    meant,
};
use kigen_objective::{expect, mute, read, reads};
use kigen_text::secrets::scrub;

use super::object::Metadata;

/// The annotations of a CronJob that have more of the objective that [`COMPLETE_BY`] declares.
const BESIDE: [&str; 6] = [OWNER, RUNBOOK, CALENDAR, START_BY, EXPECT, TARGET];
/// How many faults of one object are named.
const FAULTS_MAX: usize = 5;
/// How much of a value that cannot be read a fault contains, in characters.
const VALUE_CHARS_MAX: usize = 100;

/// An annotation or a label that is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// Its name.
    pub name: String,
    /// What is wrong with it, and what to write instead.
    pub text: String,
}

/// The metadata that has the annotation or label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    CronJob,
    JobTemplate,
    Job,
    PodTemplate,
    Objective,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Annotation,
    Label,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Annotation => "annotation",
            Self::Label => "label",
        })
    }
}

impl Place {
    /// What kigen reads here.
    fn reads(self, kind: Kind, name: &str) -> bool {
        match (self, kind) {
            (Self::CronJob, Kind::Annotation) => {
                [COMPLETE_BY, MUTE_UNTIL, READS].contains(&name) || BESIDE.contains(&name)
            }
            // The Jobs have what the template has.
            (Self::JobTemplate | Self::Job, Kind::Annotation) => name == SLOT,
            (Self::JobTemplate | Self::Job, Kind::Label) => name == BATCH,
            (Self::CronJob | Self::PodTemplate | Self::Objective, Kind::Label)
            | (Self::PodTemplate | Self::Objective, Kind::Annotation) => false,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::CronJob => "a CronJob",
            Self::JobTemplate => "the template of its Jobs (spec.jobTemplate.metadata)",
            Self::Job => "a Job",
            Self::PodTemplate => "the template of its pods",
            Self::Objective => "an Objective",
        }
    }
}

/// Where kigen reads this name.
fn home(name: &str) -> &'static str {
    match name {
        BATCH => "as a label of a Job",
        SLOT => "as an annotation of a Job",
        _ => "as an annotation of a CronJob, in its own metadata",
    }
}

/// The faults of all annotations and labels in these places, in the order of the places and names.
pub(super) fn unread<'a>(places: impl IntoIterator<Item = (Place, Option<&'a Metadata>)>) -> Vec<Unread> {
    let mut faults: Vec<Unread> = Vec::new();
    for (place, metadata) in places {
        let Some(metadata) = metadata else { continue };
        let kinds = [(Kind::Annotation, &metadata.annotations), (Kind::Label, &metadata.labels)];
        for (kind, all) in kinds {
            let mut of_kind: Vec<Unread> =
                names(all).filter_map(|name| fault(place, kind, name, metadata)).collect();
            of_kind.sort_by(|left, right| left.name.cmp(&right.name));
            faults.extend(of_kind);
        }
    }
    faults.truncate(FAULTS_MAX);
    faults
}

/// The faults in one line.
pub(super) fn line(faults: &[Unread]) -> Option<String> {
    let texts: Vec<&str> = faults.iter().map(|unread| unread.text.as_str()).collect();
    (!texts.is_empty()).then(|| texts.join("; "))
}

fn names(all: &Option<HashMap<String, String>>) -> impl Iterator<Item = &str> {
    all.iter().flat_map(HashMap::keys).map(String::as_str)
}

fn fault(place: Place, kind: Kind, name: &str, metadata: &Metadata) -> Option<Unread> {
    let text = match meant(name) {
        Meant::Other => return None,
        Meant::Known(known) if place.reads(kind, known) => {
            let is_alone = BESIDE.contains(&known) && metadata.annotation(COMPLETE_BY).is_none();
            match is_alone {
                true => format!(
                    "the annotation `{name}` has no effect without `{COMPLETE_BY}` beside it: an objective that is declared \
                     elsewhere has its own"
                ),
                false => unreadable(known, metadata)?,
            }
        }
        Meant::Known(known) => {
            format!("the {kind} `{name}` is not read on {}: kigen reads it {}", place.text(), home(known))
        }
        Meant::Similar(known) => format!("the {kind} `{name}` is not read: did you mean `{known}`?"),
        Meant::Unknown => format!(
            "the {kind} `{name}` is not read: kigen knows {COMPLETE_BY}, {MUTE_UNTIL}, {READS}, {} on a CronJob, and {SLOT} and the label {BATCH} on a Job",
            BESIDE.join(", ")
        ),
    };
    Some(Unread { name: name.to_owned(), text })
}

/// The fault of an annotation beside [`COMPLETE_BY`] whose value cannot be read; `None`: it can.
fn unreadable(name: &str, metadata: &Metadata) -> Option<String> {
    let value = metadata.annotation(name)?;
    let advice = match name {
        START_BY => read::start_by(value).err()?,
        EXPECT => expect::annotated(value).err()?,
        TARGET => value.parse::<Target>().err()?.to_string(),
        MUTE_UNTIL => mute::annotated(value).err()?,
        READS => reads::annotated(value, metadata.namespace.as_deref().unwrap_or_default()).err()?,
        _ => return None,
    };
    let value: String = scrub(value).chars().take(VALUE_CHARS_MAX).collect();
    Some(format!("the annotation `{name}: {value}` has no effect: {advice}"))
}

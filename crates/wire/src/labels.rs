//! The labels of an objective, in its fact, its state and its alerts.

use kigen_model::labels::Labels;
use serde::{Deserialize, Serialize};

use crate::fields::{Text, text};

#[derive(Serialize, Deserialize)]
#[serde(rename = "Label")]
pub(crate) struct LabelRecord<'a> {
    name: Text<'a>,
    value: Text<'a>,
}

impl<'a> LabelRecord<'a> {
    pub(crate) fn all(labels: &'a Labels) -> Vec<Self> {
        labels.iter().map(|(name, value)| Self { name: text(name), value: text(value) }).collect()
    }

    pub(crate) fn read(all: Vec<Self>) -> Labels {
        Labels::of(all.into_iter().map(|label| (label.name, label.value)))
    }
}

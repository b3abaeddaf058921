//! The labels of an object, small: there are as many of these as there are CronJobs.

use std::collections::{BTreeMap, HashMap};

/// An object's labels.
///
/// One text: `\n` before and after each `name=value`. Neither a name nor a value may contain these separators.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels(Box<str>);

impl Labels {
    /// Encodes these labels.
    pub fn of(labels: &HashMap<String, String>) -> Self {
        let mut all: Vec<_> = labels.iter().collect();
        all.sort();
        let text: String = all.into_iter().map(|(name, value)| format!("{name}={value}\n")).collect();
        Self(format!("\n{text}").into())
    }

    /// Whether all of `wanted` are among them.
    pub fn have(&self, wanted: &BTreeMap<String, String>) -> bool {
        wanted.iter().all(|(name, value)| self.0.contains(&format!("\n{name}={value}\n")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn all_wanted_labels_must_be_present_with_their_whole_values() {
        let labels =
            Labels::of(&wanted(&[("team", "ml"), ("tier", "gold-2"), ("empty", "")]).into_iter().collect());
        assert!(labels.have(&wanted(&[("team", "ml")])));
        assert!(labels.have(&wanted(&[("tier", "gold-2"), ("team", "ml"), ("empty", "")])));
        for (name, value) in [("team", "m"), ("eam", "ml"), ("tier", "gold"), ("team", ""), ("other", "ml")] {
            assert!(!labels.have(&wanted(&[(name, value)])), "{name}={value}");
        }
        assert!(!Labels::default().have(&wanted(&[("team", "ml")])));
    }
}

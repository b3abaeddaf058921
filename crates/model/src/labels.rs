//! The labels of the object in which an objective is written: by them alerts are routed.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Labels, by name; at most [`Labels::MAX`]. Most objectives have none, and copies share them.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Labels(Option<Arc<BTreeMap<String, String>>>);

/// Labels that are new with each deployment: with them an objective would be another one each time.
const OF_DEPLOYMENTS: [&str; 2] = ["helm.sh/chart", "app.kubernetes.io/version"];
/// The longest name and value that Kubernetes allows, in bytes.
const NAME_BYTES_MAX: usize = 317;
const VALUE_BYTES_MAX: usize = 63;

impl Labels {
    /// How many there are at most.
    pub const MAX: usize = 16;

    /// Of these the first ones by name, without those that Kubernetes would refuse and those that state a version.
    #[must_use]
    pub fn of<N: Into<String>, V: Into<String>>(all: impl IntoIterator<Item = (N, V)>) -> Self {
        let mut labels: BTreeMap<String, String> =
            all.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        labels.retain(|name, value| is_label(name, value) && !OF_DEPLOYMENTS.contains(&&**name));
        let first: BTreeMap<String, String> = labels.into_iter().take(Self::MAX).collect();
        Self((!first.is_empty()).then(|| Arc::new(first)))
    }

    /// The value of one; `None`: it is not there.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.as_ref()?.get(name).map(String::as_str)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().flat_map(|labels| labels.iter()).map(|(name, value)| (&**name, &**value))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}

impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: Vec<String> = self.iter().map(|(name, value)| format!("{name}={value}")).collect();
        f.write_str(&all.join(", "))
    }
}

/// Whether Kubernetes allows a label of this name and value, as far as the characters and lengths go.
#[must_use]
pub fn is_label(name: &str, value: &str) -> bool {
    let has_ends = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.ends_with(|c: char| c.is_ascii_alphanumeric())
    };
    let is_of = |text: &str, more: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c));
    let is_name = name.len() <= NAME_BYTES_MAX && has_ends(name) && is_of(name, "-_./");
    let is_value = value.is_empty() || (value.len() <= VALUE_BYTES_MAX && has_ends(value));
    is_name && is_value && is_of(value, "-_.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_sixteen_are_kept_without_versions_and_what_kubernetes_refuses() {
        let many = (10..40).map(|nth| (format!("l{nth}"), nth.to_string()));
        let others = [
            ("helm.sh/chart", "reports-1.2.3"),
            ("app.kubernetes.io/version", "7"),
            ("a b", "c"),
            ("secret", "a=b"),
            ("", ""),
            ("empty", ""),
            ("app.kubernetes.io/part-of", "shop"),
        ];
        let others = others.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let labels = Labels::of(many.chain(others));
        assert_eq!(labels.iter().count(), Labels::MAX);
        assert_eq!((labels.get("app.kubernetes.io/part-of"), labels.get("empty")), (Some("shop"), Some("")));
        assert_eq!((labels.get("l10"), labels.get("l24"), labels.get("secret")), (Some("10"), None, None));
        assert_eq!(Labels::of([("b", "2"), ("a", "1")]).to_string(), "a=1, b=2");
    }
}

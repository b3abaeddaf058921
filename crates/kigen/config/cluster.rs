//! The cluster's name: as configured, as the log has it, or that of the kubeconfig's context; never a fixed one.
//!
//! ```text
//! configured ── else ──▶ the log's only cluster ── else ──▶ the kubeconfig's context ── else ──▶ an error
//! ```
//!
//! A log keeps its only cluster's name, since another one would begin all batches anew, and leave those of the first behind. On
//! Kafka, which clusters share, that holds only for the name that earlier versions gave to a cluster without one.

use std::collections::BTreeSet;
use std::fmt;

use kigen_log::{LogError, LogReader};
use kigen_shipper::settings::Access;

use super::error::ConfigError;
use crate::log_kind::LogKind;
use crate::outages::last_positions;

/// The name that earlier versions gave to a cluster without one, and that commands which only read look for.
pub(crate) const FORMER_DEFAULT: &str = "default";
/// The longest name, in bytes.
pub(super) const NAME_BYTES_MAX: usize = 63;

/// Where the cluster's name comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NamedBy {
    /// A flag, the environment or the file.
    Setting,
    /// The log, which has no other cluster.
    Log,
    /// The kubeconfig's context of this name.
    Context(String),
    /// It has none yet.
    Nothing,
}

/// After the words "the cluster is named".
impl fmt::Display for NamedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setting => f.write_str("as configured"),
            Self::Log => f.write_str("as in the log, which has no other cluster"),
            Self::Context(context) => write!(f, "after the kubeconfig's context `{context}`"),
            Self::Nothing => f.write_str("by no setting"),
        }
    }
}

/// Whether the cluster cannot be watched without a kubeconfig.
pub(super) fn needs_kubeconfig(access: &Access) -> bool {
    match access {
        Access::Inferred { .. } => std::env::var_os("KUBERNETES_SERVICE_HOST").is_none(),
        Access::Kubeconfig { .. } => true,
        Access::Url(_) => false,
    }
}

/// The name by the configuration alone.
pub(super) fn name(configured: Option<String>, context: Option<String>) -> (String, NamedBy) {
    if let Some(configured) = configured {
        return (configured, NamedBy::Setting);
    }
    let of_context = context.and_then(|context| Some((of_context(&context)?, NamedBy::Context(context))));
    of_context.unwrap_or_else(|| (FORMER_DEFAULT.to_owned(), NamedBy::Nothing))
}

/// A context's name as that of a cluster. The end of a long one is kept, where providers put the cluster's own name.
fn of_context(context: &str) -> Option<String> {
    let cleaned: String = context.chars().map(|c| if c == '/' || c.is_control() { '-' } else { c }).collect();
    let first = cleaned.len().saturating_sub(NAME_BYTES_MAX);
    let first = (first..=cleaned.len()).find(|first| cleaned.is_char_boundary(*first))?;
    let name = cleaned[first..].trim_matches(|c: char| c == '-' || c.is_whitespace());
    (!name.is_empty()).then(|| name.to_owned())
}

/// The name by the configuration and the log, before the cluster is shipped.
///
/// # Errors
/// It has none.
pub(super) fn shipped_name(
    (name, named_by): (String, NamedBy),
    log_kind: LogKind,
    in_log: &BTreeSet<String>,
) -> Result<(String, NamedBy), ConfigError> {
    let only = in_log.first().filter(|_| in_log.len() == 1);
    let kept = only.filter(|only| match log_kind {
        LogKind::Embedded => true,
        LogKind::Kafka => *only == FORMER_DEFAULT,
    });
    match (named_by, kept) {
        (NamedBy::Setting, _) => Ok((name, NamedBy::Setting)),
        (_, Some(kept)) => Ok((kept.clone(), NamedBy::Log)),
        (NamedBy::Nothing, None) => Err(ConfigError::NoClusterName),
        (named_by, None) => Ok((name, named_by)),
    }
}

/// The clusters that are judged in a log, by the last position record of each partition.
pub(crate) fn clusters_in(reader: &(impl LogReader + ?Sized)) -> Result<BTreeSet<String>, LogError> {
    let clocks = last_positions(reader)?.into_iter().flat_map(|position| position.clocks);
    Ok(clocks.filter(|(_, clock)| clock.observed_until.is_some()).map(|(name, _)| name).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named_by_context(context: &str) -> String {
        name(None, Some(context.to_owned())).0
    }

    fn shipped(configured: Option<&str>, context: Option<&str>, kind: LogKind, in_log: &[&str]) -> String {
        let by_configuration = name(configured.map(str::to_owned), context.map(str::to_owned));
        let in_log = in_log.iter().map(|name| (*name).to_owned()).collect();
        match shipped_name(by_configuration, kind, &in_log) {
            Ok((name, named_by)) => format!("{name}, {named_by}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_cluster_without_a_configured_name_has_that_of_the_context() {
        assert_eq!(named_by_context("kind-dev"), "kind-dev");
        let arn = "arn:aws:eks:eu-west-1:123456789012:cluster/analytics";
        assert_eq!(named_by_context(arn), "arn:aws:eks:eu-west-1:123456789012:cluster-analytics");
        let long = format!("gke_{}_europe-west1_analytics", "p".repeat(60));
        assert!(named_by_context(&long).ends_with("_europe-west1_analytics"));
        for context in [long.as_str(), &"\u{671f}\u{9650}".repeat(40), "a\nb", "-/-x"] {
            let name = named_by_context(context);
            assert!(kigen_model::key::is_key_part(&name) && name.len() <= NAME_BYTES_MAX, "{name:?}");
        }
        for nothing in ["", "/", " - "] {
            assert_eq!(name(None, Some(nothing.to_owned())).1, NamedBy::Nothing, "{nothing:?}");
        }
    }

    #[test]
    fn a_log_keeps_its_only_cluster_and_no_cluster_is_named_by_default() {
        use LogKind::{Embedded, Kafka};
        let context = Some("kind-dev");
        assert_eq!(shipped(Some("prod"), context, Embedded, &["default"]), "prod, as configured");
        let of_context = "kind-dev, after the kubeconfig's context `kind-dev`";
        assert_eq!(shipped(None, context, Embedded, &[]), of_context);
        assert_eq!(shipped(None, context, Embedded, &["one", "two"]), of_context);
        assert_eq!(shipped(None, context, Kafka, &["prod"]), of_context, "another cluster's");
        let of_log = "default, as in the log, which has no other cluster";
        for kind in [Embedded, Kafka] {
            assert_eq!(shipped(None, context, kind, &["default"]), of_log);
            assert_eq!(shipped(None, None, kind, &["default"]), of_log);
            assert!(shipped(None, None, kind, &[]).starts_with("the cluster has no name"));
        }
        assert_eq!(shipped(None, context, Embedded, &["prod"]), of_log.replace("default", "prod"));
    }
}

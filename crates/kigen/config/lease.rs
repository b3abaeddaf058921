//! The Lease in the configuration: its name, which has what it protects unless one is configured.

use kigen_shipper::settings::{LeaseScope, LeaseSettings};

use super::error::ConfigError;

/// The name of the Lease where none is configured.
pub(super) fn lease_name(cluster: &str, namespace: Option<&str>, brokers: Option<&str>) -> String {
    LeaseScope { cluster, namespace, log: &in_order(brokers.unwrap_or_default()) }.lease_name()
}

/// The same text for the same addresses of brokers, in whatever order they are listed.
fn in_order(brokers: &str) -> String {
    let mut addresses: Vec<&str> = brokers.split(',').map(str::trim).filter(|it| !it.is_empty()).collect();
    addresses.sort_unstable();
    addresses.dedup();
    addresses.join(",")
}

/// The Lease of that name.
pub(super) fn lease(name: String, namespace: Option<String>) -> Result<LeaseSettings, ConfigError> {
    let parts = [("kubernetes.lease", Some(&name)), ("kubernetes.lease_namespace", namespace.as_ref())];
    for (what, text) in parts.into_iter().filter_map(|(what, text)| Some((what, text?))) {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
        if text.is_empty() || text.len() > 63 || !text.chars().all(is_plain) {
            return Err(ConfigError::OutOfRange {
                what,
                value: format!("`{text}`"),
                rule: "Kubernetes' names have 1 to 63 of a-z, 0-9, `-` and `.`".to_owned(),
            });
        }
    }
    Ok(LeaseSettings { namespace, ..LeaseSettings::new(name) })
}

#[cfg(test)]
mod tests {
    use crate::cli::SettingsArgs;
    use crate::config::Config;
    use crate::log_kind::LogKind;

    #[test]
    fn the_lease_of_shippers_of_one_cluster_and_log_is_the_same_and_a_configured_name_wins() {
        let lease = |cluster: &str, namespace: Option<&str>, brokers: &str, toml: &str| {
            let dir = tempfile::tempdir().expect("a folder");
            let path = dir.path().join("kigen.toml");
            std::fs::write(&path, toml).expect("a file");
            let some = |text: &str| Some(text.to_owned());
            let args = SettingsArgs {
                config: Some(path),
                cluster: some(cluster),
                namespace: namespace.map(str::to_owned),
                brokers: some(brokers),
                log: Some(LogKind::Kafka),
                ..SettingsArgs::default()
            };
            let config = Config::resolve(&args).expect("a configuration");
            config.kubernetes.lease.expect("a Lease").name
        };
        let prod = lease("prod", None, "a:9092,b:9092", "");
        assert_eq!(lease("prod", None, "b:9092, a:9092", ""), prod);
        for other in [
            lease("stage", None, "a:9092,b:9092", ""),
            lease("prod", Some("ml"), "a:9092,b:9092", ""),
            lease("prod", None, "c:9092", ""),
        ] {
            assert_ne!(other, prod);
        }
        assert_eq!(lease("prod", None, "a:9092", "[kubernetes]\nlease = \"mine\"\n"), "mine");
    }
}

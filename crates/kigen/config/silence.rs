//! The setting of the watchdog: after which time without a tick a cluster is silent.

use std::fmt::Write;
use std::time::Duration;

use super::error::ConfigError;
use super::file::ProcessorFile;

const SILENT_AFTER_S_DEFAULT: u32 = 180;
const SILENT_AFTER_S_MAX: u32 = 86_400;
/// A tick takes up to this many intervals of probes where all works.
const PROBES_MIN: u64 = 3;

/// After which time a cluster is silent. Probes are at this interval.
pub(super) fn silent_after(file: &ProcessorFile, probe_interval_ms: u64) -> Result<Duration, ConfigError> {
    let seconds = file.silent_after_s.unwrap_or(SILENT_AFTER_S_DEFAULT);
    let (silent_after, least) =
        (Duration::from_secs(seconds.into()), Duration::from_millis(PROBES_MIN * probe_interval_ms));
    if silent_after < least || seconds > SILENT_AFTER_S_MAX || seconds == 0 {
        return Err(ConfigError::OutOfRange {
            what: "processor.silent_after_s",
            value: seconds.to_string(),
            rule: format!(
                "it may be {} (three times kubernetes.probe_interval_ms, since there is a tick for each probe) to \
                 {SILENT_AFTER_S_MAX}",
                least.as_secs_f64().ceil().max(1.0)
            ),
        });
    }
    Ok(silent_after)
}

/// Its part of the file.
pub(super) fn show(text: &mut String, silent_after: Duration) {
    let _ = writeln!(text, "\n[processor]\nsilent_after_s = {}", silent_after.as_secs());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silence_is_at_least_three_probes() {
        let of = |silent_after_s, interval| silent_after(&ProcessorFile { silent_after_s }, interval);
        assert_eq!(of(None, 10_000).expect("the default"), Duration::from_secs(180));
        assert_eq!(of(Some(30), 10_000).expect("the least"), Duration::from_secs(30));
        let error = of(Some(29), 10_000).expect_err("too short").to_string();
        assert!(error.contains("processor.silent_after_s") && error.contains("30 (three times"), "{error}");
        assert!(of(None, 60_001).is_err() && of(Some(0), 100).is_err() && of(Some(86_401), 100).is_err());
    }
}

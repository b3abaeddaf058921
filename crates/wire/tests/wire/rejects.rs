//! The samples of `kigen.rejects`: of a record that was read, and of an object that was watched.

use kigen_model::reject::Reject;

use crate::values::at;

/// The samples by name.
pub(crate) fn rejects() -> [(&'static str, Reject); 2] {
    let rejected_at = at("2026-11-20T03:00:02Z");
    let read = Reject {
        source: "kigen.events".to_owned(),
        place: Some((3, 1_234_567_890_123)),
        key: "prod/ml/recommend".to_owned(),
        reason: "kigen.events: the record has no value".to_owned(),
        bytes: vec![0x00, 0xff, 0x80, b'"'],
        rejected_at,
    };
    let watched = Reject {
        source: "cronjobs".to_owned(),
        place: None,
        key: String::new(),
        reason: "metadata.uid is absent".to_owned(),
        bytes: br#"{"kind":"CronJob"}"#.to_vec(),
        rejected_at,
    };
    [("read from a topic", read), ("seen on a watch", watched)]
}

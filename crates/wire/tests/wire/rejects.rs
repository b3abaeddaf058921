//! The samples of `kigen.rejects`, of a record that was read and of an object that was watched, and of `kigen.control`.

use kigen_model::control::{Announcement, ControlRecord, Skip};
use kigen_model::reject::Reject;
use kigen_model::topic::{Offset, Partition, Topic};

use crate::values::at;

/// The rejects by name.
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

/// The control records by name.
pub(crate) fn control() -> [(&'static str, ControlRecord); 3] {
    let announced = Announcement {
        instance: "kigen-0".to_owned(),
        roles: vec!["process".to_owned(), "notify".to_owned()],
        version: "0.1.0".to_owned(),
        level: 2,
        newest_level: 3,
        announced_at: at("2026-11-20T03:00:02Z"),
    };
    let without_roles = Announcement { roles: Vec::new(), ..announced.clone() };
    let skip = Skip {
        place: (Topic::Alerts, Partition(3), Offset(1_234_567_890_123)),
        author: "ann@laptop".to_owned(),
        skipped_at: at("2026-11-20T03:00:02Z"),
    };
    [
        ("a process is announced", ControlRecord::Process(announced)),
        ("a process without a role is announced", ControlRecord::Process(without_roles)),
        ("a record is skipped", ControlRecord::Skip(skip)),
    ]
}

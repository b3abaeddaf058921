//! The samples of `kigen.rejects`, of a record that was read and of an object that was watched, of `kigen.control` and of
//! `kigen.deliveries`.

use kigen_model::control::{Announcement, ControlRecord, Skip};
use kigen_model::delivery::{Delivery, DeliveryRecord, RetryRequest, SLACK, Undelivered};
use kigen_model::reject::Reject;
use kigen_model::topic::{Offset, Partition, Topic};

use crate::values::{at, id, key};

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

/// The deliveries by name.
pub(crate) fn deliveries() -> [(&'static str, DeliveryRecord); 6] {
    let posted = Delivery {
        receiver: SLACK.to_owned(),
        subject: id(7),
        key: key(),
        channel: "C0123456789".to_owned(),
        message: "1763609430.000200".to_owned(),
        version: 1,
        offset: Offset(1_234_567_890_123),
        decided_at: at("2026-11-20T03:30:30Z"),
        delivered_at: at("2026-11-20T03:30:31.250Z"),
        text: ":red_circle: ml/recommend has no good result for 12:30".to_owned(),
        alert: vec![0xc3, 0x01, 0x00, 0xff],
        followed_by: None,
        rejected: None,
        link: None,
        thread: None,
        storm: None,
        route: "#alerts".to_owned(),
        is_copy: false,
        quiet_until: None,
    };
    let ended = Delivery {
        version: 3,
        followed_by: Some(vec![0xc3, 0x01, 0x80]),
        rejected: Some("#ml-alerts, which rejected it".to_owned()),
        link: Some("https://x.slack.com/archives/C9876543210/p1763609430000100".to_owned()),
        thread: Some("1763609430.000100".to_owned()),
        ..posted.clone()
    };
    let storm = Delivery {
        storm: Some(195),
        is_copy: true,
        quiet_until: Some(at("2026-11-19T22:00:00Z")),
        ..posted.clone()
    };
    let waiting = Undelivered {
        receiver: SLACK.to_owned(),
        id: id(8),
        key: key(),
        channel: "#alerts".to_owned(),
        offset: Offset(1_234_567_890_124),
        decided_at: at("2026-11-20T03:30:30Z"),
        since: at("2026-11-20T03:30:31.250Z"),
        failed_at: None,
        reason: "Slack has not answered in 7000 ms".to_owned(),
        route: "#alerts".to_owned(),
        is_copy: false,
        alert: vec![0xc3, 0x01, 0x00, 0xff],
    };
    let failed =
        Undelivered { failed_at: Some(at("2026-11-20T03:30:32Z")), is_copy: true, ..waiting.clone() };
    let author = "ann@laptop".to_owned();
    let retry = RetryRequest { author, requested_at: at("2026-11-20T04:00:00Z") };
    [
        ("a message was posted", DeliveryRecord::Message(posted)),
        ("what a message in another channel is about has ended", DeliveryRecord::Message(ended)),
        ("a message is about many alerts", DeliveryRecord::Message(storm)),
        ("an alert waits", DeliveryRecord::Undelivered(waiting)),
        ("an alert was accepted by no receiver", DeliveryRecord::Undelivered(failed)),
        ("an operator wants what has failed sent again", DeliveryRecord::Retry(retry)),
    ]
}

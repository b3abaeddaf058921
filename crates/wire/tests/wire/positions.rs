//! Samples of positions.

use std::collections::BTreeMap;

use kigen_model::event::StreamPosition;
use kigen_model::slot::Gap;
use kigen_model::topic::Offset;
use kigen_state::{ClusterClock, Cursor, ENGINE_VERSION, PartitionState, Silence, Stall};

use crate::calendars::calendars;
use crate::mutes::mutes;
use crate::values::{at, gap, key};

/// With all that a clock has.
pub(crate) fn position() -> PartitionState {
    let prod = ClusterClock {
        epoch: 3,
        observed_until: Some(at("2026-11-20T03:00:10Z")),
        gaps: vec![gap(), Gap { from: None, is_of_log: true, ..gap() }],
        calendars: calendars(),
        positions: vec![StreamPosition { stream: "jobs".to_owned(), resource_version: 1_203 }],
        cluster_uid: Some("7d1e1c9a-0000-4000-8000-000000000001".to_owned()),
        mutes: mutes().with_stalls(vec![
            Stall { since: at("2026-11-18T02:00:00Z"), until: Some(at("2026-11-18T02:40:00Z")) },
            Stall { since: at("2026-11-20T02:00:00Z"), until: None },
        ]),
        silence: Some(Silence { since: at("2026-11-20T02:00:00Z"), until: Some(at("2026-11-20T02:40:00Z")) }),
    };
    let silent = Silence { since: at("2026-11-20T02:00:00Z"), until: None };
    let quiet = ClusterClock { silence: Some(silent), ..ClusterClock::default() };
    PartitionState {
        next: Offset(42),
        cursor: Some(Cursor { due: at("2026-11-20T03:40:30Z"), key: key() }),
        clocks: [
            ("prod".to_owned(), prod),
            ("test".to_owned(), quiet),
            ("old".to_owned(), ClusterClock::default()),
        ]
        .into(),
        engine_version: ENGINE_VERSION,
    }
}

/// Nothing is judged yet.
pub(crate) fn start() -> PartitionState {
    PartitionState { next: Offset(0), cursor: None, clocks: BTreeMap::new(), engine_version: ENGINE_VERSION }
}

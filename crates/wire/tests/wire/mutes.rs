//! Samples of mutes.

use chrono::TimeDelta;
use kigen_model::event::{ClusterBody, ClusterEvent, Event, MuteChange};
use kigen_model::mute::{Mute, MuteScope, Repeat};
use kigen_model::slot::Slot;
use kigen_model::topic::Topic;
use kigen_state::{Incident, Mutes};
use kigen_wire::{DecodeError, Level, decode_event, encode_event};

use crate::values::{at, id, slot};

fn scopes() -> [(&'static str, MuteScope); 5] {
    let (namespace, batch) = ("ml".to_owned(), "recommend".to_owned());
    let objective = "complete-by".to_owned();
    [
        ("a mute of a cluster", MuteScope::Cluster),
        ("a mute of a namespace", MuteScope::Namespace(namespace.clone())),
        ("a mute of an owner", MuteScope::Owner("recommend-team".to_owned())),
        ("a mute of a batch", MuteScope::Batch { namespace: namespace.clone(), batch: batch.clone() }),
        ("a mute of an objective", MuteScope::Objective { namespace, batch, objective }),
    ]
}

fn mute(scope: MuteScope) -> Mute {
    Mute {
        scope,
        from: at("2026-12-01T00:00:00Z"),
        until: at("2026-12-24T00:00:00Z"),
        repeats: None,
        author: "ann@laptop".to_owned(),
        reason: "migration".to_owned(),
    }
}

fn repeated() -> Mute {
    let (crontab, time_zone) = ("0 22 * * 6".to_owned(), "Asia/Tokyo".to_owned());
    let repeats = Some(Repeat { crontab, time_zone, length: TimeDelta::hours(4) });
    Mute { repeats, ..mute(MuteScope::Cluster) }
}

/// Mutes of each scope that are declared, one that repeats, and one that ends.
pub(crate) fn changes() -> Vec<(&'static str, Event)> {
    let of = |change| {
        let body = ClusterBody::Mute { id: "4f1c9d02".to_owned(), change };
        Event::Cluster(ClusterEvent { cluster: "prod".to_owned(), cluster_uid: None, epoch: 0, body })
    };
    let ended = MuteChange::Ended { at: at("2026-12-02T03:00:00Z"), author: "bob@desk".to_owned() };
    let declared = scopes().map(|(name, scope)| (name, of(MuteChange::Declared(mute(scope)))));
    let others =
        [("a mute that repeats", of(MuteChange::Declared(repeated()))), ("a mute is ended", of(ended))];
    declared.into_iter().chain(others).collect()
}

/// An incident of which one miss is muted.
pub(crate) fn muted() -> Incident {
    let slot = Slot { whole: true, ..slot() };
    let (since, opens) = (slot.deadline, slot.from);
    let muted_until = Some(at("2026-11-20T06:00:00Z"));
    Incident { id: id(2), since, misses: 2, last: slot, opens, muted: 1, muted_until }
}

/// The mutes that a partition knows.
pub(crate) fn mutes() -> Mutes {
    let [_, _, (_, owner), _, (_, objective)] = scopes();
    Mutes::of([
        ("4f1c9d02".to_owned(), mute(objective)),
        ("move".to_owned(), mute(owner)),
        ("year-end".to_owned(), repeated()),
    ])
}

#[test]
fn a_mute_that_repeats_for_no_time_is_refused() {
    let is_refused = |seconds| {
        let repeats =
            repeated().repeats.map(|repeat| Repeat { length: TimeDelta::seconds(seconds), ..repeat });
        let change = MuteChange::Declared(Mute { repeats, ..repeated() });
        let body = ClusterBody::Mute { id: "one".to_owned(), change };
        let event = ClusterEvent { cluster: "prod".to_owned(), cluster_uid: None, epoch: 0, body };
        let bytes = encode_event(&Event::Cluster(event), Level::NEWEST);
        matches!(decode_event(&bytes), Err(DecodeError::Field { .. }))
    };
    assert!(!is_refused(1) && is_refused(0) && is_refused(Mute::LENGTH_MAX_S + 1));
}

#[test]
fn a_level_has_mutes_if_its_version_of_events_has_them() {
    for number in Level::OLDEST.number()..=Level::NEWEST.number() {
        let level = Level::nearest(number);
        let schema = kigen_wire::schemas(Topic::Events)[level.version(Topic::Events) - 1];
        assert_eq!(kigen_wire::has_mutes(level), schema.contains("MuteDeclared"), "level {level}");
    }
}

//! The mutes of a file and of annotations: what of them to write to the log.
//!
//! A mute has an id of its content, so that every epoch may write it anew. One that its file or annotation has no more is ended, by
//! the epoch that wrote it: what was taken away while no shipper ran ends when it was to end, or by `kigen unmute`.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use kigen_model::Instant;
use kigen_model::event::{ClusterBody, MuteChange};
use kigen_model::key::BatchKey;
use kigen_model::mute::{Mute, MuteScope};

/// What declares the mutes of annotations, in their ids and as their author.
const ANNOTATION: &str = "an annotation";
const FILE: &str = "file";

#[derive(Debug, Default)]
pub(super) struct Mutes {
    of_file: Vec<Mute>,
    /// Those that were written in this epoch, by id.
    emitted: BTreeMap<String, Mute>,
    /// When all were written last.
    resynced_at: Option<Instant>,
}

impl Mutes {
    /// Applies the mutes of a file; of one with errors those before hold, too.
    pub(super) fn declare(&mut self, mutes: Vec<Mute>, is_whole: bool) {
        let before = std::mem::replace(&mut self.of_file, mutes);
        if !is_whole {
            let kept: Vec<Mute> = before.into_iter().filter(|mute| !self.of_file.contains(mute)).collect();
            self.of_file.extend(kept);
        }
    }

    /// The events to append to every partition: what is declared since, or no more, and all that holds if all were written
    /// longer than a resync period ago. `annotated`: until when the batches are muted by annotations, and why.
    pub(super) fn due<'a>(
        &mut self,
        cluster: &str,
        annotated: impl Iterator<Item = (&'a BatchKey, &'a (Instant, String))>,
        at: Instant,
        period: TimeDelta,
    ) -> Vec<ClusterBody> {
        let is_resync = self.resynced_at.is_none_or(|resynced_at| at - resynced_at >= period);
        if is_resync {
            self.resynced_at = Some(at);
        }
        self.emitted.retain(|_, mute| mute.until > at);
        let of_file = self.of_file.iter().map(|mute| (mute.id(cluster, FILE), mute.clone()));
        let of_annotations = annotated.map(|(key, (until, reason))| {
            let (namespace, batch) = (key.namespace.clone(), key.batch.clone());
            let scope = MuteScope::Batch { namespace, batch };
            let (author, reason) = (ANNOTATION.to_owned(), reason.clone());
            // It is the same whenever it is observed.
            let from = Instant::UNIX_EPOCH;
            let mute = Mute { scope, from, until: *until, repeats: None, author, reason };
            (mute.id(cluster, ANNOTATION), Mute { from: at, ..mute })
        });
        let wanted: BTreeMap<String, Mute> =
            of_file.chain(of_annotations).filter(|(_, mute)| mute.until > at).collect();
        let mut events = Vec::new();
        let gone: Vec<String> = self.emitted.keys().filter(|id| !wanted.contains_key(*id)).cloned().collect();
        for id in gone {
            let author = self.emitted.remove(&id).map(|mute| mute.author).unwrap_or_default();
            events.push(ClusterBody::Mute { id, change: MuteChange::Ended { at, author } });
        }
        for (id, mute) in wanted {
            let is_new = !self.emitted.contains_key(&id);
            let mute = self.emitted.entry(id.clone()).or_insert(mute).clone();
            if is_new || is_resync {
                events.push(ClusterBody::Mute { id, change: MuteChange::Declared(mute) });
            }
        }
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Instant {
        Instant::UNIX_EPOCH + TimeDelta::hours(hour)
    }

    fn of_file(scope: &str, until: i64) -> Mute {
        let (author, reason) = ("ann".to_owned(), "migration".to_owned());
        let scope = scope.parse().expect("a scope");
        Mute { scope, from: at(0), until: at(until), repeats: None, author, reason }
    }

    fn due(mutes: &mut Mutes, annotated: &[(BatchKey, (Instant, String))], now: i64) -> Vec<String> {
        let annotated = annotated.iter().map(|(key, mute)| (key, mute));
        let events = mutes.due("prod", annotated, at(now), TimeDelta::hours(24));
        let line = |body: ClusterBody| match body {
            ClusterBody::Mute { change: MuteChange::Declared(mute), .. } => {
                format!(
                    "{} from {} until {}",
                    mute.scope,
                    mute.from.format("%d %H"),
                    mute.until.format("%d %H")
                )
            }
            ClusterBody::Mute { change: MuteChange::Ended { at, .. }, .. } => {
                format!("ended {}", at.format("%d %H"))
            }
            other => format!("{other:?}"),
        };
        let mut lines: Vec<String> = events.into_iter().map(line).collect();
        lines.sort();
        lines
    }

    #[test]
    fn a_mute_of_a_file_is_written_once_in_a_resync_period_and_ended_when_the_file_has_it_no_more() {
        let mut mutes = Mutes::default();
        mutes.declare(vec![of_file("ml/a", 40), of_file("cluster", 20)], true);
        let both = ["cluster from 01 00 until 01 20", "ml/a from 01 00 until 02 16"];
        assert_eq!(due(&mut mutes, &[], 1), both);
        assert!(due(&mut mutes, &[], 2).is_empty());
        assert_eq!(due(&mut mutes, &[], 25), [both[1]], "the other has ended by itself");
        mutes.declare(Vec::new(), false);
        assert!(due(&mut mutes, &[], 26).is_empty(), "a file with errors ends nothing");
        mutes.declare(Vec::new(), true);
        assert_eq!(due(&mut mutes, &[], 27), ["ended 02 03"]);
        assert!(due(&mut mutes, &[], 28).is_empty());
    }

    #[test]
    fn a_mute_of_an_annotation_begins_when_it_is_observed() {
        let mut mutes = Mutes::default();
        let annotated = [(BatchKey::new("prod", "ml", "a"), (at(40), "migration".to_owned()))];
        assert_eq!(due(&mut mutes, &annotated, 3), ["ml/a from 01 03 until 02 16"]);
        assert!(due(&mut mutes, &annotated, 4).is_empty());
        assert_eq!(due(&mut mutes, &annotated, 27), ["ml/a from 01 03 until 02 16"], "the same in a resync");
        assert_eq!(due(&mut mutes, &[], 28), ["ended 02 04"]);
        assert!(due(&mut mutes, &annotated, 41).is_empty(), "it is over");
    }
}

//! The log, judged once more, an event at a time.

use kigen_engine::effect::Judgement;
use kigen_log::{ConsumedRecord, LogReader};
use kigen_model::topic::{Partition, Topic};
use kigen_processor::Replay;

use crate::reader::{Pages, skips};

/// Judges all events again. `each` has the states after an event, the event, and the verdicts that it gave.
pub(super) fn judge_again(
    reader: &dyn LogReader,
    mut each: impl FnMut(&Replay, &ConsumedRecord, Vec<Judgement>),
) -> anyhow::Result<()> {
    let pages = Pages::of(reader, Topic::Events)?;
    let control = skips(reader);
    for partition in (0..reader.partitions()).map(Partition) {
        let mut replay = Replay::new(partition, reader.partitions()).with_control(control.clone());
        pages.each(partition, |records| {
            for record in records {
                let judgements = replay.fold(std::slice::from_ref(record))?.judgements;
                each(&replay, record, judgements);
            }
            Ok(())
        })?;
    }
    Ok(())
}

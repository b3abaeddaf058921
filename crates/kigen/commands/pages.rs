//! A partition read from its start, a page at a time, beside whoever writes it.

use anyhow::Context;
use kigen_log::{Received, View};
use kigen_model::topic::{Partition, Topic};

/// How much of a partition is read at a time.
const PAGE_RECORDS_MAX: usize = 4_096;
const PAGE_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Hands all records of a partition to `page`, in their order.
pub(crate) fn each_page(
    view: &View,
    topic: Topic,
    partition: Partition,
    mut page: impl FnMut(&[Received]) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut next = view.start(topic, partition)?;
    loop {
        let records = view
            .read(topic, partition, next, PAGE_RECORDS_MAX, PAGE_BYTES_MAX)
            .with_context(|| format!("{topic}, partition {partition}, cannot be read"))?;
        let Some(last) = records.last() else { return Ok(()) };
        next = last.offset.next();
        page(&records)?;
    }
}

//! Which files a partition has, and whether one of them is missing.

use kigen_model::topic::{Offset, Partition, Topic};
use kigen_wire::container::{ContainerReader, Contents};

use crate::bucket::{Bucket, FileReader};
use crate::error::ArchiveError;
use crate::file_name::FileName;

/// The files of a partition that can be read one after the other, without a hole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Index {
    pub(crate) files: Vec<FileName>,
}

impl Index {
    /// Lists them. Files from before records that expired before they were archived are left out: there is a hole.
    ///
    /// # Errors
    /// The archive cannot be listed, or a file is missing.
    pub(crate) fn read(bucket: &Bucket, topic: Topic, partition: Partition) -> Result<Self, ArchiveError> {
        let mut files = bucket.list(topic, partition)?;
        let hole = files.windows(2).rposition(|pair| pair[0].next < pair[1].first);
        if let Some(place) = hole {
            let (before, after) = (files[place], files[place + 1]);
            let contents = open(bucket, topic, partition, after)?.contents().clone();
            if contents.lost_from.is_none_or(|from| from > before.next.0) {
                return Err(ArchiveError::Missing {
                    address: bucket.address().to_string(),
                    topic,
                    partition,
                    from: before.next,
                    to: Offset(after.first.0.saturating_sub(1)),
                    after: before.to_string(),
                    before: after.to_string(),
                });
            }
            tracing::warn!(
                "{topic}, partition {partition}: the offsets {} to {} had expired before they were archived, so what is before \
                 them is not read",
                before.next,
                after.first.0.saturating_sub(1)
            );
            files.drain(..=place);
        }
        Ok(Self { files })
    }

    /// Where it begins; `None`: it has no files.
    pub(crate) fn first(&self) -> Option<Offset> {
        self.files.first().map(|file| file.first)
    }

    /// Where it ends.
    pub(crate) fn end(&self) -> Option<Offset> {
        self.files.last().map(|file| file.next)
    }

    /// The place of the first file with offsets at or after this one.
    pub(crate) fn place_of(&self, offset: Offset) -> usize {
        self.files.partition_point(|file| file.next <= offset)
    }
}

/// Opens a file, and checks that it has what its name states.
pub(crate) fn open(
    bucket: &Bucket,
    topic: Topic,
    partition: Partition,
    file: FileName,
) -> Result<ContainerReader<FileReader>, ArchiveError> {
    let name = || bucket.full_name(topic, partition, file);
    let reader = ContainerReader::new(bucket.read(topic, partition, file)?)
        .map_err(|source| ArchiveError::Damaged { file: name(), source: Box::new(source) })?;
    let Contents { topic: of, partition: nth, day, first, next, .. } = reader.contents();
    let is_named = (of.as_str(), *nth, day.as_str(), *first, *next)
        == (topic.name(), partition.0, file.day.to_string().as_str(), file.first.0, file.next.0);
    if !is_named {
        let found = format!("the offsets {first} to {next} of {of}, partition {nth}, of {day}");
        return Err(ArchiveError::Misnamed { file: name(), found });
    }
    Ok(reader)
}

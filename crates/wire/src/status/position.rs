//! The position record: how far a partition is judged.

use kigen_model::key::BatchKey;
use kigen_model::mute::Mute;
use kigen_model::slot::Gap;
use kigen_model::topic::Offset;
use kigen_state::{CalendarVersion, Calendars, ClusterClock, Cursor, Mutes, PartitionState, Silence, Stall};
use serde::{Deserialize, Serialize};

use crate::error::DecodeError;
use crate::fields::{FieldReader, Millis, Text, int, long, maybe_text, text};
use crate::mute::MuteRecord;
use crate::stream_position::StreamPositionRecord;
use crate::working_days::WorkingDaysRecord;

#[derive(Serialize, Deserialize)]
#[serde(rename = "Position")]
pub(super) struct PositionRecord<'a> {
    next: i64,
    cursor: Option<CursorRecord<'a>>,
    clocks: Vec<ClusterClockRecord<'a>>,
    engine_version: i32,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "Cursor")]
struct CursorRecord<'a> {
    due: Millis,
    cluster: Text<'a>,
    namespace: Text<'a>,
    batch: Text<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "ClusterClock")]
struct ClusterClockRecord<'a> {
    cluster: Text<'a>,
    epoch: i64,
    observed_until: Option<Millis>,
    #[serde(default)]
    gaps: Vec<GapRecord>,
    #[serde(default)]
    calendars: Vec<CalendarVersionRecord<'a>>,
    #[serde(default)]
    positions: Vec<StreamPositionRecord<'a>>,
    cluster_uid: Option<Text<'a>>,
    #[serde(default)]
    mutes: Vec<KnownMuteRecord<'a>>,
    silence: Option<SilenceRecord>,
    #[serde(default)]
    stalls: Vec<StallRecord>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "Stall")]
struct StallRecord {
    since: Millis,
    until: Option<Millis>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "Silence")]
struct SilenceRecord {
    since: Millis,
    until: Option<Millis>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "KnownMute")]
struct KnownMuteRecord<'a> {
    id: Text<'a>,
    mute: MuteRecord<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "CalendarVersion")]
struct CalendarVersionRecord<'a> {
    name: Text<'a>,
    revision: i64,
    working_days: Option<WorkingDaysRecord>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "Gap")]
struct GapRecord {
    from: Option<Millis>,
    to: Millis,
    #[serde(default)]
    is_of_log: bool,
}

impl<'a> From<&'a PartitionState> for PositionRecord<'a> {
    fn from(position: &'a PartitionState) -> Self {
        let clocks = position.clocks.iter().map(|(cluster, clock)| ClusterClockRecord {
            cluster: text(cluster),
            epoch: long(clock.epoch),
            observed_until: clock.observed_until.map(Millis::from),
            gaps: clock.gaps.iter().map(GapRecord::from).collect(),
            calendars: clock.calendars.all().map(CalendarVersionRecord::from).collect(),
            positions: clock.positions.iter().map(StreamPositionRecord::from).collect(),
            cluster_uid: maybe_text(&clock.cluster_uid),
            mutes: clock
                .mutes
                .all()
                .map(|(id, mute)| KnownMuteRecord { id: text(id), mute: mute.into() })
                .collect(),
            silence: clock.silence.as_ref().map(SilenceRecord::from),
            stalls: clock.mutes.stalls.all().iter().map(StallRecord::from).collect(),
        });
        Self {
            next: long(position.next.0),
            cursor: position.cursor.as_ref().map(CursorRecord::from),
            clocks: clocks.collect(),
            engine_version: int(position.engine_version),
        }
    }
}

impl PositionRecord<'_> {
    pub(super) fn read(self, of: FieldReader) -> Result<PartitionState, DecodeError> {
        Ok(PartitionState {
            next: Offset(of.long("next", self.next)?),
            cursor: self.cursor.map(|cursor| cursor.read(of)).transpose()?,
            clocks: self.clocks.into_iter().map(|clock| clock.read(of)).collect::<Result<_, _>>()?,
            engine_version: of.int("engine_version", self.engine_version)?,
        })
    }
}

impl<'a> From<&'a Cursor> for CursorRecord<'a> {
    fn from(cursor: &'a Cursor) -> Self {
        Self {
            due: cursor.due.into(),
            cluster: text(&cursor.key.cluster),
            namespace: text(&cursor.key.namespace),
            batch: text(&cursor.key.batch),
        }
    }
}

impl CursorRecord<'_> {
    fn read(self, of: FieldReader) -> Result<Cursor, DecodeError> {
        let key = BatchKey {
            cluster: self.cluster.into_owned(),
            namespace: self.namespace.into_owned(),
            batch: self.batch.into_owned(),
        };
        Ok(Cursor { due: of.instant("due", self.due)?, key })
    }
}

impl ClusterClockRecord<'_> {
    fn read(self, of: FieldReader) -> Result<(String, ClusterClock), DecodeError> {
        let clock = ClusterClock {
            epoch: of.long("epoch", self.epoch)?,
            observed_until: of.maybe_instant("observed_until", self.observed_until)?,
            gaps: self.gaps.into_iter().map(|gap| gap.read(of)).collect::<Result<_, _>>()?,
            calendars: Calendars::of(
                self.calendars.into_iter().map(|it| it.read(of)).collect::<Result<Vec<_>, _>>()?,
            ),
            positions: self
                .positions
                .into_iter()
                .map(|position| position.read(of))
                .collect::<Result<_, _>>()?,
            cluster_uid: self.cluster_uid.map(Text::into_owned),
            mutes: Mutes::of(self.mutes.into_iter().map(|it| it.read(of)).collect::<Result<Vec<_>, _>>()?)
                .with_stalls(self.stalls.into_iter().map(|it| it.read(of)).collect::<Result<_, _>>()?),
            silence: self.silence.map(|silence| silence.read(of)).transpose()?,
        };
        Ok((self.cluster.into_owned(), clock))
    }
}

impl KnownMuteRecord<'_> {
    fn read(self, of: FieldReader) -> Result<(String, Mute), DecodeError> {
        Ok((self.id.into_owned(), self.mute.read(of)?))
    }
}

impl From<&Silence> for SilenceRecord {
    fn from(silence: &Silence) -> Self {
        Self { since: silence.since.into(), until: silence.until.map(Millis::from) }
    }
}

impl SilenceRecord {
    fn read(self, of: FieldReader) -> Result<Silence, DecodeError> {
        let until = of.maybe_instant("until", self.until)?;
        Ok(Silence { since: of.instant("since", self.since)?, until })
    }
}

impl From<&Stall> for StallRecord {
    fn from(stall: &Stall) -> Self {
        Self { since: stall.since.into(), until: stall.until.map(Millis::from) }
    }
}

impl StallRecord {
    fn read(self, of: FieldReader) -> Result<Stall, DecodeError> {
        Ok(Stall { since: of.instant("since", self.since)?, until: of.maybe_instant("until", self.until)? })
    }
}

impl<'a> From<(&'a str, &'a CalendarVersion)> for CalendarVersionRecord<'a> {
    fn from((name, version): (&'a str, &'a CalendarVersion)) -> Self {
        let working_days = version.working_days.as_ref().map(WorkingDaysRecord::from);
        Self { name: text(name), revision: long(version.revision), working_days }
    }
}

impl CalendarVersionRecord<'_> {
    fn read(self, of: FieldReader) -> Result<(String, CalendarVersion), DecodeError> {
        let revision = of.long("revision", self.revision)?;
        let working_days = self.working_days.map(|days| days.read(of)).transpose()?;
        Ok((self.name.into_owned(), CalendarVersion { revision, working_days }))
    }
}

impl From<&Gap> for GapRecord {
    fn from(gap: &Gap) -> Self {
        Self { from: gap.from.map(Millis::from), to: gap.to.into(), is_of_log: gap.is_of_log }
    }
}

impl GapRecord {
    fn read(self, of: FieldReader) -> Result<Gap, DecodeError> {
        Ok(Gap {
            from: of.maybe_instant("from", self.from)?,
            to: of.instant("to", self.to)?,
            is_of_log: self.is_of_log,
        })
    }
}

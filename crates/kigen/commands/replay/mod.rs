//! `kigen replay`: the past judged anew by the same engine, with the objectives of the log or those of a file. Nothing is
//! sent, and nothing is written.

mod past;
mod table;

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant as RealInstant};

use kigen_log::View;
use kigen_model::topic::{Partition, Topic};

use self::past::{Past, Playing};
use super::events::open;
use super::pages::each_page;
use crate::cli::ReplayArgs;
use crate::config::Config;
use crate::objectives;

/// How often the progress is told.
const PROGRESS: Duration = Duration::from_millis(500);

/// Judges the past and prints what it comes to.
pub(crate) fn run(config: &Config, args: &ReplayArgs) -> anyhow::Result<()> {
    let written = match &args.objectives {
        Some(path) => Some(
            objectives::read(path, &config.cluster)
                .and_then(|understood| understood.whole(path))
                .map_err(|error| anyhow::Error::from(error).context(crate::Misused))?,
        ),
        None => None,
    };
    let view = open(config)?;
    let mut past = Past::new(args.from, args.to);
    for partition in (0..view.partitions()).map(Partition) {
        each_page(&view, Topic::Alerts, partition, |records| past.was_said(records))?;
    }
    let mut playing = Playing::new(written);
    if playing.follows_schedules() {
        for partition in (0..view.partitions()).map(Partition) {
            each_page(&view, Topic::Events, partition, |records| {
                playing.note_schedules(records);
                Ok(())
            })?;
        }
    }
    let mut progress = Progress::new(&view)?;
    for partition in (0..view.partitions()).map(Partition) {
        let mut partition_played = playing.partition(partition);
        each_page(&view, Topic::Events, partition, |records| {
            progress.tell(records.len());
            partition_played.play(records, &mut past)
        })?;
        let heard_of = partition_played.heard_of();
        playing.took(heard_of);
    }
    progress.end();
    for missing in playing.unheard_of() {
        tracing::warn!("{missing}");
    }
    table::print(&past, args)
}

/// How far the work is, for a person who waits.
struct Progress {
    all: u64,
    done: u64,
    told: RealInstant,
    is_seen: bool,
}

impl Progress {
    fn new(view: &View) -> anyhow::Result<Self> {
        let mut all = 0;
        for partition in (0..view.partitions()).map(Partition) {
            all += view.end(Topic::Events, partition)?.0 - view.start(Topic::Events, partition)?.0;
        }
        Ok(Self { all, done: 0, told: RealInstant::now(), is_seen: std::io::stderr().is_terminal() })
    }

    fn tell(&mut self, records: usize) {
        self.done += u64::try_from(records).unwrap_or(u64::MAX);
        if self.is_seen && self.told.elapsed() >= PROGRESS {
            self.told = RealInstant::now();
            let percent = self.done * 100 / self.all.max(1);
            let _ = write!(std::io::stderr(), "\r{percent} % of {} events", self.all);
        }
    }

    fn end(&self) {
        if self.is_seen {
            let _ = write!(std::io::stderr(), "\r{:40}\r", "");
        }
    }
}

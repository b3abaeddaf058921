//! `kigen mute`, `unmute` and `mutes`: facts about what is no alert for a time. Beside a running `kigen up` with an embedded log,
//! its socket writes them.

use anyhow::Context;
use chrono::{SubsecRound, TimeDelta, Utc};
use kigen_control::Members;
use kigen_log::{Log, LogReader};
use kigen_model::Instant;
use kigen_model::event::{ClusterBody, ClusterEvent, Event, MuteChange};
use kigen_model::mute::Mute;
use kigen_model::topic::{Partition, Topic};
use kigen_objective::mute::{End, Written};
use kigen_ops::on_thread;
use kigen_state::{ClusterClock, MUTES_MAX, POSITION_KEY};
use kigen_wire::Status;

use crate::batch_table::latest_statuses;
use crate::cli::{MuteArgs, MutesArgs, UnmuteArgs};
use crate::cluster_event::write_to_all;
use crate::config::Config;
use crate::exit::misused;
use crate::log_kind::LogKind;
use crate::mute_socket;
use crate::open::{open_kafka_beside, open_log_alone};
use crate::output::{columns, human, print, text};
use crate::reader::{Pages, open};

/// A mute that cannot be declared as it is written.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct WrongMute(String);

/// Declares a mute.
pub(crate) async fn mute(config: Config, args: MuteArgs) -> anyhow::Result<()> {
    let now = Utc::now().trunc_subsecs(0);
    let MuteArgs { scope, from, until, lasting, each, each_lasting, time_zone, reason } = args;
    let written = Written {
        scope,
        from: from.unwrap_or(now),
        end: until.map(End::Until).or(lasting.map(End::For)),
        repeats: each.zip(each_lasting).map(|(crontab, length)| (crontab, time_zone, length)),
        author: config.operator(),
        reason,
    };
    let mute = written.check().map_err(|text| misused(WrongMute(text)))?;
    let (config, known) = known_mutes(config).await?;
    anyhow::ensure!(
        mute.until > observed(&known, now),
        "the mute would have ended at {}, which is over; give a later end",
        text(mute.until)
    );
    let open = known.mutes.all().filter(|(_, mute)| mute.until > observed(&known, now)).count();
    anyhow::ensure!(
        open < MUTES_MAX,
        "the cluster `{}` has {open} mutes, which is the most: end one by `kigen unmute`",
        config.cluster
    );
    let id = mute.id(&config.cluster, &text(now));
    let declared = format!("mute {id}: {}, in the cluster `{}`\n", described(&mute), config.cluster);
    write(config, id, MuteChange::Declared(mute)).await?;
    print(&declared)
}

/// Ends a mute now.
pub(crate) async fn unmute(config: Config, args: UnmuteArgs) -> anyhow::Result<()> {
    let (config, known) = known_mutes(config).await?;
    // What is not judged yet is not muted any more.
    let now = observed(&known, Utc::now().trunc_subsecs(0));
    let Some((_, mute)) = known.mutes.all().find(|(id, _)| *id == args.id) else {
        anyhow::bail!(
            "the cluster `{}` has no mute `{}`; `kigen mutes` lists those that it has",
            config.cluster,
            args.id
        );
    };
    anyhow::ensure!(mute.until > now, "the mute `{}` ended at {} already", args.id, text(mute.until));
    let change = MuteChange::Ended { at: now, author: config.operator() };
    write(config, args.id.clone(), change).await?;
    print(&format!("mute {} has ended: what is still missed under it is alerted now\n", args.id))
}

/// Lists the mutes.
pub(crate) async fn list(config: Config, args: MutesArgs) -> anyhow::Result<()> {
    let (config, known) = known_mutes(config).await?;
    let now = observed(&known, Utc::now());
    let rows: Vec<Vec<String>> = known
        .mutes
        .all()
        .filter(|(_, mute)| args.all || mute.until > now)
        .map(|(id, mute)| {
            let Mute { scope, from, until, repeats, author, reason } = mute;
            let repeats = repeats.as_ref().map_or("-".to_owned(), |repeat| {
                format!("\"{}\" {}, {}", repeat.crontab, repeat.time_zone, human(repeat.length))
            });
            vec![
                id.to_owned(),
                scope.to_string(),
                text(*from),
                text(*until),
                repeats,
                author.clone(),
                reason.clone(),
            ]
        })
        .collect();
    if rows.is_empty() {
        return print(&format!("nothing is muted in the cluster `{}`\n", config.cluster));
    }
    print(&columns(&["MUTE", "OF", "FROM", "UNTIL", "EACH", "AUTHOR", "REASON"], &rows))
}

/// Until when the cluster is observed, which may be long ago.
fn observed(known: &ClusterClock, now: Instant) -> Instant {
    known.observed_until.map_or(now, |observed| observed.min(now))
}

fn described(mute: &Mute) -> String {
    let repeats = mute.repeats.as_ref().map_or(String::new(), |repeat| {
        format!(", each time at \"{}\" ({}) for {}", repeat.crontab, repeat.time_zone, human(repeat.length))
    });
    format!("{} from {} until {}{repeats}", mute.scope, text(mute.from), text(mute.until))
}

/// The clock of the configured cluster, with all its mutes, those included that are not judged yet.
async fn known_mutes(config: Config) -> anyhow::Result<(Config, ClusterClock)> {
    on_thread(move || {
        let mut config = config;
        let reader = open(&config)?;
        config.name_cluster(&*reader)?;
        let clock = clock_of(&*reader, &config.cluster)?;
        Ok((config, clock))
    })
    .await
}

fn clock_of(reader: &dyn LogReader, cluster: &str) -> anyhow::Result<ClusterClock> {
    // Each partition has all of a cluster's mutes.
    let first = Partition(0);
    let pages = Pages::of_some(reader, Topic::Status, [first])?;
    let (mut clock, mut from) = (ClusterClock::default(), None);
    for (_, bytes) in latest_statuses(&pages, first, |key| key == POSITION_KEY)? {
        if let Status::Position(position) = kigen_wire::decode_status(&bytes)? {
            from = Some(position.next);
            clock = position.clocks.get(cluster).cloned().unwrap_or_default();
        }
    }
    Pages::of_some(reader, Topic::Events, [first])?.each_from(first, from, |records| {
        for record in records.iter().filter(|record| record.key == cluster) {
            let value = record.value.as_deref().unwrap_or_default();
            if let Ok(Event::Cluster(event)) = kigen_wire::decode_event(value) {
                clock.step(&event);
            }
        }
        Ok(())
    })?;
    Ok(clock)
}

async fn write(config: Config, id: String, change: MuteChange) -> anyhow::Result<()> {
    let event = ClusterEvent {
        cluster: config.cluster.clone(),
        cluster_uid: None,
        epoch: 0,
        body: ClusterBody::Mute { id, change },
    };
    let window = config.rollback();
    match config.log_kind {
        LogKind::Embedded => {
            if mute_socket::send(&config.data_dir, &event).await? {
                return Ok(());
            }
            let log = open_log_alone(&config.log_dir(), config.log.clone())?;
            append(log, event, window).await
        }
        LogKind::Kafka => append(open_kafka_beside(&config, "mute").await?, event, window).await,
    }
}

async fn append<L: Log>(log: L, event: ClusterEvent, window: TimeDelta) -> anyhow::Result<()> {
    let reader = log.reader().clone();
    on_thread(move || all_know_mutes(&reader, window)).await?;
    write_to_all(&log, event).await.context("the mute was not written")
}

/// That every process of the log reads mutes: one that does not would stop at the record.
fn all_know_mutes(reader: &dyn LogReader, window: TimeDelta) -> anyhow::Result<()> {
    let mut members = Members::default();
    members.refresh(reader)?;
    let standing = members.standing(Utc::now(), window);
    anyhow::ensure!(
        !members.is_empty() && kigen_wire::has_mutes(standing.level),
        "a process of this log, or one that it may be rolled back to, does not know mutes; the record level is {}",
        if members.is_empty() {
            "unknown, since no kigen has run on it".to_owned()
        } else {
            standing.to_string()
        }
    );
    Ok(())
}

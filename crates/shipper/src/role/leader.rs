//! The leader: begins an epoch from what the log has, and serves it until the term ends.
//!
//! ```text
//!              epoch is in the log        a tick counted
//!                                            ┌────┐
//! lead ──▶ begin_epoch ──────────▶ serve_epoch ◀──┘──── the log has a newer epoch ────▶ stand_aside
//!            ▲  ▲                       │                                                  │
//!            │  └───────────────────────┼─ no record of a newer epoch for `successor_silence` ──┘
//!            └── the cluster is forgotten
//! ```
//!
//! Each ends when the term does.

use std::sync::Arc;
use std::time::Duration;

use kigen_control::Control;
use kigen_log::{Fate, Log, LogError};
use kigen_model::event::{ClusterBody, ClusterEvent};
use kigen_ops::{ThrottledWarnings, error_chain};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant as TimerInstant;

use super::append::{Appended, Appender, LogRetry};
use super::identity;
use super::read_back::{LogTail, first_epoch_after, read_back};
use super::successor::{SucceededBy, Successor, SuccessorSearch};
use super::term_end::{EndOfTerm, TermEnd, end_of_term};
use crate::core::Acknowledged;
use crate::error::{AnotherCluster, RoleError};
use crate::health::Health;
use crate::index::resolution::Resolutions;
use crate::input::{Declaration, Input};
use crate::kubernetes::api::Api;
use crate::kubernetes::lease::Term;
use crate::panics;
use crate::server_clock::Clock;
use crate::settings::Settings;
use crate::shipper::Shipper;
use crate::status_writer;

/// What a shipper leads with, term by term.
pub(super) struct Leader<L> {
    pub(super) log: L,
    pub(super) settings: Settings,
    pub(super) clock: Clock,
    pub(super) api: Api,
    pub(super) shipper: String,
    pub(super) declared: watch::Receiver<Option<Declaration>>,
    pub(super) health: Health,
    pub(super) warnings: ThrottledWarnings,
    pub(super) control: Control,
}

/// One epoch of a term, which is in the log.
struct Serving<'a, L> {
    shipper: Shipper,
    appender: Appender<'a, L>,
    term: Option<&'a Term>,
    /// `None`: no other process can write to the log.
    successors: Option<SuccessorSearch>,
    /// For the status writer.
    resolutions: watch::Sender<Arc<Resolutions>>,
    /// The status writer, which ends with the epoch.
    status_writer: JoinSet<()>,
}

/// The outcome of the attempt to begin an epoch.
#[expect(clippy::large_enum_variant, reason = "there is one at a time, and it is taken apart at once")]
enum Begun<'a, L> {
    Serving(Serving<'a, L>),
    /// The log has a record of a newer kigen.
    Newer,
    /// The term ended.
    Interrupted,
}

/// Why an epoch is no longer served.
#[expect(clippy::large_enum_variant, reason = "there is one at a time, and it is taken apart at once")]
enum Ended {
    /// With its term.
    Term(TermEnd),
    /// Another shipper began a newer one.
    Superseded(Successor, SuccessorSearch),
}

/// The outcome of a turn.
#[expect(clippy::large_enum_variant, reason = "there is one at a time, and it is taken apart at once")]
enum Turn {
    Done,
    /// The tick that it wrote is to be found in the log.
    Ticked(ClusterEvent),
    Interrupted,
}

impl<L: Log> Leader<L> {
    /// Leads until the term is over.
    pub(super) async fn lead(
        &mut self,
        term: Option<&Term>,
        shutdown: impl Future<Output = ()> + Send,
    ) -> Result<TermEnd, RoleError> {
        let end = end_of_term(term, shutdown);
        loop {
            self.health.leads();
            let serving = match self.begin_epoch(term, &end).await? {
                Begun::Serving(serving) => serving,
                Begun::Newer => return Ok(TermEnd::Newer),
                Begun::Interrupted => return Ok(end.await),
            };
            match self.serve_epoch(serving, &end).await? {
                Ended::Term(end) => return Ok(end),
                Ended::Superseded(Successor { by: SucceededBy::Forgotten, .. }, _) => {
                    tracing::warn!(
                        cluster = self.settings.cluster,
                        "an operator had this cluster forgotten while it was shipped: it begins anew, as one that was never \
                         observed"
                    );
                }
                Ended::Superseded(successor, search) => {
                    if !self.stand_aside(&successor, search, &end).await? {
                        return Ok(end.await);
                    }
                }
            }
        }
    }

    /// Reads the log's end, starts to watch the cluster from there, and appends the epoch.
    async fn begin_epoch<'a>(
        &self,
        term: Option<&'a Term>,
        end: &EndOfTerm<'a>,
    ) -> Result<Begun<'a, L>, RoleError> {
        // Records that an earlier leader still writes from here on have an older epoch, and so are ignored.
        let tail = || read_back(&self.log, &self.settings, &self.control);
        let Some(tail) = self.read(tail, end).await? else {
            return Ok(Begun::Interrupted);
        };
        let LogTail { epoch, cluster_uid, resume, newer, ends, by_states, events } = tail;
        let (partitions, facts) = (ends.len(), resume.facts.len());
        tracing::info!(partitions, by_states, events, facts, "has read the end of the log");
        if let Some(newer) = newer {
            let why = error_chain(&newer);
            tracing::error!("{why}");
            self.health.superseded(why);
            return Ok(Begun::Newer);
        }
        identity::check(&self.api, &self.settings, cluster_uid.as_deref())?;
        let epoch = (epoch + 1).max(term.map_or(0, Term::leaders));
        if let Some(term) = term {
            term.count_from(epoch);
        }
        let shipper =
            Shipper::start(&self.api, &self.settings, epoch, &resume).with_health(self.health.clone());
        drop(resume);
        let appender = Appender::new(
            self.log.clone(),
            self.clock.clone(),
            self.health.clone(),
            self.warnings.clone(),
            self.control.clone(),
            end.clone(),
        );
        let begun = shipper.begin(&self.shipper);
        let records = appender.records_of_cluster(std::slice::from_ref(&begun));
        if appender.append(records).await.map_err(|error| self.log_error(error))? == Appended::Interrupted {
            return Ok(Begun::Interrupted);
        }
        let other_uid = || first_epoch_after(&self.log, ends.first().copied().unwrap_or_default(), &begun);
        let Some(other_uid) = self.read(other_uid, end).await? else {
            return Ok(Begun::Interrupted);
        };
        identity::check(&self.api, &self.settings, other_uid.as_deref())?;
        let (resolutions, receiver) = watch::channel(shipper.resolutions().clone());
        let mut status_writer = JoinSet::new();
        let interval = Duration::from_millis(self.settings.statuses_interval_ms);
        let reader = self.log.reader().clone();
        status_writer.spawn(status_writer::run(self.api.clone(), reader, interval, receiver));
        let successors = self.settings.lease.is_some().then(|| SuccessorSearch::new(begun, ends));
        let serving = Serving { shipper, appender, term, successors, resolutions, status_writer };
        Ok(Begun::Serving(serving))
    }

    /// Appends the events of the cluster, turn by turn.
    async fn serve_epoch(
        &mut self,
        mut serving: Serving<'_, L>,
        end: &EndOfTerm<'_>,
    ) -> Result<Ended, RoleError> {
        self.declared.mark_changed();
        loop {
            // Only here may the work be interrupted: inputs that were not taken yet have emitted nothing.
            let inputs = tokio::select! {
                biased;
                end = end.clone() => return Ok(Ended::Term(end)),
                declaration = next_declaration(&mut self.declared) => vec![Input::Declared(declaration)],
                inputs = serving.shipper.next() => inputs,
                what = panics::panicked(&mut serving.status_writer) => vec![Input::Panicked { what }],
            };
            if let Some(what) = panicked(&inputs) {
                return Err(RoleError::Panicked { cluster: self.settings.cluster.clone(), what });
            }
            self.refuse_another_cluster(&inputs)?;
            match serving.turn(inputs).await.map_err(|error| self.log_error(error))? {
                Turn::Done => {}
                Turn::Interrupted => return Ok(Ended::Term(end.clone().await)),
                Turn::Ticked(tick) => match serving.successors.as_mut() {
                    None => self.health.ticked(),
                    Some(search) => match self.find_successor(search, Some(tick), end).await? {
                        Some(None) => self.health.ticked(),
                        Some(Some(successor)) if !is_over(serving.term) => {
                            return Ok(Ended::Superseded(successor, search.clone()));
                        }
                        // The successor is of the same Lease.
                        Some(Some(_)) | None => return Ok(Ended::Term(end.clone().await)),
                    },
                },
            }
            serving.publish_resolutions();
        }
    }

    /// The newest successor in the log up to `until`; the outer `None`: the term ended before that was known.
    async fn find_successor(
        &self,
        search: &mut SuccessorSearch,
        until: Option<ClusterEvent>,
        end: &EndOfTerm<'_>,
    ) -> Result<Option<Option<Successor>>, RoleError> {
        let mut retry = LogRetry::new(&self.health, &self.warnings);
        loop {
            let error = match search.find(&self.log, until.clone()).await {
                Ok(found) => {
                    retry.succeeded();
                    return Ok(Some(found));
                }
                Err(error) if error.fate() == Fate::Retry => error,
                Err(error) => return Err(self.log_error(error)),
            };
            tokio::select! {
                () = retry.failed(&error) => {}
                _ = end.clone() => return Ok(None),
            }
        }
    }

    /// Watches and writes nothing while the log has new records of a newer epoch; false: the term ended before.
    async fn stand_aside(
        &self,
        successor: &Successor,
        mut search: SuccessorSearch,
        end: &EndOfTerm<'_>,
    ) -> Result<bool, RoleError> {
        let silence_max = Duration::from_millis(self.settings.successor_silence_ms_max);
        let name = match &successor.by {
            SucceededBy::Shipper(name) => name,
            SucceededBy::Unnamed | SucceededBy::Forgotten => "without a name",
        };
        let why = format!(
            "another shipper of cluster `{}` ({name}) has begun the newer epoch {}, and the log ignores the ticks of this one: \
             it stands aside until the other has written none for {} s. Stop one of the two, or give both the same Lease \
             (lease and lease_namespace under [kubernetes])",
            self.settings.cluster,
            successor.epoch,
            silence_max.as_secs()
        );
        tracing::warn!("{why}");
        self.health.superseded(why);
        let mut read_at = TimerInstant::now();
        while read_at.elapsed() < silence_max {
            tokio::select! {
                biased;
                _ = end.clone() => return Ok(false),
                () = tokio::time::sleep(Duration::from_millis(self.settings.probe_interval_ms)) => {}
            }
            match self.find_successor(&mut search, None, end).await? {
                None => return Ok(false),
                Some(None) => {}
                Some(Some(_)) => read_at = TimerInstant::now(),
            }
        }
        tracing::info!("the other shipper writes no ticks any more: this one leads again");
        Ok(true)
    }

    fn refuse_another_cluster(&self, inputs: &[Input]) -> Result<(), AnotherCluster> {
        let another = inputs.iter().find_map(|input| match input {
            Input::AnotherCluster { uid } => Some(uid),
            Input::Stream { .. }
            | Input::Probed { .. }
            | Input::ProbeFailed(_)
            | Input::WentBack(_)
            | Input::Panicked { .. }
            | Input::Declared(_)
            | Input::Log(_) => None,
        });
        match self.api.cluster_uid().zip(another) {
            Some((known, uid)) => Err(identity::another(&self.api, &self.settings, known, uid)),
            None => Ok(()),
        }
    }

    /// Reads from the log, with retries; `None`: the term ended before.
    async fn read<T, F: Future<Output = Result<T, LogError>>>(
        &self,
        read: impl Fn() -> F,
        end: &EndOfTerm<'_>,
    ) -> Result<Option<T>, RoleError> {
        tokio::select! {
            _ = end.clone() => Ok(None),
            read = read_with_retries(LogRetry::new(&self.health, &self.warnings), read) => {
                read.map(Some).map_err(|error| self.log_error(error))
            }
        }
    }

    fn log_error(&self, source: LogError) -> RoleError {
        RoleError::Log { cluster: self.settings.cluster.clone(), source }
    }
}

impl<L: Log> Serving<'_, L> {
    /// Applies the inputs, appends the outputs, and only then asks for a tick, and only if the Lease is still held.
    async fn turn(&mut self, inputs: Vec<Input>) -> Result<Turn, LogError> {
        let Self { shipper, appender, term, .. } = self;
        let mut records = Vec::new();
        for input in inputs {
            let output = shipper.apply(input);
            records.extend(appender.records_of_facts(&output.facts));
            records.extend(appender.records_of_rejected(output.rejected));
        }
        if appender.append(records).await? == Appended::Interrupted || is_over(*term) {
            return Ok(Turn::Interrupted);
        }
        let Acknowledged { facts, events } = shipper.acknowledged();
        let mut records = appender.records_of_facts(&facts);
        if !events.is_empty() && appender.may_write_calendars() {
            records.extend(appender.records_of_cluster(&shipper.calendars()));
        }
        records.extend(appender.records_of_cluster(&events));
        if appender.append(records).await? == Appended::Interrupted {
            return Ok(Turn::Interrupted);
        }
        let is_tick = |event: &ClusterEvent| matches!(event.body, ClusterBody::Tick { .. });
        Ok(events.into_iter().find(is_tick).map_or(Turn::Done, Turn::Ticked))
    }

    fn publish_resolutions(&self) {
        if !Arc::ptr_eq(&self.resolutions.borrow(), self.shipper.resolutions()) {
            self.resolutions.send_replace(self.shipper.resolutions().clone());
        }
    }
}

/// Whether the Lease is no longer held for sure.
fn is_over(term: Option<&Term>) -> bool {
    term.is_some_and(|term| !term.holds())
}

/// The message of a task that panicked.
fn panicked(inputs: &[Input]) -> Option<String> {
    inputs.iter().find_map(|input| match input {
        Input::Panicked { what } => Some(what.clone()),
        Input::AnotherCluster { .. }
        | Input::Stream { .. }
        | Input::Probed { .. }
        | Input::ProbeFailed(_)
        | Input::WentBack(_)
        | Input::Declared(_)
        | Input::Log(_) => None,
    })
}

/// Reads from the log, and retries while it cannot be read.
async fn read_with_retries<T, F: Future<Output = Result<T, LogError>>>(
    mut retry: LogRetry,
    read: impl Fn() -> F,
) -> Result<T, LogError> {
    loop {
        match read().await {
            Ok(read) => {
                retry.succeeded();
                return Ok(read);
            }
            Err(error) if error.fate() == Fate::Retry => retry.failed(&error).await,
            Err(error) => return Err(error),
        }
    }
}

/// The next declaration. Nothing is lost if the future is dropped.
async fn next_declaration(declared: &mut watch::Receiver<Option<Declaration>>) -> Declaration {
    while declared.changed().await.is_ok() {
        if let Some(declaration) = declared.borrow_and_update().clone() {
            return declaration;
        }
    }
    // The sender was dropped: there is no other declaration.
    std::future::pending().await
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::Instant as RealInstant;

    use super::*;

    /// A quiet cluster has no tick after the read, whose append would show that the log answers.
    #[tokio::test]
    async fn a_log_that_can_be_read_again_is_a_fault_no_more() {
        let health = Health::default();
        health.ticked();
        let calls = Cell::new(0);
        let seen = Cell::new(true);
        let read = async || {
            calls.set(calls.get() + 1);
            if calls.get() == 1 {
                return Err(LogError::Fenced { group: "shipper" });
            }
            seen.set(health.readiness(RealInstant::now()).is_ok());
            Ok(())
        };
        let retry = LogRetry::new(&health, &ThrottledWarnings::default());
        read_with_retries(retry, read).await.expect("the second read");
        assert!(!seen.get(), "it is reported while the log cannot be read");
        assert!(health.readiness(RealInstant::now()).is_ok());
    }
}

//! The leader: begins a term from what the log has, under a new epoch, and serves it until it ends.

use std::sync::Arc;
use std::time::Duration;

use kigen_log::{Fate, Log, LogError};
use kigen_model::event::{ClusterBody, ClusterEvent};
use kigen_ops::ThrottledWarnings;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::append::{Appended, Appender, LogRetry};
use super::identity;
use super::read_back::{LogTail, first_epoch_after, read_back};
use super::term_end::{EndOfTerm, TermEnd, end_of_term};
use crate::core::Acknowledged;
use crate::error::{AnotherCluster, RoleError};
use crate::health::Health;
use crate::index::resolution::Resolutions;
use crate::input::{Declaration, Input};
use crate::kubernetes::api::Api;
use crate::kubernetes::lease::Term;
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
}

/// One term: its epoch is in the log.
struct Serving<'a, L> {
    shipper: Shipper,
    appender: Appender<'a, L>,
    term: Option<&'a Term>,
    /// For the status writer.
    resolutions: watch::Sender<Arc<Resolutions>>,
    /// Ends the status writer with the term.
    _status_writer: JoinSet<()>,
}

impl<L: Log> Leader<L> {
    /// Leads until the term is over.
    pub(super) async fn lead(
        &mut self,
        term: Option<&Term>,
        shutdown: impl Future<Output = ()> + Send,
    ) -> Result<TermEnd, RoleError> {
        let end = end_of_term(term, shutdown);
        match self.begin_term(term, &end).await? {
            Some(serving) => self.serve_term(serving, end).await,
            None => Ok(end.await),
        }
    }

    /// Reads the log's end, starts to watch the cluster from there, and appends the epoch. `None`: the term ended before.
    async fn begin_term<'a>(
        &self,
        term: Option<&'a Term>,
        end: &EndOfTerm<'a>,
    ) -> Result<Option<Serving<'a, L>>, RoleError> {
        // Records that an earlier leader still writes from here on have an older epoch, and so are ignored.
        let tail = || read_back(&self.log, &self.settings);
        let Some(LogTail { epoch, cluster_uid, resume, end: end_offset }) = self.read(tail, end).await?
        else {
            return Ok(None);
        };
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
            end.clone(),
        );
        let begun = shipper.begin(&self.shipper);
        let records = appender.records_of_cluster(std::slice::from_ref(&begun));
        if appender.append(records).await.map_err(|error| self.log_error(error))? == Appended::Interrupted {
            return Ok(None);
        }
        let other_uid = || first_epoch_after(&self.log, end_offset, &begun);
        let Some(other_uid) = self.read(other_uid, end).await? else {
            return Ok(None);
        };
        identity::check(&self.api, &self.settings, other_uid.as_deref())?;
        let (resolutions, receiver) = watch::channel(shipper.resolutions().clone());
        let mut status_writer = JoinSet::new();
        let interval = Duration::from_millis(self.settings.statuses_interval_ms);
        let reader = self.log.reader().clone();
        status_writer.spawn(status_writer::run(self.api.clone(), reader, interval, receiver));
        Ok(Some(Serving { shipper, appender, term, resolutions, _status_writer: status_writer }))
    }

    /// Appends the events of the cluster, turn by turn.
    async fn serve_term(
        &mut self,
        mut serving: Serving<'_, L>,
        end: EndOfTerm<'_>,
    ) -> Result<TermEnd, RoleError> {
        self.declared.mark_changed();
        loop {
            // Only here may the work be interrupted: inputs that were not taken yet have emitted nothing.
            let inputs = tokio::select! {
                biased;
                end = end.clone() => return Ok(end),
                declaration = next_declaration(&mut self.declared) => vec![Input::Declared(declaration)],
                inputs = serving.shipper.next() => inputs,
            };
            self.refuse_another_cluster(&inputs)?;
            let appended = serving.turn(inputs, &self.health).await;
            if appended.map_err(|error| self.log_error(error))? == Appended::Interrupted {
                return Ok(end.await);
            }
            serving.publish_resolutions();
        }
    }

    fn refuse_another_cluster(&self, inputs: &[Input]) -> Result<(), AnotherCluster> {
        let another = inputs.iter().find_map(|input| match input {
            Input::AnotherCluster { uid } => Some(uid),
            Input::Stream { .. }
            | Input::Probed { .. }
            | Input::ProbeFailed(_)
            | Input::WentBack(_)
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
    async fn turn(&mut self, inputs: Vec<Input>, health: &Health) -> Result<Appended, LogError> {
        let Self { shipper, appender, term, .. } = self;
        let mut records = Vec::new();
        for input in inputs {
            let output = shipper.apply(input);
            records.extend(appender.records_of_facts(&output.facts));
            records.extend(appender.records_of_rejected(output.rejected));
        }
        if appender.append(records).await? == Appended::Interrupted || term.is_some_and(|term| !term.holds())
        {
            return Ok(Appended::Interrupted);
        }
        let Acknowledged { resynced, events } = shipper.acknowledged();
        let mut records = appender.records_of_facts(&resynced);
        records.extend(appender.records_of_cluster(&events));
        let appended = appender.append(records).await?;
        let is_tick = |event: &ClusterEvent| matches!(event.body, ClusterBody::Tick { .. });
        if appended == Appended::All && events.iter().any(is_tick) {
            health.ticked();
        }
        Ok(appended)
    }

    fn publish_resolutions(&self) {
        if !Arc::ptr_eq(&self.resolutions.borrow(), self.shipper.resolutions()) {
            self.resolutions.send_replace(self.shipper.resolutions().clone());
        }
    }
}

/// Reads from the log, and retries while it cannot be read.
async fn read_with_retries<T, F: Future<Output = Result<T, LogError>>>(
    mut retry: LogRetry,
    read: impl Fn() -> F,
) -> Result<T, LogError> {
    loop {
        match read().await {
            Err(error) if error.fate() == Fate::Retry => retry.failed(&error).await,
            read => return read,
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

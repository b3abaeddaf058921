//! One attempt to send an alert to a receiver, and whether that may have it already.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use kigen_model::Instant;
use kigen_model::alert::{Alert, alert_id};
use kigen_model::topic::{Offset, Partition};
use kigen_wire::Level;
use uuid::Uuid;

use crate::routing::Target;

/// The record level and the clock of what is sent.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    pub(crate) level: Level,
    pub(crate) now: fn() -> Instant,
}

/// One attempt to send an alert.
#[derive(Clone, Copy)]
pub(crate) struct Sending<'a> {
    /// By which its message is found.
    pub(crate) id: Uuid,
    pub(crate) partition: Partition,
    pub(crate) offset: Offset,
    pub(crate) alert: &'a Alert,
    /// The channel that it is for.
    pub(crate) target: &'a Target,
    /// The record level at which what was sent is recorded.
    pub(crate) level: Level,
    /// The clock by which a message is late.
    pub(crate) now: fn() -> Instant,
    pub(crate) doubt: &'a Doubt,
}

/// An alert to be sent, before anything is known of its message.
#[derive(Clone, Copy)]
pub(crate) struct NewAlert<'a> {
    pub(crate) partition: Partition,
    pub(crate) offset: Offset,
    pub(crate) alert: &'a Alert,
    /// The record level at which what was sent is recorded.
    pub(crate) level: Level,
    /// The clock by which a message is late.
    pub(crate) now: fn() -> Instant,
}

impl<'a> NewAlert<'a> {
    pub(crate) fn sending(self, target: &'a Target, doubt: &'a Doubt) -> Sending<'a> {
        let Self { partition, offset, alert, level, now } = self;
        Sending { id: target.id_of(alert.id), partition, offset, alert, target, level, now, doubt }
    }
}

/// Whether Slack may have the message of an alert, though no record has it. Of one attempt to send it.
#[derive(Debug, Default)]
pub(crate) struct Doubt {
    is_open: AtomicBool,
    is_settled: AtomicBool,
    has_posted: AtomicBool,
}

impl Doubt {
    pub(crate) fn new(is_open: bool) -> Self {
        Self { is_open: is_open.into(), ..Self::default() }
    }

    /// Whether the message is looked up before it is posted.
    pub(crate) fn is_open(&self) -> bool {
        self.is_open.load(Relaxed)
    }

    /// It was looked up, and not found.
    pub(crate) fn settle(&self) {
        self.is_settled.store(true, Relaxed);
        self.is_open.store(false, Relaxed);
    }

    /// Whether it was looked up, and not found.
    pub(crate) fn is_settled(&self) -> bool {
        self.is_settled.load(Relaxed)
    }

    /// Whether it was posted may be unknown from now on.
    pub(crate) fn reopen(&self) {
        self.is_open.store(true, Relaxed);
    }

    /// It may have been posted elsewhere.
    pub(crate) fn renew(&self) {
        self.is_settled.store(false, Relaxed);
        self.reopen();
    }

    /// A part of it was posted.
    pub(crate) fn posted(&self) {
        self.has_posted.store(true, Relaxed);
    }

    /// Whether the next attempt has to look it up.
    pub(crate) fn remains(&self) -> bool {
        self.is_open() || self.has_posted.load(Relaxed)
    }
}

impl Sending<'_> {
    /// The id of the message about many alerts of which this one is the first.
    pub(crate) fn storm_id(&self) -> Uuid {
        self.target.id_of(alert_id(&self.alert.key, "", "storm", &self.alert.id.to_string()))
    }

    /// The id of the reply with the whole error text.
    pub(crate) fn error_id(&self) -> Uuid {
        self.target.id_of(alert_id(&self.alert.key, "", "error", &self.alert.id.to_string()))
    }
}

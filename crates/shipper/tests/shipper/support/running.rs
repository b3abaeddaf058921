//! The role as it runs in a process: started, stopped, or killed.

use std::time::Duration;

use kigen_log::Log;
use kigen_playback::clock::Clock;
use kigen_shipper::error::RoleError;
use kigen_shipper::health::Health;
use kigen_shipper::role::ShipperRole;
use kigen_shipper::server_clock;
use kigen_shipper::settings::Settings;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

/// How long a role may take to leave.
const LEAVES_WITHIN: Duration = Duration::from_secs(10);

pub(crate) type Ended = Result<(), RoleError>;

/// The role as a future, which runs where it is polled.
pub(crate) fn shipper<L: Log>(
    log: L,
    settings: Settings,
    clock: &Clock,
    name: &'static str,
    health: Health,
) -> (oneshot::Sender<()>, impl Future<Output = Ended> + use<L>) {
    let clock = clock.clone();
    let clock = server_clock::Clock::new(move || clock.now());
    let (stop, stopped) = oneshot::channel::<()>();
    let (_, declared) = watch::channel(None);
    let shutdown = async move {
        let _ = stopped.await;
    };
    let role = ShipperRole {
        log,
        settings,
        clock,
        shipper: name.to_owned(),
        declared,
        health,
        warnings: Default::default(),
        control: Default::default(),
    };
    (stop, async move { role.run(shutdown).await })
}

pub(crate) struct Running {
    pub(crate) health: Health,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Ended>,
}

impl Running {
    pub(crate) fn start<L: Log>(log: L, settings: Settings, clock: &Clock, name: &'static str) -> Self {
        let health = Health::default();
        let (stop, shipper) = shipper(log, settings, clock, name, health.clone());
        Self { health, stop, task: tokio::spawn(shipper) }
    }

    pub(crate) async fn stop(self) {
        self.stop.send(()).expect("it runs");
        let ended = tokio::time::timeout(LEAVES_WITHIN, self.task).await;
        ended.expect("it leaves within 10 s").expect("it does not panic").expect("it ends well");
    }

    /// Waits until it ends by itself.
    pub(crate) async fn ended(self) -> Ended {
        let ended = tokio::time::timeout(LEAVES_WITHIN, self.task).await;
        ended.expect("it leaves within 10 s").expect("it does not panic")
    }

    /// As a process that is killed: it stops at once, in the middle of its work.
    pub(crate) async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.is_err_and(|ended| ended.is_cancelled()), "it was running");
    }
}

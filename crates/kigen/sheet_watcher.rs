//! Follows the sheet of objectives for `kigen up`: reads it once a minute, and declares what it has.

use std::time::Duration;

use kigen_objective::sheet::{self, RefusedRow};
use kigen_ops::error_chain;
use kigen_sheet::{Row, SourceError, SourceReader};
use kigen_shipper::input::{Declaration, Declared};
use tokio::sync::watch;
use tokio::time::{Instant as TimerInstant, MissedTickBehavior};

use crate::config::sheet::SheetSettings;

/// How often a problem of the sheet is logged while it lasts.
const PROBLEM_REPEAT_INTERVAL: Duration = Duration::from_secs(10 * 60);
/// The most refused rows that are named.
const REFUSED_NAMED_MAX: usize = 20;

/// Sends what the sheet declares, until `shutdown`. A sheet that cannot be read changes nothing; one with refused rows withdraws
/// nothing, since a refused row may be an objective in force.
pub(crate) async fn run(
    settings: SheetSettings,
    cluster: String,
    declarations: watch::Sender<Option<Declaration>>,
    shutdown: impl Future<Output = ()>,
) {
    let SheetSettings { source, namespace, poll_interval_ms } = settings;
    let reader = SourceReader::new(source);
    let mut watcher = Watcher { cluster, namespace, last_read: None, logged: None };
    let mut interval = tokio::time::interval(Duration::from_millis(poll_interval_ms));
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tokio::pin!(shutdown);
    loop {
        let rows = async {
            interval.tick().await;
            reader.rows().await
        };
        tokio::select! {
            () = &mut shutdown => return,
            rows = rows => {
                if let Some(declaration) = watcher.apply(rows) {
                    declarations.send_replace(Some(declaration));
                }
            }
        }
    }
}

struct Watcher {
    cluster: String,
    namespace: Option<String>,
    /// The rows of the last sheet that was declared.
    last_read: Option<Vec<Row>>,
    /// The last problem, and when it was logged; `None`: the last sheet had none.
    logged: Option<(String, TimerInstant)>,
}

impl Watcher {
    /// What the sheet declares, if it is another one than before.
    fn apply(&mut self, rows: Result<Vec<Row>, SourceError>) -> Option<Declaration> {
        let rows = match rows {
            Ok(rows) => rows,
            Err(error) => {
                self.log(format!("the sheet of objectives cannot be read: {}", error_chain(&error)));
                return None;
            }
        };
        let sheet = match sheet::read(&rows, &self.cluster, self.namespace.as_deref()) {
            Ok(sheet) => sheet,
            Err(error) => {
                self.log(format!("the sheet of objectives cannot be used: {}", error_chain(&error)));
                return None;
            }
        };
        let is_whole = sheet.refused.is_empty();
        if is_whole {
            self.logged = None;
        } else {
            self.log(refused(&sheet.refused));
        }
        if self.last_read.as_ref() == Some(&rows) {
            return None;
        }
        self.last_read = Some(rows);
        tracing::info!(objectives = sheet.objectives.len(), "the sheet of objectives has changed");
        let declared = sheet.objectives.into_iter();
        let all = declared.map(|own| Declared { key: own.key, name: own.name, objective: own.objective });
        Some(Declaration { all: all.collect(), is_whole, ..Declaration::default() })
    }

    fn log(&mut self, problem: String) {
        let is_logged =
            |(last, at): &(String, TimerInstant)| *last == problem && at.elapsed() < PROBLEM_REPEAT_INTERVAL;
        if self.logged.as_ref().is_some_and(is_logged) {
            return;
        }
        tracing::error!("{problem}\nwhat was in force before stays in force");
        self.logged = Some((problem, TimerInstant::now()));
    }
}

fn refused(rows: &[RefusedRow]) -> String {
    let named =
        rows.iter().take(REFUSED_NAMED_MAX).map(|RefusedRow { row, reason }| format!("row {row}: {reason}"));
    let more = rows.len().saturating_sub(REFUSED_NAMED_MAX);
    let more = (more > 0).then(|| format!("and {more} more"));
    let lines: Vec<String> = named.chain(more).collect();
    format!(
        "{} rows of the sheet of objectives are refused; the others apply, and nothing is withdrawn until all can be read:\n{}",
        rows.len(),
        lines.join("\n")
    )
}

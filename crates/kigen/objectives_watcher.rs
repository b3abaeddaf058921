//! Follows the file of objectives for `kigen up`: reads it at the start and again whenever it changes, or a file that it names.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use kigen_objective::annotation::reserved_for;
use kigen_objective::file::{Contents, FileError, read_file};
use kigen_ops::error_chain;
use kigen_shipper::input::{Declaration, Declared};
use tokio::sync::watch;
use tokio::time::Instant as TimerInstant;

/// How often the file is checked for a change. Polled, since Kubernetes replaces a mounted file behind a symbolic link, which
/// few file watchers notice.
const POLL_INTERVAL: Duration = Duration::from_secs(2);
/// How often an error in the file is logged while it lasts.
const ERROR_REPEAT_INTERVAL: Duration = Duration::from_secs(10 * 60);

/// Distinguishes two contents of the file without reading it; `None`: there is no such file.
type Version = Option<(SystemTime, u64)>;

/// Sends what the file declares, until `shutdown`. An error in the file stops nothing: its valid objectives are in force, and so is
/// what was in force before.
pub(crate) async fn run(
    path: PathBuf,
    cluster: String,
    declarations: watch::Sender<Option<Declaration>>,
    shutdown: impl Future<Output = ()>,
) {
    let mut watcher = Watcher { path, cluster, reads: Vec::new(), last_read: None, error_logged_at: None };
    let mut interval = tokio::time::interval(POLL_INTERVAL);
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => return,
            _ = interval.tick() => {
                if let Some(declaration) = watcher.poll() {
                    declarations.send_replace(Some(declaration));
                }
            }
        }
    }
}

struct Watcher {
    path: PathBuf,
    cluster: String,
    /// The files that it names.
    reads: Vec<PathBuf>,
    /// The versions of all, its own first; `None`: not read yet.
    last_read: Option<Vec<Version>>,
    /// `None`: the last contents had no error.
    error_logged_at: Option<TimerInstant>,
}

impl Watcher {
    /// What the file declares, if it changed or an error in it is due to be logged again.
    fn poll(&mut self) -> Option<Declaration> {
        let versions = self.versions();
        let is_error_due =
            self.error_logged_at.is_some_and(|logged_at| logged_at.elapsed() >= ERROR_REPEAT_INTERVAL);
        if self.last_read.as_ref() == Some(&versions) && !is_error_due {
            return None;
        }
        self.last_read = Some(versions);
        self.error_logged_at = None;
        match read_file(&self.path, &self.cluster) {
            Ok(contents) => {
                // If these are others than before, it is read once more: one may have changed before it was followed.
                self.reads.clone_from(&contents.reads);
                Some(self.declaration(contents))
            }
            Err(error) => {
                self.log(&error, "its previous contents stay in force");
                None
            }
        }
    }

    fn versions(&self) -> Vec<Version> {
        std::iter::once(&self.path).chain(&self.reads).map(|path| version(path)).collect()
    }

    fn declaration(&mut self, contents: Contents) -> Declaration {
        let Contents { objectives, catalog, mutes, mut problems, reads: _ } = contents;
        let (own, reserved): (Vec<_>, Vec<_>) =
            objectives.into_iter().partition(|objective| reserved_for(&objective.name).is_none());
        for objective in reserved {
            let text = format!(
                "the name `{}` is reserved for the annotation {}: rename the objective of {}",
                objective.name,
                reserved_for(&objective.name).unwrap_or_default(),
                objective.key
            );
            problems.add(objective.line, text);
        }
        let is_whole = problems.is_empty();
        if is_whole {
            tracing::info!(objectives = own.len(), file = %self.path.display(), "the objectives of the file are in force");
        } else {
            let consequence = format!(
                "{} of its objectives are valid and in force; nothing is withdrawn until all are valid",
                own.len()
            );
            self.log(&FileError::Wrong { path: self.path.clone(), problems }, &consequence);
        }
        let all = own
            .into_iter()
            .map(|own| Declared { key: own.key, name: own.name, objective: own.objective })
            .collect();
        Declaration { all, catalog, mutes, is_whole }
    }

    fn log(&mut self, error: &FileError, consequence: &str) {
        self.error_logged_at = Some(TimerInstant::now());
        tracing::error!("{}\n{consequence}; check it with `kigen objectives check`", error_chain(error));
    }
}

fn version(path: &Path) -> Version {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

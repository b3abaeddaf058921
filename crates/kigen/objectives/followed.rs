//! The file of objectives as `kigen up` follows it: read at the start, and again whenever it changes.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use kigen_model::reasons::reasons;
use kigen_shipper::decode::{ANNOTATED_OBJECTIVE, COMPLETE_BY};
use kigen_shipper::input::{Declaration, Declared};
use tokio::sync::watch;
use tokio::time::Instant as TimerInstant;

use super::{FileError, Problems, Understood, read};

/// How often is looked whether the file has changed. It is asked for, not waited for: a file that Kubernetes mounts is
/// exchanged behind a link, which few watchers of files see.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);
/// How often it is said again what is wrong with it.
const TOLD_EVERY: Duration = Duration::from_secs(10 * 60);

/// What tells one content of the file from another without reading it; `None`: there is no such file.
type Version = Option<(SystemTime, u64)>;

/// Declares what the file says, until `shutdown`. A file that is wrong stops nothing: what is understood of it holds, and
/// beside that what held before.
pub(crate) async fn run(
    path: PathBuf,
    cluster: String,
    declaring: watch::Sender<Option<Declaration>>,
    shutdown: impl Future<Output = ()>,
) {
    let mut following = Following { path, cluster, seen: None, told_at: None };
    let mut every = tokio::time::interval(LOOK_INTERVAL);
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => return,
            _ = every.tick() => {
                if let Some(declaration) = following.look() {
                    declaring.send_replace(Some(declaration));
                }
            }
        }
    }
}

struct Following {
    path: PathBuf,
    cluster: String,
    /// `None`: it was not looked at yet.
    seen: Option<Version>,
    /// When it was said last what is wrong with it.
    told_at: Option<TimerInstant>,
}

impl Following {
    /// What the file says, if it changed, or if it is time to tell again what is wrong with it.
    fn look(&mut self) -> Option<Declaration> {
        let version = version(&self.path);
        let is_to_be_told_again = self.told_at.is_some_and(|told_at| told_at.elapsed() >= TOLD_EVERY);
        if self.seen == Some(version) && !is_to_be_told_again {
            return None;
        }
        self.seen = Some(version);
        self.told_at = None;
        match read(&self.path, &self.cluster) {
            Ok(understood) => Some(self.declaration(understood)),
            Err(error) => {
                self.tell(&error, "what it said before holds");
                None
            }
        }
    }

    fn declaration(&mut self, understood: Understood) -> Declaration {
        let Understood { all, mut problems } = understood;
        let (own, annotated): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|written| written.name != ANNOTATED_OBJECTIVE);
        for written in annotated {
            problems.0.push((
                written.line,
                format!(
                    "the name `{ANNOTATED_OBJECTIVE}` is that of the annotation {COMPLETE_BY}: name the objective of \
                     {} otherwise",
                    written.key
                ),
            ));
        }
        let is_whole = problems.is_empty();
        if is_whole {
            tracing::info!(objectives = own.len(), file = %self.path.display(), "the file of objectives holds");
        } else {
            let understood = format!(
                "{} of its objectives are understood and hold; nothing is withdrawn until all are",
                own.len()
            );
            self.tell(&wrong(&self.path, problems), &understood);
        }
        let all = own
            .into_iter()
            .map(|written| Declared { key: written.key, name: written.name, objective: written.objective })
            .collect();
        Declaration { all, is_whole }
    }

    fn tell(&mut self, error: &FileError, consequence: &str) {
        self.told_at = Some(TimerInstant::now());
        tracing::error!("{}\n{consequence}; check it with `kigen objectives check`", reasons(error));
    }
}

fn wrong(path: &Path, problems: Problems) -> FileError {
    FileError::Wrong { path: path.to_owned(), problems }
}

fn version(path: &Path) -> Version {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

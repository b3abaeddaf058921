//! The Unix socket of `kigen up` with an embedded log, by which commands write mutes beside it: such a log has one process that
//! writes. It is in the data directory, and of its owner alone.
//!
//! A request is the length of an event's value, four bytes with the highest first, and the value; the answer is `ok`, or why
//! not. Nothing but a change of a mute is written.

use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use kigen_control::Control;
use kigen_log::Log;
use kigen_model::event::{ClusterBody, ClusterEvent, Event};
use kigen_wire::Level;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

use crate::cluster_event::write_to_all;
use crate::role::until_stopped;

/// The socket's name in the data directory.
const NAME: &str = "kigen.sock";
/// The longest value of a request, in bytes.
const VALUE_BYTES_MAX: u32 = 16 * 1024;
/// The longest answer, in bytes.
const ANSWER_BYTES_MAX: u64 = 16 * 1024;
/// How long either side waits for the other.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);

/// Binds the socket; one of a process that has ended is replaced.
pub(crate) fn bind(data_dir: &Path) -> std::io::Result<UnixListener> {
    // Until the socket has its mode, only the owner can reach it.
    let private = data_dir.join(".socket");
    match std::fs::DirBuilder::new().mode(0o700).create(&private) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let first = private.join(NAME);
    match std::fs::remove_file(&first) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(&first)?;
    std::fs::set_permissions(&first, std::fs::Permissions::from_mode(0o600))?;
    std::fs::rename(&first, path(data_dir))?;
    std::fs::remove_dir(&private)?;
    Ok(listener)
}

fn path(data_dir: &Path) -> PathBuf {
    data_dir.join(NAME)
}

/// Writes the mutes of requests, one after another.
pub(crate) async fn serve<L: Log>(
    listener: UnixListener,
    log: L,
    control: Control,
    stopped: watch::Receiver<bool>,
) {
    let requests = async {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let answered = tokio::time::timeout(ANSWERS_WITHIN, answer(stream, &log, &control)).await;
                    match answered {
                        Ok(Ok(())) => {}
                        Ok(Err(error)) => tracing::warn!("a command was not answered on {NAME}: {error}"),
                        Err(_) => tracing::warn!("a command on {NAME} took longer than {ANSWERS_WITHIN:?}"),
                    }
                }
                Err(error) => {
                    tracing::warn!("{NAME} cannot be read, which is retried: {error}");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    };
    tokio::select! {
        () = requests => {}
        () = until_stopped(stopped) => {}
    }
}

async fn answer<L: Log>(mut stream: UnixStream, log: &L, control: &Control) -> std::io::Result<()> {
    let length = stream.read_u32().await?;
    let text = if length > VALUE_BYTES_MAX {
        format!("the request has {length} bytes, more than {VALUE_BYTES_MAX}")
    } else {
        let mut value = vec![0; length as usize];
        stream.read_exact(&mut value).await?;
        match write(log, &value, control.level()).await {
            Ok(()) => "ok".to_owned(),
            Err(error) => format!("{error:#}"),
        }
    };
    stream.write_all(text.as_bytes()).await?;
    stream.shutdown().await
}

async fn write<L: Log>(log: &L, value: &[u8], level: Level) -> anyhow::Result<()> {
    match kigen_wire::decode_event(value)? {
        Event::Cluster(event) if matches!(event.body, ClusterBody::Mute { .. }) => {
            anyhow::ensure!(
                kigen_wire::has_mutes(level),
                "a process of this log, or one that it may be rolled back to, does not know mutes: the record level is {level}"
            );
            Ok(write_to_all(log, event).await?)
        }
        Event::Cluster(_) | Event::Fact(_) => anyhow::bail!("only mutes are written here"),
    }
}

/// Has the `kigen up` of this data directory write a change of a mute; false: none listens.
pub(crate) async fn send(data_dir: &Path, event: &ClusterEvent) -> anyhow::Result<bool> {
    let path = path(data_dir);
    let mut stream = match UnixStream::connect(&path).await {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {
            return Ok(false);
        }
        Err(error) => {
            return Err(error).with_context(|| format!("`kigen up` cannot be reached by {}", path.display()));
        }
    };
    let value = kigen_wire::encode_event(&Event::Cluster(event.clone()), Level::NEWEST);
    let answered = async {
        stream.write_u32(u32::try_from(value.len()).unwrap_or(u32::MAX)).await?;
        stream.write_all(&value).await?;
        let mut answer = String::new();
        stream.take(ANSWER_BYTES_MAX).read_to_string(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    let answer = tokio::time::timeout(ANSWERS_WITHIN * 2, answered)
        .await
        .context("`kigen up` does not answer; look at its log")?
        .with_context(|| format!("`kigen up` did not answer by {}", path.display()))?;
    anyhow::ensure!(answer == "ok", "`kigen up` did not write it: {answer}");
    Ok(true)
}

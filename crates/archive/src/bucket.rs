//! The folder or bucket, for blocking calls: listing, reading by ranges, and writing files that are there as a whole or not at
//! all.
//!
//! It has a runtime of its own, so that it can be used where there is none, and on the threads for blocking calls of another one.

use std::io::{self, Read};
use std::sync::Arc;

use futures::TryStreamExt;
use kigen_model::topic::{Partition, Topic};
use object_store::path::Path;
use object_store::{
    Error as StoreError, MultipartUpload, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload,
};
use tokio::runtime::{Handle, Runtime};

use crate::address::Address;
use crate::error::ArchiveError;
use crate::file_name::{FileName, folder};

/// How much of a file is read or written by one request. Buckets want 5 MiB at least.
const PART_BYTES: usize = 8 * 1024 * 1024;

/// A folder or bucket. Clones share it.
#[derive(Clone)]
pub(crate) struct Bucket {
    runtime: Arc<OwnRuntime>,
    store: Arc<dyn ObjectStore>,
    folder: Path,
    address: Address,
}

/// A runtime that may be dropped on a thread of another one.
struct OwnRuntime(Option<Runtime>);

impl Drop for OwnRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Bucket {
    /// To be read.
    pub(crate) fn open(address: &Address) -> Result<Self, ArchiveError> {
        if let Some(folder) = address.local()
            && !folder.is_dir()
        {
            return Err(ArchiveError::NoFolder { address: address.to_string() });
        }
        let failed = |source| ArchiveError::Folder { address: address.to_string(), source };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let runtime = Arc::new(OwnRuntime(Some(runtime)));
        let (store, folder) = address.store()?;
        Ok(Self { runtime, store, folder, address: address.clone() })
    }

    /// To be written: creates the folder.
    pub(crate) fn create(address: &Address) -> Result<Self, ArchiveError> {
        if let Some(folder) = address.local() {
            let failed = |source| ArchiveError::Folder { address: address.to_string(), source };
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        Self::open(address)
    }

    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    /// A file's full name, for people.
    pub(crate) fn full_name(&self, topic: Topic, partition: Partition, file: FileName) -> String {
        let [topic, partition] = folder(topic, partition);
        format!("{}/{topic}/{partition}/{file}", self.address)
    }

    /// The files of a partition, in the order of their records.
    pub(crate) fn list(&self, topic: Topic, partition: Partition) -> Result<Vec<FileName>, ArchiveError> {
        let folder = self.folder_of(topic, partition);
        let listed = self.wait(self.store.list(Some(&folder)).try_collect::<Vec<_>>());
        let listed = listed.map_err(|source| self.failed(folder.to_string(), "listed", source))?;
        let names = listed.iter().filter_map(|found| FileName::of(found.location.filename()?));
        let mut names: Vec<FileName> = names.collect();
        names.sort_unstable();
        Ok(names)
    }

    /// Opens a file to be read from its beginning to its end.
    pub(crate) fn read(
        &self,
        topic: Topic,
        partition: Partition,
        file: FileName,
    ) -> Result<FileReader, ArchiveError> {
        let path = self.path_of(topic, partition, file);
        let known = self.wait(self.store.head(&path));
        let known =
            known.map_err(|source| self.failed(self.full_name(topic, partition, file), "read", source))?;
        Ok(FileReader { bucket: self.clone(), path, size: known.size, next: 0, part: Vec::new(), place: 0 })
    }

    /// Begins a file.
    pub(crate) fn write(&self, topic: Topic, partition: Partition, file: FileName) -> FileWriter<'_> {
        let path = self.path_of(topic, partition, file);
        let name = self.full_name(topic, partition, file);
        FileWriter { bucket: self, path, name, part: Vec::new(), upload: None }
    }

    /// Removes what a process that was killed while it wrote has left beside the files of a folder of this machine. In a bucket,
    /// a rule of the bucket removes unfinished uploads.
    pub(crate) fn clean(&self, topic: Topic, partition: Partition) -> Result<(), ArchiveError> {
        let Some(root) = self.address.local() else { return Ok(()) };
        let failed = |source| ArchiveError::Folder { address: self.address.to_string(), source };
        let entries = match std::fs::read_dir(folder(topic, partition).iter().fold(root.into(), join)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed(error)),
        };
        for entry in entries {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name();
            // What is written is beside its file, under its name, `#` and a number.
            let is_unfinished = name.to_str().is_some_and(|name| {
                name.split_once('#').is_some_and(|(file, _)| FileName::of(file).is_some())
            });
            if is_unfinished {
                std::fs::remove_file(entry.path()).map_err(failed)?;
            }
        }
        Ok(())
    }

    /// Begins a file and does not finish it, so that nothing is left.
    pub(crate) fn try_to_write(&self) -> Result<(), ArchiveError> {
        let path = self.folder.clone().join("doctor");
        let failed = |source| self.failed(path.to_string(), "written", source);
        let mut upload = self.wait(self.store.put_multipart(&path)).map_err(failed)?;
        let sent = self.wait(upload.put_part(PutPayload::from(vec![0; 4_096])));
        let aborted = self.wait(upload.abort());
        sent.and(aborted).map_err(failed)
    }

    fn folder_of(&self, topic: Topic, partition: Partition) -> Path {
        folder(topic, partition).into_iter().fold(self.folder.clone(), |path, part| path.join(part))
    }

    fn path_of(&self, topic: Topic, partition: Partition, file: FileName) -> Path {
        self.folder_of(topic, partition).join(file.to_string())
    }

    fn failed(&self, file: String, what: &'static str, source: StoreError) -> ArchiveError {
        let file =
            if file.contains(&self.address.to_string()) { file } else { format!("{}: {file}", self.address) };
        ArchiveError::Store { file, what, source: Box::new(source) }
    }

    /// Waits for a request. A thread of another runtime must not run this one's: then one of its own does.
    fn wait<T: Send>(&self, work: impl Future<Output = T> + Send) -> T {
        let Some(runtime) = &self.runtime.0 else {
            unreachable!("it is taken when the last clone is dropped")
        };
        if Handle::try_current().is_err() {
            return runtime.block_on(work);
        }
        let done = std::thread::scope(|scope| scope.spawn(|| runtime.block_on(work)).join());
        done.unwrap_or_else(|panicked| std::panic::resume_unwind(panicked))
    }
}

fn join(path: std::path::PathBuf, part: &String) -> std::path::PathBuf {
    path.join(part)
}

/// A file that is read, a part at a time.
pub(crate) struct FileReader {
    bucket: Bucket,
    path: Path,
    size: u64,
    next: u64,
    part: Vec<u8>,
    place: usize,
}

impl Read for FileReader {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if self.place == self.part.len() && self.next < self.size {
            let until = self.size.min(self.next + PART_BYTES as u64);
            let part = self.bucket.wait(self.bucket.store.get_range(&self.path, self.next..until));
            self.part = part.map_err(io::Error::other)?.to_vec();
            (self.place, self.next) = (0, until);
        }
        let mut rest = &self.part[self.place..];
        let read = rest.read(to)?;
        self.place += read;
        Ok(read)
    }
}

/// A file that is written. Until it is finished, it is not there.
pub(crate) struct FileWriter<'a> {
    bucket: &'a Bucket,
    path: Path,
    name: String,
    part: Vec<u8>,
    upload: Option<Box<dyn MultipartUpload>>,
}

impl FileWriter<'_> {
    /// Appends bytes.
    pub(crate) fn append(&mut self, bytes: Vec<u8>) -> Result<(), ArchiveError> {
        if self.part.is_empty() {
            self.part = bytes;
        } else {
            self.part.extend(bytes);
        }
        if self.part.len() < PART_BYTES {
            return Ok(());
        }
        if self.upload.is_none() {
            let begun = self.bucket.wait(self.bucket.store.put_multipart(&self.path));
            self.upload = Some(begun.map_err(|source| self.failed(source))?);
        }
        self.send()
    }

    /// Makes the file be there.
    pub(crate) fn finish(mut self) -> Result<(), ArchiveError> {
        if self.upload.is_none() {
            let payload = PutPayload::from(std::mem::take(&mut self.part));
            let options = PutOptions::from(PutMode::Create);
            return match self.bucket.wait(self.bucket.store.put_opts(&self.path, payload, options)) {
                // Another process has written the same, or the answer to the last attempt was lost.
                Ok(_) | Err(StoreError::AlreadyExists { .. }) => Ok(()),
                Err(source) => Err(self.failed(source)),
            };
        }
        if !self.part.is_empty() {
            self.send()?;
        }
        let Some(mut upload) = self.upload.take() else { return Ok(()) };
        match self.bucket.wait(upload.complete()) {
            Ok(_) => Ok(()),
            Err(source) => {
                // A folder's unfinished file is removed with it, and a bucket has a rule for them.
                let _ = self.bucket.wait(upload.abort());
                Err(self.failed(source))
            }
        }
    }

    fn send(&mut self) -> Result<(), ArchiveError> {
        let Some(upload) = &mut self.upload else { return Ok(()) };
        let sent = upload.put_part(PutPayload::from(std::mem::take(&mut self.part)));
        self.bucket.wait(sent).map_err(|source| self.failed(source))
    }

    fn failed(&self, source: StoreError) -> ArchiveError {
        self.bucket.failed(self.name.clone(), "written", source)
    }
}

impl Drop for FileWriter<'_> {
    fn drop(&mut self) {
        if let Some(mut upload) = self.upload.take() {
            let _ = self.bucket.wait(upload.abort());
        }
    }
}

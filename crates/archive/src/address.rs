//! Where an archive is: a folder, or a bucket of S3 or Google Cloud Storage.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::local::LocalFileSystem;
use object_store::{ObjectStore, RetryConfig};

use crate::error::ArchiveError;
use crate::http::Connector;

/// For how long a request to a bucket is attempted. What fails then is attempted again by the caller, if at all.
const RETRY_MAX: Duration = Duration::from_secs(20);
const RETRIES_MAX: usize = 3;

/// Where an archive is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    kind: Kind,
    /// As it was given.
    text: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Folder(PathBuf),
    S3 { folder: String },
    Google { folder: String },
}

impl Address {
    /// Of a folder, `file://` with a path, `s3://BUCKET/FOLDER` or `gs://BUCKET/FOLDER`.
    ///
    /// # Errors
    /// It is none of these.
    pub fn of(text: &str) -> Result<Self, ArchiveError> {
        let refused = || ArchiveError::Address { address: text.to_owned() };
        let folder_of = |rest: &str| {
            let (bucket, folder) = rest.split_once('/').unwrap_or((rest, ""));
            (!bucket.is_empty()).then(|| folder.to_owned()).ok_or_else(refused)
        };
        let kind = match text.split_once("://") {
            Some(("s3", rest)) => Kind::S3 { folder: folder_of(rest)? },
            Some(("gs", rest)) => Kind::Google { folder: folder_of(rest)? },
            Some(("file", path)) if path.starts_with('/') => Kind::Folder(path.into()),
            None if !text.is_empty() => Kind::Folder(text.into()),
            Some(_) | None => return Err(refused()),
        };
        Ok(Self { kind, text: text.to_owned() })
    }

    /// The folder, if it is one of this machine.
    pub(crate) fn local(&self) -> Option<&Path> {
        match &self.kind {
            Kind::Folder(path) => Some(path),
            Kind::S3 { .. } | Kind::Google { .. } => None,
        }
    }

    /// The store, and the folder in it. Credentials and endpoints are those of the environment, as the tools of the bucket's
    /// provider read them.
    pub(crate) fn store(&self) -> Result<(Arc<dyn ObjectStore>, object_store::path::Path), ArchiveError> {
        let failed = |source| ArchiveError::Open { address: self.to_string(), source: Box::new(source) };
        let retry =
            RetryConfig { max_retries: RETRIES_MAX, retry_timeout: RETRY_MAX, ..RetryConfig::default() };
        let (store, folder): (Arc<dyn ObjectStore>, &str) = match &self.kind {
            Kind::Folder(path) => {
                let store = LocalFileSystem::new_with_prefix(path).map_err(failed)?;
                (Arc::new(store.with_fsync(true)), "")
            }
            Kind::S3 { folder } => {
                let builder = AmazonS3Builder::from_env().with_url(&self.text).with_retry(retry);
                (Arc::new(builder.with_http_connector(Connector).build().map_err(failed)?), folder)
            }
            Kind::Google { folder } => {
                let builder = GoogleCloudStorageBuilder::from_env().with_url(&self.text).with_retry(retry);
                (Arc::new(builder.with_http_connector(Connector).build().map_err(failed)?), folder)
            }
        };
        Ok((store, object_store::path::Path::from(folder)))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text.trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_folder_or_a_bucket_of_a_known_provider() {
        for good in ["archive", "/srv/archive", "file:///srv/archive", "s3://b", "s3://b/a/c/", "gs://b/a"] {
            Address::of(good).expect(good);
        }
        for bad in ["", "s3://", "gs:///folder", "http://example.com/a", "file://relative", "azure://b/a"] {
            Address::of(bad).expect_err(bad);
        }
    }
}

//! The files of the checkout, and the list of what is wrong in them.

use std::fs;
use std::path::{Path, PathBuf};

/// A source file, its path relative to the root of the repository.
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

impl Source {
    pub(crate) fn numbered_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        numbered(&self.text)
    }
}

pub(crate) fn rust_sources(folders: &[&str]) -> Vec<Source> {
    let paths = folders.iter().flat_map(|folder| files_under(&root().join(folder), "rs"));
    paths.map(|path| Source { text: read(&path), path }).collect()
}

/// The files below `folder` with that extension, in order, relative to the root; build results and hidden folders
/// are left out.
pub(crate) fn files_under(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.expect("a folder of the checkout can be listed").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() && name != "target" && !name.starts_with('.') {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                files.push(path.strip_prefix(root()).expect("it lies below the root").to_owned());
            }
        }
    }
    files.sort();
    files
}

pub(crate) fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(root().join(path))
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}

pub(crate) fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, line))
}

/// Cargo runs a test in its package's folder. The path is not compiled in: another checkout may share the build.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(".")
}

/// What is wrong, collected so that one run shows all of it.
#[derive(Default)]
pub(crate) struct Faults(Vec<String>);

impl Faults {
    pub(crate) fn add(&mut self, path: &Path, line: usize, advice: &str) {
        self.0.push(format!("{}:{line}: {advice}", path.display()));
    }

    pub(crate) fn assert_none(self) {
        assert!(self.0.is_empty(), "{} places to mend:\n{}", self.0.len(), self.0.join("\n"));
    }
}

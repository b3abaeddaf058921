//! What tests and benches need and users do not: a Kafka broker, a schema registry, a worker of Kafka Connect, a
//! simulated log, a generated fleet. A dev-dependency only.

use std::path::PathBuf;

pub mod acls;
pub mod admin;
pub mod bench;
pub mod bucket;
pub mod connect;
pub mod fleet;
pub mod kafka;
pub mod process;
pub mod registry;
pub mod simulated;
pub mod small_disk;
pub mod wide;

/// The folder in which the Makefile keeps what it downloads and builds for the tests.
///
/// # Panics
/// Neither `XDG_CACHE_HOME` nor `HOME` is set.
#[must_use]
pub fn cache() -> PathBuf {
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or(home).expect("HOME is set");
    cache.join("kigen")
}

//! What tests need and users do not. A dev-dependency only.

use std::path::PathBuf;

pub mod acls;
pub mod kafka;
pub mod others;
pub mod process;
pub mod registry;
pub mod simulated;

/// Where the Makefile keeps what it fetches and makes for the tests.
///
/// # Panics
/// The environment names neither a cache nor a home.
#[must_use]
pub fn cache() -> PathBuf {
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or(home).expect("HOME is set");
    cache.join("kigen")
}

//! The client of schema registries: against a real registry, and against servers that refuse.

mod real;
mod refusing;

use kigen_registry::Access;

/// Without credentials.
fn access(url: &str) -> Access {
    Access::new(url, None, None, None).expect("an address")
}

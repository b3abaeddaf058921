//! The client of schema registries: against a real one, and against servers that refuse.

mod real;
mod refusing;

use kigen_registry::Access;

/// Asked by nobody in particular.
fn access(url: &str) -> Access {
    Access::new(url, None, None, None).expect("an address")
}

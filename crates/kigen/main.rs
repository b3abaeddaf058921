//! The `kigen` binary: parses, configures, wires and runs.
fn main() {}

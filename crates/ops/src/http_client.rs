//! Small blocking HTTP clients: what all have in common, and which certificate authorities a server is checked against.

use std::sync::Arc;
use std::time::Duration;

use ureq::Agent;
use ureq::config::ConfigBuilder;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::typestate::AgentScope;

/// A client with this trust, whose responses may take so long, and that names itself.
#[must_use]
pub fn http_client(tls: TlsConfig, response_max: Duration) -> ConfigBuilder<AgentScope> {
    Agent::config_builder()
        .tls_config(tls)
        .timeout_global(Some(response_max))
        .user_agent(concat!("kigen/", env!("CARGO_PKG_VERSION")))
}

/// Trusts the certificate authorities of this machine, and these. One of the machine that cannot be read is left out.
#[must_use]
pub fn trust(more: impl IntoIterator<Item = Certificate<'static>>) -> TlsConfig {
    let machine = rustls_native_certs::load_native_certs();
    for error in machine.errors {
        tracing::debug!("a certificate authority of this machine cannot be read: {error}");
    }
    let of_machine = machine.certs.iter().map(|found| Certificate::from_der(found).to_owned());
    with_roots(&of_machine.chain(more).collect::<Vec<_>>())
}

/// For a server without TLS: reads no file of this machine, and trusts no one.
#[must_use]
pub fn trust_none() -> TlsConfig {
    with_roots(&[])
}

fn with_roots(roots: &[Certificate<'static>]) -> TlsConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = TlsConfig::builder().unversioned_rustls_crypto_provider(provider);
    config.root_certs(RootCerts::new_with_certs(roots)).build()
}

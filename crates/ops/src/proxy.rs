//! Which requests go through a proxy, as the environment states it.

use std::net::IpAddr;

use http::Uri;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};

/// The proxy for a destination, by `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, in upper or lower case; `None`: it
/// is reached directly, as this machine itself always is.
///
/// `NO_PROXY` lists hosts, domains with all that is below them, addresses and CIDR ranges, separated by commas, and is compared
/// with the destination.
#[must_use]
pub fn proxy_for(destination: &Uri) -> Option<Intercept> {
    proxy_by(&Matcher::from_env(), destination)
}

fn proxy_by(environment: &Matcher, destination: &Uri) -> Option<Intercept> {
    let host = destination.host()?;
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    if host == "localhost" || address.is_ok_and(|address| address.is_loopback()) {
        return None;
    }
    environment.intercept(destination)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_proxied(no_proxy: &str, destination: &str) -> bool {
        let environment = Matcher::builder().https("http://127.0.0.1:3128").no(no_proxy).build();
        proxy_by(&environment, &destination.parse().expect("a URL")).is_some()
    }

    #[test]
    fn no_proxy_is_compared_with_the_destination_and_not_with_the_proxy() {
        assert!(is_proxied("127.0.0.1,localhost", "https://10.1.2.3:6443"));
        assert!(!is_proxied("10.0.0.0/8", "https://10.1.2.3:6443"));
        assert!(!is_proxied("example.com", "https://api.example.com"));
        assert!(is_proxied("example.com", "https://slack.com/api/"));
        assert!(!is_proxied("*", "https://slack.com/api/"));
    }

    #[test]
    fn this_machine_is_reached_directly() {
        for destination in ["https://localhost:6443", "https://127.0.0.1:6443", "https://[::1]:6443"] {
            assert!(!is_proxied("", destination), "{destination}");
        }
    }
}

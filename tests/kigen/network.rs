//! Networks that are reached through a proxy only, and secrets that are replaced while kigen runs.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use chrono::TimeDelta;
use kigen_testkit::acls::{Operation, Permission, Resource, Rule};
use kigen_testkit::kafka::{Broker, PASSWORD, USER};

use crate::support::http::free_port;
use crate::support::proxy::Proxy;
use crate::support::slack::slack_into;
use crate::support::{HEAVY, Up, kigen, noon, not_tested, play, steady_and_absent};

/// The address of a URL of this machine.
fn address(url: &str) -> SocketAddr {
    let rest = url.strip_prefix("http://").expect("a URL");
    rest.split('/').next().expect("an authority").parse().expect("an address")
}

/// A kubeconfig of this server, with these keys of its cluster and user.
fn write_kubeconfig(path: &Path, cluster: &str, user: &str) {
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: test\n\
         clusters: [{{name: test, cluster: {{{cluster}}}}}]\nusers: [{{name: test, user: {{{user}}}}}]\n\
         contexts: [{{name: test, context: {{cluster: test, user: test}}}}]\n"
    );
    std::fs::write(path, text).expect("a kubeconfig");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_server_and_slack_are_reached_through_a_proxy_that_wants_a_password() {
    let _heavy = HEAVY.lock().await;
    let dir = tempfile::tempdir().expect("a folder");
    let server = play(steady_and_absent(3, None)).await;
    let slack = slack_into(&dir.path().join("posted")).await;
    // A tunnel's port is 443 where a URL names none.
    let hosts = [("api.test:6443", address(&server.url())), ("slack.test:443", address(&slack))];
    let proxy = Proxy::start(hosts.map(|(name, address)| (name.to_owned(), address)).into());
    let url = format!("http://kigen:pa%40ss@{}", proxy.address());
    let kubeconfig = dir.path().join("kubeconfig");
    write_kubeconfig(&kubeconfig, &format!("server: \"http://api.test:6443\", proxy-url: \"{url}\""), "");
    let config = dir.path().join("kigen.toml");
    let text = "[kubernetes]\nprobe_interval_ms = 100\n[slack]\napi_url = \"http://slack.test/api/\"\n";
    std::fs::write(&config, text).expect("a configuration");
    let (data, port) = (dir.path().join("data"), free_port());
    let mut command = kigen();
    command.args(["up", "--cluster", "shop", "--slack-channel", "C1"]);
    command.arg("--kubeconfig").arg(&kubeconfig).arg("--config").arg(&config).arg("--data-dir").arg(&data);
    command.arg("--health-address").arg(format!("127.0.0.1:{port}"));
    command.env("KIGEN_SLACK_TOKEN", "xoxb-1").env("HTTP_PROXY", &url).env_remove("NO_PROXY");
    let mut up = Up::spawn(command, dir.path(), data, port);
    up.wait_until_it_watches().await;
    server.clock().advance_to(noon(1) + TimeDelta::hours(1));
    up.wait_for_metric("kigen_deliveries_total", 1.0).await;
    let posted = std::fs::read_to_string(dir.path().join("posted")).expect("a message");
    assert!(posted.contains("absent"), "{posted}");
    for host in ["api.test", "slack.test"] {
        let requests = proxy.requests_for(host);
        let first = requests.first().expect("a request").to_ascii_lowercase();
        // `kigen:pa@ss` in base64.
        assert!(first.contains("proxy-authorization: basic a2lnzw46cgfac3m="), "{first}");
    }
    let pages = ["/readyz", "/metrics"].map(|page| up.get(page).expect("it answers").body).concat();
    for text in [up.log(), pages] {
        assert!(!text.contains("pa%40ss") && !text.contains("pa@ss"), "{text}");
    }
    up.terminate();
    server.shutdown().await;
}

#[test]
fn no_proxy_is_compared_with_the_address_of_the_cluster() {
    let dir = tempfile::tempdir().expect("a folder");
    let kubeconfig = dir.path().join("kubeconfig");
    write_kubeconfig(&kubeconfig, "server: \"https://api.test:6443\"", "");
    for (no_proxy, is_proxied) in [("127.0.0.1,localhost", true), (".test,10.0.0.0/8", false)] {
        let proxy = Proxy::start(BTreeMap::new());
        let mut command = kigen();
        command.args(["doctor", "--dry-run"]).arg("--kubeconfig").arg(&kubeconfig).current_dir(dir.path());
        command.env("HTTPS_PROXY", format!("http://{}", proxy.address())).env("NO_PROXY", no_proxy);
        let output = command.output().expect("it runs");
        let requests = proxy.requests_for("api.test");
        assert_eq!(!requests.is_empty(), is_proxied, "NO_PROXY={no_proxy}: {requests:?} {output:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_of_kafka_that_changes_in_its_file_is_used_from_then_on() {
    let _heavy = HEAVY.lock().await;
    let Some(broker) = Broker::start_guarded() else {
        return not_tested("a password of Kafka that changes (the broker is external)");
    };
    for resource in
        [Resource::Topics("kigen."), Resource::Groups("kigen-"), Resource::TransactionalIds("kigen-")]
    {
        let (permission, operation) = (Permission::Allow, Operation::All);
        Rule { user: USER, permission, operation, resource }.add(&broker.super_users());
    }
    let dir = tempfile::tempdir().expect("a folder");
    let (password, config) = (dir.path().join("password"), dir.path().join("kigen.toml"));
    let give = |text: &str| std::fs::write(&password, format!("{text}\n")).expect("a file");
    give(PASSWORD);
    let text = format!(
        "[log]\nkind = \"kafka\"\npartitions = 2\n[kafka]\nbrokers = \"{}\"\nreplication = 1\ninstance = \"one\"\n\
         password_file = \"{}\"\n[kafka.settings]\n\"security.protocol\" = \"SASL_PLAINTEXT\"\n\
         \"sasl.mechanisms\" = \"PLAIN\"\n\"sasl.username\" = \"{USER}\"\n",
        broker.bootstrap(),
        password.display()
    );
    std::fs::write(&config, text).expect("a configuration");
    let (data, port) = (dir.path().join("data"), free_port());
    let mut command = kigen();
    command.arg("process").arg("--config").arg(&config).arg("--data-dir").arg(&data);
    command.arg("--health-address").arg(format!("127.0.0.1:{port}"));
    let mut process = Up::spawn(command, dir.path(), data, port);
    let shown = Command::new(kigen().get_program()).arg("config").arg("--config").arg(&config).output();
    let shown = String::from_utf8(shown.expect("it runs").stdout).expect("text");
    assert!(shown.contains("password_file = ") && !shown.contains(PASSWORD), "{shown}");
    process.wait_for_readyz(200, "ready\n").await;

    give("another");
    let body = process.wait_for_readyz(503, "log        NOT").await;
    assert!(!body.contains("another"), "{body}");
    process.wait_for_log("kigen starts again").await;
    give(PASSWORD);
    process.wait_for_readyz(200, "ready\n").await;
    let (status, _) = process.terminate();
    assert!(status.success(), "{status}");
}

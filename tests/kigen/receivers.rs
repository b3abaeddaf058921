//! The receivers beside Slack: how they are configured, what is wrong with them, and which secrets are shown: none.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::routing::post;
use chrono::TimeDelta;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::support::{PATIENCE, Up, kigen, noon, play, steady_and_absent};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// The exit code of a command with a configuration, and what it printed: to stdout, then to stderr.
fn run(dir: &Path, config: &str, args: &[&str]) -> (Option<i32>, String, String) {
    std::fs::write(dir.join("kigen.toml"), config).expect("a configuration");
    let output = kigen()
        .args(args)
        .current_dir(dir)
        .env_clear()
        .env("OPS_URL", "https://ops.example.com/hidden-1")
        .env("OPS_SECRET", SECRET)
        .output()
        .expect("kigen runs");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn configured(config: &str, args: &[&str]) -> (Option<i32>, String, String) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    run(dir.path(), config, args)
}

fn webhook(more: &str) -> String {
    format!("[[receivers]]\nname = \"ops\"\nkind = \"webhook\"\n{more}\n")
}

#[test]
fn receivers_need_no_slack_and_a_secret_may_come_from_text_file_or_environment() {
    for keys in [
        "url_env = \"OPS_URL\"\nsecret_envs = [\"OPS_SECRET\"]".to_owned(),
        "url_file = \"/etc/ops/url\"\nsecret_files = [\"/etc/ops/secret\"]".to_owned(),
        format!("url = \"https://ops.example.com/hidden-1\"\nsecrets = [\"{SECRET}\"]"),
    ] {
        let config = webhook(&format!("default = [\"miss\", \"cluster\"]\n{keys}"));
        let (code, shown, error) = configured(&config, &["config", "check"]);
        assert_eq!((code, &*shown), (Some(0), "nothing is wrong with the configuration\n"), "{error}");
        let (_, shown, _) = configured(&config, &["config"]);
        assert!(shown.contains("[[receivers]]\nname = \"ops\"\nkind = \"webhook\"\n"), "{shown}");
        assert!(!shown.contains("hidden-1") && !shown.contains("MfKQ9"), "{shown}");
    }
}

#[test]
fn each_kind_is_understood_and_none_of_its_secrets_is_shown() {
    let kinds = [
        ("pagerduty", "key = \"hidden-1\""),
        ("alertmanager", "url = \"http://kigen:hidden-1@alertmanager:9093\""),
        ("teams", "url_env = \"OPS_URL\""),
        ("discord", "url_env = \"OPS_URL\""),
        (
            "email",
            "host = \"mail\"\nport = 2525\nsecurity = \"tls\"\nuser = \"kigen\"\npassword = \"hidden-1\"\nfrom = \
             \"kigen <kigen@example.com>\"\nto = [\"ops@example.com\"]",
        ),
    ];
    for (kind, keys) in kinds {
        let config =
            format!("[[receivers]]\nname = \"ops\"\nkind = \"{kind}\"\ndefault = [\"miss\"]\n{keys}\n");
        let (code, shown, error) = configured(&config, &["config", "check"]);
        assert_eq!(
            (code, &*shown),
            (Some(0), "nothing is wrong with the configuration\n"),
            "{kind}: {error}"
        );
        let (_, shown, _) = configured(&config, &["config"]);
        assert!(shown.contains(kind) && !shown.contains("hidden-1"), "{shown}");
    }
}

#[test]
fn what_is_wrong_with_a_receiver_is_an_error_that_names_it_and_shows_no_secret() {
    let check = |config: &str, why: &str| {
        let (code, _, error) = configured(config, &["config", "check"]);
        assert_eq!(code, Some(2), "{config}");
        assert!(error.contains(why), "{config}: {error}");
        assert!(!error.contains("hidden-"), "{error}");
    };
    let url = "url = \"https://hidden-1.example.com\"";
    let named = "the receiver `ops` under [[receivers]] is not understood: ";
    let of = |why: &str| format!("{named}{why}");
    check(&webhook(url), &of("a webhook needs a secret"));
    check(
        &webhook(&format!("{url}\nsecrets = [\"hidden-2\"]")),
        &of("a secret (not shown) does not begin with"),
    );
    check(
        &webhook(&format!("{url}\nsecrets = [\"whsec_aGlkZGVuLTI=\"]")),
        &of("a secret (not shown) has a key that is not of 24 to 64 bytes"),
    );
    let secret = format!("secrets = [\"{SECRET}\"]");
    check(&webhook(&secret), &of("it needs `url`, `url_file` or `url_env`"));
    check(
        &webhook(&format!("{secret}\n{url}\nurl_file = \"/etc/url\"")),
        &of("it has more than one of `url`, `url_file` and `url_env`"),
    );
    check(&webhook(&format!("{secret}\nurl = \"hidden-1.example.com\"")), &of("its url (not shown"));
    check(
        &webhook(&format!("{secret}\nurl_env = \"OPS_ADDRESS\"")),
        &of("the environment has no variable `OPS_ADDRESS`, which its url_env names"),
    );
    check(&webhook(&format!("{secret}\n{url}\nlocale = \"jp\"")), &of("its locale is `jp`"));
    check(
        "[[receivers]]\nname = \"ops\"\nkind = \"fax\"\n",
        &of("its kind is `fax`: the kinds are webhook, pagerduty, alertmanager, email, teams, discord"),
    );
    check("[[receivers]]\nname = \"Ops!\"\nkind = \"webhook\"\n", "a name has 1 to 40 of a-z, 0-9 and `-`");
    check(
        &webhook(&format!("{secret}\n{url}\nkey = \"hidden-3\"")),
        &of("the kind webhook has no key `key`"),
    );
    let mail = |more: &str| format!("[[receivers]]\nname = \"ops\"\nkind = \"email\"\n{more}\n");
    let boxes = "from = \"kigen@example.com\"\nto = [\"Ops <ops@example.com>\"]";
    check(&mail(boxes), &of("it needs `host`"));
    check(&mail("host = \"mail\"\nfrom = \"a@b.c\""), &of("it needs `from`, a mailbox, and `to`"));
    check(&mail("host = \"mail\"\nfrom = \"kigen\"\nto = [\"a@b.c\"]"), &of("`kigen` is no mailbox"));
    let login = "user = \"kigen\"\npassword = \"hidden-4\"";
    check(
        &mail(&format!("host = \"mail\"\nsecurity = \"none\"\n{boxes}\n{login}")),
        &of("with `security = \"none\"` its password would be readable"),
    );
    check(
        &mail(&format!("host = \"mail\"\n{boxes}\npassword = \"hidden-4\"")),
        &of("it has a password, and no"),
    );
    let whole = webhook(&format!("{secret}\n{url}"));
    check(&format!("{whole}{whole}"), &of("another receiver has this name"));
    check(&whole, "missed deadlines have no receiver where no rule decides");
    let rule = |line: &str| format!("{whole}default = [\"miss\"]\n[[routes]]\nname = \"dwh\"\n{line}\n");
    check(
        &rule("receivers = [\"oops\"]"),
        "no receiver under [[receivers]] has the name `oops`; there are: ops",
    );
    check(&rule("channel = \"#dwh\""), "it has a channel, and Slack is not used");
}

type Requests = Arc<Mutex<Vec<(String, HeaderMap, String)>>>;

/// A service that accepts whatever is posted, at whatever path.
async fn service() -> (String, Requests) {
    let requests = Requests::default();
    let receive = |State(requests): State<Requests>, uri: Uri, headers: HeaderMap, body: String| async move {
        requests.lock().expect("unpoisoned").push((uri.to_string(), headers, body));
        StatusCode::ACCEPTED
    };
    let router = Router::new().fallback(post(receive)).with_state(Arc::clone(&requests));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, requests)
}

/// `kigen up` as it is configured: by a rule the pager receives misses, beside what the `default` of the webhook decides.

#[test]
fn what_is_no_receiver_for_people_has_no_quiet_hours() {
    let check = |config: &str, why: &str| {
        let (code, _, error) = configured(config, &["config"]);
        assert_eq!(code, Some(2), "{config}");
        assert!(error.contains(why), "{config}: {error}");
    };
    let (url, secret) = ("url = \"https://ops.example.com\"", format!("secrets = [\"{SECRET}\"]"));
    let quiet = "quiet = {hours = \"22:00-07:00\", zone = \"UTC\"}";
    check(&webhook(&format!("{secret}\n{url}\n{quiet}")), "it has quiet hours: quiet hours are for Slack");
    check(
        &format!(
            "{}[[routes]]\nname = \"r\"\nreceivers = [\"ops\"]\n{quiet}\n",
            webhook(&format!("{secret}\n{url}"))
        ),
        "it has quiet hours, and webhook:ops is a program's",
    );
    let mail = "[[receivers]]\nname = \"team\"\nkind = \"email\"\nhost = \"smtp\"\nfrom = \"a@b.c\"\nto = [\"d@e.f\"]\n";
    let (code, _, error) = configured(&format!("{mail}{quiet}\n"), &["config"]);
    assert_eq!(code, Some(0), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn kigen_up_without_slack_delivers_to_the_receivers_that_the_rules_name() {
    let (url, requests) = service().await;
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = play(steady_and_absent(3, None)).await;
    let config = format!(
        "[[receivers]]\nname = \"ops\"\nkind = \"webhook\"\ndefault = [\"miss\", \"unknown\"]\nurl = \"{url}/hook/hidden-1\"\n\
         secrets = [\"{SECRET}\"]\n[[receivers]]\nname = \"pager\"\nkind = \"pagerduty\"\nkey = \"hidden-2\"\nurl = \"{url}\"\n\
         [[routes]]\nname = \"absent\"\nkind = [\"miss\"]\nnamespace = [\"ml\"]\nreceivers = [\"pager\"]\ncontinue = true\n"
    );
    let mut up = Up::start_without_slack(dir.path(), &server.url(), &config);
    up.wait_until_it_watches().await;
    server.clock().advance_to(noon(1) + TimeDelta::minutes(1));
    let of = |path: &str| -> Vec<(HeaderMap, Value)> {
        let requests = requests.lock().expect("unpoisoned");
        let of_path = requests.iter().filter(|(uri, ..)| uri == path);
        of_path
            .map(|(_, headers, body)| (headers.clone(), serde_json::from_str(body).expect("JSON")))
            .collect()
    };
    let until = Instant::now() + PATIENCE;
    while of("/hook/hidden-1").is_empty() || of("/v2/enqueue").is_empty() {
        assert!(Instant::now() < until, "nothing was delivered\n{}", up.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    up.wait_for_readyz(200, "none waits").await;
    let (headers, hook) = of("/hook/hidden-1").remove(0);
    assert!(headers["webhook-signature"].to_str().is_ok_and(|text| text.starts_with("v1,")), "{headers:?}");
    assert_eq!((&hook["type"], &hook["data"]["batch"]), (&"kigen.slot_missed".into(), &"absent".into()));
    let (_, event) = of("/v2/enqueue").remove(0);
    assert_eq!((&event["event_action"], &event["routing_key"]), (&"trigger".into(), &"hidden-2".into()));
    assert_eq!(event["dedup_key"], hook["data"]["incident"]);
    let log = up.log();
    assert!(!log.contains("hidden-") && !log.contains("whsec_"), "{log}");
    let (status, _) = up.terminate();
    assert!(status.success(), "{status}");
    server.shutdown().await;
}

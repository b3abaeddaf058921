//! The receivers beside Slack: how they are configured, what is wrong with them, and which secrets are shown: none.

use std::path::Path;

use crate::support::kigen;

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
    check(&rule("receivers = [\"oops\"]"), "no receiver under [[receivers]] has the name `oops`: ops");
    check(&rule("channel = \"#dwh\""), "it has a channel, and Slack is not used");
}

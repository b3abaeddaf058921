//! Hides secrets in texts that programs and clusters wrote.
//!
//! A secret is recognised by its own shape (`ghp_...`), by its name (`password=...`, `?sig=...`), or by its place (a
//! URL's password, a header). Rather a harmless word is hidden than a secret shown; a name that is prose stays (`Unexpected
//! token: }`). The work grows with the text's length, whatever its content: each pattern is matched in linear time.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// What takes a secret's place.
pub const HIDDEN: &str = "[hidden]";

/// The text without secrets. What is scrubbed once stays as it is.
pub fn scrub(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    for Pattern { regex, left } in PATTERNS.iter() {
        if let Cow::Owned(scrubbed) = regex.replace_all(&text, *left) {
            text = Cow::Owned(scrubbed);
        }
    }
    match NAMED.replace_all(&text, hidden_value) {
        Cow::Owned(scrubbed) => Cow::Owned(scrubbed),
        Cow::Borrowed(_) => text,
    }
}

struct Pattern {
    regex: Regex,
    left: &'static str,
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the patterns are valid, as the tests show")
}

static PATTERNS: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
    let by_shape = SHAPES.iter().map(|pattern| Pattern { regex: regex(pattern), left: HIDDEN });
    let by_place =
        PLACES.iter().map(|pattern| Pattern { regex: regex(pattern), left: "${before}[hidden]${after}" });
    by_shape.chain(by_place).collect()
});

/// Secrets that are known by their shape.
const SHAPES: &[&str] = &[
    // A private key in PEM, whole, or without its end.
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z)",
    // One whose beginning was cut off.
    r"(?:\b[A-Za-z0-9+/=]+(?:\s|\\n)+)?(?:[A-Za-z0-9+/]{40,}(?:\s|\\r|\\n)+)*[A-Za-z0-9+/=]*(?:\s|\\r|\\n)*-----END [A-Z ]*PRIVATE KEY-----",
    // Lines of one that has neither.
    r"(?m)(?:^[A-Za-z0-9+/]{64}$\n?){3,}",
    // AWS, GitHub, GitLab, Slack, a JWT.
    r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    r"\bgh[pousr]_[0-9A-Za-z]{20,}",
    r"\bgithub_pat_[0-9A-Za-z_]{20,}",
    r"\bgl(?:pat|ptt|dt|rt|cbt|soat)-[0-9A-Za-z_-]{20,}",
    r"\bx(?:ox[abceoprs]|app)-[0-9A-Za-z-]{10,}",
    r"\bey[0-9A-Za-z_-]{10,}\.[0-9A-Za-z_-]{5,}\.[0-9A-Za-z_-]*",
    // Google: an API key, an access token, an OAuth client's secret.
    r"\bAIza[0-9A-Za-z_-]{30,}",
    r"\bya29\.[0-9A-Za-z_-]{10,}",
    r"\bGOCSPX-[0-9A-Za-z_-]{10,}",
    // OpenAI, Anthropic, Stripe; Hugging Face, npm, PyPI, Docker, SendGrid, Databricks, DigitalOcean, Shopify, Vault.
    r"\b[srp]k[-_](?:live_|test_|proj-|ant-)?[0-9A-Za-z_-]{16,}",
    r"\b(?:hf_|npm_|pypi-|dckr_pat_|dckr_oat_|dop_v1_|shpat_|hvs\.|whsec_)[0-9A-Za-z_-]{20,}",
    r"\bSG\.[0-9A-Za-z_-]{16,}\.[0-9A-Za-z_-]{16,}",
    r"\bdapi[0-9a-f]{32}\b",
];

/// Secrets that are known by what is before them.
const PLACES: &[&str] = &[
    // Webhooks: their URL is the permission.
    r"(?P<before>\bhooks\.slack\.com/(?:services|workflows|triggers)/)[^\s\x22'<>]+",
    r"(?P<before>\bdiscord(?:app)?\.com/api/webhooks/)[^\s\x22'<>]+",
    r"(?P<before>\b[\w.-]+\.webhook\.office\.com/)[^\s\x22'<>]+",
    r"(?P<before>\bchat\.googleapis\.com/v1/spaces/[^\s\x22'<>?]*\?)[^\s\x22'<>]+",
    r"(?P<before>\bapi\.telegram\.org/bot)[^\s\x22'<>/]+",
    r"(?P<before>\bevents\.pagerduty\.com/integration/)[^\s\x22'<>/]+",
    // Headers, up to the end of the line or of the quotation.
    r"(?i)(?P<before>\b(?:proxy-)?authorization[\x22']?\s*[:=]\s*[\x22']?)(?:(?:bearer|basic|token|digest|negotiate|aws4-hmac-sha256)\s+)?[^\s\x22']+",
    r"(?i)(?P<before>\bbearer[ \t]+)[0-9a-z._~+/=-]{8,}",
    r"(?i)(?P<before>\b(?:set-)?cookies?[\x22']?\s*[:=]\s*)(?:\x22[^\x22\n]*\x22|'[^'\n]*'|[^\n\x22']+)",
    r"(?i)(?P<before>\bx-(?:api-key|auth-token|vault-token|goog-api-key|amz-security-token)[\x22']?\s*[:=]\s*[\x22']?)[^\s\x22',;&]+",
    // A URL's password, which may have `/` and `@`; a port is none.
    r"(?P<before>[a-zA-Z][a-zA-Z0-9+.-]*://[^\s:/@\x22'<>]*:)(?:[^\s\x22'<>@0-9][^\s\x22'<>]*|[0-9]{1,5}[^\s\x22'<>/?#0-9@][^\s\x22'<>]*|[0-9]{6}[^\s\x22'<>]*|[0-9][/?#][^\s\x22'<>]*|[0-9]{1,5})(?P<after>@)",
    // A token in the place of the user.
    r"(?P<before>[a-zA-Z][a-zA-Z0-9+.-]*://)[0-9A-Za-z_-]{20,}(?P<after>@)",
    // Signatures in URLs.
    r"(?i)(?P<before>[?&;](?:sig|signature|x-(?:amz|goog)-(?:signature|credential|security-token)|access_token|id_token|refresh_token)=)[^\s&\x22'<>;]+",
    // `mysql -psecret`, `sshpass -p secret`, `curl -u user:secret`.
    r"(?P<before>\bmysql(?:dump|admin|import)?\b[^\n]*? -p)[^\s\x22'-][^\s]*",
    r"(?P<before>\bsshpass\s+-p\s*)\S+",
    r"(?P<before>\bcurl\b[^\n]*? (?:-u|--user)[ =]?[\x22']?[^\s:\x22']+:)[^\s\x22']+",
    // An environment variable of a container, as JSON.
    r#"(?i)(?P<before>\x22name\x22:\s*\x22[^\x22]*(?:password|passwd|secret|token|api_?key|credential|private_?key)[^\x22]*\x22,\s*\x22value\x22:\s*\x22)[^\x22]*(?P<after>\x22)"#,
];

/// `password=...`, `--api-key ...`, `"client_secret": "..."`, `AccountKey=...`. A prose word before `token` makes it
/// prose, and so does a value that looks like none.
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    regex(concat!(
        r"(?i)(?P<prose>\b(?:unexpected|illegal|invalid|unknown|unrecognized|missing|bad|next|last|first|syntax|offending|the)",
        r"[ _-](?:\w+[ _-])?(?:token|key|secret)s?[\x22']?[ \t]*[:=][ \t]*)",
        r"|(?P<before>--?[\w-]*(?:password|passwd|passphrase|secret|token|api-?key|access-?key|account-?key|private-?key)(?:=|\s+))(?P<option>[^\s-]\S*)",
        r"|(?P<name>(?:password|passwd|passphrase|pwd|secret|token|credentials?|api[_-]?key|access[_-]?key|account[_-]?key|shared[_-]?access[_-]?(?:key|signature)|private[_-]?key|signing[_-]?key|encryption[_-]?key)",
        r"[\x22']?[ \t]*(?:=>|:=|[:=])[ \t]*)(?:\x22(?P<double>[^\x22\n]*)\x22|'(?P<single>[^'\n]*)'|(?P<bare>[^\s,;&\x22']+))",
    ))
});
/// Values that are none: of languages, and of a template or a mask.
static NO_SECRET: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"^(?:(?i:none|null|nil|undefined|true|false)|\*+|<\w*>|\$\{\w+\}|\$[A-Z_]+)[)\]}]*$")
});
/// A value after `token: ` that is a secret, and no word.
static LOOKS_SECRET: LazyLock<Regex> =
    LazyLock::new(|| regex(r"^[0-9A-Za-z_./+=~:%$!@#^*-]*(?:[0-9][0-9A-Za-z_./+=~:%$!@#^*-]*){2}$"));

fn hidden_value(found: &Captures<'_>) -> String {
    let whole = || found[0].to_owned();
    if found.name("prose").is_some() {
        return whole();
    }
    if let Some(before) = found.name("before") {
        return format!("{}{HIDDEN}", before.as_str());
    }
    let name = found.name("name").map_or("", |name| name.as_str());
    let value = ["double", "single", "bare"]
        .iter()
        .find_map(|kind| found.name(kind))
        .map_or("", |value| value.as_str());
    let is_password = name
        .get(..2)
        .is_some_and(|start| start.eq_ignore_ascii_case("pa") || start.eq_ignore_ascii_case("pw"));
    let is_quoted = found.name("bare").is_none();
    // `token: word` is prose or a parser's message, `token = word` source code; `token=word` is a setting.
    let is_prose = !is_password && !is_quoted && name.trim_end() != name && !LOOKS_SECRET.is_match(value);
    if value.is_empty() || NO_SECRET.is_match(value) {
        return whole();
    }
    if is_prose {
        // Without a space in it, the value has no prose of its own, so this is one level deep.
        return format!("{name}{}", NAMED.replace_all(value, hidden_value));
    }
    format!("{name}{HIDDEN}")
}

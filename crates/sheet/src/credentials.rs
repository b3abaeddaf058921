//! Tokens of Google: of the key of a service account, or of the account that the machine runs as.
//!
//! Google's OAuth 2.0 for server to server applications: a signed claim (RFC 7523) is exchanged for a token of an hour.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use serde::Deserialize;
use serde_json::json;

use crate::address::Account;
use crate::error::SourceError;
use crate::http::{Answer, get_of_metadata, post_form};

/// What a token may do: read spreadsheets.
const SCOPE: &str = "https://www.googleapis.com/auth/spreadsheets.readonly";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// How long a claim is valid: the longest that Google accepts.
const CLAIM_S: u64 = 3_600;
/// A token is not used so shortly before its end.
const MARGIN: Duration = Duration::from_secs(60);

/// The last token, and until when it is used.
#[derive(Default)]
pub(crate) struct Credentials(Mutex<Option<(String, Instant)>>);

/// The key file of a service account, as far as it is needed.
#[derive(Deserialize)]
struct KeyFile {
    client_email: String,
    private_key: String,
    token_uri: String,
}

#[derive(Deserialize)]
struct Token {
    access_token: String,
    expires_in: u64,
}

impl Credentials {
    /// A token that is valid for a while.
    ///
    /// # Errors
    /// There are no credentials, or they give no token.
    pub(crate) fn token(&self, account: &Account) -> Result<String, SourceError> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((token, until)) = &*last
            && Instant::now() < *until
        {
            return Ok(token.clone());
        }
        let Token { access_token, expires_in } = match account {
            Account::KeyFile(path) => of_key(path)?,
            Account::Machine { metadata_host } => of_machine(metadata_host)?,
        };
        let valid = Duration::from_secs(expires_in).saturating_sub(MARGIN);
        *last = Some((access_token.clone(), Instant::now() + valid));
        Ok(access_token)
    }
}

fn of_key(path: &Path) -> Result<Token, SourceError> {
    let bytes = std::fs::read(path);
    let bytes = bytes.map_err(|source| SourceError::Unreadable { path: path.to_owned(), source })?;
    let wrong = |what| SourceError::Key { path: path.to_owned(), what };
    let key: KeyFile = serde_json::from_slice(&bytes)
        .map_err(|_| wrong("lacks `client_email`, `private_key` or `token_uri`"))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let assertion = assertion(&key, now).map_err(wrong)?;
    token(&post_form(&key.token_uri, [("grant_type", GRANT), ("assertion", &assertion)])?)
}

/// The signed claim of a service account.
fn assertion(key: &KeyFile, now_s: u64) -> Result<String, &'static str> {
    let pair = PrivatePkcs8KeyDer::from_pem_slice(key.private_key.as_bytes()).ok();
    let pair = pair.and_then(|pair| RsaKeyPair::from_pkcs8(pair.secret_pkcs8_der()).ok());
    let pair = pair.ok_or("has a `private_key` that is no RSA key in PKCS#8")?;
    let claim = json!({
        "iss": key.client_email,
        "scope": SCOPE,
        "aud": key.token_uri,
        "iat": now_s,
        "exp": now_s + CLAIM_S,
    });
    let parts = [json!({"alg": "RS256", "typ": "JWT"}), claim];
    let signed = parts.map(|part| BASE64_URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
        .map_err(|_| "has a key that does not sign")?;
    Ok(format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)))
}

fn of_machine(host: &str) -> Result<Token, SourceError> {
    let url =
        format!("http://{host}/computeMetadata/v1/instance/service-accounts/default/token?scopes={SCOPE}");
    let answer = get_of_metadata(&url);
    token(&answer.map_err(|source| SourceError::NoCredentials { source: Box::new(source) })?)
}

fn token(answer: &Answer) -> Result<Token, SourceError> {
    let token = serde_json::from_slice(&answer.body).ok().filter(|_| answer.status == 200);
    token.ok_or_else(|| {
        let text = String::from_utf8_lossy(&answer.body);
        // An error has no token in it, and anything else is not shown.
        let error = serde_json::from_str::<serde_json::Value>(&text).ok();
        let error =
            error.and_then(|error| Some(error.get("error_description").or(error.get("error"))?.to_string()));
        SourceError::NoToken {
            status: answer.status,
            message: error.unwrap_or_else(|| "without a message".to_owned()),
        }
    })
}

#[cfg(test)]
mod tests {
    use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    use super::*;

    #[test]
    fn a_claim_is_signed_by_the_key_and_states_who_wants_what_for_how_long() {
        let key = KeyFile {
            client_email: "kigen@shop.iam.gserviceaccount.com".to_owned(),
            private_key: include_str!("../../../tests/fixtures/sheet/service_account.pem").to_owned(),
            token_uri: "https://oauth2.googleapis.com/token".to_owned(),
        };
        let assertion = assertion(&key, 1_000).expect("a key");
        let (signed, signature) = assertion.rsplit_once('.').expect("three parts");
        let decode = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).expect("base64");
        let pair = PrivatePkcs8KeyDer::from_pem_slice(key.private_key.as_bytes()).expect("a key");
        let pair = RsaKeyPair::from_pkcs8(pair.secret_pkcs8_der()).expect("a key");
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public().as_ref());
        public.verify(signed.as_bytes(), &decode(signature)).expect("its signature");
        let (_, claim) = signed.split_once('.').expect("two parts");
        let claim: serde_json::Value = serde_json::from_slice(&decode(claim)).expect("JSON");
        let expected = json!({
            "iss": key.client_email, "scope": SCOPE, "aud": key.token_uri, "iat": 1_000, "exp": 4_600,
        });
        assert_eq!(claim, expected);
    }
}

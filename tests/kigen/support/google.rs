//! A fake of Google's API of spreadsheets, and of its server of tokens.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path as UrlPath, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use serde_json::{Value as Json, json};
use tokio::net::TcpListener;

const TOKEN: &str = "token-1";
/// The one spreadsheet of it.
const SHEET: &str = "1AbC_d-9";

/// How it answers.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// These rows from the first row on, cells separated by `|`.
    Rows(String),
    /// An error with this status and message.
    Error(u16, &'static str),
    /// Half of an answer.
    Half,
    /// Rows that begin in another one.
    From(u64, String),
}

/// The fake.
#[derive(Clone)]
pub(crate) struct Google {
    url: String,
    answer: Arc<Mutex<Answer>>,
}

impl Google {
    /// Starts it.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let answer = Arc::new(Mutex::new(Answer::Rows(String::new())));
        let routes = Router::new()
            .route("/token", post(token))
            .route("/computeMetadata/v1/instance/service-accounts/default/token", get(token_of_machine))
            .route("/v4/spreadsheets/{id}/values/{range}", get(values))
            .with_state(answer.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { url, answer }
    }

    /// From now on it answers so.
    pub(crate) fn answer(&self, answer: Answer) {
        *self.answer.lock().expect("one thread at a time") = answer;
    }

    /// From now on it has these rows.
    pub(crate) fn rows(&self, rows: &str) {
        self.answer(Answer::Rows(rows.to_owned()));
    }

    /// The part of a configuration that names its spreadsheet, with a key file in `dir`.
    pub(crate) fn config(&self, dir: &Path) -> String {
        let key_file = self.key_file(dir);
        format!("{}key_file = \"{}\"\n", self.config_without_key(), key_file.display())
    }

    /// The same without a key file.
    pub(crate) fn config_without_key(&self) -> String {
        format!("[objectives.sheet]\nid = \"{SHEET}\"\napi_url = \"{}\"\n", self.url)
    }

    /// Its host and port.
    pub(crate) fn host(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// The key file of a service account.
    fn key_file(&self, dir: &Path) -> PathBuf {
        let key = json!({
            "type": "service_account",
            "project_id": "shop",
            "client_email": "kigen@shop.iam.gserviceaccount.com",
            "private_key": include_str!("../../fixtures/sheet/service_account.pem"),
            "token_uri": format!("{}/token", self.url),
        });
        let path = dir.join("key.json");
        std::fs::write(&path, key.to_string()).expect("a key file");
        path
    }
}

async fn token(body: String) -> impl IntoResponse {
    let is_signed = body.contains("jwt-bearer")
        && body.split("assertion=").nth(1).is_some_and(|it| it.matches('.').count() == 2);
    let status = if is_signed { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    (status, json!({"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer"}).to_string())
}

async fn token_of_machine(headers: HeaderMap) -> impl IntoResponse {
    let status = if headers.contains_key("metadata-flavor") { StatusCode::OK } else { StatusCode::FORBIDDEN };
    (status, json!({"access_token": TOKEN, "expires_in": 600, "token_type": "Bearer"}).to_string())
}

async fn values(
    State(answer): State<Arc<Mutex<Answer>>>,
    UrlPath((id, range)): UrlPath<(String, String)>,
    headers: HeaderMap,
) -> impl IntoResponse {
    let answer = answer.lock().expect("one thread at a time").clone();
    let is_authorized = headers.get("authorization").is_some_and(|value| value == &format!("Bearer {TOKEN}"));
    let answer = match answer {
        _ if !is_authorized => Answer::Error(401, "Request had invalid authentication credentials."),
        Answer::Rows(_) | Answer::From(..) if id != SHEET => {
            Answer::Error(404, "Requested entity was not found.")
        }
        answer => answer,
    };
    let (status, body) = match answer {
        Answer::Rows(rows) => (200, body(&range, 1, &rows)),
        Answer::From(first, rows) => (200, body(&range, first, &rows)),
        Answer::Error(status, message) => {
            (status, json!({"error": {"code": status, "message": message}}).to_string())
        }
        Answer::Half => {
            let whole = body(&range, 1, "job|deadline\nml/a|12:00");
            (200, whole[..whole.len() / 2].to_owned())
        }
    };
    (StatusCode::from_u16(status).expect("a status"), [("content-type", "application/json")], body)
}

/// As Google answers: without empty cells and rows at the end.
fn body(range: &str, first: u64, rows: &str) -> String {
    let cells = |row: &str| {
        let cells: Vec<&str> = row.trim_end_matches('|').split('|').filter(|_| !row.is_empty()).collect();
        Json::from(cells)
    };
    let values: Vec<Json> = rows.trim_end().lines().map(cells).collect();
    let last = range.rsplit(':').next().unwrap_or("Z").trim_matches(|c: char| c.is_ascii_digit()).to_owned();
    let range = format!("'Objectives'!A{first}:{last}1000");
    let mut body = json!({"range": range, "majorDimension": "ROWS"});
    if !values.is_empty() {
        body["values"] = Json::from(values);
    }
    body.to_string()
}

//! A bucket as S3 has one, on a port of this machine and in memory: as far as kigen's archive uses it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is served.
    Served,
    /// It is refused with the status 500, and nothing is done.
    Refused,
    /// It is done, and the connection is closed without an answer.
    Lost,
}

type Decide = dyn FnMut(usize, &str) -> Answer + Send;

/// A bucket.
pub struct FakeBucket {
    port: u16,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    files: BTreeMap<String, Vec<u8>>,
    /// The parts of unfinished uploads.
    uploads: BTreeMap<String, BTreeMap<u32, Vec<u8>>>,
    requests: usize,
    decide: Option<Box<Decide>>,
}

struct Request {
    method: String,
    /// Of the bucket, with its name.
    key: String,
    query: BTreeMap<String, String>,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

struct Response {
    status: &'static str,
    headers: Vec<String>,
    body: Vec<u8>,
}

impl FakeBucket {
    /// Serves an empty bucket, until the process ends.
    ///
    /// # Panics
    /// No port is free.
    #[must_use]
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let state: Arc<Mutex<State>> = Arc::default();
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || serve(stream, &shared));
            }
        });
        Self { port, state }
    }

    /// The environment by which a process finds it under the address `s3://bucket`.
    #[must_use]
    pub fn environment(&self) -> [(&'static str, String); 5] {
        [
            ("AWS_ENDPOINT", format!("http://127.0.0.1:{}", self.port)),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_REGION", "eu-west-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "not-secret".to_owned()),
        ]
    }

    /// Decides from now on, by the number of a request (from 0) and its method and path, what becomes of it.
    pub fn decide(&self, decide: impl FnMut(usize, &str) -> Answer + Send + 'static) {
        let mut state = unpoisoned(&self.state);
        state.requests = 0;
        state.decide = Some(Box::new(decide));
    }

    /// How many requests there were since the last call of [`decide`](Self::decide).
    #[must_use]
    pub fn requests(&self) -> usize {
        unpoisoned(&self.state).requests
    }

    /// The files, by their paths with the name of the bucket.
    #[must_use]
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        unpoisoned(&self.state).files.clone()
    }
}

fn serve(stream: TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read_request(&mut reader) {
        let decide = {
            let mut state = unpoisoned(state);
            let nth = state.requests;
            state.requests += 1;
            state.decide.take().map(|decide| (nth, decide))
        };
        // Not under the lock of the state: the decision may wait for another process.
        let answer = decide.map_or(Answer::Served, |(nth, mut decide)| {
            let answer = decide(nth, &format!("{} {}", request.method, request.key));
            unpoisoned(state).decide.get_or_insert(decide);
            answer
        });
        let response = match answer {
            Answer::Refused => {
                plain("500 Internal Server Error", "<Error><Code>InternalError</Code></Error>")
            }
            Answer::Served | Answer::Lost => unpoisoned(state).respond(&request),
        };
        if answer == Answer::Lost || write_response(reader.get_mut(), &request, &response).is_none() {
            return;
        }
    }
}

impl State {
    fn respond(&mut self, request: &Request) -> Response {
        let Request { method, key, query, headers, body } = request;
        let upload = query.get("uploadId");
        match (method.as_str(), upload) {
            ("GET", _) if query.contains_key("list-type") => self.list(key, query),
            ("POST", None) => {
                let id = format!("upload-{}", self.uploads.len());
                self.uploads.insert(id.clone(), BTreeMap::new());
                let xml = format!(
                    "<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"
                );
                plain("200 OK", &xml)
            }
            ("PUT", Some(id)) => {
                let part = query.get("partNumber").and_then(|part| part.parse().ok()).unwrap_or_default();
                self.uploads.entry(id.clone()).or_default().insert(part, body.clone());
                with_etag(plain("200 OK", ""))
            }
            ("POST", Some(id)) => {
                let parts = self.uploads.remove(id).unwrap_or_default();
                self.files.insert(key.clone(), parts.into_values().flatten().collect());
                let xml = "<CompleteMultipartUploadResult><ETag>\"e\"</ETag></CompleteMultipartUploadResult>";
                plain("200 OK", xml)
            }
            ("DELETE", Some(id)) => {
                self.uploads.remove(id);
                plain("204 No Content", "")
            }
            ("PUT", None) if headers.contains_key("if-none-match") && self.files.contains_key(key) => {
                plain("412 Precondition Failed", "<Error><Code>PreconditionFailed</Code></Error>")
            }
            ("PUT", None) => {
                self.files.insert(key.clone(), body.clone());
                with_etag(plain("200 OK", ""))
            }
            (_, _) => self.get(key, headers),
        }
    }

    fn list(&self, bucket: &str, query: &BTreeMap<String, String>) -> Response {
        let prefix = query.get("prefix").map(String::as_str).unwrap_or_default();
        let of_bucket = self.files.iter().filter_map(|(key, bytes)| {
            Some((key.strip_prefix(bucket)?.trim_start_matches('/'), bytes.len()))
        });
        let found = of_bucket.filter(|(key, _)| key.starts_with(prefix)).map(|(key, size)| {
            format!(
                "<Contents><Key>{key}</Key><LastModified>2026-11-23T00:00:00.000Z</LastModified><ETag>\"e\"</ETag>\
                 <Size>{size}</Size></Contents>"
            )
        });
        let found: String = found.collect();
        plain(
            "200 OK",
            &format!("<ListBucketResult><IsTruncated>false</IsTruncated>{found}</ListBucketResult>"),
        )
    }

    fn get(&self, key: &str, headers: &BTreeMap<String, String>) -> Response {
        let Some(bytes) = self.files.get(key) else {
            return plain("404 Not Found", "<Error><Code>NoSuchKey</Code></Error>");
        };
        let range = headers.get("range").and_then(|range| {
            let (from, to) = range.strip_prefix("bytes=")?.split_once('-')?;
            Some((from.parse::<usize>().ok()?, to.parse::<usize>().ok()?.min(bytes.len() - 1)))
        });
        let mut response = match range {
            Some((from, to)) => {
                let mut part = plain("206 Partial Content", "");
                part.body = bytes[from..=to].to_vec();
                part.headers.push(format!("content-range: bytes {from}-{to}/{}", bytes.len()));
                part
            }
            None => Response { status: "200 OK", headers: Vec::new(), body: bytes.clone() },
        };
        response.headers.push("last-modified: Mon, 23 Nov 2026 00:00:00 GMT".to_owned());
        with_etag(response)
    }
}

fn plain(status: &'static str, body: &str) -> Response {
    Response { status, headers: Vec::new(), body: body.as_bytes().to_vec() }
}

fn with_etag(mut response: Response) -> Response {
    response.headers.push("etag: \"e\"".to_owned());
    response
}

fn read_request(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        match line.trim_end().split_once(':') {
            Some((name, value)) => headers.insert(name.to_ascii_lowercase(), value.trim().to_owned()),
            None => break,
        };
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let query = pairs.map(|(name, value)| (name.to_owned(), decoded(value))).collect();
    Some(Request { method, key: decoded(path.trim_matches('/')), query, headers, body })
}

fn write_response(to: &mut TcpStream, request: &Request, response: &Response) -> Option<()> {
    let mut head = format!("HTTP/1.1 {}\r\ncontent-length: {}\r\n", response.status, response.body.len());
    for header in &response.headers {
        head += &format!("{header}\r\n");
    }
    to.write_all(format!("{head}\r\n").as_bytes()).ok()?;
    if request.method != "HEAD" {
        to.write_all(&response.body).ok()?;
    }
    to.flush().ok()
}

/// Without the escapes of a URL.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = (*first == b'%').then(|| after.get(..2)).flatten();
        let escaped = escaped.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(escaped.unwrap_or(if *first == b'+' { b' ' } else { *first }));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn unpoisoned<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

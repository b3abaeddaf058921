//! A small HTTP/1.1 client that exposes the wire: headers, chunks, and how a stream ends.

use std::time::Duration;

use kigen_playback::clock::{Clock, Pace};
use kigen_playback::history::History;
use kigen_playback::server::{Options, Played, Server};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// Longer than anything takes in a test that passes.
const DEADLINE: Duration = Duration::from_secs(30);

/// A server whose clock the test advances.
pub(crate) async fn manual(history: History, options: Options) -> Server {
    let clock = Clock::new(history.start(), Pace::Manual, None);
    Server::start(Played { history, clock, options }).await.expect("a free port")
}

/// The continuation of a response that is read by lines.
#[derive(Debug, PartialEq)]
pub(crate) enum Next {
    Line(Value),
    /// The last chunk.
    End,
    /// The connection was cut.
    Cut,
}

impl Next {
    pub(crate) fn line(self) -> Value {
        match self {
            Self::Line(line) => line,
            Self::End | Self::Cut => panic!("a line was expected, not {self:?}"),
        }
    }
}

pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    connection: BufReader<TcpStream>,
    buffered: Vec<u8>,
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The next line of a chunked body.
    pub(crate) async fn next(&mut self) -> Next {
        tokio::time::timeout(DEADLINE, self.read_line()).await.expect("a line, or an end")
    }

    pub(crate) async fn body(mut self) -> Value {
        let mut bytes = Vec::new();
        let length = self.header("content-length").and_then(|length| length.parse::<u64>().ok());
        let length = length.expect("a body of known length");
        let read = (&mut self.connection).take(length).read_to_end(&mut bytes).await;
        read.expect("the whole body");
        serde_json::from_slice(&bytes).expect("JSON")
    }

    async fn read_line(&mut self) -> Next {
        loop {
            if let Some(end) = self.buffered.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.buffered.drain(..=end).collect();
                return Next::Line(serde_json::from_slice(&line).expect("a JSON object a line"));
            }
            let mut size = String::new();
            match self.connection.read_line(&mut size).await {
                Ok(1..) => {}
                Ok(0) | Err(_) => return Next::Cut,
            }
            let size = u64::from_str_radix(size.trim(), 16).expect("the size of a chunk");
            if size == 0 {
                return Next::End;
            }
            let mut chunk = Vec::new();
            let read = (&mut self.connection).take(size + 2).read_to_end(&mut chunk).await;
            read.expect("a whole chunk");
            chunk.truncate(chunk.len() - 2);
            self.buffered.extend(chunk);
        }
    }
}

pub(crate) async fn get(server: &Server, path: &str) -> Response {
    request(server, "GET", path, "").await
}

pub(crate) async fn send(server: &Server, method: &str, path: &str, body: &Value) -> Response {
    request(server, method, path, &body.to_string()).await
}

async fn request(server: &Server, method: &str, path: &str, body: &str) -> Response {
    let address = server.url();
    let address = address.strip_prefix("http://").expect("an http address");
    let mut connection = TcpStream::connect(address).await.expect("the server listens");
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    connection.write_all(request.as_bytes()).await.expect("the request is sent");
    let mut connection = BufReader::new(connection);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        let read = connection.read_line(&mut line);
        tokio::time::timeout(DEADLINE, read).await.expect("a response").expect("a header");
        if line.trim().is_empty() {
            break;
        }
        lines.push(line.trim().to_owned());
    }
    let status = lines[0].split(' ').nth(1).expect("a status").parse().expect("a number");
    let headers = lines[1..].iter().filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
    Response { status, headers, connection, buffered: Vec::new() }
}

pub(crate) async fn list(server: &Server, path: &str) -> Value {
    let response = get(server, path).await;
    assert_eq!(response.status, 200, "{path}");
    response.body().await
}

pub(crate) async fn watch(server: &Server, path: &str, revision: &str, more: &str) -> Response {
    let response = get(server, &format!("{path}?watch=true&resourceVersion={revision}{more}")).await;
    assert_eq!(response.status, 200, "{path}");
    response
}

pub(crate) fn revision(object: &Value) -> String {
    object["metadata"]["resourceVersion"].as_str().expect("a resource version").to_owned()
}

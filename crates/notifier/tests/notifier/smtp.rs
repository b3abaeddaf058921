//! A mail server, as RFC 5321 has it: it enforces the order of commands, and fails as the test configures, before or after it has
//! accepted a mail.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::chaos::Random;

/// Longer than anything takes in a test that passes.
const DEADLINE: Duration = Duration::from_secs(30);

/// What the server does with a mail.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// It refuses it behind `DATA`, with this code.
    Refused(u16),
    /// It closes the connection before the mail.
    ClosedBefore,
    /// It has accepted the mail, and closes the connection without an answer.
    ClosedAfter,
}

/// A mail that was accepted.
#[derive(Clone, Debug)]
pub(crate) struct Accepted {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    /// The user who has logged in, with the password.
    pub(crate) login: Option<(String, String)>,
    /// Headers and text, as they came.
    pub(crate) mail: String,
}

impl Accepted {
    /// A header, with the lines that continue it.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let head = self.mail.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ");
        let mut lines = head.split("\r\n").filter_map(|line| line.split_once(": "));
        lines.find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
    }
}

/// The server.
#[derive(Clone)]
pub(crate) struct MailServer {
    pub(crate) port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    faults: Mutex<VecDeque<Fault>>,
    failing: Mutex<Option<(u64, Random)>>,
    /// The only mailbox that there is; `None`: each is there.
    mailbox: Option<&'static str>,
    accepted: watch::Sender<Vec<Accepted>>,
    /// All lines of clients.
    lines: Mutex<Vec<String>>,
}

impl MailServer {
    pub(crate) async fn start(faults: &[Fault], mailbox: Option<&'static str>) -> Self {
        let shared = Arc::new(Shared {
            faults: Mutex::new(faults.iter().copied().collect()),
            failing: Mutex::default(),
            mailbox,
            accepted: watch::Sender::default(),
            lines: Mutex::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let of_server = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&of_server);
                tokio::spawn(async move { shared.serve(stream).await });
            }
        });
        Self { port, shared }
    }

    /// Fails so many of a thousand mails.
    pub(crate) fn fail(&self, per_mille: u64, seed: u64) {
        *self.shared.failing.lock().expect("unpoisoned") = Some((per_mille, Random::new(seed)));
    }

    pub(crate) fn accepted(&self) -> Vec<Accepted> {
        self.shared.accepted.borrow().clone()
    }

    /// Waits until the accepted mails are so.
    pub(crate) async fn has(&self, are_so: impl Fn(&[Accepted]) -> bool) {
        let mut accepted = self.shared.accepted.subscribe();
        let enough = accepted.wait_for(|accepted| are_so(accepted));
        tokio::time::timeout(DEADLINE, enough).await.expect("in time").expect("the server lives");
    }

    /// All that clients have sent.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.shared.lines.lock().expect("unpoisoned").clone()
    }
}

/// What a session has so far.
#[derive(Default)]
struct Session {
    is_greeted: bool,
    login: Option<(String, String)>,
    from: Option<String>,
    to: Vec<String>,
}

impl Shared {
    /// Serves one connection until it ends.
    async fn serve(&self, stream: TcpStream) -> Option<()> {
        let (reader, mut writer) = stream.into_split();
        let mut lines = BufReader::new(reader).lines();
        let mut session = Session::default();
        writer.write_all(b"220 mail.example.com ESMTP\r\n").await.ok()?;
        while let Some(line) = lines.next_line().await.ok()? {
            self.lines.lock().expect("unpoisoned").push(line.clone());
            if line != "DATA" {
                let answer = self.answer(&mut session, &line);
                writer.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
                if line == "QUIT" {
                    return None;
                }
                continue;
            }
            if session.to.is_empty() {
                writer.write_all(b"503 RCPT TO comes first\r\n").await.ok()?;
                continue;
            }
            writer.write_all(b"354 go on\r\n").await.ok()?;
            let mut mail = String::new();
            loop {
                let line = lines.next_line().await.ok()??;
                if line == "." {
                    break;
                }
                mail.push_str(line.strip_prefix('.').unwrap_or(&line));
                mail.push_str("\r\n");
            }
            let fault = self.fault();
            if let Some(Fault::Refused(code)) = fault {
                writer.write_all(format!("{code} not now\r\n").as_bytes()).await.ok()?;
                continue;
            }
            if !matches!(fault, Some(Fault::ClosedBefore)) {
                let Session { login, from, to, .. } = std::mem::take(&mut session);
                let accepted = Accepted { from: from?, to, login: login.clone(), mail };
                self.accepted.send_modify(|all| all.push(accepted));
                session = Session { is_greeted: true, login, ..Session::default() };
            }
            if fault.is_some() {
                return None;
            }
            writer.write_all(b"250 accepted\r\n").await.ok()?;
        }
        Some(())
    }

    /// The answer to a command.
    fn answer(&self, session: &mut Session, line: &str) -> String {
        let address = |rest: &str| rest.trim_matches(|c| c == '<' || c == '>').to_owned();
        if line.starts_with("EHLO ") {
            session.is_greeted = true;
            return "250-mail.example.com\r\n250 AUTH PLAIN LOGIN".to_owned();
        }
        if line == "QUIT" {
            return "221 bye".to_owned();
        }
        if !session.is_greeted {
            return "503 EHLO comes first".to_owned();
        }
        if let Some(encoded) = line.strip_prefix("AUTH PLAIN ") {
            let decoded = BASE64_STANDARD.decode(encoded).unwrap_or_default();
            let text = String::from_utf8(decoded).unwrap_or_default();
            let mut parts = text.split('\0').skip(1).map(str::to_owned);
            session.login = parts.next().zip(parts.next());
            return match &session.login {
                Some((_, password)) if password.starts_with("right") => "235 welcome".to_owned(),
                _ => "535 the password is wrong".to_owned(),
            };
        }
        if let Some(from) = line.strip_prefix("MAIL FROM:") {
            session.from = Some(address(from.split(' ').next().unwrap_or_default()));
            session.to.clear();
            return "250 ok".to_owned();
        }
        if let Some(to) = line.strip_prefix("RCPT TO:") {
            let to = address(to);
            return match (&session.from, self.mailbox) {
                (None, _) => "503 MAIL FROM comes first".to_owned(),
                (Some(_), Some(mailbox)) if mailbox != to => format!("550 there is no {to} here"),
                (Some(_), _) => {
                    session.to.push(to);
                    "250 ok".to_owned()
                }
            };
        }
        match line {
            "RSET" => {
                (session.from, session.to) = (None, Vec::new());
                "250 ok".to_owned()
            }
            "NOOP" => "250 ok".to_owned(),
            _ => "500 what?".to_owned(),
        }
    }

    fn fault(&self) -> Option<Fault> {
        let next = self.faults.lock().expect("unpoisoned").pop_front();
        next.or_else(|| {
            let mut failing = self.failing.lock().expect("unpoisoned");
            let (per_mille, random) = failing.as_mut()?;
            if random.below(1_000) >= *per_mille {
                return None;
            }
            Some(match random.below(3) {
                0 => Fault::Refused(451),
                1 => Fault::ClosedBefore,
                _ => Fault::ClosedAfter,
            })
        })
    }
}

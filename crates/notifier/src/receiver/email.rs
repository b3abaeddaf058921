//! Mail, by SMTP: an incident is one conversation, whose first mail all others reply to.
//!
//! A mail's `Message-ID` is made of the alert's id, so a mail that is sent twice, since no answer to it came, has the same one twice.
//! Most servers and programs show such mails once; the protocol does not promise it.

use std::fmt;

use kigen_ops::{Secret, error_chain};
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message as Mail};
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{SmtpTransport, Transport};

use super::http::RESPONSE_MAX;
use super::{Notice, Phase, Receiver, ReceiverError};
use crate::render::Message;

/// The kind of this receiver.
pub const EMAIL: &str = "email";
/// The longest subject, in characters.
const SUBJECT_CHARS_MAX: usize = 200;
/// The code of SMTP with which a server refuses a mail for its size. Source: RFC 5321, section 4.2.3.
const TOO_LARGE: u16 = 552;

/// How the connection to a mail server is secured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte, as on port 465.
    Tls,
    /// TLS after `STARTTLS`, as on port 587; without it nothing is sent.
    StartTls,
    /// None: for a server on this machine.
    None,
}

impl Security {
    /// Its port, unless another one is configured.
    #[must_use]
    pub fn port(self) -> u16 {
        match self {
            Self::Tls => 465,
            Self::StartTls => 587,
            Self::None => 25,
        }
    }
}

/// Mailboxes that receive alerts.
pub struct Email {
    address: String,
    host: String,
    port: u16,
    security: Security,
    login: Option<(String, Secret)>,
    from: Mailbox,
    to: Vec<Mailbox>,
}

impl Email {
    /// The receiver of this address in the configuration: sends by a server, from one mailbox to others.
    ///
    /// # Errors
    /// A mailbox is none.
    pub fn new(
        address: &str,
        (host, port): (&str, Option<u16>),
        security: Security,
        (from, to): (&str, &[String]),
    ) -> Result<Self, String> {
        let mailbox = |text: &str| {
            let parsed = text.parse::<Mailbox>();
            parsed.map_err(|error| format!("`{text}` is no mailbox, as `kigen@example.com` is one: {error}"))
        };
        let (from, to) = (mailbox(from)?, to.iter().map(|to| mailbox(to)).collect::<Result<_, _>>()?);
        let (address, host, port) = (address.to_owned(), host.to_owned(), port.unwrap_or(security.port()));
        Ok(Self { address, host, port, security, login: None, from, to })
    }

    /// Logs in as this user.
    #[must_use]
    pub fn with_login(self, user: &str, password: Secret) -> Self {
        Self { login: Some((user.to_owned(), password)), ..self }
    }

    /// A connection for one mail: alerts are rare.
    fn transport(&self) -> Result<SmtpTransport, ReceiverError> {
        let parameters = || TlsParameters::new(self.host.clone()).map_err(|error| self.failed(&error));
        let tls = match self.security {
            Security::Tls => Tls::Wrapper(parameters()?),
            Security::StartTls => Tls::Required(parameters()?),
            Security::None => Tls::None,
        };
        let builder =
            SmtpTransport::builder_dangerous(&self.host).port(self.port).tls(tls).timeout(Some(RESPONSE_MAX));
        let Some((user, password)) = &self.login else { return Ok(builder.build()) };
        let password = password.read().map_err(|source| ReceiverError::Secret {
            receiver: self.address.clone(),
            what: "password",
            source,
        })?;
        Ok(builder.credentials(Credentials::new(user.clone(), password)).build())
    }

    fn failed(&self, error: &SmtpError) -> ReceiverError {
        let receiver = self.address.clone();
        let why = error_chain(error);
        match error.status().map(u16::from) {
            Some(TOO_LARGE) => ReceiverError::Content { receiver, why },
            Some(500..) => {
                let advice = "correct the server, the user, its password, or the mailboxes";
                ReceiverError::Refused { receiver, why: format!("{why}: {advice}") }
            }
            Some(_) | None => ReceiverError::Retry { receiver, after: None, why },
        }
    }

    fn mail(&self, notice: &Notice) -> Result<(Mail, String), ReceiverError> {
        let id = format!("<{}@{}>", notice.id, self.from.email.domain());
        let mut builder = Mail::builder()
            .message_id(Some(id.clone()))
            .from(self.from.clone())
            .subject(subject(notice))
            // No vacation notice answers a program.
            .header(AutoSubmitted);
        for to in &self.to {
            builder = builder.to(to.clone());
        }
        if let Some(first) = &notice.first {
            builder = builder.in_reply_to(first.clone()).references(first.clone());
        }
        let mail = builder.body(text(&notice.message));
        let mail = mail.map_err(|error| ReceiverError::Content {
            receiver: self.address.clone(),
            why: format!("no mail can be made of it: {error}"),
        })?;
        Ok((mail, id))
    }
}

impl Receiver for Email {
    fn kind(&self) -> &'static str {
        EMAIL
    }

    fn send(&self, notice: &Notice) -> Result<String, ReceiverError> {
        let (mail, id) = self.mail(notice)?;
        self.transport()?.send(&mail).map_err(|error| self.failed(&error))?;
        Ok(id)
    }
}

/// Without the password.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Email");
        shown.field("address", &self.address).field("host", &self.host).finish_non_exhaustive()
    }
}

/// The header of a mail that no person has written. Source: RFC 3834.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// One line: the state and what happened. What is over begins as a reply does, as mail programs show conversations.
fn subject(notice: &Notice) -> String {
    let prefix = if notice.phase == Phase::Over && notice.first.is_some() { "Re: " } else { "" };
    let title = format!("{prefix}{}", notice.title());
    title.chars().filter(|c| !c.is_control()).take(SUBJECT_CHARS_MAX).collect()
}

/// The message as plain text.
fn text(message: &Message) -> String {
    let mut parts = vec![message.headline.clone(), message.context.clone()];
    parts.extend(message.paragraphs.iter().cloned());
    parts.extend(message.to_do.clone());
    parts.push(message.whole_error.clone().unwrap_or_else(|| message.error.join("\n")));
    let facts: Vec<String> =
        message.facts.iter().map(|fact| format!("{}: {}", fact.label, fact.value)).collect();
    parts.push(facts.join("\n"));
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n")
}

//! `kigen crontab`: prints the next instants of a crontab, or of each line of stdin.

use std::fmt::Write as _;
use std::io::{BufRead, Read, Write as _};

use anyhow::Context;
use chrono::{DateTime, SecondsFormat, Utc};
use kigen_calendar::{Calendar, Crontab, Reading, Zone};
use serde::{Deserialize, Serialize};

use crate::cli::{CrontabArgs, ReadingArg};
use crate::output::print;

/// The longest line of stdin; a longer one gives an error.
const LINE_BYTES_MAX: u64 = 64 * 1024;
/// The most instants for one line.
const COUNT_MAX: u32 = 10_000;

/// A line of stdin.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    spec: String,
    #[serde(default = "utc")]
    tz: String,
    after: Option<String>,
    #[serde(default = "one")]
    count: u32,
}

/// A line of stdout.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Response {
    Next(Vec<String>),
    Error(String),
}

/// Prints the instants.
pub(crate) fn run(args: &CrontabArgs) -> anyhow::Result<()> {
    let reading = match args.reading {
        ReadingArg::Kubernetes => Reading::Kubernetes,
        ReadingArg::Deadline => Reading::Deadline,
    };
    match &args.expr {
        Some(expr) => one_expression(expr, args, reading),
        None => lines(reading),
    }
}

fn one_expression(expr: &str, args: &CrontabArgs, reading: Reading) -> anyhow::Result<()> {
    let calendar = calendar(expr, &args.zone, reading).map_err(anyhow::Error::msg)?;
    let zone = Zone::named(&args.zone)?;
    let mut text = String::new();
    for at in calendar.after(args.after.unwrap_or_else(Utc::now)).take(args.next as usize) {
        let local = zone.local(at).date_time.format("%a %Y-%m-%d %H:%M:%S");
        let _ = writeln!(text, "{}  {local} {}", rfc3339(at), zone.name());
    }
    if text.is_empty() {
        anyhow::bail!("`{expr}` has no instant within five years");
    }
    print(&text)
}

fn lines(reading: Reading) -> anyhow::Result<()> {
    let mut stdin = std::io::stdin().lock();
    let mut stdout = std::io::BufWriter::new(std::io::stdout().lock());
    let mut line = Vec::new();
    loop {
        line.clear();
        let bytes =
            (&mut stdin).take(LINE_BYTES_MAX).read_until(b'\n', &mut line).context("stdin cannot be read")?;
        if bytes == 0 {
            return stdout.flush().map_err(Into::into);
        }
        let response = if bytes as u64 == LINE_BYTES_MAX && !line.ends_with(b"\n") {
            stdin.skip_until(b'\n').context("stdin cannot be read")?;
            Response::Error(format!("the line is longer than {LINE_BYTES_MAX} bytes"))
        } else if line.trim_ascii().is_empty() {
            continue;
        } else {
            respond(&line, reading)
        };
        serde_json::to_writer(&mut stdout, &response)?;
        stdout.write_all(b"\n")?;
        // A client that sends one line at a time waits for the response.
        stdout.flush()?;
    }
}

fn respond(line: &[u8], reading: Reading) -> Response {
    let request: Request = match serde_json::from_slice(line) {
        Ok(request) => request,
        Err(error) => {
            return Response::Error(format!(
                "not an object like {{\"spec\",\"tz\",\"after\",\"count\"}}: {error}"
            ));
        }
    };
    if request.count > COUNT_MAX {
        return Response::Error(format!("count is {}: at most {COUNT_MAX}", request.count));
    }
    let after = match request.after.as_deref().map(str::parse::<DateTime<Utc>>) {
        Some(Ok(after)) => after,
        Some(Err(error)) => {
            return Response::Error(format!("`after` is no time like 2026-11-23T12:00:00Z: {error}"));
        }
        None => Utc::now(),
    };
    match calendar(&request.spec, &request.tz, reading) {
        Ok(calendar) => {
            Response::Next(calendar.after(after).take(request.count as usize).map(rfc3339).collect())
        }
        Err(reason) => Response::Error(reason),
    }
}

fn calendar(expr: &str, zone: &str, reading: Reading) -> Result<Calendar, String> {
    let crontab = Crontab::parse(expr).map_err(|error| error.to_string())?;
    let zone = Zone::named(zone).map_err(|error| error.to_string())?;
    Calendar::new(crontab, zone, reading).map_err(|error| error.to_string())
}

fn rfc3339(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

fn utc() -> String {
    "UTC".to_owned()
}

fn one() -> u32 {
    1
}

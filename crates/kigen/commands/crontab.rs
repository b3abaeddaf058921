//! `kigen crontab`: the next instants of an expression, or of each line of stdin.

use std::fmt::Write as _;
use std::io::{BufRead, Read, Write as _};

use anyhow::Context;
use chrono::{DateTime, SecondsFormat, Utc};
use kigen_calendar::{Calendar, Crontab, Reading, Zone};
use serde::{Deserialize, Serialize};

use crate::cli::{CrontabArgs, ReadingArg};

/// The longest line that is read from stdin; a longer one is answered by an error.
const LINE_BYTES_MAX: u64 = 64 * 1024;
/// The most instants that one line may ask for.
const COUNT_MAX: u32 = 10_000;

/// What a line of stdin asks.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    spec: String,
    #[serde(default = "utc")]
    tz: String,
    after: Option<String>,
    #[serde(default = "one")]
    count: u32,
}

/// What a line of stdout answers.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
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
    super::print(&text)
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
        let answer = if bytes as u64 == LINE_BYTES_MAX && !line.ends_with(b"\n") {
            stdin.skip_until(b'\n').context("stdin cannot be read")?;
            Answer::Error(format!("the line is longer than {LINE_BYTES_MAX} bytes"))
        } else if line.trim_ascii().is_empty() {
            continue;
        } else {
            answer(&line, reading)
        };
        serde_json::to_writer(&mut stdout, &answer)?;
        stdout.write_all(b"\n")?;
        // Whoever asks line by line waits for the answer.
        stdout.flush()?;
    }
}

fn answer(line: &[u8], reading: Reading) -> Answer {
    let question: Question = match serde_json::from_slice(line) {
        Ok(question) => question,
        Err(error) => {
            return Answer::Error(format!(
                "not a question like {{\"spec\",\"tz\",\"after\",\"count\"}}: {error}"
            ));
        }
    };
    if question.count > COUNT_MAX {
        return Answer::Error(format!("count is {}: at most {COUNT_MAX}", question.count));
    }
    let after = match question.after.as_deref().map(str::parse::<DateTime<Utc>>) {
        Some(Ok(after)) => after,
        Some(Err(error)) => {
            return Answer::Error(format!("`after` is no time like 2026-11-23T12:00:00Z: {error}"));
        }
        None => Utc::now(),
    };
    match calendar(&question.spec, &question.tz, reading) {
        Ok(calendar) => {
            Answer::Next(calendar.after(after).take(question.count as usize).map(rfc3339).collect())
        }
        Err(reason) => Answer::Error(reason),
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

//! A log line that is a JSON object, as the lines that its program meant.
//!
//! The names are those of structlog, python-json-logger, loguru, Google's client, pino, bunyan, winston, zap, zerolog,
//! logback's and Log4j's encoders, ECS and Spark.

use serde_json::{Map, Value};

const MESSAGES: [&str; 6] = ["message", "msg", "event", "textPayload", "text", "short_message"];
const LEVELS: [&str; 7] = ["level", "severity", "levelname", "log.level", "lvl", "@level", "loglevel"];
/// What holds an exception, with its frames where there are some; the last of them that is there is the fullest.
const EXCEPTIONS: [&str; 13] = [
    "error",
    "err",
    "error.message",
    "exc_info",
    "exception",
    "exc_text",
    "traceback",
    "stack",
    "error.stack",
    "stacktrace",
    "stack_trace",
    "error.stack_trace",
    "exception.stacktrace",
];
/// Fields that an object of an exception has: the fullest first.
const PARTS: [&str; 10] = [
    "stack",
    "stack_trace",
    "stacktrace",
    "extendedStackTrace",
    "traceback",
    "message",
    "msg",
    "localizedMessage",
    "exc_value",
    "class",
];
/// Fields that explain no error.
const ASIDE: [&str; 16] = [
    "timestamp",
    "@timestamp",
    "time",
    "ts",
    "datetime",
    "asctime",
    "logger",
    "logger_name",
    "name",
    "thread",
    "thread_name",
    "pid",
    "hostname",
    "@version",
    "v",
    "level_value",
];
/// How many further fields of a line about an error are shown.
const FIELDS_MAX: usize = 8;

/// The text of a line that is an object with a message; `None`: it is no such line.
pub(super) fn unwrapped(line: &str) -> Option<String> {
    let line = line.trim();
    if !line.starts_with('{') {
        return None;
    }
    let object: Map<String, Value> = serde_json::from_str(line).ok()?;
    let object = match object.get("record") {
        // loguru's `serialize=True`: the formatted text is in `text`.
        Some(Value::Object(_)) => return Some(object.get("text")?.as_str()?.to_owned()),
        _ => object,
    };
    let message = MESSAGES.iter().find_map(|name| object.get(*name)?.as_str());
    let exception = EXCEPTIONS.iter().rev().find_map(|name| text_of(object.get(*name)?));
    let (message, exception) = match (message, exception) {
        (None, None) => return None,
        (message, exception) => (message.unwrap_or_default(), exception.unwrap_or_default()),
    };
    let level = LEVELS.iter().find_map(|name| level_of(object.get(*name)?));
    let mut text = match level {
        Some(level) if !message.is_empty() && !message.contains('\n') => format!("{level} {message}"),
        _ => message.to_owned(),
    };
    // With an exception, the message's first line is the event; a message that has a traceback is the exception.
    if level.is_some_and(is_error) && !message.contains('\n') {
        text.push_str(&fields(&object));
    }
    if !exception.is_empty() && !message.contains(exception.trim()) {
        text.push('\n');
        text.push_str(&exception);
    }
    Some(text)
}

fn is_error(level: &str) -> bool {
    matches!(level, "ERROR" | "FATAL" | "CRITICAL")
}

/// The level by its name, in capitals, or by pino's number.
fn level_of(level: &Value) -> Option<&'static str> {
    const NUMBERS: [(u64, &str); 6] =
        [(10, "TRACE"), (20, "DEBUG"), (30, "INFO"), (40, "WARN"), (50, "ERROR"), (60, "FATAL")];
    if let Some(number) = level.as_u64() {
        return NUMBERS.iter().find(|(of, _)| *of == number).map(|(_, level)| *level);
    }
    Some(match level.as_str()?.to_ascii_lowercase().as_str() {
        "trace" => "TRACE",
        "debug" => "DEBUG",
        "info" | "information" | "notice" | "default" => "INFO",
        "warn" | "warning" => "WARN",
        "error" | "err" | "severe" => "ERROR",
        "critical" | "crit" | "alert" => "CRITICAL",
        "fatal" | "emergency" | "panic" | "dpanic" => "FATAL",
        _ => return None,
    })
}

/// The text of an exception: of an object its stack, else its message.
fn text_of(exception: &Value) -> Option<String> {
    match exception {
        Value::String(text) => Some(text.clone()).filter(|text| !text.trim().is_empty()),
        Value::Object(parts) => of_object(parts),
        // structlog's `dict_tracebacks`: one object for each exception, the cause first.
        Value::Array(chain) => {
            let all: Vec<String> = chain.iter().filter_map(text_of).collect();
            (!all.is_empty()).then(|| {
                all.join("\n\nDuring handling of the above exception, another exception occurred:\n\n")
            })
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

fn of_object(parts: &Map<String, Value>) -> Option<String> {
    let part = |name: &str| parts.get(name).and_then(Value::as_str);
    let name = ["type", "kind", "name", "class", "exc_type"].iter().find_map(|name| part(name));
    if let Some(frames) = parts.get("frames").and_then(Value::as_array) {
        return Some(of_frames(frames, name?, part("exc_value").unwrap_or_default()));
    }
    if let Some(Value::Array(frames)) = parts.get("stacktrace").or(parts.get("extendedStackTrace")) {
        let frames: Vec<String> = frames.iter().filter_map(java_frame).collect();
        let message = part("msg").or(part("message")).unwrap_or_default();
        return Some(format!("{}: {message}\n{}", name.unwrap_or("Error"), frames.join("\n")));
    }
    let text = PARTS.iter().find_map(|name| part(name)).filter(|text| !text.trim().is_empty())?;
    Some(match name {
        Some(name) if !text.contains(name) => format!("{name}: {text}"),
        _ => text.to_owned(),
    })
}

/// A traceback as Python prints it.
fn of_frames(frames: &[Value], name: &str, message: &str) -> String {
    let mut text = "Traceback (most recent call last):\n".to_owned();
    for frame in frames {
        let part = |name: &str| frame.get(name).and_then(Value::as_str).unwrap_or_default();
        let line = frame.get("lineno").and_then(Value::as_u64).unwrap_or_default();
        text.push_str(&format!("  File \"{}\", line {line}, in {}\n", part("filename"), part("name")));
    }
    format!("{text}{name}: {message}")
}

fn java_frame(frame: &Value) -> Option<String> {
    let part = |name: &str| frame.get(name).and_then(Value::as_str);
    let line = frame.get("line").map(|line| line.to_string().replace('"', "")).unwrap_or_default();
    Some(format!(
        "\tat {}.{}({}:{line})",
        part("class")?,
        part("method")?,
        part("file").unwrap_or("Unknown Source")
    ))
}

/// The fields beside the message, such as `day=2026-11-18`.
fn fields(object: &Map<String, Value>) -> String {
    let is_aside = |name: &str| {
        [&MESSAGES[..], &LEVELS[..], &EXCEPTIONS[..], &ASIDE[..]].iter().any(|names| names.contains(&name))
    };
    object
        .iter()
        .filter(|(name, value)| {
            !is_aside(name) && (value.is_string() || value.is_number() || value.is_boolean())
        })
        .take(FIELDS_MAX)
        .map(|(name, value)| match value.as_str().filter(|text| !text.contains(char::is_whitespace)) {
            Some(text) => format!(" {name}={text}"),
            None => format!(" {name}={value}"),
        })
        .collect()
}

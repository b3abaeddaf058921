//! The document of a file of objectives that a row of a sheet stands for.

use std::fmt::Write;

use kigen_model::budget::Target;

use super::cell::{Deadline, deadline, normal};
use super::header::{Column, Header};
use crate::spec::{GROUP, KIND, VERSION};

/// The name of an objective whose row has none.
const NAME_DEFAULT: &str = "deadline";

/// The document of a row.
///
/// # Errors
/// Why the row has none.
pub(super) fn document(header: &Header, cells: &[String], namespace: Option<&str>) -> Result<String, String> {
    let (namespace, cron_job) = batch(header, cells, namespace)?;
    let deadline = header.cell(cells, Column::Deadline).ok_or_else(|| {
        "the deadline is empty. Of cells that are merged only the first has a value: unmerge them".to_owned()
    })?;
    let field = |column| header.cell(cells, column).map(normal);
    let name = field(Column::Name).unwrap_or_else(|| NAME_DEFAULT.to_owned());
    let mut text = format!(
        "apiVersion: {GROUP}/{VERSION}\nkind: {KIND}\nmetadata: {{name: {}, namespace: {}}}\nspec:\n  batch: {{cronJob: {}}}\n",
        quoted(&name),
        quoted(&namespace),
        quoted(&cron_job)
    );
    match self::deadline(deadline)? {
        Deadline::CompleteBy(crontab) => {
            let _ = writeln!(text, "  completeBy: {}", quoted(&crontab));
        }
        Deadline::Before { namespace: None, cron_job } => {
            let _ = writeln!(text, "  before: {{cronJob: {}}}", quoted(&cron_job));
        }
        Deadline::Before { namespace: Some(namespace), cron_job } => {
            let (namespace, cron_job) = (quoted(&namespace), quoted(&cron_job));
            let _ = writeln!(text, "  before: {{cronJob: {cron_job}, namespace: {namespace}}}");
        }
    }
    let fields = [
        ("timeZone", field(Column::TimeZone)),
        ("grace", field(Column::Grace)),
        ("freshness", field(Column::Freshness)),
        ("calendar", field(Column::Calendar)),
        ("startBy", field(Column::StartBy)),
        ("severity", field(Column::Severity)),
        // Names and addresses stay as they are written.
        ("owner", header.cell(cells, Column::Owner).map(one_line)),
        ("runbook", header.cell(cells, Column::Runbook).map(one_line)),
    ];
    for (name, value) in fields {
        if let Some(value) = value {
            let _ = writeln!(text, "  {name}: {}", quoted(&value));
        }
    }
    if let Some(target) = field(Column::Target) {
        let target: Target =
            target.parse().map_err(|error| format!("the target `{target}` is none: {error}"))?;
        let _ = writeln!(text, "  target: {{ratio: {}, over: {}d}}", target.ratio(), target.over_d);
    }
    Ok(text)
}

/// Namespace and name of the CronJob.
fn batch(header: &Header, cells: &[String], namespace: Option<&str>) -> Result<(String, String), String> {
    let job = header.cell(cells, Column::Job).map(normal).ok_or_else(|| {
        "the job is empty. Of cells that are merged only the first has a value: unmerge them".to_owned()
    })?;
    let own = header.cell(cells, Column::Namespace).map(normal);
    match (job.split_once('/'), own) {
        (Some((named, _)), Some(own)) if named != own => {
            Err(format!("the job `{job}` has another namespace than the row, `{own}`: keep one of them"))
        }
        (Some((namespace, cron_job)), _) => Ok((namespace.to_owned(), cron_job.to_owned())),
        (None, Some(namespace)) => Ok((namespace, job)),
        (None, None) => match namespace {
            Some(namespace) => Ok((namespace.to_owned(), job)),
            None => Err(format!(
                "the job `{job}` has no namespace: write it as NAMESPACE/{job}, add a column `namespace`, or give the one of all \
                 such rows by --namespace"
            )),
        },
    }
}

fn one_line(text: &str) -> String {
    text.split(char::is_control).map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A text as YAML: a JSON string is one.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

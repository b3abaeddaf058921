//! `kigen calendar`: prints the working days of a calendar.

use std::fmt::Write;

use anyhow::bail;
use chrono::{Datelike, NaiveDate, Utc};
use kigen_objective::file::read_file;
use kigen_working_days::{Catalog, Found};

use crate::cli::CalendarArgs;
use crate::config::Config;
use crate::exit::misused;
use crate::output::{columns, print};

/// Prints the exceptions from the week in a year of a calendar, which kigen knows or the file of objectives defines.
pub(crate) fn run(config: &Config, args: &CalendarArgs) -> anyhow::Result<()> {
    let CalendarArgs::Show { name, year } = args;
    let catalog = match &config.objectives_file {
        Some(path) => {
            let contents = read_file(path, &config.cluster).map_err(misused)?;
            if !contents.problems.is_empty() {
                tracing::warn!("{} has errors:\n{}", path.display(), contents.problems);
            }
            contents.catalog
        }
        None => Catalog::default(),
    };
    let found = match catalog.find(name) {
        Ok(found) => found,
        Err(error) if config.objectives_file.is_none() => {
            bail!("{error}; those of a file of objectives are read with --objectives-file")
        }
        Err(error) => return Err(error.into()),
    };
    print(&table(name, &found, year.unwrap_or_else(|| Utc::now().year())))
}

fn table(name: &str, found: &Found<'_>, year: i32) -> String {
    let first = NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default();
    let of_year = first.iter_days().take_while(|day| day.year() == year);
    let days: Vec<_> = of_year.map(|day| (day, found.day(day))).collect();
    let working = days.iter().filter(|(_, is)| is.is_working).count();
    let data = match found.years() {
        None => "it needs no data of a year".to_owned(),
        Some(years) if years.contains(&year) => {
            format!("it has data for {} to {}", years.start(), years.end())
        }
        Some(years) => format!(
            "it has no data for {year}, only for {} to {}, so that days off may be absent",
            years.start(),
            years.end()
        ),
    };
    let mut out =
        format!("{name} in {year}: {working} working days, {} days off; {data}\n", days.len() - working);
    let is_exception = |is: &kigen_working_days::Day, day: NaiveDate| {
        is.why.is_some() || is.is_working != found.has(day.weekday())
    };
    let rows: Vec<Vec<String>> = days
        .into_iter()
        .filter(|(day, is)| is_exception(is, *day))
        .map(|(day, is)| {
            let what = if is.is_working { "works" } else { "off" };
            let (day, date) = (day.format("%a").to_string(), day.to_string());
            vec![date, day, what.to_owned(), is.why.unwrap_or_default()]
        })
        .collect();
    if !rows.is_empty() {
        let _ = write!(out, "\n{}", columns(&["DATE", "DAY", "IS", "WHY"], &rows));
    }
    out
}

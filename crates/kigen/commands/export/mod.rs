//! `kigen export`: slots, alerts or runs as flat rows for a warehouse, as Avro, Parquet or CSV on stdout.

mod alerts;
mod judged;
mod parquet;
mod runs;
mod slots;
mod table;

use std::io::Write;

use chrono::SecondsFormat;
use kigen_wire::table::{Cell, write_table};

use self::table::{Table, Time};
use crate::cli::{ExportArgs, ExportFormatArg, ExportTableArg};
use crate::config::Config;
use crate::reader::open;

/// Writes the table to stdout.
pub(crate) fn run(config: &Config, args: &ExportArgs) -> anyhow::Result<()> {
    let reader = open(config)?;
    let time = Time { from: args.from, to: args.to };
    let table = match args.table {
        ExportTableArg::Slots => slots::read(&*reader, time)?,
        ExportTableArg::Alerts => alerts::read(&*reader, time)?,
        ExportTableArg::Runs => runs::read(&*reader, time)?,
    };
    let mut out = std::io::stdout();
    match args.format {
        ExportFormatArg::Avro => write_table(&mut out, table.name, table.columns, table.rows)?,
        ExportFormatArg::Parquet => parquet::write(std::io::stdout(), &table)?,
        ExportFormatArg::Csv => write_csv(&mut out, table)?,
    }
    out.flush()?;
    Ok(())
}

fn write_csv(out: &mut impl Write, table: Table) -> anyhow::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(table.columns.iter().map(|(name, _)| name))?;
    for row in table.rows {
        writer.write_record(row.into_iter().map(|cell| match cell {
            Cell::Null => String::new(),
            Cell::Text(text) => text,
            Cell::Number(number) => number.to_string(),
            Cell::Flag(flag) => flag.to_string(),
            Cell::Time(at) => at.to_rfc3339_opts(SecondsFormat::Millis, true),
        }))?;
    }
    writer.flush()?;
    Ok(())
}

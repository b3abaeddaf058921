//! Flat tables as Avro container files, for warehouses: no unions but with null, times as `timestamp-millis`.

use std::io::Write;

use apache_avro::types::{Record, Value};
use apache_avro::{Schema, Writer};
use kigen_model::Instant;
use serde_json::json;

/// What a column holds; each cell may be null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// A string.
    Text,
    /// A long.
    Number,
    /// A `timestamp-millis`.
    Time,
    /// A boolean.
    Flag,
}

/// A column of a table: its name and what it holds.
pub type Column = (&'static str, ColumnType);

/// A cell of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    Null,
    /// In a column of texts.
    Text(String),
    /// In a column of numbers.
    Number(i64),
    /// In a column of times.
    Time(Instant),
    /// In a column of flags.
    Flag(bool),
}

/// The schema of a table's rows.
///
/// # Errors
/// A name is not one of Avro.
pub fn table_schema(name: &str, columns: &[Column]) -> Result<Schema, Box<apache_avro::Error>> {
    let fields = columns.iter().map(|(name, of)| {
        let of = match of {
            ColumnType::Text => json!("string"),
            ColumnType::Number => json!("long"),
            ColumnType::Flag => json!("boolean"),
            ColumnType::Time => json!({"type": "long", "logicalType": "timestamp-millis"}),
        };
        json!({"name": name, "type": ["null", of], "default": null})
    });
    let fields: Vec<_> = fields.collect();
    let schema = json!({"type": "record", "name": name, "namespace": "dev.kigen.export", "fields": fields});
    Schema::parse_str(&schema.to_string()).map_err(Box::new)
}

/// Writes a table as an Avro container file: a row for each item, with a cell for each column.
///
/// # Errors
/// A row is not of the columns, or it cannot be written.
pub fn write_table(
    out: impl Write,
    name: &str,
    columns: &[Column],
    rows: impl IntoIterator<Item = Vec<Cell>>,
) -> Result<(), Box<apache_avro::Error>> {
    let schema = table_schema(name, columns)?;
    let mut writer = Writer::new(&schema, out)?;
    for row in rows {
        if let Some(mut record) = Record::new(&schema) {
            for ((name, _), cell) in columns.iter().zip(row) {
                record.put(name, value(cell));
            }
            writer.append_value(record)?;
        }
    }
    writer.flush()?;
    Ok(())
}

/// A cell as a member of its column's union, in which null comes first.
fn value(cell: Cell) -> Value {
    let of = |value: Value| Value::Union(1, Box::new(value));
    match cell {
        Cell::Null => Value::Union(0, Box::new(Value::Null)),
        Cell::Text(text) => of(Value::String(text)),
        Cell::Number(number) => of(Value::Long(number)),
        Cell::Time(at) => of(Value::TimestampMillis(at.timestamp_millis())),
        Cell::Flag(flag) => of(Value::Boolean(flag)),
    }
}

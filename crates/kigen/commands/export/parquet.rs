//! A table as a Parquet file: one row group, a column after the other.

use std::io::Write;
use std::sync::Arc;

use kigen_wire::table::{Cell, ColumnType};
use parquet::basic::Compression;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::parser::parse_message_type;

use super::table::Table;

/// The definition level of a cell that is not null.
const PRESENT: i16 = 1;

/// Writes the table. Times are UTC, in milliseconds.
pub(super) fn write(out: impl Write + Send, table: &Table) -> Result<(), ParquetError> {
    let schema = Arc::new(parse_message_type(&message_type(table))?);
    let properties = Arc::new(WriterProperties::builder().set_compression(Compression::SNAPPY).build());
    let mut file = SerializedFileWriter::new(out, schema, properties)?;
    let mut rows = file.next_row_group()?;
    for (place, (_, of)) in table.columns.iter().enumerate() {
        let Some(column) = rows.next_column()? else { break };
        let cells = table.rows.iter().filter_map(|row| row.get(place));
        match of {
            ColumnType::Text => write_column::<ByteArrayType>(column, cells, |cell| match cell {
                Cell::Text(text) => Some(ByteArray::from(text.as_str())),
                Cell::Null | Cell::Number(_) | Cell::Time(_) | Cell::Flag(_) => None,
            })?,
            ColumnType::Number | ColumnType::Time => {
                write_column::<Int64Type>(column, cells, |cell| match cell {
                    Cell::Number(number) => Some(*number),
                    Cell::Time(at) => Some(at.timestamp_millis()),
                    Cell::Null | Cell::Text(_) | Cell::Flag(_) => None,
                })?;
            }
            ColumnType::Flag => write_column::<BoolType>(column, cells, |cell| match cell {
                Cell::Flag(flag) => Some(*flag),
                Cell::Null | Cell::Text(_) | Cell::Number(_) | Cell::Time(_) => None,
            })?,
        }
    }
    rows.close()?;
    file.close()?;
    Ok(())
}

/// The schema, in Parquet's own language.
fn message_type(table: &Table) -> String {
    let field = |(name, of): &(&str, ColumnType)| match of {
        ColumnType::Text => format!("OPTIONAL BYTE_ARRAY {name} (STRING);"),
        ColumnType::Number => format!("OPTIONAL INT64 {name};"),
        ColumnType::Time => format!("OPTIONAL INT64 {name} (TIMESTAMP(MILLIS,true));"),
        ColumnType::Flag => format!("OPTIONAL BOOLEAN {name};"),
    };
    let fields: Vec<String> = table.columns.iter().map(field).collect();
    format!("message {} {{ {} }}", table.name, fields.join(" "))
}

fn write_column<'a, T: DataType>(
    mut column: SerializedColumnWriter<'_>,
    cells: impl Iterator<Item = &'a Cell>,
    value: impl Fn(&Cell) -> Option<T::T>,
) -> Result<(), ParquetError> {
    let cells: Vec<Option<T::T>> = cells.map(value).collect();
    let levels: Vec<i16> = cells.iter().map(|cell| if cell.is_some() { PRESENT } else { 0 }).collect();
    let values: Vec<T::T> = cells.into_iter().flatten().collect();
    column.typed::<T>().write_batch(&values, Some(&levels), None)?;
    column.close()
}

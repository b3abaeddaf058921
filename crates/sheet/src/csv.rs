//! Rows of CSV, as spreadsheets export it.

use crate::error::SourceError;
use crate::row::Row;

/// The mark with which some programs begin a file of UTF-8.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The rows of CSV. A row is numbered as a spreadsheet numbers it: an empty line is a row, a line break within a cell is none.
///
/// # Errors
/// It is not CSV in UTF-8.
pub(crate) fn rows(bytes: &[u8], from: &str) -> Result<Vec<Row>, SourceError> {
    let lines = with_line_feeds(bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes));
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(&lines[..]);
    let mut rows: Vec<Row> = Vec::new();
    let (mut row, mut record) = (0, csv::StringRecord::new());
    let not_csv = |source| SourceError::NotCsv { from: from.to_owned(), source };
    loop {
        let line = reader.position().line();
        if !reader.read_record(&mut record).map_err(not_csv)? {
            return Ok(rows);
        }
        let breaks: usize = record.iter().map(|cell| cell.matches('\n').count()).sum();
        // The reader leaves out empty lines before a record.
        row += (reader.position().line() - line).saturating_sub(u64::try_from(breaks).unwrap_or(0));
        rows.push((row, record.iter().map(ToOwned::to_owned).collect()));
    }
}

/// With one line feed as the end of each line, the last included.
fn with_line_feeds(bytes: &[u8]) -> Vec<u8> {
    let mut lines = Vec::with_capacity(bytes.len() + 1);
    for (nth, byte) in bytes.iter().enumerate() {
        if *byte != b'\r' || bytes.get(nth + 1) != Some(&b'\n') {
            lines.push(*byte);
        }
    }
    if lines.last().is_some_and(|last| *last != b'\n') {
        lines.push(b'\n');
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_numbered_as_the_spreadsheet_numbers_them() {
        let text = "\u{feff}job,deadline\r\n\r\n\"two\nlines\",\"0 12 * * *\"\r\nlast";
        let rows = rows(text.as_bytes(), "x.csv").expect("CSV");
        let cells: Vec<(u64, Vec<&str>)> =
            rows.iter().map(|(row, cells)| (*row, cells.iter().map(String::as_str).collect())).collect();
        let expected =
            [(1, vec!["job", "deadline"]), (3, vec!["two\nlines", "0 12 * * *"]), (4, vec!["last"])];
        assert_eq!(cells, expected);
    }

    #[test]
    fn another_encoding_is_reported() {
        let shift_jis = b"\x83\x57\x83\x87\x83\x75,\x8a\xfa\x8c\xc0\n";
        let error = rows(shift_jis, "x.csv").expect_err("no UTF-8");
        assert!(error.to_string().starts_with("x.csv is not CSV in UTF-8"), "{error}");
    }
}

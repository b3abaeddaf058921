//! Rows of a spreadsheet by Google's API.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::Value as Json;

use crate::address::GoogleSheet;
use crate::error::SourceError;
use crate::http::{Answer, from, get_with_token};
use crate::row::Row;

/// The characters of a message of Google that an error shows.
const MESSAGE_CHARS_MAX: usize = 300;

/// What is encoded in a part of a path: all but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A range with its values. Google leaves out empty rows and cells at the end.
#[derive(Deserialize)]
struct Values {
    range: String,
    #[serde(default)]
    values: Vec<Vec<Json>>,
}

/// The rows of a range, each cell as the spreadsheet shows it.
///
/// # Errors
/// There is no response, or it is an error.
pub(crate) fn rows(sheet: &GoogleSheet, token: &str) -> Result<Vec<Row>, SourceError> {
    let encoded = |text: &str| utf8_percent_encode(text, RESERVED).to_string();
    // As it is shown, a date can be distinguished from a number.
    let url = format!(
        "{}/v4/spreadsheets/{}/values/{}?majorDimension=ROWS&valueRenderOption=FORMATTED_VALUE",
        sheet.api_url,
        encoded(&sheet.id),
        encoded(&sheet.range)
    );
    let answer = get_with_token(&url, token)?;
    decode(sheet, &url, &answer)
}

fn decode(sheet: &GoogleSheet, url: &str, answer: &Answer) -> Result<Vec<Row>, SourceError> {
    let status = answer.status;
    let not_the_api = || SourceError::NotTheApi { from: from(url), status };
    if status == 200 {
        let Values { range, values } = serde_json::from_slice(&answer.body).map_err(|_| not_the_api())?;
        let cells = |cells: Vec<Json>| cells.iter().map(cell).collect();
        return Ok((first_row(&range)..).zip(values.into_iter().map(cells)).collect());
    }
    let json: Option<Json> = serde_json::from_slice(&answer.body).ok();
    let message = json.as_ref().and_then(|json| json.pointer("/error/message")?.as_str());
    let Some(message) = message.map(cut) else { return Err(no_message(status).unwrap_or_else(not_the_api)) };
    let id = sheet.id.clone();
    Err(match status {
        400 => SourceError::Range { range: sheet.range.clone(), message },
        401 => SourceError::Unauthenticated { message },
        403 => SourceError::Forbidden { id, message },
        404 => SourceError::Missing { id, message },
        429 | 500..=599 => SourceError::Unavailable { status, message },
        _ => not_the_api(),
    })
}

/// A server before Google's may answer without Google's form.
fn no_message(status: u16) -> Option<SourceError> {
    let message = "without a message".to_owned();
    matches!(status, 429 | 500..=599).then_some(SourceError::Unavailable { status, message })
}

/// The number of the first row of a range such as `Sheet1!A2:H1000`.
fn first_row(range: &str) -> u64 {
    let cells = range.rsplit_once('!').map_or(range, |(_, cells)| cells);
    let first = cells.split(':').next().unwrap_or_default();
    first.trim_start_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(1)
}

fn cell(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Null => String::new(),
        other => other.to_string(),
    }
}

fn cut(message: &str) -> String {
    let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(MESSAGE_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_numbered_from_the_first_row_of_the_range() {
        for (range, row) in [("Sheet1!A1:H1000", 1), ("'a!b 7'!B12:H", 12), ("A:H", 1), ("objectives", 1)] {
            assert_eq!(first_row(range), row, "{range}");
        }
    }
}

//! A sheet of objectives: rows of cells in, a file of objectives out.
//!
//! A row becomes the document that a person would have written, and is read by [`file`](mod@crate::file): the one reader has
//! every message about its values. A row that cannot be read is refused with its reason and does not affect the others.

mod cell;
mod document;
mod header;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use crate::annotation::reserved_for;
use crate::file::{FileObjective, parse};
use header::{Header, Twice};

/// The header is one of so many first rows: sheets have titles above it.
const ROWS_ABOVE_HEADER_MAX: usize = 10;
/// The most rows that are read.
pub const ROWS_MAX: usize = 100_000;

/// A row of a sheet: its number, from 1, and its cells.
pub type Row = (u64, Vec<String>);

/// A sheet that was read.
#[derive(Debug)]
pub struct Sheet {
    /// The objectives, by namespace, batch and name. Their `line` is the row.
    pub objectives: Vec<FileObjective>,
    /// The rows that were refused, by number.
    pub refused: Vec<RefusedRow>,
    /// The heads of columns that are not read.
    pub ignored: Vec<String>,
    /// The document of each objective, in their order.
    documents: Vec<String>,
}

/// A row that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedRow {
    /// Its number, from 1.
    pub row: u64,
    /// Why.
    pub reason: String,
}

/// Why a sheet as a whole cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SheetError {
    /// No row is a header.
    #[error(
        "the sheet has no header: none of its first {ROWS_ABOVE_HEADER_MAX} rows has the columns `job` (ジョブ) and `deadline` \
         (期限){}",
        found(.0)
    )]
    NoHeader(
        /// The first row that is not empty.
        Option<Vec<String>>,
    ),
    /// Two columns mean the same.
    #[error("row {row}: the columns `{first}` and `{second}` mean the same: remove one of them")]
    ColumnTwice {
        /// The row of the header.
        row: u64,
        /// The head of the first.
        first: String,
        /// The head of the second.
        second: String,
    },
    /// It is larger than any sheet that a person keeps.
    #[error("the sheet has more than {ROWS_MAX} rows: give a smaller range")]
    TooLong,
}

fn found(row: &Option<Vec<String>>) -> String {
    match row {
        Some(cells) => format!("; the first row has `{}`", cells.join("`, `")),
        None => "; all of them are empty".to_owned(),
    }
}

/// Reads a sheet for a cluster. A job without a namespace is in `namespace`.
///
/// # Errors
/// The sheet as a whole cannot be used; rows that cannot be are in [`Sheet::refused`].
pub fn read(rows: &[Row], cluster: &str, namespace: Option<&str>) -> Result<Sheet, SheetError> {
    if rows.len() > ROWS_MAX {
        return Err(SheetError::TooLong);
    }
    let (header, rows) = header_of(rows)?;
    let mut refused = Vec::new();
    let mut read: BTreeMap<_, (FileObjective, String)> = BTreeMap::new();
    for (row, cells) in rows.iter().filter(|(_, cells)| !is_empty(cells)) {
        let row = *row;
        let mut refuse = |reason: String| refused.push(RefusedRow { row, reason });
        match objective(row, cells, &header, (cluster, namespace)) {
            Ok((objective, document)) => {
                let id = (objective.key.clone(), objective.name.clone());
                match read.get(&id) {
                    Some((twin, _)) => refuse(format!(
                        "row {} has `{}` of {}/{} already: give each a name in a column `name`",
                        twin.line, twin.name, twin.key.namespace, twin.key.batch
                    )),
                    None => {
                        read.insert(id, (objective, document));
                    }
                }
            }
            Err(reason) => refuse(reason),
        }
    }
    let (objectives, documents) = read.into_values().unzip();
    Ok(Sheet { objectives, refused, ignored: header.ignored, documents })
}

/// The header, and the rows below it.
fn header_of(rows: &[Row]) -> Result<(Header, &[Row]), SheetError> {
    for (nth, (row, cells)) in rows.iter().enumerate().take(ROWS_ABOVE_HEADER_MAX) {
        match Header::in_cells(cells) {
            Some(Ok(header)) => return Ok((header, &rows[nth + 1..])),
            Some(Err(Twice { first, second })) => {
                return Err(SheetError::ColumnTwice { row: *row, first, second });
            }
            None => {}
        }
    }
    let first = rows.iter().map(|(_, cells)| cells).find(|cells| !is_empty(cells));
    Err(SheetError::NoHeader(first.cloned()))
}

fn is_empty(cells: &[String]) -> bool {
    cells.iter().all(|cell| cell.trim().is_empty())
}

fn objective(
    row: u64,
    cells: &[String],
    header: &Header,
    (cluster, namespace): (&str, Option<&str>),
) -> Result<(FileObjective, String), String> {
    let document = document::document(header, cells, namespace)?;
    let contents = parse(&document, cluster, Path::new(""));
    let Some(objective) = contents.objectives.into_iter().next() else {
        return Err(contents.problems.texts().collect::<Vec<_>>().join("; "));
    };
    if let Some(annotation) = reserved_for(&objective.name) {
        return Err(format!(
            "the name `{}` is reserved for the annotation {annotation}: give another",
            objective.name
        ));
    }
    Ok((FileObjective { line: row, ..objective }, document))
}

impl Sheet {
    /// The file of these objectives: sorted, each with its row in a comment, and the refused rows first.
    #[must_use]
    pub fn yaml(&self) -> String {
        let mut text = String::new();
        for RefusedRow { row, reason } in &self.refused {
            let _ = writeln!(text, "# row {row} is refused: {reason}");
        }
        for (nth, (objective, document)) in self.objectives.iter().zip(&self.documents).enumerate() {
            let separator = if nth > 0 { "---\n" } else { "" };
            let _ = write!(text, "{separator}# row {}\n{document}", objective.line);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    /// Rows as lines, cells separated by `|`.
    fn rows(text: &str) -> Vec<Row> {
        let cells = |line: &str| line.split('|').map(ToOwned::to_owned).collect();
        (1..).zip(text.lines().map(cells)).collect()
    }

    fn check(text: &str, expected: &Expect) {
        let read = read(&rows(text), "prod", Some("ml"));
        expected.assert_eq(&read.map_or_else(|error| error.to_string(), |sheet| sheet.yaml()));
    }

    #[test]
    fn two_columns_are_enough_and_rows_are_sorted() {
        let sheet = "job|deadline\nreport|before dwh/publish\ndwh/prices|12:00\n\nＡｄｓ|０　１２ ＊ ＊ ＊\nads|０　１２ ＊ ＊ ＊";
        check(
            sheet,
            &expect![[r#"
                # row 5 is refused: the batch's name `Ads` is invalid: Kubernetes allows lower-case letters, digits, `-` and `.`, 1 to 253 characters
                # row 3
                apiVersion: kigen.dev/v1alpha1
                kind: Objective
                metadata: {name: "deadline", namespace: "dwh"}
                spec:
                  batch: {cronJob: "prices"}
                  completeBy: "0 12 * * *"
                ---
                # row 6
                apiVersion: kigen.dev/v1alpha1
                kind: Objective
                metadata: {name: "deadline", namespace: "ml"}
                spec:
                  batch: {cronJob: "ads"}
                  completeBy: "0 12 * * *"
                ---
                # row 2
                apiVersion: kigen.dev/v1alpha1
                kind: Objective
                metadata: {name: "deadline", namespace: "ml"}
                spec:
                  batch: {cronJob: "report"}
                  before: {cronJob: "publish", namespace: "dwh"}
            "#]],
        );
    }

    #[test]
    fn all_columns_in_japanese_below_a_title() {
        let sheet = "バッチの期限\n\n担当|ジョブ|期限|猶予|タイムゾーン|カレンダー|達成率|重要度|手順書|メモ\n\
                     推薦 \"チーム\"|ml/recommend|12:00|１０ｍ|Asia/Tokyo|jp-business-days|0.99 over 30d|warning|https://wiki|x";
        check(
            sheet,
            &expect![[r#"
                # row 4
                apiVersion: kigen.dev/v1alpha1
                kind: Objective
                metadata: {name: "deadline", namespace: "ml"}
                spec:
                  batch: {cronJob: "recommend"}
                  completeBy: "0 12 * * *"
                  timeZone: "Asia/Tokyo"
                  grace: "10m"
                  calendar: "jp-business-days"
                  severity: "warning"
                  owner: "推薦 \"チーム\""
                  runbook: "https://wiki"
                  target: {ratio: 0.99, over: 30d}
            "#]],
        );
        assert_eq!(read(&rows(sheet), "prod", None).expect("a sheet").ignored, ["メモ"]);
    }

    #[test]
    fn a_refused_row_has_its_reason_and_does_not_affect_the_others() {
        let sheet = "job|deadline|name|namespace|target\nml/a|1/2\nml/b|25:00\n|12:00\nml/c|\nml/d|12:00|complete-by\nml/e|12:00\nml/e|13:00\n\
                     ml/e|13:00|late\nml/f|12:00||dwh\ng|soon||dwh\nml/h|12:00|||99%";
        let sheet = read(&rows(sheet), "prod", None).expect("a sheet");
        let refused: Vec<String> =
            sheet.refused.iter().map(|RefusedRow { row, reason }| format!("{row}: {reason}\n")).collect();
        expect![[r#"
            2: the deadline `1/2` is a date: a spreadsheet turns a crontab that looks like one into it. Format the column as plain text, and enter the crontab again, such as `0 12 * * *`
            3: the hour `25` does not read: 25 is above 23; allowed are 0 to 23, lists `6,18`, ranges `9-17`, steps `*/2`
            4: the job is empty. Of cells that are merged only the first has a value: unmerge them
            5: the deadline is empty. Of cells that are merged only the first has a value: unmerge them
            6: the name `complete-by` is reserved for the annotation kigen.dev/complete-by: give another
            8: row 7 has `deadline` of ml/e already: give each a name in a column `name`
            10: the job `ml/f` has another namespace than the row, `dwh`: keep one of them
            11: `soon` has 1 field(s), of five: minute, hour, day of month, month, day of week; write `*` where any value will do
            12: the target `99%` is none: write a ratio between 0 and 1 with at most 6 decimals, and 1d to 90d, such as `0.99 over 30d`
        "#]]
        .assert_eq(&refused.concat());
        let read: Vec<_> =
            sheet.objectives.iter().map(|of| (of.key.batch.as_str(), of.name.as_str(), of.line)).collect();
        assert_eq!(read, [("e", "deadline", 7), ("e", "late", 9)]);
    }

    #[test]
    fn a_sheet_without_its_header_is_no_sheet_without_objectives() {
        check(
            "recommend|12:00\nreport|13:00",
            &expect![
                "the sheet has no header: none of its first 10 rows has the columns `job` (ジョブ) and `deadline` (期限); the first row has `recommend`, `12:00`"
            ],
        );
        check(
            "",
            &expect![
                "the sheet has no header: none of its first 10 rows has the columns `job` (ジョブ) and `deadline` (期限); all of them are empty"
            ],
        );
        check(
            "job|期限|deadline\n",
            &expect!["row 1: the columns `期限` and `deadline` mean the same: remove one of them"],
        );
        check("job|deadline\n", &expect![""]);
    }

    #[test]
    fn what_is_written_is_read_as_the_same_objectives() {
        let sheet = "job|deadline|owner|runbook|namespace\n1.10|0 12 * * *|a: #b\\\"c|yes|null\nx|12:00|\u{85}e\u{7f}|https://w/?a=b#c|on";
        let sheet = read(&rows(sheet), "prod", None).expect("a sheet");
        assert_eq!((sheet.objectives.len(), &sheet.refused[..]), (2, &[][..]));
        let contents = parse(&sheet.yaml(), "prod", Path::new(""));
        assert!(contents.problems.is_empty(), "{}", contents.problems);
        let without_line = |objective: &FileObjective| FileObjective { line: 0, ..objective.clone() };
        assert_eq!(
            contents.objectives.iter().map(without_line).collect::<Vec<_>>(),
            sheet.objectives.iter().map(without_line).collect::<Vec<_>>()
        );
    }
}

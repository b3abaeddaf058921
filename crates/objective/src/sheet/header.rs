//! The columns of a sheet of objectives, by their heads in English or Japanese.

use super::cell::normal;

/// A column that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Column {
    Job,
    Deadline,
    Namespace,
    Name,
    Owner,
    TimeZone,
    Grace,
    Freshness,
    StartBy,
    Calendar,
    Target,
    Severity,
    Runbook,
}

/// The heads of each column, without case, spaces, `_` and `-`. The first is the one that messages name.
const HEADS: &[(Column, &[&str])] = &[
    (Column::Job, &["job", "ジョブ", "ジョブ名", "バッチ", "バッチ名", "batch", "cronjob"]),
    (Column::Deadline, &["deadline", "期限", "締切", "締め切り", "completeby", "by", "before"]),
    (Column::Namespace, &["namespace", "名前空間", "ネームスペース"]),
    (Column::Name, &["name", "目標", "目標名", "objective"]),
    (Column::Owner, &["owner", "担当", "担当者", "担当チーム"]),
    (Column::TimeZone, &["timezone", "タイムゾーン", "時間帯"]),
    (Column::Grace, &["grace", "猶予"]),
    (Column::Freshness, &["freshness", "鮮度"]),
    (Column::StartBy, &["startby", "開始期限"]),
    (Column::Calendar, &["calendar", "カレンダー", "営業日"]),
    (Column::Target, &["target", "目標達成率", "達成率"]),
    (Column::Severity, &["severity", "重要度"]),
    (Column::Runbook, &["runbook", "手順書", "手順"]),
];

/// The columns of a sheet.
#[derive(Debug)]
pub(super) struct Header {
    /// What each column is, by its position; `None`: it is not read.
    columns: Vec<Option<Column>>,
    /// The heads of columns that are not read.
    pub(super) ignored: Vec<String>,
}

/// Two columns of a sheet are the same.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Twice {
    pub(super) first: String,
    pub(super) second: String,
}

impl Header {
    /// The header in these cells; `None`: they are none, since they lack a job or a deadline.
    pub(super) fn in_cells(cells: &[String]) -> Option<Result<Self, Twice>> {
        let columns: Vec<Option<Column>> = cells.iter().map(|cell| column(cell)).collect();
        let has = |wanted| columns.contains(&Some(wanted));
        if !has(Column::Job) || !has(Column::Deadline) {
            return None;
        }
        for (nth, column) in columns.iter().enumerate().filter(|(_, column)| column.is_some()) {
            if let Some(first) = columns[..nth].iter().position(|earlier| earlier == column) {
                let [first, second] = [first, nth].map(|nth| cells[nth].trim().to_owned());
                return Some(Err(Twice { first, second }));
            }
        }
        let heads = cells.iter().zip(&columns);
        let is_ignored =
            |(cell, column): &(&String, &Option<Column>)| column.is_none() && !cell.trim().is_empty();
        let ignored = heads.filter(is_ignored).map(|(cell, _)| cell.trim().to_owned()).collect();
        Some(Ok(Self { columns, ignored }))
    }

    /// The cell of a column; `None`: it is empty, or there is no such column.
    pub(super) fn cell<'a>(&self, cells: &'a [String], wanted: Column) -> Option<&'a str> {
        let nth = self.columns.iter().position(|column| *column == Some(wanted))?;
        cells.get(nth).map(|cell| cell.trim()).filter(|cell| !cell.is_empty())
    }
}

fn column(head: &str) -> Option<Column> {
    let head: String =
        normal(head).to_lowercase().chars().filter(|c| !matches!(c, ' ' | '_' | '-')).collect();
    HEADS.iter().find(|(_, heads)| heads.contains(&head.as_str())).map(|(column, _)| *column)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(heads: &[&str]) -> Vec<String> {
        heads.iter().map(|&head| head.to_owned()).collect()
    }

    #[test]
    fn heads_are_found_wherever_they_stand_in_either_language_and_width() {
        for heads in
            [["job", "deadline", "owner"], ["　ジョブ ", "期限", "担当"], ["Ｊｏｂ", "Deadline", "Owner"]]
        {
            let cells_of = cells(&heads);
            let header = Header::in_cells(&cells_of).expect("a header").expect("no column twice");
            let row = cells(&["a", "b", " c "]);
            let found =
                [Column::Job, Column::Deadline, Column::Owner].map(|column| header.cell(&row, column));
            assert_eq!(found, [Some("a"), Some("b"), Some("c")], "{heads:?}");
        }
        let shifted = cells(&["メモ", "Complete By", "", "CronJob"]);
        let header = Header::in_cells(&shifted).expect("a header").expect("no column twice");
        assert_eq!(header.ignored, ["メモ"]);
        assert_eq!(header.cell(&cells(&["x", "0 12 * * *", "", "ml/a"]), Column::Job), Some("ml/a"));
        assert_eq!(
            header.cell(&cells(&["x"]), Column::Job),
            None,
            "Google leaves out empty cells at the end"
        );
    }

    #[test]
    fn a_header_has_both_columns_and_each_once() {
        assert!(Header::in_cells(&cells(&["job", "owner"])).is_none());
        let twice = Header::in_cells(&cells(&["job", "期限", "Deadline"])).expect("a header");
        let expected = Twice { first: "期限".to_owned(), second: "Deadline".to_owned() };
        assert_eq!(twice.expect_err("two deadlines"), expected);
    }
}

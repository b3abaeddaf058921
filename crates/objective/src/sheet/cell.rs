//! What a cell means, whichever way a spreadsheet or a person has written it.

use icu_normalizer::ComposingNormalizer;

/// The months of a date as spreadsheets show them.
const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// The deadlines of a row.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Deadline {
    /// By the instants of this crontab.
    CompleteBy(String),
    /// Before this CronJob starts; `None`: in the namespace of the batch.
    Before { namespace: Option<String>, cron_job: String },
}

/// The text with full-width digits, letters, signs and spaces as their ordinary ones (Unicode's NFKC), and with single spaces.
pub(super) fn normal(text: &str) -> String {
    let text = ComposingNormalizer::new_nfkc().normalize(text);
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Reads a deadline: a crontab, a time of each day such as `12:00`, or `before NAMESPACE/CRONJOB`.
///
/// # Errors
/// The spreadsheet has turned a crontab into a date.
pub(super) fn deadline(text: &str) -> Result<Deadline, String> {
    let text = normal(text);
    if let Some(target) = text.strip_prefix("before ") {
        let target = target.trim();
        let (namespace, cron_job) = match target.split_once('/') {
            Some((namespace, cron_job)) => (Some(namespace.to_owned()), cron_job.to_owned()),
            None => (None, target.to_owned()),
        };
        return Ok(Deadline::Before { namespace, cron_job });
    }
    if let Some(crontab) = of_each_day(&text) {
        return Ok(Deadline::CompleteBy(crontab));
    }
    if is_date(&text) {
        return Err(format!(
            "the deadline `{text}` is a date: a spreadsheet turns a crontab that looks like one into it. Format the column as plain \
             text, and enter the crontab again, such as `0 12 * * *`"
        ));
    }
    Ok(Deadline::CompleteBy(text))
}

/// The crontab of a time such as `12:00` or `9:30:00`.
fn of_each_day(text: &str) -> Option<String> {
    let (hour, minute) = text.split_once(':')?;
    let minute = minute.strip_suffix(":00").unwrap_or(minute);
    let number =
        |text: &str| text.bytes().all(|digit| digit.is_ascii_digit()).then(|| text.parse::<u32>().ok())?;
    Some(format!("{} {} * * *", number(minute)?, number(hour)?))
}

/// Whether this is a date, alone or with a time.
fn is_date(text: &str) -> bool {
    let words: Vec<String> = text.to_lowercase().split([' ', ',']).map(ToOwned::to_owned).collect();
    words.len() < 5 && words.iter().any(|word| is_part_of_date(word))
}

fn is_part_of_date(word: &str) -> bool {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|digit| digit.is_ascii_digit());
    let is_month = |part: &str| part.get(..3).is_some_and(|start| MONTHS.contains(&start)) && part.is_ascii();
    let parts: Vec<&str> =
        word.split(['/', '-', '.', '年', '月', '日']).filter(|part| !part.is_empty()).collect();
    let is_japanese = word.contains(['年', '月', '日']);
    let has_month = parts.iter().any(|part| is_month(part));
    let are_numbers = parts.iter().all(|part| is_number(part) || is_month(part));
    are_numbers && (has_month || is_japanese || parts.len() > 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_width_signs_are_the_ordinary_ones() {
        assert_eq!(normal("　０　１２ ＊\t＊ ＊\n"), "0 12 * * *");
        assert_eq!(normal("ｍｌ／ｒｅｃｏｍｍｅｎｄ"), "ml/recommend");
        assert_eq!(normal("ｼﾞｮﾌﾞ"), "ジョブ");
    }

    fn crontab(text: &str) -> String {
        match deadline(text) {
            Ok(Deadline::CompleteBy(crontab)) => crontab,
            other => panic!("`{text}`: {other:?}"),
        }
    }

    #[test]
    fn a_deadline_is_a_crontab_a_time_of_each_day_or_a_cron_job() {
        assert_eq!(crontab("０ 12 ＊ * 1-5"), "0 12 * * 1-5");
        assert_eq!(crontab("*/15 9-17 1/2 * *"), "*/15 9-17 1/2 * *");
        assert_eq!(crontab("１２：００"), "0 12 * * *");
        assert_eq!(crontab("9:30:00"), "30 9 * * *");
        assert_eq!(crontab("soon"), "soon", "the reader of objectives reports it");
        let before = |namespace: Option<&str>| Deadline::Before {
            namespace: namespace.map(ToOwned::to_owned),
            cron_job: "report".to_owned(),
        };
        assert_eq!(deadline("before dwh/report"), Ok(before(Some("dwh"))));
        assert_eq!(deadline("before　report"), Ok(before(None)));
    }

    #[test]
    fn a_crontab_that_a_spreadsheet_has_turned_into_a_date_is_reported() {
        for date in [
            "1/2",
            "2026/01/02",
            "2026-01-02",
            "02.01.2026",
            "1月2日",
            "２０２６年１月２日",
            "Jan 2",
            "2-Jan",
            "Jan 2, 2026",
            "1/2/2026 0:00:00",
            "2026/1/2 12:00",
        ] {
            let reason = deadline(date).expect_err(date);
            assert!(reason.contains("is a date"), "{date}: {reason}");
        }
        for crontab_of in ["@daily", "0 0 1 jan *", "0 0 1-15 1/2 *", "*/5", "12"] {
            assert_eq!(crontab(crontab_of), crontab_of);
        }
    }
}

//! The calendars of a file: YAML, one `kind: Calendar` a document, and the iCalendar files that they name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{NaiveDate, Weekday};
use kigen_working_days::{Catalog, Definition, Span, ics};

use crate::located::Located;
use crate::problems::Problems;
use crate::spec::CalendarSpec;

/// The most calendars of a file.
pub const CALENDARS_MAX: usize = 64;

/// The calendars of a file while it is read.
#[derive(Debug, Default)]
pub(crate) struct Calendars {
    catalog: Catalog,
    names: Vec<Located<String>>,
    /// Those with an error. They may be joined while the file is read, so that only their own errors are reported.
    wrong: Vec<String>,
    /// The iCalendar files that they name.
    files: Vec<PathBuf>,
}

impl Calendars {
    /// Adds the calendar of a document; its iCalendar files are beside the file, in `folder`.
    pub(crate) fn add(
        &mut self,
        name: Located<String>,
        spec: CalendarSpec,
        folder: &Path,
        problems: &mut Problems,
    ) {
        if self.names.len() >= CALENDARS_MAX {
            let text = format!("the file has more than {CALENDARS_MAX} calendars: this one is left out");
            return problems.add(name.line(), text);
        }
        let problems_before = problems.count();
        let files = spec.ics.iter().flatten().filter_map(|file| self.read_ics(file, folder, problems));
        let files: Vec<_> = files.collect();
        let definition = Definition {
            joined: spec.join.unwrap_or_default(),
            weekend: spec.weekend.map(|days| weekdays(&days, problems)),
            files,
            days_off: spans(spec.days_off, problems),
            working_days: spans(spec.working_days, problems),
        };
        match self.catalog.define(name.value().clone(), definition) {
            Ok(()) if problems.count() == problems_before => self.names.push(name),
            Ok(()) => {
                self.wrong.push(name.value().clone());
                self.names.push(name);
            }
            Err(error) => problems.add(name.line(), error.to_string()),
        }
    }

    /// All that are valid, and the iCalendar files that the file names.
    pub(crate) fn finish(mut self, problems: &mut Problems) -> (Catalog, Vec<PathBuf>) {
        for name in &self.names {
            if let Err(error) = self.catalog.find(name.value()) {
                problems.add(name.line(), error.to_string());
                self.wrong.push(name.value().clone());
            }
        }
        self.wrong.iter().for_each(|name| self.catalog.remove(name));
        (self.catalog, self.files)
    }

    fn read_ics(
        &mut self,
        file: &Located<String>,
        folder: &Path,
        problems: &mut Problems,
    ) -> Option<BTreeMap<NaiveDate, String>> {
        let path = folder.join(file.value());
        self.files.push(path.clone());
        let read = read_to_string(&path).and_then(|text| ics::days(&text).map_err(|error| error.to_string()));
        match read {
            Ok(days) => Some(days),
            Err(reason) => {
                problems.add(file.line(), format!("the iCalendar file {}: {reason}", path.display()));
                None
            }
        }
    }
}

fn read_to_string(path: &Path) -> Result<String, String> {
    let unreadable = |error: std::io::Error| format!("it cannot be read: {error}");
    let bytes = std::fs::metadata(path).map_err(unreadable)?.len();
    if bytes > ics::ICS_BYTES_MAX {
        return Err(format!("it has {bytes} bytes; the most is {}", ics::ICS_BYTES_MAX));
    }
    std::fs::read_to_string(path).map_err(unreadable)
}

fn weekdays(texts: &[Located<String>], problems: &mut Problems) -> Vec<Weekday> {
    let weekday = |text: &Located<String>| match text.value().parse() {
        Ok(day) => Some(day),
        Err(_) => {
            problems.add(
                text.line(),
                format!("`{}` is no day of the week: write Saturday, or Sat", text.value()),
            );
            None
        }
    };
    texts.iter().filter_map(weekday).collect()
}

fn spans(texts: Option<Vec<Located<String>>>, problems: &mut Problems) -> Vec<Span> {
    let span = |text: Located<String>| match text.value().parse() {
        Ok(span) => Some(span),
        Err(error) => {
            problems.add(text.line(), format!("{error}"));
            None
        }
    };
    texts.unwrap_or_default().into_iter().filter_map(span).collect()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use crate::file::read_file;

    fn calendar(name: &str, spec: &str) -> String {
        format!("apiVersion: kigen.dev/v1alpha1\nkind: Calendar\nmetadata: {{name: {name}}}\nspec:\n{spec}")
    }

    /// The errors of a file that has these documents, beside an iCalendar file `summer.ics`.
    fn check(documents: &[String], expected: &Expect) {
        let folder = tempfile::tempdir().expect("a folder");
        let summer = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20260814\r\nSUMMARY:Summer\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
        std::fs::write(folder.path().join("summer.ics"), summer).expect("a file");
        let file = folder.path().join("objectives.yaml");
        std::fs::write(&file, documents.join("---\n")).expect("a file");
        let contents = read_file(&file, "prod").expect("it can be read");
        let of_folder = format!("{}/", folder.path().display());
        let mut out = contents.problems.to_string().replace(&of_folder, "");
        let names: Vec<&str> = contents.catalog.defined().collect();
        out.push_str(&format!("\ndefined: {}", names.join(", ")));
        expected.assert_eq(out.trim());
    }

    #[test]
    fn a_calendar_has_dates_files_a_week_and_other_calendars() {
        let company = "  join: [jp-business-days]\n  ics: [summer.ics]\n  daysOff: [2026-12-28, 2026-08-12/2026-08-13]\n  \
                       workingDays: [2026-11-21]\n";
        let six_days = "  weekend: [Sun]\n";
        check(&[calendar("company", company), calendar("six", six_days)], &expect!["defined: company, six"]);
    }

    #[test]
    fn a_calendar_may_join_one_that_follows_it() {
        let (first, second) = ("  join: [second]\n", "  weekend: [Sunday]\n");
        check(&[calendar("first", first), calendar("second", second)], &expect!["defined: first, second"]);
    }

    #[test]
    fn all_that_is_wrong_is_reported_at_once_each_with_its_line() {
        let wrong = "  join: [jp-busines-days]\n  ics: [winter.ics]\n  weekend: [Someday]\n  daysOff:\n  - 2026-02-30\n  \
                     - 2026-12-28\n";
        check(
            &[calendar("wrong", wrong), calendar("jp-office-days", "  weekend: [Sun]\n")],
            &expect![[r#"
            line 3: there is no calendar `jp-busines-days`: there are weekdays, jp-business-days, jp-office-days, wrong
            line 6: the iCalendar file winter.ics: it cannot be read: No such file or directory (os error 2)
            line 7: `Someday` is no day of the week: write Saturday, or Sat
            line 9: `2026-02-30` is no date such as 2026-08-13, nor the first and last of at most 366 days such as 2026-08-13/2026-08-15
            line 14: there is a calendar `jp-office-days` already: choose another name
            defined:"#]],
        );
    }

    #[test]
    fn a_field_that_a_calendar_lacks_and_a_namespace_are_refused() {
        let unknown = calendar("one", "  holidays: [2026-12-28]\n");
        let of_namespace =
            calendar("two", "  weekend: [Sun]\n").replace("name: two", "name: two, namespace: ml");
        check(
            &[unknown, of_namespace],
            &expect![[r#"
            line 5: unknown field `holidays`, expected one of join, weekend, ics, daysOff, workingDays
            line 9: a calendar has no namespace: objectives of each may name it
            defined: two"#]],
        );
    }
}

//! The rules by which the API server refuses a crontab that kigen cannot read, generated from the grammar of
//! `kigen_calendar::Crontab`. They refuse nothing that kigen accepts; a range that runs backwards they do not see.
//!
//! A rule for each field, in place of one pattern for all, so that the message names the field. The patterns are in the syntax that
//! RE2, with which the API server reads them, has in common with the crate `regex`, with which the tests do.

use serde_json::{Value, json};

/// What separates fields: any Unicode space.
const SPACE: &str = r"\pZ\t-\r\x{85}";

const DESCRIPTORS: [&str; 7] =
    ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];

/// A field of a crontab: its name, its values as a pattern, and what they are for a person.
struct Field {
    name: &'static str,
    value: &'static str,
    allowed: &'static str,
}

const FIELDS: [Field; 5] = [
    Field { name: "minute", value: r"\+?0*[1-5]?[0-9]", allowed: "0 to 59" },
    Field { name: "hour", value: r"\+?0*(?:1?[0-9]|2[0-3])", allowed: "0 to 23" },
    Field { name: "day of month", value: r"\+?0*(?:[1-9]|[12][0-9]|3[01])", allowed: "1 to 31" },
    Field {
        name: "month",
        value: r"(?:\+?0*(?:[1-9]|1[0-2])|(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec))",
        allowed: "1 to 12 or jan to dec",
    },
    Field {
        name: "day of week",
        value: r"(?:\+?0*[0-6]|(?i:sun|mon|tue|wed|thu|fr[i\x{130}]|sat))",
        allowed: "0, Sunday, to 6 or sun to sat",
    },
];

/// The rules of a crontab of deadlines.
pub(crate) fn complete_by() -> Value {
    rules(&format!("self in ['{}']", DESCRIPTORS.join("', '")), "")
}

/// The rules of a crontab of starts, which may also be `@every` and a duration.
pub(crate) fn starts() -> Value {
    let descriptors = format!("self.startsWith('@every ') || self in ['{}']", DESCRIPTORS.join("', '"));
    rules(&descriptors, ", @every 5m")
}

fn rules(descriptors: &str, and: &str) -> Value {
    let mut all = vec![
        json!({
            "rule": "!self.contains('TZ')",
            "message": "a crontab has no time zone in it: write the zone in timeZone",
        }),
        json!({
            "rule": format!("!self.startsWith('@') || {descriptors}"),
            "message": format!(
                "a descriptor is @yearly, @monthly, @weekly, @daily, @hourly{and}; else write five fields such as 0 12 * * *"
            ),
        }),
        json!({
            "rule": format!("self.startsWith('@') || self.matches(r'{}')", five_fields()),
            "message": "a crontab has five fields: minute, hour, day of month, month and day of week, such as 0 12 * * *",
        }),
    ];
    for (nth, field) in FIELDS.iter().enumerate() {
        let Field { name, allowed, .. } = field;
        all.push(json!({
            "rule": format!("self.startsWith('@') || self.matches(r'{}')", nth_field(nth, field)),
            "message": format!("the {name} is {allowed}, with lists, ranges and steps of these, or *"),
        }));
    }
    Value::Array(all)
}

fn five_fields() -> String {
    format!("^[{SPACE}]*[^{SPACE}]+(?:[{SPACE}]+[^{SPACE}]+){{4}}[{SPACE}]*$")
}

/// A list of pieces, of which some may be empty, after `nth` other fields.
fn nth_field(nth: usize, Field { value, .. }: &Field) -> String {
    let star = format!("[*?](?:-[^/,{SPACE}]*)?");
    let piece = format!(r"(?:{star}|{value}(?:-{value})?)(?:/\+?0*[1-9][0-9]*)?");
    let list = format!("(?:,*{piece}(?:,+{piece})*,*|,+)");
    format!("^[{SPACE}]*(?:[^{SPACE}]+[{SPACE}]+){{{nth}}}{list}(?:[{SPACE}]|$)")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs::File;
    use std::io::{BufRead, BufReader};

    use flate2::read::GzDecoder;
    use regex::Regex;

    use super::*;

    /// The rules as the API server applies them.
    struct Rules {
        five: Regex,
        fields: Vec<Regex>,
    }

    impl Rules {
        fn new() -> Self {
            let regex = |pattern: &str| Regex::new(pattern).expect("a pattern");
            let fields =
                FIELDS.iter().enumerate().map(|(nth, field)| regex(&nth_field(nth, field))).collect();
            Self { five: regex(&five_fields()), fields }
        }

        fn accept_fields(&self, text: &str) -> bool {
            self.five.is_match(text) && self.fields.iter().all(|field| field.is_match(text))
        }

        fn accept_deadlines(&self, text: &str) -> bool {
            let is_right =
                if text.starts_with('@') { DESCRIPTORS.contains(&text) } else { self.accept_fields(text) };
            is_right && !text.contains("TZ") && !text.is_empty()
        }

        fn accept_starts(&self, text: &str) -> bool {
            (text.starts_with("@every ") && !text.contains("TZ")) || self.accept_deadlines(text)
        }

        /// Nothing that kigen accepts is refused.
        fn check(&self, text: &str) {
            if crate::crontab::starts(text).is_ok() {
                assert!(self.accept_starts(text), "kigen accepts {text:?}");
            }
            if crate::crontab::complete_by(text).is_ok() {
                assert!(self.accept_deadlines(text), "kigen accepts {text:?}");
            }
        }
    }

    fn vectors() -> BTreeSet<String> {
        let path = "../../tests/fixtures/crontab/vectors.jsonl.gz";
        let file = File::open(path).expect("the vectors are there");
        let line = |line: std::io::Result<String>| {
            let vector: Value = serde_json::from_str(&line.expect("text")).expect("JSON");
            vector["spec"].as_str().expect("a crontab").to_owned()
        };
        BufReader::new(GzDecoder::new(file)).lines().map(line).collect()
    }

    #[test]
    fn the_rules_refuse_no_vector_that_kigen_accepts_and_most_that_it_refuses() {
        let rules = Rules::new();
        let vectors = vectors();
        let (mut refused, mut accepted) = (0, BTreeSet::new());
        for text in &vectors {
            rules.check(text);
            if crate::crontab::starts(text).is_err() {
                refused += 1;
                if rules.accept_starts(text) {
                    accepted.insert(text.as_str());
                }
            }
        }
        assert!(refused > 50, "the vectors have {refused} that are refused");
        // A range that runs backwards, a duration that Go refuses, a step beyond an i64.
        let is_known = |text: &&str| text.contains('-') || text.starts_with("@every ");
        assert!(accepted.iter().all(is_known), "{accepted:?}");
    }

    #[test]
    fn the_rules_refuse_nothing_that_kigen_accepts() {
        const PIECES: [&str; 44] = [
            "*",
            "?",
            "*-",
            "*-x",
            "*/5",
            "0",
            "00",
            "5",
            "+7",
            "007",
            "12",
            "23",
            "24",
            "31",
            "32",
            "59",
            "60",
            "61",
            "6",
            "7",
            "jan",
            "DEC",
            "Sun",
            "fr\u{130}",
            "sat",
            "mon-fri",
            "1-5",
            "5-1",
            "0-59/7",
            "1/3",
            "1/0",
            "1/",
            "-",
            ",",
            "1,2",
            ",1",
            "1,,2",
            "1-2-3",
            "L",
            "1W",
            "#",
            "x",
            "*/99999999999999999999",
            "9/+2",
        ];
        const SPACES: [&str; 8] = [" ", "  ", "\t", "\u{a0}", "\u{2003}", "\u{85}", "\u{b}", " \u{3000}"];
        let rules = Rules::new();
        let mut random = fastrand::Rng::with_seed(7);
        let mut accepted = 0;
        for _ in 0..60_000 {
            let fields = if random.u8(0..20) == 0 { random.usize(0..8) } else { 5 };
            let mut text = if random.u8(0..10) == 0 { " ".to_owned() } else { String::new() };
            for _ in 0..fields {
                // Mostly what is right in every field.
                let piece = if random.bool() {
                    ["*", "1", "2-4", "5,6"][random.usize(0..4)]
                } else {
                    PIECES[random.usize(0..PIECES.len())]
                };
                text.push_str(piece);
                if random.u8(0..6) == 0 {
                    text.push_str(PIECES[random.usize(0..PIECES.len())]);
                }
                text.push_str(if random.bool() { " " } else { SPACES[random.usize(0..SPACES.len())] });
            }
            rules.check(&text);
            accepted += u32::from(crate::crontab::starts(&text).is_ok());
        }
        assert!(accepted > 1_000, "only {accepted} were accepted by kigen");
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        let rules = Rules::new();
        for text in [
            "",
            "61 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * 32 * *",
            "* * * 13 *",
            "* * * * 7",
            "* * * *",
            "* * * * * *",
            "every noon",
            "@noon",
            "@every 1h",
            "TZ=Asia/Tokyo 0 12 * * *",
            "*/0 * * * *",
            "0 12 * * monday",
            "1-70 * * * *",
            "0  24 * * *",
        ] {
            assert!(!rules.accept_deadlines(text), "{text:?}");
            assert!(crate::crontab::complete_by(text).is_err(), "{text:?}");
        }
        for text in
            ["0 12 * * *", "*/5 * * * mon-fri", "@daily", "0,30 6-18/2 1,15 JAN-mar ?", " 0 12 * * * "]
        {
            assert!(rules.accept_deadlines(text), "{text:?}");
        }
        assert!(rules.accept_starts("@every 1h30m"));
    }
}

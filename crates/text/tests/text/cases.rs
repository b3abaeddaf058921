//! What programs of many kinds print when they fail, and what a person must see of it, in the fact and in a message.

use kigen_model::run::ERROR_TEXT_BYTES_MAX;
use kigen_text::error::{MESSAGE_CHARS_MAX, kept, shown};

/// An output in `tests/cases`, and what counts of it.
struct Case {
    name: &'static str,
    /// Texts that stand in the fact and in a message.
    sees: &'static [&'static str],
    /// Texts that stand in neither.
    not: &'static [&'static str],
}

const CASES: &[Case] = &[
    Case {
        name: "cause-before-its-frames",
        sees: &[
            "LookupError: partition 2026-11-18 of orders is empty",
            "File \"/app/mart/io.py\", line 33",
            "File \"/app/mart/assets.py\", line 71",
        ],
        not: &[],
    },
    Case {
        name: "coloured",
        sees: &["KeyError: 'segment_id'", "segments.py\", line 64", "segments.py\", line 91"],
        not: &["\u{1b}", "[35m", "[0m"],
    },
    Case {
        name: "java-cause-in-the-middle",
        sees: &[
            "py4j.protocol.Py4JJavaError: An error occurred while calling o118.parquet.",
            "\n: org.apache.spark.SparkException: Job aborted due to stage failure: ",
            "Caused by: java.io.FileNotFoundException: Item not found: \
             'gs://shop-lake/events/dt=2026-11-18/part-00031.snappy.parquet'",
            "File \"/app/etl/join_events.py\", line 66",
        ],
        not: &[],
    },
    Case {
        name: "json-lines",
        sees: &[
            "\nrequests.exceptions.HTTPError: 503 Server Error: Service Unavailable for url: \
             https://prices.example.com/v2/day/2026-11-18",
            "\n  File \"/app/jobs/prices.py\", line 21, in fetch\n",
            "\n  File \"/app/jobs/prices.py\", line 44, in run\n",
            "the day could not be read",
        ],
        not: &["\\n"],
    },
    Case {
        name: "launcher-hides-the-worker",
        sees: &[
            "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.50 GiB.",
            "File \"/app/train.py\", line 97",
            "File \"/app/train.py\", line 143",
            "File \"/app/train.py\", line 210",
        ],
        not: &[],
    },
    Case {
        name: "query-follows-the-message",
        sees: &[
            "google.api_core.exceptions.BadRequest: 400 Unrecognized name: prefecture; Did you mean prefecture_id? \
             at [17:8]",
            "Job ID: 6c0de8f4-",
            "File \"/app/mart/load.py\", line 40",
            "  17:       o.prefecture AS prefecture,",
        ],
        not: &[],
    },
    Case {
        name: "ray-task",
        sees: &[
            "ray.exceptions.RayTaskError(KeyError): ray::score() (pid=214, ip=10.8.4.19)",
            "File \"/app/score.py\", line 31, in score",
            "KeyError: 'features'",
            "File \"/app/score.py\", line 58",
        ],
        not: &[],
    },
];

fn text_of(name: &str) -> String {
    std::fs::read_to_string(format!("tests/cases/{name}.txt")).expect("a text of that name")
}

/// What is missing or too much of a text.
fn faults(text: &str, case: &Case) -> Vec<String> {
    let missing =
        case.sees.iter().filter(|part| !text.contains(**part)).map(|part| format!("lacks {part:?}"));
    missing
        .chain(case.not.iter().filter(|part| text.contains(**part)).map(|part| format!("has {part:?}")))
        .collect()
}

#[test]
fn the_fact_and_the_message_have_what_a_person_must_see() {
    let mut all = Vec::new();
    for case in CASES {
        let fact = kept(&text_of(case.name));
        let message = shown(&fact, MESSAGE_CHARS_MAX);
        assert!(fact.len() <= ERROR_TEXT_BYTES_MAX, "{}: {} bytes", case.name, fact.len());
        assert!(message.chars().count() <= MESSAGE_CHARS_MAX, "{}: {message}", case.name);
        for (place, text) in [("fact", &fact), ("message", &message)] {
            let faults = faults(text, case);
            if !faults.is_empty() {
                all.push(format!("== the {place} of {}\n{}\n--\n{text}\n", case.name, faults.join("\n")));
            }
        }
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn each_output_has_its_expectation() {
    let mut names: Vec<String> = std::fs::read_dir("tests/cases")
        .expect("the folder of outputs")
        .filter_map(|entry| {
            Some(entry.expect("a readable folder").path().file_stem()?.to_string_lossy().into_owned())
        })
        .collect();
    names.sort();
    let mut expected: Vec<&str> = CASES.iter().map(|case| case.name).collect();
    expected.sort_unstable();
    assert_eq!(names, expected);
}

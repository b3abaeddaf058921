//! What programs of many kinds print when they fail, and what a person must see of it, in the fact and in a message.

use kigen_model::run::ERROR_TEXT_BYTES_MAX;
use kigen_text::error::{MESSAGE_CHARS_MAX, kept, line, shown};

/// An output in `tests/cases`, and what counts of it.
struct Case {
    name: &'static str,
    /// Texts that stand in the fact and in a message.
    sees: &'static [&'static str],
    /// Texts that do not stand in a message.
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
        name: "gokart-missing-data",
        sees: &["Data for dwh.Prices() does not exist (yet?)", "* 1 were missing external dependencies:"],
        not: &["Checking if", "Keep-Alive", "====="],
    },
    Case {
        name: "gokart-not-run",
        sees: &["* 1 was not granted run permission by the scheduler:\n        - 1 ml.Embed(...)"],
        not: &["Checking if", "Keep-Alive", "====="],
    },
    Case {
        name: "gokart-scheduling-error",
        sees: &[
            "PermissionError: 403 storage.objects.get denied on gs://ml/published",
            "File \"/app/ends.py\", line 14, in complete",
        ],
        not: &["Done scheduling", "Keep-Alive", "====="],
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
    Case {
        name: "aws-cli",
        sees: &["download failed: s3://shop-export/2026-11-18/part-00080.csv.gz", "(403)", "Forbidden"],
        not: &[],
    },
    Case {
        name: "bq-query",
        sees: &[
            "BigQuery error in query operation: Error processing job 'shop-prod:bqjob_r4c1_1':",
            "Resources exceeded during query execution",
            "Peak usage: 121% of limit.",
        ],
        not: &["(150s)", "\r"],
    },
    Case {
        name: "dbt",
        sees: &[
            "Database Error in model segments (models/mart/segments.sql)",
            "Name customer_rank not found inside o at [12:19]",
            "compiled code at target/run/shop/models/mart/segments.sql",
        ],
        not: &["[31m"],
    },
    Case {
        name: "dbt-in-airflow",
        sees: &[
            "Database Error in model segments (models/mart/segments.sql)",
            "column \"customer_rank\" does not exist",
            "LINE 12:   o.customer_rank,",
        ],
        not: &["{subprocess.py:94}"],
    },
    Case {
        name: "dotnet-inner",
        sees: &[
            "Unhandled exception. System.InvalidOperationException: the day could not be closed",
            "---> Npgsql.PostgresException (0x80004005): 55P03: could not obtain lock on row in relation \"days\"",
            "Shop.Close.Days.Lock(DateOnly day) in /src/Close/Days.cs:line 61",
            "Shop.Close.Program.Main(String[] args) in /src/Close/Program.cs:line 12",
        ],
        not: &[],
    },
    Case {
        name: "fatal-python-error",
        sees: &[
            "Fatal Python error: Segmentation fault",
            "File \"/usr/local/lib/python3.11/site-packages/lightgbm/basic.py\", line 1142 in predict",
            "File \"/app/score.py\", line 31 in score",
            "File \"/app/score.py\", line 66 in <module>",
        ],
        not: &["pkg7."],
    },
    Case {
        name: "go-json-then-fatal",
        sees: &[
            "FATAL cannot commit the batch batch=61",
            "rpc error: code = Aborted desc = transaction 71 was rolled back",
        ],
        not: &["{\""],
    },
    Case {
        name: "go-panic",
        sees: &[
            "panic: runtime error: invalid memory address or nil pointer dereference",
            "goroutine 1 [running]:",
            "main.(*loader).readShard(",
            "/workspace/cmd/load/shard.go:88",
            "/workspace/cmd/load/main.go:23",
            "exit status 2",
        ],
        not: &["goroutine 40"],
    },
    Case {
        name: "google-json",
        sees: &["TimeoutError: no answer within 60 s", "\n  File \"/app/main.py\", line 8, in run\n"],
        not: &["\\n", "severity"],
    },
    Case {
        name: "interleaved-ranks",
        sees: &[
            "ValueError: shard clicks-00007 has 0 rows, of 500000",
            "File \"/app/data.py\", line 57, in __iter__\n    raise ValueError",
            "File \"/app/train.py\", line 101, in main\n    batch = next(batches)",
        ],
        not: &["NCCL error"],
    },
    Case {
        name: "json-cut-at-its-beginning",
        sees: &[
            "LookupError: 2026-11-18",
            "\n  File \"/app/jobs/prices.py\", line 21, in fetch\n",
            "  File \"/app/jobs/prices.py\", line 44, in run\n",
        ],
        not: &["\\n", "timestamp"],
    },
    Case {
        name: "json-frames",
        sees: &[
            "CRITICAL run failed",
            "ZeroDivisionError: division by zero",
            "\n  File \"/app/rates.py\", line 17, in rate\n",
        ],
        not: &["{\""],
    },
    Case {
        name: "julia",
        sees: &[
            "ERROR: LoadError: DomainError with -1.0:",
            "volatility(prices::Vector{Float64})\n    @ Main /app/risk.jl:31",
        ],
        not: &["step_30"],
    },
    Case {
        name: "jvm-json",
        sees: &[
            "ERROR the feed could not be read",
            "java.io.UncheckedIOException: page 10",
            "at com.shop.feed.Reader.page(Reader.java:77)",
            "Caused by: java.net.http.HttpTimeoutException: request timed out",
        ],
        not: &["\\n", "\\t", "level_value"],
    },
    Case {
        name: "jvm-main",
        sees: &[
            "java.lang.IllegalStateException: Failed to execute ApplicationRunner",
            "Caused by: org.springframework.dao.DataAccessResourceFailureException: the invoices of 2026-11-18",
            "at com.shop.billing.InvoiceReader.read(InvoiceReader.java:61)",
            "Caused by: org.postgresql.util.PSQLException: ERROR: relation \"billing.invoices_20261118\" does not exist",
        ],
        not: &[],
    },
    Case {
        name: "loguru",
        sees: &[
            "RuntimeError: 3 shops are open",
            "File \"/app/close.py\", line 30, in <module>",
            "File \"/app/close.py\", line 21, in close",
        ],
        not: &["\u{1b}", "[33m"],
    },
    Case {
        name: "node-cause",
        sees: &[
            "Error: the stock of 2026-11-18 was not read",
            "at readStock (/app/src/stock.js:37:11)",
            "at async main (/app/src/index.js:12:3)",
            "[cause]: Error: connect ECONNREFUSED 10.8.0.12:5432",
        ],
        not: &["Layer20"],
    },
    Case {
        name: "noise-at-exit",
        sees: &[
            "RuntimeError: 212 of 240 shops gave no price",
            "File \"/app/crawl.py\", line 64, in main",
            "File \"/app/crawl.py\", line 81, in <module>",
        ],
        not: &["cannot schedule new futures"],
    },
    Case {
        name: "php-fatal",
        sees: &[
            "PHP Fatal error:  Uncaught PDOException: SQLSTATE[HY000] [2002] Connection refused",
            "#1 /app/src/Export.php(48)",
        ],
        not: &["row 190"],
    },
    Case {
        name: "pino-json",
        sees: &[
            "FATAL the load failed",
            "TypeError: Cannot read properties of undefined (reading 'rows')",
            "\n    at load (/app/src/load.js:12:11)\n",
        ],
        not: &["{\""],
    },
    Case {
        name: "progress-bars",
        sees: &["RuntimeError: the loss is not a number in step 9912"],
        not: &["50/100"],
    },
    Case {
        name: "r-caused-by",
        sees: &[
            "Error in `mutate()`:",
            "In group 3: `shop = \"s-17\"`.",
            "Caused by error in `sales / total`:",
            "! non-numeric argument to binary operator",
        ],
        not: &[],
    },
    Case {
        name: "r-error",
        sees: &[
            "Error in read.csv(path, stringsAsFactors = FALSE) :",
            "cannot open the connection",
            "Calls: main -> load_month -> read.csv",
            "cannot open file 'months/2026-11.csv': No such file or directory",
        ],
        not: &[],
    },
    Case {
        name: "ray-actor-prefix",
        sees: &[
            "OSError: the model's file is empty",
            "\n  File \"/app/model.py\", line 12, in predict\n",
            "\n  File \"/app/score.py\", line 31, in score\n",
        ],
        not: &["(score pid=214"],
    },
    Case {
        name: "rich-box",
        sees: &[
            "KeyError: 'segment_id'",
            "/app/jobs/segments.py:70 in step_7",
            "/app/jobs/segments.py:73 in step_6",
        ],
        not: &[],
    },
    Case {
        name: "ruby",
        sees: &[
            "/app/lib/export.rb:48:in 'Export#rows': the export of 2026-11-18 has no rows (RuntimeError)",
            "from /app/lib/export.rb:21:in 'Export#run'",
            "from /app/bin/export:7:in '<main>'",
        ],
        not: &[],
    },
    Case {
        name: "rust-causes",
        sees: &[
            "Error: the export of 2026-11-18 failed",
            "0: writing prices.parquet",
            "2: 403 Forbidden: AccessDenied",
            "src/main.rs:88:9",
        ],
        not: &[],
    },
    Case {
        name: "rust-panic",
        sees: &[
            "panicked at src/shard.rs:41:14:",
            "called `Result::unwrap()` on an `Err` value: Os { code: 2, kind: NotFound",
            "ranker::shard::open\n             at ./src/shard.rs:41:14",
        ],
        not: &["poll_30"],
    },
    Case {
        name: "shell-set-x",
        sees: &[
            "+ psql -v ON_ERROR_STOP=1 -f /app/merge.sql",
            "ERROR:  duplicate key value violates unique constraint \"orders_pkey\"",
            "DETAIL:  Key (order_id)=(88121) already exists.",
        ],
        not: &[],
    },
    Case {
        name: "spark-driver-log",
        sees: &[
            "User class threw exception: org.apache.spark.SparkException: Job aborted due to stage failure: Task 3",
            "at com.shop.ranking.Train$.main(Train.scala:92)",
            "Caused by: java.lang.NumberFormatException: For input string: \"n/a\"",
            "at com.shop.ranking.Features$.price(Features.scala:48)",
        ],
        not: &[],
    },
    Case {
        name: "spark-json",
        sees: &[
            "ERROR Aborting task",
            "java.io.EOFException: the file part-00007 ends early",
            "\tat com.shop.ranking.Reader.read(Reader.scala:51)",
        ],
        not: &["{\""],
    },
    Case {
        name: "sql-follows-the-message",
        sees: &[
            "sqlalchemy.exc.ProgrammingError: (psycopg2.errors.UndefinedColumn) column o.prefecture does not exist",
            "LINE 17:        o.prefecture AS prefecture,",
            "File \"/app/mart/load.py\", line 38, in load",
        ],
        not: &["ann7@example.com"],
    },
    Case {
        name: "timestamps-on-each-line",
        sees: &["KeyError: 'yen'", "\n  File \"/app/prices.py\", line 9, in main\n"],
        not: &["2026-11-19T"],
    },
];

fn text_of(name: &str) -> String {
    std::fs::read_to_string(format!("tests/cases/{name}.txt")).expect("a text of that name")
}

#[test]
fn the_fact_and_the_message_have_what_a_person_must_see() {
    let mut all = Vec::new();
    for Case { name, sees, not } in CASES {
        let fact = kept(&text_of(name));
        let message = shown(&fact, MESSAGE_CHARS_MAX);
        assert!(fact.len() <= ERROR_TEXT_BYTES_MAX, "{name}: {} bytes", fact.len());
        assert!(message.chars().count() <= MESSAGE_CHARS_MAX, "{name}: {message}");
        assert!(!fact.contains(|c: char| c.is_control() && !['\n', '\t'].contains(&c)), "{name}: {fact:?}");
        for (place, text) in [("fact", &fact), ("message", &message)] {
            for part in sees.iter().filter(|part| !text.contains(**part)) {
                all.push(format!("the {place} of {name} lacks {part:?}:\n{text}"));
            }
        }
        for part in not.iter().filter(|part| message.contains(**part)) {
            all.push(format!("the message of {name} has {part:?}:\n{message}"));
        }
    }
    assert!(all.is_empty(), "{}", all.join("\n\n"));
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

#[test]
fn the_line_that_explains_most_is_the_exception() {
    for (name, expected) in [
        ("cause-before-its-frames", "LookupError: partition 2026-11-18 of orders is empty"),
        ("noise-at-exit", "RuntimeError: 212 of 240 shops gave no price"),
        (
            "jvm-main",
            "Caused by: org.postgresql.util.PSQLException: ERROR: relation \"billing.invoices_20261118\" does not exist",
        ),
        ("go-panic", "panic: runtime error: invalid memory address or nil pointer dereference"),
        ("rust-causes", "Error: the export of 2026-11-18 failed"),
    ] {
        assert_eq!(line(&text_of(name)), expected, "{name}");
    }
    assert_eq!(line(""), "");
    assert_eq!(line("no rows in dwh.orders\n"), "no rows in dwh.orders");
}

//! Tests that encoded records can be decoded: by this kigen, an older one, a newer one, and any Avro library.

mod arbitrary;
mod attempts;
mod bounds;
mod budgets;
mod calendars;
mod evolution;
mod expectations;
mod golden;
mod growth;
mod history;
mod hostile;
mod levels;
mod mutes;
mod positions;
mod rejects;
mod samples;
mod silences;
mod specs;
mod values;
mod warnings;

use std::path::PathBuf;

use kigen_model::topic::Topic;

/// The folder of a topic's schemas. Cargo runs a test in its package's folder.
fn schemas(topic: Topic) -> PathBuf {
    std::path::absolute("../../schemas").expect("the working directory").join(topic.name())
}

/// The versions of a topic's schema, oldest first, with their texts.
fn versions(topic: Topic) -> Vec<(u32, String)> {
    (1..)
        .map_while(|version| {
            let path = schemas(topic).join(format!("v{version}.avsc"));
            Some((version, std::fs::read_to_string(path).ok()?))
        })
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).expect("a hexadecimal digit");
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::try_from(digit(pair[0]) * 16 + digit(pair[1])).expect("two digits are a byte"))
        .collect()
}

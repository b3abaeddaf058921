//! The machine's time zone files change no instant.

use std::fs;
use std::path::Path;

use kigen_calendar::{Calendar, Crontab, Reading, Zone};

/// Set in the child process only, which then prints instead of comparing.
const CHILD: &str = "KIGEN_TEST_HOSTILE_CHILD";

const MARK: &str = "instants: ";

fn instants() -> String {
    let after = "2026-11-01T00:00:00Z".parse().expect("an instant");
    ["Asia/Tokyo", "America/New_York", "UTC"]
        .iter()
        .flat_map(|zone| [Reading::Kubernetes, Reading::Deadline].map(|reading| (zone, reading)))
        .map(|(zone, reading)| {
            let crontab = Crontab::parse("30 1,12 * * *").expect("a crontab");
            let zone = Zone::named(zone).expect("a zone");
            let calendar = Calendar::new(crontab, zone, reading).expect("a calendar");
            calendar.after(after).take(5).map(|at| at.to_rfc3339()).collect::<Vec<_>>().join(",")
        })
        .collect::<Vec<_>>()
        .join(";")
}

/// A zone file of version 1 with no switches: UTC plus nine hours and one second.
fn wrong_zone_file() -> Vec<u8> {
    let counts: [u32; 6] = [0, 0, 0, 0, 1, 4];
    let mut file = b"TZif\0".to_vec();
    file.extend([0; 15]);
    file.extend(counts.iter().flat_map(|count| count.to_be_bytes()));
    file.extend(32_401_u32.to_be_bytes());
    file.extend(*b"\0\0BAD\0");
    file
}

fn write_wrong_zones(dir: &Path) {
    for name in ["Asia/Tokyo", "America/New_York", "UTC"] {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().expect("a zone file is in a directory")).expect("a directory");
        fs::write(path, wrong_zone_file()).expect("a zone file");
    }
}

/// Runs itself again, since a process cannot safely change its own environment.
#[test]
#[expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "the test runs a process; the engine does not"
)]
fn a_hostile_environment_changes_no_instant() {
    if std::env::var_os(CHILD).is_some() {
        println!("{MARK}{}", instants());
        return;
    }
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hostile-zones");
    write_wrong_zones(&dir);
    let output = std::process::Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "environment::a_hostile_environment_changes_no_instant", "--nocapture"])
        .env(CHILD, "1")
        .env("TZDIR", &dir)
        .env("TZ", "Asia/Tokyo")
        .output()
        .expect("this test once more");
    let stdout = String::from_utf8(output.stdout).expect("text");
    let printed = stdout.lines().find_map(|line| line.split_once(MARK)).map(|(_, printed)| printed);
    assert_eq!(printed, Some(instants().as_str()), "{stdout}");
}

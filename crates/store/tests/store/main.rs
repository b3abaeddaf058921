//! The promises of the store, one test each.

mod patches;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant as RealInstant};

use chrono::DateTime;
use kigen_model::Instant;
use kigen_model::key::BatchKey;
use kigen_model::topic::{Offset, Partition};
use kigen_store::{Batch, Store, StoreError, StoredPosition};
use kigen_testkit::small_disk;

const P0: Partition = Partition(0);

/// How long RocksDB has to recover from a full disk by itself, and when the test gives up.
const RECOVERY: Duration = Duration::from_secs(30);
const RECOVERY_MAX: Duration = Duration::from_secs(60);

/// Where the child finds its store.
const DIR: &str = "KIGEN_TEST_STORE_DIR";

fn at(ms: i64) -> Instant {
    DateTime::from_timestamp_millis(ms).expect("in range")
}

fn key(batch: &str) -> BatchKey {
    BatchKey::new("c", "n", batch)
}

fn open(path: &Path) -> Store {
    let (store, dropped) = Store::open(path).expect("opens");
    assert_eq!(dropped, None);
    store
}

fn position(next: u64) -> StoredPosition {
    StoredPosition { record: format!("at {next}").into_bytes(), status_next: Offset(next) }
}

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

#[test]
fn a_state_its_due_work_and_the_position_are_written_together_and_kept() {
    let dir = directory();
    let store = open(dir.path());
    assert_eq!(store.position(P0).expect("reads"), None);
    let mut batch = Batch::new(P0);
    batch.put(&key("a"), b"state", None, Some(at(10))).expect("fits");
    batch.position(&position(3));
    assert_eq!(store.state(P0, &key("a")).expect("reads"), None, "not before the commit");
    store.commit(batch).expect("commits");
    drop(store);
    let store = open(dir.path());
    assert_eq!(store.state(P0, &key("a")).expect("reads"), Some(b"state".to_vec()));
    assert_eq!(store.position(P0).expect("reads"), Some(position(3)));
    assert_eq!(store.due(P0, "c", None, at(10), 10).expect("reads"), [(at(10), key("a"))]);
    assert_eq!(store.state(Partition(1), &key("a")).expect("reads"), None);
    assert_eq!(store.position(Partition(1)).expect("reads"), None);
}

#[test]
fn due_work_is_ordered_by_instant_and_key_up_to_and_including_the_limit() {
    let dir = directory();
    let store = open(dir.path());
    let other_cluster = BatchKey::new("c-2", "n", "a");
    let mut batch = Batch::new(P0);
    for (name, ms) in [("b", 20), ("a", 20), ("z", -5), ("y", 0), ("x", 21)] {
        batch.put(&key(name), b"", None, Some(at(ms))).expect("fits");
    }
    batch.put(&other_cluster, b"", None, Some(at(1))).expect("fits");
    batch.put(&key("idle"), b"", None, None).expect("fits");
    store.commit(batch).expect("commits");

    let due = |after, until, limit| store.due(P0, "c", after, at(until), limit).expect("reads");
    let all =
        [(at(-5), key("z")), (at(0), key("y")), (at(20), key("a")), (at(20), key("b")), (at(21), key("x"))];
    assert_eq!(due(None, 20, 10), all[..4]);
    assert_eq!(due(None, 1000, 10), all);
    assert_eq!(due(None, 1000, 2), all[..2]);
    assert_eq!(due(Some(&all[1]), 1000, 2), all[2..4], "a page follows the one before");
    assert_eq!(due(Some(&all[2]), 20, 10), all[3..4]);
    assert_eq!(due(Some(&all[4]), 20, 10), [], "a cursor beyond the end finds nothing");
    assert_eq!(due(None, -6, 10), []);
    assert_eq!(store.due(P0, "c-2", None, at(1000), 10).expect("reads"), [(at(1), other_cluster)]);
    assert_eq!(store.due(P0, "c", None, Instant::MAX_UTC, 10).expect("reads"), all);
    assert_eq!(store.due(P0, "c", None, Instant::MIN_UTC, 10).expect("reads"), []);
}

#[test]
fn a_new_due_instant_replaces_the_old_one_and_forgetting_leaves_nothing() {
    let dir = directory();
    let store = open(dir.path());
    let due = || store.due(P0, "c", None, at(1000), 10).expect("reads");
    let mut batch = Batch::new(P0);
    batch.put(&key("a"), b"1", None, Some(at(10))).expect("fits");
    store.commit(batch).expect("commits");
    let mut batch = Batch::new(P0);
    batch.put(&key("a"), b"2", Some(at(10)), Some(at(30))).expect("fits");
    store.commit(batch).expect("commits");
    assert_eq!(due(), [(at(30), key("a"))]);
    let mut batch = Batch::new(P0);
    batch.put(&key("a"), b"3", Some(at(30)), Some(at(30))).expect("fits");
    store.commit(batch).expect("commits");
    assert_eq!(due(), [(at(30), key("a"))], "an unchanged instant stays");
    let mut batch = Batch::new(P0);
    batch.forget(&key("a"), Some(at(30)));
    store.commit(batch).expect("commits");
    assert_eq!(due(), []);
    assert_eq!(store.state(P0, &key("a")).expect("reads"), None);
}

#[test]
fn states_come_in_pages_in_the_order_of_their_keys() {
    let dir = directory();
    let store = open(dir.path());
    let mut keys: Vec<_> = ["n", "n-1"]
        .into_iter()
        .flat_map(|namespace| (0..5).map(move |i| BatchKey::new("c", namespace, format!("b{i}"))))
        .collect();
    keys.sort();
    let mut batch = Batch::new(P0);
    for key in keys.iter().rev() {
        batch.put(key, key.to_string().as_bytes(), None, None).expect("fits");
    }
    store.commit(batch).expect("commits");
    let mut seen: Vec<BatchKey> = Vec::new();
    loop {
        let page = store.states(P0, seen.last(), 3).expect("reads");
        if page.is_empty() {
            break;
        }
        for (key, state) in page {
            assert_eq!(state, key.to_string().into_bytes());
            seen.push(key);
        }
    }
    assert_eq!(seen, keys);
    assert_eq!(store.states(Partition(1), None, 10).expect("reads"), []);
}

#[test]
fn clearing_a_partition_leaves_the_others_alone() {
    let dir = directory();
    let store = open(dir.path());
    for partition in [Partition(0), Partition(1), Partition(255), Partition(256)] {
        let mut batch = Batch::new(partition);
        batch.put(&key("a"), b"s", None, Some(at(1))).expect("fits");
        batch.position(&position(1));
        store.commit(batch).expect("commits");
    }
    let held = |partition| {
        let state = store.state(partition, &key("a")).expect("reads").is_some();
        let position = store.position(partition).expect("reads").is_some();
        let due = store.due(partition, "c", None, at(9), 9).expect("reads").len() == 1;
        (state, position, due)
    };
    for partition in [Partition(0), Partition(255)] {
        store.clear(partition).expect("clears");
        assert_eq!(held(partition), (false, false, false));
    }
    assert_eq!((held(Partition(1)), held(Partition(256))), ((true, true, true), (true, true, true)));
}

#[test]
fn a_refilled_partition_has_the_last_states_and_leaves_the_others_alone() {
    let dir = directory();
    let store = open(dir.path());
    for partition in [P0, Partition(1)] {
        let mut batch = Batch::new(partition);
        batch.put(&key("old"), b"s", None, Some(at(1))).expect("fits");
        batch.position(&position(1));
        store.commit(batch).expect("commits");
    }
    let refill = store.refill(P0).expect("clears");
    // More than are indexed in one write.
    let keys: Vec<BatchKey> = (0..2_500).map(|nth| key(&format!("batch-{nth:04}"))).collect();
    refill.put(keys.iter().map(|key| (key, Some(b"3".as_slice())))).expect("writes");
    refill.put([(&keys[7], Some(b"9".as_slice())), (&keys[8], None)].into_iter()).expect("writes");
    refill.put([(&keys[9], None), (&keys[9], Some(b"idle".as_slice()))].into_iter()).expect("writes");
    let killed = directory();
    let as_if_killed = |name: &str| {
        let copy = killed.path().join(name);
        assert!(Command::new("cp").arg("-r").args([dir.path(), &copy]).status().expect("cp runs").success());
        open(&copy)
    };
    assert_eq!(as_if_killed("before").position(P0).expect("reads"), None, "its position is deleted");
    let due = |_: &BatchKey, state: &[u8]| -> Result<_, StoreError> {
        Ok(str::from_utf8(state).expect("text").parse().ok().map(at))
    };
    refill.finish(&position(5), due).expect("writes");

    for store in [as_if_killed("after"), store] {
        assert_eq!(store.position(P0).expect("reads"), Some(position(5)));
        let states = store.states(P0, None, usize::MAX).expect("reads");
        assert!(states.iter().map(|(key, _)| key).eq(keys.iter().filter(|key| **key != keys[8])));
        let due = store.due(P0, "c", None, at(9), usize::MAX).expect("reads");
        assert_eq!(due.len(), 2_498, "one is deleted, and one has no due work");
        assert_eq!((&due[0], due.last()), (&(at(3), keys[0].clone()), Some(&(at(9), keys[7].clone()))));
        assert_eq!(store.position(Partition(1)).expect("reads"), Some(position(1)));
        assert_eq!(store.due(Partition(1), "c", None, at(9), 9).expect("reads"), [(at(1), key("old"))]);
    }
}

#[test]
fn a_refill_that_fails_leaves_a_partition_without_position() {
    let dir = directory();
    let store = open(dir.path());
    let refill = store.refill(P0).expect("clears");
    refill.put([(&key("a"), Some(b"foreign".as_slice()))].into_iter()).expect("writes");
    let refused = refill.finish(&position(5), |key, _| Err(StoreError::BadKey { key: key.clone() }));
    assert!(matches!(refused, Err(StoreError::BadKey { .. })), "{refused:?}");
    assert_eq!(store.position(P0).expect("reads"), None);
}

#[test]
fn bad_keys_and_states_are_refused_by_name() {
    let mut batch = Batch::new(P0);
    for bad in [BatchKey::new("", "n", "b"), BatchKey::new("c", "n/m", "b"), BatchKey::new("c", "n", "b\0")] {
        let error = batch.put(&bad, b"", None, None).expect_err("refused");
        assert!(matches!(error, StoreError::BadKey { .. }), "{error}");
    }
    let error = batch.put(&key("a"), &vec![0; 1024 * 1024 + 1], None, None).expect_err("refused");
    assert_eq!(
        error.to_string(),
        "the state of c/n/a has 1048577 bytes, and 1048576 is the most: shorten its history"
    );
}

#[test]
fn a_store_in_use_is_neither_opened_nor_dropped() {
    let dir = directory();
    let store = open(dir.path());
    let error = Store::open(dir.path()).err().expect("refused");
    assert!(matches!(error, StoreError::InUse { .. }), "{error}");
    let mut batch = Batch::new(P0);
    batch.position(&position(1));
    store.commit(batch).expect("commits");
    drop(store);
    assert_eq!(open(dir.path()).position(P0).expect("reads"), Some(position(1)));
}

#[test]
fn a_damaged_store_is_replaced_by_an_empty_one_and_reported() {
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 4] = [
        ("a manifest of noise", |path| overwrite(path, "MANIFEST-")),
        ("no manifest", |path| files(path, "MANIFEST-").iter().for_each(remove)),
        ("CURRENT of noise", |path| overwrite(path, "CURRENT")),
        ("no tables", |path| files(path, "").iter().filter(|f| is_table(f)).for_each(remove)),
    ];
    for (name, damage) in damages {
        let dir = directory();
        for next in 1..=3 {
            // Each opening writes what the one before left in its write-ahead log to a table.
            let store = open(dir.path());
            let mut batch = Batch::new(P0);
            batch.position(&position(next));
            store.commit(batch).expect("commits");
        }
        damage(&dir.path().join("rocksdb"));
        let (store, dropped) = Store::open(dir.path()).expect(name);
        let dropped = dropped.expect(name);
        assert!(!dropped.why.is_empty(), "{name}");
        assert_eq!(store.position(P0).expect(name), None, "{name}");
        drop(store);
        open(dir.path());
    }
}

#[test]
fn a_store_of_another_version_is_dropped_and_one_emptied_by_hand_is_empty() {
    let dir = directory();
    drop(open(dir.path()));
    {
        let db = rocksdb::DB::open_default(dir.path().join("rocksdb")).expect("opens");
        db.put([1], 3_u32.to_be_bytes()).expect("writes");
    }
    let (mut store, dropped) = Store::open(dir.path()).expect("opens");
    let why = dropped.expect("is dropped").why;
    assert_eq!(why, "its format is [00, 00, 00, 03], and this kigen writes [00, 00, 00, 02]");
    let mut batch = Batch::new(P0);
    batch.position(&position(1));
    store.commit(batch).expect("commits");
    store.recreate().expect("recreates");
    assert_eq!(store.position(P0).expect("reads"), None);
    drop(store);
    fs::remove_dir_all(dir.path()).expect("removes");
    assert_eq!(open(dir.path()).position(P0).expect("reads"), None);
}

#[test]
fn a_store_on_a_disk_that_stays_full_is_opened_again_once_there_is_space() {
    let dir = directory();
    small_disk::run_child("child_on_a_full_disk", dir.path(), "", "48m");
}

#[test]
#[ignore = "the child process of the test above, which starts it on a small disk"]
fn child_on_a_full_disk() {
    let dir = small_disk::dir();
    let (data, ballast) = (Path::new(&dir).join("data"), Path::new(&dir).join("ballast"));
    fs::write(&ballast, vec![1; 24 << 20]).expect("fits");
    let mut store = open(&data);
    let commit = |store: &Store, nth: u64| {
        let mut batch = Batch::new(P0);
        let state: Vec<u8> = (0..64 << 10_u32).map(|byte: u32| noise(nth, byte)).collect();
        batch.put(&key(&nth.to_string()), &state, None, None).expect("fits");
        batch.position(&position(nth));
        store.commit(batch)
    };
    let mut next = 0;
    let since = loop {
        match commit(&store, next) {
            Ok(()) => next += 1,
            Err(error) => {
                assert!(matches!(error, StoreError::NoSpace { .. }), "{error:?}");
                break RealInstant::now();
            }
        }
        assert!(next < 1000, "24 MiB hold no 64");
    };
    assert!(!store.has_given_up(), "RocksDB may recover by itself");
    while !store.has_given_up() {
        commit(&store, next).expect_err("it is full");
        assert!(since.elapsed() < RECOVERY_MAX, "it is not opened again");
        std::thread::sleep(Duration::from_millis(500));
    }
    assert!(since.elapsed() >= RECOVERY, "RocksDB has so long to recover");
    let rest = Path::new(&dir).join("rest");
    fill(&rest);
    let error = store.reopen().expect_err("there is no space to open it again");
    assert!(matches!(error, StoreError::NoSpace { .. }), "{error:?}");
    assert_eq!(store.position(P0).expect("it is read meanwhile"), Some(position(next - 1)));

    remove(&ballast);
    remove(&rest);
    store.reopen().expect("opens");
    assert!(!store.has_given_up());
    assert_eq!(store.position(P0).expect("reads"), Some(position(next - 1)));
    commit(&store, next).expect("it continues");
    drop(store);
    assert_eq!(open(&data).position(P0).expect("reads"), Some(position(next)));
}

/// Takes all the space that is left.
fn fill(file: &Path) {
    let mut file = fs::File::create(file).expect("creates");
    for size in [1 << 20, 1 << 12, 1] {
        while file.write_all(&vec![1; size]).is_ok() {}
    }
}

/// A byte that does not compress.
fn noise(nth: u64, byte: u32) -> u8 {
    let mixed = (nth << 32 | u64::from(byte)).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9).to_be_bytes()[1]
}

#[test]
fn killed_at_any_moment_state_and_position_agree() {
    let dir = directory();
    for round in 0..10 {
        let mut child = Command::new(std::env::current_exe().expect("this test's path"))
            .args(["--exact", "child", "--ignored", "--nocapture"])
            .env(DIR, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut acknowledged = 0;
        for _ in 0..10 + round * 37 {
            let line = lines.next().expect("the child commits").expect("reads");
            acknowledged = line.parse().unwrap_or(acknowledged);
        }
        child.kill().expect("kills");
        child.wait().expect("dies");
        let store = open(dir.path());
        let next = store.position(P0).expect("reads").expect("was committed").status_next.0;
        assert!(next >= acknowledged, "round {round}: {next} after {acknowledged}");
        assert_eq!(
            store.state(P0, &key("a")).expect("reads"),
            Some(next.to_string().into_bytes()),
            "round {round}"
        );
        let due = store.due(P0, "c", None, Instant::MAX_UTC, 10).expect("reads");
        assert_eq!(due, [(at(next.cast_signed()), key("a"))], "round {round}");
        assert!(store.state(P0, &key("large")).expect("reads") == Some(large(next)), "round {round}");
    }
}

/// Commits until it is killed, and prints each position after it is acknowledged.
#[test]
#[ignore = "the child process of the test above, which starts it"]
fn child() {
    let dir = std::env::var(DIR).expect("started by a test");
    let store = open(Path::new(&dir));
    let mut next = store.position(P0).expect("reads").map_or(0, |position| position.status_next.0);
    loop {
        let before = (next > 0).then(|| at(next.cast_signed()));
        next += 1;
        let mut batch = Batch::new(P0);
        batch
            .put(&key("a"), next.to_string().as_bytes(), before, Some(at(next.cast_signed())))
            .expect("fits");
        batch.put(&key("large"), &large(next), None, None).expect("fits");
        batch.position(&position(next));
        store.commit(batch).expect("commits");
        writeln!(std::io::stdout().lock(), "{next}").expect("the parent reads");
    }
}

/// A state after so many changes, each of which adds some bytes at its end and removes some at its start.
fn large(changes: u64) -> Vec<u8> {
    (changes..changes + 40).flat_map(|nth| (0..100).map(move |byte| noise(nth, byte))).collect()
}

fn files(path: &Path, prefix: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(path).expect("lists").map(|entry| entry.expect("an entry").path());
    entries.filter(|f| f.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix))).collect()
}

fn remove(file: &PathBuf) {
    fs::remove_file(file).expect("removes");
}

fn is_table(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "sst")
}

fn overwrite(path: &Path, prefix: &str) {
    for file in files(path, prefix) {
        fs::write(file, b"noise, noise, noise").expect("writes");
    }
}

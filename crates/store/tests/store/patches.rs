//! States of which only what has changed is written.

use std::fs;
use std::path::Path;

use kigen_model::key::BatchKey;
use kigen_model::topic::Partition;
use kigen_store::{Batch, Store, StoreError};

use crate::{P0, at, directory, key, large, open, position};

fn put(store: &Store, key: &BatchKey, state: &[u8]) {
    let mut batch = Batch::new(P0);
    batch.put(key, state, None, None).expect("fits");
    store.commit(batch).expect("commits");
}

fn forget(store: &Store, key: &BatchKey) {
    let mut batch = Batch::new(P0);
    batch.forget(key, None);
    store.commit(batch).expect("commits");
}

/// The keys of a prefix in the closed store.
fn keys_of(dir: &Path, prefix: u8) -> usize {
    let db = rocksdb::DB::open_default(dir.join("rocksdb")).expect("opens");
    db.prefix_iterator([prefix]).filter(|entry| entry.as_ref().is_ok_and(|(key, _)| key[0] == prefix)).count()
}

#[test]
fn after_any_changes_a_state_is_read_as_it_was_last_put() {
    let dir = directory();
    let mut store = open(dir.path());
    // Grows, shrinks below and beyond what is worth a patch, is replaced, and deleted.
    let mut last = Vec::new();
    for nth in 0..400_u64 {
        last = match nth % 97 {
            60 => b"small".to_vec(),
            61..64 => [large(nth), large(nth)].concat(),
            80 => large(10_000 * nth),
            _ => large(nth),
        };
        if nth % 97 == 90 {
            forget(&store, &key("a"));
            assert_eq!(store.state(P0, &key("a")).expect("reads"), None);
        }
        put(&store, &key("a"), &last);
        assert!(store.state(P0, &key("a")).expect("reads").as_ref() == Some(&last), "{nth}");
        if nth % 50 == 0 {
            drop(store);
            store = open(dir.path());
        }
    }
    put(&store, &key("b"), b"small");
    assert!(
        store.states(P0, None, 9).expect("reads")
            == [(key("a"), last.clone()), (key("b"), b"small".to_vec())]
    );
    assert_eq!(store.keys(P0, None, 9).expect("reads"), [key("a"), key("b")]);
    assert_eq!(store.keys(P0, Some(&key("a")), 9).expect("reads"), [key("b")]);
    assert_eq!(store.keys(P0, None, 1).expect("reads"), [key("a")]);
}

#[test]
fn a_batch_in_which_a_state_is_put_and_deleted_and_put_again_has_the_last_one() {
    let dir = directory();
    let store = open(dir.path());
    put(&store, &key("a"), &large(1));
    put(&store, &key("a"), &large(2));
    let mut batch = Batch::new(P0);
    batch.put(&key("a"), &large(1_000), None, Some(at(1))).expect("fits");
    batch.forget(&key("a"), Some(at(1)));
    batch.put(&key("a"), &large(3), None, Some(at(2))).expect("fits");
    store.commit(batch).expect("commits");
    assert!(store.state(P0, &key("a")).expect("reads") == Some(large(3)));
    assert_eq!(store.due(P0, "c", None, at(9), 9).expect("reads"), [(at(2), key("a"))]);
    let mut batch = Batch::new(P0);
    batch.put(&key("a"), &large(4), None, None).expect("fits");
    batch.forget(&key("a"), None);
    store.commit(batch).expect("commits");
    assert_eq!(store.state(P0, &key("a")).expect("reads"), None);
}

#[test]
fn nothing_is_left_of_the_patches_of_a_deleted_state_or_a_cleared_or_refilled_partition() {
    let dir = directory();
    let store = open(dir.path());
    for name in ["deleted", "cleared"] {
        put(&store, &key(name), &large(1));
        put(&store, &key(name), &large(2));
    }
    forget(&store, &key("deleted"));
    drop(store);
    assert_eq!(keys_of(dir.path(), 5), 1);
    let store = open(dir.path());
    store.clear(P0).expect("clears");
    put(&store, &key("cleared"), &large(7));
    assert!(store.state(P0, &key("cleared")).expect("reads") == Some(large(7)));
    put(&store, &key("cleared"), &large(8));
    let refill = store.refill(P0).expect("clears");
    refill.put([(&key("cleared"), Some(large(9).as_slice()))].into_iter()).expect("writes");
    let due = |_: &BatchKey, state: &[u8]| -> Result<_, StoreError> {
        assert!(state == large(9));
        Ok(None)
    };
    refill.finish(&position(5), due).expect("writes");
    assert!(store.state(P0, &key("cleared")).expect("reads") == Some(large(9)));
    drop(store);
    assert_eq!(keys_of(dir.path(), 5), 0);
}

#[test]
fn little_is_written_for_a_change_of_a_large_state() {
    let dir = directory();
    let table_bytes = || {
        let files =
            fs::read_dir(dir.path().join("rocksdb")).expect("lists").map(|file| file.expect("an entry"));
        let tables = files.filter(|file| file.path().extension().is_some_and(|of| of == "sst"));
        tables.map(|table| table.metadata().expect("a size").len()).sum::<u64>()
    };
    let put_all = |change: u64| {
        let store = open(dir.path());
        for nth in 0..300 {
            put(&store, &key(&format!("{nth}")), &large(1_000 * nth + change));
        }
        drop(store);
        // What was in the write-ahead log is written to a table.
        drop(open(dir.path()));
        table_bytes()
    };
    let whole = put_all(0);
    assert!(whole > 300 * 3_000, "{whole} bytes for 300 states of {}", large(0).len());
    let changes = put_all(1) - whole;
    assert!(changes < 300 * 500, "{changes} bytes for 300 changes");
}

#[test]
fn a_store_of_the_format_before_is_used_as_it_is() {
    let dir = directory();
    let store = open(dir.path());
    put(&store, &key("a"), &large(1));
    drop(store);
    {
        let db = rocksdb::DB::open_default(dir.path().join("rocksdb")).expect("opens");
        db.put([1], 1_u32.to_be_bytes()).expect("writes");
    }
    let store = open(dir.path());
    assert!(store.state(P0, &key("a")).expect("reads") == Some(large(1)));
    put(&store, &key("a"), &large(2));
    drop(store);
    let db = rocksdb::DB::open_default(dir.path().join("rocksdb")).expect("opens");
    let format = db.get([1]).expect("reads");
    assert_eq!(format, Some(2_u32.to_be_bytes().to_vec()), "a kigen without patches drops it");
}

#[test]
fn a_patch_that_is_damaged_or_of_another_state_is_reported_as_damage() {
    let dir = directory();
    let store = open(dir.path());
    put(&store, &key("a"), &large(1));
    put(&store, &key("a"), &large(2));
    drop(store);
    let of_key = |prefix: u8| [&[prefix, 0, 0, 0, 0], b"c\0n\0a".as_slice()].concat();
    let overwrite = |prefix, bytes: &[u8]| {
        let db = rocksdb::DB::open_default(dir.path().join("rocksdb")).expect("opens");
        db.put(of_key(prefix), bytes).expect("writes");
    };
    let assert_damaged = || {
        let store = open(dir.path());
        for read in [store.state(P0, &key("a")).err(), store.states(P0, None, 9).err()] {
            let error = read.expect("it is damaged");
            assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
            assert!(error.to_string().contains("the patch of c/n/a is not of its state"), "{error}");
        }
        assert_eq!(store.state(Partition(1), &key("a")).expect("reads"), None);
    };
    overwrite(3, &large(900));
    assert_damaged();
    overwrite(3, &large(1));
    assert!(open(dir.path()).state(P0, &key("a")).expect("reads") == Some(large(2)));
    overwrite(5, b"no patch");
    assert_damaged();
    fs::remove_dir_all(dir.path()).expect("removes");
}

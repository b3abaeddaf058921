//! How RocksDB is set up: small in memory and files, since the log shares a process with everything else.

use rocksdb::{BlockBasedOptions, Cache, DBCompressionType, DBRecoveryMode, Options, WriteOptions};

const CACHE_BYTES_MAX: usize = 8 * 1024 * 1024;
const WRITE_BUFFER_BYTES: usize = 8 * 1024 * 1024;
const WAL_BYTES_MAX: u64 = 32 * 1024 * 1024;
const TABLE_FILE_BYTES: u64 = 16 * 1024 * 1024;
const OPEN_FILES_MAX: i32 = 128;
const DIARY_BYTES_MAX: usize = 1024 * 1024;
const DIARY_FILES_MAX: usize = 3;

/// For the process that writes.
pub(crate) fn writing() -> Options {
    let mut options = common();
    options.create_if_missing(true);
    options.set_write_buffer_size(WRITE_BUFFER_BYTES);
    options.set_max_write_buffer_number(2);
    options.set_max_total_wal_size(WAL_BYTES_MAX);
    options.set_target_file_size_base(TABLE_FILE_BYTES);
    options.set_max_open_files(OPEN_FILES_MAX);
    options.set_max_background_jobs(2);
    // An unsynced tail of the write-ahead log was never acknowledged; what precedes it is taken whole.
    options.set_wal_recovery_mode(DBRecoveryMode::PointInTime);
    // A compacted topic deletes as much as it writes; files full of deletions are rewritten soon, or a scan of the
    // states would pass over them.
    options.add_compact_on_deletion_collector_factory(8192, 4096, 0.5);
    options
}

/// For a process that looks on. It keeps all files open, because the writer may remove them under it.
pub(crate) fn looking() -> Options {
    let mut options = common();
    options.set_max_open_files(-1);
    options
}

/// A write that is on the disk when it returns.
pub(crate) fn durable() -> WriteOptions {
    let mut options = WriteOptions::default();
    options.set_sync(true);
    options
}

fn common() -> Options {
    let mut table = BlockBasedOptions::default();
    table.set_block_cache(&Cache::new_lru_cache(CACHE_BYTES_MAX));
    table.set_cache_index_and_filter_blocks(true);
    table.set_bloom_filter(10.0, false);
    table.set_format_version(6);
    let mut options = Options::default();
    options.set_block_based_table_factory(&table);
    options.set_compression_type(DBCompressionType::Lz4);
    options.set_bottommost_compression_type(DBCompressionType::Zstd);
    options.set_max_log_file_size(DIARY_BYTES_MAX);
    options.set_keep_log_file_num(DIARY_FILES_MAX);
    options.set_manifest_preallocation_size(64 * 1024);
    options
}

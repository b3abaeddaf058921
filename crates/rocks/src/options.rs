//! RocksDB's options: small in memory and files, since a database shares a process with everything else.

use rocksdb::{
    BlockBasedIndexType, BlockBasedOptions, Cache, DBCompressionType, DBRecoveryMode, InfoLogger, LogLevel,
    Options, WriteOptions,
};

const CACHE_BYTES_MAX: usize = 8 * 1024 * 1024;
const WRITE_BUFFER_BYTES: usize = 8 * 1024 * 1024;
const WAL_BYTES_MAX: u64 = 32 * 1024 * 1024;
const TABLE_FILE_BYTES: u64 = 16 * 1024 * 1024;
const OPEN_FILES_MAX: i32 = 128;
const DIARY_BYTES_MAX: usize = 1024 * 1024;
const DIARY_FILES_MAX: usize = 3;

/// How the index and the filter of a table file are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Index {
    /// In one block: for reads that follow each other in the order of the keys.
    Whole,
    /// In parts, of which a read loads the few kilobytes that it needs: for reads all over. The whole indexes of a million
    /// keys would evict each other from the cache.
    Partitioned,
}

/// For the process that writes.
pub(crate) fn writer(index: Index) -> Options {
    let mut options = common(index);
    options.create_if_missing(true);
    options.set_write_buffer_size(WRITE_BUFFER_BYTES);
    options.set_max_write_buffer_number(2);
    options.set_max_total_wal_size(WAL_BYTES_MAX);
    options.set_target_file_size_base(TABLE_FILE_BYTES);
    options.set_max_open_files(OPEN_FILES_MAX);
    options.set_max_background_jobs(2);
    // An unsynced tail of the write-ahead log was never acknowledged; what precedes it is kept whole.
    options.set_wal_recovery_mode(DBRecoveryMode::PointInTime);
    // A compacted topic and an index of due work delete as much as they write, the latter at its front, where each scan
    // begins: files full of deletions are rewritten soon, or scans would pass over them.
    options.add_compact_on_deletion_collector_factory(8192, 4096, 0.5);
    options
}

/// For a process that reads beside the writer. It keeps all files open, because the writer may delete them meanwhile, and
/// keeps no diary: there may be no directory that it can write.
pub(crate) fn secondary() -> Options {
    let mut options = common(Index::Whole);
    options.set_max_open_files(-1);
    options.set_info_logger(InfoLogger::new_callback_logger(LogLevel::Fatal, |_, _| {}));
    options
}

/// On the disk when the write returns.
pub(crate) fn synced() -> WriteOptions {
    let mut options = WriteOptions::default();
    options.set_sync(true);
    options
}

/// In memory only, until the next flush.
pub(crate) fn unlogged() -> WriteOptions {
    let mut options = WriteOptions::default();
    options.disable_wal(true);
    options
}

fn common(index: Index) -> Options {
    let mut table = BlockBasedOptions::default();
    table.set_block_cache(&Cache::new_lru_cache(CACHE_BYTES_MAX));
    table.set_cache_index_and_filter_blocks(true);
    table.set_bloom_filter(10.0, false);
    if index == Index::Partitioned {
        table.set_index_type(BlockBasedIndexType::TwoLevelIndexSearch);
        table.set_partition_filters(true);
    }
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

//! RocksDB's options: bounded in memory and files, since a database shares a process with everything else.

use rocksdb::{
    BlockBasedIndexType, BlockBasedOptions, Cache, DBCompressionType, DBRecoveryMode, InfoLogger, LogLevel,
    Options, WriteOptions,
};

const WAL_BYTES_MAX: u64 = 32 * 1024 * 1024;
const TABLE_FILE_BYTES: u64 = 16 * 1024 * 1024;
const OPEN_FILES_MAX: i32 = 128;
const DIARY_BYTES_MAX: usize = 1024 * 1024;
const DIARY_FILES_MAX: usize = 3;

/// How the entries of a database are written and read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workload {
    /// Appended, and read in the order of the keys. The index and the filter of a table file are one block each, and what is old is
    /// compressed well.
    Log,
    /// Overwritten and read all over.
    ///
    /// * Index and filter are in parts, of which a read loads the few kilobytes that it needs. The whole indexes of a million keys
    ///   would evict each other from the cache.
    /// * Compression is fast at all levels: nearly every read is one of the bottom level, and what is there is soon replaced.
    /// * More is in memory, so that less is written before it is replaced, and read again.
    States,
}

impl Workload {
    /// The most bytes of the blocks that are kept, which are those that were read.
    fn cache_bytes_max(self) -> usize {
        match self {
            Self::Log => 8 * 1024 * 1024,
            Self::States => 32 * 1024 * 1024,
        }
    }

    /// The most bytes of a write buffer, of which there are at most two.
    fn write_buffer_bytes(self) -> usize {
        match self {
            Self::Log => 8 * 1024 * 1024,
            Self::States => 16 * 1024 * 1024,
        }
    }

    fn bottommost_compression(self) -> DBCompressionType {
        match self {
            Self::Log => DBCompressionType::Zstd,
            Self::States => DBCompressionType::Lz4,
        }
    }
}

/// For the process that writes.
pub(crate) fn writer(workload: Workload) -> Options {
    let mut options = common(workload);
    options.create_if_missing(true);
    options.set_write_buffer_size(workload.write_buffer_bytes());
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
    let mut options = common(Workload::Log);
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

fn common(workload: Workload) -> Options {
    let mut table = BlockBasedOptions::default();
    table.set_block_cache(&Cache::new_lru_cache(workload.cache_bytes_max()));
    table.set_cache_index_and_filter_blocks(true);
    table.set_bloom_filter(10.0, false);
    if workload == Workload::States {
        table.set_index_type(BlockBasedIndexType::TwoLevelIndexSearch);
        table.set_partition_filters(true);
    }
    table.set_format_version(6);
    let mut options = Options::default();
    options.set_block_based_table_factory(&table);
    options.set_compression_type(DBCompressionType::Lz4);
    options.set_bottommost_compression_type(workload.bottommost_compression());
    options.set_max_log_file_size(DIARY_BYTES_MAX);
    options.set_keep_log_file_num(DIARY_FILES_MAX);
    options.set_manifest_preallocation_size(64 * 1024);
    options
}

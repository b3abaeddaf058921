//! What one write may hold; as of every log.

use crate::error::LogError;
use crate::record::NewRecord;
use crate::settings::Settings;

/// How much of a key or name an error quotes.
const QUOTED_CHARS_MAX: usize = 256;

/// Whether a log with these settings takes these records in one write.
pub(crate) fn check_outputs(settings: &Settings, outputs: &[NewRecord]) -> Result<(), LogError> {
    let mut write_bytes = 0;
    for output in outputs {
        let NewRecord { topic, partition, .. } = *output;
        let Settings { partitions, record_bytes_max, .. } = *settings;
        if partition.0 >= partitions {
            return Err(LogError::NoSuchPartition { topic, partition, partitions });
        }
        let bytes = output.payload_bytes();
        if bytes > record_bytes_max {
            let key = quoted(&output.key);
            return Err(LogError::RecordTooLarge { topic, partition, key, bytes, record_bytes_max });
        }
        write_bytes += bytes;
    }
    if write_bytes > Settings::WRITE_BYTES_MAX {
        return Err(LogError::WriteTooLarge { bytes: write_bytes });
    }
    Ok(())
}

/// As much of a text as an error may quote.
pub(crate) fn quoted(text: &str) -> String {
    text.chars().take(QUOTED_CHARS_MAX).collect()
}

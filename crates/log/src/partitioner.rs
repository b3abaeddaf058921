//! Which partition a key belongs to: Kafka's Java partitioner, so that others can join these topics.

use kigen_model::topic::Partition;

/// `toPositive(murmur2(key)) % partitions`, as in Kafka's `BuiltInPartitioner.partitionForKey`.
/// `partitions` is at least 1.
pub fn partition_of(key: &str, partitions: u32) -> Partition {
    let hash = murmur2::murmur2(key.as_bytes(), murmur2::KAFKA_SEED);
    Partition((hash & 0x7fff_ffff) % partitions.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of Kafka's `UtilsTest.testMurmur2`.
    #[test]
    fn the_hash_is_the_one_of_kafkas_java_client() {
        let vectors = [
            ("21", -973_932_308_i32),
            ("foobar", -790_332_482),
            ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
            ("abc", 479_470_107),
        ];
        for (key, expected) in vectors {
            let hash = murmur2::murmur2(key.as_bytes(), murmur2::KAFKA_SEED);
            assert_eq!(hash.cast_signed(), expected, "murmur2 of {key}");
        }
    }

    #[test]
    fn a_negative_hash_loses_its_sign_bit_and_not_its_sign() {
        // toPositive(-973932308) is 1173551340, not 973932308.
        assert_eq!(partition_of("21", 1000), Partition(340));
        assert_eq!(partition_of("abc", 1000), Partition(107));
        assert_eq!(partition_of("abc", 1), Partition(0));
    }
}

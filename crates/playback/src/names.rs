//! Names, UIDs and delays, derived by a hash instead of at random.

use chrono::TimeDelta;

/// A UID in the format of UUIDv4.
pub(crate) fn uid(parts: &[&str]) -> String {
    let (high, low) = (hash(parts, 1), hash(parts, 2));
    format!(
        "{:08x}-{:04x}-4{:03x}-{:x}{:03x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        8 + (low >> 62),
        low >> 48 & 0xfff,
        low & 0xffff_ffff_ffff
    )
}

/// The five characters that end a Pod's name.
pub(crate) fn suffix(parts: &[&str]) -> String {
    // Kubernetes omits vowels, and digits that resemble letters.
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let mut rest = hash(parts, 3);
    let letters = std::iter::repeat_with(|| {
        let letter = LETTERS[(rest % LETTERS.len() as u64) as usize];
        rest /= LETTERS.len() as u64;
        char::from(letter)
    });
    letters.take(5).collect()
}

/// The name of one of three nodes.
pub(crate) fn node(parts: &[&str]) -> String {
    format!("node-{}", 1 + hash(parts, 4) % 3)
}

/// The address of a Pod.
pub(crate) fn pod_ip(parts: &[&str]) -> String {
    let hash = hash(parts, 5);
    format!("10.0.{}.{}", hash & 0xff, 1 + (hash >> 8) % 254)
}

/// The delay between a fire and the creation of its Job: 0.1 to 0.9 s.
pub(crate) fn controller_delay(parts: &[&str]) -> TimeDelta {
    TimeDelta::milliseconds(100 + (hash(parts, 6) % 800) as i64)
}

/// FNV-1a with a final mix, since similar names differ in few bits.
fn hash(parts: &[&str], seed: u8) -> u64 {
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0])).chain([seed]);
    let hash =
        bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME));
    let mixed = (hash ^ hash >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ mixed >> 29
}

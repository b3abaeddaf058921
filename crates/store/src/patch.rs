//! A state as the difference to an older one of the same batch. Most facts change a few hundred bytes of a state, which may
//! have 64 KiB: what RocksDB writes, and writes again at each compaction, is by what has changed.
//!
//! A patch is a frame of Zstandard whose dictionary is the older state, with a checksum of the newer one.

use zstd_safe::{CCtx, CParameter, DCtx, ResetDirective};

use crate::batch::STATE_BYTES_MAX;

/// A state with fewer bytes is always stored whole.
const PATCHED_BYTES_MIN: usize = 1024;
/// A patch has at most this part of the bytes of its state. Each further fact makes it larger: with more, the patches themselves
/// were most of what is written; with less, the whole states.
const PATCH_SHARE: usize = 8;
const COMPRESSION_LEVEL: i32 = 1;

/// Whether it may be worth a patch.
pub(crate) fn is_patched(state: &[u8]) -> bool {
    state.len() >= PATCHED_BYTES_MIN
}

/// Makes patches.
pub(crate) struct Patcher<'base>(CCtx<'base>);

impl<'base> Patcher<'base> {
    pub(crate) fn new() -> Self {
        Self(CCtx::create())
    }

    /// What makes `state` of `base`; `None`: that is too much, and the state is to be stored whole.
    pub(crate) fn patch(&mut self, base: &'base [u8], state: &[u8]) -> Option<Vec<u8>> {
        // One that failed is not over.
        self.0.reset(ResetDirective::SessionOnly).ok()?;
        for parameter in [CParameter::CompressionLevel(COMPRESSION_LEVEL), CParameter::ChecksumFlag(true)] {
            self.0.set_parameter(parameter).ok()?;
        }
        self.0.ref_prefix(base).ok()?;
        // One that is larger than its room fails.
        let mut patch = vec![0; state.len() / PATCH_SHARE];
        let bytes = self.0.compress2(patch.as_mut_slice(), state).ok()?;
        patch.truncate(bytes);
        Some(patch)
    }
}

/// The state that a patch makes of `base`; `None`: it is not of this one, or is damaged.
pub(crate) fn patched(base: &[u8], patch: &[u8]) -> Option<Vec<u8>> {
    let bytes = usize::try_from(zstd_safe::get_frame_content_size(patch).ok()??).ok()?;
    let mut state = vec![0; bytes.min(STATE_BYTES_MAX)];
    let mut context = DCtx::create();
    context.ref_prefix(base).ok()?;
    let bytes = context.decompress(state.as_mut_slice(), patch).ok()?;
    state.truncate(bytes);
    Some(state)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that do not compress.
    fn noise(seed: u64, bytes: usize) -> Vec<u8> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            state.to_be_bytes()[0]
        };
        (0..bytes).map(|_| next()).collect()
    }

    #[test]
    fn a_state_with_a_part_removed_and_another_added_is_a_small_patch() {
        let base = noise(1, 6_000);
        let state = [&base[..1_000], &base[1_200..], &noise(2, 200)].concat();
        let patch = Patcher::new().patch(&base, &state).expect("it is small");
        assert!((200..300).contains(&patch.len()), "{}", patch.len());
        assert_eq!(patched(&base, &patch), Some(state));
    }

    #[test]
    fn one_patcher_makes_patches_of_many_states_and_none_of_what_has_changed_too_much() {
        let bases: Vec<_> = (0..20).map(|nth| noise(nth, 2_000 + 3_000 * usize::from(nth as u8))).collect();
        let mut patcher = Patcher::new();
        for (nth, base) in bases.iter().enumerate() {
            let other = noise(99, base.len());
            assert_eq!(patcher.patch(base, &other), None, "{nth}");
            let state = [base.as_slice(), b"more"].concat();
            let patch = patcher.patch(base, &state).expect("it is small");
            assert_eq!(patched(base, &patch), Some(state), "{nth}");
        }
    }

    #[test]
    fn a_patch_of_another_state_or_a_damaged_one_is_none() {
        let base = noise(1, 6_000);
        let state = [base.as_slice(), b"more"].concat();
        let patch = Patcher::new().patch(&base, &state).expect("it is small");
        assert_eq!(patched(&noise(2, 6_000), &patch), None);
        for damaged in [&patch[..patch.len() - 1], b"no patch", b""] {
            assert_eq!(patched(&base, damaged), None);
        }
    }
}

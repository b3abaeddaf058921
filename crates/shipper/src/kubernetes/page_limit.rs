//! How many objects a page of a list may have, so that it has few bytes and is answered soon.

use std::time::Duration;

/// The most bytes of a page of several objects.
pub const PAGE_BYTES_MAX: usize = 4 << 20;

/// The limit of the next page.
#[derive(Debug)]
pub struct PageLimit {
    objects: u32,
    objects_max: u32,
    slow: Duration,
}

impl PageLimit {
    /// At most `objects_max`; an answer that takes longer than `slow` halves it.
    pub fn new(objects_max: u32, slow: Duration) -> Self {
        let objects_max = objects_max.max(1);
        Self { objects: objects_max, objects_max, slow }
    }

    /// The number of objects to request, at least 1.
    pub fn objects(&self) -> u32 {
        self.objects
    }

    /// After a page that was too large or too slow. False: a single object was requested already.
    pub fn halve(&mut self) -> bool {
        let was = self.objects;
        self.objects = (was / 2).max(1);
        self.objects < was
    }

    /// After a page of so many bytes. One that is far from the limits doubles the next, up to the maximum.
    pub fn answered(&mut self, took: Duration, bytes: usize) {
        if took > self.slow {
            self.halve();
        } else if bytes < PAGE_BYTES_MAX / 4 {
            self.objects = self.objects.saturating_mul(2).min(self.objects_max);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_or_slow_page_halves_the_next_down_to_one_object_and_small_ones_double_it() {
        let (slow, soon) = (Duration::from_secs(10), Duration::from_secs(1));
        let mut limit = PageLimit::new(500, slow);
        assert!(limit.halve());
        limit.answered(slow + soon, 10);
        assert_eq!(limit.objects(), 125);
        limit.answered(soon, PAGE_BYTES_MAX / 2);
        assert_eq!(limit.objects(), 125, "twice as many would be too large");
        for _ in 0..3 {
            limit.answered(soon, 10);
        }
        assert_eq!(limit.objects(), 500);
        while limit.halve() {}
        assert_eq!(limit.objects(), 1);
    }
}

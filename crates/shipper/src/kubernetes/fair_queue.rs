//! A queue in which namespaces take turns, so that one with many requests delays no other's.

use std::collections::VecDeque;

/// Items that wait, of each namespace in their order.
#[derive(Debug)]
pub struct FairQueue<T> {
    /// The next turn first; none is empty.
    namespaces: VecDeque<(String, VecDeque<T>)>,
    len: usize,
    len_max: usize,
}

impl<T> FairQueue<T> {
    /// At most `len_max` items wait.
    pub fn new(len_max: usize) -> Self {
        Self { namespaces: VecDeque::new(), len: 0, len_max }
    }

    /// How many items wait.
    pub fn waiting(&self) -> usize {
        self.len
    }

    /// Adds an item. At the limit the namespace with the most items loses its newest, which may be this one.
    pub fn push(&mut self, namespace: &str, item: T) {
        match self.namespaces.iter_mut().find(|(name, _)| name == namespace) {
            Some((_, items)) => items.push_back(item),
            None => self.namespaces.push_back((namespace.to_owned(), VecDeque::from([item]))),
        }
        self.len += 1;
        if self.len > self.len_max
            && let Some((_, items)) = self.namespaces.iter_mut().max_by_key(|(_, items)| items.len())
        {
            items.pop_back();
            self.len -= 1;
            self.namespaces.retain(|(_, items)| !items.is_empty());
        }
    }

    /// The first item of the namespace whose turn it is.
    pub fn pop(&mut self) -> Option<T> {
        let (namespace, mut items) = self.namespaces.pop_front()?;
        let item = items.pop_front()?;
        self.len -= 1;
        if !items.is_empty() {
            self.namespaces.push_back((namespace, items));
        }
        Some(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_with_many_items_neither_delays_nor_displaces_those_of_another() {
        let mut queue = FairQueue::new(10);
        (0..100).for_each(|nth| queue.push("noisy", format!("noisy {nth}")));
        (0..3).for_each(|nth| queue.push("quiet", format!("quiet {nth}")));
        assert_eq!(queue.waiting(), 10);
        let order: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(order[..6], ["noisy 0", "quiet 0", "noisy 1", "quiet 1", "noisy 2", "quiet 2"]);
        assert_eq!((order.len(), queue.waiting()), (10, 0));
    }
}

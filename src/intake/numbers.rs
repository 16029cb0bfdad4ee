//! The next free number of each bucket. Only a hint that keeps writers of this process apart: the log's `NoStream`
//! decides, so a lost hint costs a retry and never a doubled item.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::domain::Bucket;

#[derive(Debug, Default)]
struct Lane {
    /// The highest number handed out or seen.
    high: u32,
    /// Handed out, but nothing was created under them.
    free: BTreeSet<u32>,
}

/// Hands out numbers.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    // A std mutex: nothing is awaited under it.
    lanes: Mutex<[Lane; 4]>,
}

/// A number that goes back when it is dropped unused.
#[derive(Debug)]
pub(crate) struct Number<'a> {
    numbers: &'a Numbers,
    bucket: Bucket,
    number: u32,
    used: bool,
}

impl Numbers {
    fn lanes(&self) -> MutexGuard<'_, [Lane; 4]> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The lowest number that is free as far as we know; `newest` is the highest one the projection has seen.
    pub(crate) fn take(&self, bucket: Bucket, newest: u32) -> Number<'_> {
        let mut lanes = self.lanes();
        let lane = &mut lanes[bucket as usize];
        lane.high = lane.high.max(newest);
        let number = lane.free.pop_first().unwrap_or_else(|| {
            lane.high += 1;
            lane.high
        });
        Number { numbers: self, bucket, number, used: false }
    }
}

impl Number<'_> {
    /// The number.
    pub(crate) fn get(&self) -> u32 {
        self.number
    }

    /// Something exists under it now.
    pub(crate) fn used(mut self) {
        self.used = true;
    }
}

impl Drop for Number<'_> {
    fn drop(&mut self) {
        if !self.used {
            self.numbers.lanes()[self.bucket as usize].free.insert(self.number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unused_numbers_are_handed_out_again_lowest_first() {
        let numbers = Numbers::default();
        let (a, b) = (numbers.take(Bucket::Todo, 4), numbers.take(Bucket::Todo, 4));
        assert_eq!((a.get(), b.get()), (5, 6));
        drop(a);
        b.used();
        assert_eq!(numbers.take(Bucket::Todo, 6).get(), 5);
        let (five, seven) = (numbers.take(Bucket::Todo, 6), numbers.take(Bucket::Todo, 6));
        assert_eq!((five.get(), seven.get()), (5, 7));
        assert_eq!(numbers.take(Bucket::Idea, 0).get(), 1);
    }
}

//! Which pairs of letters stand in what is searched of an item, in 128 bits: most items that cannot hold a word are passed
//! over without being read. A word is found anywhere in a text, so an index of words would not do; a pair of letters that a
//! word has and a text has not tells that the word is not there.

use std::{collections::BTreeMap, sync::Arc};

use crate::domain::{Bucket, ItemRef};

/// Items in a row whose pairs stand side by side: a search reads them faster than it could follow references to items.
const ROW: usize = 256;

/// The pairs of all items.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// By number divided by [`ROW`]. Behind an `Arc`, as the items are.
    rows: [BTreeMap<u32, Arc<[Pairs; ROW]>>; 4],
}

impl Index {
    fn place(item: ItemRef) -> (u32, usize) {
        (item.number / ROW as u32, item.number as usize % ROW)
    }

    /// Remembers those of an item; none for one that is not there.
    pub(super) fn set(&mut self, item: ItemRef, pairs: Pairs) {
        let (row, at) = Self::place(item);
        let rows = &mut self.rows[item.bucket as usize];
        let row = rows.entry(row).or_insert_with(|| Arc::new([Pairs::default(); ROW]));
        if row[at] != pairs {
            Arc::make_mut(row)[at] = pairs;
        }
    }

    /// The numbers of a bucket's items that have all of these, of which there is at least one.
    pub(super) fn that_hold(&self, bucket: Bucket, pairs: Pairs) -> impl Iterator<Item = u32> {
        self.rows[bucket as usize].iter().flat_map(move |(row, all)| {
            let first = row * ROW as u32;
            let numbered = all.iter().enumerate().filter(move |(_, own)| own.hold(pairs));
            numbered.map(move |(at, _)| first + at as u32)
        })
    }
}

/// The pairs of letters of a text, each as one of 128 bits; several pairs share a bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Pairs([u64; 2]);

impl Pairs {
    /// Those of a text as it is searched: folded.
    pub(super) fn of(folded: &str) -> Self {
        let mut pairs = Self::default();
        pairs.add(folded);
        pairs
    }

    /// Adds those of another text.
    pub(super) fn add(&mut self, folded: &str) {
        let mut letters = folded.chars();
        let Some(mut one) = letters.next() else { return };
        for other in letters {
            // Fibonacci hashing: the highest bits depend on all of both letters.
            let both = (u64::from(u32::from(one)) << 32) | u64::from(u32::from(other));
            let bit = both.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 57;
            self.0[usize::from(bit >= 64)] |= 1 << (bit % 64);
            one = other;
        }
    }

    /// Whether all of another's are among these. A text that holds a word holds its pairs; the other way round it may not.
    pub(super) fn hold(self, other: Self) -> bool {
        self.0[0] & other.0[0] == other.0[0] && self.0[1] & other.0[1] == other.0[1]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::projection::words::folded;

    proptest! {
        #[test]
        fn a_text_holds_the_pairs_of_every_part_of_it(text in "\\PC{0,60}", from in 0..60usize, length in 0..20usize) {
            let text = folded(&text);
            let part: String = text.chars().skip(from).take(length).collect();
            prop_assert!(Pairs::of(&text).hold(Pairs::of(&part)));
        }
    }

    #[test]
    fn an_item_is_found_by_its_pairs_until_it_is_gone() {
        let mut index = Index::default();
        let item = |number| ItemRef::new(Bucket::Todo, number);
        for number in [1, 255, 256, 700, u32::MAX] {
            index.set(item(number), Pairs::of(&format!("item {number}")));
        }
        let found = |index: &Index, text| index.that_hold(Bucket::Todo, Pairs::of(text)).collect::<Vec<_>>();
        assert_eq!(found(&index, "item"), [1, 255, 256, 700, u32::MAX]);
        assert_eq!(found(&index, "700"), [700]);
        assert_eq!(index.that_hold(Bucket::Idea, Pairs::of("item")).count(), 0);
        let before = index.clone();
        index.set(item(700), Pairs::default());
        assert_eq!((found(&index, "700"), found(&before, "700")), (vec![], vec![700]));
    }

    #[test]
    fn most_texts_without_a_word_are_told_by_it() {
        let texts: Vec<Pairs> = (0..10_000).map(|n| Pairs::of(&format!("wash the car {n:06}\nauth\n"))).collect();
        for word in ["004711", "login", "세차", "the boat"] {
            let word = Pairs::of(word);
            let left = texts.iter().filter(|text| text.hold(word)).count();
            assert!(left < 500, "{left} of 10,000 have to be read");
        }
        assert!(texts.iter().all(|text| text.hold(Pairs::of("the car 00"))));
    }
}

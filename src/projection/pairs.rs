//! Which pairs of letters stand in what is searched of an item, in 128 bits: most items that cannot hold a word are passed
//! over without being read. A word is found anywhere in a text, so an index of words would not do; a pair of letters that a
//! word has and a text has not tells that the word is not there.

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

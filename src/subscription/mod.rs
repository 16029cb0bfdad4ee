//! A cursor over the log: catch up, then live, without a gap.

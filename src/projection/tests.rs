//! The conversations of the design, and what else people see, as snapshots; the fold and the selection as properties.

mod answers;
mod conversation;
mod fold;
mod house;
mod korean;
mod lists;
mod merge;
mod past;
mod reasons;
mod verbs;
mod wording;

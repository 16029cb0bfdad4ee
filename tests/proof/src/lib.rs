//! What yoman promises, shown by trying to break it. Every run prints its seed and is one command of `yoman-proof`; PROOF.md
//! says what each was found to hold.
//!
//! # Layout
//!
//! * [`program`]    the real program as a child process, and where it keeps its things
//! * [`wire`]       the platforms' stand-ins as the runs need them
//! * [`run`]        what a run is given and what it came to; what each promise is
//! * [`kills`]      kill -9 at any instant, under traffic through the real wire protocols
//! * [`damage`]     flips, cuts, missing and swapped files of the data directory
//! * [`power`]      power cuts: what was written and not synced is gone
//! * [`people`]     hostile people
//! * [`limits`]     a full disk, no file handles, little memory, a read-only directory, clocks that are wrong
//! * [`platforms`]  platforms that misbehave
//! * [`fuzz`]       bytes nobody meant: the grammar, what platforms send, records, imports, settings
//! * [`simulation`] the whole core on a seeded schedule with virtual time and injected faults
//! * [`long`]       many commands: memory, files and latency stay flat

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a run that fails says where")]
#![expect(clippy::print_stdout, reason = "the seed of a run, and what it came to, are for whoever reads its output")]
#![cfg(target_os = "linux")]

pub mod damage;
pub mod fuzz;
pub mod kills;
pub mod limits;
pub mod long;
pub mod people;
pub mod platforms;
pub mod power;
pub mod program;
pub mod run;
pub mod simulation;
pub mod wire;

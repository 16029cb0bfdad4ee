//! One suite, every engine.

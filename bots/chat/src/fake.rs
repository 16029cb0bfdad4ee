//! A scripted bot for tests.

//! What REACTS: process managers, events in, commands out.

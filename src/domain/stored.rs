//! Stable stored names, schema versions and bytes of every event.

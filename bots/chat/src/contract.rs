//! What every bot must pass.

//! What goes out: routing, outbox, delivery.

//! The loop with a scripted writer.

//! The sinks from outside: threads, real files, the system calls they make, what they cost.

mod full_disk;
mod harness;
mod rate;
mod redis;
mod syncs;
mod tsdb;
mod types;

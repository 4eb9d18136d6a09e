//! The Redis sink against real servers, each on a port and in a directory of its own
//! (`apt-get install redis-server redis-tools`).

mod cluster;
mod exactly_once;
mod faults;
mod login;
mod lost_answers;
mod modes;
mod rate;
mod server;
mod sink;

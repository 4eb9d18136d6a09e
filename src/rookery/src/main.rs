//! The binary.
mod config;
fn main() {
    print!("{}", config::default_toml());
}

//! Programs of the system that tests drive.

use std::path::PathBuf;

/// Where a program is; packages name the one that brings it.
///
/// # Panics
/// It is not installed; the text says how to install it.
pub fn tool(name: &str, package: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .map(|folder| folder.join(name))
        .find(|candidate| candidate.exists())
        .unwrap_or_else(|| {
            panic!(
                "this test needs {name}: apt-get install {package} (`make test` does it as root)"
            )
        })
}

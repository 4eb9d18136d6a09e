//! The binary is there and says who it is. That this test names it makes cargo build it in the tests'
//! own profile, beside the tests that drive it.

use std::process::Command;

#[test]
fn the_binary_tells_its_version() {
    let output = Command::new(env!("CARGO_BIN_EXE_rookery"))
        .arg("--version")
        .output()
        .expect("it was built for this test");
    assert!(output.status.success());
    let expected = format!("rookery {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
}

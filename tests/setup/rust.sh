#!/bin/sh
# Says where Rust comes from, if it is missing or too old.
set -eu

wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$(dirname "$0")/../../Cargo.toml")
remedy="install it with: curl --proto '=https' -sSf https://sh.rustup.rs | sh -s -- -y && . ~/.cargo/env"
if ! command -v "${CARGO:-cargo}" >/dev/null 2>&1; then
    echo "Rust $wanted or newer is needed and cargo was not found; $remedy" >&2
    exit 1
fi
found=$(rustc --version | cut -d ' ' -f 2)
oldest=$(printf '%s\n%s\n' "$wanted" "$found" | sort -V | head -n 1)
if [ "$oldest" != "$wanted" ]; then
    echo "Rust $wanted or newer is needed and this is $found; update it with: rustup update stable" >&2
    exit 1
fi

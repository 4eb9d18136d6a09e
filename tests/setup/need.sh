#!/bin/sh
# Makes sure that programs are there: need.sh PROGRAM:PACKAGE...
# Missing ones are installed with apt-get when run by root; otherwise the command to run is printed.
set -eu

missing=""
for pair in "$@"; do
    program=${pair%%:*}
    package=${pair#*:}
    if ! PATH="$PATH:/usr/sbin:/sbin" command -v "$program" >/dev/null 2>&1; then
        missing="$missing $package"
    fi
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "missing:$missing" >&2
    echo "install with: sudo apt-get install -y$missing" >&2
    exit 1
fi
echo "installing:$missing" >&2
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # the packages are words
apt-get install -y -q --no-install-recommends $missing >&2 || {
    apt-get update -q >&2
    apt-get install -y -q --no-install-recommends $missing >&2
}

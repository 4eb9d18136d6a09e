# make demo   build, and show the appliance at work (DEMO_SECONDS=20 ends it by itself)
# make test   install what the tests need, build, run every test
# make build  build target/release/rookery and target/release/rookery-bench

CARGO ?= cargo
export CARGO_TERM_COLOR ?= auto
# The repository's own output folder, wherever the caller builds other things.
target := $(or $(CARGO_TARGET_DIR),target)

.PHONY: demo test build rust lint

demo: build
	@exec $(target)/release/rookery demo

build: rust
	$(CARGO) build --release --locked --bins

# Rust cannot come from Debian 12, whose compiler is too old for it; so this says where it comes from.
rust:
	@tests/setup/need.sh cc:gcc
	@tests/setup/rust.sh

test: rust
	@tests/setup/need.sh cc:gcc valgrind:valgrind nc:netcat-openbsd curl:curl victoria-metrics:victoria-metrics rsyslogd:rsyslog python3:python3 sqlite3:sqlite3 redis-server:redis-server redis-benchmark:redis-tools
	$(MAKE) --no-print-directory lint
	$(CARGO) build --workspace --bins --locked
	$(CARGO) test --workspace --locked
	python3 -m unittest discover -s tests/scripts -p 'test_*.py'

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	@if command -v cargo-deny >/dev/null 2>&1; then $(CARGO) deny --locked check; \
	else echo "cargo-deny is not installed: licences and advisories were not checked (cargo install cargo-deny)"; fi

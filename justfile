# The door for people. The logic is in `cargo xtask`.

# Formatting, lints, rules of the house.
check:
    cargo fmt --all --check
    cargo run --quiet -p xtask -- tidy
    cargo clippy --workspace --all-targets -- -D warnings

# Everything that must pass before a change goes in.
test:
    cargo run --quiet -p xtask -- test

# Only the rules of the house.
tidy:
    cargo run --quiet -p xtask -- tidy

# Rewrites the expectations of golden tests. Look at the difference before you commit it.
bless:
    TERRANE_BLESS=1 cargo test --workspace

# The benchmarks of all crates.
bench:
    cargo bench --workspace

# The fuzz targets under libFuzzer: `just fuzz -t 600`, `just fuzz json template`.
fuzz *ARGS:
    cargo run --quiet -p xtask -- fuzz {{ARGS}}

# What one types often. `just` alone lists it.
default:
    @just --list

# Debug the demo.
demo:
    cargo run --release -- debug guests/built/orders.O0.dwarf5.wasm

# All tests; needs nothing but cargo.
test:
    cargo test --release

# One scenario, or the builds of it: `just scenario stepping`.
scenario NAME:
    SCENARIO={{NAME}}/ cargo test --release --test scenarios

# What CI holds against a change, without the slow parts.
check:
    cargo fmt --all --check
    cargo clippy --release --workspace --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --release --no-deps
    cargo deny check bans licenses sources

# Rebuild the guests with the compilers that guests/README.md names.
guests:
    cargo xtask guests

# All figures of docs/PERFORMANCE.md, on a quiet machine.
figures:
    cargo xtask figures

#!/usr/bin/env bash
# Runs a fuzz target for some seconds: fuzz/run.sh TARGET [SECONDS]. Needs nightly Rust and cargo-fuzz.
# What it finds is left in fuzz/artifacts/TARGET; docs/fuzzing.md says what to do with it.
set -euo pipefail
cd "$(dirname "$0")"
target=$1 seconds=${2:-600}
corpus="corpus/$target"
mkdir -p "$corpus"
[ -d "seeds/$target" ] && cp -n "seeds/$target"/* "$corpus"
case $target in
    # Modules and what lies beside them are seeds of their own.
    dwarf) find ../guests/built -name '*.wasm' -size -100k -exec cp -n -t "$corpus" {} + ;;
    debug_files)
        for file in ../guests/built/*.dwo ../guests/built/*.map ../guests/built/*.debug.wasm; do
            for number in 0 1 2 3; do
                { printf "\\x0$number"; cat "$file"; } >"$corpus/$number-$(basename "$file")"
            done
        done
        ;;
    printers) head -c 4096 /dev/urandom >"$corpus/random" ;;
esac
cargo +nightly fuzz run "$target" "$corpus" -- -max_total_time="$seconds" -timeout=20 -max_len=200000 -print_final_stats=1

#!/usr/bin/env bash
# Runs a fuzz target for some seconds: fuzz/run.sh TARGET [SECONDS]. Needs nightly Rust and cargo-fuzz.
# What it finds is left in fuzz/artifacts/TARGET; docs/fuzzing.md says what to do with it.
set -euo pipefail
cd "$(dirname "$0")"
target=$1 seconds=${2:-600}
corpus="corpus/$target"
mkdir -p "$corpus"
for kind in seeds findings; do
    [ -d "$kind/$target" ] && cp -n "$kind/$target"/* "$corpus"
done
longest=200000 leaks=1
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
    # Each frame, and each expression, over a page of nonsense.
    printers)
        for number in $(seq 0 28); do
            { printf "\\x$(printf %x "$number")"; head -c 1024 /dev/urandom; } >"$corpus/random$number"
        done
        longest=4096
        ;;
    commands | expression) longest=4096 ;;
    # What a thread that is about to end holds still looks like a leak.
    dap) leaks=0 ;;
esac
# No allocation may be larger than what a module of this size can need, whatever it says.
cargo +nightly fuzz run "$target" "$corpus" -- -max_total_time="$seconds" -timeout=20 -max_len="$longest" \
    -rss_limit_mb=2048 -malloc_limit_mb=512 -detect_leaks="$leaks" -print_final_stats=1

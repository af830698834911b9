#!/usr/bin/env bash
# Makes docs/terminal.svg: types into a real terminal (tmux) and draws what it shows. Needs tmux and Python.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release
pane=freezeframe-picture
tmux new-session -d -s $pane -x 98 -y 41 "XDG_DATA_HOME=$(mktemp -d) ./target/release/freezeframe debug guests/built/orders.O0.dwarf5.wasm"
sleep 2
for command in 'break price if order->id == 2' run 'next 5' 'print *item' 'set var item->cents = 2000' bt; do
    tmux send-keys -t $pane "$command" Enter
    sleep 0.7
done
tmux capture-pane -t $pane -p -e | python3 docs/terminal.py >docs/terminal.svg
tmux kill-session -t $pane

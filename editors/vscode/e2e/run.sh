#!/usr/bin/env bash
# Debugs in a real VS Code, in a browser: packages the extension, installs it into code-server, and lets Chromium set
# breakpoints, press F5, hover, expand, step, change values and catch a panic (main.ts).
#
#   e2e/run.sh [--pictures FOLDER]
#
# Needs Node with npm, and the first time some minutes for what it installs: Chromium and Kerberos' headers by apt,
# code-server into FREEZEFRAME_E2E_CACHE (~/.cache/freezeframe-e2e). FREEZEFRAME names the binary
# (target/release/freezeframe).
set -euo pipefail
cd "$(dirname "$0")/.."
here=$PWD
cache=${FREEZEFRAME_E2E_CACHE:-$HOME/.cache/freezeframe-e2e}
freezeframe=$(realpath "${FREEZEFRAME:-../../target/release/freezeframe}")
version=4.100.3
export npm_config_yes=true npm_config_audit=false npm_config_fund=false npm_config_update_notifier=false

say() { printf -- '-- %s (%d s)\n' "$*" $SECONDS; }

install_packages() {
    local missing=()
    command -v chromium >/dev/null || missing+=(chromium)
    for package in libkrb5-dev fonts-dejavu-core g++ make; do
        dpkg -s $package >/dev/null 2>&1 || missing+=($package)
    done
    [ ${#missing[@]} -eq 0 ] && return
    say "apt installs ${missing[*]}"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -yqq --no-install-recommends "${missing[@]}" >/dev/null
}

# code-server's own installation fetches what it can't get everywhere: only the native parts that it needs are built.
install_code_server() {
    [ -e "$cache/$version.done" ] && return
    say "npm installs code-server $version into $cache"
    rm -rf "$cache/node_modules"
    mkdir -p "$cache"
    cd "$cache"
    echo '{"private": true}' >package.json
    npm install --silent --ignore-scripts "code-server@$version"
    npm rebuild --silent argon2 >/dev/null
    cd node_modules/code-server/lib/vscode
    npm install --silent --omit=dev --ignore-scripts
    npm rebuild --silent kerberos @vscode/spdlog native-watchdog node-pty >/dev/null
    ln -sfn node_modules node_modules.asar
    (cd extensions && npm install --silent --omit=dev --ignore-scripts)
    touch "$cache/$version.done"
    cd "$here"
}

# Its native parts are built for Node 20, and run by it.
use_node_20() {
    case $(node --version) in v20.*) return ;; esac
    local arch
    case $(uname -m) in x86_64) arch=x64 ;; *) arch=arm64 ;; esac
    if [ ! -x "$cache/node/node_modules/node-linux-$arch/bin/node" ]; then
        say "npm installs Node 20, as this is $(node --version)"
        npm install --silent --prefix "$cache/node" "node-linux-$arch@20"
    fi
    export PATH=$cache/node/node_modules/node-linux-$arch/bin:$PATH
}

# F5 builds a Cargo project.
install_target() {
    rustup target list --installed | grep -qx wasm32-wasip1 && return
    say "rustup adds wasm32-wasip1"
    rustup target add wasm32-wasip1
}

[ -x "$freezeframe" ] || { echo "$freezeframe isn't there: cargo build --release"; exit 1; }
install_packages
use_node_20
install_code_server
install_target
[ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --silent
say "packages the extension"
npm run --silent package >/dev/null
node build.mjs --tests
say "opens VS Code"
node dist-test/e2e/main.mjs --vsix freezeframe.vsix --code-server "$cache" --freezeframe "$freezeframe" "$@"
say "done"

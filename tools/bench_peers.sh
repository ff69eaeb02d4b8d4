#!/bin/sh
# SPDX-License-Identifier: MIT
# Compares with what other projects take for the nearest thing to what weir does. Peers are optional: one that is not
# installed is named and left out, and that is no failure. Nothing of theirs is kept; the little programs that call
# them are built in a folder that goes away.
#   tools/bench_peers.sh [BUILD]        ROUNDS=n for a quick look
# DPDK: Debian's libdpdk-dev, without huge pages and without devices.
set -eu
build=${1:-build}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
if ! pkg-config --exists libdpdk 2>/dev/null; then
    echo "tools/bench_peers.sh: DPDK is not here (Debian: apt-get install libdpdk-dev), so it is left out"
    exit 0
fi
echo "DPDK $(pkg-config --modversion libdpdk), external memory; beside it weir's bench_sg, in a run of its own" >&2
# shellcheck disable=SC2046
cc -std=gnu17 -O2 -D_GNU_SOURCE -Ibench $(pkg-config --cflags libdpdk) bench/peers/dpdk.c bench/bench.c \
    -o "$dir/dpdk" $(pkg-config --libs libdpdk) 2>"$dir/log" || {
    cat "$dir/log" >&2
    echo "tools/bench_peers.sh: the program that calls DPDK does not build" >&2
    exit 1
}
"$dir/dpdk" ${ROUNDS:-}
tools/bench.sh "$build" sg

#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs the benchmarks of a build folder; JSON on standard output, one object after the other. ROUNDS=n for a quick
# look; OUT=DIR keeps each object in DIR/NAME.json as well, where tools/bench_table.py finds it; PLOTS=DIR has scale
# draw its pictures there.
#   tools/bench.sh [BUILD [NAME...]]     NAME: mapreg sg bounce scale start stream
set -eu
build=${1:-build}
[ "$#" = 0 ] || shift
[ "$#" != 0 ] || set -- mapreg sg bounce scale start stream
driver=$build/drivers/grabber.sys
for name; do
    ninja -C "$build" --quiet "bench/bench_$name"
    case $name in
    start)
        ninja -C "$build" --quiet bench/bench_empty
        set -- "$build/weir" "$driver" "$build/bench/bench_empty"
        ;;
    stream | bounce) set -- "$driver" ;;
    *) set -- ;;
    esac
    echo "bench_$name" >&2
    set -- "$@" "${ROUNDS:-41}"
    [ "$name" != scale ] || [ -z "${PLOTS:-}" ] || set -- "$@" "$PLOTS"
    if [ -n "${OUT:-}" ]; then
        mkdir -p "$OUT"
        "$build/bench/bench_$name" "$@" >"$OUT/$name.json"
        cat "$OUT/$name.json"
    else
        "$build/bench/bench_$name" "$@"
    fi
done

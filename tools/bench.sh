#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs the benchmarks of a build folder; JSON on standard output. ROUNDS=n for a quick look.
set -eu
build=${1:-build}
ninja -C "$build" --quiet bench/bench_stream bench/bench_start bench/bench_empty bench/bench_mapreg
"$build/bench/bench_mapreg" ${ROUNDS:-}
"$build/bench/bench_start" "$build/weir" "$build/drivers/grabber.sys" "$build/bench/bench_empty" ${ROUNDS:-}
"$build/bench/bench_stream" "$build/drivers/grabber.sys" ${ROUNDS:-}

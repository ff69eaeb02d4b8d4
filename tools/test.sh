#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs every test of a build folder, holds the documentation's statements against the results, and ends with the plain
# closing line "N passed, N failed".
set -u
build=${1:-build}
log=$build/meson-logs/testlog.txt
meson test -C "$build" --no-rebuild --print-errorlogs
status=$?
python3 tools/conformance.py "$build"
conforms=$?
ok=$(sed -n 's/^Ok: *\([0-9]*\).*/\1/p' "$log" | tail -n 1)
bad=$(sed -n 's/^\(Fail\|Timeout\|Unexpected Pass\): *\([0-9]*\).*/\2/p' "$log" | awk '{n += $1} END {print n + 0}')
skipped=$(sed -n 's/^Skipped: *\([0-9]*\).*/\1/p' "$log" | tail -n 1)
echo "${ok:-0} passed, ${bad:-0} failed, ${skipped:-0} skipped"
[ "$status" = 0 ] && [ "$conforms" = 0 ] && [ "${bad:-0}" = 0 ] && [ "${ok:-0}" != 0 ]

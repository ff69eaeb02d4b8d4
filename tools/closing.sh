#!/bin/sh
# SPDX-License-Identifier: MIT
# Adds up the results of test runs in the named build folders: "N passed, N failed, N skipped".
set -eu
for build; do
    cat "$build/meson-logs/testlog.txt"
done | awk '/^Ok: /{ok += $2} /^(Fail|Timeout|Unexpected Pass): /{bad += $NF} /^Skipped: /{skipped += $2}
    END {printf "%d passed, %d failed, %d skipped\n", ok, bad, skipped; exit bad != 0 || ok == 0}'

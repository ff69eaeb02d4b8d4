#!/bin/sh
# SPDX-License-Identifier: MIT
# What takes longer than a test may: the property tests with millions of cases instead of thousands. CASES sets how many,
# FIRST where to begin; a failure names its case, which WEIR_FIRST_CASE=N WEIR_CASES=1 runs again alone.
set -eu
build=${1:-build}
cases=${CASES:-1000000}
first=${FIRST:-1}

export WEIR_SEEDS=$((cases / 2000 + 1))
run() {
    echo "$1: $2 cases from $first"
    WEIR_FIRST_CASE=$first WEIR_CASES=$2 "$build/test-ks-$1"
}

run mapping_property_test "$cases"
run mapping_frame_test $((cases / 500 + 1))
echo "contention_test: $WEIR_SEEDS seeds"
"$build/test-ks-contention_test"

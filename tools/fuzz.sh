#!/bin/sh
# SPDX-License-Identifier: MIT
# Fuzzes the image parser with libFuzzer (clang) for SECONDS; new findings end it with their input's name.
#   tools/fuzz.sh [SECONDS]
set -eu
seconds=${1:-60}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
tools/doors.sh "$PWD" "$dir/doors"
# shellcheck disable=SC2046
clang-19 -std=gnu17 -g -O1 -D_GNU_SOURCE -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION \
    -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined \
    -I"$dir/doors/base" -I"$dir/doors/pe" -I"$dir/doors/support" \
    tests/fuzz/pe_fuzz.c tests/support/pe_builder.c $(ls src/pe/*.c src/base/*.c | grep -v _test) -o "$dir/pe_fuzz" 2>"$dir/log" || {
    cat "$dir/log" >&2
    exit 1
}
mkdir "$dir/corpus"
status=0
"$dir/pe_fuzz" -max_total_time="$seconds" -max_len=65536 -verbosity=0 -print_final_stats=1 \
    -artifact_prefix="$PWD/fuzz-" "$dir/corpus" >"$dir/log" 2>&1 || status=$?
grep -E 'number_of_executed_units|ERROR|SUMMARY|Test unit' "$dir/log" || true
if [ "$status" != 0 ]; then
    echo "tools/fuzz.sh: the parser failed on an input, kept as fuzz-*; the log:" >&2
    tail -n 60 "$dir/log" >&2
fi
exit "$status"

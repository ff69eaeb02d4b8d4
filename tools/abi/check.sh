#!/bin/sh
# SPDX-License-Identifier: MIT
# Checks include/wdk against mingw-w64's driver headers: sizes, offsets, constants, GUIDs.
# usage: check.sh CC MINGW_CC OUTPUT_DIR
# Prints each unjustified difference and "N passed, M failed"; exits 0 or 1, 2 for bad usage.
set -eu

if [ $# -ne 3 ]; then
    echo 'usage: check.sh CC MINGW_CC OUTPUT_DIR' >&2
    exit 2
fi
cc=$1
mingw_cc=$2
out=$3
here=$(cd "$(dirname "$0")" && pwd)
include=$here/../../include

# The driver headers are not on mingw-w64's default path.
ddk=
for dir in $($mingw_cc -E -v -x c /dev/null 2>&1 | sed -n 's,^ \(/.*\),\1,p'); do
    if [ -f "$dir/ddk/ntddk.h" ]; then
        ddk=$dir/ddk
    fi
done
if [ -z "$ddk" ]; then
    echo "abi: $mingw_cc has no driver headers (ddk/ntddk.h)" >&2
    exit 1
fi

section() { # compiler, object, output
    objcopy=$($1 -print-prog-name=objcopy)
    "$objcopy" -O binary --only-section=.abi "$2" "$3"
}

mkdir -p "$out"
$cc -std=gnu17 -I"$include" -I"$here" -c "$here/abi_ours.c" -o "$out/ours.o"
$mingw_cc -std=gnu17 -w -I"$ddk" -I"$here" -c "$here/abi_mingw.c" -o "$out/mingw.o"
section "$cc" "$out/ours.o" "$out/ours.bin"
section "$mingw_cc" "$out/mingw.o" "$out/mingw.bin"

# Fails by design; its errors are the result.
$mingw_cc -std=gnu17 -w -fmax-errors=0 -I"$ddk" -I"$here" -fsyntax-only "$here/abi_absent.c" \
    2>"$out/absent.log" || true

python3 "$here/compare.py" "$out/ours.bin" "$out/mingw.bin" "$out/absent.log" \
    "$here/abi.tbl.h" "$here/differences.tsv"

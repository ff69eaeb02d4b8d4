#!/bin/sh
# SPDX-License-Identifier: MIT
# Checks include/wdk against mingw-w64's driver headers: sizes, offsets, constants, GUIDs, and the functions' prototypes.
# usage: check.sh CC MINGW_CC OUTPUT_DIR
# Prints each unjustified difference and "N passed, M failed"; exits 0 or 1, 2 for bad usage.
set -eu
export CCACHE_DISABLE=1 # a compiler cache does not know of what -aux-info writes

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

status=0
python3 "$here/compare.py" "$out/ours.bin" "$out/mingw.bin" "$out/absent.log" \
    "$here/abi.tbl.h" "$here/differences.tsv" || status=1

# What each compiler was told of every function; then how each parameter travels.
source=$here/../..
echo '#include "rtl/crt.h"' >"$out/declared.c"
$cc -std=gnu17 -I"$include" -I"$include/.." -I"$source/src/nt" -I"$source/src" -aux-info "$out/ours.aux" \
    -include "$here/abi_ours.c" -c "$out/declared.c" -o "$out/declared.o" -I"$here"
$mingw_cc -std=gnu17 -w -I"$ddk" -I"$here" -aux-info "$out/mingw.aux" -c "$here/abi_mingw.c" -o "$out/mingw.o"
python3 "$here/prototypes.py" write "$source" "$out/ours.aux" "$out/mingw.aux" "$out"
$cc -std=gnu17 -I"$include" -I"$source/src/nt" -I"$source/src" -I"$here" -c "$out/prototypes_ours.c" -o "$out/prototypes_ours.o"
$mingw_cc -std=gnu17 -w -I"$ddk" -I"$here" -c "$out/prototypes_mingw.c" -o "$out/prototypes_mingw.o"
section "$cc" "$out/prototypes_ours.o" "$out/prototypes_ours.bin"
section "$mingw_cc" "$out/prototypes_mingw.o" "$out/prototypes_mingw.bin"
python3 "$here/prototypes.py" compare "$source" "$out/ours.aux" "$out/mingw.aux" \
    "$out/prototypes_ours.bin" "$out/prototypes_mingw.bin" "$here/differences.tsv" || status=1
exit $status

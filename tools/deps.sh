#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs the Debian packages that weir builds and tests with, where one is missing. Needs root or sudo for that;
# without either it names what to install and stops.
#   tools/deps.sh            what `make`, `make demo` and `make test` need
#   tools/deps.sh --ci       and what .ci/run needs beside it (the run-time library for fuzzing)
set -eu
packages='gcc libc6-dev make meson ninja-build pkg-config python3
    libzydis-dev libzycore-dev libseccomp-dev libpng-dev libcairo2-dev libjansson-dev libcmocka-dev
    gcc-mingw-w64-x86-64 binutils-mingw-w64-x86-64 clang-19 lld-19 llvm-19 ffmpeg'
[ "${1:-}" != --ci ] || packages="$packages libclang-rt-19-dev"
missing=
for package in $packages; do
    case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true) in
    installed) ;;
    *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0
echo "installing:$missing" >&2
if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null 2>&1; then
    as_root=sudo
else
    echo "tools/deps.sh: not root and no sudo; run as root: apt-get install$missing" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
# shellcheck disable=SC2086
$as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null

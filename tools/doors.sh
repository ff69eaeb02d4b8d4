#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes DIR/<room>/<door>, one folder a room, whose symbolic links lead to the sources. A room's include path
# names the folders of the rooms it may use and no other, so the compiler keeps the order of rooms.
set -eu
source=$1
dir=$2
mkdir -p "$dir"
door() { # room, door name, place
    mkdir -p "$dir/$1"
    ln -sfn "$source/$3" "$dir/$1/$2"
}
for room in base host trace sim pe setup hw verify hal inbox ks exports machine client super report cli; do
    door "$room" "$room" "src/$room"
done
for manager in rtl ke mm ex ob se cm ps io pnp po; do
    door "$manager" "$manager" "src/nt/$manager"
    door nt "$manager" "src/nt/$manager"
done
door wdk wdk include/wdk
door weir weir include/weir
door support support tests/support

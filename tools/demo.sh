#!/bin/sh
# SPDX-License-Identifier: MIT
# The main job on an embedded default: the sample driver on both cards, 300 frames each, to out/.
set -eu
build=${1:-build}
mkdir -p out
for card in grabber64 grabber32; do
    echo "weir run $build/drivers/grabber.sys --card $card --format yuy2 --size 1920x1080 --fps 60 --frames 300 -o out/$card.y4m"
    "$build/weir" run "$build/drivers/grabber.sys" --card "$card" --format yuy2 --size 1920x1080 --fps 60 \
        --ram 8G --frames 300 -o "out/$card.y4m" --snapshot "150:out/$card.png" --json "out/$card.json"
    echo
done
if command -v ffprobe >/dev/null 2>&1; then
    for card in grabber64 grabber32; do
        frames=$(ffprobe -v error -count_packets -select_streams v -show_entries stream=nb_read_packets \
            -of csv=p=0 "out/$card.y4m")
        echo "out/$card.y4m: ffprobe reads $frames frames; picture: out/$card.png"
    done
fi

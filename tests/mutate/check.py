# SPDX-License-Identifier: MIT
"""What must hold when `weir run` has ended, whatever the driver was."""
import json
import os
import re
import struct

CODES = (0, 1, 2, 3, 5)  # of README, Exit codes; 4 is weir's own fault, and nobody interrupts here
OUTCOMES = {"ok": 0, "findings": 1, "bad frames": 1, "too few frames": 1, "bug check": 1, "stalled": 1, "died": 1,
            "hung": 1, "refused": 2, "driver refused": 3, "missing function": 3, "weir stopped": 3, "host refused": 5,
            "output failed": 5, "killed": 5}
TRACES = ("Sanitizer", "runtime error", "weir's own fault", "Segmentation fault", "Traceback")


class Broken(Exception):
    """What does not hold, in words."""


def must(fact, words):
    if not fact:
        raise Broken(words)


class Ended:
    """A run that has ended: its exit code, what it said, the folder it wrote to."""

    def __init__(self, code, said, where, in_time=True, left_behind=False):
        self.code, self.said, self.where = code, said, where
        self.in_time, self.left_behind = in_time, left_behind

    def read(self, name):
        try:
            with open(os.path.join(self.where, name), "rb") as file:
                return file.read()
        except FileNotFoundError:
            return None


def check_end(ended):
    must(ended.in_time, "it did not end in time")
    must(not ended.left_behind, "a process of its own is left")
    must(ended.code >= 0, f"it died of signal {-ended.code}")
    must(ended.code in CODES, f"exit code {ended.code}")


def check_words(ended):
    for trace in TRACES:
        must(trace not in ended.said, f"{trace!r} on standard error")
    lines = [line for line in ended.said.splitlines() if line.startswith("weir: ")]
    must(len(lines) == (0 if ended.code == 0 else 1), f"{len(lines)} lines of weir's at exit code {ended.code}")
    return lines[0] if lines else None


def check_files(ended, driver):
    for name in os.listdir(ended.where):
        must(name in (driver, "v.y4m", "v.raw", "v.weir", "s.json"), f"left behind: {name}")


def y4m_frames(data):
    header, _, rest = data.partition(b"\n")
    words = re.fullmatch(rb"YUV4MPEG2 W(\d+) H(\d+) .*C(\d+).*", header)
    must(words, f"Y4M begins with {header[:80]!r}")
    width, height, chroma = (int(word) for word in words.groups())
    half_width, half_height = (width + 1) // 2, (height + 1) // 2
    planes = {420: half_width * half_height, 422: half_width * height, 444: width * height}
    frame = len(b"FRAME\n") + width * height + 2 * planes[chroma]
    must(len(rest) % frame == 0, "the Y4M does not end in a whole frame")
    must(all(rest.startswith(b"FRAME\n", at) for at in range(0, len(rest), frame)), "Y4M frames are out of step")
    return len(rest) // frame


def record_deliveries(data):
    """The bytes of each frame that was delivered, and the number of all events."""
    magic, version, first, size, _ = struct.unpack_from("<8s4I", data)
    must((magic, version, size) == (b"weirrec\0", 1, 64), "the record's header")
    must((len(data) - first) % size == 0, "the record does not end in a whole event")
    types = [line.split() for line in data[24:first].rstrip(b"\0").decode().splitlines()]
    delivered = next(int(words[0]) for words in types if words[1] == "frame_delivered")
    sizes = []
    for at in range(first, len(data), size):
        _, _, kind, _, _, _, _, used = struct.unpack_from("<QIHBB3Q", data, at)
        if kind == delivered:
            sizes.append(used)
    return sizes, (len(data) - first) // size


def check_record(ended, summary):
    data = ended.read("v.weir")
    if data is None:
        return None
    sizes, events = record_deliveries(data)
    must(len(sizes) == summary["frames"]["delivered"], f"{len(sizes)} deliveries in the record")
    must(events == summary["events"], f"{events} events in the record")
    return sizes


def check_frames(ended, summary):
    """Each frame that the summary calls delivered is in the output, and nothing else."""
    delivered = summary["frames"]["delivered"]
    sizes = check_record(ended, summary)
    y4m, raw = ended.read("v.y4m"), ended.read("v.raw")
    if y4m is not None:
        found = y4m_frames(y4m)
        must(found == delivered, f"{found} frames in the Y4M, {delivered} were delivered")
    elif raw is not None:
        must(sizes is not None, "a raw output without a record")
        must(len(raw) == sum(sizes), f"{len(raw)} bytes in the output, {sum(sizes)} were delivered")
    else:
        must(delivered == 0, f"no output, though {delivered} frames were delivered")


def check_summary(ended, line):
    text = ended.read("s.json")
    if text is None:
        must(ended.code == 3 and "cannot be read" in line, "no summary")
        return None
    summary = json.loads(text)
    outcome = summary["outcome"]
    must(summary["exit_code"] == ended.code, f"the summary says exit code {summary['exit_code']}")
    must(OUTCOMES.get(outcome) == ended.code, f"exit code {ended.code} for {outcome!r}")
    must(summary["message"] is None or "weir: " + summary["message"] == line, "summary and message differ")
    return summary


def check(ended, driver):
    """Raises Broken at the first thing that does not hold; returns the outcome and the frames delivered."""
    check_end(ended)
    line = check_words(ended)
    check_files(ended, driver)
    summary = check_summary(ended, line)
    if summary is None:
        return "cannot be read", 0
    check_frames(ended, summary)
    return summary["outcome"], summary["frames"]["delivered"]

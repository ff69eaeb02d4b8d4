#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The checks of check.py find what they are there for: a run that is as documented passes, and each thing that can be
wrong with it fails. Ends with "N passed, N failed"."""
import json
import os
import random
import struct
import sys
import tempfile

sys.dont_write_bytecode = True
import check
import image

HEADER = b"YUV4MPEG2 W4 H2 F30:1 Ip A1:1 C422\n"
FRAME = b"FRAME\n" + bytes(16)
LINE = "weir: a.sys: the driver stopped the machine"


def good(where, frames=2):
    """What a bug check after two frames leaves behind."""
    summary = {"exit_code": 1, "outcome": "bug check", "message": LINE[len("weir: "):], "events": 3,
               "frames": {"delivered": frames}}
    return {"s.json": json.dumps(summary).encode(), "a.sys": b"MZ", "v.y4m": HEADER + FRAME * frames,
            "v.weir": record([16] * frames)}


def record(sizes):
    types = b"1 frame_delivered number status data_used\n2 dpc dpc_va\n".ljust(64 - 24 + 64, b"\0")
    head = struct.pack("<8s4I", b"weirrec\0", 1, 24 + len(types), 64, 3) + types
    events = [struct.pack("<QIHBB6Q", 0, i, 1, 0, 0, i, 0, size, 0, 0, 0) for i, size in enumerate(sizes)]
    return head + b"".join(events) + struct.pack("<QIHBB6Q", 0, len(sizes), 2, 0, 0, *[0] * 6)


def verdict(change, code=1, said="bug check 0x50\n" + LINE + "\n", **how):
    with tempfile.TemporaryDirectory(prefix="weir-") as where:
        files = good(where)
        change(files)
        for name, data in files.items():
            with open(os.path.join(where, name), "wb") as file:
                file.write(data)
        try:
            return check.check(check.Ended(code, said, where, **how), "a.sys")
        except check.Broken as broken:
            return str(broken)


def nothing(files):
    pass


def replaced(name, data):
    return lambda files: files.update({name: data})


def without(name):
    return lambda files: files.pop(name)


def changed(**members):
    def change(files):
        files["s.json"] = json.dumps({**json.loads(files["s.json"]), **members}).encode()
    return change


def a_documented_end_passes():
    assert verdict(nothing) == ("bug check", 2)
    assert verdict(without("v.weir")) == ("bug check", 2)


def each_bad_end_is_found():
    assert "in time" in verdict(nothing, in_time=False)
    assert "process" in verdict(nothing, left_behind=True)
    assert "signal 11" in verdict(nothing, code=-11)
    assert "exit code 4" in verdict(nothing, code=4)
    assert "exit code 130" in verdict(nothing, code=130)
    assert "exit code 1 for 'ok'" in verdict(changed(outcome="ok"))
    assert "says exit code 3" in verdict(changed(exit_code=3))


def each_bad_word_is_found():
    assert "0 lines" in verdict(nothing, said="")
    assert "2 lines" in verdict(nothing, said=LINE + "\n" + LINE + "\n")
    assert "Sanitizer" in verdict(nothing, said="AddressSanitizer: heap-use-after-free\n" + LINE + "\n")
    assert "differ" in verdict(nothing, said="weir: something else\n")


def each_lost_frame_is_found():
    assert "1 frames in the Y4M" in verdict(replaced("v.y4m", HEADER + FRAME))
    assert "whole frame" in verdict(replaced("v.y4m", HEADER + FRAME * 2 + b"FRAME\n"))
    assert "out of step" in verdict(replaced("v.y4m", HEADER + FRAME + bytes(len(FRAME))))
    assert "no output" in verdict(without("v.y4m"))
    assert "1 deliveries" in verdict(replaced("v.weir", record([16])))
    assert "whole event" in verdict(replaced("v.weir", record([16, 16]) + b"x"))

    def raw(data):
        def change(files):
            del files["v.y4m"]
            files["v.raw"] = data
        return change
    assert verdict(raw(bytes(32))) == ("bug check", 2)
    assert "31 bytes" in verdict(raw(bytes(31)))


def what_is_left_behind_is_found():
    assert "v.y4m.part" in verdict(replaced("v.y4m.part", b""))
    assert "no summary" in verdict(without("s.json"))


def the_same_case_gives_the_same_copy():
    """A PE header of nothing but two sections is enough to mutate."""
    data = bytearray(1024)
    struct.pack_into("<I", data, 0x3c, 64)
    struct.pack_into("<H12xH", data, 64 + 6, 2, 240)
    for i, flags in enumerate((0x20, 0x40)):
        struct.pack_into("<8s4I12xI", data, 64 + 24 + 240 + i * 40, b".s", 256, 4096 * (i + 1), 256, 512 + i * 256, flags)
    data[512:1024] = bytes([1] * 256 + [2] * 256)
    for kind in image.KINDS:
        first, words = image.mutate(bytes(data), kind, random.Random("case"))
        second, _ = image.mutate(bytes(data), kind, random.Random("case"))
        assert first == second, kind
        assert first != bytes(data), (kind, words)


def main():
    tests = [a_documented_end_passes, each_bad_end_is_found, each_bad_word_is_found, each_lost_frame_is_found,
             what_is_left_behind_is_found, the_same_case_gives_the_same_copy]
    failed = 0
    for test in tests:
        try:
            test()
        except AssertionError as error:
            failed += 1
            print("FAIL", test.__name__, error)
    print(f"{len(tests) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

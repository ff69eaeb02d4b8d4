#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The command line as a stranger meets it: one test a case, each with its message, exit code and what is left behind.

usage: cases.py BUILD CASE     runs one case (meson lists them)
       cases.py BUILD          runs all and ends with "N passed, N failed"
"""
import json
import math
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import wave
import xml.etree.ElementTree

CASES = {}


class Skip(Exception):
    pass


SMALL = ["--size", "640x480", "--format", "yuy2", "--fps", "60"]
FRAME_BYTES = 640 * 480 * 2


def case(function):
    CASES[function.__name__] = function
    return function


class World:
    def __init__(self, build, where):
        self.build = os.path.abspath(build)
        self.weir = os.path.join(self.build, "weir")
        self.where = where

    def driver(self, name="grabber"):
        return os.path.join(self.build, "drivers", name + ".sys")

    def bad(self, name):
        return os.path.join(self.build, "tests", "drivers", name + ".sys")

    def path(self, name):
        return os.path.join(self.where, name)

    def run(self, *args, **how):
        how.setdefault("timeout", 120)
        return subprocess.run([self.weir, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.where,
                              stdin=subprocess.DEVNULL, **how)

    def refuses(self, args, code, *words, **how):
        """The command ends with code, says each word, shows no trace of weir's own, leaves nothing in its folder."""
        before = set(os.listdir(self.where))
        done = self.run(*args, **how)
        said = done.stderr.decode(errors="replace")
        assert done.returncode == code, f"exit {done.returncode}, wanted {code}\n{said}"
        for word in words:
            assert word in said, f"{word!r} is not in:\n{said}"
        for trace in ("AddressSanitizer", "runtime error", "weir's own fault", "Segmentation"):
            assert trace not in said, said
        assert sum(line.startswith("weir: ") for line in said.splitlines()) == 1, said
        left = set(os.listdir(self.where)) - before
        assert not left, f"left behind: {left}"
        return done


# ---- The main job ------------------------------------------------------------------------------------------------

def y4m_frames(path, frame_bytes):
    with open(path, "rb") as file:
        header = file.readline()
        assert header.startswith(b"YUV4MPEG2 "), header
        rest = file.read()
    assert len(rest) % (6 + frame_bytes) == 0, "the file does not end in a whole frame"
    return len(rest) // (6 + frame_bytes)


def check_clean(world, card, *more, driver="grabber"):
    done = world.run("run", world.driver(driver), "--card", card, *SMALL, "--frames", "30", "-o", "v.y4m", "--snapshot",
                     "7:p.png", "--json", "s.json", *more)
    assert done.returncode == 0, done.stderr.decode()
    assert y4m_frames(world.path("v.y4m"), FRAME_BYTES) == 30
    with open(world.path("p.png"), "rb") as file:
        assert file.read(8) == b"\x89PNG\r\n\x1a\n"
    with open(world.path("s.json")) as file:
        summary = json.load(file)
    frames = summary["frames"]
    assert list(summary)[0] == "schema_version"
    assert frames["delivered"] == 30
    assert sum(frames[k] for k in frames if k not in ("delivered", "dropped_by_driver")) == 0, frames
    assert summary["findings"] == [], summary["findings"]
    assert summary["dma"]["map_registers_at_end"] == 0
    return summary


@case
def grabber64_delivers_every_frame_by_direct_mappings(world):
    dma = check_clean(world, "grabber64")["dma"]
    assert dma["bounce_bytes"] == 0 and dma["direct_bytes"] > 0, dma


@case
def grabber32_bounces_what_lies_above_4_gib_and_gives_all_registers_back(world):
    dma = check_clean(world, "grabber32")["dma"]
    assert dma["bounce_bytes"] == dma["frame_bytes_above_4g"] > 0 and dma["direct_bytes"] > 0, dma
    assert dma["map_registers_highest"] > 0


@case
def a_raw_card_is_what_its_parameters_say_and_its_registers_are_memory(world):
    """The sample driver knows a card by its device ID and by its ID register."""
    identity = "raw,vendor=0x5eed,device=0x3200,bar0=4K"
    done = world.run("run", world.driver(), "--card", identity, *SMALL)
    assert done.returncode == 3, done
    assert b"start" in done.stderr, done.stderr
    done = world.run("run", world.driver(), "--card", identity + ",fill=0x32475701", *SMALL, "--frames", "1")
    assert done.returncode == 1, done
    assert b"no frame for 10 seconds" in done.stderr, done.stderr


@case
def a_raw_card_that_cannot_be_is_refused_by_name(world):
    for given, word in (("vendor=0xffff", "empty slot"), ("bar0=5000", "power of two"), ("bar0=64X", "SIZE:port"),
                        ("messages=3", "8, 16 or 32"), ("line=2", "0|1"), ("msix=40", "0 to 32"), ("colour=red", "vendor, device")):
        world.refuses(["run", world.driver(), "--card", "raw," + given], 2, "card raw: ", word)


@case
def grabber_holds_as_many_locks_as_its_registry_value_says(world):
    for value, held in (("7", 7), ("64", 64), ("0", 4), ("1025", 4), ("many", 4)):
        for card in ("grabber64", "grabber32"):
            done = world.run("run", world.driver(), "--card", card, *SMALL, "--frames", "70", "--buffers", "80",
                             "--json", "s.json", "--param", "FramesInFlight=" + value)
            assert done.returncode == 0, done.stderr.decode()
            with open(world.path("s.json")) as file:
                dma = json.load(file)["dma"]
            assert dma["frame_locks_highest"] == held, (card, value, dma)


def inf_of(world, **changes):
    """The sample INF with lines changed, in the world's folder."""
    with open(os.path.join(os.environ["WEIR_SOURCE"], "drivers", "grabber", "grabber.inf")) as file:
        text = file.read()
    for old, new in changes.get("replace", ()):
        assert old in text, old
        text = text.replace(old, new)
    with open(world.path("card.inf"), "wb") as file:
        file.write(b"\xff\xfe" + text.replace("\n", "\r\n").encode("utf-16-le") if changes.get("wide") else text.encode())
    return world.path("card.inf")


def installed(world, *more, driver="grabber"):
    done = world.run("run", world.driver(driver), *SMALL, "--frames", "70", "--buffers", "80", "--json", "s.json", *more)
    assert done.returncode == 0, done.stderr.decode()
    with open(world.path("s.json")) as file:
        return json.load(file), done.stdout.decode()


@case
def an_inf_installs_the_card_that_is_there(world):
    for card, name in (("grabber64", "64-bit"), ("grabber32", "32-bit")):
        summary, text = installed(world, "--card", card, "--inf", inf_of(world, wide=card == "grabber32"))
        assert summary["dma"]["frame_locks_highest"] == 6, summary["dma"]
        notes = {note["kind"]: note["text"] for note in summary["notes"]}
        assert f"Sample grabber, {name} for PCI\\VEN_5EED&DEV_" in notes["installed"], notes
        assert "KS.Registration" in notes["not followed"], notes
        assert "installed           card.inf: Sample grabber" in text, text
        assert summary["findings"] == [], summary["findings"]


@case
def a_reference_string_that_the_inf_does_not_know_is_told(world):
    changed = inf_of(world, replace=[('"{6C0A4B5E-', '"{7C0A4B5E-')])
    summary, text = installed(world, "--inf", changed)
    told = [(note["text"], note["count"]) for note in summary["notes"] if note["kind"] == "not in the INF"]
    assert told == [("reference string {6C0A4B5E-2B0F-4E52-9D5B-3B7F7E6C1A64} of the driver's interfaces: no AddInterface has it", 2)]
    assert "not in the INF      reference string" in text, text
    one_class = inf_of(world, replace=[("AddInterface = %KSCATEGORY_VIDEO%, %Reference%, Grabber.Interface\n", "")])
    for inf in (one_class, inf_of(world)): # a class may be missing
        summary, _ = installed(world, "--inf", inf)
        assert not [note for note in summary["notes"] if note["kind"] == "not in the INF"], summary["notes"]


@case
def the_registry_file_comes_after_the_inf_and_param_after_both(world):
    with open(world.path("r.reg"), "w") as file:
        file.write('Windows Registry Editor Version 5.00\n\n[HKR]\n"FramesInFlight"=dword:00000009\n')
    with open(world.path("gone.reg"), "w") as file:
        file.write("Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Class\\"
                   '{4d36e96c-e325-11ce-bfc1-08002be10318}\\0000]\n"FramesInFlight"=-\n')
    for more, held in ((["--registry", "r.reg"], 9), (["--registry", "gone.reg"], 4),
                       (["--registry", "r.reg", "--param", "FramesInFlight=11"], 11)):
        summary, _ = installed(world, "--inf", inf_of(world), *more)
        assert summary["dma"]["frame_locks_highest"] == held, (more, summary["dma"])
    summary, _ = installed(world, "--registry", "r.reg") # without an INF, too
    assert summary["dma"]["frame_locks_highest"] == 9, summary["dma"]


@case
def a_raw_card_without_an_identity_has_that_of_the_inf(world):
    changed = inf_of(world, replace=[("VEN_5EED&DEV_3200", "VEN_8086&DEV_1234&SUBSYS_00010002&REV_07")])
    done = world.run("inspect", world.driver(), "--inf", changed, "--card", "raw", "--json", "-")
    assert b"refused to start the device" in done.stderr, done.stderr # it knows no such card
    done = world.run("run", world.driver(), "--inf", changed, "--card", "raw,bar0=4K", *SMALL, "--json", "s.json")
    assert done.returncode == 3, done
    with open(world.path("s.json")) as file:
        notes = json.load(file)["notes"]
    assert "for PCI\\VEN_8086&DEV_1234&SUBSYS_00010002&REV_07, section" in notes[0]["text"], notes


@case
def an_inf_without_a_model_for_the_card_says_what_it_has(world):
    changed = inf_of(world, replace=[("PCI\\VEN_5EED&DEV_6400", "PCI\\VEN_5EED&DEV_9999")])
    world.refuses(["run", world.driver(), "--inf", changed], 2, "card.inf", "no model for this device, PCI\\VEN_5EED&DEV_6400",
                  "PCI\\VEN_5EED&DEV_3200, PCI\\VEN_5EED&DEV_9999")
    world.refuses(["run", world.driver("bars"), "--inf", changed, "--card", "none"], 2, "for PCI devices only")


@case
def setup_files_that_cannot_be_are_refused_with_their_line(world):
    changed = inf_of(world, replace=[("%REG_DWORD%, 6", "%REG_DWORD%, six")])
    world.refuses(["run", world.driver(), "--inf", changed], 2, "card.inf: line", "six is no number")
    world.refuses(["run", world.driver(), "--inf", world.driver()], 2, "this is no INF")
    world.refuses(["run", world.driver(), "--inf", "nowhere.inf"], 2, "nowhere.inf: cannot be read")
    with open(world.path("r.reg"), "w") as file:
        file.write('Windows Registry Editor Version 5.00\n[HKR]\n"a"=dword:x\n')
    world.refuses(["run", world.driver(), "--registry", "r.reg"], 2, "r.reg: line 3", "dword:x")
    world.refuses(["locks", world.driver(), "--registry", "r.reg"], 2, "r.reg: line 3")
    world.refuses(["inspect", world.driver(), "--inf", "nowhere.inf"], 2, "cannot be read")


def disk(world):
    os.makedirs(world.path("disk/Windows/System32/drivers"))
    with open(world.path("disk/Windows/System32/drivers/camera.bin"), "w") as file:
        file.write("fw1.5")
    with open(world.path("hw.reg"), "w") as file:
        file.write('Windows Registry Editor Version 5.00\n[HKR.HW]\n"FromFile"=dword:2a\n')
    inf = os.path.join(os.environ["WEIR_SOURCE"], "tests", "drivers", "installed.inf")
    return ["run", world.bad("installed"), "--card", "none", "--frames", "5", "--inf", inf, "--registry", "hw.reg"]


@case
def a_driver_finds_its_inf_its_registry_and_its_files(world):
    command = disk(world)
    before = sorted(os.walk(world.path("disk")))
    outputs = []
    for name in ("a.json", "b.json"):
        done = world.run(*command, "--files", "disk", "--json", name)
        assert done.returncode == 0, done.stderr.decode()
        outputs.append(done.stdout)
        with open(world.path(name)) as file:
            summary = json.load(file)
        notes = [(note["kind"], note["text"]) for note in summary["notes"]]
        assert ("file wanted", "\\??\\C:\\not there.bin: not there below the folder of --files") in notes, notes
        assert notes[0][1].startswith("installed.inf: Installed camera for ROOT\\InstalledCamera"), notes
        summary["time"] = None
        outputs.append(summary)
    assert outputs[1] == outputs[3]
    assert sorted(os.walk(world.path("disk"))) == before # what the driver wrote is gone


@case
def what_a_driver_wrote_is_kept_on_request(world):
    command = disk(world)
    done = world.run(*command, "--files", "disk", "--files-out", "out")
    assert done.returncode == 0, done.stderr.decode()
    assert os.listdir(world.path("out")) == ["camera.log"], os.listdir(world.path("out"))
    with open(world.path("out/camera.log")) as file:
        assert file.read() == "fw1.5"
    world.refuses([*command, "--files", "disk", "--files-out", "out"], 2, "--files-out out: wants a folder that is empty")
    world.refuses([*command, "--files-out", "new"], 2, "without --files DIR")


@case
def a_driver_without_its_files_is_told_of(world):
    done = world.run(*disk(world), "--json", "s.json")
    assert done.returncode == 3, done
    assert b"AddDevice failed with status 0xe000001e" in done.stderr, done.stderr
    with open(world.path("s.json")) as file:
        notes = [note["text"] for note in json.load(file)["notes"]]
    assert "\\??\\C:\\Windows\\system32\\Drivers\\CAMERA.bin: there are no files; --files DIR stands for C:\\" in notes, notes


@case
def folders_that_cannot_be_a_drive_are_refused(world):
    command = disk(world)
    world.refuses([*command, "--files", "none"], 2, "--files none: cannot be read")
    world.refuses([*command, "--files", "hw.reg"], 2, "--files hw.reg: cannot be read")
    os.symlink("/etc", world.path("disk/etc"))
    os.symlink("/etc/passwd", world.path("disk/Windows/passwd"))
    done = world.run(*command, "--files", "disk")
    assert done.returncode == 0, done.stderr.decode() # links are left out
    with open(world.path("disk/windows"), "w") as file:
        file.write("x")
    world.refuses([*command, "--files", "disk"], 2, "--files: windows: another file has that name")


@case
def grabber32_with_less_than_4_gib_bounces_nothing(world):
    dma = check_clean(world, "grabber32", "--ram", "2G")["dma"]
    assert dma["bounce_bytes"] == 0, dma


@case
def player_plays_every_picture_as_it_was_sent(world):
    for card in ("player64", "player32"):
        summary = check_clean(world, card, driver="player")
        assert summary["frames"]["underruns"] == 0, summary["frames"]
        dma = summary["dma"]
        assert dma["frame_bytes_above_4g"] > 0, dma
        assert dma["bounce_bytes"] == (dma["frame_bytes_above_4g"] if card == "player32" else 0), dma


@case
def commonbuffer_delivers_every_frame_and_maps_none(world):
    for card in ("grabber64", "grabber32"):
        dma = check_clean(world, card, driver="commonbuffer")["dma"]
        assert dma["direct_bytes"] == dma["bounce_bytes"] == 0, dma
        assert dma["frame_bytes_above_4g"] > 0, dma


@case
def bars_streams_from_a_filter_that_processes_for_its_pin(world):
    summary = check_clean(world, "none", driver="bars")
    assert summary["frames"]["dropped_by_driver"] == 0, summary["frames"]
    with open(world.path("v.y4m"), "rb") as file:
        file.readline()
        line = file.read(6 + 640)[6:]
    white, yellow, black = 235, 210, 16
    assert (line[0], line[100], line[620]) == (white, yellow, black), (line[0], line[100], line[620])


def y4m_pictures(path, frame_bytes):
    with open(path, "rb") as file:
        file.readline()
        while frame := file.read(6 + frame_bytes):
            yield frame[6:]


@case
def transform_is_given_pictures_and_gives_their_negatives(world):
    check_clean(world, "none", driver="transform")
    done = world.run("run", world.driver(), *SMALL, "--frames", "30", "-o", "w.y4m")
    assert done.returncode == 0, done.stderr.decode()
    inverse = bytes(255 - i for i in range(256))
    pairs = zip(y4m_pictures(world.path("v.y4m"), FRAME_BYTES), y4m_pictures(world.path("w.y4m"), FRAME_BYTES))
    for number, (negative, picture) in enumerate(pairs):
        assert negative == picture.translate(inverse), f"picture {number}"


def run_twice(world, *args):
    results = []
    for name in ("a", "b"):
        done = world.run("run", world.driver(), *SMALL, "--frames", "20", "-o", name + ".y4m", "--json", name + ".json",
                         "--record", name + ".weir", *args)
        assert done.returncode == 0, done.stderr.decode()
        with open(world.path(name + ".json")) as file:
            summary = json.load(file)
        del summary["time"]["wall_ns"]
        with open(world.path(name + ".y4m"), "rb") as file:
            video = file.read()
        with open(world.path(name + ".weir"), "rb") as file:
            record = file.read()
        results.append((video, record, summary))
    return results


@case
def the_same_seed_gives_the_same_bytes(world):
    for card in ("grabber64", "grabber32"):
        first, second = run_twice(world, "--card", card, "--seed", "7")
        assert first[0] == second[0], "videos differ"
        assert first[2] == second[2], "summaries differ"
        assert first[1] == second[1], "records differ"


@case
def seeds_1_to_20_give_different_records_and_equal_video(world):
    records, videos = set(), set()
    for seed in range(1, 21):
        done = world.run("run", world.driver(), "--card", "grabber64" if seed % 2 else "grabber32", *SMALL, "--frames",
                         "6", "-o", "v.y4m", "--record", "v.weir", "--seed", str(seed))
        assert done.returncode == 0, done.stderr.decode()
        with open(world.path("v.weir"), "rb") as file:
            records.add(file.read())
        with open(world.path("v.y4m"), "rb") as file:
            videos.add(file.read())
    assert len(records) == 20, len(records)
    assert len(videos) == 1, len(videos)


@case
def every_format_and_size_is_delivered_and_checked(world):
    for index, name in enumerate(("yuy2", "uyvy", "rgb24", "rgb32", "nv12")):
        size = ("640x480", "1280x720", "1920x1080", "640x480", "3840x2160")[index]
        for card in ("grabber64", "grabber32"):
            done = world.run("run", world.driver(), "--card", card, "--format", name, "--size", size, "--fps", "30",
                             "--frames", "3", "-o", "v.y4m", "--quiet")
            assert done.returncode == 0, (name, size, card, done.stderr.decode())


@case
def a_pipe_gets_y4m(world):
    done = world.run("run", world.driver(), *SMALL, "--frames", "5", "-o", "-")
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.startswith(b"YUV4MPEG2 W640 H480 F60:1 Ip A1:1 C422\n"), done.stdout[:80]
    assert (len(done.stdout) - done.stdout.index(b"\n") - 1) == 5 * (6 + FRAME_BYTES)
    assert b"5 delivered" in done.stderr


@case
def raw_output_holds_the_drivers_bytes(world):
    done = world.run("run", world.driver(), *SMALL, "--frames", "4", "-o", "v.raw")
    assert done.returncode == 0, done.stderr.decode()
    assert os.path.getsize(world.path("v.raw")) == 4 * FRAME_BYTES


@case
def ctrl_c_leaves_whole_frames_under_the_final_name(world):
    process = subprocess.Popen([world.weir, "run", world.driver(), *SMALL, "--frames", "4000000", "-o", "v.y4m"],
                               cwd=world.where, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    part = world.path("v.y4m.part")
    while time.monotonic() < deadline and not (os.path.exists(part) and os.path.getsize(part) > 3 * FRAME_BYTES):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130, process.returncode
    assert y4m_frames(world.path("v.y4m"), FRAME_BYTES) >= 3
    assert not os.path.exists(part)


# ---- Several drivers ---------------------------------------------------------------------------------------------

@case
def another_driver_is_loaded_first_and_a_bad_one_is_refused_by_name(world):
    msvc = os.path.join(world.build, "tests", "drivers", "msvc")
    importer = os.path.join(msvc, "importer.sys")
    exporter = os.path.join(msvc, "exporter.sys")
    # It has no AddDevice: that far it comes only when its imports were there.
    world.refuses(["run", importer, "--card", "none", "--load", exporter], 3, "AddDevice")
    world.refuses(["run", importer, "--card", "none", "--load", os.path.join(msvc, "seh.obj")], 3, "--load", "seh.obj",
                  "at file offset")
    world.refuses(["run", importer, "--card", "none", "--load", "no-such.sys"], 3, "no-such.sys", "cannot be read")


# ---- Refusals ------------------------------------------------------------------------------------------------------

def write(world, name, data):
    with open(world.path(name), "wb") as file:
        file.write(data)
    return world.path(name)


def driver_bytes(world):
    with open(world.driver(), "rb") as file:
        return file.read()


@case
def a_truncated_driver_is_refused(world):
    path = write(world, "cut.sys", driver_bytes(world)[:3000])
    world.refuses(["run", path, "-o", "v.y4m"], 3, "cut.sys", "offset")


@case
def an_elf_file_is_refused_by_its_kind(world):
    path = write(world, "elf.sys", open(world.weir, "rb").read(8192))
    world.refuses(["run", path, "-o", "v.y4m"], 3, "elf.sys", "ELF")


@case
def a_32_bit_driver_is_refused_by_its_machine(world):
    data = bytearray(driver_bytes(world))
    at = struct.unpack_from("<I", data, 0x3C)[0]
    struct.pack_into("<H", data, at + 4, 0x14C)
    path = write(world, "x86.sys", data)
    world.refuses(["run", path, "-o", "v.y4m"], 3, "x86.sys", "32-bit")


@case
def a_driver_that_is_not_there_is_refused(world):
    world.refuses(["run", world.path("none.sys"), "-o", "v.y4m"], 3, "none.sys", "No such file")


@case
def a_camera_without_hardware_streams_from_many_seeds(world):
    for seed in range(1, 6):
        done = world.run("run", world.bad("softcam"), "--card", "none", "--frames", "40", "--seed", str(seed), "--json",
                         "s.json")
        assert done.returncode == 0, done.stderr.decode()
        with open(world.path("s.json")) as file:
            summary = json.load(file)
        assert summary["frames"]["delivered"] == 40 and summary["frames"]["short"] == 0, summary


@case
def a_driver_that_lets_the_card_lie_is_told_of_card_none(world):
    world.refuses(["run", world.bad("softcam"), "--frames", "4"], 1, "--card none", "The card did nothing")
    done = world.run("run", world.bad("softcam"), "--card", "none", "--frames", "4")
    assert b"--card none" not in done.stderr, done.stderr.decode()


@case
def pictures_too_small_to_be_checked_are_refused_with_a_card_only(world):
    world.refuses(["run", world.bad("smallcam"), "--frames", "4"], 2, "64x48", "cannot be checked", "--card none")
    done = world.run("run", world.bad("smallcam"), "--card", "none", "--frames", "4")
    assert done.returncode == 0, done.stderr.decode()


@case
def an_intersection_without_a_format_is_told(world):
    world.refuses(["run", world.bad("noformat"), "--card", "none"], 2, "succeeds without a format")


@case
def rules_broken_before_a_stream_began_are_told_all_the_same(world):
    done = world.run("run", world.bad("noformat"), "--card", "none")
    assert done.returncode == 2 and b"finding pool_leak" in done.stdout, done.stdout.decode()
    done = world.run("run", world.bad("softcam"), "--card", "none", "--size", "640x480")
    assert done.returncode == 2 and done.stdout == b"", done.stdout.decode()


@case
def a_call_to_a_function_weir_lacks_stops_the_run_by_name(world):
    done = world.refuses(["run", world.bad("missing"), "-o", "v.y4m"], 3, "missing.sys")
    assert b"was called at missing.sys+0x" in done.stderr, done.stderr.decode()


@case
def a_call_that_weir_lacks_is_told_with_its_arguments(world):
    done = world.run("run", world.bad("missing"), "--json", "s.json")
    assert done.returncode == 3 and b"(arguments 0x" in done.stderr, done.stderr.decode()
    with open(world.path("s.json")) as file:
        called = json.load(file)["missing_function"]
    assert called["name"] == "ntoskrnl.exe!ExNobodyHasWrittenThis" and len(called["arguments"]) == 4, called
    assert called["place"].startswith("missing.sys+0x"), called


@case
def with_stub_a_run_goes_on_and_never_passes_for_a_clean_one(world):
    stub = "ExNobodyHasWrittenThis"
    world.refuses(["run", world.bad("stubbed"), *SMALL], 3, "--stub NAME=STATUS")
    world.refuses(["run", world.bad("stubbed"), *SMALL, "--stub", stub + "=0xc0000022"], 3,
                  "DriverEntry failed with status 0xc0000022")
    for given in (stub, "NTOSKRNL.EXE!" + stub):
        done = world.run("run", world.bad("stubbed"), *SMALL, "--frames", "5", "--stub", given + "=0", "--json", "s.json")
        assert done.returncode == 1, done.stderr.decode()
        assert b"stubbed             1 calls: this run tells nothing" in done.stdout, done.stdout.decode()
        assert b"answered by --stub" in done.stderr, done.stderr.decode()
        with open(world.path("s.json")) as file:
            summary = json.load(file)
        assert summary["outcome"] == "stubbed" and summary["frames"]["delivered"] == 5, summary
        assert [(s["name"], s["calls"], s["imported"]) for s in summary["stubs"]] == [(given, 1, True)], summary
    done = world.run("run", world.driver(), *SMALL, "--frames", "5", "--stub", "hal.dll!HalNobody=0")
    assert done.returncode == 0 and b"hal.dll!HalNobody=0x0: nobody imports it" in done.stdout, done.stdout.decode()


@case
def inspect_and_locks_go_on_with_stub_too_and_are_never_clean(world):
    stub = ("--stub", "ExNobodyHasWrittenThis=0")
    few = ("--card", "grabber64", "--ways", "plain", "--buffers", "2", "--seed", "1", "--frames", "5")
    world.refuses(["inspect", world.bad("stubbed")], 3, "--stub NAME=STATUS")
    world.refuses(["locks", world.bad("stubbed"), *few], 3, "--stub NAME=STATUS")
    done = world.run("inspect", world.bad("stubbed"), *stub)
    assert done.returncode == 1 and b"answered by --stub" in done.stderr, done.stderr.decode()
    assert b"data ranges" in done.stdout, done.stdout.decode()
    done = world.run("locks", world.bad("stubbed"), *few, *stub)
    assert done.returncode == 1 and b"answered by --stub" in done.stderr, done.stderr.decode()
    for command in (["inspect", world.driver()], ["locks", world.driver(), *few]):
        done = world.run(*command, *stub)
        assert done.returncode == 0, done.stderr.decode()
        world.refuses([*command, "--stub", "KeSetTimer=0"], 2, "would hide it")


@case
def a_stub_that_hides_what_weir_has_is_refused(world):
    for name in ("KeSetTimer", "hal.dll!KeSetTimer", "ks.sys!KsInitializeDriver", "NtBuildNumber"):
        world.refuses(["run", world.driver(), "--stub", name + "=0"], 2, "--stub " + name, "would hide it")
    for given in ("KeFoo", "=0", "!KeFoo=0", "a!=0", "a!b!c=0", "KeFoo=", "KeFoo=STATUS_SUCCESS", "Ke Foo=1"):
        world.refuses(["run", world.driver(), "--stub", given], 2, "MODULE!NAME=STATUS")


@case
def an_unknown_card_is_refused(world):
    world.refuses(["run", world.driver(), "--card", "grabber128", "-o", "v.y4m"], 2, "grabber128")


@case
def an_unknown_card_parameter_is_refused(world):
    world.refuses(["run", world.driver(), "--card", "grabber64,colour=blue", "-o", "v.y4m"], 2, "colour")


@case
def an_unknown_option_is_refused(world):
    world.refuses(["run", world.driver(), "--frame", "3"], 2, "--frame")


@case
def impossible_values_are_refused_by_option(world):
    for option, value in (("--ram", "1M"), ("--ram", "2T"), ("--cpus", "0"), ("--cpus", "33"), ("--buffers", "0"),
                          ("--size", "12"), ("--fps", "fast"), ("--frames", "0"), ("--format", "yuv9"),
                          ("--windows", "win3.1"), ("--seed", "x"), ("--snapshot", "p.png"), ("--param", "x"),
                          ("-o", "v.avi")):
        world.refuses(["run", world.driver(), option, value], 2, option)


@case
def impossible_machines_are_refused_by_option_with_what_to_do(world):
    for args, *words in (
            (["--map-registers", "0"], "--map-registers 0", "at least one"),
            (["--low-memory", "0"], "--low-memory 0", "256K"),
            (["--low-memory", "100K"], "--low-memory 100K", "256K"),
            (["--low-memory", "1000001"], "--low-memory 1000001", "4K"),
            (["--low-memory", "9G"], "--low-memory 9216M", "--ram 8192M"),
            (["--low-memory", "3G"], "--low-memory 3072M", "at most"),
            (["--ram", "64M", "--low-memory", "60M"], "--low-memory 60M", "at most 36M"),
            (["--low-memory-pressure", "96"], "--low-memory-pressure 96", "0 to 95"),
            (["--pages", "sorted"], "--pages sorted", "scattered", "runs:N", "contiguous", "high", "low"),
            (["--pages", "runs:0"], "--pages runs:0", "1 to 512"),
            (["--pages", "high", "--ram", "2G"], "--pages high", "--ram 2048M"),
            (["--pages", "contiguous", "--ram", "64M", "--size", "3840x2160", "--buffers", "16"], "--pages", "--ram"),
            (["--pages", "low", "--ram", "128M", "--size", "3840x2160", "--buffers", "32"], "--pages", "--ram"),
            (["--buffer-offset", "4096"], "--buffer-offset 4096", "0 to 4095"),
            (["--iommu", "maybe"], "--iommu maybe", "off, remap or strict"),
            (["--iommu", "strict", "--card", "none"], "--iommu strict", "--card none")):
        world.refuses(["run", world.driver(), *args], 2, *words)


@case
def a_size_the_pin_does_not_offer_is_refused(world):
    world.refuses(["run", world.driver(), "--size", "100x100", "-o", "v.y4m"], 2, "format")


@case
def an_unwritable_output_is_refused(world):
    world.refuses(["run", world.driver(), "-o", "/nowhere/at/all/v.y4m"], 5, "/nowhere/at/all/v.y4m")


@case
def a_full_device_ends_the_run_with_one_message(world):
    world.refuses(["run", world.driver(), *SMALL, "--frames", "10", "-o", "/dev/full"], 5, "/dev/full",
                  "No space left")


@case
def a_full_disk_leaves_nothing_behind(world):
    """A file system of 2 MB in a mount name space of the test's own; needs root or user name spaces."""
    disk = world.path("disk")
    os.mkdir(disk)
    inside = (f"mount -t tmpfs -o size=2m none {disk} && {world.weir} run {world.driver()} {' '.join(SMALL)} "
              f"--frames 20 -o {disk}/v.y4m; echo exit $?; ls -A {disk}")
    done = subprocess.run(["unshare", "-m" if os.geteuid() == 0 else "-rm", "sh", "-c", inside],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    said = done.stderr.decode()
    if "unshare" in said or "mount:" in said:
        raise Skip("no mount name spaces here")
    assert "v.y4m: No space left on device" in said, said
    assert done.stdout.decode().split()[-2:] == ["exit", "5"], done.stdout.decode()


@case
def a_null_dereference_in_the_isr_is_a_bug_check_with_place_and_stack(world):
    before = set(os.listdir(world.where))
    done = world.run("run", world.bad("nullisr"), *SMALL, "--frames", "10", "-o", "v.y4m")
    said = done.stderr.decode()
    assert done.returncode == 1, said
    assert "bug check 0xd1 DRIVER_IRQL_NOT_LESS_OR_EQUAL" in said, said
    assert "nullisr.sys+0x" in said and "call stack" in said and "last events" in said, said
    assert set(os.listdir(world.where)) - before <= {"v.y4m"}


@case
def a_spin_at_dispatch_level_is_a_dpc_watchdog_violation(world):
    done = world.run("run", world.bad("spin"), *SMALL, "--frames", "10")
    said = done.stderr.decode()
    assert done.returncode == 1, said
    assert "bug check 0x133 DPC_WATCHDOG_VIOLATION" in said and "spin.sys+0x" in said, said


@case
def a_failing_driver_entry_is_told_with_its_status(world):
    world.refuses(["run", world.bad("failentry"), "-o", "v.y4m"], 3, "failentry.sys", "DriverEntry", "0x")


def findings_of(world, driver):
    done = world.run("run", world.bad(driver), "--card", "none", "--json", "s.json")
    assert done.returncode == 3, done.stderr.decode()
    with open(world.path("s.json"), encoding="utf-8") as file:
        summary = json.load(file)
    return [(f["rule"], f.get("function")) for f in summary["findings"]], summary["message"]


@case
def a_dma_function_called_above_its_irql_is_a_finding_and_at_it_none(world):
    found, _ = findings_of(world, "dmacalls")
    assert found == [], found
    found, _ = findings_of(world, "dmatoohigh")
    assert [rule for rule, _ in found] == ["call_irql"], found


@case
def a_driver_that_asks_is_told_of_64_bit_physical_addresses(world):
    _, message = findings_of(world, "dmacalls")
    assert "0xc000009a" in message, message  # what the driver answers where Mm64BitPhysicalAddress is TRUE


@case
def a_system_call_by_the_driver_is_a_finding(world):
    done = world.run("run", world.bad("syscall"), *SMALL, "--frames", "20")
    assert done.returncode == 1, done.stderr.decode()
    assert b"system call" in done.stdout + done.stderr


@case
def a_driver_that_destroys_its_process_leaves_the_delivered_frames(world):
    done = world.run("run", world.bad("wild"), *SMALL, "--frames", "200", "-o", "v.y4m")
    assert done.returncode == 1, done.stderr.decode()
    assert y4m_frames(world.path("v.y4m"), FRAME_BYTES) >= 1


@case
def imports_lists_every_import_of_the_sample_as_full(world):
    done = world.run("imports", world.driver())
    assert done.returncode == 0, done.stdout.decode()
    assert b", 0 missing, 0 newer" in done.stdout


# ---- What happens while it streams -----------------------------------------------------------------------------------

def incidents_of(world, driver, card, *at, frames=60, code=0):
    """Streams with each --at and returns the summary; every frame that came must be right."""
    options = [word for one in at for word in ("--at", one)]
    form = [] if card == "none" else SMALL
    done = world.run("run", world.driver(driver), "--card", card, *form, "--frames", str(frames), "--json", "s.json", *options)
    assert done.returncode == code, done.stdout.decode() + done.stderr.decode()
    with open(world.path("s.json")) as file:
        summary = json.load(file)
    counts = summary["frames"]
    assert sum(counts[k] for k in ("lost", "torn", "stale", "short", "duplicate", "out_of_order", "wrong")) == 0, counts
    assert summary["findings"] == [], summary["findings"]
    assert summary["dma"]["map_registers_at_end"] == 0
    return summary


EVERY_CARD = (("grabber", "grabber64"), ("grabber", "grabber32"), ("commonbuffer", "grabber64"),
              ("commonbuffer", "grabber32"), ("player", "player64"), ("player", "player32"), ("bars", "none"),
              ("transform", "none"))


@case
def a_stream_goes_on_after_each_thing_that_happens_to_it(world):
    kinds = ["pause", "stop", "reopen", "power", "rebalance", "disable"]
    for driver, card in EVERY_CARD:
        at = [f"{10 * (i + 1)}:{kind}" for i, kind in enumerate(kinds)]
        summary = incidents_of(world, driver, card, *at, frames=120)
        assert [one["kind"] for one in summary["incidents"]] == kinds, summary["incidents"]
        for one in summary["incidents"]:
            assert one["errors"] == 0, one
            assert one["over_ns"] is not None, one
        # Its descriptors point into resources that a rebalance would take away.
        refused = driver in ("grabber", "commonbuffer", "player")
        assert (summary["incidents"][4]["status"] != "0x0") == refused, summary["incidents"][4]
        if driver != "player":
            assert summary["frames"]["delivered"] == 120


@case
def a_device_pulled_out_while_handles_are_open_ends_the_run_and_nothing_else(world):
    for driver, card in EVERY_CARD:
        summary = incidents_of(world, driver, card, "20:surprise")
        assert summary["outcome"] == "ok", summary["outcome"]
        assert 20 <= summary["frames"]["delivered"] < 60, summary["frames"]
        assert summary["incidents"][0]["next_frame_ns"] is None


@case
def things_happen_at_their_time_too_and_as_often_as_named(world):
    summary = incidents_of(world, "grabber", "grabber64", "0.5s:pause", "500ms:stop", "800ms:pause", "0:reopen", frames=80)
    assert [one["kind"] for one in summary["incidents"]] == ["reopen", "pause", "stop", "pause"], summary["incidents"]
    begin = [one["begin_ns"] for one in summary["incidents"]]
    assert begin == sorted(begin), begin
    again = incidents_of(world, "grabber", "grabber64", "0.5s:pause", "500ms:stop", "800ms:pause", "0:reopen", frames=80)
    assert again["incidents"] == summary["incidents"]


@case
def what_was_missed_while_a_stream_stood_still_is_not_lost(world):
    summary = incidents_of(world, "player", "player64", "20:stop", frames=60)
    missed = summary["incidents"][0]["frames_missed"]
    assert missed > 0, summary["incidents"]
    assert summary["frames"]["delivered"] + missed == 60, summary


@case
def sound_goes_on_after_what_happens_to_it(world):
    """A stop begins positions anew, and takes back what is on its way."""
    for kind in ("pause", "stop", "reopen", "power", "disable"):
        for pin in ("0", "3"):
            summary = summary_of(world, world.driver("tone"), "--card", "none", "--pin", pin, "--frames", "60", "--at",
                                 f"20:{kind}")
            one, sound = summary["incidents"][0], summary["pins"][0]["sound"]
            assert one["errors"] == 0 and one["next_frame_ns"] is not None, (kind, pin, one)
            assert sound["positions_back"] == sound["gaps"] == 0, (kind, pin, sound)
            taken = summary["pins"][0]["taken"]
            if pin == "0":
                assert taken + one["frames_missed"] == 60, (kind, taken, one)
                assert (one["frames_missed"] > 0) == (kind in ("stop", "reopen", "disable")), (kind, one)


@case
def what_never_came_due_is_no_success(world):
    done = world.refuses(["run", world.driver(), *SMALL, "--frames", "30", "--at", "10s:power"], 1, "before 1 of 1 events")
    assert b"incidents" not in done.stdout
    # Gone is gone: what was to come after it cannot.
    incidents_of(world, "grabber", "grabber64", "10:surprise", "20:power")


@case
def what_cannot_happen_is_refused_by_name(world):
    for value, word in (("10", "WHEN:EVENT"), (":pause", "WHEN:EVENT"), ("10:", "pause, stop, reopen"),
                        ("10:sleep", "pause, stop, reopen"), ("ten:pause", "frames (100)"), ("-1s:pause", "frames (100)"),
                        ("s:pause", "frames (100)"), ("ms:pause", "frames (100)"), ("300:pause", "ends after 300")):
        world.refuses(["run", world.driver(), "--at", value], 2, "--at", word)
    world.refuses(["run", world.driver(), "--seconds", "2", "--at", "2s:pause"], 2, "ends after 2 s")
    world.refuses(["run", world.driver(), *["--at", "1:pause"] * 33], 2, "at most 32")


# ---- As strangers write drivers --------------------------------------------------------------------------------------

@case
def cameras_that_start_makes_live_through_all_that_happens(world):
    """Factories, timers, work items and what Stop alone frees, as virtual cameras have them."""
    kinds = ["pause", "stop", "reopen", "power", "rebalance", "disable", "surprise"]
    at = [word for i, kind in enumerate(kinds) for word in ("--at", f"{10 * (i + 1)}:{kind}")]
    for seed in range(1, 9):
        done = world.run("run", world.bad("cameras"), "--card", "none", "--frames", "80", "--seed", str(seed), "--cpus",
                         str(1 + seed % 4), "--json", "s.json", *at)
        assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
        with open(world.path("s.json")) as file:
            summary = json.load(file)
        assert [one["kind"] for one in summary["incidents"]] == kinds
        # Its cameras are open, so it does not let itself be stopped.
        assert [one["status"] != "0x0" for one in summary["incidents"]] == [kind == "rebalance" for kind in kinds]


@case
def a_device_that_does_not_start_again_ends_the_run_with_the_frames_so_far(world):
    done = world.run("run", world.bad("once"), "--card", "none", "--frames", "40", "--json", "s.json", "--at", "20:disable")
    assert done.returncode == 1, done # too few frames
    assert b"the driver refused to start the device on this card, status 0xc0000182" in done.stderr, done.stderr.decode()
    with open(world.path("s.json")) as file:
        summary = json.load(file)
    assert summary["frames"]["delivered"] == 20 and not summary["findings"], summary


@case
def each_camera_is_a_filter_with_interfaces_of_its_own(world):
    done = world.run("inspect", world.bad("cameras"), "--card", "none", "--param", "Cameras=3", "--json", "-")
    assert done.returncode == 0, done.stderr.decode()
    shown = json.loads(done.stdout)
    assert len(shown["filters"]) == 3 and len(shown["interfaces"]) == 6, shown["interfaces"]


@case
def what_a_driver_forgets_when_its_resources_change_is_found(world):
    done = world.run("run", world.bad("forgetful"), "--card", "none", "--frames", "40", "--json", "s.json", "--at",
                     "20:rebalance")
    assert done.returncode == 1, done
    with open(world.path("s.json")) as file:
        summary = json.load(file)
    assert {one["rule"] for one in summary["findings"]} == {"pool_leak"}, summary["findings"]
    assert summary["incidents"][0]["errors"] == len(summary["findings"])
    assert summary["frames"]["delivered"] == 40
    done = world.run("run", world.bad("forgetful"), "--card", "none", "--frames", "40")
    assert done.returncode == 0, done.stdout.decode()


@case
def a_property_that_trusts_its_caller_ends_the_inspection_and_what_was_known_is_shown(world):
    """It needs no room, says its table, and writes 16 bytes all the same: any application could bring the system down."""
    done = world.run("inspect", world.bad("trusting"), "--card", "none")
    assert done.returncode == 1, done
    assert b"broken off, this is what was known" in done.stdout, done.stdout.decode()
    assert b"YUY2 64x64 30 fps" in done.stdout
    assert b"trusting.sys+0x" in done.stderr, done.stderr.decode()
    done = world.run("run", world.bad("trusting"), "--card", "none", "--frames", "10")
    assert done.returncode == 0, done.stdout.decode()


# ---- DMA: the same pixels everywhere --------------------------------------------------------------------------------

SHORT = [*SMALL, "--frames", "12"]


def stream(world, *args, code=0):
    """Streams, expects every frame to be there and whole and no finding; the summary and the frames' bytes."""
    done = world.run("run", world.driver(), "-o", "v.raw", "--json", "s.json", *args)
    assert done.returncode == code, (args, done.stdout.decode(), done.stderr.decode())
    with open(world.path("s.json")) as file:
        summary = json.load(file)
    frames = summary["frames"]
    bad = sum(frames[k] for k in frames if k not in ("delivered", "dropped_by_driver"))
    assert bad == 0 and summary["findings"] == [], (args, frames, summary["findings"])
    assert summary["dma"]["map_registers_at_end"] == 0, (args, summary["dma"])
    with open(world.path("v.raw"), "rb") as file:
        return summary, file.read()


def check_profile(world, profile):
    reference = stream(world, *SHORT)[1]
    assert len(reference) == 12 * FRAME_BYTES
    for card in ("grabber32", "grabber64"):
        for iommu in ("off", "remap", "strict"):
            for pages in ("scattered", "contiguous", "high"):
                what = ("--windows", profile, "--card", card, "--iommu", iommu, "--pages", pages)
                summary, video = stream(world, *SHORT, *what)
                dma, frames = summary["dma"], summary["frames"]
                assert video == reference, what
                assert frames["delivered"] == 12 and frames["dropped_by_driver"] == 0, (what, frames)
                bounced = card == "grabber32" and iommu == "off"
                assert dma["bounce_bytes"] == (dma["frame_bytes_above_4g"] if bounced else 0), (what, dma)
                if pages == "high":
                    assert (dma["direct_bytes"] == 0) == bounced, (what, dma)
                assert dma["frame_locks_failed"] == 0, (what, dma)


@case
def on_xp_every_card_iommu_and_page_policy_gives_the_same_pixels(world):
    check_profile(world, "xp")


@case
def on_ws2003sp1_every_card_iommu_and_page_policy_gives_the_same_pixels(world):
    check_profile(world, "ws2003sp1")


@case
def on_windows_11_every_card_iommu_and_page_policy_gives_the_same_pixels(world):
    check_profile(world, "win11")


# ---- DMA: when there is too little ---------------------------------------------------------------------------------

@case
def locks_fail_when_low_memory_runs_out_and_the_stream_goes_on(world):
    """A 1080p frame takes 500 pages of low memory and more, 8 MB are 2048: of eight buffers three can be locked."""
    for seed in ("1", "2"):
        summary, video = stream(world, "--card", "grabber32", "--ram", "8G", "--low-memory", "8M", "--size", "1920x1080",
                                "--format", "yuy2", "--buffers", "8", "--frames", "24", "--seed", seed)
        dma = summary["dma"]
        assert summary["frames"]["delivered"] == 24 and len(video) == 24 * 1920 * 1080 * 2
        assert dma["frame_locks_failed"] > 0 and dma["map_register_requests_queued"] > 0, dma
        assert 1 <= dma["frame_locks_highest"] <= 3, dma


@case
def a_stream_survives_every_kind_of_scarcity(world):
    """Frames may be dropped, as long as the driver says so; none is torn or lost."""
    for args, failing in ((("--low-memory", "1M", "--low-memory-pressure", "60"), True),
                          (("--low-memory", "1M", "--low-memory-pressure", "95"), True),
                          (("--map-registers", "160"), True),
                          (("--map-registers", "400", "--force-bounce"), True),
                          (("--force-bounce", "--low-memory", "2M", "--buffer-offset", "0x123"), True),
                          (("--force-bounce",), False),
                          (("--buffer-offset", "0x123"), False)):
        for seed in ("1", "2", "3"):
            summary, _ = stream(world, "--card", "grabber32", *SMALL, "--frames", "20", "--seed", seed, *args)
            assert summary["frames"]["delivered"] == 20, (args, seed)
            assert (summary["dma"]["frame_locks_failed"] > 0) == failing, (args, seed, summary["dma"])


@case
def a_frame_that_never_fits_ends_the_run_with_the_reason(world):
    """The sample refuses a format that needs more map registers than it was granted. Of low memory it cannot know."""
    done = world.run("run", world.driver(), "--card", "grabber32", *SHORT, "--map-registers", "100")
    assert done.returncode == 1 and b"0xc000009a" in done.stderr, done.stderr.decode()
    assert b"findings            none" in done.stdout, done.stdout.decode()
    done = world.run("run", world.driver(), "--card", "grabber32", *SHORT, "--low-memory", "256K", "--pages", "high")
    assert done.returncode == 1 and b"every lock failed" in done.stderr, done.stderr.decode()
    assert b"--low-memory" in done.stderr and b"advice frame_never_mapped" in done.stdout, done.stdout.decode()


@case
def every_page_policy_and_buffer_offset_gives_the_same_pixels(world):
    reference = stream(world, *SHORT)[1]
    for card in ("grabber32", "grabber64"):
        for pages in ("scattered", "runs:1", "runs:7", "runs:512", "contiguous", "high", "low"):
            for offset in ("0", "0x123", "4095"):
                summary, video = stream(world, *SHORT, "--card", card, "--pages", pages, "--buffer-offset", offset)
                assert video == reference, (card, pages, offset)
                if pages == "contiguous" and card == "grabber64":
                    assert summary["dma"]["mappings_max"] <= 2, summary["dma"]


@case
def pressure_is_the_same_again_for_the_same_seed(world):
    first, second = run_twice(world, "--card", "grabber32", "--low-memory", "1M", "--low-memory-pressure", "70")
    assert first == second
    assert first[2]["dma"]["low_memory_rival_highest"] > 0


# ---- Windows profiles ----------------------------------------------------------------------------------------------

# Version as the profile answers it, service pack, product (1 workstation, 3 server), highest WDM version.
PROFILES = {"xp": ("5.1.2600", 3, 1, "1.20"), "ws2003": ("5.2.3790", 0, 3, "1.30"),
            "ws2003sp1": ("5.2.3790", 1, 3, "1.30"), "vista": ("6.0.6002", 2, 1, "6.0"),
            "win7": ("6.1.7601", 1, 1, "6.0"), "win8": ("6.2.9200", 0, 1, "6.0"), "win8.1": ("6.3.9600", 0, 1, "6.0"),
            "win10-1803": ("10.0.17134", 0, 1, "6.0"), "win10": ("10.0.19045", 0, 1, "6.0"),
            "win11": ("10.0.22631", 0, 1, "6.0")}
# Functions with the first profile that exports them; what came before the first x64 Windows is in every one.
FUNCTIONS = {"IoGetDmaAdapter": "xp", "KeInitializeGuardedMutex": "xp", "RtlIsNtDdiVersionAvailable": "vista",
             "EtwRegister": "vista", "KeQueryActiveGroupCount": "win7", "KeQuerySystemTimePrecise": "win8",
             "ExAllocateTimer": "win8.1", "MmMapIoSpaceEx": "win10-1803", "ExAllocatePool2": "win10"}


def printed(world, record):
    """What the driver printed, a line each: text events follow a debug_print."""
    data = open(world.path(record), "rb").read()
    first, size = struct.unpack_from("<II", data, 12)
    kinds = {line.split()[1]: int(line.split()[0]) for line in data[24:first].rstrip(b"\0").decode().splitlines()}
    lines, left = [], 0
    for at in range(first, len(data), size):
        kind = struct.unpack_from("<H", data, at + 12)[0]
        if kind == kinds["debug_print"]:
            lines.append(b"")
            left = 1
        elif kind == kinds["text"] and left:
            left = struct.unpack_from("<Q", data, at + 16)[0]
            lines[-1] += data[at + 24:at + 24 + min(left, 40)]
            left = left > 40
    return [line.decode().strip() for line in lines]


@case
def every_way_of_asking_for_the_windows_version_gives_the_profiles_answer(world):
    order = list(PROFILES)
    for place, (profile, (version, pack, product, wdm)) in enumerate(PROFILES.items()):
        done = world.run("run", world.bad("versions"), "--card", "none", "--windows", profile, "--record", "v.weir")
        assert done.returncode == 3 and b"DriverEntry" in done.stderr, done.stderr.decode()
        lines = printed(world, "v.weir")
        major, minor, build = version.split(".")
        has = {name: int(place >= order.index(first)) for name, first in FUNCTIONS.items()}
        wanted = [f"RtlGetVersion {version} sp {pack} product {product}", f"PsGetVersion {version}",
                  f"NtBuildNumber {build}",
                  f"SharedUserData {major}.{minor}.{build if major == '10' else 0} product {product}",
                  f"wdm 1.20 1 1.30 {int(wdm != '1.20')} 6.0 {int(wdm == '6.0')} 6.1 0"]
        if has["RtlIsNtDdiVersionAvailable"]:
            wanted.append("ntddi win7 %u win8 %u win10 %u" % tuple(place >= order.index(first)
                                                                 for first in ("win7", "win8", "win10-1803")))
        wanted += [f"{name} {there}" for name, there in has.items()] + ["ExNobodyHasWrittenThis 0"]
        assert lines == wanted, (profile, lines, wanted)


@case
def a_driver_that_imports_what_the_profile_lacks_does_not_load(world):
    for profile in ("xp", "win7", "win10-1803"):
        world.refuses(["run", world.bad("modern"), "--card", "none", "--windows", profile], 3, "modern.sys",
                      "ntoskrnl.exe!ExAllocatePool2", "Windows 10 2004", "--windows win10")
        done = world.run("imports", world.bad("modern"), "--windows", profile)
        said = done.stdout.decode()
        assert done.returncode == 1, said
        assert "1 newer" in said and any(line.split() == ["newer", "ntoskrnl.exe", "ExAllocatePool2", "win10"]
                                         for line in said.splitlines()), said
    for profile in ("win10", "win11"):
        done = world.run("run", world.bad("modern"), "--card", "none", "--windows", profile)
        assert done.returncode == 3 and b"DriverEntry failed with status 0xc000009d" in done.stderr, done.stderr
        assert world.run("imports", world.bad("modern"), "--windows", profile).returncode == 0


@case
def imports_says_what_is_missing_and_what_another_driver_has(world):
    done = world.run("imports", world.bad("missing"))
    assert done.returncode == 1 and b"absent   ntoskrnl.exe   ExNobodyHasWrittenThis\n" in done.stdout, done.stdout
    msvc = os.path.join(world.build, "tests", "drivers", "msvc")
    importer, exporter = (os.path.join(msvc, name + ".sys") for name in ("importer", "exporter"))
    done = world.run("imports", importer)
    assert done.returncode == 1 and b"absent   exporter.sys" in done.stdout, done.stdout
    done = world.run("imports", importer, "--load", exporter, "--json", "-")
    assert done.returncode == 0, done.stderr.decode()
    states = {i["state"] for i in json.loads(done.stdout)["list"] if i["module"] == "exporter.sys"}
    assert states == {"loaded"}, states


def broken_copy(world, name, to):
    with open(world.driver(name), "rb") as file:
        data = bytearray(file.read())
    data[data.index(b"PE\0\0") + 1] = 0
    with open(world.path(to), "wb") as file:
        file.write(data)


@case
def imports_of_a_folder_are_counted_and_broken_images_named(world):
    os.makedirs(world.path("d/e"))
    shutil.copy(world.driver(), world.path("d/good.sys"))
    shutil.copy(world.bad("missing"), world.path("d/e/LACKS.SYS"))
    shutil.copy(world.bad("missing"), world.path("d/e/lacks2.sys"))
    broken_copy(world, "grabber", "d/broken.sys")
    with open(world.path("d/notes.txt"), "w") as file:
        file.write("no driver")
    os.symlink("nowhere", world.path("d/gone.sys"))
    done = world.run("imports", "d", "--summary", "--json", "i.json")
    said = done.stdout.decode()
    assert done.returncode == 1 and not done.stderr, done.stderr.decode()
    for word in ("drivers             5\n", "load                3; 0 import what is newer", "2 are broken", "lack nothing        1\n",
                 "functions missing   1,", "     2 absent ntoskrnl.exe!ExNobodyHasWrittenThis\n",
                 "  d/broken.sys: at file offset 0x", "  d/gone.sys: "):
        assert word in said, (word, said)
    with open(world.path("i.json")) as file:
        counted = json.load(file)
    assert counted["functions"] == [{"module": "ntoskrnl.exe", "name": "ExNobodyHasWrittenThis", "state": "absent",
                                     "drivers": 2}], counted
    assert [f["path"] for f in counted["files"]] == ["d/broken.sys", "d/e/LACKS.SYS", "d/e/lacks2.sys", "d/gone.sys",
                                                     "d/good.sys"], counted["files"]


@case
def imports_wants_a_driver_or_a_folder_to_count(world):
    os.makedirs(world.path("empty"))
    world.refuses(["imports"], 2, "FOLDER --summary")
    world.refuses(["imports", "empty"], 2, "wants --summary")
    world.refuses(["imports", "empty", "--summary"], 2, "no .sys file")
    world.refuses(["imports", world.driver(), "--summary"], 2, "wants a folder")
    world.refuses(["imports", world.driver(), "--json", "/nowhere/i.json"], 5, "/nowhere/i.json")
    world.refuses(["imports", world.driver(), "--load", "nowhere.sys"], 3, "nowhere.sys")


@case
def imports_of_an_unknown_profile_are_refused(world):
    world.refuses(["imports", world.driver(), "--windows", "dos"], 2, "--windows dos", "ws2003sp1", "win11")


@case
def the_sample_loads_on_every_profile(world):
    for profile in PROFILES:
        done = world.run("imports", world.driver(), "--windows", profile)
        assert done.returncode == 0, (profile, done.stdout.decode())


@case
def cards_lists_the_built_in_cards(world):
    done = world.run("cards")
    assert done.returncode == 0
    assert b"grabber32" in done.stdout and b"grabber64" in done.stdout


@case
def version_and_help_work(world):
    assert world.run("--version").stdout.startswith(b"weir ")
    for command in (["--help"], ["run", "--help"], ["locks", "--help"], ["imports", "--help"], ["cards", "--help"]):
        done = world.run(*command)
        assert done.returncode == 0 and done.stdout.startswith(b"usage: weir"), command
    assert world.run().returncode == 2
    assert world.run("dance").returncode == 2


# ---- How many locks ------------------------------------------------------------------------------------------------

FEW = ["--seeds", "2", "--frames", "20"]


def locks_json(world, *args, code=0):
    done = world.run("locks", world.driver(), "--json", "l.json", *args)
    assert done.returncode == code, done.stderr.decode()
    with open(world.path("l.json")) as file:
        return json.load(file)


@case
def locks_shows_that_a_32_bit_card_runs_out_of_low_memory_and_a_64_bit_one_does_not(world):
    args = ["--card", "grabber32", "--card", "grabber64", "--param", "FramesInFlight=64", "--low-memory", "2M",
            "--buffers", "1..12", "--target", "20%", *FEW]
    done = world.run("locks", world.driver(), "--json", "l.json", "-o", "l.svg", *args)
    assert done.returncode == 0 and done.stderr == b"", done.stderr.decode()
    with open(world.path("l.json")) as file:
        answer = json.load(file)
    assert list(answer)[0] == "schema_version" and answer["target"] == 0.2
    narrow, wide = answer["columns"]
    assert (narrow["name"], wide["name"]) == ("grabber32", "grabber64")
    assert wide["failures"] == 0 and wide["most_held"] == 12 and wide["bounce_bytes_per_lock"] == 0
    assert narrow["levels"][-1]["rate"] == 1.0 and 3 <= narrow["locks_sure"] <= narrow["most_held"] < 12
    fitting = (2 << 20) // narrow["bounce_bytes_per_lock"]
    assert abs(narrow["most_held"] - fitting) <= 1, (narrow["most_held"], fitting)
    text = done.stdout.decode()
    assert f"grabber32: hold at most {narrow['locks_sure']} frame locks" in text, text
    assert "grabber64: no lock failed; up to 12 were held" in text, text


@case
def locks_counts_the_attempts_that_run_counts(world):
    args = ["--card", "grabber32,payload=none", "--param", "FramesInFlight=64", "--low-memory", "2M",
            "--low-memory-pressure", "20", "--buffers", "9", "--frames", "30", "--seed", "5"]
    [column] = locks_json(world, "--ways", "plain", *args)["columns"]
    done = world.run("run", world.driver(), "--json", "r.json", *args)
    assert done.returncode == 0, done.stderr.decode()
    with open(world.path("r.json")) as file:
        dma = json.load(file)["dma"]
    assert column["failures"] == dma["frame_locks_failed"] > 0
    assert column["attempts"] - column["failures"] == dma["frame_locks"]
    assert column["most_held"] == dma["frame_locks_highest"]


@case
def locks_treats_one_card_in_three_ways_unless_told_otherwise(world):
    few = ["--buffers", "2", *FEW]
    names = lambda *args: [c["name"] for c in locks_json(world, *few, *args)["columns"]]
    assert names() == ["grabber64", "grabber64, all bounced", "grabber64, remapped"]
    assert names("--card", "grabber32,bandwidth=0") == [
        "grabber32,bandwidth=0" + way for way in ("", ", all bounced", ", remapped")]
    assert names("--force-bounce") == ["grabber64, all bounced"]
    assert names("--card", "grabber32", "--card", "grabber64", "--ways", "remap") == [
        "grabber32, remapped", "grabber64, remapped"]


@case
def locks_without_options_says_how_many_the_driver_holds(world):
    done = world.run("locks", world.driver())
    assert done.returncode == 0 and done.stderr == b"", done.stderr.decode()
    text = done.stdout.decode()
    assert "grabber64: no lock failed; up to 4 were held, the driver holds no more" in text, text
    assert "150 of 16384 map registers (room for 109) and 600K of 64M of low memory (room for 109)" in text, text


@case
def locks_says_the_same_every_time_however_many_work(world):
    results = set()
    for jobs in ("1", "3"):
        for name in ("l.svg", "l.png"):
            done = world.run("locks", world.driver(), "--json", "l.json", "-o", name, "--jobs", jobs, "--param",
                             "FramesInFlight=8", "--low-memory", "1M", "--buffers", "4,8", *FEW)
            assert done.returncode == 0, done.stderr.decode()
            with open(world.path(name), "rb") as file:
                picture = file.read()
            with open(world.path("l.json"), "rb") as file:
                results.add((name, picture, file.read(), done.stdout))
    assert len(results) == 2


@case
def locks_pictures_are_well_formed(world):
    for name in ("l.svg", "L.PNG"):
        done = world.run("locks", world.driver(), "--quiet", "-o", name, "--buffers", "2", *FEW)
        assert done.returncode == 0 and done.stdout == b"", done.stderr.decode()
    root = xml.etree.ElementTree.parse(world.path("l.svg")).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg" and root.get("width") == "960px", root.attrib
    with open(world.path("L.PNG"), "rb") as file:
        png = file.read()
    assert png.startswith(b"\x89PNG\r\n\x1a\n") and struct.unpack(">II", png[16:24]) == (1440, 840)
    assert png.endswith(b"IEND\xaeB`\x82")


@case
def locks_refuses_bad_values_by_option(world):
    for args, *words in (
            (["--buffers", "0"], "--buffers 0", "1 to 1024"),
            (["--buffers", "4..2"], "--buffers 4..2"),
            (["--buffers", "1,,2"], "--buffers 1,,2"),
            (["--seeds", "0"], "--seeds 0"),
            (["--seeds", "9..8"], "--seeds 9..8"),
            (["--seeds", "1000000"], "--seeds", "100000 runs"),
            (["--target", "0%"], "--target 0%"),
            (["--target", "100%"], "--target 100%"),
            (["--target", "few"], "--target few"),
            (["--ways", "twice"], "--ways twice", "plain, bounce or remap"),
            (["--ways", "bounce", "--iommu", "remap"], "--ways", "--iommu"),
            (["--ways", "remap", "--card", "none"], "--ways", "--card none"),
            (["--jobs", "0"], "--jobs 0"),
            (["-o", "locks.jpg"], "-o locks.jpg", ".svg or .png"),
            (["--json", "l.svg", "-o", "l.svg"], "l.svg is named twice"),
            (["--low-memory-pressure", "99"], "--low-memory-pressure 99"),
            (["--card", "grabber32"] * 9, "--card", "at most 8"),
            (["--snapshot", "1:p.png"], "--snapshot", "weir locks --help")):
        world.refuses(["locks", world.driver(), *args], 2, *words)
    world.refuses(["locks"], 2, "which driver")


@case
def locks_refuses_what_run_refuses_with_one_message_and_nothing_left(world):
    outputs = ["--json", "l.json", "-o", "l.svg", *FEW]
    world.refuses(["locks", world.driver(), "--card", "grabber128", *outputs], 2, "grabber128")
    world.refuses(["locks", world.driver(), "--size", "16000x16", *outputs], 2, "no data range")
    world.refuses(["locks", "nowhere.sys", *outputs], 3, "nowhere.sys")
    world.refuses(["locks", world.bad("missing"), *outputs], 3, "missing.sys")
    world.refuses(["locks", world.driver(), "-o", "/nowhere/l.svg"], 5, "/nowhere/l.svg")


@case
def locks_counts_the_runs_that_break_off_and_names_the_first(world):
    args = ["--card", "grabber32", "--ways", "plain", "--buffers", "2", "--seeds", "3..4"]
    done = world.run("locks", world.bad("nullisr"), "--json", "l.json", *args)
    said = done.stderr.decode()
    assert done.returncode == 1, said
    assert "2 of 2 runs broke off or had findings" in said and "--seed 3 --buffers 2" in said, said
    assert "0xd1" in said.lower() and said.count("weir: ") == 1, said
    with open(world.path("l.json")) as file:
        answer = json.load(file)
    assert answer["columns"][0]["broken_runs"] == 2 and answer["incidents"][1]["seed"] == 4


# ---- The sound drivers, sample by sample ----------------------------------------------------------------------------

QUARTER = [round((2 ** 31 - 1) * math.sin(i * math.pi / 128)) for i in range(65)]


def tone_sample(phase):
    """What drivers/tone/sine.c has at a phase: straight lines between 64 steps a quarter, half the scale."""
    part = phase % 2 ** 30 if phase & 2 ** 30 == 0 else 2 ** 30 - phase % 2 ** 30
    step, rest = part >> 24, part & 0xffffff
    value = QUARTER[step] + ((QUARTER[step + 1] - QUARTER[step]) * rest >> 24 if step < 64 else 0)
    return value // 2 if phase < 2 ** 31 else -(value // 2)


def tone(hz, rate, channels, bits, first, frames):
    """The driver's bytes from a frame on; the second channel is an octave higher."""
    out = bytearray()
    for frame in range(first, first + frames):
        for channel in range(channels):
            phase = frame * (((hz << channel) << 32) // rate) % 2 ** 32
            out += (tone_sample(phase) >> 32 - bits).to_bytes(bits // 8, "little", signed=True)
    return bytes(out)


def make_noise(world, name, rate, channels, bits, seed):
    """A quarter of a second without a zero in it, so that silence before and after it can be told from it."""
    rng = random.Random(seed)
    data = bytes(rng.randrange(1, 256) for _ in range(rate * channels * bits // 8 // 4))
    with wave.open(world.path(name), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(bits // 8)
        file.setframerate(rate)
        file.writeframes(data)
    return data


def holds(found, sent):
    """All of it in one piece, and nothing else but silence."""
    at = found.find(sent[:64])
    return at >= 0 and found[at:at + len(sent)] == sent and not any(found[:at]) and not any(found[at + len(sent):])


@case
def tone_is_recorded_to_the_sample(world):
    for bits, rate, channels, hz in ((16, 48000, 2, 1000), (24, 44100, 1, 440), (32, 96000, 2, 20)):
        for packet, *machine in ((10, "--seed", "1"), (7, "--seed", "3", "--cpus", "8")):
            summary = summary_of(world, world.driver("tone"), "--card", "none", "--format", f"s{bits}", "--rate", str(rate),
                                 "--channels", str(channels), "--frames", "30", "--packet", str(packet), "-o", "o.wav",
                                 "--param", f"Frequency={hz}", *machine)
            _, found = read_wav(world, "o.wav")
            assert found == tone(hz, rate, channels, bits, 0, 30 * (rate * packet // 1000)), (bits, machine)
            assert summary["pins"][0]["sound"]["gaps"] == 0 and is_clean(summary)


@case
def tone_tells_of_samples_for_which_there_was_no_buffer(world):
    """Eight packets of a millisecond for a driver that works each ten: two of ten are lost, and told of."""
    summary = summary_of(world, world.driver("tone"), "--card", "none", "--format", "s16", "--rate", "48000", "--packet", "1",
                         "--frames", "500", "-o", "o.wav", "--param", "Frequency=990")
    sound = summary["pins"][0]["sound"]
    assert sound["discontinuities"] == sound["gaps"] == 62, sound
    _, found = read_wav(world, "o.wav")
    pieces = [found[at:at + 8 * 48 * 4] for at in range(0, 50 * 8 * 48 * 4, 8 * 48 * 4)]
    assert pieces[0] == tone(990, 48000, 2, 16, 0, 8 * 48)
    late = next(late for late in range(49) if pieces[1] == tone(990, 48000, 2, 16, 480 + late, 8 * 48))  # timers have a grid
    for turn, piece in enumerate(pieces[1:], 1):
        assert piece == tone(990, 48000, 2, 16, turn * 480 + late, 8 * 48), turn


@case
def tone_loops_back_every_byte_in_every_format(world):
    for seed, (bits, rate, channels) in enumerate(((16, 48000, 2), (24, 44100, 1), (32, 96000, 2), (24, 96000, 2)) * 2, 1):
        sent, packet = make_noise(world, "i.wav", rate, channels, bits, seed), 12 - seed
        summary_of(world, world.driver("tone"), "--card", "none", "--param", "Loopback=1", "--rate", str(rate), "--pin",
                   f"0:in=i.wav,packet={3 + seed}", "--pin",
                   f"3:out=o.wav,frames={500 // packet},packet={packet},format=s{bits},channels={channels}",
                   "--seed", str(seed), "--cpus", str(1 + seed % 5))
        assert holds(read_wav(world, "o.wav")[1], sent), (seed, bits)


@case
def tone_sleeps_and_goes_on(world):
    summary = summary_of(world, world.driver("tone"), "--card", "none", "--rate", "48000", "--frames", "100", "--at",
                         "300ms:power", "-o", "o.wav")
    assert summary["pins"][0]["sound"]["discontinuities"] == 1 and is_clean(summary), summary


@case
def sound_is_recorded_frame_by_frame(world):
    """audio32 writes each frame's number into its samples."""
    for bits, channels, *machine in ((16, 2), (24, 1, "--iommu", "strict"), (32, 2, "--force-bounce", "--cpus", "4")):
        summary = summary_of(world, world.driver("sound"), "--card", "audio32", "--format", f"s{bits}", "--channels",
                             str(channels), "--rate", "48000", "--frames", "50", "-o", "o.wav", *machine)
        _, found = read_wav(world, "o.wav")
        assert found == b"".join((frame % 2 ** bits).to_bytes(bits // 8, "little") * channels for frame in range(24000))
        assert summary["interrupts"] >= 50 and is_clean(summary)


@case
def sound_goes_round_whatever_the_memory_and_the_interrupts(world):
    sent = make_noise(world, "i.wav", 48000, 2, 16, 1)
    for fault, *machine in (("none",), ("none", "--iommu", "strict", "--seed", "2"), ("lost-irq", "--seed", "3", "--cpus", "8"),
                            ("late-irq", "--iommu", "remap", "--seed", "4"), ("none", "--windows", "xp", "--low-memory", "1M")):
        summary = summary_of(world, world.driver("sound"), "--card", f"audio32,input=loop,fault={fault},at=9", "--pin",
                             "0:in=i.wav", "--pin", "3:out=o.wav,frames=50", "--rate", "48000", *machine)
        assert holds(read_wav(world, "o.wav")[1], sent), (fault, machine)
        positions = [pin["sound"]["position"] for pin in summary["pins"] if pin["flow"] == "in"]
        assert positions == [len(sent)] and summary["findings"] == [], summary["pins"]


@case
def sound_that_loses_its_card_is_told_of(world):
    summary = summary_of(world, world.driver("sound"), "--card", "audio32,fault=removal,at=9", "--pin", "0", "--frames", "40",
                         code=1)
    assert summary["findings"] == [] and "removed" in summary["message"], summary["message"]


@case
def inspect_shows_a_sound_card_as_it_shows_the_one_without(world):
    card, _ = inspect(world, world.driver("sound"), "audio32")
    none, _ = inspect(world, world.driver("tone"), "none")
    for key in ("pins", "nodes", "connections"):
        assert card["filters"][0][key] == none["filters"][0][key], key


# ---- weir inspect --------------------------------------------------------------------------------------------------

def inspect(world, driver, card, *more, code=0):
    """The JSON and the text of one look at a driver."""
    done = world.run("inspect", driver, "--card", card, "--json", "i.json", *more)
    assert done.returncode == code, done.stderr.decode()
    with open(world.path("i.json")) as file:
        return json.load(file), done.stdout.decode()


PIN_KEYS = {"id", "name", "name_constant", "category", "data_flow", "communication", "instances", "interfaces", "mediums",
            "physical_connection", "data_ranges", "constrained_data_ranges", "instance", "problems"}


@case
def inspect_shows_the_filters_of_the_sample_drivers(world):
    for driver in ("grabber", "commonbuffer"):
        for card, pins in (("grabber32", 1), ("grabber64", 2)):
            found, text = inspect(world, world.driver(driver), card)
            assert list(found)[0] == "schema_version" and found["complete"] is True and found["exit_code"] == 0
            assert len(found["interfaces"]) == 2 and {i["filter"] for i in found["interfaces"]} == {0}
            shown, = found["filters"]
            assert [c["name"] for c in shown["categories"]] == ["KSCATEGORY_VIDEO", "KSCATEGORY_CAPTURE"]
            assert len(shown["pins"]) == pins and len(shown["connections"]) == pins and len(shown["nodes"]) == 1
            for pin in shown["pins"]:
                assert set(pin) == PIN_KEYS, set(pin) ^ PIN_KEYS
                assert (pin["name_constant"], pin["data_flow"], pin["communication"]) == (
                    "PINNAME_VIDEO_CAPTURE", "out", "both")
                assert pin["data_ranges"][2]["text"] == "YUY2 1920x1080 23.98-60 fps (30)"
                assert len(pin["data_ranges"]) == 20 and pin["problems"] == []
                assert pin["instance"]["opened"] and pin["instance"]["format"]["text"] == "YUY2 640x480 30 fps"
                assert pin["instance"]["framing"]["items"][0]["frame_bytes_max"] == 640 * 480 * 2
            for words in ("YUY2 1920x1080 23.98-60 fps (30)", "KSPROPERTY_CONNECTION_STATE", "node 0 (0) -> pin 0",
                          "frames of 614400 bytes, aligned to ", "KSMEMORY_TYPE_KERNEL_NONPAGED"):
                assert words in text, text


@case
def inspect_opens_pins_that_data_goes_into(world):
    for card in ("player32", "player64"):
        found, text = inspect(world, world.driver("player"), card)
        for pin in found["filters"][0]["pins"]:
            assert (pin["data_flow"], pin["communication"]) == ("in", "sink")
            assert pin["instance"]["opened"], pin["instance"]
        assert "pin 0 -> node 0 (0)" in text, text


def property_of(sets, set_name, number):
    return next(item for each in sets if set_name in (each["set"]["name"], each["set"]["guid"])
                for item in each["items"] if item["id"] == number)


OWN_SET = "{0D5F7A10-3C5E-4A0B-9A11-526B1C3D9002}"


@case
def inspect_reads_nodes_ranges_values_methods_and_events(world):
    found, text = inspect(world, world.bad("shown"), "none")
    shown, = found["filters"]
    render, video, odd = shown["pins"]
    assert render["data_ranges"][0]["text"] == "PCM 2 ch 8-16 bit 8-44.1 kHz"
    assert render["instance"]["format"]["text"] == "PCM 2 ch 16 bit 44.1 kHz"
    assert render["instances"]["possible"] is None and render["name"] is None
    assert video["data_ranges"][0]["text"] == ("MJPG 160x120 to 1920x1080 by 16x8 (640x480) 59.94 fps interlaced")
    assert not video["instance"]["opened"] and video["instance"]["status"] == "0xc0000272"
    assert odd["instance"] is None and len(odd["data_ranges"]) == 1 and "40 bytes" in odd["problems"][0]
    volume = property_of(shown["nodes"][0]["properties"], "KSPROPSETID_Audio", 4)
    assert (volume["name"], volume["get"], volume["set"], volume["value"]) == (
        "KSPROPERTY_AUDIO_VOLUMELEVEL", True, True, -6 * 65536)
    assert volume["ranges"] == [{"min": -96 * 65536, "max": 0, "step": 32768}]
    brightness = property_of(shown["properties"], "PROPSETID_VIDCAP_VIDEOPROCAMP", 0)
    assert brightness["default"] == 750 and brightness["value"] == {"value": 5000, "flags": 2, "capabilities": 2}
    assert property_of(shown["properties"], OWN_SET, 3)["value"] == {"hex": "44332211", "bytes": 4}
    assert property_of(shown["properties"], OWN_SET, 60)["get"] is False
    assert property_of(shown["methods"], OWN_SET, 1)["flags"] == 1 and property_of(shown["events"], OWN_SET, 2)
    assert [n["type"]["name"] for n in shown["nodes"]] == ["KSNODETYPE_VOLUME", "KSNODETYPE_MUTE"]
    assert [(c["from_node"], c["to_node"]) for c in shown["connections"]] == [(None, 0), (0, 1), (1, None)]
    for words in ("default 750", "[-96 to 0 dB by 0.5]", "= -6 dB", "PROBLEM", "pin 0 -> node 0 (1)", "id 60"):
        assert words in text, text


@case
def inspect_shows_a_sound_device(world):
    found, text = inspect(world, world.driver("tone"), "none")
    shown, = found["filters"]
    assert [p["data_flow"] for p in shown["pins"]] == ["in", "out", "in", "out"]
    assert [p["communication"] for p in shown["pins"]] == ["sink", "bridge", "bridge", "sink"]
    for pin in (shown["pins"][0], shown["pins"][3]):
        assert [r["text"] for r in pin["data_ranges"]] == [f"PCM 2 ch {bits} bit 44.1-96 kHz" for bits in (16, 24, 32)]
        assert pin["instance"]["format"]["text"] == "PCM 2 ch 16 bit 96 kHz"
        assert pin["instance"]["framing"]["items"][0]["frame_bytes_max"] == 960 * 4
        assert property_of(pin["instance"]["properties"], "KSPROPSETID_Audio", 5)["value"] == [0, 0]
    volume = property_of(shown["nodes"][0]["properties"], "KSPROPSETID_Audio", 4)
    assert volume["value"] == 0 and volume["ranges"] == [{"min": -96 * 65536, "max": 0, "step": 65536}] * 2  # channels
    assert [(c["from_node"], c["to_node"]) for c in shown["connections"]] == [
        (None, 0), (0, 1), (1, 2), (2, None), (None, 3), (3, 4), (4, 5), (5, None)]
    for words in ("analog audio", "get set = 0 dB  [-96 to 0 dB by 1]", "get set = FALSE  [0 to 1]",
                  "node 2 (0) -> pin 1", "KSEVENT_CONNECTION_ENDOFSTREAM"):
        assert words in text, text


@case
def inspect_leaves_closed_and_unread_what_it_is_told_to(world):
    found, _ = inspect(world, world.bad("shownbad"), "none", "--no-values", "--no-open")
    shown, = found["filters"]
    assert found["complete"] and all(pin["instance"] is None for pin in shown["pins"])
    assert property_of(shown["properties"], OWN_SET, 3)["value"] is None


@case
def inspect_keeps_what_was_known_before_the_driver_stopped_the_machine(world):
    found, text = inspect(world, world.bad("shownbad"), "none", code=1)
    assert found["complete"] is False and found["exit_code"] == 1 and "0x7e" in found["message"], found["message"]
    assert len(found["filters"][0]["pins"]) == 3 and len(found["filters"][0]["nodes"]) == 2
    assert "broken off" in text.splitlines()[0] and "PCM 2 ch" in text


@case
def inspect_pictures_are_well_formed(world):
    done = world.run("inspect", world.bad("shown"), "--card", "none", "--dot", "i.dot", "--svg", "i.svg", "--quiet")
    assert done.returncode == 0 and done.stdout == b"", done.stderr.decode()
    root = xml.etree.ElementTree.parse(world.path("i.svg")).getroot()
    names = [element.tag.rpartition("}")[2] for element in root]
    assert root.tag == "{http://www.w3.org/2000/svg}svg" and names.count("path") == 3, names
    with open(world.path("i.dot")) as file:
        dot = file.read()
    assert dot.startswith("digraph ") and dot.count("{") - dot.count("}") == 0 and dot.count("->") == 3
    for words in ("f0_pin0 -> f0_node0", "KSNODETYPE_VOLUME", "PCM 2 ch 8-16 bit"):
        assert words in dot, dot
    if shutil.which("dot"):
        subprocess.run(["dot", "-Tsvg", "i.dot"], cwd=world.where, check=True, stdout=subprocess.DEVNULL)


@case
def inspect_says_the_same_every_time_and_alone_on_standard_output(world):
    results = set()
    for _ in range(2):
        text = world.run("inspect", world.driver(), "--json", "i.json")
        alone = world.run("inspect", world.driver(), "--json", "-")
        with open(world.path("i.json"), "rb") as file:
            written = file.read()
        assert alone.returncode == text.returncode == 0 and alone.stdout == written
        results.add((text.stdout, written))
    assert len(results) == 1
    other = world.run("inspect", world.driver(), "--seed", "2").stdout  # the card sits in another slot, no more
    assert other != text.stdout and other.splitlines()[3:] == text.stdout.splitlines()[3:]


@case
def inspect_refuses_with_one_message_and_nothing_left(world):
    outputs = ["--dot", "i.dot", "--svg", "i.svg"]
    world.refuses(["inspect"], 2, "which driver")
    world.refuses(["inspect", world.driver(), "--card", "grabber128", *outputs], 2, "grabber128")
    world.refuses(["inspect", world.driver(), "--frames", "3", *outputs], 2, "--frames", "weir inspect --help")
    world.refuses(["inspect", world.driver(), "--dot", "x", "--svg", "x"], 2, "x is named twice")
    world.refuses(["inspect", "nowhere.sys", *outputs], 3, "nowhere.sys")
    world.refuses(["inspect", world.bad("failentry"), *outputs], 3, "failentry.sys")
    world.refuses(["inspect", world.bad("missing"), *outputs], 3, "missing.sys")
    world.refuses(["inspect", world.driver(), "--svg", "/nowhere/i.svg"], 5, "/nowhere/i.svg")
    done = world.run("inspect", "--help")
    assert done.returncode == 0 and b"--no-values" in done.stdout and b"Exit codes" in done.stdout


# ---- Files that are played, sound, several pins ----------------------------------------------------------------------

def summary_of(world, *args, code=0):
    """Runs with --json and returns the summary."""
    done = world.run("run", *args, "--json", "s.json")
    assert done.returncode == code, (args, done.stdout.decode(), done.stderr.decode())
    with open(world.path("s.json")) as file:
        return json.load(file)


def bytes_of(world, name):
    with open(world.path(name), "rb") as file:
        return file.read()


def is_clean(summary):
    frames = summary["frames"]
    bad = sum(frames[k] for k in ("lost", "torn", "stale", "short", "duplicate", "out_of_order", "wrong"))
    return bad == 0 and summary["findings"] == []


def make_y4m(world, name="v.y4m", *options, frames=20):
    summary_of(world, world.driver(), *SMALL, "--frames", str(frames), "-o", name, *options)
    return bytes_of(world, name)


def make_wav(world, name, samples, channels=2, bits=16, rate=48000):
    """A ramp in every channel, each with its own start."""
    size = bits // 8
    data = b"".join(((i * 77 + 1000 * c) % (1 << bits)).to_bytes(size, "little") for i in range(samples)
                    for c in range(channels))
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 1, channels, rate,
                       rate * channels * size, channels * size, bits, b"data", len(data))
    with open(world.path(name), "wb") as file:
        file.write(head + data)
    return data


def read_wav(world, name):
    """Header fields and samples; the sizes must be true."""
    whole = bytes_of(world, name)
    assert whole[:4] == b"RIFF" and whole[8:12] == b"WAVE" and struct.unpack("<I", whole[4:8])[0] == len(whole) - 8
    at, fmt = 12, None
    while True:
        tag, size = whole[at:at + 4], struct.unpack("<I", whole[at + 4:at + 8])[0]
        if tag == b"fmt ":
            kind, channels, rate, _, block, bits = struct.unpack("<HHIIHH", whole[at + 8:at + 24])
            fmt = {"kind": kind, "channels": channels, "rate": rate, "block": block, "bits": bits, "bytes": size}
        if tag == b"data":
            assert at + 8 + size + size % 2 == len(whole)
            return fmt, whole[at + 8:at + 8 + size]
        at += 8 + size + size % 2


@case
def player_plays_a_file_and_the_file_leaves_the_card(world):
    for form in ("yuy2", "uyvy", "nv12"):
        sent = make_y4m(world, "v.y4m", "--format", form)
        for card in ("player64", "player32"):
            summary = summary_of(world, world.driver("player"), "--card", card, "-i", "v.y4m", "--format", form, "-o",
                                 "out.y4m")
            assert is_clean(summary), summary
            assert bytes_of(world, "out.y4m") == sent, (form, card)
            pin = summary["pins"][0]
            assert (pin["flow"], pin["taken"], pin["seen"], pin["frames"]["delivered"]) == ("in", 20, True, 20), pin
            assert pin["format"]["width"] == 640 and pin["format"]["rate_numerator"] == 60, pin
            os.unlink(world.path("out.y4m"))


@case
def rgb_is_played_from_444_and_pictures_may_be_alike(world):
    subprocess.run(["ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", "color=red:size=640x480:rate=30", "-frames:v", "9",
                    "-pix_fmt", "yuv444p", "red.y4m"], cwd=world.where, check=True)
    for form in ("rgb24", "rgb32"):
        summary = summary_of(world, world.driver("player"), "--card", "player64", "-i", "red.y4m", "--format", form)
        assert is_clean(summary) and summary["frames"]["delivered"] == 9, summary
        assert summary["run"]["format"]["name"] == form.upper()


@case
def each_verdict_on_a_picture_of_a_file_is_provoked_by_a_card_fault(world):
    make_y4m(world)
    for card in ("player64", "player32"):
        for fault, verdict in (("torn", "torn"), ("stale", "stale"), ("duplicate", "duplicate"), ("lost-frame", "lost"),
                               ("short-dma", "wrong")):
            summary = summary_of(world, world.driver("player"), "--card", f"{card},fault={fault},at=9", "-i", "v.y4m",
                                 code=1)
            frames = summary["frames"]
            if verdict in ("torn", "wrong"):
                assert frames["torn"] + frames["wrong"] == 1, (card, fault, frames)
            else:
                assert frames[verdict] == 1, (card, fault, frames)
            counted = sum(frames[k] for k in ("torn", "stale", "short", "duplicate", "out_of_order", "wrong", "lost"))
            assert counted == 1, (card, fault, frames)


@case
def transform_twice_gives_the_file_again(world):
    sent = make_y4m(world)
    negatives = summary_of(world, world.driver("transform"), "--card", "none", "-i", "v.y4m", "-o", "n.y4m")
    assert [(p["pin"], p["flow"]) for p in negatives["pins"]] == [(1, "out"), (0, "in")]
    assert negatives["frames"]["delivered"] == 20 and negatives["pins"][1]["taken"] == 20
    assert bytes_of(world, "n.y4m") != sent
    again = summary_of(world, world.driver("transform"), "--card", "none", "--pin", "0:in=n.y4m", "--pin", "1:out=p.y4m")
    assert bytes_of(world, "p.y4m") == sent
    assert [(p["pin"], p["flow"]) for p in again["pins"]] == [(0, "in"), (1, "out")]


@case
def pins_of_one_run_end_each_in_its_time(world):
    make_y4m(world)
    for frames, taken in (("5", range(5, 20)), ("20", range(20, 21))):
        summary = summary_of(world, world.driver("transform"), "--card", "none", "--pin", "0:in=v.y4m", "--pin",
                             f"1:frames={frames},out=n.y4m")
        assert summary["pins"][1]["frames"]["delivered"] == int(frames)
        assert summary["pins"][0]["taken"] in taken, summary["pins"][0]
        assert y4m_frames(world.path("n.y4m"), FRAME_BYTES) == int(frames)
    summary = summary_of(world, world.driver("transform"), "--card", "none", "--pin", "0:in=v.y4m", "--pin", "1:frames=21",
                         code=1)
    assert summary["outcome"] == "too few frames" and summary["message"].startswith("pin 1: 20 of 21"), summary["message"]


@case
def a_card_with_two_channels_captures_and_plays_on_both(world):
    pins = ["--pin", "0:size=640x480,frames=12,out=a.y4m", "--pin", "1:size=1280x720,frames=30,fps=60,buffers=4,out=b.y4m"]
    summary = summary_of(world, world.driver(), "--card", "grabber64", *pins, "--param", "Channels=2")
    assert is_clean(summary) and summary["frames"]["delivered"] == 42, summary
    assert [p["frames"]["delivered"] for p in summary["pins"]] == [12, 30]
    assert [p["format"]["width"] for p in summary["pins"]] == [640, 1280]
    assert y4m_frames(world.path("a.y4m"), FRAME_BYTES) == 12
    assert y4m_frames(world.path("b.y4m"), 1280 * 720 * 2) == 30
    assert summary["pins"][0]["hash"] != summary["pins"][1]["hash"] and summary["pins"][0]["hash"] == summary["video_hash"]
    sent = [bytes_of(world, "a.y4m"), bytes_of(world, "b.y4m")]
    summary = summary_of(world, world.driver("player"), "--card", "player64", "--pin", "0:in=a.y4m,out=c.y4m", "--pin",
                         "1:in=b.y4m,out=d.y4m", "--param", "Channels=2")
    assert is_clean(summary), summary
    assert [bytes_of(world, "c.y4m"), bytes_of(world, "d.y4m")] == sent


@case
def several_pins_are_the_same_again_for_the_same_seed(world):
    make_y4m(world)
    make_wav(world, "in.wav", 4800)
    for driver, out, inward, output in (("transform", "1:out=o.y4m", "0:in=v.y4m", "o.y4m"),
                                        ("tone", "3:out=o.wav", "0:in=in.wav", "o.wav")):
        results = set()
        for _ in range(2):
            summary = summary_of(world, world.driver(driver), "--card", "none", "--pin", out, "--pin", inward, "--record",
                                 "r.weir", "--seed", "7")
            del summary["time"]["wall_ns"]
            results.add((bytes_of(world, "r.weir"), bytes_of(world, output), json.dumps(summary)))
        assert len(results) == 1


@case
def a_file_is_played_from_a_pipe_and_into_one(world):
    sent = make_y4m(world)
    done = subprocess.run([world.weir, "run", world.driver("player"), "--card", "player64", "-i", "-", "-o", "-", "--quiet"],
                          input=sent, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=world.where, timeout=120)
    assert done.returncode == 0 and done.stdout == sent, done.stderr.decode()
    # What is cut off shows when it is there; what came before it has left the card.
    done = subprocess.run([world.weir, "run", world.driver("player"), "--card", "player64", "-i", "-", "-o", "o.y4m"],
                          input=sent[:-1000], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=world.where, timeout=120)
    assert done.returncode == 2 and b"standard input: is cut off in picture 19" in done.stderr, done.stderr.decode()
    kept = y4m_frames(world.path("o.y4m"), FRAME_BYTES)
    assert 0 < kept < 20 and sent.startswith(bytes_of(world, "o.y4m"))


@case
def files_that_cannot_be_played_are_refused_in_words(world):
    make_y4m(world)
    whole = bytes_of(world, "v.y4m")
    make_wav(world, "in.wav", 4800)
    player, tone = world.driver("player"), world.driver("tone")
    for name, bad in (("cut.y4m", whole[:-1]), ("text.y4m", b"hello, world\n"), ("empty.y4m", b""),
                      ("cut.wav", bytes_of(world, "in.wav")[:-2])):
        with open(world.path(name), "wb") as file:
            file.write(bad)
    on = ["--card", "player64"]
    world.refuses(["run", player, *on, "-i", "cut.y4m", "-o", "x.y4m"], 2, "cut.y4m: is cut off in picture 19")
    world.refuses(["run", player, *on, "-i", "text.y4m"], 2, "text.y4m", "neither YUV4MPEG2 nor RIFF WAVE")
    world.refuses(["run", player, *on, "-i", "empty.y4m"], 2, "empty.y4m: is cut off in its header")
    world.refuses(["run", player, *on, "-i", "nowhere.y4m"], 5, "nowhere.y4m: cannot be read: No such file")
    world.refuses(["run", player, *on, "-i", "in.wav", "-o", "x.raw"], 2, "in.wav holds sound of 2 channels, 16 bits, 48 kHz",
                  "no pin takes")
    world.refuses(["run", player, *on, "-i", "v.y4m", "--format", "nv12"], 2, "v.y4m holds 4:2:2 pictures of 640x480 at 60 "
                  "fps, which pin 0 does not take; it takes YUY2 640x480")
    world.refuses(["run", player, *on, "-i", "v.y4m", "--size", "1280x720"], 2, "v.y4m holds", "--size")
    world.refuses(["run", player, *on, "-i", "v.y4m", "--fps", "30"], 2, "v.y4m holds", "--fps")
    world.refuses(["run", world.driver(), "-i", "v.y4m"], 2, "v.y4m holds", "no pin takes")
    world.refuses(["run", tone, "--card", "none", "-i", "cut.wav"], 2, "cut.wav: is cut off: 2 bytes of samples are missing")
    world.refuses(["run", tone, "--card", "none", "-i", "in.wav", "--rate", "44100"], 2, "in.wav holds", "--rate")
    make_wav(world, "slow.wav", 100, rate=8000)
    world.refuses(["run", tone, "--card", "none", "-i", "slow.wav"], 2, "slow.wav holds sound of 2 channels, 16 bits, 8 kHz",
                  "which pin 0 does not take; it takes PCM 2 ch 16 bit 44.1-96 kHz")
    world.refuses(["run", tone, "--card", "none", "--pin", "0:in=in.wav,out=x.wav"], 2, "nothing of it can be seen")


@case
def tone_is_recorded_in_each_format_that_it_has(world):
    for form, bits in (("s16", 16), ("s24_le", 24), ("S32LE", 32)):
        for channels in (1, 2):
            summary = summary_of(world, world.driver("tone"), "--card", "none", "--format", form, "--rate", "44100",
                                 "--channels", str(channels), "--seconds", "2", "-o", "t.wav")
            head, data = read_wav(world, "t.wav")
            assert (head["channels"], head["rate"], head["bits"]) == (channels, 44100, bits), head
            assert len(data) == 2 * 44100 * channels * bits // 8, len(data)
            pin = summary["pins"][0]
            sound = pin["sound"]
            assert pin["flow"] == "out" and sound["samples"] == 2 * 44100 and sound["bytes"] == len(data), pin
            assert 0.49 < sound["peak"] / 2**31 < 0.51, sound
            assert sound["gaps"] == sound["discontinuities"] == sound["positions_back"] == 0, sound
            assert sound["position"] is not None
    done = world.run("run", world.driver("tone"), "--card", "none", "--packet", "20", "--frames", "7", "--rate", "48000")
    assert b"7 packets delivered, 6720 samples a channel, 0.14 s, peak -6.0 dBFS" in done.stdout, done.stdout


@case
def sound_goes_into_a_pipe_and_an_interrupted_file_has_true_sizes(world):
    done = world.run("run", world.driver("tone"), "--card", "none", "--seconds", "1", "-o", "-", "--quiet")
    assert done.returncode == 0 and done.stdout[:4] == b"RIFF" and done.stdout[40:44] == b"\xff" * 4, done.stderr
    process = subprocess.Popen([world.weir, "run", world.driver("tone"), "--card", "none", "--seconds", "100000", "-o",
                                "t.wav"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=world.where)
    deadline = time.monotonic() + 60
    part = world.path("t.wav.part")
    while time.monotonic() < deadline and not (os.path.exists(part) and os.path.getsize(part) > 100000):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130, process.returncode
    head, data = read_wav(world, "t.wav")
    assert len(data) > 100000 - 44 and len(data) % head["block"] == 0


@case
def what_is_played_comes_back_through_the_cable(world):
    for driver, *cable in (("tone", "--card", "none", "--param", "Loopback=1"), ("sound", "--card", "audio32,input=loop")):
        for bits in (16, 24, 32):
            data = make_wav(world, "in.wav", 48000 // 2, bits=bits)
            summary = summary_of(world, world.driver(driver), *cable, "-i", "in.wav", "-o", "o.wav")
            assert summary["findings"] == [], summary["findings"]
            render = summary["pins"][1]
            assert render["flow"] == "in" and not render["seen"] and render["taken"] == 50, render
            assert render["sound"]["samples"] == 24000 and render["sound"]["positions_back"] == 0
            _, heard = read_wav(world, "o.wav")
            at = heard.find(data[:60])
            assert at >= 0, (driver, bits)
            usable = min(len(heard) - at, len(data))
            assert usable > len(data) // 2 and heard[at:at + usable] == data[:usable], (driver, bits, at, usable)


@case
def a_render_pin_without_a_file_plays_a_tone_and_every_packet_comes_back(world):
    summary = summary_of(world, world.driver("tone"), "--card", "none", "--pin", "0:seconds=2,rate=48000")
    pin = summary["pins"][0]
    assert summary["outcome"] == "ok" and pin["taken"] == 200 and pin["sound"]["samples"] == 96000, pin
    assert pin["sound"]["position"] == 96000 * pin["format"]["block_bytes"] and pin["sound"]["peak"] > 0


@case
def pins_are_named_as_inspect_shows_them(world):
    for name in ("0", "0/0", "KSCATEGORY_CAPTURE", "capture", "PINNAME_VIDEO_CAPTURE", "video_capture",
                 "{fb6c4281-0353-11d1-905f-0000c0cc16ba}"):
        summary = summary_of(world, world.driver(), "--pin", name, "--frames", "3", *SMALL)
        assert summary["pins"][0]["pin"] == 0, name
    for value, words in (("7", "no pin for an application"), ("1/0", "there is no filter 1"), ("RENDER", "called so"),
                         ("0:frames", "KEY=VALUE"), ("0:colour=red", "colour: wants format"), ("0:size=3", "--size 3"),
                         (":out=x", "the id or the name"), ("0:frames=1,seconds=1", "exclude each other"),
                         ("0:in=nowhere.y4m", "nowhere.y4m"), ("0:out=x.mp4", "x.mp4")):
        world.refuses(["run", world.driver(), "--pin", value], 5 if "in=" in value else 2, words)
    world.refuses(["run", world.driver(), "--pin", "0", "--pin", "0"], 2, "--pin 0: ", "called so")
    world.refuses(["run", world.driver(), "--pin", "0", "--pin", "1", "-o", "x.y4m"], 2, "--pin 0:out=FILE")
    world.refuses(["run", world.driver(), "--pin", "0:out=x.y4m", "-o", "y.y4m"], 2, "--pin 0 names its file")
    world.refuses(["run", world.driver(), "--pin", "0:out=x.y4m", "--pin", "1:out=x.y4m"], 2, "x.y4m is named twice")
    world.refuses(["run", world.driver(), *["--pin", "0"] * 9], 2, "at most 8")
    world.refuses(["run", world.driver(), "-o", "x.wav"], 2, "none of the driver's pins is for sound")


@case
def sound_of_any_kind_is_recorded_from_a_driver_that_answers_no_intersection(world):
    """Six channels need WAVEFORMATEXTENSIBLE, here and in the file."""
    for form, channels, kind in (("u8", 1, 1), ("s24", 6, 0xFFFE), ("f32", 2, 3), ("f32", 8, 0xFFFE)):
        summary = summary_of(world, world.bad("recorder"), "--card", "none", "--format", form, "--channels", str(channels),
                             "--rate", "96000", "--seconds", "1", "-o", "r.wav")
        head, data = read_wav(world, "r.wav")
        assert (head["kind"], head["channels"], head["rate"]) == (kind, channels, 96000), head
        assert data[:512] == bytes(range(256)) * 2 and len(data) == 96000 * head["block"]
        assert summary["pins"][0]["format"]["name"] == form
        assert summary["pins"][0]["sound"]["gaps"] == 0
    assert summary["run"]["format"]["packet_bytes"] == 960 * 32
    plain = summary_of(world, world.bad("recorder"), "--card", "none")["run"]["format"]
    assert (plain["name"], plain["channels"], plain["rate_hz"]) == ("s16", 2, 48000), plain
    world.refuses(["run", world.bad("recorder"), "--card", "none", "--channels", "9"], 2, "there is PCM 8 ch 8-32 bit")


@case
def filters_and_instances_of_a_pin_are_streamed_together(world):
    summary = summary_of(world, world.bad("recorder"), "--card", "none", "--pin", "1/0:frames=5", "--pin",
                         "0:format=s24,channels=8,frames=7", "--pin", "capture:frames=9")
    assert [(p["filter"], p["pin"], p["frames"]["delivered"]) for p in summary["pins"]] == [(1, 0, 5), (0, 0, 7), (0, 0, 9)]
    world.refuses(["run", world.bad("recorder"), "--card", "none", *["--pin", "0/0"] * 3], 2, "--pin 0/0: ", "called so")
    done = world.run("run", world.bad("recorder"), "--card", "none", "--pin", "1/0", "--pin", "0")
    assert b"2 pins\npin 1/0 out" in done.stdout and b"pin 0/0 out" in done.stdout, done.stdout


@case
def gaps_in_sound_are_told_and_a_position_that_goes_back_is_bad(world):
    sound = summary_of(world, world.bad("recordergap"), "--card", "none", "--frames", "20")["pins"][0]["sound"]
    assert (sound["gaps"], sound["gap_100ns"], sound["discontinuities"]) == (1, 500000, 1), sound
    summary = summary_of(world, world.bad("recorderback"), "--card", "none", "--frames", "20", code=1)
    assert summary["outcome"] == "bad frames" and "went back 1 times" in summary["message"], summary["message"]


# ---- The oracle ----------------------------------------------------------------------------------------------------

VERDICTS = {"torn": "torn", "stale": "stale", "duplicate": "duplicate", "short-dma": "short", "lost-frame": "lost"}


@case
def each_verdict_is_provoked_by_a_card_fault_and_names_the_frame(world):
    for driver, card in (("grabber", "grabber64"), ("grabber", "grabber32"), ("commonbuffer", "grabber32")):
        for fault, verdict in VERDICTS.items():
            done = world.run("run", world.driver(driver), "--card", f"{card},fault={fault},at=9", *SMALL, "--frames",
                             "20", "--json", "s.json", "--record", "s.weir")
            assert done.returncode == 1, (card, fault, done.stdout.decode(), done.stderr.decode())
            with open(world.path("s.json")) as file:
                summary = json.load(file)
            frames = summary["frames"]
            assert frames[verdict] == 1, (card, fault, frames)
            if verdict != "lost":
                assert [bad["frame"] for bad in summary["bad_frames"]] == [10 if verdict == "duplicate" else 9], fault
            others = [k for k in ("torn", "stale", "short", "duplicate", "out_of_order", "wrong", "lost") if k != verdict]
            assert sum(frames[k] for k in others) == 0, (card, fault, frames)


@case
def player_and_commonbuffer_stream_on_every_kind_of_machine(world):
    '''Each machine with its own seed and Windows; each picture checked, no finding but the documented advice.'''
    profiles = ("xp", "ws2003sp1", "win11")
    seed = 0
    for driver, cards in (("player", ("player32", "player64")), ("commonbuffer", ("grabber32", "grabber64"))):
        for card in cards:
            for iommu in ("off", "remap", "strict"):
                for pages in ("scattered", "contiguous", "high"):
                    seed += 1
                    how = ("--card", card, "--iommu", iommu, "--pages", pages, "--windows", profiles[seed % 3], "--seed",
                           str(seed), "--buffer-offset", str(seed * 100 % 4096))
                    done = world.run("run", world.driver(driver), *SMALL, "--frames", "6", "--json", "s.json", *how)
                    assert done.returncode == 0, (how, done.stderr.decode())
                    with open(world.path("s.json")) as file:
                        summary = json.load(file)
                    assert summary["frames"]["delivered"] == 6, how
                    assert all(found["kind"] == "advice" for found in summary["findings"]), (how, summary["findings"])


@case
def player_survives_scarce_low_memory(world):
    done = world.run("run", world.driver("player"), "--card", "player32", "--size", "1920x1080", "--frames", "40",
                     "--low-memory", "8M", "--buffers", "8", "--json", "s.json")
    assert done.returncode == 0, done.stderr.decode()
    with open(world.path("s.json")) as file:
        summary = json.load(file)
    frames, dma = summary["frames"], summary["dma"]
    assert frames["delivered"] == 40, frames
    assert sum(frames[k] for k in frames if k not in ("delivered", "underruns")) == 0, frames
    assert dma["frame_locks_failed"] > 0 and dma["map_registers_at_end"] == 0, dma


def play_with(world, card, fault, *more):
    done = world.run("run", world.driver("player"), "--card", f"{card},fault={fault},at=9", *SMALL, "--frames", "20",
                     "--json", "s.json", *more)
    with open(world.path("s.json")) as file:
        return done, json.load(file)


@case
def each_verdict_on_a_played_picture_is_provoked_by_a_card_fault(world):
    for card in ("player64", "player32"):
        for fault, verdict in (*VERDICTS.items(), ("late-read", "out_of_order")):
            done, summary = play_with(world, card, fault)
            frames = summary["frames"]
            assert done.returncode == 1, (card, fault, frames)
            assert frames[verdict] == 1, (card, fault, frames)
            others = [k for k in ("torn", "stale", "short", "duplicate", "out_of_order", "wrong", "lost")
                      if k not in (verdict, "duplicate" if fault == "late-read" else "")]
            assert sum(frames[k] for k in others) == 0, (card, fault, frames)
            assert frames["underruns"] == 0, (card, fault, frames)


@case
def the_first_and_the_last_picture_are_missed_too(world):
    for card in ("player64", "player32"):
        for at in ("0", "19"):
            done = world.run("run", world.driver("player"), "--card", f"{card},fault=lost-frame,at={at}", *SMALL, "--frames",
                             "20", "--json", "s.json")
            with open(world.path("s.json")) as file:
                frames = json.load(file)["frames"]
            assert done.returncode == 1 and frames["lost"] == 1 and frames["delivered"] == 19, (card, at, frames)
        done = world.run("run", world.driver("player"), "--card", f"{card},fault=torn,at=19", *SMALL, "--frames", "20",
                         "--json", "s.json")
        with open(world.path("s.json")) as file:
            frames = json.load(file)["frames"]
        assert frames["torn"] == 1 and frames["lost"] == 0, (card, frames)


@case
def player_survives_what_a_card_can_do(world):
    for card in ("player64", "player32"):
        for fault in ("late-irq", "lost-irq", "spurious-irq", "fifo-overrun"):
            done, summary = play_with(world, card, fault)
            frames = summary["frames"]
            assert done.returncode == 0, (card, fault, done.stderr.decode())
            assert frames["delivered"] == 20 and frames["lost"] == 0, (card, fault, frames)
            assert frames["underruns"] == (1 if fault == "fifo-overrun" else 0), (card, fault, frames)
        done, summary = play_with(world, card, "removal")
        assert done.returncode == 1 and b"was removed" in done.stderr, (card, done.stderr.decode())


@case
def a_card_that_reads_what_is_not_its_own_is_found_out(world):
    for card in ("player64", "player32"):
        for fault, iommu, rule in (("late-read", "off", "bus_after_release"), ("late-read", "strict", "bus_after_release"),
                                   ("read-past", "remap", "bus_past_end"), ("read-past", "strict", "bus_past_end")):
            done, summary = play_with(world, card, fault, "--iommu", iommu)
            assert done.returncode == 1, (card, fault)
            assert [found["rule"] for found in summary["findings"]] == [rule], (card, fault, summary["findings"])


@case
def a_slow_client_makes_underruns_and_no_damage(world):
    done = world.run("run", world.driver("player"), "--card", "player64", *SMALL, "--frames", "20", "--buffers", "1",
                     "--json", "s.json")
    with open(world.path("s.json")) as file:
        frames = json.load(file)["frames"]
    assert done.returncode == 0, done.stderr.decode()
    assert frames["delivered"] == 20 and frames["lost"] == 0, frames


@case
def commonbuffer_survives_what_a_card_can_do(world):
    for card in ("grabber64", "grabber32"):
        for fault in ("late-irq", "lost-irq", "spurious-irq", "fifo-overrun"):
            done = world.run("run", world.driver("commonbuffer"), "--card", f"{card},fault={fault},at=9", *SMALL,
                             "--frames", "20", "--json", "s.json")
            assert done.returncode == 0, (card, fault, done.stderr.decode())
            with open(world.path("s.json")) as file:
                frames = json.load(file)["frames"]
            assert frames["dropped_by_driver"] == (1 if fault == "fifo-overrun" else 0), (card, fault, frames)
        done = world.run("run", world.driver("commonbuffer"), "--card", f"{card},fault=removal,at=9", *SMALL)
        assert done.returncode == 1, (card, done.stderr.decode())
        assert b"was removed after 9 frames" in done.stderr, done.stderr.decode()


@case
def a_driver_that_gets_no_common_buffer_refuses_and_leaves_nothing(world):
    large = ["--size", "1920x1080", "--frames", "5", "--json", "s.json"]
    done = world.run("run", world.driver("commonbuffer"), "--card", "grabber32", *large, "--low-memory", "1M")
    assert done.returncode == 1, done.stdout.decode()
    assert b"0xc000009a" in done.stderr, done.stderr.decode()  # STATUS_INSUFFICIENT_RESOURCES
    with open(world.path("s.json"), encoding="utf-8") as file:
        assert json.load(file)["findings"] == []
    done = world.run("run", world.driver("commonbuffer"), "--card", "grabber32", *large)
    assert done.returncode == 0, done.stderr.decode()
# ---- Accesses outside the mappings ---------------------------------------------------------------------------------

FULL = ["--size", "640x480", "--format", "yuy2", "--fps", "60", "--frames", "20"]
# card and its fault, mode of the IOMMU, rule, what is said
STRAYS = (
    ("grabber64,fault=write-after-release", "remap", "bus_after_release",
     ["wrote 64 bytes", "; refused", "scatter/gather list of frame 6 of pin", "made by the call at grabber.sys+0x",
      ", released by the call at grabber.sys+0x", "a client's buffer", "not touched"]),
    ("grabber32,fault=write-after-release", "strict", "bus_after_release", ["; refused", "released by the call at"]),
    ("grabber64,fault=wrong-direction", "off", "bus_direction",
     ["read 64 bytes", "; it went through", "for the card to write", "a client's buffer"]),
    ("grabber32,fault=wrong-direction", "remap", "bus_direction", ["read 64 bytes", "; refused"]),
    ("grabber32,fault=write-past-end", "remap", "bus_past_end",
     ["; refused", "the access ends 64 bytes behind mapped memory"]),
    ("grabber64,fault=truncate-address", "off", "bus_truncated", ["was the card told the lower half (LowPart) only?"]),
    ("grabber64,fault=truncate-address", "strict", "bus_truncated", ["the lower half of the mapped address 0x"]),
    ("grabber32,fault=above-width", "off", "bus_above_width", ["more than the 32 address bits it has", "; refused"]),
)


def expect_violation(world, driver, card, iommu, rule, words, *more):
    done = world.run("run", driver, "--card", card, "--ram", "8G", *FULL, "--iommu", iommu, "--json", "s.json", *more)
    said = done.stdout.decode()
    assert done.returncode == 1, (card, iommu, said, done.stderr.decode())
    with open(world.path("s.json")) as file:
        summary = json.load(file)
    assert [finding["rule"] for finding in summary["findings"]] == [rule], (card, iommu, said)
    for word in words:
        assert word in said, f"{word!r} is not in:\n{said}"
    aborts = iommu != "off" and rule != "bus_above_width" and "; refused" in said
    assert ("bug check 0xe6" in done.stderr.decode()) == aborts, (card, iommu, done.stderr.decode())


@case
def a_card_that_strays_from_its_mappings_is_told_with_mapping_frame_and_call(world):
    for card, iommu, rule, words in STRAYS:
        expect_violation(world, world.driver(), card + ",at=5", iommu, rule, words)


@case
def remap_lets_bytes_beside_a_mapping_pass_and_strict_does_not(world):
    for iommu, outcome in (("off", "it went through"), ("remap", "it went through"), ("strict", "refused")):
        expect_violation(world, world.driver(), "grabber64,fault=write-past-end,at=5", iommu, "bus_past_end",
                         ["; " + outcome, "64 bytes behind mapped memory"], "--buffer-offset", "100")


@case
def a_driver_that_gives_frames_back_too_early_is_caught_under_each_iommu(world):
    for iommu in ("off", "remap", "strict"):
        for card in ("grabber64", "grabber32"):
            expect_violation(world, world.bad("earlydelete"), card, iommu, "bus_after_release",
                             ["wrote 4096 bytes", "released by the call at earlydelete.sys+0x"])


@case
def a_driver_that_tells_the_card_half_an_address_is_caught_and_a_32_bit_card_needs_no_more(world):
    for iommu in ("off", "remap", "strict"):
        expect_violation(world, world.bad("lowpart"), "grabber64", iommu, "bus_truncated",
                         ["was the card told the lower half (LowPart) only?"])
        done = world.run("run", world.bad("lowpart"), "--card", "grabber32", *FULL, "--iommu", iommu)
        assert done.returncode == 0, done.stdout.decode()


@case
def strict_says_so_when_there_are_no_addresses_left_and_remap_goes_on(world):
    large = ["--ram", "8G", "--size", "3840x2160", "--format", "rgb32", "--frames", "120"]
    done = world.run("run", world.driver(), "--card", "grabber32,payload=stamps", *large, "--iommu", "strict")
    assert done.returncode == 1, (done.stdout.decode(), done.stderr.decode())
    assert b"--iommu strict uses none twice" in done.stdout, done.stdout.decode()
    done = world.run("run", world.driver(), "--card", "grabber32,payload=stamps", *large, "--iommu", "remap")
    assert done.returncode == 0, (done.stdout.decode(), done.stderr.decode())
    assert b"used up" not in done.stdout


@case
def a_driver_that_calls_for_ever_is_stopped(world):
    done = world.refuses(["run", world.bad("circles"), "--card", "none", "-o", "v.y4m"], 1, "goes round and round")
    assert b"not reproducible" not in done.stdout, done.stdout.decode()


def main():
    build = sys.argv[1]
    names = sys.argv[2:] or list(CASES)
    failed = skipped = 0
    for name in names:
        where = tempfile.mkdtemp(prefix="weir-")
        try:
            CASES[name](World(build, where))
            print("ok  ", name, flush=True)
        except Skip as why:
            skipped += 1
            print("skip", name, "-", why, flush=True)
        except Exception as error:  # a case fails by any of its assertions
            failed += 1
            print("FAIL", name, "-", type(error).__name__, error, flush=True)
        finally:
            shutil.rmtree(where, ignore_errors=True)
    print(f"{len(names) - failed - skipped} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 77 if skipped == len(names) else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Mutated copies of the sample drivers against the supervisor: whatever a driver does, weir ends in time and as
documented, and every frame that was delivered is in the output.

usage: mutate.py BUILD [--count N] [--seed N] [--jobs N]       N cases; ends with "N passed, N failed"
       mutate.py BUILD --case N [--seed N] [--keep DIR]        one of them again; DIR keeps the driver and its outputs

A case follows from its number, the seed and the drivers' bytes.
"""
import argparse
import collections
import concurrent.futures
import glob
import os
import random
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import check
import image

SECONDS = 150  # weir kills a machine's process that is silent for 30 s; the rest is for a loaded host
SAMPLE_SHARE = 6
SOUND = {"sound.sys": "audio32", "tone.sys": "none"}  # what drivers without pictures run on
OPTIONS = ([], [], ["--cpus", "1"], ["--cpus", "4"], ["--ram", "1G"], ["--iommu", "strict"], ["--iommu", "remap"],
           ["--low-memory", "4M"], ["--force-bounce"], ["--pages", "runs:16"], ["--buffers", "2"], ["--windows", "ws2003sp1"])


def is_stranger(driver):
    """It only shows what a compiler does: no device, no frames."""
    return "msvc" in os.path.dirname(driver).split(os.sep)


class Case:
    def __init__(self, number, driver, kind, data, rng):
        self.number, self.driver, self.kind = number, driver, kind
        self.data, self.what = image.mutate(data, kind, rng)
        self.name = os.path.basename(driver)
        self.arguments = self.options(rng)

    def cards(self):
        if self.name in SOUND:
            return (SOUND[self.name],)
        return ("player32", "player64") if self.name.startswith("player") else ("grabber32", "grabber64")

    def options(self, rng):
        sound, card = self.name in SOUND, rng.choice(self.cards())
        machines = [more for more in OPTIONS if card != "none" or "--iommu" not in more]  # nothing to translate
        output = "v.raw" if sound else rng.choice(("v.y4m", "v.y4m", "v.raw"))
        record = output == "v.raw" or rng.randrange(4) == 0
        return ["run", self.name, "--card", card, "--seed", str(rng.randrange(1, 1000)),
                *([] if sound else ["--size", "640x480"]), "--frames", str(rng.randrange(3, 9)), "-o", output, "--json",
                "s.json", "--quiet", *(["--record", "v.weir"] if record else []), *rng.choice(machines)]

    def words(self):
        return f"case {self.number}: {self.name}, {self.what}: weir {shlex.join(self.arguments)}"


def read(path):
    with open(path, "rb") as file:
        return file.read()


def drivers_of(build):
    found = [path for where in ("drivers", "tests/drivers/msvc")
             for path in sorted(glob.glob(os.path.join(build, where, "*.sys")))]
    return {path: read(path) for path in found}


def draw(drivers, seed, numbers):
    """Each driver meets each kind of mutation before it begins anew; the samples, which stream, more often."""
    pairs = [(driver, kind) for driver in drivers for kind in image.KINDS
             for _ in range(image.SHARES.get(kind, 1) * (1 if is_stranger(driver) else SAMPLE_SHARE))]
    random.Random(f"order {seed}").shuffle(pairs)
    for number in numbers:
        driver, kind = pairs[number % len(pairs)]
        yield Case(number, driver, kind, drivers[driver], random.Random(f"case {seed} {number}"))


def environment():
    """Under sanitizers faults are weir's business, and the first report ends the process."""
    return {"ASAN_OPTIONS": "handle_segv=0:detect_stack_use_after_return=0:allow_user_segv_handler=1:detect_leaks=0",
            "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1", **os.environ}


def kill_group(leader):
    """All that the run has started; whether there was anything."""
    try:
        os.killpg(leader, signal.SIGKILL)
        return True
    except ProcessLookupError:
        return False


def run(weir, case, where):
    with open(os.path.join(where, case.name), "wb") as file:
        file.write(case.data)
    process = subprocess.Popen([weir, *case.arguments], cwd=where, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, start_new_session=True, env=environment())
    in_time = True
    try:
        said = process.communicate(timeout=SECONDS)[1]
    except subprocess.TimeoutExpired:
        in_time = False
        kill_group(process.pid)
        said = process.communicate()[1]
    left_behind = kill_group(process.pid) and in_time
    return check.Ended(process.returncode, said.decode(errors="replace"), where, in_time, left_behind)


def judge(weir, case, keep=None):
    """(what is wrong or None, outcome, frames, what was said)"""
    where = keep or tempfile.mkdtemp(prefix="weir-")
    os.makedirs(where, exist_ok=True)
    ended = None
    try:
        ended = run(weir, case, where)
        return None, *check.check(ended, case.name), ended.said
    except Exception as error:  # outputs that cannot be read at all are broken too
        return f"{type(error).__name__}: {error}", "broken", 0, ended.said if ended else ""
    finally:
        if keep is None:
            shutil.rmtree(where, ignore_errors=True)


def complain(case, wrong, said, build, seed):
    again = ["python3", os.path.relpath(__file__), build, "--seed", str(seed), "--case", str(case.number), "--keep", "out"]
    tail = "\n".join("    " + line for line in said.splitlines()[-12:])
    print(f"FAIL {case.words()}\n  {wrong}\n{tail}\n  again: {shlex.join(again)}", flush=True)


def campaign(build, seed, numbers, jobs):
    weir = os.path.abspath(os.path.join(build, "weir"))
    drivers = drivers_of(build)
    outcomes, failed, after_frames = collections.Counter(), 0, 0
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        cases = list(draw(drivers, seed, numbers))
        for case, result in zip(cases, pool.map(lambda case: judge(weir, case), cases)):
            wrong, outcome, frames, said = result
            outcomes[outcome] += 1
            after_frames += outcome != "ok" and frames > 0
            if wrong is not None:
                failed += 1
                complain(case, wrong, said, build, seed)
    print(f"{len(cases)} copies of {len(drivers)} drivers, seed {seed}: " +
          ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common()))
    print(f"{after_frames} that ended otherwise than ok had delivered frames before: all of them are in the outputs"
          if not failed else "see above", flush=True)
    print(f"{len(cases) - failed} passed, {failed} failed")
    return 1 if failed or not drivers else 0


def once(build, seed, number, keep):
    weir = os.path.abspath(os.path.join(build, "weir"))
    case = next(draw(drivers_of(build), seed, [number]))
    wrong, outcome, frames, said = judge(weir, case, keep)
    print(f"{case.words()}\n{said}\n{wrong or 'as documented'}: {outcome}, {frames} frames")
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("build")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--case", type=int)
    parser.add_argument("--keep")
    given = parser.parse_args()
    if given.case is not None:
        return once(given.build, given.seed, given.case, given.keep)
    return campaign(given.build, given.seed, range(given.count), given.jobs)


if __name__ == "__main__":
    sys.exit(main())

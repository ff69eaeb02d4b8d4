#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes docs/coverage-dma.md from the tables that declare the functions: what drivers call for DMA, by name or through
DMA_OPERATIONS, what weir has of it, and which tests call it. conformance.py writes and checks the page.
"""
import glob
import os
import re

WINDOWS = {
    "WIN2K": "any x64", "WINXP": "XP", "WS03": "Server 2003", "WS03SP1": "Server 2003 SP1", "VISTA": "Vista",
    "WIN7": "7", "WIN8": "8", "WIN81": "8.1", "WIN10": "10", "WIN10_1507": "10", "WIN10_1803": "10 1803",
    "WIN10_1903": "10 1903", "WIN11": "11",
}
MODULES = (("ntoskrnl.tbl.h", "ntoskrnl.exe"), ("hal.tbl.h", "hal.dll"), ("ks.tbl.h", "ks.sys"))

# Names that DMA goes through, in each module.
BY_NAME = re.compile(r"""(Io|Hal)\w*(Dma|Adapter|MapTransfer|MapRegisters|CommonBuffer|ScatterGather)\w*
    |KeFlushIoBuffers|Mm64BitPhysicalAddress
    |MmGetPhysicalAddress|Mm(Allocate|Free)(Contiguous\w+|PagesForMdl\w*|PagesFromMdl)
    |Mm(ProbeAndLockPages|UnlockPages|BuildMdlForNonPagedPool|MapLockedPages\w*|UnmapLockedPages|SizeOfMdl)
    |Io(Allocate|Free|BuildPartial)Mdl
    |KsDeviceRegisterAdapterObject|KsGetOuterUnknown|KsPinAttemptProcessing
    |KsPinGet(LeadingEdge|TrailingEdge|FirstClone)StreamPointer|KsStreamPointer\w+""", re.X)

HEAD = """# What weir has of DMA

Made by `tools/coverage.py` from the tables of `src/exports` and `src/hal`; do not edit. *State* is FULL (does what its
page says), PARTIAL (docs/LIMITS.md says what is missing), STUB (bound, and a call stops the run by name) or DATA (a
variable). *IRQL* is where the function's page allows the call; a call elsewhere is a finding. Tests are the C
programs with a test that calls the function, itself or through helpers of its file; docs/dma-conformance.md holds the pages' statements
against tests of every kind.

"""


# ---- Tests and what they call --------------------------------------------------------------------------------

def suite_of(path):
    parts = path.split(os.sep)
    room = parts[2] if parts[:2] == ["src", "nt"] else parts[1]
    return f"{room}/{os.path.basename(path)[:-2]}"


def functions_of(text):
    """Name to body of each function defined in a file, by its brace in the first column."""
    found = {}
    for match in re.finditer(r"^(?:static |inline )*[\w *\n]+?\b(\w+)\([^;{]*\)\n\{\n(.*?)^\}$", text, re.M | re.S):
        found[match.group(1)] = match.group(2)
    return found


def called(bodies, name, seen):
    if name in seen or name not in bodies:
        return set()
    seen.add(name)
    words = set(re.findall(r"\w+", bodies[name]))
    return words.union(*(called(bodies, word, seen) for word in words if word in bodies))


def tests_by_function(source):
    """Function name to the programs whose tests mention it, directly or through helpers of their file."""
    found = {}
    for path in sorted(glob.glob(os.path.join(source, "src", "**", "*_test.c"), recursive=True)):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        bodies = functions_of(text)
        listed = text[text.rfind("CMUnitTest"):]
        for test in re.findall(r"\(\s*(\w{8,})[,)]", listed):
            for word in called(bodies, test, set()):
                found.setdefault(word, set()).add(suite_of(os.path.relpath(path, source)))
    return found


# ---- Rows -------------------------------------------------------------------------------------------------------

def arguments(path, macro):
    with open(path, encoding="utf-8") as file:
        for match in re.finditer(rf"^{macro}\((.*)\)$", file.read(), re.M):
            yield [cell.strip() for cell in match.group(1).split(",")]


def irql_cell(low, high):
    return "-" if "UNDOC" in (low, high) else low if low == high else f"{low} to {high}"


def tests_cell(tests):
    return ", ".join(sorted(tests)) or "none"


def by_name(source, tests):
    for table, module in MODULES:
        path = os.path.join(source, "src", "exports", table)
        rows = [cells for cells in arguments(path, "EXPORT")]
        rows += [cells[:1] + cells[2:] for cells in arguments(path, "EXPORT_AS")]
        for name, _, low, high, since, _, state in sorted(rows):
            if BY_NAME.fullmatch(name):
                yield [f"`{name}`", module, WINDOWS.get(since, since), irql_cell(low, high), state,
                       tests_cell(tests.get(name, ()))]


def through_table(source, tests):
    """Rows of operations.tbl.h; none while hal has no such table."""
    path = os.path.join(source, "src", "hal", "operations.tbl.h")
    if not os.path.exists(path):
        return
    for index, cells in enumerate(arguments(path, "OPERATION")):
        yield operation_row(8 + 8 * index, cells, tests)


def operation_row(offset, cells, tests):
    name, _, _, _, low, high, version, since, state = cells
    return [f"`{name}`", f"0x{offset:x}", version, WINDOWS.get(since, since), irql_cell(low, high), state,
            tests_cell(tests.get(name, ()))]


def table(rows):
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0])] + lines[1:]) + "\n"


def count_line(rows, column):
    states = [row[column] for row in rows]
    untested = sum(row[-1] == "none" and row[column] != "STUB" for row in rows)
    return (f"{len(rows)} rows: " + ", ".join(f"{states.count(s)} {s}" for s in sorted(set(states))) +
            f"; {untested} of those that do something are called by no test.\n\n")


def render(source):
    tests = tests_by_function(source)
    slots = list(through_table(source, tests))
    text = HEAD
    if slots:
        text += "## Through DMA_OPERATIONS\n\n" + count_line(slots, 5) + table(
            [["function", "offset", "table", "first Windows", "IRQL", "state", "tests"]] + slots) + "\n"
    named = list(by_name(source, tests))
    return text + "## By name\n\n" + count_line(named, 4) + table(
        [["function", "module", "first Windows", "IRQL", "state", "tests"]] + named)

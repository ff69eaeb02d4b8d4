#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes docs/coverage.md and docs/coverage-dma.md from the tables that declare the functions: what drivers may call,
what weir has of it, and which tests call it.

usage: coverage.py            says which of the pages is not what the sources make
       coverage.py --write    writes both
"""
import glob
import os
import re
import sys

WINDOWS = {
    "WIN2K": "any x64", "WINXP": "XP", "WS03": "Server 2003", "WS03SP1": "Server 2003 SP1", "VISTA": "Vista",
    "WIN7": "7", "WIN8": "8", "WIN81": "8.1", "WIN10": "10", "WIN10_1507": "10", "WIN10_1803": "10 1803",
    "WIN10_1903": "10 1903", "WIN11": "11",
}
MODULES = (("ntoskrnl.tbl.h", "ntoskrnl.exe"), ("hal.tbl.h", "hal.dll"), ("ks.tbl.h", "ks.sys"))

# What a compiler calls where a driver has this word.
IMPLIED = {"__try": "__C_specific_handler"}

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
page says), PARTIAL (docs/coverage.md says what is missing), REFUSES (the documented refusal is all a bus master gets), STUB
(bound, and a call stops the run by name) or DATA (a variable). *IRQL* is where the function's page allows the call; a call
elsewhere is a finding. Tests are the C programs with a test that calls the function, itself or through helpers of its
file; docs/dma-conformance.md holds the pages' statements against tests of every kind.

"""


# ---- Tests and what they call --------------------------------------------------------------------------------

def suite_of(path):
    parts = path.split(os.sep)
    room = parts[2] if parts[:2] == ["src", "nt"] else parts[1]
    return f"{room}/{os.path.basename(path)[:-2]}"


def code_of(path):
    """A file without its comments and strings: a name in either is no call."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    return re.sub(r"/\*.*?\*/|//[^\n]*|\"(?:\\\\.|[^\"\\\\\n])*\"", " ", text, flags=re.S)


def functions_of(text):
    """Name to body of each function and each table defined in a file, by its brace in the first column."""
    found = {}
    for match in re.finditer(r"^(?:static |inline )*[\w *\n]+?\b(\w+)\([^;{]*\)\n\{\n(.*?)^\}$", text, re.M | re.S):
        found[match.group(1)] = match.group(2)
    for match in re.finditer(r"^(?:static )?const [^;(={]*?\b(\w+)(?:\[\w*\])+ = \{\n(.*?)^\};$", text,
                             re.M | re.S):
        found[match.group(1)] = match.group(2)
    for match in re.finditer(r"^\}\s*(\w+)(?:\[\w*\])+ = \{\n(.*?)^\};$", text, re.M | re.S):
        found[match.group(1)] = match.group(2)
    return found


def inlines_of(source):
    """Macros and inline functions of include/wdk: a call of one is a call of what it is made of."""
    found = {}
    for path in sorted(glob.glob(os.path.join(source, "include", "wdk", "*.h"))):
        code = code_of(path)
        found.update(functions_of(code))
        macros = re.findall(r"^#define (\w+)(?:\([^)]*\))?[ \t\\\n]+((?:[^\n]*\\\n)*[^\n]*)$", code, re.M)
        found.update(macros)
    return found


def called(bodies, name, seen):
    if name in seen or name not in bodies:
        return set()
    seen.add(name)
    words = set(re.findall(r"\w+", bodies[name]))
    return words.union(*(called(bodies, word, seen) for word in words if word in bodies))


def helpers_of(path, source, seen):
    """Functions of the headers that only tests include, such as a bench or a world."""
    found = {}
    with open(path, encoding="utf-8") as file:
        names = re.findall(r'^#include "([\w/]+\.h)"', file.read(), re.M)
    for name in names:
        for place in ("src", os.path.join("src", "nt")):
            header = os.path.join(source, place, name)
            if header in seen or not os.path.exists(header) or not re.search(r"test|world|bench", name):
                continue
            seen.add(header)
            found.update(functions_of(code_of(header)))
            found.update(helpers_of(header, source, seen))
    return found


def tests_by_function(source):
    """Function name to the programs whose tests call it, directly or through helpers of their file."""
    found, inlines = {}, inlines_of(source)
    for path in sorted(glob.glob(os.path.join(source, "src", "**", "*_test.c"), recursive=True)):
        code = code_of(path)
        bodies = inlines | helpers_of(path, source, set()) | functions_of(code)
        listed = code[code.rfind("CMUnitTest"):]
        for test in re.findall(r"\(\s*(\w{8,})[,)]", listed):
            for word in called(bodies, re.sub(r"^test_", "", test), set()):
                found.setdefault(word, set()).add(suite_of(os.path.relpath(path, source)))
    return found


def drivers_by_function(source):
    """Function name to the drivers that call it: samples and those of tests/drivers, which tests run."""
    found, inlines = {}, inlines_of(source)
    for folder in ("drivers", os.path.join("tests", "drivers")):
        for path in sorted(glob.glob(os.path.join(source, folder, "**", "*.c*"), recursive=True)):
            if path.endswith("_test.c"):
                continue
            parts = os.path.relpath(path, source).split(os.sep)
            name = parts[1] if folder == "drivers" else os.path.splitext(parts[-1])[0]
            words = set(re.findall(r"\w+", code_of(path)))
            words |= {name for keyword, name in IMPLIED.items() if keyword in words}
            for word in words.union(*(called(inlines, word, set()) for word in words)):
                found.setdefault(word, set()).add(name)
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
    untested = sum(row[-1] == "none" and row[column] not in ("STUB", "DATA") for row in rows)
    return (f"{len(rows)} rows: " + ", ".join(f"{states.count(s)} {s}" for s in sorted(set(states))) +
            f"; {untested} of the functions that do something are called by no test.\n\n")


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


# ---- The page of everything ---------------------------------------------------------------------------------------

HEAD_ALL = """# What weir has of Windows

Made by `tools/coverage.py` from the tables of `src/exports`; do not edit. `weir imports DRIVER.sys` holds a driver
against the same tables.

| state | meaning |
|---|---|
| full | does what its page says, and a test calls it |
| untested | meant to be full, but no test of weir calls it: what it does is not known to be right |
| partial | does the common part; what it lacks is said below |
| data | a variable |
| stub | known by name; a call stops the run, or gets the answer of `--stub` |

*Tests* are the C programs with a test that calls the function, itself or through helpers; *drivers* those sample and
test drivers that call it while tests run them. That a test calls a function does not say that it looks at every refusal.

"""


def rows_of(source, table_name):
    """name, symbol, first Windows, IRQL, state; in the order of names."""
    path = os.path.join(source, "src", "exports", table_name)
    found = [(cells[0], cells[0], *cells[2:5], cells[6]) for cells in arguments(path, "EXPORT")]
    found += [(cells[0], cells[1], *cells[3:6], cells[7]) for cells in arguments(path, "EXPORT_AS")]
    return [(name, symbol, WINDOWS.get(since, since), irql_cell(low, high), state)
            for name, symbol, low, high, since, state in sorted(found)]


def lacks_of(source):
    path = os.path.join(source, "src", "exports", "partial.tbl.h")
    with open(path, encoding="utf-8") as file:
        return dict(re.findall(r'^PARTIAL\((\w+), +"([^"]*)"\)$', file.read(), re.M))


class Function:
    def __init__(self, row, tests, drivers):
        self.name, symbol, self.since, self.irql, state = row
        self.tests = tests.get(self.name, set()) | tests.get(symbol, set())
        self.drivers = drivers.get(self.name, set())
        self.state = "untested" if state == "FULL" and not self.tests | self.drivers else state.lower()

    def cells(self):
        return [f"`{self.name}`", self.since, self.irql, self.state, ", ".join(sorted(self.tests)) or "-",
                ", ".join(sorted(self.drivers)) or "-"]


STATES = ("full", "untested", "partial", "data", "stub")


def totals(modules):
    rows = [["module", "names", *STATES]]
    for module, functions in modules:
        states = [f.state for f in functions]
        rows.append([module, str(len(states)), *(str(states.count(state)) for state in STATES)])
    return table(rows)


def render_all(source):
    tests, drivers, lacks = tests_by_function(source), drivers_by_function(source), lacks_of(source)
    modules = [(module, [Function(row, tests, drivers) for row in rows_of(source, name)]) for name, module in MODULES]
    text = HEAD_ALL + totals(modules)
    text += "\nThe names of ks.sys are all that it exports; those of ntoskrnl.exe and hal.dll are the documented ones that "
    text += "drivers import.\n\n## What partial functions lack\n\n"
    text += table([["function", "lacks"]] + [[f"`{name}`", lacks[name]] for name in sorted(lacks)])
    text += "\n## What no test calls\n\n"
    for module, functions in modules:
        names = [f"`{f.name}`" for f in functions if f.state == "untested"]
        text += f"{module}, {len(names)}: {', '.join(names) or 'none'}.\n\n"
    for module, functions in modules:
        rows = [["function", "first Windows", "IRQL", "state", "tests", "drivers"]] + [f.cells() for f in functions]
        text += f"## {module}\n\n" + table(rows) + "\n"
    return text.rstrip("\n") + "\n"


def main():
    if sys.argv[1:] not in ([], ["--write"]):
        sys.exit(__doc__)
    source = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    stale = []
    for name, text in (("coverage.md", render_all(source)), ("coverage-dma.md", render(source))):
        path = os.path.join(source, "docs", name)
        if sys.argv[1:]:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        elif not os.path.exists(path) or open(path, encoding="utf-8").read() != text:
            stale.append(name)
    for name in stale:
        print(f"docs/{name} is not what its sources make; tools/coverage.py --write makes it anew")
    print(f"{2 - len(stale)} passed, {len(stale)} failed")
    sys.exit(1 if stale else 0)


if __name__ == "__main__":
    main()

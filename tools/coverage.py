#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes docs/coverage.md and docs/coverage-dma.md from the tables that declare the functions: what drivers may call,
what weir has of it, which tests call it and, from docs/refusals, which show what it refuses.

usage: coverage.py            says which of the pages is not what the sources make, and what is wrong in docs/refusals
       coverage.py --write    writes both
       coverage.py --missing MODULE    of ntoskrnl, hal, ks or ksecdd: functions without a line in docs/refusals, each with the
                              tests that call it and look at a failure: a guess, to be read before a line is written
"""
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import calls
import refusals

WINDOWS = {
    "WIN2K": "any x64", "WINXP": "XP", "WS03": "Server 2003", "WS03SP1": "Server 2003 SP1", "VISTA": "Vista",
    "WIN7": "7", "WIN8": "8", "WIN81": "8.1", "WIN10": "10", "WIN10_1507": "10", "WIN10_1803": "10 1803",
    "WIN10_1903": "10 1903", "WIN11": "11",
}
MODULES = (("ntoskrnl.tbl.h", "ntoskrnl.exe"), ("hal.tbl.h", "hal.dll"), ("ks.tbl.h", "ks.sys"),
           ("ksecdd.tbl.h", "ksecdd.sys"))

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
    tests = calls.tests_by_function(source)
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
| full | does what its page says; tests show its success, and what it refuses if there is anything it can refuse |
| unrefused | meant to be full; a test calls it, but none is named that shows what it refuses |
| untested | meant to be full, but no test of weir calls it: what it does is not known to be right |
| partial | does the common part; what it lacks is said below |
| data | a variable |
| stub | known by name; a call stops the run, or gets the answer of `--stub` |

*Tests* are the C programs with a test that calls the function, itself or through helpers; *drivers* those sample and
test drivers that call it while tests run them. *Refusals* says in which program or case a refusal is shown and how many
tests do; `docs/refusals` names each and says what is refused, or why nothing can be. A wrong IRQL is told for every
function by the same code, so it counts for none.

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


def claimed(source, table_name):
    """Names of the rows that claim to be whole or nearly, each with the names a test may call it by."""
    return {name: {name, symbol} for name, symbol, _, _, state in rows_of(source, table_name)
            if state in ("FULL", "PARTIAL")}


class Function:
    def __init__(self, row, tests, drivers, refusals):
        self.name, symbol, self.since, self.irql, state = row
        self.tests = tests.get(self.name, set()) | tests.get(symbol, set())
        self.drivers = drivers.get(self.name, set())
        self.refusal = refusals.get(self.name)
        self.state = self.earned() if state == "FULL" else state.lower()

    def earned(self):
        if not self.tests | self.drivers:
            return "untested"
        return "full" if self.refusal else "unrefused"

    def refusals(self):
        if self.refusal is None:
            return "-"
        if self.refusal.never:
            return "cannot fail"
        places = [test.split(":")[0] for test in self.refusal.tests]
        return ", ".join(f"{place} {places.count(place)}" for place in sorted(set(places)))

    def cells(self):
        return [f"`{self.name}`", self.since, self.irql, self.state, ", ".join(sorted(self.tests)) or "-",
                ", ".join(sorted(self.drivers)) or "-", self.refusals()]


STATES = ("full", "unrefused", "untested", "partial", "data", "stub")


def functions_with_state(source, complaints):
    """Module to its functions; complaints takes what is wrong with docs/refusals."""
    tests, drivers, known = calls.tests_by_function(source), calls.drivers_by_function(source), refusals.Known(source)
    modules = []
    for table_name, module in MODULES:
        stem = table_name.split(".")[0]
        lines = refusals.read(source, stem, complaints)
        complaints += refusals.check(lines, claimed(source, table_name), known)
        modules.append((module, [Function(row, tests, drivers, lines) for row in rows_of(source, table_name)]))
    return modules


def totals(modules):
    rows = [["module", "names", *STATES]]
    for module, functions in modules:
        states = [f.state for f in functions]
        rows.append([module, str(len(states)), *(str(states.count(state)) for state in STATES)])
    return table(rows)


def names_with(modules, state):
    text = ""
    for module, functions in modules:
        names = [f"`{f.name}`" for f in functions if f.state == state]
        text += f"{module}, {len(names)}: {', '.join(names) or 'none'}.\n\n"
    return text


def render_all(source, complaints):
    lacks, modules = lacks_of(source), functions_with_state(source, complaints)
    text = HEAD_ALL + totals(modules)
    text += "\nThe names of ks.sys are all that it exports; those of the others are the documented ones that "
    text += "drivers import.\n\n## What partial functions lack\n\n"
    text += table([["function", "lacks"]] + [[f"`{name}`", lacks[name]] for name in sorted(lacks)])
    text += "\n## What no test calls\n\n" + names_with(modules, "untested")
    text += "## Whose refusals no test is named for\n\n" + names_with(modules, "unrefused")
    for module, functions in modules:
        rows = [["function", "first Windows", "IRQL", "state", "tests", "drivers", "refusals"]]
        text += f"## {module}\n\n" + table(rows + [f.cells() for f in functions]) + "\n"
    return text.rstrip("\n") + "\n"


def missing_refusals(source, module):
    """Prints the functions without a line in docs/refusals, each with tests that may show what it refuses."""
    lines, rows = refusals.read(source, module, []), claimed(source, module + ".tbl.h")
    tests = [(name, words) for name, words, body in calls.tests_of(source) if refusals.FAILURE.search(body)]
    for name in sorted(set(rows) - set(lines)):
        print("\t".join([name] + [test for test, words in tests if words & rows[name]]))


def main():
    source = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    if len(sys.argv) == 3 and sys.argv[1] == "--missing" and sys.argv[2] in ("ntoskrnl", "hal", "ks"):
        missing_refusals(source, sys.argv[2])
        return
    if sys.argv[1:] not in ([], ["--write"]):
        sys.exit(__doc__)
    stale, complaints = [], []
    for name, text in (("coverage.md", render_all(source, complaints)), ("coverage-dma.md", render(source))):
        path = os.path.join(source, "docs", name)
        if sys.argv[1:]:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        elif not os.path.exists(path) or open(path, encoding="utf-8").read() != text:
            stale.append(name)
    for name in stale:
        print(f"docs/{name} is not what its sources make; tools/coverage.py --write makes it anew")
    for complaint in complaints:
        print(complaint)
    print(f"{2 - len(stale)} passed, {len(stale)} failed, {len(complaints)} complaints about docs/refusals")
    sys.exit(1 if stale or complaints else 0)


if __name__ == "__main__":
    main()

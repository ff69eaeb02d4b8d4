# SPDX-License-Identifier: MIT
"""Reads docs/refusals/*.tsv: for each function weir has, the tests that show what it refuses. tools/coverage.py counts
a function as full only with a line there.

A line has three columns with tabs between:
    function
    tests     room/program:function of a test that calls the function and sees it refuse; driver/NAME:function of a
              driver in tests/drivers or drivers; cli/CASE of a case of the command line. `never`: there is nothing
              the function could refuse but a wrong IRQL, which the thunk tells for every row
    text      what is refused; with `never`, why it cannot fail
"""
import os
import re

import calls

COLUMNS = 3
NEVER = "never"

# What a test that looks at a failure has in it.
FAILURE = re.compile(r"STATUS_(?!SUCCESS|WAIT_0\b)[A-Z_]+|assert_null|assert_false|\brules\[|VERIFY_\w+|bug_check"
                     r"|BUGCHECK|== FALSE|, (?:FALSE|NULL|-1)\)")


class Refusal:
    def __init__(self, place, name, tests, text):
        self.place, self.name, self.text = place, name, text
        self.never = tests == NEVER
        self.tests = [] if self.never else tests.split()


def cells_of(path, complaints):
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip("\n")
            if not line or line.startswith("#"):
                continue
            place = f"docs/refusals/{os.path.basename(path)}:{number}"
            cells = line.split("\t")
            if len(cells) != COLUMNS or not all(cell.strip() for cell in cells):
                complaints.append(f"{place}: {len(cells)} columns, wanted {COLUMNS}, none of them empty")
                continue
            yield place, cells


def read(source, module, complaints):
    """Function name to its line; module as in `ntoskrnl`."""
    path = os.path.join(source, "docs", "refusals", module + ".tsv")
    found, before = {}, ""
    for place, cells in cells_of(path, complaints):
        name = cells[0]
        if name in found:
            complaints.append(f"{place}: {name} has a line already")
        if name.lower() < before.lower():
            complaints.append(f"{place}: {name} stands before {before} in the order of names")
        before = name
        found[name] = Refusal(place, *cells)
    return found


def cases_of(source):
    """The cases of the command line."""
    path = os.path.join(source, "tests", "cli", "cases.py")
    with open(path, encoding="utf-8") as file:
        return {f"cli/{name}" for name in re.findall(r"^@case\ndef (\w+)\(", file.read(), re.M)}


def driver_functions(source):
    """driver/NAME:function to the words it uses, of every driver that tests run."""
    found, inlines = {}, calls.inlines_of(source)
    for path in calls.driver_files(source):
        bodies = inlines | calls.functions_of(calls.code_of(path))
        for function in calls.functions_of(calls.code_of(path)):
            name = f"driver/{os.path.splitext(os.path.basename(path))[0]}:{function}"
            found[name] = calls.called(bodies, function, set())
    return found


class Known:
    """Every test there is, with what it calls."""

    def __init__(self, source):
        self.words = {name: words for name, words, _ in calls.tests_of(source)}
        self.words.update(driver_functions(source))
        self.cases = cases_of(source)

    def fault(self, test, names):
        if test in self.cases:
            return None
        if test not in self.words:
            return "which is no test"
        return None if names & self.words[test] else f"which does not call {sorted(names)[0]}"


def check(refusals, rows, known):
    """rows: name to all names of its function."""
    for refusal in refusals.values():
        if refusal.name not in rows:
            yield f"{refusal.place}: {refusal.name} is no row that weir claims to have"
            continue
        for test in refusal.tests:
            fault = known.fault(test, rows[refusal.name])
            if fault:
                yield f"{refusal.place}: {refusal.name} names {test}, {fault}"

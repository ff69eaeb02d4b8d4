#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds what the documentation says about DMA, and every descriptor flag, against the tests that ran.

usage: conformance.py BUILD            checks; every complaint on a line, then one line of totals
       conformance.py BUILD --write    writes docs/dma-conformance.md, docs/coverage-dma.md and docs/flags.md

docs/dma-statements.tsv has the statements; its head explains the columns. docs/flags.tsv has the flags (flags.py). Which tests ran and how they ended is read
from BUILD/meson-logs/testlog.json, so run the tests first (`make test` does both). A test function of a C program is
named suite/program:function, a test that is one whole program or case suite/name.

It is a complaint when a statement names a test that does not exist, did not run or did not pass, when a statement has
neither a test nor a reason, and when a committed page is not the one these sources make.
"""
import json
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import coverage
import flags

KINDS = {
    "runtime": "weir does it",
    "driver": "the driver does it, weir judges",
    "author": "advice to authors; nothing to see at run time",
    "elsewhere": "not on weir's platform",
}
NEEDS_TEST = ("runtime", "driver")
COLUMNS = 5


class Statement:
    def __init__(self, page, line, ident, kind, tests, text, note):
        self.page, self.line = page, line
        self.ident, self.kind, self.text, self.note = ident, kind, text, note
        self.tests = tests.split() if tests != "-" else []

    @property
    def is_open(self):
        return self.kind in NEEDS_TEST and not self.tests


class Page:
    def __init__(self, prefix, path, title):
        self.prefix, self.path, self.title = prefix, path, title
        self.statements = []


# ---- Reading -------------------------------------------------------------------------------------------------

def read_statements(path, complaints):
    pages, seen = [], set()
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        line = line.rstrip("\n")
        if not line or line.startswith("#"):
            continue
        cells = line.split("\t")
        if cells[0] == "PAGE" and len(cells) == 4:
            pages.append(Page(*cells[1:]))
            continue
        if len(cells) != COLUMNS or not pages:
            complaints.append(f"docs/dma-statements.tsv:{number}: {len(cells)} columns, wanted {COLUMNS}")
            continue
        statement = Statement(pages[-1], number, *cells)
        complaints += [f"docs/dma-statements.tsv:{number}: {text}" for text in faults(statement, pages[-1], seen)]
        seen.add(statement.ident)
        pages[-1].statements.append(statement)
    return pages


def faults(statement, page, seen):
    if not re.fullmatch(re.escape(page.prefix) + r"-\d\d", statement.ident):
        yield f"{statement.ident} does not belong to {page.prefix}"
    if statement.ident in seen:
        yield f"{statement.ident} is there twice"
    if statement.kind not in KINDS:
        yield f"unknown kind {statement.kind}"
    if not statement.text.endswith("."):
        yield f"{statement.ident} is not a sentence"
    if not statement.tests and statement.note in ("", "-"):
        yield f"{statement.ident} has neither a test nor a reason"


def read_results(build):
    """Name to passed, failed or skipped, of programs and cases and of each test function."""
    results = {}
    with open(os.path.join(build, "meson-logs", "testlog.json"), encoding="utf-8") as log:
        for line in log:
            test = json.loads(line)
            name = test["name"].split(" / ")[-1]
            results[name] = {"OK": "passed", "EXPECTEDFAIL": "passed", "SKIP": "skipped"}.get(test["result"], "failed")
            said = test.get("stdout", "") + "\n" + test.get("stderr", "")
            for verdict, function in re.findall(r"^\[ +(OK|FAILED|SKIPPED|ERROR) +\] (\w+)$", said, re.M):
                full = f"{name}:{function}"
                if verdict != "OK" or full not in results:
                    results[full] = {"OK": "passed", "SKIPPED": "skipped"}.get(verdict, "failed")
    return results


def check_tests(pages, results):
    for page in pages:
        for statement in page.statements:
            for test in statement.tests:
                if results.get(test) != "passed":
                    yield f"docs/dma-statements.tsv:{statement.line}: {statement.ident} names {test}, which " + \
                          {"failed": "failed", "skipped": "was skipped"}.get(results.get(test), "did not run")


# ---- The page -------------------------------------------------------------------------------------------------

HEAD = """# What the documentation says of DMA, and the tests that hold weir to it

Made by `tools/conformance.py` from `docs/dma-statements.tsv` and the results of `make test`; do not edit. One row is
one statement of a documentation page, in our words. *Who* says whom it binds: {kinds}.

"""


def cell(text):
    return text.replace("|", "\\|")


def result_of(statement, results):
    if not statement.tests:
        return "**open**" if statement.is_open else "-"
    verdicts = {results.get(test, "did not run") for test in statement.tests}
    return "passed" if verdicts == {"passed"} else "**" + sorted(verdicts - {"passed"})[0] + "**"


def totals(pages):
    every = [s for page in pages for s in page.statements]
    rows = [["page", "statements", "tested", "open", "advice to authors", "not on this platform"]]
    for page in pages + [None]:
        some = page.statements if page else every
        untested = [s for s in some if not s.tests]
        name = f"[{page.title}](#{page.prefix.lower()})" if page else "**all pages**"
        rows.append([name, len(some), len(some) - len(untested), sum(s.is_open for s in some),
                     sum(s.kind == "author" for s in untested), sum(s.kind == "elsewhere" for s in untested)])
    return rows


def table(rows):
    lines = ["| " + " | ".join(str(c) for c in row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0])] + lines[1:]) + "\n"


def open_list(pages):
    still = [s for page in pages for s in page.statements if s.is_open]
    if not still:
        return "Every statement that binds weir or a driver it judges has a test that passed.\n"
    return "Statements without a test, that is, not known to hold:\n\n" + "".join(
        f"* {s.ident} ({s.page.title}): {s.text} *{s.note}*\n" for s in still)


def render(pages, results):
    kinds = "; ".join(f"`{name}` - {text}" for name, text in KINDS.items())
    text = HEAD.format(kinds=kinds) + open_list(pages) + "\n" + table(totals(pages))
    for page in pages:
        rows = [["id", "statement", "who", "tests", "result"]]
        for s in page.statements:
            words = s.text if s.note in ("", "-") else f"{s.text} *{s.note}*"
            rows.append([s.ident, cell(words), s.kind, "<br>".join(f"`{t}`" for t in s.tests) or "-",
                         result_of(s, results)])
        text += f'\n<a id="{page.prefix.lower()}"></a>\n## {page.title}\n\n`{page.path}`\n\n' + table(rows)
    return text


def compare(path, wanted):
    with open(path, encoding="utf-8") as file:
        have = file.read()
    if have != wanted:
        name = os.path.relpath(path)
        yield f"{name} is not what its sources make; tools/conformance.py BUILD --write makes it anew"


def main():
    if len(sys.argv) < 2 or sys.argv[2:] not in ([], ["--write"]):
        sys.exit(__doc__)
    source = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    complaints = []
    pages = read_statements(os.path.join(source, "docs", "dma-statements.tsv"), complaints)
    results = read_results(sys.argv[1])
    complaints += check_tests(pages, results)
    groups = flags.read(source, complaints)
    complaints += flags.check(source, groups, results)
    for name, text in (("dma-conformance.md", render(pages, results)), ("coverage-dma.md", coverage.render(source)),
                       ("flags.md", flags.render(groups))):
        path = os.path.join(source, "docs", name)
        if sys.argv[2:]:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        complaints += compare(path, text)
    for complaint in complaints:
        print(complaint)
    print(f"flags: {sum(len(group.rows) for group in groups)}")
    every = [s for page in pages for s in page.statements]
    print(f"dma statements: {len(every)}, {sum(bool(s.tests) for s in every)} tested, "
          f"{sum(s.is_open for s in every)} open, {len(complaints)} complaints")
    sys.exit(1 if complaints else 0)


if __name__ == "__main__":
    main()

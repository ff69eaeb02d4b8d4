#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds every descriptor flag of ks.h against tests that ran with it and without it, and makes docs/flags.md.

Called by tools/conformance.py, which reads the results. docs/flags.tsv has the rows; its head explains the columns.

It is a complaint when a flag of include/wdk/ks_av.h has no row, or a row no flag; when a row names a test that does not
exist, did not run or did not pass; when a row has a test on one side only, or neither a test nor a note.
"""
import os
import re

COLUMNS = 5

HEAD = """# Flags of descriptors, and the tests that hold weir to them

Made by `tools/conformance.py` from `docs/flags.tsv` and the results of `make test`; do not edit. *With* names the tests
in which the flag is set, *without* those that show the opposite. Mutually exclusive flags of a pin are told as
`pin_flags`, a pin that wants a Process and has none as `pin_no_process`; both are advice.

"""


class Row:
    def __init__(self, line, prefix, name, does, with_it, without, note):
        self.line, self.flag = line, prefix + name
        self.does, self.note = does, note
        self.with_it, self.without = tests_in(with_it), tests_in(without)


class Group:
    def __init__(self, prefix, structure, title):
        self.prefix, self.structure, self.title, self.rows = prefix, structure, title, []


def tests_in(cell):
    return cell.split() if cell != "-" else []


def read(source, complaints):
    groups = []
    with open(os.path.join(source, "docs", "flags.tsv"), encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip("\n")
            if not line or line.startswith("#"):
                continue
            cells = line.split("\t")
            if cells[0] == "GROUP" and len(cells) == 4:
                groups.append(Group(*cells[1:]))
            elif len(cells) != COLUMNS or not groups:
                complaints.append(f"docs/flags.tsv:{number}: {len(cells)} columns, wanted {COLUMNS}")
            else:
                groups[-1].rows.append(Row(number, groups[-1].prefix, *cells))
    return groups


def flags_of_header(source):
    with open(os.path.join(source, "include", "wdk", "ks_av.h"), encoding="utf-8") as file:
        return re.findall(r"^#define\s+(KS(?:PIN|FILTER|DEVICE)_FLAG_\w+)", file.read(), re.M)


def row_faults(row, results):
    if bool(row.with_it) != bool(row.without):
        yield f"{row.flag} is tested on one side only"
    if not row.with_it and row.note == "-":
        yield f"{row.flag} has neither a test nor a note"
    for test in row.with_it + row.without:
        if results.get(test) != "passed":
            yield f"{row.flag} names {test}, which " + \
                  {"failed": "failed", "skipped": "was skipped"}.get(results.get(test), "did not run")


def check(source, groups, results):
    rows = [row for group in groups for row in group.rows]
    declared, listed = flags_of_header(source), [row.flag for row in rows]
    for flag in sorted(set(declared) ^ set(listed)):
        yield f"docs/flags.tsv: {flag} is " + ("no flag of ks_av.h" if flag in listed else "missing")
    for flag in sorted({flag for flag in listed if listed.count(flag) > 1}):
        yield f"docs/flags.tsv: {flag} is there twice"
    for row in rows:
        yield from (f"docs/flags.tsv:{row.line}: {text}" for text in row_faults(row, results))


def cell(tests):
    return "<br>".join(f"`{test}`" for test in tests) or "-"


def words(row):
    parts = [part for part in (row.does, f"*{row.note}*") if part not in ("-", "*-*")]
    return " ".join(parts).replace("|", "\\|")


def render(groups):
    rows = [row for group in groups for row in group.rows]
    tested = sum(bool(row.with_it) for row in rows)
    text = HEAD + f"{len(rows)} flags, {tested} tested both ways.\n"
    for group in groups:
        text += f"\n## {group.title}: {group.structure}\n\n| flag | what weir does | with | without |\n|---|---|---|---|\n"
        for row in group.rows:
            text += f"| `{row.flag}` | {words(row)} | {cell(row.with_it)} | {cell(row.without)} |\n"
    return text

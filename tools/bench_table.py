#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Puts what benchmarks measured into docs/PERFORMANCE.md.

usage: bench_table.py DIR [DOCUMENT]      DIR: NAME.json files, as OUT=DIR tools/bench.sh leaves them

Between the lines "<!-- rows NAME PATTERN -->" and "<!-- end -->" of the document stands a table. Its two lines of
head stay; its rows are made, one for each figure of NAME.json in whose "goal name unit" the regular expression
PATTERN is found; figures of one name share a row. A comparison fills three cells (reference, subject, ratio), a
series one, a value one. Between "<!-- machine NAME -->" and "<!-- end -->" stands the line about the machine. Blocks of a benchmark that DIR does not have stay as they are, and are named.
"""
import json
import os
import re
import sys

BEGIN = re.compile(r"<!-- (rows|machine) (\w+) ?(.*?) ?-->")
END = "<!-- end -->"


def number(value):
    """Three digits that count, and no exponent."""
    if value == 0:
        return "0"
    digits = max(0, 2 - int(f"{value:e}".split("e")[1]))
    return f"{value:.{digits}f}"


def triple(figure):
    return f"{number(figure['min'])} / **{number(figure['median'])}** / {number(figure['max'])}"


def cells(figure):
    if "reference" in figure:
        return [triple(figure["reference"]), triple(figure["subject"]), triple(figure["ratio"])]
    if "median" in figure:
        return [triple(figure)]
    return [number(figure["value"])]


def rows(bench, pattern):
    lines = {}
    for figure in bench["figures"]:
        if re.search(pattern, f"{figure.get('goal', '')} {figure['name']} {figure['unit']}"):
            lines.setdefault(figure["name"], []).extend(cells(figure))
    return [f"| {name} | {' | '.join(text)} |" for name, text in lines.items()]


def machine(bench):
    facts = bench["machine"]
    rounds = max((f.get("rounds", 0) for f in bench["figures"]), default=0)
    return [
        f"{facts['cpu']} ({facts['flags']}), {facts['cpus']} CPUs, L2 {facts['l2_bytes'] >> 10} KB; pages of "
        f"{facts['page_bytes']} bytes, huge pages for memfd: {facts['huge_pages_of_memfd']}; Linux {facts['kernel']}; "
        f"gcc {facts['compiler']}; {rounds} rounds."
    ]


def filled(lines, directory):
    """The document's lines with every block replaced that there is a measurement for."""
    result, index, missing = [], 0, []
    while index < len(lines):
        match = BEGIN.fullmatch(lines[index])
        result.append(lines[index])
        index += 1
        if not match:
            continue
        kind, name, pattern = match.groups()
        end = lines.index(END, index)
        path = os.path.join(directory, name + ".json")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                bench = json.load(file)
            new = machine(bench) if kind == "machine" else rows(bench, pattern)
            if not new:
                sys.exit(f"bench_table.py: nothing in {path} is found by \"{pattern}\"")
            result += new if kind == "machine" else lines[index : index + 2] + new
        else:
            missing.append(name)
            result += lines[index:end]
        index = end
    return result, missing


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__.strip())
    document = sys.argv[2] if len(sys.argv) == 3 else "docs/PERFORMANCE.md"
    with open(document, encoding="utf-8") as file:
        lines = file.read().split("\n")
    lines, missing = filled(lines, sys.argv[1])
    with open(document, "w", encoding="utf-8") as file:
        file.write("\n".join(lines))
    if missing:
        print("not measured, rows left as they were: " + ", ".join(sorted(set(missing))))


if __name__ == "__main__":
    main()

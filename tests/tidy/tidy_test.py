#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tidy.py itself: each rule finds its violation at its line, and finds none in what is allowed.

usage: tidy_test.py
"""
import os
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tidy  # noqa: E402

LICENCE = "/* SPDX-License-Identifier: MIT */\n"

# rule, file, text, line of the violation (None: there is none; a list: several)
CASES = [
    ("other rooms are entered by their door", "src/ks/a.c", '#include "mm/pool.h"\n', 2),
    ("other rooms are entered by their door", "src/ks/a.c", '#include "mm/mm.h"\n', None),
    ("other rooms are entered by their door", "src/ks/a.c", '#include "ks/pin.h"\n', None),
    ("other rooms are entered by their door", "src/nt/mm/a.c", '#include "mm/pool.h"\n', None),
    ("other rooms are entered by their door", "src/nt/mm/a.c", '#include "ke/thread.h"\n', 2),
    ("other rooms are entered by their door", "src/ks/a.c", '#include "base/list.h"\n#include "wdk/ks.h"\n', None),
    ("other rooms are entered by their door", "src/hal/a_test.c", '#include "mm/testbed.h"\n', None),
    ("other rooms are entered by their door", "src/hal/a.c", '#include "mm/testbed.h"\n', 2),
    ("only host includes the operating system", "src/ks/a.c", "#include <stdio.h>\n#include <unistd.h>\n", 3),
    ("only host includes the operating system", "src/host/a.c", "#include <unistd.h>\n", None),
    ("only host includes the operating system", "src/ks/a_test.c", "#include <unistd.h>\n", None),
    ("only host includes the operating system", "src/super/a.c", "#include <png.h>\n", None),
    ("calls to the system are hosts", "src/ks/a.c", "void f(void)\n{\n    mmap(0);\n}\n", 4),
    ("calls to the system are hosts", "src/ks/a.c", "void f(void)\n{\n    time (0);\n}\n", 4),
    ("calls to the system are hosts", "src/ks/a.c", "void f(void)\n{\n    sys_time(0);\n    y->rand();\n}\n", None),
    ("calls to the system are hosts", "src/ks/a.c", '/* open() */\nconst char *s = "fork()";\n', None),
    ("calls to the system are hosts", "src/ks/a.c", "static int open(int a)\n{\n    return open(a);\n}\n", None),
    ("calls to the system are hosts", "src/host/a.c", "void f(void)\n{\n    mmap(0);\n}\n", None),
    ("calls without a bound are nobodys", "src/host/a.c", "void f(void)\n{\n    strcpy(a, b);\n}\n", 4),
    ("calls without a bound are nobodys", "src/ks/a_test.c", "void f(void)\n{\n    gets(a);\n}\n", 4),
    ("only the command line prints", "src/ks/a.c", "void f(void)\n{\n    printf(\"\");\n}\n", 4),
    ("only the command line prints", "src/ks/a.c", "void f(void)\n{\n    snprintf(a, 1, \"\");\n}\n", None),
    ("only the command line prints", "src/cli/a.c", "void f(void)\n{\n    printf(\"\");\n}\n", None),
    ("lines have 100 columns", "src/ks/a.c", "/* " + "x" * 98 + " */\n", 2),
    ("lines have 100 columns", "src/ks/a.c", "/* " + "x" * 94 + " */\n", None),
    ("lines have 100 columns", "src/ks/a.tbl.h", "ROW(" + "x" * 98 + ")\n", None),
    ("files have 800 lines", "src/ks/a.c", "\n" * 800, 801),
    ("files have 800 lines", "src/ks/a.c", "\n" * 799, None),
    ("c files have no tabs", "src/ks/a.c", "\tint a;\n", 2),
    ("lines end with their last word", "src/ks/a.c", "int a; \n", 2),
    ("lines end with their last word", "src/ks/a.c", "int a;", 2),
    ("what is left to do has an issue", "src/ks/a.c", "/* TODO: later */\n", 2),
    ("what is left to do has an issue", "src/ks/a.c", "/* TODO(#12): later */\n", None),
    ("what is left to do has an issue", "src/ks/a.c", "int wTODOx;\n", None),
    ("tables have one row a line", "src/ks/a.tbl.h", "ROW(a,\n    b)\nROW(c)\n", [2, 3]),
    ("dma slots have the parameters of their types", "src/hal/operations.tbl.h",
     "/* columns */\nOPERATION(NoSuchSlot, f, VALUE, 2, A, B)\n", 3),
    ("dma slots have the parameters of their types", "src/ks/operations.tbl.h",
     "OPERATION(NoSuchSlot, f, VALUE, 2, A, B)\n", None),
    ("tables have one row a line", "src/ks/a.tbl.h", "/* columns */\nROW(a, b)\n#include <x.h>\n", None),
    ("rooms have a short readme", "src/ks/README.md", "line\n" * 41, 41),
    ("rooms have a short readme", "src/ks/README.md", "line\n" * 40, None),
    ("rooms have a short readme", "src/nt/mm/meson.build", "mm_sources = files()\n", 1),
    ("every test of a room is built", "src/nt/ex/a_test.c", "int a;\n", 1),
    ("every test of a room is built", "src/nt/ex/a.c", "int a;\n", None),
]


def run(rule, path, text, line):
    with tempfile.TemporaryDirectory() as root:
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full))
        with open(full, "w") as file:
            file.write((LICENCE if path.endswith((".c", ".h")) else "") + text)
        found = [number for _, number, _ in tidy.check(root)[rule]]
    wanted = line if isinstance(line, list) else [] if line is None else [line]
    return found == wanted, found


def licence_is_missed():
    with tempfile.TemporaryDirectory() as root:
        for name in ("a.c", "b.py", "c.sh"):
            with open(os.path.join(root, name), "w") as file:
                file.write("x\n")
        return len(tidy.check(root)["files name their licence"]) == 3


def main():
    failed = 0
    for case in CASES:
        good, found = run(*case)
        if not good:
            failed += 1
            print(f"{case[0]}: {case[1]}: wanted line {case[3]}, found {found}\n{case[2]}")
    if not licence_is_missed():
        failed += 1
        print("files name their licence: a file without it was not found")
    missing = set(tidy.RULES) - {case[0] for case in CASES} - {"files name their licence"}
    if missing:
        failed += 1
        print("rules without a case:", ", ".join(missing))
    print(f"{len(CASES) + 2 - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

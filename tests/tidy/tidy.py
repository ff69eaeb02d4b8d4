#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reads the source tree and holds it against the house rules that a compiler does not know.

usage: tidy.py [SOURCE] [--rooms]     every violation as file:line, then "N passed, M failed" (rules)
                                      --rooms: how many violations each room has, and no list

A rule is a function that yields (line, text) for one file. What is allowed against a rule stands in one of the
tables below, with its reason; there are no exceptions in the code.
"""
import os
import re
import sys

# ---- Exceptions, each with its reason ------------------------------------------------------------------

# Headers of other rooms beside the door <room>/<room>.h.
EXTRA_DOORS = {
    "base": "*",  # open to all, one header a subject
    "trace": "*",  # open to all: the event stream, the numbers of rules
    "wdk": "*",  # Windows' own division into headers
    "weir": "*",  # the public API
    "pe": ["pe_unwind.h"],  # unwinding is half of pe; one door for both would exceed 300 lines
    "sim": ["cross.h"],  # what assembly outside sim (ke's trap entry) knows of boundaries
    "hw": ["config.h"],  # config space is bytes and offsets, used by hal's bus data
    "rtl": ["crt.h"],  # the C run time that drivers import: rows of exports name it
    "hal": ["copy.h"],  # copy kernels are measured alone
    "mm": ["fault.h"],  # page faults of guest addresses, between mm and hal's common buffers
    # pictures of any figures, also of the benchmarks; counts over many runs
    "report": ["plot.h", "locks.h", "imports.h", "inspect.h"],
    "io": ["device_node.h"],  # what pnp and the bus drivers share of a device's place in the tree
}
# What tests of one room lend to tests of another.
TEST_BED = re.compile(r"(_test|testbed|_world)\.h$")

# Headers that are C's or a library's, not the operating system's.
C_HEADERS = set("""assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign
    stdarg stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string strings tgmath threads time uchar wchar
    wctype""".split())
LIBRARIES = re.compile(r"(Zydis/.*|sanitizer/.*|cairo(-svg)?|jansson|png|seccomp|cmocka|[a-z]mmintrin|x86intrin|cpuid)\.h")
# Who may include headers of the operating system, and why.
SYSTEM_HEADERS = {
    "src/host/": "the one door to Linux",
    "src/hw/qemu/": "talks to another process",
    "src/hw/vfio/": "talks to the kernel about real cards",
    "drivers/": "sees mingw's DDK headers and nothing of Linux",
    "tests/drivers/": "drivers too",
    "tools/abi/": "compares with mingw's headers",
    "bench/": "measures weir from outside",
}
SYSTEM_HEADER_FILES = {
    ("src/hw/model_find.c", "dlfcn.h"): "a card model is a shared object: loading it is C's part of the job",
}

# Calls that belong to src/host, or to nobody.
HOST_CALLS = """open openat creat mmap mmap64 munmap mprotect mremap madvise memfd_create fork vfork clone execv
    execve execvp system popen kill sigaction sigaltstack ioctl fcntl socket pipe dup dup2 poll ppoll select
    pthread_create syscall prctl gettimeofday clock_gettime clock time times localtime gmtime sleep usleep nanosleep
    rand srand random srandom drand48 getrandom getpid getenv setenv putenv fopen freopen tmpfile remove rename
    unlink setlocale""".split()
NOBODYS_CALLS = "gets strcpy strcat sprintf vsprintf strtok alloca atoi atol atoll atof".split()
PRINT_CALLS = "printf fprintf vfprintf puts fputs fputc putchar perror".split()
MAY_CALL_HOST = {
    "src/host/": "the one door to Linux",
    "drivers/": "Windows code",
    "tests/drivers/": "Windows code",
    "tools/": "run by people, not by weir",
    "bench/": "measures weir from outside",
}
MAY_PRINT = {
    "src/cli/": "the terminal is the command line's",
    "src/base/fatal.c": "last words before abort",
    "bench/": "prints figures",
    "tools/": "run by people",
    "tests/": "tests speak",
    "src/host/": "last words in a signal handler",
    "drivers/": "Windows code",
}
# Tests stage the world around weir.
IN_TESTS = set("""strtok strcpy strcat sprintf remove rename unlink open fopen fork kill sigaction fcntl pipe getpid
    getenv setenv system poll dup2 mmap munmap mprotect""".split())

LONG_LINES = re.compile(r"\.tbl\.h$")  # a table's row is one line
LONG_FILES = re.compile(r"\.tbl\.h$")
LINES_MAX = 800
COLUMNS_MAX = 100
README_LINES_MAX = 40

# ---- Files -----------------------------------------------------------------------------------------------

SKIPPED = {".git", "out", "__pycache__", "subprojects"}
SOURCE = (".c", ".h", ".S")
SCRIPT = (".py", ".sh")


class File:
    def __init__(self, root, path):
        self.root = root
        self.path = path
        with open(os.path.join(root, path), "rb") as file:
            self.bytes = file.read()
        self.text = self.bytes.decode("utf-8", errors="replace")
        self.lines = self.text.split("\n")
        self.is_source = path.endswith(SOURCE)
        self.is_test = path.endswith("_test.c") or bool(TEST_BED.search(path)) or "/testbed" in path
        self.in_tests = self.is_test or path.startswith("tests/")
        self.room = room_of(path)
        self._code = None

    @property
    def code(self):
        """The lines without comments and without what stands in quotes."""
        if self._code is None:
            self._code = without_comments(self.text).split("\n")
        return self._code


def room_of(path):
    parts = path.split("/")
    if parts[0] != "src" or len(parts) < 3:
        return parts[0] if len(parts) > 1 else "."
    return parts[2] if parts[1] == "nt" and len(parts) > 3 else parts[1]


def without_comments(text):
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)

    def blank(match):
        word = match.group(0)
        if word[0] == '"':
            return '""'
        return "''" if word[0] == "'" else re.sub(r"[^\n]", "", word) or " "

    return pattern.sub(blank, text)


def files(root):
    for folder, folders, names in os.walk(root):
        if "meson-private" in folders:  # a build folder
            folders[:] = []
            continue
        folders[:] = sorted(f for f in folders if f not in SKIPPED)
        for name in sorted(names):
            path = os.path.relpath(os.path.join(folder, name), root)
            if name.endswith(SOURCE + SCRIPT + (".md",)) or name in ("meson.build", "Makefile"):
                yield File(root, path)


def allowed(path, table):
    return any(path.startswith(prefix) for prefix in table)


# ---- Rules: each yields (line, text) -----------------------------------------------------------------------

RULES = {}


def rule(function):
    RULES[function.__name__.replace("_", " ")] = function
    return function


@rule
def other_rooms_are_entered_by_their_door(file):
    if not file.is_source or not file.path.startswith(("src/", "bench/", "models/")):
        return
    for number, line in enumerate(file.lines, 1):
        match = re.match(r'\s*#\s*include\s+"([\w.]+)/([\w./]+)"', line)
        if not match:
            continue
        room, header = match.groups()
        if room == ".." or room == file.room or header == room + ".h" or (file.is_test and TEST_BED.search(header)):
            continue
        if header.endswith(".tbl.h") and room in ("exports", "trace"):
            continue
        doors = EXTRA_DOORS.get(room, ["regs.h"] if file.path.startswith("models/") else [])
        if room == "support" and file.is_test:
            continue
        if doors != "*" and header not in doors:
            yield number, f'"{room}/{header}" is not a door of {room}'


@rule
def only_host_includes_the_operating_system(file):
    if not file.is_source or file.is_test or allowed(file.path, SYSTEM_HEADERS):
        return
    for number, line in enumerate(file.lines, 1):
        match = re.match(r"\s*#\s*include\s+<([^>]+)>", line)
        if not match:
            continue
        header = match.group(1)
        c_header = header.endswith(".h") and header[:-2] in C_HEADERS - {"time", "threads", "locale"}
        if not c_header and not LIBRARIES.fullmatch(header) and (file.path, header) not in SYSTEM_HEADER_FILES:
            yield number, f"<{header}>"


def calls(file, names):
    """Plain calls of names that the file does not define itself."""
    own = set(re.findall(r"^\w[\w \t*]*?\b(\w+)\(", "\n".join(file.code), re.M))
    pattern = re.compile(r"(?<![\w.>\"#])(" + "|".join(n for n in names if n not in own) + r")\s*\(")
    for number, line in enumerate(file.code, 1):
        for match in pattern.finditer(line):
            yield number, match.group(1)


@rule
def calls_to_the_system_are_hosts(file):
    if not file.path.endswith((".c", ".h")) or allowed(file.path, MAY_CALL_HOST):
        return
    for number, name in calls(file, [n for n in HOST_CALLS if not (file.in_tests and n in IN_TESTS)]):
        yield number, f"{name}()"


@rule
def calls_without_a_bound_are_nobodys(file):
    if not file.path.endswith((".c", ".h")) or file.path.startswith("tools/"):
        return
    for number, name in calls(file, [n for n in NOBODYS_CALLS if not (file.in_tests and n in IN_TESTS)]):
        yield number, f"{name}()"


@rule
def only_the_command_line_prints(file):
    if not file.path.endswith((".c", ".h")) or file.is_test or allowed(file.path, MAY_PRINT):
        return
    for number, name in calls(file, PRINT_CALLS):
        yield number, f"{name}()"


@rule
def lines_have_100_columns(file):
    if not file.path.endswith((".c", ".h")) or LONG_LINES.search(file.path):
        return
    for number, line in enumerate(file.lines, 1):
        if len(line) > COLUMNS_MAX:
            yield number, f"{len(line)} columns"


@rule
def files_have_800_lines(file):
    if file.is_source and not LONG_FILES.search(file.path) and len(file.lines) - 1 > LINES_MAX:
        yield len(file.lines) - 1, f"{len(file.lines) - 1} lines: look for the second noun"


@rule
def files_name_their_licence(file):
    if not file.path.endswith(SOURCE + SCRIPT):
        return
    first = file.lines[1] if file.lines[0].startswith("#!") and len(file.lines) > 1 else file.lines[0]
    if file.bytes and "SPDX-License-Identifier: MIT" not in first:
        yield 1, "no SPDX-License-Identifier"


@rule
def c_files_have_no_tabs(file):
    if not file.is_source:
        return
    for number, line in enumerate(file.lines, 1):
        if "\t" in line:
            yield number, "a tab"


@rule
def lines_end_with_their_last_word(file):
    for number, line in enumerate(file.lines, 1):
        if line != line.rstrip():
            yield number, "blanks or a carriage return at the end"
    if file.bytes and not file.bytes.endswith(b"\n"):
        yield len(file.lines), "no line feed at the end"


@rule
def what_is_left_to_do_has_an_issue(file):
    if file.path.startswith("tests/tidy/"):
        return
    for number, line in enumerate(file.lines, 1):
        if re.search(r"\b(TODO|FIXME|XXX|HACK)\b(?!\s*\(?#\d)", line):
            yield number, line.strip()[:60]


@rule
def tables_have_one_row_a_line(file):
    if not file.path.endswith(".tbl.h"):
        return
    for number, line in enumerate(file.code, 1):
        if line.strip() and not line.startswith("#") and not re.fullmatch(r"\s*[A-Z_0-9]+\(.*\)\s*", line):
            yield number, line.strip()[:60]


def parameters_of_slots(header):
    """Member of DMA_OPERATIONS to the number of parameters its type has."""
    types = {name: len(parameters.split(",")) for name, parameters in
             re.findall(r"\(NTAPI \*(P\w+)\)\((.*?)\);", header, re.S)}
    return {member: types.get(name) for name, member in re.findall(r"^    (P[A-Z_]+) (\w+);$", header, re.M)}


@rule
def dma_slots_have_the_parameters_of_their_types(file):
    if file.path != "src/hal/operations.tbl.h":
        return
    header = os.path.join(file.root, "include", "wdk", "wdm_dma.h")
    text = File(file.root, os.path.relpath(header, file.root)).text if os.path.exists(header) else ""
    counts = parameters_of_slots(text)
    for number, line in enumerate(file.code, 1):
        match = re.match(r"OPERATION\((\w+),[^,]*,[^,]*,\s*(\d+),", line)
        if match and counts.get(match.group(1)) != int(match.group(2)):
            yield number, f"{match.group(1)} has {counts.get(match.group(1))} parameters"


@rule
def rooms_have_a_short_readme(file):
    if re.fullmatch(r"src/(nt/)?\w+/README.md", file.path) and len(file.lines) - 1 > README_LINES_MAX:
        yield len(file.lines) - 1, f"{len(file.lines) - 1} lines"
    if re.fullmatch(r"src/(nt/)?\w+/meson.build", file.path):
        readme = os.path.join(file.root, os.path.dirname(file.path), "README.md")
        if not os.path.exists(readme):
            yield 1, "the room has no README.md"


@rule
def every_test_of_a_room_is_built(file):
    if not re.fullmatch(r"src/(nt/)?\w+/\w+_test\.c", file.path):
        return
    build = os.path.join(file.root, os.path.dirname(file.path), "meson.build")
    if not os.path.exists(build) or f"'{os.path.basename(file.path)}'" not in open(build, encoding="utf-8").read():
        yield 1, "not in the room's meson.build: it never runs"


# ---- Report ------------------------------------------------------------------------------------------------

LIST_MAX = 100


def check(root):
    """{rule: [(path, line, text)]}"""
    found = {name: [] for name in RULES}
    for file in files(root):
        for name, function in RULES.items():
            found[name] += [(file.path, number, text) for number, text in function(file)]
    return found


def by_room(violations):
    counts = {}
    for path, _, _ in violations:
        room = room_of(path)
        counts[room] = counts.get(room, 0) + 1
    return ", ".join(f"{room} {count}" for room, count in sorted(counts.items(), key=lambda c: -c[1]))


def main():
    words = [w for w in sys.argv[1:] if not w.startswith("--")]
    root = words[0] if words else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    found = check(root)
    failed = 0
    for name, violations in found.items():
        if not violations:
            continue
        failed += 1
        print(f"{name}: {len(violations)}")
        if "--rooms" in sys.argv or len(violations) > LIST_MAX:
            print("    " + by_room(violations))
        else:
            for path, number, text in violations:
                print(f"  {path}:{number}: {text}")
    print(f"{len(found) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: MIT
"""Which tests and drivers call which functions, read from their sources."""
import glob
import os
import re

# What a compiler calls where a driver has this word.
IMPLIED = {"__try": "__C_specific_handler", "BIG_FRAME": "__chkstk"}


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
    for match in re.finditer(r"^(?:static )?const [^;(={]*?\b(\w+)(?:\[\w*\])* = \{\n(.*?)^\};$", text,
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


def tests_of(source):
    """Each test function as room/program:function, the words it and its helpers use, and its body with theirs."""
    inlines = inlines_of(source)
    for path in sorted(glob.glob(os.path.join(source, "src", "**", "*_test.c"), recursive=True)):
        code = code_of(path)
        local = helpers_of(path, source, set()) | functions_of(code)
        bodies = inlines | local
        suite = suite_of(os.path.relpath(path, source))
        for test in re.findall(r"\(\s*(\w{8,})[,)]", code[code.rfind("CMUnitTest"):]):
            name = test if test in local else re.sub(r"^test_", "", test)
            words = called(bodies, name, set())
            body = " ".join(local[word] for word in sorted(words | {name}) if word in local)
            yield f"{suite}:{name}", words, body


def tests_by_function(source):
    """Function name to the programs whose tests call it, directly or through helpers of their file."""
    found = {}
    for test, words, _ in tests_of(source):
        for word in words:
            found.setdefault(word, set()).add(test.split(":")[0])
    return found


def driver_files(source):
    """Sources of the samples and of the drivers in tests/drivers, which tests run."""
    for folder in ("drivers", os.path.join("tests", "drivers")):
        for path in sorted(glob.glob(os.path.join(source, folder, "**", "*.c*"), recursive=True)):
            if not path.endswith("_test.c"):
                yield path


def drivers_by_function(source):
    """Function name to the drivers that call it."""
    found, inlines = {}, inlines_of(source)
    for path in driver_files(source):
        parts = os.path.relpath(path, source).split(os.sep)
        name = parts[1] if parts[0] == "drivers" else os.path.splitext(parts[-1])[0]
        words = set(re.findall(r"\w+", code_of(path)))
        words |= {name for keyword, name in IMPLIED.items() if keyword in words}
        for word in words.union(*(called(inlines, word, set()) for word in words)):
            found.setdefault(word, set()).add(name)
    return found

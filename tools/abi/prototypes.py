#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares how two compilers declare the functions of weir's export rows.

usage: prototypes.py write SOURCE OURS.aux MINGW.aux OUT_DIR    OUT_DIR/prototypes_{ours,mingw}.c, one record for each
                                                                result and parameter of each function both declare
       prototypes.py compare SOURCE OURS.aux MINGW.aux OURS.bin MINGW.bin DIFFERENCES.tsv

The .aux files are what gcc's -aux-info says of abi_ours.c and abi_mingw.c: every declaration, headers included. The
records say how many bytes a type has and whether it travels as an integer, a pointer, a floating point number or a
structure, which is all that the calling convention asks. Also compared are the number of parameters of each row of
src/exports (the thunk copies the stack by it) and that of our declaration.
"""
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import compare

TABLES = ('ntoskrnl', 'hal', 'ks')
# What __builtin_classify_type says, folded: enumerations and characters are integers to a caller.
CLASSES = {0: 'nothing', 1: 'integer', 2: 'integer', 3: 'integer', 4: 'integer', 5: 'pointer', 8: 'real', 12: 'structure',
           13: 'structure'}
HEADERS = {'ours': '#include <stddef.h>\n#include "wdk/ksmedia.h"\n#include "wdk/wdm.h"\n#include "rtl/crt.h"\n',
           'mingw': '#include "mingw_headers.h"\n'}


class Function:
    def __init__(self, result, parameters):
        self.result = result
        self.variadic = parameters[-1:] == ['...']
        self.parameters = [p for p in parameters if p not in ('void', '...')]

    def types(self):
        yield 'result', self.result
        yield from enumerate(self.parameters, 1)


def split(text):
    """Parameters at the commas outside parentheses."""
    parts, depth, at = [], 0, ''
    for char in text:
        depth += (char == '(') - (char == ')')
        if char == ',' and depth == 0:
            parts.append(at.strip())
            at = ''
        else:
            at += char
    return parts + [at.strip()]


def read_declarations(path):
    found = {}
    with open(path, encoding='utf-8') as file:
        for line in file:
            match = re.match(r'/\* .*?:\w(\w) \*/ (?:extern|static) (.*?)\b(\w+) \((.*?)\);', line)
            if match is None or '(*' in match[2]:
                continue
            parameters = split(match[4])
            if match[1] == 'F':  # an inline function's parameters have names
                parameters = [re.sub(r'(?<=[ *])\w+$', '', parameter) for parameter in parameters]
            found[match[3]] = Function(match[2].replace('inline', '').strip() or 'int', parameters)
    return found


def read_rows(source):
    """Exported name to our symbol and the parameters its row states."""
    rows = {}
    for table in TABLES:
        with open(os.path.join(source, 'src', 'exports', table + '.tbl.h'), encoding='utf-8') as file:
            text = file.read()
        for name, count, state in re.findall(r'^EXPORT\(([^,]+), *(\w+),.*?(\w+)\)$', text, re.M):
            rows[name] = (name, count, state)
        for name, symbol, count, state in re.findall(r'^EXPORT_AS\(([^,]+), *(\w+), *(\w+),.*?(\w+)\)$', text, re.M):
            rows[name] = (symbol, count, state)
    return {name: row for name, row in rows.items() if row[2] in ('FULL', 'PARTIAL')}


def in_both(rows, ours, mingw):
    """(name, our declaration, theirs) of the functions whose parameters can be laid side by side."""
    for name, (symbol, _, _) in sorted(rows.items()):
        if symbol in ours and name in mingw and len(ours[symbol].parameters) == len(mingw[name].parameters):
            yield name, ours[symbol], mingw[name]


def record(label, kind):
    if kind == 'void':
        return f'    {{ABI_MAGIC, ABI_PARAMETER, 0, 0, "{label}"}},\n'
    return (f'    {{ABI_MAGIC, ABI_PARAMETER, sizeof({kind}), __builtin_classify_type(*(__typeof__({kind}) *)0), '
            f'"{label}"}},\n')


def write(source, ours_path, mingw_path, out):
    rows, ours, mingw = read_rows(source), read_declarations(ours_path), read_declarations(mingw_path)
    for index, side in enumerate(('ours', 'mingw')):
        with open(os.path.join(out, f'prototypes_{side}.c'), 'w', encoding='utf-8') as file:
            file.write(HEADERS[side] + '#include "abi_row.h"\n\nstatic const struct abi_row rows[] ABI_SECTION = {\n')
            for name, *both in in_both(rows, ours, mingw):
                for place, kind in both[index].types():
                    file.write(record(f'{name} {place}', kind))
            file.write('};\n')


def show(value):
    return f'{CLASSES.get(value[1], value[1])} of {value[0]} bytes'


def judge_counts(verdict, rows, ours, mingw):
    for name, (symbol, stated, _) in sorted(rows.items()):
        mine = ours.get(symbol)
        if mine is None:
            verdict.judge('undeclared', name, False, f'{name}: no header of ours declares it')
            continue
        count = 'VARARGS' if mine.variadic else str(len(mine.parameters))
        verdict.judge('row', name, stated == count, f'{name}: its row says {stated} parameters, its declaration {count}')
        theirs = mingw.get(name)
        if theirs is not None:
            same = (len(mine.parameters), mine.variadic) == (len(theirs.parameters), theirs.variadic)
            verdict.judge('parameters', name, same, f'{name}: we have {len(mine.parameters)} parameters, mingw-w64 '
                          f'{len(theirs.parameters)}')


def judge_types(verdict, functions, mine, theirs):
    for name, function, _ in functions:
        for place, _ in function.types():
            key = ('parameter', f'{name} {place}')
            if key not in mine or key not in theirs:
                verdict.fail(f'{name} {place}: no record in both objects')
                continue
            a, b = mine[key], theirs[key]
            same = a[0] == b[0] and CLASSES.get(a[1]) == CLASSES.get(b[1])
            verdict.judge('parameter', f'{name} {place}', same, f'{name}, {place}: ours is a {show(a)}, mingw-w64\'s a {show(b)}')


def run_compare(source, ours_path, mingw_path, ours_bin, mingw_bin, differences):
    rows, ours, mingw = read_rows(source), read_declarations(ours_path), read_declarations(mingw_path)
    listed = {key: why for key, why in compare.read_differences(differences).items() if key[0] in compare.OF_PROTOTYPES}
    verdict, functions = compare.Verdict(listed), list(in_both(rows, ours, mingw))
    if not functions:
        verdict.fail('no function in common')
    judge_counts(verdict, rows, ours, mingw)
    judge_types(verdict, functions, compare.read_rows(ours_bin), compare.read_rows(mingw_bin))
    verdict.fail_unused()
    print(f'{len(functions)} functions compared with mingw-w64\'s declarations: {verdict.passed} passed, '
          f'{verdict.failed} failed')
    return 1 if verdict.failed else 0


if __name__ == '__main__':
    if len(sys.argv) == 6 and sys.argv[1] == 'write':
        write(*sys.argv[2:])
    elif len(sys.argv) == 8 and sys.argv[1] == 'compare':
        sys.exit(run_compare(*sys.argv[2:]))
    else:
        sys.exit(__doc__)

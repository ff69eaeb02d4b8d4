#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares two sets of Windows declarations by the records that abi_row.h describes.

usage: compare.py OURS.bin MINGW.bin ABSENT.log ROWS.tbl.h DIFFERENCES.tsv

OURS.bin and MINGW.bin are the sections .abi of the two objects, ABSENT.log is what the cross
compiler said about abi_absent.c. A difference that DIFFERENCES.tsv does not list fails, and so
does a line there that no longer differs. Prints one line for each failure and a closing line;
exits 1 if anything failed.
"""
import fnmatch
import re
import struct
import sys

MAGIC = 0x314942414952754C
ROW = struct.Struct('<QQQQ128s')
KINDS = {1: 'size', 2: 'field', 3: 'offset', 4: 'constant', 5: 'guid', 6: 'parameter'}
OF_PROTOTYPES = ('undeclared', 'row', 'parameters', 'parameter')  # prototypes.py's lines of differences.tsv


def read_rows(path):
    """Records by (kind, name), found by their magic: there may be padding between them."""
    with open(path, 'rb') as file:
        data = file.read()
    rows = {}
    at = 0
    while at + ROW.size <= len(data):
        magic, kind, first, second, name = ROW.unpack_from(data, at)
        if magic != MAGIC:
            at += 8
            continue
        rows[KINDS[kind], name.rstrip(b'\0').decode()] = (first, second)
        at += ROW.size
    return rows


def show(kind, value):
    first, second = value
    if kind == 'size':
        return f'{first} bytes'
    if kind == 'field':
        return f'at {first:#x}, {second} bytes'
    if kind == 'offset':
        return f'at {first:#x}'
    if kind == 'constant':
        return f'{first:#x}'
    raw = struct.pack('<QQ', first, second)
    l, w1, w2 = struct.unpack_from('<IHH', raw)
    return f'{l:08X}-{w1:04X}-{w2:04X}-{raw[8:10].hex().upper()}-{raw[10:].hex().upper()}'


def canonical(kind, value):
    """A 32-bit constant is the same number whether its type is signed or not."""
    first, second = value
    if kind == 'constant' and first >> 32 == 0xFFFFFFFF:
        first &= 0xFFFFFFFF
    return first, second


def read_absent(rows_path, log_path):
    """Fields that only we have, and whether the other side's compiler rejected each."""
    with open(log_path, encoding='utf-8', errors='replace') as file:
        rejected = {int(n) for n in re.findall(r'abi\.tbl\.h:(\d+):', file.read())}
    absent = {}
    with open(rows_path, encoding='utf-8') as file:
        for number, line in enumerate(file, 1):
            row = re.match(r'FIELD_OURS\(([^,]+), ([^)]+)\)', line)
            if row:
                absent[f'{row[1]}.{row[2]}'] = number in rejected
    return absent


def read_table(path):
    """What the table asks for, as (kind, name): a record that got lost must not pass."""
    kinds = {'SIZE': 'size', 'FIELD': 'field', 'OFFSET': 'offset', 'CONST_ROW': 'constant'}
    asked = []
    with open(path, encoding='utf-8') as file:
        for line in file:
            row = re.match(r'(\w+)\(([^,)]+)(?:, ([^)]+))?\)', line)
            if row and row[1] in kinds:
                asked.append((kinds[row[1]], f'{row[2]}.{row[3]}' if row[3] else row[2]))
    return asked


def read_differences(path):
    """Pairs (kind, name pattern) with the reason for each."""
    listed = {}
    with open(path, encoding='utf-8') as file:
        for line in file:
            if line.startswith('#') or not line.strip():
                continue
            kind, name, reason = line.rstrip('\n').split('\t')
            listed[kind, name] = reason
    return listed


class Verdict:
    def __init__(self, listed):
        self.listed = listed
        self.used = set()
        self.passed = 0
        self.failed = 0

    def fail(self, text):
        print('abi: ' + text)
        self.failed += 1

    def justified(self, kind, name):
        for key in self.listed:
            if key[0] == kind and fnmatch.fnmatchcase(name, key[1]):
                self.used.add(key)
                return True
        return False

    def fail_unused(self):
        for kind, name in self.listed:
            if (kind, name) not in self.used:
                self.fail(f'{kind} {name}: listed in differences.tsv but does not differ')

    def judge(self, kind, name, same, text):
        if same or self.justified(kind, name):
            self.passed += 1
        else:
            self.fail(text)


def main(arguments):
    if len(arguments) != 5:
        print(__doc__, file=sys.stderr)
        return 2
    ours_path, mingw_path, log_path, rows_path, differences_path = arguments
    ours = read_rows(ours_path)
    mingw = read_rows(mingw_path)
    listed = read_differences(differences_path)
    verdict = Verdict({key: why for key, why in listed.items() if key[0] not in OF_PROTOTYPES})

    guids = [key for key in ours if key[0] == 'guid' and key in mingw]
    if not guids:
        verdict.fail('no GUID in common')
    for kind, name in read_table(rows_path) + guids:
        if (kind, name) not in ours or (kind, name) not in mingw:
            verdict.fail(f'{kind} {name}: no record in both objects')
            continue
        value, other = ours[kind, name], mingw[kind, name]
        same = canonical(kind, value) == canonical(kind, other)
        verdict.judge(kind, name, same,
                      f'{kind} {name}: ours {show(kind, value)}, mingw-w64 {show(kind, other)}')
    for name, rejected in read_absent(rows_path, log_path).items():
        if rejected:
            verdict.judge('absent', name, False, f'absent {name}: not listed as missing')
        else:
            verdict.fail(f'absent {name}: mingw-w64 has it, make the row a FIELD')
    verdict.fail_unused()
    print(f'{verdict.passed} passed, {verdict.failed} failed')
    return 1 if verdict.failed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))

# SPDX-License-Identifier: MIT
"""Where the parts of a driver image lie in its file, and what a mutation does to them.

Only images that a linker of ours has made come in here, so the layout is read without checks. PE format: "PE Format",
Microsoft Learn.
"""
import struct

DIRECTORIES = {"imports": 1, "unwind data": 3, "relocations": 5, "load configuration": 10, "address table": 12}
CODE = 0x20  # IMAGE_SCN_CNT_CODE
SECTION_BYTES = 40
KINDS = ("headers", "section table", "code", "data", "imports", "address table", "relocations", "unwind data",
         "load configuration", "anywhere", "truncated", "sections swapped")
SHARES = {"code": 4, "data": 2}  # of the cases, where it is not 1: what runs and what it looks at fail in the most ways
HOW_MANY = (1, 1, 1, 2, 4, 8, 32)


class Image:
    def __init__(self, data):
        self.nt = struct.unpack_from("<I", data, 0x3c)[0]
        self.section_count, optional_bytes = struct.unpack_from("<H12xH", data, self.nt + 6)
        self.optional = self.nt + 24
        self.table = self.optional + optional_bytes
        self.size = len(data)
        self.data = data
        self.sections = [struct.unpack_from("<8s4I12xI", data, self.table + i * SECTION_BYTES)
                         for i in range(self.section_count)]

    def offset(self, rva):
        """The place in the file; None for what no section keeps there."""
        for _, _, start, raw_bytes, raw, _ in self.sections:
            if start <= rva < start + raw_bytes:
                return raw + rva - start
        return None

    def directory(self, number):
        rva, size = struct.unpack_from("<II", self.data, self.optional + 112 + number * 8)
        at = self.offset(rva) if size else None
        return [] if at is None else [(at, min(size, self.size - at))]

    def bodies(self, code):
        return [(raw, min(raw_bytes, used) or raw_bytes) for _, used, _, raw_bytes, raw, flags in self.sections
                if raw_bytes and bool(flags & CODE) == code]

    def imports(self):
        """The descriptors, and for each its lookup table: names follow behind."""
        regions = self.directory(DIRECTORIES["imports"])
        for at, size in list(regions):
            for entry in range(at, at + size - 19, 20):
                lookup, _, _, name = struct.unpack_from("<4I", self.data, entry)
                regions += [(place, 64) for place in (self.offset(lookup), self.offset(name)) if lookup and place]
        return regions

    def unwind(self):
        """.pdata, and the unwind information that its entries lead to."""
        regions = self.directory(DIRECTORIES["unwind data"])
        for at, size in list(regions):
            for entry in range(at, at + size - 11, 12):
                place = self.offset(struct.unpack_from("<I", self.data, entry + 8)[0])
                regions += [(place, 8)] if place else []
        return regions

    def regions(self, kind):
        """(offset, size) of the parts of that kind; none when the image has no such part."""
        found = {
            "headers": lambda: [(0, 64), (self.nt, self.table - self.nt)],
            "section table": lambda: [(self.table, self.section_count * SECTION_BYTES)],
            "code": lambda: self.bodies(True),
            "data": lambda: self.bodies(False),
            "imports": self.imports,
            "unwind data": self.unwind,
            "anywhere": lambda: [(0, self.size)],
        }.get(kind, lambda: self.directory(DIRECTORIES[kind]))()
        return [(at, size) for at, size in found if size > 0 and at + size <= self.size]


def change_byte(value, rng):
    how = rng.randrange(4)
    if how == 0:
        return value ^ 1 << rng.randrange(8)
    if how == 1:
        return value ^ rng.randrange(1, 256)
    if how == 2:
        return (value + rng.choice((1, 255))) & 255
    return rng.choice([extreme for extreme in (0x00, 0x7f, 0x80, 0xff) if extreme != value])


def flip(image, kind, rng):
    regions = image.regions(kind) or image.regions("anywhere")
    data = bytearray(image.data)
    places = []
    for _ in range(rng.choice(HOW_MANY)):
        at, size = rng.choice(regions)
        at += rng.randrange(size)
        data[at] = change_byte(data[at], rng)
        places.append(at)
    return bytes(data), f"{kind}: {len(places)} changed from {min(places):#x} to {max(places):#x}"


def truncate(image, rng):
    size = rng.choice((rng.randrange(image.size), rng.randrange(0, image.table + 1), image.size - rng.randrange(1, 512)))
    return image.data[:size], f"truncated to {size} bytes"


def swap_sections(image, rng):
    """What two sections hold, or what two headers say, changes places."""
    first, second = rng.sample(range(image.section_count), 2)
    data = bytearray(image.data)
    spans = [(image.table + i * SECTION_BYTES, SECTION_BYTES) for i in (first, second)]
    if rng.randrange(2):
        size = min(image.sections[i][3] for i in (first, second))
        spans = [(image.sections[i][4], size) for i in (first, second)]
    (a, size), (b, _) = spans
    data[a:a + size], data[b:b + size] = data[b:b + size], data[a:a + size]
    return bytes(data), f"sections {first} and {second} swapped, {size} bytes at {a:#x} and {b:#x}"


def mutate(data, kind, rng):
    """The mutated copy, and in words what was done."""
    image = Image(data)
    if kind == "truncated":
        return truncate(image, rng)
    if kind == "sections swapped":
        return swap_sections(image, rng)
    return flip(image, kind, rng)

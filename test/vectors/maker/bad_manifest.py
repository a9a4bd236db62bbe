"""Faults of the manifest, each under a header that fits it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from maker.sealed import (
    CHUNK,
    ENTRY_SIZE,
    MANIFEST_BYTES,
    MANIFEST_ENTRIES,
    MIB,
    YEAR_1980,
    ZEROS,
    Entry,
    pattern,
)
from maker.vector import Vector, bad_early, change, small_files


def vectors() -> Iterator[Vector]:
    yield from bad_sizes()
    yield from bad_paths()
    yield from bad_collisions()
    yield from bad_entries()
    yield from bad_ranges()


def unopened(name: str, note: str, entries: list[Entry] | None = None, **steps) -> Vector:
    return bad_early(f"manifest-{name}", "not-opened", note, entries, **steps)


def plus(**differences: int):
    return lambda _stream, fields: (
        fields | {name: fields[name] + difference for name, difference in differences.items()}
    )


def bad_sizes() -> Iterator[Vector]:
    yield unopened("left-over", "a byte behind the last entry", manifest=lambda _, m: m + b"\0")
    yield unopened("short", "the last entry lacks its last byte", manifest=lambda _, m: m[:-1])
    yield unopened("noise", "a manifest of noise", manifest=lambda _, m: b"\xa5" * len(m))
    yield unopened(
        "entries-more", "an entry more in the header", small_files(), inner=plus(entries=1)
    )
    yield unopened(
        "entries-less", "an entry less in the header", small_files(), inner=plus(entries=-1)
    )
    yield unopened(
        "entries-limit",
        "100,000 entries in the header, which is within the limits, and one there",
        inner=change(entries=MANIFEST_ENTRIES),
    )
    for difference, word in ((1, "more"), (-1, "less")):
        yield unopened(
            f"data-{word}", f"a byte {word} in the data length", inner=plus(data_length=difference)
        )
        yield unopened(
            f"chunks-{word}", f"a chunk {word} in the header", inner=plus(chunks=difference)
        )
    yield unopened("data-0", "a data length of zero", inner=change(data_length=0))
    for power in (32, 63):
        note = f"the data length plus 2^{power}"
        yield unopened(f"data-2-{power}", note, inner=plus(data_length=2**power))
    yield unopened("data-max", "a data length of 2^64 - 1", inner=change(data_length=2**64 - 1))
    for chunks in (0, 1, 2**32 - 1):
        yield unopened(
            f"chunks-{chunks}", f"{chunks} chunks in the header", inner=change(chunks=chunks)
        )
    yield bad_early(
        "manifest-limit",
        "chunk-shape",
        "a manifest of 16 MiB in the header, which is within the limits; its first chunk is small",
        inner=change(manifest_length=MANIFEST_BYTES),
    )


def bad_paths() -> Iterator[Vector]:
    for name, note, components in refused_components():
        entries = [Entry("good", 3), Entry([*components], 3)]
        yield unopened(f"path-{name}", note, entries)
    yield unopened("path-no-component", "a path of no components", [Entry([], 3)])
    yield unopened("path-deep", "a path of 65 components", [Entry([b"d"] * 65, 3)])
    long = [b"l" * 255] * 4 + [b"l"]
    assert len(b"/".join(long)) == 1025
    yield unopened("path-long", "a path of 1025 bytes", [Entry(long, 3)])


def refused_components() -> Iterator[tuple[str, str, list[bytes]]]:
    """Name and note of the vector, components of the path."""
    plain = {
        "dot": ".",
        "parent": "..",
        "slash": "a/b",
        "slash-parent": "a/../b",
        "backslash": "a\\b",
        "colon": "a:b",
        "nul": "a\0b",
        "newline": "a\nb",
        "delete": "a\x7fb",
        "c1-control": "a\u0085b",
        "end-dot": "a.",
        "end-dots": "...",
        "end-space": "a ",
        "space": " ",
        "own-prefix": ".waxwing-x",
        "own-prefix-alone": ".waxwing-",
    }
    for name, component in plain.items():
        yield name, f"the component {component!a}", [component.encode()]
    yield "empty", "an empty component between others", [b"a", b"", b"b"]
    yield "only-empty", "a single, empty component", [b""]
    yield "parent-last", "a component .. behind another", [b"a", b".."]
    yield "device-folder", "a folder named as a device", [b"aux", b"a"]
    yield from refused_characters()
    yield from refused_devices()
    yield from refused_encodings()


def refused_characters() -> Iterator[tuple[str, str, list[bytes]]]:
    characters = "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u200b\u200d\u2028\u2029\u202e"
    characters += "\u2800\u3164\ufeff\uffa0\U000e0001"
    for character in characters:
        code = f"{ord(character):04x}"
        yield f"u-{code}", f"U+{code.upper()} in a name", [f"a{character}b".encode()]


def refused_devices() -> Iterator[tuple[str, str, list[bytes]]]:
    devices = {
        "con": "CON",
        "con-ending": "CON.txt",
        "con-spaced": "CON  .txt",
        "prn": "Prn",
        "aux": "AUX.h",
        "nul-device": "nul",
        "conin": "CONIN$",
        "com1": "COM1",
        "com0": "COM0",
        "lpt1": "LPT1",
        "com-superscript-1": "COM¹",
        "lpt-superscript-3": "LPT³",
    }
    for name, component in devices.items():
        yield name, f"the Windows device {component}", [component.encode()]


def refused_encodings() -> Iterator[tuple[str, str, list[bytes]]]:
    yield "nfd", "a name in NFD", ["e\u0301".encode()]
    yield "nfd-hangul", "a Hangul syllable in NFD", ["\u1112\u1161\u11ab".encode()]
    yield "not-nfc-singleton", "the Angstrom sign, which is not NFC", ["\u212b".encode()]
    yield "not-nfc-excluded", "a composed letter that NFC excludes", ["\u0958".encode()]
    yield "not-nfc-order", "combining marks out of order", ["a\u0301\u0323".encode()]
    yield "utf8-byte", "a byte that UTF-8 never has", [b"a\xffb"]
    yield "utf8-cut", "a character cut short", [b"a\xe2\x82"]
    yield "utf8-overlong", "an overlong /", [b"a\xc0\xafb"]
    yield "utf8-surrogate", "half a surrogate pair", [b"a\xed\xa0\x80b"]
    yield "utf8-above", "a code point above U+10FFFF", [b"a\xf4\x90\x80\x80b"]


def bad_collisions() -> Iterator[Vector]:
    collisions: dict[str, tuple[str, list[str]]] = {
        "equal": ("two equal paths", ["a/x", "b", "a/x"]),
        "case": ("A and a", ["A", "b", "a"]),
        "case-deep": ("two paths that differ in the case of the file", ["a/b/X", "a/b/x"]),
        "case-folder": ("two paths that differ in the case of the folder", ["A/x", "a/x"]),
        "sharp-s": ("ß folds to ss", ["straße", "STRASSE"]),
        "ligature": ("the ligature folds to ff", ["\ufb00", "FF"]),
        "dotted-i": ("İ folds to i and a dot above", ["\u0130", "i\u0307"]),
        "micro": ("µ folds to the Greek mu", ["\u00b5", "\u03bc"]),
        "fold-then-nfc": ("equal only by NFC after folding", ["\u017f\u0323", "\u1e63"]),
        "file-folder": ("x is a file and a folder", ["x", "x/y"]),
        "folder-file": ("x is a folder and a file", ["x/y", "x"]),
        "file-folder-far": (
            "x is a file and a folder, x-y and x.z between",
            ["x", "x-y", "x.z", "x/y"],
        ),
        "file-folder-deep": ("a/b is a file and a folder", ["a/b", "c", "a/b/c/d"]),
        "file-folder-case": ("X is a file, x a folder", ["X", "x/y"]),
    }
    for name, (note, paths) in collisions.items():
        entries = [Entry(path, 3, seed=n) for n, path in enumerate(paths)]
        yield unopened(f"collision-{name}", note, entries)


def bad_entries() -> Iterator[Vector]:
    def entry(name: str, note: str, **fields) -> Vector:
        return unopened(name, note, [Entry("good", 3), replace(Entry("file", 3, seed=1), **fields)])

    yield entry("flag-4", "the unknown flag bit 2", flags=4)
    yield entry("flag-128", "the unknown flag bit 7", flags=128)
    yield entry("id-unannounced", "an id, though bit 1 is not set", announced=pattern(0, 1, 33))
    yield entry("before-1980", "modified a nanosecond before 1980", modified=YEAR_1980 - 1)
    yield entry("modified-0", "modified in 1970", modified=0)
    for size in (ENTRY_SIZE + 1, 2**64 - 1):
        note = f"a file of {size} bytes, of which no range comes"
        yield entry(f"size-{size}", note, size=size, ranges=[], unlike=ZEROS)


def bad_ranges() -> Iterator[Vector]:
    def ranges(name: str, note: str, size: int, *them: tuple[int, int], **steps) -> Vector:
        unlike = ZEROS if size > 4 * MIB else None
        entries = [Entry("file", size, list(them), unlike=unlike)]
        return unopened(f"ranges-{name}", note, entries, **steps)

    # Where a range would carry a megabyte, only the manifest comes: it is refused before the rest.
    brief = {"only_manifest": True}
    tail = (MIB, MIB + 9)
    yield ranges("start", "a range that starts at 1", 100, (1, 100))
    yield ranges("start-chunk", "a range that starts at 262,144", CHUNK + 9, (CHUNK, CHUNK + 9))
    yield ranges("end", "a range that ends before the file, at no multiple of 1 MiB", 100, (0, 99))
    yield ranges("beyond", "a range that ends a byte behind the file", 100, (0, 101))
    yield ranges("beyond-start", "a range that starts behind the file", 100, (MIB, MIB + 9))
    yield ranges("beyond-mib", "a range to 1 MiB of a file of 100 bytes", 100, (0, MIB), **brief)
    yield ranges("empty", "a range of no bytes at the start", 100, (0, 0))
    yield ranges("empty-of-empty", "a range of no bytes of an empty file", 0, (0, 0))
    yield ranges("backwards", "a range that ends before it starts", 2 * MIB, (MIB, 0))
    yield ranges("twice", "the same range twice", MIB + 9, tail, tail)
    both = [(0, MIB), tail]
    yield ranges("adjacent", "two ranges without a gap", MIB + 9, *both, **brief)
    yield ranges(
        "overlapping", "two overlapping ranges", 3 * MIB, (0, 2 * MIB), (MIB, 3 * MIB), **brief
    )
    yield ranges("within", "a range within another", 3 * MIB, (0, 3 * MIB), (MIB, 2 * MIB), **brief)
    far = (2 * MIB, 2 * MIB + 9)
    yield ranges("descending", "ranges in descending order", 2 * MIB + 9, far, (0, MIB), **brief)
    most = [(2 * n * MIB, (2 * n + 1) * MIB) for n in range(4097)]
    yield ranges("4097", "4097 ranges of a file", 2 * 4097 * MIB, *most, **brief)

"""Streams that a reader must open."""

from __future__ import annotations

import os
from collections.abc import Iterator

from maker.sealed import CHUNK, ENTRY_SIZE, MIB, YEAR_1980, Entry, Recipient, data_layout
from maker.vector import Reader, Vector, change, good, small_files, split_each


def vectors() -> Iterator[Vector]:
    yield from good_sizes()
    yield from good_ranges_and_flags()
    yield from good_names()
    yield from good_streams()


def good_sizes() -> Iterator[Vector]:
    yield good("empty-entry", "one empty file, so no data chunk", [Entry("empty")])
    yield good("one-byte", "one file of a byte", [Entry("byte", 1)])
    for size in (CHUNK - 1, CHUNK + 1):
        yield good(f"size-{size}", f"one file of {size} bytes", [Entry("file", size, seed=size)])
    between = [Entry("before", 5, seed=1), Entry("file", CHUNK, seed=2), Entry("after", 7, seed=3)]
    yield good(
        f"size-{CHUNK}",
        "a piece fills its chunk; the small files before and after it cannot share one",
        between,
    )
    for size in (MIB - 1, MIB, MIB + 1):
        yield good(f"size-{size}", f"one file of {size} bytes", [Entry("file", size, seed=size)])
    mixed = [Entry(f"mixed/{n:03}", 5000 * n**16 // 99**16, seed=n) for n in range(100)]
    assert len(data_layout(mixed)) == 1
    yield good("hundred-in-a-chunk", "100 files of 0 to 5000 bytes in one data chunk", mixed)
    equal = [Entry(f"equal/{n}", 4096, seed=n) for n in range(65)]
    assert [len(chunk) for chunk in data_layout(equal)] == [64, 1]
    yield good("files-of-4096", "64 files of 4 KiB fill a chunk; the 65th is in the next", equal)
    tail = [Entry("large", 300_000, seed=1)]
    tail += [Entry(f"small/{n}", 100 * n, seed=n) for n in range(5)]
    assert [len(chunk) for chunk in data_layout(tail)] == [1, 5]
    yield good("shared-tail", "the tail of a file shares its chunk with small files", tail)


def good_ranges_and_flags() -> Iterator[Vector]:
    size = 3 * MIB + 5
    parts = [(0, MIB), (3 * MIB, size)]
    yield good(
        "two-ranges",
        "two ranges of a file of 3 MiB + 5, its id known; a small file shares the tail's chunk",
        [Entry("resumed", size, parts, known=True, seed=4), Entry("small", 9, seed=5)],
    )
    yield good(
        "last-range",
        "only the last bytes of a file, its id unknown",
        [Entry("resumed", size, parts[1:], seed=4)],
    )
    yield good(
        "only-id",
        "a file of which the stream carries no range, only the id",
        [Entry("here-already", 1000, []), Entry("and-this", size, [], known=True)],
    )
    known = [Entry("known", 300, known=True), Entry("known-empty", known=True)]
    yield good("id-known", "ids known beforehand, and right", known)
    flags = [Entry("run", 20, program=True), Entry("run-known", 20, program=True, known=True)]
    yield good("program", "the program flag, alone and with a known id", flags)


def good_names() -> Iterator[Vector]:
    nested = ["a/b/c/d/e", "a/b/c/f", "a/b/g", "a/h", "i"]
    yield good("names-nested", "folders in folders", [Entry(path, 3) for path in nested])
    unicode_names = [
        "Grüße/日本語/한글.txt",
        "Ελλάς/κόσμος",
        "क\u093c",
        "عربى",
        "😀",
        "I",
        "ı",
        "\u00b5/micro",
    ]
    yield good(
        "names-unicode",
        "names in NFC; I and dotless ı do not fold to each other",
        [Entry(path, 3) for path in unicode_names],
    )
    yield good(
        "names-nearly",
        "names that only resemble those refused",
        [Entry(path, 3) for path in nearly_refused()],
    )
    yield good("names-longest", "a path, depth and component as long as may be", longest_names())


def nearly_refused() -> list[str]:
    alone = ["...a", ".CON", "CONSOLE", "COM", "COM10", "COMA", "COM1a.txt", "LPT", "xCON"]
    alone += [".waxwing", "a.waxwing-x", "con-1", "CONIN", "NULL.txt", "a b", "~", "*?<>|\"'"]
    siblings = ["x/z", "x-y", "x.y", "xx", "y/x", "ẞ-", "s-"]
    return alone + siblings


def longest_names() -> list[Entry]:
    deep = [b"d"] * 64
    long = [b"l" * 255] * 3 + [b"l" * 254] + [b"l"]
    assert len(b"/".join(long)) == 1024
    return [Entry(deep, 3), Entry(long, 3), Entry([("ü" * 127 + "u").encode()], 3)]


def good_streams() -> Iterator[Vector]:
    yield good("segments", "a segment for each chunk", small_files(), split=split_each)
    yield good(
        "sender-4096",
        "the sender's key has 4096 bits",
        small_files(),
        Reader(sender="large"),
        sender="large",
    )
    yield good(
        "receiver-4096",
        "the receiver's sealing key has 4096 bits",
        small_files(),
        Reader(receiver=("bob-signing", "large")),
        recipients=[Recipient("bob-signing", "large", 1)],
    )
    many = [Entry(f"entry-{n:05}") for n in range(4097)]
    assert len(b"".join(entry.encoded() for entry in many)) > CHUNK < len(many) * 64
    yield good("many-entries", "4097 empty files: two manifest chunks and two id chunks", many)
    yield good(
        "counter-wraps",
        "the nonce is all ones, so that the counter goes on at zero",
        small_files(),
        secret=os.urandom(32) + b"\xff" * 16 + os.urandom(32),
    )
    yield good(
        "counter-carries",
        "the lower half of the nonce is all ones, so that the counter carries into the upper",
        small_files(),
        secret=os.urandom(40) + b"\xff" * 8 + os.urandom(32),
    )
    huge = Entry("huge", ENTRY_SIZE, [], unlike=bytes(range(32)))
    times = [Entry("oldest", 3, modified=YEAR_1980), Entry("newest", 3, modified=2**64 - 1)]
    yield good(
        "extremes",
        "the highest epoch, created, modified and size, the lowest modified",
        [huge, *times],
        Reader(epoch=2**32 - 1),
        recipients=[Recipient("bob-signing", "bob-sealing", 2**32 - 1)],
        inner=change(created=2**64 - 1),
    )

"""A vector (protocol.md, section 8), and hooks that plant faults."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from blake3 import blake3

from maker.sealed import (
    CONTEXT,
    Chunk,
    Entry,
    Fields,
    Item,
    Raw,
    Sign,
    Stream,
    keep,
    keyed_blake3,
    pss,
    u32,
)

# --- Section 8: vectors --------------------------------------------------------------------------


@dataclass
class Reader:
    sender: str = "alice-signing"
    receiver: tuple[str, str] = ("bob-signing", "bob-sealing")
    epoch: int = 1
    context: bytes = CONTEXT


@dataclass
class Vector:
    name: str
    expect: str
    note: str
    stream: Stream
    reader: Reader

    def encoded(self) -> bytes:
        lines = [
            ("expect", self.expect),
            ("note", self.note),
            ("sender", self.reader.sender),
            ("receiver", " ".join(self.reader.receiver)),
            ("epoch", str(self.reader.epoch)),
            ("context", self.reader.context.hex()),
        ]
        if self.expect == "opened":
            lines += [("content", content_line(entry)) for entry in self.stream.entries]
        text = "".join(f"{name}: {value}\n" for name, value in lines)
        return text.encode() + b"---\n" + self.stream.data()


def content_line(entry: Entry) -> str:
    came = b"".join(entry.bytes_between(start, end) for start, end in entry.carried())
    path = b"/".join(entry.components()).decode()
    return f"{path} {entry.size} {blake3(came).hexdigest()}"


def good(name: str, note: str, entries: list[Entry], reader: Reader | None = None, **steps):
    return Vector(name, "opened", note, Stream(entries, **steps), reader or Reader())


def bad(
    name: str,
    expect: str,
    note: str,
    entries: list[Entry] | None = None,
    reader: Reader | None = None,
    **steps,
) -> Vector:
    """A vector with a fault; mostly in three small files, with a segment for each chunk."""
    steps.setdefault("split", split_each)
    stream = Stream(small_files() if entries is None else entries, **steps)
    return Vector(name, expect, note, stream, reader or Reader())


def bad_early(name: str, expect: str, note: str, entries: list[Entry] | None = None, **steps):
    """The same with a fault that shows before the data: one small file, two segments."""
    steps.setdefault("split", keep)
    return bad(name, expect, note, one_file() if entries is None else entries, **steps)


def small_files() -> list[Entry]:
    return [Entry("letters/one", 64, seed=1), Entry("two", 10, seed=2), Entry("three", 7, seed=3)]


def one_file() -> list[Entry]:
    """Its data chunk and its id chunk are of the same length."""
    return [Entry("one", 64, seed=1)]


def split_each(_stream: Stream, counts: list[int]) -> list[int]:
    """Each chunk behind the manifest is a segment of its own."""
    return counts[:1] + [1] * counts[1]


# --- Hooks that plant faults ---------------------------------------------------------------------


def change(**fields):
    """Other values of some fields, of the header's inner or of all records."""
    return lambda _stream, honest: honest | fields


def record_at(at: int, /, **fields):
    """Other values of fields of one record; a function gets the stream and the honest value."""

    def hook(stream: Stream, honest: Fields) -> Fields:
        if honest["segment"] != at:
            return honest
        made = {
            name: value(stream, honest[name]) if callable(value) else value
            for name, value in fields.items()
        }
        return honest | made

    return hook


def body_at(segment: int, fault: Callable[[bytes], bytes]):
    return lambda at, body: fault(body) if at == segment else body


def signing_at(segment: int, fault: Sign):
    """Another way to sign the record of one segment."""
    return lambda at, *rest: fault(*rest) if at == segment else pss(*rest)


def chunk_at(index: int, fault: Callable[[Stream, Chunk], Chunk]):
    return lambda stream, chunk: fault(stream, chunk) if chunk.index == index else chunk


def flipped(data: bytes, at: int = 0) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def retagged(stream: Stream, index: int, length: int, ciphertext: bytes) -> Chunk:
    """A chunk with a valid tag, whatever it says."""
    said = ciphertext + u32(index) + u32(length)
    return Chunk(index, length, keyed_blake3(stream.tag_key(), said), ciphertext)


def resealed(length_change: int):
    """A chunk of another length with a valid tag."""

    def fault(stream: Stream, chunk: Chunk) -> Chunk:
        length = chunk.length + length_change
        ciphertext = (chunk.ciphertext + os.urandom(max(0, length_change)))[:length]
        return retagged(stream, chunk.index, length, ciphertext)

    return fault


def order(*numbers: int):
    """The items at these numbers, in this order; the others are gone."""
    return lambda _stream, items: [items[number] for number in numbers]


def insert(at: int, make: Callable[[Stream], Item]):
    return lambda stream, items: items[:at] + [make(stream)] + items[at:]


def end_within(number: int, length: int):
    """Of item `number` the first bytes (or all but the last -length), and nothing behind it."""

    def hook(_stream: Stream, items: list[Item]) -> list[Item]:
        return items[:number] + [Raw(items[number].encoded()[:length])]

    return hook


def appended(data: bytes):
    return lambda _stream, out: out + data

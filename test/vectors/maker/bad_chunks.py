"""Faults of single chunks, of their order and of their tags."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import replace

from blake3 import blake3

from maker.sealed import CHUNK, Item, Stream, honest_tag, keep, keyed_blake3, keystream_xor, u32
from maker.vector import (
    Vector,
    bad,
    chunk_at,
    flipped,
    insert,
    one_file,
    order,
    resealed,
    retagged,
    small_files,
    split_each,
)


def vectors() -> Iterator[Vector]:
    yield from bad_chunk_shape()
    yield from bad_chunk_order()
    yield from bad_tags()


def bad_chunk_shape() -> Iterator[Vector]:
    def shape(name: str, note: str, fault, index: int = 1, **steps) -> Vector:
        return bad(f"chunk-{name}", "chunk-shape", note, chunk=chunk_at(index, fault), **steps)

    for index, kind in enumerate(("manifest", "data", "id")):
        yield shape(f"{kind}-less", f"a byte less in the {kind} chunk", resealed(-1), index)
        yield shape(f"{kind}-more", f"a byte more in the {kind} chunk", resealed(1), index)
    yield shape("empty", "a data chunk of no bytes", lambda s, c: retagged(s, c.index, 0, b""))
    yield shape("full", "a chunk of 262,144 bytes, none of which comes", said_length(CHUNK))
    yield shape("above", "a chunk of 262,145 bytes, none of which comes", said_length(CHUNK + 1))
    yield shape("4-gib", "a chunk of 4 GiB, none of which comes", said_length(2**32 - 1))
    yield shape(
        "length-and-tag",
        "a byte less in a chunk, and its tag is wrong: the length comes first",
        lambda s, c: replace(c, length=c.length - 1, ciphertext=c.ciphertext[:-1]),
    )
    for index in (0, 2, 257, 512, 2**32 - 1):
        yield shape(
            f"index-{index}",
            f"the data chunk, which is number 1, as number {index} with a valid tag",
            lambda s, c, index=index: retagged(s, index, c.length, c.ciphertext),
        )
    yield shape(
        "first-index-1",
        "the manifest chunk as number 1 with a valid tag",
        lambda s, c: retagged(s, 1, c.length, c.ciphertext),
        index=0,
    )


def said_length(length: int):
    """Says a length and carries nothing; the stream ends there as far as such a reader can see."""
    return lambda stream, chunk: retagged(stream, chunk.index, length, b"")


def bad_chunk_order() -> Iterator[Vector]:
    """Items of the usual stream: 0 manifest, 1 its record, 2 data, 3 its record, 4 ids, 5 final."""

    def wrong(name: str, note: str, items, **steps) -> Vector:
        return bad(f"chunk-{name}", "chunk-shape", note, items=items, **steps)

    yield wrong("manifest-twice", "the manifest chunk twice", order(0, 0, 1, 2, 3, 4, 5))
    yield wrong("data-twice", "the data chunk twice", order(0, 1, 2, 2, 3, 4, 5))
    yield wrong("data-again", "the data chunk again behind its record", order(0, 1, 2, 3, 2, 4, 5))
    yield wrong("id-twice", "the id chunk twice", order(0, 1, 2, 3, 4, 4, 5))
    yield wrong("manifest-again", "the manifest chunk again as data", order(0, 1, 0, 2, 3, 4, 5))
    yield wrong("data-missing", "no data chunk", order(0, 1, 4, 5))
    yield wrong("data-first", "the data chunk is the first item", order(2, 0, 1, 3, 4, 5))
    yield wrong(
        "data-before-record",
        "the data chunk before the record of the manifest's segment",
        order(0, 2, 1, 3, 4, 5),
    )
    yield wrong(
        "swapped",
        "the data chunk and the id chunk, of one segment, in the other order",
        order(0, 1, 3, 2, 4),
        split=keep,
    )
    yield wrong(
        "one-more",
        "a chunk behind the last one, before the final record",
        insert(5, lambda stream: stream.sealed(3, b"more")),
    )


def bad_tags() -> Iterator[Vector]:
    def tag(name: str, note: str, **steps) -> Vector:
        return bad(f"tag-{name}", "tag", note, **steps)

    def made(name: str, note: str, make, index: int = 1) -> Vector:
        def honest_elsewhere(stream: Stream, at: int, ciphertext: bytes) -> bytes:
            return (make if at == index else honest_tag)(stream, at, ciphertext)

        return tag(name, note, tag=honest_elsewhere)

    def fault(name: str, note: str, change, index: int) -> Vector:
        return tag(name, note, chunk=chunk_at(index, change))

    for index, kind in enumerate(("manifest", "data", "id")):
        yield fault(
            f"{kind}-flipped",
            f"a bit of the {kind} chunk's tag changed",
            lambda _, c: replace(c, tag=flipped(c.tag, 31)),
            index,
        )
        yield fault(
            f"{kind}-ciphertext",
            f"a bit of the {kind} chunk's ciphertext changed",
            lambda _, c: replace(c, ciphertext=flipped(c.ciphertext, c.length - 1)),
            index,
        )
    yield made(
        "other-key",
        "tagged with another key",
        lambda s, i, c: keyed_blake3(bytes(32), c + u32(i) + u32(len(c))),
    )
    yield made(
        "unkeyed",
        "tagged without a key",
        lambda s, i, c: blake3(c + u32(i) + u32(len(c))).digest(),
    )
    yield made(
        "no-index",
        "the tag leaves out the index",
        lambda s, i, c: keyed_blake3(s.tag_key(), c + u32(len(c))),
    )
    yield made(
        "no-length",
        "the tag leaves out the length",
        lambda s, i, c: keyed_blake3(s.tag_key(), c + u32(i)),
    )
    yield made(
        "before",
        "the tag has index and length before the ciphertext",
        lambda s, i, c: keyed_blake3(s.tag_key(), u32(i) + u32(len(c)) + c),
    )
    yield made(
        "little-endian",
        "the tag has index and length little-endian",
        lambda s, i, c: keyed_blake3(s.tag_key(), c + struct.pack("<II", i, len(c))),
    )
    yield made(
        "of-plaintext",
        "the tag covers the plaintext",
        lambda s, i, c: keyed_blake3(
            s.tag_key(),
            keystream_xor(s.secret[:32], s.secret[32:48], s.position(i), c) + u32(i) + u32(len(c)),
        ),
    )
    other = Stream(small_files(), split=split_each).built()
    yield fault(
        "of-another",
        "the data chunk of another stream from the same sender to the same receiver",
        lambda _, c: other.made_chunks[1],
        1,
    )
    yield tag(
        "exchanged",
        "the data chunk carries the ciphertext and tag of the id chunk, which is as long",
        entries=one_file(),
        items=exchanged,
    )


def exchanged(_stream: Stream, items: list[Item]) -> list[Item]:
    items[2] = replace(items[4], index=items[2].index)
    return items

"""Faults of the ids, and streams that end early or late."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from maker.sealed import CHUNK, MIB, Entry, Raw, honest_node, honest_root, label, pattern, u8, u32
from maker.vector import Vector, appended, bad, end_within, flipped, insert, order, record_at


def vectors() -> Iterator[Vector]:
    yield from bad_ids()
    yield from bad_ends()


def bad_ids() -> Iterator[Vector]:
    def ids(name: str, note: str, entries: list[Entry] | None = None, **steps) -> Vector:
        return bad(f"ids-{name}", "ids", note, entries, **steps)

    def leaf(name: str, note: str, make) -> Vector:
        return ids(name, note, leaf=lambda *of: hashlib.sha256(make(*of)).digest())

    def salted(fault):
        return lambda _stream, them: fault(them)

    wrong = pattern(0, 1, 33)
    yield ids("root", "another root", record=record_at(2, root=lambda _, root: flipped(root)))
    yield ids("content", "an id that is not the content's", ids=salted(with_id(1, wrong)))
    yield ids(
        "content-of-empty",
        "an id that is not that of no bytes, for an empty file",
        [Entry("empty", unlike=wrong)],
    )
    yield ids(
        "known",
        "the id in the manifest is not that of the content, nor that in the id chunk",
        [Entry("file", 10, known=True, announced=wrong)],
    )
    yield ids(
        "known-both",
        "the id in the manifest and the id chunk is not that of the content",
        [Entry("file", 10, known=True, unlike=wrong)],
    )
    yield ids(
        "known-unsent",
        "the id in the manifest is not that in the id chunk; no range comes",
        [Entry("file", 10, [], known=True, announced=wrong)],
    )
    yield ids(
        "known-part",
        "the id in the manifest is not that in the id chunk; a part of the file comes",
        [Entry("file", MIB + 9, [(MIB, MIB + 9)], known=True, announced=wrong)],
    )
    yield ids("swapped", "the ids of two entries exchanged", ids=salted(swapped_ids))
    yield ids(
        "swapped-whole",
        "salt and id of two entries exchanged behind the root",
        told_ids=salted(lambda them: [them[1], them[0], them[2]]),
    )
    yield ids(
        "salt",
        "a bit of a salt changed behind the root",
        told_ids=salted(lambda them: [(flipped(them[0][0]), them[0][1]), *them[1:]]),
    )
    yield ids(
        "unsent-id",
        "a bit of the id of an unsent content changed behind the root",
        [Entry("file", 10, [])],
        told_ids=salted(lambda them: [(them[0][0], flipped(them[0][1]))]),
    )
    yield ids(
        "salts-swapped",
        "the salts of two entries exchanged behind the root",
        told_ids=salted(swapped_salts),
    )
    yield ids(
        "id-before-salt",
        "the ids before the salts in the id chunk",
        told_ids=salted(lambda them: [(of, salt) for salt, of in them]),
    )
    yield ids(
        "data-garbled",
        "the data chunk encrypted right behind the manifest, not at its own place",
        position=lambda index: (0, 16, 2 * CHUNK)[index],
    )
    own = label("entry id")
    yield leaf(
        "leaf-no-ranges",
        "a leaf without the entry's ranges",
        lambda n, e, s, i: b"\0" + own + s + u32(n) + e.encoded(with_ranges=False) + i,
    )
    yield leaf(
        "leaf-no-label",
        "a leaf without its label",
        lambda n, e, s, i: b"\0" + s + u32(n) + e.encoded() + i,
    )
    yield leaf(
        "leaf-no-zero",
        "a leaf without its first byte",
        lambda n, e, s, i: own + s + u32(n) + e.encoded() + i,
    )
    yield leaf(
        "leaf-no-number",
        "a leaf without the entry's number",
        lambda n, e, s, i: b"\0" + own + s + e.encoded() + i,
    )
    yield leaf(
        "leaf-number",
        "leaves numbered from 1",
        lambda n, e, s, i: b"\0" + own + s + u32(n + 1) + e.encoded() + i,
    )
    yield ids(
        "node-no-one",
        "a node without its first byte",
        merge=lambda leaves: honest_root(
            leaves, lambda left, right: hashlib.sha256(left + right).digest()
        ),
    )
    yield ids(
        "node-doubled",
        "an odd node merged with itself",
        merge=lambda leaves: honest_root([*leaves, leaves[-1]]),
    )
    yield ids(
        "node-left-heavy",
        "leaves merged one after the other from the right",
        merge=lambda leaves: honest_node(leaves[0], honest_node(leaves[1], leaves[2])),
    )


def with_id(number: int, other: bytes):
    def fault(them: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        return [(salt, other if n == number else of) for n, (salt, of) in enumerate(them)]

    return fault


def swapped_ids(them: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [(them[0][0], them[2][1]), them[1], (them[2][0], them[0][1])]


def swapped_salts(them: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [(them[2][0], them[0][1]), them[1], (them[0][0], them[2][1])]


def bad_ends() -> Iterator[Vector]:
    """Items of the usual stream: 0 manifest, 1 its record, 2 data, 3 its record, 4 ids, 5 final."""

    def ends(name: str, note: str, **steps) -> Vector:
        return bad(f"cut-{name}", "cut", note, **steps)

    for length in (0, 4, 500):
        note = f"only the first {length} bytes"
        yield ends(f"bytes-{length}", note, out=lambda _, out, length=length: out[:length])
    yield ends("header", "nothing behind the header", items=order())
    yield ends("manifest", "nothing behind the manifest chunk", items=order(0))
    yield ends("segment-0", "nothing behind the record of segment 0", items=order(0, 1))
    yield ends("data", "nothing behind the data chunk", items=order(0, 1, 2))
    yield ends("segment-1", "nothing behind the record of segment 1", items=order(0, 1, 2, 3))
    yield ends("final", "no final record", items=order(0, 1, 2, 3, 4))
    yield ends("in-chunk", "the data chunk ends in its ciphertext", items=end_within(2, -1))
    yield ends("in-chunk-head", "the data chunk ends in its tag", items=end_within(2, 20))
    yield ends("in-item", "nothing behind the byte that announces a chunk", items=end_within(2, 1))
    yield ends("in-body", "the final record ends in its body", items=end_within(5, 50))
    yield ends("in-signature", "the final record lacks its last byte", items=end_within(5, -1))

    def left(name: str, note: str, **steps) -> Vector:
        return bad(f"left-over-{name}", "left-over", note, **steps)

    yield left("byte", "a zero byte behind the final record", out=appended(b"\0"))
    yield left("final", "the final record twice", items=order(0, 1, 2, 3, 4, 5, 5))
    yield left("chunk", "the data chunk behind the final record", items=order(0, 1, 2, 3, 4, 5, 2))
    yield left("stream", "another stream behind this one", out=lambda _, out: out + out)
    for item in (0, 4, 255):
        yield left(
            f"item-{item}",
            f"an item of kind {item} between the segments",
            items=insert(2, lambda _, item=item: Raw(u8(item))),
        )
    yield left("item-first", "an item 0 behind the header", items=insert(0, lambda _: Raw(b"\0")))
    yield left(
        "item-in-segment",
        "an item of kind 4 between a chunk and its record",
        items=insert(3, lambda _: Raw(b"\4")),
    )

"""Faults of records, their signatures, their chain and their segments."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace

from maker.bad_header import by_mallory, wrong_signatures
from maker.sealed import (
    FINAL,
    FINAL_ITEM,
    SEGMENT,
    SEGMENT_ITEM,
    ZEROS,
    Entry,
    Raw,
    Sign,
    Stream,
    block,
    hashed,
    keep,
    label,
    pss,
    u8,
    u32,
)
from maker.vector import (
    Vector,
    bad,
    body_at,
    flipped,
    order,
    record_at,
    signing_at,
    small_files,
    split_each,
)


def vectors() -> Iterator[Vector]:
    yield from bad_record_shape()
    yield from bad_record_signature()
    yield from bad_record_chain()
    yield from bad_segments()


def bad_record_shape() -> Iterator[Vector]:
    def shape(name: str, note: str, **steps) -> Vector:
        return bad(f"record-{name}", "record-shape", note, **steps)

    yield shape("body-more", "a byte more in a body", body=body_at(1, lambda b: b + b"\0"))
    yield shape("body-less", "a byte less in a body", body=body_at(1, lambda b: b[:-1]))
    yield shape("body-empty", "a body of no bytes", body=body_at(1, lambda b: b""))
    yield shape(
        "body-4-gib",
        "a body of 4 GiB, of which little comes",
        items=lambda _, items: items[:3] + [Raw(b"\2" + u32(2**32 - 1) + bytes(99))],
    )
    yield shape(
        "signature-4-gib",
        "a signature of 4 GiB, of which little comes",
        items=lambda _, items: (
            items[:3] + [Raw(b"\2" + block(items[3].body) + u32(2**32 - 1) + bytes(99))]
        ),
    )
    for length in (0, 383, 385):
        yield shape(
            f"signature-{length}",
            f"a signature of {length} bytes",
            sign_record=signing_at(1, lambda *of, length=length: (pss(*of) * 2)[:length]),
        )
    yield shape(
        "with-root",
        "a segment record with a root",
        record=record_at(1, root=lambda stream, _: stream.made_root),
    )
    yield shape("final-no-root", "a final record without a root", record=record_at(2, root=None))
    for kind in (0, 3):
        yield shape(
            f"kind-{kind}",
            f"a segment record of kind {kind}",
            body=body_at(1, lambda b, kind=kind: u8(kind) + b[1:]),
        )
    for kind in (0, 1):
        yield shape(
            f"final-kind-{kind}",
            f"a final record, signed as one, of kind {kind}",
            body=body_at(2, lambda b, kind=kind: u8(kind) + b[1:]),
        )
    yield shape(
        "item-2-final",
        "the final record as an item of kind 2",
        items=lambda _, items: items[:5] + [replace(items[5], item=SEGMENT_ITEM)],
    )
    yield shape(
        "item-3-segment",
        "a segment record as an item of kind 3",
        items=lambda _, items: items[:3] + [replace(items[3], item=FINAL_ITEM)] + items[4:],
    )
    for count in (0, 257):
        yield shape(
            f"count-{count}", f"{count} chunks in a record", record=record_at(1, count=count)
        )


def bad_record_signature() -> Iterator[Vector]:
    def signed(name: str, note: str, segment: int, sign: Sign) -> Vector:
        steps = {"sign_record": signing_at(segment, sign)}
        return bad(f"record-signature-{name}", "record-signature", note, **steps)

    for name, note, sign in wrong_signatures("segment record"):
        if name in ("salt-0", "salt-31", "salt-350", "pkcs1", "sha512", "no-label", "other-label"):
            yield signed(name, f"segment 1: {note}", 1, sign)
    for segment in (0, 1, 2):
        note = f"the record of segment {segment} signed by mallory"
        yield signed(f"by-mallory-{segment}", note, segment, by_mallory)
    yield signed(
        "final-as-segment",
        "the final record signed as a segment record",
        2,
        lambda n, l, m: pss(n, label("segment record"), m),
    )
    yield signed("512", "zeros, as long as a signature of a larger key", 1, lambda *_: bytes(512))
    yield signed(
        "of-block", "the body signed with its length", 1, lambda n, l, m: pss(n, l, block(m))
    )
    yield bad(
        "record-signature-body",
        "record-signature",
        "a bit of the body changed after signing",
        items=lambda _, items: (
            items[:3] + [replace(items[3], body=flipped(items[3].body, 40))] + items[4:]
        ),
    )
    yield bad(
        "record-signature-sealing-key",
        "record-signature",
        "a record signed by alice's sealing key",
        sign_record=signing_at(1, lambda _n, l, m: pss("alice-sealing", l, m)),
    )


def bad_record_chain() -> Iterator[Vector]:
    def chain(name: str, note: str, at: int = 1, /, **fields) -> Vector:
        return bad(f"chain-{name}", "record-chain", note, record=record_at(at, **fields))

    def moved(by: int):
        return lambda _stream, number: number + by

    other = Stream(small_files(), split=split_each).built()
    for segment in (0, 1, 2):
        note = f"segment {segment}: the header hash of another stream"
        yield chain(f"header-{segment}", note, segment, header_hash=other.header_hash)
    yield chain("previous-first", "a predecessor of the first record", 0, previous=b"\1" * 32)
    yield chain("previous-zero", "no predecessor in the second record", previous=ZEROS)
    yield chain(
        "previous-skips",
        "the third record's predecessor is the first",
        2,
        previous=lambda stream, _: hashed("record hash", stream.records[0].body),
    )
    yield chain(
        "previous-bare",
        "the predecessor hashed without its label",
        previous=lambda stream, _: hashlib.sha256(stream.records[0].body).digest(),
    )
    yield chain("number-first", "the first segment has number 1", 0, segment=1)
    yield chain("number-repeats", "segment 0 twice", segment=0)
    yield chain("number-skips", "segment 2 behind segment 0", segment=2)
    yield chain("number-final", "the final segment skips a number", 2, segment=3)
    yield chain("first-less", "the first chunk is one less", first=moved(-1))
    yield chain("first-more", "the first chunk is one more", first=moved(1))
    yield chain("first-segment", "the first chunk of segment 0 is 1", 0, first=1)
    for segment in (0, 1, 2):
        yield chain(f"count-more-{segment}", f"segment {segment}: a chunk more", segment, count=2)
    yield bad(
        "chain-count-less",
        "record-chain",
        "a chunk less in a segment of two",
        split=keep,
        record=record_at(1, count=1),
    )
    yield chain("count-256", "256 chunks in a segment of one", count=256)
    yield chain("tags", "a bit of the hash of the tags changed", tags=lambda _, tags: flipped(tags))
    yield chain(
        "tags-bare",
        "the tags hashed without their label",
        tags=lambda stream, _: hashlib.sha256(stream.made_chunks[1].tag).digest(),
    )
    yield chain(
        "tags-of-all",
        "the tags hashed from the first chunk on",
        tags=lambda stream, _: stream.tags_hash(0, 2),
    )
    yield bad(
        "chain-tags-order",
        "record-chain",
        "the tags hashed in the other order",
        split=keep,
        record=record_at(
            1,
            tags=lambda stream, _: hashed(
                "chunk tags", stream.made_chunks[2].tag, stream.made_chunks[1].tag
            ),
        ),
    )


def bad_segments() -> Iterator[Vector]:
    """Items of the usual stream: 0 manifest, 1 its record, 2 data, 3 its record, 4 ids, 5 final."""

    def chain(name: str, note: str, **steps) -> Vector:
        return bad(f"segments-{name}", "record-chain", note, **steps)

    other = Stream(small_files(), split=split_each).built()
    for segment, at in ((0, 1), (1, 3), (2, 5)):
        yield chain(
            f"of-another-{segment}",
            f"the record of segment {segment} of another stream of the same pair",
            items=lambda _, items, at=at, segment=segment: (
                items[:at] + [other.records[segment]] + items[at + 1 :]
            ),
        )
    yield chain("repeated-first", "the record of segment 0 twice", items=order(0, 1, 1, 2, 3, 4, 5))
    yield chain("repeated", "the record of segment 1 twice", items=order(0, 1, 2, 3, 3, 4, 5))
    yield chain("missing", "no record of segment 1", items=order(0, 1, 2, 4, 5))
    yield chain("only-final", "the final record instead of segment 1's", items=order(0, 1, 2, 5))
    yield chain("first-is-record", "a record before any chunk", items=order(1, 0, 2, 3, 4, 5))
    yield chain(
        "record-late",
        "the record of segment 1, which is a single chunk, behind the chunk of segment 2",
        items=order(0, 1, 2, 4, 3, 5),
    )
    final = record_at(1, kind=FINAL, root=lambda stream, _: stream.made_root)
    yield chain(
        "final-early", "a final record before the last chunk, and more behind it", record=final
    )
    yield chain(
        "final-early-end",
        "a final record before the last chunk, and nothing behind it",
        record=final,
        items=order(0, 1, 2, 3),
    )
    yield chain(
        "final-first",
        "a final record behind the manifest, and nothing behind it",
        record=record_at(0, kind=FINAL, root=lambda stream, _: stream.made_root),
        items=order(0, 1),
    )
    yield chain(
        "no-final",
        "a segment record at the last chunk instead of the final one, and the end",
        record=record_at(2, kind=SEGMENT, root=None),
    )
    yield chain(
        "manifest-split",
        "a record behind the first of two manifest chunks, and nothing behind it",
        entries=[Entry([b"l" * 255] * 3 + [b"%0254d" % n]) for n in range(245)],
        split=lambda _, counts: [1, 1, counts[1]],
        items=order(0, 1),
    )
    yield bad(
        "segments-manifest-and-data",
        "chunk-shape",
        "segment 0 is the manifest and the data chunk",
        split=lambda _, counts: [2, 1],
    )

"""File receipts and deliveries (protocol.md, section 5), and their faults."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from maker.sealed import (
    BODY_FIELDS,
    CREATED,
    INNER_FIELDS,
    MIB,
    SHA256,
    Entry,
    Fields,
    Recipient,
    Sign,
    Stream,
    block,
    encode,
    fingerprint,
    hashed,
    key,
    label,
    pss,
    pss_as,
    spki_of,
    u8,
    u16,
    u32,
    u64,
)
from maker.vector import body_at, change, flipped, one_file, record_at, small_files, split_each

LANDED_AT = CREATED + 60


@dataclass
class Kept:
    """A vector: lines of text, and what is kept of a stream."""

    name: str
    lines: list[tuple[str, str]]
    data: bytes

    def encoded(self) -> bytes:
        text = "".join(f"{name}: {value}\n" for name, value in self.lines)
        return text.encode() + b"---\n" + self.data


def good() -> Iterator[Kept]:
    yield from good_receipts()
    yield from good_deliveries()


def bad() -> Iterator[Kept]:
    yield from bad_layout()
    yield from bad_keys()
    yield from bad_headers()
    yield from bad_records()
    yield from bad_entries()
    yield from bad_paths()
    yield from bad_delivery_bytes()
    yield from bad_delivery_statements()


# --- Section 5.1: file receipts ------------------------------------------------------------------


@dataclass
class Receipt:
    spki: bytes
    inner: bytes
    wraps_hash: bytes
    header_signature: bytes
    body: bytes
    record_signature: bytes
    number: int
    entry: bytes
    salt: bytes
    id: bytes
    path: list[bytes]
    version: int = 1
    nodes: int | None = None  # a fault: another number of nodes than there are

    def encoded(self) -> bytes:
        parts = [u16(self.version), block(self.spki), block(self.inner), self.wraps_hash]
        parts += [block(self.header_signature), block(self.body), block(self.record_signature)]
        parts += [u32(self.number), block(self.entry), self.salt, self.id]
        parts += [u8(len(self.path) if self.nodes is None else self.nodes), *self.path]
        return b"".join(parts)


def receipt_of(stream: Stream, number: int) -> Receipt:
    """The receipt of an entry of a stream that is made already."""
    salt, content_id = stream.made_ids[number]
    record = stream.records[-1]
    return Receipt(
        spki=spki_of(key(stream.sender)),
        inner=encode(INNER_FIELDS, stream.fields),
        wraps_hash=hashed("stream wraps", *map(block, stream.made_wraps)),
        header_signature=stream.signature,
        body=record.body,
        record_signature=record.signature,
        number=number,
        entry=stream.entries[number].encoded(),
        salt=salt,
        id=content_id,
        path=siblings(stream.made_leaves, number),
    )


def siblings(nodes: list[bytes], place: int) -> list[bytes]:
    path = []
    while len(nodes) > 1:
        path += nodes[place ^ 1 : (place ^ 1) + 1]
        pairs = [nodes[at : at + 2] for at in range(0, len(nodes), 2)]
        nodes = [node(*pair) if len(pair) == 2 else pair[0] for pair in pairs]
        place //= 2
    return path


def node(left: bytes, right: bytes) -> bytes:
    return hashed_plainly(b"\1" + left + right)


def hashed_plainly(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def good_receipt(name: str, note: str, stream: Stream, number: int) -> Kept:
    entry = stream.entries[number]
    lines = [
        ("kind", "receipt"),
        ("expect", "verified"),
        ("note", note),
        ("sender", stream.sender),
        ("recipient", stream.recipients[0].signing),
        ("created", str(stream.fields["created"])),
        ("content", f"{entry.path} {entry.size} {entry.id().hex()}"),
    ]
    return Kept(f"receipt-{name}", lines, receipt_of(stream, number).encoded())


def good_receipts() -> Iterator[Kept]:
    yield good_receipt("one", "of the only entry, so without a path", of(one_file()), 0)
    yield good_receipt("empty", "of an empty file", of([Entry("empty")]), 0)
    three = of(small_files())
    yield good_receipt("first", "of the first of three entries", three, 0)
    yield good_receipt("odd", "of the last of three, which has no sibling at first", three, 2)
    five = of(five_files(), split=split_each)
    yield good_receipt("middle", "of an entry in the middle of five", five, 2)
    yield good_receipt("odd-twice", "of the last of five, alone on two levels", five, 4)
    many = of([Entry(f"list/{n}") for n in range(100_000)])
    for name, number in (("first", 0), ("middle", 65_535), ("last", 99_999)):
        note = f"of entry {number} of as many as a manifest may have"
        yield good_receipt(f"many-{name}", note, many, number)
    known = Entry("known", 300, known=True, program=True, seed=6)
    yield good_receipt("known", "of a program whose id the manifest has", of([known]), 0)
    size = 127 * MIB + 5
    parts = [(n * MIB, (n + 1) * MIB) for n in range(0, 16, 2)] + [(127 * MIB, size)]
    resumed = of([Entry("resumed", size, parts, seed=4), Entry("and", 1)])
    yield good_receipt("ranges", "of a file of which nine ranges came", resumed, 0)
    yield good_receipt("unsent", "of a file that came before", of([Entry("had", 1000, [])]), 0)
    large = of(small_files(), sender="large")
    yield good_receipt("sender-4096", "the sender's key has 4096 bits", large, 1)
    newest = of(one_file(), inner=change(created=2**64 - 1))
    yield good_receipt("created", "the highest created", newest, 0)


def of(entries: list[Entry], **steps) -> Stream:
    return Stream(entries, **steps).built()


def five_files() -> list[Entry]:
    return [Entry(f"five/{n}", 10 * n, seed=n) for n in range(5)]


def bad_receipt(name: str, expect: str, note: str, receipt: Receipt | bytes) -> Kept:
    lines = [("kind", "receipt"), ("expect", expect), ("note", note)]
    data = receipt if isinstance(receipt, bytes) else receipt.encoded()
    return Kept(f"receipt-{name}", lines, data)


def usual() -> Receipt:
    """Of the third of five entries, which has three siblings: right, left, right."""
    return receipt_of(of(five_files()), 2)


def altered(name: str, expect: str, note: str, **fields) -> Kept:
    """The usual receipt with other values of some fields; a function gets the honest value."""
    honest = usual()
    made = {
        name: value(getattr(honest, name)) if callable(value) else value
        for name, value in fields.items()
    }
    return bad_receipt(name, expect, note, replace(honest, **made))


def bad_layout() -> Iterator[Kept]:
    for version in (0, 2, 65535):
        yield altered(f"version-{version}", "shape", f"version {version}", version=version)
    data = usual().encoded()
    yield bad_receipt("left-over", "shape", "a byte behind the path", data + b"\0")
    yield bad_receipt("nothing", "shape", "no bytes", b"")
    for length in (1, 100, 1000, len(data) - 1):
        note = f"only the first {length} bytes"
        yield bad_receipt(f"cut-{length}", "shape", note, data[:length])
    for name, length in block_lengths(usual()).items():
        note = f"the {name} says that it has 4 GiB"
        honest = usual().encoded()
        faulty = honest[:length] + b"\xff" * 4 + honest[length + 4 :]
        yield bad_receipt(f"{name}-4-gib", "shape", note, faulty)


def block_lengths(honest: Receipt) -> dict[str, int]:
    """Where the length of each block stands."""
    places, at = {}, 2
    for name, value, behind in (
        ("spki", honest.spki, 0),
        ("inner", honest.inner, 32),
        ("header-signature", honest.header_signature, 0),
        ("body", honest.body, 0),
        ("record-signature", honest.record_signature, 4),
        ("entry", honest.entry, 0),
    ):
        places[name] = at
        at += 4 + len(value) + behind
    return places


def bad_keys() -> Iterator[Kept]:
    """The key's form is the only fault: the inner names this SPKI, and its key signed all."""

    def key_as(name: str, expect: str, note: str, spki: bytes, sign: Sign = pss) -> Kept:
        sender = hashed("signing key", spki)
        steps = {"sign_header": sign, "sign_record": lambda _segment, *rest: sign(*rest)}
        stream = of(five_files(), inner=change(sender=sender), **steps)
        return bad_receipt(f"key-{name}", expect, note, replace(receipt_of(stream, 2), spki=spki))

    honest = spki_of(key("alice-signing"))
    yield key_as("left-over", "shape", "a byte behind the SPKI", honest + b"\0")
    yield key_as("less", "shape", "the SPKI lacks its last byte", honest[:-1])
    yield key_as("long-length", "shape", "a length in too many bytes", long_length(honest))
    yield key_as("no-null", "shape", "an SPKI without the NULL parameters", without_null(honest))
    oid, pss_oid = bytes.fromhex("2a864886f70d010101"), bytes.fromhex("2a864886f70d01010a")
    says_pss = honest.replace(oid, pss_oid)
    yield key_as("pss", "shape", "an SPKI that says RSASSA-PSS", says_pss)
    yield key_as("none", "shape", "an SPKI of no bytes", b"")
    small = rsa.generate_private_key(65537, 2048)
    yield key_as("2048", "shape", "a key of 2048 bits", spki_of(small), signer(small))
    cube = rsa.generate_private_key(3, 3072)
    yield key_as("exponent-3", "shape", "a key with the exponent 3", spki_of(cube), signer(cube))
    yield altered(
        "key-of-another",
        "sender",
        "the SPKI of somebody else",
        spki=spki_of(key("mallory-signing")),
    )
    yield altered("key-flipped", "sender", "a bit of the modulus changed", spki=at(200))


def long_length(spki: bytes) -> bytes:
    assert spki[:2] == b"\x30\x82"
    return b"\x30\x83\0" + spki[2:]


def without_null(spki: bytes) -> bytes:
    """Leaves out 05 00, and shortens the two sequences around it."""
    assert spki[4:6] == b"\x30\x0d" and spki[17:19] == b"\x05\0"
    length = int.from_bytes(spki[2:4], "big") - 2
    return spki[:2] + u16(length) + b"\x30\x0b" + spki[6:17] + spki[19:]


def signer(private: RSAPrivateKey) -> Sign:
    scheme = padding.PSS(mgf=padding.MGF1(SHA256), salt_length=32)
    return lambda _name, own, message: private.sign(own + message, scheme, SHA256)


def at(place: int) -> Callable[[bytes], bytes]:
    return lambda honest: flipped(honest, place)


def bad_headers() -> Iterator[Kept]:
    refusals = dict.fromkeys(("version", "suite", "kind", "chunk_size"), "header-shape")
    refusals["sender"] = "sender"
    for name, end in ends(INNER_FIELDS, of(five_files()).fields).items():
        expect = refusals.get(name, "header-signature")
        note = f"a bit of the inner's {name.replace('_', ' ')} changed"
        yield altered(f"inner-{name.replace('_', '-')}", expect, note, inner=at(end - 1))
    shape = "header-shape"
    yield altered("inner-more", shape, "a byte behind the inner", inner=lambda i: i + b"\0")
    yield altered("inner-less", shape, "a byte less in the inner", inner=lambda i: i[:-1])
    wrong = "header-signature"
    yield altered("wraps-hash", wrong, "a bit of the wraps hash changed", wraps_hash=at(31))
    yield altered("header-signature", wrong, "a bit of it changed", header_signature=at(383))
    for length in (0, 383):
        note = f"the header's signature has {length} bytes"
        shorter = {"header_signature": lambda s, length=length: s[:length]}
        yield altered(f"header-signature-{length}", wrong, note, **shorter)
    for name, (note, sign) in wrong_signatures("final record").items():
        stream = of(five_files(), sign_header=sign)
        yield bad_receipt(
            f"header-signed-{name}", wrong, f"the header signed {note}", receipt_of(stream, 2)
        )
    other = of(five_files()).fields
    yield altered(
        "inner-of-another", wrong, "the inner of another stream", inner=encode(INNER_FIELDS, other)
    )


def ends(layout: dict, fields: Fields) -> dict[str, int]:
    """Behind which byte each field ends."""
    places, behind = {}, 0
    for name, encode_field in layout.items():
        behind += len(encode_field(fields[name]))
        places[name] = behind
    return places


def wrong_signatures(other_label: str) -> dict[str, tuple[str, Sign]]:
    return {
        "by-mallory": ("by somebody else", lambda _, *rest: pss("mallory-signing", *rest)),
        "label": (
            f"under the label of a {other_label}",
            lambda name, _, message: pss(name, label(other_label), message),
        ),
        "no-label": ("without a label", lambda name, _, message: pss(name, b"", message)),
        "salt-31": ("with a salt of 31 bytes", pss_as(salt=31)),
    }


def bad_records() -> Iterator[Kept]:
    """In five small files the manifest is chunk 0, the data is chunk 1, the ids are chunk 2."""

    def signed(name: str, expect: str, note: str, **steps) -> Kept:
        return bad_receipt(f"record-{name}", expect, note, receipt_of(of(five_files(), **steps), 2))

    fields = of(five_files()).honest_body(1, 1, 2, bytes(32))
    for name, end in ends(BODY_FIELDS, fields).items():
        expect = "record-shape" if name == "kind" else "record-signature"
        note = f"a bit of the final record's {name.replace('_', ' ')} changed"
        yield altered(f"record-{name.replace('_', '-')}", expect, note, body=at(end - 1))
    yield altered("record-signature", "record-signature", "a bit changed", record_signature=at(383))
    for length in (0, 383, 385):
        note = f"the final record's signature has {length} bytes"
        other = {"record_signature": lambda s, length=length: (s * 2)[:length]}
        yield altered(f"record-signature-{length}", "record-shape", note, **other)
    for name, (note, sign) in wrong_signatures("segment record").items():
        by = {"sign_record": lambda _segment, *rest, sign=sign: sign(*rest)}
        yield signed(f"signed-{name}", "record-signature", f"the final record signed {note}", **by)
    more, less = body_at(1, lambda b: b + b"\0"), body_at(1, lambda b: b[:-1])
    yield signed("body-more", "record-shape", "a byte more in the body, signed", body=more)
    yield signed("body-less", "record-shape", "a byte less in the body, signed", body=less)
    for count in (0, 257):
        note = f"a segment of {count} chunks, signed"
        yield signed(f"count-{count}", "record-shape", note, record=record_at(1, count=count))
    chain = "record-chain"
    yield signed("early", chain, "ends before the last chunk", record=record_at(1, count=1))
    yield signed("late", chain, "ends behind the last chunk", record=record_at(1, count=3))
    yield signed("first-moved", chain, "begins a chunk late", record=record_at(1, first=2))
    yield signed(
        "chunks",
        "record-chain",
        "the inner has a chunk more than the final record says",
        inner=lambda _, honest: honest | {"chunks": honest["chunks"] + 1},
    )
    yield signed(
        "header",
        "record-chain",
        "signed with another header hash",
        record=record_at(1, header_hash=lambda _, honest: flipped(honest)),
    )
    yield signed(
        "root-other", "ids", "signed with another root", record=record_at(1, root=bytes(32))
    )
    last = of(five_files()).records[-1]
    yield altered(
        "record-of-another",
        "record-chain",
        "the final record of another stream of the same sender",
        body=last.body,
        record_signature=last.signature,
    )
    stream = of(five_files())
    first = stream.records[0]
    yield bad_receipt(
        "record-of-a-segment",
        "record-shape",
        "a segment record of the stream",
        replace(receipt_of(stream, 2), body=first.body, record_signature=first.signature),
    )


def bad_entries() -> Iterator[Kept]:
    def ids(name: str, note: str, **fields) -> Kept:
        return altered(name, "ids", note, **fields)

    for number in (0, 3, 4, 10, 2**32 - 1):
        yield ids(f"number-{number}", f"the number 2 changed to {number}", number=number)
    for number, place in ((8, 0), (2**31, 0), (12, 4)):
        yield beyond(number, place)
    yield bad_receipt(
        "entries",
        "ids",
        "the inner has two entries, and this is number 2",
        receipt_of(of(five_files(), inner=change(entries=2)), 2),
    )
    yield ids("salt", "a bit of the salt changed", salt=at(0))
    yield ids("id", "a bit of the id changed", id=at(31))
    for name, end in (("name", 8), ("flags", 17), ("modified", 25)):
        yield ids(f"entry-{name}", f"a bit of the entry's {name} changed", entry=at(end - 1))
    longer = replace(five_files()[2], size=21).encoded()
    yield ids("entry-size", "a byte more in the entry's size and range", entry=longer)
    other = five_files()[3].encoded()
    yield ids("entry-of-another", "another entry of the stream", entry=other)
    stream = of(five_files())
    for name in ("salt", "id", "path"):
        other = getattr(receipt_of(stream, 3), name)
        mixed = replace(receipt_of(stream, 2), **{name: other})
        yield bad_receipt(f"{name}-of-another", "ids", f"the {name} of another entry", mixed)
    for name, note, make in wrong_leaves():
        receipt = receipt_of(of(five_files(), leaf=make), 2)
        yield bad_receipt(f"leaf-{name}", "ids", note, receipt)
    yield from bad_entry_bytes()


def beyond(number: int, place: int) -> Kept:
    """Sender and receiver agree on a number that the list does not have, and all hashes fit."""

    def numbered(n: int, entry: Entry, salt: bytes, content_id: bytes) -> bytes:
        n = number if n == place else n
        parts = [b"\0", label("entry id"), salt, u32(n), entry.encoded(), content_id]
        return hashed_plainly(b"".join(parts))

    receipt = replace(receipt_of(of(five_files(), leaf=numbered), place), number=number)
    note = f"entry {place} of five goes by the number {number}, in its leaf too"
    return bad_receipt(f"beyond-{number}", "ids", note, receipt)


def wrong_leaves() -> Iterator[tuple[str, str, Callable]]:
    own = label("entry id")

    def made(make) -> Callable:
        return lambda n, entry, *salted: hashed_plainly(make(u32(n), entry.encoded(), *salted))

    yield "no-zero", "leaves without their first byte", made(lambda n, e, s, i: own + s + n + e + i)
    yield "no-label", "leaves without their label", made(lambda n, e, s, i: b"\0" + s + n + e + i)
    yield "no-salt", "leaves without a salt", made(lambda n, e, s, i: b"\0" + own + n + e + i)
    yield "no-number", "leaves without a number", made(lambda n, e, s, i: b"\0" + own + s + e + i)
    yield "no-id", "leaves without the id", made(lambda n, e, s, i: b"\0" + own + s + n + e)


def bad_entry_bytes() -> Iterator[Kept]:
    """The sender signed these bytes, but no manifest may hold them."""
    honest = five_files()[2]
    faults = {
        "dotdot": ("a path that leaves its folder", replace(honest, path=[b"..", b"x"])),
        "slash": ("a component with a slash", replace(honest, path=[b"a/b"])),
        "nowhere": ("no component", replace(honest, path=[])),
        "flag": ("a flag that means nothing", replace(honest, flags=4)),
        "id-unsaid": ("an id that is said not to be known", replace(honest, announced=b"x" * 32)),
        "old": ("modified before 1980", replace(honest, modified=1)),
        "range-of-nothing": ("a range of no bytes", replace(honest, size=0, ranges=[(0, 0)])),
        "range-beyond": ("a range beyond the file's end", replace(honest, ranges=[(0, 21)])),
    }
    for name, (note, entry) in faults.items():
        yield bad_receipt(f"entry-{name}", "shape", note, signed_as(entry.encoded()))
    more, less = signed_as(honest.encoded() + b"\0"), signed_as(honest.encoded()[:-1])
    yield bad_receipt("entry-more", "shape", "a byte more in the entry", more)
    yield bad_receipt("entry-less", "shape", "a byte less in the entry", less)


def signed_as(entry: bytes) -> Receipt:
    """The usual receipt, but its leaf covers these bytes for entry 2."""

    def leaf(n: int, listed: Entry, salt: bytes, content_id: bytes) -> bytes:
        said = entry if n == 2 else listed.encoded()
        return hashed_plainly(b"".join([b"\0", label("entry id"), salt, u32(n), said, content_id]))

    return replace(receipt_of(of(five_files(), leaf=leaf), 2), entry=entry)


def bad_paths() -> Iterator[Kept]:
    def ids(name: str, note: str, change_path) -> Kept:
        return altered(f"path-{name}", "ids", note, path=change_path)

    for level in range(3):
        note = f"a bit of the sibling on level {level} changed"
        yield ids(f"node-{level}", note, lambda p, level=level: changed_node(p, level))
    yield ids("short", "without the last sibling", lambda p: p[:-1])
    yield ids("short-first", "without the first sibling", lambda p: p[1:])
    yield ids("none", "without any sibling", lambda p: [])
    yield ids("long", "a node more", lambda p: [*p, bytes(32)])
    yield ids("long-17", "filled up with zeros to 17 nodes", lambda p: p + [bytes(32)] * 14)
    yield ids("reversed", "from the root down", lambda p: p[::-1])
    stream = of(five_files())
    odd = receipt_of(stream, 4)
    doubled = replace(odd, path=[stream.made_leaves[4], *odd.path])
    yield bad_receipt("path-odd", "ids", "an odd leaf with itself as its sibling", doubled)
    whole = receipt_of(of(one_file()), 0)
    yield bad_receipt(
        "path-of-one", "ids", "a node above the only leaf", replace(whole, path=[bytes(32)])
    )
    yield altered("path-18", "shape", "18 nodes", path=lambda p: p + [bytes(32)] * 15)
    yield altered("path-255", "shape", "255 nodes", path=lambda p: p * 85)
    yield altered("path-says-more", "shape", "says a node more than there is", nodes=4)
    yield altered("path-says-less", "shape", "says a node less than there is", nodes=2)


def changed_node(path: list[bytes], level: int) -> list[bytes]:
    return path[:level] + [flipped(path[level])] + path[level + 1 :]


# --- Section 5.2: deliveries ---------------------------------------------------------------------

DELIVERY_FIELDS = {
    "header_hash": bytes,
    "final_hash": bytes,
    "sender": bytes,
    "receiver": bytes,
    "time": u64,
    "count": u32,
    "landed": bytes,
}


@dataclass
class Delivery:
    """What the receiver signs, and beside it what the sender knows."""

    stream: Stream
    numbers: list[int]
    receiver: str = "bob-signing"
    beside: list[int] | None = None  # a fault: another list than the one that was hashed
    signed_by: str | None = None  # a fault: somebody else's key
    sign: Sign = pss
    change: dict = field(default_factory=dict)  # fields before signing
    body: Callable[[bytes], bytes] = lambda body: body  # before signing
    late: Callable[[bytes], bytes] = lambda body: body  # behind the signature
    signature: Callable[[bytes], bytes] = lambda signature: signature
    out: Callable[[bytes], bytes] = lambda out: out

    def fields(self) -> Fields:
        return {
            "header_hash": self.stream.header_hash,
            "final_hash": hashed("record hash", self.stream.records[-1].body),
            "sender": fingerprint(self.stream.sender),
            "receiver": fingerprint(self.receiver),
            "time": LANDED_AT,
            "count": len(self.numbers),
            "landed": hashed("landed entries", *map(u32, self.numbers)),
        } | self.change

    def encoded(self) -> bytes:
        body = self.body(encode(DELIVERY_FIELDS, self.fields()))
        signature = self.sign(self.signed_by or self.receiver, label("delivery"), body)
        return self.out(block(self.late(body)) + block(self.signature(signature)))

    def vector(self, name: str, expect: str, note: str) -> Kept:
        final = self.stream.records[-1]
        beside = self.numbers if self.beside is None else self.beside
        lines = [
            ("kind", "delivery"),
            ("expect", expect),
            ("note", note),
            ("receiver", self.receiver),
            ("header", self.stream.made_header.hex()),
            ("final record", (block(final.body) + block(final.signature)).hex()),
            ("landed", " ".join(map(str, beside)) or "none"),
        ]
        if expect == "verified":
            lines.append(("time", str(self.fields()["time"])))
        return Kept(f"delivery-{name}", lines, self.encoded())


def good_deliveries() -> Iterator[Kept]:
    def delivered(name: str, note: str, numbers: list[int], stream=None, **steps) -> Kept:
        stream = stream or of(small_files())
        return Delivery(stream, numbers, **steps).vector(name, "verified", note)

    yield delivered("all", "all three entries landed", [0, 1, 2])
    yield delivered("some", "the first and the last landed", [0, 2])
    yield delivered("none", "nothing landed", [])
    segments = of(small_files(), split=split_each)
    yield delivered("segments", "the stream has a segment for each chunk", [1], segments)
    many = of([Entry(f"list/{n}") for n in range(300)])
    yield delivered("many", "300 entries landed", list(range(300)), many)
    by_large = of(small_files(), recipients=[Recipient("large", "bob-sealing", 1)])
    yield delivered("receiver-4096", "its key has 4096 bits", [0, 1], by_large, receiver="large")
    from_large = of(small_files(), sender="large")
    yield delivered("sender-4096", "the sender's key has 4096 bits", [0, 1], from_large)
    yield delivered("newest", "the highest time", [0], change={"time": 2**64 - 1})


def faulty(name: str, expect: str, note: str, numbers=(0, 2), stream=None, **steps) -> Kept:
    stream = stream or of(small_files())
    return Delivery(stream, list(numbers), **steps).vector(name, expect, note)


def bad_delivery_bytes() -> Iterator[Kept]:
    honest = Delivery(of(small_files()), [0, 2])
    for name, end in ends(DELIVERY_FIELDS, honest.fields()).items():
        note = f"a bit of the {name.replace('_', ' ')} changed behind the signature"
        text = name.replace("_", "-")
        yield faulty(f"changed-{text}", "signature", note, late=at(end - 1))
    yield faulty("signature", "signature", "a bit of the signature changed", signature=at(383))
    for length in (0, 383, 385):
        note = f"a signature of {length} bytes"
        cut = {"signature": lambda s, length=length: (s * 2)[:length]}
        yield faulty(f"signature-{length}", "signature", note, **cut)
    for name, (note, sign) in wrong_signatures("final record").items():
        yield faulty(f"signed-{name}", "signature", f"signed {note}", sign=sign)
    yield faulty(
        "signed-by-sender", "signature", "signed by the sender", signed_by="alice-signing"
    )
    yield faulty("body-more", "shape", "a byte more in the body, signed", body=lambda b: b + b"\0")
    yield faulty("body-less", "shape", "a byte less in the body, signed", body=lambda b: b[:-1])
    yield faulty("body-4-gib", "shape", "a body of 4 GiB", out=lambda o: b"\xff" * 4 + o[4:])
    yield faulty("left-over", "shape", "a byte behind the signature", out=lambda o: o + b"\0")
    yield faulty("nothing", "shape", "no bytes", out=lambda _: b"")
    yield faulty("cut", "shape", "the signature lacks its last byte", out=lambda o: o[:-1])


def bad_delivery_statements() -> Iterator[Kept]:
    """The receiver signed it, but it is not what the sender knows."""

    def wrong(name: str, note: str, **steps) -> Kept:
        return faulty(name, "disagrees", note, **steps)

    def saying(name: str, note: str, **fields) -> Kept:
        return wrong(name, note, change=fields)

    other = of(small_files())
    yield saying("header-hash", "the header hash of another stream", header_hash=other.header_hash)
    final = hashed("record hash", other.records[-1].body)
    yield saying("final-hash", "the final hash of another stream", final_hash=final)
    stream = of(small_files())
    first = hashed("record hash", stream.records[0].body)
    yield wrong(
        "final-hash-of-first",
        "the hash of the first record",
        stream=stream,
        change={"final_hash": first},
    )
    plain = hashed_plainly(stream.records[-1].body)
    yield wrong(
        "final-hash-no-label",
        "the final hash without a label",
        stream=stream,
        change={"final_hash": plain},
    )
    yield saying("sender", "another sender", sender=fingerprint("mallory-signing"))
    yield faulty(
        "receiver",
        "receiver",
        "another receiver, signed by the right one",
        change={"receiver": fingerprint("mallory-signing")},
    )
    yield wrong("of-another", "somebody else received and signed", receiver="mallory-signing")
    yield wrong("of-the-sender", "the sender received and signed", receiver="alice-signing")
    for count in (0, 1, 3, 2**32 - 1):
        yield saying(f"count-{count}", f"two entries landed, it counts {count}", count=count)
    beside = {
        "fewer": [0],
        "more": [0, 1, 2],
        "other": [0, 1],
        "twice": [0, 0, 2],
        "turned": [2, 0],
        "empty": [],
        "beyond": [0, 3],
    }
    for name, numbers in beside.items():
        note = f"0 and 2 landed, the list beside is {numbers}"
        yield wrong(f"list-{name}", note, beside=numbers)
    signed = {"turned": [2, 0], "twice": [0, 2, 2], "beyond": [0, 3], "highest": [2**32 - 1]}
    for name, numbers in signed.items():
        note = f"the list {numbers} beside, counted and hashed"
        yield wrong(f"landed-{name}", note, numbers=numbers)
    own = "landed entries"
    yield saying("landed-u16", "numbers hashed as u16", landed=hashed(own, u16(0), u16(2)))
    little = b"".join(n.to_bytes(4, "little") for n in (0, 2))
    yield saying("landed-little-endian", "numbers hashed little-endian", landed=hashed(own, little))
    no_label = hashed_plainly(u32(0) + u32(2))
    yield saying("landed-no-label", "numbers hashed without a label", landed=no_label)

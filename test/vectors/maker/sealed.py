"""The sealed stream of protocol.md, made step by step, with a hook behind each step.

Each step of `Stream` ends by handing its outcome to a hook of the same name, a function of the
stream and that outcome, which by default keeps it; a few steps can be replaced whole. A bad vector
is a stream with one of them replaced; whatever comes after that step (tags, signatures, chain) is
made honestly over the faulty outcome.
"""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from blake3 import blake3
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

KEYS = Path(__file__).resolve().parents[2] / "keys"

CHUNK = 262_144
MIB = 1_048_576
HEADER_BYTES = 163_840
MANIFEST_BYTES = 16_777_216
MANIFEST_ENTRIES = 100_000
ENTRY_SIZE = 17_592_186_044_416

YEAR_1980 = 315_532_800 * 10**9
MODIFIED = 1_700_000_000_123_456_789
CREATED = 1_750_000_000
CONTEXT = bytes(range(32))
OTHER_CONTEXT = bytes(range(1, 33))
ZEROS = bytes(32)

SEGMENT, FINAL = 1, 2  # kinds of a record's body
CHUNK_ITEM, SEGMENT_ITEM, FINAL_ITEM = 1, 2, 3  # kinds of an item (4.8)


# --- Section 1: conventions ----------------------------------------------------------------------


def u8(number: int) -> bytes:
    return struct.pack(">B", number)


def u16(number: int) -> bytes:
    return struct.pack(">H", number)


def u32(number: int) -> bytes:
    return struct.pack(">I", number)


def u64(number: int) -> bytes:
    return struct.pack(">Q", number)


def block(data: bytes) -> bytes:
    return u32(len(data)) + data


def label(text: str) -> bytes:
    return f"waxwing 1 {text}".encode().ljust(32, b"\0")


def hashed(name: str, *parts: bytes) -> bytes:
    """H(label, a, b) of section 1."""
    return hashlib.sha256(label(name) + b"".join(parts)).digest()


@cache
def key(name: str) -> RSAPrivateKey:
    pem = (KEYS / f"{name}.pem").read_bytes()
    loaded = serialization.load_pem_private_key(pem, password=None)
    assert isinstance(loaded, RSAPrivateKey)
    return loaded


def spki_of(private: RSAPrivateKey) -> bytes:
    public = private.public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return public.public_bytes(serialization.Encoding.DER, form)


@cache
def fingerprint(name: str) -> bytes:
    return hashed("signing key", spki_of(key(name)))


Hash = hashes.HashAlgorithm
SHA256 = hashes.SHA256()
Sign = Callable[[str, bytes, bytes], bytes]  # name of the key, label, message


def pss_as(salt: int = 32, of: Hash = SHA256, mask: Hash = SHA256) -> Sign:
    """A PSS signature made with these parameters, right or wrong."""

    def sign(name: str, label: bytes, message: bytes) -> bytes:
        scheme = padding.PSS(mgf=padding.MGF1(mask), salt_length=salt)
        return key(name).sign(label + message, scheme, of)

    return sign


pss = pss_as()


def oaep_as(of: Hash = SHA256, mask: Hash = SHA256):
    def wrap(name: str, secret: bytes, label: bytes | None) -> bytes:
        scheme = padding.OAEP(mgf=padding.MGF1(mask), algorithm=of, label=label)
        return key(name).public_key().encrypt(secret, scheme)

    return wrap


oaep = oaep_as()


def keyed_blake3(tag_key: bytes, data: bytes) -> bytes:
    return blake3(data, key=tag_key).digest()


def keystream_xor(data_key: bytes, nonce: bytes, position: int, data: bytes) -> bytes:
    """AES-256-CTR from a position (a multiple of 16) of the keystream."""
    counter = (int.from_bytes(nonce, "big") + position // 16) % 2**128
    mode = modes.CTR(counter.to_bytes(16, "big"))
    return Cipher(algorithms.AES(data_key), mode).encryptor().update(data)


# --- Sections 3 and 4.4: entries -----------------------------------------------------------------


def pattern(seed: int, start: int, end: int) -> bytes:
    """The bytes of a test file from start to end: (i + 17 × seed) mod 251 at offset i."""
    first = (start + 17 * seed) % 251
    cycle = bytes(range(251)) * ((end - start) // 251 + 2)
    return cycle[first : first + end - start]


@dataclass
class Entry:
    path: str | list[bytes]  # a list of components where the path itself is the fault
    size: int = 0
    ranges: list[tuple[int, int]] | None = None  # None: the whole file
    program: bool = False
    known: bool = False
    seed: int = 0
    modified: int = MODIFIED
    flags: int | None = None  # a fault: other flags than those above
    announced: bytes | None = None  # a fault: another id in the manifest
    unlike: bytes | None = None  # a fault, or nobody's knowledge: another id in the id chunk

    def carried(self) -> list[tuple[int, int]]:
        if self.ranges is not None:
            return self.ranges
        return [(0, self.size)] if self.size else []

    def bytes_between(self, start: int, end: int) -> bytes:
        return pattern(self.seed, start, end)

    def id(self) -> bytes:
        if self.unlike is not None:
            return self.unlike
        return blake3(self.bytes_between(0, self.size)).digest()

    def components(self) -> list[bytes]:
        if isinstance(self.path, str):
            return [component.encode() for component in self.path.split("/")]
        return self.path

    def encoded(self, with_ranges: bool = True) -> bytes:
        parts = [u8(len(self.components()))]
        parts += [u8(len(component)) + component for component in self.components()]
        parts += [u64(self.size), u8(self.encoded_flags()), u64(self.modified), self.encoded_id()]
        if with_ranges:
            parts.append(u16(len(self.carried())))
            parts += [u64(start) + u64(end) for start, end in self.carried()]
        return b"".join(parts)

    def encoded_flags(self) -> int:
        return int(self.program) | int(self.known) << 1 if self.flags is None else self.flags

    def encoded_id(self) -> bytes:
        if self.announced is not None:
            return self.announced
        return self.id() if self.known else ZEROS


# --- Section 4.2: layout -------------------------------------------------------------------------

Piece = tuple[Entry, int, int]  # an entry's bytes from start to end


def cut(data: bytes) -> list[bytes]:
    return [data[at : at + CHUNK] for at in range(0, len(data), CHUNK)]


def pieces(entries: list[Entry]) -> Iterator[Piece]:
    for entry in entries:
        for start, end in entry.carried():
            while start < end:
                stop = min(end, (start // CHUNK + 1) * CHUNK)
                yield entry, start, stop
                start = stop


def data_layout(entries: list[Entry]) -> list[list[Piece]]:
    """The pieces of each data chunk."""
    chunks: list[list[Piece]] = []
    room = 0
    for entry, start, end in pieces(entries):
        if end - start > room:
            chunks.append([])
            room = CHUNK
        chunks[-1].append((entry, start, end))
        room -= end - start
    return chunks


def plaintext(chunk: list[Piece]) -> bytes:
    return b"".join(entry.bytes_between(start, end) for entry, start, end in chunk)


# --- Section 4.7: ids ----------------------------------------------------------------------------


def honest_leaf(number: int, entry: Entry, salt: bytes, content_id: bytes) -> bytes:
    parts = [b"\0", label("entry id"), salt, u32(number), entry.encoded(), content_id]
    return hashlib.sha256(b"".join(parts)).digest()


def honest_node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def honest_root(nodes: list[bytes], node=honest_node) -> bytes:
    while len(nodes) > 1:
        pairs = [node(nodes[at], nodes[at + 1]) for at in range(0, len(nodes) - 1, 2)]
        nodes = pairs + nodes[len(nodes) // 2 * 2 :]
    return nodes[0]


# --- Section 4: the stream -----------------------------------------------------------------------


@dataclass
class Chunk:
    index: int
    length: int
    tag: bytes
    ciphertext: bytes

    def encoded(self) -> bytes:
        return u8(CHUNK_ITEM) + u32(self.index) + u32(self.length) + self.tag + self.ciphertext


@dataclass
class Record:
    item: int
    body: bytes
    signature: bytes

    def encoded(self) -> bytes:
        return u8(self.item) + block(self.body) + block(self.signature)


@dataclass
class Raw:
    """Bytes that stand among the items."""

    data: bytes

    def encoded(self) -> bytes:
        return self.data


Item = Chunk | Record | Raw


@dataclass
class Recipient:
    signing: str
    sealing: str
    epoch: int


Fields = dict[str, object]  # of the header's inner or of a record's body, by name

INNER_FIELDS = {
    "version": u16,
    "suite": u16,
    "kind": u8,
    "stream_id": bytes,
    "sender": bytes,
    "created": u64,
    "context": bytes,
    "chunk_size": u32,
    "manifest_length": u32,
    "entries": u32,
    "data_length": u64,
    "chunks": u32,
    "commitment": bytes,
    "recipients": lambda them: u16(len(them)) + b"".join(who + u32(epoch) for who, epoch in them),
}

BODY_FIELDS = {
    "kind": u8,
    "header_hash": bytes,
    "previous": bytes,
    "segment": u32,
    "first": u32,
    "count": u16,
    "tags": bytes,
    "root": lambda root: root or b"",
}


def encode(layout: dict, fields: Fields) -> bytes:
    assert layout.keys() == fields.keys()
    return b"".join(encode_field(fields[name]) for name, encode_field in layout.items())


def keep(_stream: Stream, outcome):
    return outcome


def honest_wrap(stream: Stream, recipient: Recipient, inner: bytes) -> bytes:
    own = hashed("wrap label", inner, fingerprint(recipient.signing), u32(recipient.epoch))
    return oaep(recipient.sealing, stream.secret, own)


def honest_tag(stream: Stream, index: int, ciphertext: bytes) -> bytes:
    return keyed_blake3(stream.tag_key(), ciphertext + u32(index) + u32(len(ciphertext)))


def honest_position(index: int) -> int:
    return index * CHUNK


@dataclass
class Stream:
    entries: list[Entry]
    sender: str = "alice-signing"
    recipients: list[Recipient] = field(
        default_factory=lambda: [Recipient("bob-signing", "bob-sealing", 1)]
    )
    context: bytes = CONTEXT
    secret: bytes = field(default_factory=lambda: os.urandom(80))
    stream_id: bytes = field(default_factory=lambda: os.urandom(16))
    only_manifest: bool = False  # end behind segment 0

    # Steps that are replaced whole.
    wrap: Callable = honest_wrap  # stream, recipient, inner → wrap
    sign_header: Callable = pss  # key, label, message → signature
    sign_record: Callable = lambda segment, *rest: pss(*rest)
    body: Callable = lambda segment, body: body  # the bytes of a record's body before signing
    tag: Callable = honest_tag  # stream, index, ciphertext → tag
    position: Callable = honest_position  # index → position in the keystream
    leaf: Callable = honest_leaf  # number, entry, salt, id → leaf
    merge: Callable = honest_root  # leaves → root

    # Hooks: the stream and the step's outcome → what it shall be instead.
    manifest: Callable = keep  # its bytes
    ids: Callable = keep  # (salt, id) of each entry, before the root is made
    told_ids: Callable = keep  # the same in the id chunks only, behind the root
    split: Callable = keep  # numbers of chunks of the segments
    inner: Callable = keep  # fields, before wrapping and signing
    wraps: Callable = keep  # before signing
    late_inner: Callable = keep  # fields, behind the signature
    late_wraps: Callable = keep  # behind the signature
    header: Callable = keep  # its bytes
    chunk: Callable = keep  # each Chunk, before its record
    record: Callable = keep  # fields of each record's body
    items: Callable = keep  # all items
    out: Callable = keep  # all bytes

    def tag_key(self) -> bytes:
        return self.secret[48:80]

    def built(self) -> Stream:
        """Makes everything; what a fault may want from another stream stays in its fields."""
        self.make_plaintext()
        self.make_header()
        self.made_chunks = [self.make_chunk(*numbered) for numbered in enumerate(self.plain)]
        self.make_records()
        return self

    def data(self) -> bytes:
        self.built()
        items = self.items(self, self.honest_items())
        encoded = b"".join(item.encoded() for item in items)
        return self.out(self, block(self.made_header) + encoded)

    # Plaintext and layout

    def make_plaintext(self) -> None:
        encoded = b"".join(entry.encoded() for entry in self.entries)
        self.made_manifest = self.manifest(self, encoded)
        self.layout = data_layout(self.entries)
        ids = [(os.urandom(32), entry.id()) for entry in self.entries]
        ids = self.made_ids = self.ids(self, ids)
        self.made_root = self.root_of(ids)
        id_chunks = cut(b"".join(salt + of for salt, of in self.told_ids(self, ids)))
        manifest_chunks = cut(self.made_manifest)
        self.chunks = len(manifest_chunks) + len(self.layout) + len(id_chunks)
        self.counts = self.split(self, [len(manifest_chunks), self.chunks - len(manifest_chunks)])
        if self.only_manifest:
            self.plain = manifest_chunks
        else:
            self.plain = manifest_chunks + [plaintext(one) for one in self.layout] + id_chunks

    def root_of(self, ids: list[tuple[bytes, bytes]]) -> bytes:
        numbered = enumerate(zip(self.entries, ids, strict=True))
        self.made_leaves = [self.leaf(n, entry, *salted) for n, (entry, salted) in numbered]
        return self.merge(self.made_leaves)

    # Header

    def honest_inner(self) -> Fields:
        carried = [end - start for entry in self.entries for start, end in entry.carried()]
        return {
            "version": 1,
            "suite": 1,
            "kind": 1,
            "stream_id": self.stream_id,
            "sender": fingerprint(self.sender),
            "created": CREATED,
            "context": self.context,
            "chunk_size": CHUNK,
            "manifest_length": len(self.made_manifest),
            "entries": len(self.entries),
            "data_length": max(0, sum(carried)),
            "chunks": self.chunks,
            "commitment": hashed("key commitment", self.stream_id, self.secret),
            "recipients": [(fingerprint(one.signing), one.epoch) for one in self.recipients],
        }

    def make_header(self) -> None:
        self.fields = self.inner(self, self.honest_inner())
        inner = encode(INNER_FIELDS, self.fields)
        wraps = [self.wrap(self, recipient, inner) for recipient in self.recipients]
        self.made_wraps = self.wraps(self, wraps)
        wraps_hash = hashed("stream wraps", *map(block, self.made_wraps))
        self.signature = self.sign_header(self.sender, label("stream header"), inner + wraps_hash)
        self.header_hash = hashed("header hash", inner, wraps_hash)
        self.made_header = self.header(self, self.join_header())

    def join_header(self) -> bytes:
        fields = self.late_inner(self, dict(self.fields))
        wraps = self.late_wraps(self, list(self.made_wraps))
        parts = [encode(INNER_FIELDS, fields), *map(block, wraps), block(self.signature)]
        return b"".join(parts)

    # Chunks

    def sealed(self, index: int, plain: bytes) -> Chunk:
        position = self.position(index)
        ciphertext = keystream_xor(self.secret[:32], self.secret[32:48], position, plain)
        return Chunk(index, len(plain), self.tag(self, index, ciphertext), ciphertext)

    def make_chunk(self, index: int, plain: bytes) -> Chunk:
        return self.chunk(self, self.sealed(index, plain))

    # Records

    def make_records(self) -> None:
        self.records: list[Record] = []
        previous = ZEROS
        first = 0
        for segment, count in enumerate(self.counts[:1] if self.only_manifest else self.counts):
            fields = self.record(self, self.honest_body(segment, first, count, previous))
            body = self.body(segment, encode(BODY_FIELDS, fields))
            self.records.append(self.signed_record(segment, fields["kind"], body))
            previous = hashed("record hash", body)
            first += count

    def honest_body(self, segment: int, first: int, count: int, previous: bytes) -> Fields:
        last = segment == len(self.counts) - 1
        return {
            "kind": FINAL if last else SEGMENT,
            "header_hash": self.header_hash,
            "previous": previous,
            "segment": segment,
            "first": first,
            "count": count,
            "tags": self.tags_hash(first, count),
            "root": self.made_root if last else None,
        }

    def tags_hash(self, first: int, count: int) -> bytes:
        tags = [chunk.tag for chunk in self.made_chunks[first : first + count]]
        return hashed("chunk tags", *tags)

    def signed_record(self, segment: int, kind: int, body: bytes) -> Record:
        item, name = (
            (FINAL_ITEM, "final record") if kind == FINAL else (SEGMENT_ITEM, "segment record")
        )
        return Record(item, body, self.sign_record(segment, self.sender, label(name), body))

    def honest_items(self) -> list[Item]:
        items: list[Item] = []
        first = 0
        for count, record in zip(self.counts, self.records, strict=False):
            items += self.made_chunks[first : first + count]
            items.append(record)
            first += count
        return items

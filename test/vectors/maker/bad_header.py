"""Faults of the header, up to the wrap and the commitment."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from maker.sealed import (
    HEADER_BYTES,
    INNER_FIELDS,
    MANIFEST_BYTES,
    MANIFEST_ENTRIES,
    OTHER_CONTEXT,
    Entry,
    Fields,
    Recipient,
    Sign,
    Stream,
    encode,
    fingerprint,
    hashed,
    honest_wrap,
    key,
    label,
    oaep,
    oaep_as,
    pss,
    pss_as,
    u16,
    u32,
)
from maker.vector import Reader, Vector, bad_early, change, flipped, one_file


def vectors() -> Iterator[Vector]:
    yield from bad_header_shape()
    yield from bad_header_recipients()
    yield from bad_header_changed()
    yield from bad_header_signature()
    yield from bad_header_parties()
    yield from bad_header_order()
    yield from bad_policy()
    yield from bad_wrap()


def bad_header_shape() -> Iterator[Vector]:
    def shape(name: str, note: str, **steps) -> Vector:
        return bad_early(f"header-{name}", "header-shape", note, **steps)

    wrong = {
        "version": (0, 2, 65535),
        "suite": (0, 2),
        "kind": (0, 2, 255),
        "chunk_size": (0, 131072, 262143, 262145, 2**31),
    }
    for name, values in wrong.items():
        for value in values:
            text = name.replace("_", "-")
            yield shape(f"{text}-{value}", f"{text} {value}", inner=change(**{name: value}))

    yield shape("left-over", "a byte behind the signature", header=lambda _, h: h + b"\0")
    yield shape("empty", "a header of no bytes", header=lambda _, h: b"")
    for length in (1, 187, 400):
        note = f"only the first {length} bytes of a header"
        yield shape(f"short-{length}", note, header=lambda _, h, length=length: h[:length])
    yield shape("short-by-one", "a header without its last byte", header=lambda _, h: h[:-1])
    for length in (HEADER_BYTES + 1, 2**32 - 1):
        yield shape(
            f"says-{length}",
            f"a header that says it has {length} bytes, of which little comes",
            out=lambda _, out, length=length: u32(length) + out[4:],
        )
    for length in (0, 383, 385, 513):
        yield shape(
            f"wrap-{length}",
            f"a wrap of {length} bytes, signed",
            wraps=lambda _, wraps, length=length: [(wraps[0] * 2)[:length]],
        )
    for length in (0, 383, 385, 513):
        yield shape(
            f"signature-{length}",
            f"a signature of {length} bytes",
            sign_header=lambda *of, length=length: (pss(*of) * 2)[:length],
        )


def bad_header_recipients() -> Iterator[Vector]:
    def shape(name: str, note: str, **steps) -> Vector:
        return bad_early(f"header-recipients-{name}", "header-shape", note, **steps)

    bob = Recipient("bob-signing", "bob-sealing", 1)
    mallory = Recipient("mallory-signing", "mallory-sealing", 1)
    both = sorted([bob, mallory], key=lambda one: fingerprint(one.signing))
    yield shape("0", "no recipient and no wrap", recipients=[])
    yield shape("2", "two recipients, sorted and both wrapped for", recipients=both)
    yield shape("twice", "the same recipient twice, wrapped for twice", recipients=[bob, bob])
    yield shape("2-wraps", "one recipient, but two wraps", wraps=lambda _, wraps: wraps * 2)
    yield shape("no-wrap", "one recipient, but no wrap", wraps=lambda _, wraps: [])
    at = len(encode(INNER_FIELDS, Stream([Entry("x")]).built().fields)) - 38
    yield shape(
        "65535",
        "65,535 recipients announced, one there",
        header=lambda _, h: h[:at] + u16(65535) + h[at + 2 :],
    )


def bad_header_changed() -> Iterator[Vector]:
    """Changed behind the signature, and signed by the sender all the same."""

    def changed(name: str, note: str, **steps) -> Vector:
        return bad_early(f"changed-{name}", "header-signature", note, **steps)

    def later(**faults):
        return lambda _stream, fields: (
            fields | {name: fault(fields[name]) for name, fault in faults.items()}
        )

    def recipient(who=lambda who: who, epoch=lambda epoch: epoch):
        return later(recipients=lambda them: [(who(them[0][0]), epoch(them[0][1]))])

    bytes_fields = ("stream_id", "context", "commitment")
    number_fields = ("created", "manifest_length", "entries", "data_length", "chunks")
    faults = dict.fromkeys(bytes_fields, flipped)
    faults |= dict.fromkeys(number_fields, lambda number: number + 1)
    for name, fault in faults.items():
        text = name.replace("_", "-")
        yield changed(text, f"{text} changed after signing", late_inner=later(**{name: fault}))
    yield changed(
        "recipient",
        "the recipient changed after signing",
        late_inner=recipient(who=lambda _: fingerprint("mallory-signing")),
    )
    yield changed(
        "epoch",
        "the epoch changed after signing",
        late_inner=recipient(epoch=lambda epoch: epoch + 1),
    )
    yield changed(
        "wrap",
        "a bit of the wrap changed after signing",
        late_wraps=lambda _, wraps: [flipped(wraps[0], 200)],
    )
    other = Stream(one_file()).built()
    yield changed(
        "wrap-of-another",
        "the wrap is that of another stream from the same sender to the same receiver",
        late_wraps=lambda _, wraps: other.made_wraps,
    )
    yield bad_early(
        "changed-sender",
        "sender",
        "the sender changed after signing: looked at before the signature",
        late_inner=later(sender=lambda _: fingerprint("mallory-signing")),
    )


def bad_header_signature() -> Iterator[Vector]:
    def signed(name: str, note: str, sign: Sign) -> Vector:
        return bad_early(f"signature-{name}", "header-signature", note, sign_header=sign)

    for name, note, sign in wrong_signatures("stream header"):
        yield signed(name, note, sign)
    yield signed("by-mallory", "signed by mallory, claiming alice", by_mallory)
    yield signed(
        "512",
        "512 zeros, as long as a signature of a larger key",
        lambda *_: bytes(512),
    )
    yield signed("of-inner", "the wraps are not signed", lambda n, l, m: pss(n, l, m[:-32]))


def by_mallory(_name: str, label: bytes, message: bytes) -> bytes:
    return pss("mallory-signing", label, message)


def wrong_signatures(right: str) -> Iterator[tuple[str, str, Sign]]:
    """Ways to sign that no verifier may accept, for a message whose label is `right`."""
    most = 3072 // 8 - 32 - 2
    for salt in (0, 20, 31, most):
        yield f"salt-{salt}", f"a PSS salt of {salt} bytes", pss_as(salt=salt)
    yield "pkcs1", "a signature by PKCS#1 v1.5", pkcs1
    sha512 = hashes.SHA512()
    yield "sha512", "PSS with SHA-512 in both places", pss_as(of=sha512, mask=sha512)
    yield "mgf-sha1", "PSS whose MGF1 uses SHA-1", pss_as(mask=hashes.SHA1())
    other = "final record" if right != "final record" else "segment record"
    yield "no-label", "signed without a label", lambda n, l, m: pss(n, b"", m)
    yield "other-label", f"signed as a {other}", lambda n, l, m: pss(n, label(other), m)
    yield (
        "short-label",
        "the label is not filled up with zeros",
        lambda n, l, m: pss(n, l.rstrip(b"\0"), m),
    )
    yield "flipped", "a bit of the signature changed", lambda *of: flipped(pss(*of), 100)
    yield "zeros", "a signature of zeros", lambda *_: bytes(384)
    yield "above-modulus", "the right signature plus the modulus", above_modulus


def pkcs1(name: str, label: bytes, message: bytes) -> bytes:
    return key(name).sign(label + message, padding.PKCS1v15(), hashes.SHA256())


def above_modulus(name: str, label: bytes, message: bytes) -> bytes:
    """The same number modulo the key's modulus, but not its smallest spelling."""
    modulus = key(name).public_key().public_numbers().n
    while True:
        number = int.from_bytes(pss(name, label, message), "big") + modulus
        if number < 2**3072:
            return number.to_bytes(384, "big")


def bad_header_parties() -> Iterator[Vector]:
    mallory = Recipient("mallory-signing", "mallory-sealing", 1)
    yield bad_early(
        "sender-mallory",
        "sender",
        "mallory's own stream, right in all, when alice is expected",
        sender="mallory-signing",
    )
    yield bad_early(
        "sender-is-sealing-key",
        "sender",
        "signed by, and naming as its sender, alice's sealing key",
        sender="alice-sealing",
    )
    yield bad_early(
        "recipient-mallory",
        "recipient",
        "alice's stream for mallory, read by bob",
        recipients=[mallory],
    )
    yield bad_early(
        "recipient-sealing-key",
        "recipient",
        "the recipient is the fingerprint of bob's sealing key",
        recipients=[Recipient("bob-sealing", "bob-sealing", 1)],
    )
    for epoch, sealing in ((0, "bob-sealing"), (2, "mallory-sealing")):
        yield bad_early(
            f"epoch-{epoch}",
            "stale-key",
            f"sealed for epoch {epoch}, when the reader is at 1; the key is {sealing}",
            recipients=[Recipient("bob-signing", sealing, epoch)],
        )
    yield bad_early("context", "context", "the context is another one", context=OTHER_CONTEXT)


def bad_header_order() -> Iterator[Vector]:
    """Two faults each: the refusal is that of the check that comes first."""

    def bob_at(epoch: int) -> list[Recipient]:
        return [Recipient("bob-signing", "bob-sealing", epoch)]

    mallory = [Recipient("mallory-signing", "mallory-sealing", 9)]
    too_many = change(entries=MANIFEST_ENTRIES + 1)

    def garbage(*_) -> bytes:
        return b"\1" * 384

    faults: list[tuple[str, str, str, dict]] = [
        (
            "shape-sender",
            "header-shape",
            "version 2, and from mallory",
            {"inner": change(version=2), "sender": "mallory-signing"},
        ),
        (
            "sender-signature",
            "sender",
            "from mallory, and the signature is zeros",
            {"sender": "mallory-signing", "sign_header": lambda *_: bytes(384)},
        ),
        (
            "signature-recipient",
            "header-signature",
            "the signature is zeros, and for mallory",
            {"sign_header": lambda *_: bytes(384), "recipients": mallory},
        ),
        (
            "recipient-epoch",
            "recipient",
            "for mallory, and at another epoch",
            {"recipients": mallory},
        ),
        (
            "epoch-context",
            "stale-key",
            "at another epoch, and in another context",
            {"recipients": bob_at(9), "context": OTHER_CONTEXT},
        ),
        (
            "context-policy",
            "context",
            "in another context, and with too many entries",
            {"context": OTHER_CONTEXT, "inner": too_many},
        ),
        (
            "policy-wrap",
            "policy",
            "with too many entries, and the wrap is garbage",
            {"inner": too_many, "wrap": garbage},
        ),
    ]
    for name, expect, note, steps in faults:
        yield bad_early(f"order-{name}", expect, note, **steps)


def bad_policy() -> Iterator[Vector]:
    def policy(name: str, note: str, **fields) -> Vector:
        return bad_early(f"policy-{name}", "policy", note, inner=change(**fields))

    yield policy("manifest-0", "a manifest of no bytes", manifest_length=0)
    above = MANIFEST_BYTES + 1
    yield policy("manifest-above", "a manifest of 16 MiB and a byte", manifest_length=above)
    yield policy("manifest-max", "a manifest of 4 GiB", manifest_length=2**32 - 1)
    yield policy("entries-0", "no entries", entries=0)
    yield policy("entries-above", "100,001 entries", entries=MANIFEST_ENTRIES + 1)
    yield policy("entries-max", "4,294,967,295 entries", entries=2**32 - 1)


def bad_wrap() -> Iterator[Vector]:
    def unopened(name: str, note: str, **steps) -> Vector:
        return bad_early(f"wrap-{name}", "not-opened", note, **steps)

    def wrapped(name: str, note: str, make_label, scheme=oaep) -> Vector:
        def wrap(stream: Stream, recipient: Recipient, inner: bytes) -> bytes:
            who = fingerprint(recipient.signing)
            return scheme(recipient.sealing, stream.secret, make_label(inner, who, recipient.epoch))

        return unopened(name, note, wrap=wrap)

    def right(inner: bytes, who: bytes, epoch: int) -> bytes:
        return hashed("wrap label", inner, who, u32(epoch))

    sha1 = hashes.SHA1()
    yield wrapped("sha1", "OAEP with SHA-1 in both places", right, oaep_as(of=sha1, mask=sha1))
    yield wrapped("mgf-sha1", "OAEP whose MGF1 uses SHA-1", right, oaep_as(mask=sha1))
    yield wrapped("hash-sha1", "OAEP with SHA-1, its MGF1 with SHA-256", right, oaep_as(of=sha1))
    yield wrapped("no-label", "OAEP with an empty label", lambda *_: None)
    yield wrapped(
        "other-epoch",
        "another epoch in the OAEP label",
        lambda inner, who, epoch: right(inner, who, epoch + 1),
    )
    yield wrapped(
        "other-recipient",
        "another recipient in the OAEP label",
        lambda inner, who, epoch: right(inner, fingerprint("mallory-signing"), epoch),
    )
    yield wrapped(
        "other-inner",
        "another inner in the OAEP label",
        lambda inner, who, epoch: right(flipped(inner, 5), who, epoch),
    )
    yield wrapped(
        "bare-label",
        "the OAEP label is hashed without a label of its own",
        lambda inner, who, epoch: hashlib.sha256(inner + who + u32(epoch)).digest(),
    )
    yield unopened(
        "other-key",
        "wrapped for mallory's sealing key under bob's name",
        wrap=lambda stream, recipient, inner: honest_wrap(
            stream, replace(recipient, sealing="mallory-sealing"), inner
        ),
    )
    yield unopened("pkcs1", "wrapped by PKCS#1 v1.5", wrap=pkcs1_wrap)
    yield unopened("zeros", "a wrap of zeros", wrap=lambda *_: bytes(384))
    yield unopened("ones", "a wrap above the modulus", wrap=lambda *_: b"\xff" * 384)
    yield unopened("above-modulus", "the right wrap plus the modulus", wrap=wrap_above_modulus)
    yield unopened(
        "512",
        "a wrap as long as one for a larger key",
        wrap=lambda *of: bytes(128) + honest_wrap(*of),
    )
    other = Stream(one_file()).built()
    yield unopened(
        "of-another",
        "the wrap of another stream from the same sender to the same receiver, signed anew",
        wraps=lambda _stream, _wraps: other.made_wraps,
    )
    yield stolen_wrap()
    for length in (0, 79, 81):
        yield unopened(
            f"secret-{length}",
            f"a secret of {length} bytes, and a commitment to it",
            **wrapping_part(length),
        )
    yield unopened(
        "commitment",
        "a commitment to another secret",
        inner=lambda _, fields: fields | {"commitment": flipped(fields["commitment"], 31)},
    )
    yield unopened(
        "commitment-bare",
        "the commitment leaves out the stream's id",
        inner=lambda stream, fields: (
            fields | {"commitment": hashed("key commitment", stream.secret)}
        ),
    )


def pkcs1_wrap(stream: Stream, recipient: Recipient, _inner: bytes) -> bytes:
    return key(recipient.sealing).public_key().encrypt(stream.secret, padding.PKCS1v15())


def wrap_above_modulus(stream: Stream, recipient: Recipient, inner: bytes) -> bytes:
    modulus = key(recipient.sealing).public_key().public_numbers().n
    while True:
        number = int.from_bytes(honest_wrap(stream, recipient, inner), "big") + modulus
        if number < 2**3072:
            return number.to_bytes(384, "big")


def wrapping_part(length: int) -> dict:
    """Steps that wrap, and commit to, so many bytes; the stream itself keeps its 80."""

    def part(stream: Stream) -> bytes:
        return (stream.secret + b"\0")[:length]

    def inner(stream: Stream, fields: Fields) -> Fields:
        return fields | {"commitment": hashed("key commitment", stream.stream_id, part(stream))}

    def wrap(stream: Stream, recipient: Recipient, inner: bytes) -> bytes:
        who = fingerprint(recipient.signing)
        own = hashed("wrap label", inner, who, u32(recipient.epoch))
        return oaep(recipient.sealing, part(stream), own)

    return {"inner": inner, "wrap": wrap}


def stolen_wrap() -> Vector:
    """Mallory does not know the secret: only alice's header and chunks are hers to send on."""
    alices = Stream(one_file()).built()
    return bad_early(
        "wrap-stolen",
        "not-opened",
        "alice's stream for bob, its wrap and chunks under a header and records of mallory's",
        reader=Reader(sender="mallory-signing"),
        sender="mallory-signing",
        stream_id=alices.stream_id,
        secret=alices.secret,
        wrap=lambda *_: alices.made_wraps[0],
    )

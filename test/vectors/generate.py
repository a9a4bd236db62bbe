"""Writes the test vectors of the sealed stream and its receipts (protocol.md, section 8).

    pip install cryptography blake3 && python test/vectors/generate.py [streams] [receipts]

It was written from protocol.md alone and shares nothing with the product, so that a mistake made
there on both sides cannot hide. It removes good/ and bad/ beside itself and writes them anew: in
good/ are streams that a reader must open, in bad/ streams with one fault each and the refusal that
a reader must give (in bad/order-* two faults, of which the first is the one to report). The random
parts differ from run to run, names and plaintext do not. maker/sealed.py says how one is made.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from blake3 import blake3
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

sys.dont_write_bytecode = True  # nothing but vectors shall come to lie beside this file

from maker import bad_chunks, bad_header, bad_ids, bad_manifest, bad_records, good, receipts
from maker.sealed import key, label
from maker.vector import Vector, small_files

HERE = Path(__file__).resolve().parent


def bad_vectors() -> Iterator[Vector]:
    for part in (bad_header, bad_manifest, bad_chunks, bad_records, bad_ids):
        yield from part.vectors()


def check_by_hand(vector: bytes) -> None:
    """Opens a good stream of small files with little of the code above, to hold that against it."""
    _text, _, stream = vector.partition(b"\n---\n")
    inner, wrap, signature = stream[4:191], stream[195:579], stream[583:967]
    signed = inner + hashlib.sha256(label("stream wraps") + stream[191:579]).digest()
    scheme = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    public = key("alice-signing").public_key()
    public.verify(signature, label("stream header") + signed, scheme, hashes.SHA256())

    own = hashlib.sha256(label("wrap label") + inner + inner[-36:]).digest()
    unwrap = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), own)
    secret = key("bob-sealing").decrypt(wrap, unwrap)
    committed = hashlib.sha256(label("key commitment") + inner[5:21] + secret).digest()
    assert len(secret) == 80 and committed == inner[-70:-38]

    chunk = stream[967:]
    length = int.from_bytes(inner[97:101], "big")
    assert chunk[:9] == b"\1\0\0\0\0" + length.to_bytes(4, "big")
    ciphertext = chunk[41 : 41 + length]
    assert blake3(ciphertext + chunk[1:9], key=secret[48:]).digest() == chunk[9:41]
    assert decrypted(secret, ciphertext) == b"".join(one.encoded() for one in small_files())


def decrypted(secret: bytes, ciphertext: bytes) -> bytes:
    """Counter mode from single blocks, at the start of the keystream."""
    ecb = Cipher(algorithms.AES(secret[:32]), modes.ECB()).encryptor()
    nonce = int.from_bytes(secret[32:48], "big")
    blocks = range((len(ciphertext) + 15) // 16)
    stream = b"".join(
        ecb.update(((nonce + number) % 2**128).to_bytes(16, "big")) for number in blocks
    )
    return bytes(a ^ b for a, b in zip(ciphertext, stream, strict=False))


def write_all(folder: Path, vectors: Iterator[Vector | receipts.Kept]) -> tuple[int, int]:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    count = total = 0
    for vector in vectors:
        path = folder / vector.name
        assert not path.exists(), vector.name
        path.write_bytes(vector.encoded())
        count += 1
        total += path.stat().st_size
    return count, total


def write_streams() -> None:
    good_count, good_bytes = write_all(HERE / "good", good.vectors())
    bad_count, bad_bytes = write_all(HERE / "bad", bad_vectors())
    for name in ("segments", "counter-wraps", "counter-carries"):
        check_by_hand((HERE / "good" / name).read_bytes())
    print(f"{good_count} good streams, {good_bytes:,} bytes")
    print(f"{bad_count} bad streams, {bad_bytes:,} bytes")


def write_receipts() -> None:
    for folder, vectors in (("good", receipts.good()), ("bad", receipts.bad())):
        count, total = write_all(HERE / "receipts" / folder, vectors)
        print(f"{count} {folder} receipts, {total:,} bytes")


def main() -> None:
    parts = {"streams": write_streams, "receipts": write_receipts}
    for name in sys.argv[1:] or parts:
        parts[name]()


if __name__ == "__main__":
    main()

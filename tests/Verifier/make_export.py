"""Writes exports for the tests, with keys from fixed seeds: docs/protocol.md, sections 4, 5, 15 and 17."""

import base64
import hashlib
import os

import canonical
import ed25519
import entries
import merkle


def pack(value):
    """Canonical MessagePack of nil and arrays too."""
    if value is None:
        return b"\xc0"
    if isinstance(value, list):
        head = bytes([0x90 | len(value)]) if len(value) < 16 else b"\xdc" + len(value).to_bytes(2, "big")
        return head + b"".join(map(pack, value))
    return canonical.encode(value)


class Signer:
    """A key whose seed is the 32 bytes `first`, `first` + 1, ... as in section 17."""

    def __init__(self, name, first):
        secret = hashlib.sha512(bytes(range(first, first + 32))).digest()
        self._scalar = int.from_bytes(secret[:32], "little") & (1 << 254) - 8 | 1 << 254
        self._prefix = secret[32:]
        self.public_key = ed25519._encode(ed25519._multiply(self._scalar, ed25519._BASE))
        self.name = name
        self.hash = hashlib.sha256(name.encode() + b"\n\x01" + self.public_key).digest()[:4]
        self.vkey = f"{name}+{self.hash.hex()}+{base64.b64encode(bytes([1]) + self.public_key).decode()}"

    def line(self, text):
        """The signature line of a note with this text."""
        r = int.from_bytes(hashlib.sha512(self._prefix + text).digest(), "little") % ed25519.ORDER
        point = ed25519._encode(ed25519._multiply(r, ed25519._BASE))
        k = int.from_bytes(hashlib.sha512(point + self.public_key + text).digest(), "little")
        signature = point + ((r + k * self._scalar) % ed25519.ORDER).to_bytes(32, "little")
        return f"\u2014 {self.name} {base64.b64encode(self.hash + signature).decode()}\n".encode()


def checkpoint(signer, size, root):
    text = f"{signer.name}\n{size}\n{base64.b64encode(root).decode()}\n".encode()
    return text + b"\n" + signer.line(text)


def entry(origin, index, kind, payload, issued=1790000000, term=()):
    """(leaf, salt, payload) with a salt that depends on the place alone; `term` are items 6 to 8 of a listing's leaf."""
    salt = hashlib.sha256(f"{origin} {index}".encode()).digest()[:16]
    body = pack(payload)
    return pack([1, origin, kind, issued + index, None, entries.commitment(salt, body), *term]), salt, body


def write_log(folder, signer, log, erased=()):
    """Writes one log, a list of (leaf, salt, payload); returns its root."""
    tree = merkle.Tree([merkle.leaf_hash(leaf) for leaf, _, _ in log])
    root = tree.root(len(log))
    files = {"vkey": signer.vkey.encode() + b"\n", "checkpoint": checkpoint(signer, len(log), root)}
    for number, width in merkle.tiles(len(log), 0):
        part = range(number * merkle.WIDTH, number * merkle.WIDTH + width)
        files[merkle.tile_path("entries", number, width)] = b"".join(
            len(log[i][0]).to_bytes(2, "big") + log[i][0] for i in part)
        files[merkle.tile_path("payloads", number, width)] = pack(
            [None if i in erased or log[i][1] is None else list(log[i][1:]) for i in part])
    for level in merkle.tile_levels(len(log)):
        for number, width in merkle.tiles(len(log), level):
            files[merkle.tile_path(level, number, width)] = tree.tile(level, number, width)
    for name, data in files.items():
        path = os.path.join(folder, *name.split("/"))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)
    return root

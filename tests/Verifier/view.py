"""The merged view and its digest: docs/protocol.md, section 8."""

import hashlib

import canonical
from merkle import node_hash
from names import parse_origin

_BUCKETS = 65536


def rows(logs):
    """{key bytes: row bytes} of the logs' entries; each log is (origin, [(leaf hash, Meaning or None)], erased)."""
    cells = {}
    for origin, entries, erased in logs:
        epoch = parse_origin(origin).epoch
        for index, (hashed, meaning) in enumerate(entries):
            if meaning is None or meaning.cell is None or index in erased:
                continue
            key = b"".join(map(canonical.encode, meaning.cell))
            if key not in cells or cells[key][:2] < (epoch, index):
                cells[key] = (epoch, index, hashed)
    return {key: key + b"".join(map(canonical.encode, value)) for key, value in cells.items()}


def bucket(key):
    return int.from_bytes(hashlib.sha256(key).digest()[:2], "big")


def digest(view_rows):
    buckets = {}
    for key in sorted(view_rows):
        buckets.setdefault(bucket(key), []).append(view_rows[key])
    empty = hashlib.sha256(b"\x00").digest()
    level = [hashlib.sha256(b"\x00" + b"".join(buckets[i])).digest() if i in buckets else empty
             for i in range(_BUCKETS)]
    while len(level) > 1:
        level = [node_hash(level[i], level[i + 1]) for i in range(0, len(level), 2)]
    return hashlib.sha256(b"fednode/view/1\x00" + level[0]).digest()

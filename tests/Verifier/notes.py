"""Verification keys, signed notes, checkpoints and JSON notes: docs/protocol.md, section 3."""

import hashlib
import json
import re
from typing import NamedTuple

import ed25519
from canonical import from_base64
from findings import Refused
from names import MAX_SIZE

MAX_SIGNATURES = 100
MAX_CHECKPOINT = 65_536
_JSON_DEPTH = 16


class VKey(NamedTuple):
    """A verification key `<name>+<hash>+<base64(type || key)>`."""
    name: str
    hash: bytes
    public_key: bytes
    text: str


class Note(NamedTuple):
    text: bytes
    signatures: tuple


class Checkpoint(NamedTuple):
    origin: str
    size: int
    root: bytes


def _is_key_name(name):
    return name != "" and "+" not in name and not any(c.isspace() for c in name)


def parse_vkey(text):
    """The key; Refused unless it is Ed25519, rightly hashed and fit for enrolment."""
    parts = text.split("+", 2) if isinstance(text, str) else []
    if len(parts) != 3 or not _is_key_name(parts[0]):
        raise Refused("not a verification key")
    name, hashed, encoded = parts
    raw = from_base64(encoded)
    if len(raw) != 33 or raw[0] != 1:
        raise Refused("not an Ed25519 verification key")
    expected = hashlib.sha256(name.encode("utf-8", "surrogatepass") + b"\n" + raw).digest()[:4]
    if hashed != expected.hex():
        raise Refused("hash of the verification key is wrong")
    if not ed25519.is_enrollable(raw[1:]):
        raise Refused("public key is not the canonical encoding of a point of prime order")
    return VKey(name, expected, raw[1:], text)


def parse_note(data, limit):
    """Text and signatures of a C2SP signed note, nothing verified yet."""
    if len(data) > limit:
        raise Refused(f"note is longer than {limit} bytes")
    try:
        decoded = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("note is not UTF-8") from None
    if any(c < " " and c != "\n" for c in decoded):
        raise Refused("note holds a control character")
    split = decoded.rfind("\n\n")
    if split < 0 or not decoded.endswith("\n") or split + 2 == len(decoded):
        raise Refused("note has no signatures")
    lines = decoded[split + 2:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise Refused(f"note has more than {MAX_SIGNATURES} signatures")
    return Note(decoded[:split + 1].encode(), tuple(_signature(line) for line in lines))


def _signature(line):
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "\u2014" or not _is_key_name(parts[1]):
        raise Refused("malformed signature line")
    raw = from_base64(parts[2])
    if len(raw) < 5:
        raise Refused("signature is too short")
    return parts[1], raw[:4], raw[4:]


def signers(note, keys):
    """The public keys out of `keys` that signed; a bad signature by one of them refuses the note."""
    known = {(key.name, key.hash): key for key in keys}
    signed = set()
    for name, hashed, signature in note.signatures:
        key = known.get((name, hashed))
        if key is None:
            continue
        if not ed25519.verify(key.public_key, note.text, signature):
            raise Refused(f"signature by {name} is wrong")
        signed.add(key.public_key)
    return signed


def parse_checkpoint(text):
    """Exactly three lines: origin, size, root."""
    lines = text.decode("utf-8").split("\n")
    if len(lines) != 4 or lines[3] != "":
        raise Refused("checkpoint has not exactly three lines")
    origin, size, root = lines[:3]
    if not re.fullmatch("0|[1-9][0-9]{0,12}", size) or int(size) > MAX_SIZE:
        raise Refused("size of the checkpoint is not a number within bounds")
    raw = from_base64(root)
    if len(raw) != 32:
        raise Refused("root of the checkpoint is not 32 bytes")
    return Checkpoint(origin, int(size), raw)


def parse_json(text, header):
    """The object below the header line, by the rules for JSON notes."""
    first, _, rest = text.partition("\n")
    if first != header:
        raise Refused(f"header line is not {header}")
    try:
        value = json.loads(rest, object_pairs_hook=_unique, parse_constant=_no_constant)
    except RecursionError:
        raise Refused("JSON is nested too deep") from None
    except Refused:
        raise
    except ValueError as error:
        raise Refused(f"not JSON: {error}") from None
    if not isinstance(value, dict):
        raise Refused("JSON is not an object")
    _depth(value, 1)
    return value


def _unique(pairs):
    result = dict(pairs)
    if len(result) != len(pairs):
        raise Refused("JSON has a property twice")
    return result


def _no_constant(name):
    raise Refused(f"JSON has no {name}")


def _depth(value, depth):
    if depth > _JSON_DEPTH:
        raise Refused("JSON is nested too deep")
    for item in value.values() if isinstance(value, dict) else value:
        if isinstance(item, (dict, list)):
            _depth(item, depth + 1)

"""Leaves, payloads and what they mean: docs/protocol.md, sections 5 to 7."""

import hashlib
import re
from functools import lru_cache
from typing import NamedTuple, Optional

import canonical
from findings import Refused
from names import (MAX_LIFETIME, MAX_SIZE, MAX_TIME, MAX_TIME_MS, is_code, is_epoch, is_name, is_scheme,
                   is_seller_type, parse_origin)

MAX_LEAF = 1024
SALT_LENGTH = 16
_TAXON = re.compile(r"[A-Za-z .-]{0,96}")
_COUNTRY = re.compile(r"[A-Z]{2}")
# The shape of RFC 5646, section 2.1, without its registry.
_LANGUAGE = re.compile(r"[A-Za-z0-9-]{0,35}")


class Leaf(NamedTuple):
    """`term` is (indicator kind, scheme, expiry), in leaves of listings that say it."""
    version: int
    origin: str
    kind: str
    issued: int
    ref: Optional[int]
    commitment: bytes
    term: Optional[tuple] = None


class Meaning(NamedTuple):
    """What a payload says: `cell` are the key items of its row (section 8) or None, `fields` the decoded items."""
    kind: str
    cell: Optional[tuple]
    fields: list


def _need(condition, why):
    if not condition:
        raise Refused(why)


def _is_uint(value, high):
    return type(value) is int and 0 <= value <= high


def _is_hash(value):
    return type(value) is bytes and len(value) == 32


def max_payload(kind):
    """Section 16."""
    return 1_048_576 if kind == "roster" else 65_536


@lru_cache(maxsize=65536)
def decode_leaf(data):
    """The leaf; Refused if it is malformed. Its origin and kind may still make it a no-op."""
    _need(len(data) <= MAX_LEAF, "leaf is longer than 1,024 bytes")
    items = canonical.decode(data)
    _need(type(items) is list and len(items) in (6, 9), "leaf is not an array of 6 or 9 items")
    leaf = Leaf(*items[:6], tuple(items[6:]) or None)
    _need(type(leaf.version) is int and leaf.version == 1, "version of the leaf is not 1")
    _need(type(leaf.origin) is str and len(leaf.origin.encode()) <= 200, "origin of the leaf is malformed")
    _need(is_code(leaf.kind), "kind of the leaf is not a code")
    _need(_is_uint(leaf.issued, MAX_TIME), "time of issue is out of bounds")
    _need(leaf.ref is None or _is_uint(leaf.ref, MAX_SIZE), "ref of the leaf is malformed")
    _need(_is_hash(leaf.commitment), "commitment is not 32 bytes")
    if leaf.term is not None:
        kind, scheme, expires = leaf.term
        _need(leaf.kind == "listing", "only the leaf of a listing has 9 items")
        _need(is_code(kind), "indicator kind of the leaf is not a code")
        _need(is_scheme(scheme), "scheme of the leaf is malformed")
        _need(_is_uint(expires, MAX_TIME), "expiry of the leaf is out of bounds")
    return leaf


@lru_cache(maxsize=65536)
def commitment(salt, payload):
    return hashlib.sha256(b"fednode/payload/1\x00" + salt + payload).digest()


def indicator_id(kind, scheme, value):
    return hashlib.sha256(b"\x00".join((b"fednode/indicator/1", kind.encode(), scheme.encode(), value))).digest()


@lru_cache(maxsize=65536)
def no_op(origin, leaf):
    """Why a well-formed leaf in the log `origin` means nothing whatever its payload, or None."""
    if leaf.origin != origin:
        return "leaf names another origin"
    if leaf.kind not in _READERS:
        return f"kind {leaf.kind} is unknown"
    if parse_origin(origin).log not in _READERS[leaf.kind][0]:
        return f"kind {leaf.kind} has no place in this log"
    return None


@lru_cache(maxsize=65536)
def read_payload(origin, index, leaf, payload):
    """The meaning of an entry that is no no-op by its leaf; Refused if the payload breaks a rule of section 6."""
    if leaf.kind == "ceremony":
        _need(1 <= len(payload) <= 8192, "message of a ceremony has not 1 to 8,192 bytes")
        return Meaning(leaf.kind, None, [payload])
    items = canonical.decode(payload)
    _need(type(items) is list and items and type(items[0]) is int, "payload is not an array with a version")
    _need(items[0] == 1, f"version {items[0]} of the payload is unknown")
    _, length, read = _READERS[leaf.kind]
    _need(len(items) == length, f"payload has not {length} items")
    if leaf.kind == "listing" and leaf.term is not None:
        _need(leaf.term == (items[1], items[2], items[10]), "leaf says of another kind, scheme or expiry than the payload")
    cell = read(items, parse_origin(origin).member, index, leaf.issued)
    return Meaning(leaf.kind, cell, items)


def _listing(items, member, _index, issued):
    (_, kind, scheme, value, category, taxon, cites, severity, confidence, action, expires, jurisdictions, exceptions,
     tlp, evidence, context) = items
    _need(is_code(kind), "indicator kind is not a code")
    _need(is_scheme(scheme), "scheme is malformed")
    _need(type(value) is bytes and len(value) <= 512, "value is malformed")
    _need(_fits_kind(kind, scheme, value), "scheme or value does not fit the indicator kind")
    _need(is_code(category), "category is not a code")
    _need(type(taxon) is str and _TAXON.fullmatch(taxon), "taxon is malformed")
    _need(cites in ("I", "II", "III", ""), "CITES appendix is malformed")
    _need(_is_uint(severity, 3), "severity is out of bounds")
    _need(_is_uint(confidence, 100), "confidence is out of bounds")
    _need(action in ("block", "review", "signal"), "action is unknown")
    _need(_is_uint(expires, MAX_TIME) and issued < expires <= issued + MAX_LIFETIME, "expiry is out of bounds")
    _need(type(jurisdictions) is list and len(jurisdictions) <= 64
          and all(type(j) is str and _COUNTRY.fullmatch(j) for j in jurisdictions), "jurisdictions are malformed")
    _need(type(exceptions) is list and len(exceptions) <= 16 and all(map(is_code, exceptions)),
          "exceptions are malformed")
    _need(tlp in ("clear", "green", "amber", "amber-strict", "red"), "TLP is unknown")
    _need(evidence is None or _is_hash(evidence), "evidence is malformed")
    _need((context is not None) == (kind == "keyword"), "keyword context does not fit the indicator kind")
    if context is not None:
        _context(context)
    return "listing", indicator_id(kind, scheme, value), member


def _fits_kind(kind, scheme, value):
    """The table of section 7."""
    if kind == "keyword":
        try:
            return scheme == "wlnorm/1" and value.decode("utf-8") != ""
        except UnicodeDecodeError:
            return False
    if kind == "seller":
        parts = scheme.split("/")
        return (len(parts) == 3 and parts[0] == "voprf" and is_seller_type(parts[1]) and is_epoch(parts[2])
                and len(value) == 32)
    schemes = {"image-pdq": "pdq/1", "image-sha256": "sha256/1"}
    return kind not in schemes or (scheme == schemes[kind] and len(value) == 32)


def _context(context):
    _need(type(context) is list and len(context) == 6, "keyword context is malformed")
    language, match, *terms, window = context
    _need(type(language) is str and _LANGUAGE.fullmatch(language), "language is malformed")
    _need(match in ("auto", "word", "substring", "prefix"), "match is unknown")
    for group in terms:
        _need(type(group) is list and len(group) <= 32
              and all(type(t) is str and 1 <= len(t.encode()) <= 128 for t in group), "context terms are malformed")
    _need(_is_uint(window, 10000), "window is out of bounds")


def _withdrawal(items, member, _index, _issued):
    _need(_is_hash(items[1]), "indicator id is not 32 bytes")
    _need(is_code(items[2]), "reason is not a code")
    return "listing", items[1], member


def _opinion(items, member, _index, _issued):
    _need(_is_hash(items[1]), "indicator id is not 32 bytes")
    _need(items[2] == "" or is_name(items[2]), "lister is not a name")
    _need(items[3] in ("confirm", "dispute", "none"), "stance is unknown")
    _need(is_code(items[4]), "reason is not a code")
    return "opinion", items[1], member, items[2]


def _tally(items, member, _index, _issued):
    _need(_is_uint(items[1], 2932896), "day is out of bounds")
    _need(is_code(items[2]), "category is not a code")
    _need(all(_is_uint(count, 2 ** 53) for count in items[3:]), "a count is out of bounds")
    return "tally", member, items[2], items[1]


def _erase(items, _member, index, _issued):
    _need(_is_uint(items[1], MAX_SIZE) and items[1] < index, "erased index is not smaller than the entry's own")
    _need(is_code(items[2]), "reason is not a code")


def _lapse(items, _member, _index, issued):
    _need(_is_uint(items[1], MAX_TIME) and items[1] <= issued, "time of a lapse entry is later than its own")


def _statements(rows, most, length):
    _need(type(rows) is list and len(rows) <= most, f"not an array of at most {most} heads")
    for row in rows:
        _need(type(row) is list and len(row) == length, f"a head has not {length} items")
        _need(parse_origin(row[0]) is not None, "origin of a head is malformed")
        _need(_is_uint(row[1], MAX_SIZE), "size of a head is out of bounds")
        _need(_is_hash(row[2]), "root of a head is not 32 bytes")


def _heartbeat(items, _member, _index, _issued):
    _statements(items[1], 512, 3)


def _receipt(items, _member, _index, _issued):
    _statements(items[1], 256, 4)
    _need(all(_is_uint(row[3], MAX_TIME_MS) for row in items[1]), "since is out of bounds")


def _erasure(items, _member, _index, _issued):
    _need(type(items[1]) is list and len(items[1]) <= 256, "not an array of at most 256 statements")
    for row in items[1]:
        _need(type(row) is list and len(row) == 3, "a statement has not 3 items")
        _need(parse_origin(row[0]) is not None, "origin of a statement is malformed")
        _need(_is_uint(row[1], MAX_SIZE), "size of a statement is out of bounds")
        _need(_is_uint(row[2], MAX_TIME_MS), "time of a statement is out of bounds")


def _evaluations(items, _member, _index, issued):
    _need(_is_uint(items[1], 2932896) and items[1] < issued // 86_400, "day is out of bounds, or was not over")
    _need(type(items[2]) is list and 1 <= len(items[2]) <= 256, "not an array of 1 to 256 counts")
    last = None
    for row in items[2]:
        _need(type(row) is list and len(row) == 5, "a count has not 5 items")
        _need(is_name(row[0]), "member of a count is malformed")
        _need(is_seller_type(row[1]), "type of a count is malformed")
        _need(_is_uint(row[2], 999_999) and row[2] > 0, "epoch of a count is out of bounds")
        _need(all(_is_uint(count, 2 ** 53) for count in row[3:]), "a count is out of bounds")
        key = (row[0].encode(), row[1].encode(), row[2])
        _need(last is None or last < key, "counts do not rise")
        last = key


def _roster(items, _member, _index, _issued):
    _need(type(items[1]) is bytes, "note is not a binary")


# kind: (logs in which it has a meaning, items of its payload, reader that returns the cell)
_READERS = {
    "listing": ({"indicators"}, 16, _listing),
    "withdrawal": ({"indicators"}, 3, _withdrawal),
    "opinion": ({"indicators"}, 5, _opinion),
    "tally": ({"indicators"}, 6, _tally),
    "erase": ({"indicators"}, 3, _erase),
    "lapse": ({"indicators"}, 2, _lapse),
    "heartbeat": ({"indicators", "receipts", "roster"}, 2, _heartbeat),
    "receipt": ({"receipts"}, 2, _receipt),
    "erasure": ({"receipts"}, 2, _erasure),
    "evaluations": ({"receipts"}, 3, _evaluations),
    "ceremony": ({"receipts"}, 0, None),
    "roster": ({"roster"}, 2, _roster),
}

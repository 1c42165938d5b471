"""Canonical MessagePack and canonical base64: docs/protocol.md, section 1.

The structures of the protocol hold nil, numbers from 0, text, binaries and arrays only; any other type is refused here.
"""

import base64
import binascii

from findings import Refused

# No structure of the protocol is deeper than 4; the bound keeps hostile bytes off the Python stack.
_MAX_DEPTH = 16


def decode(data):
    """The value; Refused if `data` is not its one canonical encoding."""
    value, end = _item(data, 0, 0)
    if end != len(data):
        raise Refused(f"{len(data) - end} bytes after the end of the MessagePack value")
    return value


def _take(data, at, count):
    if at + count > len(data):
        raise Refused("MessagePack value is cut off")
    return data[at:at + count], at + count


def _number(data, at, width, smallest):
    raw, at = _take(data, at, width)
    value = int.from_bytes(raw, "big")
    if value < smallest:
        raise Refused("MessagePack number or length is not in its shortest form")
    return value, at


def _item(data, at, depth):
    if depth > _MAX_DEPTH:
        raise Refused("MessagePack is nested too deep")
    head, at = _take(data, at, 1)
    tag = head[0]
    if tag <= 0x7F:
        return tag, at
    if 0x90 <= tag <= 0x9F:
        return _array(data, at, tag & 0x0F, depth)
    if 0xA0 <= tag <= 0xBF:
        return _text(data, at, tag & 0x1F)
    if tag == 0xC0:
        return None, at
    if tag in _UINTS:
        return _number(data, at, *_UINTS[tag])
    for family, read in ((_BINS, _take), (_STRS, _text)):
        if tag in family:
            length, at = _number(data, at, *family[tag])
            return read(data, at, length)
    if tag in _ARRAYS:
        count, at = _number(data, at, *_ARRAYS[tag])
        return _array(data, at, count, depth)
    raise Refused(f"MessagePack type 0x{tag:02x} has no place here")


# tag: (width of the number or length, smallest that needs this width)
_UINTS = {0xCC: (1, 1 << 7), 0xCD: (2, 1 << 8), 0xCE: (4, 1 << 16), 0xCF: (8, 1 << 32)}
_BINS = {0xC4: (1, 0), 0xC5: (2, 1 << 8), 0xC6: (4, 1 << 16)}
_STRS = {0xD9: (1, 32), 0xDA: (2, 1 << 8), 0xDB: (4, 1 << 16)}
_ARRAYS = {0xDC: (2, 16), 0xDD: (4, 1 << 16)}


def _text(data, at, length):
    raw, at = _take(data, at, length)
    try:
        return raw.decode("utf-8"), at
    except UnicodeDecodeError:
        raise Refused("text in MessagePack is not UTF-8") from None


def _array(data, at, count, depth):
    if count > len(data) - at:
        raise Refused("MessagePack array is cut off")
    items = []
    for _ in range(count):
        item, at = _item(data, at, depth + 1)
        items.append(item)
    return items, at


def encode(value):
    """Canonical encoding of a number from 0, a text or a binary: what a row of the view is made of (section 8)."""
    if isinstance(value, int):
        if value < 0x80:
            return bytes([value])
        tag, width = next((t, w) for t, (w, _) in _UINTS.items() if value < 1 << 8 * w)
        return bytes([tag]) + value.to_bytes(width, "big")
    raw, family = (value.encode(), _STRS) if isinstance(value, str) else (value, _BINS)
    if family is _STRS and len(raw) < 32:
        return bytes([0xA0 | len(raw)]) + raw
    tag, width = next((t, w) for t, (w, _) in family.items() if len(raw) < 1 << 8 * w)
    return bytes([tag]) + len(raw).to_bytes(width, "big") + raw


def from_base64(text):
    """RFC 4648, section 4, padded, no stray bits, no spaces."""
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise Refused("not base64") from None
    if base64.b64encode(raw).decode() != text:
        raise Refused("base64 is not canonical")
    return raw

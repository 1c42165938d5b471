"""Ed25519 verification by the strict rules of docs/protocol.md, section 3.

RFC 8032, section 5.1, without the latitude that it leaves: S below the group order, A and R canonical and not of small
order, the equation without the cofactor. Only public data is handled, so nothing here needs constant time.
"""

import hashlib
from functools import lru_cache

P = 2 ** 255 - 19
ORDER = 2 ** 252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
_D2 = 2 * D % P
_SQRT_M1 = pow(2, (P - 1) // 4, P)
_IDENTITY = (0, 1, 1, 0)


def _add(a, b):
    """Sum of two points in extended coordinates (X, Y, Z, T); complete on this curve."""
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    e = (y1 - x1) * (y2 - x2) % P
    f = (y1 + x1) * (y2 + x2) % P
    g = t1 * t2 * _D2 % P
    h = 2 * z1 * z2 % P
    p, q, r, s = f - e, h - g, h + g, f + e
    return p * q % P, r * s % P, q * r % P, p * s % P


def _double(a):
    x, y, z, _ = a
    xx, yy = x * x % P, y * y % P
    h = xx + yy
    e = h - (x + y) * (x + y)
    g = xx - yy
    f = 2 * z * z + g
    return e * f % P, g * h % P, f * g % P, e * h % P


def _negate(a):
    x, y, z, t = a
    return -x % P, y, z, -t % P


def _is_identity(a):
    x, y, z, _ = a
    return x % P == 0 and (y - z) % P == 0


def _multiply(k, point):
    result = _IDENTITY
    for bit in bin(k)[2:]:
        result = _double(result)
        if bit == "1":
            result = _add(result, point)
    return result


def _double_multiply(j, a, k, b):
    """j*a + k*b with one chain of doublings."""
    both = _add(a, b)
    result = _IDENTITY
    for i in range(max(j.bit_length(), k.bit_length()) - 1, -1, -1):
        result = _double(result)
        pick = (j >> i & 1) | (k >> i & 1) << 1
        if pick:
            result = _add(result, (a, b, both)[pick - 1])
    return result


def _encode(a):
    x, y, z, _ = a
    inverse = pow(z, P - 2, P)
    x, y = x * inverse % P, y * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _decode(data):
    """The point, or None if the 32 bytes are no canonical encoding of one."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (1 << 255) - 1
    if y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P == -u % P:
        x = x * _SQRT_M1 % P
    if v * x * x % P != u:
        return None
    if x == 0 and sign:
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


_BASE = _decode((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def _small_order(point):
    return _is_identity(_double(_double(_double(point))))


@lru_cache(maxsize=4096)
def is_enrollable(public_key):
    """Whether the 32 bytes are the canonical encoding of a point of prime order."""
    point = _decode(public_key) if len(public_key) == 32 else None
    return point is not None and not _is_identity(point) and _is_identity(_multiply(ORDER, point))


@lru_cache(maxsize=4096)
def verify(public_key, message, signature):
    """Whether `signature` (64 bytes) is the key's signature of `message`."""
    if len(public_key) != 32 or len(signature) != 64:
        return False
    a, r = _decode(public_key), _decode(signature[:32])
    if a is None or r is None or _small_order(a) or _small_order(r):
        return False
    s = int.from_bytes(signature[32:], "little")
    if s >= ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + public_key + message).digest()
    k = int.from_bytes(digest, "little") % ORDER
    # A may have a small component: k*(-A), not (ORDER-k)*A, which would differ for such a key.
    return _encode(_double_multiply(s, _BASE, k, _negate(a))) == signature[:32]

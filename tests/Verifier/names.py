"""Names, codes, schemes and origins: docs/protocol.md, sections 1, 2 and 7."""

import re
from functools import lru_cache
from typing import NamedTuple, Optional

MAX_SIZE = 2 ** 40
MAX_TIME = 253402300799
MAX_TIME_MS = 253402300799000
MAX_LIFETIME = 158_112_000
SECRETARIAT = "secretariat"

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_SCHEME = re.compile(r"[a-z0-9.:/-]{1,64}")
_EPOCH = re.compile(r"[1-9][0-9]{0,5}")
_SELLER_TYPE = re.compile(r"[a-z0-9](?:[a-z0-9.:-]{0,38}[a-z0-9])?")


class Origin(NamedTuple):
    coalition: str
    member: str
    log: str
    epoch: int


def is_name(text):
    return isinstance(text, str) and _NAME.fullmatch(text) is not None


def is_code(text):
    return is_name(text) and len(text) <= 32


def is_scheme(text):
    return isinstance(text, str) and _SCHEME.fullmatch(text) is not None


def is_epoch(text):
    return _EPOCH.fullmatch(text) is not None


def is_seller_type(text):
    return isinstance(text, str) and _SELLER_TYPE.fullmatch(text) is not None


@lru_cache(maxsize=4096)
def parse_origin(text) -> Optional[Origin]:
    """`<coalition>/<member>/<log>/<epoch>`, or None."""
    if not isinstance(text, str) or len(text) > 200:
        return None
    parts = text.split("/")
    if len(parts) != 4:
        return None
    coalition, member, log, epoch = parts
    if not (is_name(coalition) and is_name(member) and is_code(log) and is_epoch(epoch)):
        return None
    return Origin(coalition, member, log, int(epoch))

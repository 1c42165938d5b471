"""Trust anchor, roster documents and their chain: docs/protocol.md, section 9."""

import ipaddress
import re
from typing import Dict, NamedTuple, Optional, Set, Tuple

from findings import Refused
from names import MAX_LIFETIME, MAX_SIZE, MAX_TIME, SECRETARIAT, is_code, is_name, is_seller_type, parse_origin
from notes import VKey, parse_json, parse_note, parse_vkey, signers

MAX_ROSTER = 1_048_512
_LIFETIMES = {"keyword": 731 * 86_400, "seller": 366 * 86_400}
_STATUSES = {"active", "suspended", "expelled"}
_HEX32 = re.compile("[0-9a-f]{64}")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


class Anchor(NamedTuple):
    coalition: str
    threshold: int
    keys: Tuple[VKey, ...]
    roster_log: VKey


class NamedLog(NamedTuple):
    """A log as the roster names it; `closed` is (size, root) or None."""
    vkey: VKey
    member: str
    closed: Optional[Tuple[int, bytes]]


class Roster(NamedTuple):
    """A roster document; `note` is all of it, with the signatures that came with it."""
    note: bytes
    version: int
    issued: int
    expires: int
    threshold: int
    keys: Tuple[VKey, ...]
    members: Dict[str, str]
    logs: Dict[str, NamedLog]
    seller_keys: Set[Tuple[str, int, str]]
    holders: Dict[Tuple[str, int], Tuple[tuple, tuple]]
    lifetimes: Dict[str, int]
    untils: Dict[str, int]

    def lifetime(self, kind):
        """The longest time from a listing's issue to its end, in seconds."""
        return self.lifetimes.get(kind, _LIFETIMES.get(kind, MAX_LIFETIME))

    def end_of(self, leaf):
        """When a listing ends, as its leaf alone tells (section 6, Lapsing)."""
        if leaf.term is None:
            return leaf.issued + MAX_LIFETIME
        kind, scheme, expires = leaf.term
        return min(expires, leaf.issued + self.lifetime(kind), self.untils.get(scheme, MAX_TIME))


def _need(condition, why):
    if not condition:
        raise Refused(why)


def _get(item, name, kind, where):
    _need(isinstance(item, dict), f"{where} is not an object")
    _need(name in item, f"{where} has no {name}")
    value = item[name]
    # type(), since a bool is an int to Python and none to JSON.
    _need(type(value) is kind, f"{name} of {where} has the wrong type")
    return value


def _number(item, name, where, low, high):
    value = _get(item, name, int, where)
    _need(low <= value <= high, f"{name} of {where} is out of bounds")
    return value


def _hex32(item, name, where):
    value = _get(item, name, str, where)
    _need(_HEX32.fullmatch(value), f"{name} of {where} is not 64 lower-case hexadecimal digits")
    return value


def _unique(values, what):
    _need(len(set(values)) == len(values), f"{what} not unique")


def _keys(item, where):
    """`threshold` and `keys` of the anchor or of the document's secretariat."""
    texts = _get(item, "keys", list, where)
    _need(1 <= len(texts) <= 16, f"{where} has not 1 to 16 keys")
    keys = tuple(parse_vkey(text) for text in texts)
    _unique([key.public_key for key in keys], f"keys of {where} are")
    _unique([key.name for key in keys], f"names of the keys of {where} are")
    return _number(item, "threshold", where, 1, len(keys)), keys


def _endpoint(item, where, may_be_empty):
    value = _get(item, "endpoint", str, where)
    if value == "" and may_be_empty:
        return
    match = re.fullmatch(r"https://(\[[0-9a-f:]+\]|[A-Za-z0-9.-]+):([1-9][0-9]{0,4})", value)
    _need(len(value) <= 255 and match and int(match[2]) <= 65535, f"endpoint of {where} is not https://host:port")
    host = match[1]
    try:
        if host.startswith("["):
            good = ipaddress.IPv6Address(host[1:-1]).compressed == host[1:-1]
        elif host.rpartition(".")[2].isdigit():
            good = str(ipaddress.IPv4Address(host)) == host
        else:
            good = len(host) <= 253 and all(_LABEL.fullmatch(label) for label in host.split("."))
    except ValueError as error:
        raise Refused(f"endpoint of {where}: {error}") from None
    _need(good, f"host of {where} is neither a name nor an address in its one form")


def parse_anchor(data):
    """The file coalition.json."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("not UTF-8") from None
    item = parse_json(text, "fednode/coalition/1")
    coalition = _get(item, "coalition", str, "the anchor")
    _need(is_name(coalition), "coalition of the anchor is not a name")
    threshold, keys = _keys(item, "the anchor")
    roster_log = parse_vkey(_get(item, "rosterLog", str, "the anchor"))
    origin = parse_origin(roster_log.name)
    _need(origin and origin[:3] == (coalition, SECRETARIAT, "roster"), "rosterLog is no roster log of the secretariat")
    _need(roster_log.public_key not in {key.public_key for key in keys}, "rosterLog uses a key of the secretariat")
    _endpoint(item, "the anchor", may_be_empty=False)
    _hex32(item, "tlsPin", "the anchor")
    return Anchor(coalition, threshold, keys, roster_log)


def parse_roster(text, coalition):
    """A roster document by itself, without its signatures and its place in the chain."""
    item = parse_json(text.decode("utf-8"), "fednode/roster/1")
    _need(_get(item, "coalition", str, "the roster") == coalition, "roster of another coalition")
    version = _number(item, "version", "the roster", 1, 2147483647)
    issued = _number(item, "issued", "the roster", 0, MAX_TIME)
    expires = _number(item, "expires", "the roster", 0, MAX_TIME)
    _need(expires > issued, "roster does not expire later than it was issued")
    threshold, keys = _keys(_get(item, "secretariat", dict, "the roster"), "the secretariat")
    seller_keys = _seller_keys(_get(item, "sellerKeys", list, "the roster"))
    holders = _holders(item["sellerKeys"])

    entries = _get(item, "members", list, "the roster")
    _need(1 <= len(entries) <= 1000, "roster has not 1 to 1,000 members")
    members, logs, pins, key_holders = {}, {}, [], set()
    for entry in entries:
        name = _get(entry, "name", str, "a member")
        _need(is_name(name), "name of a member is malformed")
        _need(name not in members, f"member {name} is named twice")
        members[name] = status = _get(entry, "status", str, name)
        _need(status in _STATUSES, f"status of {name} is unknown")
        roles = _get(entry, "roles", list, name)
        _need(1 <= len(roles) <= 16 and all(map(is_code, roles)),
              f"roles of {name} are malformed")
        if "key-holder" in roles:
            key_holders.add(name)
        _quota(entry, name)
        _endpoint(entry, name, may_be_empty=True)
        pin = _hex32(entry, "tlsPin", name)
        if status != "expelled":
            pins.append(pin)
        _logs_of(entry, name, coalition, logs)
    _need(next(iter(members)) == SECRETARIAT, "roster does not name the secretariat first")
    _unique(pins, "TLS pins are")
    _unique([log.vkey.public_key for log in logs.values()] + [key.public_key for key in keys], "public keys are")
    for names, _ in holders.values():
        _need(set(names) <= key_holders, "a holder of a seller key is no member with the role key-holder")
    lifetimes = _lifetimes(_get(item, "lifetimes", dict, "the roster")) if "lifetimes" in item else {}
    untils = {f"voprf/{key['type']}/{key['epoch']}": _number(key, "until", "a seller key", 0, MAX_TIME)
              for key in item["sellerKeys"] if "until" in key}
    return Roster(b"", version, issued, expires, threshold, keys, members, logs, seller_keys, holders, lifetimes, untils)


def _lifetimes(item):
    _need(len(item) <= 64 and all(map(is_code, item)), "lifetimes of the roster are malformed")
    return {kind: _number(item, kind, "the lifetimes", 86_400, MAX_LIFETIME) for kind in item}


def _seller_keys(items):
    _need(len(items) <= 1024, "roster has more than 1,024 seller keys")
    keys = set()
    for item in items:
        kind = _get(item, "type", str, "a seller key")
        _need(is_seller_type(kind), "type of a seller key is malformed")
        epoch = _number(item, "epoch", "a seller key", 1, 999999)
        keys.add((kind, epoch, _hex32(item, "publicKey", "a seller key")))
        _quota(item, "a seller key")
    _need(len({(kind, epoch) for kind, epoch, _ in keys}) == len(items), "types and epochs of the seller keys are not unique")
    return keys


def _quota(item, where):
    if "quota" in item:
        limits = _get(item, "quota", dict, where)
        for name in ("day", "minute"):
            _number(limits, name, where, 1, 2 ** 40)


def _holders(items):
    """Of each key that is held in shares: its holders and the further commitments, by type and epoch."""
    shared = {}
    for item in items:
        if "holders" in item or "commitments" in item:
            names = _get(item, "holders", list, "a seller key")
            _need(1 <= len(names) <= 32 and all(map(is_name, names)) and len(set(names)) == len(names),
                  "holders of a seller key are malformed")
            points = _get(item, "commitments", list, "a seller key")
            _need(len(points) < len(names), "a seller key needs more holders than it has")
            for point in points:
                _hex32({"commitment": point}, "commitment", "a seller key")
            if (names, points) != ([SECRETARIAT], []):
                shared[item["type"], item["epoch"]] = (tuple(names), tuple(points))
    return shared


def _logs_of(entry, member, coalition, logs):
    items = _get(entry, "logs", list, member)
    _need(len(items) <= 64, f"{member} has more than 64 logs")
    open_kinds = set()
    for item in items:
        vkey = parse_vkey(_get(item, "vkey", str, f"a log of {member}"))
        origin = parse_origin(vkey.name)
        _need(origin and origin[:2] == (coalition, member), f"log {vkey.name} does not belong to {member}")
        _need(vkey.name not in logs, f"log {vkey.name} is named twice")
        closed = None
        if "closedAt" in item:
            end = _get(item, "closedAt", dict, vkey.name)
            closed = (_number(end, "size", vkey.name, 0, MAX_SIZE), bytes.fromhex(_hex32(end, "root", vkey.name)))
        else:
            _need(origin.log not in open_kinds, f"{member} has two open logs {origin.log}")
            open_kinds.add(origin.log)
        logs[vkey.name] = NamedLog(vkey, member, closed)


def follow(anchor, before, data):
    """The roster in force after the signed document `data`; Refused if it does not follow `before` (None: the first).

    Returns `before` itself for a repetition of the document in force.
    """
    note = parse_note(data, MAX_ROSTER)
    if before is not None and data == before.note:
        return before
    roster = parse_roster(note.text, anchor.coalition)._replace(note=data)
    old_threshold, old_keys = (anchor.threshold, anchor.keys) if before is None else (before.threshold, before.keys)
    signed = signers(note, old_keys + roster.keys)

    def count(keys):
        return len(signed & {key.public_key for key in keys})

    _need(count(old_keys) >= old_threshold, f"signed by {count(old_keys)} of the old keys, {old_threshold} needed")
    _need(count(roster.keys) >= roster.threshold,
          f"signed by {count(roster.keys)} of the new keys, {roster.threshold} needed")
    for key, shared in roster.holders.items():
        if before is None or before.holders.get(key) != shared:
            _need(all(roster.members[name] == "active" for name in shared[0]),
                  "a seller key is given to a holder that is not active")
    if before is None:
        _need(roster.version == 1, "the first roster has not version 1")
        _need(roster.threshold == anchor.threshold and {k.text for k in roster.keys} == {k.text for k in anchor.keys},
              "the first roster has not the keys and threshold of the anchor")
        log = roster.logs.get(anchor.roster_log.name)
        _need(log and log.vkey == anchor.roster_log, "the first roster does not name the anchor's roster log")
        return roster
    _need(roster.version == before.version + 1, f"version {roster.version} after {before.version}")
    for name, log in before.logs.items():
        _need(name in roster.logs, f"log {name} is dropped")
        _need(roster.logs[name].vkey == log.vkey, f"log {name} changes its key")
        _need(log.closed in (None, roster.logs[name].closed), f"log {name} was closed at another head")
    _need(before.members.keys() <= roster.members.keys(), "a member is dropped")
    _need(before.seller_keys <= roster.seller_keys, "a seller key is dropped or exchanged")
    _need(roster.issued >= before.issued, "roster was issued before the one that it follows")
    _need(all(roster.lifetime(kind) <= before.lifetime(kind) for kind in {*before.lifetimes, *roster.lifetimes}),
          "a lifetime becomes longer")
    _need(all(roster.untils.get(scheme, MAX_TIME + 1) <= until for scheme, until in before.untils.items()),
          "a seller key counts longer than was stated")
    return roster

"""Checks the signed logs of a coalition offline, from its trust anchor alone: docs/protocol.md, section 15.

    python3 verify.py --anchor coalition.json [--receipts] DIR...
"""

import argparse
import base64
import os
import sys
import time

import view
from export import find_folders
from findings import FAULT, GAP, INFO, WARNING, Refused, Report, printable
from log_copy import LogCopy
from names import parse_origin
from notes import MAX_CHECKPOINT, parse_vkey
from roster import follow, parse_anchor
from statements import check_ends, check_statements, earliest, reference_copies


class Result:
    """What a verification found: the report, and the rest as far as it could be told."""

    def __init__(self):
        self.report = Report()
        self.roster = None
        self.logs = {}
        self.receipts = {}
        self.digest = None


def verify(anchor_bytes, paths, now):
    """Verifies the exports at `paths`; `now` (unix seconds) decides only whether the roster's expiry is told."""
    result = Result()
    report = result.report
    folders = [folder for path in paths for folder in find_folders(path, anchor_bytes, report)]
    try:
        anchor = parse_anchor(anchor_bytes)
    except Refused as error:
        report.add(GAP, "anchor-unusable", None, "coalition.json", None, str(error))
        return result

    copies = [LogCopy(folder) for folder in folders]
    roster_copies = [copy for copy in copies if copy.origin == anchor.roster_log.name]
    for copy in roster_copies:
        copy.verify(anchor.roster_log, report)
    walked = reference_copies(roster_copies, report)
    result.roster = roster = _walk(anchor, walked, report)
    others = [copy for copy in copies if copy not in roster_copies]
    for copy in copies:
        _close(copy, roster)
    for copy in others:
        key = _key_of(copy, roster, report)
        if key is not None:
            copy.roster = roster
            copy.verify(key, report)
    result.logs = {**walked, **reference_copies(others, report)}
    if roster is None:
        return result

    if now > roster.expires:
        report.add(WARNING, "roster-expired", anchor.roster_log.name, None, None, f"since {_time(roster.expires)}")
    check_ends(roster, result.logs, copies, report)
    result.receipts, quoted = check_statements(roster, result.logs, report)
    _note_missing({copy.origin for copy in copies}, quoted, result)
    if not report.refused:
        result.digest = _view_digest(result)
    return result


def _note_missing(present, quoted, result):
    """Logs without a copy: missing, or empty as far as those tell who would have written a receipt (section 15)."""
    receivers = {parse_origin(name).member for name in result.logs if parse_origin(name).log == "receipts"}
    for name, log in result.roster.logs.items():
        if name in present:
            continue
        origin = parse_origin(name)
        if name in quoted or (log.closed is not None and log.closed[0] > 0):
            result.report.add(GAP, "log-missing", name, None, None, "not among the sources, and it has entries")
        elif origin.log in ("indicators", "roster") and receivers - {origin.member}:
            result.report.add(INFO, "log-empty", name, None, None, "not among the sources, nobody has an entry of it")
        else:
            result.report.add(WARNING, "log-missing", name, None, None, "not among the sources, and nobody would tell")


def _view_digest(result):
    """Section 8: nodes whose `indicators` logs have equal heads must have equal digests."""
    return view.digest(view.rows(
        (origin, [(copy.tree.leaf_hash_at(i), copy.meanings[i]) for i in range(copy.counted)], copy.erased)
        for origin, copy in result.logs.items() if parse_origin(origin).log == "indicators"))


def _close(copy, roster):
    """Ends a log that the roster closed (section 10, Closed logs)."""
    named = roster.logs.get(copy.origin) if roster is not None else None
    if named is not None and named.closed is not None:
        copy.close(named.closed[0])


def _walk(anchor, walked, report):
    """The roster in force at the end of the roster log, or None (section 9, Chain)."""
    roster = None
    name = anchor.roster_log.name
    if name in walked:
        for index, meaning in enumerate(walked[name].meanings):
            if meaning is None or meaning.kind != "roster" or _is_closed(roster, name, index):
                continue
            try:
                after = follow(anchor, roster, meaning.fields[1])
            except Refused as error:
                report.add(FAULT, "roster-step-refused", name, None, index, str(error))
                continue
            if after is roster:
                report.add(INFO, "roster-repeated", name, None, index, f"version {roster.version} again")
            roster = after
    if roster is None:
        report.add(GAP, "roster-missing", name, None, None, "no intact roster log with a roster that the anchor accepts")
    elif name in roster.logs and roster.logs[name].vkey != anchor.roster_log:
        report.add(FAULT, "roster-log-key-differs", name, None, None, "roster and anchor name different keys")
    return roster


def _is_closed(roster, name, index):
    """Whether the roster in force ended its own log before this entry: only the document that does so still counts."""
    return (roster is not None and name in roster.logs and roster.logs[name].closed is not None
            and index >= roster.logs[name].closed[0])


def _key_of(copy, roster, report):
    """The key that the roster names for the log, or None with a finding."""
    if copy.origin is None:
        report.add(FAULT, "checkpoint-malformed", None, copy.folder.label, None, "names no log")
        return None
    if roster is not None:
        if copy.origin in roster.logs:
            return roster.logs[copy.origin].vkey
        report.add(FAULT, "log-unknown-to-roster", copy.origin, copy.folder.label, None, "the roster names no such log")
        return None
    try:
        key = parse_vkey((copy.folder.read("vkey", MAX_CHECKPOINT) or b"").decode("utf-8", "replace").rstrip("\n"))
    except Refused as error:
        report.add(FAULT, "vkey-changed", copy.origin, f"{copy.folder.label}/vkey", None, str(error))
        return None
    report.add(WARNING, "key-unconfirmed", copy.origin, f"{copy.folder.label}/vkey", None, "believed without a roster")
    return key if key.name == copy.origin else None


def _time(seconds):
    try:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
    except (ValueError, OverflowError, OSError):
        return str(seconds)


def _summary(result, origin):
    """The one line of a log that is well."""
    copy = result.logs[origin]
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(copy.kinds.items()))
    line = f"ok {origin}: {copy.head.size} entries, root {base64.b64encode(copy.head.root).decode()}"
    if kinds:
        line += f" ({kinds}; {len(copy.erased)} erased)"
    received = [f"{member} {max(size for size, _ in statements)}"
                for member, statements in sorted(result.receipts.get(origin, {}).items())]
    return line + (f"; received by {', '.join(received)}" if received else "")


def _receipts(result):
    """Who received what since when, by the receivers' clocks."""
    for origin, members in sorted(result.receipts.items()):
        size = result.logs[origin].counted if origin in result.logs else 0
        for member, statements in sorted(members.items()):
            for first, end, since in earliest(statements, size):
                yield f"receipt {origin} {first}..{end - 1} {member} {_time(since // 1000)} ({since} ms)"


def main(arguments):
    parser = argparse.ArgumentParser(prog="verify.py", description="Checks the signed logs of a coalition offline.")
    parser.add_argument("--anchor", required=True, metavar="coalition.json", help="the trust anchor")
    parser.add_argument("--receipts", action="store_true", help="also print who received which entries since when")
    parser.add_argument("dirs", nargs="+", metavar="DIR", help="an exported log, or a folder that holds some")
    options = parser.parse_args(arguments)
    try:
        with open(options.anchor, "rb") as file:
            anchor_bytes = file.read(MAX_CHECKPOINT + 1)
    except OSError as error:
        parser.error(f"{options.anchor}: {error.strerror}")
    for path in options.dirs:
        if not os.path.isdir(path):
            parser.error(f"{path}: not a folder")

    result = verify(anchor_bytes, options.dirs, time.time())
    for line in result.report.close():
        print(line)
    if not result.report.refused:
        for origin in sorted(result.logs):
            print(_summary(result, origin))
    if options.receipts:
        for line in _receipts(result):
            print(printable(line))
    if not result.report.refused:
        print(f"ok roster version {result.roster.version}, view digest {result.digest.hex()}")
    return 1 if result.report.refused else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Copies against one another, closed logs, receipts and heartbeats: docs/protocol.md, sections 11 and 15."""

from findings import FAULT, GAP, WARNING
from merkle import EMPTY_ROOT
from names import parse_origin


def reference_copies(copies, report):
    """The largest intact copy of each log, every other signed head of the log compared with it."""
    chosen = {}
    for origin in {copy.origin for copy in copies}:
        signed = [copy for copy in copies if copy.origin == origin and copy.head is not None]
        intact = [copy for copy in signed if copy.tree is not None]
        _compare_equal_sizes(origin, signed, report)
        if not intact:
            continue
        reference = chosen[origin] = max(intact, key=lambda copy: copy.head.size)
        reference.histories = [reference.tree]
        for copy in signed:
            if copy.head.size > reference.head.size:
                report.add(GAP, "copies-not-compared", origin, copy.folder.label, None,
                           f"copy of {copy.head.size} entries is damaged")
            elif reference.tree.root(copy.head.size) != copy.head.root:
                if copy.head.size < reference.head.size:
                    _fork(origin, copy, reference, report)
                _part(reference, copy)
    return chosen


def _compare_equal_sizes(origin, signed, report):
    first = {}
    for copy in signed:
        other = first.setdefault(copy.head.size, copy)
        if other.head.root != copy.head.root:
            _fork(origin, copy, other, report)


def _part(reference, copy):
    """Notes another history of a log, and that the log is frozen where the two part (section 10, Forks)."""
    frozen = copy.head.size
    if copy.tree is not None:
        reference.histories.append(copy.tree)
        frozen = next(i for i in range(copy.tree.size)
                      if copy.tree.leaf_hash_at(i) != reference.tree.leaf_hash_at(i))
    reference.freeze(frozen)


def _fork(origin, copy, other, report):
    report.add(FAULT, "fork", origin, f"{copy.folder.label}/checkpoint", None,
               f"signed {copy.head.size} {copy.head.root.hex()}, which contradicts {other.folder.label}/checkpoint, "
               f"signed {other.head.size} {other.head.root.hex()}")


def check_ends(roster, chosen, copies, report):
    """Logs that the roster closed: what lies beyond their end is told, and counts for nothing."""
    for origin, log in roster.logs.items():
        if log.closed is None:
            continue
        size, root = log.closed
        largest = max((copy for copy in copies if copy.origin == origin and copy.head is not None),
                      key=lambda copy: copy.head.size, default=None)
        if largest is not None and largest.head.size > size:
            report.add(WARNING, "checkpoint-beyond-end", origin, f"{largest.folder.label}/checkpoint", size,
                       f"signed {largest.head.size} entries, closed at {size}")
        if origin not in chosen:
            continue
        tree = chosen[origin].tree
        label = chosen[origin].folder.label
        if tree.size < size:
            report.add(GAP, "log-missing", origin, label, None,
                       f"no copy of the entries from {tree.size} to its end at {size}")
        if tree.size > size:
            report.add(WARNING, "entries-beyond-end", origin, label, size, f"{tree.size} entries, closed at {size}")
        if tree.size >= size and tree.root(size) != root:
            report.add(FAULT, "closed-log-differs", origin, label, None, f"root at {size} is not that of the roster")


def check_statements(roster, chosen, report):
    """Receipts and heartbeats against the trees.

    Returns {origin: {member: [(size, since)]}} of the receipts that count, and the logs of which somebody quotes
    entries that could not be checked.
    """
    receipts, unchecked = {}, {}
    for writer in sorted(chosen):
        member = parse_origin(writer).member
        stated, unknown = {}, set()
        for index, kind, row in chosen[writer].statements():
            origin, size, root = row[:3]
            label = chosen[writer].folder.label

            def add(severity, code, text):
                report.add(severity, code, writer, label, index, f"{kind} of {origin} at {size} {text}")

            if origin not in roster.logs:
                if origin not in unknown:
                    unknown.add(origin)
                    add(WARNING, "statement-of-unknown-log", "names a log that the roster does not")
                continue
            named = chosen.get(origin)
            tree = named.tree if named is not None else None
            if size == 0:
                # Every head of size 0 has the one root (section 4), copy at hand or not.
                if root != EMPTY_ROOT:
                    add(FAULT, f"{kind}-false-root", "states a root that no log has")
                    continue
            elif tree is None:
                unchecked[origin] = max(unchecked.get(origin, 0), size)
            elif size > tree.size:
                add(WARNING, f"{kind}-beyond-log", f"is for more than the {tree.size} entries at hand")
            elif root not in {history.root(size) for history in named.histories if size <= history.size}:
                forked = named.frozen is not None and size > named.frozen
                add(WARNING if forked else FAULT, f"{kind}-false-root", "states a root that the log does not have")
                continue
            if kind == "receipt":
                if size < stated.get(origin, 0):
                    add(WARNING, "receipt-size-regressed", f"comes after one at {stated[origin]}")
                stated[origin] = max(size, stated.get(origin, 0))
                receipts.setdefault(origin, {}).setdefault(member, []).append((size, row[3]))
    for origin, size in sorted(unchecked.items()):
        report.add(GAP, "statements-unchecked", origin, None, None,
                   f"receipts or heartbeats quote up to {size} entries of it, and there is no intact copy")
    return receipts, set(unchecked)


def earliest(statements, size):
    """[(first index, end, since)]: the earliest `since` among the statements for more than that index (section 11)."""
    spans, end = [], size
    best = None
    # From the largest size down: each statement covers everything below it.
    for stated, since in sorted(statements, key=lambda s: -s[0]):
        stated = min(stated, size)
        if best is not None and stated < end:
            spans.append((stated, end, best))
            end = stated
        elif best is None:
            end = stated
        best = since if best is None else min(best, since)
    if best is not None and end > 0:
        spans.append((0, end, best))
    return _join(reversed(spans))


def _join(spans):
    joined = []
    for first, end, since in spans:
        if joined and joined[-1][2] == since:
            first = joined.pop()[0]
        joined.append((first, end, since))
    return joined

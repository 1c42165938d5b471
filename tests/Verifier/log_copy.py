"""One copy of one log, checked against the key that the roster or the anchor names: docs/protocol.md, sections 4, 5, 15."""

from collections import Counter
from functools import lru_cache

import canonical
import entries
import merkle
from findings import FAULT, GAP, INFO, WARNING, Refused
from names import parse_origin
from notes import MAX_CHECKPOINT, parse_checkpoint, parse_note, signers

_MAX_ENTRY = 65_535
_MAX_BUNDLE = merkle.WIDTH * (2 + _MAX_ENTRY)
_MAX_PAYLOADS = 3 + merkle.WIDTH * (entries.max_payload("roster") + 32)
_HASH = 32
_LAPSE_DELAY = 604_800


class LogCopy:
    """`head` is the signed checkpoint or None; `tree` is there only if the entries lead to its root.

    `end` is where the roster closed the log or a fork froze it, or None: entries from there on are checked, and count
    for nothing. Of the copy that stands for its log `histories` are the trees that copies of the log have, and `frozen`
    is where they part.
    """

    def __init__(self, folder):
        self.folder = folder
        self.origin = folder.origin or self._own_word()
        self.end = None
        self.histories = []
        self.frozen = None
        self.head = None
        self.tree = None
        self.leaves = []
        self.meanings = []
        self.erased = set()
        self.roster = None
        self.kinds = Counter()

    def _own_word(self):
        """The origin that a folder given by itself claims; the key that this leads to must then bear it out."""
        for name in ("checkpoint", "vkey"):
            try:
                data = self.folder.read(name, MAX_CHECKPOINT) or b""
            except Refused:
                continue
            word = data.split(b"\n")[0].split(b"+")[0].decode("utf-8", "replace")
            if parse_origin(word):
                return word
        return None

    def verify(self, key, report):
        """All that can be checked of this copy alone."""
        self._report = report
        self._check_vkey(key)
        self._check_checkpoint(key)
        if self.head is None:
            return
        raw = self._read_bundles()
        if raw is None:
            return
        self._check_tree(raw)
        self._read_leaves(raw)
        self._check_payloads(self._read_payloads())

    @property
    def counted(self):
        """How many entries count."""
        return self.head.size if self.end is None else min(self.end, self.head.size)

    def close(self, size):
        """Ends the log there, unless it ends earlier."""
        self.end = size if self.end is None else min(self.end, size)

    def freeze(self, size):
        """Ends the log where it forked."""
        self.frozen = size if self.frozen is None else min(self.frozen, size)
        self.close(size)

    def statements(self):
        """(index, kind, [origin, size, root, since or nothing]) of every receipt and heartbeat that counts."""
        for index, meaning in enumerate(self.meanings[:self.end]):
            if meaning is not None and index not in self.erased and meaning.kind in ("receipt", "heartbeat"):
                for row in meaning.fields[1]:
                    yield index, meaning.kind, row

    def _fault(self, code, name, index, text):
        self._report.add(FAULT, code, self.origin, f"{self.folder.label}/{name}", index, text)

    def _read(self, code, name, limit):
        """The file's bytes, or None with a finding."""
        try:
            data = self.folder.read(name, limit)
        except Refused as error:
            self._fault(code, name, None, str(error))
            return None
        if data is None:
            self._fault("checkpoint-missing" if name == "checkpoint" else "tile-missing", name, None, "is not there")
        return data

    def _check_vkey(self, key):
        try:
            data = self.folder.read("vkey", MAX_CHECKPOINT)
        except Refused as error:
            self._fault("vkey-changed", "vkey", None, str(error))
            return
        if data is not None and data != key.text.encode() + b"\n":
            self._fault("vkey-changed", "vkey", None, "is not the key that the roster names")

    def _check_checkpoint(self, key):
        data = self._read("checkpoint-malformed", "checkpoint", MAX_CHECKPOINT)
        if data is None:
            return
        try:
            note = parse_note(data, MAX_CHECKPOINT)
            head = parse_checkpoint(note.text)
        except Refused as error:
            self._fault("checkpoint-malformed", "checkpoint", None, str(error))
            return
        if head.origin != self.origin:
            self._fault("checkpoint-other-log", "checkpoint", None, f"is of the log {head.origin}")
            return
        try:
            if not signers(note, [key]):
                raise Refused("the log's key did not sign it")
        except Refused as error:
            self._fault("checkpoint-bad-signature", "checkpoint", None, str(error))
            return
        if head.size == 0 and head.root != merkle.EMPTY_ROOT:
            self._fault("root-mismatch", "checkpoint", None, "root of no entries is not SHA-256 of nothing")
            return
        self.head = head

    def _read_bundles(self):
        """All entries, or None if a bundle is missing or malformed: without it there is no tree to rebuild."""
        raw = []
        for number, width in merkle.tiles(self.head.size, 0):
            name = merkle.tile_path("entries", number, width)
            data = self._read("bundle-malformed", name, _MAX_BUNDLE)
            if data is None:
                return None
            at = 0
            for index in range(len(raw), len(raw) + width):
                length = int.from_bytes(data[at:at + 2], "big")
                entry = data[at + 2:at + 2 + length]
                if length == 0 or len(entry) != length:
                    self._fault("bundle-malformed", name, index,
                                "entry is empty" if length == 0 else "entry is cut off")
                    return None
                raw.append(entry)
                at += 2 + length
            if at != len(data):
                self._fault("bundle-malformed", name, None, f"{len(data) - at} bytes after the last entry")
                return None
        return raw

    def _check_tree(self, raw):
        """Root and hash tiles; says whether an entry or a hash was changed (section 15)."""
        tree = merkle.Tree([merkle.leaf_hash(entry) for entry in raw])
        if tree.root(tree.size) == self.head.root:
            self.tree = tree
            code = "hash-tile-changed"
        else:
            level0 = self._hashes_of_level_0()
            if level0 is not None and merkle.Tree(level0).root(self.head.size) == self.head.root:
                code = "leaf-changed"
            else:
                code = "leaf-or-tile-changed"
                self._fault("root-mismatch", "checkpoint", None, "the entries do not lead to the signed root")
        for level in merkle.tile_levels(self.head.size):
            for number, width in merkle.tiles(self.head.size, level):
                self._check_tile(tree, level, number, width, code)

    def _hashes_of_level_0(self):
        hashes = []
        for number, width in merkle.tiles(self.head.size, 0):
            try:
                data = self.folder.read(merkle.tile_path(0, number, width), merkle.WIDTH * _HASH)
            except Refused:
                return None
            if data is None or len(data) != width * _HASH:
                return None
            hashes += [data[i:i + _HASH] for i in range(0, len(data), _HASH)]
        return hashes

    def _check_tile(self, tree, level, number, width, code):
        name = merkle.tile_path(level, number, width)
        data = self._read("tile-malformed", name, merkle.WIDTH * _HASH)
        if data is None:
            return
        if len(data) != width * _HASH:
            self._fault("tile-malformed", name, None, f"{len(data)} bytes instead of {width * _HASH}")
            return
        expected = tree.tile(level, number, width)
        if data == expected:
            return
        for i in range(width):
            if data[i * _HASH:(i + 1) * _HASH] != expected[i * _HASH:(i + 1) * _HASH]:
                index = number * merkle.WIDTH + i if level == 0 else None
                self._fault(code, name, index, f"hash {i} of the tile is not that of the entries")

    def _read_leaves(self, raw):
        for index, entry in enumerate(raw):
            try:
                leaf = entries.decode_leaf(entry)
                why = entries.no_op(self.origin, leaf)
            except Refused as error:
                leaf, why = None, str(error)
            self.leaves.append(leaf)
            if why is not None:
                self._without_meaning(index, why)

    def _without_meaning(self, index, why):
        self._report.add(INFO, "entry-without-meaning", self.origin, None, index, why)

    def _read_payloads(self):
        """(salt, payload), None for nil, for every entry; False where the tile is no help."""
        result = []
        for number, width in merkle.tiles(self.head.size, 0):
            name = merkle.tile_path("payloads", number, width)
            rows = [False] * width
            data = self._read("payloads-malformed", name, _MAX_PAYLOADS)
            if data is not None:
                try:
                    rows = _payload_rows(data, width)
                except Refused as error:
                    self._fault("payloads-malformed", name, None, str(error))
            result += [(name, row) for row in rows]
        return result

    def _check_payloads(self, payloads):
        for index, ((name, row), leaf) in enumerate(zip(payloads, self.leaves)):
            self.meanings.append(self._meaning(index, leaf, name, row) if row else None)
        ordered = set()
        if parse_origin(self.origin).log == "indicators":
            ordered = self._ordered(self.meanings) | self._lapsed(self.meanings)
            self.erased = self._ordered(self.meanings[:self.end]) | self._lapsed(self.meanings[:self.end])
        for index, ((name, row), leaf) in enumerate(zip(payloads, self.leaves)):
            if row is None and leaf is not None and index not in ordered:
                self._fault("payload-missing", name, index, "no payload, no entry orders its erasure, and it has not lapsed")
            elif row is None and leaf is not None and index not in self.erased and index < self.counted:
                self._report.add(GAP, "payload-missing", self.origin, f"{self.folder.label}/{name}", index,
                                 "no payload, and only an entry beyond the end of the log orders its erasure")
            elif row and index in self.erased:
                self._report.add(WARNING, "erased-payload-present", self.origin, f"{self.folder.label}/{name}", index,
                                 "an entry orders its erasure")

    def _ordered(self, meanings):
        """The entries that these order to be erased; an erase or lapse entry cannot be."""
        return {m.fields[1] for m in meanings if m is not None and m.kind == "erase"
                and self.leaves[m.fields[1]] is not None and self.leaves[m.fields[1]].kind not in ("erase", "lapse")}

    def _lapsed(self, meanings):
        """The listings that have lapsed by these, or by the roster in force."""
        if self.roster is None:
            return set()
        lapsed, latest = set(), self.roster.issued
        for index in range(len(self.leaves) - 1, -1, -1):
            leaf, meaning = self.leaves[index], meanings[index] if index < len(meanings) else None
            if leaf is not None and leaf.kind == "listing" and self.roster.end_of(leaf) + _LAPSE_DELAY <= latest:
                lapsed.add(index)
            if meaning is not None and meaning.kind == "lapse":
                latest = max(latest, meaning.fields[1])
        return lapsed

    def _meaning(self, index, leaf, name, row):
        salt, payload = row
        if leaf is None:
            self._fault("payload-unexpected", name, index, "payload beside a malformed leaf")
            return None
        if len(payload) > entries.max_payload(leaf.kind):
            self._fault("payload-changed", name, index, f"payload of {len(payload)} bytes is too long")
            return None
        if entries.commitment(salt, payload) != leaf.commitment:
            self._fault("payload-changed", name, index, "salt and payload do not open the leaf's commitment")
            return None
        if entries.no_op(self.origin, leaf) is not None:
            return None
        try:
            meaning = entries.read_payload(self.origin, index, leaf, payload)
        except Refused as error:
            self._without_meaning(index, str(error))
            return None
        self.kinds[leaf.kind] += 1
        return meaning


@lru_cache(maxsize=64)
def _payload_rows(data, width):
    rows = canonical.decode(data)
    if type(rows) is not list or len(rows) != width:
        raise Refused(f"not an array of {width} items")
    for i, row in enumerate(rows):
        if row is None:
            continue
        if type(row) is not list or len(row) != 2 or any(type(item) is not bytes for item in row):
            raise Refused(f"item {i} is neither nil nor salt and payload")
        if len(row[0]) != entries.SALT_LENGTH:
            raise Refused(f"salt of item {i} has not 16 bytes")
    return [None if row is None else tuple(row) for row in rows]

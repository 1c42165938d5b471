"""The verifier against the worked examples of docs/protocol.md and against logs with one thing wrong each.

    python3 -m unittest -v test_verify
"""

import hashlib
import os
import shutil
import tempfile
import unittest

import canonical
import ed25519
import entries
import merkle
import notes
import view
from findings import Refused
from make_export import Signer, checkpoint, entry, pack, write_log
from roster import follow, parse_anchor
from verify import verify
from worked_examples import BLOCKS, FIELDS, entries_of, notes as roster_notes

ALPHA, BETA = "demo/alpha/indicators/1", "demo/beta/indicators/1"
ALPHA_RECEIPTS, BETA_RECEIPTS = "demo/alpha/receipts/1", "demo/beta/receipts/1"
ROSTER, RECEIPTS = "demo/secretariat/roster/1", "demo/secretariat/receipts/1"
# The first byte of each key's seed, section 17.7.
SEEDS = {ALPHA: 0x00, ALPHA_RECEIPTS: 0x10, ROSTER: 0x20, RECEIPTS: 0x30, BETA: 0x40, BETA_RECEIPTS: 0x50}
SIGNERS = {origin: Signer(origin, first) for origin, first in SEEDS.items()}
KEYS = [Signer(f"demo/secretariat/key-{i}", first) for i, first in ((1, 0x60), (2, 0x70), (3, 0x80))]
ANCHOR, ROSTER_1, ENROLMENT, ROSTER_2 = roster_notes()


def bits(text):
    return bytes.fromhex(text)


def example(origin):
    """A log of 17.3 as (leaf, salt, payload)."""
    return [(bits(e["leaf"]), bits(e["salt"]), bits(e["payload"])) for e in entries_of(origin)]


def signed(text, *signers):
    return text + b"\n" + b"".join(signer.line(text) for signer in signers)


def roster_log(*documents):
    return [entry(ROSTER, i, "roster", [1, document]) for i, document in enumerate(documents)]


def closing(origin, size, root):
    """The second roster of section 17 with this log closed."""
    text = ROSTER_2[:ROSTER_2.rindex(b"\n\n") + 1]
    vkey = b'"vkey": "' + SIGNERS[origin].vkey.encode() + b'"'
    end = b', "closedAt": {"size": %d, "root": "%s"}' % (size, root.hex().encode())
    return signed(text.replace(vkey, vkey + end), *KEYS[:2])


class WorkedExamples(unittest.TestCase):
    def test_key_and_checkpoint(self):
        key = notes.parse_vkey(FIELDS["17.1"][0]["vkey"])
        self.assertEqual(key.public_key, bits(FIELDS["17.1"][0]["public key"]))
        data = BLOCKS["17.1"][1].encode()
        note = notes.parse_note(data, notes.MAX_CHECKPOINT)
        self.assertEqual(notes.signers(note, [key]), {key.public_key})
        self.assertEqual(notes.parse_checkpoint(note.text)[:2], (ALPHA, 3))
        self.assertEqual(checkpoint(SIGNERS[ALPHA], 3, notes.parse_checkpoint(note.text).root), data)

    def test_indicator_ids(self):
        for fields in FIELDS["17.2"]:
            self.assertEqual(entries.indicator_id(fields["kind"], fields["scheme"], bits(fields["value"])),
                             bits(fields["id"]))

    def test_entries(self):
        for origin in (ALPHA, BETA, BETA_RECEIPTS):
            for index, (leaf, salt, payload) in enumerate(example(origin)):
                fields = entries_of(origin)[index]
                decoded = entries.decode_leaf(leaf)
                self.assertEqual(decoded.kind, fields["kind"])
                self.assertEqual(entries.commitment(salt, payload), bits(fields["commitment"]))
                self.assertEqual(decoded.commitment, bits(fields["commitment"]))
                self.assertEqual(merkle.leaf_hash(leaf), bits(fields["leaf hash"]))
                self.assertIsNone(entries.no_op(origin, decoded))
                self.assertEqual(entries.read_payload(origin, index, decoded, payload).kind, fields["kind"])
                self.assertEqual(pack(canonical.decode(payload)), payload)

    def test_roster_entry(self):
        fields = entries_of(ROSTER)[0]
        payload = pack([1, ROSTER_1])
        self.assertTrue(payload.startswith(bits(fields["payload begins"])))
        self.assertEqual(hashlib.sha256(payload).hexdigest(), fields["SHA-256 of the payload"])
        self.assertEqual(entries.commitment(bits(fields["salt"]), payload), bits(fields["commitment"]))

    def test_bundle_and_roots(self):
        leaves = [leaf for leaf, _, _ in example(ALPHA)]
        bundle = b"".join(len(leaf).to_bytes(2, "big") + leaf for leaf in leaves[:3])
        self.assertEqual(bundle, bits(FIELDS["17.4"][0]["bundle"]))
        tree = merkle.Tree([merkle.leaf_hash(leaf) for leaf in leaves])
        for name, root in FIELDS["17.4"][1].items():
            self.assertEqual(tree.root(int(name.split()[-1])), bits(root))

    def test_view(self):
        logs = []
        for origin in (ALPHA, BETA):
            read = [(merkle.leaf_hash(leaf), entries.read_payload(origin, i, entries.decode_leaf(leaf), payload))
                    for i, (leaf, _, payload) in enumerate(example(origin))]
            logs.append((origin, read, {1} if origin == ALPHA else set()))
        rows = view.rows(logs)
        *expected, last = FIELDS["17.5"]
        self.assertEqual({row.hex() for row in rows.values()}, {fields["row"] for fields in expected})
        self.assertEqual({view.bucket(key) for key in rows}, {int(fields["bucket"]) for fields in expected})
        self.assertEqual(view.digest(rows).hex(), last["digest"])
        self.assertEqual(view.digest({}).hex(), last["digest of the empty view"])

    def test_payloads_with_a_gap(self):
        log = example(ALPHA)
        rows = [list(log[0][1:]), None, list(log[2][1:])]
        self.assertEqual(pack(rows), bits(FIELDS["17.6"][0]["payloads"]))

    def test_roster_chain(self):
        anchor = parse_anchor(ANCHOR)
        first = follow(anchor, None, ROSTER_1)
        self.assertEqual(follow(anchor, first, ROSTER_2).version, 2)
        self.assertIs(follow(anchor, first, ROSTER_1), first)
        with self.assertRaises(Refused):
            follow(anchor, None, ROSTER_2)
        note = notes.parse_note(ENROLMENT, 65536)
        keys = [notes.parse_vkey(vkey) for vkey in notes.parse_json(note.text.decode(), "fednode/enrolment/1")["keys"]]
        self.assertEqual(len(notes.signers(note, keys)), 2)


class StrictEd25519(unittest.TestCase):
    def setUp(self):
        self.signer = Signer("a", 0)
        line = self.signer.line(b"text")
        self.signature = canonical.from_base64(line.decode().split()[-1])[4:]

    def test_s_beyond_the_order(self):
        s = int.from_bytes(self.signature[32:], "little") + ed25519.ORDER
        self.assertTrue(ed25519.verify(self.signer.public_key, b"text", self.signature))
        self.assertFalse(ed25519.verify(self.signer.public_key, b"text",
                                        self.signature[:32] + s.to_bytes(32, "little")))

    def test_keys_not_of_prime_order(self):
        minus_one = (ed25519.P - 1).to_bytes(32, "little")
        order_two = ed25519._decode(minus_one)
        mixed = ed25519._encode(ed25519._add(ed25519._decode(self.signer.public_key), order_two))
        self.assertTrue(ed25519.is_enrollable(self.signer.public_key))
        for key in (b"\x01" + bytes(31), bytes(32), minus_one, mixed,
                    (ed25519.P + 1).to_bytes(32, "little"),   # y not below the prime
                    b"\x01" + bytes(30) + b"\x80"):           # x = 0 with the sign bit
            self.assertFalse(ed25519.is_enrollable(key), key.hex())

    def test_small_order_key_and_r(self):
        identity = b"\x01" + bytes(31)
        self.assertFalse(ed25519.verify(identity, b"text", identity + bytes(32)))


class Canonical(unittest.TestCase):
    def test_refused(self):
        for text in ("cc7f", "cd00ff", "ceffff", "d90161", "da001f" + "61" * 31, "dc0001c0", "c50001ff", "c0c0", "91",
                     "d0ff", "a1ff", "a3eda080", "c3", "81a16101", "dd7fffffff", "ff", "", "91" * 5000):
            with self.assertRaises(Refused, msg=text):
                canonical.decode(bits(text))


class Exports(unittest.TestCase):
    """The coalition of section 17 as an export, and what is found when one thing is wrong."""

    def setUp(self):
        self.root = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.root)
        self.write(ROSTER, roster_log(ROSTER_1, ROSTER_2))
        self.alpha_root = self.write(ALPHA, example(ALPHA), erased={1})
        self.write(BETA, example(BETA))
        self.write(BETA_RECEIPTS, example(BETA_RECEIPTS))
        self.write(ALPHA_RECEIPTS, [])
        self.write(RECEIPTS, [])

    def path(self, *parts):
        return os.path.join(self.root, *parts)

    def write(self, origin, log, erased=(), under="x"):
        folder = self.path(under, *origin.split("/"))
        shutil.rmtree(folder, ignore_errors=True)
        return write_log(folder, SIGNERS[origin], log, erased)

    def codes(self, *paths, anchor=ANCHOR, now=0):
        """The severity and name of each finding."""
        result = verify(anchor, [self.path(path) for path in paths or ("x",)], now)
        lines = result.report.close()
        self.assertEqual(result.report.refused, any(line.startswith(("fault", "gap")) for line in lines))
        return {tuple(line.split(" ", 2)[:2]) for line in lines}

    def test_all_well(self):
        self.assertEqual(self.codes(), set())
        result = verify(ANCHOR, [self.path("x")], 0)
        self.assertEqual(result.digest.hex(), FIELDS["17.5"][-1]["digest"])
        self.assertEqual(self.codes(now=1 << 40), {("warning", "roster-expired")})

    def test_erasure(self):
        self.write(ALPHA, example(ALPHA), erased={1, 2})
        self.assertIn(("fault", "payload-missing"), self.codes())
        self.write(ALPHA, example(ALPHA))
        self.assertEqual(self.codes(), {("warning", "erased-payload-present")})

    def test_no_erasure_of_an_erase_entry(self):
        log = example(ALPHA) + [entry(ALPHA, 7, "erase", [1, 5, "legal"])]
        self.write(ALPHA, log, erased={1})
        self.assertEqual(self.codes(), set())
        self.write(ALPHA, log, erased={1, 5})
        self.assertIn(("fault", "payload-missing"), self.codes())

    def test_lapse(self):
        ends, delay = 1790086400, 604800

        def log(time, expires=ends):
            payload = [1, "image-pdq", "pdq/1", bytes(32), "ivory", "", "", 1, 50, "review", ends, [], [], "amber", None, None]
            return example(ALPHA) + [entry(ALPHA, 7, "listing", payload, term=["image-pdq", "pdq/1", expires]),
                                     entry(ALPHA, 8, "lapse", [1, time], issued=1800000000)]
        self.write(ALPHA, log(ends + delay), erased={1, 7})
        self.assertEqual(self.codes(), set())
        self.write(ALPHA, log(ends + delay), erased={1})
        self.assertEqual(self.codes(), {("warning", "erased-payload-present")})
        self.write(ALPHA, log(ends + delay - 1), erased={1, 7})
        self.assertIn(("fault", "payload-missing"), self.codes())
        self.write(ALPHA, log(ends + delay), erased={1, 7, 8})
        self.assertIn(("fault", "payload-missing"), self.codes())
        self.write(ALPHA, log(ends + delay - 1, ends + 1), erased={1})
        self.assertEqual(self.codes(), {("info", "entry-without-meaning")})
        self.write(ALPHA, log(1800000009), erased={1})
        self.assertEqual(self.codes(), {("info", "entry-without-meaning")})

    def test_fork(self):
        self.write(ALPHA, example(ALPHA)[:6] + [entry(ALPHA, 6, "heartbeat", [1, []])], {1}, under="y")
        self.assertEqual(self.codes("x", "y"), {("fault", "fork")})
        self.write(ALPHA, example(ALPHA)[:5] + [entry(ALPHA, 5, "erase", [1, 2, "legal"])], under="y")
        self.assertIn(("fault", "fork"), self.codes("x", "y"))

    def test_receipts_of_a_forked_log(self):
        other = example(ALPHA)[:6] + [entry(ALPHA, 6, "heartbeat", [1, []])]
        root = self.write(ALPHA, other, {1}, under="y")

        def receipt(size, stated):
            return [entry(BETA_RECEIPTS, 0, "receipt", [1, [[ALPHA, size, stated, 1790000010000]]])]
        fork = {("fault", "fork")}
        for stated in (root, self.alpha_root):
            self.write(BETA_RECEIPTS, receipt(7, stated))
            self.assertEqual(self.codes("x", "y"), fork)
            self.assertEqual(verify(ANCHOR, [self.path("x"), self.path("y")], 0).logs[ALPHA].counted, 6)
        self.write(BETA_RECEIPTS, receipt(7, bytes(32)))
        self.assertEqual(self.codes("x", "y"), fork | {("warning", "receipt-false-root")})
        self.write(BETA_RECEIPTS, receipt(6, bytes(32)))
        self.assertEqual(self.codes("x", "y"), fork | {("fault", "receipt-false-root")})

    def test_shorter_copy(self):
        self.write(ALPHA, example(ALPHA)[:6], {1}, under="y")
        self.assertEqual(self.codes("x", "y"), set())

    def test_receipts(self):
        def receipt(index, *rows):
            return entry(BETA_RECEIPTS, index, "receipt", [1, [list(row) for row in rows]])
        good = (ALPHA, 7, self.alpha_root, 1790000010000)
        self.write(BETA_RECEIPTS, [receipt(0, good)])
        self.assertEqual(self.codes(), set())
        self.write(BETA_RECEIPTS, [receipt(0, (ALPHA, 6, self.alpha_root, 0))])
        self.assertEqual(self.codes(), {("fault", "receipt-false-root")})
        self.write(BETA_RECEIPTS, [receipt(0, (ALPHA, 8, self.alpha_root, 0))])
        self.assertEqual(self.codes(), {("warning", "receipt-beyond-log")})
        self.write(BETA_RECEIPTS, [receipt(0, good)] + [receipt(1, (ALPHA, 0, merkle.EMPTY_ROOT, 0))])
        self.assertEqual(self.codes(), {("warning", "receipt-size-regressed")})
        self.write(BETA_RECEIPTS, [receipt(0, (ALPHA, 0, self.alpha_root, 0))])
        self.assertEqual(self.codes(), {("fault", "receipt-false-root")})
        self.write(BETA_RECEIPTS, [receipt(0, ("demo/delta/indicators/1", 1, self.alpha_root, 0))])
        self.assertEqual(self.codes(), {("warning", "statement-of-unknown-log")})
        three = bits(FIELDS["17.4"][1]["root of 3"])
        self.write(BETA_RECEIPTS, [receipt(0, good), receipt(1, (ALPHA, 3, three, 0))])
        self.assertEqual(self.codes(), {("warning", "receipt-size-regressed")})

    def test_heartbeat(self):
        self.write(BETA, example(BETA) + [entry(BETA, 1, "heartbeat", [1, [[ALPHA, 6, self.alpha_root]]])])
        self.assertEqual(self.codes(), {("fault", "heartbeat-false-root")})

    def test_missing_log(self):
        shutil.rmtree(self.path("x", *ALPHA.split("/")))
        self.assertEqual(self.codes(), {("gap", "log-missing"), ("gap", "statements-unchecked")})

    def test_log_that_nobody_wrote_to(self):
        self.write(ALPHA, [])
        self.write(BETA_RECEIPTS, [])
        shutil.rmtree(self.path("x", *ALPHA.split("/")))
        self.assertEqual(self.codes(), {("info", "log-empty")})
        shutil.rmtree(self.path("x", *BETA_RECEIPTS.split("/")))
        self.assertEqual(self.codes(), {("info", "log-empty"), ("warning", "log-missing")})
        shutil.rmtree(self.path("x", *RECEIPTS.split("/")))
        self.assertEqual(self.codes(), {("warning", "log-missing")})

    def test_no_meaning(self):
        heartbeat = pack([1, []])
        cases = [
            entry(ALPHA, 0, "unheard-of", [1]),
            entry(BETA, 0, "heartbeat", [1, []]),
            entry(ALPHA, 0, "receipt", [1, []]),
            entry(ALPHA, 0, "heartbeat", [2, []]),
            entry(ALPHA, 0, "erase", [1, 0, "legal"]),
            entry(ALPHA, 0, "tally", [1, 2932897, "ivory", 0, 0, 0]),
            (pack([2, ALPHA, "heartbeat", 0, None, entries.commitment(bytes(16), heartbeat)]), None, None),
            (b"\x00", None, None),
            (b"x" * 2000, None, None),
        ]
        shutil.rmtree(self.path("x", *BETA_RECEIPTS.split("/")))
        for case in cases:
            self.write(ALPHA, [case])
            self.assertEqual(self.codes(), {("info", "entry-without-meaning"), ("warning", "log-missing")}, case)

    def test_payload_beside_a_malformed_leaf(self):
        self.write(ALPHA, [(b"\x00", bytes(16), b"\x91\x01")])
        self.assertIn(("fault", "payload-unexpected"), self.codes())

    def change(self, name, data, origin=ALPHA):
        path = self.path("x", *origin.split("/"), *name.split("/"))
        if data is None:
            os.remove(path)
            return
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)

    def read(self, name, origin=ALPHA):
        with open(self.path("x", *origin.split("/"), *name.split("/")), "rb") as file:
            return file.read()

    def test_files(self):
        signer = SIGNERS[ALPHA]
        good = self.read("checkpoint")
        text = good[:good.index(b"\n\n") + 1]
        wrong = {
            "checkpoint": {
                None: "checkpoint-missing",
                b"": "checkpoint-malformed",
                b"\xff\n\n" + good: "checkpoint-malformed",
                good[:-1]: "checkpoint-malformed",
                signed(text + b"more\n", signer): "checkpoint-malformed",
                signed(text.replace(b"\n7\n", b"\n07\n"), signer): "checkpoint-malformed",
                signed(text, SIGNERS[BETA]): "checkpoint-bad-signature",
                good + signer.line(b"other"): "checkpoint-bad-signature",
                checkpoint(SIGNERS[BETA], 7, self.alpha_root): "checkpoint-other-log",
                checkpoint(signer, 7, bytes(32)): "root-mismatch",
                checkpoint(signer, 1 << 40, bytes(32)): "tile-missing",
                checkpoint(signer, 0, bytes(32)): "root-mismatch",
                text + b"\n" + signer.line(text) * 101: "checkpoint-malformed",
            },
            "vkey": {b"": "vkey-changed", SIGNERS[BETA].vkey.encode(): "vkey-changed"},
            "tile/entries/000.p/7": {None: "tile-missing", b"": "bundle-malformed", b"\0\0": "bundle-malformed"},
            "tile/payloads/000.p/7": {None: "tile-missing", b"": "payloads-malformed", b"\x97" * 9: "payloads-malformed"},
            "tile/0/000.p/7": {None: "tile-missing", b"": "tile-malformed", bytes(224): "hash-tile-changed"},
        }
        for name, cases in wrong.items():
            for data, code in cases.items():
                before = self.read(name) if os.path.exists(self.path("x", *ALPHA.split("/"), *name.split("/"))) else None
                self.change(name, data)
                self.assertIn(("fault", code), self.codes(), (name, data))
                self.change(name, before)
        self.change("checkpoint", good + SIGNERS[BETA].line(text) + signer.line(text))
        self.assertEqual(self.codes(), set())

    def roster_codes(self, *documents):
        self.write(ROSTER, roster_log(*documents))
        return self.codes()

    def test_roster_steps(self):
        refused = ("fault", "roster-step-refused")
        text = ROSTER_2[:ROSTER_2.rindex(b"\n\n") + 1]
        one, two, three = KEYS
        self.assertEqual(self.roster_codes(ROSTER_1, signed(text, one, two)), set())
        self.assertEqual(self.roster_codes(ROSTER_1, ROSTER_2, ROSTER_2), {("info", "roster-repeated")})
        self.assertEqual(self.roster_codes(ROSTER_1, ROSTER_2, signed(text, one, two)), {refused})
        alpha = b'"vkey": "' + SIGNERS[ALPHA].vkey.encode() + b'"'
        wrong = [
            signed(text, one),
            signed(text, one, one),
            signed(text, one, two) + three.line(b"other"),
            signed(text.replace(b'"version": 2', b'"version": 3'), one, two),
            signed(text.replace(b'"version": 2', b'"version": 2, "version": 2'), one, two),
            signed(text.replace(b'"version": 2', b'"version": 2.0'), one, two),
            signed(text.replace(b'"version": 2', b'"version": true'), one, two),
            signed(text.replace(b'"coalition": "demo"', b'"coalition": "other"'), one, two),
            signed(text.replace(b'"threshold": 2', b'"threshold": 0'), one, two),
            signed(text.replace(b"{\n          " + alpha + b"\n        },", b""), one, two),
            signed(text.replace(b'"status": "active"', b'"status": "idle"'), one, two),
            signed(text.replace(b"https://alpha.example:7100", b"https://alpha.example:07100"), one, two),
            signed(text.replace(b'"sellerKeys": [', b'"sellerKeys": [' + b"[" * 5000), one, two),
            signed(text.replace(b"fednode/roster/1", b"fednode/roster/2"), one, two),
        ]
        for document in wrong:
            self.assertIn(refused, self.roster_codes(ROSTER_1, document), document)
        self.assertIn(("gap", "roster-missing"), self.roster_codes(ROSTER_2))

    def test_shared_seller_key(self):
        text = ROSTER_2[:ROSTER_2.rindex(b"\n\n") + 1]
        one, two, _ = KEYS
        role = text.replace(b'"member"', b'"member", "key-holder"')
        point = b"ab" * 32

        def codes(holders, commitments, of=role):
            shared = b'"epoch": 1, "holders": [' + holders + b'], "commitments": [' + commitments + b"],"
            return self.roster_codes(ROSTER_1, signed(of.replace(b'"epoch": 1,', shared), one, two))
        self.assertEqual(codes(b'"alpha", "beta"', b'"' + point + b'"'), set())
        self.assertEqual(codes(b'"secretariat"', b"", text), set())
        self.assertEqual(codes(b'"alpha", "beta"', b"", role.replace(
            b'"epoch": 1,', b'"epoch": 1, "quota": {"day": 5, "minute": 1},')), set())
        wrong = [
            (b'"alpha"', b"", role.replace(b'"epoch": 1,', b'"epoch": 1, "quota": {"day": 0, "minute": 1},')),
            (b'"alpha"', b"", role.replace(b'"epoch": 1,', b'"epoch": 1, "quota": {"day": 5},')),
            (b'"alpha"', b"", role.replace(b'"status": "active"', b'"status": "active", "quota": []')),
            (b'"alpha", "beta"', b'"' + point + b'"', text),
            (b'"alpha", "beta"', b'"' + point + b'", "' + point + b'"', role),
            (b'"alpha", "alpha"', b"", role),
            (b'"alpha", "gamma"', b"", role),
            (b'"alpha", []', b"", role),
            (b"", b"", role),
            (b'"alpha", "beta"', b'"' + point.upper() + b'"', role),
            (b'"alpha", "beta"', b"7", role),
            (b'"alpha", "beta"', b"", role.replace(b'"status": "active"', b'"status": "suspended"')),
        ]
        for case in wrong:
            self.assertIn(("fault", "roster-step-refused"), codes(*case), case)

    def test_closed_log(self):
        def closed(size, root):
            return closing(ALPHA, size, root)
        self.write(ALPHA, example(ALPHA))
        three = bits(FIELDS["17.4"][1]["root of 3"])
        present = {("warning", "erased-payload-present")}
        self.assertEqual(self.roster_codes(ROSTER_1, closed(7, self.alpha_root)), present)
        self.write(ALPHA, example(ALPHA), erased={1})
        self.assertEqual(self.roster_codes(ROSTER_1, closed(7, self.alpha_root)), set())
        self.assertEqual(self.roster_codes(ROSTER_1, closed(7, three)), {("fault", "closed-log-differs")})
        self.assertEqual(self.roster_codes(ROSTER_1, closed(8, three)), {("gap", "log-missing")})
        self.write(ALPHA, example(ALPHA))
        beyond = {("warning", "entries-beyond-end"), ("warning", "checkpoint-beyond-end")}
        self.assertEqual(self.roster_codes(ROSTER_1, closed(3, three)), beyond)
        os.remove(self.path("x", *ALPHA.split("/"), "tile", "entries", "000.p", "7"))
        self.assertIn(("warning", "checkpoint-beyond-end"), self.roster_codes(ROSTER_1, closed(3, three)))
        self.write(BETA_RECEIPTS, [])
        shutil.rmtree(self.path("x", *ALPHA.split("/")))
        self.assertEqual(self.roster_codes(ROSTER_1, closed(3, three)), {("gap", "log-missing")})

    def close(self, origin, size, root):
        self.write(ROSTER, roster_log(ROSTER_1, closing(origin, size, root)))

    def digest(self):
        return verify(ANCHOR, [self.path("x")], 0).digest

    def test_view_of_a_closed_log(self):
        beyond = {("warning", "entries-beyond-end"), ("warning", "checkpoint-beyond-end")}
        log = example(ALPHA)
        root = self.write(ALPHA, log[:5])
        five = self.digest()
        self.close(ALPHA, 5, root)
        self.assertEqual(self.codes(), set())
        self.assertEqual(self.digest(), five)
        # Entry 5 orders the erasure of entry 1, and does not count any more.
        self.write(ALPHA, log)
        self.assertEqual(self.codes(), beyond)
        self.assertEqual(self.digest(), five)
        self.write(ALPHA, log, erased={1})
        self.assertEqual(self.codes(), beyond | {("gap", "payload-missing")})
        self.assertIsNone(self.digest())
        self.write(ALPHA, log, erased={1, 6})
        self.assertIn(("fault", "payload-missing"), self.codes())

    def test_view_of_a_log_closed_at_nothing(self):
        self.write(ALPHA, [])
        none = self.digest()
        self.write(ALPHA, example(ALPHA))
        self.close(ALPHA, 0, merkle.EMPTY_ROOT)
        self.assertEqual(self.digest(), none)

    def test_receipts_beyond_the_end(self):
        def receipt(index, root):
            return entry(BETA_RECEIPTS, index, "receipt", [1, [[ALPHA, 7, root, 1790000010000]]])
        root = self.write(BETA_RECEIPTS, [])
        self.close(BETA_RECEIPTS, 0, root)
        for stated in (self.alpha_root, bytes(32)):
            self.write(BETA_RECEIPTS, [receipt(0, stated)])
            self.assertEqual(self.codes(), {("warning", "entries-beyond-end"), ("warning", "checkpoint-beyond-end")})
            self.assertEqual(verify(ANCHOR, [self.path("x")], 0).receipts, {})

    def test_closed_roster_log(self):
        root = self.write(ROSTER, roster_log(ROSTER_1))
        closed = closing(ROSTER, 1, root)
        text = closed[:closed.rindex(b"\n\n") + 1].replace(b'"version": 2', b'"version": 3')
        beyond = {("warning", "entries-beyond-end"), ("warning", "checkpoint-beyond-end")}
        self.assertEqual(self.roster_codes(ROSTER_1, closed, signed(text, *KEYS[:2])), beyond)
        self.assertEqual(verify(ANCHOR, [self.path("x")], 0).roster.version, 2)

    def test_anchor(self):
        self.change("coalition.json", ANCHOR, origin="")
        self.assertEqual(self.codes(), set())
        for wrong in (ANCHOR + b" ", ANCHOR[:-1], ANCHOR[:-2] + bytes([ANCHOR[-2] ^ 1]) + ANCHOR[-1:], b""):
            self.change("coalition.json", wrong, origin="")
            self.assertEqual(self.codes(), {("fault", "anchor-differs")}, wrong)
        os.remove(self.path("x", "coalition.json"))
        self.assertEqual(self.codes(anchor=b"{}"), {("gap", "anchor-unusable")})
        self.assertIn(("gap", "roster-missing"), self.codes(anchor=ANCHOR.replace(b'"threshold": 2', b'"threshold": 1')))

    def test_single_log_folder(self):
        self.assertEqual(self.codes(*(os.path.join("x", *o.split("/")) for o in SEEDS)), set())


if __name__ == "__main__":
    unittest.main()

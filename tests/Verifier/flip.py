"""Changes one byte of an export at a time and expects verify.py to refuse it.

    python3 flip.py --anchor coalition.json [--small BYTES] [--sample N] [--seed SEED] DIR

Files of at most BYTES bytes are gone through byte by byte, in addition N bytes are drawn from all larger ones. Works on a
copy. Exit code 0: every change was refused; 1: one was accepted, or the verifier crashed.
"""

import argparse
import os
import random
import shutil
import sys
import tempfile
import traceback

from verify import verify

_NOW = 0


def _places(root, small, sample, rng):
    """(file, offset) of all bytes of small files and of a sample of the others."""
    exhaustive, large = [], []
    for parent, _, names in os.walk(root):
        for name in names:
            path = os.path.join(parent, name)
            size = os.path.getsize(path)
            (exhaustive if size <= small else large).extend((path, offset) for offset in range(size))
    chosen = rng.sample(sorted(large), min(sample, len(large)))
    return sorted(exhaustive) + sorted(chosen), len(exhaustive), len(chosen)


def main(arguments):
    parser = argparse.ArgumentParser(prog="flip.py", description="Expects every changed byte to be refused.")
    parser.add_argument("--anchor", required=True, metavar="coalition.json")
    parser.add_argument("--small", type=int, default=1024, metavar="BYTES")
    parser.add_argument("--sample", type=int, default=2000, metavar="N")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("dir", metavar="DIR")
    options = parser.parse_args(arguments)
    with open(options.anchor, "rb") as file:
        anchor = file.read()
    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as temporary:
        root = os.path.join(temporary, "export")
        shutil.copytree(options.dir, root)
        untouched = verify(anchor, [root], _NOW)
        if untouched.report.refused:
            print("the export is refused as it is", *untouched.report.close(), sep="\n")
            return 1
        places, exhaustive, sampled = _places(root, options.small, options.sample, rng)
        bad = sum(not _refused(anchor, root, path, offset, rng.randrange(1, 256)) for path, offset in places)
    print(f"{len(places)} bytes changed ({exhaustive} of small files, {sampled} drawn from large ones, "
          f"seed {options.seed}): {len(places) - bad} refused, {bad} not")
    return 1 if bad else 0


def _refused(anchor, root, path, offset, mask):
    with open(path, "r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ mask]))
    name = os.path.relpath(path, root)
    try:
        refused = verify(anchor, [root], _NOW).report.refused
        if not refused:
            print(f"ACCEPTED {name} offset {offset}: 0x{byte:02x} -> 0x{byte ^ mask:02x}")
    except Exception:  # any crash is what this program looks for
        refused = False
        print(f"CRASHED {name} offset {offset}: 0x{byte:02x} -> 0x{byte ^ mask:02x}")
        traceback.print_exc()
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(bytes([byte]))
    return refused


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

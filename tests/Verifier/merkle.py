"""Merkle trees of RFC 6962 and their tiles: docs/protocol.md, section 4; C2SP tlog-tiles."""

import hashlib

WIDTH = 256
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(entry):
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """All complete subtrees over a list of leaf hashes, which give the root of every smaller tree too."""

    def __init__(self, leaf_hashes):
        self.size = len(leaf_hashes)
        self._levels = [list(leaf_hashes)]
        while len(self._levels[-1]) > 1:
            below = self._levels[-1]
            self._levels.append([node_hash(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)])

    def root(self, size):
        """Root of the first `size` entries; `size` is at most that of the tree."""
        root, end = None, size
        # From the smallest complete subtree at the right edge to the largest at the left.
        for level in range(size.bit_length()):
            if size >> level & 1:
                subtree = self._levels[level][(end >> level) - 1]
                root = subtree if root is None else node_hash(subtree, root)
                end -= 1 << level
        return EMPTY_ROOT if root is None else root

    def leaf_hash_at(self, index):
        return self._levels[0][index]

    def tile(self, level, index, width):
        """The bytes of a hash tile."""
        hashes = self._levels[8 * level]
        return b"".join(hashes[index * WIDTH:index * WIDTH + width])


def tile_levels(size):
    """Levels at which a tree of `size` entries has tiles."""
    level = 0
    while size >> 8 * level:
        yield level
        level += 1


def tiles(size, level):
    """(index, width) of each tile of a level, the partial one last; lazy, since a checkpoint may claim any size."""
    count = size >> 8 * level
    index = 0
    while index < count // WIDTH:
        yield index, WIDTH
        index += 1
    if count % WIDTH:
        yield index, count % WIDTH


def tile_path(kind, index, width):
    """`tile/<kind>/<N>[.p/<W>]`, where `kind` is a level, `entries` or `payloads`."""
    path = f"{index % 1000:03d}"
    while index >= 1000:
        index //= 1000
        path = f"x{index % 1000:03d}/{path}"
    return f"tile/{kind}/{path}" + (f".p/{width}" if width < WIDTH else "")

"""The folders of an export: docs/protocol.md, sections 4 and 15; C2SP tlog-tiles."""

import os
import re
import stat

import merkle
from findings import FAULT, GAP, Refused
from names import parse_origin

_TILE = re.compile(r"tile/(0|[1-9][0-9]?|entries|payloads)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


class Folder:
    """A folder that holds one log; `origin` is what its path says, or None where the path says nothing."""

    def __init__(self, path, label, origin):
        self.path, self.label, self.origin = path, label, origin

    def read(self, name, limit):
        """The bytes of a file; Refused if it is longer than `limit`; None if it is not there."""
        path = os.path.join(self.path, *name.split("/"))
        try:
            if not stat.S_ISREG(os.lstat(path).st_mode):
                raise Refused("not a plain file")
            with open(path, "rb") as file:
                data = file.read(limit + 1)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise Refused(f"unreadable: {error.strerror}") from None
        if len(data) > limit:
            raise Refused(f"longer than {limit} bytes")
        return data

    def surplus(self, size):
        """Files that no export of a log of this size has."""
        return [name for name in _files(self.path)
                if name not in ("checkpoint", "vkey") and not _is_tile_of(name, size)]


def _files(path):
    for parent, folders, names in os.walk(path):
        # os.walk lists a link to a folder among the folders and does not go into it.
        names = names + [f for f in folders if os.path.islink(os.path.join(parent, f))]
        for name in sorted(names):
            yield os.path.relpath(os.path.join(parent, name), path).replace(os.sep, "/")


def _is_tile_of(name, size):
    match = _TILE.fullmatch(name)
    if not match:
        return False
    kind, path, width = match[1], match[2], int(match[3] or merkle.WIDTH)
    count = size >> 8 * (0 if kind in ("entries", "payloads") else int(kind))
    index = int(path.replace("x", "").replace("/", ""))
    # The way back also refuses other spellings of the same tile, such as x000/000.
    if merkle.tile_path(kind, index, width) != name:
        return False
    if width == merkle.WIDTH:
        return match[3] is None and index < count // merkle.WIDTH
    return index == count // merkle.WIDTH and width == count % merkle.WIDTH


def _is_log(path):
    return (os.path.isfile(os.path.join(path, "checkpoint")) or os.path.isfile(os.path.join(path, "vkey"))
            or os.path.isdir(os.path.join(path, "tile", "entries")))


def find_folders(path, anchor_bytes, report):
    """The log folders in `path`, which is one itself or holds some in folders named by their origins."""
    if _is_log(path):
        return [Folder(path, path, None)]
    folders = []
    for parent, names, files in os.walk(path):
        names.sort()
        for name in sorted(files):
            relative = os.path.relpath(os.path.join(parent, name), path)
            if relative == "coalition.json":
                _compare_anchor(os.path.join(parent, name), anchor_bytes, report)
            else:
                report.add(FAULT, "surplus-file", None, os.path.join(path, relative), None, "belongs to no log")
        for name in list(names):
            inner = os.path.join(parent, name)
            if _is_log(inner):
                names.remove(name)
                relative = os.path.relpath(inner, path).replace(os.sep, "/")
                if parse_origin(relative) is None:
                    report.add(FAULT, "checkpoint-other-log", None, inner, None, "folder is not named by an origin")
                else:
                    folders.append(Folder(inner, inner, relative))
    if not folders:
        report.add(GAP, "source-unreadable", None, path, None, "holds no log")
    return folders


def _compare_anchor(path, anchor_bytes, report):
    try:
        with open(path, "rb") as file:
            same = file.read(len(anchor_bytes) + 1) == anchor_bytes
    except OSError as error:
        report.add(GAP, "anchor-unusable", None, path, None, f"unreadable: {error.strerror}")
        return
    if not same:
        report.add(GAP, "anchor-unusable", None, path, None, "differs from the anchor given")

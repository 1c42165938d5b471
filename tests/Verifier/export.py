"""The folders of an export: docs/protocol.md, sections 4 and 15; C2SP tlog-tiles."""

import os
import stat

from findings import FAULT, GAP, Refused
from names import parse_origin


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
        report.add(FAULT, "anchor-differs", None, path, None, "is not, byte for byte, the anchor given")

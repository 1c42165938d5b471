"""The worked examples of docs/protocol.md, section 17, as data."""

import os
import re

_TEXT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "protocol.md")


def _blocks():
    """{number of the subsection: [text of each code block]}"""
    with open(_TEXT, encoding="utf-8") as file:
        text = file.read()
    parts = re.split(r"^### (17\.[0-9]+) .*\n", text, flags=re.M)
    return {parts[i]: re.findall(r"^```\n(.*?)^```$", parts[i + 1], flags=re.M | re.S)
            for i in range(1, len(parts), 2)}


def _fields(block):
    """`name: value` lines; a value may go on in indented lines below its name."""
    fields, name = {}, None
    for line in block.splitlines():
        if line.startswith("  "):
            fields[name] += line.strip()
        else:
            name, _, value = line.partition(":")
            fields[name] = value.strip()
    return fields


BLOCKS = _blocks()
FIELDS = {number: [_fields(block) for block in blocks] for number, blocks in BLOCKS.items()}


def entries_of(origin):
    """The entries of 17.3 of one log, by index: fields with `kind` reduced to the code."""
    found = []
    for fields in FIELDS["17.3"]:
        kind, log, index = fields["kind"].split(", ")
        if log == origin:
            assert index == f"index {len(found)}"
            found.append({**fields, "kind": kind})
    return found


def notes():
    """Anchor, roster 1, enrolment and roster 2 of 17.7, as bytes."""
    return [block.encode() for block in BLOCKS["17.7"][:4]]

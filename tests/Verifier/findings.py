"""Findings of the verifier: docs/protocol.md, section 15, names and severities."""

FAULT, GAP, WARNING, INFO = "fault", "gap", "warning", "info"


class Refused(ValueError):
    """Bytes that docs/protocol.md does not allow where they stand."""


class Report:
    """Collects findings. Faults and gaps refuse; warnings and infos are told."""

    # A log that is broken throughout would otherwise print a line an entry.
    LIMIT = 25

    def __init__(self):
        self.lines = []
        self.refused = False
        self._count = {}
        self._more = {}

    def add(self, severity, code, log, file, index, text):
        """One finding; `file` and `index` may be None."""
        if severity in (FAULT, GAP):
            self.refused = True
        key = (log, code)
        self._count[key] = self._count.get(key, 0) + 1
        if self._count[key] > self.LIMIT:
            self._more[key] = severity
            return
        where = " ".join(
            part for part in (
                printable(log) if log else "-",
                printable(file) if file else "",
                f"entry {index}" if index is not None else "",
            ) if part)
        self.lines.append(f"{severity} {code} {where}: {printable(text)}")

    def close(self):
        """All lines, with a line for each kind of finding of which some were left out."""
        more = [
            f"{severity} more-findings {printable(log) if log else '-'}: "
            f"{self._count[log, code] - self.LIMIT} more of {code}"
            for (log, code), severity in self._more.items()]
        return self.lines + more


def printable(text):
    """One line of ASCII, whatever a hostile file name or note holds."""
    return "".join(c if " " <= c <= "~" else ascii(c)[1:-1] for c in str(text))

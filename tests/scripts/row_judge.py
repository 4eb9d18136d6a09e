"""Holds the rows that were seen against those that were expected.

The order of rows matters within one device and table, nowhere else. Rows are streamed: per device
only a count and a rolling hash are kept, so that tens of millions of rows fit. Where they differ, a second
pass reads the rows of those devices again and says what is wrong.

An expected row is certain (it must be there) or not (its message was sent but not acknowledged: it may be
there). Of one device and table the uncertain ones come last, and those that are there must be the first
of them.
"""

import collections
import dataclasses
import json
import os
import re

NOT_A_ROW = "(not a row)"
# Devices that are explained row by row, and findings that are printed of each kind.
DEVICES_EXPLAINED = 50
FINDINGS_SHOWN = 20

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
# Inside a string every quote has a backslash before it, so that this can only be a column.
_DEVICE = re.compile(rb'"imei":"([^"\\]*)"')


@dataclasses.dataclass
class Verdict:
    """What was counted and found."""

    certain: int = 0
    uncertain: int = 0
    seen: int = 0
    devices: int = 0
    findings: list = dataclasses.field(default_factory=list)

    def text(self):
        """For people."""
        lines = [
            f"{self.certain} rows expected, {self.uncertain} more possible, {self.seen} seen,"
            f" {self.devices} devices"
        ]
        lines += [f"- {finding}" for finding in self.findings[:FINDINGS_SHOWN]]
        if len(self.findings) > FINDINGS_SHOWN:
            lines.append(f"- and {len(self.findings) - FINDINGS_SHOWN} more findings")
        lines.append("FAILED" if self.findings else "all rows are there, once, in order")
        return "\n".join(lines)


class _Expected:
    """Rolling hash after the certain rows, and after each uncertain one."""

    __slots__ = ("hash", "count", "tail")

    def __init__(self):
        self.hash = 0
        self.count = 0
        self.tail = None

    def add(self, text, certain):
        if certain:
            if self.tail:
                raise ValueError("a device has a certain row after an uncertain one")
            self.hash = hash((self.hash, text))
            self.count += 1
        else:
            before = self.tail[-1] if self.tail else self.hash
            self.tail = self.tail or []
            self.tail.append(hash((before, text)))

    def allows(self, seen):
        """Whether (count, hash) of the rows seen is one of those possible."""
        count, rolled = seen
        if count == self.count:
            return rolled == self.hash
        more = count - self.count
        return 0 < more <= len(self.tail or ()) and self.tail[more - 1] == rolled


def judge_sinks(expected, sinks):
    """Compares with the row files of {table: directory}.

    Rows are compared as they stand first; only when that fails they are read as JSON, so that blanks and
    escapes may differ.
    """
    verdict = judge(expected, lambda: _plain_rows(sinks))
    return judge(expected, lambda: sink_rows(sinks)) if verdict.findings else verdict


def judge(expected, seen):
    """Compares. Both are functions that give an iterator, for they may be read twice.

    expected yields (table, device, row text, certain); seen yields (table, device, row text, where).
    """
    verdict = Verdict()
    wanted = {}
    for table, device, text, certain in expected():
        wanted.setdefault((table, device), _Expected()).add(text, certain)
        if certain:
            verdict.certain += 1
        else:
            verdict.uncertain += 1
    there = {}
    for table, device, text, where in seen():
        verdict.seen += 1
        if table == NOT_A_ROW:
            verdict.findings.append(f"{where}: not a row: {text[:200]}")
            continue
        count, rolled = there.get((table, device), (0, 0))
        there[table, device] = (count + 1, hash((rolled, text)))
    verdict.devices = len({device for _, device in wanted})
    nothing = _Expected()
    wrong = [key for key, state in wanted.items() if not state.allows(there.get(key, (0, 0)))]
    wrong += [key for key, state in there.items() if key not in wanted and not nothing.allows(state)]
    if wrong:
        verdict.findings += _explained(set(wrong[:DEVICES_EXPLAINED]), expected, seen)
        if len(wrong) > DEVICES_EXPLAINED:
            verdict.findings.append(f"{len(wrong)} devices are wrong; {DEVICES_EXPLAINED} are explained")
    return verdict


def _explained(keys, expected, seen):
    wanted = collections.defaultdict(list)
    for table, device, text, certain in expected():
        if (table, device) in keys:
            wanted[table, device].append((text, certain))
    there = collections.defaultdict(list)
    for table, device, text, where in seen():
        if (table, device) in keys:
            there[table, device].append((text, where))
    findings = []
    for key in sorted(keys, key=str):
        findings += explain(*key, wanted[key], there[key])
    return findings


def explain(table, device, wanted, there):
    """What is wrong with the rows of one device: missing, doubled, never issued, out of order."""
    who = f"{table}, device {device}"
    findings = []
    missing = collections.Counter(text for text, certain in wanted if certain)
    missing.subtract(text for text, _ in there)
    for text, count in missing.items():
        if count > 0:
            findings.append(f"{who}: missing {count} x {text}")
    left = collections.Counter(text for text, _ in wanted)
    for text, where in there:
        left[text] -= 1
        if left[text] < 0:
            known = any(text == other for other, _ in wanted)
            what = "doubled" if known else "never issued"
            findings.append(f"{who}: {what} at {where}: {text}")
    if not findings:
        for number, ((text, _), (seen, where)) in enumerate(zip(wanted, there), 1):
            if text != seen:
                findings.append(f"{who}: out of order at {where}: row {number} is {seen}, not {text}")
                break
    return findings


def parse_sinks(texts, tables):
    """{table: directory} of TABLE=DIR texts."""
    sinks = {}
    for text in texts:
        table, equals, directory = text.partition("=")
        if not equals or table not in tables:
            raise ValueError(f"--sink {text}: give TABLE=DIR with a TABLE of {', '.join(tables)}")
        if not os.path.isdir(directory):
            raise ValueError(f"--sink {text}: {directory} is no directory")
        sinks[table] = directory
    return sinks


def row_files(directory):
    """Row files of a directory, in the order written."""
    names = sorted(name for name in os.listdir(directory) if name.endswith(".ndjson"))
    return [os.path.join(directory, name) for name in names]


def sink_rows(sinks):
    """Yields (table, device, row text, where) of the row files of each table."""
    for table, directory in sinks.items():
        for path in row_files(directory):
            with open(path, "rb") as lines:
                for number, line in enumerate(lines, 1):
                    where = f"{path}:{number}"
                    row = _row(line)
                    if row is None:
                        yield NOT_A_ROW, None, line.decode("utf-8", "replace").rstrip("\n"), where
                    else:
                        yield table, row.get("imei"), _encode(row), where


def _plain_rows(sinks):
    """As sink_rows, the lines unread."""
    for table, directory in sinks.items():
        for path in row_files(directory):
            with open(path, "rb") as lines:
                for line in lines:
                    device = _DEVICE.search(line)
                    if device is None or line[-1:] != b"\n":
                        yield NOT_A_ROW, None, "", path
                    else:
                        yield table, device[1].decode("utf-8", "replace"), line[:-1].decode("utf-8", "replace"), path


def _row(line):
    if not line.endswith(b"\n"):
        return None
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) else None


def lines(directory):
    """Yields the lines of the row files of a directory, in the order written."""
    for path in row_files(directory):
        with open(path, "rb") as rows:
            yield from rows


def count_rows(directory):
    """Whole lines in the row files of a directory, without reading what they say."""
    count = 0
    for path in row_files(directory):
        try:
            with open(path, "rb") as rows:
                while block := rows.read(1 << 20):
                    count += block.count(b"\n")
        except FileNotFoundError:
            pass
    return count

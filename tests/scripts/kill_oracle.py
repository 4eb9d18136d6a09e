#!/usr/bin/env python3
"""Judges the row files after crashes, by what the load generator knows and nothing else.

    kill_oracle.py --record DIR.. --sink water_order=DIR --sink charge_power=DIR [--dead-letters DIR]

The record (`rookery-bench load --record DIR`) holds every message that was sent and every
acknowledgement that came. It says whether: the rows of every acknowledged message are there; none is
there twice; the order of each device holds; every row was issued; no message became a dead letter; the
server never took an acknowledgement back. What the rows are is said by expected_rows.py. Exit code 1: one of it is not so.

Several records are runs one after the other, of different devices (another seed).
"""

import argparse
import json
import os
import sys

import expected_rows
import row_judge


class Record:
    """What a run of the generator left."""

    def __init__(self, directory):
        self.directory = directory
        self.forwarders = []
        # Per connection: number before its first message, highest acknowledged, highest sent.
        self.base = {}
        self.acked = {}
        self.sent = {}
        self.regressed = []
        for event in events(directory):
            self._note(event)

    def _note(self, event):
        what, connection = event["event"], event.get("connection")
        if what == "begin":
            self.forwarders = event["forwarders"]
        elif what == "connected":
            self.base.setdefault(connection, event["resume"])
        elif what == "acked":
            self.acked[connection] = event["through"]
        elif what == "sent":
            self.sent[connection] = event["through"]
        elif what == "lost":
            self.sent[connection] = max(event["sent"], self.sent.get(connection, 0))
        elif what == "regressed":
            name = self.forwarders[connection]
            self.regressed.append(
                f"{name}: acknowledged {event['acked']}, then resumed at {event['resume']}"
            )

    def messages(self):
        """Yields (line, acknowledged) of every message that may have been sent."""
        for connection, name in enumerate(self.forwarders):
            number = self.base.get(connection, 0)
            acked = self.acked.get(connection, number)
            with open(os.path.join(self.directory, f"{name}.ndjson"), "rb") as lines:
                for line in lines:
                    # A generator that was killed leaves a part of a line.
                    if line.endswith(b"\n"):
                        number += 1
                        yield line, number <= acked


def events(directory):
    """Yields the events of a record; the torn last line of a killed generator is left out."""
    with open(os.path.join(directory, "events.ndjson"), "rb") as lines:
        for line in lines:
            if line.endswith(b"\n"):
                yield json.loads(line)


def expected(records, tables):
    """Yields (table, device, row text, certain) of all messages of the records."""
    for record in records:
        for line, acked in record.messages():
            row = expected_rows.row_of(line)
            if row is not None and row[0] in tables:
                yield (*row, acked)


def dead_letters(directory):
    """The first lines of the store of dead letters."""
    found = []
    for path in row_judge.row_files(directory) if os.path.isdir(directory) else []:
        with open(path, "rb") as lines:
            found += [f"dead letter at {path}: {line.decode('utf-8', 'replace').rstrip()}" for line in lines]
    return found


def judge(record_directories, sinks, dead_letter_directory=None):
    """The verdict."""
    records = [Record(directory) for directory in record_directories]
    verdict = row_judge.judge_sinks(lambda: expected(records, tuple(sinks)), sinks)
    for record in records:
        verdict.findings += record.regressed
    if dead_letter_directory:
        verdict.findings += dead_letters(dead_letter_directory)
    return verdict


def main(argv=None):
    """The command line; gives the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--record", nargs="+", required=True, metavar="DIR")
    parser.add_argument("--sink", action="append", required=True, metavar="TABLE=DIR")
    parser.add_argument("--dead-letters", metavar="DIR")
    arguments = parser.parse_args(argv)
    try:
        sinks = row_judge.parse_sinks(arguments.sink, expected_rows.TABLES)
    except ValueError as error:
        parser.error(str(error))
    verdict = judge(arguments.record, sinks, arguments.dead_letters)
    print(verdict.text())
    return 1 if verdict.findings else 0


if __name__ == "__main__":
    sys.exit(main())

"""kill_oracle.py: what it lets pass, and what it must not."""

import json
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import expected_rows
import kill_oracle


def message(number, device):
    """A water message as bytes."""
    data = json.dumps({"Flag": "04"})
    return json.dumps({"id": str(number), "imei": device, "type": "08", "data": data}).encode() + b"\n"


class Oracle(unittest.TestCase):
    """Two connections with a device each; ten messages each were sent, six acknowledged."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.record = os.path.join(directory.name, "record")
        self.sink = os.path.join(directory.name, "water")
        self.dead_letters = os.path.join(directory.name, "dead_letters")
        for made in (self.record, self.sink, self.dead_letters):
            os.mkdir(made)
        self.events = [{"event": "begin", "forwarders": ["a", "b"], "seed": 1}]
        self.rows = {}
        for connection, name in enumerate("ab"):
            resume = 100 * connection
            self.events += [
                {"event": "connected", "connection": connection, "instance": "i", "resume": resume},
                {"event": "acked", "connection": connection, "through": resume + 3},
                {"event": "lost", "connection": connection, "sent": resume + 9, "acked": resume + 3, "reason": "x"},
                {"event": "connected", "connection": connection, "instance": "i", "resume": resume + 5},
                {"event": "acked", "connection": connection, "through": resume + 6},
            ]
            lines = [message(number, name) for number in range(10)]
            with open(os.path.join(self.record, f"{name}.ndjson"), "wb") as file:
                file.write(b"".join(lines) + b'{"id":"torn')
            self.rows[name] = [expected_rows.row_of(line)[2] for line in lines]

    def judge(self, rows, dead_letters=None):
        """The findings for these rows in the sink."""
        with open(os.path.join(self.record, "events.ndjson"), "w", encoding="utf-8") as file:
            file.writelines(json.dumps(event) + "\n" for event in self.events)
            file.write('{"event":"ack')
        with open(os.path.join(self.sink, "part-1.ndjson"), "w", encoding="utf-8") as file:
            file.writelines(f"{row}\n" for row in rows)
        verdict = kill_oracle.judge([self.record], {"water_order": self.sink}, dead_letters)
        return verdict.findings

    def both(self, count):
        """The first rows of both devices."""
        return self.rows["a"][:count] + self.rows["b"][:count]

    def assert_finds(self, rows, *expected):
        """The rows must be refused, for these reasons."""
        findings = self.judge(rows)
        for text in expected:
            self.assertTrue(any(text in finding for finding in findings), (text, findings))
        self.assertEqual(len(findings), len(expected), findings)

    def test_what_was_not_acknowledged_may_be_there(self):
        for count in (6, 7, 10):
            self.assertEqual(self.judge(self.both(count)), [], count)
        self.assertEqual(self.judge(self.rows["a"][:10] + self.rows["b"][:6]), [])

    def test_what_was_acknowledged_must_be_there(self):
        self.assert_finds(self.rows["a"][:5] + self.rows["b"][:6], "device a: missing 1 x")
        self.assert_finds(self.rows["a"][:2] + self.rows["a"][3:6] + self.rows["b"][:6], "device a: missing 1 x")
        self.assert_finds(self.rows["a"], *["device b: missing 1 x"] * 6)

    def test_no_row_twice(self):
        self.assert_finds(self.both(6) + [self.rows["b"][5]], "device b: doubled at")
        self.assert_finds(self.both(10) + [self.rows["b"][9]], "device b: doubled at")

    def test_the_order_holds(self):
        rows = self.both(6)
        rows[0], rows[1] = rows[1], rows[0]
        self.assert_finds(rows, "device a: out of order at")

    def test_unacknowledged_rows_come_in_order_too(self):
        self.assert_finds(self.both(6) + [self.rows["a"][7]], "device a: out of order at")

    def test_every_row_was_issued(self):
        self.assert_finds(self.both(6) + ['{"id":"77","imei":"a","data":"x"}'], "device a: never issued at")
        self.assert_finds(self.both(6) + ['{"id":"1","imei":"c","data":"x"}'], "device c: never issued at")
        self.assert_finds(self.both(6) + ['{"id":'], "not a row")

    def test_an_acknowledgement_is_not_taken_back(self):
        self.events.append({"event": "regressed", "connection": 1, "acked": 106, "resume": 104})
        self.assert_finds(self.both(6), "b: acknowledged 106, then resumed at 104")

    def test_dead_letters_are_findings(self):
        with open(os.path.join(self.dead_letters, "1.ndjson"), "w", encoding="utf-8") as file:
            file.write('{"stage":"parse"}\n')
        findings = self.judge(self.both(6), self.dead_letters)
        self.assertEqual(len(findings), 1)
        self.assertIn('{"stage":"parse"}', findings[0])


if __name__ == "__main__":
    unittest.main()

"""The scripts that measure sinks against real servers, at a small scale."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from test_kill_loop import bench


def run(script, *options):
    """Its exit code and what it printed, each line of JSON taken apart."""
    rookery = pathlib.Path(bench()).with_name("rookery")
    with tempfile.TemporaryDirectory() as directory:
        done = subprocess.run(
            [sys.executable, HERE / script, "--rookery", rookery, "--bench", bench(), "--dir", directory, *options],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return done.returncode, lines, done.stdout


class SickSinks(unittest.TestCase):
    def test_every_row_is_counted_in_the_servers(self):
        code, lines, text = run("sick_sinks.py", "--seconds", "3", "--rate", "500")
        self.assertEqual(code, 0, text)
        seen = next(line for line in lines if "redis_rows" in line)
        self.assertEqual(seen["messages"], 1500)
        self.assertEqual(seen["tsdb_points"] + seen["file_rows"], 1500)

    def test_a_killed_server_gets_what_it_missed(self):
        code, lines, text = run("sick_sinks.py", "--sick", "redis-kill", "--seconds", "15", "--sick-seconds", "3",
                                "--rate", "500", "--shards", "2")
        self.assertEqual(code, 0, text)
        phases = [line["phase"] for line in lines if "phase" in line]
        self.assertEqual(phases, ["before", "during", "drain", "after"])


class VisibleWindows(unittest.TestCase):
    def test_load_and_bare_windows_are_told_apart(self):
        code, lines, text = run("visible_windows.py", "--windows", "1", "--seconds", "3", "--rate", "500")
        self.assertEqual(code, 0, text)
        self.assertEqual(set(lines[0]), {"load", "disk", "chain"})
        self.assertTrue(all(window["n"] > 20 for window in lines[0].values()), text)
        self.assertIn("excess_ms", lines[1])


if __name__ == "__main__":
    unittest.main()

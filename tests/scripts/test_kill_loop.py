"""kill_loop.py against a scripted appliance: a right one passes, each wrong one is found out."""

import contextlib
import io
import os
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import kill_loop


def bench():
    """The built rookery-bench, the newest of the two profiles."""
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR") or HERE.parents[1] / "target")
    built = [path for profile in ("debug", "release") if (path := target / profile / "rookery-bench").exists()]
    if not built:
        raise FileNotFoundError(f"rookery-bench is not built in {target}; `cargo build -p rookery-bench` does it")
    return str(max(built, key=lambda path: path.stat().st_mtime))


class KillLoop(unittest.TestCase):
    def loop(self, fault=""):
        """(exit code, what it printed)."""
        printed = io.StringIO()
        with tempfile.TemporaryDirectory() as directory:
            arguments = ["--rookery", str(HERE / "scripted_appliance.py"), "--bench", bench(), "--dir", directory]
            arguments += ["--kills", "3", "--rate", "3000", "--devices", "12", "--up", "0.3"]
            with (
                contextlib.redirect_stdout(printed),
                mock.patch.dict(os.environ, {"FAULT": fault}),
                mock.patch.object(kill_loop, "DRAIN_TIMEOUT_S", 3),
            ):
                code = kill_loop.main(arguments)
            self.assertEqual(bool(os.listdir(directory)), code != 0, "kept only when something is wrong")
        return code, printed.getvalue()

    def test_a_right_appliance_passes(self):
        code, text = self.loop()
        self.assertEqual(code, 0, text)
        self.assertIn("kill   3:", text)
        self.assertIn("messages unacknowledged", text)
        self.assertIn("all rows are there, once, in order", text)

    def assert_finds(self, fault, expected):
        """A wrong appliance must be found out, in this way (a regular expression)."""
        code, text = self.loop(fault)
        self.assertEqual(code, 1, text)
        self.assertRegex(text, expected)
        self.assertIn("FAILED", text)

    def test_an_acknowledgement_before_the_log(self):
        self.assert_finds("ack_first", "then resumed at")

    def test_unconfirmed_rows_that_stay(self):
        # Where rows stay and come again, the files soon hold more than is due: that shows it too.
        self.assert_finds("no_cut", r"doubled at|in the files, -\d+ unconfirmed")

    def test_a_lost_row(self):
        self.assert_finds("skip", "missing 1 x")

    def test_a_wrong_order(self):
        self.assert_finds("reverse", "out of order at")

    def test_an_appliance_that_does_not_start(self):
        code = 0
        with contextlib.redirect_stdout(io.StringIO()) as printed, tempfile.TemporaryDirectory() as directory:
            code = kill_loop.main(["--rookery", "/bin/false", "--bench", bench(), "--dir", directory])
        self.assertEqual(code, 1)
        self.assertIn("rookery ended by itself with code 1", printed.getvalue())


if __name__ == "__main__":
    unittest.main()

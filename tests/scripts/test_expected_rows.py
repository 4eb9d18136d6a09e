"""expected_rows.py: what the rules mean, and that a comparison can fail."""

import contextlib
import io
import json
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import expected_rows as rows


def message(**columns):
    """A message as bytes."""
    whole = {"id": "1", "imei": "860000000000017", "pk": "pk", "type": "08", "data": "{}", "profile": None}
    return json.dumps({**whole, **columns}).encode() + b"\n"


def row(**columns):
    """The row of a message, or None."""
    found = rows.row_of(message(**columns))
    return None if found is None else json.loads(found[2])


def charger(power, **columns):
    """The row of a charger message."""
    return row(type="0706", data=json.dumps({"Powers": power}), **columns)


class Water(unittest.TestCase):
    def test_one_order(self):
        data = '{"Flag": "04", "站": "东门"}'
        self.assertEqual(row(data=data), {"id": "1", "imei": "860000000000017", "data": data})
        self.assertIsNotNone(row(data='{"Flag":"05"}'))

    def test_no_order(self):
        for data in ['{"Flag":"06"}', '{"Flag":4}', '{"Flag":null}', "{}", "", "no", '["04"]', '{"Flag":["04"]}', None]:
            self.assertIsNone(row(data=data), data)
        self.assertIsNone(row(data='{"Flag":"04"}', profile=""))
        self.assertIsNone(row(data='{"Flag":"04"}', type="8"))

    def test_a_missing_profile_is_null(self):
        self.assertIsNotNone(rows.row_of(b'{"imei":"1","type":"08","data":"{\\"Flag\\":\\"04\\"}"}'))

    def test_an_object_column_is_read_as_its_text(self):
        self.assertEqual(row(data={"Flag": "04", "n": [1, None]})["data"], '{"Flag":"04","n":[1,null]}')

    def test_numbers_keep_their_text(self):
        line = b'{"id":12.50,"imei":860000000000017,"type":"08","data":{"Flag":"04","x":-0,"y":1e400}}'
        self.assertEqual(
            json.loads(rows.row_of(line)[2]),
            {"id": "12.50", "imei": "860000000000017", "data": '{"Flag":"04","x":-0,"y":1e400}'},
        )

    def test_the_first_of_equal_keys_wins(self):
        line = b'{"imei":"1","type":"08","type":"x","data":"{\\"Flag\\":\\"04\\",\\"Flag\\":\\"9\\"}"}'
        self.assertIsNotNone(rows.row_of(line))

    def test_escaped_types_are_seen(self):
        self.assertIsNotNone(rows.row_of(b'{"imei":"1","type":"\\u00308","data":"{\\"Flag\\":\\"04\\"}"}'))


class Charger(unittest.TestCase):
    def test_one_power(self):
        power = [{"Power": "12.7", "Channel": "1", "MsgId": "9"}, {"Power": "5"}]
        self.assertEqual(
            charger(power, time="2026-11-02 08:00:00"),
            {
                "metric": "power",
                "timestamp": 1793577600,
                "value": 12,
                "imei": "860000000000017",
                "channel": "1",
                "msgid": "9",
                "pk": "pk",
            },
        )

    def test_no_power(self):
        for power in [[], None, {}, [None], "x"]:
            self.assertIsNone(charger(power), power)
        self.assertIsNone(row(type="0706", data="not json"))

    def test_a_power_that_is_no_object_has_no_fields(self):
        self.assertEqual(charger(["x"])["value"], None)
        self.assertEqual(charger([7])["channel"], None)

    def test_fields_are_read_as_text(self):
        found = charger([{"Power": 3, "Channel": {"n": [1, "2"]}, "MsgId": True}])
        self.assertEqual((found["value"], found["channel"], found["msgid"]), (3, '{"n":[1,"2"]}', "true"))

    def test_times(self):
        self.assertEqual(charger([1], time="1970-01-01 00:00:00")["timestamp"], -28800)
        self.assertEqual(charger([1], time="2026-11-02 08:00:00.123")["timestamp"], 1793577600)
        for time in [None, "", "soon", "2026-02-30 00:00:00", "2026-11-02", "2100-01-01 00:00:00"]:
            self.assertIsNone(charger([1], time=time)["timestamp"], time)


class Functions(unittest.TestCase):
    def test_casts(self):
        for text, number in {
            "12": 12,
            "12.7": 12,
            "-12.7": -12,
            "+3": 3,
            "-0.5": 0,
            "2147483647": 2147483647,
            "2147483648": None,
            "-2147483648": -2147483648,
            "": None,
            "x": None,
            "1e3": None,
            None: None,
        }.items():
            self.assertEqual(rows.cast_to_int(text), number, text)

    def test_json_value(self):
        nested = rows.read_json("[10,20,[30,40]]")
        self.assertEqual(rows.json_value(nested, "$[2][*]"), "[30,40]")
        self.assertEqual(rows.json_value(nested, "$[1]"), "20")
        self.assertIsNone(rows.json_value(nested, "$[3]"))
        self.assertIsNone(rows.json_value(None, "$.a"))
        self.assertEqual(rows.json_value(rows.read_json('[{"a":1},{}]'), "$[*].a"), "[1]")

    def test_what_is_no_message_gives_no_row(self):
        water = b'"type":"08","data":"{\\"Flag\\":\\"04\\"}"'
        deep = b"[" * 32 + b"]" * 32
        for line in [
            b"\n",
            b'"08"\n',
            b"{" + water,
            b"{" + water + b"}",
            b'{"imei":"",' + water + b"}",
            b'{"imei":true,' + water + b"}",
            b'{"imei":"' + b"1" * 65 + b'",' + water + b"}",
            b'{"imei":"1","x":NaN,' + water + b"}",
            b'{"imei":"1","x":"\xff",' + water + b"}",
            b'{"imei":"1","x":' + deep + b"," + water + b"}",
        ]:
            self.assertIsNone(rows.row_of(line), line)
        self.assertIsNotNone(rows.row_of(b'{"imei":"1","x":' + deep[1:-1] + b"," + water + b"}"))
        self.assertIsNotNone(rows.row_of(b"{" + water + b"}", routed=False))


class Compare(unittest.TestCase):
    """The command, on a few messages of two devices."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name
        self.messages = os.path.join(self.directory, "messages.ndjson")
        with open(self.messages, "wb") as file:
            for number in range(6):
                file.write(message(id=str(number), imei=str(number % 2), data='{"Flag":"04"}'))
                file.write(message(id="-", imei=str(number % 2), type="0301"))
        self.rows = [text for _, _, text in rows.expected([self.messages], rows.TABLES)]
        self.assertEqual(len(self.rows), 6)

    def command(self, *arguments):
        """(exit code, what it printed)."""
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            code = rows.main(["compare", "--messages", self.messages, *arguments])
        return code, printed.getvalue()

    def sink(self, lines):
        """Compares with a directory that holds these rows in two files."""
        sink = tempfile.mkdtemp(dir=self.directory)
        for name, part in (("part-2.ndjson", lines[3:]), ("part-1.ndjson", lines[:3])):
            with open(os.path.join(sink, name), "w", encoding="utf-8") as file:
                file.write("".join(f"{line}\n" for line in part))
        return self.command("--sink", f"water_order={sink}")

    def eval(self, lines):
        """Compares with an output of eval."""
        path = os.path.join(self.directory, "eval.out")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(f'{{"table":"water_order","row":{line}}}\n' for line in lines)
        return self.command("--eval", path, "--table", "water_order")

    def test_equal(self):
        code, text = self.sink(self.rows)
        self.assertEqual(code, 0, text)
        self.assertIn("6 rows expected, 0 more possible, 6 seen, 2 devices", text)
        self.assertEqual(self.eval(self.rows)[0], 0)

    def test_blanks_do_not_matter_but_types_and_columns_do(self):
        spaced = [json.dumps(json.loads(text)) for text in self.rows]
        self.assertEqual(self.sink(spaced)[0], 0)
        self.assertEqual(self.sink([self.rows[0].replace('"0"', "0"), *self.rows[1:]])[0], 1)
        turned = json.dumps(dict(reversed(json.loads(self.rows[0]).items())))
        self.assertEqual(self.sink([turned, *self.rows[1:]])[0], 1)

    def test_devices_may_interleave_differently(self):
        self.assertEqual(self.sink(self.rows[::2] + self.rows[1::2])[0], 0)
        code, text = self.eval(self.rows[::2] + self.rows[1::2])
        self.assertEqual(code, 1)
        self.assertIn("row 2 of the output: expected", text)

    def test_a_removed_row(self):
        for compare in (self.sink, self.eval):
            code, text = compare(self.rows[:2] + self.rows[3:])
            self.assertEqual(code, 1)
            self.assertIn("device 0: missing 1 x", text)

    def test_a_doubled_row(self):
        for compare in (self.sink, self.eval):
            code, text = compare([*self.rows, self.rows[1]])
            self.assertEqual(code, 1)
            self.assertIn("device 1: doubled at", text)

    def test_a_swapped_pair(self):
        for compare in (self.sink, self.eval):
            code, text = compare([self.rows[2], self.rows[1], self.rows[0], *self.rows[3:]])
            self.assertEqual(code, 1)
            self.assertIn("device 0: out of order at", text)

    def test_a_changed_row(self):
        code, text = self.sink([self.rows[0].replace("04", "05"), *self.rows[1:]])
        self.assertEqual(code, 1)
        self.assertIn("device 0: missing 1 x", text)
        self.assertIn("device 0: never issued at", text)

    def test_a_row_of_another_device(self):
        code, text = self.sink([*self.rows, '{"id":"9","imei":"9","data":"x"}'])
        self.assertEqual(code, 1)
        self.assertIn("device 9: never issued at", text)

    def test_a_torn_row(self):
        code, text = self.sink([*self.rows, '{"id":'])
        self.assertEqual(code, 1)
        self.assertIn("not a row", text)

    def test_no_rows_at_all(self):
        code, text = self.sink([])
        self.assertEqual(code, 1)
        self.assertIn("missing", text)

    def test_printed_rows_are_those_of_eval(self):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            rows.main(["print", self.messages])
        self.assertEqual([json.dumps(json.loads(line)["row"]) for line in printed.getvalue().splitlines()],
                         [json.dumps(json.loads(text)) for text in self.rows])

    def test_usage(self):
        for arguments in (["--sink", "other=/tmp"], ["--sink", "water_order=/nonexistent"], []):
            with contextlib.redirect_stderr(io.StringIO()), self.assertRaises(SystemExit) as ended:
                self.command(*arguments)
            self.assertEqual(ended.exception.code, 2)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""The rows that the two rules of the users' kind give, read from the messages alone.

It shares nothing with the appliance: Python's json module reads the messages, and what a rule means
is written down here once more, from the dialect's description. The rules:

    charge_power  metric 'power', timestamp INT, value INT, imei, channel, msgid, pk
                  where type = '0706' and json_value(data, '$.Powers[0]') is not null
    water_order   id, imei, data
                  where type = '08' and profile is null and json_value(data, '$.Flag') in ('04', '05')

    expected_rows.py print MESSAGES.. [--table NAME]
        prints the rows, each as {"table":..,"row":{..}}
    expected_rows.py compare --messages FILE.. --sink water_order=DIR --sink charge_power=DIR
        holds the row files of a running appliance against them: missing, doubled, wrong, and the
        order of each device
    expected_rows.py compare --messages FILE.. --eval FILE [--table NAME]
        holds the output of `rookery eval` against them, in its whole order

MESSAGES are files of one message a line; several files are read one after the other, and a device must not
be in two of them unless that is the order in which it sent. Exit code 1: they differ.
"""

import argparse
import datetime
import functools
import itertools
import json
import re
import sys
import zoneinfo

import row_judge

TABLES = ("water_order", "charge_power")
INT_MIN, INT_MAX = -(2**31), 2**31 - 1
# What the appliance takes: deeper messages and other device keys become dead letters.
DEPTH_MAX = 32
DEVICE_MAX_BYTES = 64

_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?")
_TIME = re.compile(r"(\d{4})-(\d{2})-(\d{2}) (\d{2}):(\d{2}):(\d{2})(?:\.\d+)?", re.ASCII)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\*)\]")
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

try:
    SHANGHAI = zoneinfo.ZoneInfo("Asia/Shanghai")
except zoneinfo.ZoneInfoNotFoundError:
    # Without a zone database: right since 1991.
    SHANGHAI = datetime.timezone(datetime.timedelta(hours=8))


class Number(str):
    """A number's own text: 12.50 stays 12.50."""


def _object(pairs):
    """An object in which the first of equal keys wins."""
    read = dict(pairs)
    if len(read) != len(pairs):
        read = {}
        for key, value in pairs:
            read.setdefault(key, value)
    return read


def _refuse(text):
    raise ValueError(f"{text} is not JSON")


_decode = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=Number, parse_float=Number, parse_constant=_refuse
).decode


def read_json(text):
    """The value of a JSON text, numbers as their text.

    Raises ValueError where it is not JSON.
    """
    return _decode(text)


def depth(value):
    """How deep objects and arrays nest; a scalar has 0."""
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth, value), default=0)
    return 0


def text_of(value):
    """A JSON value as VARCHAR: a string's text, a number's own text, objects and arrays compact."""
    if value is None or type(value) is str:
        return value
    return compact(value) if isinstance(value, (dict, list)) else _scalar(value)


def _scalar(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def compact(value):
    """JSON text without blanks."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{_encode(key)}:{compact(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(compact, value)) + "]"
    if value is None:
        return "null"
    return _encode(value) if type(value) is str else _scalar(value)


def json_value(document, path):
    """JSON_VALUE of the blink dialect, of a document that was read, or None where it was not JSON."""
    found = _walk(document, _steps(path))
    return text_of(found)


@functools.lru_cache
def _steps(path):
    assert path.startswith("$")
    steps = []
    at = 1
    while at < len(path):
        step = _STEP.match(path, at)
        assert step, path
        name, index = step.groups()
        steps.append(name if name is not None else index if index == "*" else int(index))
        at = step.end()
    return tuple(steps)


def _walk(value, steps):
    for at, step in enumerate(steps):
        if step == "*":
            if not isinstance(value, list):
                return None
            rest = steps[at + 1 :]
            found = [_walk(item, rest) for item in value]
            return [item for item in found if item is not None] if rest else found
        if isinstance(step, int):
            if not isinstance(value, list) or step >= len(value):
                return None
            value = value[step]
        else:
            if not isinstance(value, dict) or step not in value:
                return None
            value = value[step]
    return value


def cast_to_int(text):
    """CAST(VARCHAR AS INT) of the blink dialect: the fraction is cut off; else NULL."""
    if text is None or not _NUMBER.fullmatch(text):
        return None
    number = int(text.split(".")[0])
    return number if INT_MIN <= number <= INT_MAX else None


@functools.lru_cache(maxsize=4096)
def unix_timestamp(text):
    """UNIX_TIMESTAMP(VARCHAR) in the zone Asia/Shanghai; NULL where the text is no time."""
    parts = _TIME.fullmatch(text) if text is not None else None
    if parts is None:
        return None
    try:
        time = datetime.datetime(*map(int, parts.groups()), tzinfo=SHANGHAI)
    except ValueError:
        return None
    return int(time.timestamp())


def _data(message):
    text = text_of(message.get("data"))
    if text is None:
        return None
    try:
        return read_json(text)
    except (ValueError, RecursionError):
        return None


def charge_power(message, device):
    """The row of the charge rule, or None."""
    data = _data(message)
    # What is there and not JSON null has a text.
    power = _walk(data, _steps("$.Powers[0]"))
    if power is None:
        return None
    seconds = unix_timestamp(text_of(message.get("time")))
    return {
        "metric": "power",
        "timestamp": seconds if seconds is not None and seconds <= INT_MAX else None,
        "value": cast_to_int(json_value(power, "$.Power")),
        "imei": device,
        "channel": json_value(power, "$.Channel"),
        "msgid": json_value(power, "$.MsgId"),
        "pk": text_of(message.get("pk")),
    }


def water_order(message, device):
    """The row of the water rule, or None."""
    if text_of(message.get("profile")) is not None:
        return None
    if json_value(_data(message), "$.Flag") not in ("04", "05"):
        return None
    return {"id": text_of(message.get("id")), "imei": device, "data": text_of(message.get("data"))}


_RULES = {"0706": ("charge_power", charge_power), "08": ("water_order", water_order)}


def is_routable(message):
    """Whether the message names its device, so that a server takes it for a message."""
    device = message.get("imei")
    return isinstance(device, str) and 0 < len(device.strip().encode("utf-8")) <= DEVICE_MAX_BYTES


def row_of(line, routed=True):
    """(table, device, row as JSON text) of a message, or None where it gives no row.

    What is not routed (the input of `rookery eval`) needs no device.
    """
    if b"\\u" not in line and b'"08"' not in line and b'"0706"' not in line:
        return None  # no string in it can be one of the types: a third is told apart without reading
    try:
        message = read_json(line.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict):
        return None
    table, rule = _RULES.get(text_of(message.get("type")), (None, None))
    if table is None or (routed and not is_routable(message)):
        return None
    # Only a message with so many brackets can be too deep.
    if line.count(b"{") + line.count(b"[") > DEPTH_MAX and depth(message) > DEPTH_MAX:
        return None
    device = text_of(message.get("imei"))
    row = rule(message, device)
    return None if row is None else (table, device, _encode(row))


def expected(paths, tables, routed=True):
    """Yields (table, device, row text) of every message in the files."""
    for path in paths:
        with open(path, "rb") as messages:
            for line in messages:
                found = row_of(line, routed)
                if found is not None and found[0] in tables:
                    yield found


def eval_rows(path):
    """Yields (table, device, row text, where) of the output of `rookery eval`."""
    with open(path, "rb") as lines:
        for number, line in enumerate(lines, 1):
            where = f"{path}:{number}"
            try:
                printed = json.loads(line)
                table, row = printed["table"], printed["row"]
            except (ValueError, KeyError, TypeError):
                yield row_judge.NOT_A_ROW, None, line.decode("utf-8", "replace").rstrip("\n"), where
                continue
            yield table.rsplit(".", 1)[-1], row.get("imei"), _encode(row), where


def first_difference(paths, tables, path):
    """Where the whole order of an eval output leaves the expected one, or None."""
    both = itertools.zip_longest(expected(paths, tables, False), eval_rows(path))
    for number, (wanted, seen) in enumerate(both, 1):
        wanted = wanted and (wanted[0], wanted[2])
        seen = seen and (seen[0], seen[2])
        if wanted != seen:
            return f"row {number} of the output: expected {wanted}, not {seen}"
    return None


def _compare(arguments):
    tables = tuple(arguments.table or (arguments.sinks if arguments.sinks else TABLES))

    def certain():
        return ((*row, True) for row in expected(arguments.messages, tables, not arguments.eval))

    if arguments.eval:
        verdict = row_judge.judge(certain, lambda: eval_rows(arguments.eval))
        difference = first_difference(arguments.messages, tables, arguments.eval)
        if difference and not verdict.findings:
            verdict.findings.append(difference)
    else:
        verdict = row_judge.judge_sinks(certain, arguments.sinks)
    print(verdict.text())
    return 1 if verdict.findings else 0


def _print(arguments):
    for table, _, row in expected(arguments.messages, tuple(arguments.table or TABLES), False):
        print(f'{{"table":{_encode(table)},"row":{row}}}')
    return 0


def main(argv=None):
    """The command line; gives the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    printing = commands.add_parser("print", help="print the expected rows")
    printing.add_argument("messages", nargs="+")
    printing.add_argument("--table", action="append", choices=TABLES)
    printing.set_defaults(run=_print)
    comparing = commands.add_parser("compare", help="hold rows against the expected ones")
    comparing.add_argument("--messages", nargs="+", required=True)
    comparing.add_argument("--table", action="append", choices=TABLES)
    comparing.add_argument("--sink", action="append", default=[], metavar="TABLE=DIR")
    comparing.add_argument("--eval", metavar="FILE")
    comparing.set_defaults(run=_compare)
    arguments = parser.parse_args(argv)
    if arguments.run is _compare:
        if bool(arguments.sink) == bool(arguments.eval):
            parser.error("give either --sink or --eval")
        try:
            arguments.sinks = row_judge.parse_sinks(arguments.sink, TABLES)
        except ValueError as error:
            parser.error(str(error))
    return arguments.run(arguments)


if __name__ == "__main__":
    sys.exit(main())

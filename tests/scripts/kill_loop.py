#!/usr/bin/env python3
"""Kills the appliance again and again under acknowledged load, and judges what is left.

    kill_loop.py --rookery target/release/rookery --bench target/release/rookery-bench [--kills 50]

It starts `rookery run` with two rules and two file sinks on free ports in a directory of its own, sends
with `rookery-bench load --ack --reconnect --record`, and sends SIGKILL at random moments: some while it
serves, some while it starts. At each kill it prints how many messages were sent and not acknowledged, and how
many rows were due and not yet in the files; a kill at which one of them is zero does not count. At the end the
generator stops, the appliance drains and exits, and kill_oracle.py judges the files. Exit code 1: something
is wrong; the directory is then kept.

With --stores the water orders also go to a real Redis by LPUSH and to a SQLite table without a key, neither of
which forgives a row that comes twice; both must hold what the files hold, in each device's order.
"""

import argparse
import contextlib
import json
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

import expected_rows
import kill_oracle
import row_judge
from installation import POWER, POWER_COLUMNS, READY_TIMEOUT_S, SOURCE, WATER_ORDERS, Appliance, Failure, Redis

RULES = SOURCE + f"""
CREATE TABLE water_order (`id` VARCHAR, `imei` VARCHAR, `data` VARCHAR) WITH (type = 'mq', topic = 'orders');

CREATE TABLE charge_power {POWER_COLUMNS} WITH (type = 'hitsdb');

INSERT INTO water_order SELECT `id`, `imei`, `data` {WATER_ORDERS}
INSERT INTO charge_power {POWER}"""

STORES = f"""
CREATE TABLE orders_list (`k` VARCHAR, `v` VARCHAR) WITH (
  type = 'redis', host = '127.0.0.1', port = '{{port}}', mode = 'list');

CREATE TABLE orders_db (`id` VARCHAR, `imei` VARCHAR) WITH (type = 'sqlite', path = '{{db}}');

INSERT INTO orders_list SELECT 'orders', CONCAT(`id`, ' ', `imei`) {WATER_ORDERS}
INSERT INTO orders_db SELECT `id`, `imei` {WATER_ORDERS}"""

# How long the generator may take to see that the server is gone.
LOSS_TIMEOUT_S = 10
# How long rows may take to come once nothing is sent any more, without any new one.
DRAIN_TIMEOUT_S = 20
GENERATOR_END_TIMEOUT_S = 180
# Share of the kills that hit a start, and how long after it.
START_KILLS = 0.15
START_KILL_MAX_S = 0.3


class Stores:
    """A Redis and a SQLite database beside the files."""

    def __init__(self, directory):
        self.database = os.path.join(directory, "orders.db")
        self.redis = Redis(os.path.join(directory, "redis"), "everysec")
        self.process = self.redis.process

    def rules(self):
        """Rules that write to both."""
        return STORES.replace("{port}", str(self.redis.port)).replace("{db}", self.database)

    def counts(self):
        """Rows in Redis and in SQLite."""
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as database:
            in_database = database.execute("SELECT count(*) FROM orders_db").fetchone()[0]
        return int(self.redis.ask("LLEN", "orders")), in_database

    def orders(self):
        """By store: pairs of device and id, in the order of their arrival."""
        in_redis = [tuple(reversed(row.split(" "))) for row in self.redis.ask("LRANGE", "orders", "0", "-1")]
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as database:
            in_database = database.execute("SELECT imei, id FROM orders_db ORDER BY rowid").fetchall()
        return {"redis": in_redis[::-1], "sqlite": in_database}

    def findings(self, files):
        """What differs from the row files, a line each."""
        def by_device(pairs):
            devices = {}
            for device, order in pairs:
                devices.setdefault(device, []).append(order)
            return devices

        rows = (json.loads(line) for line in files)
        wanted = by_device((row["imei"], row["id"]) for row in rows)
        total, found = sum(map(len, wanted.values())), []
        for store, pairs in self.orders().items():
            there = by_device(pairs)
            wrong = [device for device in wanted.keys() | there.keys() if wanted.get(device) != there.get(device)]
            print(f"{store}: {len(pairs)} rows, {total} in the files, {len(wrong)} devices differ", flush=True)
            found += [f"{store}: device {d}: {there.get(d)} instead of {wanted.get(d)}" for d in wrong[:5]]
        return found


class Installation(Appliance):
    """The appliance with a directory of files for each table."""

    def __init__(self, binary, directory, shards, rules, stores=None):
        directory = pathlib.Path(directory)
        self.sinks = {table: str(directory / "out" / table) for table in expected_rows.TABLES}
        self.dead_letters = str(directory / "data" / "dead_letters")
        if not rules:
            rules = [str(directory / "rules.sql")]
            text = RULES + (stores.rules() if stores else "")
            pathlib.Path(rules[0]).write_text(text, encoding="utf-8")
        tables = {"iot_up": {"connector": "tcp"}}
        for table, path in self.sinks.items():
            os.makedirs(path, exist_ok=True)
            tables[table] = {"connector": "filesystem", "path": path, "format": "json"}
        super().__init__(binary, directory, shards, rules, tables)

    def rows(self):
        """Rows in the files."""
        return sum(map(row_judge.count_rows, self.sinks.values()))


class Tally:
    """What the generator has sent, what is acknowledged, and how many rows are due: from its record."""

    def __init__(self, directory):
        self.directory = directory
        self.offset = 0
        self.files = []
        self.base, self.sent, self.acked = {}, {}, {}
        self.connected = set()
        # Per connection, for each message from the first: 1 where it gives a row.
        self.gives_row = []

    def read(self):
        """Reads what is new in the events."""
        with open(os.path.join(self.directory, "events.ndjson"), "rb") as events:
            events.seek(self.offset)
            for line in events:
                if not line.endswith(b"\n"):
                    break
                self.offset += len(line)
                self._note(json.loads(line))

    def _note(self, event):
        what, connection = event["event"], event.get("connection")
        if what == "begin":
            for name in event["forwarders"]:
                self.files.append(open(os.path.join(self.directory, f"{name}.ndjson"), "rb"))
                self.gives_row.append(bytearray())
        elif what == "connected":
            first = self.base.setdefault(connection, event["resume"])
            self.sent.setdefault(connection, first)
            self.acked[connection] = max(event["resume"], self.acked.get(connection, 0))
            self.connected.add(connection)
        elif what in ("sent", "acked"):
            getattr(self, what)[connection] = event["through"]
        elif what == "lost":
            self.sent[connection] = max(event["sent"], self.sent.get(connection, 0))
            self.connected.discard(connection)

    def wait_lost(self):
        """Waits until the generator knows that every connection is gone."""
        deadline = time.monotonic() + LOSS_TIMEOUT_S
        self.read()
        while self.connected:
            if time.monotonic() > deadline:
                raise Failure(f"the generator did not see its connections end within {LOSS_TIMEOUT_S} s")
            time.sleep(0.002)
            self.read()

    def unacknowledged(self):
        """Messages sent and not acknowledged."""
        return sum(self.sent.values()) - sum(self.acked.values())

    def rows_due(self, through):
        """Rows of the messages up to the numbers in `through` (sent or acked)."""
        due = 0
        for connection, number in through.items():
            flags = self.gives_row[connection]
            count = number - self.base[connection]
            while len(flags) < count:
                flags.append(expected_rows.row_of(self.files[connection].readline()) is not None)
            due += flags.count(1, 0, count)
        return due


class Generator:
    """The load."""

    def __init__(self, arguments, directory, address):
        self.record = os.path.join(directory, "record")
        self.log = open(os.path.join(directory, "bench.log"), "wb")
        command = [arguments.bench, "load", "--addr", address, "--ack", "--reconnect=600", "--timeout", "60"]
        command += ["--rate", str(arguments.rate), "--seconds", "100000", "--devices", str(arguments.devices)]
        command += ["--connections", str(arguments.connections), "--seed", str(arguments.seed)]
        command += ["--record", self.record]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        self.tally = Tally(self.record)

    def check(self):
        """It must be running."""
        if self.process.poll() is not None:
            raise Failure(f"rookery-bench ended with code {self.process.returncode}")

    def wait_sending(self):
        """Waits until every connection has sent."""
        deadline = time.monotonic() + READY_TIMEOUT_S
        while time.monotonic() < deadline:
            self.check()
            if os.path.exists(os.path.join(self.record, "events.ndjson")):
                self.tally.read()
                sent = self.tally.sent
                if self.tally.files and len(sent) == len(self.tally.files) and all(sent.values()):
                    return
            time.sleep(0.01)
        raise Failure("rookery-bench did not send")

    def finish(self):
        """Sends no more, and waits for the last acknowledgement."""
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(GENERATOR_END_TIMEOUT_S)
        except subprocess.TimeoutExpired as late:
            raise Failure("rookery-bench did not get all its acknowledgements") from late
        if code != 0:
            raise Failure(f"rookery-bench ended with code {code}")
        self.tally.read()


def kill_once(appliance, generator, random_source, up_max_s):
    """One life of the appliance. Gives a line that tells of its end, and whether the kill counts."""
    appliance.start()
    if random_source.random() < START_KILLS:
        up = random_source.uniform(0, START_KILL_MAX_S)
        time.sleep(up)
        moment = f"{up * 1000:4.0f} ms after the start"
    else:
        ready = appliance.wait_ready()
        up = random_source.uniform(0.02, up_max_s)
        time.sleep(up)
        moment = f"{up * 1000:4.0f} ms after it was ready, in {ready * 1000:.0f} ms"
    generator.check()
    appliance.kill()
    tally = generator.tally
    tally.wait_lost()
    unacknowledged = tally.unacknowledged()
    due, due_acked = tally.rows_due(tally.sent), tally.rows_due(tally.acked)
    there = appliance.rows()
    text = (
        f"{moment}: {unacknowledged} messages unacknowledged; {due} rows due ({due_acked} acknowledged), "
        f"{there} in the files, {due - there} unconfirmed"
    )
    return text, unacknowledged > 0 and due > there


def drain(appliance, due):
    """Waits until the files hold all rows, or no new one comes."""
    there, deadline = appliance.rows(), time.monotonic() + DRAIN_TIMEOUT_S
    while there < due and time.monotonic() < deadline:
        time.sleep(0.1)
        now = appliance.rows()
        if now != there:
            there, deadline = now, time.monotonic() + DRAIN_TIMEOUT_S
    return there


def run(arguments, directory):
    """The whole loop; gives the oracle's verdict."""
    stores = Stores(directory) if arguments.stores else None
    appliance = Installation(arguments.rookery, directory, arguments.shards, arguments.rules, stores)
    generator = Generator(arguments, directory, appliance.address)
    random_source = random.Random(arguments.seed)
    try:
        appliance.start()
        appliance.wait_ready()
        generator.wait_sending()
        appliance.kill()
        generator.tally.wait_lost()
        counted = lives = 0
        while counted < arguments.kills:
            lives += 1
            if lives > 2 * arguments.kills + 10:
                raise Failure(f"only {counted} of {lives} kills hit unacknowledged messages and unconfirmed rows")
            text, counts = kill_once(appliance, generator, random_source, arguments.up)
            counted += counts
            if stores:
                text += "; {} in Redis, {} in SQLite".format(*stores.counts())
            print(f"kill {counted:3}: {text}" if counts else f"not counted: {text}", flush=True)
        appliance.start()
        appliance.wait_ready()
        generator.finish()
        tally = generator.tally
        due = tally.rows_due(tally.acked)
        there = drain(appliance, due)
        appliance.stop()
        sent, acked = sum(tally.sent.values()), sum(tally.acked.values())
        print(f"{sent} messages sent, {acked} acknowledged, {due} rows due, {there} in the files", flush=True)
        store_findings = stores.findings(row_judge.lines(appliance.sinks["water_order"])) if stores else []
    finally:
        for process in (generator.process, appliance.process, stores and stores.process):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()
    verdict = kill_oracle.judge([generator.record], appliance.sinks, appliance.dead_letters)
    verdict.findings.extend(store_findings)
    return verdict


def last_lines(path, count=15):
    """The end of a log."""
    try:
        return pathlib.Path(path).read_text(encoding="utf-8", errors="replace").splitlines()[-count:]
    except FileNotFoundError:
        return []


def main(argv=None):
    """The command line; gives the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rookery", default="target/release/rookery")
    parser.add_argument("--bench", default="target/release/rookery-bench")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--up", type=float, default=1.2, help="longest life after it is ready, in seconds")
    parser.add_argument("--rate", type=int, default=50_000, help="messages a second")
    parser.add_argument("--devices", type=int, default=20_000)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--shards", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--stores", action="store_true", help="Redis and SQLite too")
    parser.add_argument("--rules", action="append", help="other rule files with the same tables")
    parser.add_argument("--dir", help="where to make the directory; not a tmpfs")
    parser.add_argument("--keep", action="store_true", help="keep the directory")
    arguments = parser.parse_args(argv)
    directory = tempfile.mkdtemp(prefix="rookery-kills-", dir=arguments.dir)
    wrong = True
    try:
        verdict = run(arguments, directory)
        print(verdict.text())
        wrong = bool(verdict.findings)
    except Failure as failure:
        print(f"FAILED: {failure}")
    finally:
        if wrong:
            for name in ("rookery.log", "bench.log"):
                print(f"--- {name}", *last_lines(os.path.join(directory, name)), sep="\n")
        if wrong or arguments.keep:
            print(f"the directory is kept: {directory}")
        else:
            shutil.rmtree(directory)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

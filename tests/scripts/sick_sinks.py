#!/usr/bin/env python3
"""Runs the appliance into Redis, VictoriaMetrics and files, and makes one of them sick on the way.

    sick_sinks.py --rookery target/release/rookery --bench target/release/rookery-bench \
        [--sick none|redis-stop|redis-kill|tsdb-stop] [--seconds 300] [--sick-seconds 120] [--rate 10000]
        [--shards 1] [--appendfsync always|everysec|no] [--tsdb-nice 10]

Real servers are started on free ports in a directory of its own: victoria-metrics, and redis-server, which syncs its
file once a second, as hosted ones do, but before each answer (`always`) where it is to be killed or stopped. Half the
load is water orders (to files), half charger power (to VictoriaMetrics), and every message sets its device's latest
state in Redis: two rows a message. A reader beside it sends messages of its own and asks Redis until each is visible.

It prints, before, during and after the sickness: messages acknowledged a second, the p99 of the
acknowledgement, the lag of each sink, memory; how long the drain took; and counts in the end, in the servers,
that every row is there: HMSET commands that Redis carried out, points that VictoriaMetrics exports, rows in the
files. Exit code 1: a row is missing or doubled; the directory is then kept.
"""

import argparse
import json
import os
import pathlib
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

from installation import (
    POWER, POWER_COLUMNS, SOURCE, WATER_ORDERS, Appliance, Failure, Redis, ask_on, free_port, get, read_reply,
    wait_for,
)

RULES = SOURCE + f"""
CREATE TABLE latest (`k` VARCHAR, `f` VARCHAR, `v` VARCHAR) WITH (
  type = 'redis', host = '127.0.0.1', port = '{{redis}}', mode = 'hashmap');

CREATE TABLE charge_power {POWER_COLUMNS} WITH (type = 'opentsdb', host = '127.0.0.1', port = '{{tsdb}}');

CREATE TABLE water_order (`id` VARCHAR, `imei` VARCHAR, `data` VARCHAR) WITH (
  'connector' = 'filesystem', 'path' = '{{files}}', 'format' = 'json');

INSERT INTO latest SELECT CONCAT('state:', `imei`), 'last', CONCAT(`id`, ' ', `data`) FROM iot_up;

INSERT INTO water_order SELECT `id`, `imei`, `data` {WATER_ORDERS}
INSERT INTO charge_power {POWER}"""

PROBES_A_SECOND = 50
PROBE_DEVICES = 64


class Latest(Redis):
    """The Redis that has each device's latest state."""

    def rows(self):
        """Rows, one HMSET each, carried out since the server's start."""
        for line in self.ask("INFO", "commandstats").splitlines():
            if line.startswith("cmdstat_hmset:"):
                return int(line.split("calls=")[1].split(",")[0])
        return 0


class Victoria:
    """A victoria-metrics, `nice` as much as it is told to be."""

    def __init__(self, directory, nice=0):
        self.directory, self.nice, self.http, self.tsdb = directory, nice, free_port(), free_port()
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            ["nice", "-n", str(self.nice), "victoria-metrics", f"-storageDataPath={self.directory}", f"-httpListenAddr=127.0.0.1:{self.http}",
             f"-opentsdbHTTPListenAddr=127.0.0.1:{self.tsdb}", "-dedup.minScrapeInterval=1ms",
             "-retentionPeriod=100y", "-search.maxExportSeries=100000000", "-search.maxUniqueTimeseries=100000000",
             "-search.maxExportDuration=20m"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for("victoria-metrics", lambda: get(f"127.0.0.1:{self.http}", "/health"))

    def points(self):
        get(f"127.0.0.1:{self.http}", "/internal/force_flush")
        url = f"http://127.0.0.1:{self.http}/api/v1/export?match[]=power"
        points = 0
        with urllib.request.urlopen(url, timeout=1200) as answer:
            for line in answer:
                points += line.rsplit(b'"timestamps":[', 1)[1].count(b",") + 1
        return points


class Visible:
    """Waits until a state can be seen in Redis.

    Redis tells when a state of the probes' devices has changed (CLIENT TRACKING), and is then asked for it: to ask
    without end would take a core and the server's time from what is measured.
    """

    def __init__(self, redis):
        self.told, self.changes = redis.connect()
        self.told.settimeout(60)
        number = ask_on(self.told, self.changes, "CLIENT", "ID")
        self.told.sendall(b"SUBSCRIBE __redis__:invalidate\r\n")
        read_reply(self.changes)
        self.asking, self.answers = redis.connect()
        ask_on(self.asking, self.answers, "CLIENT", "TRACKING", "ON", "REDIRECT", number, "BCAST",
               "PREFIX", "state:probe")

    def wait(self, device, state):
        while ask_on(self.asking, self.answers, "HGET", f"state:{device}", "last") != state:
            read_reply(self.changes)


class Reader(threading.Thread):
    """Sends messages of its own and measures how long each takes to be visible in Redis, in ms."""

    def __init__(self, listen, redis, first=0):
        super().__init__(daemon=True)
        self.listen, self.redis, self.latencies, self.stopping, self.sent = listen, redis, [], False, 0
        self.first = first

    def run(self):
        host, port = self.listen.split(":")
        sender = socket.create_connection((host, int(port)))
        sender.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        visible = Visible(self.redis)
        while not self.stopping:
            number = self.first + self.sent
            device = f"probe{number % PROBE_DEVICES}"
            message = {"id": f"p{number}", "imei": device, "pk": "probe", "type": "probe", "data": "{}",
                       "profile": None, "time": "2026-11-02 08:00:00"}
            begun = time.perf_counter()
            sender.sendall((json.dumps(message) + "\n").encode())
            self.sent += 1
            visible.wait(device, f"p{number} {{}}")
            self.latencies.append((time.perf_counter() - begun) * 1e3)
            time.sleep(max(0, 1 / PROBES_A_SECOND - (time.perf_counter() - begun)))
        sender.shutdown(socket.SHUT_WR)


class Sampled(Appliance):
    """The appliance, its load, and a sample of both each second."""

    def __init__(self, options, directory, redis, victoria):
        rules, text = directory / "rules.sql", RULES
        for name, value in (("redis", redis.port), ("tsdb", victoria.tsdb), ("files", directory / "orders")):
            text = text.replace("{" + name + "}", str(value))
        rules.write_text(text, encoding="utf-8")
        super().__init__(options.rookery, directory, options.shards, [rules], {"iot_up": {"connector": "tcp"}})
        self.options, self.samples, self.progress, self.load = options, [], [], None
        self.start()
        self.wait_ready()

    def send(self, seconds, forwarder="bench", seed=1):
        self.load = subprocess.Popen(
            [self.options.bench, "load", "--addr", self.address, "--rate", str(self.options.rate), "--seconds",
             str(seconds), "--ack", "--mix", "water=1,charger=1", "--json", "--progress", "1000", "--timeout", "60",
             "--forwarder", forwarder, "--seed", str(seed), "--pid", str(self.process.pid), "--admin", self.admin],
            stdout=subprocess.PIPE, stderr=self.log, text=True)
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for line in self.load.stdout:
            self.progress.append((time.monotonic(), json.loads(line)))

    def sample(self):
        status = json.loads(get(self.admin, "/api/v1/status"))
        sinks = {sink["sink"].split(".")[-1]: sink for sink in status["sinks"]}
        rss = 0
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("RssAnon"):
                rss = int(line.split()[1]) / 1024
        self.samples.append((time.monotonic(), sinks, rss))
        return sinks

    def phase(self, name, begin, end):
        acked = [p["progress"] for at, p in self.progress if begin <= at < end and "progress" in p]
        samples = [s for s in self.samples if begin <= s[0] < end]
        row = {"phase": name, "seconds": round(end - begin)}
        if len(acked) > 1:
            span = acked[-1]["seconds"] - acked[0]["seconds"]
            row["acked_per_second"] = round((acked[-1]["acked"] - acked[0]["acked"]) / span)
            p99 = [p["ack_ms"]["p99"] for p in acked if p["ack_ms"]]
            row["ack_p99_ms"] = {"median_second": statistics.median(p99), "worst_second": max(p99)}
        row["lag_s_max"] = {n: round(max(s[1][n]["lag_seconds"] for s in samples), 3) for n in samples[0][1]}
        row["rss_anon_mb"] = [round(min(s[2] for s in samples)), round(max(s[2] for s in samples))]
        print(json.dumps(row), flush=True)


def percentiles(latencies):
    ordered = sorted(latencies)
    at = lambda share: round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 3)
    return {"n": len(ordered), "p50": at(0.5), "p99": at(0.99), "p999": at(0.999), "max": round(ordered[-1], 3)}


def sicken(kind, redis, victoria):
    """Makes it sick; what mends it."""
    if kind == "redis-stop":
        redis.process.send_signal(signal.SIGSTOP)
        return lambda: redis.process.send_signal(signal.SIGCONT)
    if kind == "redis-kill":
        redis.process.kill()
        redis.process.wait()
        return redis.start
    victoria.process.terminate()
    victoria.process.wait()
    return victoria.start


def server_arguments(parser):
    """What a run's servers are told."""
    parser.add_argument("--shards", type=int, default=1,
                        help="one carries ten times this load, and leaves a CPU to the other servers")
    parser.add_argument("--appendfsync", choices=["always", "everysec", "no"])
    parser.add_argument("--tsdb-nice", type=int, default=10,
                        help="it takes every CPU at times, and nobody waits for it as for the others")
    parser.add_argument("--dir", default=None, help="where the directory is made")


def watch(appliance, seconds, done=lambda sinks: False):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if done(appliance.sample()):
            return
        time.sleep(0.5)


def run(options, directory):
    redis, victoria = Latest(directory / "redis", options.appendfsync), Victoria(directory / "victoria", options.tsdb_nice)
    appliance = Sampled(options, directory, redis, victoria)
    processes = [appliance.process, redis, victoria]
    try:
        return measure(options, directory, appliance, redis, victoria)
    finally:
        for process in processes:
            process = getattr(process, "process", process)
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()


def measure(options, directory, appliance, redis, victoria):
    reader = Reader(appliance.address, redis) if options.sick == "none" else None
    begin = time.monotonic()
    rows_before_kill = 0
    appliance.send(options.seconds)
    if reader:
        reader.start()
        watch(appliance, options.seconds)
        appliance.phase("steady", begin + 2, time.monotonic())
    else:
        before = (options.seconds - options.sick_seconds) / 3
        watch(appliance, before)
        sick_at = time.monotonic()
        appliance.phase("before", begin + 2, sick_at)
        if options.sick == "redis-kill":
            rows_before_kill = redis.rows()
        mend = sicken(options.sick, redis, victoria)
        watch(appliance, options.sick_seconds)
        mended_at = time.monotonic()
        appliance.phase("during", sick_at, mended_at)
        mend()
        up_at = time.monotonic()
        name = "latest" if options.sick.startswith("redis") else "charge_power"
        behind = appliance.sample()[name]["lag_records"]
        watch(appliance, options.seconds, lambda sinks: sinks[name]["lag_seconds"] < 0.2)
        drained_at = time.monotonic()
        drain = drained_at - up_at
        rate = (behind + drain * options.rate * (1 if name == "latest" else 0.5)) / drain
        print(json.dumps({"drain_seconds": round(drain, 2), "records_behind_when_mended": behind,
                          "drain_rows_per_second_at_least": round(rate)}), flush=True)
        appliance.phase("drain", mended_at, drained_at + 1)
        watch(appliance, max(5, options.seconds - (time.monotonic() - begin)))
        appliance.phase("after", drained_at + 1, time.monotonic())
    appliance.load.wait()
    if reader:
        reader.stopping = True
        reader.join()
        print(json.dumps({"send_to_visible_ms": percentiles(reader.latencies)}), flush=True)
    wait_for("the end of the drain", lambda: all(s["lag_records"] == 0 for s in appliance.sample().values()), 120)
    time.sleep(1)
    print(json.dumps(appliance.progress[-1][1]), flush=True)
    return judge(directory, appliance, redis, victoria, reader, rows_before_kill)


def judge(directory, appliance, redis, victoria, reader, rows_before_kill):
    messages = appliance.progress[-1][1]["messages"]
    probes = reader.sent if reader else 0
    rows, points = redis.rows(), victoria.points()
    orders = sum(f.read_bytes().count(b"\n") for f in sorted((directory / "orders").glob("*.ndjson")))
    seen = {"messages": messages, "probes": probes, "redis_rows": rows + rows_before_kill,
            "tsdb_points": points, "file_rows": orders}
    print(json.dumps(seen), flush=True)
    good = points + orders == messages
    if not rows_before_kill:
        # A killed server counts from its start, and carries out its file again: there the states are held
        # against the last message of each device instead.
        good &= rows == messages + probes
    good &= states_are_right(appliance, redis, messages)
    print("all rows are there" if good else "ROWS ARE MISSING OR DOUBLED", flush=True)
    return good


def states_are_right(appliance, redis, messages):
    """Each device's state in Redis is that of its last message."""
    generate = subprocess.Popen(
        [appliance.options.bench, "generate", "--messages", str(messages), "--mix", "water=1,charger=1"],
        stdout=subprocess.PIPE)
    last = {}
    for line in generate.stdout:
        message = json.loads(line)
        last[message["imei"]] = f"{message['id']} {message['data']}"
    connection, answers = redis.connect()
    wrong = sum(ask_on(connection, answers, "HGET", f"state:{imei}", "last") != state for imei, state in last.items())
    print(json.dumps({"devices": len(last), "wrong_states": wrong}), flush=True)
    return wrong == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rookery", required=True, type=os.path.abspath)
    parser.add_argument("--bench", required=True, type=os.path.abspath)
    parser.add_argument("--sick", default="none", choices=["none", "redis-stop", "redis-kill", "tsdb-stop"])
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--sick-seconds", type=int, default=120)
    parser.add_argument("--rate", type=int, default=10_000)
    server_arguments(parser)
    options = parser.parse_args()
    options.appendfsync = options.appendfsync or ("everysec" if options.sick == "none" else "always")
    directory = pathlib.Path(tempfile.mkdtemp(prefix="rookery-sick-", dir=options.dir))
    try:
        good = run(options, directory)
    except Failure as failure:
        print(f"FAILED: {failure}")
        good = False
    if good:
        shutil.rmtree(directory)
    else:
        print(f"kept: {directory}")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""How long a message takes from its sending until its row is visible in Redis, beside what the box alone takes.

    visible_windows.py --rookery target/release/rookery --bench target/release/rookery-bench \
        [--windows 6] [--seconds 10] [--rate 10000] [--shards 1] [--appendfsync everysec|always|no]
        [--tsdb-nice 10]

Windows of load alternate with quiet ones. Under load the appliance carries two rows a message into Redis (which
syncs its file once a second, as hosted ones do), VictoriaMetrics and files, and a reader measures messages of its
own. In a quiet window the load stops and the same servers stand idle, and two bare things are measured, as often a
second as the reader's messages:

- disk: 4 KiB written and synced;
- chain: the same, and then one HMSET to the same Redis until it is visible, which is the least that a durable
  message and its row can take.

Prints each window and the medians of their p99, in ms.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import sys
import tempfile
import time

from installation import Failure, ask_on
from sick_sinks import (
    PROBE_DEVICES,
    PROBES_A_SECOND,
    Latest,
    Reader,
    Sampled,
    Victoria,
    Visible,
    percentiles,
    server_arguments,
    watch,
)

WRITE_BYTES = 4096
FILE_BYTES = 64 * 1024 * 1024


def bare(directory, redis, seconds):
    """The disk alone, and the disk and Redis, each measured `PROBES_A_SECOND` times a second."""
    visible = Visible(redis)
    connection, answers = redis.connect()
    file = os.open(directory / "bare", os.O_RDWR | os.O_CREAT)
    os.posix_fallocate(file, 0, FILE_BYTES)
    os.fsync(file)
    disk, chain = [], []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        number = len(chain)
        device, state = f"probe{number % PROBE_DEVICES}", f"bare {number}"
        begun = time.perf_counter()
        os.pwrite(file, b"x" * WRITE_BYTES, number * WRITE_BYTES % FILE_BYTES)
        os.fdatasync(file)
        disk.append((time.perf_counter() - begun) * 1e3)
        ask_on(connection, answers, "HMSET", f"state:{device}", "last", state)
        visible.wait(device, state)
        chain.append((time.perf_counter() - begun) * 1e3)
        time.sleep(max(0, 1 / PROBES_A_SECOND - (time.perf_counter() - begun)))
    os.close(file)
    return disk, chain


def loaded(appliance, redis, seconds, window, sent):
    """A window of load; the reader's latencies."""
    # Messages of its own: each makes a series that VictoriaMetrics has not seen, which costs it most.
    appliance.send(seconds + 1, f"window-{window}", seed=window + 1)
    time.sleep(1)
    reader = Reader(appliance.address, redis, sent)
    reader.start()
    watch(appliance, seconds - 0.5)
    reader.stopping = True
    reader.join()
    if appliance.load.wait() != 0:
        raise Failure("the load failed")
    watch(appliance, 60, lambda sinks: all(sink["lag_records"] == 0 for sink in sinks.values()))
    return reader.latencies


def run(options, directory):
    redis, victoria = Latest(directory / "redis", options.appendfsync or "everysec"), Victoria(directory / "victoria", options.tsdb_nice)
    appliance = None
    try:
        appliance = Sampled(options, directory, redis, victoria)
        windows, sent = {"load": [], "disk": [], "chain": []}, 0
        for window in range(options.windows):
            latencies = loaded(appliance, redis, options.seconds, window, sent)
            sent += len(latencies)
            disk, chain = bare(directory, redis, options.seconds)
            for name, values in (("load", latencies), ("disk", disk), ("chain", chain)):
                windows[name].append(percentiles(values))
            print(json.dumps({name: values[-1] for name, values in windows.items()}), flush=True)
        median = {name: statistics.median(w["p99"] for w in values) for name, values in windows.items()}
        excess = {f"over_{name}": round(median["load"] - median[name], 3) for name in ("disk", "chain")}
        print(json.dumps({"median_p99_ms": median, "excess_ms": excess}))
    finally:
        for server in (appliance, redis, victoria):
            if server is not None:
                server.process.kill()
                server.process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rookery", required=True, type=os.path.abspath)
    parser.add_argument("--bench", required=True, type=os.path.abspath)
    parser.add_argument("--windows", type=int, default=6)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--rate", type=int, default=10_000)
    server_arguments(parser)
    options = parser.parse_args()
    directory = pathlib.Path(tempfile.mkdtemp(prefix="rookery-visible-", dir=options.dir))
    try:
        run(options, directory)
    except Failure as failure:
        sys.exit(f"FAILED: {failure}; kept: {directory}")
    shutil.rmtree(directory)


if __name__ == "__main__":
    main()

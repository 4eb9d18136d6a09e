#!/usr/bin/env python3
"""A stand-in for `rookery run` with which kill_loop.py is tested: one log, two sinks, and faults.

It keeps every line in one log before it acknowledges, writes rows a little later, and confirms them later
still; a start cuts the row files to what was confirmed and makes the rest again. The environment variable
FAULT makes it wrong: `ack_first` acknowledges before the log has the line, `no_cut` leaves unconfirmed rows
in the files, `skip` loses one row after each start, `reverse` turns the order of rows around.
"""

import collections
import http.server
import json
import os
import signal
import socket
import sys
import threading
import time
import tomllib

import expected_rows

FAULT = os.environ.get("FAULT", "")
TABLES = expected_rows.TABLES
ACK_DELAY_S = 0.004
ROWS_DELAY_S = 0.02
CONFIRM_EVERY = 5


class Store:
    """The log, the row files, and the count of confirmed rows."""

    def __init__(self, config):
        self.directory = config["data_dir"]
        os.makedirs(self.directory, exist_ok=True)
        self.paths = {name: os.path.join(config["tables"][name]["path"], "part-1.ndjson") for name in TABLES}
        self.lock = threading.Lock()
        self.numbers = collections.Counter()
        self.rows = {name: [] for name in TABLES}
        self.log = open(os.path.join(self.directory, "log"), "ab+")
        self.stopping = threading.Event()
        self._replay()

    def _replay(self):
        self.log.seek(0)
        end = 0
        for line in self.log:
            if not line.endswith(b"\n"):
                break
            end += len(line)
            forwarder, message = line.split(b"\t", 1)
            self.numbers[forwarder.decode()] += 1
            self._note_row(message)
        self.log.truncate(end)
        confirmed = dict.fromkeys(TABLES, 0)
        try:
            with open(os.path.join(self.directory, "confirmed"), encoding="utf-8") as file:
                confirmed.update(json.load(file))
        except FileNotFoundError:
            pass
        self.written = confirmed
        for name, path in self.paths.items():
            with open(path, "ab+") as file:
                file.seek(0)
                lines = file.readlines()
                if FAULT != "no_cut":
                    file.truncate(sum(map(len, lines[: confirmed[name]])))
            if FAULT == "skip" and len(self.rows[name]) > confirmed[name]:
                self.written[name] += 1

    def _note_row(self, message):
        found = expected_rows.row_of(message)
        if found is not None:
            self.rows[found[0]].append(found[2].encode() + b"\n")

    def append(self, forwarder, lines):
        """Logs lines; gives the forwarder's number after them."""
        with self.lock:
            self.numbers[forwarder] += len(lines)
            for line in lines:
                self.log.write(forwarder.encode() + b"\t" + line)
                self._note_row(line)
            self.log.flush()
            return self.numbers[forwarder]

    def write_rows(self):
        """Writes rows as they come, and confirms them now and then."""
        turn = 0
        while not self.stopping.wait(ROWS_DELAY_S):
            turn += 1
            self.write_once(turn % CONFIRM_EVERY == 0)

    def write_once(self, confirm):
        """Appends what is due to the files."""
        for name, path in self.paths.items():
            with self.lock:
                due = self.rows[name][self.written[name] :]
            if FAULT == "reverse":
                due.reverse()
            with open(path, "ab") as file:
                file.writelines(due)
            self.written[name] += len(due)
        if confirm:
            confirmed = os.path.join(self.directory, "confirmed")
            with open(confirmed + ".new", "w", encoding="utf-8") as file:
                json.dump(self.written, file)
            os.replace(confirmed + ".new", confirmed)


def serve(connection, store):
    """One forwarder."""
    stream = connection.makefile("rb")
    forwarder = json.loads(stream.readline())["rookery"]["forwarder"]
    answer = {"rookery": {"instance": "scripted", "resume": store.numbers[forwarder]}}
    connection.sendall(json.dumps(answer).encode() + b"\n")
    partial = b""
    number = store.numbers[forwarder]
    while received := stream.read1(1 << 16):
        *lines, partial = (partial + received).split(b"\n")
        lines = [line + b"\n" for line in lines]
        number += len(lines)
        if FAULT != "ack_first":
            store.append(forwarder, lines)
            time.sleep(ACK_DELAY_S)
        connection.sendall(b'{"ack":%d}\n' % number)
        if FAULT == "ack_first":
            time.sleep(ACK_DELAY_S)
            store.append(forwarder, lines)


def quiet_serve(connection, store):
    """As serve; a peer that goes away is nothing special."""
    try:
        serve(connection, store)
    except OSError:
        pass


class Ready(http.server.BaseHTTPRequestHandler):
    """The admin port."""

    def do_GET(self):
        """Ready, whatever is asked."""
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        """Nothing is logged."""


def main():
    """`run --config FILE --rules FILE`."""
    with open(sys.argv[sys.argv.index("--config") + 1], "rb") as file:
        config = tomllib.load(file)
    store = Store(config)
    host, port = config["listen"]["tcp"].split(":")
    listener = socket.create_server((host, int(port)))
    admin_host, admin_port = config["admin"]["listen"].split(":")
    admin = http.server.ThreadingHTTPServer((admin_host, int(admin_port)), Ready)
    threading.Thread(target=admin.serve_forever, daemon=True).start()
    threading.Thread(target=store.write_rows, daemon=True).start()

    def stop(*_):
        store.stopping.set()
        time.sleep(2 * ROWS_DELAY_S)
        store.write_once(True)
        os._exit(0)

    signal.signal(signal.SIGTERM, stop)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=quiet_serve, args=(connection, store), daemon=True).start()


if __name__ == "__main__":
    main()

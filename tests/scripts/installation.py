"""An installation for the scripts: the appliance with rules of its users, and real servers beside it.

Everything runs on free ports in a directory of the caller's.
"""

import json
import pathlib
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

SOURCE = """
CREATE TABLE iot_up (
  `id` VARCHAR, `imei` VARCHAR, `pk` VARCHAR, `type` VARCHAR, `data` VARCHAR, `profile` VARCHAR, `time` VARCHAR
) WITH (type = 'datahub', topic = 'iot_up');
"""

# One row of each water order, and one of each charger's message with power.
WATER_ORDERS = """FROM iot_up
WHERE `type` = '08' AND `profile` IS NULL AND JSON_VALUE(`data`, '$.Flag') IN ('04', '05');
"""
POWER_COLUMNS = """(
  `metric` VARCHAR, `timestamp` INTEGER, `value` INTEGER,
  `imei` VARCHAR, `channel` VARCHAR, `msgid` VARCHAR, `pk` VARCHAR
)"""
POWER = """SELECT 'power', CAST(UNIX_TIMESTAMP(`time`) AS INT), CAST(JSON_VALUE(`data`, '$.Powers[0].Power') AS INT),
  `imei`, JSON_VALUE(`data`, '$.Powers[0].Channel'), JSON_VALUE(`data`, '$.Powers[0].MsgId'), `pk`
FROM iot_up WHERE `type` = '0706' AND JSON_VALUE(`data`, '$.Powers[0]') IS NOT NULL;
"""

READY_TIMEOUT_S = 60
STOP_TIMEOUT_S = 20


class Failure(Exception):
    """Something went wrong that no oracle need judge."""


def free_port():
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(what, ready, seconds=READY_TIMEOUT_S):
    """Waits until `ready` says so; while it cannot be asked it is not."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if ready():
                return
        except OSError:
            pass
        time.sleep(0.02)
    raise Failure(f"{what} does not come up")


def get(address, path, timeout=10):
    """The body of an answer."""
    with urllib.request.urlopen(f"http://{address}{path}", timeout=timeout) as answer:
        return answer.read()


def ask_on(connection, answers, *words):
    """What Redis answers on this connection."""
    parts = [f"*{len(words)}\r\n".encode()]
    for word in words:
        raw = word.encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(raw), raw))
    connection.sendall(b"".join(parts))
    return read_reply(answers)


def read_reply(answers):
    """An answer: a text, a list of such, or None."""
    head = answers.readline().decode()
    if head.startswith("*"):
        return [read_reply(answers) for _ in range(int(head[1:]))]
    if head.startswith("$"):
        length = int(head[1:])
        return None if length < 0 else answers.read(length + 2)[:-2].decode()
    return head[1:].strip()


class Redis:
    """A redis-server that has on disk what it answered (`appendfsync always`) or soon will."""

    def __init__(self, directory, appendfsync="always"):
        self.directory, self.port, self.appendfsync = pathlib.Path(directory), free_port(), appendfsync
        self.directory.mkdir(exist_ok=True)
        self.process = None
        self.start()

    def start(self):
        """Starts it, in the place where it was."""
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.directory),
             "--appendonly", "yes", "--appendfsync", self.appendfsync, "--save", ""],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for("redis-server", lambda: self.ask("PING") == "PONG")

    def connect(self):
        """A connection, and what reads its answers."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection, connection.makefile("rb")

    def ask(self, *words):
        """What it answers to one command."""
        connection, answers = self.connect()
        with connection:
            return ask_on(connection, answers, *words)


class Appliance:
    """The server under test: its configuration, its process, its log."""

    def __init__(self, binary, directory, shards, rules, tables):
        self.binary, self.directory, self.rules = binary, pathlib.Path(directory), rules
        self.address, self.admin = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
        self.log = open(self.directory / "rookery.log", "ab")
        self.process = None
        self.config = self.directory / "rookery.toml"
        lines = [f"data_dir = {json.dumps(str(self.directory / 'data'))}", f"shards = {shards}"]
        lines += ["[listen]", f'tcp = "{self.address}"', "[admin]", f'listen = "{self.admin}"']
        for table, options in tables.items():
            lines.append(f"[tables.{table}]")
            lines += [f"{key} = {json.dumps(value)}" for key, value in options.items()]
        self.config.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def start(self):
        """Starts the process, without waiting for it."""
        command = [self.binary, "run", "--config", str(self.config)]
        for rules in self.rules:
            command += ["--rules", str(rules)]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def wait_ready(self):
        """Waits until it serves; gives the seconds that took."""
        begun = time.monotonic()
        while time.monotonic() - begun < READY_TIMEOUT_S:
            self.check()
            try:
                get(self.admin, "/readyz", timeout=1)
                return time.monotonic() - begun
            except (urllib.error.URLError, OSError):
                pass
            time.sleep(0.005)
        raise Failure(f"rookery was not ready within {READY_TIMEOUT_S} s")

    def check(self):
        """It must be running."""
        if self.process.poll() is not None:
            raise Failure(f"rookery ended by itself with code {self.process.returncode}")

    def kill(self):
        """SIGKILL."""
        self.check()
        self.process.kill()
        self.process.wait()

    def stop(self):
        """SIGTERM, which must end it in order."""
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired as late:
            raise Failure(f"rookery did not end within {STOP_TIMEOUT_S} s of SIGTERM") from late
        if code != 0:
            raise Failure(f"rookery ended with code {code} after SIGTERM")

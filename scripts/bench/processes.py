"""The processes that are measured: the upstream and Errand, each ended with the block that started it."""

import http.client
import json
import os
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

READY_WAIT_MAX_S = 30
READY_POLL_S = 0.001
STOP_WAIT_MAX_S = 15


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def upstream(binary):
    """The service that actions call; gives its address."""
    process = subprocess.Popen([binary, "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(STOP_WAIT_MAX_S)


class Errand:
    """One server with a data directory of its own."""

    def __init__(self, binary, folder, model_dir, upstream_address, image_dir=None):
        self.binary = binary
        self.folder = Path(folder)
        self.model_dir = model_dir
        self.port = free_port()
        self.process = None
        self.key = ""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log = open(self.folder / "log", "ab")
        # The limits on callers and actions are off: they are not what is measured.
        (self.folder / "errand.toml").write_text(
            f'listen = "127.0.0.1:{self.port}"\n'
            f"model_dir = {json.dumps(str(model_dir))}\n"
            + (f"image_dir = {json.dumps(str(image_dir))}\n" if image_dir else "")
            + "requests_per_minute_max = 4000000000\n"
            "[egress]\n"
            f'open = ["{upstream_address}"]\n'
            # What is measured without scripts is measured without their sandbox.
            f"[sandbox]\nenabled = {'true' if image_dir else 'false'}\n"
            "[log]\n"
            'filter = "warn"\n'
        )

    def start(self):
        """Starts it and waits until it is ready; gives the seconds that took."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ERRAND_")}
        begun = time.perf_counter()
        self.process = subprocess.Popen(
            [self.binary, "serve", "--data-dir", str(self.folder)],
            stdout=subprocess.DEVNULL,
            stderr=self.log,
            env=environment,
        )
        while not self.is_ready():
            if self.process.poll() is not None:
                raise RuntimeError(f"errand ended with {self.process.returncode} before it was ready")
            if time.perf_counter() - begun > READY_WAIT_MAX_S:
                self.stop()
                raise RuntimeError("errand was not ready in time")
            time.sleep(READY_POLL_S)
        seconds = time.perf_counter() - begun
        self.key = (self.folder / "local.key").read_text().strip()
        return seconds

    def is_ready(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_WAIT_MAX_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    @contextmanager
    def running(self):
        self.start()
        try:
            yield self
        finally:
            self.stop()

    def call(self, method, path, body=None):
        """One management call; anything but success is an error."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"x-api-key": self.key, "content-type": "application/json"}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        text = response.read()
        connection.close()
        if response.status >= 300:
            raise RuntimeError(f"{method} {path} answered {response.status}: {text.decode()}")
        return json.loads(text) if text else None

    def install(self, guru, actions, secrets=None):
        """Makes a guru with these actions, enabled."""
        self.call("POST", "/api/v1/gurus", {"slug": guru, "name": guru})
        for name, value in (secrets or {}).items():
            self.call("POST", f"/api/v1/{guru}/secrets", {"name": name, "value": value})
        for action in actions:
            self.call("POST", f"/api/v1/{guru}/actions", action)
            self.call("POST", f"/api/v1/{guru}/actions/{action['name']}/enable")

    def cpu_seconds(self):
        """Processor time spent so far, all threads, user and system."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mb(self):
        """Resident and proportional set size, in millions of bytes."""
        folder = Path(f"/proc/{self.process.pid}")
        kib = lambda file, name: next(
            int(line.split()[1]) for line in (folder / file).read_text().splitlines() if line.startswith(name)
        )
        return kib("status", "VmRSS:") * 1024 / 1e6, kib("smaps_rollup", "Pss:") * 1024 / 1e6

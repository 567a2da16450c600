"""A server under test on a free port: KEYSPACE_SERVER, or redis-server where that is not set."""

import os
import socket
import subprocess
import tempfile
import time


class Server:
    """A running server. Its data is its own, and gone when it stops."""

    def __init__(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        command = [os.environ.get("KEYSPACE_SERVER", "redis-server"), "--port", str(self.port)]
        # redis-server leaves a dump where it was started.
        folder = tempfile.gettempdir()
        self.process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
        self._wait_until_it_listens()

    def _wait_until_it_listens(self):
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.stop()
                    raise RuntimeError("the server does not listen") from None
                time.sleep(0.02)

    def stop(self):
        self.process.kill()
        self.process.wait()
